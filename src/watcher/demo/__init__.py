"""`watcher demo`: the real daemon on a small site that lives through a story; mails and webhooks arrive on screen.

Everything happens on 127.0.0.1. The database, the configuration and the mails stay in a folder that is named at the end.
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
from email.message import EmailMessage
from pathlib import Path

from rich.panel import Panel
from rich.text import Text

from watcher.cli import output
from watcher.demo import story
from watcher.demo.servers import Inbox, Receiver, Site
from watcher.errors import UsageError, WatcherError

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
    """What the demo shows and waits for."""

    def __init__(self) -> None:
        self.console = output.console()
        self.mails: queue.Queue[tuple[EmailMessage, Path]] = queue.Queue()
        self.hooks: queue.Queue[dict[str, object]] = queue.Queue()

    def say(self, text: str, style: str = "") -> None:
        self.console.print(Text(text, style=style))

    def got_mail(self, message: EmailMessage, path: Path) -> None:
        self.mails.put((message, path))

    def wait_mails(self, count: int, daemon: "subprocess.Popen[bytes]") -> None:
        """Show `count` mails as they arrive. Raises WatcherError when they do not, or the daemon ends."""
        for _ in range(count):
            end = time.monotonic() + PATIENCE
            while True:
                try:
                    message, path = self.mails.get(timeout=0.2)
                    break
                except queue.Empty:
                    if daemon.poll() is not None or time.monotonic() > end:
                        raise WatcherError("the daemon did not send what was expected; its log is in the demo's folder") from None
            self.console.print(Text("  ✉ ", style="bold green").append(output.clean(message["Subject"], 200), style="bold"))
            self.say(f"    kept as {path.name}", "dim")

    def show_hooks(self) -> int:
        """Show the webhooks that came in; give how many."""
        count = 0
        while not self.hooks.empty():
            body = self.hooks.get()
            data = body["data"]
            assert isinstance(data, dict)  # the receiver verified and decoded it
            self.console.print(Text("  ⇢ ", style="bold blue").append(f"webhook {body['type']}, signature verified: {', '.join(data['events'])}", style="dim"))
            count += 1
        return count


def _folder(folder: Path) -> Path:
    folder = folder.resolve()
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise UsageError(f"{folder} is not empty and not from an earlier demo; name another one with --folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()
    return folder


def play(folder: Path, *, pace: float = 1.0) -> None:
    """Play the story. Raises UsageError for a folder that is not ours, WatcherError when something does not arrive."""
    folder = _folder(folder)
    stage, site = Stage(), Site()
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    inbox, receiver = Inbox(folder / "mails", stage.got_mail), Receiver(secret, stage.hooks.put)
    path = folder / "config.toml"
    milliseconds = max(1000, int(pace * 1000))
    path.write_text(
        CONFIG.format(path=path, site=site.url, smtp=inbox.port, hook=receiver.url, secret=secret, pace=f"{milliseconds}ms", slow=f"{2 * milliseconds}ms"),
        "utf-8",
    )
    began = time.monotonic()
    intro = Text(_INTRO.format(url=site.url))
    stage.console.print(Panel(intro, title="watcher demo", border_style="blue", width=100) if stage.console.is_terminal else intro)
    log = (folder / "watcher.log").open("wb")
    environ = {**os.environ, "RUNTIME_DIRECTORY": str(folder), "WATCHER_CONFIG": str(path)}
    daemon = subprocess.Popen([sys.executable, "-m", "watcher", "run"], stderr=log, stdout=log, env=environ)
    try:
        _acts(stage, site, daemon, pace)
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(15)
        log.close()
        for server in (site, inbox, receiver):
            server.close()
    stage.say(_END.format(visits=site.visits, seconds=time.monotonic() - began, folder=folder, path=path))


def _acts(stage: Stage, site: Site, daemon: "subprocess.Popen[bytes]", pace: float) -> None:
    stage.say("\n① First look. A baseline announces nothing but that watching began:", "bold")
    stage.wait_mails(1, daemon)
    hooks = stage.show_hooks()
    for number in range(1, len(story.UPDATES) + 1):
        visits = site.visits
        time.sleep(2 * pace)
        stage.say(
            f"\n{'②③④⑤⑥'[number - 1]} {site.visits - visits} visits with other counters, adverts and tokens: silence. "
            f"Now the publisher adds Update {number}:", "bold",
        )  # fmt: skip
        site.stage = number
        stage.wait_mails(2, daemon)
        hooks += stage.show_hooks()
    time.sleep(2 * pace)
    hooks += stage.show_hooks()
    left = stage.mails.qsize()
    if left:
        raise WatcherError(f"{left} mails arrived that nobody expected")
    stage.say(f"\nFive updates and five docket entries, told once each: 11 mails, {hooks} webhooks.", "bold green")


_INTRO = (
    "A small news site now runs on {url}.\n"
    "It has one article, which will grow \"Update 1 …\" to \"Update 5 …\", and a feed of dockets.\n"
    "Every visit gets other counters, adverts, tokens and trending stories.\n"
    "The real daemon polls both; mails go to a local inbox, webhooks to a local receiver."
)
_END = (
    "\n{visits} visits in {seconds:.0f} s. Everything is left in {folder}:\n"
    "  mails/        every mail, as .eml and .html\n"
    "  watcher.db    revisions, differences, the outbox\n"
    "Look around:\n"
    "  watcher changes --config {path}\n"
    "  watcher diff gazette-meridian 1 6 --config {path}\n"
    "  watcher db verify --config {path}"
)
