"""What changed, as the core decides it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from watcher.model.known import Document, Gap, SourceState
from watcher.model.names import PollResult, Reason, Severity
from watcher.model.said import EntryRef, Moment, Note, Page


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
