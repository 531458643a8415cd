"""Sentences that say a text was changed: "This story was updated on Jan. 5 at 9:20 a.m. EST to add a link".

The rows of `spoken` hold the words: the document and its verb, what joins the content, an earlier version.
"""

import re
from dataclasses import dataclass

from watcher.core import tables, when
from watcher.core.notes import words
from watcher.core.notes.spoken import (
    ATTRIBUTED,
    CLARIFYING,
    CORRECTIVE,
    GONE,
    OWN_TEXT,
    OWNED,
    PLAIN,
    RIGHTED,
    ROWS,
    Row,
)
from watcher.core.when import Look
from watcher.model import Moment, NoteKind

_REVISED = re.compile(
    r", not |\bnot, as\b|rather than|instead of|has been (?:revised|corrected)|have been corrected|regret", re.I
)
_DENY = re.compile(words.NOT_A_NOTE, re.IGNORECASE)
_AGAIN = re.compile(
    r",? (?:and|und|et|y|e|en|och|og) (?:again|erneut|de nouveau|de nuevo|di nuovo|novamente|opnieuw|igen|igjen)\b",
    re.I,
)
_OBJECT = re.compile(rf"\s(?:this|the|our) (?:\w+ )?(?:{words.DOCUMENTS})\b")
_NOW = re.compile(rf"This (?:{words.DOCUMENTS}) now (?:includes|reflects|contains|says)\b", re.I)
_BETWEEN = re.compile(
    rf"[\s,;:()\[\]]*(?:(?:{'|'.join(sorted(words.BETWEEN, key=len, reverse=True))})(?=[\s\d])\s*)?", re.IGNORECASE
)
_GONE = re.compile(
    rf"(?:This|The) (?:{words.DOCUMENTS}) (?:was|has been|is) (?:retracted|withdrawn|removed|taken down|"
    rf"pulled)\b(?P<rest>.*)|"
    + "|".join(
        rf"(?:{documents})(?:{helper})?(?: (?:[^.!?]|\.(?= ?\d)){{1,60}}?)? (?:{verbs})(?!\w)"
        for documents, helper, verbs in GONE
    ),
    re.DOTALL,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """What one such sentence says."""

    kind: NoteKind
    moment: Moment | None
    summary: str | None
    whole: bool = False  # the summary is the whole text: it speaks of an earlier version
    weak: bool = False  # it names no text: a note only behind the article


# The words between document and verb: one sentence, whose dates and hours may hold full stops.
_MID = r"(?:[^.!?]|(?<=\d)\.|\.(?=[a-z\d])|(?<=[ap]\.m)\.|(?<=\b[A-Z][a-z][a-z])\.|(?<=\bSept)\.){0,160}?"


def _pattern(row: Row) -> re.Pattern[str]:
    verbs = rf"(?:(?P<correction>{row.correction})|(?P<update>{row.update}))(?!\w)"
    return re.compile(rf"(?:{row.start})(?P<mid>{_MID})(?<!\w){verbs}(?P<rest>.*)$", re.DOTALL)


_BEGINS = re.compile("|".join(f"(?:{row.start})" for row in ROWS))  # no row matches what does not begin like one
_ROWS = tuple((_pattern(row), re.compile(rf"(?:{row.joins})(?=[\s])\s?", re.IGNORECASE), row.last) for row in ROWS)
_BROUGHT_UP = re.compile(r"aktuali[sz]|updat|uppdat|opdat|oppdat|mis à jour|päivit|обновл|güncel", re.IGNORECASE)
_OWNED = re.compile(OWNED)
_RIGHTED = re.compile(RIGHTED, re.IGNORECASE)
_OWN_TEXT = re.compile(OWN_TEXT, re.IGNORECASE)
_ATTRIBUTED = re.compile(ATTRIBUTED, re.IGNORECASE)
# A text without one of these cannot match _EARLIER: a cheap look before the dear one.
_STEMS = tables.words(
    "version versión versão versione versie versjon versiossa versi edition draft headline caption "
    "photograph originally previously initially incorrectly mistakenly misstated misidentified misspelled "
    "fassung precedente prima jutussa utgave udgave wersj sürüm hali hâli верси редакци نسخة صيغة النسخة "
    "aanvankelijk stesura ensimmäisessä"
)
_EARLIER = re.compile("|".join(f"(?:{row.earlier})" for row in ROWS))
# what somebody else is quoted with; a note's own quotations are shorter than a sentence
_QUOTED = re.compile(r"“[^”]{40,}(?:”|$)|„[^“”]{40,}(?:[“”]|$)|«[^»]{40,}(?:»|$)|(?<!\w)\"[^\"]{40,}(?:\"|$)")
_TURKISH = re.compile(r"^[’']?(?:n?[dt][ae]n?|tarihinde|itibarıyla|saat|sonra)(?!\w)\s*", re.IGNORECASE)
_SENTENCES = re.compile(r"(?<=[^\W\d_][.!?]) (?=[^\W\d_])")  # a full stop behind a number may be a date's
_PLAIN = tuple((re.compile(pattern), kind) for pattern, kind in PLAIN)


def kind_of(text: str, otherwise: NoteKind = "update") -> NoteKind:
    """What a note about a text is, by its content: correction, clarification or, failing both, `otherwise`."""
    if _EARLIER.search(text) or CORRECTIVE.search(text) or _REVISED.search(text):
        return "clarification" if CLARIFYING.search(text) and not CORRECTIVE.search(text) else "correction"
    return "clarification" if CLARIFYING.search(text) else otherwise


def earlier(text: str) -> bool:
    """Whether a text speaks of its own earlier version near its start."""
    head = _QUOTED.sub(" ", text[:400])[:200]
    low = head.lower()
    return any(stem in low for stem in _STEMS) and _EARLIER.search(head) is not None


def revised(text: str) -> bool:
    """Whether a text says what it now has instead of something else."""
    return _REVISED.search(text) is not None


def read(text: str, look: Look) -> tuple[Said, ...]:
    """What a line says of its own text being changed; () where it says nothing of the kind."""
    said = _said(text, look) if len(text) <= 1500 else ()
    return said if said and not _DENY.search(text) else ()


def admits(text: str) -> bool:
    """Whether a text under a label such as "Correction" speaks of what was said before, or wrongly."""
    return words.ADMITS_FOUND.search(text[:600]) is not None


def stated(text: str, look: Look) -> Moment | None:
    """The time that a later sentence of a note gives for the change ("... The text was corrected on May 5.")."""
    for sentence in _SENTENCES.split(text[:1500])[1:8]:
        said = _said(sentence, look)
        if said and said[0].moment:
            return said[0].moment
        if len(sentence) <= 160 and words.MENDED_FOUND.match(sentence):
            return when.parse(sentence, look)
    return None


def _said(text: str, look: Look) -> tuple[Said, ...]:
    gone = _GONE.match(text)
    if gone:
        return (Said("retraction", when.parse(text[:160], look), text, whole=True),)
    for pattern, joins, last in _ROWS if _BEGINS.match(text) else ():
        found = pattern.match(text)
        if found:
            return _notes(found, joins, text, look, last=last)
    if _NOW.match(text):
        return (Said(kind_of(text), None, text),)
    for pattern, kind in _PLAIN if any(char > "\u3000" for char in text[:60]) else ():
        found = pattern.search(text[:300])
        if found and found.start() < 60:
            return (Said(kind, when.parse(text[:200], look), text, whole=True),)
    if earlier(text):
        return (Said(kind_of(text, "correction"), None, text, whole=True),)
    if len(text) <= 500 and _OWNED.match(text) and _RIGHTED.search(text) and not _ATTRIBUTED.search(text):
        kind = kind_of(text, "update" if _BROUGHT_UP.search(text) else "correction")
        return (Said(kind, None, text, whole=True, weak=_OWN_TEXT.search(text) is None),)
    return ()


def _notes(found: re.Match[str], joins: re.Pattern[str], text: str, look: Look, *, last: bool) -> tuple[Said, ...]:
    verb: NoteKind = "correction" if found["correction"] else "update"
    amended = (found["update"] or "").lower() == "amended"
    pieces = _AGAIN.split(found["rest"], maxsplit=3)
    moment, inner = _middle(found["mid"], joins, look, last=last)
    out = []
    for n, piece in enumerate(pieces):
        own, summary = _content(piece, joins, look)
        if n == 0:
            own, summary = own or moment, summary or inner
        if earlier(text) or amended:
            kind = "correction" if verb == "correction" or amended else kind_of(text, verb)
            if earlier(text) and n == 0 and (not summary or earlier(piece)):
                return (Said(kind, own, text, whole=True),)
        else:
            kind = verb if verb == "correction" else kind_of(summary or "", verb)
        out.append(Said(kind, own, summary))
    return tuple(out)


def _middle(mid: str, joins: re.Pattern[str], look: Look, *, last: bool) -> tuple[Moment | None, str | None]:
    """Time and content between the document and a verb that comes last."""
    found = when.find(mid, look)
    rest = mid
    if found:
        rest = mid[: found.start] + " " + mid[found.end :]
    for join in joins.finditer(rest):
        if join.start() and rest[join.start() - 1].isalnum():
            continue
        content = rest[join.end() :].strip(" ,")
        if len(content) >= 4:
            return (found.moment if found else None), content
    content = _TURKISH.sub("", rest.strip(" ,")).strip(" ,") if last else ""
    return (found.moment if found else None), content if len(content) >= 8 else None


def _content(rest: str, joins: re.Pattern[str], look: Look) -> tuple[Moment | None, str | None]:
    """Time and content behind the verb."""
    moment: Moment | None = None
    named = _OBJECT.match(rest)
    at = named.end() if named else 0
    for _ in range(6):
        gap = _BETWEEN.match(rest, at)
        start = gap.end() if gap else at
        found = when.match(rest, look, start) if moment is None else None
        if not found:
            break
        moment, at = found.moment, found.end
    text = rest[at:].lstrip(" ,;:()").rstrip(" )]）")
    join = joins.match(text)
    if join:
        content = text[join.end() :].strip()
        return moment, content or None
    if moment is None and (late := when.find(rest[:120], look)) and late.start < 40 and not late.relative:
        return late.moment, rest[late.end :].strip(" .,:)") or None
    text = text.strip(" .")
    return moment, text or None
