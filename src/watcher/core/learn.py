"""What changes by itself is learnt: one look at a page against the one before, region by region.

    sift(known, page, volatile, look)    both pages without what is not compared, and what is held back of it

Soon after the baseline (`LEARNING`) a change that the publisher does not announce and that is no edit of the article's
text is held as `unconfirmed`. Where the next look finds yet another content the region is learnt and the change
`volatile`; where it stands for five minutes it is announced after all. Later, such a change is announced at once, and
what is no prose is learnt after three looks. An edited sentence, a new or lost paragraph, a note or a headline is never
held. Entries that only changed places in a list of links are no change.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache

from rapidfuzz.distance import Indel, Opcode

from watcher.core import diff
from watcher.core.furniture import block_digest, normalise
from watcher.core.links import bare
from watcher.core.noise import (
    CLOCK,
    MOST_REGIONS,
    Line,
    Region,
    Standing,
    is_prose,
    kept_lines,
    masked,
    moved_on,
    regions_of,
    shifted,
)
from watcher.model import Block, Page, Reason

LEARNING = timedelta(hours=1)  # after the baseline
SECOND_LOOK = timedelta(seconds=45)
SURE = timedelta(minutes=5)
FIRST, SECOND = timedelta(minutes=1), timedelta(minutes=2, seconds=30)
_SOON, _LATER = 2, 3  # looks with yet another content that make a region learnt, in that time and after it
_OFTEN = timedelta(days=1)  # within which short texts must change so often; lists of links may take longer
_EDITED = 0.65  # likeness from which a sentence is the old one, edited
_CORRECTED = 0.85  # likeness from which not even an advert beside a new paragraph is meant
_SHARE = 0.35  # of the article's text: more than that is no advert
_NEAR = timedelta(minutes=3)
_MOST_RELINKED = 40


@dataclass(frozen=True, slots=True)
class Look:
    """The circumstances: when, when the baseline was, whether the publisher marked a change, whether to learn."""

    at: datetime
    baseline_at: datetime | None  # None: nothing is learnt or left out
    marked: bool = False
    patient: bool = True  # whether a change may be held until it is seen again

    def is_soon(self, at: datetime) -> bool:
        return self.baseline_at is not None and at - self.baseline_at <= LEARNING


@dataclass(frozen=True, slots=True)
class Told:
    """One region's change: texts before and after, and the reason it is held for; None: it is announced now."""

    key: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    reason: Reason | None
    event: str = "text.changed"


@dataclass(frozen=True, slots=True)
class Sifted:
    """`known` and `page` as they are compared; `kept` is the new page as it is to be stored.

    `stands`: there is nothing but what is held; the known text stays.
    """

    known: Page
    page: Page
    kept: Page
    volatile: tuple[str, ...]
    told: tuple[Told, ...] = ()
    stands: bool = False
    confirm_at: datetime | None = None


def lines_of(page: Page) -> list[Line]:
    """The compared blocks of a page, without its title, as core/noise.py takes them."""
    title = normalise(page.title or "").casefold()
    return [
        Line(
            index, block.text, block.type, block.slot.removeprefix("!") or "-",
            tuple((link.url, link.text) for link in block.links),
            block.slot.startswith("!") or block.role != "text",
        )
        for index, block in enumerate(page.blocks)
        if block.role in {"text", "note", "stamp"} and block.text.casefold() != title
    ]  # fmt: skip


@dataclass(slots=True)
class _Place:
    """A region as it is on both sides now."""

    region: Region
    before: list[Line]
    after: list[Line]
    moved: bool = True  # only the order changed
    sure: bool = False  # an edit of the article's text


@dataclass(slots=True)
class _Verdict:
    """What comes of the places: the regions to keep, what is told, what is left out on both sides."""

    regions: list[Region]
    told: list[Told] = field(default_factory=list)
    waiting: list[datetime] = field(default_factory=list)
    confirmed: bool = False
    gone: set[int] = field(default_factory=set)
    new: set[int] = field(default_factory=set)
    unlinked_old: set[int] = field(default_factory=set)
    unlinked_new: set[int] = field(default_factory=set)

    def hide(self, place: _Place) -> None:
        old, new = (self.unlinked_old, self.unlinked_new) if place.region.links else (self.gone, self.new)
        old |= {line.index for line in place.before}
        new |= {line.index for line in place.after}


