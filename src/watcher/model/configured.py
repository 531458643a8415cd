"""What the configuration says: sources, routes, channels, how to fetch."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from watcher.model.names import Kind, Severity


@dataclass(frozen=True, slots=True)
class Secret:
    """A reference to a secret: `env:NAME`, `file:PATH`, `credential:NAME`, or a plain value written in the file.

    `config.resolve(secret)` reads it; its repr never shows a plain value.
    """

    reference: str
    plain: bool = False

    def __repr__(self) -> str:
        return "Secret('***')" if self.plain else f"Secret({self.reference!r})"


@dataclass(frozen=True, slots=True)
class Followed:
    """What makes a source a followed one (core/follow.py): the address that an entry led to, since when it is watched,
    when it or its entry last showed life, how many links lie between it and the feed, and whether an entry that led
    here passed the source's rules; `title` is that of the entry or page that links it."""

    url: str
    since: datetime
    life: datetime
    depth: int = 1
    passed: bool = False
    least: timedelta = timedelta()  # between two polls, where many pages of one host were found at once
    title: str = ""


@dataclass(frozen=True, slots=True)
class Confirms:
    """That a source is complete and confirms a fast one, by name. `key` is a pattern of what both print of one record
    (None: its identifier or link); `fields` are compared; what one lacks for longer than `within` is told."""

    source: str
    key: str | None = None
    within: timedelta = timedelta(days=3)
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to watch, as configured, defaults and preset already merged in."""

    name: str
    url: str
    title: str | None = None
    kind: Kind | None = None
    was: tuple[str, ...] = ()
    every: timedelta | None = None
    cron: str | None = None
    adaptive: bool = False
    timezone: str = "UTC"  # of times on the page that name no zone; an IANA name
    locale: str | None = None
    select: str | None = None
    ignore: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    window: bool | None = None
    announce_existing: bool | timedelta = False
    headers: tuple[tuple[str, str | Secret], ...] = ()
    cookies: Secret | None = None
    auth: tuple[str, Secret] | None = None
    user_agent: str | None = None
    contact: str | None = None  # None: the configured one; "": none
    proxy: Secret | None = None
    timeout: timedelta | None = None
    deadline: timedelta | None = None
    max_bytes: int | None = None
    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    alarm_after: timedelta = timedelta(minutes=30)
    stories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    severity: Severity | None = None
    notify: tuple[str, ...] = ()
    enabled: bool = True
    rows: str | None = None  # of a dataset: where its records stand, a JSONPath, an XPath or a sheet's name
    key: tuple[str, ...] | None = None  # the fields that identify a record
    fields: tuple[str, ...] = ()  # the ones whose change matters, dotted for nested ones; all without
    columns: tuple[str, ...] = ()  # the names of a table's columns where the file has none
    delimiter: str | None = None
    render: bool = False  # read the page through a browser
    wait: str | None = None  # with `render`: a CSS selector that must fit before the page is read
    follow: timedelta | None = None  # of a feed or listing: how long each new entry's own page is watched
    parent: "Source | None" = None  # of a followed page, never configured: the source whose entry led here
    followed: Followed | None = None  # of a followed page

    confirms: Confirms | None = None  # the fast source whose records this one confirms (core/pairs.py)

    @property
    def shown(self) -> str:
        """The name for people."""
        return self.title or self.name


@dataclass(frozen=True, slots=True)
class Story:
    name: str
    title: str
    match: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """All keys that are set must fit; values of one key are alternatives."""

    notify: tuple[str, ...]
    source: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    story: tuple[str, ...] = ()
    event: tuple[str, ...] = ()
    severity: tuple[Severity, ...] = ()
    text: tuple[str, ...] = ()
    silent: bool | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """Where alerts go. The keys below the line belong to one type and are empty for the other."""

    name: str
    type: Literal["email", "webhook"]
    group: Literal["poll", "change"]
    timezone: str = "UTC"
    pauses: tuple[timedelta, ...] = ()
    # email
    to: tuple[str, ...] = ()
    sender: str = ""
    smtp: str = ""  # smtp[s]://user@host:port, without a password
    tls: Literal["starttls", "implicit", "off"] = "starttls"
    password: Secret | None = None
    ca: str | None = None
    # webhook
    url: str | Secret = ""
    secret: Secret | None = None
    headers: tuple[tuple[str, str | Secret], ...] = ()


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """`[fetch]`: bounds and manners of all requests; times in seconds, sizes in bytes."""

    concurrency: int = 64
    per_host: int = 2
    delay: float = 1.0
    timeout: float = 30.0
    deadline: float = 120.0
    max_bytes: int = 20_000_000
    robots: bool = True
    proxy: Secret | None = None
    ca: str | None = None
    allow_private: tuple[str, ...] = ()
    contact: str | None = None  # from [watcher]
    browser: str | None = None  # an executable; None: the system's Chromium
    browser_sandbox: bool = True


@dataclass(frozen=True, slots=True)
class HostRule:
    """`[hosts."PATTERN"]`: one budget for all hosts that match (shell pattern, lower case); None: as in `[fetch]`."""

    pattern: str
    per_host: int | None = None
    delay: float | None = None
    timeout: float | None = None
    user_agent: str | None = None
    proxy: Secret | None = None
    ca: str | None = None
    robots: bool | None = None
