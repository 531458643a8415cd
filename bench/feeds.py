"""Read every feed of the example data once, and once more when all of it is known; print time per feed and totals.

    WATCHER_SHARED=... python bench/feeds.py [--all]

Without `--all` only the slowest feeds and the reasons for refusals are printed. Times are of the processor.
"""

import os
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from watcher.core import feed, when
from watcher.errors import ReadError
from watcher.model import Source

URL = "https://example.org/feed"
LOOK = when.Look(locale=None, timezone="UTC", now=datetime(2026, 5, 1, tzinfo=UTC))
SUFFIXES = (".xml", ".rss", ".atom", ".rdf", ".json")


def read_twice(body: bytes) -> tuple[float, float, int, str | None]:
    """Read a feed as new and as known; give both times in seconds, its entries, and why it was refused or None."""
    source, start = Source("bench", URL), time.process_time()
    try:
        reading = feed.read(body, None, URL, source, LOOK)
    except ReadError as error:
        return time.process_time() - start, 0.0, 0, error.message
    new, start = time.process_time() - start, time.process_time()
    feed.read(body, None, URL, source, LOOK, set(reading.present))
    return new, time.process_time() - start, len(reading.present), None


def main(arguments: list[str]) -> int:
    folder = os.environ.get("WATCHER_SHARED")
    if not folder:
        print("WATCHER_SHARED names no folder of example data", file=sys.stderr)
        return 2
    corpus = Path(folder) / "corpus"
    rows: list[tuple[float, float, int, str]] = []
    refused: Counter[str] = Counter()
    spent = 0.0
    for place in sorted([*corpus.glob("feeds_*"), corpus / "feed_polls_regulator"]):
        for path in sorted(place.rglob("*")):
            if path.suffix not in SUFFIXES or path.name == "gold.json":
                continue
            new, known, entries, reason = read_twice(path.read_bytes())
            if reason:
                refused[reason] += 1
                spent += new
            else:
                rows.append((new, known, entries, path.relative_to(corpus).as_posix()))
            if "--all" in arguments:
                print(f"{new * 1e3:9.2f} {known * 1e3:9.2f} {entries:5d} {path.relative_to(corpus)}  {reason or ''}")
    print("  new, ms  known, ms  entries  feed")
    for new, known, entries, name in sorted(rows)[-10:]:
        print(f"{new * 1e3:9.2f} {known * 1e3:10.2f} {entries:8d}  {name}")
    total, again = sum(row[0] for row in rows), sum(row[1] for row in rows)
    print(f"{len(rows)} feeds, {sum(row[2] for row in rows)} entries: {total:.2f} s as new, {again:.2f} s as known")
    print(f"{sum(refused.values())} refused in {spent:.2f} s:")
    for reason, times in refused.most_common():
        print(f"{times:6d}  {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