def is_clock(known: Page, page: Page, known_at: datetime, at: datetime) -> bool:
    """Say whether a page gives the time of the visit as its modification time."""
    before, after = known.modified, page.modified
    if before is None or after is None or before.at == after.at:
        return False
    return abs(before.at - known_at) <= _NEAR and abs(after.at - at) <= _NEAR


def sift(known: Page, page: Page, volatile: Sequence[str], look: Look) -> Sifted:
    """Part what the article says from what changes by itself.

    In: the known page and the new one, `SourceState.volatile`, the look. Out: both without what is left out, the new
    `volatile`, what is held or confirmed, and when to look again.
    """
    if look.baseline_at is None:
        return Sifted(known, page, page, tuple(volatile))
    old, new = lines_of(known), lines_of(page)
    regions = list(regions_of(volatile))
    if any(region.learnt for region in regions):
        regions = shifted(regions, new, _fresh(known, old, new))
    hidden_old, hidden_new = _hidden(old, new, volatile, kept_lines(volatile, regions))
    verdict = _Verdict(
        regions, gone=set(hidden_old), new=set(hidden_new),
        unlinked_old=set(masked(old, volatile).links), unlinked_new=set(masked(new, volatile).links),
    )  # fmt: skip
    before = [line for line in old if line.index not in hidden_old]
    after = [line for line in new if line.index not in hidden_new]
    places = [*_places(before, after, look), *_relinked(before, after, verdict, look)]
    suspects = {r.place: r.most for r in verdict.regions if not r.learnt and r.last != "-" and look.is_soon(r.since)}
    for place in places:
        most = suspects.get(place.region.place, 0) if look.patient else 0
        # another text stood there a moment ago too, or the text beside it is what is new there
        if len(place.before) == len(place.after) <= most or (place.sure and _is_the_other(place, old, verdict.regions)):
            place.sure = False
    sure = look.marked or any(place.sure for place in places) or _too_much(places, before)
    for place in places:
        if place.moved:
            verdict.hide(place)
        if not place.sure:
            _judge(place, verdict, look, sure=sure)
    _returned(places, verdict)
    stands = not sure and not verdict.confirmed and bool(places) and all(p.moved or not p.sure for p in places)
    stands = stands and bool(verdict.told or verdict.waiting)
    regions = verdict.regions if stands else moved_on(verdict.regions, new, hidden_new)
    return Sifted(
        _without(known, verdict.gone, verdict.unlinked_old), _without(page, verdict.new, verdict.unlinked_new),
        _without(page, hidden_new),
        kept_lines(volatile, regions), tuple(verdict.told), stands, min(verdict.waiting, default=None),
    )  # fmt: skip


def _hidden(
    old: Sequence[Line], new: Sequence[Line], before: Collection[str], after: Collection[str]
) -> tuple[set[int], set[int]]:
    """What lies in learnt regions, as they were and are; but no text of the article that stands or was edited."""
    gone, fresh = set(masked(old, before).blocks), set(masked(new, after).blocks)
    if not gone and not fresh:
        return gone, fresh
    for mine, others, inside, outside in ((new, old, fresh, gone), (old, new, gone, fresh)):
        visible = [line for line in others if line.index not in outside and is_prose(line)]
        texts = {line.text for line in visible}
        standing = {line.text for line in mine}
        lost = [line for line in visible if line.text not in standing]
        for line in mine:
            if line.index in inside and is_prose(line) and (line.text in texts or _edited(line, lost)):
                inside.discard(line.index)
    return gone, fresh


def _fresh(known: Page, old: Sequence[Line], new: Sequence[Line]) -> set[str]:
    """The texts that are new, and no edited ones."""
    before, after = {block.text for block in known.blocks}, {line.text for line in new}
    lost = [line for line in old if line.text not in after]
    return {line.text for line in new if line.text not in before and not _edited(line, lost)}


def _edited(line: Line, others: Iterable[Line]) -> bool:
    return any(other.type == line.type and likeness(line.text, other.text, _EDITED) >= _EDITED for other in others)


def likeness(one: str, other: str, least: float = 0.0) -> float:
    """Say how much of two texts is the same, word by word, 0 to 1; 0 where it is below `least`."""
    return Indel.normalized_similarity(_spoken(one), _spoken(other), score_cutoff=least)


