"""One site with many sources, each on a host of its own, any of which can be broken and repaired; and `check` on all.

    with Field(tmp_path, FAULTS) as field:
        lines = field.check()          one line of `check --json` for each source; `poll()` does so in this process
        field.broken = True            every source answers with its fault, the healthy ones as before
        field.stage = 1                the next state of every page and feed: one sentence, one entry more

A `Fault` says what its server does, and the outcome and words that it must bring.
"""

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from daemon import Daemon, source
from inbox import SECRET, Hook
from servers import Handler, RawHandler, Request, Response, Server
from watcher import config as configuration
from watcher.world import open_world

CONFIG = """\
[watcher]
database = "sqlite:///watcher.db"
contact = "ops@example.org"

[fetch]
delay = "1ms"
timeout = "15s"
deadline = "30s"
max_bytes = "300kB"
allow_private = ["127.0.0.0/8"]

[defaults]
notify = ["hook"]
locale = "en-US"
{sources}
[channels.hook]
type = "webhook"
url = "{hook}"
secret = "{secret}"
pauses = ["1s"]
{more}"""

PARAGRAPHS = (
    "The Eastmark Port Authority has put crane maker Meridian Robotics and six other firms on its list of excluded "
    "suppliers, saying that their true owners were never disclosed as Section 14 of the Public Contracts Act demands.",
    "Meridian did not answer questions before publication. The authority said that a firm may ask for its removal from "
    "the list within 60 days, and that the list takes effect at 12:01 a.m. on Monday.",
    "The excluded firms supply about a third of the automatic cranes on the coast, with sales of 4.2 billion crowns.",
)


def article(name: str, stage: int, text: str = "") -> str:
    """A page; each stage moves the deadline by a month."""
    moved = f"Terminals must end existing contracts with {name} by 30 September {2031 + stage}, the order says."
    body = "".join(f"<p>{paragraph}</p>" for paragraph in (*PARAGRAPHS, moved, *([text] if text else [])))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Order on {name}</title></head><body>'
        f'<nav><a href="/">Home</a></nav><main><article class="body"><h1>Order on {name}</h1>{body}</article></main>'
        "<footer>All rights reserved</footer></body></html>"
    )


def item(name: str, number: int, text: str = "") -> str:
    return (
        f"<item><title>Notice {number} on {name}</title><link>https://news.example/{name}/{number}</link>"
        f"<guid>https://news.example/{name}/{number}</guid>"
        f"<pubDate>Mon, {3 + number:02d} Mar 2031 08:00:00 GMT</pubDate>"
        f"<description>The authority has published notice {number}. {text}</description></item>"
    )


def feed(name: str, stage: int, text: str = "", encoding: str = "utf-8") -> str:
    """A feed; each stage brings one entry more."""
    entries = "".join(item(name, number, text) for number in range(3 + stage, 0, -1))
    return (
        f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel><title>Notices on {name}</title>'
        f"<link>https://news.example/{name}/</link><description>Notices</description>{entries}</channel></rss>"
    )


Make = Callable[[str, int], bytes]  # (name, stage) → body


