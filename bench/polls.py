"""What a poll costs: CPU time of whole polls (due query to commit) as a ratio to a bare loop of the same client that only fetches.

2,000 sources on one local server, each on its own 127.x.y.z, so that the politeness defaults stay. Rounds of 304,
identical bytes, noise only, and 5 % really changed. Aim: 304 and identical bytes at most 1.5. Also: memory for each idle
source, and (with --start N) the time from start to first poll with N sources.

    python bench/polls.py [--sources 2000] [--rounds 3] [--start 10000]
"""

import argparse
import asyncio
import contextlib
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx

from watcher import config as configuration
from watcher import logs
from watcher.dispatch import Dispatcher
from watcher.world import World, clock, open_world

HERE = Path(__file__).parent


@contextlib.contextmanager
def site() -> Iterator[int]:
    """Run the server; give its port."""
    process = subprocess.Popen([sys.executable, str(HERE / "site.py"), "0"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def address(i: int) -> str:
    return f"127.{1 + i // 62500}.{i // 250 % 250}.{1 + i % 250}"


def write_config(folder: Path, port: int, count: int, every: str = "1d") -> Path:
    lines = ['[watcher]\ndatabase = "sqlite:///bench.db"\n[fetch]\nrobots = false\nallow_private = ["127.0.0.0/8"]\n']
    for i in range(count):
        kind = "feed" if i % 2 else "article"
        lines.append(f'[[sources]]\nname = "s{i}"\nurl = "http://{address(i)}:{port}/{kind}"\nkind = "{kind}"\nevery = "{every}"\n')
    path = folder / "config.toml"
    path.write_text("\n".join(lines), "utf-8")
    return path


def switch(port: int, mode: str, number: int) -> None:
    httpx.get(f"http://127.0.0.1:{port}/mode/{mode}/{number}", trust_env=False)


async def bare(world: World, urls: list[str], conditional: bool) -> float:
    """Fetch everything with the same client and nothing around it; CPU seconds."""
    headers = {"If-None-Match": '"1"'} if conditional else {}
    places = asyncio.Semaphore(64)

    async def one(url: str) -> None:
        async with places:
            answer = await world.client.http.get(url, headers=headers)
            await answer.aread()

    gc.collect()
    start = time.process_time()
    await asyncio.gather(*(one(url) for url in urls))
    return time.process_time() - start


async def whole(world: World, fetches: list[str]) -> float:
    """Make everything due and poll it as the daemon does; CPU seconds."""
    now = clock()
    await world.writer.run(lambda store: store.reschedule([(fetch, now) for fetch in fetches]))
    dispatcher = Dispatcher(world.pipeline, world.store, clock, most=256)
    gc.collect()
    start, deadline = time.process_time(), time.monotonic() + 600
    await dispatcher.tick()
    while dispatcher.running or dispatcher.backlogged:
        await asyncio.sleep(0.02)
        await dispatcher.tick()
        assert time.monotonic() < deadline
    return time.process_time() - start


@contextlib.asynccontextmanager
async def opened(path: Path) -> AsyncIterator[World]:
    world = await open_world(configuration.load(path))
    try:
        yield world
    finally:
        await world.close()


async def measure(folder: Path, port: int, count: int, rounds: int) -> dict[str, float]:
    path = write_config(folder, port, count)
    found: dict[str, float] = {}
    async with opened(path) as world:
        urls = [source.url for source in world.config.sources]
        fetches = [plan.fetch for plan in configuration.plans(world.config)]
        switch(port, "304", 0)
        baseline = await whole(world, fetches)
        print(f"baseline: {1000 * baseline / count:.2f} ms a poll", flush=True)
        await bare(world, urls, False)
        for mode in ("304", "same", "noise", "changed"):
            ratios, costs = [], []
            for number in range(rounds):
                switch(port, mode, number + 1)
                if number == 0 and mode in ("same", "noise"):
                    await whole(world, fetches)  # the first look at bytes of this mode
                base = await bare(world, urls, mode == "304")
                cost = await whole(world, fetches)
                ratios.append(cost / base)
                costs.append((1000 * base / count, 1000 * cost / count))
            found[mode] = statistics.median(ratios)
            print(f"{mode:<8} bare {costs[-1][0]:.3f} ms, whole {costs[-1][1]:.3f} ms CPU a poll: ratio {found[mode]:.2f}", flush=True)
        totals = world.store.totals(clock())
        print(f"polls {dict(totals.results_day)}, changes {totals.changes_day}")
    return found


def resident(process: "subprocess.Popen[bytes]") -> int:
    text = Path(f"/proc/{process.pid}/status").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024


def idle(folder: Path, port: int, count: int) -> tuple[float, int, float]:
    """Start the daemon with `count` sources; give seconds to the first poll, resident bytes when idle, seconds of `status`."""
    folder.mkdir(parents=True)
    path = write_config(folder, port, count)
    environ = {**os.environ, "WATCHER_CONFIG": str(path), "RUNTIME_DIRECTORY": str(folder)}
    start = time.monotonic()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "watcher", "run"], stdout=log, stderr=log, env=environ)
    try:
        first, polled = 0.0, 0
        while polled < count and time.monotonic() - start < 600:
            time.sleep(0.05 if not first else 1)
            log_text = (folder / "log").read_text("utf-8", "replace")
            polled = log_text.count("poll.baseline") + log_text.count("poll.failed")
            if polled and not first:
                first = time.monotonic() - start
        time.sleep(5)
        before = time.monotonic()
        ended = subprocess.run([sys.executable, "-m", "watcher", "status", "--json"], env=environ, capture_output=True, check=True)
        status = time.monotonic() - before
        assert json.loads(ended.stdout)["sources"] == count
        return first, resident(process), status
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    logs.configure("text", quiet=True)
    parser = argparse.ArgumentParser()
    parser.add_argument("--sources", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--start", type=int, default=0)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, site() as port:
        folder = Path(name)
        if told.sources:
            asyncio.run(measure(folder, port, told.sources, told.rounds))
        if told.start:
            _, small, _ = idle(folder / "small", port, 100)
            first, large, status = idle(folder / "large", port, told.start)
            print(f"{told.start} sources: first poll after {first:.1f} s, `status` {status:.2f} s")
            print(f"memory: {large / 1e6:.0f} MB resident, {(large - small) / (told.start - 100):.0f} bytes for each idle source")


if __name__ == "__main__":
    main()
