"""How Watcher asks: conditionally, politely, once per host at a time, following where it is led."""

import asyncio
import gzip
import hashlib
import ssl
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # ships no types
import httpx
import pytest
import trustme
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from helpers_fetch import LOOPBACK, NOW, fetch, get, make_client
from servers import Request as Asked
from servers import Response, Server, answer, conditional, paths, redirect
from watcher.core.mask import mask_headers, mask_url
from watcher.errors import BadStatus, ConfigError, FetchError, Refused
from watcher.fetch import target
from watcher.fetch.answers import retry_after
from watcher.model import Fetched, HostRule, NotModified, Request, Secret

DATE = "Tue, 01 Jan 2030 00:00:00 GMT"


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


# --- what comes back ------------------------------------------------------------------------------------------------


def test_an_answer_is_recorded_with_all_that_cannot_be_had_again() -> None:
    """Final address, peer, digests, headers and time of an answer are kept; secrets among the headers are masked."""
    with Server(answer(b"hello", 200, ("X-Thing", "a"), ("Set-Cookie", "sid=1"), ("X-Thing", "b"))) as server:
        fetched = fetch(Request(server.url("/a"), headers=(("X-Api-Key", "sesame"), ("Accept-Language", "en"))))
    digest = hashlib.sha256(b"hello").hexdigest()
    assert (fetched.body, fetched.status, fetched.at) == (b"hello", 200, NOW)
    assert fetched.body_sha256 == fetched.wire_sha256 == digest
    assert fetched.peer == f"127.0.0.1:{server.port}"
    assert [v for n, v in fetched.headers if n == "x-thing"] == ["a", "b"]
    assert fetched.header("set-cookie") == "***"
    assert ("x-api-key", "***") in fetched.request_headers
    assert ("accept-language", "en") in fetched.request_headers
    assert fetched.moved_to is None
    assert 0 < fetched.seconds < 5
    assert server.requests[0].headers["x-api-key"] == "sesame"


def test_validators_are_sent_as_they_came() -> None:
    """The server's own ETag, weak or odd, and Last-Modified go back to it unchanged; 304 means that nothing changed."""
    with Server(answer(b"", 304, ("ETag", 'W/"a, b"'))) as server:
        same = get(Request(server.url(), etag='W/"a, b"', last_modified="yesterday"))
    assert isinstance(same, NotModified)
    assert same.header("etag") == 'W/"a, b"'
    assert server.requests[0].headers["if-none-match"] == 'W/"a, b"'
    assert server.requests[0].headers["if-modified-since"] == "yesterday"


def test_a_date_is_no_validator_for_another_address() -> None:
    """After a redirect, If-Modified-Since goes only to the address that gave the date; another one is asked plainly."""
    seen: list[str | None] = []
    places = iter(["/a", "/b", "/b"])

    async def handle(request: Asked) -> Response:
        if request.path == "/":
            return Response(status=302, headers=(("Location", next(places)),))
        seen.append(request.headers.get("if-modified-since"))
        return Response(request.path.encode()) if seen[-1] is None else Response(status=304)

    async def three(url: str) -> list[str]:
        async with make_client() as client:
            return [type(await client.get(Request(url, last_modified=DATE))).__name__ for _ in range(3)]

    with Server(handle) as server:
        assert asyncio.run(three(server.url())) == ["Fetched", "Fetched", "NotModified"]
    assert seen == [None, None, DATE]


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
        ("br", partial(brotli.compress, quality=4)),
        ("zstd", zstd.compress),
        ("identity", bytes),
        ("gzip, br", lambda data: brotli.compress(gzip.compress(data), quality=4)),
        ("gzip", lambda data: gzip.compress(data[:99]) + gzip.compress(data[99:])),
        ("gzip", lambda data: gzip.compress(data) + b"\0\0\0padding"),
        ("zstd", lambda data: zstd.compress(data[:99]) + zstd.compress(data[99:])),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_every_coding_that_is_asked_for_is_read(coding: str, pack: Callable[[bytes], bytes], chunked: bool) -> None:
    """gzip, deflate (raw too), br and zstd are decoded, and the bytes on the wire are told apart by a digest."""
    body = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(4000)) + b"x" * 50_000
    wire = pack(body)
    pieces = tuple(wire[i : i + 5000] for i in range(0, len(wire), 5000))

    async def handle(request: Asked) -> Response:
        return Response(wire, headers=(("Content-Encoding", coding),), chunks=pieces if chunked else None)

    with Server(handle) as server:
        fetched = fetch(server.url())
    assert fetched.body == body
    assert fetched.body_sha256 == hashlib.sha256(body).hexdigest()
    assert fetched.wire_sha256 == hashlib.sha256(wire).hexdigest()
    assert server.requests[0].headers["accept-encoding"] == "gzip, deflate, br, zstd"


