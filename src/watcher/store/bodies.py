"""Packed bytes in a table: each row is whole, or a delta against another row of the same table.

Serves `bodies` (key `sha256`) and `revisions` (key `id`): both have `base depth codec size data`. What follows a whole
copy is packed against that copy, so that any row is read with two; `depth` counts the deltas since.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, BinaryIO

from sqlalchemy import Connection, Table, func, select

from watcher.errors import StoreError
from watcher.store.codec import KEYFRAME, WIDE, Packed, pack, unpack, unpack_to


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


def copy(connection: Connection, table: Table, key: str, file: BinaryIO) -> bool:
    """Write the plain bytes of a row to a file, those of a large one piece by piece; False when there is none."""
    column = key_of(table)
    row = connection.execute(select(table.c.codec, table.c.size, table.c.data).where(column == key)).one_or_none()
    if row is None:
        return False
    if row.codec == "zstd":
        unpack_to(Packed(row.codec, row.size, bytes(row.data)), file)
    else:
        plain = read(connection, table, key)
        assert plain is not None
        file.write(plain)
    return True


SOME = 50  # bodies that are read at a time


class Packer:
    """Packs new rows of a table; those that were packed before serve those after, stored or not yet."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self.connection, self.table = connection, table
        self._places: dict[str, tuple[str, int]] = {}  # of a row: the row it is (or would be) packed against, its depth
        self._plain: dict[str, bytes] = {}

    def prepare(self, bases: Collection[str]) -> None:
        """Find out about stored rows that `pack` will name, in few queries."""
        table, key = self.table, key_of(self.table)
        for part in _parts(sorted(set(bases) - set(self._places))):
            wanted = select(key.label("key"), table.c.base, table.c.depth, table.c.codec).where(key.in_(part))
            for row in self.connection.execute(wanted):
                self._places[row.key] = (row.base if row.codec == "delta" and row.base else row.key, row.depth)
        stands = {stand for stand, depth in self._places.values() if depth + 1 < KEYFRAME}
        for part in _parts(sorted(stands - set(self._plain))):
            wanted = select(key.label("key"), table.c.codec, table.c.size, table.c.data)
            for row in self.connection.execute(wanted.where(key.in_(part), table.c.size <= WIDE)):
                plain = self._stored(row.key, Packed(row.codec, row.size, bytes(row.data)))
                if plain is not None:
                    self._plain[row.key] = plain

    def _stored(self, key: str, packed: Packed) -> bytes | None:
        """A base to pack against; a damaged one serves nobody, and must not stop what comes after it."""
        try:
            return read(self.connection, self.table, key) if packed.codec == "delta" else unpack(packed)
        except StoreError:
            return None

    def pack(self, key: str, plain: bytes, base: str | None) -> dict[str, Any]:
        """The columns `base depth codec size data` of a new row that follows the row `base`."""
        stand, depth = self._places.get(base, (base, 0)) if base is not None else (None, 0)
        before = self._plain.get(stand) if stand is not None and depth + 1 < KEYFRAME else None
        packed = pack(plain, before)
        if packed.codec == "delta" and stand is not None:
            self._places[key] = (stand, depth + 1)
        else:
            stand, depth = None, -1
            self._places[key] = (key, 0)
            self._plain[key] = plain
        return {"base": stand, "depth": depth + 1, "codec": packed.codec, "size": packed.size, "data": packed.data}


def _parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), SOME):
        yield values[start : start + SOME]


def drop(connection: Connection, table: Table, keys: Collection[str]) -> int:
    """Delete rows, first packing anew whatever stays and was a delta against one; returns the stored bytes that went.

    The first heir is packed against the nearest base that stays, the others stand on the first.
    """
    column, gone = key_of(table), set(keys)
    freed = 0
    for key in keys:
        kept = select(column).where(table.c.base == key, column.not_in(gone)).order_by(table.c.depth)
        before = _standing(connection, table, key, gone)
        for heir in connection.execute(kept).scalars().all():
            plain = read(connection, table, heir)
            assert plain is not None
            packer = Packer(connection, table)
            packer.prepare([before] if before else [])
            connection.execute(table.update().where(column == heir).values(**packer.pack(heir, plain, before)))
            before = heir
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
