"""One instance per database: a lock file beside SQLite (flock, `<database>-lock`), an advisory lock in PostgreSQL.

Both end with the process, however it ends.
"""

import fcntl
import os
from pathlib import Path
from typing import IO

from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from watcher.errors import StoreError
from watcher.store.engine import parse, path_of, shown, translate

KEY = 0x77617463686572  # "watcher": advisory locks are per database, so one number serves all


class Lock:
    """The lock on one database, from `acquire`."""

    def __init__(self, file: IO[str] | None = None, connection: Connection | None = None) -> None:
        self._file = file
        self._connection = connection

    def held(self) -> bool:
        """Whether the lock still stands: a connection to PostgreSQL may have been lost, and the lock with it."""
        if self._connection is None:
            return True
        try:
            self._connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True

    def release(self) -> None:
        """Give the lock back; again does no harm. The file stays: removing it would let two in."""
        if self._file:
            self._file.close()
        if self._connection:
            self._connection.engine.dispose()
            self._connection.close()
        self._file = self._connection = None


def acquire(url: str) -> Lock:
    """Take the lock of the database at this address, or raise StoreError that names the process which holds it."""
    parsed = parse(url)
    if parsed.get_backend_name() != "sqlite":
        return _advisory(parsed)
    path = path_of(parsed)
    return Lock() if path is None else _file(path)


def holder(url: str) -> int | None:
    """Give the process that holds the lock of a SQLite database; None when none does, or it cannot be known.

    Looks only (proc_locks(5)): trying the lock would turn away a daemon that starts at that moment.
    """
    parsed = parse(url)
    path = path_of(parsed) if parsed.get_backend_name() == "sqlite" else None
    if path is None:
        return None
    try:
        inode = _beside(path).stat().st_ino
        locks = Path("/proc/locks").read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    for fields in map(str.split, locks):  # 1: FLOCK ADVISORY WRITE 4711 08:01:1234 0 EOF
        if fields[1:2] == ["FLOCK"] and len(fields) > 5 and fields[5].rpartition(":")[2] == str(inode):
            return int(fields[4])
    return None


def _beside(path: Path) -> Path:
    real = path.resolve()  # by whatever link it is named
    return real.with_name(real.name + "-lock")


def _file(path: Path) -> Lock:
    beside = _beside(path)
    try:
        beside.parent.mkdir(parents=True, exist_ok=True)
        file = beside.open("a+", encoding="ascii", errors="replace")
    except OSError as error:
        raise StoreError(f"the lock {beside} cannot be opened: {error.strerror}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        owner = file.read(32).strip()
        file.close()
        raise StoreError(_taken(str(path), owner)) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return Lock(file=file)


def _taken(database: str, owner: str) -> str:
    process = f"process {owner}" if owner.isdigit() else "another process"
    return f"the database {database} is in use by {process}: one Watcher at a time may write it"


OWNER = text(
    "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
    "WHERE l.locktype = 'advisory' AND l.granted AND l.classid = :high AND l.objid = :low "
    "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def _advisory(url: URL) -> Lock:
    name = f"watcher {os.getpid()}"
    engine: Engine = create_engine(
        url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={"application_name": name, "connect_timeout": 10},
    )
    try:
        connection = engine.connect()
        if connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": KEY}).scalar_one():
            return Lock(connection=connection)
        halves = {"high": KEY >> 32, "low": KEY & 0xFFFFFFFF}
        owner = connection.execute(OWNER, halves).scalars().first() or ""
        connection.close()
    except SQLAlchemyError as error:
        raise translate(error, url) from error
    raise StoreError(_taken(shown(url), owner.removeprefix("watcher ")))
