"""Source pairs: a fast source and a complete one say the same records; each is announced once.

    entry_marks(...), record_marks(...)    what a record is known by in all sources of its pair
    judge(...)    (the pair's book, one source's changes) → which are confirmations, which are late, what is awaited,
                  and what was awaited and has not come (core/disputes.py)

The source that says a record first announces it; what the others say of it is stored as a confirmation (`duplicate`).
Nothing is left out that nobody was told of: a record that the first source's rules or a mute kept back is announced by
the next that lets it through, and a channel that has not heard of it hears of it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

from watcher.core import cadence, disputes
from watcher.core.disputes import Member
from watcher.core.identity import clean_link, digest
from watcher.model import (
    Awaited,
    Change,
    EntryRef,
    Paired,
    PairKept,
    Sighting,
    Source,
    make_id,
)

APPEARS = frozenset({"entry.new", "record.added"})
GONE = frozenset({"entry.removed", "record.removed"})
_LONGEST = 300  # characters of a mark
_COUNTER = re.compile(r"\d{1,7}\Z")  # identifiers that two publishers may use for different things


@dataclass(frozen=True, slots=True)
class Book:
    """What is known of a pair, as far as one poll needs it. `marked` gives the marks of the record of each of the
    poll's changes; `overdue` is awaited of the polled source and due; `values` the compared fields."""

    group: str
    members: Mapping[str, Member]
    items: Mapping[str, str] = field(default_factory=dict)  # mark → item
    sightings: Mapping[str, tuple[Sighting, ...]] = field(default_factory=dict)  # by item
    marked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by change
    values: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)  # by change
    overdue: tuple[Awaited, ...] = ()


# --- what a record is known by ----------------------------------------------------------------------------------------


def mark(text: str) -> str:
    """Write an identifier or address in the form in which two sources can be compared."""
    text = " ".join(text.encode("utf-8", "replace").decode("utf-8").replace("\x00", " ").split())
    if text[:8].lower().startswith(("http://", "https://")):
        rest = clean_link(text).partition("://")[2]
        text = rest.removeprefix("www.").rstrip("/")
    else:
        text = text.casefold()
    return text if len(text) <= _LONGEST else f"{text[:200]} {digest(text)}"


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> "re.Pattern[str]":
    if pattern.startswith("re:"):
        return re.compile(pattern[3:])
    return re.compile(re.escape(pattern), re.IGNORECASE)


def by_pattern(pattern: str, parts: Sequence[str | None]) -> tuple[str, ...]:
    """Give the mark that the pattern finds in the first part where it fits: its first group, else all of it."""
    for part in parts:
        if part and (found := _compiled(pattern).search(part)):
            text = next((group for group in found.groups() if group), found[0])
            return (mark(text),) if text.strip() else ()
    return ()


def entry_marks(pattern: str | None, ref: EntryRef, text: str) -> tuple[str, ...]:
    """Name an entry: by the pattern, else by its identifier and its own link. Empty: it cannot be known elsewhere.

    A short number is no identifier beside a link: two publishers count alike.
    """
    if pattern is not None:
        return by_pattern(pattern, (ref.guid, ref.link, ref.key, ref.title, text))
    names = [ref.guid] if ref.guid and not (ref.link and _COUNTER.match(ref.guid)) else []
    return tuple(dict.fromkeys(mark(name) for name in (*names, ref.link) if name and name.strip()))


def record_marks(
    pattern: str | None, key: Sequence[tuple[str, str]], text: str, *, whole: bool = False
) -> tuple[str, ...]:
    """Name a dataset's record: by the pattern, else by the values of its key; `whole`: it has none."""
    values = [value for _, value in key]
    if pattern is not None:
        return by_pattern(pattern, (*([] if whole else values), text))
    return () if whole or not any(value.strip() for value in values) else (mark(" ".join(values)),)


def compared(source: Source, members: Mapping[str, Member]) -> tuple[str, ...]:
    """Name the fields of a source that one of its pair is compared by."""
    names: dict[str, None] = {}
    for member in members.values():
        confirms = member.source.confirms
        if confirms is None or source.name not in (member.source.name, confirms.source):
            continue
        other = members.get(confirms.source)
        both = other is not None and [name for name in member.source.fields if name in other.source.fields]
        names |= dict.fromkeys(confirms.fields or both or ())
    return tuple(names)


