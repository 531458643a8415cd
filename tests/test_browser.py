"""Pages that say nothing without a browser: read as their scripts make them, within the same walls and bounds."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from helpers_browser import ONLY, SANDBOX, browsing, look, need_browser, page, render
from helpers_cli import article, cli_in
from helpers_fetch import make_client
from helpers_need import need
from servers import Request as Asked
from servers import Response, Server, answer, paths, redirect
from watcher.errors import BadStatus, FetchError, Refused, TooLarge
from watcher.fetch import browser
from watcher.model import Request

pytestmark = pytest.mark.browser

LATE = (
    "setTimeout(() => { document.body.insertAdjacentHTML('beforeend', '<p class=late>' + 'the ' + 'order</p>') }, 300)"
)
FROM_API = "fetch('/api').then(r => r.text()).then(t => { document.getElementById('a').textContent = t })"
HTML = ("Content-Type", "text/html")


def text_of(answer: Any) -> str:
    return str(answer.body.decode("utf-8"))


# --- what is read ----------------------------------------------------------------------------------------------------


def test_what_scripts_bring_is_read() -> None:
    """A page is read as its scripts have made it, as UTF-8, and everything else of the answer is the document's own."""

    async def handle(asked: Asked) -> Response:
        body = f"<meta charset=windows-1252><p id=a>-</p><script>{FROM_API}</script>".encode() + b"<p>caf\xe9</p>"
        html = ("Content-Type", "text/html; charset=windows-1252")
        return Response(body, headers=(html, ("ETag", '"1"'), ("X-Own", "yes")))

    with Server(paths({"/": handle, "/api": answer("Ω from afar".encode())})) as server:
        got = render(server.url("/"), etag='"1"')
    assert "Ω from afar" in text_of(got)
    assert "café" in text_of(got)
    assert (got.status, got.url, got.peer) == (200, server.url("/"), f"127.0.0.1:{server.port}")
    assert got.header("content-type") == "text/html; charset=utf-8"
    assert got.header("x-own") == "yes"
    assert [asked.path for asked in server.requests] == ["/", "/api"]
    assert "if-none-match" not in server.requests[0].headers
    assert {asked.headers["user-agent"] for asked in server.requests} == {
        "watcher/9.9 (+https://github.com/regwatcher/watcher; ops@example.org)"
    }
    assert "proxy-authorization" not in server.requests[1].headers


def test_wait_waits() -> None:
    """With `wait`, a page is read when the element is there; without, when the network is quiet; never, it fails."""

    async def run() -> None:
        with Server(paths({"/": page(LATE), "/poll": page("setInterval(() => fetch('/'), 100)")})) as server:
            async with browsing() as client:
                got = await look(client, server.url("/"), wait=".late")
                assert "the order" in text_of(got)
                with pytest.raises(FetchError, match=r"fits `wait` \(\.never\) within 0\.5 seconds") as caught:
                    await look(client, server.url("/"), wait=".never", timeout=0.5)
                assert caught.value.transient

    asyncio.run(run())


def test_a_page_that_is_never_quiet_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that asks again and again is read as it stands after some seconds."""
    monkeypatch.setattr("watcher.fetch.render.QUIET_SECONDS", 1.0)
    with Server(paths({"/": page("setInterval(() => fetch('/x'), 100)"), "/x": answer(b"x")})) as server:
        assert "nothing yet" in text_of(render(server.url("/")))
    assert len(server.requests) > 3


def test_where_scripts_lead_is_followed() -> None:
    """A page that sends the browser on is followed by the client, with its cookies; the last one is read."""

    async def start(asked: Asked) -> Response:
        return Response(b"<script>document.cookie='k=1'; location = '/hop'</script>", headers=(HTML,))

    table = {"/": start, "/hop": redirect("/end"), "/end": page("document.title = document.cookie")}
    with Server(paths(table)) as server:
        got = render(server.url("/"), wait="#a")
    assert got.url == server.url("/end")
    assert (got.requested, got.moved_to) == (server.url("/"), None)
    assert "<title>k=1</title>" in text_of(got)
    assert [asked.path for asked in server.requests] == ["/", "/hop", "/end"]
    assert server.requests[2].headers["cookie"] == "k=1"


def test_what_is_no_page_is_given_as_it_is() -> None:
    """An answer that no browser would show as a page, an error and a refusal by robots.txt are as without a browser."""

    async def run() -> None:
        table = {
            "/data": answer(b'{"a": 1}', 200, ("Content-Type", "application/json")),
            "/robots.txt": answer(b"User-agent: *\nDisallow: /no"),
        }
        with Server(paths(table)) as server:
            async with browsing() as client:
                assert (await look(client, server.url("/data"))).body == b'{"a": 1}'
                with pytest.raises(BadStatus, match="404"):
                    await look(client, server.url("/gone"))
                with pytest.raises(Refused, match="robots"):
                    await look(client, server.url("/no"), robots=True)

    asyncio.run(run())


def test_secrets_stay_with_their_host() -> None:
    """The owner's cookies go where a browser would send them, other headers with the page itself, neither elsewhere."""
    script = (
        "fetch('/api'); fetch('http://127.0.0.1:{port}/api'); "
        "fetch('http://localhost:{port}/other', {mode: 'no-cors', credentials: 'include'})"
    )
    headers = (("Cookie", "sid=7"), ("Authorization", "Bearer x"), ("Accept-Language", "de-AT,de;q=0.9"))
    with Server(paths({"/": page(script), "/api": answer(b"x"), "/other": answer(b"x")})) as server:
        render(server.url("/"), headers=headers)
    seen = {asked.path: asked.headers for asked in server.requests}
    assert (seen["/"]["cookie"], seen["/"]["authorization"]) == ("sid=7", "Bearer x")
    assert seen["/api"]["cookie"] == "sid=7"
    assert seen["/api"]["accept-language"].startswith("de-AT")
    assert "authorization" not in seen["/api"]
    assert not {"cookie", "authorization"} & seen["/other"].keys()


