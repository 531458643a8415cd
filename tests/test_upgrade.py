"""A new version of the program reads pages and feeds better than the one before: that is no news to anybody."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from daemon import Pages, configure, source
from helpers_cli import Cli, article, cli_in, rss
from inbox import Hook, Inbox
from watcher.core import article as article_reader
from watcher.core import feed as feed_reader
from watcher.core import observe
from watcher.core.text import block_digest
from watcher.model import Block, FeedReading, Page, PageReading

TEXTS = (
    "The order takes effect on 1 March 2031 at noon.",
    "The order takes effect on 1 March 2031 at noon.",
    "The order takes effect on 1 April 2031 at noon.",
)
TITLES = (["Seven firms barred", "A port is closed"],) * 2 + (
    ["Six firms barred", "A port is closed", "A berth opens"],
)


@dataclass
class World:
    """A site whose page and feed change at stage 2; at stage 1 only bytes that nobody reads do."""

    page: Pages
    feed: Pages
    hook: Hook

    def to(self, stage: int) -> None:
        self.page.stage = self.feed.stage = stage


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    return cli_in(tmp_path, monkeypatch, capsys)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    def page(stage: int) -> bytes:
        return article(TEXTS[stage]).replace(b"</body>", b"<footer>Visit %d</footer></body>" % stage)

    def feed(stage: int) -> bytes:
        return rss(*TITLES[stage]).replace(b"<item>", b"<!-- %d --><item>" % stage)

    with Inbox() as inbox, Hook() as hook, Pages(page) as site, Pages(feed, "application/rss+xml") as news:
        told = source("page", site.url(), kind="article") + source("notices", news.url("/feed"), kind="feed")
        configure(tmp_path, inbox, hook, told)
        yield World(site, news, hook)


def _poorly(page: Page) -> Page:
    """What a poorer reader makes of a page: the menu is text, a paragraph is lost, the headline names the site."""
    blocks = (Block("text", "Home News Contact"), *page.blocks[:1], *page.blocks[2:])
    return replace(page, headline=f"{page.headline} | Authority", title=f"{page.title} | Authority", blocks=blocks)


@pytest.fixture
def older(monkeypatch: pytest.MonkeyPatch) -> Callable[[], AbstractContextManager[None]]:
    """Within this context an older version runs: its readers have another name and read worse."""

    @contextmanager
    def running() -> Iterator[None]:
        read_page, read_feed = article_reader.read, feed_reader.read

        def page(*args: Any, **more: Any) -> PageReading:
            reading = read_page(*args, **more)
            return replace(reading, page=_poorly(reading.page), watched=reading.watched[::-1])

        def feed(*args: Any, **more: Any) -> FeedReading:
            reading = read_feed(*args, **more)
            entries = tuple(
                replace(e, page=_poorly(e.page), raw=block_digest(e.raw), finger=block_digest(e.finger))
                for e in reading.entries
            )
            return replace(reading, entries=entries, present=tuple(map(block_digest, reading.present)))

        with monkeypatch.context() as old:
            old.setattr(article_reader, "read", page)
            old.setattr(feed_reader, "read", feed)
            old.setattr(observe, "EXTRACTORS", dict.fromkeys(observe.EXTRACTORS, "older"))
            yield

    return running


def announced(cli: Cli) -> dict[str, list[str]]:
    """Poll once: the events announced, by source."""
    return {
        line["source"]: [c["event"] for c in line["changes"] if c["announced"]] for line in cli("check", "--json").lines
    }


def test_an_upgrade_alone_is_no_news(cli: Cli, world: World, older: Callable[[], AbstractContextManager[None]]) -> None:
    """After an upgrade nothing is announced of what the publisher left alone, with the same bytes and with others."""
    with older():
        announced(cli)
    assert announced(cli) == {"page": [], "notices": []}
    with older():
        announced(cli)  # and back to the older version, as after a mishap
    world.to(1)
    assert announced(cli) == {"page": [], "notices": []}
    assert not [call for call in world.hook.accepted if call.payload["type"] == "alert.changes"]


def test_what_changed_with_the_upgrade_is_told(
    cli: Cli, world: World, older: Callable[[], AbstractContextManager[None]]
) -> None:
    """What the publisher changed between the last poll before an upgrade and the first after it is all that is told."""
    with older():
        announced(cli)
    world.to(2)
    lines = {line["source"]: line["changes"] for line in cli("check", "--json").lines}
    told = {name: [c for c in found if c["announced"]] for name, found in lines.items()}
    assert [c["event"] for c in told["page"]] == ["text.changed"]
    edited = [row for row in told["page"][0]["diff"].splitlines() if row[:1] in "+-"]
    assert edited == [f"- {TEXTS[0]}", f"+ {TEXTS[2]}"]
    assert sorted(c["event"] for c in told["notices"]) == ["entry.changed", "entry.new"]
    (change,) = (c for c in told["notices"] if c["event"] == "entry.changed")
    assert change["entry"]["fields"]["title"] == {"before": "Seven firms barred", "after": "Six firms barred"}
    assert announced(cli) == {"page": [], "notices": []}
