"""What is announced of pages that differ on every visit, and what is not: precision and recall over rounds of polls.

Articles and feeds of bench/noisy.py, each on its own 127.x.y.z, through the real pipeline with a clock of its own;
noise on every visit, 5 % real changes a round. Nothing is set but the pace. An announcement is right when it shows
words of a change that was made to its source within the last two rounds. Aim: precision and recall 1.0.

    python bench/noise.py [--articles 300] [--feeds 300] [--rounds 10] [-v]
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import noisy
from watcher import config as configuration
from watcher import logs
from watcher.core import observe
from watcher.fetch import Client
from watcher.model import Change, Outcome
from watcher.pipeline import Parts, Pipeline
from watcher.store import Store, Writer

START = datetime(2031, 3, 4, 12, tzinfo=UTC)
PACE = timedelta(minutes=10)
STEP = timedelta(seconds=20)
ONE_IN = 20


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
    looks: int = 0
    readings: int = 0
    late_looks: int = 0  # after the first round: those that brought noise only
    late_readings: int = 0

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

    def __init__(self, articles: int, feeds: int, folder: Path) -> None:
        self.site = noisy.Site(articles, feeds)
        self.folder, self.now, self.score = folder, START, Score()
        self.hosts = {f"s{i}": host for i, host in enumerate([*self.site.stories, *self.site.feeds])}
        self.round = 0
        self.sources: dict[str, str] = {}  # by fetch

    def layout(self, source: str) -> str:
        host = self.hosts[source]
        return self.site.stories[host].layout if host in self.site.stories else "feed"

    def config(self, port: int) -> Path:
        lines = ['[watcher]\ndatabase = "sqlite:///bench.db"\n[fetch]\ndelay = "0s"\nallow_private = ["127.0.0.0/8"]\n']
        for name, host in self.hosts.items():
            path = "a" if host in self.site.stories else "f"
            lines.append(f'[[sources]]\nname = "{name}"\nurl = "http://{host}:{port}/{path}"\nevery = "10m"\n')
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
            for self.round in range(rounds + 1):
                if self.round:
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
            if (i + 7 * self.round) % ONE_IN == 0:
                kinds = noisy.KINDS if host in self.site.stories else noisy.FEED_KINDS
                kind = kinds[(i // 3 + self.round) % len(kinds)]
                words = self.site.change(host, kind)
                self.score.real.append(Real(source, self.layout(source), kind, words, self.round))

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
        if layout != "feed":
            self.score.looks += 1
            self.score.late_looks += self.round > 1 and not made
        for part in outcome.sources:
            if part.error:
                raise AssertionError(f"{part.source}: {part.error}")
            for change in part.observation.changes if part.observation else ():
                if change.announced:
                    self._announced(layout, made, change)
                else:
                    self.score.held[f"{layout}: {change.event} {change.reason}"] += 1

    def _announced(self, layout: str, made: Sequence[Real], change: Change) -> None:
        shown = "\n".join([change.diff, change.text, *(text for op, text in change.words if op != "=")])
        for real in made:
            if real.words in shown:
                real.told = True
                self.score.right[layout] += 1
                return
        self.score.wrong.append((layout, self.round, change))


def count_readings(score: Score, run: Run) -> None:
    """Count the pages that are read whole: the others stopped at a gate."""
    whole = observe.read

    def read(*args: object, **more: object) -> object:
        kind = args[1]
        if kind == "article":
            score.readings += 1
            source = args[0].name  # type: ignore[attr-defined]
            made = any(r.source == source and r.round >= run.round - 1 for r in score.real)
            score.late_readings += run.round > 1 and not made
        return whole(*args, **more)  # type: ignore[arg-type]

    observe.read = read  # type: ignore[assignment]


def report(score: Score, verbose: bool) -> None:
    print(f"{'layout':<10} {'made':>5} {'told':>5} {'false':>5}  precision recall")
    for layout in (*noisy.LAYOUTS, "feed"):
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
    stopped = 1 - score.late_readings / max(1, score.late_looks)
    print(
        f"looks {score.looks}, read whole {score.readings}; "
        f"of {score.late_looks} noise-only looks {stopped:.1%} stopped at a gate"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--articles", type=int, default=300)
    parser.add_argument("--feeds", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("-v", "--verbose", action="store_true")
    told = parser.parse_args()
    logs.configure("text", quiet=True)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        run = Run(told.articles, told.feeds, Path(name))
        count_readings(run.score, run)
        score = asyncio.run(run.go(told.rounds))
    report(score, told.verbose)
    print(f"{time.monotonic() - start:.0f} s")
    sys.exit(bool(score.missed or score.wrong))


if __name__ == "__main__":
    main()
