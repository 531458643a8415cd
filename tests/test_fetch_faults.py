"""What goes wrong out there: each fault brings its stated error, in words, and other hosts go on."""

import asyncio
import contextlib
import gzip
import inspect
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiohttp
import brotli  # type: ignore[import-untyped]  # ships no types
import httpx
import pytest
from aiohttp import http_exceptions
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from helpers_fetch import make_client
from servers import Handler, RawHandler, Server, answer, drip, head, redirect, reset, send
from watcher.errors import BadStatus, FetchError, Refused, TooLarge
from watcher.fetch.decode import Body, Oversize, Undecodable
from watcher.fetch.errors_map import EXPECTED, translate
from watcher.fetch.guard import Blocked
from watcher.model import Fetched, NotModified, Request

OK = "HTTP/1.1 200 OK"
CHUNKED = head(OK, "Transfer-Encoding: chunked")
GZIPPED = head(OK, "Content-Encoding: gzip")
ZEROS = b"\0" * 30_000_000


def twice(data: bytes) -> bytes:
    return gzip.compress(gzip.compress(data))


def bomb(pack: Callable[[bytes], bytes], coding: str) -> Handler:
    return answer(pack(ZEROS), 200, ("Content-Encoding", coding))


def coded(coding: str, body: bytes) -> Handler:
    return answer(body, 200, ("Content-Encoding", coding))


def status(code: int, *headers: tuple[str, str]) -> Handler:
    return answer(b"<html>whatever</html>", code, *headers)


@dataclass(frozen=True)
class Fault:
    """One way to fail: what the server does (or the address asked instead), and the error it must bring."""

    name: str
    server: Handler | None = None
    raw: RawHandler | None = None
    greeting: bytes = b""
    url: str = "{server}"
    words: str = ""
    error: type[FetchError] = FetchError
    transient: bool = True
    offline: bool = False
    retry_after: float | None = None
    request: dict[str, Any] = field(default_factory=dict)


def refused(name: str, words: str, **more: Any) -> Fault:
    return Fault(name, words=words, error=Refused, transient=False, **more)


def too_large(name: str, words: str, **more: Any) -> Fault:
    return Fault(name, words=words, error=TooLarge, transient=False, **more)


def bad(code: int, words: str, *headers: tuple[str, str], retry_after: float | None = None) -> Fault:
    transient = code in (408, 425, 429) or code >= 500
    return Fault(
        f"status {code}{' ' + headers[0][1] if headers else ''}",
        status(code, *headers),
        words=words,
        error=BadStatus,
        transient=transient,
        retry_after=retry_after,
    )


