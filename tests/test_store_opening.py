"""Opening a store: missing, old, newer, locked; migrations that say what the tables say."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from helpers_store import NOW, address, outcome, plan, postgres_schema, store
from pg import Server, postgres_server
from watcher.errors import StoreError
from watcher.store import Store, acquire, opening, tables
from watcher.store.engine import Database, parse

__all__ = ["address", "postgres_schema", "postgres_server", "store"]  # fixtures


def test_the_migrations_make_the_tables(address: str) -> None:
    """A new database has exactly the tables, columns and indexes that the program names."""
    engine = create_engine(address)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"target_metadata": tables.metadata, "compare_type": True}
        )
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()


def test_the_program_knows_its_own_migrations() -> None:
    """The newest migration, and each that can be upgraded from, are the ones in the package."""
    config = Config()
    config.set_main_option("script_location", str(Path(opening.__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [tables.HEAD]
    assert {script.revision for script in scripts.walk_revisions()} == set(tables.KNOWN)


def test_reading_never_makes_a_database(tmp_path: Path) -> None:
    """Without `create`, a database that is not there is refused in words, and nothing is made."""
    with pytest.raises(StoreError, match=r"there is no database at .*watcher\.db yet: `watcher run` makes it"):
        Store.open(f"sqlite:///{tmp_path}/deep/watcher.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.postgres
def test_reading_never_makes_tables_in_postgresql(postgres_server: Server) -> None:
    """An empty PostgreSQL database is as good as none; one that is not there is refused, passwords masked."""
    url = postgres_server.fresh()
    with pytest.raises(StoreError, match="there is no database at"):
        Store.open(url)
    Store.open(url, create=True).close()
    Store.open(url).close()
    with pytest.raises(StoreError, match='database "none" does not exist') as caught:
        Store.open(postgres_server.url("none").replace("watcher@", "watcher:secret@"))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://host/db", "not supported"),
        ("no address", "not of the form"),
        ("sqlite:////proc/none/watcher.db", "cannot be made"),
        ("sqlite:////etc/hostname", "not a sound SQLite database"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_in_words(url: str, words: str) -> None:
    """Every way in which a database cannot be opened is a StoreError that says which."""
    with pytest.raises(StoreError, match=words):
        Store.open(url, create=True)


def test_a_store_in_memory_is_whole() -> None:
    """A store in memory serves a replay, from several threads in turn."""
    from concurrent.futures import ThreadPoolExecutor

    memory = Store.open("sqlite://")
    memory.sync([plan()], NOW)
    with ThreadPoolExecutor(2) as threads:
        threads.submit(lambda: memory.commit([outcome(memory)], NOW)).result()
        assert len(threads.submit(memory.changes).result()) == 1
    assert list(memory.verify()) == []
    memory.close()


def _revise(address: str, revision: str) -> None:
    engine = create_engine(address)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))
    engine.dispose()


def test_a_newer_schema_is_refused_in_words(address: str) -> None:
    """A database that a newer Watcher wrote is left alone."""
    _revise(address, "9999")
    with pytest.raises(StoreError, match=r"newer Watcher \(schema 9999, this one knows 0004\)"):
        Store.open(address, create=True, migrate=True)


def test_an_older_schema_is_backed_up_and_brought_up_to_date(
    store: Store, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade at start first makes a copy that opens by itself; commands that only read ask for it."""
    store.commit([outcome(store)], NOW)
    # There is one schema yet: an older one is played, up to and after the upgrade itself.
    monkeypatch.setattr(opening, "KNOWN", ("0000", "0004"))
    done: list[str] = []

    def upgrade(_: Database) -> None:
        _revise(address, "0004")
        done.append("upgraded")

    monkeypatch.setattr(opening, "upgrade", upgrade)
    _revise(address, "0000")
    with pytest.raises(StoreError, match="older schema 0000: `watcher db upgrade`"):
        Store.open(address)
    said: list[str] = []
    Store.open(address, migrate=True, progress=said.append).close()
    assert done == ["upgraded"]
    assert said[-1] == "updating the database from schema 0000 to 0004"
    copies = list(tmp_path.glob("*.backup-0000-*"))
    if store.dialect == "postgresql":
        assert "pg_dump" in said[0]
        assert copies == []
        return
    assert said[0] == f"backing the database up to {copies[0]}"
    _revise(f"sqlite:///{copies[0]}", "0004")
    copy = Store.open(f"sqlite:///{copies[0]}")
    assert copy.changes() == store.changes()
    copy.close()
    assert list(tmp_path.glob("*.part")) == []


def test_a_failed_migration_leaves_the_database_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A migration is one transaction: when it fails, nothing of it is there, and the next start tries it whole."""
    url = f"sqlite:///{tmp_path}/watcher.db"
    database = Database(parse(url))

    def half() -> None:
        with database.alter() as connection:
            connection.execute(text("CREATE TABLE half (a)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar_one() == 0
    database.close()
    Store.open(url, create=True).close()


def test_one_instance_per_database(address: str) -> None:
    """The second to ask is refused, with the number of the process that holds it; a released lock is free again."""
    lock = acquire(address)
    assert lock.held()
    with pytest.raises(StoreError, match=f"in use by process {os.getpid()}"):
        acquire(address)
    lock.release()
    lock.release()
    again = acquire(address)
    again.release()


def test_a_killed_process_leaves_no_lock(address: str) -> None:
    """The lock ends with the process that held it, however it ended."""
    code = (
        "import sys; from watcher.store import acquire; lock = acquire(sys.argv[1]); print('held', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match=f"process {holder.pid}"):
            acquire(address)
        holder.kill()
        holder.wait()
    for _ in range(100):
        try:
            acquire(address).release()
        except StoreError:
            time.sleep(0.05)  # PostgreSQL notices a moment later
        else:
            return
    pytest.fail("the lock outlived its process")


@pytest.mark.postgres
def test_a_lost_connection_is_a_lost_lock(postgres_server: Server) -> None:
    """When PostgreSQL ends the connection, the lock says that it no longer stands."""
    lock = acquire(postgres_server.fresh())
    postgres_server.sql(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'watcher {os.getpid()}'"
    )
    assert not lock.held()
    lock.release()


def test_a_store_in_memory_needs_no_lock() -> None:
    """Nobody else can see a store in memory."""
    first, second = acquire("sqlite://"), acquire("sqlite://")
    assert first.held()
    first.release()
    second.release()
