"""A publisher whose feed leads to pages, and whose pages lead to documents; and a Watcher whose time a test passes."""

import asyncio
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from helpers_clocked import pipeline_at
from helpers_documents import pdf, typeset
from servers import Request, Response, Server
from watcher import config as configuration
from watcher import following
from watcher.pipeline import Pipeline
from watcher.reading import Readers
from watcher.store import Store

START = datetime(2021, 1, 14, 22, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

RELEASE = (
    "The Department released a list of additional companies today, in accordance with the statutory requirement of "
    "Section 1237 of the National Defense Authorization Act for Fiscal Year 1999.",
    "The Department is determined to highlight and counter the strategy, which supports modernization goals by "
    "ensuring access to advanced technologies and expertise acquired by companies that appear to be civilian.",
)


def item(number: int, title: str, link: str, text: str = "") -> str:
    return (
        f"<item><guid>r-{number}</guid><title>{title}</title><link>{link}</link><description>{text}</description>"
        f"<pubDate>Thu, 14 Jan 2021 {number % 24:02d}:00:00 GMT</pubDate></item>"
    )


def release(title: str, *paragraphs: str, note: str = "", links: str = "") -> bytes:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs or RELEASE)
    return (
        f'<html lang="en-US"><head><title>{title}</title></head><body>'
        '<header><a href="/privacy.pdf">Privacy</a></header>'
        f"<article><h1>{title}</h1>{note}{body}{links}</article><footer>Contact us</footer></body></html>"
    ).encode()


def paper(*lines: str) -> bytes:
    return pdf(typeset(list(lines), width=80, height=40))


@dataclass
class Publisher:
    """`items` of the feed, newest first; `files` by path: bytes, or a status for what cannot be had."""

    items: list[str] = field(default_factory=list)
    files: dict[str, bytes | int] = field(default_factory=dict)
    robots: bytes | None = None

    def __post_init__(self) -> None:
        self.server = Server(self.handle)

    async def handle(self, request: Request) -> Response:
        if request.path == "/robots.txt":
            return Response(status=404) if self.robots is None else Response(self.robots)
        if request.path == "/feed":
            body = f'<rss version="2.0"><channel><title>Releases</title>{"".join(self.items)}</channel></rss>'
            return Response(body.encode(), headers=(("Content-Type", "application/rss+xml"),))
        found = self.files.get(request.path, 404)
        if isinstance(found, int):
            return Response(b"no", found)
        kind = "application/pdf" if found.startswith(b"%PDF") else "text/html; charset=utf-8"
        return Response(found, headers=(("Content-Type", kind),))

    def add(self, number: int, title: str, text: str = "", link: str | None = None) -> None:
        self.items.insert(0, item(number, title, self.url(link or f"/{number}"), text))

    def asked(self, path: str) -> int:
        return sum(request.path == path for request in self.server.requests)

    def url(self, path: str = "/feed") -> str:
        return self.server.url(path)

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        self.server.__exit__(*exc)


CONFIG = """\
[watcher]
database = "{address}"

[fetch]
delay = "0s"
allow_private = ["127.0.0.0/8"]
{fetch}
[defaults]
notify = ["hook"]
{sources}
[channels.hook]
type = "webhook"
url = "http://127.0.0.1:9/"
"""


class Watch:
    """Watcher with a clock of its own: real configuration, store, client and servers; time passes in `until`.

    Each call opens everything anew, as a restart does.
    """

    def __init__(self, folder: Path, address: str, at: datetime = START) -> None:
        self.folder, self.address, self.at = folder, address, at
        self.polled: list[tuple[datetime, str]] = []  # when, and the address

    def write(self, *sources: str, fetch: str = "") -> None:
        text = CONFIG.format(address=self.address, sources="".join(sources), fetch=fetch)
        (self.folder / "config.toml").write_text(text, "utf-8")

    def until(self, at: datetime | timedelta = timedelta(), *, sweeping: bool = True) -> None:
        """Poll what is due, and go on in time to whatever is due next, until a time or for a period."""
        end = at if isinstance(at, datetime) else self.at + at
        asyncio.run(self._until(end, sweeping=sweeping))

    async def _until(self, end: datetime, *, sweeping: bool) -> None:
        config = configuration.load(self.folder / "config.toml", environ={})
        with closing(Readers()) as readers:
            async with pipeline_at(config, self.address, self.clock, readers) as (pipeline, store, writer):
                plans = (*configuration.plans(config), *following.plans(config, store.followed(), self.at))
                await writer.run(lambda s: s.sync(plans, self.at))
                pipeline.remute()
                await pipeline.follower.sweep(config, pipeline.routing)
                await self._pass(end, pipeline, store, sweeping=sweeping)

    async def _pass(self, end: datetime, pipeline: Pipeline, store: Store, *, sweeping: bool) -> None:
        while True:
            for due in store.due(self.at):
                outcome = await pipeline.poll(due.fetch)
                assert outcome is not None
                self.polled.append((self.at, outcome.fetch.url))
            if sweeping:
                await pipeline.follower.sweep(pipeline.config, pipeline.routing)
            ahead = store.next_due()
            step = min(ahead, self.at + HOUR) if ahead is not None else end
            if step > end:
                break
            self.at = max(step, self.at + timedelta(milliseconds=1))
            if self.at >= end:
                break
        self.at = end

    def clock(self) -> datetime:
        return self.at

    def store(self) -> Store:
        return Store.open(self.address)

    def told(self) -> list[dict[str, Any]]:
        """The changes in all alerts that were written, oldest first."""
        return [change for data in self.alerts("alert.changes") for change in data["changes"]]

    def alerts(self, kind: str) -> list[dict[str, Any]]:
        with closing(self.store()) as store:
            return [dict(each.alert.data) for each in store.deliveries(limit=10_000) if each.alert.type == kind]

    def held(self, event: str = "entry.new") -> dict[str, str | None]:
        """Why each entry was not announced, by title."""
        with closing(self.store()) as store:
            found = [stored.change for stored in store.changes(held=True, event=event)]
        return {change.document.title: change.reason for change in found if change.reason != "baseline"}

    def followed(self) -> dict[str, str]:
        """The names of what is followed now, by address."""
        with closing(self.store()) as store:
            return {row.url: row.source for row in store.followed() if row.enabled}
