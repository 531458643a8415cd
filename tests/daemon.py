"""A real `watcher run` in a process of its own, and the sites it polls: the helpers of the end-to-end tests."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from inbox import SECRET, Hook, Inbox, wait_for
from servers import Request, Response, Server

CONFIG = """\
[watcher]
database = "{database}"
contact = "ops@example.org"

[fetch]
delay = "10ms"
allow_private = ["127.0.0.0/8"]
{fetch}
[defaults]
notify = [{notify}]
{sources}
[channels.desk]
type = "email"
to = ["desk@example.org"]
from = "watcher@example.org"
smtp = "{smtp}?tls=off"
pauses = ["1s"]

[channels.hook]
type = "webhook"
url = "{hook}"
secret = "{secret}"
pauses = ["1s"]
"""


def source(name: str, url: str, **keys: object) -> str:
    """One `[[sources]]` table."""
    told: dict[str, object] = {"name": name, "url": url, "every": "1s", **keys}
    return "\n[[sources]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in told.items())


def configure(
    folder: Path,
    inbox: Inbox,
    hook: Hook,
    sources: str,
    *,
    notify: Sequence[str] = ("desk", "hook"),
    fetch: str = "",
    database: str = "sqlite:///watcher.db",
) -> Path:
    """Write a configuration with both channels; give its path."""
    path = folder / "config.toml"
    path.write_text(
        CONFIG.format(
            database=database,
            sources=sources,
            smtp=inbox.url,
            hook=hook.url,
            secret=SECRET,
            notify=", ".join(map(json.dumps, notify)),
            fetch=fetch,
        ),
        "utf-8",
    )
    return path


class Daemon:
    """`watcher run` on a configuration; its log is `log()`."""

    def __init__(self, config: Path, **environ: str) -> None:
        self.config, self.folder = config, config.parent
        runtime = self.folder / "run"
        runtime.mkdir(exist_ok=True)
        self.environ = {
            **os.environ,
            "RUNTIME_DIRECTORY": str(runtime),
            "WATCHER_CONFIG": str(config),
            "NO_COLOR": "1",
            **environ,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        with (self.folder / "daemon.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "watcher", "run"], stdout=log, stderr=log, env=self.environ
            )
        return self

    def ready(self, seconds: float = 20.0) -> Self:
        """Wait until it says that it started."""
        count = self.log().count("started")
        wait_for(lambda: self.log().count("started") > count or "started" in self.log(), seconds, "the daemon to start")
        return self

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self, seconds: float = 15.0) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def reload(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    def log(self) -> str:
        path = self.folder / "daemon.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)

    def run(self, *args: str, seconds: float = 60.0) -> "subprocess.CompletedProcess[str]":
        """Run another command on the same configuration."""
        return subprocess.run(
            [sys.executable, "-m", "watcher", *args],
            capture_output=True,
            text=True,
            env=self.environ,
            timeout=seconds,
            check=False,
        )

    def json(self, *args: str) -> list[dict[str, Any]]:
        """Run a command with --json; it must succeed."""
        ended = self.run(*args, "--json")
        assert ended.returncode == 0, ended.stderr
        return [json.loads(line) for line in ended.stdout.splitlines()]

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Look into the SQLite file."""
        path = self.folder / "watcher.db"
        if not path.exists():
            return []
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
        try:
            return connection.execute(query).fetchall()
        except sqlite3.OperationalError:
            return []  # the tables are being made
        finally:
            connection.close()

    def one(self, query: str) -> Any:
        rows = self.ask(query)
        return rows[0][0] if rows else None


class Pages:
    """A site with one page that lives through `revisions`; `stage` says which one is served now."""

    def __init__(self, make: Callable[[int], bytes], kind: str = "text/html; charset=utf-8") -> None:
        self.make, self.kind, self.stage, self.answered = make, kind, 0, set[int]()
        self.status = 200
        self.server = Server(self.handle)

    async def handle(self, request: Request) -> Response:
        if request.path == "/robots.txt":
            return Response(status=404)
        stage = self.stage
        self.answered.add(stage)
        return Response(self.make(stage), self.status, (("Content-Type", self.kind),))

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        self.server.__exit__(*exc)

    def url(self, path: str = "/page") -> str:
        return self.server.url(path)


def changes_of(hook: Hook) -> dict[str, Any]:
    """The `alert.changes` payloads that the receiver accepted, by alert."""
    return {call.alert: call.payload["data"] for call in hook.accepted if call.payload["type"] == "alert.changes"}


def mails_of(inbox: Inbox) -> dict[str, str]:
    """The subjects of the mails about changes, by alert."""
    mails = {mail.alert: mail for mail in inbox.mails}
    return {
        alert: mail.subject
        for alert, mail in mails.items()
        if not mail.message["X-Watcher-Event"].startswith(("source.", "watcher."))
    }


def settle(seconds: float = 0.8) -> None:
    """Give anything that should not come the time to come."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.05)
