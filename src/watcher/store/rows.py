"""Between the model's values and rows: what each table is given, and how a state is put together again."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from watcher.model import Alert, Delivery, EntryRef, FetchState, Poll, Snapshot, SourceState
from watcher.store.codec import clean, from_ms, maybe_clean, maybe_ms, maybe_time, pack_value, to_ms, unpack_value

T = TypeVar("T")
SOME = 500  # values in one IN list


def some(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Slices that fit one query."""
    for start in range(0, len(values), SOME):
        yield values[start : start + SOME]


def upsert(
    connection: Connection,
    table: Table,
    key: Sequence[str],
    update: Sequence[str] = (),
    *,
    add: Sequence[str] = (),
    where: Callable[[Any], Any] | None = None,
) -> Any:
    """An INSERT for both engines that leaves a present row alone, or takes the columns `update` over and adds the
    columns `add` up, where `where` (of the new row) holds."""
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
    if not update and not add:
        return insert.on_conflict_do_nothing(index_elements=list(key))
    taken = {name: insert.excluded[name] for name in update}
    taken |= {name: table.c[name] + insert.excluded[name] for name in add}
    guard = where(insert.excluded) if where is not None else None
    return insert.on_conflict_do_update(index_elements=list(key), set_=taken, where=guard)


class Prepared:
    """A statement for many rows that is put into words once for each engine, past SQLAlchemy's work on every row.

    On SQLite the rows go to the driver as they are, so they must hold what it takes: numbers, text, bytes, None.
    """

    def __init__(self, statement: Any, columns: Sequence[str] | None = None) -> None:
        self.statement = statement
        compiled = statement.compile(dialect=sqlite.dialect(), column_keys=columns)
        self._words = str(compiled)
        self._order: tuple[str, ...] = tuple(compiled.positiontup or ())

    def run(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Run it for each row."""
        if not rows:
            return
        if connection.dialect.name != "sqlite":
            connection.execute(self.statement, rows)
            return
        connection.exec_driver_sql(self._words, [tuple([row[name] for name in self._order]) for row in rows])


def fetch_row(state: FetchState) -> dict[str, Any]:
    """Of a new fetch."""
    return {
        "id": state.id,
        "url": clean(state.url),
        "host": clean(state.host),
        "enabled": True,
        "next_poll_at": maybe_ms(state.next_poll_at),
        "last_poll_at": maybe_ms(state.last_poll_at),
        "snapshot": state.snapshot,
        "chain": state.chain,
        "alarmed_at": maybe_ms(state.alarmed_at),
        **fetch_columns(state),
    }


def fetch_columns(state: FetchState) -> dict[str, Any]:
    """Of every poll; the chain's columns are set with its record, `alarmed_at` with the alarm."""
    return {
        "last_ok_at": maybe_ms(state.last_ok_at),
        "failures": state.failures,
        "failing_since": maybe_ms(state.failing_since),
        "error": maybe_clean(state.error),
        "state": pack_value(state),
    }


def fetch_state(row: Any) -> FetchState:
    """The columns win; where they only say less exactly what the state says, it stays as it is."""
    state = unpack_value(FetchState, row.state)
    exact = maybe_ms(state.next_poll_at) == row.next_poll_at
    alarmed = maybe_ms(state.alarmed_at) == row.alarmed_at
    if exact and alarmed and (state.host, state.snapshot, state.chain) == (row.host, row.snapshot, row.chain):
        return state
    return replace(
        state,
        host=row.host,
        next_poll_at=state.next_poll_at if exact else maybe_time(row.next_poll_at),
        alarmed_at=state.alarmed_at if alarmed else maybe_time(row.alarmed_at),
        snapshot=row.snapshot,
        chain=row.chain,
    )


def source_columns(state: SourceState) -> dict[str, Any]:
    return {
        "baseline_at": maybe_ms(state.baseline_at),
        "last_change_at": maybe_ms(state.last_change_at),
        "entries": state.entries,
        "state": pack_value(state if state.followed is None else replace(state, followed=None)),
    }


def source_state(row: Any) -> SourceState:
    state = unpack_value(SourceState, row.state)
    if state.source == row.name and state.started_alert == row.started:
        return state
    return replace(state, source=row.name, started_alert=row.started)


def poll_row(poll: Poll) -> dict[str, Any]:
    return {
        "fetch": poll.fetch,
        "at": to_ms(poll.at),
        "id": poll.id,
        "result": poll.result,
        "status": poll.status,
        "seconds": poll.seconds,
        "size": poll.size,
        "error": maybe_clean(poll.error),
        "config": poll.config,
        "due_at": maybe_ms(poll.due_at),
    }


def poll_of(row: Any) -> Poll:
    return Poll(
        id=row.id,
        fetch=row.fetch,
        at=from_ms(row.at),
        result=row.result,
        status=row.status,
        seconds=row.seconds,
        size=row.size,
        error=row.error,
        config=row.config,
        due_at=maybe_time(row.due_at),
    )


RECORD = ("id", "fetch", "at", "body_sha256", "previous", "hash", "pruned_at", "data")


def snapshot_row(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "id": snapshot.id,
        "fetch": snapshot.fetch,
        "at": to_ms(snapshot.at),
        "body_sha256": snapshot.body_sha256,
        "previous": snapshot.previous,
        "hash": snapshot.hash,
        "pruned_at": None,
        "data": pack_value(snapshot),
    }


REF = tuple(each.name for each in fields(EntryRef))


def entry_row(source: str, ref: EntryRef) -> dict[str, Any]:
    values = {name: maybe_clean(getattr(ref, name)) for name in REF}
    return {"source": source, **values}


def alert_row(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "channel": alert.channel,
        "thread": clean(alert.thread),
        "type": alert.type,
        "at": to_ms(alert.at),
        "severity": alert.severity,
        "subject": clean(alert.subject),
        "poll": alert.poll,
        "data": pack_value(alert),
    }


def delivery_of(row: Any) -> Delivery:
    """Of a row of deliveries beside its alert's `data` and `first`, the id of its thread's first alert."""
    return Delivery(
        alert=unpack_value(Alert, row.data),
        state=row.state,
        attempts=row.attempts,
        next_at=maybe_time(row.next_at),
        last_error=row.last_error,
        first_at=maybe_time(row.first_at),
        sent_at=maybe_time(row.sent_at),
        references=row.first if row.first != row.alert else None,
        late=row.late,
    )


def stories_json(stories: Sequence[str]) -> str:
    return json.dumps(list(stories))


def stories_of(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))
