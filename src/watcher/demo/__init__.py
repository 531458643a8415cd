"""`watcher demo`: the real daemon on a small site that lives through a story; mails and webhooks arrive on screen.

Everything happens on 127.0.0.1. Database, configuration and mails stay in a folder that is named at the end.
"""

import base64
import os
import queue
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

from rich.panel import Panel
from rich.text import Text

from watcher.cli import output
from watcher.demo import story
from watcher.demo.servers import Inbox, Receiver, Site
from watcher.errors import UsageError, WatcherError

T = TypeVar("T")

NUMBERS = "①②③④⑤⑥"
MARK = ".watcher-demo"  # a folder with this file in it is ours to clear
PATIENCE = 20.0  # seconds to wait for one step before the demo gives up

CONFIG = """\
# Written by `watcher demo`. Try: watcher status --config {path}
[watcher]
database = "sqlite:///watcher.db"
contact = "demo@watcher.example"

[fetch]
delay = "100ms"
allow_private = ["127.0.0.0/8"]    # the demo's site lives on this machine

[defaults]
notify = ["desk", "hook"]

[[sources]]
name = "gazette-meridian"
title = "Harbour Gazette: Meridian"
url = "{site}/meridian"
kind = "article"
every = "{pace}"
timezone = "America/New_York"
locale = "en-US"
stories = ["meridian"]

[[sources]]
name = "gazette-dockets"
title = "Harbour Gazette: dockets"
url = "{site}/feed"
kind = "feed"
every = "{slow}"

[stories.meridian]
title = "Meridian Robotics and the list of excluded suppliers"
match = ["Meridian"]

[channels.desk]
type = "email"
to = ["desk@watcher.example"]
from = "watcher@watcher.example"
smtp = "smtp://127.0.0.1:{smtp}?tls=off"
timezone = "America/New_York"

[channels.hook]
type = "webhook"
url = "{hook}"
secret = "{secret}"
"""


class Stage:
    """What the demo shows and waits for: mails and webhooks as they arrive, from the servers' threads."""

    def __init__(self) -> None:
        self.console = output.console()
        self.mails: queue.Queue[tuple[EmailMessage, Path]] = queue.Queue()
        self.hooks: queue.Queue[dict[str, Any]] = queue.Queue()
        self.told = 0

    def say(self, text: str | Text, style: str = "") -> None:
        self.console.print(Text(text, style=style) if isinstance(text, str) else text)

    def act(self, number: int, words: str, now: str = "") -> None:
        """Open an act: its number, what was seen, what happens now."""
        self.say("")
        head = Text(f" {NUMBERS[number]} ", style="bold cyan")
        output.hanging(self.console, head, Text.assemble(words, (now, "bold")))

    def got_mail(self, message: EmailMessage, path: Path) -> None:
        self.mails.put((message, path))

    def arrivals(self, count: int, daemon: "subprocess.Popen[bytes]") -> None:
        """Show `count` mails and as many webhooks. Raises WatcherError when they do not come, or the daemon ends."""
        mails = sorted((_wait(self.mails, daemon) for _ in range(count)), key=lambda mail: _weight(mail[0]))
        hooks = [_wait(self.hooks, daemon) for _ in range(count)]
        self.told += count
        said = {hook["data"]["subject"]: _said(hook["data"]) for hook in hooks}
        for message, path in mails:
            subject = output.clean(message["Subject"], 200)
            body = Text.assemble((subject, "bold"), (f"  {path.name}", "dim"))
            output.hanging(self.console, Text("    ✉  ", style="bold green"), body)
            if words := said.get(subject):
                output.hanging(self.console, Text("       "), Text(words, style="dim"))
        events = ", ".join(event for hook in hooks for event in hook["data"]["events"])
        number = f"{count} webhooks, signatures" if count > 1 else "a webhook, its signature"
        self.say(Text.assemble(("    ⇢  ", "bold blue"), f"{number} verified: ", (events, "blue")))

    def unexpected(self) -> int:
        """Give how many arrived that nobody waited for."""
        return self.mails.qsize() + self.hooks.qsize()


def _wait(arrived: "queue.Queue[T]", daemon: "subprocess.Popen[bytes]") -> T:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return arrived.get(timeout=0.2)
        except queue.Empty:
            if daemon.poll() is not None:
                raise WatcherError("the daemon ended too early; watcher.log in the demo's folder says why") from None
            if time.monotonic() > end:
                raise WatcherError(
                    "what was expected did not arrive; watcher.log in the demo's folder says more"
                ) from None


