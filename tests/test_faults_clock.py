"""Clocks that are wrong, failures that last: nothing sleeps until a time that never comes, each is told once."""

import asyncio
import contextlib
import shutil
import sqlite3
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from daemon import Daemon, Pages, changes_of, configure, settle, source
from helpers_faults import Fault, Field, article
from helpers_need import need
from inbox import Answer, Hook, Inbox, wait_for
from watcher.daemon import wake_jobs

YEAR = 366 * 86_400_000
WEEK = 7 * 86_400_000


def forge(folder: Path, *statements: str) -> None:
    """Change the database from outside, as a wrong clock did."""
    with contextlib.closing(sqlite3.connect(folder / "watcher.db")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def next_polls(field: Field) -> dict[str, float]:
    """In how many seconds each source is polled."""
    now = time.time() * 1000
    rows = field.daemon.ask("select s.name, f.next_poll_at from sources s join fetches f on f.id = s.fetch")
    return {name: (at - now) / 1000 for name, at in rows}


def test_what_a_fast_clock_planned_is_polled_at_once(tmp_path: Path) -> None:
    """After the clock was set back by a year, sources are polled at the start, and then at their own pace again."""
    with Field(tmp_path, [], every="1h") as field:
        field.poll()
        forge(
            tmp_path, f"update fetches set next_poll_at = next_poll_at + {YEAR}, last_poll_at = last_poll_at + {YEAR}"
        )
        field.stage = 1
        with field.daemon:
            wait_for(lambda: len(changes_of(field.hook)) == 2, 20, "the changes")
            assert all(3000 < seconds < 4000 for seconds in next_polls(field).values())
            asked = len(field.server.requests)
            settle(1.5)
            assert len(field.server.requests) == asked
            assert field.daemon.stop() == 0
        assert field.daemon.one("select count(*) from fetches where last_poll_at > (unixepoch() + 60) * 1000") == 0


def test_only_what_lies_too_far_ahead_is_pulled_back(tmp_path: Path) -> None:
    """A poll planned further ahead than its source ever waits comes now; Retry-After's week and a yearly line stay."""
    faults = [Fault("too far"), Fault("a week"), Fault("yearly", keys={"cron": "0 8 1 1 *"})]
    with Field(tmp_path, faults) as field:
        text = (tmp_path / "config.toml").read_text("utf-8")
        before, _, after = text.partition('name = "yearly"')
        after = after.replace('every = "1s"\n', "", 1)
        (tmp_path / "config.toml").write_text(f'{before}name = "yearly"{after}', "utf-8")
        field.poll()
        now = int(time.time() * 1000)
        by_name = "where id = (select fetch from sources where name = '{}')"
        forge(
            tmp_path,
            f"update fetches set next_poll_at = {now + 3 * WEEK} {by_name.format('too-far')}",
            f"update fetches set next_poll_at = {now + WEEK - 60_000} {by_name.format('a-week')}",
        )
        yearly = next_polls(field)["yearly"]
        field.poll("healthy-page")
        found = next_polls(field)
    assert found["too-far"] <= 0
    assert found["a-week"] > 6 * 86_400
    assert found["yearly"] == pytest.approx(yearly, abs=60)


def test_deliveries_that_a_fast_clock_wrote_go_out(tmp_path: Path) -> None:
    """An alert that was written in the future and waits for a later try is tried at the start."""
    with Field(tmp_path, []) as field:
        field.poll()
        field.hook.usual, field.stage = Answer(503), 1
        field.poll()
        later = ", ".join(f"{name} = {name} + {YEAR}" for name in ("created_at", "next_at", "first_at"))
        forge(tmp_path, f"update deliveries set {later}")
        field.hook.usual = Answer(204)
        field.poll()
        assert len(changes_of(field.hook)) == 2


def test_a_failure_that_a_fast_clock_dated_is_told(tmp_path: Path) -> None:
    """A failure whose beginning lies in the future is told after its time all the same."""
    with Hook() as hook, Inbox() as inbox, Pages(lambda stage: article("one", stage).encode()) as site:
        site.status = 500
        failing = source("one", site.url(), kind="article", alarm_after="1s")
        config = configure(tmp_path, inbox, hook, failing, notify=["hook"])
        daemon = Daemon(config)
        assert daemon.run("check").returncode == 1
        later = ", ".join(f"{name} = {name} + {YEAR}" for name in ("next_poll_at", "last_poll_at", "failing_since"))
        forge(tmp_path, f"update fetches set {later}")
        with daemon:
            wait_for(lambda: ["source.failing"] in healths(hook), 20, "the alarm")


def healths(hook: Hook) -> list[list[str]]:
    return [call.payload["data"]["events"] for call in hook.accepted if call.payload["type"] == "alert.health"]


def test_a_source_that_fails_on_is_told_once_and_so_is_its_recovery(tmp_path: Path) -> None:
    """A source that fails longer than `alarm_after` is told once, in words, then its recovery; others are not."""
    with Hook() as hook, Inbox() as inbox, Pages(lambda stage: article("one", stage).encode()) as site:
        sources = source("one", site.url(), kind="article", alarm_after="2s")
        sources += source("calm", site.url("/calm"), kind="article", alarm_after="1h")
        config = configure(tmp_path, inbox, hook, sources, notify=["hook"])
        with Daemon(config) as daemon:
            wait_for(lambda: healths(hook) == [["source.started"]], 20, "the start")
            site.status = 500
            wait_for(lambda: len(healths(hook)) == 2, 30, "the alarm")
            told = hook.accepted[-1].payload["data"]
            assert told["events"] == ["source.failing"]
            assert "failed inside (500)" in str(told)
            assert "calm" not in str(told)
            before = daemon.one("select max(failures) from fetches")
            wait_for(lambda: daemon.one("select max(failures) from fetches") > before, 20, "one more")
            site.status, site.stage = 200, 1
            daemon.run("check")
            wait_for(lambda: len(changes_of(hook)) == 2, 20, "the changes")
            assert healths(hook) == [["source.started"], ["source.failing"], ["source.recovered"]]


def test_jobs_are_woken_after_the_clock_was_set_back() -> None:
    """A job that would sleep until the old time runs at once, and at its interval from then on."""

    async def run() -> int:
        ran = 0

        async def job() -> None:
            nonlocal ran
            ran += 1

        scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"misfire_grace_time": None})
        scheduler.add_job(job, "interval", seconds=0.1, next_run_time=datetime.now(UTC) + timedelta(days=1))
        scheduler.start()
        await asyncio.sleep(0.05)
        assert ran == 0
        wake_jobs(scheduler, datetime.now(UTC))
        await asyncio.sleep(0.35)
        scheduler.shutdown(wait=False)
        return ran

    assert asyncio.run(run()) >= 2


