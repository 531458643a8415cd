"""Whom to ask next: takes what is due from the store and keeps as many polls under way as is polite.

A crowded or slow host holds at most `PER_HOST` places, so it never holds up another. A poll whose outcome could not be
stored waits half a minute instead of being repeated at once.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from watcher.errors import StoreError, StoreFull
from watcher.model import Due, Job, Outcome
from watcher.pipeline import Pipeline
from watcher.store import Store

log = structlog.get_logger("watcher.dispatch")

PER_HOST = 4  # polls under way for one host; the client queues those beyond the host's own limit
REFILL = 1.0  # seconds between two looks at what is due
SHARE = 20  # a look at a long backlog is repeated after so many times the time that it took
STORE_PAUSE = timedelta(seconds=30)  # of a poll whose outcome could not be stored
PROBE = 5.0  # seconds between two polls while the store refuses
OVERDUE = timedelta(minutes=1)


@dataclass(slots=True)
class Weather:
    """How things went lately, for the alarm of an outage: polls and those that could not reach the network, by host."""

    reached: int = 0
    unreached: int = 0
    hosts: frozenset[str] = frozenset()


class Dispatcher:
    """Starts polls; `tick` is called by the scheduler and after each poll that ended."""

    def __init__(self, pipeline: Pipeline, store: Store, clock: Callable[[], datetime], *, most: int) -> None:
        self.pipeline, self.store, self.clock, self.most = pipeline, store, clock, most
        self.running: dict[str, asyncio.Task[None]] = {}
        self.stopping = False
        self.trouble: str | None = None  # why outcomes cannot be stored just now
        self.trouble_since: datetime | None = None
        self.weather = Weather()
        self.last_tick = time.monotonic()
        self.on_alerts: Callable[[], None] = lambda: None
        self.ended = 0  # polls, counted for whoever resets it
        self._hosts: Counter[str] = Counter()
        self._backlog: deque[Due] = deque()
        self._crowded: dict[str, deque[Due]] = {}  # by host: they wait for one of its polls to end
        self._done: set[str] = set()  # polled since the backlog was filled
        self._not_before: dict[str, datetime] = {}
        self._refill_at = 0.0
        self._probe_at = 0.0
        self._lock = asyncio.Lock()
        self._again = False  # a poll ended: there is a place

    async def tick(self) -> None:
        """Start the polls whose time has come, as far as there are places."""
        self.last_tick = time.monotonic()
        if self._lock.locked():
            return  # whoever holds it looks again
        async with self._lock:
            while not self.stopping:
                self._again = False
                await self._fill_places()
                if not self._again:
                    return

    async def _fill_places(self) -> None:
        if len(self.running) >= self.most or not self._may_probe():
            return
        if not self._backlog or time.monotonic() >= self._refill_at:
            await self._refill()
        chosen = self._choose()
        if not chosen:
            return
        loop = asyncio.get_running_loop()
        hosts = {due.fetch: due.host for due in chosen}
        for job in await loop.run_in_executor(None, self.store.jobs, list(hosts)):
            self._start(job, hosts[job.fetch.id])

    async def _refill(self) -> None:
        self._done.clear()
        start = time.monotonic()
        due = await asyncio.get_running_loop().run_in_executor(None, self.store.due, self.clock())
        self._backlog = deque(due)
        self._crowded.clear()
        self._refill_at = start + max(REFILL, SHARE * (time.monotonic() - start))

    def _choose(self) -> list[Due]:
        free, now = 1 if self.trouble else self.most - len(self.running), self.clock()
        chosen: list[Due] = []
        taken = Counter(self._hosts)
        while self._backlog and len(chosen) < free:
            due = self._backlog.popleft()
            if due.fetch in self.running or due.fetch in self._done or self._waits(due.fetch, now):
                continue
            if taken[due.host] >= PER_HOST:
                self._crowded.setdefault(due.host, deque()).append(due)
                continue
            taken[due.host] += 1
            chosen.append(due)
        return chosen

    def _waits(self, fetch: str, now: datetime) -> bool:
        """Say whether a poll that failed for our own fault rests; no longer than that, should the clock be set back."""
        at = self._not_before.get(fetch)
        return at is not None and now < at <= now + STORE_PAUSE

    def _may_probe(self) -> bool:
        """While the store refuses, one poll at a time finds out whether it does still: the publishers are spared."""
        return self.trouble is None or (not self.running and time.monotonic() >= self._probe_at)

    def _start(self, job: Job, host: str) -> None:
        self._hosts[host] += 1
        self._not_before.pop(job.fetch.id, None)
        task = asyncio.create_task(self._run(job, host), name=job.fetch.id)
        self.running[job.fetch.id] = task

    async def _run(self, job: Job, host: str) -> None:
        try:
            outcome = await self.pipeline.poll_job(job)
            self._note(outcome, host)
            if outcome is not None and outcome.alerts:
                self.on_alerts()
        except StoreError as error:
            self._not_before[job.fetch.id] = self.clock() + STORE_PAUSE
            self._probe_at = time.monotonic() + PROBE
            self._store_trouble(error)
        except Exception:
            self._not_before[job.fetch.id] = self.clock() + STORE_PAUSE
            log.exception("poll.fault", fetch=job.fetch.id)
        finally:
            self._hosts[host] -= 1
            if not self._hosts[host]:
                del self._hosts[host]
            self.running.pop(job.fetch.id, None)
            self._done.add(job.fetch.id)
            self.ended += 1
            self._leave(host)

    def _leave(self, host: str) -> None:
        """A place is free: it goes to the next poll of the same host, if one waited for that, else to whoever is due.
        Many polls end with one commit; they are followed by one look."""
        if waiting := self._crowded.get(host):
            self._backlog.appendleft(waiting.popleft())
            if not waiting:
                del self._crowded[host]
        if self._backlog and not self.stopping and not self._again:
            self._again = True
            if not self._lock.locked():
                asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(self.tick()))

    def _note(self, outcome: Outcome | None, host: str) -> None:
        if outcome is None:
            return
        if self.trouble:
            log.info("store.recovered", was=self.trouble)
            self.trouble, self.trouble_since = None, None
            self._not_before.clear()
        if outcome.offline:
            self.weather.unreached += 1
            self.weather.hosts |= {host}
        else:
            self.weather.reached += 1

    def _store_trouble(self, error: StoreError) -> None:
        if self.trouble is None:
            self.trouble_since = self.clock()
            what = "store.full" if isinstance(error, StoreFull) else "store.trouble"
            log.error(what, error=str(error), note="polls go on; what cannot be stored is asked for again later")
        self.trouble = str(error)

    @property
    def backlogged(self) -> bool:
        """Whether more is due than there are places."""
        return bool(self._backlog or self._crowded)

    def overdue(self) -> Due | None:
        """Give a poll that is late by more than a minute although its host and a place are free: our own fault."""
        if self.trouble or len(self.running) >= self.most:
            return None
        late = self.clock() - OVERDUE
        for due in self._backlog:
            busy = due.fetch in self.running or due.fetch in self._done or self._hosts[due.host] > 0
            if due.next_poll_at < late and not busy:
                return due if self._not_before.get(due.fetch) is None else None
        return None

    async def stop(self, patience: float) -> None:
        """Start nothing more; let polls under way end for `patience` seconds, then cancel them (they store nothing)."""
        self.stopping = True
        if not self.running:
            return
        _, late = await asyncio.wait(list(self.running.values()), timeout=patience)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=2)
