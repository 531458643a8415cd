"""What changes by itself is learnt: one look at a page against the one before, region by region.

    sift(known, page, volatile, look)    both pages without what is not compared, and what is held back of it

Soon after the baseline (`LEARNING`) a change that is not announced by the publisher and no edit of the article's text
is held as `unconfirmed`. Where the next look finds yet another content the region is learnt and the change `volatile`;
where it stands for five minutes it is announced after all. Later, such a change is announced at once; what is no prose
is learnt after three looks, prose after three in a row, of which the second is held. An edited sentence, a new or lost
paragraph, a note or a headline is never held. Entries that only changed places in a list of links are no change.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

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
from watcher.core.stretch import CORRECTED, Stretch, differing, is_edited, is_half_alike, likeness
from watcher.model import Block, Page, Reason

LEARNING = timedelta(hours=1)  # after the baseline
SECOND_LOOK = timedelta(seconds=45)
SURE = timedelta(minutes=5)
FIRST, SECOND = timedelta(minutes=1), timedelta(minutes=2, seconds=30)
_SOON, _LATER = 2, 3  # looks with yet another content that make a region learnt, in that time and after it
_OFTEN = timedelta(days=1)  # within which short texts must change so often; lists of links may take longer
_SHARE = 0.35  # of the article's text: more than that is no advert
_NEAR = timedelta(minutes=3)
_MOST_RELINKED = 40


@dataclass(frozen=True, slots=True)
class Look:
    """The circumstances: when, when the baseline was, whether the publisher marked a change, whether to learn."""

    at: datetime
    baseline_at: datetime | None  # None: nothing is learnt or left out
    last_at: datetime | None = None  # when the page was last read
    marked: bool = False
    patient: bool = True  # whether a change may be held until it is seen again

    def follows(self, at: datetime) -> bool:
        """Whether what was seen then was seen at the look before this one."""
        return self.last_at is not None and self.last_at <= at

    def may_learn(self, at: datetime) -> bool:
        """Whether what changed then is held at first: that was soon after the baseline."""
        return self.patient and self.baseline_at is not None and at - self.baseline_at <= LEARNING


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

    def hide(self, place: Stretch) -> None:
        old, new = (self.unlinked_old, self.unlinked_new) if place.region.links else (self.gone, self.new)
        old |= {line.index for line in place.before}
        new |= {line.index for line in place.after}

    def settle(self, known: Region, *now: Region) -> None:
        """Put what a region is now in the place of what was known of it, which is one of `regions`; or nothing."""
        at = next(at for at, region in enumerate(self.regions) if region is known)
        self.regions[at : at + 1] = now


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
        regions = shifted(regions, new, _fresh(old, new, volatile))
    doubtful = [r for r in regions if not r.learnt and look.may_learn(r.since)]
    hidden_old, hidden_new = _hidden(old, new, volatile, kept_lines(volatile, regions), doubtful)
    verdict = _Verdict(
        regions, gone=set(hidden_old), new=set(hidden_new),
        unlinked_old=set(masked(old, volatile).links), unlinked_new=set(masked(new, volatile).links),
    )  # fmt: skip
    before = [line for line in old if line.index not in hidden_old]
    after = [line for line in new if line.index not in hidden_new]
    places = [*differing(before, after, look.at), *_relinked(before, after, verdict, look)]
    _doubt(places, old, verdict, doubtful, look)
    sure = look.marked or any(place.sure for place in places) or _too_much(places, before)
    for place in places:
        if place.moved:
            verdict.hide(place)
        if not place.sure:
            _judge(place, verdict, look, sure=sure)
    _returned(places, verdict)
    stands = not sure and not verdict.confirmed and bool(verdict.told or verdict.waiting)
    regions = verdict.regions if stands else moved_on(verdict.regions, new, hidden_new)
    return Sifted(
        _without(known, verdict.gone, verdict.unlinked_old), _without(page, verdict.new, verdict.unlinked_new),
        _without(page, hidden_new),
        kept_lines(volatile, regions), tuple(verdict.told), stands, min(verdict.waiting, default=None),
    )  # fmt: skip


def _doubt(
    places: Sequence[Stretch], old: Sequence[Line], verdict: _Verdict, doubtful: Iterable[Region], look: Look
) -> None:
    """Take back that a stretch is an edit where it may be another advert after all."""
    suspects = {region.place: region.most for region in doubtful if region.last != "-"}
    restless = look.may_learn(look.at) and any(not place.sure for place in places)
    for place in places:
        most = suspects.get(place.region.place, 0)
        # another text stood there a moment ago too, or the text beside it is what is new there, or the page turns so
        # much that a text of which half stands may be the next advert of one series
        if (
            len(place.before) == len(place.after) <= most
            or (place.sure and _is_the_other(place, old, verdict.regions))
            or (restless and place.sure and is_half_alike(place))
        ):
            place.sure = False


def _hidden(
    old: Sequence[Line], new: Sequence[Line], before: Collection[str], after: Collection[str], suspects: list[Region]
) -> tuple[set[int], set[int]]:
    """What lies in learnt regions, as they were and are; but no text of the article that stands or was edited.

    What stands in a suspect region proves nothing: adverts change their places with each other.
    """
    gone, fresh = set(masked(old, before).blocks), set(masked(new, after).blocks)
    if not gone and not fresh:
        return gone, fresh
    for mine, others, inside, outside in ((new, old, fresh, gone), (old, new, gone, fresh)):
        standing_there = Standing(others)
        doubted = {line.index for region in suspects for line in standing_there.members(region)} | outside
        visible = [line for line in others if line.index not in doubted and is_prose(line)]
        texts = {line.text for line in visible}
        standing = {line.text for line in mine}
        lost = [line for line in visible if line.text not in standing]
        for line in mine:
            if line.index in inside and is_prose(line) and (line.text in texts or is_edited(line, lost)):
                inside.discard(line.index)
    return gone, fresh


def _fresh(old: Sequence[Line], new: Sequence[Line], volatile: Collection[str]) -> set[str]:
    """The texts that are new, and no edited ones; what an advert said before may be said by another one now."""
    hidden, after = masked(old, volatile).blocks, {line.text for line in new}
    stood = [line for line in old if line.index not in hidden]
    before, lost = {line.text for line in stood}, [line for line in stood if line.text not in after]
    return {line.text for line in new if line.text not in before and not is_edited(line, lost)}


def _too_much(places: Iterable[Stretch], before: Sequence[Line]) -> bool:
    """Say whether so much of the article's text changed that it is no advert."""
    whole = [len(line.text) for line in before if is_prose(line)]
    part = [len(line.text) for place in places for line in place.before if is_prose(line)]
    return len(part) > _SHARE * len(whole) and sum(part) > _SHARE * sum(whole)


