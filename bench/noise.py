"""What is announced of pages that differ on every visit, and what is not: precision and recall over rounds of polls.

Articles, feeds, filing lists and files of records of bench/noisy.py, each on its own 127.x.y.z, through the real
pipeline with a clock of its own; noise on every visit, 5 % real changes a round, a last round without any. Nothing is
set but the pace. An announcement is right when it shows words of a change that was made to its source within the last
two rounds. Aim: precision and recall 1.0.

    python bench/noise.py [--articles 300] [--feeds 300] [--lists 100] [--datasets 50] [--rounds 10]
        [--one-in 20] [-v]
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bs4 import BeautifulSoup

sys.path.insert(0, str(Path(__file__).parent))
import noisy
import noisy_lists
from watcher import config as configuration
from watcher import logs
from watcher.core import listing, observe, when
from watcher.fetch import Client
from watcher.model import Change, Outcome, Source
from watcher.pipeline import Parts, Pipeline
from watcher.store import Store, Writer

START = datetime(2031, 3, 4, 12, tzinfo=UTC)
PACE = timedelta(minutes=10)
STEP = timedelta(seconds=20)
ONE_IN = 20  # of the sources change in a round
GROUPS = {
    "article": noisy.LAYOUTS, "feed": ("feed",), "listing": noisy_lists.LIST_LAYOUTS, "dataset": noisy_lists.FORMATS,
}  # fmt: skip
LAYOUTS = tuple(layout for group in GROUPS.values() for layout in group)


@dataclass(slots=True)
class Real:
    """A change that was really made."""

    source: str
    layout: str
    kind: str
    words: str
    round: int
    told: bool = False


@dataclass(slots=True)
class Score:
    """What came of a run: changes that were made, announcements that were wrong, looks and how many stopped early."""

    real: list[Real] = field(default_factory=list)
    right: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, int, Change]] = field(default_factory=list)
    held: Counter[str] = field(default_factory=Counter)
    # by kind: looks at pages, how many were read whole, and of both those after the first round that brought noise only
    looks: Counter[str] = field(default_factory=Counter)
    readings: Counter[str] = field(default_factory=Counter)
    late_looks: Counter[str] = field(default_factory=Counter)
    late_readings: Counter[str] = field(default_factory=Counter)

    @property
    def missed(self) -> list[Real]:
        return [real for real in self.real if not real.told]

    def precision(self, layout: str) -> float:
        wrong = sum(1 for name, _, _ in self.wrong if name == layout)
        return self.right[layout] / max(1, self.right[layout] + wrong) if self.right[layout] or wrong else 1.0

    def recall(self, layout: str) -> float:
        made = [real for real in self.real if real.layout == layout]
        return sum(real.told for real in made) / len(made) if made else 1.0


class Run:
    """One site, one pipeline, one clock."""

    def __init__(self, site: noisy.Site, folder: Path, one_in: int = ONE_IN) -> None:
        self.site, self.one_in = site, one_in
        self.folder, self.now, self.score = folder, START, Score()
        self.dice = random.Random(11)
        self.hosts = {f"s{i}": host for i, host in enumerate(site.places)}
        self.round = 0
        self.sources: dict[str, str] = {}  # by fetch

    def layout(self, source: str) -> str:
        return self.site.places[self.hosts[source]].layout

    def config(self, port: int) -> Path:
        lines = ['[watcher]\ndatabase = "sqlite:///bench.db"\n[fetch]\ndelay = "0s"\nallow_private = ["127.0.0.0/8"]\n']
        for name, host in self.hosts.items():
            place = self.site.places[host]
            url = f"http://{host}:{port}/{place.path}"
            lines.append(f'[[sources]]\nname = "{name}"\nurl = "{url}"\nevery = "10m"\n{place.config}')
        path_ = self.folder / "config.toml"
        path_.write_text("\n".join(lines), "utf-8")
        return path_

    async def go(self, rounds: int) -> Score:
        server = await noisy.serve(self.site)
        config = configuration.load(self.config(server.sockets[0].getsockname()[1]))
        store = Store.open(config.database, create=True, migrate=True)
        writer = Writer(store, lambda: self.now)
        client = Client(
            config.fetch, config.hosts, version="bench", clock=lambda: self.now, resolve=configuration.resolve
        )
        workers = ThreadPoolExecutor(2)
        pipeline = Pipeline(Parts(store, writer, client, lambda: self.now, lambda: 0.5, workers, "bench"), config, "")
        try:
            plans = configuration.plans(config)
            self.sources = {plan.fetch: plan.source for plan in plans}
            await writer.run(lambda s: s.sync(plans, self.now))
            for self.round in range(rounds + 2):
                if 0 < self.round <= rounds:
                    self._change()
                await self._until(START + PACE * (self.round + 1), store, pipeline)
        finally:
            await client.close()
            await writer.close()
            workers.shutdown()
            store.close()
            server.close()
        return self.score

    def _change(self) -> None:
        for i, (source, host) in enumerate(self.hosts.items()):
            place = self.site.places[host]
            listed = place.layout in GROUPS["listing"] + GROUPS["dataset"]  # some of these change twice running
            if self.dice.random() * self.one_in < 1 if listed else (i + 7 * self.round) % self.one_in == 0:
                kind = place.kinds[(i // 3 + self.round) % len(place.kinds)]
                for words in self.site.change(host, kind):
                    self.score.real.append(Real(source, place.layout, kind, words, self.round))

    async def _until(self, end: datetime, store: Store, pipeline: Pipeline) -> None:
        places = asyncio.Semaphore(32)

        async def one(fetch: str) -> None:
            async with places:
                outcome = await pipeline.poll(fetch)
                if outcome is not None:
                    self._judge(outcome)

        while self.now < end:
            await asyncio.gather(*(one(due.fetch) for due in store.due(self.now)))
            self.now += STEP

    def _judge(self, outcome: Outcome) -> None:
        source = self.sources[outcome.poll.fetch]
        layout = self.layout(source)
        made = [r for r in self.score.real if r.source == source and r.round >= self.round - 1]
        kind = next(kind for kind in GROUPS if layout in GROUPS[kind])
        self.score.looks[kind] += 1
        self.score.late_looks[kind] += self.round > 1 and not made
        if outcome.poll.error or outcome.poll.result in ("failed", "refused"):
            raise AssertionError(f"{source} {layout}: {outcome.poll.error}")
        for part in outcome.sources:
            if part.error:
                raise AssertionError(f"{part.source} {layout}: {part.error}")
            if part.observation and layout not in GROUPS[part.observation.state.kind or ""]:
                raise AssertionError(f"{part.source}: {layout} was taken for {part.observation.state.kind}")
            for change in part.observation.changes if part.observation else ():
                if change.announced:
                    self._announced(layout, made, change)
                else:
                    self.score.held[f"{layout}: {change.event} {change.reason}"] += 1

    def _announced(self, layout: str, made: Sequence[Real], change: Change) -> None:
        shown = "\n".join([change.diff, change.text, *(text for op, text in change.words if op != "=")])
        fitting = [real for real in made if real.words in shown]
        for real in fitting:
            real.told = True
        if fitting:
            self.score.right[layout] += 1
            return
        self.score.wrong.append((layout, self.round, change))


def count_readings(score: Score, run: Run) -> None:
    """Count the pages that are read whole: the others stopped at a gate."""
    whole = observe.read

    def read(*args: object, **more: object) -> object:
        kind = args[1]
        score.readings[str(kind)] += 1
        source = args[0].name  # type: ignore[attr-defined]
        made = any(r.source == source and r.round >= run.round - 1 for r in score.real)
        score.late_readings[str(kind)] += run.round > 1 and not made
        return whole(*args, **more)  # type: ignore[arg-type]

    observe.read = read  # type: ignore[assignment]


def report(run: Run, verbose: bool) -> None:
    score = run.score
    used = {place.layout for place in run.site.places.values()}
    print(f"{'layout':<10} {'made':>5} {'told':>5} {'false':>5}  precision recall")
    for layout in LAYOUTS:
        if layout not in used:
            continue
        made = [real for real in score.real if real.layout == layout]
        wrong = sum(1 for name, _, _ in score.wrong if name == layout)
        print(
            f"{layout:<10} {len(made):>5} {sum(r.told for r in made):>5} {wrong:>5}  "
            f"{score.precision(layout):>9.3f} {score.recall(layout):>6.3f}"
        )
    kinds = Counter(real.kind for real in score.real)
    missed = Counter(real.kind for real in score.missed)
    print("by kind:", ", ".join(f"{kind} {kinds[kind] - missed[kind]}/{kinds[kind]}" for kind in kinds))
    for real in score.missed:
        print(f"MISSED {real.source} {real.layout} {real.kind} round {real.round}: {real.words}")
    for layout, number, change in score.wrong[: None if verbose else 40]:
        print(f"FALSE  {change.source} {layout} round {number} {change.event}: {change.diff[:300]!r}")
    if verbose:
        print(*(f"held {n} x {what}" for what, n in sorted(score.held.items())), sep="\n")
    for kind in ("article", "listing"):
        if late := score.late_looks[kind]:
            stopped = 1 - score.late_readings[kind] / late
            print(
                f"{kind}: looks {score.looks[kind]}, read whole {score.readings[kind]}; "
                f"of {late} noise-only looks {stopped:.1%} stopped at a gate"
            )


def costs() -> None:
    """What a list of 200 rows costs where only noise differs, as a ratio to BeautifulSoup's parse of it. Aim: 0.25."""
    dice = random.Random(5)
    for number, layout in enumerate(noisy_lists.LIST_LAYOUTS):
        place = noisy_lists.listing(number)
        source = Source(layout, "http://list.example/l", kind="listing")
        body, again = place.answer(dice)[1], place.answer(dice)[1]
        look = when.Look(None, "UTC", START)
        known = listing.read(body, "text/html", source.url, source, look)
        assert listing.watched(again, "text/html", known.place) == known.watched
        gate = fastest(partial(listing.watched, again, "text/html", known.place))
        print(f"{layout:<10} noise only: {gate / fastest(partial(BeautifulSoup, again, 'lxml')):.2f} of BeautifulSoup")


def fastest(work: Callable[[], object]) -> float:
    """Processor seconds, the least of some tries."""
    found = []
    for _ in range(15):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--articles", type=int, default=300)
    parser.add_argument("--feeds", type=int, default=300)
    parser.add_argument("--lists", type=int, default=100)
    parser.add_argument("--datasets", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--one-in", type=int, default=ONE_IN, help="how many sources, of which one changes a round")
    parser.add_argument("-v", "--verbose", action="store_true")
    told = parser.parse_args()
    logs.configure("text", quiet=True)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        run = Run(noisy.Site(told.articles, told.feeds, told.lists, told.datasets), Path(name), told.one_in)
        count_readings(run.score, run)
        score = asyncio.run(run.go(told.rounds))
    report(run, told.verbose)
    if told.lists:
        costs()
    print(f"{time.monotonic() - start:.0f} s")
    sys.exit(bool(score.missed or score.wrong))


if __name__ == "__main__":
    main()