@lru_cache(maxsize=256)  # a new paragraph is held against each that is gone
def _spoken(text: str) -> tuple[str, ...]:
    return tuple(token for token in diff.tokens(text[:4000]) if not token.isspace())


# --- where something changed ----------------------------------------------------------------------------------------


def _places(before: Sequence[Line], after: Sequence[Line], look: Look) -> list[_Place]:
    """The stretches that differ, each widened over the list it belongs to, with what stands still around it."""
    old, new = Standing(before), Standing(after)
    main = _main_path([*before, *after])
    spans: list[tuple[int, int, int, int]] = []
    for code in _changed(old.digests, new.digests):
        span = _widened(code, before, after, main)
        if spans and span[0] <= spans[-1][1] and span[2] <= spans[-1][3]:
            last = spans.pop()
            span = (min(last[0], span[0]), max(last[1], span[1]), min(last[2], span[2]), max(last[3], span[3]))
        spans.append(span)
    return [_place(old, new, span, main, look) for span in spans]


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


def _main_path(lines: Iterable[Line]) -> str:
    masses: Counter[str] = Counter()
    for line in lines:
        if is_prose(line):
            masses[line.path] += len(line.text)
    return masses.most_common(1)[0][0] if masses else ""


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


def _place(old: Standing, new: Standing, span: tuple[int, int, int, int], main: str, look: Look) -> _Place:
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
        since=look.at,
        wide=any(line.linked >= 0.5 for line in lines),
    )
    return _Place(region, before, after, moved, not moved and _is_edit(before, after, main))


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
    if any(line.text in texts or _edited(line, old) for line in new):
        return True
    if old and new and len(old) == len(new):
        return False  # another text in the place of each
    return any(line.path == main and line.linked < 0.25 for line in (new if len(new) > len(old) else old))


def _too_much(places: Iterable[_Place], before: Sequence[Line]) -> bool:
    """Say whether so much of the article's text changed that it is no advert."""
    whole = [len(line.text) for line in before if is_prose(line)]
    part = [len(line.text) for place in places for line in place.before if is_prose(line)]
    return len(part) > _SHARE * len(whole) and sum(part) > _SHARE * sum(whole)


def _relinked(before: Sequence[Line], after: Sequence[Line], verdict: _Verdict, look: Look) -> list[_Place]:
    """The blocks whose words stand and whose links lead to other documents; of the same words each has its own."""
    waiting: dict[str, list[Line]] = {}
    for line in before:
        if line.links and line.index not in verdict.unlinked_old:
            waiting.setdefault(line.text, []).append(line)
    fresh: list[Line] = []
    for line in after:
        if line.links and line.index not in verdict.unlinked_new and (mine := waiting.get(line.text)):
            same = next((old for old in mine if _leads(old) == _leads(line)), None)
            if same is None:
                fresh.append(line)
            else:
                mine.remove(same)
    found: list[_Place] = []
    for line in fresh[:_MOST_RELINKED]:
        if mine := waiting[line.text]:
            last = block_digest("\n".join(_leads(line)))
            region = Region(line.digest, "l", ("-",), 1, False, False, 1, last, look.at, links=True)
            found.append(_Place(region, [mine.pop(0)], [line], moved=False))
    return found


def _leads(line: Line) -> list[str]:
    """The documents that a block's links lead to."""
    return [bare(url) for url, _ in line.links]


# --- what is made of it ---------------------------------------------------------------------------------------------


def _judge(place: _Place, verdict: _Verdict, look: Look, *, sure: bool) -> None:
    region, learning = place.region, look.is_soon(look.at)
    known = _settled(place, verdict.regions)
    if known is not None:  # a learnt region whose surroundings changed
        verdict.regions = [region if r is known else r for r in verdict.regions]
        verdict.regions[verdict.regions.index(region)] = replace(
            known, before=region.before, after=region.after, last=region.last
        )
        verdict.hide(place)
        return
    known = next((r for r in verdict.regions if r.place == region.place and not r.learnt), None)
    if known is None:
        if region.prose and not (learning and look.patient):
            return
        _begin(place, verdict, look, sure=sure or not learning or not look.patient)
        return
    if known.last == region.last:
        _stays(place, known, verdict, look, sure=sure)
        return
    soon = look.patient and look.is_soon(known.since)
    turned = replace(
        known, turns=known.turns + 1, last=region.last, most=max(known.most, region.most),
        prose=known.prose or region.prose, wide=known.wide or region.wide,
        paths=tuple(sorted({*known.paths, *region.paths})),
    )  # fmt: skip
    if not soon and not turned.wide and look.at - known.since > _OFTEN:
        turned = replace(turned, turns=1, since=look.at)
    if turned.turns >= (_SOON if soon else _LATER) and not sure and (soon or not turned.prose):
        turned = replace(turned, learnt=True)
        verdict.hide(place)
        if not place.moved:
            verdict.told.append(_told(place, known, "volatile"))
    elif soon and not sure:
        verdict.hide(place)
        verdict.waiting.append(look.at + FIRST)
    verdict.regions = [turned if r is known else r for r in verdict.regions]


