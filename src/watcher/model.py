"""The frozen values that flow through Watcher.

Made in one room, read in the next (docs/design.md, "What flows"). All times are aware and in UTC. All collections
are tuples, so a value can be shared between threads and compared by `==`. Nothing here opens, sleeps or logs.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any, BinaryIO, Literal

Kind = Literal["feed", "article", "listing", "dataset", "file"]
KINDS: tuple[Kind, ...] = ("feed", "article", "listing", "dataset", "file")

NoteKind = Literal[
    "update",
    "correction",
    "clarification",
    "retraction",
    "amendment",
    "writethru",
    "docket-entry",
    "live-post",
]
Location = Literal["title", "banner", "section", "inline", "footer", "metadata"]
Severity = Literal["info", "notice", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "notice", "critical")
Reason = Literal[
    "baseline",
    "volatile",
    "cosmetic",
    "rule",
    "flapping",
    "unconfirmed",
    "duplicate",
    "flood",
    "muted",
    "minor-event",
]
Turnover = Literal["", "grows", "scrolls", "replaces", "missed"]
PollResult = Literal["baseline", "not-modified", "unchanged", "changed", "held", "failed", "refused"]

DOCUMENT_EVENTS: tuple[str, ...] = (
    "update.new",
    "update.edited",
    "update.withdrawn",
    "update.renumbered",
    "entry.new",
    "entry.changed",
    "entry.removed",
    "record.added",
    "record.removed",
    "record.changed",
    "title.changed",
    "text.changed",
    "text.restored",
    "links.changed",
    "media.changed",
    "meta.changed",
    "page.gone",
    "page.moved",
    "page.walled",
    "page.returned",
)
HEALTH_EVENTS: tuple[str, ...] = (
    "source.started",
    "source.failing",
    "source.recovered",
    "source.stale",
    "source.gap",
    "channel.disabled",
    "watcher.degraded",
    "watcher.recovered",
)


def make_id(prefix: str, *parts: object) -> str:
    """Name a thing by what it is: `prefix_` and 20 hex digits of the parts' SHA-256, the same at every attempt."""
    joined = "\x1f".join(str(part) for part in parts)
    return f"{prefix}_{hashlib.sha256(joined.encode('utf-8', 'surrogatepass')).hexdigest()[:20]}"


# --- configuration -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Secret:
    """A reference to a secret: `env:NAME`, `file:PATH`, `credential:NAME`, or a plain value written in the file.

    `config.resolve(secret)` reads it; its repr never shows a plain value.
    """

    reference: str
    plain: bool = False

    def __repr__(self) -> str:
        return "Secret('***')" if self.plain else f"Secret({self.reference!r})"


@dataclass(frozen=True, slots=True)
class Followed:
    """What makes a source a followed one (core/follow.py): the address that an entry led to, since when it is watched,
    when it or its entry last showed life, how many links lie between it and the feed, and whether an entry that led
    here passed the source's rules."""

    url: str
    since: datetime
    life: datetime
    depth: int = 1
    passed: bool = False
    least: timedelta = timedelta()  # between two polls, where many pages of one host were found at once


