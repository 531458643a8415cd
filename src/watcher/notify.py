"""Tell the service manager how the daemon fares: the sd_notify(3) protocol, by hand.

systemd names a datagram socket in NOTIFY_SOCKET (a path, or an abstract name that begins with `@`) and listens there
for lines of NAME=VALUE. Without the variable nothing is sent and nothing fails, and a manager that does not listen
never disturbs the daemon: every method returns whether the message was handed over, and raises nothing.
"""

import os
import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass

STATUS_CHARS = 400  # `systemctl status` shows one line


@dataclass(frozen=True, slots=True)
class Notifier:
    """The line to the service manager.

    `address` is NOTIFY_SOCKET's value, None where no manager listens. `watchdog` is the pause between two signs of
    life in seconds, half of what the manager waits before it restarts the service (sd_watchdog_enabled(3) advises
    half); None where it does not watch. `patience` is how long to wait for a manager whose queue is full, in seconds.
    """

    address: str | None = None
    watchdog: float | None = None
    patience: float = 1.0

    @classmethod
    def of(cls, environ: Mapping[str, str], pid: int | None = None) -> "Notifier":
        """Read what the manager left in the environment, for the process `pid` (default: this one).

        WATCHDOG_PID names the process that is watched; a child that inherited the variables is not.
        """
        address = environ.get("NOTIFY_SOCKET") or None
        microseconds = environ.get("WATCHDOG_USEC", "")
        mine = environ.get("WATCHDOG_PID") in (None, "", str(os.getpid() if pid is None else pid))
        watched = address and mine and re.fullmatch(r"[0-9]{1,18}", microseconds) and int(microseconds)
        return cls(address, int(microseconds) / 2_000_000 if watched else None)

    def ready(self, status: str = "") -> bool:
        """Say that start-up, or a reload, is complete."""
        return self._send("READY=1", *_status(status))

    def reloading(self) -> bool:
        """Say that the configuration is being read again; `ready` must follow.

        The time stamp tells managers with Type=notify-reload (systemd 253) that this answers their signal.
        """
        return self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, status: str = "") -> bool:
        """Say that the daemon is ending."""
        return self._send("STOPPING=1", *_status(status))

    def status(self, text: str) -> bool:
        """Show one line in `systemctl status`."""
        return self._send(*_status(text))

    def alive(self) -> bool:
        """Feed the watchdog. Call it only when the parts that matter have answered, or it proves nothing."""
        return self._send("WATCHDOG=1")

    def extend(self, seconds: float) -> bool:
        """Ask for up to `seconds` more from now to start, stop or answer the watchdog, as a migration needs."""
        return self._send(f"EXTEND_TIMEOUT_USEC={round(seconds * 1_000_000)}")

    def _send(self, *lines: str) -> bool:
        if not self.address or not lines:
            return False
        # A name in the abstract namespace is written with @ for the NUL byte it begins with.
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
                line.settimeout(self.patience)
                line.connect(address)
                line.sendall("\n".join(lines).encode("utf-8", "replace"))
        except (OSError, ValueError):  # gone, full, or no address at all: the manager will notice by itself
            return False
        return True


def _status(text: str) -> tuple[str, ...]:
    """Bring free text into one line, so that nothing in it can pass for another assignment."""
    line = " ".join(text.split())[:STATUS_CHARS]
    return (f"STATUS={line}",) if line else ()
