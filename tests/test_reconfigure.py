"""What a change of the configuration does to what is known, and who hears of what: through `check` on real servers."""

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from helpers_faults import CONFIG, announced, article, feed
from inbox import SECRET, Hook
from servers import Request, Response, Server
from watcher import config as configuration
from watcher.world import open_world

BOX = '<div class="box"><p>The box says that {} of 7 firms have appealed.</p></div>'


class Site:
    """A page at /page, another at /other, a feed at /feed; all live through `stage`."""

    def __init__(self) -> None:
        self.stage = 0
        self.server = Server(self.handle)

    async def handle(self, request: Request) -> Response:
        bodies: dict[str, Callable[[], str]] = {
            "/page": lambda: article("one", self.stage).replace("</article>", f"</article>{BOX.format(self.stage)}"),
            "/other": lambda: article("another", self.stage),
            "/feed": lambda: feed("one", self.stage),
        }
        if request.path not in bodies:
            return Response(status=404)
        return Response(bodies[request.path]().encode(), headers=(("Content-Type", "text/html"),))

    def asked(self, path: str) -> int:
        return sum(request.path == path for request in self.server.requests)


class Desk:
    """A configuration that is written anew for each step, and `check` on it."""

    def __init__(self, folder: Path, site: Site, hook: Hook) -> None:
        self.path, self.site, self.hook = folder / "config.toml", site, hook

    def write(self, *sources: dict[str, Any], more: str = "") -> None:
        told = ""
        for keys in sources:
            full = {"kind": "article", "url": self.site.server.url("/page"), **keys}
            told += "\n[[sources]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in full.items())
        self.path.write_text(CONFIG.format(sources=told, hook=self.hook.url, secret=SECRET, more=more), "utf-8")

    def check(self, act: Callable[[Any], Any] | None = None) -> dict[str, dict[str, Any]]:
        """Poll all sources once and deliver; `act` may do something with the actions before."""

        async def once() -> dict[str, dict[str, Any]]:
            world = await open_world(configuration.load(self.path, environ={}), environ={})
            try:
                if act is not None:
                    await act(world.actions)
                lines = {line["source"]: line async for line in world.actions.check([])}
                while await world.deliverer.round():
                    pass
            finally:
                await world.close()
            return lines

        return asyncio.run(once())

    def stored(self, name: str) -> list[str]:
        """The events that the store holds of a source."""

        async def look() -> list[str]:
            world = await open_world(configuration.load(self.path, environ={}), environ={})
            try:
                return [each.change.event for each in world.store.changes(source=name)]
            finally:
                await world.close()

        return asyncio.run(look())

    def told(self) -> list[tuple[str, str]]:
        calls = [call.payload["data"] for call in self.hook.accepted if call.payload["type"] == "alert.changes"]
        return [(data["source"]["name"], event) for data in calls for event in data["events"]]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    site = Site()
    with site.server, Hook() as hook:
        yield Desk(tmp_path, site, hook)


def reasons(line: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(change["event"], change["reason"]) for change in line["changes"]]


def test_sources_of_one_address_share_its_request(desk: Desk) -> None:
    """Two sources that name one address are served by one request, each by its own rules."""
    desk.write({"name": "text", "select": "article"}, {"name": "box", "select": ".box"})
    assert {line["outcome"] for line in desk.check().values()} == {"baseline"}
    assert desk.site.asked("/page") == 1
    desk.site.stage = 1
    lines = desk.check()
    assert desk.site.asked("/page") == 2
    assert {name: announced(line) for name, line in lines.items()} == {
        "text": ["text.changed"],
        "box": ["text.changed"],
    }
    assert "2032" in lines["text"]["changes"][0]["diff"]
    assert "appealed" not in lines["text"]["changes"][0]["diff"]
    assert "appealed" in lines["box"]["changes"][0]["diff"]


def test_of_sources_of_one_address_one_may_fail(desk: Desk) -> None:
    """Where one of two sources of an address cannot read it, the other goes on, and the first recovers by itself."""
    desk.write({"name": "text", "select": "article"}, {"name": "box", "select": ".box"})
    desk.check()
    desk.write({"name": "text", "select": "article"}, {"name": "box", "select": ".bax"})
    desk.site.stage = 1
    lines = desk.check()
    assert announced(lines["text"]) == ["text.changed"]
    assert (lines["box"]["outcome"], lines["box"]["changes"]) == ("failed", [])
    assert "matches select = '.bax'" in lines["box"]["error"]
    desk.write({"name": "text", "select": "article"}, {"name": "box", "select": ".box"})
    lines = desk.check()
    assert not announced(lines["text"])
    assert announced(lines["box"]) == ["text.changed"]


