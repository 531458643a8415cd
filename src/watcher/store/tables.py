"""The tables. Private: the views `v1_*` (migrations) are what others may read.

Times are integers: milliseconds since 1970 in UTC. `state` and `data` columns hold the model's values as the codec
packs them; columns beside them are for queries, and win where both say something. Ids are text.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

HEAD = "0004"  # the newest revision of the schema; a test holds it to the migrations
KNOWN = ("0001", "0002", "0003", "0004")  # every revision this program can upgrade from

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Serial = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows itself only in an INTEGER key


def _source(*, key: bool = False) -> Column[str]:
    """A source's name; a rename carries it along."""
    return Column("source", Text, ForeignKey("sources.name", onupdate="CASCADE"), primary_key=key, nullable=False)


meta = Table("meta", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

configs = Table(
    "configs",
    metadata,
    Column("seq", Serial, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("digest", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("text", Text, nullable=False),  # secrets masked
    Column("difference", Text, nullable=False),  # to the one before, unified
)

fetches = Table(
    "fetches",
    metadata,
    Column("id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("next_poll_at", BigInteger),  # null while disabled
    Column("last_poll_at", BigInteger),
    Column("last_ok_at", BigInteger),
    Column("failures", Integer, nullable=False),
    Column("failing_since", BigInteger),
    Column("alarmed_at", BigInteger),
    Column("error", Text),
    Column("snapshot", Text),
    Column("chain", Text, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Index(None, "next_poll_at"),
)

sources = Table(
    "sources",
    metadata,
    Column("name", Text, primary_key=True),
    Column("fetch", Text, ForeignKey("fetches.id"), nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("kind", Text),  # as configured
    Column("title", Text, nullable=False),
    Column("stories", Text, nullable=False),  # JSON
    Column("enabled", Boolean, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("removed_at", BigInteger),
    Column("started", Boolean, nullable=False),
    Column("baseline_at", BigInteger),
    Column("last_change_at", BigInteger),
    Column("entries", Integer, nullable=False),
    Column("state", LargeBinary, nullable=False),
)

aliases = Table("aliases", metadata, Column("name", Text, primary_key=True), _source())

polls = Table(
    "polls",
    metadata,
    Column("fetch", Text, ForeignKey("fetches.id"), primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("result", Text, nullable=False),
    Column("status", Integer),
    Column("seconds", Float, nullable=False),
    Column("size", BigInteger),
    Column("error", Text),
    Column("config", Text, nullable=False),
    Column("due_at", BigInteger),
    sqlite_with_rowid=False,  # one small row a poll, without an index beside it
)

polls_daily = Table(
    "polls_daily",
    metadata,
    Column("fetch", Text, ForeignKey("fetches.id"), primary_key=True),
    Column("day", BigInteger, primary_key=True),  # days since 1970, UTC
    Column("result", Text, primary_key=True),
    Column("polls", BigInteger, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)

hours = Table(  # polls per hour over all fetches, so that totals need not count millions of rows
    "hours",
    metadata,
    Column("hour", BigInteger, primary_key=True),
    Column("result", Text, primary_key=True),
    Column("polls", BigInteger, nullable=False),
)

bodies = Table(
    "bodies",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("base", Text, ForeignKey("bodies.sha256"), index=True),  # what a delta is against
    Column("depth", Integer, nullable=False),
    Column("codec", Text, nullable=False),
    Column("size", BigInteger, nullable=False),  # decoded
    Column("at", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("seq", Serial, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("fetch", Text, ForeignKey("fetches.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body_sha256", Text, nullable=False, index=True),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("pruned_at", BigInteger),  # retention took the body away; the record stays
    Column("data", LargeBinary, nullable=False),
    Index(None, "fetch", "seq"),
)

documents = Table(
    "documents",
    metadata,
    Column("id", Text, primary_key=True),
    _source(),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("revision_id", Text, nullable=False),
    Column("updates", Integer),  # the latest number in its ledger
    Column("fetched_at", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index(None, "source", "kind"),
)

revisions = Table(
    "revisions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("document", Text, ForeignKey("documents.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("sha256", Text, nullable=False, index=True),
    Column("fetched_at", BigInteger, nullable=False),
    Column("snapshot", Text),
    Column("base", Text, ForeignKey("revisions.id")),
    Column("depth", Integer, nullable=False),
    Column("codec", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index(None, "document", "number"),
)

entries = Table(
    "entries",
    metadata,
    _source(key=True),
    Column("key", Text, primary_key=True),
    Column("document", Text, ForeignKey("documents.id"), nullable=False),
    Column("raw", Text, nullable=False),
    Column("guid", Text),
    Column("link", Text),
    Column("finger", Text, nullable=False),
    Column("title", Text, nullable=False),
)

children = Table(  # sources that are followed pages: whose, since when, when they last showed life
    "children",
    metadata,
    _source(key=True),
    Column("parent", Text, ForeignKey("sources.name", onupdate="CASCADE"), nullable=False),
    Column("depth", Integer, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("life", BigInteger, nullable=False),
    Column("least", BigInteger, nullable=False),  # milliseconds between two polls
    Column("ended_at", BigInteger),  # by hand, or to make room: it does not come back by itself
    Index(None, "parent", "life"),
)

followed = Table(  # which entries led to a followed page; `waits`: it may still decide whether the entry is announced
    "followed",
    metadata,
    _source(key=True),
    Column("entry", Text, primary_key=True),  # its document
    Column("change", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("waits", Boolean, nullable=False),
    Index(None, "entry"),
    Index(None, "change"),
    Index("ix_followed_waits", "at", sqlite_where=text("waits"), postgresql_where=text("waits")),
)

pair_members = Table(  # sources of a pair whose records of before are in its book
    "pair_members",
    metadata,
    Column("pair", Text, primary_key=True),
    _source(key=True),
    Column("at", BigInteger, nullable=False),
)

pair_marks = Table(  # what a record of a pair is known by
    "pair_marks",
    metadata,
    Column("pair", Text, primary_key=True),
    Column("mark", Text, primary_key=True),
    Column("item", Text, nullable=False, index=True),
)

pair_sightings = Table(  # which source of a pair shows a record, since when, and whom it told
    "pair_sightings",
    metadata,
    Column("item", Text, primary_key=True),
    _source(key=True),
    Column("at", BigInteger, nullable=False),
    Column("baseline", Boolean, nullable=False),
    Column("gone_at", BigInteger),
    Column("change", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index(
        "ix_pair_sightings_change", "change", sqlite_where=text("change <> ''"), postgresql_where=text("change <> ''")
    ),
)

pair_awaited = Table(  # what a source of a pair is to show before its time, else the disagreement is told
    "pair_awaited",
    metadata,
    Column("pair", Text, nullable=False),
    Column("item", Text, primary_key=True),
    _source(key=True),
    Column("what", Text, primary_key=True),
    Column("due", BigInteger, nullable=False),
    Index(None, "source", "due"),
)

lists = Table(  # of a dataset: what is known, and what is being written to take its place
    "lists",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("source", Text, ForeignKey("sources.name", onupdate="CASCADE"), nullable=False, index=True),
    Column("current", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),
)

records = Table(
    "records",
    metadata,
    Column("seq", Serial, primary_key=True),
    Column("list", Serial, nullable=False),  # no foreign key: a list that is put aside goes in small steps
    Column("key", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("gone_at", BigInteger),
    Column("gone", Text),  # the change under which it will be told
    Column("data", LargeBinary, nullable=False),
    Index(None, "list", "key", "digest", "gone_at"),  # all that a comparison reads
)

changes = Table(
    "changes",
    metadata,
    Column("seq", Serial, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    _source(),
    Column("poll", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("silent", Boolean),
    Column("announced", Boolean, nullable=False),
    Column("reason", Text),
    Column("document", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("sequence", Integer),
    Column("published", BigInteger),
    Column("published_date_only", Boolean, nullable=False),
    Column("fetched", BigInteger),
    Column("committed", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index(None, "source", "seq"),
    Index(None, "committed", "announced"),
)

change_stories = Table(
    "change_stories",
    metadata,
    Column("story", Text, primary_key=True),
    Column("change", Text, ForeignKey("changes.id"), primary_key=True),
)

alerts = Table(
    "alerts",
    metadata,
    Column("seq", Serial, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("channel", Text, nullable=False),
    Column("thread", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("severity", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("poll", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index(None, "channel", "thread", "seq"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("alert", Text, ForeignKey("alerts.id"), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("next_at", BigInteger),
    Column("first_at", BigInteger),
    Column("sent_at", BigInteger),
    Column("late", Boolean, nullable=False),
    Column("last_error", Text),
    Index(
        "ix_deliveries_open",
        "state",
        "channel",
        sqlite_where=text("state <> 'sent'"),
        postgresql_where=text("state <> 'sent'"),
    ),
)

mutes = Table(
    "mutes",
    metadata,
    _source(key=True),
    Column("until", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)

channels = Table(
    "channels",
    metadata,
    Column("name", Text, primary_key=True),
    Column("disabled_at", BigInteger),
    Column("reason", Text, nullable=False),
    Column("gone_at", BigInteger),
)
