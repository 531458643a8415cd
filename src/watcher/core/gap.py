"""A window that was missed: the pause between two good looks was longer than a feed reaches back.

    judge(...)     how the window turns over, and the gap where one is to be told
    alerts(...)    the gaps of one poll as alerts of health, one a channel

A gap is told where nothing of what is shown now was known, a look of the source's pace was missed, the window is full,
and what it shows is from after the last good look. A source that is seen to replace all it shows at once, while it is
looked at in its pace, has no window that could be missed; that is remembered (`SourceState.turnover`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from watcher.core import cadence, listed, message
from watcher.core.identity import Pair
from watcher.core.mask import mask_url
from watcher.model import (
    Alert,
    Channel,
    EntryRef,
    FeedReading,
    FetchState,
    Gap,
    Moment,
    Source,
    SourceState,
    Turnover,
)

_LATE = 1.5  # times the pace that a pause must last
_SLACK = timedelta(minutes=1)
_SMALL = 5  # entries below which a window must have been seen to scroll
_FULL = 0.8  # of what it showed last: an undated window below that hides nothing
_PINNED = 2  # entries on top that may stay for ever
_PINNED_AMONG = 10  # entries


def last_look(fetch: FetchState | None, state: SourceState) -> datetime | None:
    """When a source was last read well: a fetch that goes well may have one source that cannot be read."""
    at = fetch.last_ok_at if fetch is not None else None
    if at is None or state.failing_since is None:
        return at
    return min(at, state.failing_since)


def judge(
    source: Source,
    state: SourceState,
    reading: FeedReading,
    pairs: Sequence[Pair],
    refs: Sequence[EntryRef],
    *,
    known_before: frozenset[str],
    now: datetime,
    last_at: datetime | None,
) -> tuple[Turnover, Gap | None]:
    """Say how the window turns over, and what was missed, if anything.

    In: `pairs` as matched, `refs` all entries ever seen, `known_before` the raw digests that the last body gives under
    rules that have changed since, `last_at` when the source was last read well (UTC). Out: the new
    `SourceState.turnover`; the gap, or None.
    """
    if state.baseline_at is None or last_at is None or listed.removes(source, reading) or not reading.entries:
        return state.turnover, None
    known = {ref.raw for ref in refs} | known_before | {entry.raw for entry, ref in pairs if ref is not None}
    stands = [raw in known for raw in reading.present]
    if any(stands) and not _only_pinned(stands, reading):
        new = any(ref is None and entry.raw not in known_before for entry, ref in pairs)
        return "scrolls" if new else state.turnover, None
    if now - last_at <= _LATE * cadence.pace_of(source, state.kind) + _SLACK:
        return "replaces", None
    if state.turnover in {"replaces", "missed"}:
        return "replaces", None
    if not _is_full(state, reading, refs, last_at):
        return state.turnover, None
    return "missed", Gap(last_at, _oldest(reading, last_at) or now)


def _stamps(reading: FeedReading) -> list[Moment]:
    found = [entry.page.published or entry.page.modified for entry in reading.entries]
    return [moment for moment in found if moment is not None]


def _end(moment: Moment) -> datetime:
    """The last instant that a printed time may mean."""
    return moment.at + timedelta(days=1) if moment.date_only else moment.at


def _only_pinned(stands: Sequence[bool], reading: FeedReading) -> bool:
    """Say whether all that is known is an entry or two that stay on top of a window in the order newest first."""
    known = sum(stands)
    if known > _PINNED or len(stands) < _PINNED_AMONG or not all(stands[:known]):
        return False
    stamps = _stamps(reading)
    steps = [(one.at, other.at) for one, other in pairwise(stamps)]
    falling = sum(one > other for one, other in steps)
    return len(stamps) >= _PINNED_AMONG - _PINNED and falling > sum(one < other for one, other in steps)


def _is_full(state: SourceState, reading: FeedReading, refs: Sequence[EntryRef], last_at: datetime) -> bool:
    """Say whether the window can hide something: it begins after the last look, or is as full as it was."""
    size = len(reading.present)
    if size < _SMALL and (size < 2 or state.turnover != "scrolls" or len(refs) <= state.entries):
        return False
    stamps = _stamps(reading)
    if 2 * len(stamps) > size:
        return 2 * sum(_end(moment) > last_at for moment in stamps) > len(stamps)
    return size >= _FULL * state.entries


def _oldest(reading: FeedReading, last_at: datetime) -> datetime | None:
    """The oldest time that is shown from after the last look."""
    return min((moment.at for moment in _stamps(reading) if moment.at > last_at), default=None)


def alerts(
    found: Sequence[tuple[Source, SourceState, Gap]],
    *,
    poll: str,
    now: datetime,
    channels: Mapping[str, Channel],
    config: str = "",
    base_url: str | None = None,
) -> tuple[Alert, ...]:
    """Tell each channel of the gaps that one poll found in its sources: one alert, since they share one window."""
    by_channel: dict[str, list[message.SourceHealth]] = {}
    for source, state, gap in found:
        told = message.SourceHealth(
            name=source.name,
            title=source.shown,
            url=mask_url(source.url),
            kind=source.kind or state.kind,
            pace=cadence.in_words(source, state.kind),
            last_ok_at=gap.since,
            gap=(gap.since, gap.until),
        )
        for name in dict.fromkeys(source.notify):
            if name in channels:
                by_channel.setdefault(name, []).append(told)
    words = in_words(found[0][2]) if found else ""
    return tuple(
        message.health_alert(
            channels[name],
            "source.gap",
            key=poll,
            now=now,
            sources=told,
            message=words,
            config=config,
            base_url=base_url,
        )
        for name, told in by_channel.items()
    )


def in_words(gap: Gap) -> str:
    """The gap as a sentence for people; times in UTC."""
    return (
        f"what was published between {gap.since:%Y-%m-%d %H:%M} and {gap.until:%Y-%m-%d %H:%M} UTC may have been "
        "missed: nothing that is shown now was known before"
    )
