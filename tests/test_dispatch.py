"""Whom to ask next: due polls, places, crowded hosts."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from watcher.dispatch import PER_HOST, Dispatcher
from watcher.model import Due, FetchState, Job

NOW = datetime(2031, 3, 4, 12, tzinfo=UTC)


class Books:
    """A store that knows only what is due; counts how often it is asked."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self.waiting = {f"f{i}": Due(f"f{i}", host, NOW - timedelta(minutes=1)) for i, host in enumerate(hosts)}
        self.asked: list[int] = []

    def due(self, _now: datetime) -> tuple[Due, ...]:
        return tuple(self.waiting.values())

    def jobs(self, fetches: Sequence[str]) -> tuple[Job, ...]:
        self.asked.append(len(fetches))
        return tuple(Job(FetchState(id_, "", ""), ()) for id_ in fetches)


class Polls:
    """A pipeline whose polls end when they are let go."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.open: dict[str, asyncio.Event] = {}
        self.ended: list[str] = []
        self.most: dict[str, int] = {}

    async def poll_job(self, job: Job) -> None:
        host = self.books.waiting[job.fetch.id].host
        self.open[job.fetch.id] = asyncio.Event()
        under_way = sum(self.books.waiting[id_].host == host for id_ in self.open)
        self.most[host] = max(self.most.get(host, 0), under_way)
        await self.open[job.fetch.id].wait()
        del self.open[job.fetch.id]
        self.ended.append(job.fetch.id)
        del self.books.waiting[job.fetch.id]

    def let_go(self) -> None:
        for event in self.open.values():
            event.set()


def dispatcher(books: Books, polls: Polls, most: int) -> Dispatcher:
    pipeline: Any = polls
    store: Any = books
    return Dispatcher(pipeline, store, lambda: NOW, most=most)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0.01)


def test_a_crowded_host_holds_few_places() -> None:
    """A host with many due polls holds a few places; one that comes after it in line is asked at the same time."""

    async def scene() -> None:
        books = Books([*["crowded"] * 50, "other"])
        polls = Polls(books)
        asked = dispatcher(books, polls, most=20)
        await asked.tick()
        await settled()
        assert len(polls.open) == PER_HOST + 1
        assert "f50" in polls.open
        assert asked.backlogged
        while polls.open:
            polls.let_go()
            await settled()
        assert len(polls.ended) == 51
        assert polls.most["crowded"] == PER_HOST
        assert not asked.running

    asyncio.run(scene())


def test_polls_that_end_together_are_followed_by_one_look() -> None:
    """When many polls end with one commit, the places they leave are filled with one question to the store."""

    async def scene() -> None:
        books = Books([f"host{i}" for i in range(60)])
        polls = Polls(books)
        asked = dispatcher(books, polls, most=20)
        await asked.tick()
        await settled()
        for _ in range(3):
            polls.let_go()
            await settled()
        assert len(polls.ended) == 60
        assert books.asked == [20, 20, 20]

    asyncio.run(scene())
