"""What the store hands out beyond the model's values: answers for the daemon, the commands and the pages.

Frozen, with aware UTC times; database rows never leave the store.
"""

from dataclasses import dataclass
from datetime import datetime

from watcher.model import Change, FetchState, Kind, PollResult, SourceState


@dataclass(frozen=True, slots=True)
class Synced:
    """What a configuration changed in the store; names of sources. `renamed` holds (old, new)."""

    new: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    changed_url: tuple[str, ...] = ()  # another address or kind: they start a new baseline


@dataclass(frozen=True, slots=True)
class Pruned:
    """What retention took away: bodies with their stored bytes, and polls that became daily sums. `more`: it stopped
    at its bound, and there is more to do."""

    bodies: int = 0
    bytes: int = 0
    polls: int = 0
    more: bool = False


@dataclass(frozen=True, slots=True)
class ChannelState:
    """What the store knows of a channel; `gone_at` is when its receiver first said that it no longer exists."""

    name: str
    disabled_at: datetime | None = None
    reason: str = ""
    gone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StartedSource:
    """A new source that nobody was told of yet. `polled`: its fetch was tried at least once, well or not;
    `updates`: the latest number of an update on its page."""

    source: str
    polled: bool
    state: SourceState
    fetch: FetchState
    updates: int | None = None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source in a table for people."""

    source: str
    title: str | None
    url: str
    kind: Kind | None
    enabled: bool
    fetch: str
    host: str
    baseline_at: datetime | None
    next_poll_at: datetime | None
    last_poll_at: datetime | None
    last_ok_at: datetime | None
    last_change_at: datetime | None
    failures: int
    failing_since: datetime | None
    error: str | None
    moved_to: str | None
    entries: int
    stories: tuple[str, ...] = ()
    muted_until: datetime | None = None
    absence: str | None = None  # "gone: ...", "walled: ..."; "held: ..." until it was told


@dataclass(frozen=True, slots=True)
class FollowedRow:
    """One followed page: `life` is when it or its entry last showed life; `enabled` whether it is polled."""

    source: str
    parent: str
    url: str
    title: str
    since: datetime
    life: datetime
    enabled: bool


@dataclass(frozen=True, slots=True)
class StoredChange:
    """A change as stored: `poll` is the id of the poll that found it."""

    change: Change
    committed: datetime
    poll: str


@dataclass(frozen=True, slots=True)
class Totals:
    """The store in numbers. `day` counts the polls of the last 24 clock hours, the running one included, by result."""

    sources: int
    disabled: int
    failing: int
    never_polled: int
    muted: int
    overdue: int
    polls_day: int
    failed_day: int
    results_day: tuple[tuple[PollResult, int], ...]
    changes_day: int
    announced_day: int
    pending: int
    dead: int
    oldest_pending: datetime | None
    newest_poll: datetime | None
    next_poll: datetime | None
    disabled_channels: tuple[str, ...] = ()
    config: str = ""
    bytes: int = 0  # of the database, as far as the engine tells
    followed: int = 0  # pages; they count in no other number of sources
    unread: int = 0  # of them, those that fail
    absent: int = 0  # pages of which it was told that they are gone or walled
    stuck: int = 0  # alerts that were tried and still wait after a quarter of an hour
    stuck_since: datetime | None = None
    stuck_error: str | None = None  # of the oldest of them
