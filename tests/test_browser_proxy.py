"""The proxy that a browser is let out through: who may use it, where it leads, how much it carries."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trustme

from servers import Request as Asked
from servers import Server, answer
from watcher.fetch.credentials import basic_auth
from watcher.fetch.guard import Guard, Names
from watcher.fetch.proxy import USER, Allowance, Proxy

Turn = Callable[[str], contextlib.AbstractAsyncContextManager[None]]


@asynccontextmanager
async def no_turn(host: str) -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def proxied(
    port: int, turn: Turn = no_turn, way: str | None = None, **changes: Any
) -> AsyncIterator[tuple[Proxy, Allowance, str]]:
    """A proxy with one page load: the page's own port, 100 kB, one connection a host at a time."""
    proxy = Proxy(Guard(["127.0.0.1/32"]), Names(Guard(["127.0.0.1/32"]), lookup), ssl.create_default_context())
    await proxy.start()
    allowance = Allowance(
        most_bytes=changes.get("most_bytes", 100_000),
        ports=frozenset({port}),
        own_host="own.test",
        silence=5.0,
        turn=turn,
        per_host=lambda host: changes.get("per_host", 2),
        way=lambda host: way,
        over=asyncio.get_running_loop().create_future(),
    )
    try:
        yield proxy, allowance, basic_auth(USER, proxy.admit(allowance))
    finally:
        await proxy.close()


def lookup(host: str, port: int) -> list[tuple[int, str]]:
    return [(2, "127.0.0.2" if host == "private.test" else "127.0.0.1")]


async def say(proxy: Proxy, text: str, *, then: bytes = b"") -> bytes:
    """Say something to the proxy; give all that it answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.address.rpartition(":")[2]))
    writer.write(text.encode("latin-1") + then)
    told = b""
    with contextlib.suppress(ConnectionError):
        while data := await asyncio.wait_for(reader.read(65_536), 10):
            told += data
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return told


def get(url: str, login: str | None, *headers: str) -> str:
    lines = [f"GET {url} HTTP/1.1", *([f"Proxy-Authorization: {login}"] if login else []), *headers]
    return "\r\n".join(lines) + "\r\n\r\n"


def test_only_a_page_load_may_use_it() -> None:
    """Without the pass of a page that is being read, every request is answered 407 and asked of nobody."""

    async def run() -> None:
        with Server(answer(b"content")) as server:
            async with proxied(server.port) as (proxy, allowance, login):
                url = server.url("/")
                wrong = [
                    None,
                    "",
                    "Basic",
                    basic_auth(USER, "x"),
                    basic_auth("other", "x"),
                    login[:-1],
                    login + "=",
                    "é",
                ]
                for each in wrong:
                    assert (await say(proxy, get(url, each))).startswith(b"HTTP/1.1 407 "), each
                    connect = f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\nProxy-Authorization: {each}\r\n\r\n"
                    assert (await say(proxy, connect)).startswith(b"HTTP/1.1 407 "), each
                assert server.connections == 0
                assert (await say(proxy, get(url, login))).endswith(b"content")
                assert "proxy-authorization" not in server.requests[0].headers
                proxy.dismiss(allowance)
                assert (await say(proxy, get(url, login))).startswith(b"HTTP/1.1 407 ")

    asyncio.run(run())


REFUSED = [
    ("http://127.0.0.2:{port}/", 403),
    ("http://private.test:{port}/", 403),
    ("http://169.254.169.254/latest/meta-data", 403),
    ("http://2130706433:{port}/", 403),
    ("http://[::ffff:127.0.0.2]:{port}/", 403),
    ("http://127.0.0.1:22/", 403),
    ("http://127.0.0.1:25/", 403),
    ("https://127.0.0.1:{port}/", 400),
    ("ftp://127.0.0.1/", 400),
    ("file:///etc/passwd", 400),
    ("/", 400),
    ("http://", 400),
]


def test_where_it_does_not_lead() -> None:
    """Private addresses in any form, by name too, ports that are not the web's and other schemes are refused."""

    async def run() -> None:
        with Server(answer(b"content"), bind="0.0.0.0") as server:
            async with proxied(server.port) as (proxy, allowance, login):
                for url, status in REFUSED:
                    told = await say(proxy, get(url.format(port=server.port), login))
                    assert told.startswith(f"HTTP/1.1 {status} ".encode()), url
                for where in (
                    f"127.0.0.2:{server.port}",
                    "127.0.0.1:22",
                    "[::1]:443",
                    "private.test:443",
                    "x:y",
                    "x",
                    "",
                ):
                    head = f"CONNECT {where} HTTP/1.1\r\nProxy-Authorization: {login}\r\n\r\n"
                    assert (await say(proxy, head))[:10] in (b"HTTP/1.1 4", b""), where
                assert server.connections == 0
                assert any("127.0.0.2" in what for what in allowance.refused)

    asyncio.run(run())


