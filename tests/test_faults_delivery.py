"""Receivers that misbehave: what one of them does holds no other up, and every alert arrives once it is well again."""

import asyncio
import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon import Daemon, Pages, changes_of, mails_of, settle
from helpers_faults import HEALTHY, Field, article
from inbox import SECRET, Answer, Hook, Inbox, wait_for
from watcher import config as configuration
from watcher.core import message
from watcher.world import World, clock, open_world


@dataclass(frozen=True)
class Receiver:
    """A receiver's fault, and what `deliveries` must say of it."""

    words: str
    state: str = "pending"


MAIL = {
    "hangs": Receiver(""),
    "refuses": Receiver("554 5.7.1 go away"),
    "drops": Receiver("closed the connection|Connection lost|could not be reached"),
    "defers": Receiver("451 4.7.1 greylisted"),
    "rejects": Receiver("550 5.1.1 no such user", "dead"),
}
HOOKS = {
    "fails": Receiver("answered 500"),
    "redirects": Receiver("answered 302: a redirect, which is not followed"),
    "waits": Receiver(""),
    "gone": Receiver("answered 410"),
    "unwilling": Receiver('answered 422: "no such field"', "dead"),
    "secretless": Receiver("its secret cannot be read"),
    "good": Receiver("", "sent"),
}


class Receivers:
    """All receivers, each with its fault; `mend` makes them well."""

    def __init__(self, folder: Path) -> None:
        self.secret = folder / "secret.txt"
        self.inboxes = {name: Inbox() for name in MAIL}
        self.hooks = {name: Hook() for name in HOOKS}

    def spoil(self) -> None:
        self.inboxes["hangs"].hang = "data"
        self.inboxes["refuses"].greeting = "554 5.7.1 go away"
        self.inboxes["drops"].drop = "connect"
        self.inboxes["defers"].answers.extend(["451 4.7.1 greylisted"] * 50)
        self.inboxes["rejects"].refuse = {"desk@example.org": "550 5.1.1 no such user"}
        self.hooks["fails"].usual = Answer(500)
        self.hooks["redirects"].usual = Answer(302, {"location": self.hooks["good"].url})
        self.hooks["waits"].usual = Answer(204, hang=True)
        self.hooks["gone"].usual = Answer(410)
        self.hooks["unwilling"].usual = Answer(422, body=b"no such field")

    def mend(self) -> None:
        for inbox in self.inboxes.values():
            inbox.hang = inbox.drop = inbox.greeting = ""
            inbox.refuse = {}
            inbox.answers.clear()
        for hook in self.hooks.values():
            hook.usual = Answer(204)
        self.secret.write_text(SECRET)
        self.inboxes["hangs"].hang_up()
        self.hooks["waits"].let_go()

    def tables(self) -> str:
        told = ""
        for name, inbox in self.inboxes.items():
            told += f'[channels.{name}]\ntype = "email"\nto = ["desk@example.org"]\nfrom = "watcher@example.org"\n'
            told += f'smtp = "{inbox.url}?tls=off"\npauses = ["1s"]\n'
        for name, hook in self.hooks.items():
            secret = "file:secret.txt" if name == "secretless" else SECRET
            told += f'[channels.{name}]\ntype = "webhook"\nurl = "{hook.url}"\nsecret = "{secret}"\npauses = ["1s"]\n'
        return told


@pytest.fixture
def receivers(tmp_path: Path) -> Iterator[Receivers]:
    made = Receivers(tmp_path)
    with contextlib.ExitStack() as stack:
        for inbox in made.inboxes.values():
            stack.enter_context(inbox)
        for hook in made.hooks.values():
            stack.enter_context(hook)
        yield made


def states(daemon: Daemon) -> dict[str, tuple[str, str]]:
    """Of each channel: the state of its alert of changes, and what was said of it or of the one before it."""
    rows = daemon.ask(
        "select d.channel, max(case when a.type = 'alert.changes' then d.state end), coalesce(max(d.last_error), '') "
        "from deliveries d join alerts a on a.id = d.alert group by d.channel"
    )
    return {channel: (state, error) for channel, state, error in rows}


def as_expected(daemon: Daemon) -> bool:
    found = states(daemon)
    told = {**MAIL, **HOOKS}
    return set(found) == set(told) and all(
        found[name][0] == want.state and any(words in found[name][1] for words in want.words.split("|"))
        for name, want in told.items()
    )


def test_no_receiver_holds_up_another(tmp_path: Path, receivers: Receivers) -> None:
    """Twelve receivers, eleven of which hang, refuse, defer, fail or cannot be signed for: the twelfth hears at once,
    each of the others is told of in words, and each gets the alert exactly once when it is mended."""
    with Pages(lambda stage: article("one", stage).encode()) as site:
        names = [*MAIL, *HOOKS]
        (tmp_path / "config.toml").write_text(
            f'[watcher]\ndatabase = "sqlite:///watcher.db"\n[fetch]\ndelay = "10ms"\nallow_private = ["127.0.0.0/8"]\n'
            f'[[sources]]\nname = "one"\nurl = "{site.url()}"\nkind = "article"\nevery = "1s"\n'
            f"notify = {json.dumps(names)}\n{receivers.tables()}",
            "utf-8",
        )
        receivers.spoil()
        with Daemon(tmp_path / "config.toml") as daemon:
            wait_for(lambda: daemon.one("select count(*) from revisions") == 1, 20, "the baseline")
            site.stage = 1
            wait_for(lambda: len(changes_of(receivers.hooks["good"])) == 1, 10, "the receiver that is well")
            wait_for(lambda: as_expected(daemon), 15, f"the stated errors: {states(daemon)}")
            shown = {line["channel"]: line for line in daemon.json("deliveries")}
            assert set(shown) == set(names)
            receivers.mend()
            assert daemon.run("retry").returncode == 0
            wait_for(lambda: {state for state, _ in states(daemon).values()} == {"sent"}, 20, "everyone")
            settle(0.5)
            assert {name: len(changes_of(hook)) for name, hook in receivers.hooks.items()} == dict.fromkeys(HOOKS, 1)
            assert {name: len(mails_of(box)) for name, box in receivers.inboxes.items()} == dict.fromkeys(MAIL, 1)
            assert not [call for call in receivers.hooks["secretless"].accepted if call.problem]
            assert daemon.stop() == 0


