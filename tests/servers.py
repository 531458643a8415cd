"""Real local HTTP servers for tests: a thread, an asyncio loop, a free port on 127.0.0.0/8.

    async def page(request: Request) -> Response:
        return Response(body=b"hello", headers=(("ETag", '"1"'),))

    with Server(page) as server:
        ...ask server.url("/x")...; server.requests holds what was asked, in order

`Server(raw=handler)` hands over the socket's streams after the request's head was read: for servers that misbehave.
`conditional(body)` is a good server. `bind="0.0.0.0"` serves all of 127.x.y.z (`url("/x", host="127.3.2.1")`).
"""

import asyncio
import contextlib
import hashlib
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

CRLF = b"\r\n"


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked: header names in lower case; `connection` numbers the connections of a server from 1."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int
    at: float  # time.monotonic() of the server's loop

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. Content-Length is added unless `chunks` are given or `length` is False."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    reason: str = "Whatever"
    chunks: tuple[bytes, ...] | None = None  # sent as chunked coding
    length: bool = True
    close: bool = False
    delay: float = 0.0  # seconds before the answer

    def encode(self) -> bytes:
        head = [f"HTTP/1.1 {self.status} {self.reason}"]
        head += [f"{name}: {value}" for name, value in self.headers]
        bodyless = self.status in (204, 304)
        if self.chunks is not None:
            head.append("Transfer-Encoding: chunked")
        elif self.length and not bodyless:
            head.append(f"Content-Length: {len(self.body)}")
        if self.close:
            head.append("Connection: close")
        start = "\r\n".join(head).encode("utf-8") + CRLF + CRLF
        if self.chunks is not None:
            return start + b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in self.chunks) + b"0\r\n\r\n"
        return start + (b"" if bodyless else self.body)


Handler = Callable[[Request], Awaitable[Response]]
RawHandler = Callable[[Request, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answer(body: bytes = b"", status: int = 200, *headers: tuple[str, str]) -> Handler:
    """Always answer the same."""

    async def handle(request: Request) -> Response:
        return Response(body, status, headers)

    return handle


def redirect(location: str, status: int = 302) -> Handler:
    """Always send elsewhere."""
    return answer(b"", status, ("Location", location))


def paths(table: dict[str, Handler]) -> Handler:
    """Answer by path; 404 for others."""

    async def handle(request: Request) -> Response:
        handler = table.get(request.path)
        return await handler(request) if handler is not None else Response(b"no such page", 404)

    return handle


def conditional(body: bytes, *headers: tuple[str, str], modified: str | None = None) -> Handler:
    """Answer with an ETag (and Last-Modified), and with 304 to whoever knows it."""
    etag = '"' + hashlib.sha256(body).hexdigest()[:16] + '"'

    async def handle(request: Request) -> Response:
        all_headers = (("ETag", etag), *((("Last-Modified", modified),) if modified else ()), *headers)
        known = request.headers.get("if-none-match")
        since = request.headers.get("if-modified-since")
        if known == etag or (known is None and modified is not None and since == modified):
            return Response(status=304, headers=all_headers)
        return Response(body, headers=all_headers)

    return handle


@dataclass
class Server:
    """A server in a thread of its own; a context manager. `requests` grows while it runs."""

    handler: Handler | None = None
    raw: RawHandler | None = None
    bind: str = "127.0.0.1"
    port: int = 0
    tls: ssl.SSLContext | None = None
    greeting: bytes = b""  # said at once to whoever connects; then the connection is closed
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    _loop: asyncio.AbstractEventLoop | None = None
    _thread: threading.Thread | None = None
    _stop: asyncio.Event | None = None

    def __enter__(self) -> Self:
        ready = threading.Event()
        failure: list[BaseException] = []

        def run() -> None:
            try:
                asyncio.run(self._serve(ready))
            except BaseException as error:  # handed to whoever started us
                failure.append(error)
                ready.set()

        self._thread = threading.Thread(target=run, name="test server", daemon=True)
        self._thread.start()
        ready.wait(10)
        if failure:
            raise failure[0]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._loop is not None
        assert self._stop is not None
        assert self._thread is not None
        with contextlib.suppress(RuntimeError):  # it has ended by itself
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def url(self, path: str = "/", host: str | None = None, userinfo: str = "") -> str:
        """The address of a path; `host` where it is not the one bound to."""
        scheme = "https" if self.tls is not None else "http"
        host = host or ("127.0.0.1" if self.bind == "0.0.0.0" else self.bind)
        host = f"[{host}]" if ":" in host else host
        return f"{scheme}://{userinfo + '@' if userinfo else ''}{host}:{self.port}{path}"

    async def _serve(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._talk(reader, writer)
            writer.close()

        server = await asyncio.start_server(
            connected, self.bind, self.port, ssl=self.tls, limit=4_000_000, backlog=2048
        )
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._stop.wait()
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        if self.greeting:
            writer.write(self.greeting)
            await writer.drain()
            await reader.read(1)
            return
        while True:
            request = await self._read(reader, number)
            if request is None:
                return
            self.requests.append(request)
            if self.raw is not None:
                await self.raw(request, reader, writer)
                return
            assert self.handler is not None
            response = await self.handler(request)
            if response.delay:
                await asyncio.sleep(response.delay)
            writer.write(response.encode())
            await writer.drain()
            if response.close or not response.length:
                return

    async def _read(self, reader: asyncio.StreamReader, number: int) -> Request | None:
        try:
            head = await reader.readuntil(CRLF + CRLF)
        except asyncio.IncompleteReadError:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers: dict[str, str] = {}
        for line in filter(None, lines):
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        assert self._loop is not None
        return Request(method, target, headers, body, number, self._loop.time())


def send(*parts: bytes, pause: float = 0.0, linger: float = 0.0) -> RawHandler:
    """Write bytes as they are, with a pause after each part; then close, or first keep the connection open."""

    async def handle(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            if pause:
                await asyncio.sleep(pause)
        if linger:
            await asyncio.sleep(linger)

    return handle


def reset(*parts: bytes) -> RawHandler:
    """Write bytes, then cut the connection off with a reset."""

    async def handle(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.transport.abort()

    return handle


def drip(start: bytes, part: bytes, pause: float, times: int = 1_000_000) -> RawHandler:
    """Write a start, then the same part again and again with a pause between: slow or endless servers."""

    async def handle(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        for _ in range(times):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)

    return handle


def head(*lines: str) -> bytes:
    """Build the head of an answer from its lines."""
    return "\r\n".join(lines).encode("latin-1") + CRLF + CRLF


def urls(servers: Iterable[Server]) -> list[str]:
    """The addresses of several servers."""
    return [server.url() for server in servers]
