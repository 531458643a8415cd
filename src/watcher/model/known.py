"""What is known of a fetch, a source and a document between two polls."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from watcher.model.configured import Followed
from watcher.model.names import Kind, Turnover
from watcher.model.said import Note, Page


@dataclass(frozen=True, slots=True)
class FetchState:
    """What is known of one fetch: an address together with an identity (headers, cookies, log-in), shared by the
    sources that name the same. `rules` is the hash of the reading rules and extractor versions of its sources when
    the body was last read: validators and digests count only while it is the same."""

    id: str
    url: str
    host: str
    next_poll_at: datetime | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_sha256: str | None = None
    rules: str = ""
    failures: int = 0
    failing_since: datetime | None = None
    error: str | None = None
    last_poll_at: datetime | None = None
    last_ok_at: datetime | None = None
    moved_to: str | None = None
    alarmed_at: datetime | None = None  # when the owner was last told that it fails
    snapshot: str | None = None  # id of the newest record of the chain
    chain: str = ""  # hash of that record
    polls: int = 0


@dataclass(frozen=True, slots=True)
class Absence:
    """A page that is not there, or not itself: as what it is told once sure, since when, and whether it was told."""

    event: str  # page.gone, page.walled, or drastic: a sudden change that is not believed at once
    words: str
    since: datetime
    change: str  # id of the change it is told under
    told: bool = False


@dataclass(frozen=True, slots=True)
class ListShape:
    """How a dataset was read: what was found out is kept to from then on. `counted`: the count that the file gives was
    right; `closed`: its last line had its end; `revision` counts the states that differed."""

    format: str = ""  # csv json jsonl xml xlsx
    rows: str | None = None
    key: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    counted: bool = False
    closed: bool = True
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """A window that was missed: what was published after `since`, the last good look before it, and before `until`, the
    oldest that was shown after it, may never have been seen."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is known of one source between two polls; small, since every poll with new bytes loads it.

    `baseline_at` is None until the first good reading. `rules` is the hash of the reading rules and extractor version.
    `place` and `watched` serve the early gate; `volatile` names what changes by itself, or may (core/noise.py).
    """

    source: str
    kind: Kind | None = None
    baseline_at: datetime | None = None
    rules: str = ""
    visible: str | None = None
    watched: str | None = None
    place: str | None = None
    volatile: tuple[str, ...] = ()
    started_alert: bool = False
    title: str | None = None
    entries: int = 0
    last_change_at: datetime | None = None
    confirm_at: datetime | None = None  # look again then, past every gate: something seems to have vanished
    absence: Absence | None = None
    moved_to: str | None = None  # the permanent redirect that was told last
    learn_at: datetime | None = None  # look again then: what differs so soon changes by itself
    list: ListShape | None = None  # of a dataset
    failures: int = 0  # readings that failed in a row while another source of the same address was read
    failing_since: datetime | None = None
    error: str | None = None
    alarmed_at: datetime | None = None  # when the owner was last told of it
    turnover: Turnover = ""  # how what is shown made room for new entries (core/gap.py, core/listed.py)
    gap: Gap | None = None  # the last one that was told
    followed: Followed | None = None  # of a followed page; kept in columns, not in the state


@dataclass(frozen=True, slots=True)
class KnownUpdate:
    """An update that was once seen: it is never new again. `present` is False after it vanished."""

    id: str
    note: Note
    present: bool = True
    missing_since: datetime | None = None  # first look that no longer showed it
    withdrawn: bool = False  # its disappearance was confirmed and told


@dataclass(frozen=True, slots=True)
class Document:
    """A page or an entry with its newest revision and the memory needed to judge the next one.

    `ledger` holds every update ever seen, `recent` the (number, text digest) of the last revisions, newest last.
    """

    id: str
    source: str
    kind: Literal["page", "entry", "list"]
    key: str
    url: str
    title: str
    revision: int
    revision_id: str
    sha256: str
    fetched_at: datetime
    page: Page
    ledger: tuple[KnownUpdate, ...] = ()
    recent: tuple[tuple[int, str], ...] = ()
