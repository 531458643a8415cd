"""The exception tree.

    WatcherError
    ├── ConfigError(problems)            every problem of a configuration at once
    ├── FetchError(url, transient)       a request that brought no usable answer
    │   ├── BadStatus(status, retry_after)
    │   ├── Refused                      by robots.txt, or the address is private
    │   └── TooLarge                     body, headers or redirects beyond their bound
    ├── ReadError(url)                   the body is not what its kind promises
    ├── StoreError                       the database cannot be opened, read or written
    │   └── StoreFull                    no room on the disk: try again later
    ├── DeliveryError(channel, permanent)
    └── UsageError                       a command was asked for what it cannot do

A 304, an empty diff and a page that is gone are results, not errors. Every message is a sentence that a person
can act on; addresses in it are already masked.
"""

from dataclasses import dataclass


class WatcherError(Exception):
    """Base of all errors that Watcher raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a configuration: where it stands, what was found, what is allowed."""

    file: str
    line: int | None
    place: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.place + ' ' if self.place else ''}{self.message}"


class ConfigError(WatcherError):
    """The configuration cannot be used; `problems` holds every fault found."""

    def __init__(self, problems: "list[Problem] | tuple[Problem, ...]") -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class FetchError(WatcherError):
    """A request brought no usable answer; `transient` says whether trying again may help."""

    def __init__(self, url: str, message: str, *, transient: bool = True, offline: bool = False) -> None:
        self.url = url
        self.message = message
        self.transient = transient
        self.offline = offline  # the network itself may be away: no name, no route, no connection
        super().__init__(message)


class BadStatus(FetchError):
    """The server answered with a status that carries no content; `retry_after` is in seconds."""

    def __init__(self, url: str, status: int, message: str, *, retry_after: float | None = None) -> None:
        self.status = status
        self.retry_after = retry_after
        super().__init__(url, message, transient=status in (408, 425, 429) or status >= 500)


class Refused(FetchError):
    """Watcher itself would not ask: robots.txt forbids it, or the address is not public."""

    def __init__(self, url: str, message: str) -> None:
        super().__init__(url, message, transient=False)


class TooLarge(FetchError):
    """The answer went beyond a bound: decoded bytes, header bytes, or number of redirects."""

    def __init__(self, url: str, message: str) -> None:
        super().__init__(url, message, transient=False)


class ReadError(WatcherError):
    """The body is not what its kind promises."""

    def __init__(self, url: str, message: str) -> None:
        self.url = url
        self.message = message
        super().__init__(message)


class StoreError(WatcherError):
    """The database cannot be opened, read or written."""


class StoreFull(StoreError):
    """There is no room for the store to grow; nothing of the transaction was kept."""


class DeliveryError(WatcherError):
    """An alert could not be handed over; `permanent` says that trying again is useless."""

    def __init__(
        self,
        channel: str,
        message: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        gone: bool = False,
    ) -> None:
        self.channel = channel
        self.message = message
        self.permanent = permanent
        self.retry_after = retry_after
        self.gone = gone  # the receiver said 410: it no longer exists
        super().__init__(message)


class UsageError(WatcherError):
    """A command was asked for what it cannot do; exit code 2."""
