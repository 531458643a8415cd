"""What a poll costs: CPU time of whole polls (due query to commit) as a ratio to a bare loop that only fetches.

2,000 sources on one local server, each on its own 127.x.y.z, so that the politeness defaults stay. Rounds of 304,
identical bytes, noise only, and 5 % really changed; each mode is held to what it says. Aim: 304 and identical bytes at
most 1.5. With --start N: how long N sources take to start, what they cost in memory and idle, and how long `status`
takes.

    python bench/polls.py [--sources 2000] [--rounds 5] [--start 10000]
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
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from watcher import config as configuration
from watcher import logs
from watcher.dispatch import Dispatcher
from watcher.world import World, clock, open_world, settle_memory

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from _site import is_changed  # noqa: E402 - a neighbour, not a package

EXPECTED = {"304": "not-modified", "same": "unchanged", "noise": "unchanged", "changed": "unchanged"}
IDLE = 20.0  # seconds over which an idle daemon is watched
TRIMMED = 75.0  # seconds after which the daemon has closed its connections and given back what it freed


@contextlib.contextmanager
def site() -> Iterator[int]:
    """Run the server; give its port."""
    process = subprocess.Popen([sys.executable, str(HERE / "_site.py"), "0"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def address(i: int) -> str:
    return f"127.{1 + i // 62500}.{i // 250 % 250}.{1 + i % 250}"


def write_config(folder: Path, port: int, count: int) -> Path:
    lines = ['[watcher]\ndatabase = "sqlite:///bench.db"\n[fetch]\nrobots = false\nallow_private = ["127.0.0.0/8"]\n']
    for i in range(count):
        kind = "feed" if i % 2 else "article"
        url = f"http://{address(i)}:{port}/{kind}"
        lines.append(f'[[sources]]\nname = "s{i}"\nurl = "{url}"\nkind = "{kind}"\nevery = "1d"\n')
    path = folder / "config.toml"
    path.write_text("\n".join(lines), "utf-8")
    return path


def switch(port: int, mode: str, turn: int) -> None:
    httpx.get(f"http://127.0.0.1:{port}/mode/{mode}/{turn}", trust_env=False)


# --- the cost of a poll ----------------------------------------------------------------------------------------------


class Bench:
    """One world with its sources, polled round by round."""

    def __init__(self, world: World, port: int) -> None:
        self.world, self.port = world, port
        plans = configuration.plans(world.config)
        self.urls = {plan.fetch: plan.url for plan in plans}
        self.results: dict[str, str] = {}  # of the last round, by fetch

    async def bare(self, conditional: bool) -> float:
        """Fetch everything with the same client and nothing around it; CPU seconds."""
        headers = {"If-None-Match": '"1"'} if conditional else {}
        places = asyncio.Semaphore(64)
        statuses: Counter[int] = Counter()

        async def one(url: str) -> None:
            async with places:
                answer = await self.world.client.http.get(url, headers=headers)
                await answer.aread()
                statuses[answer.status_code] += 1

        gc.collect()
        start = time.process_time()
        await asyncio.gather(*(one(url) for url in self.urls.values()))
        spent = time.process_time() - start
        assert statuses == {304 if conditional else 200: len(self.urls)}, statuses
        return spent

    async def whole(self) -> float:
        """Make everything due and poll it as the daemon does; CPU seconds."""
        world, now = self.world, clock()
        await world.writer.run(lambda store: store.reschedule([(fetch, now) for fetch in self.urls]))
        dispatcher = Dispatcher(world.pipeline, world.store, clock, most=256)
        gc.collect()
        start, deadline = time.process_time(), time.monotonic() + 1200
        await dispatcher.tick()
        while dispatcher.running or dispatcher.backlogged:
            await asyncio.sleep(0.05)
            await dispatcher.tick()
            assert time.monotonic() < deadline, f"{len(dispatcher.running)} polls do not end"
        spent = time.process_time() - start
        polls = world.store.polls(since=now - timedelta(milliseconds=1), limit=2 * len(self.urls))
        self.results = {poll.fetch: poll.result for poll in polls if poll.at >= now}
        assert len(self.results) == len(self.urls), f"{len(self.results)} of {len(self.urls)} were polled"
        return spent

    def check(self, mode: str, turn: int) -> str:
        """Hold a round to its mode; give what was found in words."""
        wanted = {
            fetch: "changed" if mode == "changed" and is_changed(urlsplit(url).hostname or "", turn) else EXPECTED[mode]
            for fetch, url in self.urls.items()
        }
        wrong = {fetch: result for fetch, result in self.results.items() if wanted[fetch] != result}
        if wrong:
            shown = {self.urls[fetch]: (wanted[fetch], result) for fetch, result in list(wrong.items())[:5]}
            raise SystemExit(
                f"{mode}, round {turn}: {len(wrong)} polls of another result than expected, such as {shown}"
            )
        told = {fetch for fetch, result in self.results.items() if result == "changed"}
        real = {fetch for fetch, result in wanted.items() if result == "changed"}
        words = ", ".join(f"{count} {result}" for result, count in sorted(Counter(self.results.values()).items()))
        if mode != "changed":
            return words
        recall, precision = len(told & real) / len(real), len(told & real) / len(told)
        return f"{words}, recall {recall:.3f}, precision {precision:.3f}"

    async def mode(self, mode: str, rounds: int) -> float:
        """Measure one mode; the ratio is the median over the rounds, each against the bare loops around it."""
        switch(self.port, mode, 0)
        await self.bare(mode == "304")  # connections and caches are warm, and the bytes of this mode are known
        await self.whole()
        bares, wholes, found = [await self.bare(mode == "304")], [], ""
        for turn in range(1, rounds + 1):
            switch(self.port, mode, turn)
            wholes.append(await self.whole())
            found = self.check(mode, turn)
            bares.append(await self.bare(mode == "304"))
        ratio = statistics.median(2 * each / (a + b) for each, a, b in zip(wholes, bares, bares[1:], strict=False))
        ms = 1000 / len(self.urls)
        bare, whole = statistics.median(bares) * ms, statistics.median(wholes) * ms
        print(f"{mode:<8} bare {bare:.3f} ms, whole {whole:.3f} ms CPU a poll: ratio {ratio:.2f} ({found})", flush=True)
        return ratio


@contextlib.asynccontextmanager
async def opened(path: Path) -> AsyncIterator[World]:
    world = await open_world(configuration.load(path))
    settle_memory()
    try:
        yield world
    finally:
        await world.close()


async def measure(folder: Path, port: int, count: int, rounds: int, modes: Sequence[str]) -> None:
    path = write_config(folder, port, count)
    async with opened(path) as world:
        bench = Bench(world, port)
        switch(port, "304", 0)
        first = await bench.whole()
        assert set(bench.results.values()) == {"baseline"}, Counter(bench.results.values())
        print(
            f"baseline {1000 * first / count:.2f} ms CPU a poll ({count} sources, half articles, half feeds)",
            flush=True,
        )
        settle_memory()
        for mode in modes:
            await bench.mode(mode, rounds)
        stored = (folder / "bench.db").stat().st_size
        print(f"database {stored / count / 1000:.1f} KB a source")


# --- the start, idle --------------------------------------------------------------------------------------------------


def resident(pid: int) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024


def spent(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def status(environ: dict[str, str], count: int) -> float:
    before = time.monotonic()
    command = [sys.executable, "-m", "watcher", "status", "--json"]
    ended = subprocess.run(command, env=environ, capture_output=True, check=True)
    seconds = time.monotonic() - before
    told = json.loads(ended.stdout)
    assert (told["sources"], told["never_polled"], told["failing"]) == (count, 0, 0), told
    return seconds


@contextlib.contextmanager
def daemon(folder: Path, environ: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "watcher", "run"], stdout=log, stderr=log, env=environ)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def idle(folder: Path, port: int, count: int) -> dict[str, float]:
    """Run the daemon with `count` sources until all were polled, then again, when none is due; give what it took."""
    folder.mkdir(parents=True)
    path = write_config(folder, port, count)
    environ = {**os.environ, "WATCHER_CONFIG": str(path), "RUNTIME_DIRECTORY": str(folder)}
    found: dict[str, float] = {}
    start = time.monotonic()
    with daemon(folder, environ) as process:
        polled, read = 0, 0
        while polled < count:
            time.sleep(0.5 if polled else 0.02)
            with (folder / "log").open("rb") as lines:
                lines.seek(read)
                new = lines.read()
            well = process.poll() is None and b"poll.failed" not in new
            assert well, new[-2000:].decode("utf-8", "replace")
            read += len(new)
            polled += new.count(b"poll.baseline")
            if polled and "first" not in found:
                found["first"] = time.monotonic() - start
            assert time.monotonic() - start < 1200, f"only {polled} of {count} were polled"
        found["all"] = time.monotonic() - start
        time.sleep(TRIMMED)
        found["after"] = resident(process.pid)
    with daemon(folder, environ) as process:
        while b"started" not in (folder / "log").read_bytes():
            time.sleep(0.1)
        time.sleep(10)
        before, at = spent(process.pid), time.monotonic()
        time.sleep(IDLE)
        found["idle"] = (spent(process.pid) - before) / (time.monotonic() - at)
        found["status"] = statistics.median(status(environ, count) for _ in range(3))
        found["rss"] = resident(process.pid)
    return found


def start(folder: Path, port: int, count: int) -> None:
    switch(port, "short", 0)
    few = 500
    small, large = idle(folder / "small", port, few), idle(folder / "large", port, count)
    print(
        f"{count} sources: first poll after {large['first']:.1f} s, all polled after {large['all']:.0f} s, "
        f"`status` {large['status']:.2f} s, idle {100 * large['idle']:.2f} % of a core"
    )
    for name, words in (("rss", "when none is due"), ("after", "after the rush of the first polls")):
        each = (large[name] - small[name]) / (count - few)
        print(f"memory {words}: {large[name] / 1e6:.0f} MB resident, {each:.0f} bytes for each source beyond {few}")


def main() -> None:
    logs.configure("text", quiet=True)
    parser = argparse.ArgumentParser()
    parser.add_argument("--sources", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--modes", default="304,same,noise,changed")
    parser.add_argument("--start", type=int, default=0)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, site() as port:
        folder = Path(name)
        if told.sources:
            asyncio.run(measure(folder, port, told.sources, told.rounds, told.modes.split(",")))
        if told.start:
            start(folder, port, told.start)


if __name__ == "__main__":
    main()
