"""The line to the service manager, held against real datagram sockets."""

import contextlib
import os
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.notify import Notifier


class Manager:
    """The service manager's end: receives what the daemon says, message by message."""

    def __init__(self, address: str, spelled: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(2)
        self.address = spelled

    def heard(self) -> list[str]:
        return self.socket.recv(65_536).decode().split("\n")


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    if request.param == "path":
        address = spelled = os.path.relpath(tmp_path / "notify")  # a path below the 108 bytes that fit
    else:
        name = f"watcher-test-{uuid.uuid4().hex}"
        address, spelled = "\0" + name, "@" + name
    found = Manager(address, spelled)
    yield found
    found.socket.close()


def test_every_state_reaches_the_manager(manager: Manager) -> None:
    """Each state is one message with the assignments that sd_notify(3) names."""
    notifier = Notifier(manager.address)
    assert notifier.ready("watching 12 sources")
    assert manager.heard() == ["READY=1", "STATUS=watching 12 sources"]
    assert notifier.status("12 sources, all well")
    assert manager.heard() == ["STATUS=12 sources, all well"]
    assert notifier.alive()
    assert manager.heard() == ["WATCHDOG=1"]
    assert notifier.extend(90)
    assert manager.heard() == ["EXTEND_TIMEOUT_USEC=90000000"]
    assert notifier.stopping("signal 15")
    assert manager.heard() == ["STOPPING=1", "STATUS=signal 15"]
    assert notifier.stopping()
    assert manager.heard() == ["STOPPING=1"]


def test_a_reload_carries_the_moment_it_began(manager: Manager) -> None:
    """A reload says when it began, in microseconds of the monotonic clock, and ends with READY."""
    notifier = Notifier(manager.address)
    assert notifier.reloading()
    first, second = manager.heard()
    assert first == "RELOADING=1"
    name, _, microseconds = second.partition("=")
    assert name == "MONOTONIC_USEC"
    assert 0 < int(microseconds) < 2**63
    assert notifier.ready()
    assert manager.heard() == ["READY=1"]


def test_a_status_stays_one_line(manager: Manager) -> None:
    """Text from outside in a status never becomes an assignment of its own."""
    assert Notifier(manager.address).status("config error:\nREADY=1\r\n\tline 12 " + "x" * 2_000)
    heard = manager.heard()
    assert len(heard) == 1
    assert heard[0].startswith("STATUS=config error: READY=1 line 12 xxx")
    assert len(heard[0]) <= 410


def test_nobody_listens(tmp_path: Path) -> None:
    """Without a manager, or with one that is gone, nothing is sent and nothing is raised."""
    assert not Notifier().ready()
    assert not Notifier(str(tmp_path / "gone")).ready()
    assert not Notifier("@watcher-nobody-" + uuid.uuid4().hex).alive()
    assert not Notifier("vsock:2:1234").ready()
    assert not Notifier("/run/\0").ready()
    assert not Notifier("/run/\ud800").ready()
    assert not Notifier("/x" * 200).ready()
    assert not Notifier(str(tmp_path / "gone")).status("")


def test_a_deaf_manager_does_not_hold_the_daemon_up(tmp_path: Path) -> None:
    """A manager whose queue is full costs a bounded wait, not the daemon."""
    address = os.path.relpath(tmp_path / "deaf")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(address)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as flood:
            flood.connect(address)
            flood.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while flood.send(b"STATUS=noise"):
                    continue
        assert not Notifier(address, patience=0.05).status("anybody there?")


@pytest.mark.parametrize(
    ("environ", "address", "watchdog"),
    [
        ({}, None, None),
        ({"NOTIFY_SOCKET": ""}, None, None),
        ({"NOTIFY_SOCKET": "/run/systemd/notify"}, "/run/systemd/notify", None),
        ({"NOTIFY_SOCKET": "@abc", "WATCHDOG_USEC": "60000000"}, "@abc", 30.0),
        ({"NOTIFY_SOCKET": "@abc", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "41"}, "@abc", 30.0),
        ({"NOTIFY_SOCKET": "@abc", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "42"}, "@abc", None),
        ({"NOTIFY_SOCKET": "@abc", "WATCHDOG_USEC": "0"}, "@abc", None),
        ({"NOTIFY_SOCKET": "@abc", "WATCHDOG_USEC": "soon"}, "@abc", None),
        ({"NOTIFY_SOCKET": "@abc", "WATCHDOG_USEC": "9" * 5_000}, "@abc", None),
        ({"WATCHDOG_USEC": "60000000"}, None, None),
    ],
)
def test_what_the_environment_says(environ: dict[str, str], address: str | None, watchdog: float | None) -> None:
    """The watchdog is fed twice in its time, and only by the process that is watched."""
    assert Notifier.of(environ, pid=41) == Notifier(address, watchdog)


@given(st.dictionaries(st.sampled_from(["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]), st.text()))
def test_any_environment_is_read(environ: dict[str, str]) -> None:
    """No environment, however odd, stops the daemon from starting."""
    notifier = Notifier.of(environ)
    assert notifier.watchdog is None or notifier.watchdog > 0
