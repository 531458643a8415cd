"""A file for the time of one comparison: the records of a new list, sorted by key, and what differs.

SQLite's private temporary database: it lies on disk when it grows, has no name, and is gone with the process. It
never touches the store. Used by one thread.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self

from watcher.core.dataset import Diff, Indexed, Record
from watcher.errors import StoreError, StoreFull

CHUNK = 1_000

_SET_UP = (
    "PRAGMA journal_mode=OFF",
    "PRAGMA synchronous=OFF",
    "PRAGMA temp_store=FILE",
    "PRAGMA cache_size=-16000",
    "CREATE TABLE staged (at INTEGER PRIMARY KEY, key BLOB NOT NULL, digest BLOB NOT NULL, data BLOB NOT NULL)",
    "CREATE TABLE diffs (n INTEGER PRIMARY KEY, kind TEXT NOT NULL, known INTEGER, staged INTEGER)",
)


class Scratch:
    """Records go in with `add`, are sorted by `sort`, and come out by key or by number."""

    def __init__(self) -> None:
        self._base = sqlite3.connect("", isolation_level=None)
        for statement in _SET_UP:
            self._base.execute(statement)
        self._base.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._base.close()

    def _run(self, words: str, rows: Iterable[Sequence[object]]) -> None:
        try:
            self._base.executemany(words, rows)
        except sqlite3.Error as error:
            raise _in_words(error) from error

    def add(self, records: Sequence[Record]) -> None:
        """Take records in the order in which they stand in the file."""
        self._run("INSERT INTO staged (key, digest, data) VALUES (?, ?, ?)", records)

    def sort(self) -> None:
        """Make ready for reading by key."""
        try:
            self._base.execute("CREATE INDEX by_key ON staged (key, digest)")
        except sqlite3.Error as error:
            raise _in_words(error) from error

    def index(self) -> Iterator[Indexed]:
        """The records by key."""
        for at, key, digest in self._base.execute("SELECT at, key, digest FROM staged ORDER BY key, digest"):
            yield Indexed(at, key, digest)

    def records(self) -> Iterator[Record]:
        """The records whole, by key."""
        for row in self._base.execute("SELECT key, digest, data FROM staged ORDER BY key, digest"):
            yield Record(*row)

    def by_number(self, numbers: Sequence[int]) -> dict[int, Record]:
        """Records by number; as many as one query holds (1,000)."""
        marks = ",".join("?" * len(numbers))
        rows = self._base.execute(f"SELECT at, key, digest, data FROM staged WHERE at IN ({marks})", numbers)  # noqa: S608 - marks are question marks only
        return {at: Record(key, digest, data) for at, key, digest, data in rows}

    def differ(self, diffs: Iterable[Diff]) -> None:
        """Take down what differs."""
        self._run("INSERT INTO diffs (kind, known, staged) VALUES (?, ?, ?)", diffs)

    def counts(self) -> dict[str, int]:
        """How many differences there are of each kind."""
        return dict(self._base.execute("SELECT kind, count(*) FROM diffs GROUP BY kind").fetchall())

    def diffs(self, *kinds: str) -> Iterator[list[Diff]]:
        """The differences of these kinds, a thousand at a time, in the order of the new file and then of the known."""
        marks = ",".join("?" * len(kinds))
        words = f"SELECT kind, known, staged FROM diffs WHERE kind IN ({marks}) ORDER BY kind, staged, known"  # noqa: S608 - as above
        found = self._base.execute(words, kinds)
        while rows := found.fetchmany(CHUNK):
            yield [Diff(*row) for row in rows]


def _in_words(error: sqlite3.Error) -> StoreError:
    if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
        return StoreFull("there is no room on the disk for temporary files")
    return StoreError(f"a temporary file cannot be used: {error}")
