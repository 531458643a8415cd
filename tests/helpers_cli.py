"""Run commands in this process, and the small world that their tests share."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from watcher.cli.app import run

PARAGRAPH = (
    "The authority has put seven firms on its list of excluded suppliers, saying that their owners are unknown. "
)


def article(text: str, title: str = "Seven firms barred") -> bytes:
    """A page whose content is long enough to be taken for an article."""
    body = "".join(f"<p>{PARAGRAPH}{number}.</p>" for number in range(4))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head><body><nav>Home</nav>'
        f"<article><h1>{title}</h1>{body}<p>{text}</p></article></body></html>"
    ).encode()


def rss(*titles: str) -> bytes:
    """A feed with one entry a title."""
    items = "".join(
        f"<item><title>{title}</title><guid>g{number}</guid><link>https://example.org/{number}</link></item>"
        for number, title in enumerate(titles)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Notices</title>{items}</channel></rss>'.encode()


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The JSON Lines that it printed."""
        return [json.loads(line) for line in self.out.splitlines()]


Cli = Callable[..., Ended]


def cli_in(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Give a function that runs a command line in `folder`, whose config.toml it means."""
    runtime = folder / "run"
    runtime.mkdir(exist_ok=True)
    monkeypatch.chdir(folder)
    for name in ("WATCHER_CONFIG", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(runtime))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "none"))
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))

    def cli(*args: str, code: int | None = 0) -> Ended:
        capsys.readouterr()
        root = logging.getLogger()
        handlers, level = root.handlers[:], root.level
        ended = Ended(run(list(args)), *capsys.readouterr())
        root.handlers[:], root.level = handlers, level  # a command sets up its log for a process of its own
        if code is not None:
            assert ended.code == code, (args, ended)
        assert "Traceback" not in ended.err, ended.err
        return ended

    return cli
