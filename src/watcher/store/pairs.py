"""The books of source pairs: which source said a record first, who confirmed it, what is still awaited.

`keep` belongs to the transaction of a poll: the record's announcement, its place in the book and the alerts are
written together, or none of them. It holds the pair's members, so that two who say the same record at one time come one
after the other; the second one that believes itself the first is refused, and its poll is made again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select

from watcher.core.follow import Verdict
from watcher.errors import StoreError
from watcher.model import Alert, Awaited, Document, EntryRef, Kind, Paired, PairKept, Sighting, make_id
from watcher.store import records
from watcher.store.codec import clean, from_ms, maybe_ms, maybe_time, pack_value, to_ms, unpack_value
from watcher.store.engine import Database
from watcher.store.known import document
from watcher.store.rows import REF, some, source_state, upsert
from watcher.store.tables import (
    documents,
    entries,
    fetches,
    pair_awaited,
    pair_marks,
    pair_members,
    pair_sightings,
    sources,
)
from watcher.store.tables import records as records_table

PART = 1_000  # entries or records that are read at a time


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What is known of a source of a pair: its kind, baseline and last good look, and whether its records of before are
    in the book."""

    source: str
    kind: Kind | None
    baseline_at: datetime | None
    last_ok_at: datetime | None
    is_in: bool
    key: tuple[str, ...] = ()  # of a dataset: the fields that identify a record


@dataclass(frozen=True, slots=True)
class View:
    """What a pair's book says of some marks: their items (mark → item), who shows these and what is overdue (by item),
    and what is overdue of the source that asked."""

    items: Mapping[str, str]
    sightings: Mapping[str, tuple[Sighting, ...]]
    overdue: tuple[Awaited, ...]


class Books:
    """The books of all pairs, as `Store.pairs` gives them. Every writing method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def members(self, pair: str, names: Sequence[str]) -> tuple[Enrolled, ...]:
        """What is known of the sources of a pair."""
        with self._database.read() as connection:
            return members(connection, pair, names)

    def view(self, pair: str, source: str, marks: Sequence[str], now: datetime) -> View:
        """What the book says of these marks, and what is overdue of a source."""
        with self._database.read() as connection:
            found = items(connection, pair, marks)
            due = overdue(connection, pair, source, now)
            return View(found, sightings(connection, [*found.values(), *(each.item for each in due)]), due)

    def marks(self, pair: str, wanted: Sequence[str]) -> dict[str, str]:
        """What these records are known by: mark → item."""
        with self._database.read() as connection:
            return marks_of(connection, pair, wanted)

    def confirmations(self, changes: Sequence[str]) -> dict[str, tuple[tuple[str, datetime], ...]]:
        """Who confirmed the records that these changes announced, and when, by the change's id."""
        with self._database.read() as connection:
            return confirmations(connection, changes)

    def entries(self, source: str, after: str) -> list[tuple[EntryRef, Document]]:
        """A source's entries that follow the key `after`, each with its document; empty: there are no more."""
        with self._database.read() as connection:
            return known_entries(connection, source, after)

    def records(self, source: str, after: int) -> list[tuple[int, bytes]]:
        """A dataset's records that follow the number `after`, each with its number; empty: there are no more."""
        with self._database.read() as connection:
            return known_records(connection, source, after)

    def enrol(self, pair: str, source: str, seen: Sequence[tuple[Sequence[str], Sighting]]) -> None:
        """Put records that a source showed before, each with its marks, into the book; their items are given here."""
        with self._database.write() as connection:
            enrol(connection, pair, source, seen)

    def enrolled(self, pair: str, source: str, now: datetime) -> None:
        """Note that all of a source's records of before are in the book."""
        with self._database.write() as connection:
            enrolled(connection, pair, source, now)


def members(connection: Connection, pair: str, names: Sequence[str]) -> tuple[Enrolled, ...]:
    """What is known of the sources of a pair, in the order of their names."""
    inside = select(pair_members.c.source).where(pair_members.c.pair == pair)
    known = set(connection.execute(inside).scalars())
    wanted = select(
        sources.c.name, sources.c.started, sources.c.state, sources.c.baseline_at, fetches.c.last_ok_at
    ).join(fetches)
    rows = connection.execute(wanted.where(sources.c.name.in_(names)).order_by(sources.c.name))
    found = []
    for row in rows:
        state = source_state(row)
        times = maybe_time(row.baseline_at), maybe_time(row.last_ok_at)
        key = state.list.key if state.list is not None else ()
        found.append(Enrolled(row.name, state.kind, *times, row.name in known, key))
    return tuple(found)


def items(connection: Connection, pair: str, marks: Sequence[str]) -> dict[str, str]:
    """The records that bear these marks, by mark."""
    return _items(connection, pair, pair_marks.c.mark, marks)


