"""The records of datasets: read in the order of their keys, written in small steps or with their poll's outcome.

A source has one current list. A list that is largely new is written ahead, piece by piece, and takes the old one's
place in the transaction of its poll; until then nothing of it counts, and if that never comes it is swept away.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, text, update

from watcher.core.dataset import Indexed
from watcher.errors import StoreError
from watcher.model import RecordRow, RecordsKept
from watcher.store.codec import maybe_ms, maybe_time, to_ms
from watcher.store.engine import Database
from watcher.store.rows import Prepared, some
from watcher.store.tables import lists, records

PAGE = 20_000  # records that one query of a comparison reads
STEP = 5_000  # records that one transaction writes or sweeps away

_COLUMNS = ("list", "key", "digest", "gone_at", "gone", "data")
_ADD = Prepared(insert(records), _COLUMNS)
_PUT = Prepared(
    update(records)
    .where(records.c.seq == bindparam("at_seq"))
    .values({name: bindparam(name) for name in ("key", "digest", "gone_at", "gone", "data")})
)
# In plain words: a million rows pass through, and typed results cost as much as the comparison.
_PAGE = text(
    f"SELECT seq, key, digest, gone_at FROM records WHERE list = :of AND key >= :key "  # noqa: S608 - a number of ours
    f"ORDER BY key, digest, gone_at, seq LIMIT {PAGE} + :more"
)


def current(connection: Connection, source: str) -> int | None:
    """The number of the source's list."""
    wanted = select(lists.c.id).where(lists.c.source == source, lists.c.current).order_by(lists.c.id.desc()).limit(1)
    return connection.execute(wanted).scalar_one_or_none()


def index(database: Database, source: str) -> Iterator[Indexed]:
    """The records of a source, sorted by key; read page by page, each in a transaction of its own: only the poll that
    asks writes them."""
    with database.read() as connection:
        number = current(connection, source)
    if number is None:
        return
    last, done = b"", set[int]()  # the key read last: its records come again, and are passed over
    while True:
        with database.read() as connection:
            found = connection.execute(_PAGE, {"of": number, "key": last, "more": len(done)}).all()
        fresh = [row for row in found if row[0] not in done] if done else found
        if not fresh:
            return
        for at, key, digest, gone in fresh:
            yield Indexed(at, key, digest, gone is not None)
        last = fresh[-1][1]
        done = {row[0] for row in found if row[1] == last}


def gone(connection: Connection, source: str) -> list[int]:
    """The records of a source that are no longer listed, and not told yet."""
    number = current(connection, source)
    wanted = select(records.c.seq).where(records.c.list == number, records.c.gone_at.is_not(None))
    return list(connection.execute(wanted.order_by(records.c.seq)).scalars())


def rows(connection: Connection, numbers: Sequence[int]) -> dict[int, RecordRow]:
    """Records by number."""
    found = {}
    for part in some(numbers):
        for row in connection.execute(select(records).where(records.c.seq.in_(part))):
            found[row.seq] = RecordRow(
                bytes(row.key), bytes(row.digest), bytes(row.data), maybe_time(row.gone_at), row.gone
            )
    return found


def begin(connection: Connection, source: str, now: datetime) -> int:
    """Make a list that does not count yet; returns its number."""
    made = connection.execute(insert(lists).values(source=source, current=False, at=to_ms(now)))
    key = made.inserted_primary_key
    assert key is not None
    return int(key[0])


def add(connection: Connection, number: int, given: Sequence[RecordRow]) -> None:
    """Write records of a list."""
    _ADD.run(connection, [{"list": number, **_columns(row)} for row in given])


def _columns(row: RecordRow) -> dict[str, Any]:
    return {
        "key": row.key,
        "digest": row.digest,
        "gone_at": maybe_ms(row.gone_at),
        "gone": row.gone,
        "data": row.data,
    }


def sweep(connection: Connection, source: str | None = None, before: datetime | None = None) -> bool:
    """Take away up to 5,000 records of lists that do not count: those of a source, or those begun before a time.
    Returns whether there is more to do."""
    wanted = select(lists.c.id).where(lists.c.current.is_(False))
    if source is not None:
        wanted = wanted.where(lists.c.source == source)
    if before is not None:
        wanted = wanted.where(lists.c.at < to_ms(before))
    number = connection.execute(wanted.order_by(lists.c.id).limit(1)).scalar_one_or_none()
    if number is None:
        return False
    some_of = select(records.c.seq).where(records.c.list == number).limit(STEP)
    gone = connection.execute(delete(records).where(records.c.seq.in_(some_of.scalar_subquery()))).rowcount
    if gone < STEP:
        connection.execute(delete(lists).where(lists.c.id == number))
    return True


def keep(connection: Connection, source: str, kept: RecordsKept, now: datetime) -> None:
    """Write down, within the transaction of a poll, what it left of a list. Raises StoreError."""
    if kept.list is not None or kept.anew:
        connection.execute(update(lists).where(lists.c.source == source, lists.c.current).values(current=False))
    if kept.list is not None:
        found = connection.execute(update(lists).where(lists.c.id == kept.list).values(current=True)).rowcount
        if not found:
            raise StoreError(f"the list {kept.list} of {source}, written ahead, is not there")
        return
    number = current(connection, source)
    if number is None:
        number = begin(connection, source, now)
        connection.execute(update(lists).where(lists.c.id == number).values(current=True))
    if kept.dropped:
        for part in some(kept.dropped):
            connection.execute(delete(records).where(records.c.seq.in_(part)))
    _PUT.run(connection, [{"at_seq": at, **_columns(row)} for at, row in kept.changed])
    add(connection, number, kept.added)