def test_one_request_a_connection() -> None:
    """What follows a request on its connection is not carried along, and no header ends early or goes twice."""

    async def run() -> None:
        with Server(answer(b"content")) as server:
            async with proxied(server.port) as (proxy, _, login):
                two = get(server.url("/a"), login, "Connection: keep-alive", "Upgrade: x") + get(server.url("/b"), None)
                told = await say(proxy, two)
                assert told.count(b"HTTP/1.1 200") == 1
                assert b"Connection: close" in told
                for odd in ("Transfer-Encoding: chunked", "Content-Length: 5x", "X-A : b", "X-A: b\n\tfolded"):
                    assert b" 200 " not in await say(proxy, get(server.url("/odd"), login, odd)), odd
                sent = await say(proxy, get(server.url("/post"), login, "Content-Length: 4"), then=b"datamore")
                assert sent.endswith(b"content")
        assert [(asked.path, asked.body) for asked in server.requests] == [("/a", b""), ("/post", b"data")]
        assert {asked.headers["connection"] for asked in server.requests} == {"close"}
        assert server.requests[0].headers["host"] == f"127.0.0.1:{server.port}"

    asyncio.run(run())


def test_a_page_load_is_bounded() -> None:
    """Beyond its bytes, received or sent, a page load is cut off and told so."""

    async def run() -> None:
        with Server(answer(b"x" * 60_000)) as server:
            async with proxied(server.port) as (proxy, allowance, login):
                assert len(await say(proxy, get(server.url("/"), login))) > 60_000
                assert len(await say(proxy, get(server.url("/"), login))) < 60_000
                assert allowance.over.result() == "loads more than 100,000 bytes"
            async with proxied(server.port) as (proxy, allowance, login):
                await say(proxy, get(server.url("/"), login, "Content-Length: 9000000"), then=b"x" * 3_000_000)
                assert allowance.over.result() == "sends more than 2,000,000 bytes"

    asyncio.run(run())


def test_tunnels_carry_tls() -> None:
    """A tunnel carries TLS unopened, from end to end, and ends with the page."""
    authority = trustme.CA()
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(theirs)
    ours = ssl.create_default_context()
    authority.configure_trust(ours)

    async def run() -> None:
        with Server(answer(b"content"), tls=theirs) as server:
            async with proxied(server.port) as (proxy, allowance, login):
                port = int(proxy.address.rpartition(":")[2])
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                where = f"127.0.0.1:{server.port}"
                writer.write(
                    f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\nProxy-Authorization: {login}\r\n\r\n".encode()
                )
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
                await writer.start_tls(ours, server_hostname="127.0.0.1")
                for _ in range(2):
                    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                    assert (await reader.readuntil(b"content")).startswith(b"HTTP/1.1 200 ")
                assert allowance.received > 1000
                proxy.dismiss(allowance)
                with contextlib.suppress(ConnectionError, ssl.SSLError):
                    assert await asyncio.wait_for(reader.read(), 5) == b""
                writer.transport.abort()
                await asyncio.sleep(0)

    asyncio.run(run())


def test_hosts_have_their_turn_and_their_bound() -> None:
    """Each host but the page's own has its turn once in a page load, and no more connections than its budget."""
    open_now, most = 0, 0
    taken: list[str] = []

    @asynccontextmanager
    async def turn(host: str) -> AsyncIterator[None]:
        taken.append(host)
        yield

    async def raw(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await asyncio.sleep(0.05)
        open_now -= 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()

    async def run() -> None:
        with Server(raw=raw) as server:
            async with proxied(server.port, turn, per_host=2) as (proxy, _, login):
                told = await asyncio.gather(
                    *(say(proxy, get(f"http://a.test:{server.port}/{n}", login)) for n in range(6)),
                    say(proxy, get(f"http://own.test:{server.port}/", login)),
                )
                assert all(each.endswith(b"ok") for each in told)

    asyncio.run(run())
    assert taken == ["a.test"]
    assert most <= 3  # two of a.test, one of own.test


def test_a_further_proxy_is_used() -> None:
    """Where the configuration names a proxy, tunnels and plain requests go through it, with its log-in."""
    seen: list[tuple[str, str]] = []

    async def raw(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append((f"{asked.method} {asked.target}", asked.headers.get("proxy-authorization", "")))
        if asked.method == "CONNECT":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            writer.write(await reader.readexactly(4))
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()

    async def run() -> None:
        with Server(raw=raw) as upstream:
            way = upstream.url("", userinfo="me:pw")
            async with proxied(80, way=way) as (proxy, _, login):
                assert (await say(proxy, get("http://far.test/x", login))).endswith(b"ok")
                head = f"CONNECT far.test:443 HTTP/1.1\r\nProxy-Authorization: {login}\r\n\r\n"
                assert (await say(proxy, head, then=b"ping")).endswith(b"\r\n\r\nping")
                assert (await say(proxy, get("http://10.0.0.1/", login))).startswith(b"HTTP/1.1 403 ")

    asyncio.run(run())
    theirs = basic_auth("me", "pw")
    assert seen == [("GET http://far.test/x", theirs), ("CONNECT far.test:443", theirs)]


@pytest.mark.parametrize(
    "noise", [b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"GET\r\n\r\n", b"\r\n\r\n", b"A" * 200_000, b""]
)
def test_noise_is_survived(noise: bytes) -> None:
    """What is no HTTP is cut off, and the proxy serves on."""

    async def run() -> None:
        with Server(answer(b"content")) as server:
            async with proxied(server.port) as (proxy, _, login):
                reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.address.rpartition(":")[2]))
                writer.write(noise)
                writer.write_eof()
                with contextlib.suppress(ConnectionError):
                    assert b" 200 " not in await asyncio.wait_for(reader.read(), 5)
                writer.transport.abort()
                assert (await say(proxy, get(server.url("/"), login))).endswith(b"content")

    asyncio.run(run())
