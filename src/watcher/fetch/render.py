"""Reading a page through the browser: what its scripts have made of the document that the client fetched.

Every document of the page itself is asked for by the client (its manners, its guard, its errors) and handed to the
browser; what the document then asks for goes through the proxy. The page is read when the awaited element is there, or
when its network is quiet, and at the latest after some seconds. Raises FetchError.
"""

import asyncio
import contextlib
import hashlib
import html
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag, urlsplit

from watcher.errors import FetchError, TooLarge
from watcher.fetch.browser import Browser, Gone
from watcher.fetch.proxy import USER, Allowance, Proxy
from watcher.model import Fetched, Request

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page, Route
    from playwright.async_api import Request as Asked

QUIET_SECONDS = 10.0  # a page that is never quiet is read after so long
MOST_REQUESTS = 500
MOST_DOCUMENTS = 6  # that follow one another in one page, by scripts and refreshes
_READ_TRIES = 4
_LONGEST_TEXT = 200
# What says nothing in words; pictures keep their elements and addresses.
_LEFT_OUT = frozenset({"image", "media", "font", "texttrack", "eventsource", "manifest"})
_NOT_HANDED_ON = frozenset(
    {"content-encoding", "content-length", "transfer-encoding", "connection", "keep-alive", "alt-svc", "refresh"}
)
# Calls between browsers (WebRTC) go beside every proxy; already to offer one announces the machine to its network.
_NO_CALLS = "delete window.RTCPeerConnection; delete window.webkitRTCPeerConnection; delete window.WebTransport;"
# In a world of its own, where the page's scripts cannot put their own functions in the way.
_SERIALISE = """(() => {
  const root = document.documentElement;
  if (!root) return "";
  const text = (document.doctype ? "<!DOCTYPE html>\\n" : "") + root.outerHTML;
  return text.length > LIMIT ? null : text;
})()"""

Headers = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Document:
    """A document as the client fetched it, and its headers with nothing masked."""

    answer: Fetched
    headers: Headers


@dataclass(slots=True)
class Visit:
    """One page to read. `ask(address, cookies)` fetches a further document of it; `cookies` is the Cookie header that
    the owner gave for it."""

    request: Request
    first: Document
    agent: str
    shown: str
    language: str
    cookies: str
    allowance: Allowance
    ask: Callable[[str, str], Awaitable[Document]]
    documents: dict[str, Document] = field(default_factory=dict)
    last: Document | None = None
    requests: int = 0
    navigations: int = 0
    fault: FetchError | None = None

    @property
    def host(self) -> str:
        return urlsplit(self.first.answer.url).hostname or ""


def is_page(answer: Fetched) -> bool:
    """Say whether an answer is a document that a browser shows: HTML, by its type or, without one, by its start."""
    kind = (answer.header("content-type") or "").partition(";")[0].strip().lower()
    if kind:
        return kind in ("text/html", "application/xhtml+xml")
    return answer.body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html"))