# --- walls -----------------------------------------------------------------------------------------------------------

ATTEMPTS = """
const urls = ['http://127.0.0.2:{port}/xhr', 'http://[::1]:{port}/v6', 'http://169.254.169.254/latest/meta-data',
  'http://10.0.0.1/', 'http://0x7f.2:{port}/hex', 'http://127.0.0.1:22/', 'http://127.0.0.1:{other}/port',
  'http://private.test:{port}/name', '/bounce', 'ws://127.0.0.2:{port}/socket', 'file:///etc/passwd'];
let left = urls.length;
const told = what => { document.body.append(what + ';'); if (!--left) document.body.id = 'done' };
for (const url of urls) {
  if (url.startsWith('ws')) { new WebSocket(url).onerror = () => told('refused') }
  else fetch(url).then(r => r.text()).then(t => told('REACHED ' + url + t), () => told('refused'));
}
navigator.sendBeacon('http://127.0.0.2:{port}/beacon', 'x');
const frame = document.createElement('iframe');
frame.src = 'http://127.0.0.2:{port}/frame';
document.body.append(frame);
new Image().src = 'http://127.0.0.2:{port}/image';
window.open('http://127.0.0.2:{port}/window');
document.head.insertAdjacentHTML('beforeend', "<link rel=stylesheet href='http://127.0.0.2:{port}/style'>" +
  "<link rel=preconnect href='http://127.0.0.2:{port}'><link rel=prefetch href='http://127.0.0.2:{port}/prefetch'>");
if (navigator.serviceWorker) navigator.serviceWorker.register('/worker').catch(() => 0);
"""
OPEN = ("Access-Control-Allow-Origin", "*")  # what a page of another origin may read, if it gets there


def test_private_addresses_are_not_reached_by_scripts() -> None:
    """Whatever a page asks for at a private address, another port or in a file is refused, redirects included."""

    def look_up(host: str, port: int) -> list[tuple[int, str]]:
        return [(2, "127.0.0.2")]

    with Server(answer(b"x", 200, OPEN)) as other:

        async def handle(asked: Asked) -> Response:
            host, _, port = asked.headers["host"].rpartition(":")
            if host != "127.0.0.1":
                return Response(b"secret", headers=(OPEN,))
            if asked.path == "/bounce":
                return await redirect(f"http://127.0.0.2:{port}/bounced")(asked)
            return await page(ATTEMPTS.replace("{other}", str(other.port)))(asked)

        with Server(handle, bind="0.0.0.0") as server:
            told = text_of(render(server.url("/"), {"look_up": look_up}, wait="#done")).rpartition("</script>")[2]
    assert told.count("refused;") == 11
    assert "REACHED" not in told
    assert [asked.path for asked in server.requests] == ["/", "/bounce"]
    assert other.requests == []