OTHER = """\
[channels.other]
type = "webhook"
url = "{url}"
secret = "{secret}"
"""


def forge(field: Field, statement: str, *values: object) -> None:
    """Change the database from outside, as time or an accident would."""
    with contextlib.closing(sqlite3.connect(field.folder / "watcher.db")) as connection:
        connection.execute(statement, values)
        connection.commit()


def due_now(field: Field) -> None:
    forge(field, "update deliveries set next_at = 0 where state = 'pending'")


def health_of(hook: Hook) -> list[list[str]]:
    return [call.payload["data"]["events"] for call in hook.accepted if call.payload["type"] == "alert.health"]


def test_a_receiver_that_says_twice_that_it_is_gone(tmp_path: Path) -> None:
    """410 once is an accident; 410 again an hour later switches the channel off and tells the others; switched on
    again, it gets what it missed, marked late."""
    with (
        Hook() as other,
        Field(tmp_path, [], more=OTHER.format(url=other.url, secret=SECRET), notify=["hook", "other"]) as field,
    ):
        field.poll()
        field.hook.usual = Answer(410, body=b"moved away")
        field.stage = 1
        field.poll()
        assert len(changes_of(other)) == len(HEALTHY)
        due_now(field)
        field.poll()
        assert field.daemon.one("select count(*) from channels where disabled_at is not null") == 0
        forge(field, "update channels set gone_at = gone_at - 3700000 where name = 'hook'")
        due_now(field)
        field.poll()
        field.poll()
        assert health_of(other) == [["channel.disabled"]]
        assert "answered 410" in field.daemon.one("select reason from channels where name = 'hook'")
        assert field.daemon.ask("select distinct state from deliveries where channel = 'hook'") == [("dead",)]
        field.hook.usual = Answer(204)
        field.stage = 2
        field.poll()
        assert not field.hook.accepted
        assert field.daemon.run("channels", "enable", "hook").returncode == 0
        field.poll()
        assert len(changes_of(field.hook)) == 2 * len(HEALTHY)
        assert {call.payload["data"]["late"] for call in field.hook.accepted} == {True}
        assert health_of(other) == [["channel.disabled"]]


async def outbox(world: World, count: int) -> list[str]:
    """Fill the outbox of both channels as a long outage would."""
    base = clock() - timedelta(minutes=50)
    ids = []
    for start in range(0, count, 500):
        alerts = [
            message.test_alert(channel, now=base + timedelta(milliseconds=n), config="", base_url=None)
            for n in range(start, min(start + 500, count))
            for channel in world.config.channels
        ]
        ids += [alert.id for alert in alerts]
        await world.writer.run(lambda store, alerts=alerts: store.add_alerts(alerts, clock()))  # type: ignore[misc]
    return ids


async def drain(folder: Path, count: int) -> tuple[list[str], float]:
    world = await open_world(configuration.load(folder / "config.toml", environ={}), environ={})
    try:
        ids = await outbox(world, count)
        start = time.monotonic()
        while await world.deliverer.round():
            pass
        return ids, time.monotonic() - start
    finally:
        await world.close()


def in_order(tmp_path: Path, count: int) -> float:
    with (
        Hook() as other,
        Field(tmp_path, [], more=OTHER.format(url=other.url, secret=SECRET), notify=["hook", "other"]) as field,
    ):
        ids, seconds = asyncio.run(drain(tmp_path, count))
        got = [[call.alert for call in hook.accepted] for hook in (field.hook, other)]
        assert sorted(got[0] + got[1]) == sorted(ids)
        assert got == [ids[0::2], ids[1::2]]
        assert field.daemon.ask("select distinct state from deliveries") == [("sent",)]
    return seconds


def test_an_outbox_is_emptied_in_order(tmp_path: Path) -> None:
    """What piled up goes out in the order in which it was written, each once, whatever the batches."""
    in_order(tmp_path, 450)


@pytest.mark.long
def test_a_full_outbox_is_emptied_in_order(tmp_path: Path) -> None:
    """Five thousand waiting alerts on each of two channels go out in order, in less than two minutes."""
    assert in_order(tmp_path, 5_000) < 120


@pytest.mark.long
def test_servers_that_hang_are_given_up(tmp_path: Path, receivers: Receivers) -> None:
    """A mail server that says nothing is given up after fifteen seconds, in words, and tried again."""
    inbox: Any = receivers.inboxes["hangs"]
    inbox.hang = "connect"
    more = '[channels.slow]\ntype = "email"\nto = ["a@example.org"]\nfrom = "b@example.org"\n'
    more += f'smtp = "{inbox.url}?tls=off"\n'
    with Field(tmp_path, [], more=more + 'pauses = ["1s"]\n', notify=["slow", "hook"]) as field:
        field.poll()
        field.stage = 1
        field.poll()
        words = field.daemon.one("select last_error from deliveries where channel = 'slow'")
        assert "did not answer in time" in words
        inbox.hang = ""
        due_now(field)
        field.poll()
        assert len(mails_of(inbox)) == len(HEALTHY)
        assert len(changes_of(field.hook)) == len(HEALTHY)