def _weight(message: EmailMessage) -> int:
    return 0 if str(message["X-Watcher-Event"]).startswith("update.") else 1


def _said(data: Mapping[str, Any]) -> str:
    """Give an update's summary and its time in UTC, as the payload has them."""
    for change in data.get("changes", ()):
        if update := change.get("update"):
            return output.clean(f"{update['published_at'][:16].replace('T', ' ')}Z  {update['summary']}", 200)
    return ""


def _folder(folder: Path) -> Path:
    folder = folder.resolve()
    try:
        if folder.exists() and any(folder.iterdir()):
            if not (folder / MARK).exists():
                raise UsageError(f"{folder} is not empty and not from an earlier demo; name another with --folder")
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).touch()
    except OSError as error:
        raise UsageError(f"{folder} cannot be used: {error.strerror}; name another with --folder") from error
    return folder


def play(folder: Path, *, pace: float = 1.0) -> None:
    """Play the story; `pace` is in seconds. Raises UsageError for a folder that is not ours, WatcherError when
    something does not arrive."""
    folder = _folder(folder)
    stage, site = Stage(), Site()
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    inbox, receiver = Inbox(folder / "mails", stage.got_mail), Receiver(secret, stage.hooks.put)
    path, every = folder / "config.toml", int(pace * 1000)
    told = {"smtp": inbox.port, "hook": receiver.url, "secret": secret, "pace": f"{every}ms", "slow": f"{2 * every}ms"}
    path.write_text(CONFIG.format(path=path, site=site.url, **told), "utf-8")
    began = time.monotonic()
    intro = Text(_INTRO.format(url=site.url))
    out = stage.console
    out.print(
        Panel(intro, title="watcher demo", border_style="cyan", width=min(out.width, 100)) if out.is_terminal else intro
    )
    log = (folder / "watcher.log").open("wb")
    environ = {**os.environ, "RUNTIME_DIRECTORY": str(folder), "WATCHER_CONFIG": str(path)}
    daemon = subprocess.Popen([sys.executable, "-m", "watcher", "run"], stderr=log, stdout=log, env=environ)
    try:
        _acts(stage, site, daemon, pace)
    finally:
        _end(daemon)
        log.close()
        for server in (site, inbox, receiver):
            server.close()
    stage.say(_END.format(visits=site.visits, seconds=time.monotonic() - began, folder=folder))
    for command in ("changes", "diff gazette-meridian 1 6", "db verify"):
        stage.say(Text.assemble((f"  watcher {command}", "bold"), (f" --config {path}", "dim")))


def _end(daemon: "subprocess.Popen[bytes]") -> None:
    daemon.send_signal(signal.SIGTERM)
    try:
        daemon.wait(15)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def _acts(stage: Stage, site: Site, daemon: "subprocess.Popen[bytes]", pace: float) -> None:
    stage.act(0, "The first look is the baseline: nothing is news yet, only that watching began.")
    stage.arrivals(1, daemon)
    for number, update in enumerate(story.UPDATES, 1):
        seen = site.visits
        while site.visits < seen + 3 and daemon.poll() is None:
            time.sleep(pace / 10)
        stage.act(
            number,
            f"{site.visits - seen} visits, each with other adverts and counters: silence. ",
            f"Now the publisher adds Update {number}.",
        )
        assert update.mark
        site.stage = number
        stage.arrivals(2, daemon)
    time.sleep(2 * pace)
    if left := stage.unexpected():
        raise WatcherError(f"{left} alerts arrived that nobody expected")
    stage.say("")
    stage.say(
        f" ✔  Five updates and five docket entries, each told once: {stage.told} mails, {stage.told} webhooks.",
        "bold green",
    )


_INTRO = (
    "A small news site now runs on {url}. It has one article, which will grow\n"
    '"Update 1 …" to "Update 5 …" above and below its text, and a feed of court dockets.\n'
    "The real daemon polls both every second or two; mails go to a local inbox, webhooks to\n"
    "a local receiver. Nothing leaves this machine."
)
_END = (
    "\n{visits} visits in {seconds:.0f} s. Left to look at in {folder}:\n"
    "  mails/      every mail, as .eml and .html\n"
    "  watcher.db  revisions, differences, the outbox"
)
