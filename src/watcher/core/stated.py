"""What a page prints of its own last change: the lines that say "Last updated: 4 March 2031", in its languages.

    stated(page, look)      the newest such date, or None
    is_stamp(text, look)    whether a line is one and nothing else

A date of effect is no such line: it is part of what the text says. One line of the table, one language.
"""

import re
from datetime import datetime

from watcher.core import when
from watcher.model import Page

LABELS = {
    "en": r"(?:page |this (?:page|document|policy|article) (?:was |has been )?)?(?:last |most recently |recently )?"
    r"(?:updated|modified|revised|reviewed|changed|edited)(?: on| at)?"
    r"|date (?:last )?(?:updated|modified|of last revision)"
    r"|last (?:update|revision|modification|change)",
    "de": r"(?:zuletzt |letztmals )?(?:aktualisiert|geändert|überarbeitet|bearbeitet)(?: am)?|stand(?: vom)?"
    r"|letzte (?:aktualisierung|änderung)",
    "fr": r"(?:dernière )?mise à jour(?: le)?|mis(?:e)? à jour(?: le)?|dernière modification|modifié le|actualisé le",
    "es": r"(?:última )?actualización|(?:última vez )?actualizado(?: el)?|última modificación|modificado el",
    "it": r"(?:ultimo )?aggiornamento|aggiornato(?: il| al)?|ultima modifica",
    "pt": r"(?:última )?atualização|(?:última )?actualização|atualizado(?: em)?|última modificação",
    "nl": r"(?:laatst )?(?:bijgewerkt|gewijzigd)(?: op)?|laatste (?:update|wijziging)",
    "sv": r"(?:senast )?(?:uppdaterad|ändrad|granskad)(?: den)?",
    "da, nb": r"(?:sist |senest |sidst )?(?:oppdatert|opdateret|endret|ændret)(?: den)?",
    "fi": r"(?:viimeksi )?(?:päivitetty|muokattu)",
    "pl": r"(?:ostatnia )?(?:aktualizacja|modyfikacja)|zaktualizowano|(?:data )?ostatniej (?:aktualizacji|modyfikacji)",
    "tr": r"(?:son )?güncelle(?:me|ndi)(?: tarihi)?",
    "ru": r"(?:последнее )?обновление|обновлено|изменено|дата (?:последнего )?(?:обновления|изменения)",
    "ar": r"(?:آخر )?تحديث|تم التحديث(?: في)?",
    "ja": r"(?:最終)?(?:更新|改定|改訂)(?:日時?)?",
    "zh": r"(?:最后|最後|最近)?(?:更新|修订|修訂|修改)(?:于|於|日期|时间|時間)?",
    "ko": r"(?:최종|마지막)?\s?(?:업데이트|수정|갱신)(?:일시?)?",
}
_ANY = "|".join(LABELS.values())
_FIRST = rf"(?:^|[(\[|·•–—]\s?)\W*(?:{_ANY})(?![^\W\d_])\s*[:：]?\s*"
_LABEL_FIRST = re.compile(_FIRST, re.IGNORECASE)
_LABEL = re.compile(rf"{_FIRST}|(?:{_ANY})\s?[:：]\s*", re.IGNORECASE)
_LONGEST = 160  # characters of a line that is read
_REST = re.compile(r"[^\W\d_]{2,}")


def _date(text: str, look: when.Look) -> tuple[datetime, str] | None:
    """The date behind a label (first in a line or bracket, or with a colon), and what else the line says."""
    if len(text) > _LONGEST or not any(map(str.isdigit, text)):
        return None
    # most lines of a long page hold no colon, and need not be searched for a label in their middle
    label = (_LABEL if ":" in text or "：" in text else _LABEL_FIRST).search(text)
    if label is None:
        return None
    found = when.match(text, look, label.end()) or when.find(text, look, label.end())
    if found is None or found.start - label.end() > 12 or found.moment is None:
        return None
    return found.moment.at, f"{text[: label.start()]} {text[label.end() : found.start]} {text[found.end :]}"


def stated(page: Page, look: when.Look) -> datetime | None:
    """Give the newest date (UTC) that the page's stamps and lines print as that of its last change."""
    lines = [block.text for block in page.blocks if block.role in {"stamp", "text"} and len(block.text) <= _LONGEST]
    lines += (page.byline or "").split(" · ")
    return max((found[0] for line in lines if (found := _date(line, look)) is not None), default=None)


def is_stamp(text: str, look: when.Look) -> bool:
    """Say whether a line prints the date of the last change and no word more."""
    found = _date(text, look)
    return found is not None and not _REST.search(found[1])
