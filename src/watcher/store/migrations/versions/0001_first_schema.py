"""The first schema: sources and their polls, the evidence, documents, changes, the outbox; and the public views.

A released migration is never edited. The views show times as RFC 3339 text in UTC.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table, in the order that their foreign keys want, then the views."""
    for make in (
        _alerts,
        _bodies,
        _channels,
        _configs,
        _fetches,
        _hours,
        _meta,
        _deliveries,
        _polls,
        _polls_daily,
        _snapshots,
        _sources,
        _aliases,
        _changes,
        _documents,
        _mutes,
        _change_stories,
        _entries,
        _revisions,
    ):
        make()
    _views()


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("poll", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_alerts")),
        sa.UniqueConstraint("id", name=op.f("uq_alerts_id")),
    )
    op.create_index(op.f("ix_alerts_channel_thread_seq"), "alerts", ["channel", "thread", "seq"], unique=False)


def _bodies() -> None:
    op.create_table(
        "bodies",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("base", sa.Text(), nullable=True),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("codec", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["base"], ["bodies.sha256"], name=op.f("fk_bodies_base")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_bodies")),
    )
    op.create_index(op.f("ix_bodies_base"), "bodies", ["base"], unique=False)


def _channels() -> None:
    op.create_table(
        "channels",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_channels")),
    )


def _configs() -> None:
    op.create_table(
        "configs",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("difference", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_configs")),
        sa.UniqueConstraint("id", name=op.f("uq_configs_id")),
    )


def _fetches() -> None:
    op.create_table(
        "fetches",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("next_poll_at", sa.BigInteger(), nullable=True),
        sa.Column("last_poll_at", sa.BigInteger(), nullable=True),
        sa.Column("last_ok_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("alarmed_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("snapshot", sa.Text(), nullable=True),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fetches")),
    )
    op.create_index(op.f("ix_fetches_next_poll_at"), "fetches", ["next_poll_at"], unique=False)


def _hours() -> None:
    op.create_table(
        "hours",
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("polls", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "result", name=op.f("pk_hours")),
    )


def _meta() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("alert", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("first_at", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["alert"], ["alerts.id"], name=op.f("fk_deliveries_alert")),
        sa.PrimaryKeyConstraint("alert", name=op.f("pk_deliveries")),
    )
    op.create_index(
        "ix_deliveries_open",
        "deliveries",
        ["state", "channel"],
        unique=False,
        sqlite_where=sa.text("state <> 'sent'"),
        postgresql_where=sa.text("state <> 'sent'"),
    )


def _polls() -> None:
    op.create_table(
        "polls",
        sa.Column("fetch", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["fetch"], ["fetches.id"], name=op.f("fk_polls_fetch")),
        sa.PrimaryKeyConstraint("fetch", "at", "id", name=op.f("pk_polls")),
        sqlite_with_rowid=False,
    )


def _polls_daily() -> None:
    op.create_table(
        "polls_daily",
        sa.Column("fetch", sa.Text(), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("polls", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["fetch"], ["fetches.id"], name=op.f("fk_polls_daily_fetch")),
        sa.PrimaryKeyConstraint("fetch", "day", "result", name=op.f("pk_polls_daily")),
    )


def _snapshots() -> None:
    op.create_table(
        "snapshots",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("fetch", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body_sha256", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("pruned_at", sa.BigInteger(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["fetch"], ["fetches.id"], name=op.f("fk_snapshots_fetch")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_snapshots")),
        sa.UniqueConstraint("id", name=op.f("uq_snapshots_id")),
    )
    op.create_index(op.f("ix_snapshots_body_sha256"), "snapshots", ["body_sha256"], unique=False)
    op.create_index(op.f("ix_snapshots_fetch_seq"), "snapshots", ["fetch", "seq"], unique=False)


def _sources() -> None:
    op.create_table(
        "sources",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fetch", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("stories", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("started", sa.Boolean(), nullable=False),
        sa.Column("baseline_at", sa.BigInteger(), nullable=True),
        sa.Column("last_change_at", sa.BigInteger(), nullable=True),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["fetch"], ["fetches.id"], name=op.f("fk_sources_fetch")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sources")),
    )
    op.create_index(op.f("ix_sources_fetch"), "sources", ["fetch"], unique=False)


def _aliases() -> None:
    op.create_table(
        "aliases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["source"], ["sources.name"], name=op.f("fk_aliases_source"), onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_aliases")),
    )


def _changes() -> None:
    op.create_table(
        "changes",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("poll", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("silent", sa.Boolean(), nullable=True),
        sa.Column("announced", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("published", sa.BigInteger(), nullable=True),
        sa.Column("published_date_only", sa.Boolean(), nullable=False),
        sa.Column("fetched", sa.BigInteger(), nullable=True),
        sa.Column("committed", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["source"], ["sources.name"], name=op.f("fk_changes_source"), onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_changes")),
        sa.UniqueConstraint("id", name=op.f("uq_changes_id")),
    )
    op.create_index(op.f("ix_changes_committed_announced"), "changes", ["committed", "announced"], unique=False)
    op.create_index(op.f("ix_changes_source_seq"), "changes", ["source", "seq"], unique=False)


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Text(), nullable=False),
        sa.Column("updates", sa.Integer(), nullable=True),
        sa.Column("fetched_at", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["source"], ["sources.name"], name=op.f("fk_documents_source"), onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
    )
    op.create_index(op.f("ix_documents_source_kind"), "documents", ["source", "kind"], unique=False)


def _mutes() -> None:
    op.create_table(
        "mutes",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["source"], ["sources.name"], name=op.f("fk_mutes_source"), onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_mutes")),
    )


def _change_stories() -> None:
    op.create_table(
        "change_stories",
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["change"], ["changes.id"], name=op.f("fk_change_stories_change")),
        sa.PrimaryKeyConstraint("story", "change", name=op.f("pk_change_stories")),
    )


def _entries() -> None:
    op.create_table(
        "entries",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("guid", sa.Text(), nullable=True),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("finger", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["document"], ["documents.id"], name=op.f("fk_entries_document")),
        sa.ForeignKeyConstraint(["source"], ["sources.name"], name=op.f("fk_entries_source"), onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("source", "key", name=op.f("pk_entries")),
    )


def _revisions() -> None:
    op.create_table(
        "revisions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.BigInteger(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=True),
        sa.Column("base", sa.Text(), nullable=True),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("codec", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["base"], ["revisions.id"], name=op.f("fk_revisions_base")),
        sa.ForeignKeyConstraint(["document"], ["documents.id"], name=op.f("fk_revisions_document")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisions")),
    )
    op.create_index(op.f("ix_revisions_document_number"), "revisions", ["document", "number"], unique=False)
    op.create_index(op.f("ix_revisions_sha256"), "revisions", ["sha256"], unique=False)


def _text(column: str) -> str:
    """Milliseconds since 1970 as text, as the engine at hand writes it."""
    if op.get_bind().dialect.name == "sqlite":
        return f"strftime('%Y-%m-%dT%H:%M:%fZ', {column} / 1000.0, 'unixepoch')"
    return f"to_char(to_timestamp({column} / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"


def _day(column: str) -> str:
    """Days since 1970 as text."""
    if op.get_bind().dialect.name == "sqlite":
        return f"date({column} * 86400, 'unixepoch')"
    return f"to_char(to_timestamp({column} * 86400.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD')"


def _views() -> None:
    op.get_bind().exec_driver_sql(  # times hold colons, which `op.execute` takes for parameters
        f"""CREATE VIEW v1_changes AS SELECT id, event, source, severity, silent, announced, reason, document,
        title AS document_title, url AS document_url, revision, number AS revision_number, sequence AS update_number,
        {_text("published")} AS published_at, published_date_only, {_text("fetched")} AS fetched_at,
        {_text("committed")} AS committed_at, poll FROM changes"""  # noqa: S608 - no value from outside
    )
    op.get_bind().exec_driver_sql(
        f"""CREATE VIEW v1_polls_daily AS SELECT s.name AS source, d."fetch" AS fetch_id, {_day("d.day")} AS day,
        d.result, d.polls, d.seconds, d.bytes FROM (
        SELECT "fetch", day, result, polls, seconds, bytes FROM polls_daily UNION ALL
        SELECT "fetch", at / 86400000 AS day, result, count(*) AS polls, sum(seconds) AS seconds,
        coalesce(sum(size), 0) AS bytes FROM polls GROUP BY "fetch", at / 86400000, result
        ) AS d JOIN sources AS s ON d."fetch" = s."fetch" """  # noqa: S608 - no value from outside
    )
    op.get_bind().exec_driver_sql(
        f"""CREATE VIEW v1_deliveries AS SELECT d.alert, d.channel, a.type, a.severity, a.subject, a.thread, d.state,
        d.attempts, d.late, d.last_error, {_text("d.created_at")} AS created_at, {_text("d.next_at")} AS next_at,
        {_text("d.first_at")} AS first_at, {_text("d.sent_at")} AS sent_at
        FROM deliveries AS d JOIN alerts AS a ON a.id = d.alert"""  # noqa: S608 - no value from outside
    )