SKEW = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
static long offset(void) {
    long value = 0;
    FILE *file = fopen(getenv("SKEW_FILE"), "r");
    if (file) { if (fscanf(file, "%ld", &value) != 1) value = 0; fclose(file); }
    return value;
}
int clock_gettime(clockid_t id, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(id, at);
    if (!done && id == CLOCK_REALTIME) at->tv_sec += offset();
    return done;
}
"""


@pytest.mark.long
def test_a_daemon_lives_through_a_clock_that_is_set_back(tmp_path: Path) -> None:
    """While it runs, the clock is set back by a day: within seconds it polls, tells and delivers again."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    need(compiler, "a C compiler makes a clock that can be set")
    (tmp_path / "skew.c").write_text(SKEW)
    built = [str(compiler), "-shared", "-fPIC", "-o", str(tmp_path / "skew.so"), str(tmp_path / "skew.c"), "-ldl"]
    subprocess.run(built, check=True)
    (tmp_path / "skew").write_text("86400")
    with Hook() as hook, Inbox() as inbox, Pages(lambda stage: article("one", stage).encode()) as site:
        config = configure(tmp_path, inbox, hook, source("one", site.url(), kind="article"), notify=["hook"])
        daemon = Daemon(config, LD_PRELOAD=str(tmp_path / "skew.so"), SKEW_FILE=str(tmp_path / "skew"))
        with daemon:
            wait_for(lambda: healths(hook) == [["source.started"]], 20, "the start")
            replacement(tmp_path, 0).replace(tmp_path / "skew")
            settle(0.5)
            site.stage = 1
            wait_for(lambda: len(changes_of(hook)) == 1, 30, "the change")
            assert "clock.set_back" in daemon.log()
            replacement(tmp_path, 86400).replace(tmp_path / "skew")
            site.stage = 2
            wait_for(lambda: len(changes_of(hook)) == 2, 30, "the change after the clock was set ahead")
            assert daemon.stop() == 0


def replacement(folder: Path, seconds: int) -> Path:
    path = folder / "skew.new"
    path.write_text(str(seconds))
    return path
