"""What the tests of channels share: a hostile title, an alert on its way, senders against real receivers."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from httpx_aiohttp import AiohttpTransport

from inbox import SECRET, Hook, Inbox
from watcher.channels import Sender, make
from watcher.core.message import changes_alert
from watcher.errors import ConfigError, DeliveryError, Problem
from watcher.model import Change, Channel, Delivery, DocumentRef, Note, RevisionRef, Secret, Source, Times

NOW = datetime(2021, 5, 12, 10, 20, 3, 412000, tzinfo=UTC)
SECRETS = {"hook": SECRET, "smtp": "open sesame", "broken": "whsec_not base64!"}
HOSTILE = "Evil\r\nBcc: victim@example.org\r\n\r\n<script>alert(1)</script>\x00 \u202egnp.exe 🧨👩‍💻 " + "long " * 2_000


def resolve(secret: Secret) -> str:
    name = secret.reference.removeprefix("env:")
    if name not in SECRETS:
        raise ConfigError([Problem("config.toml", 1, "channels", f"{name} is not set")])
    return SECRETS[name]


def delivery(title: str = "Xiaomi leaves the list", *, references: str | None = None, poll: str = "p1") -> Delivery:
    channel = Channel("desk", "email", "poll")
    source = Source(
        "xda-xiaomi", "https://www.example.org/xiaomi", title="XDA: Xiaomi", labels=(("matter", "1234-07"),)
    )
    change = Change(
        id="chg_1",
        event="update.new",
        source=source.name,
        severity="critical",
        document=DocumentRef("doc_1", source.url, title),
        revision=RevisionRef("rev_1", 2, "0" * 64, NOW),
        update=Note(5, "update", heading=title, text=title, summary=title),
        times=Times(fetched=NOW),
        text=title,
    )
    alert = changes_alert(
        channel,
        source,
        [change],
        poll=poll,
        group="",
        now=NOW,
        config="c",
        base_url="https://watch.example.org",
        kind="article",
    )
    return Delivery(alert, "pending", references=references)


def email(inbox: Inbox, trust: ssl.SSLContext | None = None, **keys: Any) -> Sender:
    base = Channel(
        "desk",
        "email",
        "poll",
        to=("desk@example.org",),
        sender="Watcher <watcher@example.org>",
        smtp=inbox.url,
        tls="implicit" if inbox.implicit else "starttls" if inbox.tls else "off",
    )
    channel = replace(base, **keys)
    return build(channel, tls=trust)


def build(channel: Channel, *, http: httpx.AsyncClient | None = None, tls: ssl.SSLContext | None = None) -> Sender:
    client = http or httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(599)))
    return make(
        channel, http=client, resolve=resolve, clock=lambda: datetime.now(UTC), tls=tls, hostname="watcher.test"
    )


def hook_channel(hook: Hook, **keys: Any) -> Channel:
    return replace(Channel("hook", "webhook", "change", url=hook.url, secret=Secret("env:hook")), **keys)


def post(channel: Channel, sent: Delivery, *, late: bool = False) -> None:
    async def run() -> None:
        async with httpx.AsyncClient(transport=AiohttpTransport(), trust_env=False) as http:
            await build(channel, http=http).send(sent, late=late)

    asyncio.run(run())


def refused(action: Callable[[], object]) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        action()
    return caught.value


def run(sending: Awaitable[None]) -> None:
    async def go() -> None:
        await sending

    asyncio.run(go())
