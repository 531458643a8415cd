"""robots.txt as RFC 9309 wants it, asked once a day for each origin and never twice at the same time.

`Robots` decides; the bytes come from a function it is given (`ask`), which follows redirects, counts into the host's
budget and raises FetchError. 2xx: the rules in the first 500 KiB. 4xx, or more than five redirects: everything is
allowed. 5xx or no answer: the last good copy stands; without one nothing is asked (a passing FetchError, not Refused).
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from protego import Protego

from watcher.errors import BadStatus, FetchError, Refused, TooLarge

MOST_BYTES = 512_000  # RFC 9309, section 2.5: at least 500 KiB
MOST_REDIRECTS = 5  # section 2.3.1.2
_DAY = 86_400.0  # section 2.4
_RETRY = 600.0  # after an answer that told nothing
_LONGEST_DELAY = 60.0
_KEPT = 4096
_SMALL = 20_000  # characters that are parsed in a moment

Ask = Callable[[str], Awaitable[bytes]]


@dataclass(slots=True)
class _Known:
    """What is known of one origin: `rules` None allows everything; `error` is why there is nothing to go by."""

    until: float
    rules: Protego | None = None
    error: FetchError | None = None


class Robots:
    """Decides whether an address may be asked. Times are in seconds of the event loop's clock."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._asking: dict[str, asyncio.Task[_Known]] = {}

    async def check(self, url: str, origin: str, agent: str, shown: str, ask: Ask) -> float:
        """Let an address through or raise.

        In: the address, its origin (`https://example.org`), the name by which robots.txt may call us, the address as
        it may be shown, and how to get a robots.txt. Out: the pause between requests that the rules want, in seconds,
        60 at most. Raises Refused, or FetchError when the rules cannot be had.
        """
        known = self._known.get(origin)
        if known is None or known.until <= asyncio.get_running_loop().time():
            known = await self._learn(origin, ask)
        if known.error is not None:
            why = known.error
            words = f"{origin}/robots.txt cannot be had, and without it no page is asked for: {why.message}"
            if isinstance(why, Refused):
                raise Refused(shown, words)
            raise FetchError(shown, words, offline=why.offline)
        rules = known.rules
        if rules is None:
            return 0.0
        if not rules.can_fetch(url, agent):
            raise Refused(
                shown,
                f"{origin}/robots.txt forbids {shown} to {agent}; ask the publisher, or set `robots = false` for it.",
            )
        return _pause(rules, agent)

    async def close(self) -> None:
        """Stop asking."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _learn(self, origin: str, ask: Ask) -> _Known:
        task = self._asking.get(origin)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._ask(origin, ask), name=f"robots {origin}")
            self._asking[origin] = task
            task.add_done_callback(lambda _: self._asking.pop(origin, None))
        return await asyncio.shield(task)  # one who gives up must not take the answer from the others

    async def _ask(self, origin: str, ask: Ask) -> _Known:
        loop = asyncio.get_running_loop()
        try:
            body = await ask(f"{origin}/robots.txt")
        except BadStatus as error:
            known = _Known(loop.time() + _DAY) if 400 <= error.status < 500 else self._fall_back(origin, error)
        except TooLarge:  # it sends us around without end
            known = _Known(loop.time() + _DAY)
        except FetchError as error:
            known = self._fall_back(origin, error)
        else:
            text = body[:MOST_BYTES].decode("utf-8-sig", "replace")
            rules = Protego.parse(text) if len(text) < _SMALL else await asyncio.to_thread(Protego.parse, text)
            known = _Known(loop.time() + _DAY, rules)
        if len(self._known) >= _KEPT:
            self._known.pop(next(iter(self._known)))
        self._known[origin] = known
        return known

    def _fall_back(self, origin: str, error: FetchError) -> _Known:
        before = self._known.get(origin)
        now = asyncio.get_running_loop().time()
        if before is not None and before.error is None:
            return _Known(now + _RETRY, before.rules)
        # Nothing to go by: an outage of our own is over sooner than a server's.
        return _Known(now + (0.0 if error.offline else _RETRY), error=error)


def _pause(rules: Protego, agent: str) -> float:
    """Read Crawl-delay and Request-rate (neither is in the RFC, both are in use), bounded."""
    delay = float(rules.crawl_delay(agent) or 0.0)
    rate = rules.request_rate(agent)
    if rate is not None and rate.requests > 0:
        slow = rate.seconds >= _LONGEST_DELAY * rate.requests  # the quotient may be beyond a float
        delay = max(delay, _LONGEST_DELAY if slow else rate.seconds / rate.requests)
    return min(max(delay, 0.0), _LONGEST_DELAY)