def test_a_page_may_not_lead_to_private_addresses() -> None:
    """A redirect, a script or a refresh that leads the page itself to a private address refuses the poll."""

    async def run() -> None:
        refresh = "<meta http-equiv=refresh content='0;url=http://127.0.0.2/'>"
        table = {
            "/redirect": redirect("http://127.0.0.2/"),
            "/script": page("location = 'http://169.254.169.254/latest'"),
            "/refresh": page("", head=refresh),
            "/then": page("location = '/redirect'"),
        }
        with Server(paths(table)) as server:
            async with browsing() as client:
                for path in table:
                    with pytest.raises(Refused, match="not a public address"):
                        await look(client, server.url(path), wait="#never")

    asyncio.run(run())


# --- bounds ----------------------------------------------------------------------------------------------------------


def test_a_page_is_bounded() -> None:
    """Endless bodies, files, texts, requests, moves and loops of a script end at their bound, each in its own words."""

    async def endless(asked: Asked) -> Response:
        return Response(b"x" * 700_000, headers=(HTML, ("Cache-Control", "no-store")))

    loads = "setInterval(() => fetch('/more?' + Math.random()), 50)"
    grows = "const s = 'x'.repeat(400000); document.body.append(s, s, s, s); document.body.id = 'full'"
    asks = "setInterval(() => { for (let i = 0; i < 50; i++) fetch('/x?' + Math.random()) }, 50)"
    table = {
        "/": page(""),
        "/loads": page(loads),
        "/grows": page(grows),
        "/asks": page(asks),
        "/moves": page("location = '/moves?' + Math.random()"),
        "/loops": page("setTimeout(() => { for (;;) ; }, 50)"),
        "/big": endless,
        "/more": endless,
        "/x": answer(b"x"),
    }
    wants: list[tuple[str, type[FetchError], str, dict[str, Any]]] = [
        ("/big", TooLarge, "more than the 500,000 allowed", {"max_bytes": 500_000}),
        ("/loads", TooLarge, "loads more than 1,500,000 bytes", {"max_bytes": 1_500_000, "wait": "#no"}),
        ("/grows", TooLarge, "grows larger than 1,500,000 bytes", {"max_bytes": 1_500_000, "wait": "#full"}),
        ("/asks", TooLarge, "more than 500 requests|more than 400 connections", {"wait": "#no"}),
        ("/moves", TooLarge, "from page to page without end", {"wait": "#no"}),
        ("/loops", FetchError, "took longer than 2 seconds in all", {"deadline": 2.0, "wait": "#no"}),
    ]

    async def run() -> None:
        with Server(paths(table)) as server:
            async with browsing() as client:
                for path, kind, words, request in wants:
                    with pytest.raises(FetchError, match=words) as caught:
                        await look(client, server.url(path), **request)
                    assert type(caught.value) is kind, path
                assert "nothing yet" in text_of(await look(client, server.url("/")))

    asyncio.run(run())


def mine() -> dict[bytes, int]:
    """Browsers below this process, the latest last: mark and process id."""
    found: dict[bytes, int] = {}
    for pid in browser.tree("--watcher-browser="):
        with contextlib.suppress(OSError):  # it ended meanwhile
            at = pid
            while at > 1 and at != os.getpid():
                at = int(Path(f"/proc/{at}/stat").read_text().rpartition(")")[2].split()[1])
            mark = Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"--watcher-browser=")[2][:16]
            if at == os.getpid() and mark:
                found.setdefault(mark, pid)
    return found


def test_a_browser_that_dies_fails_one_poll() -> None:
    """When the browser is killed in the middle, that poll fails for now; the next has another browser."""

    async def run() -> None:
        with Server(page(LATE)) as server:
            async with browsing() as client:
                for _ in range(2):
                    waiting = asyncio.create_task(look(client, server.url("/"), wait="#never"))
                    async with asyncio.timeout(20):
                        while not (pids := mine()) or not server.requests:  # noqa: ASYNC110  # of other processes
                            await asyncio.sleep(0.05)
                    await asyncio.sleep(0.2)
                    os.kill(next(iter(pids.values())), signal.SIGKILL)
                    with pytest.raises(FetchError, match="browser") as caught:
                        await waiting
                    assert caught.value.transient
                    server.requests.clear()
                assert "the order" in text_of(await look(client, server.url("/"), wait=".late"))
            assert mine() == {}

    asyncio.run(run())


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that takes too much memory is ended, and the poll says why."""
    monkeypatch.setattr(browser, "MOST_MEMORY", 1_000_000)
    with Server(page(LATE)) as server, pytest.raises(FetchError, match="more than 1 MB of memory"):
        render(server.url("/"), wait="#never")


def test_browsers_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages share a browser, two at once; after so many pages another takes its place, and an idle one is ended."""
    monkeypatch.setattr(browser, "MOST_PAGES", 3)
    monkeypatch.setattr(browser, "IDLE", 0.05)

    async def run() -> None:
        with Server(page("")) as server:
            async with browsing() as client:
                marks: set[bytes] = set()
                for _ in range(2):
                    polls = [asyncio.create_task(look(client, server.url("/"))) for _ in range(2)]
                    while not all(poll.done() for poll in polls):
                        marks |= mine().keys()
                        await asyncio.sleep(0.05)
                    assert all("nothing yet" in text_of(poll.result()) for poll in polls)
                assert len(marks) in (2, 3)
                for _ in range(100):
                    if not mine():
                        break
                    await asyncio.sleep(0.05)
                assert mine() == {}

    asyncio.run(run())