FAULTS = [
    # The way there
    Fault("no such name", url="http://nowhere.invalid/", words="cannot be looked up: it is not known", offline=True),
    Fault("name servers away", url="http://again.test/", words="name servers do not answer", offline=True),
    Fault("no such name, an odd one", url=f"http://{'a' * 80}.test/", words="cannot be looked up", offline=True),
    Fault("refused", url="http://127.0.0.1:1/", words="refused the connection", offline=True),
    Fault("a name that hangs", url="http://hangs.test/", words="within 0.3 seconds", offline=True),
    Fault("TLS where there is none", greeting=b"220 mail.example ESMTP\r\n", url="{https}", words="No TLS connection"),
    # Addresses
    Fault("no address", url="http://[::1", words="is no address", transient=False),
    Fault("no host", url="http:///path", words="names no host", transient=False),
    Fault("an impossible port", url="http://x:99999/", words="is no address", transient=False),
    Fault("an impossible IDN", url="http://xn--\u2603.example/", words="is no address", transient=False),
    Fault("a very long address", url="http://x/" + "a" * 20_000, words="longer than 16,384", transient=False),
    refused("no scheme", "without a scheme", url="example.org/feed"),
    refused("a file", "only http and https", url="file:///etc/passwd"),
    refused("an old number", "old way to write", url="http://0x7f000001/"),
    Fault("a header that breaks the line", url="{server}", words="line break", transient=False,
          server=answer(b"x"), request={"headers": (("X-A", "1\r\nX-B: 2"),)}),
    Fault("a header that is none", url="{server}", words="no name for a header", transient=False,
          server=answer(b"x"), request={"headers": (("X A", "1"),)}),
    Fault("a header of the client's own", url="{server}", words="set by Watcher itself", transient=False,
          server=answer(b"x"), request={"headers": (("Transfer-Encoding", "chunked"),)}),
    # Redirects
    too_large("a circle", "in a circle", server=redirect("/")),
    too_large("redirects without end", "more than 8 times", raw=None, server=None, url="{spiral}"),
    refused("to a private address", "10.1.2.3 is not a public address", server=redirect("http://10.1.2.3/")),
    refused("to the metadata service", "169.254.169.254 is not", server=redirect("http://169.254.169.254/latest/")),
    refused("to a file", "only http and https", server=redirect("file:///etc/passwd")),
    refused("to ftp", "not ftp:", server=redirect("ftp://127.0.0.1/x")),
    refused("to a script", "only http and https", server=redirect("javascript:alert(1)")),
    Fault("to nowhere", redirect("http://[::1"), words="redirects to what is no address", transient=False),
    too_large("to no host, which is its own", "in a circle", server=redirect("http:///x")),
    bad(302, "without an address to follow"),
    bad(305, "without an address to follow"),
    # Heads
    Fault("no answer", raw=send(), words="without a complete answer"),
    Fault("garbage", raw=send(b"\x00\x01garbage\r\n\r\n"), words="not HTTP"),
    Fault("HTTP/0.9", raw=send(b"<html>no head at all</html>"), words="not HTTP|without a complete"),
    Fault("an impossible status", raw=send(head("HTTP/1.1 2OO OK", "")), words="not HTTP"),
    Fault("no status", raw=send(head("HTTP/1.1", "")), words="not HTTP"),
    Fault("half a head", raw=send(b"HTTP/1.1 200 OK\r\nContent-Le"), words="without a complete answer"),
    Fault("NUL in a header", raw=send(head(OK, "X-A: a\0b", "Content-Length: 0")), words="not HTTP"),
    Fault("a header without a colon", raw=send(head(OK, "Nothing here", "Content-Length: 0")), words="not HTTP"),
    Fault("two lengths", raw=send(head(OK, "Content-Length: 1", "Content-Length: 2"), b"ab"), words="not HTTP"),
    Fault("the length twice", raw=send(head(OK, "Content-Length: 1", "Content-Length: 1"), b"a"), words="not HTTP"),
    Fault("a length too short", raw=send(head(OK, "Content-Length: 4") + b"good and more"), words="not HTTP"),
    Fault("a negative length", raw=send(head(OK, "Content-Length: -1"), b"ab"), words="not HTTP"),
    too_large("a header of 1 MB", "header .* larger", raw=send(head(OK, "X-A: " + "a" * 1_000_000))),
    too_large("a thousand headers", "header .* larger", raw=send(head(OK, *(f"X-{i}: a" for i in range(1000))))),
    too_large("300 KB of headers", "header .* larger", raw=send(head(OK, *["X: " + "a" * 60_000] * 5, "A: b"))),
    Fault("a head drop by drop", raw=drip(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.05), words="longer than 0.5 seconds"),
    Fault("silence", raw=send(linger=5), words="silent for 0.3 seconds"),
    Fault("1xx for ever", raw=drip(b"", head("HTTP/1.1 100 Continue"), 0.01), words="longer than 0.5 seconds"),
    # Bodies
    Fault("reset in mid-body", raw=reset(head(OK, "Content-Length: 100"), b"half"), words="broke off"),
    Fault("reset before the answer", raw=reset(), words="cut the connection|without a complete"),
    Fault("a length too long", raw=send(head(OK, "Content-Length: 100"), b"half"), words="broke off"),
    Fault("chunks cut", raw=send(CHUNKED, b"a\r\n0123456789\r\n"), words="broke off"),
    Fault("chunks of garbage", raw=send(CHUNKED + b"zz\r\nwhat\r\n"), words="not HTTP|broke off"),
    Fault("silence in mid-body", raw=send(head(OK, "Content-Length: 99"), linger=5), words="silent for 0.3 seconds"),
    Fault("a body drop by drop", raw=drip(head(OK), b"x", 0.02), words="longer than 0.5 seconds"),
    too_large("an endless body", "larger than 100,000 bytes", raw=drip(head(OK), b"x" * 9_000, 0)),
    too_large("endless chunks", "larger than 100,000", raw=drip(CHUNKED, b"ff\r\n" + b"x" * 255 + b"\r\n", 0)),
    too_large("a body said to be large", "is 999,999,999 bytes long", raw=send(head(OK, "Content-Length: 999999999"))),
    too_large("a body too large", "larger than 100,000|100,001 bytes long", server=answer(b"x" * 100_001)),
    # Codings
    too_large("a gzip bomb", "100,000 bytes|times its size", server=bomb(gzip.compress, "gzip")),
    too_large("a br bomb", "100,000 bytes|times its size", server=bomb(partial(brotli.compress, quality=1), "br")),
    too_large("a zstd bomb", "100,000 bytes|times its size", server=bomb(zstd.compress, "zstd")),
    too_large("a bomb in a bomb", "100,000 bytes|times its size", server=bomb(twice, "gzip, gzip")),
    too_large("empty members for ever", "before it is unpacked", raw=drip(GZIPPED, gzip.compress(b"") * 400, 0)),
    Fault("gzip that is none", coded("gzip", b"<html>plain</html>"), words="not valid gzip"),
    Fault("gzip with a wrong sum", coded("gzip", gzip.compress(b"a" * 99)[:-5] + b"00000"), words="not valid gzip"),
    Fault("gzip cut short", coded("gzip", gzip.compress(b"a" * 99)[:-9]), words="breaks off"),
    Fault("br that is none", coded("br", b"<html>plain</html>"), words="not valid br"),
    Fault("br cut short", coded("br", brotli.compress(b"abc" * 99)[:-2]), words="breaks off"),
    Fault("zstd that is none", coded("zstd", b"<html>plain</html>"), words="not valid zstd"),
    Fault("zstd cut short", coded("zstd", zstd.compress(b"abc" * 99)[:-2]), words="breaks off"),
    Fault("zstd with a giant window", coded("zstd", b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00"), words="not valid zstd"),
    Fault("deflate that is none", coded("deflate", b"\xff\xff\xff\xff"), words="not valid deflate"),
    Fault("an unknown coding", coded("sdch", b"abc"), words="'sdch', which Watcher cannot read"),
    Fault("codings piled up", coded("gzip, gzip, gzip, gzip", b"abc"), words="encoded 4 times over"),
    # Statuses
    bad(204, "has no content"),
    bad(202, "not ready"),
    bad(206, "with a part"),
    bad(400, "does not understand"),
    bad(401, "asks for a log-in"),
    bad(402, "asks for payment"),
    bad(403, "refuses access"),
    bad(404, "no such page"),
    bad(410, "gone for good"),
    bad(418, "answered 418"),
    bad(451, "legal reasons"),
    bad(429, "asked too often.*2 minutes|0:02:00|120 seconds", ("Retry-After", "120"), retry_after=120.0),
    bad(429, "asked too often", ("Retry-After", "Tue, 01 Jan 2030 00:01:00 GMT"), retry_after=60.0),
    bad(503, "overloaded", ("Retry-After", "7"), retry_after=7.0),
    bad(503, "overloaded", ("Retry-After", "Tue, 01 Jan 2030 01:00:00 GMT"), retry_after=3600.0),
    bad(503, "overloaded", ("Retry-After", "later"), retry_after=None),
    bad(500, "failed inside"),
    bad(502, "server behind it"),
    bad(599, "answered 599"),
    Fault("304 to the first request", status(304), words="304 .* although nothing was known"),
]  # fmt: skip


def look_up(host: str, port: int) -> list[tuple[int, str]]:
    """Stand for the name servers: a name that hangs, one they cannot reach, one that leads nowhere."""
    if host == "hangs.test":
        time.sleep(0.6)
    if host == "again.test":
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    if len(host) > 64:
        host.encode("idna")
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


async def spiral(request: Any) -> Any:
    """Redirect to an address that was never asked before."""
    return await redirect(f"{request.target}x")(request)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_each_fault_brings_its_error_and_others_go_on(fault: Fault) -> None:
    """A fault is a FetchError of its kind whose sentence says what happened; the next host is fetched all the same."""

    async def ask(url: str, good: str) -> FetchError:
        async with make_client(look_up=look_up) as client:
            limits = {"timeout": 0.3, "deadline": 0.5, "max_bytes": 100_000}
            with pytest.raises(FetchError) as caught:
                await client.get(Request(url, **{**limits, **fault.request}))
            assert not client.load()
            fetched = await client.get(Request(good))
            assert isinstance(fetched, Fetched)
            assert fetched.body == b"good"
            return caught.value

    handler = spiral if "spiral" in fault.url else fault.server or answer(b"x")
    with (
        Server(handler, raw=fault.raw, greeting=fault.greeting) as server,
        Server(answer(b"good"), bind="127.0.0.2") as good,
    ):
        places = {"server": server.url(), "spiral": server.url("/s"), "https": server.url().replace("http", "https")}
        url = fault.url.format(**places) if "{" in fault.url else fault.url
        error = asyncio.run(ask(url, good.url()))
    assert type(error) is fault.error
    assert re.search(fault.words, error.message), error.message
    assert error.message.endswith(").")
    assert len(error.message) < 900
    assert (error.transient, error.offline) == (fault.transient, fault.offline)
    assert getattr(error, "retry_after", None) == fault.retry_after


# --- what looks like a fault and is none -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (send(head(OK, "X-Large: " + "a" * 20_000, "Content-Length: 4"), b"good"), b"good"),
        (send(head(OK, *["X-A: 1"] * 50, "Content-Length: 4"), b"good"), b"good"),
        (send(head("HTTP/1.0 200 OK"), b"go", b"od", pause=0.02), b"good"),
        (send(head("HTTP/1.1 200"), b"good"), b"good"),
        (send(head("HTTP/1.1 203 Of Another", "Content-Length: 4"), b"good"), b"good"),
        (send(head("HTTP/1.1 103 Early", "Link: </x>"), head(OK, "Content-Length: 4"), b"good"), b"good"),
        (send(head(OK, "X-Latin: caf\xe9", "Content-Length: 4"), b"good"), b"good"),
        (send(head(OK, "Content-Length: 0")), b""),
        (send(head(OK, "Connection: close")), b""),
    ],
)  # fmt: skip
def test_odd_but_whole_answers_are_read(raw: RawHandler, body: bytes) -> None:
    """Large or repeated headers, old versions, extra bytes and empty bodies are no reason to fail."""

    async def ask(url: str) -> None:
        async with make_client() as client:
            fetched = await client.get(Request(url))
            assert isinstance(fetched, Fetched)
            assert fetched.body == body
            assert all(value.isprintable() for _, value in fetched.headers)

    with Server(raw=raw) as server:
        asyncio.run(ask(server.url()))


