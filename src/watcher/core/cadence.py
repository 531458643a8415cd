"""When to look again: intervals, cron lines, pauses after failures, Retry-After."""

from collections.abc import Sequence
from datetime import datetime

from watcher.model import Kind, Source


def parse_cron(line: str) -> str:
    raise NotImplementedError


def next_fire(line: str, zone: str, after: datetime) -> datetime:
    raise NotImplementedError


def next_poll(
    sources: Sequence[Source],
    *,
    now: datetime,
    jitter: float,
    failures: int = 0,
    retry_after: float | None = None,
    max_age: float | None = None,
    kind: Kind | None = None,
    host_delay: float = 1.0,
) -> datetime:
    raise NotImplementedError
