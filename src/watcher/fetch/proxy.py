"""The browser's only way out: an HTTP proxy on loopback that lets through what the client itself would ask.

Whoever uses it shows the pass of one page load (RFC 9110, section 11.7.1); without one it answers 407 and nothing else.
Every host is judged by the guard, every address that its name leads to as well; only the ports of http, https and the
page itself are open; what a page load takes is counted and bounded by its `Allowance`, each host's turn is taken once
and its connections are as many as its budget says. TLS goes through unopened. Nothing here raises to its caller.
"""

import asyncio
import contextlib
import hmac
import secrets
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

import httpx

from watcher.errors import FetchError
from watcher.fetch.credentials import basic_auth
from watcher.fetch.guard import Blocked, Guard, Names, literal
from watcher.fetch.lanes import parse_proxy
from watcher.fetch.limits import Gate

USER = "page"
MOST_CONNECTIONS = 400  # of one page load
MOST_SENT = 2_000_000  # bytes that one page load may send
_MOST_HEAD = 65_536
_PIECE = 65_536
_HEAD_SECONDS = 30.0
_ADDRESS_SECONDS = 5.0  # for one of several addresses of a name, before the next is tried
_WEB_PORTS = frozenset({80, 443})
# Hop by hop (RFC 9110, section 7.6.1), and what belongs to a proxy.
_OURS = frozenset(
    {"connection", "keep-alive", "proxy-authorization", "proxy-connection", "te", "trailer", "upgrade", "host"}
)
Pipe = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Refusal(Exception):  # noqa: N818 - says what the answer is
    """A request that is not passed on; `status` is the answer."""

    def __init__(self, status: int, reason: str) -> None:
        self.status, self.reason = status, reason
        super().__init__(reason)


class _Spent(Exception):  # noqa: N818 - says what the allowance is
    """The page load has used up what it was allowed."""


@dataclass(slots=True)
class Allowance:
    """What one page load may take. `turn` takes a host's turn, `per_host` gives its most connections, `way` the proxy
    that it is asked through (None: directly). `over` is set, to half a sentence, when a bound was crossed."""

    most_bytes: int
    ports: frozenset[int]
    own_host: str  # its turn was taken for the page itself
    silence: float
    turn: Callable[[str], AbstractAsyncContextManager[None]]
    per_host: Callable[[str], int]
    way: Callable[[str], str | None]
    over: asyncio.Future[str]
    received: int = 0
    sent: int = 0
    connections: int = 0
    refused: list[str] = field(default_factory=list)
    gates: dict[str, Gate] = field(default_factory=dict)
    greeted: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    transports: set[asyncio.WriteTransport] = field(default_factory=set)

    def take(self, count: int) -> bool:
        """Count bytes that came for the page; False beyond the bound."""
        self.received += count
        if self.received > self.most_bytes:
            self.end(f"loads more than {self.most_bytes:,} bytes")
        return self.received <= self.most_bytes

    def receive(self, count: int) -> None:
        """Count bytes; raises _Spent beyond the bound."""
        if not self.take(count):
            raise _Spent

    def send(self, count: int) -> None:
        """Count bytes that the page sends; raises _Spent beyond the bound."""
        self.sent += count
        if self.sent > MOST_SENT:
            self.end(f"sends more than {MOST_SENT:,} bytes")
            raise _Spent

    def connect(self) -> None:
        """Count a connection; raises _Spent beyond the bound."""
        self.connections += 1
        if self.connections > MOST_CONNECTIONS:
            self.end(f"opens more than {MOST_CONNECTIONS} connections")
            raise _Spent

    def end(self, why: str) -> None:
        """Say that a bound was crossed."""
        if not self.over.done():
            self.over.set_result(why)

    def refuse(self, what: str) -> None:
        """Note what was not asked; the first few are enough to tell."""
        if len(self.refused) < 20:
            self.refused.append(what)