@pytest.mark.parametrize("coding", ["", "gzip", "br", "zstd", "deflate"])
def test_an_empty_body_is_an_answer(coding: str) -> None:
    """Nothing at all is handed on, whatever coding it claims: whether it may be empty is for the readers to judge."""
    with Server(answer(b"", 200, ("Content-Encoding", coding))) as server:
        assert fetch(server.url()).body == b""


# --- redirects ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "second", "moved"), [(301, 308, True), (308, 302, False), (302, 301, False)])
def test_only_a_wholly_permanent_way_is_a_move(first: int, second: int, moved: bool) -> None:
    """The new address is told when each redirect on the way was permanent (301, 308)."""
    table = {"/": redirect("/b", first), "/b": redirect("c/d?x=1#part", second), "/c/d": answer(b"there")}
    with Server(paths(table)) as server:
        fetched = fetch(server.url())
    assert fetched.url == server.url("/c/d?x=1")
    assert fetched.moved_to == (server.url("/c/d?x=1") if moved else None)
    assert fetched.requested == server.url()


def test_secrets_stay_with_their_origin() -> None:
    """Log-ins, cookies and headers that the owner set are not sent on to another origin; manners are."""
    headers = (("Authorization", "Basic eDp5"), ("Cookie", "a=b"), ("X-Feed", "sesame"), ("Accept-Language", "de"))
    with (
        Server(answer(b"there")) as other,
        Server(paths({"/": redirect("/own"), "/own": redirect(other.url())})) as own,
    ):
        fetched = fetch(Request(own.url(), headers=headers))
    for asked in own.requests:
        assert {"authorization", "cookie", "x-feed"} <= asked.headers.keys()
    assert not {"authorization", "cookie", "x-feed"} & other.requests[0].headers.keys()
    assert other.requests[0].headers["accept-language"] == "de"
    assert "x-feed" not in dict(fetched.request_headers)


def test_cookies_of_a_server_are_not_kept() -> None:
    """What one answer sets is not sent with the next request, so no source learns of another."""
    with Server(answer(b"x", 200, ("Set-Cookie", "a=b; Path=/"))) as server:

        async def twice() -> None:
            async with make_client() as client:
                await client.get(Request(server.url()))
                await client.get(Request(server.url()))
                await client.http.get(server.url())
                await client.http.get(server.url())

        asyncio.run(twice())
    assert all("cookie" not in asked.headers for asked in server.requests)


def test_a_log_in_in_the_address_is_sent_and_never_shown() -> None:
    """User and password of an address become a header, and appear in no record and in no error."""
    with Server(paths({"/ok": answer(b"x")})) as server:
        fetched = fetch(server.url("/ok", userinfo="us%40er:pa%3Ass"))
        with pytest.raises(BadStatus) as caught:
            fetch(server.url("/no?token=sesame", userinfo="user:hush"))
    assert server.requests[0].headers["authorization"] == "Basic dXNAZXI6cGE6c3M="
    assert fetched.url == server.url("/ok")
    assert ("authorization", "***") in fetched.request_headers
    for text in (str(caught.value), caught.value.url):
        assert "hush" not in text
        assert "sesame" not in text
        assert "token=***" in text


# --- who we are -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "rule", "expected"),
    [
        ({}, {}, "watcher/9.9 (+https://github.com/regwatcher/watcher; ops@example.org)"),
        ({"contact": ""}, {}, "watcher/9.9 (+https://github.com/regwatcher/watcher)"),
        ({"contact": "a(b)\r\nX: y@z"}, {}, "watcher/9.9 (+https://github.com/regwatcher/watcher; abX: y@z)"),
        ({}, {"user_agent": "By host"}, "By host"),
        ({"user_agent": "By source"}, {"user_agent": "By host"}, "By source"),
        ({"headers": (("User-Agent", "By header"),)}, {}, "By header"),
    ],
)
def test_the_user_agent_says_who_asks(request_: dict[str, str], rule: dict[str, str], expected: str) -> None:
    """Version, project page and contact stand in it; a source's own, then a host's, win."""
    with Server(answer(b"x")) as server:
        fetch(Request(server.url(), **request_), hosts=(HostRule("127.*", **rule),))  # type: ignore[arg-type]  # parametrised
    assert server.requests[0].headers["user-agent"] == expected


