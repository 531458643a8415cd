"""Politeness: how many requests at a time and how far apart, for each host and in all.

`Turns.take(host)` waits for the host's turn, then for a free place in all: in this order, so that no request holds a
place while its own host keeps it waiting, and one slow or crowded host never holds up another. All hosts that match
one pattern share one budget. Turns of one host come in the order they were asked for. Times are in seconds of the
event loop's clock. Nothing here raises but CancelledError, and a cancelled wait leaves no trace.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase

from watcher.core.urls import nearest_first
from watcher.model import FetchSettings, HostRule

_KEPT_BUDGETS = 8192


class Gate:
    """A number of places, taken in turn; the number may change while they are taken."""

    __slots__ = ("_waiting", "limit", "taken")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0
        self._waiting: deque[asyncio.Future[None]] | None = None  # made when needed: most hosts never are crowded

    async def enter(self) -> None:
        """Wait for a place and take it."""
        if self.taken < self.limit and not self._waiting:
            self.taken += 1
            return
        place = asyncio.get_running_loop().create_future()
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # it was given to us just before
                self.leave()
            else:
                self._waiting.remove(place)
            raise

    def leave(self) -> None:
        """Give the place back."""
        self.taken -= 1
        self.admit()

    def admit(self) -> None:
        """Let waiting ones in while there are places."""
        while self._waiting and self.taken < self.limit:
            place = self._waiting.popleft()
            if not place.done():
                self.taken += 1
                place.set_result(None)

    @property
    def idle(self) -> bool:
        return not self.taken and not self._waiting

    @property
    def waiting(self) -> int:
        return len(self._waiting) if self._waiting else 0


class Budget:
    """What one host, or all hosts of one pattern, may be asked: `delay` between starts, `open` at a time."""

    __slots__ = ("delay", "door", "last", "open")

    def __init__(self, per_host: int, delay: float) -> None:
        self.delay = delay
        self.door = Gate(1)  # one at a time walks to its start, so that starts keep their distance
        self.open = Gate(per_host)
        self.last = float("-inf")

    @property
    def idle(self) -> bool:
        return self.door.idle and self.open.idle


@dataclass(frozen=True, slots=True)
class Load:
    """What is going on at one budget: open requests, and requests that wait for their turn."""

    open: int
    waiting: int


class Turns:
    """Gives out turns to ask a host."""

    def __init__(self, settings: FetchSettings, hosts: Sequence[HostRule] = ()) -> None:
        self._budgets: dict[str, Budget] = {}
        self._last: dict[str, float] = {}  # when each host was last asked, for budgets that are made anew
        self._keys: dict[str, HostRule | None] = {}
        self._all = Gate(settings.concurrency)
        self._sweep_at = _KEPT_BUDGETS
        self.reconfigure(settings, hosts)

    def reconfigure(self, settings: FetchSettings, hosts: Sequence[HostRule]) -> None:
        """Take new bounds; who waits goes on waiting, and the time of each host's last request is kept."""
        self._settings = settings
        self._rules = nearest_first(hosts)
        self._keys.clear()
        self._all.limit = settings.concurrency
        self._all.admit()
        rules = {rule.pattern: rule for rule in hosts}
        self._budgets = {key: budget for key, budget in self._budgets.items() if not budget.idle}
        for key, budget in self._budgets.items():
            rule = rules.get(key[2:]) if key.startswith("p:") else self.rule(key[2:])
            budget.open.limit, budget.delay = self._bounds(rule)
            budget.open.admit()

    def rule(self, host: str) -> HostRule | None:
        """Find the rule for a host (lower case, no port); None when none matches."""
        try:
            return self._keys[host]
        except KeyError:
            found = next((rule for rule in self._rules if fnmatchcase(host, rule.pattern)), None)
            if len(self._keys) >= _KEPT_BUDGETS:
                self._keys.clear()
            self._keys[host] = found
            return found

    def per_host(self, host: str) -> int:
        """Say how many requests to a host may be open at a time."""
        return self._bounds(self.rule(host))[0]

    def _bounds(self, rule: HostRule | None) -> tuple[int, float]:
        per_host, delay = self._settings.per_host, self._settings.delay
        if rule is not None:
            per_host = rule.per_host if rule.per_host is not None else per_host
            delay = rule.delay if rule.delay is not None else delay
        return per_host, delay

    def _budget(self, host: str) -> Budget:
        if len(self._last) >= self._sweep_at:
            self._sweep()
        rule = self.rule(host)
        key = f"h:{host}" if rule is None else f"p:{rule.pattern}"
        budget = self._budgets.get(key)
        if budget is None:
            budget = self._budgets[key] = Budget(*self._bounds(rule))
            if rule is None:
                budget.last = self._last.get(host, budget.last)
            else:
                asked = (at for name, at in self._last.items() if fnmatchcase(name, rule.pattern))
                budget.last = max(asked, default=budget.last)
        return budget

    def _sweep(self) -> None:
        """Forget hosts that are at rest: redirects can bring any number of them."""
        now = asyncio.get_running_loop().time()
        longest = max([60.0, self._settings.delay, *(rule.delay or 0.0 for rule in self._rules)])
        self._budgets = {key: b for key, b in self._budgets.items() if not b.idle or now - b.last < longest}
        self._last = {host: at for host, at in self._last.items() if now - at < longest}
        self._sweep_at = max(_KEPT_BUDGETS, 2 * len(self._last))

    @asynccontextmanager
    async def take(self, host: str, at_least: float = 0.0) -> AsyncIterator[None]:
        """Wait for a turn to ask `host` (lower case, no port) and hold it; `at_least` is a pause asked of us."""
        budget = self._budget(host)
        await self._start(budget, at_least)
        self._last[host] = budget.last
        try:
            yield
        finally:
            self._all.leave()
            budget.open.leave()

    async def _start(self, budget: Budget, at_least: float) -> None:
        loop = asyncio.get_running_loop()
        await budget.door.enter()
        try:
            await budget.open.enter()
            try:
                pause = budget.last + max(budget.delay, at_least) - loop.time()
                if pause > 0:
                    await asyncio.sleep(pause)
                await self._all.enter()
            except BaseException:
                budget.open.leave()
                raise
            budget.last = loop.time()
        finally:
            budget.door.leave()

    def load(self) -> dict[str, Load]:
        """Tell, for each host or pattern that is not at rest, how many requests are open and how many wait."""
        return {
            key[2:]: Load(budget.open.taken, budget.door.waiting + budget.door.taken)
            for key, budget in self._budgets.items()
            if not budget.idle
        }
