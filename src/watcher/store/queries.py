"""What people ask: totals, what is unwell, the timeline, revisions. From the store alone; times in UTC."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, Select, and_, case, func, or_, select, text

from watcher.core import gap
from watcher.core.follow import MARK, parent_of
from watcher.model import Change, Document, PollResult, Revision, Snapshot, SourceState
from watcher.model import Poll as PollRecord
from watcher.store import bodies as chains
from watcher.store.codec import from_ms, load, maybe_time, to_ms, unpack_value
from watcher.store.commit import HOUR
from watcher.store.known import document
from watcher.store.outbox import current_name
from watcher.store.rows import fetch_state, poll_of, some, stories_of
from watcher.store.tables import (
    change_stories,
    changes,
    channels,
    children,
    configs,
    deliveries,
    documents,
    fetches,
    hours,
    mutes,
    polls,
    revisions,
    snapshots,
    sources,
)
from watcher.store.values import SourceRow, StoredChange, Totals

DAY = timedelta(days=1)
LISTS = frozenset({"listing", "dataset", "feed"})
GRACE = timedelta(minutes=1)  # a poll is overdue after this
PATIENCE = timedelta(minutes=15)  # an alert that was tried and waits longer is stuck
ABSENT = b'"absence":{'  # in a source's state, where that is plain
CONFIRMING = b'"confirm_at":'


_IS_FOLLOWED = sources.c.name.contains(MARK)


def _count(connection: Connection, wanted: Select[Any]) -> int:
    return int(connection.execute(select(func.count()).select_from(wanted.subquery())).scalar_one())


def _counted(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))


def _own(connection: Connection) -> Any:
    """The sources in numbers, in one walk over them and their fetches."""
    named, page = ~_IS_FOLLOWED, and_(_IS_FOLLOWED, sources.c.enabled)
    on = and_(named, sources.c.enabled)
    wanted = select(
        _counted(named).label("total"),
        _counted(on).label("enabled"),
        _counted(and_(on, fetches.c.failures > 0)).label("failing"),
        _counted(and_(on, fetches.c.last_poll_at.is_(None))).label("unpolled"),
        _counted(page).label("followed"),
        _counted(and_(page, fetches.c.failures > 0)).label("unread"),
    )
    return connection.execute(wanted.select_from(sources.join(fetches))).one()


def _asked(connection: Connection, late: int) -> Any:
    """The fetches in numbers, in one walk."""
    wanted = select(
        func.max(fetches.c.last_poll_at).label("newest"),
        func.min(fetches.c.next_poll_at).label("soonest"),
        _counted(fetches.c.next_poll_at < late).label("overdue"),
    )
    return connection.execute(wanted).one()


def _marked(connection: Connection) -> Any:
    """Sources whose state may say that something is wrong though their fetch is well, or that their page is absent."""
    state = sources.c.state
    if connection.dialect.name == "sqlite":
        told = or_(func.instr(state, ABSENT) > 0, func.instr(state, CONFIRMING) > 0, func.substr(state, 1, 1) == b"z")
    else:
        like = state.op("LIKE")
        told = or_(like(b"%" + ABSENT + b"%"), like(b"%" + CONFIRMING + b"%"), like(b"z%"))
    alone = and_(fetches.c.failures == 0, fetches.c.error.is_not(None))
    return and_(sources.c.enabled, ~_IS_FOLLOWED, or_(told, alone))


def _single(connection: Connection) -> tuple[int, int]:
    """How many sources fail by themselves, their fetch being well; how many pages are absent, and it was told."""
    wanted = select(sources.c.state, fetches.c.failures).select_from(sources.join(fetches))
    rows = connection.execute(wanted.where(_marked(connection))).all()
    found = [(unpack_value(SourceState, row.state), row.failures) for row in rows]
    failing = sum(state.failures > 0 and not failures for state, failures in found)
    return failing, sum(state.absence is not None and state.absence.told for state, _ in found)


def _stuck(connection: Connection, now: datetime) -> dict[str, Any]:
    """The alerts that were tried and still wait: how many, since when, and the oldest one's error."""
    late = deliveries.c.created_at < to_ms(now - PATIENCE)
    wanted = select(deliveries.c.created_at, deliveries.c.last_error)
    wanted = wanted.where(deliveries.c.state == "pending", deliveries.c.attempts > 0, late)
    count = _count(connection, wanted)
    if not count:
        return {}
    oldest = connection.execute(wanted.order_by(deliveries.c.created_at).limit(1)).one()
    return {"stuck": count, "stuck_since": from_ms(oldest.created_at), "stuck_error": oldest.last_error}