@dataclass(frozen=True, slots=True)
class Confirms:
    """That a source is complete and confirms a fast one, by name. `key` is a pattern of what both print of one record
    (None: its identifier or link); `fields` are compared; what one lacks for longer than `within` is told."""

    source: str
    key: str | None = None
    within: timedelta = timedelta(days=3)
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to watch, as configured, defaults and preset already merged in."""

    name: str
    url: str
    title: str | None = None
    kind: Kind | None = None
    was: tuple[str, ...] = ()
    every: timedelta | None = None
    cron: str | None = None
    adaptive: bool = False
    timezone: str = "UTC"  # of times on the page that name no zone; an IANA name
    locale: str | None = None
    select: str | None = None
    ignore: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    window: bool | None = None
    announce_existing: bool | timedelta = False
    headers: tuple[tuple[str, str | Secret], ...] = ()
    cookies: Secret | None = None
    auth: tuple[str, Secret] | None = None
    user_agent: str | None = None
    contact: str | None = None  # None: the configured one; "": none
    proxy: Secret | None = None
    timeout: timedelta | None = None
    deadline: timedelta | None = None
    max_bytes: int | None = None
    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    alarm_after: timedelta = timedelta(minutes=30)
    stories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    severity: Severity | None = None
    notify: tuple[str, ...] = ()
    enabled: bool = True
    rows: str | None = None  # of a dataset: where its records stand, a JSONPath, an XPath or a sheet's name
    key: tuple[str, ...] | None = None  # the fields that identify a record
    fields: tuple[str, ...] = ()  # the ones whose change matters, dotted for nested ones; all without
    columns: tuple[str, ...] = ()  # the names of a table's columns where the file has none
    delimiter: str | None = None
    render: bool = False  # read the page through a browser
    wait: str | None = None  # with `render`: a CSS selector that must fit before the page is read
    follow: timedelta | None = None  # of a feed or listing: how long each new entry's own page is watched
    parent: "Source | None" = None  # of a followed page, never configured: the source whose entry led here
    followed: Followed | None = None  # of a followed page

    confirms: Confirms | None = None  # the fast source whose records this one confirms (core/pairs.py)

    @property
    def shown(self) -> str:
        """The name for people."""
        return self.title or self.name


@dataclass(frozen=True, slots=True)
class Story:
    name: str
    title: str
    match: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """All keys that are set must fit; values of one key are alternatives."""

    notify: tuple[str, ...]
    source: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    story: tuple[str, ...] = ()
    event: tuple[str, ...] = ()
    severity: tuple[Severity, ...] = ()
    text: tuple[str, ...] = ()
    silent: bool | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """Where alerts go. The keys below the line belong to one type and are empty for the other."""

    name: str
    type: Literal["email", "webhook"]
    group: Literal["poll", "change"]
    timezone: str = "UTC"
    pauses: tuple[timedelta, ...] = ()
    # email
    to: tuple[str, ...] = ()
    sender: str = ""
    smtp: str = ""  # smtp[s]://user@host:port, without a password
    tls: Literal["starttls", "implicit", "off"] = "starttls"
    password: Secret | None = None
    ca: str | None = None
    # webhook
    url: str | Secret = ""
    secret: Secret | None = None
    headers: tuple[tuple[str, str | Secret], ...] = ()


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """`[fetch]`: bounds and manners of all requests; times in seconds, sizes in bytes."""

    concurrency: int = 64
    per_host: int = 2
    delay: float = 1.0
    timeout: float = 30.0
    deadline: float = 120.0
    max_bytes: int = 20_000_000
    robots: bool = True
    proxy: Secret | None = None
    ca: str | None = None
    allow_private: tuple[str, ...] = ()
    contact: str | None = None  # from [watcher]
    browser: str | None = None  # an executable; None: the system's Chromium
    browser_sandbox: bool = True


@dataclass(frozen=True, slots=True)
class HostRule:
    """`[hosts."PATTERN"]`: one budget for all hosts that match (shell pattern, lower case); None: as in `[fetch]`."""

    pattern: str
    per_host: int | None = None
    delay: float | None = None
    timeout: float | None = None
    user_agent: str | None = None
    proxy: Secret | None = None
    ca: str | None = None
    robots: bool | None = None


# --- what a publisher says ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as a publisher gave it: `at` is aware UTC; `date_only` means that no clock time was printed (then `at`
    is midnight UTC of that date); `printed` is the text it was read from."""

    at: datetime
    date_only: bool = False
    printed: str | None = None

    @property
    def day(self) -> date:
        return self.at.date()


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a page's content: a paragraph, heading, list item, table row, quotation.

    `type` is the element's name (`p h1..h6 li tr blockquote pre dt dd figcaption text`). `text` is normalised (NFC, one
    space for white space, no zero-width characters). `role` says what it is to the comparison: `text` is compared;
    `note` belongs to an update note and is judged by the note; `stamp` is a byline's or modification time;
    `furniture` (counters, share bars, related stories inside the content) is stored and never announced.
    """

    type: str
    text: str
    links: tuple[Link, ...] = ()
    role: Literal["text", "note", "stamp", "furniture"] = "text"
    times: tuple[str, ...] = ()  # `datetime` attributes inside the block, as written
    inserted: tuple[str, ...] = ()  # what stands in its `ins` elements
    slot: str = ""  # the elements it stands in, the nearest last; "!" before them: the source's `keep` names it

    @property
    def is_counted(self) -> bool:
        """Whether it is an item of a list whose order means something: a numbered one, not of mere links."""
        return "ol" in self.slot.split(">")[-2:] and sum(len(link.text) for link in self.links) < len(self.text)


@dataclass(frozen=True, slots=True)
class Note:
    """One place where a publisher marks that the story moved on (contract, "A note").

    `summary` is the note's text without label, time, call to action; `text` a section's paragraphs joined by one line
    feed. A merged update has `location` None. `span` is the range of block indices it occupies (end exclusive), None
    in a title or metadata.
    """

    sequence: int | None
    kind: NoteKind
    published: Moment | None = None
    heading: str | None = None
    summary: str | None = None
    text: str | None = None
    links: tuple[str, ...] = ()
    location: Location | None = None
    span: tuple[int, int] | None = None
    last_sequence: int | None = None  # of a range ("Updates 2-4"): its end


@dataclass(frozen=True, slots=True)
class Page:
    """What a document says at one time: an article's page, or the part of a feed that is one entry.

    `title` is the headline as printed; `headline` the same without update marks. `blocks` holds the whole content in
    document order, notes and stamps included, each with its role. `updates` merges `notes` into one record each.
    `place` names the element that held the content (a CSS path), so that the next look can go straight there.
    """

    url: str
    title: str | None = None
    headline: str | None = None
    published: Moment | None = None
    modified: Moment | None = None
    language: str | None = None
    byline: str | None = None
    blocks: tuple[Block, ...] = ()
    notes: tuple[Note, ...] = ()
    updates: tuple[Note, ...] = ()
    media: tuple[Link, ...] = ()
    place: str | None = None
    summary: str | None = None  # of a feed's entry: its summary as plain text
    fields: tuple[tuple[str, str], ...] = ()  # of a listing's row: its columns by name, in order


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed, or one row of a listing. `key` identifies it for ever (core/feed.py, core/listing.py);
    `raw` is the digest of its raw bytes, of a row that of its cells.

    The other fields identify it when the publisher changes one of them: `guid` as printed, `link` without tracking
    parameters, `finger` a digest of title and content.
    """

    key: str
    raw: str
    guid: str | None
    link: str | None
    finger: str
    page: Page


