"""Single values of a configuration, from text: durations, sizes, zones, locales, addresses, patterns, secrets.

Each function takes what stands in the file and returns the value, or raises ValueError with a sentence that says what
is allowed; the key and the place are added by the caller. No message holds a secret.
"""

import base64
import binascii
import contextlib
import difflib
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from ipaddress import ip_interface, ip_network
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from watcher.core.cadence import parse_cron
from watcher.core.mask import is_secret_header, mask_url
from watcher.model import Secret

NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?) ?(ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,3})?) ?(B|[kK]B|MB|GB|KiB|MiB|GiB)")
_FACTORS = {"B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_LOCALE = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|[0-9]{3}))?")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SECRET = re.compile(r"(env|file|credential):(.+)", re.DOTALL)
_MAIL = re.compile(r"""(?:[^<>@"]*|"[^"]*") ?<([^<>\s,;]+@[^<>\s@,;]+)>|([^<>\s@,;"]+@[^<>\s@,;"]+)""")
_HOST_PATTERN = re.compile(r"[a-z0-9.*?_-]{1,253}|[0-9a-f:.]{2,45}")  # the second: IPv6


def shown(value: object) -> str:
    """A value as it is repeated in a message: short, in TOML's manner, addresses masked."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = mask_url(value) if "://" in value else value
        return '"' + _CONTROL.sub("�", text[:60]) + ("…" if len(text) > 60 else "") + '"'
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a table"
    return str(value)[:60]


def nearest(word: str, known: Iterable[str]) -> str:
    """`, did you mean "x"?` for the nearest known name, or nothing."""
    names = list(known)
    match = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    match = match or [name for name in names if name.lower() == word.lower()][:1]
    return f', did you mean "{match[0]}"?' if match else ""


def line_of_text(text: str) -> str:
    """One line that is not empty: it may end up in a header."""
    if not text.strip():
        raise ValueError("is empty")
    if _CONTROL.search(text):
        raise ValueError("holds a line break or control character; wanted one line of text")
    return text


def name(text: str) -> str:
    """The name of a source, story, channel or label."""
    if not NAME.fullmatch(text):
        raise ValueError(f"{shown(text)} is no name; allowed are letters (a to z), digits, - and _, up to 100")
    return text


def header_text(text: str) -> str:
    """What becomes (part of) a request header; may be empty."""
    if _CONTROL.search(text):
        raise ValueError("holds a line break or control character; a header is one line")
    return text


def duration(text: str) -> timedelta:
    """`"500ms" "30s" "15m" "6h" "7d"`."""
    match = _DURATION.fullmatch(text.strip())
    if not match:
        raise ValueError(f'{shown(text)} is no duration; write a number and a unit, as in "30s" "15m" "6h" "7d"')
    seconds = float(match[1]) * _UNITS[match[2]]
    if seconds > 36500 * 86400:
        raise ValueError(f"{shown(text)} is longer than a hundred years")
    return timedelta(seconds=seconds)


def pause(text: str) -> timedelta:
    """A duration of a second or more."""
    value = duration(text)
    if value < timedelta(seconds=1):
        raise ValueError(f'{shown(text)} is too short; the least is "1s"')
    return value


def positive(text: str) -> timedelta:
    """A duration that is not nothing."""
    value = duration(text)
    if not value:
        raise ValueError(f"{shown(text)} is no time at all")
    return value


def size(text: str) -> int:
    """`"500kB" "20MB" "1GB"` (thousands) or `"16MiB"`; in bytes."""
    match = _SIZE.fullmatch(text.strip())
    if not match:
        raise ValueError(f'{shown(text)} is no size; write a number and a unit, as in "500kB" "20MB" "1GB"')
    value = round(float(match[1]) * _FACTORS[match[2]])
    if not 1 <= value <= 10**12:
        raise ValueError(f'{shown(text)} is out of bounds; allowed is "1B" to "1000GB"')
    return value


@lru_cache(maxsize=1024)
def zone(text: str) -> str:
    """The name of a time zone of the IANA database."""
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        hint = nearest(text, available_timezones())
        raise ValueError(f'{shown(text)} is no time zone; wanted a name such as "America/New_York"{hint}') from None
    return text


@lru_cache(maxsize=1024)
def locale(text: str) -> str:
    """A language, with a region where that decides (`en-US`), in the writing of BCP 47."""
    match = _LOCALE.fullmatch(text)
    if not match:
        raise ValueError(f'{shown(text)} is no locale; wanted a language and region such as "en-US" or "de"')
    language, script, region = match.groups()
    return "-".join(part for part in (language.lower(), script and script.title(), region and region.upper()) if part)


@lru_cache(maxsize=4096)
def cron(text: str) -> str:
    """A cron line, weekdays as names (`cadence.parse_cron`)."""
    try:
        return parse_cron(text)
    except ValueError as error:
        raise ValueError(f'{shown(text)} {error}; as in "*/5 8-18 * * mon-fri"') from None


def url(text: str) -> str:
    """An http or https address, as written, without surrounding white space. (RFC 3986.)"""
    text = text.strip()
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
        parts = urlsplit("")
    if not host or parts.scheme not in ("http", "https") or " " in text or _CONTROL.search(text):
        raise ValueError(f"{shown(text)} is no address; wanted http:// or https:// and a host")
    return text


@lru_cache(maxsize=4096)
def regex(text: str) -> str:
    """A regular expression, without `re:`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{shown(text)} is no regular expression: {error}") from None
    return text


@lru_cache(maxsize=4096)
def pattern(text: str) -> str:
    """A word or phrase, or `re:` and a regular expression."""
    if text.startswith("re:"):
        regex(text[3:])
    elif not text.strip():
        raise ValueError('is empty; wanted words, or "re:" and a regular expression')
    return text


