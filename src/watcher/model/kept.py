"""What is stored and sent of a poll: outcomes, alerts, deliveries, plans."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from watcher.model.decided import Change, Observation
from watcher.model.known import FetchState, SourceState
from watcher.model.names import Kind, PollResult, Severity


@dataclass(frozen=True, slots=True)
class Alert:
    """What one channel is told of one poll. `data` is the payload's `data` object (contract, "Webhook"), frozen when
    it was written: every form of the message is made from it."""

    id: str
    channel: str
    type: Literal["alert.changes", "alert.digest", "alert.health", "alert.retracted", "alert.test"]
    at: datetime
    severity: Severity
    subject: str
    thread: str  # what mails are threaded by: a document's or source's id
    data: Mapping[str, Any]
    poll: str = ""
    config: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The record of a stored body: what can never be had again. Its `hash` covers all fields and `previous`."""

    id: str
    fetch: str
    at: datetime
    status: int
    url: str
    headers: tuple[tuple[str, str], ...]
    request_headers: tuple[tuple[str, str], ...]
    peer: str | None
    certificate_sha256: str | None
    body_sha256: str
    wire_sha256: str
    size: int
    config: str
    program: str
    extractor: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Poll:
    """The record of one poll of one fetch."""

    id: str
    fetch: str
    at: datetime
    result: PollResult
    status: int | None = None
    seconds: float = 0.0
    size: int | None = None
    error: str | None = None
    config: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SourceOutcome:
    """What one source's part of a poll leaves in the store."""

    source: str
    observation: Observation | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class PackedBody:
    """A body that is too large for memory, as it is stored: zstd, and its length unpacked."""

    size: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Child:
    """A page or document that will be followed: found by the source `by`, for the entry with the document id `entry`
    whose appearance is the change `change` (both None: for the entries that `by` itself is followed for)."""

    by: str
    tail: str  # its name is the parent's, "#" and this
    url: str
    fetch: str
    host: str
    title: str
    depth: int = 1
    entry: str | None = None
    change: str | None = None
    stories: tuple[str, ...] = ()
    after: float = 0.0  # seconds from the poll that found it: many of one host do not all come at once,
    least: float = 0.0  # and this many seconds lie between two polls of each


@dataclass(frozen=True, slots=True)
class Following:
    """What a poll means for followed pages: new ones; the entries (by document id) and followed sources (by name) that
    showed life, so that all that is followed for them is looked at soon; the followed sources that were first read."""

    children: tuple[Child, ...] = ()
    entries: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    read: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that one poll leaves behind: stored whole or not at all."""

    poll: Poll
    fetch: FetchState
    snapshot: Snapshot | None = None
    body: bytes | None = None
    sources: tuple[SourceOutcome, ...] = ()
    alerts: tuple[Alert, ...] = ()
    offline: bool = False  # nothing on the network could be reached; not stored
    packed: PackedBody | None = None  # instead of `body`, where that is too large
    pages: tuple[tuple[Snapshot, bytes], ...] = ()  # of a list over several pages: those after the first, in the chain
    following: Following | None = None
    decided: tuple[Change, ...] = ()  # entries whose rules were decided by what this poll read; stored by themselves


@dataclass(frozen=True, slots=True)
class Due:
    """A fetch whose time has come: all that the dispatcher needs to choose whom to ask next."""

    fetch: str
    host: str
    next_poll_at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """What the configuration wants of one source: which fetch it shares, and the names it had before."""

    source: str
    was: tuple[str, ...]
    fetch: str
    url: str
    host: str
    kind: Kind | None
    title: str
    stories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """A due fetch with what its sources know."""

    fetch: FetchState
    sources: tuple[SourceState, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert on its way to its channel."""

    alert: Alert
    state: Literal["pending", "sent", "dead"]
    attempts: int = 0
    next_at: datetime | None = None
    last_error: str | None = None
    first_at: datetime | None = None
    sent_at: datetime | None = None
    references: str | None = None  # id of the thread's first alert on this channel, if it is another one
    late: bool = False  # it was a dead letter once: sent all the same, and marked as late


@dataclass(frozen=True, slots=True)
class Message:
    """An alert, rendered: `html` for mail; `payload` is the exact JSON of a webhook."""

    subject: str
    text: str
    html: str
    payload: bytes
    headers: tuple[tuple[str, str], ...] = field(default=())
