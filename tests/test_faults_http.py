"""Servers that misbehave, met through `check`: each fault has its words, others go on, and nothing known is lost."""

import gzip
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # ships no types
import pytest

from helpers_faults import Fault, Field, announced, complaints, expected
from servers import Handler, RawHandler, Request, Response, Server, answer, drip, head, redirect, reset, send

OK = "HTTP/1.1 200 OK"
SHORT = {"timeout": "1s", "deadline": "2s"}
CHUNKED = head(OK, "Transfer-Encoding: chunked")
ZEROS = b"\0" * 30_000_000


def status(code: int, *headers: tuple[str, str]) -> Handler:
    return answer(b"<html><body><p>An error page with words of its own.</p></body></html>", code, *headers)


def coded(coding: str, body: bytes) -> Handler:
    return answer(body, 200, ("Content-Encoding", coding), ("Content-Type", "text/html"))


async def spiral(request: Request) -> Response:
    """Redirect to an address that was never asked before."""
    return await redirect(f"{request.target}x")(request)


def padded(size: int) -> RawHandler:
    """The page of the day before, below a header of this size."""

    body = Fault("a header of 20 kB").whole(0)
    return send(head(OK, "X-Pad: " + "a" * size, "Content-Type: text/html", f"Content-Length: {len(body)}"), body)


FAULTS = [
    # The answer's head
    Fault("no answer", "closed the connection without a complete answer", raw=send()),
    Fault("garbage", "answered with something that is not HTTP", raw=send(b"\x00\x01garbage\r\n\r\n")),
    Fault("half a head", "without a complete answer", raw=send(b"HTTP/1.1 200 OK\r\nContent-Le")),
    Fault(
        "a head drop by drop",
        "took longer than 2 seconds in all",
        raw=drip(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.1),
        keys=SHORT,
    ),
    Fault("silence", "was silent for 1 seconds", raw=send(linger=5), keys=SHORT),
    Fault("1xx for ever", "took longer than 2 seconds", raw=drip(b"", head("HTTP/1.1 100 Continue"), 0.02), keys=SHORT),
    Fault("a header of 20 kB", outcome="unchanged", raw=padded(20_000)),
    Fault("a header of 1 MB", "header of .* larger than Watcher accepts", raw=padded(1_000_000)),
    Fault("two lengths", "not HTTP", raw=send(head(OK, "Content-Length: 1", "Content-Length: 2"), b"ab")),
    # Redirects
    Fault("a redirect loop", "redirects in a circle", handler=redirect("/a-redirect-loop")),
    Fault("redirects without end", "redirects more than 8 times", handler=spiral),
    Fault(
        "redirect to a private address",
        "10.1.2.3 is not a public address",
        "refused",
        handler=redirect("http://10.1.2.3/"),
    ),
    Fault("redirect to a file", "only http and https", "refused", handler=redirect("file:///etc/passwd")),
    Fault("redirect to nothing", "without an address to follow", handler=status(302)),
    # Bodies on the wire
    Fault("reset in mid-body", "broke off before it was complete", raw=reset(head(OK, "Content-Length: 100"), b"half")),
    Fault("reset at once", "cut the connection|without a complete", raw=reset()),
    Fault(
        "silence in mid-body",
        "was silent for 1 seconds",
        raw=send(head(OK, "Content-Length: 99"), linger=5),
        keys=SHORT,
    ),
    Fault("slow loris", "took longer than 2 seconds", raw=drip(head(OK), b"<p>x", 0.1), keys=SHORT),
    Fault("an endless body", "larger than 300,000 bytes.*max_bytes", raw=drip(head(OK), b"<p>x</p>" * 2_000, 0)),
    Fault("endless chunks", "larger than 300,000 bytes", raw=drip(CHUNKED, b"ff\r\n" + b"x" * 255 + b"\r\n", 0)),
    Fault("a body said to be large", "is 999,999,999 bytes long", raw=send(head(OK, "Content-Length: 999999999"))),
    Fault("a body too large", "larger than 300,000|300,001 bytes long", handler=answer(b"x" * 300_001)),
    Fault("a length too long", "broke off", raw=send(head(OK, "Content-Length: 9999"), b"<p>half")),
    Fault("a length too short", "not HTTP|broke off", raw=send(head(OK, "Content-Length: 4") + b"good and more")),
    Fault("chunks cut", "broke off", raw=send(CHUNKED, b"a\r\n<p>half</p\r\n")),
    # Codings
    Fault("a gzip bomb", "300,000 bytes|times its size", handler=coded("gzip", gzip.compress(ZEROS))),
    Fault("a br bomb", "300,000 bytes|times its size", handler=coded("br", brotli.compress(ZEROS, quality=1))),
    Fault(
        "gzip cut short",
        "breaks off: its gzip coding is not complete",
        handler=coded("gzip", gzip.compress(b"a" * 999)[:-9]),
    ),
    Fault("gzip that is none", "not valid gzip", handler=coded("gzip", b"<html>plain</html>")),
    Fault("an unknown coding", "'sdch', which Watcher cannot read", handler=coded("sdch", b"abc")),
    # Statuses
    Fault("status 204", "has no content", handler=status(204)),
    Fault("status 206", "with a part", handler=status(206)),
    Fault("status 401", "asks for a log-in", "held|failed", handler=status(401)),
    Fault("status 403", "refuses access", "held|failed", handler=status(403)),
    Fault("status 404", "has no such page", "held|failed", handler=status(404)),
    Fault("status 410", "gone for good", "held|failed", handler=status(410)),
    Fault("status 429", "asked too often.*left alone for 120 seconds", handler=status(429, ("Retry-After", "120"))),
    Fault("status 451", "legal reasons", "held|failed", handler=status(451)),
    Fault("status 500", "failed inside", handler=status(500)),
    Fault("status 502", "could not reach the server behind it", handler=status(502)),
    Fault("status 503, seconds", "left alone for 1:00:00", handler=status(503, ("Retry-After", "3600"))),
    Fault(
        "status 503, a date",
        "left alone for .* days",
        handler=status(503, ("Retry-After", "Fri, 01 Jan 2999 00:00:00 GMT")),
    ),
    Fault("status 503, nonsense", "overloaded or under maintenance", handler=status(503, ("Retry-After", "soon"))),
    Fault("status 500 of a feed", "failed inside", kind="feed", handler=status(500)),
    Fault("status 404 of a feed", "has no such page", kind="feed", handler=status(404)),
    # robots.txt
    Fault(
        "robots forbids",
        r"robots.txt forbids .*robots = false",
        "refused",
        robots=answer(b"User-agent: *\nDisallow: /"),
    ),
    Fault("robots fails", "robots.txt cannot be had", robots=status(500)),
]
FIRST = [
    *FAULTS,
    Fault("304 to the first request", "304 .* although nothing was known", handler=status(304)),
]
FINE = {"healthy-page", "healthy-feed"}