# --- where there is no browser ---------------------------------------------------------------------------------------


def refused(url: str, **changes: Any) -> FetchError:
    async def run() -> FetchError:
        async with make_client(**changes) as client:
            with pytest.raises(FetchError) as caught:
                await client.get(Request(url, render=True))
            return caught.value

    return asyncio.run(run())


def test_no_browser_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without playwright, a browser or a sandbox, a poll says what to install, asks nobody and is not tried sooner."""
    need_browser()
    with Server(page("")) as server:
        url = server.url("/")
        named = refused(url, browser=str(tmp_path / "none"), browser_sandbox=False)
        assert f"{tmp_path}/none is no program" in named.message
        if os.geteuid() == 0:
            assert "browser_sandbox = false" in refused(url).message
        with monkeypatch.context() as without:
            without.setattr(browser, "NAMES", ("no-such-browser",))
            assert "apt install chromium" in refused(url, browser_sandbox=False).message
        with monkeypatch.context() as without:
            without.setitem(sys.modules, "playwright", None)
            error = refused(url, browser_sandbox=False)
            assert "pip install 'regwatcher[browser]'" in error.message
            assert not error.transient
        broken = tmp_path / "broken"
        broken.write_text("#!/bin/sh\necho broken by design >&2\nexit 1\n")
        broken.chmod(0o755)
        assert "did not start" in refused(url, browser=str(broken), browser_sandbox=False).message
        assert server.requests == []


# --- the whole program -----------------------------------------------------------------------------------------------

CONFIG = """\
[watcher]
database = "sqlite:///watcher.db"
[fetch]
delay = "0s"
allow_private = {allowed}
browser_sandbox = {sandbox}
[[sources]]
name = "orders"
url = "{url}"
kind = "article"
render = true
wait = "article p"
"""


def test_check_reads_through_the_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`watcher check` finds what changed in a text that only scripts bring, and leaves no browser behind."""
    need_browser()
    texts = [
        "The order takes effect on 1 March 2031.",
        "The order takes effect on 1 March 2031.",
        "The order is stayed.",
    ]
    cli = cli_in(tmp_path, monkeypatch, capsys)

    async def api(asked: Asked) -> Response:
        return Response(article(texts.pop(0)))

    script = "fetch('/api').then(r => r.text()).then(t => { document.body.innerHTML = t })"
    with Server(paths({"/": page(script), "/api": api})) as server:
        config = CONFIG.format(url=server.url("/"), allowed=json.dumps(ONLY), sandbox=json.dumps(SANDBOX))
        (tmp_path / "config.toml").write_text(config)
        assert [line["outcome"] for line in cli("check", "--json").lines] == ["baseline"]
        assert [line["outcome"] for line in cli("check", "--json").lines] == ["unchanged"]
        (line,) = cli("check", "--json").lines
        (change,) = line["changes"]
        assert (line["outcome"], change["event"]) == ("changed", "text.changed")
        assert "The order is stayed." in change["diff"]
    assert mine() == {}


def test_nothing_leaves_but_through_the_proxy(root: Path) -> None:
    """The browser sends not one packet by itself: no name look-up, no WebRTC, no call to its maker."""
    need_browser()
    unshare, ip = shutil.which("unshare"), shutil.which("ip")
    need(unshare and ip, "unshare(1) and ip(8) make a network namespace")
    need(os.geteuid() == 0, "only root may listen to every packet of a network")
    probe = subprocess.run([str(unshare), "-n", "true"], capture_output=True, check=False)
    need(probe.returncode == 0, f"this machine does not permit network namespaces: {probe.stderr.decode()}")
    done = subprocess.run(
        [str(unshare), "-n", sys.executable, str(root / "tests" / "guarded_browser.py")],
        capture_output=True,
        timeout=90,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "tests"), str(root / "src")])},
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    assert "sent all" in found["text"]
    assert found["probe"] > 0  # the listener hears what is sent
    assert found["packets"] == []
