"""The service: composes the parts, runs the two loops, answers signals and the service manager.

SIGTERM and SIGINT end cleanly, SIGHUP reloads (a bad file keeps the old configuration and says so). APScheduler ticks a
handful of jobs; everything due is data in the store.
"""

import asyncio
import signal
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from watcher import __version__, control
from watcher import config as configuration
from watcher.control.server import Control
from watcher.core.follow import MARK
from watcher.dispatch import Dispatcher
from watcher.errors import ConfigError, StoreError, WatcherError
from watcher.health import Health
from watcher.notify import Notifier
from watcher.world import clock, give_back, load_compact, open_world, settle_memory

log = structlog.get_logger("watcher.daemon")

TICK = 0.5  # seconds between two looks at what is due
HEALTH = 15.0  # between two lines of status for the service manager
FOLLOW = 60.0  # between two looks at followed pages whose time is over
TRIM = 60.0  # between two looks at whether memory can be given back
STALL = 30.0  # seconds within which loop, writer and dispatcher must have answered to feed the watchdog
SET_BACK = timedelta(seconds=2)  # by which the clock must go back before anything is made of it
RUSH = 500  # polls that ended
PATIENCE = 5.0  # seconds for polls under way at the end
BACKLOG = 4  # polls under way for each open request allowed: those that wait for their host's turn