def test_faults_between_two_good_answers(tmp_path: Path) -> None:
    """A server that fails is told in words and loses nothing: when it is back, the change since is announced, once."""
    with Field(tmp_path, FAULTS) as field:
        assert {line["outcome"] for line in field.poll().values()} == {"baseline"}
        field.broken = True
        lines = field.check()
        wrong = complaints(field.faults, lines)
        assert not wrong, "\n".join(wrong)
        assert {lines[name]["outcome"] for name in FINE} == {"not-modified"}
        assert not complaints(field.faults, field.poll())
        assert not field.told()
        field.broken, field.stage = False, 1
        lines = field.poll()
        assert {name: announced(line) for name, line in lines.items()} == {
            name: expected(f) for name, f in field.all.items()
        }
        assert field.told() == {name: expected(fault) for name, fault in field.all.items()}
        assert field.daemon.run("db", "verify").returncode == 0


def test_faults_at_first_sight(tmp_path: Path) -> None:
    """A server that fails before anything is known is no baseline: the first good answer is, and is no news."""
    with Field(tmp_path, FIRST) as field:
        field.broken = True
        lines = field.check()
        wrong = complaints({n: f for n, f in field.faults.items() if f.outcome != "unchanged"}, lines)
        assert not wrong, "\n".join(wrong)
        assert {lines[name]["outcome"] for name in FINE} == {"baseline"}
        field.broken = False
        lines = field.poll()
        assert not [name for name, line in lines.items() if announced(line)]
        failed = {name for name, fault in field.faults.items() if fault.outcome != "unchanged"}
        assert {lines[name]["outcome"] for name in failed} == {"baseline"}
        field.stage = 1
        assert {n: announced(line) for n, line in field.poll().items()} == {
            n: expected(f) for n, f in field.all.items()
        }
        assert field.told() == {name: expected(fault) for name, fault in field.all.items()}


def test_a_server_that_is_down(tmp_path: Path) -> None:
    """A server that refuses connections is told in words; when it listens again, the change since is told."""
    closed = Fault("closed")
    with Field(tmp_path, [closed]) as field:

        async def page(request: Request) -> Response:
            return Response(closed.whole(field.stage)) if request.path != "/robots.txt" else Response(status=404)

        with Server(page, bind="127.0.5.5") as server:
            config = tmp_path / "config.toml"
            config.write_text(config.read_text("utf-8").replace(field.url("closed"), server.url("/closed")), "utf-8")
            assert {line["outcome"] for line in field.poll().values()} == {"baseline"}
        field.stage = 1
        lines = field.poll()
        assert "127.0.5.5 refused the connection: nothing listens there" in lines["closed"]["error"]
        assert {name: announced(lines[name]) for name in FINE} == {name: expected(field.all[name]) for name in FINE}
        with Server(page, bind="127.0.5.5", port=server.port):
            assert announced(field.poll()["closed"]) == ["text.changed"]


def test_retry_after_is_kept(tmp_path: Path) -> None:
    """A server that names a time is asked again then, and not by the source's own pace; no host is silent for ever."""
    with Field(tmp_path, [fault for fault in FAULTS if fault.name.startswith("status 503")]) as field:
        field.broken = True
        field.poll()
        pauses = dict(
            field.daemon.ask(
                "select s.name, (f.next_poll_at - f.last_poll_at) / 1000 "
                "from sources s join fetches f on f.id = s.fetch"
            )
        )
    assert 3600 <= pauses["status-503-seconds"] <= 3610
    assert pauses["status-503-a-date"] == pytest.approx(7 * 86400, abs=10)
    assert pauses["status-503-nonsense"] <= 3
