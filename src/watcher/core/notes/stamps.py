"""Where a note's time stands when it is not behind the label: below it, before, behind or under the text, hidden."""

import re
from dataclasses import replace

from watcher.core import when
from watcher.core.notes import lead
from watcher.core.notes.lead import Lead
from watcher.core.notes.page import HEADINGS, PageView, machine_time
from watcher.core.when import Look
from watcher.model import Block, Moment

_TRAILING = re.compile(
    r"(?:(?:[(\[]|[–—-] ?)|(?<=[.!?。] )(?=(?:corrected|updated|rettet|rättat|korrigiert|aktualisiert|corrigé|"
    r"corregido|corretto|"
    r"corrigido|gecorrigeerd|korjattu|poprawiono|düzeltildi|исправлено|oppdatert|opdateret|"
    r"uppdaterad)\b))(?:(?:corrected|updated|posted|added|published|amended|revised|korrigiert|aktualisiert|"
    r"corrigé|mis à jour|corregido|actualizado|"
    r"corretto|aggiornato|corrigido|atualizado|gecorrigeerd|bijgewerkt|rättat|rättad|uppdaterad|rettet|oppdatert|"
    r"opdateret|"
    r"korjattu|päivitetty|poprawiono|zaktualizowano|düzeltildi|güncellendi|исправлено|обновлено|訂正日?|更新日?|"
    r"更正)\W{0,2}(?:on|at|am|um|le|el|il|"
    r"em)? ?)?(?P<t>[^()\[\]–—]{4,60}?)[.]?[)\]]?[.]?$",
    re.I,
)
_DONE = re.compile(
    r"[\s)）]{0,2}(?:に|付で|에)?\s?(?:已)?(?:更正|更新|修改|修正|修訂|修订|訂正|追記|加筆|정정|수정|업데이트|보완)"
)
# a time that opens a sentence whose verb comes last
_OPENS = re.compile(
    r"\s?[、，,][^。]{2,120}(?:更正|修改|修正|修訂|修订|訂正|追記|加筆|更新|정정|수정|보완)(?:し|しました|"
    r"いたしました|했|하였|。|$)"
)
_POSTED = re.compile(
    r"[\s•*|(\[—–-]*(?:(?:posted|published|added|updated|as of|stand|veröffentlicht|aktualisiert|hinzugefügt|publié|"
    r"ajouté|mise? à jour|publicado|añadido|actualizado|pubblicato|aggiunto|aggiornato|adicionado|atualizado|"
    r"geplaatst|"
    r"toegevoegd|bijgewerkt|publicerad|tillagd|uppdaterad|lagt til|oppdatert|opdateret|lisätty|päivitetty|dodano|"
    r"eklendi|güncellendi|добавлено|обновлено|أضيف|نُشر)\s?:?\s?(?:(?:at|on|am|um|le|à|el|il|alle|às|om|op|kl|klo|o|"
    r"в)\s)?)?",
    re.IGNORECASE,
)


def trailing(text: str | None, look: Look) -> Moment | None:
    """A time behind the text of a note: "(Corrected on May 12.)", "— Posted at 4 p.m."."""
    if not text:
        return None
    found = _TRAILING.search(text[-120:])
    moment = when.parse(found["t"], look) if found else None
    return moment or _done_at(text, look)


def _done_at(text: str, look: Look) -> Moment | None:
    """The time that stands before the verb, where verbs come last ("已於2月27日更正", "20日に訂正しました")."""
    if text.isascii():
        return None
    at = 0
    for _ in range(4):
        found = when.find(text[:600], look, at)
        if found is None:
            return None
        if _DONE.match(text, found.end) or (not at and not found.start and _OPENS.match(text, found.end)):
            return found.moment
        at = found.end
    return None


def below(page: PageView, index: int, label: Lead) -> tuple[Lead, int]:
    """A label whose time stands alone in the next block; and where the text begins."""
    after = page.blocks[index + 1] if page.free(index + 1) else None
    if after is None or label.moment or len(after.text) > 60:
        return label, index + 1
    opened = len(after.text) - len(after.text.lstrip("([（【 "))
    found = when.match(after.text, page.look, opened)
    if found is None or after.text[found.end :].strip(" .:)]）】|") or not page.free(index + 2):
        return label, index + 1
    moment = machine_time(after, found.moment)
    return replace(label, moment=moment, relative=found.relative), index + 2


def before(label: Lead, text: str, look: Look) -> tuple[Lead, str]:
    """A label whose time opens the text below it ("11:20 a.m.: The fire has grown")."""
    found = when.match(text, look) if label.moment is None else None
    if found is None or not (gap := re.match(r"\s?[:：|–—-]\s*(?=\S)", text[found.end :])):
        return label, text
    return replace(label, moment=found.moment), text[found.end + gap.end() :]


def after(page: PageView, last: int, label: Lead) -> tuple[Lead, int]:
    """A label whose time stands below its text, alone in a block or hidden in one; and where the note ends."""
    if label.moment:
        return label, last + 1
    moment = machine_time(page.blocks[last], None)
    after = page.blocks[last + 1] if page.free(last + 1) else None
    if moment or after is None or len(after.text) > 60:
        return replace(label, moment=moment), last + 1
    start = _POSTED.match(after.text)
    found = when.match(after.text, page.look, start.end() if start else 0)
    if found is None or after.text[found.end :].strip(" .:)]）】|"):
        return label, last + 1
    return replace(label, moment=machine_time(after, found.moment)), last + 2


def hidden(block: Block, look: Look) -> Lead | None:
    """A label before a relative time that has an exact one hidden in it ("Update just now")."""
    found = when.find(block.text, look) if block.times and len(block.text) <= 60 else None
    if found is None or not found.relative or block.text[found.end :].strip(" .:)]"):
        return None
    label = lead.read(f"{block.text[: found.start].rstrip(' :,(|·–—-')}:", look)
    return label if label and label.form == "noun" else None


def is_byline(block: Block, label: Lead, seen_body: int) -> bool:
    """Whether a noun and a full time above the text are its byline ("Aktualizacja: 12.03.2025, 14:10")."""
    if (
        label.moment is None
        or label.kind != "update"
        or seen_body
        or block.type in HEADINGS
        or block.type in {"dt", "li"}
    ):
        return False
    plain = not label.moment.date_only and any(
        char in ":：" for char in block.text.partition(label.moment.printed or " ")[0]
    )
    return block.role == "stamp" or plain
