"""Regions of a page that change by themselves: how they are named, and which blocks of a page lie in them.

A region is named by what stands still around it, the text before and the text after, and by the elements in which its
blocks stand; class names and positions play no part, since they change. It is kept in `SourceState.volatile` as a line.

    masked(lines, volatile)    the indices of the blocks that are left out of gate and comparison
    is_prose(line)             whether a block is text of the article: such a block is only left out where its whole
                               text was seen to be another one at every look (core/learn.py)
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache

import xxhash

from watcher.core.labels import opens_note

MOST_REGIONS = 60
CLOCK = "@modified"  # in `volatile`: the page's modification time is the time of the visit
_WIDE = 400  # blocks that a region may span
_SENTENCE = re.compile(r"[.!?:;…؟۔।][\"'”’»)\]]*(?:\s|$)|[。！？；]")
_WORDS = re.compile(r"[^\W\d_]+")
_UNSPACED = re.compile(r"[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af]")
_WORDS_OF_PROSE, _SIGNS_OF_PROSE = 6, 12  # from so many words, or signs of a script without spaces, on
_LINKED = 0.8  # share of a block's text in links from which it is a link and no prose


@dataclass(frozen=True, slots=True)
class Line:
    """One compared block: its index, text, element's name and path, and its links as (target, text)."""

    index: int
    text: str
    type: str
    path: str
    links: tuple[tuple[str, str], ...] = ()
    kept: bool = False  # the source's `keep` names it

    @property
    def digest(self) -> str:
        return xxhash.xxh3_64_hexdigest(self.text.encode("utf-8", "surrogatepass"))

    @property
    def linked(self) -> float:
        """The share of the text that stands in links."""
        return sum(len(text) for _, text in self.links) / max(1, len(self.text))


@lru_cache(maxsize=4096)
def _reads_as_prose(text: str) -> bool:
    if opens_note(text):
        return True
    enough = len(_WORDS.findall(text)) >= _WORDS_OF_PROSE or len(_UNSPACED.findall(text)) >= _SIGNS_OF_PROSE
    return enough and _SENTENCE.search(text) is not None


def is_prose(line: Line) -> bool:
    """Say whether a block is the article's text: a sentence, a heading, a row, a note; never what is only a link."""
    if line.kept or line.type == "tr":
        return True
    if line.links and line.linked >= _LINKED:
        return False
    return line.type in {"h1", "h2", "h3", "h4", "h5", "h6"} or _reads_as_prose(line.text)


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of the page between two texts that stand still.

    `before` and `after` are the digests of those texts, "-" for the content's begin and end. `most` is the greatest
    number of blocks seen there. `turns` counts the looks that found another content than the look before, `last` is
    the digest of that content. Only a `learnt` region is left out. `prose`: its blocks read like the article's text.
    `wide`: a list, of which some entries may stand still.
    """

    before: str
    after: str
    paths: tuple[str, ...]
    most: int
    prose: bool
    learnt: bool
    turns: int
    last: str
    since: datetime
    links: bool = False  # the text stands, its links' targets change; `before` and `after` are the text itself
    wide: bool = False

    @property
    def place(self) -> tuple[str, str, bool]:
        return self.before, self.after, self.links

    def write(self) -> str:
        """One line: flags, numbers, digests, paths."""
        flags = ("~" if self.learnt else "?") + "p" * self.prose + "l" * self.links + "w" * self.wide
        numbers = f"{self.most} {self.turns} {int(self.since.timestamp())}"
        return f"{flags} {numbers} {self.before} {self.after} {self.last} {','.join(self.paths)}"

    @classmethod
    def parse(cls, text: str) -> "Region | None":
        """Read what `write` wrote; None for anything else."""
        parts = text.split(" ")
        if len(parts) != 8 or parts[0][:1] not in {"~", "?"} or not all(part.isdecimal() for part in parts[1:4]):
            return None
        flags, most, turns, since, before, after, last, paths = parts
        return cls(
            before, after, tuple(paths.split(",")), int(most), "p" in flags, flags[0] == "~", int(turns), last,
            datetime.fromtimestamp(int(since), UTC), "l" in flags, "w" in flags,
        )  # fmt: skip


@lru_cache(maxsize=2048)
def _parsed(volatile: tuple[str, ...]) -> tuple[Region, ...]:
    return tuple(region for line in volatile if (region := Region.parse(line)) is not None)


def regions_of(volatile: Iterable[str]) -> tuple[Region, ...]:
    """The regions among the lines of `SourceState.volatile`, learnt or not."""
    return _parsed(tuple(volatile))


def kept_lines(volatile: Collection[str], regions: Iterable[Region]) -> tuple[str, ...]:
    """`volatile` with these regions in the place of its own; the oldest are forgotten when there are too many."""
    others = [line for line in volatile if Region.parse(line) is None]
    newest = sorted(regions, key=lambda region: (region.learnt, region.since))[-MOST_REGIONS:]
    return (*others, *(region.write() for region in newest))


class Standing:
    """The compared blocks of a page, found by their digests."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.digests = [line.digest for line in lines]
        self.at: dict[str, int] = {}
        for position, digest in enumerate(self.digests):
            self.at.setdefault(digest, position)

    def span(self, region: Region) -> tuple[int, int, bool] | None:
        """Where a region lies: begin, end (exclusive), and whether both texts around it were found."""
        first = -1 if region.before == "-" else self.at.get(region.before)
        last = len(self.lines) if region.after == "-" else self.at.get(region.after)
        if first is not None and last is not None and first < last <= first + _WIDE:
            return first + 1, last, True
        if first is not None and (region.before != "-" or last is None):
            end = first + 1
            while end < len(self.lines) and end - first <= region.most and self.lines[end].path in region.paths:
                end += 1
            return first + 1, end, False
        if last is not None:
            begin = last
            while begin > 0 and last - begin < region.most and self.lines[begin - 1].path in region.paths:
                begin -= 1
            return begin, last, False
        return None

    def fitting(self, region: Region, found: tuple[int, int, bool]) -> list[Line]:
        """The blocks of a span that stand in the same elements and are of the same sort as those of the region."""
        return [
            line
            for line in self.lines[found[0] : found[1]]
            if line.path in region.paths and not line.kept and (region.prose or not is_prose(line))
        ]

    def crowded(self, region: Region) -> set[int]:
        """The blocks between a region's texts where more of them stand than were ever seen: one is not the region's."""
        found = self.span(region)
        if found is None or not found[2] or not region.prose or not region.learnt:
            return set()
        fitting = self.fitting(region, found)
        return {line.index for line in fitting} if len(fitting) > region.most else set()

    def members(self, region: Region) -> list[Line]:
        """The blocks that lie in a region; none where more stand than were ever seen, but in a list of links."""
        found = self.span(region)
        if found is None or region.links:
            return []
        fitting = self.fitting(region, found)
        return fitting if len(fitting) <= region.most or (region.wide and not region.prose) else []