@dataclass(frozen=True, slots=True)
class EntryRef:
    """What is known of an entry without loading it: see `Entry`; `document` is its document's id.

    Where absence means removal, `raw` says of an entry that is not there since when it is missed (core/removal.py).
    """

    document: str
    key: str
    raw: str
    guid: str | None
    link: str | None
    finger: str
    title: str


@dataclass(frozen=True, slots=True)
class FeedReading:
    """What a feed or a listing says at one time.

    `entries` are the entries whose raw bytes were not in `seen`, in full; `present` the raw digests of all entries, in
    order (seen ones too). `problem` is what was wrong with the markup, in words, if it could be read all the same.
    """

    title: str | None
    url: str
    entries: tuple[Entry, ...]
    present: tuple[str, ...]
    problem: str | None = None
    kind: Kind = "feed"
    next: str | None = None  # the address of the next page, which goes on with what is older
    place: str | None = None  # of a listing: where its rows stand, so that the next look goes straight there
    watched: str | None = None  # of a listing: digest of all its rows, whatever their order
    oldest: datetime | None = None  # of a listing with new rows: the oldest time that one of its rows bears
    older: frozenset[str] = frozenset()  # rows behind all known ones and no newer than they: on a full page no news
    pages: tuple[frozenset[str], ...] = ()  # of several pages read as one: what each after the first adds (digests)


