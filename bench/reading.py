"""What reading a page costs, as ratios to trafilatura's standard extraction of the same page in the same run.

A page of 120 KB, looked at as a poll does after the body has come: unchanged bytes, a page of which only noise is new
(stopped at the gate), and one that has really changed (gate, reading, comparison). Aims: 0.05, 0.2, 1.6.

    python bench/reading.py [--times 30]
"""

import argparse
import hashlib
import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import trafilatura

from watcher import pipeline
from watcher.model import Fetched, Observation, Source, SourceState
from watcher.replay import Memory

sys.path.insert(0, str(Path(__file__).parent))
import noisy
import noisy_words

T = TypeVar("T")
SIZE = 120_000
START = datetime(2031, 3, 4, 12, tzinfo=UTC)
SOURCE = Source("page", "https://news.example/a", kind="article")


class Site:
    """One page, padded with what pages are padded with: scripts, a menu, on wish a `river` of other stories."""

    def __init__(self, paragraphs: int, river: bool) -> None:
        self.river = river
        self.dice = random.Random(3)
        self.story = noisy.story(1)
        self.story.paragraphs += [
            " ".join(noisy_words.sentence(self.dice) for _ in range(4)) for _ in range(max(0, paragraphs - 9))
        ]

    def body(self) -> bytes:
        html = noisy.page(self.story, self.dice)
        links = "".join(f"<li class='menu-item'><a href='/s/{i}'>Section {i}</a></li>" for i in range(150))
        html = html.replace("<nav>", f"<nav><ul>{links}</ul>")
        missing = max(0, SIZE - len(html.encode()))
        cards = "".join(card(i) for i in range(missing // 2 // len(card(10)))) if self.river else ""
        html = html.replace("<footer", f"<section class='river'>{cards}</section><footer", 1)
        missing = max(0, SIZE - len(html.encode()))
        script = f"<script>var d={{{','.join(f'k{i}:{i}' for i in range(missing // 11))}}};</script>"
        return html.replace("</head>", f"{script}</head>").encode()


def card(number: int) -> str:
    """Another story in the list below the article."""
    return (
        f"<div class='card c{number % 7}'><div class='card-media'><a href='/s/{number}' tabindex='-1'>"
        f"<img src='/i/{number}.jpg' alt='' loading='lazy' width='320' height='180'></a></div><div class='card-body'>"
        f"<span class='kicker'><a href='/t/{number % 9}'>Section {number % 9}</a></span><h3><a href='/s/{number}'>"
        f"Story number {number} of the river</a></h3><p class='deck'>What was said of it in a line.</p></div></div>"
    )


def answer(body: bytes, minutes: float) -> Fetched:
    digest = hashlib.sha256(body).hexdigest()
    headers = (("content-type", "text/html; charset=utf-8"),)
    return Fetched(SOURCE.url, SOURCE.url, 200, headers, body, START + timedelta(minutes=minutes), digest, digest)


def look(memory: Memory, state: SourceState, body: bytes, minutes: float) -> Observation:
    return pipeline.observe_one(memory, SOURCE, state, answer(body, minutes))


def learnt(site: Site) -> tuple[Memory, SourceState]:
    """Look until what changes by itself is known."""
    memory, state = Memory(), SourceState(SOURCE.name)
    for minutes in (0, 1, 2, 12, 22):
        seen = look(memory, state, site.body(), minutes)
        state = seen.state
        memory.keep(seen)
    return memory, state


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Seconds, and what came of it."""
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def measure(paragraphs: int, river: bool, times: int) -> None:
    site = Site(paragraphs, river)
    memory, state = learnt(site)
    costs: dict[str, list[float]] = {"trafilatura": [], "unchanged": [], "noise": [], "changed": []}
    for _ in range(times):
        body = site.body()
        changed = body.replace(b"$1.5 million", b"$15 million")
        costs["trafilatura"].append(timed(partial(trafilatura.extract, body.decode()))[0])
        costs["unchanged"].append(timed(hashlib.sha256(body).hexdigest)[0])
        cost, seen = timed(partial(look, memory, state, body, 30))
        costs["noise"].append(cost)
        assert not seen.changes
        assert not seen.documents
        cost, seen = timed(partial(look, memory, state, changed, 30))
        costs["changed"].append(cost)
        assert any(change.announced for change in seen.changes)
    base = statistics.median(costs["trafilatura"])
    told = ", ".join(f"{name} {statistics.median(each) / base:.3f}" for name, each in costs.items())
    rest = "scripts and other stories" if river else "scripts"
    print(f"{len(site.body()) // 1000} KB of which {paragraphs} paragraphs, the rest {rest}:")
    print(f"  trafilatura {1000 * base:.1f} ms; ratios {told}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=30)
    told = parser.parse_args()
    for river in (True, False):
        for paragraphs in (12, 60, 250):
            measure(paragraphs, river, told.times)


if __name__ == "__main__":
    main()