class Renderer:
    """Reads pages through one browser and one proxy. `clock` gives aware UTC time."""

    def __init__(self, browser: Browser, proxy: Proxy, clock: Callable[[], datetime]) -> None:
        self._browser = browser
        self._proxy = proxy
        self._clock = clock

    async def render(self, visit: Visit, seconds: float) -> Fetched:
        """Read the page within this many seconds. Out: the answer of its last document with the serialised DOM (UTF-8)
        as body. Raises FetchError."""
        from playwright.async_api import Error

        loop = asyncio.get_running_loop()
        start = loop.time()
        bound = asyncio.timeout(max(seconds, 0.001))
        password = self._proxy.admit(visit.allowance)
        try:
            async with bound:
                body, document = await self._in_profile(visit, password)
        except FetchError:
            raise
        except TimeoutError as error:
            message = f"{visit.host} took longer than {visit.request.deadline:g} seconds in all ({visit.shown})."
            raise FetchError(visit.shown, message) from error
        except Error as error:
            if bound.expired():
                message = f"{visit.host} took longer than {visit.request.deadline:g} seconds in all ({visit.shown})."
                raise FetchError(visit.shown, message) from error
            raise FetchError(visit.shown, f"The browser failed: {_words(error)} ({visit.shown}).") from error
        finally:
            self._proxy.dismiss(visit.allowance)
        answer = document.answer
        return replace(
            answer,
            requested=visit.request.url,
            headers=_described(answer.headers),
            body=body,
            body_sha256=hashlib.sha256(body).hexdigest(),
            at=self._clock(),
            moved_to=visit.first.answer.moved_to,
            seconds=visit.first.answer.seconds + loop.time() - start,
        )

    async def _in_profile(self, visit: Visit, password: str) -> tuple[bytes, Document]:
        profile: dict[str, Any] = {
            "user_agent": visit.agent,
            "locale": visit.language,
            "timezone_id": "UTC",
            "viewport": {"width": 1280, "height": 2400},  # tall: what is loaded when it comes into view is in view
            "accept_downloads": False,
            "service_workers": "block",
            "permissions": [],
        }
        ours = {"server": self._proxy.address, "bypass": "<-loopback>", "username": USER, "password": password}
        async with self._browser.page(visit.shown, self._proxy.address, {**profile, "proxy": ours}) as (context, gone):
            work = asyncio.ensure_future(self._read(visit, context))
            over = visit.allowance.over
            both: set[asyncio.Future[Any]] = {work, over, gone}
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                if over.done():
                    if visit.fault is not None:
                        raise visit.fault
                    message = f"The page of {visit.host} {over.result()} ({visit.shown})."
                    raise TooLarge(visit.shown, message)
                if not work.done():
                    raise Gone
                return await work
            finally:
                if not work.done():
                    work.cancel()
                await asyncio.gather(work, return_exceptions=True)

    async def _read(self, visit: Visit, context: "BrowserContext") -> tuple[bytes, Document]:
        from playwright.async_api import TimeoutError as Late

        await _give_cookies(visit, context)
        page = await context.new_page()

        async def handle(route: "Route", asked: "Asked") -> None:
            await _handle(visit, context, page, route, asked)

        def crashed(_: "Page") -> None:
            visit.fault = visit.fault or FetchError(visit.shown, f"The browser's page crashed ({visit.shown}).")
            visit.allowance.end("cannot be read")

        page.on("crash", crashed)
        context.on("page", lambda other: asyncio.ensure_future(_shut(other)))
        await context.add_init_script(_NO_CALLS)
        await context.route("**/*", handle)
        loop = asyncio.get_running_loop()
        quiet_at = loop.time() + QUIET_SECONDS
        await page.goto(visit.first.answer.url, wait_until="commit", timeout=0)
        if visit.request.wait is not None:
            await _await(visit, page, visit.request.wait)
        else:
            with contextlib.suppress(Late):  # it is read as it stands
                left = max(quiet_at - loop.time(), 0.001)
                await page.wait_for_load_state("networkidle", timeout=left * 1000)
        text = await _serialise(visit, context, page)
        body = text.encode("utf-8", "replace")  # scripts can leave halves of characters
        if len(body) > visit.request.max_bytes:
            raise _too_large(visit)
        document = visit.documents.get(urldefrag(page.url)[0]) or visit.last or visit.first
        return body, document


async def _await(visit: Visit, page: "Page", selector: str) -> None:
    """Wait until the selector fits. Raises FetchError when it never does."""
    from playwright.async_api import Error
    from playwright.async_api import TimeoutError as Late

    seconds = visit.request.timeout
    shown = selector if len(selector) <= _LONGEST_TEXT else selector[: _LONGEST_TEXT - 1] + "…"
    try:
        await page.wait_for_selector(f"css={selector}", state="attached", timeout=seconds * 1000)
    except Late as error:
        message = (
            f"Nothing on the page of {visit.host} fits `wait` ({shown}) within {seconds:g} seconds ({visit.shown})."
        )
        raise FetchError(visit.shown, message) from error
    except Error as error:
        if "not a valid selector" not in str(error) and "parsing css selector" not in str(error):
            raise
        message = f"`wait` is no selector that the browser knows ({shown}; {visit.shown})."
        raise FetchError(visit.shown, message, transient=False) from error


async def _give_cookies(visit: Visit, context: "BrowserContext") -> None:
    """Put the owner's cookies where the page's own requests find them: for its host only, as a browser would."""
    pairs = [part.strip().partition("=") for part in visit.cookies.split(";")]
    found = [{"name": name, "value": value, "url": visit.first.answer.url} for name, equals, value in pairs if equals]
    if found:
        await context.add_cookies(found)  # type: ignore[arg-type]  # its type is a TypedDict that is not exported


async def _shut(page: "Page") -> None:
    from playwright.async_api import Error

    with contextlib.suppress(Error):  # it has closed itself
        await page.close()


