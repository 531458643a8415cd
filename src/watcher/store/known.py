"""What the pipeline asks: what is due, and what is known of it. Few queries, whatever the number of sources."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from watcher.core.follow import MARK
from watcher.model import Document, Due, EntryRef, FetchState, Followed, Job, SourceState
from watcher.store import following
from watcher.store.codec import from_ms, to_ms, unpack_value
from watcher.store.rows import REF, fetch_state, some, source_state
from watcher.store.tables import documents, entries, fetches, sources
from watcher.store.values import StartedSource

_DUE = (
    select(fetches.c.id, fetches.c.host, fetches.c.next_poll_at)
    .where(fetches.c.next_poll_at <= bindparam("now"))
    .order_by(fetches.c.next_poll_at)
    .limit(bindparam("most"))
)


def due(connection: Connection, now: datetime, limit: int) -> tuple[Due, ...]:
    """The fetches whose time has come, longest overdue first."""
    rows = connection.execute(_DUE, {"now": to_ms(now), "most": limit})
    return tuple(Due(id_, host, from_ms(at)) for id_, host, at in rows)


def next_due(connection: Connection) -> datetime | None:
    """When the next fetch is due, past or future; None when none is."""
    column = fetches.c.next_poll_at
    first = connection.execute(select(column).where(column.is_not(None)).order_by(column).limit(1)).scalar_one_or_none()
    return None if first is None else from_ms(first)


_FETCHES = select(
    fetches.c.id, fetches.c.host, fetches.c.next_poll_at, fetches.c.alarmed_at, fetches.c.snapshot, fetches.c.chain,
    fetches.c.state,
).where(fetches.c.id.in_(bindparam("ids", expanding=True)))  # fmt: skip
_MEMBERS = (
    select(sources.c.fetch, sources.c.name, sources.c.started, sources.c.state)
    .where(sources.c.fetch.in_(bindparam("ids", expanding=True)), sources.c.enabled)
    .order_by(sources.c.name)
)


def jobs(connection: Connection, ids: Sequence[str]) -> tuple[Job, ...]:
    """What is known of these fetches and their enabled sources, in the order asked; those without any are left out."""
    states: dict[str, FetchState] = {}
    members: dict[str, list[SourceState]] = {}
    pages: dict[str, Followed] = {}
    for part in some(ids):
        for row in connection.execute(_FETCHES, {"ids": part}):
            states[row.id] = fetch_state(row)
        found = connection.execute(_MEMBERS, {"ids": part}).all()
        if names := [member.name for member in found if MARK in member.name]:
            pages |= following.known(connection, names)
        for member in found:
            state = source_state(member)
            page = pages.get(member.name)
            members.setdefault(member.fetch, []).append(state if page is None else replace(state, followed=page))
    return tuple(Job(states[id_], tuple(members[id_])) for id_ in ids if id_ in states and id_ in members)


def entry_refs(connection: Connection, source: str) -> tuple[EntryRef, ...]:
    """The entries of a source that were ever seen."""
    columns = [entries.c[name] for name in REF]
    rows = connection.execute(select(*columns).where(entries.c.source == source).order_by(entries.c.key))
    return tuple(EntryRef(**row._mapping) for row in rows)


def document(row: Any) -> Document:
    known = unpack_value(Document, row.data)
    return known if known.source == row.source else replace(known, source=row.source)


def documents_by_id(connection: Connection, ids: Sequence[str]) -> dict[str, Document]:
    """Documents with their newest revision, by id; unknown ids are left out."""
    found: dict[str, Document] = {}
    for part in some(list(dict.fromkeys(ids))):
        wanted = select(documents.c.id, documents.c.source, documents.c.data).where(documents.c.id.in_(part))
        found |= {row.id: document(row) for row in connection.execute(wanted)}
    return found


def page(connection: Connection, source: str) -> Document | None:
    """The source's page; the newest, should its address have changed."""
    return _newest(connection, source, "page")


def list_document(connection: Connection, source: str) -> Document | None:
    """The document of a source that is a list of records."""
    return _newest(connection, source, "list")


def _newest(connection: Connection, source: str, kind: str) -> Document | None:
    wanted = select(documents.c.source, documents.c.data).where(documents.c.source == source, documents.c.kind == kind)
    row = connection.execute(wanted.order_by(documents.c.fetched_at.desc(), documents.c.id).limit(1)).one_or_none()
    return None if row is None else document(row)


def unpolled(connection: Connection) -> bool:
    """Whether an enabled source that nobody was told of yet was never polled."""
    waiting = select(sources.c.name).join(fetches).where(sources.c.enabled, sources.c.started.is_(False))
    return connection.execute(waiting.where(fetches.c.last_poll_at.is_(None)).limit(1)).first() is not None


def unstarted(connection: Connection) -> tuple[StartedSource, ...]:
    """Enabled sources that nobody was told of yet, with the latest update on their pages."""
    wanted = select(sources.c.name, sources.c.fetch, sources.c.started, sources.c.state)
    rows = connection.execute(
        wanted.where(sources.c.enabled, sources.c.started.is_(False)).order_by(sources.c.name)
    ).all()
    names, homes = [row.name for row in rows], list({row.fetch for row in rows})
    states: dict[str, FetchState] = {}
    latest: dict[str, int] = {}
    for part in some(homes):
        for row in connection.execute(select(fetches).where(fetches.c.id.in_(part))):
            states[row.id] = fetch_state(row)
    for part in some(names):
        pages = select(documents.c.source, documents.c.updates).where(documents.c.kind == "page")
        for row in connection.execute(pages.where(documents.c.source.in_(part), documents.c.updates.is_not(None))):
            latest[row.source] = max(latest.get(row.source, 0), row.updates)
    return tuple(
        StartedSource(
            source=row.name,
            polled=states[row.fetch].last_poll_at is not None,
            state=source_state(row),
            fetch=states[row.fetch],
            updates=latest.get(row.name),
        )
        for row in rows
    )
