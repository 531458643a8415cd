"""What the tests of rendered pages share: a client with a browser, pages with scripts, one poll."""

import asyncio
import importlib.util
import os
from collections.abc import Awaitable, Callable
from typing import Any

from helpers_fetch import make_client
from helpers_need import need
from servers import Handler, Response
from servers import Request as Asked
from watcher.fetch import Client
from watcher.fetch.browser import find
from watcher.model import Fetched, Request

SANDBOX = os.geteuid() != 0  # root has none; whoever else runs the tests has it tested
ONLY = ("127.0.0.1/32",)  # what may be polled: other addresses of loopback stand for private networks


def need_browser() -> None:
    """Skip, or fail in CI, where pages cannot be rendered."""
    need(importlib.util.find_spec("playwright"), "the extra `browser` is not installed")
    need(find(None), "Chromium is not installed (Debian package chromium)")


def page(script: str, body: str = "<p id='a'>nothing yet</p>", head: str = "") -> Handler:
    """A page whose script runs at its end; `{port}` in the script is the server's own port."""

    async def handle(asked: Asked) -> Response:
        port = asked.headers["host"].rpartition(":")[2]
        code = script.replace("{port}", port)
        text = (
            f"<!DOCTYPE html><html><head><title>T</title>{head}</head><body>{body}<script>{code}</script></body></html>"
        )
        return Response(text.encode(), headers=(("Content-Type", "text/html; charset=utf-8"),))

    return handle


def browsing(**changes: Any) -> Client:
    """A client with a browser for tests."""
    need_browser()
    return make_client(**{"allow_private": ONLY, "browser_sandbox": SANDBOX, **changes})


async def look(client: Client, url: str, **request: Any) -> Fetched:
    """Render one page."""
    answer = await client.get(Request(url, **{"render": True, "deadline": 30.0, "timeout": 10.0, **request}))
    assert isinstance(answer, Fetched)
    return answer


def render(url: str, changes: dict[str, Any] | None = None, **request: Any) -> Fetched:
    """Render one page with a client of its own."""

    async def once(client: Client) -> Fetched:
        return await look(client, url, **request)

    return with_client(once, **(changes or {}))


def with_client(use: Callable[[Client], Awaitable[Fetched]], **changes: Any) -> Fetched:
    """Run something with a client that is closed afterwards."""

    async def run() -> Fetched:
        async with browsing(**changes) as client:
            return await use(client)

    return asyncio.run(run())