class Proxy:
    """The proxy; `start` before use, inside the running loop. `guard` and `names` judge and look up every host."""

    def __init__(self, guard: Guard, names: Names, context: ssl.SSLContext) -> None:
        self._guard = guard
        self._names = names
        self._context = context  # for a further proxy that is spoken to through TLS
        self._passes: dict[str, Allowance] = {}
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_MOST_HEAD)

    @property
    def address(self) -> str:
        """`http://127.0.0.1:PORT`."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def admit(self, allowance: Allowance) -> str:
        """Give out a pass for one page load: the password of the user `USER`."""
        password = secrets.token_urlsafe(32)
        self._passes[basic_auth(USER, password)] = allowance
        return password

    def dismiss(self, allowance: Allowance) -> None:
        """Take its pass back and cut its connections off."""
        self._passes = {login: each for login, each in self._passes.items() if each is not allowance}
        for task in allowance.greeted.values():
            task.cancel()
        for transport in list(allowance.transports):
            transport.abort()

    async def close(self) -> None:
        """Stop listening and cut every connection off."""
        self._passes.clear()
        if self._server is not None:
            self._server.close()
        for task in list(self._serving):
            task.cancel()
        if self._serving:
            await asyncio.wait(set(self._serving), timeout=2)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            await self._answer(reader, writer)
        except asyncio.CancelledError:  # by `close`: the end of a connection, not of anything that waits for it
            writer.transport.abort()
        except (_Spent, OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            # the bound is crossed and told; or one of the two ends went away or speaks no HTTP, which the other sees
            writer.transport.abort()
        finally:
            self._serving.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_HEAD_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        request, headers = _read_head(head)
        allowance = self._allowed(headers)
        if allowance is None:
            writer.write(
                b"HTTP/1.1 407 Proxy Authentication Required\r\n"
                b'Proxy-Authenticate: Basic realm="watcher"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
            )
            await writer.drain()
            return
        allowance.transports.add(writer.transport)
        try:
            method, where, version = [*request.split(" "), "", ""][:3]
            if not version.startswith("HTTP/1."):
                raise _Refusal(400, "not HTTP/1.1")
            if method == "CONNECT":
                await self._tunnel(allowance, where, (reader, writer))
            else:
                await self._plain(allowance, method, where, headers, (reader, writer))
        except _Refusal as refusal:
            allowance.refuse(refusal.reason)
            words = f"HTTP/1.1 {refusal.status} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            writer.write(words.encode("ascii"))
            await writer.drain()
        finally:
            allowance.transports.discard(writer.transport)

    def _allowed(self, headers: list[tuple[str, str]]) -> Allowance | None:
        shown = next((value for name, value in headers if name.lower() == "proxy-authorization"), "")
        found = None
        for login, allowance in self._passes.items():  # all of them, whichever fits
            if hmac.compare_digest(login.encode(), shown.encode("utf-8", "replace")):
                found = allowance
        return found

    async def _tunnel(self, allowance: Allowance, where: str, client: Pipe) -> None:
        host, _, digits = where.rpartition(":")
        async with self._connected(allowance, host.strip("[]").lower(), _port(digits)) as (server, proxy):
            if proxy is not None:
                await _through(proxy, where, server)
            client[1].write(b"HTTP/1.1 200 Connected\r\n\r\n")
            await _relay(allowance, client, server)

    async def _plain(
        self, allowance: Allowance, method: str, where: str, headers: list[tuple[str, str]], client: Pipe
    ) -> None:
        """Pass one request for an http address on, and its answer back; each has a connection of its own."""
        try:
            url = httpx.URL(where)
            host, port = url.raw_host.decode("ascii").lower(), url.port or 80
        except (httpx.InvalidURL, ValueError) as error:
            raise _Refusal(400, "not an address") from error
        if url.scheme != "http" or not host or not method.isalpha():
            raise _Refusal(400, "only http addresses are asked in the open")
        names = {name.lower(): value for name, value in headers}
        if "transfer-encoding" in names or not names.get("content-length", "0").isdecimal():
            raise _Refusal(411, "a request without its length")
        async with self._connected(allowance, host.strip("[]"), port) as (server, proxy):
            asked = where if proxy is not None else url.raw_path.decode("ascii")
            kept = [(name, value) for name, value in headers if name.lower() not in _OURS]
            kept += [("Host", url.netloc.decode("ascii")), ("Connection", "close")]
            if proxy is not None:
                kept += [(name, value) for name, value in proxy.headers.items()]
            head = f"{method} {asked} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in kept) + "\r\n"
            allowance.send(len(head))
            server[1].write(head.encode("latin-1"))
            await _body(allowance, int(names.get("content-length", "0")), client[0], server[1])
            await _answered(allowance, method, client, server)

    @contextlib.asynccontextmanager
    async def _connected(
        self, allowance: Allowance, host: str, port: int
    ) -> AsyncIterator[tuple[Pipe, httpx.Proxy | None]]:
        """Wait for the host's turn, then hold a connection to it. Gives ((reader, writer), further proxy or None)."""
        allowance.connect()
        if port not in _WEB_PORTS | allowance.ports:
            raise _Refusal(403, f"{host}:{port} is not a port of the web")
        try:
            self._guard.refuse_host(host)
        except Blocked as error:
            raise _Refusal(403, error.what) from error
        gate = allowance.gates.setdefault(host, Gate(allowance.per_host(host)))
        await gate.enter()
        try:
            await self._greet(allowance, host)
            server, proxy = await self._open(allowance, host, port)
            allowance.transports.add(server[1].transport)
            try:
                yield server, proxy
            finally:
                allowance.transports.discard(server[1].transport)
                server[1].transport.abort()  # all that matters was carried
        finally:
            gate.leave()

    async def _greet(self, allowance: Allowance, host: str) -> None:
        """Take the host's turn once in a page load, so that loads keep their distance there."""
        if host == allowance.own_host:
            return

        async def greet() -> None:
            async with allowance.turn(host):
                return

        if host not in allowance.greeted:
            allowance.greeted[host] = asyncio.get_running_loop().create_task(greet())
        await asyncio.shield(allowance.greeted[host])

    async def _open(self, allowance: Allowance, host: str, port: int) -> tuple[Pipe, httpx.Proxy | None]:
        try:
            async with asyncio.timeout(allowance.silence):
                address = allowance.way(host)
                if address is None:
                    return await self._direct(host, port), None
                proxy, _ = parse_proxy(address, "")
                tls = self._context if proxy.url.scheme == "https" else None
                there = proxy.url.port or (443 if tls else 80)
                return await asyncio.open_connection(proxy.url.host, there, ssl=tls, limit=_MOST_HEAD), proxy
        except Blocked as error:
            raise _Refusal(403, error.what) from error
        except FetchError as error:
            raise _Refusal(502, error.message) from error
        except OSError as error:
            raise _Refusal(502, f"no connection to {host}: {type(error).__name__}") from error

    async def _direct(self, host: str, port: int) -> Pipe:
        """Connect to the first address that answers; raises Blocked, OSError."""
        address = literal(host)
        if address is not None:
            found = [(int(socket.AF_INET if address.version == 4 else socket.AF_INET6), str(address))]
        else:
            found = [(int(one["family"]), one["host"]) for one in await self._names.resolve(host, port)]
        last: OSError = OSError("no address")
        for number, (family, where) in enumerate(found):
            opened = self._guard.open_socket((family, socket.SOCK_STREAM, 0, "", (where, port)))
            opened.setblocking(False)
            try:
                bound = None if number == len(found) - 1 else _ADDRESS_SECONDS
                async with asyncio.timeout(bound):
                    await asyncio.get_running_loop().sock_connect(opened, (where, port))
                return await asyncio.open_connection(sock=opened, limit=_MOST_HEAD)
            except OSError as error:
                opened.close()
                last = error
            except BaseException:
                opened.close()
                raise
        raise last


