"""Opening a database: is it there, is its schema ours, and bringing it up to date after a backup."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import inspect, text

from watcher.errors import StoreError
from watcher.store.engine import Database, parse, path_of, shown
from watcher.store.tables import HEAD, KNOWN

Progress = Callable[[str], None]


def open_database(url: str, *, create: bool, migrate: bool, progress: Progress | None) -> Database:
    """See `Store.open`."""
    parsed = parse(url)
    path = path_of(parsed)
    missing = f"there is no database at {shown(parsed)} yet: `watcher run` makes it"
    memory = parsed.get_backend_name() == "sqlite" and path is None
    if path is not None and not path.exists():
        if not create:
            raise StoreError(missing)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)  # it holds addresses with their log-ins and tokens
        except OSError as error:
            raise StoreError(f"the directory {path.parent} cannot be made: {error.strerror}") from error
    database = Database(parsed)
    try:
        _bring_up(database, create=create or memory, migrate=migrate, missing=missing, progress=progress)
    except BaseException:
        database.close()
        raise
    return database


def _bring_up(database: Database, *, create: bool, migrate: bool, missing: str, progress: Progress | None) -> None:
    current = revision(database)
    if current == HEAD:
        return
    where = shown(database.url)
    if current is None:
        if not create:
            raise StoreError(missing)
        upgrade(database)
        return
    if current not in KNOWN:
        raise StoreError(
            f"the database {where} was written by a newer Watcher (schema {current}, this one knows {HEAD}): "
            "install that version again, or restore the backup that it made"
        )
    if not migrate:
        raise StoreError(
            f"the database {where} has the older schema {current}: `watcher db upgrade` or `watcher run` updates it"
        )
    say = progress or (lambda _: None)
    path = path_of(database.url)
    if path is not None:
        copy = path.with_name(f"{path.name}.backup-{current}-{_stamp()}")
        say(f"backing the database up to {copy}")
        backup(database, copy)
    elif database.dialect == "postgresql":
        say("no backup is made of PostgreSQL: a dump (pg_dump) is yours to keep")
    say(f"updating the database from schema {current} to {HEAD}")
    upgrade(database)


def _stamp() -> str:
    """For a file's name only; nothing is decided by it."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")


def revision(database: Database) -> str | None:
    """The schema's revision; None when there are no tables of ours."""
    with database.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if found is None else str(found)


def upgrade(database: Database) -> None:
    """Bring the schema to the newest revision, in one transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with database.alter() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def backup(database: Database, path: Path) -> None:
    """Copy the whole database to a new file; an unfinished copy is removed."""
    if database.dialect != "sqlite":
        raise StoreError("PostgreSQL is backed up with its own tools: pg_dump")
    if path.exists():
        raise StoreError(f"{path} is already there")
    unfinished = path.with_name(path.name + ".part")
    unfinished.unlink(missing_ok=True)
    try:
        database.copy_to(unfinished)
        unfinished.rename(path)
    except OSError as error:
        raise StoreError(f"the backup {path} cannot be written: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)
