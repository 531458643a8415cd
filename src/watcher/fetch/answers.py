"""What an answer says apart from its body: status, headers, Retry-After. Plain functions on what came in."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus

from watcher.errors import BadStatus

LONGEST_WAIT = timedelta(days=31).total_seconds()
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})
WITH_CONTENT = frozenset({200, 203})

_WORDS = {
    201: "answered 201: it made something new instead of showing what is there",
    202: "answered 202: it has taken the request, but the answer is not ready",
    204: "answered 204: it has no content to show",
    205: "answered 205: it has no content to show",
    206: "answered 206 with a part, although the whole was asked for",
    300: "offers several versions and sends none; name the address of one",
    304: "answered 304 (not modified) although nothing was known yet",
    400: "does not understand the request (400)",
    401: "asks for a log-in (401); give `auth` or `headers`",
    402: "asks for payment (402)",
    403: "refuses access (403); it may want a `contact`, another `user_agent`, a log-in or a slower pace",
    404: "has no such page (404)",
    405: "does not allow it to be fetched (405)",
    406: "has no version that fits the request (406)",
    407: "is behind a proxy that asks for a log-in (407)",
    408: "gave up waiting for the request (408)",
    410: "says that the page is gone for good (410)",
    421: "is not the server for this host (421)",
    425: "does not want to be asked this early (425)",
    429: "says that it is asked too often (429)",
    451: "may not show the page for legal reasons (451)",
    500: "failed inside (500)",
    502: "could not reach the server behind it (502)",
    503: "is overloaded or under maintenance (503)",
    504: "waited in vain for the server behind it (504)",
}


def status_words(status: int) -> str:
    """Say in half a sentence what a status means for who asked."""
    if status in _WORDS:
        return _WORDS[status]
    try:
        phrase = f" ({HTTPStatus(status).phrase})"
    except ValueError:
        phrase = ""
    if 300 <= status < 400:
        return f"answered {status}{phrase} without an address to follow"
    return f"answered {status}{phrase}"


def _duration(seconds: float) -> str:
    whole = timedelta(seconds=round(seconds))
    return f"{whole.seconds} seconds" if not whole.days and whole.seconds < 600 else str(whole)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Read a Retry-After header.

    In: its value, seconds or an HTTP date (RFC 9110, section 10.2.3), and the aware time of the answer. Out: seconds
    from then, between 0 and 31 days; None when it is missing or says neither.
    """
    if value is None:
        return None
    value = value.strip()
    if re.fullmatch(r"[0-9]{1,12}(?:\.[0-9]{1,6})?", value):
        return min(float(value), LONGEST_WAIT)
    if len(value) > 60:
        return None
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), LONGEST_WAIT)


def bad_status(url: str, host: str, status: int, retry: str | None, now: datetime) -> BadStatus:
    """Put a status that carries no content into a sentence; `url` is already masked, `retry` the Retry-After header."""
    wait = retry_after(retry, now)
    again = "" if wait is None else f"; it wants to be left alone for {_duration(wait)}"
    return BadStatus(url, status, f"{host} {status_words(status)}{again} ({url}).", retry_after=wait)


@lru_cache(maxsize=512)
def _name(raw: bytes) -> str:
    return raw.decode("ascii", "replace").lower()


def _value(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " for c in text).strip()


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    """Read an answer's headers: names in lower case, values as UTF-8 or else Latin-1, without control characters."""
    return tuple((_name(name), _value(value)) for name, value in raw)
