"""How Watcher behaves towards hosts: their pace, their number of requests, their robots.txt."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from helpers_fetch import LOOPBACK, SETTINGS, fetch, make_client
from servers import Request as Asked
from servers import Response, Server, answer, paths, redirect
from watcher.errors import FetchError, Refused
from watcher.model import HostRule, Request

NEAR = 0.05  # seconds between arrivals of requests that left 0.12 apart, on a machine with much to do


# --- politeness -----------------------------------------------------------------------------------------------------


def starts(server: Server) -> list[float]:
    return [later.at - earlier.at for earlier, later in zip(server.requests, server.requests[1:], strict=False)]


def test_requests_to_one_host_keep_their_distance() -> None:
    """Two requests to one host start at least the delay apart, in the order they were asked for, on one connection."""
    with Server(answer(b"x")) as server:

        async def three() -> None:
            async with make_client(delay=0.12) as client:
                await asyncio.gather(*(client.get(Request(server.url(f"/{i}"))) for i in range(3)))

        asyncio.run(three())
    assert [asked.target for asked in server.requests] == ["/0", "/1", "/2"]
    assert all(gap >= NEAR for gap in starts(server))
    assert server.connections == 1


def test_hosts_of_one_pattern_share_one_budget() -> None:
    """A rule's delay counts over all hosts that match it, together."""
    rules = (HostRule("*.slow.example", delay=0.12),)
    with Server(answer(b"x")) as server:

        async def ask() -> None:
            async with make_client(rules, LOOPBACK) as client:
                urls = [f"http://{name}.slow.example:{server.port}/" for name in "abc"]
                await asyncio.gather(*(client.get(Request(url)) for url in urls))

        asyncio.run(ask())
    assert all(gap >= NEAR for gap in starts(server))


def test_a_rule_leaves_other_hosts_alone() -> None:
    """While hosts of a pattern wait for their long delay, another host is asked at once."""
    rules = (HostRule("*.slow.example", delay=60.0),)
    with Server(answer(b"x")) as server:

        async def ask() -> None:
            async with make_client(rules, LOOPBACK) as client:
                await client.get(Request(f"http://a.slow.example:{server.port}/"))
                waits = asyncio.create_task(client.get(Request(f"http://b.slow.example:{server.port}/")))
                async with asyncio.timeout(10):
                    await client.get(Request(f"http://slow.example:{server.port}/"))
                assert not waits.done()
                waits.cancel()
                await asyncio.gather(waits, return_exceptions=True)

        asyncio.run(ask())


def test_no_more_requests_are_open_at_a_host_than_allowed() -> None:
    """`per_host` bounds what is open at one host at a time, and `concurrency` what is open in all."""
    open_now = most = 0

    async def handle(request: Asked) -> Response:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await asyncio.sleep(0.02)
        open_now -= 1
        return Response(b"x")

    async def ask(server: Server, hosts: int, **changes: Any) -> None:
        async with make_client(**changes) as client:
            urls = [server.url(host=f"127.0.0.{1 + i % hosts}") for i in range(8)]
            await asyncio.gather(*(client.get(Request(url)) for url in urls))
            assert not client.load()

    with Server(handle, bind="0.0.0.0") as server:
        asyncio.run(ask(server, 1, per_host=3))
        assert most == 3
        most = 0
        asyncio.run(ask(server, 8, concurrency=2))
        assert most == 2


def test_a_crowded_slow_host_never_holds_up_another() -> None:
    """Many requests that wait at one slow host take no place from others, even where places are few."""

    async def slow(request: Asked) -> Response:
        await asyncio.sleep(5)
        return Response(b"slow")

    async def ask(slow_url: str, quick_url: str) -> float:
        async with make_client(per_host=1, concurrency=2) as client:
            crowd = [asyncio.create_task(client.get(Request(slow_url))) for _ in range(50)]
            await asyncio.sleep(0.05)
            load = client.load()
            assert load["127.0.0.2"].open == 1
            assert load["127.0.0.2"].waiting == 49
            begin = time.monotonic()
            for _ in range(5):
                await client.get(Request(quick_url))
            took = time.monotonic() - begin
            for task in crowd:
                task.cancel()
            await asyncio.gather(*crowd, return_exceptions=True)
            await client.get(Request(quick_url))
            assert not client.load()
            return took

    with Server(slow, bind="127.0.0.2") as crowded, Server(answer(b"quick")) as server:
        assert asyncio.run(ask(crowded.url(), server.url())) < 4


