"""Which update is which: matches the updates a page shows with those it ever showed.

An update announced once is never new again: not when it moves, is reworded, redated, renumbered, gets its section
later, or vanishes and comes back. The matching is a table of strengths, tried strongest first, one to one.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from rapidfuzz import fuzz

from watcher.model import KnownUpdate, Moment, Note, make_id

SAME_TEXT = 92.0  # similarity from which two notes say the same whatever their numbers
REWORDED = 60.0  # similarity from which an unnumbered note is taken for an edited one
RELATIVE = re.compile(
    r"\b(ago|just now|yesterday|vor|il y a|hace|há|fa|geleden|sedan|siden|sitten|temu|önce|назад)\b|前|전|قبل|منذ",
    re.IGNORECASE,
)
REPLACING = ("writethru", "amendment")  # a higher number takes the place of the lower one
REPAIRING = ("correction", "retraction")  # a repaired wire story takes the place of the version that was wrong

_LOOSE = str.maketrans(
    {
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "‘": "'",
        "’": "'",
        "‚": "'",
        "‑": "-",
        "–": "-",
        "—": "-",
        "…": "...",
    }
)
_ANCHOR = re.compile(r"(?: #| ?[¶🔗])$")
_SIGNS = ("#", "¶", "🔗")
_SAID_ENOUGH = 12  # characters from which the words of a note are its own


@lru_cache(maxsize=4096)
def loose(text: str | None) -> str:
    """Fold what typesetting changes and meaning does not: quotes, dashes, white space, Unicode form, the sign of a
    heading's own link."""
    text = text or ""
    folded = text if text.isascii() else unicodedata.normalize("NFKC", text).translate(_LOOSE)
    folded = " ".join(folded.split())
    return _ANCHOR.sub("", folded) if folded[-1:] in _SIGNS else folded


def words_of(note: Note) -> str:
    """Everything the note says, for showing and for comparing."""
    parts = [part for part in (note.heading, note.summary, note.text) if part]
    return "\n".join(dict.fromkeys(parts))


def told(before: Note, after: Note) -> tuple[str, str]:
    """What two states of a note say; where the words are the same, with their times, or else their kinds."""
    words = words_of(before), words_of(after)
    if words[0] != words[1]:
        return words
    times = ["" if n.published is None else n.published.printed or n.published.at.isoformat() for n in (before, after)]
    heads = times if times[0] != times[1] else [before.kind, after.kind]
    return f"{heads[0]}\n{words[0]}", f"{heads[1]}\n{words[1]}"


@dataclass(frozen=True, slots=True)
class Matched:
    """One update of the page beside the known one it is; `known` None: never seen before."""

    note: Note
    known: KnownUpdate | None
    verdict: Literal["new", "same", "edited", "renumbered"]


@dataclass(frozen=True, slots=True)
class Matching:
    matched: tuple[Matched, ...]
    ledger: tuple[KnownUpdate, ...]  # as it stands after this look, without judging the missing
    missing: tuple[KnownUpdate, ...]  # known, once present, not on the page now and not replaced or scrolled off


def _similarity(one: Note, other: Note) -> float:
    """Compare what both sides have: the best of heading, summary and text, 0 to 100."""
    best = 0.0
    for mine in (one.summary, one.heading, one.text):
        for theirs in (other.summary, other.heading, other.text):
            if mine and theirs:
                a, b = loose(mine).casefold(), loose(theirs).casefold()
                best = max(best, 100.0 if a == b else fuzz.token_sort_ratio(a, b))
    return best


def _same_instant(one: Note, other: Note) -> bool:
    a, b = one.published, other.published
    return a is not None and b is not None and not a.date_only and not b.date_only and a.at == b.at


def _silent_text(note: Note) -> bool:
    return not (note.summary or note.heading or note.text)


def _follows(known: Note, note: Note) -> bool:
    """Say whether a wire's version is the first to bear a number, after one that bore none, by their advisory lines."""
    if note.kind != "writethru" or known.sequence is not None or note.sequence is None:
        return False
    return bool(known.summary and note.summary and loose(known.summary) != loose(note.summary))


def strength(known: Note, note: Note) -> float:
    """Say how surely `note` is the update `known`; 0 when it is not."""
    same_kind = known.kind == note.kind
    numbered = known.sequence is not None and note.sequence is not None
    same_number = numbered and known.sequence == note.sequence
    similarity = _similarity(known, note)
    if same_kind and known.kind in REPLACING and numbered and not same_number:
        return 0.0
    if known.kind == "writethru" and note.kind in REPAIRING:
        return 0.0
    if same_kind and _follows(known, note):
        return 0.0
    if similarity >= SAME_TEXT and (same_kind or same_number):
        return 300 + similarity + (50 if same_number else 0) + (20 if _same_instant(known, note) else 0)
    if same_number and same_kind:
        return 200 + similarity
    if numbered:
        return 0.0
    if same_kind and _same_instant(known, note):
        return 100 + similarity
    if similarity >= REWORDED and same_kind:
        return similarity + (10 if known.published == note.published else 0)
    if same_kind and _silent_text(known) and _silent_text(note):
        return 1.0 if known.published == note.published else 0.0
    return 0.0