@dataclass(frozen=True, slots=True)
class PageReading:
    """What an article's page or a file says at one time, with the digests that let the next look stop early."""

    page: Page
    watched: str  # digest of the watched blocks (text.watched_digest)
    kind: Kind = "article"


Reading = FeedReading | PageReading


# --- fetching -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request:
    """One conditional GET. `headers` hold resolved secrets: never log or store them, only `Fetched.request_headers`."""

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    etag: str | None = None
    last_modified: str | None = None
    user_agent: str | None = None
    contact: str | None = None  # None: the client's; "": none
    proxy: str | None = None
    timeout: float = 30.0  # seconds, to connect and of silence
    deadline: float = 120.0  # seconds, whole request with redirects
    max_bytes: int = 20_000_000  # of the decoded body
    robots: bool = False  # obey robots.txt
    spool: int | None = None  # bytes from which a body goes to a temporary file instead of memory
    render: bool = False  # through a browser: the body is the page as its scripts have made it; never conditional
    wait: str | None = None  # with `render`: a CSS selector that must fit before the page is read
    hidden: frozenset[str] = frozenset()  # names, in lower case, of headers whose values came from a secret


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole answer. `body` is decoded; header names are in lower case; `request_headers` have secrets masked.

    `moved_to` is set when every redirect on the way was permanent (301, 308): the address to ask from now on.
    """

    requested: str
    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    at: datetime
    body_sha256: str
    wire_sha256: str
    request_headers: tuple[tuple[str, str], ...] = ()
    peer: str | None = None
    certificate_sha256: str | None = None
    moved_to: str | None = None
    seconds: float = 0.0
    file: BinaryIO | None = None  # holds the body where it was too large for memory; `body` is then empty
    length: int | None = None  # of the body in `file`

    @property
    def size(self) -> int:
        """The length of the decoded body in bytes."""
        return len(self.body) if self.length is None else self.length

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    def stream(self) -> BinaryIO:
        """The body as a stream at its start."""
        if self.file is None:
            return BytesIO(self.body)
        self.file.seek(0)
        return self.file


@dataclass(frozen=True, slots=True)
class NotModified:
    """The server said 304: what is stored still stands."""

    requested: str
    url: str
    headers: tuple[tuple[str, str], ...]
    at: datetime
    moved_to: str | None = None
    seconds: float = 0.0

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)


# --- what is known --------------------------------------------------------------------------------------------------


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


# --- what was decided -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Times:
    published: datetime | None = None
    published_date_only: bool = False
    published_as_printed: str | None = None
    server: datetime | None = None
    fetched: datetime | None = None
    committed: datetime | None = None


@dataclass(frozen=True, slots=True)
class DocumentRef:
    id: str
    url: str
    title: str


@dataclass(frozen=True, slots=True)
class RevisionRef:
    id: str
    number: int
    sha256: str
    fetched_at: datetime


Words = tuple[tuple[str, str], ...]  # ("=", same) ("-", gone) ("+", new)


@dataclass(frozen=True, slots=True)
class EntryShown:
    """An entry as shown in a change (contract, "An entry")."""

    id: str
    title: str
    url: str
    published: Moment | None = None
    updated: Moment | None = None
    summary: str = ""
    fields: tuple[tuple[str, str | None, str | None], ...] = ()  # (field, before, after), for changes


@dataclass(frozen=True, slots=True)
class RecordShown:
    """A record as shown in a change (contract, "A record"): its key, its name for people, and all its fields where it
    was added or removed, or the fields that differ. `renamed` holds its name before and after, `was` its key before."""

    key: tuple[tuple[str, str], ...]
    title: str
    fields: tuple[tuple[str, str], ...] = ()
    changed: tuple[tuple[str, str | None, str | None], ...] = ()
    renamed: tuple[str, str] | None = None
    was: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Paired:
    """What another source of the pair has to do with a change: it said the record first (`confirms`; its change, and
    when), should have said it before (`late`), lacks it (`missing`), no longer has it (`removed`), or says otherwise
    (`differs`)."""

    what: Literal["confirms", "late", "missing", "removed", "differs"]
    source: str
    change: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that became different (contract, "A change, everywhere").

    `text` is what the rules `only` and `never` are held against: the changed words and their neighbourhood.
    """

    id: str
    event: str
    source: str
    severity: Severity
    document: DocumentRef
    revision: RevisionRef
    silent: bool | None = None
    announced: bool = True
    reason: Reason | None = None
    previous: RevisionRef | None = None
    update: Note | None = None
    entry: EntryShown | None = None
    old_sequence: int | None = None
    diff: str = ""
    words: Words = ()
    times: Times = Times()
    matched_in: tuple[str, ...] = ()
    stories: tuple[str, ...] = ()
    gap: tuple[int, ...] = ()  # numbers below this update that were never seen
    text: str = ""
    mark: str | None = None  # the headline mark of the update, if its title has one
    restored: int | None = None  # number of the revision whose text is back
    record: RecordShown | None = None
    paired: Paired | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """One stored state of a document; `snapshot` is the id of the record whose body it was read from."""

    id: str
    document: str
    number: int
    sha256: str  # of the body it was read from
    fetched_at: datetime
    page: Page
    snapshot: str | None = None


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One record of a dataset as the store keeps it: digests of its key and of what is compared, its fields as
    JSON; `gone_at` since when it is no longer listed, `gone` the id of the change under which that will be told."""

    key: bytes
    digest: bytes
    data: bytes
    gone_at: datetime | None = None
    gone: str | None = None


@dataclass(frozen=True, slots=True)
class RecordsKept:
    """What a look at a dataset leaves behind: rows to put and, by number, to put anew or to drop; or `list`, the number
    of a whole new list that was written ahead and takes the old one's place."""

    added: tuple[RecordRow, ...] = ()
    changed: tuple[tuple[int, RecordRow], ...] = ()
    dropped: tuple[int, ...] = ()
    list: int | None = None
    anew: bool = False  # what is known is put aside: `added` is all there is