# --- what one source says ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Taken:
    """What one poll of one source makes of the book."""

    book: Book
    source: Source
    now: datetime
    screen: Callable[[Change], Change]
    channels: Callable[[Change], tuple[str, ...]]
    marks: dict[str, str] = field(default_factory=dict)
    put: dict[tuple[str, str], Sighting] = field(default_factory=dict)
    first: dict[str, None] = field(default_factory=dict)
    awaited: dict[tuple[str, str, str], Awaited] = field(default_factory=dict)
    settled: dict[tuple[str, str, str], None] = field(default_factory=dict)
    spared: dict[str, frozenset[str]] = field(default_factory=dict)
    more: list[Change] = field(default_factory=list)

    def item(self, marks: Sequence[str]) -> str:
        known = (self.marks.get(each) or self.book.items.get(each) for each in marks)
        item = next(filter(None, known), None) or make_id("itm", self.book.group, marks[0])
        for each in marks:
            self.marks.setdefault(each, self.book.items.get(each, item))
        return item

    def standing(self, item: str) -> dict[str, Sighting]:
        """What each source of the pair shows of a record, as it is now."""
        found = {each.source: each for each in self.book.sightings.get(item, ())}
        return found | {source: each for (one, source), each in self.put.items() if one == item}

    def wait(self, item: str, source: str, what: str, other: str) -> None:
        due = self.now + disputes.within(self.book.members, source, other)
        key = (item, source, what)
        self.settled.pop(key, None)
        self.awaited.setdefault(key, Awaited(item, source, what, due))  # type: ignore[arg-type]  # one of its words

    def settle(self, item: str, source: str, *whats: str) -> None:
        for what in whats:
            self.awaited.pop((item, source, what), None)
            self.settled[item, source, what] = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What the pair makes of a poll: the changes, which channels have heard of which already, what the book keeps."""

    changes: tuple[Change, ...]
    spared: Mapping[str, frozenset[str]]
    kept: PairKept | None


def judge(
    book: Book,
    source: Source,
    changes: Sequence[Change],
    *,
    now: datetime,
    screen: Callable[[Change], Change],
    channels: Callable[[Change], tuple[str, ...]],
) -> Judged:
    """Hold a source's changes, already screened, against what its pair has said.

    `screen` applies the source's rules to a change that is made here (a disagreement), `channels` names whom a change
    goes to. Pure.
    """
    taken = _Taken(book, source, now, screen, channels)
    out: list[Change] = []
    for change in changes:
        marks = book.marked.get(change.id, ())
        if not marks:
            out.append(change)
        elif change.event in APPEARS:
            out.append(_appears(taken, change, marks))
        elif change.event in GONE:
            out.append(_gone(taken, change, marks))
        else:
            _changed(taken, change, marks)
            out.append(change)
    for due in book.overdue:
        _overdue(taken, due)
    kept = PairKept(
        book.group,
        tuple((name, item) for name, item in taken.marks.items() if name not in book.items),
        tuple(taken.put.values()),
        tuple(taken.first),
        tuple(taken.awaited.values()),
        tuple(taken.settled),
    )
    empty = kept == PairKept(book.group)
    return Judged((*out, *taken.more), taken.spared, None if empty else kept)


def after(book: Book, earlier: Book, kept: PairKept) -> Book:
    """Give a source's book as it is once another source of its pair, read in the same poll, has left what it did.

    In: both books as they were loaded for that poll, and what `judge` said that the earlier one leaves. Pure.
    """
    shown: dict[str, dict[str, Sighting]] = {}
    for known in (earlier.sightings, book.sightings):
        for item, seen in known.items():
            shown.setdefault(item, {}).update({each.source: each for each in seen})
    for each in kept.sightings:
        shown.setdefault(each.item, {})[each.source] = each
    done = {*kept.settled, *((each.item, each.source, each.what) for each in kept.awaited)}
    return replace(
        book,
        items={**earlier.items, **dict(kept.marks), **book.items},
        sightings={item: tuple(seen.values()) for item, seen in shown.items()},
        overdue=tuple(each for each in book.overdue if (each.item, each.source, each.what) not in done),
    )


def _appears(taken: _Taken, change: Change, marks: Sequence[str]) -> Change:
    name, item = taken.source.name, taken.item(marks)
    standing = taken.standing(item)
    mine = standing.get(name)
    beside = [each for other, each in standing.items() if other != name and each.gone_at is None]
    others = [each for each in beside if mine is None or mine.gone_at is not None or each.at <= mine.at]
    before = min(others, key=lambda each: (each.at, each.source), default=None)
    if before is None:
        if change.announced and not beside:
            taken.first[item] = None
        change = _said_first(taken, change, item)
    else:
        change = _confirmed(taken, change, before, others)
        taken.settle(item, name, "missing")
    told = taken.channels(change) if change.announced else ()
    spared = taken.spared.get(change.id, frozenset())
    seen = Sighting(
        item, name, taken.now, change.document, disputes.title_of(change), change.id, change.record is not None,
        change.reason == "baseline",
        tuple(channel for channel in told if channel not in spared), values=taken.book.values.get(change.id, ()),
    )  # fmt: skip
    if mine is not None and mine.gone_at is None:
        seen = replace(mine, told=tuple(dict.fromkeys((*mine.told, *seen.told))))
    taken.put[item, name] = seen
    for other in others:
        taken.more += disputes.differing(taken.book.members, seen, other, change, taken.screen)
    return change


def _said_first(taken: _Taken, change: Change, item: str) -> Change:
    """Nobody else shows the record: it is news; who should show it too is given time."""
    members, source = taken.book.members, taken.source
    fast = members.get(source.confirms.source) if source.confirms else None
    if change.announced and fast is not None and _had_its_chance(fast, change, taken.now):
        change = replace(change, paired=Paired("late", fast.source.name, at=fast.last_ok_at))
    if change.reason == "baseline":
        return change
    for name, member in members.items():
        confirms = member.source.confirms
        follows = confirms is not None and confirms.source == source.name
        named = source.confirms is not None and source.confirms.source == name
        amended = named and member.kind == "dataset" and not member.is_window
        if name != source.name and member.baseline_at is not None and (follows or amended):
            taken.wait(item, name, "missing", source.name)
    return change


def _had_its_chance(fast: Member, change: Change, now: datetime) -> bool:
    """Say whether the fast source should have said a record before now: it was looked at since that was published, or
    would have been in its pace."""
    if fast.baseline_at is None or fast.last_ok_at is None or fast.kind not in {"feed", "listing"}:
        return False
    published = change.times.published
    patience = 2 * cadence.pace_of(fast.source, fast.kind)
    return published is None or published <= fast.last_ok_at or published < now - patience


def _confirmed(taken: _Taken, change: Change, before: Sighting, others: Sequence[Sighting]) -> Change:
    """Another source has said it: no news, unless nobody was told of it, or somebody was not."""
    change = replace(change, paired=Paired("confirms", before.source, before.change, before.at))
    if not change.announced:
        return change
    heard = frozenset(channel for each in others for channel in each.told)
    if any(each.baseline for each in others) or (heard and heard.issuperset(taken.channels(change))):
        return replace(change, announced=False, reason="duplicate")
    if heard:
        taken.spared[change.id] = heard
    return change


def _gone(taken: _Taken, change: Change, marks: Sequence[str]) -> Change:
    if change.reason == "unconfirmed":
        return change
    name, item = taken.source.name, taken.item(marks)
    standing = taken.standing(item)
    left = [each for other, each in standing.items() if other != name and each.gone_at is not None]
    heard = frozenset(channel for each in left for channel in each.told_gone)
    if left:
        first = min(left, key=lambda each: (each.gone_at or each.at, each.source))
        change = replace(change, paired=Paired("confirms", first.source, "", first.gone_at))
    if change.announced and heard:
        if heard.issuperset(taken.channels(change)):
            change = replace(change, announced=False, reason="duplicate")
        else:
            taken.spared[change.id] = heard
    told = tuple(c for c in taken.channels(change) if c not in heard) if change.announced else ()
    mine = standing.get(name) or Sighting(
        item, name, taken.now, change.document, disputes.title_of(change), is_record=change.record is not None,
        baseline=True,
    )  # fmt: skip
    taken.put[item, name] = replace(mine, gone_at=taken.now, told_gone=told)
    taken.settle(item, name, "removed", "differs")
    for other, member in taken.book.members.items():
        if other == name:
            continue
        taken.settle(item, other, "missing")
        seen = standing.get(other)
        if seen is not None and seen.gone_at is None and not member.is_window:
            taken.wait(item, other, "removed", name)
    return change


def _changed(taken: _Taken, change: Change, marks: Sequence[str]) -> None:
    """Compared fields have changed: those who say otherwise are given time to follow."""
    fresh = dict(taken.book.values.get(change.id, ()))
    if not fresh:
        return
    name, item = taken.source.name, taken.item(marks)
    standing = taken.standing(item)
    mine = standing.get(name)
    if mine is None or mine.gone_at is not None:
        return
    mine = replace(mine, values=tuple((dict(mine.values) | fresh).items()))
    taken.put[item, name] = mine
    for other, seen in standing.items():
        if other == name or seen.gone_at is not None:
            continue
        for one in (name, other):
            taken.settle(item, one, "differs")
        if disputes.differences(taken.book.members, mine, seen):
            taken.wait(item, other, "differs", name)


def _overdue(taken: _Taken, due: Awaited) -> None:
    """What was awaited of this source has not come: say so once, unless it has settled in this very poll."""
    key = (due.item, due.source, due.what)
    if key in taken.settled or key in taken.awaited:
        return
    taken.settle(*key)
    standing = taken.standing(due.item)
    mine = standing.get(due.source)
    others = [each for name, each in standing.items() if name != due.source]
    found = disputes.overdue(taken.book.members, due, mine, others, taken.now)
    taken.more += [taken.screen(change) for change in found]
