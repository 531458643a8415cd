"""The whole way: a living article through the real daemon, a real mail server and a webhook receiver."""

import json
import random
import threading
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon import Daemon, Pages, changes_of, configure, mails_of, settle, source
from inbox import Answer, Hook, Inbox, wait_for
from pg import Server, postgres_server
from watcher.demo import story

__all__ = ["postgres_server"]  # a fixture
KEYS = {"kind": "article", "locale": "en-US", "timezone": "America/New_York", "title": "Gazette"}
Make = Callable[[int], bytes]


def own_story() -> Make:
    noise = random.Random(3)
    return lambda stage: story.page(stage, noise).encode()


@pytest.fixture
def founding(shared: Path) -> Make:
    revisions = [(shared / "story" / f"rev{n}.html").read_bytes() for n in range(1, 7)]
    return lambda stage: revisions[stage]


@pytest.fixture
def receivers() -> Iterator[tuple[Inbox, Hook]]:
    with Inbox() as inbox, Hook() as hook:
        yield inbox, hook


def reach(daemon: Daemon, revision: int, seconds: float = 60) -> None:
    """Wait until the poll that found this revision is committed."""
    query = "select max(number) from revisions"
    wait_for(lambda: (daemon.one(query) or 0) >= revision, seconds, f"revision {revision}")


def live(daemon: Daemon, site: Pages, last: int = 5) -> None:
    """Let the site live: it moves on only after a revision was answered and its poll committed."""
    for stage in range(last + 1):
        site.stage = stage
        reach(daemon, stage + 1)


def told(hook: Hook, site: Pages, stage: int) -> None:
    """Wait until a stage was answered and its alert arrived."""
    wait_for(lambda: stage in site.answered and len(changes_of(hook)) >= stage, 60, f"update {stage}")


def five_each(inbox: Inbox, hook: Hook) -> None:
    """Wait for five alerts a channel and see that no sixth comes."""
    wait_for(lambda: len(changes_of(hook)) >= 5 and len(mails_of(inbox)) >= 5, 60, "five alerts each")
    settle()
    alerts = changes_of(hook)
    assert len(alerts) == 5
    assert sorted(data["changes"][0]["update"]["sequence"] for data in alerts.values()) == [1, 2, 3, 4, 5]
    assert all(data["events"] == ["update.new"] for data in alerts.values())
    assert len(mails_of(inbox)) == 5
    assert all(call.problem is None for call in hook.calls)


def test_five_updates_are_told_once_each(tmp_path: Path, receivers: tuple[Inbox, Hook]) -> None:
    """A page that grows five updates, with noise on every visit, makes five mails and five webhooks."""
    inbox, hook = receivers
    with Pages(own_story()) as site:
        with Daemon(configure(tmp_path, inbox, hook, source("gazette", site.url(), **KEYS))) as daemon:
            live(daemon, site)
            five_each(inbox, hook)
            assert daemon.stop() == 0
        assert mails_of(inbox).popitem()[1] == "Update 5 · Meridian taken off the list — Gazette"
        changes = daemon.json("changes")
        assert [c["event"] for c in changes if c["announced"]] == ["update.new"] * 5
        assert daemon.run("db", "verify").returncode == 0


def test_founding_article(tmp_path: Path, receivers: tuple[Inbox, Hook], founding: Make) -> None:
    """The article that the product was made for makes five mails and five webhooks, with its own subjects."""
    inbox, hook = receivers
    told = {**KEYS, "title": "XDA: US bans investing in Xiaomi"}
    with (
        Pages(founding) as site,
        Daemon(configure(tmp_path, inbox, hook, source("xda-xiaomi", site.url(), **told))) as daemon,
    ):
        live(daemon, site)
        five_each(inbox, hook)
    assert (
        "Update 5 · U.S. removes Xiaomi from blacklist — XDA: US bans investing in Xiaomi" in mails_of(inbox).values()
    )


def test_receivers_that_are_down_get_everything_later(tmp_path: Path, receivers: tuple[Inbox, Hook]) -> None:
    """While mail server and webhook refuse, nothing is lost; when they are back, five alerts arrive, none twice."""
    inbox, hook = receivers
    inbox.greeting, hook.usual = "421 4.3.2 come back later", Answer(503)
    with (
        Pages(own_story()) as site,
        Daemon(configure(tmp_path, inbox, hook, source("gazette", site.url(), **KEYS))) as daemon,
    ):
        live(daemon, site)
        wait_for(
            lambda: (daemon.one("select count(*) from deliveries where state = 'pending' and attempts > 0") or 0) >= 2,
            20,
        )
        assert not inbox.mails
        assert not hook.accepted
        inbox.greeting, hook.usual = "", Answer(204)
        five_each(inbox, hook)


