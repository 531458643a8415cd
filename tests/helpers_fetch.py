"""A client for tests: loopback allowed, no pause between requests, a clock that stands still."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from watcher.fetch import Client
from watcher.fetch.guard import LookUp, getaddrinfo
from watcher.model import Fetched, FetchSettings, HostRule, NotModified, Request

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SETTINGS = FetchSettings(delay=0.0, allow_private=("127.0.0.0/8",), contact="ops@example.org")
LOOPBACK: LookUp = lambda host, port: [(2, "127.0.0.1")]  # noqa: E731 - a value of a function type


def make_client(hosts: Sequence[HostRule] = (), look_up: LookUp = getaddrinfo, **changes: Any) -> Client:
    """Make a client whose settings differ in `changes`."""
    return Client(
        replace(SETTINGS, **changes),
        hosts,
        version="9.9",
        clock=lambda: NOW,
        resolve=lambda secret: secret.reference,
        look_up=look_up,
    )


def get(request: Request | str, **changes: Any) -> Fetched | NotModified:
    """Ask once, with a client of its own."""

    async def once() -> Fetched | NotModified:
        async with make_client(**changes) as client:
            return await client.get(Request(request) if isinstance(request, str) else request)

    return asyncio.run(once())


def fetch(request: Request | str, **changes: Any) -> Fetched:
    """Ask once and expect content."""
    answer = get(request, **changes)
    assert isinstance(answer, Fetched)
    return answer
