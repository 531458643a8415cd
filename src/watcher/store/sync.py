"""Taking a configuration over: which sources and fetches there are, what became of their names and addresses."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from watcher.model import FetchState, Plan, SourceState
from watcher.store.codec import clean, maybe_time, pack_value, to_ms, unpack_value
from watcher.store.rows import Prepared, fetch_row, some, upsert
from watcher.store.tables import aliases, fetches, sources
from watcher.store.values import Synced

_NEW = Prepared(sources.insert())
_NEW_FETCH = Prepared(fetches.insert())
_CHANGED = ("fetch", "url", "kind", "title", "stories", "enabled", "removed_at", "state", "baseline_at", "entries")


def sync(connection: Connection, plans: Sequence[Plan], now: datetime) -> Synced:
    """Bring sources and fetches in line with the plans; those that are no longer named stay, disabled."""
    named = connection.execute(select(sources.c.name, sources.c.enabled))
    enabled = {row.name: row.enabled for row in named}
    renamed = _rename(connection, plans, enabled)
    _sync_fetches(connection, plans, to_ms(now))
    new: list[str] = []
    changed: list[str] = []
    for part in some(plans):  # thousands of sources are never held at once
        _sync_sources(connection, part, to_ms(now), new, changed)
    wanted = {plan.source for plan in plans} | {old for old, _ in renamed}
    removed = [name for name, on in enabled.items() if on and name not in wanted]
    if removed:
        gone = (
            sources.update().where(sources.c.name == bindparam("at_name")).values(enabled=False, removed_at=to_ms(now))
        )
        connection.execute(gone, [{"at_name": name} for name in removed])
    return Synced(new=tuple(new), removed=tuple(removed), renamed=renamed, changed_url=tuple(changed))


def _sync_sources(connection: Connection, plans: Sequence[Plan], now: int, new: list[str], changed: list[str]) -> None:
    """Bring the sources of some plans in line; note the names of those that are new, or another thing now."""
    names = [plan.source for plan in plans]
    stored = {row.name: row for row in connection.execute(select(sources).where(sources.c.name.in_(names)))}
    inserts, updates = [], []
    for plan in plans:
        row = stored.get(plan.source)
        if row is None:
            new.append(plan.source)
            inserts.append(_new_row(plan, now))
            continue
        values = _plan_columns(plan)
        other = _other(row, plan)
        if other:
            changed.append(plan.source)
            fresh = SourceState(source=plan.source, kind=plan.kind, started_alert=row.started)
            values |= {"state": pack_value(fresh), "baseline_at": None, "entries": 0}
        else:
            values |= {"state": bytes(row.state), "baseline_at": row.baseline_at, "entries": row.entries}
        if other or any(values[name] != getattr(row, name) for name in values if name != "state"):
            updates.append({"at_name": plan.source, **values})
    _NEW.run(connection, inserts)
    if updates:
        statement = sources.update().where(sources.c.name == bindparam("at_name"))
        connection.execute(statement.values({name: bindparam(name) for name in _CHANGED}), updates)


def _plan_columns(plan: Plan) -> dict[str, Any]:
    return {
        "fetch": plan.fetch,
        "url": clean(plan.url),
        "kind": plan.kind,
        "title": clean(plan.title),
        "stories": json.dumps(plan.stories),
        "enabled": True,
        "removed_at": None,
    }


def _new_row(plan: Plan, now: int) -> dict[str, Any]:
    state = SourceState(source=plan.source, kind=plan.kind)
    extra = {"started": False, "baseline_at": None, "last_change_at": None, "entries": 0}
    return {"name": plan.source, "added_at": now, **_plan_columns(plan), **extra, "state": pack_value(state)}


def _other(row: Any, plan: Plan) -> bool:
    """Whether the plan names another thing than the one that was watched; a kind found out is the same kind named."""
    if row.url != clean(plan.url):
        return True
    if plan.kind is None or row.kind == plan.kind:
        return False
    known = row.kind or unpack_value(SourceState, row.state).kind
    return known is not None and known != plan.kind


def _rename(connection: Connection, plans: Sequence[Plan], stored: Collection[str]) -> tuple[tuple[str, str], ...]:
    """Carry the history of old names over; everything that names the source follows by the foreign keys."""
    wanted = {plan.source for plan in plans}
    renamed: list[tuple[str, str]] = []
    free = {name for name in stored if name not in wanted}
    for plan in plans:
        if plan.source in stored:
            continue
        old = next((name for name in plan.was if name in free), None)
        if old is None:
            continue
        free.discard(old)
        connection.execute(sources.update().where(sources.c.name == old).values(name=plan.source))
        row = {"name": old, "source": plan.source}
        connection.execute(upsert(connection, aliases, ("name",), ("source",)), [row])
        renamed.append((old, plan.source))
    return tuple(renamed)


def _sync_fetches(connection: Connection, plans: Sequence[Plan], now: int) -> None:
    stored = {row.id: row for row in connection.execute(select(fetches.c.id, fetches.c.enabled, fetches.c.host))}
    wanted = {plan.fetch: plan for plan in plans}
    for part in some([plan for plan in wanted.values() if plan.fetch not in stored]):
        states = [FetchState(id=p.fetch, url=p.url, host=p.host, next_poll_at=maybe_time(now)) for p in part]
        _NEW_FETCH.run(connection, [fetch_row(state) for state in states])
    back = [{"at_id": id_} for id_ in wanted if id_ in stored and not stored[id_].enabled]
    if back:
        woken = fetches.update().where(fetches.c.id == bindparam("at_id")).values(enabled=True, next_poll_at=now)
        connection.execute(woken, back)
    gone = [{"at_id": id_} for id_, row in stored.items() if id_ not in wanted and row.enabled]
    if gone:
        asleep = fetches.update().where(fetches.c.id == bindparam("at_id")).values(enabled=False, next_poll_at=None)
        connection.execute(asleep, gone)
    moved = [
        {"at_id": plan.fetch, "host": plan.host}
        for plan in wanted.values()
        if plan.fetch in stored and stored[plan.fetch].host != plan.host
    ]
    if moved:
        connection.execute(
            fetches.update().where(fetches.c.id == bindparam("at_id")).values(host=bindparam("host")), moved
        )