def test_an_international_name_and_a_fragment_are_asked_for_as_servers_know_them() -> None:
    """IDN hosts go out in ASCII, paths percent-encoded, fragments not at all."""
    with Server(answer(b"x")) as server:
        fetched = fetch(f"http://bücher.example:{server.port}/straße?q=ä b#teil", look_up=LOOPBACK)
    assert server.requests[0].headers["host"] == f"xn--bcher-kva.example:{server.port}"
    assert server.requests[0].target == "/stra%C3%9Fe?q=%C3%A4%20b"
    assert "#" not in fetched.url


# --- Retry-After ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("1.5", 1.5),
        ("999999999999", 31 * 86400.0),
        ("Tue, 01 Jan 2030 00:02:00 GMT", 120.0),
        ("Tuesday, 01-Jan-30 00:02:00 GMT", 120.0),
        ("Tue, 01 Jan 2030 00:02:00 +0001", 60.0),
        ("Tue Jan  1 00:02:00 2030", 120.0),
        ("Mon, 31 Dec 2029 23:00:00 GMT", 0.0),
        ("Tue, 01 Jan 2999 00:00:00 GMT", 31 * 86400.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
        ("9" * 5000, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    """Both forms give seconds from now, never negative and at most 31 days; nonsense gives none."""
    assert retry_after(value, NOW) == seconds


# --- TLS ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def authority_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def tls_server(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names).configure_cert(context)
    return context


def test_a_certificate_of_a_named_authority_is_trusted_and_recorded(authority: trustme.CA, authority_file: str) -> None:
    """With `ca`, for all or for one host, TLS works; the digest of the certificate is kept."""
    with Server(answer(b"safe"), tls=tls_server(authority, "127.0.0.1")) as server:
        der = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", server.port)))
        fetched = fetch(server.url(), ca=authority_file)
        by_host = fetch(server.url(), hosts=(HostRule("127.0.0.*", ca=authority_file),))
    assert fetched.body == by_host.body == b"safe"
    assert fetched.certificate_sha256 == hashlib.sha256(der).hexdigest()


@pytest.mark.parametrize(
    ("name", "known", "words"), [("127.0.0.1", False, "not to be trusted"), ("other.example", True, "not valid for")]
)
def test_a_certificate_that_does_not_fit_is_refused(
    authority: trustme.CA, authority_file: str, name: str, known: bool, words: str
) -> None:
    """An unknown authority or another name ends the request before anything secret is sent."""
    with Server(answer(b"x"), tls=tls_server(authority, name)) as server, pytest.raises(FetchError) as caught:
        fetch(server.url(), ca=authority_file if known else None)
    assert words in caught.value.message
    assert not caught.value.transient
    assert not server.requests


def test_channels_verify_too_and_follow_nothing(authority: trustme.CA, authority_file: str) -> None:
    """The client for channels trusts the same authorities, goes to private addresses and follows no redirect."""
    with Server(redirect("/x"), tls=tls_server(authority, "127.0.0.1")) as server:

        async def post(ca: str | None) -> int:
            async with make_client(ca=ca, allow_private=()) as client:
                return (await client.http.post(server.url(), content=b"{}")).status_code

        assert asyncio.run(post(authority_file)) == 302
        with pytest.raises(httpx.TransportError):
            asyncio.run(post(None))


def test_leaving_tls_is_refused(authority: trustme.CA, authority_file: str) -> None:
    """A redirect from https to http is not followed."""
    with (
        Server(answer(b"x")) as plain,
        Server(redirect(plain.url()), tls=tls_server(authority, "127.0.0.1")) as server,
        pytest.raises(Refused, match="from https to http"),
    ):
        fetch(server.url(), ca=authority_file)
    assert not plain.requests


def test_an_authority_that_cannot_be_read_is_a_fault_of_the_configuration(tmp_path: Path) -> None:
    """A missing or empty `ca`, or an impossible network, is told at the start; a reload with one changes nothing."""
    empty = tmp_path / "empty.pem"
    empty.touch()
    for changes in ({"ca": str(tmp_path / "none.pem")}, {"ca": str(empty)}, {"allow_private": ("10.0.0.0/99",)}):
        with pytest.raises(ConfigError):
            make_client(**changes)


# --- proxies --------------------------------------------------------------------------------------------------------


def test_a_proxy_is_asked_with_its_own_log_in() -> None:
    """Requests go to the proxy of the source, the host or all; its log-in to it alone; private literals stay out."""
    with Server(answer(b"through")) as proxy:
        with_login = proxy.url(userinfo="me:hush")
        fetched = fetch(Request("http://news.example/a", proxy=with_login), allow_private=())
        fetch("http://news.example/b", allow_private=(), proxy=Secret(with_login))
        fetch("http://news.example/c", allow_private=(), hosts=(HostRule("*.example", proxy=Secret(with_login)),))
        for url in ("http://10.0.0.1/", "http://localhost/", "http://[::1]/"):
            with pytest.raises(Refused):
                fetch(Request(url, proxy=with_login), allow_private=())
    assert [asked.target for asked in proxy.requests] == [f"http://news.example/{c}" for c in "abc"]
    assert {asked.headers["proxy-authorization"] for asked in proxy.requests} == {"Basic bWU6aHVzaA=="}
    assert "proxy-authorization" not in dict(fetched.request_headers)


def test_a_proxy_that_fails_is_named() -> None:
    """A proxy that is away, refuses or has an impossible address is an error in words, its log-in left out."""
    with Server(answer(b"", 407)) as proxy:
        for address, words in (
            (proxy.url(userinfo="me:hush"), "proxy answered 407"),
            ("http://me:hush@127.0.0.1:1", "proxy cannot be reached"),
            ("socks5://me:hush@x", "must be http"),
        ):
            with pytest.raises(FetchError, match=words) as caught:
                fetch(Request("https://news.example/", proxy=address, timeout=2.0))
            assert "hush" not in str(caught.value)


# --- masks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p@x.org/a", "https://***@x.org/a"),
        ("https://a@b@x.org/a", "https://***@x.org/a"),
        (
            "https://x.org/?token=a&b=1&API_KEY=2#access_token=3",
            "https://x.org/?token=***&b=1&API_KEY=***#access_token=***",
        ),
        (
            "https://x.org/?X-Amz-Signature=a&X-Amz-Date=b&sig=c",
            "https://x.org/?X-Amz-Signature=***&X-Amz-Date=***&sig=***",
        ),
        ("https://x.org/?h=d41d8cd98f00b204e9800998ecf8427e", "https://x.org/?h=***"),
        ("https://x.org/?id=0000320193-23-000106&monkey=1", "https://x.org/?id=0000320193-23-000106&monkey=1"),
        ("https://x.org/?q=blacklisted-companies-of-2021", "https://x.org/?q=blacklisted-companies-of-2021"),
        ("https://hooks.slack.com/services/T0/B0/abc", "https://hooks.slack.com/services/***"),
        ("http://x/\r\nInjected: 1", "http://x/%0D%0AInjected:%201"),
    ],
)
def test_addresses_are_shown_without_secrets(url: str, shown: str) -> None:
    """Log-ins, values of telling keys and long random values are masked, once or twice the same; words stay."""
    assert mask_url(url) == shown
    assert mask_url(shown) == shown


