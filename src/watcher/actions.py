"""What people may do: poll now, retry, mute, enable or test a channel. Used by the control socket and the commands.

Every action is one call that gives JSON-ready dictionaries; a wrong name is a UsageError with the nearest known one.
"""

import asyncio
import difflib
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from watcher import config as configuration
from watcher.config import Config
from watcher.core import message
from watcher.core.mask import mask_url
from watcher.core.shape import change_json
from watcher.errors import StoreError, UsageError
from watcher.model import Outcome, Source, SourceOutcome
from watcher.pipeline import Pipeline
from watcher.store import Store, Writer

AT_ONCE = 64  # polls of one `check` under way together; the client keeps each host's own limit


def named(config: Config, names: Collection[str]) -> tuple[Source, ...]:
    """Find the sources of these names (all enabled ones for none). Raises UsageError for a name that is not there."""
    if not names:
        return tuple(source for source in config.sources if source.enabled)
    found = []
    for name in dict.fromkeys(names):
        source = config.source(name) or next((s for s in config.sources if name in s.was), None)
        if source is not None and not source.enabled:
            raise UsageError(f"the source {name!r} is switched off (enabled = false in {config.path})")
        if source is None:
            near = difflib.get_close_matches(name, [s.name for s in config.sources], 1)
            raise UsageError(
                f"there is no source {name!r}" + (f", did you mean {near[0]!r}?" if near else f" in {config.path}")
            )
        found.append(source)
    return tuple(found)


def result_json(source: Source, part: SourceOutcome, outcome: Outcome) -> dict[str, Any]:
    """Give the line of `check --json` for one source."""
    seen = part.observation
    result = (
        seen.result
        if seen
        else ("failed" if part.error and outcome.poll.result not in ("refused",) else outcome.poll.result)
    )
    return {
        "source": source.name,
        "url": mask_url(source.url),
        "outcome": result,
        "changes": [change_json(change) for change in seen.changes] if seen else [],
        "error": part.error,
        "seconds": round(outcome.poll.seconds, 3),
    }


def results_of(outcome: Outcome, sources: Sequence[Source]) -> list[dict[str, Any]]:
    """Give one line for each source of a poll; a 304 or the same bytes have no part of their own."""
    parts = {part.source: part for part in outcome.sources}
    return [
        result_json(s, parts.get(s.name, SourceOutcome(s.name, None, outcome.poll.error)), outcome) for s in sources
    ]


class Actions:
    """The actions on one pipeline and store; `wake` makes the delivery loop look at the outbox at once."""

    def __init__(
        self,
        pipeline: Pipeline,
        store: Store,
        writer: Writer,
        clock: Callable[[], datetime],
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self.pipeline, self.store, self.writer, self.clock, self.wake = pipeline, store, writer, clock, wake

    async def check(self, names: Collection[str], *, store: bool = True) -> AsyncIterator[dict[str, Any]]:
        """Poll the named sources now (all for none), as many at once as is polite; yield a line as each ends."""
        by_fetch: dict[str, list[Source]] = {}
        for source in named(self.pipeline.config, names):
            by_fetch.setdefault(configuration.fetch_identity(source), []).append(source)
        places = asyncio.Semaphore(AT_ONCE)

        async def one(fetch: str) -> tuple[list[Source], Outcome | None, str | None]:
            async with places:
                try:
                    return by_fetch[fetch], await self.pipeline.poll(fetch, store=store), None
                except StoreError as error:
                    return by_fetch[fetch], None, str(error)

        tasks = [asyncio.create_task(one(fetch)) for fetch in by_fetch]
        try:
            for ended in asyncio.as_completed(tasks):
                sources, outcome, trouble = await ended
                if outcome is not None:
                    lines = results_of(outcome, sources)
                else:
                    lines = [_not_stored(source, trouble or "no longer configured") for source in sources]
                for line in lines:
                    yield line
        finally:
            for task in tasks:
                task.cancel()
        self.wake()

    async def retry(self, alerts: Sequence[str]) -> int:
        """Send dead letters again (all for none named); give how many."""
        count = await self.writer.run(lambda store: store.retry(list(alerts) or None, self.clock()))
        self.wake()
        return count

    async def mute(self, name: str, period: timedelta | None) -> datetime | None:
        """Announce nothing of a source for `period`; None lifts the mute. What is found is stored all the same."""
        source = named(self.pipeline.config, [name])[0]
        until = self.clock() + period if period else None
        await self.writer.run(lambda store: store.mute(source.name, until, self.clock()))
        self.pipeline.remute()
        return until

    async def enable_channel(self, name: str) -> int:
        """Switch a channel on again; give how many dead letters go out now."""
        self._channel(name)
        count = await self.writer.run(lambda store: store.enable_channel(name, self.clock()))
        self.wake()
        return count

    async def test_channel(self, name: str) -> str:
        """Put a test alert for the channel into the outbox; give its id."""
        channel = self._channel(name)
        alert = message.test_alert(
            channel, now=self.clock(), config=self.pipeline.routing.config, base_url=self.pipeline.config.base_url
        )
        await self.writer.run(lambda store: store.add_alerts([alert], self.clock()))
        self.wake()
        return alert.id

    def _channel(self, name: str) -> Any:
        channel = self.pipeline.config.channel(name)
        if channel is None:
            known = ", ".join(c.name for c in self.pipeline.config.channels) or "none"
            raise UsageError(f"there is no channel {name!r}; configured: {known}")
        return channel


def _not_stored(source: Source, trouble: str) -> dict[str, Any]:
    return {
        "source": source.name,
        "url": mask_url(source.url),
        "outcome": "failed",
        "changes": [],
        "error": trouble,
        "seconds": 0.0,
    }