def _unchanged(ledger: Sequence[KnownUpdate], updates: Sequence[Note]) -> dict[int, int]:
    """Pair the updates that say exactly what a known one says."""
    places: dict[tuple[object, ...], list[int]] = {}
    for j, known in enumerate(ledger):
        places.setdefault((known.note.kind, known.note.sequence, loose(words_of(known.note))), []).append(j)
    taken: dict[int, int] = {}
    for i, note in enumerate(updates):
        if waiting := places.get((note.kind, note.sequence, loose(words_of(note)))):
            taken[i] = waiting.pop(0)
    return taken


def _pairs(ledger: Sequence[KnownUpdate], updates: Sequence[Note]) -> dict[int, int]:
    taken = _unchanged(ledger, updates)  # a live page of 800 posts must not be compared each with each
    known_left = [j for j in range(len(ledger)) if j not in set(taken.values())]
    candidates = sorted(
        (
            (strength(ledger[j].note, updates[i]), ledger[j].present, -abs(i - j), i, j)
            for i in range(len(updates))
            if i not in taken
            for j in known_left
        ),
        reverse=True,
    )
    for score, _, _, i, j in candidates:
        if score > 0 and i not in taken and j not in taken.values():
            taken[i] = j
    return taken


def _moved_time(before: Moment | None, after: Moment | None) -> bool:
    """Say whether the publisher gave another time; another notation or a ticking "2 hours ago" is none."""
    if after is None or before is None:
        return before is None and after is not None and not RELATIVE.search(after.printed or "")
    if RELATIVE.search(before.printed or "") or RELATIVE.search(after.printed or ""):
        return False
    if before.date_only != after.date_only:
        return before.day != after.day if before.date_only else True
    return before.at != after.at


def edited(before: Note, after: Note) -> bool:
    """Say whether the same update now says something else. A heading that only stood in a headline's mark may go."""

    def differs(old: str | None, new: str | None) -> bool:
        return new is not None and loose(old) != loose(new)

    lost = (before.summary is not None and after.summary is None) or (before.text is not None and after.text is None)
    return (
        lost
        or differs(before.heading, after.heading)
        or differs(before.summary, after.summary)
        or differs(before.text, after.text)
        or before.kind != after.kind
        or _moved_time(before.published, after.published)
    )


def _carried(before: Note, after: Note) -> Note:
    """Keep what the page no longer repeats, so that its return is no edit."""
    return replace(
        after,
        heading=after.heading or before.heading,
        published=after.published or before.published,
        sequence=after.sequence if after.sequence is not None else before.sequence,
    )


def _excused(known: KnownUpdate, updates: Sequence[Note]) -> bool:
    """Say whether a missing update was replaced by a higher number or scrolled off the old end of a live page."""
    note = known.note
    same = [other for other in updates if other.kind == note.kind]
    if note.kind == "writethru" and any(other.kind in REPAIRING for other in updates):
        return True
    if note.kind in REPLACING:
        return any((other.sequence or 0) > (note.sequence or 0) for other in same)
    if note.kind in ("live-post", "docket-entry") and note.published is not None:
        times = [other.published.at for other in same if other.published is not None]
        return bool(times) and note.published.at < min(times)
    return False


def match(document: str, ledger: Sequence[KnownUpdate], updates: Sequence[Note]) -> Matching:
    """Match `updates`, the merged updates of a page now, with `ledger`, all that the document ever showed."""
    pairs = _pairs(ledger, updates)
    matched: list[Matched] = []
    after = list(ledger)
    for i, note in enumerate(updates):
        if i not in pairs:
            matched.append(Matched(note, None, "new"))
            after.append(KnownUpdate(make_id("upd", document, len(after), words_of(note)), note))
            continue
        known = ledger[pairs[i]]
        renumbered = note.sequence is not None and known.note.sequence not in (None, note.sequence)
        returned = known.missing_since is not None or not known.present
        if edited(known.note, note) and not returned:
            verdict: Literal["same", "edited", "renumbered"] = "edited"
        else:
            verdict = "renumbered" if renumbered else "same"
        matched.append(Matched(note, known, verdict))
        after[pairs[i]] = KnownUpdate(known.id, _carried(known.note, note))
    found = set(pairs.values())
    missing = tuple(
        known for j, known in enumerate(ledger) if j not in found and known.present and not _excused(known, updates)
    )
    for j, known in enumerate(ledger):
        if j not in found and known.present and _excused(known, updates):
            after[j] = replace(known, present=False)
    return Matching(tuple(matched), tuple(after), missing)


def gap(ledger: Sequence[KnownUpdate], note: Note) -> tuple[int, ...]:
    """Give the numbers below `note`'s that were never seen, when at least one update of its kind was numbered."""
    if note.sequence is None or note.kind != "update":
        return ()
    seen = {k.note.sequence for k in ledger if k.note.kind == "update" and k.note.sequence is not None}
    first = min(seen | {note.sequence})
    return tuple(n for n in range(first, note.sequence) if n not in seen)[:20]


def became(note: Note, plain: Sequence[str], marked: Sequence[str]) -> bool:
    """Say whether a note of one page is plain text of the other; a note may also repeat a line of its own page's text.

    In: the blocks outside the notes, of the page where it may be plain text and of the page where it is a note.
    """
    return _stands_in(note, plain) and not _stands_in(note, marked)


def _stands_in(note: Note, blocks: Sequence[str]) -> bool:
    """Say whether all that a note says stands in some text."""
    parts = [part for part in (note.heading, note.summary, *(note.text or "").split("\n")) if part]
    if sum(map(len, parts)) < _SAID_ENOUGH:
        return False
    plain = loose("\n".join(blocks))
    return all(loose(part) in plain for part in parts)