def _relinked(before: Sequence[Line], after: Sequence[Line], verdict: _Verdict, look: Look) -> list[Stretch]:
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
    found: list[Stretch] = []
    for line in fresh[:_MOST_RELINKED]:
        if mine := waiting[line.text]:
            last = block_digest("\n".join(_leads(line)))
            region = Region(line.digest, "l", ("-",), 1, False, False, 1, last, look.at, links=True)
            found.append(Stretch(region, [mine.pop(0)], [line], moved=False))
    return found


def _leads(line: Line) -> list[str]:
    """The documents that a block's links lead to."""
    return [bare(url) for url, _ in line.links]


# --- what is made of it ---------------------------------------------------------------------------------------------


def _judge(place: Stretch, verdict: _Verdict, look: Look, *, sure: bool) -> None:
    """What a place that is no edit comes to, by what is known of its region; `sure`: the page was edited besides."""
    region = place.region
    learnt = _learnt(place, verdict.regions)
    known = next((r for r in verdict.regions if r.place == region.place and not r.learnt), None)
    if learnt is not None:  # its surroundings changed
        verdict.settle(learnt, replace(learnt, before=region.before, after=region.after, last=region.last))
        verdict.hide(place)
    elif known is None:
        _begins(place, verdict, look, sure=sure)
    elif known.last == region.last:
        _stays(place, known, verdict, look, sure=sure)
    elif (known.prose or region.prose) and not look.may_learn(known.since):
        _turns_late(place, known, verdict, look, sure=sure)
    else:
        _turns(place, known, verdict, look, sure=sure)


