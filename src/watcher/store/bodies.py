"""Chains of packed bytes in a table: each is whole, or a delta against another row of the same table.

Serves `bodies` (key `sha256`) and `revisions` (key `id`): both have `base depth codec size data`.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Table, func, select

from watcher.errors import StoreError
from watcher.store.codec import KEYFRAME, Packed, pack, unpack


def key_of(table: Table) -> Any:
    """The key column of a table of packed rows."""
    return next(iter(table.primary_key.columns))


def read(connection: Connection, table: Table, key: str) -> bytes | None:
    """The plain bytes of a row, or None when there is none. Raises StoreError when it or its base is damaged."""
    column = key_of(table)
    chain: list[tuple[str, Packed]] = []
    wanted: str | None = key
    while wanted is not None:
        row = connection.execute(
            select(table.c.base, table.c.codec, table.c.size, table.c.data).where(column == wanted)
        ).one_or_none()
        if row is None:
            if not chain:
                return None
            raise StoreError(f"the {table.name} row {key} is damaged: its base {wanted} is missing")
        chain.append((wanted, Packed(row.codec, row.size, bytes(row.data))))
        if len(chain) > 2 * KEYFRAME:
            raise StoreError(f"the {table.name} row {key} is damaged: its bases have no end")
        wanted = row.base if row.codec == "delta" else None
    plain: bytes | None = None
    for _, packed in reversed(chain):
        plain = unpack(packed, plain)
    return plain


def write(
    connection: Connection, table: Table, plain: bytes, base: str | None, *, known: dict[str, bytes] | None = None
) -> dict[str, Any]:
    """The columns `base depth codec size data` for these bytes, packed against `base` where that pays.

    `known` holds plain bytes by key that need not be read again.
    """
    depth, before = 0, None
    if base is not None:
        depth = connection.execute(select(table.c.depth).where(key_of(table) == base)).scalar_one_or_none() or 0
        if depth + 1 < KEYFRAME:
            before = known[base] if known and base in known else _readable(connection, table, base)
    packed = pack(plain, before)
    delta = packed.codec == "delta"
    return {
        "base": base if delta else None,
        "depth": depth + 1 if delta else 0,
        "codec": packed.codec,
        "size": packed.size,
        "data": packed.data,
    }


def _readable(connection: Connection, table: Table, key: str) -> bytes | None:
    """A base to pack against; a damaged one serves nobody, and must not stop what comes after it."""
    try:
        return read(connection, table, key)
    except StoreError:
        return None


def drop(connection: Connection, table: Table, keys: Collection[str]) -> int:
    """Delete rows, first packing anew whatever stays and was a delta against one; returns the stored bytes that went.

    An heir is packed against the nearest base that stays.
    """
    column, gone = key_of(table), set(keys)
    freed = 0
    for key in keys:
        kept = select(column).where(table.c.base == key, column.not_in(gone))
        for heir in connection.execute(kept).scalars().all():
            plain = read(connection, table, heir)
            assert plain is not None
            fresh = write(connection, table, plain, _standing(connection, table, key, gone))
            connection.execute(table.update().where(column == heir).values(**fresh))
    rows = connection.execute(select(column, table.c.depth, func.length(table.c.data)).where(column.in_(gone))).all()
    for key, _, size in sorted(rows, key=lambda row: -row[1]):  # heirs before their bases
        connection.execute(table.delete().where(column == key))
        freed += size
    return freed


def _standing(connection: Connection, table: Table, key: str, gone: set[str]) -> str | None:
    """The nearest base below `key` that is not going."""
    wanted: str | None = key
    while wanted in gone:
        wanted = connection.execute(select(table.c.base).where(key_of(table) == wanted)).scalar_one_or_none()
    return wanted
