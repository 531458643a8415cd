"""Where two looks at a page differ: stretches of blocks, each with the region it lies in, and whether it is an edit.

differing(before, after, at)  the stretches that differ, widened over the lists they belong to
likeness(one, other)         how much of two texts is the same
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from rapidfuzz.distance import Indel, Opcode

from watcher.core import diff
from watcher.core.furniture import block_digest
from watcher.core.noise import Line, Region, Standing, is_prose, main_path

EDITED = 0.65  # likeness from which a sentence is the old one, edited
CORRECTED = 0.85  # likeness from which not even an advert beside a new paragraph is meant


@dataclass(slots=True)
class Stretch:
    """What differs: its region, and the blocks on both sides."""

    region: Region
    before: list[Line]
    after: list[Line]
    moved: bool = True  # only the order changed
    sure: bool = False  # an edit of the article's text


def differing(before: Sequence[Line], after: Sequence[Line], at: datetime) -> list[Stretch]:
    """The stretches that differ, each widened over the list it belongs to, with what stands still around it."""
    old, new = Standing(before), Standing(after)
    main = main_path([*before, *after])
    spans: list[tuple[int, int, int, int]] = []
    for code in _changed(old.digests, new.digests):
        span = _widened(code, before, after, main)
        if spans and span[0] <= spans[-1][1] and span[2] <= spans[-1][3]:
            last = spans.pop()
            span = (min(last[0], span[0]), max(last[1], span[1]), min(last[2], span[2]), max(last[3], span[3]))
        spans.append(span)
    return [_place(old, new, span, main, at) for span in spans]


def _changed(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, int, int]]:
    found: list[tuple[int, int, int, int]] = []
    last_equal = True
    codes: Iterable[Opcode] = Indel.opcodes(old, new)
    for code in codes:
        if code.tag == "equal":
            last_equal = True
            continue
        span = (code.src_start, code.src_end, code.dest_start, code.dest_end)
        if not last_equal and found:
            a, _, c, _ = found.pop()
            span = (a, span[1], c, span[3])
        found.append(span)
        last_equal = False
    return found


def _widened(
    span: tuple[int, int, int, int], before: Sequence[Line], after: Sequence[Line], main: str
) -> tuple[int, int, int, int]:
    """Take in the neighbours that belong to the same list: links and what stands as they do, never the main text."""
    a, b, c, d = span
    changed = [*before[a:b], *after[c:d]]
    if not any(line.linked >= 0.5 for line in changed):
        return span
    paths = {line.path for line in changed}

    def belongs(line: Line) -> bool:
        return not line.kept and line.path in paths and (line.path != main or not is_prose(line))

    while a > 0 and c > 0 and belongs(before[a - 1]) and before[a - 1].text == after[c - 1].text:
        a, c = a - 1, c - 1
    while b < len(before) and d < len(after) and belongs(before[b]) and before[b].text == after[d].text:
        b, d = b + 1, d + 1
    return a, b, c, d


def _place(old: Standing, new: Standing, span: tuple[int, int, int, int], main: str, at: datetime) -> Stretch:
    a, b, c, d = span
    before, after = list(old.lines[a:b]), list(new.lines[c:d])
    lines = [*before, *after]
    moved = not any(is_prose(line) for line in lines) and Counter(x.text for x in before) == Counter(
        x.text for x in after
    )
    region = Region(
        before=old.digests[a - 1] if a > 0 else "-",
        after=old.digests[b] if b < len(old.lines) else "-",
        paths=tuple(sorted({line.path for line in lines})),
        most=max(len(before), len(after)),
        prose=any(is_prose(line) for line in lines),
        learnt=False,
        turns=1,
        last=_content(after),
        since=at,
        wide=any(line.linked >= 0.5 for line in lines),
    )
    return Stretch(region, before, after, moved, not moved and _is_edit(before, after, main))


def _content(lines: Iterable[Line]) -> str:
    return block_digest("\n".join(line.text for line in lines))


def _is_edit(before: Sequence[Line], after: Sequence[Line], main: str) -> bool:
    """Say whether a stretch is an edit of the article's text, and not perhaps another advert in the place of one."""
    if any(line.kept for line in (*before, *after)):
        return True
    old, new = [x for x in before if is_prose(x)], [x for x in after if is_prose(x)]
    if not old and not new:
        return False
    if any(line.type == "tr" for line in (*old, *new)):
        return True
    if any(x.linked >= 0.8 for x in before) and any(x.linked >= 0.8 for x in after):
        old, new = [x for x in old if x.path == main], [x for x in new if x.path == main]  # the others are teasers
        if not old and not new:
            return False
    texts = {line.text for line in old}
    if any(line.text in texts or is_edited(line, old) for line in new):
        return True
    if old and new and len(old) == len(new):
        return False  # another text in the place of each
    return any(line.path == main and line.linked < 0.25 for line in (new if len(new) > len(old) else old))


def is_half_alike(place: Stretch) -> bool:
    """Say whether no text of a stretch stands but for a few words; rows and what `keep` names are not asked."""
    lines = (*place.before, *place.after)
    if len(place.before) != len(place.after) or any(line.kept or line.type == "tr" for line in lines):
        return False
    return all(likeness(x.text, y.text) < CORRECTED for x, y in zip(place.before, place.after, strict=True))


def is_edited(line: Line, others: Iterable[Line]) -> bool:
    """Say whether a text is one of some others, edited."""
    return any(other.type == line.type and likeness(line.text, other.text, EDITED) >= EDITED for other in others)


def likeness(one: str, other: str, least: float = 0.0) -> float:
    """Say how much of two texts is the same, word by word, 0 to 1; 0 where it is below `least`."""
    return Indel.normalized_similarity(_spoken(one), _spoken(other), score_cutoff=least)


@lru_cache(maxsize=256)  # a new paragraph is held against each that is gone
def _spoken(text: str) -> tuple[str, ...]:
    return tuple(token for token in diff.tokens(text[:4000]) if not token.isspace())