async def _handle(visit: Visit, context: "BrowserContext", page: "Page", route: "Route", asked: "Asked") -> None:
    """Decide on one request of the page."""
    from playwright.async_api import Error

    visit.requests += 1
    if visit.requests > MOST_REQUESTS:
        visit.allowance.end(f"makes more than {MOST_REQUESTS} requests")
    try:
        if visit.requests > MOST_REQUESTS or urlsplit(asked.url).scheme not in ("http", "https"):
            await route.abort()
        elif asked.is_navigation_request() and asked.frame == page.main_frame:
            await _navigate(visit, context, route, asked)
        elif asked.resource_type in _LEFT_OUT or (asked.is_navigation_request() and asked.frame.page != page):
            await route.abort()
        else:
            await route.continue_()
    except Error:  # the page has gone on, or its profile was closed: nobody waits for this any more
        return
    except FetchError as error:
        visit.fault = visit.fault or error
        visit.allowance.end("cannot be read")


async def _navigate(visit: Visit, context: "BrowserContext", route: "Route", asked: "Asked") -> None:
    """Hand the browser a document of the page. Raises FetchError when the client cannot or will not get it."""
    address = urldefrag(asked.url)[0]
    visit.navigations += 1
    if visit.navigations > MOST_DOCUMENTS:
        message = f"{visit.host} sends the browser from page to page without end ({visit.shown})."
        raise TooLarge(visit.shown, message)
    if asked.method != "GET":
        await route.abort()  # to send a form would be to act
        return
    if visit.last is None:
        document = visit.first
    elif address in visit.documents and visit.documents[address] is not visit.last:
        document = visit.documents[address]  # where a redirect led: already here
    else:
        known = await context.cookies(address)
        cookies = "; ".join(f"{one.get('name', '')}={one.get('value', '')}" for one in known)
        document = await visit.ask(address, cookies)
        visit.allowance.take(document.answer.size)
        if not is_page(document.answer):
            await route.abort()
            return
        final = urldefrag(document.answer.url)[0]
        if final != address:
            visit.documents[final] = document
            onward = f'<!DOCTYPE html><meta http-equiv="refresh" content="0;url={html.escape(final)}">'
            await route.fulfill(status=200, content_type="text/html; charset=utf-8", body=onward)
            return
    visit.documents[address] = document
    visit.last = document
    await route.fulfill(status=document.answer.status, headers=_handed_on(document.headers), body=document.answer.body)


def _handed_on(headers: Headers) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        if name not in _NOT_HANDED_ON:
            joint = "\n" if name == "set-cookie" else ", "
            found[name] = f"{found[name]}{joint}{value}" if name in found else value
    return found


async def _serialise(visit: Visit, context: "BrowserContext", page: "Page") -> str:
    """Write the page's DOM down. Raises TooLarge; a page that moves on meanwhile is read again."""
    from playwright.async_api import Error

    session = await context.new_cdp_session(page)
    expression = _SERIALISE.replace("LIMIT", str(visit.request.max_bytes))
    for tries in range(_READ_TRIES):
        try:
            frames = await session.send("Page.getFrameTree")
            world = await session.send(
                "Page.createIsolatedWorld", {"frameId": frames["frameTree"]["frame"]["id"], "worldName": "watcher"}
            )
            found = await session.send(
                "Runtime.evaluate",
                {"expression": expression, "contextId": world["executionContextId"], "returnByValue": True},
            )
        except Error:
            if tries == _READ_TRIES - 1 or page.is_closed():
                raise
            await asyncio.sleep(0.2)
            continue
        value = found.get("result", {}).get("value")
        if isinstance(value, str):
            return value
        raise _too_large(visit)
    raise AssertionError  # the last try returns or raises


def _too_large(visit: Visit) -> TooLarge:
    most = f"{visit.request.max_bytes:,}"
    message = f"The page of {visit.host} grows larger than {most} bytes; `max_bytes` is the bound ({visit.shown})."
    return TooLarge(visit.shown, message)


def _described(headers: Headers) -> Headers:
    """The document's headers, saying what the body is now."""
    kept = [(name, value) for name, value in headers if name not in ("content-type", "content-encoding")]
    return (*kept, ("content-type", "text/html; charset=utf-8"))


def _words(error: Exception) -> str:
    text = " ".join("".join(c if c.isprintable() else " " for c in str(error).partition("Call log")[0]).split())
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