def totals(connection: Connection, now: datetime) -> Totals:
    """The store in numbers; a handful of queries over indexes and small tables."""
    at = to_ms(now)
    since = select(hours.c.result, func.sum(hours.c.polls)).where(hours.c.hour > (at // HOUR) - 24)
    results = [(cast(PollResult, row[0]), int(row[1])) for row in connection.execute(since.group_by(hours.c.result))]
    fresh = select(changes.c.announced, func.count()).where(changes.c.committed >= to_ms(now - DAY))
    told = {bool(row[0]): int(row[1]) for row in connection.execute(fresh.group_by(changes.c.announced))}
    open_ = select(deliveries.c.state, func.count(), func.min(deliveries.c.created_at))
    waiting = {
        row[0]: (int(row[1]), row[2])
        for row in connection.execute(open_.where(deliveries.c.state != "sent").group_by(deliveries.c.state))
    }
    off = select(channels.c.name).where(channels.c.disabled_at.is_not(None)).order_by(channels.c.name)
    config = connection.execute(select(configs.c.id).order_by(configs.c.seq.desc()).limit(1)).scalar_one_or_none()
    own, asked = _own(connection), _asked(connection, to_ms(now - GRACE))
    single, absent = _single(connection)
    return Totals(
        sources=own.enabled or 0,
        disabled=(own.total or 0) - (own.enabled or 0),
        failing=(own.failing or 0) + single,
        never_polled=own.unpolled or 0,
        muted=_count(connection, select(mutes.c.source).where(mutes.c.until > at)),
        overdue=asked.overdue or 0,
        polls_day=sum(count for _, count in results),
        failed_day=sum(count for result, count in results if result in {"failed", "refused"}),
        results_day=tuple(sorted(results)),
        changes_day=sum(told.values()),
        announced_day=told.get(True, 0),
        pending=waiting.get("pending", (0, None))[0],
        dead=waiting.get("dead", (0, None))[0],
        oldest_pending=maybe_time(waiting.get("pending", (0, None))[1]),
        newest_poll=maybe_time(asked.newest),
        next_poll=maybe_time(asked.soonest),
        disabled_channels=tuple(connection.execute(off).scalars()),
        config=config or "",
        bytes=_size(connection),
        absent=absent,
        followed=own.followed or 0,
        unread=own.unread or 0,
        **_stuck(connection, now),
    )


def _size(connection: Connection) -> int:
    if connection.dialect.name != "sqlite":
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())


def _rows(connection: Connection, wanted: Select[Any]) -> tuple[SourceRow, ...]:
    return tuple(_source_row(row) for row in connection.execute(wanted))


def _sources() -> Select[Any]:
    own = [
        sources.c.name,
        sources.c.title,
        sources.c.url.label("source_url"),
        sources.c.kind,
        sources.c.enabled.label("source_enabled"),
        sources.c.baseline_at,
        sources.c.last_change_at,
        sources.c.entries,
        sources.c.stories,
        sources.c.state.label("source_state"),
        mutes.c.until,
    ]
    joined = sources.join(fetches).outerjoin(mutes, mutes.c.source == sources.c.name)
    return select(fetches, *own).select_from(joined).order_by(sources.c.name)


def _source_row(row: Any) -> SourceRow:
    fetch = fetch_state(row)
    state = unpack_value(SourceState, row.source_state)
    own = state.failures > 0 and not row.failures  # its fetch is well: others of its address can read the answer
    last = fetch.last_ok_at
    if own:
        last = gap.last_look(fetch, state) if state.baseline_at else None
    return SourceRow(
        source=row.name,
        title=row.title or state.title,
        url=row.source_url,
        kind=row.kind or state.kind,
        enabled=row.source_enabled,
        fetch=row.id,
        host=row.host,
        baseline_at=maybe_time(row.baseline_at),
        next_poll_at=fetch.next_poll_at,
        last_poll_at=fetch.last_poll_at,
        last_ok_at=last,
        last_change_at=maybe_time(row.last_change_at),
        failures=state.failures if own else row.failures,
        failing_since=state.failing_since if own else fetch.failing_since,
        error=state.error if own else row.error if row.failures else None,
        moved_to=fetch.moved_to,
        entries=row.entries,
        stories=stories_of(row.stories),
        muted_until=maybe_time(row.until),
        absence=_absence(state),
    )


def _absence(state: SourceState) -> str | None:
    absence = state.absence
    if absence is None and state.confirm_at is not None:
        return f"held: {'rows are' if state.kind in LISTS else 'something is'} missing; told when a later look agrees"
    if absence is None:
        return None
    return f"{absence.event.removeprefix('page.') if absence.told else 'held'}: {absence.words}"


def unwell(connection: Connection, now: datetime, limit: int) -> tuple[SourceRow, ...]:
    """Enabled sources that fail or are overdue, the longest first; and those that are absent or of which something is
    held."""
    late = fetches.c.next_poll_at < to_ms(now - GRACE)
    wanted = _sources().where(sources.c.enabled, ~_IS_FOLLOWED, or_(fetches.c.failures > 0, late)).order_by(None)
    since = func.coalesce(fetches.c.failing_since, fetches.c.next_poll_at)
    found = _rows(connection, wanted.order_by(since, sources.c.name).limit(limit))
    named = {row.source for row in found}
    single = _rows(connection, _sources().where(_marked(connection)))
    more = [row for row in single if row.source not in named and (row.failures or row.absence)]
    return (*found, *more)[:limit]


def source_rows(connection: Connection, names: Sequence[str] | None) -> tuple[SourceRow, ...]:
    """The enabled sources by name; or those named, by today's or an earlier name, enabled or not, each before the pages
    that are followed for it."""
    if names is None:
        return _rows(connection, _sources().where(sources.c.enabled))
    today = [current_name(connection, name) for name in names]
    wanted = list(dict.fromkeys(name for name in today if name is not None))
    found: dict[str, list[SourceRow]] = {name: [] for name in wanted}
    for part in some(wanted):
        of_these = and_(sources.c.enabled, select(children.c.parent).where(
            children.c.source == sources.c.name, children.c.parent.in_(part)).exists())  # fmt: skip
        for row in _rows(connection, _sources().where(or_(sources.c.name.in_(part), of_these))):
            found[row.source if row.source in found else parent_of(row.source)].append(row)
    return tuple(row for name in wanted for row in found[name])


def timeline(
    connection: Connection,
    *,
    since: datetime | None,
    source: str | None,
    story: str | None,
    event: str | None,
    held: bool | None,
    after: str | None,
    limit: int,
) -> tuple[StoredChange, ...]:
    """Changes, newest last: the newest ones, or, with `after` (a change's id), those that follow it."""
    wanted = select(changes.c.source, changes.c.poll, changes.c.committed, changes.c.data, changes.c.seq)
    if since is not None:
        wanted = wanted.where(changes.c.committed >= to_ms(since))
    if source is not None:
        name = current_name(connection, source) or source
        pages = changes.c.source.startswith(name + MARK, autoescape=True)
        wanted = wanted.where(or_(changes.c.source == name, pages))
    if story is not None:
        wanted = wanted.where(changes.c.id.in_(select(change_stories.c.change).where(change_stories.c.story == story)))
    if event is not None:  # `update` stands for all events of updates
        wanted = wanted.where(changes.c.event == event if "." in event else changes.c.event.like(f"{event}.%"))
    if held is not None:
        wanted = wanted.where(changes.c.announced.is_(not held))
    if after is not None:
        seq = select(changes.c.seq).where(changes.c.id == after).scalar_subquery()
        rows = connection.execute(wanted.where(changes.c.seq > seq).order_by(changes.c.seq).limit(limit)).all()
        return tuple(_stored(row) for row in rows)
    rows = connection.execute(wanted.order_by(changes.c.seq.desc()).limit(limit)).all()
    # what was confirmed later stands where it was announced
    return tuple(_stored(row) for row in sorted(rows, key=lambda row: (row.committed, row.seq)))


def _stored(row: Any) -> StoredChange:
    """A confirmed change keeps the time at which it was first stored; its row is of the time of its announcement."""
    change = unpack_value(Change, row.data)
    committed = from_ms(row.committed)
    first = min(change.times.committed or committed, committed)  # rows of old had the two times the other way round
    change = replace(change, source=row.source, times=replace(change.times, committed=first))
    return StoredChange(change, committed, row.poll)


def change(connection: Connection, id_: str) -> StoredChange | None:
    """One change by its id."""
    wanted = select(changes.c.source, changes.c.poll, changes.c.committed, changes.c.data)
    row = connection.execute(wanted.where(changes.c.id == id_)).one_or_none()
    return None if row is None else _stored(row)


def revisions_of(connection: Connection, document_id: str) -> tuple[Revision, ...]:
    """Every stored state of a document, oldest first."""
    wanted = select(revisions.c.id).where(revisions.c.document == document_id).order_by(revisions.c.number)
    found = []
    for id_ in connection.execute(wanted).scalars().all():
        plain = chains.read(connection, revisions, id_)
        if plain is not None:
            found.append(load(Revision, plain))
    return tuple(found)


def find_documents(connection: Connection, name: str, limit: int) -> tuple[Document, ...]:
    """The document with this id; or those of the source with this name, its page first, then the newest."""
    columns = (documents.c.source, documents.c.data)
    row = connection.execute(select(*columns).where(documents.c.id == name)).one_or_none()
    if row is not None:
        return (document(row),)
    source = current_name(connection, name) or name
    order = (documents.c.kind.desc(), documents.c.fetched_at.desc(), documents.c.id)
    rows = connection.execute(select(*columns).where(documents.c.source == source).order_by(*order).limit(limit))
    return tuple(document(row) for row in rows)


def snapshots_of(connection: Connection, fetch: str, limit: int) -> tuple[Snapshot, ...]:
    """The newest records of a fetch, oldest of them first."""
    wanted = select(snapshots.c.data).where(snapshots.c.fetch == fetch).order_by(snapshots.c.seq.desc()).limit(limit)
    return tuple(unpack_value(Snapshot, data) for data in reversed(connection.execute(wanted).scalars().all()))


def polls_of(
    connection: Connection, *, fetch: str | None, source: str | None, since: datetime | None, limit: int
) -> tuple[PollRecord, ...]:
    """The newest polls, oldest of them first; of one fetch, or of the fetch that a source has now."""
    if source is not None:
        name = current_name(connection, source) or source
        fetch = connection.execute(select(sources.c.fetch).where(sources.c.name == name)).scalar_one_or_none()
        if fetch is None:
            return ()
    wanted = select(polls).order_by(polls.c.at.desc()).limit(limit)
    if fetch is not None:
        wanted = wanted.where(polls.c.fetch == fetch)
    if since is not None:
        wanted = wanted.where(polls.c.at >= to_ms(since))
    return tuple(poll_of(row) for row in reversed(connection.execute(wanted).all()))
