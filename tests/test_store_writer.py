"""The writer: group commit, and nothing lost by failures, full disks or kill -9."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from helpers_need import need
from helpers_store import NOW, SECOND, address, outcome, plan, postgres_schema, quiet, store
from pg import postgres_server
from watcher.errors import StoreError, StoreFull
from watcher.model import Outcome
from watcher.store import Store, Writer

__all__ = ["address", "postgres_schema", "postgres_server", "store"]  # fixtures


def _counting(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the transactions that are tried from now on."""
    sizes: list[int] = []
    real = store.commit

    def commit(outcomes: Sequence[Outcome], now: datetime) -> None:
        sizes.append(len(outcomes))
        real(outcomes, now)

    monkeypatch.setattr(store, "commit", commit)
    return sizes


def test_outcomes_that_come_together_share_a_transaction(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many outcomes at once cost few transactions, and each caller returns when its own is kept."""
    store.sync([plan(f"s{n}") for n in range(50)], NOW)
    sizes = _counting(store, monkeypatch)

    async def scenario() -> None:
        writer = Writer(store, lambda: NOW, most=20)
        await asyncio.gather(*(writer.commit(quiet(store, f"s{n}")) for n in range(50)))
        assert len(store.polls()) == 50
        await writer.close()

    asyncio.run(scenario())
    assert sizes == [20, 20, 10]


def test_a_single_outcome_does_not_wait_for_company(store: Store) -> None:
    """When nothing else comes, a commit does not wait out the window."""

    async def scenario() -> float:
        writer = Writer(store, lambda: NOW, window=30.0)
        start = time.monotonic()
        await writer.commit(quiet(store))
        took = time.monotonic() - start
        await writer.close()
        return took

    assert asyncio.run(scenario()) < 5


def test_a_bad_outcome_fails_alone(store: Store) -> None:
    """An outcome that cannot be kept does not take its neighbours along."""
    store.sync([plan(f"s{n}") for n in range(5)], NOW)

    async def scenario() -> list[object]:
        writer = Writer(store, lambda: NOW)
        given = [quiet(store, f"s{n}") for n in range(5)]
        given[2] = replace(given[2], fetch=replace(given[2].fetch, id="fet_none"))
        done = await asyncio.gather(*(writer.commit(each) for each in given), return_exceptions=True)
        await writer.close()
        return list(done)

    results = asyncio.run(scenario())
    assert [type(each) for each in results] == [type(None), type(None), StoreError, type(None), type(None)]
    assert len(store.polls()) == 4


def test_other_writes_take_their_turn(store: Store) -> None:
    """`run` does any write in the writer's thread, after what was handed in before, and gives its result or error."""

    async def scenario() -> None:
        writer = Writer(store, lambda: NOW)
        first = asyncio.ensure_future(writer.commit(outcome(store)))
        await asyncio.sleep(0)
        assert await writer.run(lambda s: len(s.changes())) == 1
        await first
        with pytest.raises(StoreError, match="no source"):
            await writer.run(lambda s: s.mute("none", NOW + SECOND, NOW))
        await writer.close()
        with pytest.raises(StoreError, match="closed"):
            await writer.commit(quiet(store))
        await writer.close()

    asyncio.run(scenario())


def test_closing_keeps_what_was_handed_in(store: Store) -> None:
    """What was handed in before the end is committed, also when its caller is gone."""
    store.sync([plan(f"s{n}") for n in range(5)], NOW)

    async def scenario() -> None:
        writer = Writer(store, lambda: NOW, window=10.0)
        tasks = [asyncio.create_task(writer.commit(quiet(store, f"s{n}"))) for n in range(5)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        await writer.close()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(scenario())
    assert len(store.polls()) == 5


def test_the_writer_shows_that_it_lives(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The beat moves while the thread answers, idle too, and stands still while it does not."""
    monkeypatch.setattr("watcher.store.writer.IDLE", 0.02)

    async def scenario() -> None:
        writer = Writer(store, lambda: NOW)
        await writer.start()
        first = writer.last_beat()
        await asyncio.sleep(0.1)
        assert writer.last_beat() > first
        stuck = asyncio.create_task(writer.run(lambda _: time.sleep(0.2)))
        await asyncio.sleep(0.05)
        still = writer.last_beat()
        await asyncio.sleep(0.1)
        assert writer.last_beat() == still
        await stuck
        assert writer.last_beat() > still
        await writer.close()

    asyncio.run(scenario())


# --- disasters -------------------------------------------------------------------------------------------------------


def test_a_full_database_is_said_and_loses_nothing(tmp_path: Path) -> None:
    """When the store cannot grow, commits fail with StoreFull and keep nothing; with room again they succeed."""
    url = f"sqlite:///{tmp_path}/watcher.db"
    store = Store.open(url, create=True)
    store.sync([plan()], NOW)
    store.commit([outcome(store)], NOW)
    engine = store._database.engine

    def limit(pages: int) -> None:
        """For every connection of the pool: they are taken all at once."""
        taken = [engine.connect() for _ in range(1 + engine.pool.checkedin())]  # type: ignore[attr-defined]  # QueuePool has it
        for connection in taken:
            raw = connection.connection.dbapi_connection
            assert raw is not None
            raw.execute(f"PRAGMA max_page_count={pages}")
            connection.close()

    used = store.totals(NOW).bytes // 4096
    limit(used)
    large = outcome(store, number=2, at=NOW + SECOND, body=os.urandom(500_000))

    async def scenario() -> None:
        writer = Writer(store, lambda: NOW)
        with pytest.raises(StoreFull, match="no room"):
            await writer.commit(large)
        assert len(store.polls()) == len(store.changes()) == 1
        assert list(store.verify()) == []
        limit(1_000_000)
        await writer.commit(large)
        await writer.close()

    asyncio.run(scenario())
    assert len(store.polls()) == len(store.changes()) == 2
    assert list(store.verify()) == []
    store.close()


FULL_DISK = """
import os, subprocess, sys
from datetime import timedelta
from pathlib import Path
sys.path[:0] = sys.argv[2].split(os.pathsep)
folder = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=True)
from helpers_store import NOW, outcome, plan
from watcher.errors import StoreFull
from watcher.store import Store
store = Store.open(f"sqlite:///{folder}/watcher.db", create=True)
store.sync([plan()], NOW)
kept, full = 0, 0
for number in range(1, 40):
    given = outcome(store, number=number, at=NOW + timedelta(seconds=number), body=os.urandom(300_000))
    try:
        store.commit([given], NOW)
        kept += 1
    except StoreFull:
        full += 1
assert kept >= 2 and full >= 10, (kept, full)
assert len(store.polls()) == kept == len(store.snapshots("fet_xiaomi")), "an outcome was half kept"
subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True)
store.commit([given], NOW)
assert len(store.polls()) == kept + 1
assert list(store.verify()) == []
store.close()
print("fine")
"""


def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path, root: Path) -> None:
    """On a disk that is full, commits fail with StoreFull; what was kept stays whole; with room it goes on."""
    alone = ["unshare", "-m", "--propagation", "private"]
    able = (
        shutil.which("unshare") and subprocess.run([*alone, "true"], capture_output=True, check=False).returncode == 0
    )
    need(able, "the right to mount (unshare -m)")
    folder = tmp_path / "disk"
    folder.mkdir()
    places = os.pathsep.join([str(root / "tests"), str(root / "src")])
    done = subprocess.run(
        [*alone, sys.executable, "-c", FULL_DISK, str(folder), places], capture_output=True, text=True, check=False
    )
    assert done.stdout == "fine\n", done.stderr


KILLED = """
import os, sys
from datetime import timedelta
sys.path[:0] = sys.argv[2].split(os.pathsep)
from helpers_store import NOW, outcome
from watcher.store import Store
store = Store.open(sys.argv[1])
number = int(sys.argv[3])
while True:
    number += 1
    store.commit([outcome(store, number=number, at=NOW + timedelta(seconds=number), body=b"%d" % number * 20000)], NOW)
    print(number, flush=True)
"""


def test_kill_9_loses_no_commit_and_leaves_no_half(store: Store, address: str, root: Path) -> None:
    """What was committed before a kill -9 is there after it, whole; the next start goes on from there."""
    places = os.pathsep.join([str(root / "tests"), str(root / "src")])
    said = 0
    for turn in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, address, places, str(said)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            for _ in range(5 + turn):
                said = int(writer.stdout.readline())
            time.sleep(0.003 * turn)
            writer.kill()
            rest = writer.stdout.read().split("\n")[:-1]
            said = max([said, *map(int, rest)])
        _settled(address)
        numbers = [each.change.revision.number for each in store.changes()]
        assert numbers in (list(range(1, said + 1)), list(range(1, said + 2)))  # one may be kept and not yet said
        said = len(numbers)
        assert len(store.polls()) == len(store.snapshots("fet_xiaomi")) == len(store.deliveries()) == said
        assert list(store.verify()) == []


def _settled(address: str) -> None:
    """Until the server has noticed that the process is gone."""
    if not address.startswith("postgresql"):
        return
    engine = create_engine(address)
    query = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'")
    for _ in range(100):
        with engine.connect() as connection:
            if connection.execute(query).scalar_one() == 1:  # ourselves
                break
        time.sleep(0.02)
    engine.dispose()


TURNS = """
import os, sys
from datetime import timedelta
sys.path[:0] = sys.argv[2].split(os.pathsep)
from helpers_store import NOW, outcome
from watcher.store import Store
store = Store.open(sys.argv[1])
for number in range(1, 31):
    store.commit([outcome(store, sys.argv[3], number, at=NOW + timedelta(seconds=number))], NOW)
"""


def test_two_processes_may_write(store: Store, address: str, root: Path) -> None:
    """A command that writes beside the daemon waits its turn; neither sees an error, nothing is lost."""
    store.sync([plan("a"), plan("b")], NOW)
    places = os.pathsep.join([str(root / "tests"), str(root / "src")])
    both = [subprocess.Popen([sys.executable, "-c", TURNS, address, places, name], stderr=subprocess.PIPE, text=True)
            for name in ("a", "b")]  # fmt: skip
    for each in both:
        _, wrong = each.communicate(timeout=60)
        assert each.returncode == 0, wrong
    assert len(store.changes(source="a")) == len(store.changes(source="b")) == 30
    assert list(store.verify()) == []