def test_changed_rules_are_no_news(desk: Desk) -> None:
    """After a changed `select` or `ignore` the last body is read again with the new rules and nothing is announced;
    what the publisher changed in the same moment still is."""
    desk.write({"name": "one", "select": "article"})
    desk.check()
    desk.write({"name": "one", "select": ".box"})
    assert not announced(desk.check()["one"])
    desk.write({"name": "one", "select": "body", "ignore": ["nav"]})
    desk.site.stage = 1
    line = desk.check()["one"]
    assert announced(line) == ["text.changed"]
    assert "2032" in line["changes"][0]["diff"]
    assert "Eastmark" not in "".join(row for row in line["changes"][0]["diff"].splitlines() if row[:1] in "+-")
    assert len(desk.told()) == 1


def test_changed_rules_of_a_feed_are_no_news(desk: Desk) -> None:
    """A feed whose rules change is no news either; a new entry in the same moment is."""
    desk.write({"name": "one", "kind": "feed", "url": desk.site.server.url("/feed")})
    desk.check()
    desk.write({"name": "one", "kind": "feed", "url": desk.site.server.url("/feed"), "locale": "en-GB"})
    desk.site.stage = 1
    assert announced(desk.check()["one"]) == ["entry.new"]


def test_a_changed_address_is_a_new_baseline(desk: Desk) -> None:
    """Another `url` is another thing: it starts anew, announces nothing, and the old history stays."""
    desk.write({"name": "one"})
    desk.check()
    desk.site.stage = 1
    desk.check()
    desk.write({"name": "one", "url": desk.site.server.url("/other")})
    line = desk.check()["one"]
    assert (line["outcome"], announced(line)) == ("baseline", [])
    desk.site.stage = 2
    assert announced(desk.check()["one"]) == ["text.changed"]
    assert desk.stored("one") == ["text.changed", "text.changed"]


def test_a_changed_kind_is_a_new_baseline(desk: Desk) -> None:
    """Another `kind` starts anew and announces nothing."""
    desk.write({"name": "one", "kind": "feed", "url": desk.site.server.url("/feed")})
    desk.check()
    desk.write({"name": "one", "kind": "article", "url": desk.site.server.url("/page")})
    line = desk.check()["one"]
    assert (line["outcome"], announced(line)) == ("baseline", [])


def test_a_renamed_source_keeps_its_history(desk: Desk) -> None:
    """`was` carries history and baseline to the new name: what changed during the renaming is told once."""
    desk.write({"name": "old"})
    desk.check()
    desk.site.stage = 1
    desk.check()
    desk.write({"name": "new", "was": ["old"]})
    desk.site.stage = 2
    line = desk.check()["new"]
    assert (line["outcome"], announced(line)) == ("changed", ["text.changed"])
    assert desk.stored("new") == ["text.changed", "text.changed"]
    assert desk.told() == [("old", "text.changed"), ("new", "text.changed")]


def test_a_removed_source_keeps_its_history(desk: Desk) -> None:
    """A source that is taken out is not asked, keeps what it has, and when it is back tells what changed meanwhile."""
    desk.write({"name": "one"}, {"name": "other", "url": desk.site.server.url("/other")})
    desk.check()
    desk.site.stage = 1
    desk.check()
    desk.write({"name": "other", "url": desk.site.server.url("/other")})
    asked = desk.site.asked("/page")
    assert set(desk.check()) == {"other"}
    assert desk.site.asked("/page") == asked
    assert desk.stored("one") == ["text.changed"]
    desk.write({"name": "one"}, {"name": "other", "url": desk.site.server.url("/other")})
    desk.site.stage = 2
    assert announced(desk.check()["one"]) == ["text.changed"]
    assert desk.stored("one") == ["text.changed", "text.changed"]


def test_a_disabled_source_is_not_asked(desk: Desk) -> None:
    """`enabled = false` keeps a source in the file and leaves its server alone."""
    desk.write({"name": "one", "enabled": False}, {"name": "other", "url": desk.site.server.url("/other")})
    assert set(desk.check()) == {"other"}
    assert desk.site.asked("/page") == 0


