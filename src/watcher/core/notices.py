"""Notices that stand outside a page's content and yet speak of it: "withdrawn on …", "Status: revoked", "Update 1: …".

Publishers put them above the article, beside it or in a bar across the page, where no content finder looks. `around`
gives their elements, `is_notice` judges one text. Narrow on purpose, since teasers, adverts and widgets stand there
too: a notice is short, holds no link that is a block of its own, and says one of the things in the tables below.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby, pairwise

from selectolax.lexbor import LexborNode

from watcher.core.judge import BLOCKS, HEADINGS, NEVER, verdict
from watcher.core.tables import any_of, entries

_SHORTEST, LONGEST = 4, 600  # characters
_MOST_NODES = 1500
_DEEPEST = 4  # levels below the elements that stand beside the content
_TITLE = 24  # bytes; a shorter link may be "Home"
_MOST_ROWS = 30  # or terms of a table that states something of the content
_ALIKE = 3  # so many neighbours of one shape are a list of something


_WORD = re.compile(r"[^\W_]+")

# what ends, halts or undoes a rule, a list, a deal or a text
_UNDONE = entries(
    """
    withdrawn|revoked|rescinded|repealed|vacated|superseded|enjoined|annulled|retracted|delisted|invalidated
    no longer in force|no longer in effect|no longer valid|no longer current|out of date|out-of-date|not in force
    stayed by|has been stayed|was stayed|is stayed|stay of|has been suspended|is suspended|was suspended|suspended until
    has been cancelled|has been canceled|was cancelled|was canceled|has been terminated|was terminated
    has been replaced|was replaced|replaced by|has been lifted|was lifted|has been removed from|was removed from
    has been closed|is now closed|has closed|has been archived|was archived|is archived|has expired|have expired
    has been postponed|was postponed|has been extended|was extended|has been delayed|was struck down|struck down
    has been amended|was amended|has been corrected|was corrected|has been updated|was set aside
    aufgehoben|zurückgezogen|widerrufen|außer kraft|ersetzt durch|wurde ersetzt|ausgesetzt|ungültig|nicht mehr gültig
    nicht mehr in kraft|nicht mehr aktuell|verschoben auf|abgelaufen|archiviert|für nichtig erklärt
    abrogé|abrogée|annulé|annulée|retiré|retirée|suspendu|suspendue|remplacé par|remplacée par|n'est plus en vigueur
    n’est plus en vigueur|n'est plus valable|n’est plus valable|caduc|caduque|archivé|archivée|reporté au|reportée au
    derogado|derogada|anulado|anulada|retirado|retirada|suspendido|suspendida|sustituido por|sustituida por
    ya no está en vigor|ya no está vigente|sin efecto|revocado|revocada|aplazado|aplazada|archivado|archivada
    abrogato|abrogata|revocato|revocata|annullato|annullata|ritirato|ritirata|sospeso|sospesa|sostituito da
    sostituita da|non è più in vigore|non più in vigore|rinviato al|rinviata al|archiviato|archiviata
    revogado|revogada|suspenso|suspensa|substituído por|substituída por|já não está em vigor|não está mais em vigor
    sem efeito|adiado|adiada|arquivado|arquivada|cancelado|cancelada
    ingetrokken|vervallen|geschorst|vervangen door|niet langer van kracht|niet meer geldig|vernietigd|opgeschort
    upphävd|upphävt|upphävts|återkallad|återkallat|återkallats|indragen|ersatt av|ersatts av|gäller inte längre
    har upphört att gälla
    opphevet|trukket tilbake|erstattet av|gjelder ikke lenger|ophævet|trukket tilbage|erstattet af|gælder ikke længere
    kumottu|peruutettu|vedetty pois|vedetty takaisin|korvattu|ei ole enää voimassa|keskeytetty
    uchylony|uchylona|uchylone|uchylono|wycofany|wycofana|wycofane|wycofano|zawieszony|zawieszona|zawieszono
    unieważniony|unieważniona|zastąpiony|zastąpiona|nie obowiązuje|utracił moc|utraciła moc
    yürürlükten kaldırıldı|yürürlükten kaldırılmıştır|iptal edildi|iptal edilmiştir|geri çekildi|geri çekilmiştir
    askıya alındı|askıya alınmıştır|artık geçerli değil|yürürlükte değil
    отменён|отменен|отменена|отменено|отменены|отозван|отозвана|отозвано|отозваны|приостановлен|приостановлена
    приостановлено|утратил силу|утратила силу|утратило силу|утратили силу|не действует|признан недействительным
    заменён|заменен на
    """
)
_UNDONE_UNSPACED = entries(
    """
    ألغي|أُلغي|ألغيت|أُلغيت|تم إلغاء|تم سحب|سُحب|سُحبت|تم تعليق|عُلّق|لم يعد ساري|لم تعد سارية|غير سارٍ|استُبدل|تم استبدال
    廃止|撤回|失効|取り消され|取消|効力を停止|停止され|差し替え|廃止されました|延期
    废止|廢止|撤销|撤銷|失效|已被取代|已被替代|暂停执行|暫停執行|暂停|已取消|已延期|不再有效
    폐지|철회|취소되|효력이 정지|효력 정지|정지되|대체되|더 이상 유효하지|연기되
    """
)
# labels of a state; whatever follows is the state
_LABEL = entries(
    """
    status|current status|legal status|state|deadline|comment deadline|closing date|effective date|effective|expires
    consultation closes|consultation ends|comments close|comments due|comment period closes|comment period ends
    expiry date|valid until|in force until|in force from|next step|stand|rechtsstatus|frist|gültig bis|gültig ab
    inkrafttreten|konsultationsende|statut|état|échéance|date limite|date de clôture|valable jusqu'au
    entrée en vigueur|estado|situación|plazo
    fecha límite|fecha de cierre|vigencia
    vigente hasta|stato|scadenza|termine|in vigore dal|situação|prazo|vigência|termijn
    geldig tot|geldig vanaf|status quo|giltig till|gäller till|sista dag|gyldig til|frist for|tila|määräaika
    voimassa|stan|termin|obowiązuje do|durum|son tarih|geçerlilik|статус|срок|действует до|الحالة|آخر موعد|سارٍ حتى
    状態|ステータス|期限|施行日|状态|狀態|截止日期|生效日期|상태|기한|시행일
    """
)
# words by which publishers open a note; here a number, a date or a sign must follow them. A choice of those in
# core/labels.py: outside the content, words like "Hinweis" or "Zusatz" head what the site says of itself
_OPENING = entries(
    """
    update|correction|corrections|clarification|editor's note|editor’s note|editors' note|editors’ note|retraction
    amendment|erratum|important notice|notice of withdrawal|aktualisierung|korrektur|berichtigung|nachtrag
    anmerkung der redaktion|mise à jour|rectificatif|erratum|note de la rédaction|actualización|corrección
    fe de erratas|nota del editor|aggiornamento|errata corrige|rettifica|atualização|correção|correctie|rectificatie
    uppdatering|rättelse|oppdatering|opdatering|rettelse|päivitys|oikaisu|aktualizacja|sprostowanie|güncelleme
    düzeltme|обновление|исправление|تحديث|تصحيح|更新|追記|訂正|更正|编者按|編者按|업데이트|정정
    """
)
# the phrases by their first words, of casefolded words without signs: a pattern of them all takes twenty times as long
_PHRASES = {
    first: tuple(f" {phrase} " for phrase in phrases)
    for first, phrases in groupby(
        sorted(" ".join(_WORD.findall(entry.casefold())) for entry in _UNDONE), key=lambda phrase: phrase.split(" ")[0]
    )
}
_UNDONE_WITHIN = re.compile(any_of(_UNDONE_UNSPACED))
_LABELLED = re.compile(rf"[\W_]*(?:{any_of(_LABEL)})\s?[:：]\s?\S", re.IGNORECASE)
_AT = r"(?:at|as of|um|à|a las|alle|às|om|kl\.?|klo|godz\.?|saat|в)"
_OPENED = re.compile(rf"[\W_]*(?:{any_of(_OPENING)})(?:\s?[:：–—(]|,?\s?(?:{_AT}\s)?#?\s?\d)", re.IGNORECASE)
# what speaks of the visit, the visitor or the site and not of the content
_OF_THE_SITE = re.compile(
    r"cookie|your consent|consent (?:choice|setting|preference)|einwilligung|votre consentement|javascript|browser|"
    r"navigateur|navegador|newsletter|subscri|abonn|log ?in\b|sign ?(?:in|up)\b|password|your account|warenkorb|"
    r"add to cart|free shipping|privacy (?:polic|setting|notice)|datenschutz|app store|google play|your order|"
    r"our offices?|status: (?:on|off)line|helpline|(?:scheduled|site) maintenance|©|all rights reserved"
)
_OTHER = ("nav", "footer", "form", "ul", "ol", "table", "h1", "figure")  # what is no notice and is in none
_SKIPPED, _OTHER_INSIDE = NEVER.union(_OTHER), ", ".join(_OTHER)


def is_notice(text: str) -> bool:
    """Say whether a text, all that a box holds, is a notice about the content: its state, its end, its update."""
    text = " ".join(text.split())
    if not _SHORTEST <= len(text) <= LONGEST:
        return False
    folded = text.casefold().replace("i\u0307", "i")  # the dotted capital of Turkish
    said = _LABELLED.match(text) is not None or _OPENED.match(text) is not None or _is_undone(folded)
    return said and _OF_THE_SITE.search(folded) is None


def is_state(label: str, state: str) -> bool:
    """Say whether a label and what stands beside it, in cells or pieces of their own, give the content's state."""
    line = f"{label.rstrip(' :：')}: {state}"
    return _LABELLED.match(line) is not None and is_notice(line)


