"""Pages through the browser, for the client: the browser, the proxy and the reader put together when first needed.

The client asks for the documents (`Way.ask`), so that its manners, bounds and errors hold for them; what is no page is
given back as it came. Belongs to one event loop. Raises FetchError.
"""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from watcher.fetch.browser import Browser
from watcher.fetch.guard import Guard, LookUp, Names
from watcher.fetch.proxy import Allowance, Proxy
from watcher.fetch.render import Document, Renderer, Visit, is_page
from watcher.model import Fetched, FetchSettings, Request

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Way:
    """How one page is asked for. `ask(address, cookies)` fetches a document of it (None: the first, with the owner's
    cookies); `cookies()` are those that may still be sent there; the rest is for what the page loads."""

    ask: Callable[[str, str | None], Awaitable[Document]]
    cookies: Callable[[], str]
    agent: str
    turn: Callable[[str], AbstractAsyncContextManager[None]]
    per_host: Callable[[str], int]
    proxy: Callable[[str], str | None]


class Browsing:
    """Reads pages; made in a running loop."""

    def __init__(
        self,
        settings: FetchSettings,
        guard: Guard,
        look_up: LookUp,
        context: ssl.SSLContext,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._proxy = Proxy(guard, Names(guard, look_up), context)
        self._browser = Browser(settings.browser, sandbox=settings.browser_sandbox)
        self._starting = asyncio.Lock()
        self._started = False
        self._users = 0
        self._retired = False

    async def read(self, request: Request, shown: str, way: Way) -> Fetched:
        """Read one page. Raises FetchError, before anything is asked where there is no browser."""
        self._browser.ready(shown)
        self._users += 1
        try:
            async with self._starting:
                if not self._started:
                    await self._proxy.start()
                    self._started = True
            async with self._browser.place():
                await self._browser.start(shown, self._proxy.address)
                first = await way.ask(request.url, None)
                if not is_page(first.answer):
                    return first.answer
                visit = self._visit(request, shown, way, first)
                renderer = Renderer(self._browser, self._proxy, self._clock)
                return await renderer.render(visit, request.deadline - first.answer.seconds)
        finally:
            self._users -= 1
            if self._retired and not self._users:
                await self.close()

    def _visit(self, request: Request, shown: str, way: Way, first: Document) -> Visit:
        allowance = Allowance(
            most_bytes=request.max_bytes,
            ports=frozenset({_port(request.url), _port(first.answer.url)}),
            own_host=urlsplit(first.answer.url).hostname or "",
            silence=request.timeout,
            turn=way.turn,
            per_host=way.per_host,
            way=way.proxy,
            over=asyncio.get_running_loop().create_future(),
        )
        allowance.take(first.answer.size)
        spoken = next((value for name, value in request.headers if name.lower() == "accept-language"), "")
        language = _LANGUAGE.match(spoken)
        return Visit(
            request,
            first,
            agent=way.agent,
            shown=shown,
            language=language[0] if language else "en-US",
            cookies=way.cookies(),
            allowance=allowance,
            ask=way.ask,
        )

    async def retire(self) -> None:
        """Close as soon as the last page is read."""
        self._retired = True
        if not self._users:
            await self.close()

    async def close(self) -> None:
        """End the browser and the proxy; pages under way fail."""
        await self._browser.close()
        await self._proxy.close()


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or _DEFAULT_PORTS.get(parts.scheme, 443)