def test_five_updates_on_postgresql(tmp_path: Path, receivers: tuple[Inbox, Hook], postgres_server: Server) -> None:
    """The same story on PostgreSQL: five mails, five webhooks, one chain that verifies."""
    inbox, hook = receivers
    database = postgres_server.fresh()
    with Pages(own_story()) as site:
        config = configure(tmp_path, inbox, hook, source("gazette", site.url(), **KEYS), database=database)
        with Daemon(config) as daemon:
            for stage in range(6):
                site.stage = stage
                told(hook, site, stage)
            five_each(inbox, hook)
            assert daemon.stop() == 0
        assert daemon.run("db", "verify").returncode == 0
        assert [c["event"] for c in daemon.json("changes") if c["announced"]] == ["update.new"] * 5


@pytest.mark.long
@pytest.mark.parametrize("which", ["own", "founding"])
def test_killed_at_random_moments(
    tmp_path: Path, receivers: tuple[Inbox, Hook], which: str, request: pytest.FixtureRequest
) -> None:
    """A daemon that is killed (-9) at twenty random moments tells each update once by distinct id and loses none."""
    inbox, hook = receivers
    make: Make = own_story() if which == "own" else request.getfixturevalue("founding")
    dice = random.Random(20)
    done = threading.Event()
    with Pages(make) as site:
        daemon = Daemon(configure(tmp_path, inbox, hook, source("gazette", site.url(), **KEYS)))
        kills = 0

        def killer() -> None:
            nonlocal kills
            while kills < 20:
                daemon.start()
                if done.wait(dice.uniform(0.3, 4.0)):
                    return
                daemon.kill()
                kills += 1
            daemon.start()

        def enough(count: int) -> None:
            wait_for(lambda: kills >= count, 120, f"{count} kills")

        thread = threading.Thread(target=killer)
        thread.start()
        try:
            for stage in range(6):
                site.stage = stage
                reach(daemon, stage + 1, 120)
                enough(3 * (stage + 1))
            thread.join(120)
            assert kills == 20
            five_each(inbox, hook)
        finally:
            done.set()
            thread.join(10)
            daemon.__exit__()
        assert daemon.run("db", "verify").returncode == 0


def plain(value: Any) -> Any:
    """Fold white space: a no-break space of the page is shown as a space."""
    return "\n".join(" ".join(line.split()) for line in value.split("\n")) if isinstance(value, str) else value


def test_replay_of_the_founding_article(shared: Path, tmp_path: Path) -> None:
    """`replay` announces exactly what the labelled revisions say, field by field, and nothing else."""
    ended = Daemon(tmp_path / "config.toml").run("replay", str(shared / "story"), "--json")
    assert ended.returncode == 0, ended.stderr
    steps = [json.loads(line) for line in ended.stdout.splitlines()]
    expected = json.loads((shared / "story" / "expected.json").read_text("utf-8"))
    assert [(s["from"], s["to"]) for s in steps] == [(e["from"], e["to"]) for e in expected]
    for step, want in zip(steps, expected, strict=True):
        told = [c for c in step["changes"] if c["announced"]]
        assert [c["event"] for c in told] == [c["event"] for c in want["changes"]]
        for change, wanted in zip(told, want["changes"], strict=True):
            assert {key: plain(change["update"].get(key)) for key in wanted["update"]} == {
                key: plain(value) for key, value in wanted["update"].items()
            }


def inspected(tmp_path: Path, *args: str) -> dict[str, Any]:
    ended = Daemon(tmp_path / "config.toml").run("inspect", *args, "--json")
    assert ended.returncode == 0, ended.stderr
    shape: dict[str, Any] = json.loads(ended.stdout)
    return shape


def test_inspect_of_the_founding_article(shared: Path, tmp_path: Path) -> None:
    """The last revision shows eleven notes in their places and five updates, and so does its text without markup."""
    told = tomllib.loads((shared / "story" / "replay.toml").read_text("utf-8"))
    shape = inspected(
        tmp_path, str(shared / "story" / "rev6.html"), "--locale", told["locale"], "--timezone", told["timezone"]
    )
    assert [note["location"] for note in shape["notes"]] == ["title"] + ["banner"] * 5 + ["section"] * 5
    assert sorted(update["sequence"] for update in shape["updates"]) == [1, 2, 3, 4, 5]
    plain = inspected(
        tmp_path,
        str(shared / "story" / "article.txt"),
        "--kind",
        "article",
        "--locale",
        "en-US",
        "--timezone",
        "America/New_York",
    )
    key = ("sequence", "published_at", "summary", "text")
    ordered = sorted(shape["updates"], key=lambda u: u["sequence"])
    assert [[u[k] for k in key] for u in sorted(plain["updates"], key=lambda u: u["sequence"])] == [
        [u[k] for k in key] for u in ordered
    ]
