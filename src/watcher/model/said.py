"""What a publisher says: pages, entries, notes, and the readings of a body."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from watcher.model.names import Kind, Location, NoteKind


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

    Where absence means removal, `raw` says of an entry that is not there since when it is missed (core/listed.py).
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