@dataclass(frozen=True, slots=True)
class Sighting:
    """That a source of a pair shows a record (`item`): since when, and under which change; `told` are the channels that
    were told of it, `told_gone` those told of its removal; `baseline`: it was there when the pair began; `values` are
    its compared fields."""

    item: str
    source: str
    at: datetime
    document: DocumentRef
    title: str = ""
    change: str = ""
    is_record: bool = False
    baseline: bool = False
    told: tuple[str, ...] = ()
    gone_at: datetime | None = None
    told_gone: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Awaited:
    """What a source of a pair is to show of a record before `due`; else the disagreement is told."""

    item: str
    source: str
    what: Literal["missing", "removed", "differs"]
    due: datetime


@dataclass(frozen=True, slots=True)
class PairKept:
    """What a poll leaves in the book of a pair: `marks` name records, `first` are those that the source told as new
    because nobody had, `settled` is no longer awaited."""

    group: str
    marks: tuple[tuple[str, str], ...] = ()  # (mark, item)
    sightings: tuple[Sighting, ...] = ()
    first: tuple[str, ...] = ()
    awaited: tuple[Awaited, ...] = ()
    settled: tuple[tuple[str, str, str], ...] = ()  # (item, source, what)


@dataclass(frozen=True, slots=True)
class Observation:
    """What one source made of one body: the core's whole answer, before routes and mutes are asked."""

    result: PollResult
    state: SourceState
    documents: tuple[Document, ...] = ()
    revisions: tuple[Revision, ...] = ()
    entries: tuple[EntryRef, ...] = ()
    changes: tuple[Change, ...] = ()
    records: RecordsKept | None = None  # of a dataset
    flood: int = 0  # changes beyond the most that are told in one alert; stored with the reason `flood`
    gap: Gap | None = None  # of a window, to be told
    pair: PairKept | None = None  # of a source of a pair


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