def test_a_connection_that_died_while_idle_is_no_failure() -> None:
    """A server that closes a kept connection is simply asked again on a new one."""

    async def ask(url: str) -> None:
        async with make_client() as client:
            for _ in range(3):
                assert isinstance(await client.get(Request(url, etag='"a"')), NotModified)
                await asyncio.sleep(0.02)

    with Server(raw=send(head("HTTP/1.1 304 Not Modified"), linger=0.01)) as server:
        asyncio.run(ask(server.url()))
    assert server.connections == 3


def test_names_that_hang_stop_no_other_host() -> None:
    """While a hundred names hang, hosts with a good name and with a literal address are fetched at once."""
    release = threading.Event()

    def hang(host: str, port: int) -> list[tuple[int, str]]:
        if host.startswith("hang"):
            release.wait(5)
        return [(int(socket.AF_INET), "127.0.0.1")]

    async def ask(port: int, second: int) -> float:
        async with make_client(look_up=hang, concurrency=200) as client:
            await client.get(Request(f"http://good.test:{port}/"))
            urls = [f"http://hang{i}.test:{port}/" for i in range(100)]
            lost = [asyncio.create_task(client.get(Request(url, timeout=0.4))) for url in urls]
            await asyncio.sleep(0.05)
            begin = time.monotonic()
            await client.get(Request(f"http://good.test:{second}/"))  # another port is looked up anew
            await client.get(Request(f"http://127.0.0.3:{port}/"))
            took = time.monotonic() - begin
            errors = await asyncio.gather(*lost, return_exceptions=True)
            assert all(isinstance(error, FetchError) and error.offline for error in errors)
            release.set()
            return took

    with Server(answer(b"good"), bind="0.0.0.0") as server, Server(answer(b"good")) as second:
        assert asyncio.run(ask(server.port, second.port)) < 0.3