def _is_undone(folded: str) -> bool:
    if not folded.isascii() and _UNDONE_WITHIN.search(folded):
        return True
    words = _WORD.findall(folded)
    hits = _PHRASES.keys() & words
    if not hits:
        return False
    line = f" {' '.join(words)} "
    return any(phrase in line for word in hits for phrase in _PHRASES[word])


def around(roots: Sequence[LexborNode]) -> tuple[LexborNode, ...]:
    """The content's one root, with the elements of the notices that stand outside it, in the document's order.

    Looks at what stands beside the content and beside each element around it, up to the body; scripts and styles must
    be out of the tree. Several roots are given back as they are: the source has named them.
    """
    if len(roots) != 1:
        return tuple(roots)
    search = _Search()
    before: list[LexborNode] = []
    after: list[LexborNode] = []
    node: LexborNode | None = roots[0]
    while node is not None and node.tag not in {"body", "html", None}:
        before = search.among(_siblings(node, back=True)) + before
        after += search.among(_siblings(node, back=False))
        node = node.parent
    return (*before, roots[0], *after)


def _siblings(node: LexborNode, back: bool) -> list[LexborNode]:
    """The elements before or after one, in the document's order."""
    found = []
    other = node.prev if back else node.next
    while other is not None:
        if other.is_element_node:
            found.append(other)
        other = other.prev if back else other.next
    return found[::-1] if back else found


