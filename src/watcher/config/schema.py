"""The shapes of a configuration's tables, checked by pydantic: every key once, with what it may hold.

A shape is a TypedDict whose keys are named as the fields of the value they become (model/), so that defaults stand
there and only there: checking gives back the keys that were set, each in its final type. `LATER` names the keys that
the file format knows and this version lacks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, NotRequired

from pydantic import BeforeValidator, ConfigDict, Field, PlainValidator, StrictBool, StrictInt, TypeAdapter, with_config
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

from watcher.config import values
from watcher.config.confirms import confirms
from watcher.model import DOCUMENT_EVENTS, HEALTH_EVENTS, SEVERITIES, Confirms, Secret

FORBID = ConfigDict(extra="forbid")


def _text(parse: Callable[[str], object], wanted: str = "text") -> PlainValidator:
    """A value that is written as text and read by `parse`."""

    def check(value: object) -> object:
        if not isinstance(value, str):
            raise ValueError(f"found {values.shown(value)}, wanted {wanted}")
        return parse(value)

    return PlainValidator(check)


def _hidden(parse: Callable[[str], object]) -> PlainValidator:
    """The same for secrets: a message never repeats what was found."""

    def check(value: object) -> object:
        if not isinstance(value, str):
            raise ValueError('wanted text: "env:NAME", "file:PATH" or "credential:NAME"')
        return parse(value)

    return PlainValidator(check)


def _choice(*allowed: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in allowed:
            hint = values.nearest(text, allowed)
            raise ValueError(f"found {values.shown(text)}, allowed: {', '.join(allowed)}{hint}")
        return text

    return check


KINDS_READ = ("feed", "article", "listing", "dataset", "file")


def _kind(text: str) -> str:
    return _choice(*KINDS_READ)(text)


def _separator(text: str) -> str:
    if len(text) != 1 or text in '"\r\n':
        raise ValueError(f'{values.shown(text)} separates no cells; wanted one character, as in ";" or "\\t"')
    return text


def _any_text(text: str) -> str:
    return text


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _seconds(parse: Callable[[str], timedelta]) -> Callable[[str], float]:
    return lambda text: parse(text).total_seconds()


def _truth_or_duration(value: object) -> bool | timedelta:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return values.duration(value)
    raise ValueError(f'found {values.shown(value)}, wanted true, false or a duration such as "3d"')


def _headers(value: object) -> tuple[tuple[str, str | Secret], ...]:
    if not isinstance(value, dict):
        raise ValueError('wanted a table: { Accept-Language = "en" }')
    found = []
    for key, text in value.items():
        if not isinstance(text, str):
            raise ValueError(f"{values.shown(key)}: wanted text")
        try:
            found.append((key, values.header(key, text)))
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from None
    return tuple(found)


def _auth(value: object) -> tuple[str, Secret]:
    if not isinstance(value, dict) or set(value) != {"user", "password"}:
        raise ValueError('wanted a table: { user = "name", password = "env:NAME" }')
    user, password = value["user"], value["password"]
    if not isinstance(user, str) or not isinstance(password, str):
        raise ValueError("user and password must be text")
    if ":" in user:
        raise ValueError("user holds a colon, which HTTP forbids there")  # RFC 7617, section 2
    return values.line_of_text(user), values.secret(password)


def _labels(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise ValueError('wanted a table: { matter = "1234-07" }')
    found = []
    for key, text in value.items():
        if not isinstance(text, str):
            raise ValueError(f"{values.shown(key)}: wanted text")
        found.append((values.name(key), values.header_text(text)))
    return tuple(found)


DURATION = 'a duration such as "30s" "15m" "6h" "7d"'
Line = Annotated[str, _text(values.line_of_text)]
Name = Annotated[str, _text(values.name)]
HeaderText = Annotated[str, _text(values.header_text)]
Pause = Annotated[timedelta, _text(values.pause, DURATION)]
Positive = Annotated[timedelta, _text(values.positive, DURATION)]
PositiveSeconds = Annotated[float, _text(_seconds(values.positive), DURATION)]
Seconds = Annotated[float, _text(_seconds(values.duration), DURATION)]
Size = Annotated[int, _text(values.size, 'a size such as "20MB"')]
Zone = Annotated[str, _text(values.zone, 'a time zone such as "America/New_York"')]
Url = Annotated[str, _text(values.url, "an address")]
Pattern = Annotated[str, _text(values.pattern)]
Selector = Annotated[str, _text(values.selector, "a CSS selector")]
SelectorOrRegex = Annotated[str, _text(values.selector_or_regex, 'a CSS selector, or "re:" and a regular expression')]
SecretText = Annotated[Secret, _hidden(values.secret)]
Proxy = Annotated[Secret, _hidden(values.proxy)]
Headers = Annotated[tuple[tuple[str, str | Secret], ...], PlainValidator(_headers)]
Mail = Annotated[str, _text(values.mail_address, "a mail address")]
Count = Annotated[StrictInt, Field(ge=1, le=10_000)]
Level = Annotated[str, _text(_choice(*SEVERITIES))]
Event = Annotated[str, _text(_choice(*DOCUMENT_EVENTS, *HEALTH_EVENTS))]
Choices = BeforeValidator(_as_list)


class _Source(TypedDict, total=False):
    title: Line
    kind: Annotated[str, _text(_kind)]
    was: tuple[Name, ...]
    every: Pause
    cron: Annotated[str, _text(values.cron, 'a cron line such as "*/5 8-18 * * mon-fri"')]
    adaptive: StrictBool
    timezone: Zone
    locale: Annotated[str, _text(values.locale, 'a locale such as "en-US"')]
    select: Selector
    ignore: tuple[SelectorOrRegex, ...]
    keep: tuple[SelectorOrRegex, ...]
    window: StrictBool
    announce_existing: Annotated[bool | timedelta, PlainValidator(_truth_or_duration)]
    headers: Headers
    cookies: SecretText
    auth: Annotated[tuple[str, Secret], PlainValidator(_auth)]
    user_agent: Line
    contact: HeaderText
    proxy: Proxy
    timeout: Positive
    deadline: Positive
    max_bytes: Size
    only: tuple[Pattern, ...]
    never: tuple[Pattern, ...]
    alarm_after: Annotated[timedelta, _text(values.duration, DURATION)]
    stories: tuple[Name, ...]
    tags: tuple[Line, ...]
    labels: Annotated[tuple[tuple[str, str], ...], PlainValidator(_labels)]
    severity: Level
    notify: tuple[Name, ...]
    enabled: StrictBool
    rows: Line
    key: Annotated[tuple[Line, ...], Field(min_length=1), Choices]
    fields: Annotated[tuple[Line, ...], Choices]
    columns: tuple[Line, ...]
    delimiter: Annotated[str, _text(_separator, "one character")]
    render: StrictBool
    wait: Selector
    confirms: Annotated[Confirms, PlainValidator(confirms)]
    follow: Positive


@with_config(FORBID)
class SourceShape(_Source):
    name: Name
    url: Url


@with_config(FORBID)
class DefaultsShape(_Source):
    """Any key of a source but those that name one."""


@with_config(FORBID)
class WatcherShape(TypedDict, total=False):
    database: Annotated[str, _text(values.database)]
    contact: HeaderText
    timezone: Zone


@with_config(FORBID)
class FetchShape(TypedDict, total=False):
    concurrency: Count
    per_host: Count
    delay: Seconds
    timeout: PositiveSeconds
    deadline: PositiveSeconds
    max_bytes: Size
    robots: StrictBool
    proxy: Proxy
    ca: Line
    allow_private: tuple[Annotated[str, _text(values.network)], ...]
    browser: Line
    browser_sandbox: StrictBool


@with_config(FORBID)
class HostShape(TypedDict, total=False):
    per_host: Count
    delay: Seconds
    timeout: PositiveSeconds
    user_agent: Line
    proxy: Proxy
    ca: Line
    robots: StrictBool


@with_config(FORBID)
class WebShape(TypedDict, total=False):
    base_url: Url


@with_config(FORBID)
class RetentionShape(TypedDict, total=False):
    snapshots: Annotated[timedelta, _text(values.duration, DURATION)]
    polls: Annotated[timedelta, _text(values.duration, DURATION)]


@with_config(FORBID)
class StoryShape(TypedDict):
    title: NotRequired[Line]
    match: NotRequired[tuple[Pattern, ...]]


@with_config(FORBID)
class RouteShape(TypedDict):
    notify: Annotated[tuple[Name, ...], Choices]
    source: NotRequired[Annotated[tuple[Name, ...], Choices]]
    tag: NotRequired[Annotated[tuple[Line, ...], Choices]]
    story: NotRequired[Annotated[tuple[Name, ...], Choices]]
    event: NotRequired[Annotated[tuple[Event, ...], Choices]]
    severity: NotRequired[Annotated[tuple[Level, ...], Choices]]
    text: NotRequired[Annotated[tuple[Pattern, ...], Choices]]
    silent: NotRequired[StrictBool]


class _Channel(TypedDict, total=False):
    timezone: Zone
    group: Annotated[str, _text(_choice("poll", "change"))]
    pauses: Annotated[tuple[Pause, ...], Field(min_length=1)]


@with_config(FORBID)
class EmailShape(_Channel):
    type: str
    to: Annotated[tuple[Mail, ...], Field(min_length=1), Choices]
    sender: Annotated[str, _text(values.mail_address), Field(alias="from")]
    smtp: Annotated[values.Smtp, _text(values.smtp)]
    password: NotRequired[SecretText]
    ca: NotRequired[Line]


@with_config(FORBID)
class WebhookShape(_Channel):
    type: str
    url: Annotated[str | Secret, _text(values.url_or_secret)]
    secret: NotRequired[Annotated[Secret, _hidden(values.signing_secret)]]
    headers: NotRequired[Headers]


@dataclass(frozen=True, slots=True)
class Shape:
    """A table's shape, ready to check with, and the keys it may hold as they are written in the file."""

    adapter: TypeAdapter[Any]
    keys: tuple[str, ...]


