"""Source pairs in the real daemon, killed at any moment; and what the commands show of them."""

import random
import threading
import time
from pathlib import Path

import pytest

from daemon import Daemon, changes_of, configure, settle, source
from helpers_pairs import window
from inbox import Hook, Inbox, wait_for
from pg import Server as Postgres
from pg import postgres_server
from servers import Request, Response, Server

__all__ = ["postgres_server"]  # a fixture

LAST = 60


class Growing:
    """A fast feed of ten entries and a complete one of all, which both grow: now one, now the other is ahead."""

    def __init__(self) -> None:
        self.last = 5
        self.server = Server(self._handle)

    async def _handle(self, request: Request) -> Response:
        first = max(1, self.last - 9) if request.path == "/fast.xml" else 1
        return Response(window(first, self.last), headers=(("Content-Type", "application/rss+xml"),))


@pytest.mark.long
@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_killed_in_the_middle_each_record_is_told_once(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    """A daemon with a pair that is killed (-9) again and again while records pour in tells each of them exactly once,
    whichever of the two brought it, and says who confirmed it."""
    database = "sqlite:///watcher.db"
    if engine == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres_server")
        database = postgres.fresh()
    dice = random.Random(7)
    site = Growing()
    with Inbox() as inbox, Hook() as hook, site.server:
        url = site.server.url
        told = source("fast", url("/fast.xml"), kind="feed")
        told += source("full", url("/full.xml"), kind="feed", confirms="fast")
        daemon = Daemon(configure(tmp_path, inbox, hook, told, notify=["hook"], database=database))
        assert daemon.run("check").returncode == 0
        done = threading.Event()

        def pour() -> None:
            while site.last < LAST:
                site.last += 1
                if done.wait(0.15):
                    return

        pouring = threading.Thread(target=pour)
        pouring.start()
        try:
            while pouring.is_alive():
                daemon.start()
                time.sleep(dice.uniform(0.9, 2.2))
                daemon.kill()
            with daemon:
                wait_for(lambda: len(titles(hook)) >= LAST - 5, 60, "all records")
                settle(2.5)
                assert daemon.stop() == 0
        finally:
            done.set()
            pouring.join()
            daemon.__exit__()
        assert sorted(titles(hook)) == sorted(f"Notice {number}" for number in range(6, LAST + 1))
        stored = daemon.json("changes", "--limit", "1000")
        announced = [change for change in stored if change["announced"]]
        assert len(announced) == LAST - 5
        assert all(len(change["confirmed_by"]) == 1 for change in announced if change["source"] == "fast")
        held = [change for change in stored if change["reason"] == "duplicate"]
        assert {change["confirms"]["source"] for change in held} <= {"fast", "full"}
        by_id = {change["id"]: change for change in announced}
        assert all(by_id[each["confirms"]["change"]]["entry"]["title"] == each["entry"]["title"] for each in held)
        assert "[confirmed by f" in daemon.run("changes", "--limit", "1000").stdout


def titles(hook: Hook) -> list[str]:
    """What the receiver was told of, by alert."""
    return [change["entry"]["title"] for data in changes_of(hook).values() for change in data["changes"]]