@dataclass(frozen=True, slots=True)
class Masks:
    """What is left out: blocks by index, and the targets of the links of others."""

    blocks: frozenset[int] = frozenset()
    links: frozenset[int] = frozenset()


NOTHING = Masks()


def masked(lines: Sequence[Line], volatile: Collection[str]) -> Masks:
    """Say which blocks lie in regions that were learnt to change by themselves."""
    regions = [region for region in regions_of(volatile) if region.learnt]
    if not regions or not lines:
        return NOTHING
    standing = Standing(lines)
    blocks = {line.index for region in regions for line in standing.members(region)}
    texts = {region.before for region in regions if region.links}
    links = {line.index for line, digest in zip(lines, standing.digests, strict=True) if digest in texts}
    return Masks(frozenset(blocks), frozenset(links))


def moved_on(regions: Iterable[Region], lines: Sequence[Line], hidden: Collection[int]) -> list[Region]:
    """Name the learnt regions anew by what now stands around them; one that is not found stays as it is."""
    standing = Standing(lines)
    out = []
    for region in regions:
        found = None if region.links or not region.learnt else standing.span(region)
        if found is None or found[2]:
            out.append(region)
            continue
        inside = [at for at in range(found[0], found[1]) if lines[at].index in hidden]
        begin, end = found[0], found[1]
        if region.before in standing.at:
            end = max(inside) + 1 if inside else begin
        else:
            begin = min(inside) if inside else end
        before, after = region.before, region.after
        if region.before not in standing.at:
            before = _neighbour(standing, range(begin - 1, -1, -1), hidden)
        if region.after not in standing.at:
            after = _neighbour(standing, range(end, len(lines)), hidden)
        out.append(replace(region, before=before, after=after))
    return out


def shifted(regions: Iterable[Region], lines: Sequence[Line], fresh: Collection[str]) -> list[Region]:
    """Follow regions that stand one block further up or down, as adverts do that are put in after the nth paragraph.

    In: the blocks of the new page, and the texts among them that are neither known nor edited. A region that is empty
    moves to the blocks of its sort beyond one of its texts; where prose stands in both places the region is widened,
    and the next look will tell.
    """
    standing, main = Standing(lines), main_path(lines)
    return [
        _shifted(region, standing, fresh, main) if region.learnt and not region.links else region for region in regions
    ]


def main_path(lines: Iterable[Line]) -> str:
    """The elements in which most of the prose stands: those of the article's text."""
    masses: Counter[str] = Counter()
    for line in lines:
        if is_prose(line):
            masses[line.path] += len(line.text)
    return masses.most_common(1)[0][0] if masses else ""


def _shifted(region: Region, standing: Standing, fresh: Collection[str], main: str) -> Region:
    found, lines = standing.span(region), standing.lines
    if found is None:
        return region

    def fits(at: int) -> bool:
        line = lines[at]
        if line.kept or line.path not in region.paths or (not region.prose and is_prose(line)):
            return False
        return not region.prose or line.text in fresh or line.path != main

    inside = standing.fitting(region, found)
    begin, end, above, below = found[0], found[1], found[0] - 2, found[1] + 1
    if not found[2]:  # one of the texts is gone: beside the other, or one block further on either side
        if any(fits(at) for at in range(begin, end)):
            return region
        inside = []
        if region.before in standing.at:
            end, below = begin, begin + 1
        else:
            begin, above = end, end - 2
    elif inside and (not region.prose or any(line.text not in fresh for line in inside)):
        return region
    first, last = above, below
    while above >= 0 and fits(above) and first - above < region.most:
        above -= 1
    while below < len(lines) and fits(below) and below - last < region.most:
        below += 1
    if (above < first) == (below > last):
        return region
    if below > last:
        after = standing.digests[below] if below < len(lines) else "-"
        return replace(region, before=region.before if inside else standing.digests[last - 1], after=after)
    before = standing.digests[above] if above >= 0 else "-"
    return replace(region, before=before, after=region.after if inside else standing.digests[first + 1])


def _neighbour(standing: Standing, positions: Iterable[int], hidden: Collection[int]) -> str:
    return next((standing.digests[at] for at in positions if standing.lines[at].index not in hidden), "-")
