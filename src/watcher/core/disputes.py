"""Disagreements of a source pair, as changes of the contract's events: each is told once.

What a source lacks that another of its pair announced is an `entry.removed` or `record.removed` of the source that
lacks it; what it still shows although the other removed it, and what it says otherwise, is an `entry.changed` or
`record.changed` of it: before is what the other says, after what it says itself. `Change.paired` names the other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.core import listed, rules
from watcher.model import (
    Awaited,
    Change,
    EntryShown,
    Kind,
    Paired,
    RecordShown,
    RevisionRef,
    Sighting,
    Source,
    Times,
    make_id,
)

Edits = tuple[tuple[str, str | None, str | None], ...]


@dataclass(frozen=True, slots=True)
class Member:
    """One source of a pair: what is configured and known of it; `last_ok_at` is its last good look before this one."""

    source: Source
    kind: Kind | None
    baseline_at: datetime | None
    last_ok_at: datetime | None

    @property
    def is_window(self) -> bool:
        """Whether absence there means nothing."""
        return listed.is_window(self.source, self.kind or self.source.kind or "feed")


def within(members: Mapping[str, Member], one: str, other: str) -> timedelta:
    """How long two sources of a pair may disagree: what the one that confirms the other says, else the least of all."""
    told = [member.source.confirms for member in members.values() if member.source.confirms]
    for name, target in ((one, other), (other, one)):
        confirms = members[name].source.confirms
        if confirms is not None and confirms.source == target:
            return confirms.within
    return min(confirms.within for confirms in told)


def _names(members: Mapping[str, Member], one: str, other: str) -> tuple[str, ...]:
    """The fields by which two sources are compared."""
    if one not in members or other not in members:  # it was of the pair once
        return ()
    for name, target in ((one, other), (other, one)):
        source, shared = members[name].source, members[target].source.fields
        if source.confirms is not None and source.confirms.source == target:
            return source.confirms.fields or tuple(field for field in source.fields if field in shared)
    return ()


def title_of(change: Change) -> str:
    """What a change's record is called."""
    shown = change.record or change.entry
    return (shown.title if shown else "") or change.document.title


def differences(members: Mapping[str, Member], mine: Sighting, other: Sighting) -> Edits:
    """Give the compared fields in which two sources differ: name, what the other says, what `mine` says."""
    ours, theirs = dict(mine.values), dict(other.values)
    return tuple(
        (name, theirs[name], ours[name])
        for name in _names(members, mine.source, other.source)
        if name in ours and name in theirs and _plain(ours[name]) != _plain(theirs[name])
    )


def _plain(value: str) -> str:
    return " ".join(value.casefold().split())


def differing(
    members: Mapping[str, Member],
    mine: Sighting,
    other: Sighting,
    change: Change,
    screen: Callable[[Change], Change],
) -> list[Change]:
    """Tell at once where the second source says a record otherwise than the first."""
    if not (edits := differences(members, mine, other)) or change.reason == "baseline":
        return []
    source = members[mine.source].source
    at = change.times.fetched or mine.at
    return [screen(_change(source, mine, other, "differs", edits=edits, now=at, revision=change.revision))]


def overdue(
    members: Mapping[str, Member], due: Awaited, mine: Sighting | None, others: Sequence[Sighting], now: datetime
) -> list[Change]:
    """Give the change for what was awaited and has not come; none where it is settled by now."""
    source = members[due.source].source
    standing = [each for each in others if each.gone_at is None]
    if due.what == "missing":
        said = [each for each in standing if each.told and not each.baseline]
        if not said or (mine is not None and mine.gone_at is None):
            return []
        first = min(said, key=lambda each: (each.at, each.source))
        return [_change(source, mine, first, "missing", edits=(), now=now)]
    if mine is None or mine.gone_at is not None:
        return []
    if due.what == "removed":
        gone = [each for each in others if each.gone_at is not None]
        if not gone:
            return []
        last = max(gone, key=lambda each: (each.gone_at or each.at, each.source))
        edits = ((last.source, "removed", "still shown here"),)
        return [_change(source, mine, last, "removed", edits=edits, now=now)]
    for other in standing:
        if found := differences(members, mine, other):
            return [_change(source, mine, other, "differs", edits=found, now=now)]
    return []


def _change(
    source: Source,
    mine: Sighting | None,
    other: Sighting,
    what: str,
    *,
    edits: Edits,
    now: datetime,
    revision: RevisionRef | None = None,
) -> Change:
    seen = mine or other
    event = f"{'record' if seen.is_record else 'entry'}.{'removed' if what == 'missing' else 'changed'}"
    at = other.gone_at if what == "removed" else other.at
    title = seen.title or seen.document.title
    words = "\n".join(filter(None, [title, seen.document.url, *(value for _, *pair in edits for value in pair)]))
    name = make_id("chg", other.item, source.name, what, other.source, at, edits)
    return Change(
        id=name,
        event=event,
        source=source.name,
        severity=rules.weigh(event, None, words, source.severity),
        document=seen.document,
        revision=revision or RevisionRef(make_id("rev", name), 1, "", now),
        entry=None if seen.is_record else EntryShown(other.item, title, seen.document.url, fields=edits),
        record=RecordShown((), title, changed=edits) if seen.is_record else None,
        times=Times(fetched=now),
        text=words,
        paired=Paired(what, other.source, other.change, at),  # type: ignore[arg-type]  # one of its words
    )