def _is_the_other(place: _Place, old: Sequence[Line], regions: Iterable[Region]) -> bool:
    """Say whether a new paragraph beside an advert stands, so that it is the advert that changed there."""
    if any(likeness(x.text, y.text) > _CORRECTED for x, y in zip(place.before, place.after, strict=False)):
        return False
    standing, mine = Standing(old), {line.index for line in place.before}
    for region in regions:
        if len(place.before) == len(place.after) <= region.most:
            crowd = standing.crowded(region)
            if mine < crowd:
                return True
    return False


def _settled(place: _Place, regions: Iterable[Region]) -> Region | None:
    """The learnt region that a place continues: one of the texts around it is the same, it is no larger."""
    mine = place.region
    for region in regions:
        if (
            region.learnt
            and not region.links
            and not mine.links
            and mine.most <= region.most
            and set(mine.paths) <= set(region.paths)
        ):
            near = (region.before == mine.before != "-") or (region.after == mine.after != "-")
            if near and (region.prose or not mine.prose):
                return region
    return None


def _begin(place: _Place, verdict: _Verdict, look: Look, *, sure: bool) -> None:
    """The first change that is seen of a region."""
    if len(verdict.regions) < MOST_REGIONS * 2:
        verdict.regions.append(place.region)
    if sure:
        return
    verdict.hide(place)
    if not place.moved:
        verdict.told.append(_told(place, place.region, "unconfirmed"))
    verdict.waiting.append(look.at + FIRST)


def _stays(place: _Place, known: Region, verdict: _Verdict, look: Look, *, sure: bool) -> None:
    """What was held is still there."""
    age = look.at - known.since
    if place.moved or (age < SURE and not sure and look.patient):
        verdict.hide(place)
        if not place.moved:
            verdict.waiting.append(
                known.since + next(step for step in (FIRST, SECOND, SURE) if age < step or step is SURE)
            )
        return
    verdict.regions = [r for r in verdict.regions if r is not known]
    verdict.hide(place)
    verdict.told.append(_told(place, known, None))
    verdict.confirmed = True


def _told(place: _Place, region: Region, reason: Reason | None) -> Told:
    key = (region.before, region.after, str(int(region.since.timestamp())))
    if region.links:
        old, new = (tuple(f"{text} <{url}>" for url, text in side[0].links) for side in (place.before, place.after))
        return Told(key, old, new, reason, "links.changed")
    return Told(key, tuple(x.text for x in place.before), tuple(x.text for x in place.after), reason)


def _returned(places: Sequence[_Place], verdict: _Verdict) -> None:
    """A region whose first content is back: it turned once more, which alone does not make prose an advert."""
    open_now = {place.region.place for place in places}
    for position, region in enumerate(verdict.regions):
        if not region.learnt and region.place not in open_now and region.last != "-":
            turns = region.turns if region.prose else region.turns + 1
            verdict.regions[position] = replace(region, last="-", turns=turns)


def _without(page: Page, hidden: Collection[int], unlinked: Collection[int] = ()) -> Page:
    if not hidden and not unlinked:
        return page
    blocks: list[Block] = []
    for index, block in enumerate(page.blocks):
        role = "furniture" if index in hidden and block.role == "text" else block.role
        links = () if index in unlinked else block.links
        blocks.append(replace(block, role=role, links=links) if role != block.role or index in unlinked else block)
    return replace(page, blocks=tuple(blocks))


__all__ = ["CLOCK", "LEARNING", "SECOND_LOOK", "Look", "Sifted", "Told", "is_clock", "lines_of", "sift"]
