"""The control socket, seen from the commands: find the daemon's, ask, read its lines.

A request is one JSON object a line, `{"action": NAME, …}`; the answer is any number of `{"line": …}` and at last
`{"done": …}` or `{"error": …}`. The socket lies in the runtime directory with mode 0660: who may open it may act.
`watcher.control.server` is the daemon's side; it is heavy, and no command needs it.
"""

import contextlib
import hashlib
import json
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from watcher.errors import UsageError, WatcherError

LONGEST_PATH = 107  # bytes that a Unix socket's address can hold (unix(7))


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


def _ours(folder: Path) -> bool:
    try:
        return folder.lstat().st_uid == os.getuid()
    except OSError:
        return False


def _usable(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _ours(folder) and os.access(folder, os.W_OK)
    except OSError:
        return False


def place_for(database: str, environ: Mapping[str, str]) -> Path:
    """Choose where the daemon puts its socket. Raises UsageError when there is no place."""
    for folder in directories(environ):
        path = folder / socket_name(database)
        if len(os.fsencode(path)) <= LONGEST_PATH and _usable(folder):
            return path
    raise UsageError("no folder for the control socket: set RUNTIME_DIRECTORY to one that this user may write to")


def find(database: str, environ: Mapping[str, str]) -> Path | None:
    """Find the socket of a daemon that runs on this database; None when none answers."""
    for folder in directories(environ):
        path = folder / socket_name(database)
        if folder.parent == Path("/tmp") and not _ours(folder):  # noqa: S108  # anybody may make folders there
            continue
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(2)
            probe.connect(str(path))
            return path
    return None


def ask(path: Path, request: Mapping[str, Any], *, timeout: float = 3600.0) -> Iterator[Any]:
    """Send one request to a running daemon and yield its lines. Raises UsageError or WatcherError as it answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(timeout)
        try:
            client.connect(str(path))
            client.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise WatcherError(f"the daemon does not listen any more: {error.strerror or error}") from error
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
