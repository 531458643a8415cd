"""`check --dry-run`: poll for real against what the store knows, and write nothing anywhere."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from watcher import __version__
from watcher import config as configuration
from watcher.actions import Actions
from watcher.config import Config
from watcher.core.urls import host_of
from watcher.errors import StoreError
from watcher.fetch import Client
from watcher.model import FetchState, Job, SourceState
from watcher.pipeline import Parts, Pipeline
from watcher.reading import Readers
from watcher.store import Store, Writer
from watcher.world import clock, dice


class NothingKnown:
    """A store that knows nothing yet, for a first dry run before there is one."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def jobs(self, fetches: list[str]) -> tuple[Job, ...]:
        jobs: dict[str, Job] = {}
        for source in self.config.sources:
            key = configuration.fetch_identity(source)
            if key in fetches:
                state = FetchState(key, source.url, host_of(source.url))
                jobs[key] = Job(state, (*(jobs[key].sources if key in jobs else ()), SourceState(source.name)))
        return tuple(jobs.values())

    def mutes(self, _: object) -> dict[str, Any]:
        return {}

    def entry_refs(self, _: str) -> tuple[()]:
        return ()

    def documents(self, _: object) -> dict[str, Any]:
        return {}

    def page(self, _: str) -> None:
        return None

    def body(self, _: str) -> None:
        return None

    def record_index(self, _: str) -> Iterator[Any]:
        return iter(())

    def record_gone(self, _: str) -> list[int]:
        return []

    def list_document(self, _: str) -> None:
        return None

    def close(self) -> None:
        """There is nothing to close."""


async def dry_check(config: Config, names: list[str], environ: Mapping[str, str]) -> AsyncIterator[dict[str, Any]]:
    """Yield the lines of `check --dry-run`."""
    store: Any
    try:
        store = await asyncio.get_running_loop().run_in_executor(None, Store.open, config.database)
    except StoreError:
        store = NothingKnown(config)
    client = Client(
        config.fetch,
        config.hosts,
        version=__version__,
        clock=clock,
        resolve=lambda s: configuration.resolve(s, environ),
    )
    workers, readers = ThreadPoolExecutor(2), Readers()
    writer: Any = _NoWriter()
    try:
        parts = Parts(store, writer, client, clock, dice, workers, f"watcher {__version__}", readers)
        pipeline = Pipeline(parts, config, "")
        async for line in Actions(pipeline, store, writer, clock).check(names, store=False):
            yield line
    finally:
        await client.close()
        workers.shutdown(wait=False)
        readers.close()
        store.close()


class _NoWriter(Writer):
    """A writer that a dry run must never reach."""

    def __init__(self) -> None:
        """Start no thread."""
