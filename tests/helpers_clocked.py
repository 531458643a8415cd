"""One source behind a server, polled through the real pipeline at minutes that a test names."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from servers import Request, Response
from watcher import config as configuration
from watcher.cli.app import app
from watcher.config import Config, fetch_identity
from watcher.fetch import Client
from watcher.model import Change, Outcome
from watcher.pipeline import Parts, Pipeline
from watcher.reading import Readers
from watcher.store import Store, Writer

START = datetime(2031, 3, 4, 12, tzinfo=UTC)


class Site:
    """A file behind an address: what it gives next can be set, with a validator where `etag` is."""

    def __init__(self, body: str | bytes = b"", kind: str = "text/html") -> None:
        self.body, self.kind, self.status, self.etag = body, kind, 200, ""

    async def __call__(self, request: Request) -> Response:
        if request.path == "/robots.txt":
            return Response(status=404)
        if self.status != 200:
            return Response(status=self.status)
        if self.etag and request.headers.get("if-none-match") == self.etag:
            return Response(status=304)
        body = self.body.encode() if isinstance(self.body, str) else self.body
        marks = (("ETag", self.etag),) if self.etag else ()
        return Response(body, headers=(("Content-Type", self.kind), *marks))


@asynccontextmanager
async def pipeline_at(
    config: Config, address: str, clock: Callable[[], datetime], readers: Readers | None = None
) -> AsyncIterator[tuple[Pipeline, Store, Writer]]:
    """The real pipeline with its store and writer, by a clock that a test moves; closed in order at the end."""
    store = Store.open(address, create=True, migrate=True)
    writer = Writer(store, clock)
    client = Client(config.fetch, config.hosts, version="test", clock=clock, resolve=configuration.resolve)
    workers = ThreadPoolExecutor(2)
    pipeline = Pipeline(Parts(store, writer, client, clock, lambda: 0.5, workers, "test", readers), config, "")
    try:
        yield pipeline, store, writer
    finally:
        pipeline.close()
        workers.shutdown()
        await client.close()
        await writer.close()
        store.close()


class Clocked:
    """A source and its store, between two polls closed."""

    def __init__(self, folder: Path, url: str, extra: str = "", kind: str = "listing") -> None:
        self.path = folder / "config.toml"
        self.path.write_text(
            f'[watcher]\ndatabase = "sqlite:///{folder}/watcher.db"\n[fetch]\ndelay = "0s"\n'
            'allow_private = ["127.0.0.0/8"]\n[channels.hook]\ntype = "webhook"\nurl = "http://127.0.0.1:9/"\n'
            f'[[sources]]\nname = "list"\nkind = "{kind}"\nurl = "{url}"\nnotify = ["hook"]\n{extra}\n'
        )

    def poll(self, minutes: float) -> Outcome:
        """Poll so many minutes after noon."""
        return asyncio.run(self._poll(START + timedelta(minutes=minutes)))

    async def _poll(self, now: datetime) -> Outcome:
        config = configuration.load(self.path)
        async with pipeline_at(config, config.database, lambda: now) as (pipeline, _, writer):
            plans = configuration.plans(config)
            await writer.run(lambda s: s.sync(plans, now))
            outcome = await pipeline.poll(fetch_identity(config.sources[0]))
        assert outcome is not None
        return outcome

    def status(self) -> dict[str, Any]:
        """What `watcher sources` says of it, and whether `watcher status` names it as unwell."""
        one = CliRunner().invoke(app, ["sources", "--json", "--config", str(self.path)])
        all_ = CliRunner().invoke(app, ["status", "--json", "--config", str(self.path)])
        found: dict[str, Any] = json.loads(one.stdout)
        found["unwell"] = [row["absence"] or row["error"] for row in json.loads(all_.stdout)["unwell"]]
        return found


def changes(outcome: Outcome) -> list[Change]:
    return [change for part in outcome.sources if part.observation for change in part.observation.changes]


def events(outcome: Outcome) -> list[tuple[str, str | None]]:
    """All changes as (event, reason)."""
    return [(change.event, change.reason) for change in changes(outcome)]