def test_headers_are_shown_without_secrets() -> None:
    """Log-ins, cookies and whatever is called token, key or secret are masked; validators are not."""
    headers = (("authorization", "a"), ("X-Auth-Token", "a"), ("etag", '"a"'), ("location", "http://u:p@x/?token=1"))
    assert mask_headers(headers) == (
        ("authorization", "***"),
        ("X-Auth-Token", "***"),
        ("etag", '"a"'),
        ("location", "http://***@x/?token=***"),
    )


def test_one_client_serves_many_conditional_requests() -> None:
    """Repeated conditional requests to one host use one connection and one User-Agent."""
    with Server(conditional(b"same")) as server:

        async def ask() -> set[str]:
            async with make_client() as client:
                first = await client.get(Request(server.url()))
                assert isinstance(first, Fetched)
                again = [await client.get(Request(server.url(), etag=first.header("etag"))) for _ in range(20)]
                return {type(answer).__name__ for answer in again}

        assert asyncio.run(ask()) == {"NotModified"}
    assert server.connections == 1


@given(st.one_of(st.text(max_size=200), st.from_regex(r"https?://[^/\s]{0,20}@?[a-z.]{1,9}/[?#&;=%\w]{0,60}")))
def test_any_text_is_masked_safely(text: str) -> None:
    """Masking never fails, leaves no control character, and masks nothing further the second time."""
    shown = mask_url(text)
    assert mask_url(shown) == shown
    assert not any(ord(c) < 0x21 or 0x7F <= ord(c) < 0xA0 for c in shown)


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_redirect_is_followed_or_refused_in_words(start: str, location: str) -> None:
    """Whatever stands in an address or a Location header is an address that can be asked, or a FetchError."""
    for base in (f"http://{start}", "http://example.org/a/b?c#d"):
        try:
            there = target.follow(target.parse(base), location)
        except FetchError:
            continue
        assert there.scheme in ("http", "https")
        assert there.host