@dataclass(frozen=True)
class Fault:
    """What a source's server does while it is broken, and what must come of it.

    `handler` answers whole, `raw` has the socket, `body` is an answer with status 200. `good` makes the bodies of the
    days before and after. `first` False: as a first answer it would be content like any other.
    """

    name: str
    words: str = ""
    outcome: str = "failed"
    kind: Literal["article", "feed"] = "article"
    handler: Handler | None = None
    raw: RawHandler | None = None
    body: bytes | Make | None = None
    type: str | None = None
    robots: Handler | None = None
    good: Make | None = None
    keys: dict[str, Any] = field(default_factory=dict)
    first: bool = True

    @property
    def slug(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")

    @property
    def content_type(self) -> str:
        return self.type or ("application/rss+xml" if self.kind == "feed" else "text/html")

    def whole(self, stage: int) -> bytes:
        """What the source says on a good day."""
        if self.good is not None:
            return self.good(self.slug, stage)
        return (feed if self.kind == "feed" else article)(self.slug, stage).encode()


HEALTHY = (Fault("healthy page"), Fault("healthy feed", kind="feed"))


class Field:
    """The sources of some faults and two healthy ones, a webhook's receiver, and a folder with the configuration."""

    def __init__(self, folder: Path, faults: Sequence[Fault], *, more: str = "", **keys: object) -> None:
        self.faults = {fault.slug: fault for fault in faults}
        self.all = {**self.faults, **{fault.slug: fault for fault in HEALTHY}}
        assert len(self.all) == len(faults) + len(HEALTHY), "two faults have one name"
        self.folder, self.more, self.keys = folder, more, keys
        self.stage, self.broken = 0, False
        self.environ: dict[str, str] = {}
        self.hosts = {name: f"127.9.{n // 250}.{n % 250 + 1}" for n, name in enumerate(self.all)}
        self._names = {host: name for name, host in self.hosts.items()}
        self.server = Server(raw=self._talk, bind="0.0.0.0")
        self.hook = Hook()

    def __enter__(self) -> Self:
        self.server.__enter__()
        self.hook.__enter__()
        self.configure()
        self.daemon = Daemon(self.folder / "config.toml")
        return self

    def __exit__(self, *exc: Any) -> None:
        self.hook.__exit__(*exc)
        self.server.__exit__(*exc)

    def url(self, name: str) -> str:
        return self.server.url(f"/{name}", host=self.hosts[name])

    def configure(self) -> None:
        """Write the configuration."""
        told = "".join(
            source(name, self.url(name), **{"kind": fault.kind, **self.keys, **fault.keys})
            for name, fault in self.all.items()
        )
        text = CONFIG.format(sources=told, hook=self.hook.url, secret=SECRET, more=self.more)
        (self.folder / "config.toml").write_text(text, "utf-8")

    async def _talk(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = self._names[request.headers["host"].rpartition(":")[0]]
        fault = self.all[name]
        broken = self.broken and name in self.faults
        if request.path == "/robots.txt":
            response = await fault.robots(request) if broken and fault.robots else Response(status=404)
        elif broken and fault.raw is not None:
            await fault.raw(request, reader, writer)
            return
        elif broken and fault.handler is not None:
            response = await fault.handler(request)
        else:
            body = fault.body if broken and fault.body is not None else fault.whole(self.stage)
            made = body(name, self.stage) if callable(body) else body
            response = Response(made, headers=(("Content-Type", fault.content_type), ("ETag", f'"{hash(made)}"')))
            if request.headers.get("if-none-match") == f'"{hash(made)}"':
                response = Response(status=304)
        writer.write(response.encode())
        await writer.drain()

    def poll(self, *names: str) -> dict[str, dict[str, Any]]:
        """Do what `check` does, in this process: poll once, deliver, give each source's line."""

        async def once() -> list[dict[str, Any]]:
            config = configuration.load(self.folder / "config.toml", environ=self.environ)
            world = await open_world(config, environ=self.environ)
            try:
                lines = [line async for line in world.actions.check(names)]
                while await world.deliverer.round():
                    pass
            finally:
                await world.close()
            return lines

        return {line["source"]: line for line in asyncio.run(once())}

    def check(self, *args: str, seconds: float = 60.0) -> dict[str, dict[str, Any]]:
        """Run the command; give each source's line; every source has exactly one."""
        ended = self.daemon.run("check", "--json", *args, seconds=seconds)
        assert ended.returncode in (0, 1), ended.stderr
        assert "Traceback" not in ended.stderr, ended.stderr
        lines = [json.loads(line) for line in ended.stdout.splitlines()]
        assert len({line["source"] for line in lines}) == len(lines)
        return {line["source"]: line for line in lines}

    def told(self) -> dict[str, list[str]]:
        """The events that the receiver was told of, by source."""
        found: dict[str, list[str]] = {}
        for call in self.hook.accepted:
            data = call.payload["data"]
            if call.payload["type"] == "alert.changes":
                found.setdefault(data["source"]["name"], []).extend(change["event"] for change in data["changes"])
        return found


def announced(line: dict[str, Any]) -> list[str]:
    """The events of a line that were announced."""
    return [change["event"] for change in line["changes"] if change["announced"]]


def expected(fault: Fault) -> list[str]:
    """What one stage more brings."""
    return ["entry.new"] if fault.kind == "feed" else ["text.changed"]


def complaints(faults: dict[str, Fault], lines: dict[str, dict[str, Any]]) -> list[str]:
    """Where a line's outcome or words are not the fault's, or something was announced."""
    wrong = []
    for name, fault in faults.items():
        line = lines[name]
        if line["outcome"] not in fault.outcome.split("|"):
            wrong.append(f"{name}: outcome {line['outcome']} instead of {fault.outcome}: {line['error']}")
        elif (fault.words or line["error"]) and not (line["error"] and re.search(fault.words, line["error"])):
            wrong.append(f"{name}: {line['error']!r} does not say {fault.words!r}")
        elif line["error"] and (len(line["error"]) > 900 or not line["error"].isprintable()):
            wrong.append(f"{name}: the error is no sentence to print: {line['error'][:200]!r}")
        if events := announced(line):
            wrong.append(f"{name}: announced {events}: {[change['diff'][:300] for change in line['changes']]}")
    return wrong