def test_a_reload_keeps_what_politeness_remembers() -> None:
    """New bounds count at once, and the time of the last request to a host is not forgotten."""
    with Server(answer(b"x")) as server:

        async def ask() -> None:
            async with make_client(delay=5.0) as client:
                await client.get(Request(server.url()))
                waits = asyncio.create_task(client.get(Request(server.url())))
                await asyncio.sleep(0.01)
                waits.cancel()
                await asyncio.gather(waits, return_exceptions=True)
                client.reconfigure(SETTINGS, (HostRule("127.0.0.1", delay=0.12),))
                await client.get(Request(server.url()))

        asyncio.run(ask())
    assert NEAR <= starts(server)[0] < 4


def test_a_reload_closes_what_is_no_longer_allowed() -> None:
    """When `allow_private` shrinks, connections that were open are not used for addresses now refused."""
    with Server(answer(b"x")) as server:

        async def ask() -> None:
            async with make_client() as client:
                await client.get(Request(server.url()))
                client.reconfigure(type(SETTINGS)(delay=0.0), ())
                with pytest.raises(Refused):
                    await client.get(Request(server.url()))
                client.reconfigure(SETTINGS, ())
                await client.get(Request(server.url()))

        asyncio.run(ask())
    assert [asked.connection for asked in server.requests] == [1, 2]


# --- robots.txt -----------------------------------------------------------------------------------------------------

RULES = b"User-agent: *\nDisallow: /private\n\nUser-agent: watcher\nDisallow: /no\nCrawl-delay: 0.12\n"


def test_robots_txt_is_obeyed_and_asked_once() -> None:
    """The rules for our name count; many pages of one origin cost one request for robots.txt; its delay is kept."""
    with Server(paths({"/robots.txt": answer(RULES), "/private": answer(b"x"), "/a": answer(b"a")})) as server:

        async def ask() -> None:
            async with make_client() as client:
                urls = [server.url("/private"), server.url("/a"), server.url("/a")]
                await asyncio.gather(*(client.get(Request(url, robots=True)) for url in urls))
                with pytest.raises(Refused, match=r"robots\.txt forbids .*/no"):
                    await client.get(Request(server.url("/no/1"), robots=True))

        asyncio.run(ask())
    assert [asked.path for asked in server.requests] == ["/robots.txt", "/private", "/a", "/a"]
    assert all(gap >= NEAR for gap in starts(server))


def test_a_source_named_by_its_owner_is_asked_for_anyway() -> None:
    """Without `robots` in the request, or with robots = false for the host, robots.txt is not looked at."""
    with Server(paths({"/robots.txt": answer(b"User-agent: *\nDisallow: /"), "/no": answer(b"x")})) as server:
        fetch(Request(server.url("/no")))
        fetch(Request(server.url("/no"), robots=True), hosts=(HostRule("127.0.0.1", robots=False),))
        with pytest.raises(Refused):
            fetch(Request(server.url("/no"), robots=True))


@pytest.mark.parametrize(
    ("robots", "outcome"),
    [
        (answer(b"gone", 404), "allowed"),
        (answer(b"no", 403), "allowed"),
        (answer(b"", 200), "allowed"),
        (answer(b"<html>\0\xff" * 999), "allowed"),
        (answer(b"#" * 600_000 + b"\nUser-agent: *\nDisallow: /"), "allowed"),  # beyond what must be read
        (answer(b"User-agent: *\nDisallow: /\n" + b"#" * 600_000), "refused"),
        (redirect("/robots.txt"), "allowed"),
        (redirect("/rules"), "refused"),
        (answer(b"", 500), "failed"),
        (answer(b"", 503, ("Retry-After", "5")), "failed"),
        (answer(b"broken", 200, ("Content-Encoding", "gzip")), "failed"),
    ],
)
def test_robots_txt_fails_as_rfc_9309_says(robots: Callable[[Asked], object], outcome: str) -> None:
    """4xx and endless redirects allow everything; 5xx and no answer allow nothing, but only for now."""
    table = {"/robots.txt": robots, "/rules": answer(b"User-agent: *\nDisallow: /"), "/page": answer(b"x")}
    with Server(paths(table)) as server:  # type: ignore[arg-type]  # parametrised
        request = Request(server.url("/page"), robots=True)
        if outcome == "allowed":
            assert fetch(request).body == b"x"
            return
        with pytest.raises(FetchError) as caught:
            fetch(request)
    assert isinstance(caught.value, Refused) == (outcome == "refused")
    assert caught.value.transient == (outcome == "failed")
    assert "robots.txt" in caught.value.message


def test_the_rules_of_where_a_redirect_leads_count_too() -> None:
    """A page that redirects to a forbidden one is not read there."""
    with (
        Server(paths({"/robots.txt": answer(b"User-agent: *\nDisallow: /")})) as other,
        Server(paths({"/": redirect(other.url("/page"))})) as server,
        pytest.raises(Refused, match="forbids"),
    ):
        fetch(Request(server.url("/"), robots=True))
    assert [asked.path for asked in other.requests] == ["/robots.txt"]