def test_a_muted_source_stores_and_says_nothing(desk: Desk) -> None:
    """While a source is muted its changes are stored with the reason and not announced; afterwards it
    tells what is new again."""
    desk.write({"name": "one"})
    desk.check()
    desk.site.stage = 1
    assert reasons(desk.check(lambda actions: actions.mute("one", timedelta(hours=1)))["one"]) == [
        ("text.changed", "muted")
    ]
    assert not desk.told()
    desk.site.stage = 2
    assert reasons(desk.check(lambda actions: actions.mute("one", None))["one"]) == [("text.changed", None)]
    assert desk.told() == [("one", "text.changed")]


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({"only": ["30 September"]}, None),
        ({"only": ["re:20[34]2"]}, None),
        ({"only": ["automatic cranes"]}, None),  # in the block before
        ({"only": ["Meridian"]}, "rule"),  # three blocks away
        ({"only": ["sanctions"]}, "rule"),
        ({"never": ["Terminals must"]}, "rule"),
        ({"never": ["something else"]}, None),
        ({"only": ["30 September"], "never": ["2032"]}, "rule"),
    ],
)
def test_rules_say_what_is_told(desk: Desk, rules: dict[str, list[str]], reason: str | None) -> None:
    """`only` and `never` decide by a changed block and its neighbours; what they hold back is stored as that."""
    desk.write({"name": "one", "select": "article", **rules})
    desk.check()
    desk.site.stage = 1
    assert reasons(desk.check()["one"]) == [("text.changed", reason)]
    assert len(desk.told()) == (reason is None)
    assert desk.stored("one") == ["text.changed"]


MORE = """
[channels.second]
type = "webhook"
url = "{url}"
secret = "{secret}"

[stories.cranes]
match = ["crane maker", "Terminals must"]

[[routes]]
{route}
notify = ["second"]
"""


@pytest.mark.parametrize(
    ("route", "heard"),
    [
        ('source = "one"', True),
        ('source = "other"', False),
        ('tag = "us"', True),
        ('tag = "eu"', False),
        ('event = ["text.changed", "update.new"]', True),
        ('event = "update.new"', False),
        ('severity = "critical"', False),
        ('severity = ["notice", "critical"]', True),
        ('text = "2032"', True),
        ('text = "1999"', False),
        ('story = "cranes"', True),
        ("silent = true", True),
        ("silent = false", False),
        ('source = "one"\nevent = "update.new"', False),
    ],
)
def test_routes_say_who_hears_of_what(desk: Desk, route: str, heard: bool) -> None:
    """A route adds its channels to a source's own where all its keys fit; values of one key are alternatives."""
    with Hook() as second:
        more = MORE.format(url=second.url, secret=SECRET, route=route)
        other = {"name": "other", "url": desk.site.server.url("/page?x")}
        desk.write({"name": "one", "tags": ["us", "trade"]}, other, more=more)
        desk.check()
        desk.site.stage = 1
        desk.check()
        names = {call.payload["data"]["source"]["name"] for call in second.accepted}
        assert ("one" in names) == heard
        assert sorted(desk.told()) == [("one", "text.changed"), ("other", "text.changed")]


@pytest.mark.parametrize(("existing", "count"), [(False, 0), (True, 3), ("3d", 1)])
def test_announce_existing(desk: Desk, existing: bool | str, count: int) -> None:
    """`announce_existing` tells at the first poll what is there, or what is newer than a period; in one alert."""
    now = datetime.now(UTC)

    async def handle(request: Request) -> Response:
        text = feed("one", 0)
        for number, age in ((3, 1), (2, 10), (1, 100)):
            printed = format_datetime(now - timedelta(days=age), usegmt=True)
            text = text.replace(f"Mon, {3 + number:02d} Mar 2031 08:00:00 GMT", printed)
        return Response(text.encode())

    with Server(handle) as server:
        desk.write({"name": "one", "kind": "feed", "url": server.url("/feed"), "announce_existing": existing})
        line = desk.check()["one"]
    assert line["outcome"] == "baseline"
    assert len(announced(line)) == count
    assert len(desk.told()) == (1 if count else 0)
    assert sum(call.payload["data"]["changes_total"] for call in desk.hook.accepted) == count