class Daemon:
    """One run of the service. `started` is called when it is ready (used by the demo and tests)."""

    def __init__(
        self, config: configuration.Config, environ: Mapping[str, str], started: Callable[[], None] | None = None
    ) -> None:
        self.config, self.environ = config, environ
        self.started = started or (lambda: None)
        self.notifier = Notifier.of(environ)
        self.stop = asyncio.Event()
        self.reload = asyncio.Event()
        self.config_error: str | None = None

    async def run(self) -> None:
        """Serve until told to stop. Raises StoreError when the store cannot be opened."""
        self._signals()
        self.world = await open_world(self.config, environ=self.environ, progress=self._migrating)
        self.config = self.world.config
        self.dispatcher = Dispatcher(
            self.world.pipeline, self.world.store, clock, most=self.config.fetch.concurrency * BACKLOG
        )
        self.dispatcher.on_alerts = self.world.deliverer.wake.set
        self.health = Health(self.world, self.dispatcher, clock)
        socket = Control(
            self.world.actions, control.place_for(self.config.database, self.environ), {"status": self._about}
        )
        scheduler = self._schedule()
        deliveries = asyncio.create_task(self._deliver(), name="deliver")
        reloads = asyncio.create_task(self._reloads(), name="reload")
        hands = asyncio.create_task(self._hands(scheduler), name="hands")
        try:
            await socket.start()
            scheduler.start()
            self.notifier.ready(f"watching {len(self.config.sources)} sources")
            log.info(
                "started",
                version=__version__,
                sources=len(self.config.sources),
                new=len(self.world.synced.new),
                config=str(self.config.path),
            )
            self.started()
            settle_memory()
            await self.stop.wait()
        finally:
            self.notifier.stopping("ending polls under way")
            log.info("stopping", polls=len(self.dispatcher.running))
            if scheduler.running:
                scheduler.shutdown(wait=False)
            await socket.stop()
            await self.dispatcher.stop(PATIENCE)
            for task in (deliveries, reloads, hands):
                task.cancel()
            await asyncio.gather(deliveries, reloads, hands, return_exceptions=True)
            await self.world.close()
            log.info("stopped")

    def _signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop.set)
        loop.add_signal_handler(signal.SIGHUP, self.reload.set)

    def _migrating(self, words: str) -> None:
        log.info("store.migrating", step=words)
        self.notifier.extend(600)
        self.notifier.status(words)

    def _about(self) -> dict[str, object]:
        return {
            "version": __version__,
            "config": str(self.config.path),
            "running": len(self.dispatcher.running),
            "error": self.config_error,
            "trouble": self.health.trouble(),
        }

    def _schedule(self) -> AsyncIOScheduler:
        """The handful of jobs. Each is caught here: one that fails is logged and comes again at its time."""
        scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        scheduler.add_job(self._tick, "interval", seconds=TICK, next_run_time=datetime.now(UTC))
        scheduler.add_job(self._wake_delivery, "interval", seconds=1)
        scheduler.add_job(self._trim, "interval", seconds=TRIM)
        if self.notifier.address:
            scheduler.add_job(self._health, "interval", seconds=HEALTH)
        scheduler.add_job(self._started, "interval", seconds=1)
        scheduler.add_job(self._wind_back, "interval", minutes=10)
        scheduler.add_job(self._follow, "interval", seconds=FOLLOW, next_run_time=datetime.now(UTC))
        scheduler.add_job(self._prune, "cron", hour=3, minute=17)
        if self.notifier.watchdog:
            scheduler.add_job(self._watchdog, "interval", seconds=self.notifier.watchdog)
        return scheduler

    async def _tick(self) -> None:
        try:
            await self.dispatcher.tick()
        except StoreError as error:
            log.error("store.trouble", error=str(error))

    async def _wake_delivery(self) -> None:
        self.world.deliverer.wake.set()

    async def _deliver(self) -> None:
        """The second loop; what fails is told and tried again, it never ends."""
        deliverer = self.world.deliverer
        rounds: set[asyncio.Task[int]] = set()
        while True:
            await deliverer.wake.wait()
            deliverer.wake.clear()
            try:
                # A round lasts as long as its slowest channel; the others must not wait for it.
                task = asyncio.create_task(deliverer.round())
                rounds.add(task)
                task.add_done_callback(rounds.discard)
                await asyncio.wait([task], timeout=0.5)
                if task.done():
                    task.result()
                else:
                    task.add_done_callback(_report)
            except StoreError as error:
                log.error("store.trouble", error=str(error))
            except Exception as fault:  # a surprise must not end the loop, on which every later alert depends
                log.exception("delivery.round", error=str(fault))

    async def _started(self) -> None:
        try:
            await self.health.look()
        except StoreError as error:
            log.error("store.trouble", error=str(error))

    async def _health(self) -> None:
        try:
            fares: str = await asyncio.get_running_loop().run_in_executor(None, self.health.status)
            words = self.config_error or fares
        except StoreError as error:
            words = f"store trouble: {error}"
        self.notifier.status(words)

    async def _trim(self) -> None:
        """After a rush (the first polls, a reload) give back what only the rush needed."""
        if self.dispatcher.ended >= RUSH and not self.dispatcher.backlogged:
            self.dispatcher.ended = 0
            await asyncio.get_running_loop().run_in_executor(None, give_back)

    async def _follow(self) -> None:
        """End followed pages whose time is over, and decide entries that have waited for theirs long enough."""
        try:
            await self.world.pipeline.follower.sweep(self.world.config, self.world.pipeline.routing)
        except StoreError as error:
            log.error("store.trouble", error=str(error))

    async def _prune(self) -> None:
        kept = self.world.config.retention
        try:
            more = True
            while more:  # one small transaction at a time: polls go on committing between them
                gone = await self.world.writer.run(
                    lambda store: store.prune(snapshots=kept.snapshots, polls=kept.polls, now=clock(), most=1)
                )
                more = gone.more
            log.info("store.pruned")
        except StoreError as error:
            log.error("store.trouble", error=str(error))

    async def _watchdog(self) -> None:
        """Feed the watchdog only while writer and dispatcher answer and no due poll is late for our own fault."""
        now = time.monotonic()
        late = self.dispatcher.overdue()
        if now - self.world.writer.last_beat() > STALL:
            log.error("watchdog.starved", why="the writer does not answer")
        elif now - self.dispatcher.last_tick > STALL:
            log.error("watchdog.starved", why="the dispatcher does not answer")
        elif late is not None:
            log.error("watchdog.starved", why="a due poll waits", host=late.host, due=late.next_poll_at.isoformat())
        elif not self.world.lock.held():
            log.error("watchdog.starved", why="the lock on the database was lost")
        else:
            self.notifier.alive()

    async def _hands(self, scheduler: AsyncIOScheduler) -> None:
        """Watch the clock itself: jobs and polls sleep until a time of day, and would sleep on when it is set back."""
        while True:
            wall, steady = clock(), time.monotonic()
            await asyncio.sleep(HEALTH)
            back = timedelta(seconds=time.monotonic() - steady) - (clock() - wall)
            if back > SET_BACK:
                log.warning("clock.set_back", seconds=round(back.total_seconds()))
                wake_jobs(scheduler, clock())
                await self._wind_back()

    async def _wind_back(self) -> None:
        try:
            if count := await self.world.wind_back():
                log.warning("clock.wound_back", planned_by_a_clock_that_ran_ahead=count)
        except StoreError as error:
            log.error("store.trouble", error=str(error))

    async def _reloads(self) -> None:
        while True:
            await self.reload.wait()
            self.reload.clear()
            self.notifier.reloading()
            await self._reload()
            self.notifier.ready(self.config_error or f"watching {len(self.config.sources)} sources")

    async def _reload(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            config = await loop.run_in_executor(None, load_compact, self.config.path, self.environ)
            if config.database != self.config.database:
                raise WatcherError("another database needs a restart, a reload keeps the old one")
            synced = await self.world.put_in_force(config)
        except ConfigError as error:
            self.config_error = f"config error, the old one stays in force: {error.problems[0]}"
            for problem in error.problems:
                log.error("config.refused", problem=str(problem))
        except WatcherError as error:
            self.config_error = f"reload failed, the old configuration stays in force: {error}"
            log.error("config.refused", problem=str(error))
        except Exception as fault:  # a surprise must not end the task, which every later reload needs
            self.config_error = f"reload failed, the old configuration stays in force: {type(fault).__name__}: {fault}"
            log.exception("config.refused", problem=str(fault))
        else:
            self.config, self.config_error = self.world.config, None
            self.health.again()
            log.info(
                "config.reloaded",
                sources=len(config.sources),
                new=list(synced.new)[:20],
                removed=[name for name in synced.removed if MARK not in name][:20],  # what is followed goes with it
            )


def wake_jobs(scheduler: AsyncIOScheduler, now: datetime) -> None:
    """Let every job that repeats by an interval run now and go on from there."""
    for job in scheduler.get_jobs():
        if isinstance(job.trigger, IntervalTrigger):
            job.reschedule(IntervalTrigger(seconds=job.trigger.interval_length, start_date=now, timezone=UTC))
            job.modify(next_run_time=now)


def _report(task: "asyncio.Task[int]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("delivery.round", error=str(error))


def serve(path: Path, environ: Mapping[str, str], started: Callable[[], None] | None = None) -> None:
    """Load the configuration and run the daemon until it is told to stop. Raises ConfigError, StoreError."""
    daemon = Daemon(load_compact(path, environ), environ, started)
    asyncio.run(daemon.run())
