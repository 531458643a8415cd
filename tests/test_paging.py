"""Lists and feeds over several pages, through the real pipeline: which pages are asked for, and what is told."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest

from servers import Request, Response, Server
from watcher import config as configuration
from watcher.config import fetch_identity
from watcher.model import Change, Outcome
from watcher.world import open_world

SIZE = 10


@dataclass
class Site:
    """A list of numbered filings, newest first, so many a page; `dated` False: without dates."""

    rows: list[int]
    kind: str = "listing"
    dated: bool = True
    size: int = SIZE
    asked: list[str] = field(default_factory=list)
    faults: dict[str, Response] = field(default_factory=dict)
    elsewhere: str = ""

    async def __call__(self, request: Request) -> Response:
        if request.path == "/robots.txt":
            return self.faults.get("robots", Response(status=404))
        number = int(request.target.partition("page=")[2] or 1)
        self.asked.append(request.target.partition("?")[2])
        if fault := self.faults.get(request.target.partition("?")[2]):
            return fault
        shown = self.rows[(number - 1) * self.size : number * self.size]
        more = number * self.size < len(self.rows)
        following = f"{self.elsewhere}/list?page={number + 1}" if more else ""
        if self.kind == "feed":
            return Response(_feed(shown, following), headers=(("Content-Type", "application/atom+xml"),))
        if self.kind == "json":
            return Response(_json(shown, following), headers=(("Content-Type", "application/feed+json"),))
        return Response(_page(shown, following, dated=self.dated), headers=(("Content-Type", "text/html"),))


def _day(number: int) -> date:
    return date(2020, 1, 1) + timedelta(days=number)


def _page(rows: list[int], following: str, *, dated: bool) -> bytes:
    lines = "".join(
        f"<tr><td>{_day(n).strftime('%m/%d/%Y') if dated else 'Excluded'}</td>"
        f"<td><a href='/filings/{n}'>Order of the board in the matter {n}</a></td></tr>"
        for n in rows
    )
    more = f"<p><a rel='next' href='{following}'>Next</a></p>" if following else ""
    head = f"<tr><th>{'Date' if dated else 'Standing'}</th><th>Document</th></tr>"
    return f"<!doctype html><html lang=en-US><title>Orders</title><table>{head}{lines}</table>{more}</html>".encode()


def _feed(rows: list[int], following: str) -> bytes:
    entries = "".join(
        f"<entry><id>urn:x:{n}</id><title>Order {n}</title><link href='https://board.example/{n}'/>"
        f"<updated>{_day(n)}T09:00:00Z</updated><summary>In the matter {n}.</summary></entry>"
        for n in rows
    )
    more = f"<link rel='next' href='{following}'/>" if following else ""
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Orders</title>{more}{entries}</feed>".encode()


def _json(rows: list[int], following: str) -> bytes:
    items = [{"id": f"urn:x:{n}", "title": f"Order {n}", "content_text": f"In the matter {n}."} for n in rows]
    made = {"version": "https://jsonfeed.org/version/1.1", "title": "Orders", "items": items}
    return json.dumps(made | ({"next_url": following} if following else {})).encode()


class Watch:
    """A source that is polled again and again."""

    def __init__(self, folder: Path, site: Site, server: Server, extra: str = "") -> None:
        kind = "listing" if site.kind == "listing" else "feed"
        self.site, self.path = site, folder / "config.toml"
        self.path.write_text(
            f'[watcher]\ndatabase = "sqlite:///{folder}/watcher.db"\n[fetch]\ndelay = "0s"\n'
            'allow_private = ["127.0.0.0/8"]\n[channels.hook]\ntype = "webhook"\nurl = "http://127.0.0.1:9/"\n'
            f'[[sources]]\nname = "list"\nkind = "{kind}"\nurl = "{server.url("/list")}"\nnotify = ["hook"]\n{extra}\n'
        )

    def poll(self) -> Outcome:
        async def once() -> Outcome:
            config = configuration.load(self.path)
            world = await open_world(config)
            try:
                outcome = await world.pipeline.poll(fetch_identity(config.sources[0]))
            finally:
                await world.close()
            assert outcome is not None
            return outcome

        self.site.asked.clear()
        return asyncio.run(once())

    def verify(self) -> bool:
        """Check the chain of evidence over all bodies."""

        async def once() -> bool:
            world = await open_world(configuration.load(self.path))
            try:
                return not list(world.store.verify())
            finally:
                await world.close()

        return asyncio.run(once())


def changes(outcome: Outcome) -> list[Change]:
    return [change for part in outcome.sources if part.observation for change in part.observation.changes]


def told(outcome: Outcome) -> list[tuple[str, str]]:
    return sorted((c.event, c.document.title.rpartition(" ")[2]) for c in changes(outcome) if c.announced)


@pytest.fixture(params=["listing", "feed", "json"])
def site(request: pytest.FixtureRequest) -> Iterator[tuple[Site, Server]]:
    made = Site(list(range(100, 0, -1)), kind=request.param)
    with Server(made) as server:
        yield made, server


@pytest.fixture
def rows() -> Iterator[tuple[Site, Server]]:
    made = Site(list(range(100, 0, -1)))
    with Server(made) as server:
        yield made, server


def test_pages_are_read_until_something_known_is_met(tmp_path: Path, site: tuple[Site, Server]) -> None:
    """New rows and entries beyond the first page are told, each once; with little new, no other page is asked for."""
    made, server = site
    watch = Watch(tmp_path, made, server)
    assert watch.poll().poll.result == "baseline"
    assert len(made.asked) == (3 if made.kind == "listing" else 1)  # bounded: never a whole archive
    made.rows[:0] = [103, 102, 101]
    assert told(watch.poll()) == [("entry.new", str(n)) for n in (101, 102, 103)]
    assert made.asked == [""]
    made.rows[:0] = list(range(128, 103, -1))
    outcome = watch.poll()
    assert told(outcome) == sorted(("entry.new", str(n)) for n in range(104, 129))
    assert made.asked == ["", "page=2", "page=3"]
    assert not any(state.gap for part in outcome.sources if (state := part.observation))
    assert (changes(watch.poll()), made.asked) == ([], [""])


def test_each_page_is_evidence_of_what_stood_on_it(tmp_path: Path, rows: tuple[Site, Server]) -> None:
    """The body of every page that was read is stored in the chain, and a row names the one that it stood on."""
    made, server = rows
    watch = Watch(tmp_path, made, server)
    watch.poll()
    made.rows[:0] = list(range(115, 100, -1))
    outcome = watch.poll()
    bodies = {c.document.title.rpartition(" ")[2]: c.revision.sha256 for c in changes(outcome)}
    assert outcome.snapshot is not None
    assert bodies["115"] == outcome.snapshot.body_sha256
    assert bodies["101"] == outcome.pages[0][0].body_sha256 != bodies["115"]
    assert watch.verify()


@pytest.mark.parametrize("dated", [True, False])
def test_nothing_is_removed_because_it_stands_on_another_page(tmp_path: Path, dated: bool) -> None:
    """Rows that moved to pages that were not read are neither missed nor held back, nor new when they come up again."""
    made = Site(list(range(100, 0, -1)), dated=dated)
    with Server(made) as server:
        watch = Watch(tmp_path, made, server)
        watch.poll()
        made.rows[:0] = list(range(109, 100, -1))
        assert {event for event, _ in told(watch.poll())} == {"entry.new"}
        for _ in range(2):
            assert (told(watch.poll()), made.asked) == ([], [""])
        del made.rows[:5]  # five of the first page went, so five come up from the second
        seen = [(c.event, c.reason) for c in changes(watch.poll())]
    assert seen == ([("entry.removed", "unconfirmed")] * 5 if dated else [])


def test_what_comes_up_from_the_next_page_is_no_news(tmp_path: Path, rows: tuple[Site, Server]) -> None:
    """Where a dated list shows more rows a page than before, the older ones are known from now on, and not told."""
    made, server = rows
    watch = Watch(tmp_path, made, server)
    watch.poll()
    made.size = 50
    outcome = watch.poll()
    assert (told(outcome), made.asked) == ([], [""])
    assert {c.reason for c in changes(outcome)} == {"baseline"}


def test_a_page_that_cannot_be_had_fails_the_poll_and_loses_nothing(tmp_path: Path, site: tuple[Site, Server]) -> None:
    """What stands on a later page is told once that page can be had; after some polls the list goes on without it."""
    made, server = site
    watch = Watch(tmp_path, made, server)
    watch.poll()
    made.rows[:0] = list(range(115, 100, -1))
    made.faults["page=2"] = Response(status=503)
    for _ in range(2):
        outcome = watch.poll()
        assert outcome.poll.result == "failed"
        assert "page 2 of the list could not be fetched" in (outcome.poll.error or "")
    del made.faults["page=2"]
    assert told(watch.poll()) == sorted(("entry.new", str(n)) for n in range(101, 116))
    made.rows[:0] = list(range(130, 115, -1))
    made.faults["page=2"] = Response(status=503)
    assert [watch.poll().poll.result for _ in range(3)] == ["failed"] * 3
    assert told(watch.poll()) == sorted(("entry.new", str(n)) for n in range(121, 131))


def test_other_sites_and_forbidden_pages_are_not_asked(tmp_path: Path, rows: tuple[Site, Server]) -> None:
    """A next page on another host, or one that robots.txt forbids, is left alone; the list itself is read."""
    made, server = rows
    made.elsewhere = server.url("", host="127.0.0.2")
    watch = Watch(tmp_path, made, server)
    assert (watch.poll().poll.result, made.asked) == ("baseline", [""])
    made.elsewhere = ""
    made.faults["robots"] = Response(b"User-agent: *\nDisallow: /list?page\n")
    made.rows[:0] = list(range(115, 100, -1))
    assert told(watch.poll()) == sorted(("entry.new", str(n)) for n in range(106, 116))
    assert made.asked == [""]


def test_a_list_without_an_end_is_bounded(tmp_path: Path, rows: tuple[Site, Server]) -> None:
    """Of a list that is all new no more than twenty pages are read, and one that leads round in a circle ends."""
    made, server = rows
    watch = Watch(tmp_path, made, server)
    watch.poll()
    made.rows[:] = list(range(5000, 1000, -1))
    watch.poll()
    assert len(made.asked) <= 20
