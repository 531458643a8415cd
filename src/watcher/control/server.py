"""The control socket, the daemon's side: serves the actions, one JSON object a line in, lines out.

See `watcher.control` for the protocol.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from watcher.actions import Actions
from watcher.errors import UsageError, WatcherError

log = structlog.get_logger("watcher.control")

LONGEST_LINE = 1 << 20  # bytes of a request


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
        elif action == "unfollow":
            yield await actions.unfollow(list(request.get("names", [])))
        elif action == "enable":
            yield await actions.enable_channel(str(request["name"]))
        elif action == "test":
            yield await actions.test_channel(str(request["name"]))
        elif action in self.extra:
            yield self.extra[action]()
        else:
            raise UsageError(f"unknown action {action!r}")
