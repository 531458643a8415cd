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
from watcher.core.follow import MARK, child_of, parent_of
from watcher.core.mask import mask_url
from watcher.core.shape import change_json
from watcher.errors import StoreError, UsageError
from watcher.model import Change, Followed, Outcome, Source, SourceOutcome
from watcher.pipeline import Pipeline
from watcher.store import FollowedRow, Store, Writer

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
    """Give the line of `check --json` for one source. An entry that waited for what a followed page says is among the
    changes of the poll that decided it."""
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
        "changes": [change_json(change) for change in (*(seen.changes if seen else ()), *_decided(source, outcome))],
        "error": part.error,
        "seconds": round(outcome.poll.seconds, 3),
    }


def _decided(source: Source, outcome: Outcome) -> tuple[Change, ...]:
    parent = (source.parent or source).name
    return tuple(change for change in outcome.decided if change.source == parent)


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
        """Poll the named sources now (all for none), as many at once as is polite, then what is followed for them;
        yield a line as each ends."""
        config = self.pipeline.config
        followed = [name for name in names if MARK in name]
        rest = [name for name in names if MARK not in name]
        sources = named(config, rest) if rest or not names else ()
        async for line in self._check(sources, store=store):
            yield line
        done: set[str] = set()
        while store:  # a page brings documents, which come in the next round
            found = [page for page in await self._followed(sources, followed) if page.name not in done]
            if not found:
                break
            done |= {page.name for page in found}
            async for line in self._check(found, store=store):
                yield line
        if store:
            await self.pipeline.follower.sweep(config, self.pipeline.routing)
        self.wake()

    async def _followed(self, sources: Sequence[Source], names: Sequence[str]) -> list[Source]:
        """What is followed now for these sources, and under these names. Raises UsageError for a name that is not."""
        parents = {source.name for source in sources if source.follow} | {parent_of(name) for name in names}
        if not parents:
            return []
        rows = await asyncio.get_running_loop().run_in_executor(None, self.store.followed)
        found = {
            row.source: page for row in rows if row.enabled and row.parent in parents and (page := self._page(row))
        }
        if unknown := [name for name in names if name not in found]:
            raise UsageError(
                f"there is no followed page {unknown[0]!r}; `watcher sources {parent_of(unknown[0])}` has them"
            )
        wanted = {source.name for source in sources}
        return [page for name, page in found.items() if name in names or parent_of(name) in wanted]

    def _page(self, row: FollowedRow) -> Source | None:
        parent = self.pipeline.config.source(row.parent)
        if parent is None or parent.follow is None:
            return None
        return child_of(parent, row.source, Followed(row.url, row.since, row.life))

    async def _check(self, sources: Sequence[Source], *, store: bool) -> AsyncIterator[dict[str, Any]]:
        by_fetch: dict[str, list[Source]] = {}
        for source in sources:
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

    async def unfollow(self, names: Collection[str]) -> int:
        """Stop following the named pages, or all of a named source; give how many. New entries are followed as before.

        Raises UsageError for what is not followed.
        """
        rows = await asyncio.get_running_loop().run_in_executor(None, self.store.followed)
        chosen: list[str] = []
        for name in dict.fromkeys(names):
            found = [row.source for row in rows if row.enabled and name in (row.source, row.parent)]
            if not found:
                raise UsageError(f"nothing is followed under the name {name!r}; `watcher sources` shows what is")
            chosen += found
        return await self.writer.run(lambda store: store.end_followed(chosen, self.clock(), for_good=True))

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
