"""The control socket: commands beside a running daemon go through it, one JSON object a line in, lines out.

A request is `{"action": NAME, …}`; the answer is any number of `{"line": …}` and at last `{"done": …}` or `{"error": …}`.
The socket lies in the runtime directory with mode 0660: who may open it may act.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from watcher.actions import Actions
from watcher.errors import UsageError, WatcherError

log = structlog.get_logger("watcher.control")

LONGEST_LINE = 1 << 20  # bytes of a request


def directories(environ: Mapping[str, str]) -> Iterator[Path]:
    """Name the places of the socket, the daemon's first: systemd's runtime directory, the usual one, the user's."""
    if told := environ.get("RUNTIME_DIRECTORY"):
        yield Path(told.split(":")[0])
    yield Path("/run/watcher")
    if user := environ.get("XDG_RUNTIME_DIR"):
        yield Path(user) / "watcher"
    yield Path(f"/tmp/watcher-{os.getuid()}")  # noqa: S108  # made with mode 0700 and refused when another owns it


def socket_name(database: str) -> str:
    """Name the socket by its database, so that two daemons on two databases do not meet."""
    return f"control-{hashlib.sha256(database.encode()).hexdigest()[:12]}.sock"


def _usable(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder.stat().st_uid == os.getuid() and os.access(folder, os.W_OK)
    except OSError:
        return False


def place_for(database: str, environ: Mapping[str, str]) -> Path:
    """Choose where the daemon puts its socket. Raises UsageError when there is no place."""
    for folder in directories(environ):
        if _usable(folder):
            return folder / socket_name(database)
    raise UsageError("no folder for the control socket: set RUNTIME_DIRECTORY to one that this user may write to")


def find(database: str, environ: Mapping[str, str]) -> Path | None:
    """Find the socket of a daemon that runs on this database; None when none answers."""
    for folder in directories(environ):
        path = folder / socket_name(database)
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(2)
            probe.connect(str(path))
            return path
    return None


class Control:
    """Serves the actions on a Unix socket."""

    def __init__(self, actions: Actions, path: Path, extra: Mapping[str, Callable[[], Any]] | None = None) -> None:
        self.actions, self.path, self.extra = actions, path, dict(extra or {})
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen. The database's lock is held, so a socket file that is there was left by a dead process."""
        self.path.unlink(missing_ok=True)
        old = os.umask(0o117)
        try:
            self._server = await asyncio.start_unix_server(self._serve, path=str(self.path), limit=LONGEST_LINE)
        finally:
            os.umask(old)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self.path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(message: Mapping[str, Any]) -> None:
            writer.write(json.dumps(message, ensure_ascii=False).encode() + b"\n")

        try:
            line = await reader.readline()
            if not line:
                return
            async for answer in self._answer(json.loads(line)):
                say({"line": answer})
                await writer.drain()
            say({"done": True})
        except (WatcherError, ValueError, KeyError, TypeError) as error:
            say({"error": str(error) or type(error).__name__, "usage": isinstance(error, UsageError)})
        except (ConnectionError, asyncio.CancelledError):
            log.debug("control.left")  # the command was interrupted; what it asked for goes on
        finally:
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            writer.close()

    async def _answer(self, request: Mapping[str, Any]) -> AsyncIterator[Any]:
        action, actions = request.get("action"), self.actions
        if action == "check":
            async for line in actions.check(list(request.get("names", []))):
                yield line
        elif action == "retry":
            yield await actions.retry(list(request.get("alerts", [])))
        elif action == "mute":
            seconds = request.get("seconds")
            until = await actions.mute(str(request["name"]), timedelta(seconds=float(seconds)) if seconds else None)
            yield until.isoformat() if until else None
        elif action == "enable":
            yield await actions.enable_channel(str(request["name"]))
        elif action == "test":
            yield await actions.test_channel(str(request["name"]))
        elif action in self.extra:
            yield self.extra[action]()
        else:
            raise UsageError(f"unknown action {action!r}")


def ask(path: Path, request: Mapping[str, Any], *, timeout: float = 3600.0) -> Iterator[Any]:
    """Send one request to a running daemon and yield its lines. Raises UsageError or WatcherError as it answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(timeout)
        client.connect(str(path))
        client.sendall(json.dumps(request).encode() + b"\n")
        with client.makefile("rb") as lines:
            for raw in lines:
                answer = json.loads(raw)
                if "line" in answer:
                    yield answer["line"]
                elif "error" in answer:
                    raise (UsageError if answer.get("usage") else WatcherError)(answer["error"])
                else:
                    return
    raise WatcherError("the daemon ended before it had answered")
