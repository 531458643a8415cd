"""Marks in a headline: "[Update 5: heading] …", "… (Update: heading)", "UPDATED: …", "UPDATE 3-…", "CORRECTED-…".

`read` says what the mark says and what the headline is without it. Marks that ordinary headlines also begin with
("Correction: why …", "Update 2: …") are only `believed` when the page itself has such a note.
"""

import re
from dataclasses import dataclass

from watcher.core.notes import lead, wire
from watcher.core.when import Look
from watcher.model import Note, NoteKind

_PREFIX = re.compile(r"\s*[\[(【〔（［](?P<inner>[^\[\]()【】〔〕（）]{2,300})[\])】〕）］]\s*(?P<rest>.+)$", re.DOTALL)
_SUFFIX = re.compile(
    r"(?P<rest>.+?)\s*[\[(【〔（［](?P<inner>[^\[\]()【】〔〕（）]{2,300})[\])】〕）］]\s*$", re.DOTALL
)
_TAIL = re.compile(
    r"(?P<rest>.+?)\s+(?:[—–|]|-{1,2}|//|\+\+)\s*(?P<inner>[^\s—–|-][^—–|]{0,40}?)\s*(?:\+\+)?$", re.DOTALL
)
_SEMICOLON = re.compile(
    r"(?P<rest>.+?); (?P<inner>correction|technical correction|correcting amendment|withdrawal|clarification)s?\.?$",
    re.I,
)
_PIPE = re.compile(r"(?P<heading>.{3,200}?)\s[|·–—]\s(?P<rest>.+)$", re.DOTALL)
_WORDS: dict[str, NoteKind] = {"correction": "correction", "withdrawal": "retraction", "clarification": "clarification"}
_CAP_AFTER = re.compile(r"[A-ZÀ-ÞА-Я]{5,}")
_FIRST = re.compile(r"(?:story|article|post|report)$", re.I)


@dataclass(frozen=True, slots=True)
class Mark:
    """A headline's mark: the note it makes, the headline without it, whether it needs support from the page."""

    note: Note
    headline: str
    believed: bool


def _note(kind: NoteKind, number: int | None, heading: str | None, found: "lead.Lead | None" = None) -> Note:
    return Note(
        number, kind, published=found.moment if found else None, heading=heading or None, location="title",
        last_sequence=found.last if found else None,
    )  # fmt: skip


def _inner(inner: str, look: Look) -> lead.Lead | None:
    """A label inside brackets or behind a dash, written in capitals or not."""
    text = inner.strip()
    text = text[:1].upper() + text[1:]
    found = lead.read(text, look) or lead.read(f"{text}:", look)
    if found is None or found.form == "editor" or (not found.marked and found.rest):
        return None
    return found


def _bracketed(title: str, look: Look) -> Mark | None:
    for pattern in (_PREFIX, _SUFFIX):
        found = pattern.match(title)
        if not found or len(found["rest"].strip()) < 3:
            continue
        label = _inner(found["inner"], look)
        if label is None:
            continue
        if label.moment is not None and not label.rest and pattern is _SUFFIX and label.form == "past":
            continue
        return Mark(_note(label.kind, label.number, label.rest, label), found["rest"].strip(), believed=True)
    return None


def _behind_dash(title: str, look: Look) -> Mark | None:
    found = _TAIL.match(title)
    if not found or len(found["rest"]) < 8:
        return None
    label = _inner(found["inner"], look)
    if label is None or label.rest or label.moment:
        return None
    return Mark(
        _note(label.kind, label.number, None), found["rest"].strip(), believed=label.loud or label.form == "past"
    )


def _before_colon(title: str, look: Look) -> Mark | None:
    label = lead.read(title, look)
    if label is None or not label.marked or not label.rest or label.form == "editor" or label.moment:
        return None
    if label.bracket:
        return None
    if label.number is not None:
        pipe = _PIPE.match(label.rest)
        heading, rest = (pipe["heading"], pipe["rest"]) if pipe else (label.rest, label.rest)
        return Mark(_note(label.kind, label.number, heading), rest, believed=False)
    plain = label.kind == "update"
    believed = label.loud or plain or bool(_FIRST.search(label.rest)) or label.kind == "retraction"
    if label.kind == "correction" and not label.loud and not _FIRST.search(label.rest):
        believed = False
    return Mark(_note(label.kind, None, None), label.rest, believed=believed)


def _after_semicolon(title: str) -> Mark | None:
    found = _SEMICOLON.match(title)
    if not found:
        return None
    word = found["inner"].lower().split()[-1]
    return Mark(_note(_WORDS.get(word, "correction"), None, None), found["rest"], believed=True)


def _filing(title: str) -> Mark | None:
    if not wire.FILING.search(title):
        return None
    number = wire.AMENDMENT.search(title)
    digits = next((group for group in number.groups() if group), None) if number else None
    bare = re.sub(r"\s*[(\[]\s*[)\]]|[\s,;:–—-]+$", "", wire.AMENDMENT.sub("", title)).strip()
    return Mark(_note("amendment", int(digits) if digits else None, None), bare or title, believed=True)


def read(title: str, look: Look) -> Mark | None:
    """The mark of a headline, or None for a plain one."""
    text = title.strip()[:1000]
    if not text:
        return None
    filing = _filing(text)
    if filing:
        return filing
    version = wire.headline(text)
    if version:
        heading = version.headline if version.named else None
        sure = not re.match(r"UPDATE ?\d+:", text) or bool(_CAP_AFTER.match(text))
        return Mark(_note(version.kind, version.number, heading), version.headline, believed=sure)
    return _bracketed(text, look) or _before_colon(text, look) or _behind_dash(text, look) or _after_semicolon(text)


def strip(title: str, look: Look) -> str:
    """The headline without its marks, believed or not only where they are brackets, capitals or wire forms."""
    text = title.strip()
    for _ in range(3):
        mark = read(text, look)
        if mark is None or not mark.believed or mark.headline == text:
            break
        text = mark.headline
    return text
