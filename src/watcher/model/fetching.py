"""What is asked for, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class Request:
    """One conditional GET. `headers` hold resolved secrets: never log or store them, only `Fetched.request_headers`."""

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    etag: str | None = None
    last_modified: str | None = None
    user_agent: str | None = None
    contact: str | None = None  # None: the client's; "": none
    proxy: str | None = None
    timeout: float = 30.0  # seconds, to connect and of silence
    deadline: float = 120.0  # seconds, whole request with redirects
    max_bytes: int = 20_000_000  # of the decoded body
    robots: bool = False  # obey robots.txt
    spool: int | None = None  # bytes from which a body goes to a temporary file instead of memory
    render: bool = False  # through a browser: the body is the page as its scripts have made it; never conditional
    wait: str | None = None  # with `render`: a CSS selector that must fit before the page is read
    hidden: frozenset[str] = frozenset()  # names, in lower case, of headers whose values came from a secret


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole answer. `body` is decoded; header names are in lower case; `request_headers` have secrets masked.

    `moved_to` is set when every redirect on the way was permanent (301, 308): the address to ask from now on.
    """

    requested: str
    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    at: datetime
    body_sha256: str
    wire_sha256: str
    request_headers: tuple[tuple[str, str], ...] = ()
    peer: str | None = None
    certificate_sha256: str | None = None
    moved_to: str | None = None
    seconds: float = 0.0
    file: BinaryIO | None = None  # holds the body where it was too large for memory; `body` is then empty
    length: int | None = None  # of the body in `file`

    @property
    def size(self) -> int:
        """The length of the decoded body in bytes."""
        return len(self.body) if self.length is None else self.length

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    def stream(self) -> BinaryIO:
        """The body as a stream at its start."""
        if self.file is None:
            return BytesIO(self.body)
        self.file.seek(0)
        return self.file


@dataclass(frozen=True, slots=True)
class NotModified:
    """The server said 304: what is stored still stands."""

    requested: str
    url: str
    headers: tuple[tuple[str, str], ...]
    at: datetime
    moved_to: str | None = None
    seconds: float = 0.0

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)