class _Search:
    """Looks for notices, with a bound on the elements it looks at."""

    def __init__(self) -> None:
        self._left = _MOST_NODES

    def among(self, nodes: Sequence[LexborNode], depth: int = 0) -> list[LexborNode]:
        """The notices among elements that stand side by side, or inside them."""
        found: list[LexborNode] = []
        shapes = Counter(_shape(node) for node in nodes) if len(nodes) >= _ALIKE else {}
        for node in nodes:
            self._left -= 1
            tag = node.tag or ""
            states = _labelled(node) if tag in {"table", "dl"} else []
            if states:
                found += states
                continue
            if self._left < 0 or tag in _SKIPPED or tag not in BLOCKS:
                continue
            judged = verdict(tag, node.attributes)
            if judged.mark == "never" or (judged.limit and not judged.box) or shapes.get(_shape(node), 0) >= _ALIKE:
                continue
            text = node.text(deep=True, separator=" ") or ""
            said = len(text) <= 3 * LONGEST and is_notice(text)
            titles = _titles(node) if said else 0
            if said and not titles and node.css_first(_OTHER_INSIDE) is None:
                found.append(node)
            elif titles < _TITLE and depth < _DEEPEST and tag != "p" and len(text) >= _SHORTEST:
                found += self.among(list(node.iter(include_text=False)), depth + 1)
        return found


def _labelled(node: LexborNode) -> list[LexborNode]:
    """The rows of a short table, or the terms with what is said of them, that are a state and its label."""
    pieces = node.css("tr" if node.tag == "table" else "dt, dd")
    if len(pieces) > _MOST_ROWS:
        return []
    if node.tag == "table":
        pairs = [(row.css("th, td"), [row]) for row in pieces]
    else:
        pairs = [(both, both) for both in map(list, pairwise(pieces)) if [piece.tag for piece in both] == ["dt", "dd"]]
    return [
        part
        for cells, parts in pairs
        if len(cells) == 2 and is_state(_plain(cells[0]), _plain(cells[1]))
        for part in parts
    ]


def _shape(node: LexborNode) -> tuple[str | None, str | None]:
    return node.tag, node.attributes.get("class")


def _titles(node: LexborNode) -> int:
    """The bytes of the longest link that is a block of its own, as a teaser's headline is; more in a heading."""
    longest = 0
    for anchor in node.css("a")[:20]:
        block: LexborNode | None = anchor.parent
        while block is not None and block.tag not in BLOCKS:
            block = block.parent
        words = _plain(anchor)
        if block is not None and len(_plain(block)) <= len(words) + 3:
            size = len(words.encode("utf-8", "surrogatepass"))
            longest = max(longest, size + (_TITLE if block.tag in HEADINGS else 0))
    return longest


def _plain(node: LexborNode) -> str:
    return " ".join((node.text(deep=True, separator="") or "").split())