@lru_cache(maxsize=4096)
def selector(text: str) -> str:
    """A CSS selector."""
    import soupsieve  # takes its time, and most sources have none

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            soupsieve.compile(text)
    except (soupsieve.SelectorSyntaxError, ValueError) as error:
        words = str(error).splitlines()[0].rstrip(":") if str(error) else "it does not parse"
        raise ValueError(f"{shown(text)} is no CSS selector: {words}") from None
    return text


def selector_or_regex(text: str) -> str:
    """A CSS selector, or `re:` and a regular expression."""
    return pattern(text) if text.startswith("re:") else selector(text)


def network(text: str) -> str:
    """A network or address, such as `127.0.0.0/8` or `fd00::/8`."""
    with contextlib.suppress(ValueError):
        return str(ip_network(text))
    try:
        hint = f', did you mean "{ip_interface(text).network}"?'
    except ValueError:
        hint = ""
    raise ValueError(f'{shown(text)} is no network; wanted one such as "127.0.0.0/8"{hint}')


def host_pattern(text: str) -> str:
    """A host, or a shell pattern of hosts, in lower case."""
    text = text.lower()
    if not _HOST_PATTERN.fullmatch(text):
        raise ValueError(f'{shown(text)} is no host; wanted one such as "www.sec.gov" or "*.sec.gov"')
    return text


def mail_address(text: str) -> str:
    """`desk@example.org` or `The Desk <desk@example.org>`. (RFC 5322, 3.4; no groups, no comments.)"""
    if _CONTROL.search(text) or not _MAIL.fullmatch(text.strip()):
        raise ValueError(f'{shown(text)} is no mail address; wanted one such as "desk@example.org"')
    return text.strip()


def secret(text: str) -> Secret:
    """`env:NAME`, `file:PATH`, `credential:NAME`, or the secret itself."""
    if not text:
        raise ValueError('is empty; wanted "env:NAME", "file:PATH" or "credential:NAME"')
    if not (match := _SECRET.fullmatch(text)):
        return Secret(text, plain=True)
    way, rest = match.groups()
    if way == "env" and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", rest):
        raise ValueError(f"{shown(text)} names no environment variable")
    if way == "credential" and (not re.fullmatch(r"[^/\x00-\x1f]{1,255}", rest) or rest in (".", "..")):
        raise ValueError(f"{shown(text)} names no credential")
    if way == "file" and "\x00" in rest:
        raise ValueError("names no file")
    return Secret(text)


def signing_secret(text: str) -> Secret:
    """A webhook's secret: a reference, or `whsec_` and base64 (Standard Webhooks, "Signature scheme")."""
    value = secret(text)
    if value.plain:
        try:
            raw = base64.b64decode(text.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if not text.startswith("whsec_") or not raw:
            raise ValueError('is no signing secret; wanted "whsec_" and base64, or a reference such as "env:NAME"')
    return value


def proxy(text: str) -> Secret:
    """The address of an HTTP proxy, or a reference to it."""
    value = secret(text)
    if value.plain:
        url(text)
    return value


def url_or_secret(text: str) -> str | Secret:
    """An address, or a reference to one."""
    value = secret(text) if text else None
    return url(text) if value is None or value.plain else value


def header(key: str, text: str) -> str | Secret:
    """The value of one request header: a reference, a secret by its name, or plain text. (RFC 9110, 5.1 and 5.5.)"""
    if not _TOKEN.fullmatch(key):
        raise ValueError(f"{shown(key)} is no header's name")
    header_text(text)
    value = secret(text) if text else None
    if value is not None and (not value.plain or is_secret_header(key)):
        return value
    return text


@dataclass(frozen=True, slots=True)
class Smtp:
    """The way to a mail server: `url` has no password, and always a port."""

    url: str
    tls: str
    password: Secret | None


def smtp(text: str) -> Smtp:
    """`smtps://user@host:465` (TLS), `smtp://host:587` (STARTTLS), `smtp://host:25?tls=off`."""
    allowed = "wanted smtps://user@host:465, smtp://host:587 (STARTTLS) or smtp://host:25?tls=off"
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"{shown(text)} is no mail server; {allowed}") from None
    odd = parts.path not in ("", "/") or parts.fragment or _CONTROL.search(text) or " " in text.strip()
    if not host or parts.scheme not in ("smtp", "smtps") or odd:
        raise ValueError(f"{shown(text)} is no mail server; {allowed}")
    if parts.query not in ("", "tls=off", "tls=starttls") or (parts.scheme == "smtps" and parts.query):
        raise ValueError(f"{shown(text)}: unknown option; {allowed}")
    tls = "implicit" if parts.scheme == "smtps" else "off" if parts.query == "tls=off" else "starttls"
    port = port or {"implicit": 465, "off": 25, "starttls": 587}[tls]
    user = f"{parts.username}@" if parts.username else ""
    password = Secret(unquote(parts.password), plain=True) if parts.password else None
    place = f"[{host}]" if ":" in host else host
    return Smtp(f"{parts.scheme}://{user}{place}:{port}", tls, password)


def database(text: str) -> str:
    """`sqlite:///PATH` or `postgresql+psycopg://user@host/name`."""
    if re.fullmatch(r"sqlite:///[^?#\x00-\x1f]+", text) and text != "sqlite:///:memory:":
        return text
    if re.fullmatch(r"postgresql\+psycopg://[^\s]*/[^\s/]+", text):
        return text
    hint = ', did you mean "postgresql+psycopg://…"?' if text.startswith(("postgres:", "postgresql:")) else ""
    raise ValueError(
        f'{shown(text)} is no database; wanted "sqlite:///watcher.db" or "postgresql+psycopg://user@host/name"{hint}'
    )
