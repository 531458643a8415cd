"""Commands beside a running daemon: they ask it through its control socket, or say that they cannot."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon import Daemon, Pages, configure, source
from helpers_cli import Cli, article, cli_in
from helpers_store import NOW, SECOND, outcome, plan
from inbox import Answer, Hook, Inbox, wait_for
from watcher.cli.look import Timeline
from watcher.store import Store


@pytest.fixture
def receivers() -> Iterator[tuple[Inbox, Hook]]:
    with Inbox() as inbox, Hook() as hook:
        yield inbox, hook


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    return cli_in(tmp_path, monkeypatch, capsys)


def page(stage: int) -> bytes:
    return article(f"The order takes effect on {stage + 1} March 2031 at noon.")


def test_commands_ask_the_daemon(tmp_path: Path, receivers: tuple[Inbox, Hook], cli: Cli) -> None:
    """`check`, `mute`, `retry` and `channels` reach the daemon; what they cause is told once, and only once."""
    inbox, hook = receivers
    with Pages(page) as site:
        config = configure(tmp_path, inbox, hook, source("page", site.url(), kind="article", every="1h"))
        with Daemon(config) as daemon:
            daemon.ready(60)
            hook.wait(1, 60)  # the start was told
            cli("status", "--check")
            (shape,) = cli("status", "--json").lines
            assert (shape["running"], shape["healthy"], shape["sources"]) == (True, True, 1)
            site.stage = 1
            (line,) = cli("check", "--json", "--exit-code", code=10).lines
            assert (line["source"], line["outcome"]) == ("page", "changed")
            assert [c["event"] for c in line["changes"]] == ["text.changed"]
            hook.wait(2, 60)
            assert "'nope'" in cli("check", "nope", code=2).err
            assert "muted until" in cli("mute", "page", "--for", "1h").out
            hook.usual = Answer(400)
            assert "400" in cli("channels", "test", "hook", code=1).err
            hook.usual = Answer(204)
            assert cli("retry").out.startswith("1 alert is tried again")
            hook.wait(3, 60)
            for name in ("prune", "upgrade"):
                assert "a daemon is running" in cli("db", name, code=2).err
            assert "took the test alert" in cli("channels", "test", "desk").out
            assert [call.payload["type"] for call in hook.accepted] == ["alert.health", "alert.changes", "alert.test"]
            assert daemon.stop() == 0
        assert "not running" in cli("status", "--check", code=1).out


def test_a_resting_channel_is_tried_when_asked(tmp_path: Path, receivers: tuple[Inbox, Hook], cli: Cli) -> None:
    """A channel whose mail server was away is tried at once by `channels test`, whatever still waits before it."""
    inbox, hook = receivers
    inbox.greeting = "421 4.3.2 come back later"
    with Pages(page) as site:
        config = configure(tmp_path, inbox, hook, source("page", site.url(), kind="article", every="1h"))
        config.write_text(config.read_text("utf-8").replace('pauses = ["1s"]', 'pauses = ["1h"]'), "utf-8")
        with Daemon(config) as daemon:
            daemon.ready(60)
            wait_for(lambda: daemon.one("select max(attempts) from deliveries where channel = 'desk'") == 1, 60)
            assert "come back later" in cli("channels", "test", "desk", code=1).err
            inbox.greeting = ""
            assert "took the test alert" in cli("channels", "test", "desk").out


def test_one_writer(tmp_path: Path, receivers: tuple[Inbox, Hook], cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the daemon's socket cannot be reached, commands that act say who holds the store; a second daemon too."""
    with Pages(page) as site:
        config = configure(tmp_path, *receivers, source("page", site.url(), kind="article", every="1h"))
        with Daemon(config) as daemon:
            daemon.ready(60)
            assert daemon.process is not None
            for name in ("RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"):
                monkeypatch.setenv(name, str(tmp_path / "other"))
            for args in (["check"], ["run"], ["mute", "page"], ["channels", "test", "hook"]):
                assert f"in use by process {daemon.process.pid}" in cli(*args, code=1).err
            cli("changes")
            assert cli("status", "--json").lines[0]["running"] is True


def test_tail_shows_what_happens(tmp_path: Path, receivers: tuple[Inbox, Hook]) -> None:
    """`tail` shows a change as it happens, and Ctrl-C ends it quietly."""
    with Pages(page) as site:
        config = configure(tmp_path, *receivers, source("page", site.url(), kind="article"))
        with Daemon(config) as daemon:
            daemon.ready(60)
            wait_for(lambda: daemon.one("select count(*) from revisions") == 1, 60)
            watcher = [sys.executable, "-m", "watcher", "tail", "--json"]
            with subprocess.Popen(
                watcher, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=daemon.environ
            ) as tail:
                assert tail.stdout is not None
                site.stage = 1
                line = ""
                while "text.changed" not in line:
                    site.stage += 1  # until tail looks
                    line = tail.stdout.readline()
                tail.send_signal(signal.SIGINT)
                assert tail.wait(30) == 130
                assert tail.stderr is not None
                assert tail.stderr.read() == "interrupted\n"
                assert json.loads(line)["source"] == "page"


def test_an_interrupted_check_ends_cleanly(tmp_path: Path, receivers: tuple[Inbox, Hook], cli: Cli) -> None:
    """Ctrl-C in the middle of a poll ends `check` with 130 and words, and leaves a store that the next one opens."""
    with Pages(page) as site:
        config = configure(tmp_path, *receivers, source("page", site.url(), kind="article"))
        cli("check")
        asked = len(site.server.requests)

        def slow(stage: int) -> bytes:
            wait_for(lambda: checking.poll() is not None, 60)
            return page(stage)

        site.make = slow
        checking = subprocess.Popen(
            [sys.executable, "-m", "watcher", "check"], stderr=subprocess.PIPE, text=True, env=Daemon(config).environ
        )
        with checking:
            wait_for(lambda: len(site.server.requests) > asked, 60)
            checking.send_signal(signal.SIGINT)
            assert checking.wait(30) == 130
            assert checking.stderr is not None
            assert "Traceback" not in checking.stderr.read()
        site.make = page
        cli("check")


def test_tail_shows_what_was_held_until_it_was_seen_again(tmp_path: Path) -> None:
    """A change that was stored unconfirmed comes again under its id, once, when it is announced."""
    store = Store.open(f"sqlite:///{tmp_path / 'watcher.db'}", create=True)
    store.sync([plan()], NOW)
    timeline = Timeline(store.changes, store.change)
    assert timeline.look(NOW) == []
    store.commit([outcome(store, announced=False)], NOW)
    assert [each.change.reason for each in timeline.look(NOW)] == ["unconfirmed"]
    later = NOW + 60 * SECOND
    assert timeline.look(later) == []
    store.commit([outcome(store, at=later)], later)
    assert [each.change.announced for each in timeline.look(later)] == [True]
    assert timeline.look(later) == []
    store.close()
