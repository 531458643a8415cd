"""Engines and their errors: how a database is opened, how transactions begin, what its failures are called.

Writers begin with BEGIN IMMEDIATE, so that two of them wait for each other instead of failing half way. Every
failure of the database leaves here as StoreError in words, or StoreFull when there is no room.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from watcher.errors import StoreError, StoreFull

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA busy_timeout=10000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-4000",
    "PRAGMA journal_size_limit=67108864",
)
POOL: dict[str, Any] = {"pool_size": 8, "max_overflow": 16}
LITTLE_ROOM = 1 << 20  # bytes; an input-output error on a disk with less than this is a full disk


def parse(url: str) -> URL:
    """The address of a database. Raises StoreError for one that Watcher cannot use."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            "the database's address is not of the form sqlite:///path or postgresql+psycopg://…"
        ) from error
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite":
        return parsed.set(drivername="sqlite")
    raise StoreError(f"databases of the kind {parsed.get_backend_name()!r} are not supported: use SQLite or PostgreSQL")


def shown(url: URL) -> str:
    """The address without its password, for people."""
    if url.get_backend_name() == "sqlite":
        return url.database or "(in memory)"
    return url.render_as_string(hide_password=True)


def path_of(url: URL) -> Path | None:
    """The file of an SQLite database; None in memory and for PostgreSQL."""
    if url.get_backend_name() != "sqlite" or url.database in {None, "", ":memory:"}:
        return None
    return Path(str(url.database))


def connect(url: URL) -> Engine:
    """An engine; nothing is opened yet. Raises StoreError when PostgreSQL's driver is not installed."""
    try:
        if url.get_backend_name() != "sqlite":
            arguments = {"application_name": f"watcher {os.getpid()}", "connect_timeout": 10}
            return create_engine(url, **POOL, pool_pre_ping=True, hide_parameters=True, connect_args=arguments)
        if path_of(url) is None:
            alone = {"check_same_thread": False}
            engine = create_engine(url, poolclass=StaticPool, hide_parameters=True, connect_args=alone)
        else:
            # The connection that was used last is the warm one; each has a cache of its own.
            engine = create_engine(url, **POOL, pool_use_lifo=True, hide_parameters=True, connect_args={"timeout": 10})
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise StoreError("PostgreSQL needs the extra `postgres`: pip install 'regwatcher[postgres]'") from error
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions are begun by `_begin`, not by the driver
    for pragma in PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    write = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


class Database:
    """An engine with its two ways in: `read()` and `write()`, each one transaction."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.engine = connect(url)
        self.dialect = url.get_backend_name()
        self._alone = RLock() if self.dialect == "sqlite" and path_of(url) is None else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database throughout."""
        options: dict[str, Any] = {} if self.dialect == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        with self._transaction(options) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is kept when the block ends, and undone when it raises."""
        with self._transaction({"write": True}) as connection:
            yield connection

    @contextmanager
    def _transaction(self, options: dict[str, Any]) -> Iterator[Connection]:
        if self._alone:
            self._alone.acquire()
        try:
            with self.engine.connect().execution_options(**options) as connection, connection.begin():
                yield connection
        except SQLAlchemyError as error:
            raise translate(error, self.url) from error
        finally:
            if self._alone:
                self._alone.release()

    @contextmanager
    def alter(self) -> Iterator[Connection]:
        """A writing transaction for changes of the schema. SQLite rebuilds tables in them, so foreign keys are looked
        at when it ends, not at each statement."""
        if self.dialect != "sqlite":
            with self.write() as connection:
                yield connection
            return
        try:
            with self.engine.connect().execution_options(write=True) as connection:
                raw = connection.connection.dbapi_connection
                assert raw is not None
                raw.execute("PRAGMA foreign_keys=OFF")
                try:
                    with connection.begin():
                        yield connection
                        if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
                            raise StoreError(f"the database {shown(self.url)} has {len(broken)} rows that name none")
                finally:
                    raw.execute("PRAGMA foreign_keys=ON")
        except SQLAlchemyError as error:
            raise translate(error, self.url) from error

    def copy_to(self, path: Path) -> None:
        """VACUUM INTO: a whole, consistent copy, while others read and write (SQLite)."""
        try:
            connection = self.engine.raw_connection()  # VACUUM cannot run inside a transaction
            try:
                connection.cursor().execute("VACUUM INTO ?", (str(path),))
            finally:
                connection.close()
        except SQLAlchemyError as error:
            raise translate(error, self.url) from error
        except sqlite3.Error as error:
            raise _in_words(error, self.url) from error

    def tidy(self) -> None:
        """Let SQLite renew what its planner knows of the tables; PostgreSQL does so by itself."""
        if self.dialect == "sqlite":
            with self.write() as connection:
                connection.exec_driver_sql("PRAGMA optimize")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def translate(error: SQLAlchemyError, url: URL) -> StoreError:
    """A failure of the database in words; without the statement and its values, which hold others' texts."""
    cause = error.orig if isinstance(error, DBAPIError) else None
    return _in_words(error if cause is None else cause, url)


def _in_words(cause: BaseException, url: URL) -> StoreError:
    where = shown(url)
    text = (str(cause).splitlines() or ["no reason given"])[0]
    if _full(cause, url):
        return StoreFull(f"there is no room for the database {where} to grow ({text}): free some, nothing is lost")
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_BUSY:
        return StoreError(f"the database {where} is in use by another program that does not let go")
    if code in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
        return StoreError(f"the file {where} is not a sound SQLite database ({text}): restore a backup")
    if code == sqlite3.SQLITE_READONLY:
        return StoreError(f"the database {where} may not be written by this user")
    if code == sqlite3.SQLITE_CANTOPEN:
        return StoreError(f"the database {where} cannot be opened: is its directory there, and writable for this user?")
    return StoreError(f"the database {where} refused: {text}")


def _full(cause: BaseException, url: URL) -> bool:
    if getattr(cause, "sqlstate", None) in {"53100", "53400"}:  # disk_full, configuration_limit_exceeded
        return True
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return True
    path = path_of(url)
    if code not in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN} or path is None:
        return False
    try:  # the shared memory beside the file fails with an input-output error when the disk is full
        room = os.statvfs(path.parent)
    except OSError:
        return False
    return room.f_bavail * room.f_frsize < LITTLE_ROOM