def marks_of(connection: Connection, pair: str, wanted: Sequence[str]) -> dict[str, str]:
    """The marks of these records: mark → item."""
    return _items(connection, pair, pair_marks.c.item, wanted)


def _items(connection: Connection, pair: str, column: Any, wanted: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in some(list(dict.fromkeys(wanted))):
        rows = select(pair_marks.c.mark, pair_marks.c.item).where(pair_marks.c.pair == pair, column.in_(part))
        found |= {row.mark: row.item for row in connection.execute(rows)}
    return found


def sightings(connection: Connection, wanted: Sequence[str]) -> dict[str, tuple[Sighting, ...]]:
    """Who shows these records, by item."""
    found: dict[str, tuple[Sighting, ...]] = {}
    for part in some(list(dict.fromkeys(wanted))):
        rows = select(pair_sightings).where(pair_sightings.c.item.in_(part)).order_by(pair_sightings.c.source)
        for row in connection.execute(rows):
            found[row.item] = (*found.get(row.item, ()), _sighting(row.source, row.data))
    return found


def _sighting(source: str, data: bytes) -> Sighting:
    seen = unpack_value(Sighting, data)
    if seen.source == source:
        return seen
    return replace(seen, source=source)


def overdue(connection: Connection, pair: str, source: str, now: datetime, limit: int = 1_000) -> tuple[Awaited, ...]:
    """What was awaited of a source and is due, the oldest first."""
    wanted = select(pair_awaited).where(
        pair_awaited.c.source == source, pair_awaited.c.due <= to_ms(now), pair_awaited.c.pair == pair
    )
    rows = connection.execute(wanted.order_by(pair_awaited.c.due, pair_awaited.c.item).limit(limit))
    return tuple(Awaited(row.item, row.source, row.what, from_ms(row.due)) for row in rows)


def confirmations(connection: Connection, wanted: Sequence[str]) -> dict[str, tuple[tuple[str, datetime], ...]]:
    """Who confirmed the records that these changes announced, and when, by the change's id."""
    found: dict[str, tuple[tuple[str, datetime], ...]] = {}
    first, other = pair_sightings.alias("first"), pair_sightings.alias("other")
    joined = first.join(other, (first.c.item == other.c.item) & (first.c.source != other.c.source))
    for part in some(list(dict.fromkeys(wanted))):
        rows = (
            select(first.c.change, other.c.source, other.c.at)
            .select_from(joined)
            .where(first.c.change.in_(part), first.c.change != "", other.c.at >= first.c.at)
            .order_by(other.c.at, other.c.source)
        )
        for row in connection.execute(rows):
            found[row.change] = (*found.get(row.change, ()), (row.source, from_ms(row.at)))
    return found


# --- what a source has shown before its pair began --------------------------------------------------------------------


def known_entries(connection: Connection, source: str, after: str) -> list[tuple[EntryRef, Document]]:
    """A source's entries that follow the key `after`, by key, each with its document; empty: there are no more."""
    columns = [entries.c[name] for name in REF]
    wanted = select(*columns, documents.c.source, documents.c.data).join(
        documents, documents.c.id == entries.c.document
    )
    rows = connection.execute(
        wanted.where(entries.c.source == source, entries.c.key > after).order_by(entries.c.key).limit(PART)
    )
    found = []
    for row in rows:
        ref = EntryRef(**{name: getattr(row, name) for name in REF})
        found.append((ref, document(row)))
    return found


def known_records(connection: Connection, source: str, after: int) -> list[tuple[int, bytes]]:
    """A dataset's records that follow the number `after`, each with its number; empty: there are no more."""
    number = records.current(connection, source)
    wanted = select(records_table.c.seq, records_table.c.data).where(
        records_table.c.list == number, records_table.c.seq > after, records_table.c.gone_at.is_(None)
    )
    return [(row.seq, bytes(row.data)) for row in connection.execute(wanted.order_by(records_table.c.seq).limit(PART))]


def enrol(connection: Connection, pair: str, source: str, seen: Sequence[tuple[Sequence[str], Sighting]]) -> None:
    """Put records that a source showed before into the book: they are no news of any of the pair."""
    known = items(connection, pair, [mark for marks, _ in seen for mark in marks])
    rows, shown = [], {}
    for marks, sighting in seen:
        item = next((known[mark] for mark in marks if mark in known), None) or make_id("itm", pair, marks[0])
        rows += [{"pair": pair, "mark": clean(mark), "item": item} for mark in marks if mark not in known]
        known |= {mark: item for mark in marks if mark not in known}
        shown[item] = replace(sighting, item=item)
    if rows:
        connection.execute(upsert(connection, pair_marks, ("pair", "mark")), rows)
    if shown:
        statement = upsert(connection, pair_sightings, ("item", "source"))
        connection.execute(statement, [_row(source, each) for each in shown.values()])


def enrolled(connection: Connection, pair: str, source: str, now: datetime) -> None:
    """Note that all of a source's records of before are in the book."""
    row = {"pair": pair, "source": source, "at": to_ms(now)}
    connection.execute(upsert(connection, pair_members, ("pair", "source")), [row])


# --- what a poll leaves -----------------------------------------------------------------------------------------------

_HELD = (
    select(pair_members.c.source)
    .where(pair_members.c.pair == bindparam("held"))
    .order_by(pair_members.c.source)
    .with_for_update()
)


def keep(connection: Connection, source: str, kept: PairKept, names: Mapping[str, str]) -> None:
    """Write down, within the transaction of a poll of `source`, what it left in its pair's book; `names` are the
    sources' names as they are now. Raises StoreError where another was first after all."""
    connection.execute(_HELD, {"held": kept.group}).all()
    _refuse(connection, source, kept)
    if kept.marks:
        rows = [{"pair": kept.group, "mark": clean(mark), "item": item} for mark, item in kept.marks]
        connection.execute(upsert(connection, pair_marks, ("pair", "mark")), rows)
    if kept.sightings:
        taken = ("at", "baseline", "gone_at", "change", "data")
        statement = upsert(connection, pair_sightings, ("item", "source"), taken)
        connection.execute(statement, [_row(names.get(each.source, each.source), each) for each in kept.sightings])
    for item, who, what in kept.settled:
        connection.execute(
            delete(pair_awaited).where(
                pair_awaited.c.item == item,
                pair_awaited.c.source == names.get(who, who),
                pair_awaited.c.what == what,
            )
        )
    waiting = [
        {
            "pair": kept.group,
            "item": each.item,
            "source": names.get(each.source, each.source),
            "what": each.what,
            "due": to_ms(each.due),
        }
        for each in kept.awaited
    ]
    if waiting:
        connection.execute(upsert(connection, pair_awaited, ("item", "source", "what")), waiting)


def decided(
    connection: Connection, verdicts: Sequence[Verdict], alerts: Sequence[Alert]
) -> tuple[list[Verdict], list[Alert]]:
    """Hold entries that had waited and are announced now against their pairs: whom another source of the pair has told
    meanwhile is not told again, and where that is everybody, the entry is a confirmation."""
    wanted = select(pair_sightings.c.change, pair_sightings.c.source, pair_sightings.c.item, pair_sightings.c.data)
    ids = [verdict.change.id for verdict in verdicts if verdict.change.announced]
    found: dict[str, tuple[str, Sighting]] = {}
    for part in some(ids):
        rows = connection.execute(wanted.where(pair_sightings.c.change.in_(part), pair_sightings.c.change != ""))
        found |= {row.change: (row.source, _sighting(row.source, row.data)) for row in rows}
    if not found:
        return list(verdicts), list(alerts)
    others = sightings(connection, [seen.item for _, seen in found.values()])
    kept, told = [], list(alerts)
    for verdict in verdicts:
        source, mine = found.get(verdict.change.id, ("", None))
        if mine is None:
            kept.append(verdict)
            continue
        beside = [each for each in others[mine.item] if each.source != source and each.gone_at is None]
        heard = {channel for each in beside for channel in each.told}
        own = [alert for alert in told if [c["id"] for c in alert.data.get("changes", ())] == [verdict.change.id]]
        told = [alert for alert in told if alert not in own or alert.channel not in heard]
        left = tuple(alert.channel for alert in own if alert.channel not in heard)
        change = verdict.change
        if heard and not left:
            first = min((each for each in beside if each.told), key=lambda each: (each.at, each.source))
            pair = Paired("confirms", first.source, first.change, first.at)
            change = replace(change, announced=False, reason="duplicate", paired=pair)
        kept.append(replace(verdict, change=change))
        statement = upsert(connection, pair_sightings, ("item", "source"), ("data",))
        connection.execute(statement, [_row(source, replace(mine, told=left))])
    return kept, told


def _refuse(connection: Connection, source: str, kept: PairKept) -> None:
    """A record that was judged to be the first of its kind must still be that."""
    found = items(connection, kept.group, [mark for mark, _ in kept.marks])
    other = any(found.get(mark, item) != item for mark, item in kept.marks)
    for part in some(kept.first):
        wanted = (
            select(func.count())
            .select_from(pair_sightings)
            .where(
                pair_sightings.c.item.in_(part), pair_sightings.c.source != source, pair_sightings.c.gone_at.is_(None)
            )
        )
        other = other or bool(connection.execute(wanted).scalar_one())
    if other:
        raise StoreError(
            f"another source of the pair of {source} has told the same record meanwhile: it is asked again"
        )


def _row(source: str, seen: Sighting) -> dict[str, object]:
    return {
        "item": seen.item,
        "source": source,
        "at": to_ms(seen.at),
        "baseline": seen.baseline,
        "gone_at": maybe_ms(seen.gone_at),
        "change": seen.change,
        "data": pack_value(seen),
    }
