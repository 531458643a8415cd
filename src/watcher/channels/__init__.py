"""Channels: how an alert leaves the house. One small file a type; a new type is a new file and a line in `make`.

A sender hands one alert over and returns, or raises `DeliveryError` that says in words what happened and whether
trying again can help. It keeps no queue: what was sent and what was not is written down by whoever calls it.
"""

import ssl
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import httpx

from watcher.channels.email import EmailSender
from watcher.channels.webhook import WebhookSender
from watcher.model import Channel, Delivery, Secret

__all__ = ["Sender", "make"]


class Sender(Protocol):
    """What delivery needs of a channel."""

    async def send(self, delivery: Delivery, *, late: bool = False) -> None:
        """Hand one alert over, marked `late` if asked; raises DeliveryError when the other side did not take it."""


def make(
    channel: Channel,
    *,
    http: httpx.AsyncClient,
    resolve: Callable[[Secret], str],
    clock: Callable[[], datetime],
    tls: ssl.SSLContext | None,
    hostname: str,
) -> Sender:
    """Build the sender of a channel; nothing is opened or asked for before its first alert.

    `http` is the client for webhooks (owned by the caller; private addresses are the owner's word); `resolve` reads a
    secret when it is needed; `clock` gives aware UTC; `tls` is the context for mail (None: the system's trust store);
    `hostname` is what a mail server is greeted with.
    """
    if channel.type == "email":
        return EmailSender(channel, resolve=resolve, clock=clock, tls=tls, hostname=hostname)
    return WebhookSender(channel, http=http, resolve=resolve, clock=clock)