# --- the border of errors -------------------------------------------------------------------------------------------


def exceptions_of(*modules: Any) -> list[type[Exception]]:
    found = {
        value
        for module in modules
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Exception) and not issubclass(value, Warning)
    }
    return sorted(found, key=lambda cls: f"{cls.__module__}.{cls.__qualname__}")


def instance(cls: type[Exception]) -> Exception:
    """Make an exception of any class without its constructor's needs."""
    error = cls.__new__(cls)
    error.args = ("what happened",)
    for name, value in {
        "message": "what happened", "status": 502, "code": 400, "headers": None, "request_info": None, "history": (),
        "_conn_key": aiohttp.client_reqrep.ConnectionKey("x", 1, False, True, None, None, None),
        "_os_error": OSError("what happened"), "_certificate_error": ValueError("what happened"), "_path": "x",
        "_url": "x", "_description": "x", "expected": b"", "got": b"", "host": "x", "port": 1,
    }.items():  # fmt: skip
        if name == "code" and isinstance(error, aiohttp.ClientResponseError):  # deprecated there
            continue
        with contextlib.suppress(AttributeError):  # a property of this class
            setattr(error, name, value)
    return error


FOREIGN = exceptions_of(httpx, aiohttp, aiohttp.client_exceptions, http_exceptions)