def _shape(table: type) -> Shape:
    return Shape(TypeAdapter(table), tuple("from" if key == "sender" else key for key in table.__annotations__))


SINGLE = {
    "watcher": _shape(WatcherShape),
    "fetch": _shape(FetchShape),
    "web": _shape(WebShape),
    "retention": _shape(RetentionShape),
    "defaults": _shape(DefaultsShape),
}
CHANNELS = {"email": _shape(EmailShape), "webhook": _shape(WebhookShape)}
SOURCE = _shape(SourceShape)
SOURCES: TypeAdapter[Any] = TypeAdapter(list[SourceShape])
HOST = _shape(HostShape)
STORY = _shape(StoryShape)
ROUTE = _shape(RouteShape)

# What the file format knows and this version lacks: named in words instead of "unknown key".
LATER: dict[str, frozenset[str]] = {
    "sources": frozenset({"preset", "stale", "calendar"}),
    "defaults": frozenset({"preset", "stale", "calendar"}),
    "web": frozenset({"listen", "password", "auth_header", "trusted_proxies", "timezone", "metrics"}),
    "email": frozenset({"digest", "quiet", "pulse", "attach", "auth"}),
    "webhook": frozenset({"digest", "quiet", "pulse", "attach", "body"}),
}
NOT_AVAILABLE = "not available in this version"
TABLES = (
    "include",
    "watcher",
    "fetch",
    "hosts",
    "web",
    "retention",
    "defaults",
    "sources",
    "stories",
    "channels",
    "routes",
)
