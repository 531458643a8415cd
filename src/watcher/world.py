"""Put the parts together: the one place beside daemon.py that hands out a clock and dice.

The daemon and the commands that act (`check`, `retry`, …) use the same world; the daemon's lives longer.
"""

import asyncio
import ctypes
import gc
import os
import pickle
import random
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from watcher import __version__, channels, following
from watcher import config as configuration
from watcher.actions import Actions
from watcher.config import Config
from watcher.core import cadence
from watcher.delivery import Deliverer
from watcher.fetch import Client
from watcher.model import Secret, Source
from watcher.pipeline import Parts, Pipeline
from watcher.reading import Readers
from watcher.store import Lock, Store, Synced, Writer, acquire

READERS = 2  # threads in which bodies are read: the loop stays free


def clock() -> datetime:
    """The time, aware and in UTC."""
    return datetime.now(UTC)


def dice() -> float:
    """A throw in [0, 1): it spreads polls and retries, nothing secret comes of it."""
    return random.random()  # noqa: S311  # spreads load only


def settle_memory() -> None:
    """Put what has come to stay beyond the garbage collector's reach, and give what was needed to get there back.

    Called by whoever runs for long, once everything is in place: a collection then costs what there is under way, not
    what there is (modules, statements, sources).
    """
    gc.collect()
    gc.freeze()
    give_back()


def load_compact(path: Path, environ: Mapping[str, str]) -> Config:
    """Load a configuration for long: its sources lie together in memory, not among what was needed to read them.

    The tables of a large file take many times what its sources do, and as long as those lie between them, none of it
    can be given back. Raises ConfigError.
    """
    config = configuration.load(path, environ=environ)
    packed = pickle.dumps(config.sources)
    config = replace(config, sources=())
    return replace(config, sources=pickle.loads(packed))  # noqa: S301 - our own values, packed the line before


def give_back() -> None:
    """Give freed memory back to the system, where the C library can be asked to (glibc)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


@dataclass(slots=True)
class World:
    """A running composition; `close` ends it in the right order."""

    config: Config
    config_id: str
    lock: Lock
    store: Store
    writer: Writer
    client: Client
    pipeline: Pipeline
    deliverer: Deliverer
    actions: Actions
    workers: ThreadPoolExecutor
    synced: Synced
    environ: Mapping[str, str]

    async def put_in_force(self, config: Config) -> Synced:
        """Exchange the configuration: store it, match the sources, rebuild the channels. Raises StoreError."""
        senders = _senders(config, self.client, self.environ)

        def write(store: Store) -> tuple[str, Synced]:
            now = clock()
            digest = store.keep_config(digest=config.digest, text=config.masked, now=now)
            pages = following.plans(config, store.followed(), now)
            return digest, store.sync((*configuration.plans(config), *pages), now)

        self.config_id, synced = await self.writer.run(write)
        self.client.reconfigure(config.fetch, config.hosts)
        config = self.config = replace(config, masked="")  # it is stored now
        self.pipeline.configure(config, self.config_id)
        self.deliverer.configure({c.name: c for c in config.channels}, senders)
        self.synced = synced
        return synced

    async def wind_back(self) -> int:
        """Poll now what lies further ahead than it can: the clock was set back. Gives how many. Raises StoreError."""
        now = clock()
        by_fetch: dict[str, list[Source]] = {}
        for source in self.config.sources:
            by_fetch.setdefault(configuration.fetch_identity(source), []).append(source)

        def write(store: Store) -> int:
            far = []
            for due in store.ahead(now + cadence.LONGEST_RETRY_AFTER):
                sources = by_fetch.get(due.fetch)
                if sources and due.next_poll_at > cadence.latest(sources, now=now):
                    far.append(due.fetch)
            return store.wind_back(now, far)

        return await self.writer.run(write)

    async def close(self) -> None:
        """End in the order of the flow: no more answers, no more readings, what was handed over is written."""
        await self.client.close()
        self.pipeline.close()
        self.workers.shutdown(wait=False, cancel_futures=True)
        if self.pipeline.parts.readers is not None:
            self.pipeline.parts.readers.close()
        await self.writer.close()
        self.store.close()
        self.lock.release()


def _senders(config: Config, client: Client, environ: Mapping[str, str]) -> dict[str, channels.Sender]:
    def resolve(secret: Secret) -> str:
        return configuration.resolve(secret, environ)

    host = socket.gethostname()
    return {
        channel.name: channels.make(channel, http=client.http, resolve=resolve, clock=clock, tls=None, hostname=host)
        for channel in config.channels
    }


async def open_world(
    config: Config, *, environ: Mapping[str, str] = os.environ, progress: Callable[[str], None] | None = None
) -> World:
    """Take the lock, open (and migrate) the store, connect everything. Raises StoreError."""
    lock = acquire(config.database)
    try:
        loop = asyncio.get_running_loop()
        store = await loop.run_in_executor(
            None, lambda: Store.open(config.database, create=True, migrate=True, progress=progress)
        )
    except BaseException:
        lock.release()
        raise
    writer = Writer(store, clock)
    client = Client(
        config.fetch,
        config.hosts,
        version=__version__,
        clock=clock,
        resolve=lambda secret: configuration.resolve(secret, environ),
    )
    workers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
    parts = Parts(store, writer, client, clock, dice, workers, f"watcher {__version__}", Readers())
    pipeline = Pipeline(parts, config, "")
    deliverer = Deliverer(store, writer, clock, dice)
    actions = Actions(pipeline, store, writer, clock, deliverer.hurry)
    world = World(config, "", lock, store, writer, client, pipeline, deliverer, actions, workers, Synced(), environ)
    try:
        await world.put_in_force(config)
        await world.wind_back()
    except BaseException:
        await world.close()
        raise
    return world