@pytest.mark.parametrize("cls", FOREIGN, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_every_exception_of_both_libraries_becomes_a_sentence(cls: type[Exception]) -> None:
    """Whatever httpx and aiohttp may raise ends as a FetchError with a masked address, alone or inside another."""
    if not issubclass(cls, EXPECTED):  # of other parts of aiohttp: servers, websockets, form data
        assert cls.__module__.startswith("aiohttp.") or issubclass(cls, ValueError | TypeError | RuntimeError)
        assert not issubclass(cls, httpx.HTTPError | aiohttp.ClientError)
        return
    wrapped = httpx.ConnectTimeout("outer")
    wrapped.__cause__ = instance(cls)
    for error in (instance(cls), wrapped):
        made = translate(error, "http://u:hush@x/?token=hush", "x", silence=3.0)
        assert isinstance(made, FetchError)
        assert made.message.endswith("(http://***@x/?token=***).")
        assert "hush" not in made.message + made.url


@pytest.mark.parametrize(
    ("error", "cls", "words", "offline"),
    [
        (ConnectionRefusedError(111, "refused"), FetchError, "refused the connection", True),
        (ConnectionResetError(104, "reset"), FetchError, "cut the connection off", False),
        (OSError(101, "Network is unreachable"), FetchError, "no way to x", True),
        (OSError(113, "No route to host"), FetchError, "no way to x", True),
        (OSError(110, "Connection timed out"), FetchError, "did not answer the attempt", True),
        (OSError(24, "Too many open files"), FetchError, "open files", False),
        (socket.gaierror(socket.EAI_AGAIN, "again"), FetchError, "name servers do not answer", True),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong"), FetchError, "No TLS connection", False),
        (Blocked("10.0.0.1 is not a public address"), Refused, "allow_private", False),
        (httpx.InvalidURL("bad\r\nurl"), FetchError, "no address that can be asked: bad url", False),
        (UnicodeError("label too long"), FetchError, "no address that can be asked", False),
        (RuntimeError("Session is closed"), FetchError, "Session is closed", False),
        (httpx.ReadTimeout(""), FetchError, "silent for 3 seconds", False),
        (aiohttp.ConnectionTimeoutError(), FetchError, "within 3 seconds", True),
    ],
)
def test_the_true_reason_is_told(error: Exception, cls: type[FetchError], words: str, offline: bool) -> None:
    """The innermost cause decides, however the transport wrapped it."""
    outer = httpx.ConnectTimeout("")
    outer.__cause__ = aiohttp.ClientConnectionError("")
    outer.__cause__.__cause__ = error
    for told in (error, outer) if isinstance(error, OSError) else (error,):
        made = translate(told, "http://x/", "x", silence=3.0)
        assert type(made) is cls
        assert words in made.message
        assert made.offline is offline


# --- codings, any bytes ---------------------------------------------------------------------------------------------

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}


@given(st.sampled_from(sorted(PACKERS)), st.binary(max_size=3000), st.integers(1, 700))
def test_decoding_undoes_coding_in_pieces_of_any_size(coding: str, data: bytes, step: int) -> None:
    """However an answer is cut into pieces, the body is the same; cut short anywhere, it is none."""
    wire = PACKERS[coding](data)
    body = Body(coding, 10_000)
    for at in range(0, len(wire), step):
        body.feed(wire[at : at + step])
    assert body.finish()[0] == data
    short = Body(coding, 10_000)
    short.feed(wire[: len(wire) - 1 - step % len(wire)] or wire[:1])
    if len(wire) > 1:
        with pytest.raises(Undecodable):
            short.finish()


@given(st.sampled_from([*sorted(PACKERS), "gzip, br", ""]), st.lists(st.binary(max_size=300), max_size=5))
def test_any_bytes_are_a_body_or_an_error(coding: str, pieces: list[bytes]) -> None:
    """Arbitrary bytes decode within the bound or raise one of two errors."""
    body = Body(coding, 1000)
    try:
        for piece in pieces:
            body.feed(piece)
        decoded, _, _ = body.finish()
    except (Undecodable, Oversize):
        return
    assert len(decoded) <= 1000