def _read_head(head: bytes) -> tuple[str, list[tuple[str, str]]]:
    """Part a head into its first line and its headers; raises ValueError."""
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip() or "\n" in line or "\r" in line or "\0" in line:
            raise ValueError("not a header")
        headers.append((name, value.strip()))
    return first, headers


def _port(digits: str) -> int:
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 6):
        raise _Refusal(400, "not a port")
    return int(digits)


async def _through(proxy: httpx.Proxy, where: str, server: Pipe) -> None:
    """Have a further proxy open the tunnel; raises _Refusal."""
    login = "".join(f"{name}: {value}\r\n" for name, value in proxy.headers.items())
    server[1].write(f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n{login}\r\n".encode("latin-1"))
    async with asyncio.timeout(_HEAD_SECONDS):
        first, _ = _read_head(await server[0].readuntil(b"\r\n\r\n"))
    if not first.startswith("HTTP/1.") or first.split(" ")[1:2] != ["200"]:
        raise _Refusal(502, "the proxy refuses")


async def _relay(allowance: Allowance, client: Pipe, server: Pipe) -> None:
    """Carry bytes both ways until the server has said all, or the client has gone."""

    async def up() -> None:
        while data := await client[0].read(_PIECE):
            allowance.send(len(data))
            server[1].write(data)
            await server[1].drain()
        server[1].transport.abort()  # the browser has closed the tunnel: nobody waits for the rest

    upward = asyncio.get_running_loop().create_task(up())
    try:
        await _down(allowance, server[0], client[1])
    finally:
        upward.cancel()
        await asyncio.gather(upward, return_exceptions=True)


async def _down(
    allowance: Allowance, source: asyncio.StreamReader, sink: asyncio.StreamWriter, length: int | None = None
) -> None:
    """Carry what comes until its end, or until so many bytes."""
    while (length is None or length > 0) and (
        data := await source.read(_PIECE if length is None else min(length, _PIECE))
    ):
        allowance.receive(len(data))
        sink.write(data)
        await sink.drain()
        length = None if length is None else length - len(data)


async def _body(allowance: Allowance, length: int, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while length > 0:
        data = await source.read(min(length, _PIECE))
        if not data:
            raise EOFError
        allowance.send(len(data))
        sink.write(data)
        await sink.drain()
        length -= len(data)


def _length(method: str, status: str, headers: list[tuple[str, str]]) -> int | None:
    """Say how long an answer's body is; None: until the connection ends (RFC 9112, section 6.3)."""
    if method == "HEAD" or status in ("204", "304"):
        return 0
    names = {name.lower(): value for name, value in headers}
    told = names.get("content-length", "")
    return int(told) if "transfer-encoding" not in names and told.isdecimal() and len(told) < 16 else None


async def _answered(allowance: Allowance, method: str, client: Pipe, server: Pipe) -> None:
    """Carry an answer back, marked as the last one of its connection."""
    while True:
        async with asyncio.timeout(allowance.silence):
            head = await server[0].readuntil(b"\r\n\r\n")
        first, headers = _read_head(head)
        if first.split(" ")[1:2] not in (["100"], ["102"], ["103"]):
            break
    allowance.receive(len(head))
    kept = [(name, value) for name, value in headers if name.lower() not in _OURS]
    kept.append(("Connection", "close"))
    lines = f"{first}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in kept) + "\r\n"
    client[1].write(lines.encode("latin-1"))
    gone = asyncio.get_running_loop().create_task(client[0].read(1))  # it has nothing more to say but good-bye
    length = _length(method, first.split(" ")[1] if " " in first else "", headers)
    down = asyncio.get_running_loop().create_task(_down(allowance, server[0], client[1], length))
    try:
        await asyncio.wait({gone, down}, return_when=asyncio.FIRST_COMPLETED)
        if down.done():
            await down
    finally:
        for task in (gone, down):
            task.cancel()
        await asyncio.gather(gone, down, return_exceptions=True)