def _turns(place: Stretch, known: Region, verdict: _Verdict, look: Look, *, sure: bool) -> None:
    """Yet another content in a place: soon after the baseline any, later no prose."""
    region, soon = place.region, look.may_learn(known.since)
    turned = replace(
        known, turns=known.turns + 1, last=region.last, most=max(known.most, region.most),
        prose=known.prose or region.prose, wide=known.wide or region.wide,
        paths=tuple(sorted({*known.paths, *region.paths})),
    )  # fmt: skip
    if not soon and not turned.wide and look.at - known.since > _OFTEN:
        turned = replace(turned, turns=1, since=look.at)
    if turned.turns >= (_SOON if soon else _LATER) and not sure:
        turned = replace(turned, learnt=True)
        verdict.hide(place)
        if not place.moved:
            verdict.told.append(_told(place, known, "volatile"))
    elif soon and not sure:
        verdict.hide(place)
        verdict.waiting.append(look.at + FIRST)
    verdict.settle(known, turned)


def _turns_late(place: Stretch, known: Region, verdict: _Verdict, look: Look, *, sure: bool) -> None:
    """Prose in the place of other prose, long after the baseline: an advert, if that goes on look after look."""
    region = replace(place.region, turns=known.turns + 1 if look.follows(known.since) else 1)
    if region.turns >= _LATER and not sure:
        region = replace(region, learnt=True)
        verdict.hide(place)
        verdict.told.append(_told(place, known, "volatile"))
    elif region.turns > 1 and look.patient and not sure:
        verdict.hide(place)
        verdict.told.append(_told(place, region, "unconfirmed"))
        verdict.waiting.append(look.at + FIRST)
    verdict.settle(known, region)


def _is_the_other(place: Stretch, old: Sequence[Line], regions: Iterable[Region]) -> bool:
    """Say whether a new paragraph beside an advert stands, so that it is the advert that changed there."""
    if any(likeness(x.text, y.text) > CORRECTED for x, y in zip(place.before, place.after, strict=False)):
        return False
    standing, mine = Standing(old), {line.index for line in place.before}
    for region in regions:
        if len(place.before) == len(place.after) <= region.most:
            crowd = standing.crowded(region)
            if mine < crowd:
                return True
    return False


def _learnt(place: Stretch, regions: Iterable[Region]) -> Region | None:
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


def _begins(place: Stretch, verdict: _Verdict, look: Look, *, sure: bool) -> None:
    """The first change that is seen of a region; one that is told now may yet show that it is an advert's place."""
    if len(verdict.regions) < MOST_REGIONS * 2:
        verdict.regions.append(place.region)
    if sure or not look.may_learn(look.at):
        return
    verdict.hide(place)
    if not place.moved:
        verdict.told.append(_told(place, place.region, "unconfirmed"))
    verdict.waiting.append(look.at + FIRST)


def _stays(place: Stretch, known: Region, verdict: _Verdict, look: Look, *, sure: bool) -> None:
    """What was held is still there."""
    age = look.at - known.since
    if place.moved or (age < SURE and not sure and look.patient):
        verdict.hide(place)
        if not place.moved:
            verdict.waiting.append(
                known.since + next(step for step in (FIRST, SECOND, SURE) if age < step or step is SURE)
            )
        return
    verdict.settle(known)
    verdict.hide(place)
    verdict.told.append(_told(place, known, None))
    verdict.confirmed = True


def _told(place: Stretch, region: Region, reason: Reason | None) -> Told:
    key = (region.before, region.after, str(int(region.since.timestamp())))
    if region.links:
        old, new = (tuple(f"{text} <{url}>" for url, text in side[0].links) for side in (place.before, place.after))
        return Told(key, old, new, reason, "links.changed")
    return Told(key, tuple(x.text for x in place.before), tuple(x.text for x in place.after), reason)


def _returned(places: Sequence[Stretch], verdict: _Verdict) -> None:
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
