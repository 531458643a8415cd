"""Addresses to ask and the headers to ask with; plain functions and values, nothing is asked here.

A `Target` is an address taken apart once. Log-ins in an address become a header, so that the address can be shown;
fragments are not sent. Raises FetchError (Refused for schemes that are not asked), its address masked.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

import httpx

from watcher.core.mask import mask_url
from watcher.errors import FetchError, Refused
from watcher.fetch.credentials import basic_auth
from watcher.fetch.decode import ACCEPTED

MOST_URL = 16_384
PROJECT = "https://github.com/regwatcher/watcher"

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HOST = re.compile(r"[a-z0-9._-]+")
_NOT_IN_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OURS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade", "expect", "keep-alive"}
)
# What may follow to another origin; all else that the owner set may be a secret.
_HARMLESS = frozenset({"accept", "accept-language", "accept-encoding", "user-agent"})


@dataclass(frozen=True, slots=True)
class Target:
    """`url` without fragment and log-in; `host` in lower case without port; `shown` masked, for people."""

    url: httpx.URL
    text: str
    host: str
    origin: str
    scheme: str
    shown: str
    authorization: str | None = None


def shorten(url: str) -> str:
    """Show an address in an error: masked, and not longer than a line or three."""
    shown = mask_url(url[:MOST_URL])
    return shown if len(shown) <= 300 else shown[:299] + "…"


@lru_cache(maxsize=4096)
def parse(text: str) -> Target:
    """Take an address apart; raises FetchError or Refused when it cannot be asked."""
    shown = shorten(text)
    if len(text) > MOST_URL:
        raise FetchError(shown, f"This address is longer than {MOST_URL:,} characters ({shown}).", transient=False)
    try:
        url = httpx.URL(text.strip())
        scheme, host = url.scheme, url.raw_host.decode("ascii").lower()
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise FetchError(shown, f"This is no address: {error} ({shown}).", transient=False) from error
    if scheme not in ("http", "https"):
        named = f"{scheme[:20]}:" if scheme else "an address without a scheme"
        raise Refused(shown, f"Watcher asks only http and https addresses, not {named} ({shown}).")
    if not host:
        raise FetchError(shown, f"This address names no host ({shown}).", transient=False)
    if not _HOST.fullmatch(host) and ":" not in host:  # percent signs and the like, which resolvers read as they please
        raise FetchError(shown, f"{host[:80]} is no address of a host ({shown}).", transient=False)
    authorization = None
    plain = text.strip()
    if url.userinfo:
        user, _, password = url.userinfo.decode("ascii").partition(":")
        authorization = basic_auth(unquote(user), unquote(password))
    if url.userinfo or url.fragment or "#" in plain:
        url = url.copy_with(userinfo=b"", fragment=None)
        plain = str(url)
    origin = f"{scheme}://{url.netloc.decode('ascii')}"
    return Target(url, plain, host, origin, scheme, shown, authorization)


def follow(target: Target, location: str) -> Target:
    """Find where a redirect leads; raises FetchError, Refused for other schemes and for leaving TLS."""
    try:
        url = str(target.url.join(location.strip()))
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(
            target.shown,
            f"{target.host} redirects to what is no address: {shorten(location)!r} ({target.shown}).",
            transient=False,
        ) from error
    try:
        found = parse(url)
    except Refused as error:
        raise Refused(target.shown, f"{target.host} redirects where Watcher will not go: {error.message}") from error
    except FetchError as error:
        message = f"{target.host} redirects where Watcher cannot go: {error.message}"
        raise FetchError(target.shown, message, transient=False) from error
    if target.scheme == "https" and found.scheme == "http":
        raise Refused(
            target.shown,
            f"{target.host} redirects from https to {found.shown}, which anybody could alter on its way; "
            "name that address yourself if it is meant.",
        )
    return found


def keeps_secrets(before: Target, after: Target) -> bool:
    """Say whether what was meant for one address may be sent to the other: the same origin, or its upgrade to TLS."""
    return before.origin == after.origin or (
        before.scheme == "http" and after.scheme == "https" and before.url.netloc == after.url.netloc
    )


def harmless(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Keep only the headers that may go to any origin."""
    return tuple((name, value) for name, value in headers if name.lower() in _HARMLESS)


def check_headers(shown: str, headers: tuple[tuple[str, str], ...]) -> None:
    """Raise FetchError for headers that no request may carry: broken names, line breaks, what belongs to the client."""
    for name, value in headers:
        if not _TOKEN.fullmatch(name):
            raise FetchError(shown, f"{name[:40]!r} is no name for a header ({shown}).", transient=False)
        if name.lower() in _OURS:
            raise FetchError(shown, f"The header {name} is set by Watcher itself ({shown}).", transient=False)
        if _NOT_IN_VALUE.search(value):
            raise FetchError(
                shown,
                f"The value of the header {name} holds a line break or control character ({shown}).",
                transient=False,
            )


@lru_cache(maxsize=256)
def user_agent(version: str, contact: str | None) -> str:
    """Name the program, its page and whom to write to: `watcher/1.0 (+https://…; ops@example.org)`."""
    contact = re.sub(r"[^\x20-\x7e]|[()\\]", "", contact or "").strip()[:200]
    return f"watcher/{version} (+{PROJECT}{'; ' + contact if contact else ''})"


@lru_cache(maxsize=256)
def robots_name(agent: str) -> str:
    """Name what robots.txt may call us: our product's name, or a User-Agent of the owner's as a whole."""
    return "watcher" if agent.startswith("watcher/") else agent


def build_headers(
    agent: str, custom: tuple[tuple[str, str], ...], validators: tuple[tuple[str, str], ...], authorization: str | None
) -> list[tuple[str, str]]:
    """Put a request's headers together, names in lower case; the owner's win over ours."""
    headers = [("user-agent", agent), ("accept", "*/*"), ("accept-encoding", ACCEPTED)]
    if custom:
        named = {name.lower() for name, _ in custom}
        headers = [pair for pair in headers if pair[0] not in named]
        headers += [(name.lower(), value) for name, value in custom]
        if "authorization" in named:
            authorization = None
    if authorization is not None:
        headers.append(("authorization", authorization))
    headers += validators
    return headers
