"""Watcher's own health: tells of new sources, of an outage of the network, of trouble with the store.

Decisions are small functions over what store and dispatcher know; the daemon calls `Health.look` every second.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from watcher.core import cadence, message
from watcher.core.mask import mask_url
from watcher.dispatch import Dispatcher, Weather
from watcher.model import Alert, Source
from watcher.store import StartedSource
from watcher.world import World

log = structlog.get_logger("watcher.health")

WAIT_FOR_ALL = timedelta(minutes=5)  # how long the start's alert waits for slow sources
OUTAGE_HOSTS = 3  # so many different hosts out of reach, and none in reach, are an outage of our own network
OUTAGE_POLLS = 5


def outage(weather: Weather) -> bool:
    """Say whether what happened since the last look means that the network itself is away."""
    return weather.reached == 0 and weather.unreached >= OUTAGE_POLLS and len(weather.hosts) >= OUTAGE_HOSTS


class Health:
    def __init__(self, world: World, dispatcher: Dispatcher, clock: Callable[[], datetime]) -> None:
        self.world, self.dispatcher, self.clock = world, dispatcher, clock
        self.since = clock()  # of the start or the last reload
        self.outage_since: datetime | None = None
        self.store_told: datetime | None = None
        self.waiting = True  # new sources may not have been told of yet

    def again(self) -> None:
        """A reload brought another configuration: its new sources are to be told of."""
        self.since, self.waiting = self.clock(), True

    async def look(self) -> None:
        """Tell what is to be told now. Raises StoreError."""
        await self._started()
        await self._network()
        await self._store()

    async def _started(self) -> None:
        """One alert a channel, listing every new source, when all were looked at or the patience is over."""
        now = self.clock()
        patient = now - self.since < WAIT_FOR_ALL
        if not self.waiting or (patient and self.dispatcher.backlogged):
            return
        loop = asyncio.get_running_loop()
        if patient and await loop.run_in_executor(None, self.world.store.unpolled):
            return  # asking for all of them costs what there are sources
        known = await loop.run_in_executor(None, self.world.store.unstarted)
        rows = [row for row in known if self.world.config.source(row.source)]
        if not rows:
            self.waiting = False
            return
        if patient and not all(row.polled for row in rows):
            return
        ready = [row for row in rows if row.polled]
        if not ready:
            return
        alerts = self._start_alerts(ready, now)
        names = [row.source for row in ready]
        await self.world.writer.run(lambda store: store.add_alerts(alerts, now, started=names))
        log.info("sources.started", sources=len(names), alerts=len(alerts))
        self.world.deliverer.wake.set()

    def _start_alerts(self, rows: Sequence[StartedSource], now: datetime) -> list[Alert]:
        config, alerts = self.world.config, []
        for channel in config.channels:
            told = [
                self._told(source, row)
                for row in rows
                if (source := config.source(row.source)) is not None and channel.name in source.notify
            ]
            if told:
                alerts.append(
                    message.health_alert(
                        channel,
                        "source.started",
                        key=f"start:{now.isoformat()}",
                        now=now,
                        sources=told,
                        config=self.world.config_id,
                        base_url=config.base_url,
                    )
                )
        return alerts

    def _told(self, source: Source, row: StartedSource) -> message.SourceHealth:
        return message.SourceHealth(
            name=source.name,
            title=source.title or row.state.title or source.name,
            url=mask_url(source.url),
            kind=row.state.kind or source.kind,
            pace=cadence.in_words(source, row.state.kind),
            entries=row.state.entries if row.state.kind == "feed" else None,
            update=row.updates,
            next_poll_at=row.fetch.next_poll_at,
            last_ok_at=row.fetch.last_ok_at,
            error=row.fetch.error,
            failures=row.fetch.failures or None,
        )

    async def _network(self) -> None:
        weather = self.dispatcher.weather
        if self.outage_since is None and outage(weather):
            since = self.clock()
            self.world.pipeline.offline = True
            log.error("network.away", hosts=len(weather.hosts))
            await self._tell(
                "watcher.degraded",
                f"nothing can be reached ({len(weather.hosts)} hosts tried): the network seems to be away",
            )
            self.outage_since = since  # only now: where the alert could not be stored, the next look tries again
        elif self.outage_since is not None and weather.reached:
            log.info("network.back", since=self.outage_since.isoformat())
            self.world.pipeline.offline = False
            since = self.outage_since
            await self._tell("watcher.recovered", f"the network is back; it was away from {since:%Y-%m-%d %H:%M} UTC")
            self.outage_since = None
        if weather.reached:
            self.dispatcher.weather = Weather()

    async def _store(self) -> None:
        """After trouble with the store, say how long it lasted: what could not be stored was asked for again."""
        if self.dispatcher.trouble and self.store_told is None:
            self.store_told = self.dispatcher.trouble_since
        elif not self.dispatcher.trouble and self.store_told is not None:
            since = self.store_told
            await self._tell(
                "watcher.recovered",
                f"the store could not be written from {since:%Y-%m-%d %H:%M} UTC until now; nothing stored was lost",
            )
            self.store_told = None

    async def _tell(self, event: str, words: str) -> None:
        now = self.clock()
        alerts = [
            message.health_alert(
                channel, event, key=f"{event}:{now.isoformat()}", now=now, message=words, config=self.world.config_id
            )
            for channel in self.world.config.channels
        ]
        await self.world.writer.run(lambda store: store.add_alerts(alerts, now))
        self.world.deliverer.wake.set()

    def trouble(self) -> str | None:
        """What is wrong with Watcher itself just now, or None."""
        if self.dispatcher.trouble:
            return f"store trouble: {self.dispatcher.trouble}"
        if self.outage_since:
            return f"network away since {self.outage_since:%H:%M} UTC"
        return None

    def status(self) -> str:
        """One line for the service manager."""
        if trouble := self.trouble():
            return trouble
        totals = self.world.store.totals(self.clock())
        parts = [
            f"{totals.sources} sources",
            f"{totals.failing} failing",
            f"{len(self.dispatcher.running)} polls under way",
        ]
        parts += [f"{totals.pending} alerts waiting"] if totals.pending else []
        return ", ".join(parts)
