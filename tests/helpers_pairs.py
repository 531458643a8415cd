"""A small Watcher with a clock that a test moves: real configuration, servers, pipeline and store.

with Desk(folder, address, site) as desk:
    desk.write({"name": "fast", ...}, ...)      the configuration, put in force
    desk.poll()                                 poll every source once; `desk.at` is the time
    desk.told()                                 what each alert says that was written so far
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote
from xml.sax.saxutils import escape

from helpers_clocked import pipeline_at
from helpers_faults import CONFIG
from inbox import SECRET
from servers import Request, Response, Server
from watcher import config as configuration
from watcher import following
from watcher.model import Outcome
from watcher.store import Store

FRIDAY = datetime(2031, 3, 7, 17, 0, tzinfo=UTC)
MONDAY = datetime(2031, 3, 10, 8, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TYPES = {"xml": "application/rss+xml", "csv": "text/csv", "html": "text/html", "json": "application/json"}


def item(number: int | str, at: datetime | None = None, title: str | None = None, words: str = "") -> str:
    """An entry of a feed; without `at` it bears no date."""
    dated = f"<pubDate>{format_datetime(at)}</pubDate>" if at else ""
    return (
        f"<item><guid isPermaLink='false'>n-{number}</guid><title>{escape(title or f'Notice {number}')}</title>"
        f"<link>https://filings.example/{quote(str(number))}</link>{dated}<description>{escape(words)}</description></item>"
    )


def feed(*items: str) -> bytes:
    return f'<rss version="2.0"><channel><title>Filings</title>{"".join(items)}</channel></rss>'.encode()


def window(first: int, last: int, at: datetime | None = None, step: timedelta = MINUTE) -> bytes:
    """Entries `last` to `first`, newest first; `at` is the newest one's time, each older one `step` before."""
    numbers = range(last, first - 1, -1)
    return feed(*(item(number, at - step * place if at else None) for place, number in enumerate(numbers)))


class Site:
    """Bodies by path; a number is an error status. `asked` counts the requests by path."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes | int] = {}
        self.server = Server(self._handle)

    async def _handle(self, request: Request) -> Response:
        body = self.bodies.get(request.path, 404)
        if isinstance(body, int):
            return Response(status=body)
        kind = TYPES.get(request.path.rpartition(".")[2], "text/html")
        return Response(body, headers=(("Content-Type", kind),))

    def asked(self, path: str) -> int:
        return sum(request.path == path for request in self.server.requests)


class Desk:
    """One installation, from its start to its end; another one on the same folder and address is a restart."""

    def __init__(self, folder: Path, address: str, site: Site, at: datetime = FRIDAY) -> None:
        self.folder, self.address, self.site, self.at = folder, address, site, at
        self.config = ""

    def __enter__(self) -> Self:
        self.site.server.__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        self.site.server.__exit__(*exc)

    def write(self, *sources: dict[str, Any], **defaults: Any) -> None:
        """Put a configuration in force; `path` instead of `url` is an address of the site."""
        told = ""
        for keys in sources:
            path = keys.get("path", f"/{keys['name']}.xml")
            full = {"url": self.site.server.url(path), **defaults, **{k: v for k, v in keys.items() if k != "path"}}
            told += "\n[[sources]]\n" + "".join(f"{key} = {toml(value)}\n" for key, value in full.items())
        self.config = CONFIG.format(sources=told, hook="http://127.0.0.1:9/", secret=SECRET, more="")
        (self.folder / "config.toml").write_text(self.config, "utf-8")

    def poll(self, *names: str, after: timedelta = MINUTE) -> list[Outcome]:
        """Move the clock on and poll the sources' fetches, all at one time; `"due"`: whatever is due."""
        self.at += after
        return asyncio.run(self._poll(names))

    async def _poll(self, names: Sequence[str]) -> list[Outcome]:
        config = configuration.load(self.folder / "config.toml", environ={})
        async with pipeline_at(config, self.address, lambda: self.at) as (pipeline, store, writer):
            pages = following.plans(config, store.followed(), self.at)
            await writer.run(lambda s: s.sync((*configuration.plans(config), *pages), self.at))
            wanted = {configuration.fetch_identity(s): None for s in config.sources if not names or s.name in names}
            if names == ("due",):
                wanted = {due.fetch: None for due in store.due(self.at)}
            found = await asyncio.gather(*(pipeline.poll(fetch) for fetch in wanted))
        return [outcome for outcome in found if outcome is not None]

    def alerts(self, type_: str | None = None) -> list[dict[str, Any]]:
        """The `data` of every alert that was written, oldest first."""
        store = Store.open(self.address)
        try:
            found = [each.alert for each in store.deliveries(limit=10_000)]
        finally:
            store.close()
        return [dict(alert.data) for alert in found if type_ in (None, alert.type)]

    def gaps(self) -> list[list[str]]:
        """The sources of each alert of a gap."""
        health = self.alerts("alert.health")
        return [[s["name"] for s in data["sources"]] for data in health if data["events"] == ["source.gap"]]

    def told(self) -> list[tuple[str, str, bool]]:
        """(source, what is told, whether it is late) of every change that was announced."""
        return [
            (data["source"]["name"], title_of(change), bool(change.get("late")))
            for data in self.alerts("alert.changes")
            for change in data["changes"]
        ]


def title_of(change: dict[str, Any]) -> str:
    """The event's last word and what it is of."""
    shown = change.get("entry") or change.get("record") or {}
    return f"{change['event']} {shown.get('title') or change['document']['title']}"


def toml(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    return f"'{value}'" if isinstance(value, str) else str(value)
