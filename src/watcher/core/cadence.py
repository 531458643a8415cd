"""When to look again: intervals, cron lines, pauses after failures, Retry-After.

Pure: `now` and `jitter` are handed in, all times that come out are aware UTC. APScheduler's CronTrigger is used as a
calculator of wall-clock times only; what daylight saving makes of them is decided here:
a line with a fixed minute and hour fires once for each wall-clock time (the skipped hour's moments right after the
gap, the doubled hour's at its first pass); a line whose minute or hour starts with `*` follows elapsed time.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from watcher.model import Followed, Kind, Source

DEFAULT_PACE: dict[Kind, timedelta] = {
    "feed": timedelta(minutes=5),
    "article": timedelta(minutes=10),
    "listing": timedelta(minutes=10),
    "dataset": timedelta(minutes=30),
    "file": timedelta(hours=1),
}
LONGEST_PAUSE = timedelta(hours=6)  # between two tries of a failing source, unless its own pace is slower
LONGEST_RETRY_AFTER = timedelta(days=7)  # a host cannot silence a source for ever
SHORTEST = timedelta(seconds=1)
CRON_JITTER = timedelta(seconds=5)
SPARSE = timedelta(hours=1)  # a cron line with this much between two moments is retried in between
RETRY = timedelta(minutes=10)
COOLING = 12  # a followed page is asked for after a twelfth of the time since it last showed life,
COLD = timedelta(days=1)  # at least daily,
OLD = 60  # of one that was quiet for long, after a sixtieth of that time,
COLDEST = timedelta(days=7)  # at least weekly

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * sun",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()  # of the values from `low` on


FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, MONTHS),
    _Field("weekday", 0, 7, WEEKDAYS),
)
LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


# --- cron lines -----------------------------------------------------------------------------------------------------


def parse_cron(line: str) -> str:
    """Check a cron line and write it so that nobody can mistake its weekdays.

    In: five fields (minute, hour, day of month, month, weekday; numbers or English names, `*`, lists, ranges, steps;
    0 and 7 are Sunday; crontab(5)) or `@hourly @daily @weekly @monthly @yearly`. Out: the same line in lower case,
    numeric weekdays as names. Raises ValueError in words for what is no cron line or names a day that never comes.
    """
    text = ALIASES.get(line.strip().lower(), line.strip().lower())
    fields = text.split()
    if len(fields) != len(FIELDS):
        raise ValueError(f"has {len(fields)} fields, a cron line has 5: minute hour day month weekday")
    values = [_values(part, field) for part, field in zip(fields, FIELDS, strict=True)]
    days, months = values[2], values[3]
    if _starred(fields[4]) and not any(day <= LONGEST_MONTH[month - 1] for month in months for day in days):
        raise ValueError("names a day that never comes")
    if not _starred(fields[4]):
        fields[4] = ",".join(WEEKDAYS[day] for day in sorted(values[4], key=lambda day: (day - 1) % 7))
    return " ".join(fields)


def _starred(text: str) -> bool:
    return text.startswith("*")


def _values(text: str, field: _Field) -> frozenset[int]:
    """The values that one field of a cron line stands for; weekdays 0 (Sunday) to 6."""
    found: set[int] = set()
    for part in text.split(","):
        found.update(_part(part, field))
    return frozenset(found)


def _part(text: str, field: _Field) -> list[int]:
    span, slash, step_text = text.partition("/")
    high = 6 if field.name == "weekday" else field.high
    step = 1
    if slash:
        if not re.fullmatch(r"[0-9]{1,3}", step_text) or not 1 <= int(step_text) <= field.high:
            raise ValueError(f"{field.name} {text!r}: a step is a number from 1 to {field.high}")
        step = int(step_text)
    if span == "*":
        return list(range(field.low, high + 1, step))
    first_text, dash, last_text = span.partition("-")
    first = _number(first_text, field)
    last = _number(last_text, field) if dash else (high if slash else first)
    if field.name == "weekday":  # a week is a ring: fri-mon, 5-7 and 6-0 are ranges
        return [day % 7 for day in range(first, last + 1 if last >= first else last + 8, step)]
    if last < first:
        raise ValueError(f"{field.name} {span!r}: a range runs upwards")
    return list(range(first, last + 1, step))


def _number(text: str, field: _Field) -> int:
    if text in field.names:
        return field.names.index(text) + field.low
    if re.fullmatch(r"[0-9]{1,3}", text) and field.low <= int(text) <= field.high:
        return int(text)
    names = f" or {field.names[0]} to {field.names[-1]}" if field.names else ""
    raise ValueError(f"{field.name} {text!r}: must be {field.low} to {field.high}{names}")


@dataclass(frozen=True, slots=True)
class _Line:
    triggers: tuple[CronTrigger, ...]
    fixed: bool


@lru_cache(maxsize=4096)
def _compile(line: str) -> _Line:
    fields = parse_cron(line).split()
    written = [_written(_values(text, field), field) for text, field in zip(fields, FIELDS, strict=True)]
    minute, hour, day, month, weekday = written
    lines = [f"{minute} {hour} {day} {month} {weekday}"]
    if not _starred(fields[2]) and not _starred(fields[4]):  # crontab(5): with both days given, either will do
        lines = [f"{minute} {hour} {day} {month} *", f"{minute} {hour} * {month} {weekday}"]
    # UTC has no daylight saving: the trigger counts wall-clock time and nothing else
    triggers = tuple(CronTrigger.from_crontab(text, timezone=UTC) for text in lines)
    return _Line(triggers, fixed=not _starred(fields[0]) and not _starred(fields[1]))


def _written(values: frozenset[int], field: _Field) -> str:
    """One field in the words that APScheduler reads without surprises: `*`, or numbers; weekdays by name."""
    if field.name == "weekday":
        return "*" if len(values) == 7 else ",".join(WEEKDAYS[day] for day in sorted(values))
    if len(values) == field.high - field.low + 1:
        return "*"
    return ",".join(map(str, sorted(values)))


def _walls(line: _Line, start: datetime) -> Iterator[datetime]:
    """The wall-clock times of a line, in order, from `start` (naive) on."""
    at: datetime | None = start.replace(tzinfo=UTC)
    while at is not None:
        fires = [trigger.get_next_fire_time(None, at) for trigger in line.triggers]
        at = min((fire for fire in fires if fire is not None), default=None)
        if at is not None:
            yield at.replace(tzinfo=None)
            at += timedelta(minutes=1)


def _instants(wall: datetime, zone: ZoneInfo, fixed: bool) -> list[datetime]:
    """When a wall-clock time really comes, in UTC: once; twice or never on a daylight-saving night (PEP 495)."""
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first == second:
        return [first]
    exists = first.astimezone(zone).replace(tzinfo=None) == wall
    if fixed:
        return [first]
    return [first, second] if exists else []


def _spread(zone: ZoneInfo, at: datetime) -> timedelta:
    """How far the order of wall-clock times and of instants may differ around `at`."""
    near = timedelta(hours=26)
    offsets = [(at + shift).astimezone(zone).utcoffset() or timedelta() for shift in (-near, timedelta(), near)]
    return max(offsets) - min(offsets)


def next_fire(line: str, zone: str, after: datetime) -> datetime:
    """The first moment of a cron line, in the zone given (IANA name), that is later than `after`; aware UTC.

    Raises ValueError for what is no cron line.
    """
    compiled, place = _compile(line), ZoneInfo(zone)
    after = after.astimezone(UTC)
    start = after.astimezone(place).replace(tzinfo=None) - _spread(place, after)
    best: datetime | None = None
    stop = datetime.max  # noqa: DTZ901 - a wall-clock time is naive on purpose
    for wall in _walls(compiled, start):
        if wall > stop:
            break
        for instant in _instants(wall, place, compiled.fixed):
            if instant > after and (best is None or instant < best):
                best = instant
                stop = wall + _spread(place, instant)
        if best is not None and wall >= stop:
            break
    if best is None:
        raise ValueError(f"{line!r} names a day that never comes")
    return best


def busiest_pace(line: str) -> timedelta:
    """The pause between two moments of a cron line in an hour of its own: what a host has to bear.

    In: a line that `parse_cron` accepts. Out: an hour, parted by the number of its minutes.
    """
    minutes = _values(parse_cron(line).split()[0], FIELDS[0])
    return timedelta(hours=1) / len(minutes)


# --- the next poll --------------------------------------------------------------------------------------------------


def pace_of(source: Source, kind: Kind | None = None) -> timedelta:
    """The interval of a source without a cron line: its `every`, else its kind's; `kind` is what was found out."""
    return source.every or DEFAULT_PACE[source.kind or kind or "article"]


def followed_pace(source: Source, followed: Followed, now: datetime) -> timedelta:
    """The interval of a followed page: as its source says (`every`, else that of an article) while it is young or has
    just shown life, then slower with its age, never slower than once a week."""
    base = max(source.every or DEFAULT_PACE["article"], followed.least)
    quiet = max(now - max(followed.since, followed.life), timedelta())
    return max(base, min(quiet / COOLING, max(COLD, min(quiet / OLD, COLDEST))))


def _seconds(value: float | None, most: timedelta) -> timedelta:
    """A number of seconds from outside as a bounded interval; what is no number counts as none."""
    if value is None or math.isnan(value) or value <= 0:
        return timedelta()
    return timedelta(seconds=min(value, most.total_seconds()))


def _pause(pace: timedelta, failures: int) -> timedelta:
    """The pace at the first failure, doubled at each further one, at most six hours or the pace itself."""
    longest = max(LONGEST_PAUSE, pace)
    doublings = min(max(failures - 1, 0), 20)
    return min(longest, pace * int(2**doublings))


def _by_interval(source: Source, pace: timedelta, jitter: float, failures: int, max_age: float | None) -> timedelta:
    if source.adaptive:
        pace = max(pace, _seconds(max_age, LONGEST_PAUSE))
    pause = _pause(pace, failures)
    if failures > 0 and pause >= LONGEST_PAUSE:
        return pause * (0.9 + 0.1 * jitter)  # the cap holds, and the tries still spread
    return pause * (0.9 + 0.2 * jitter)


def _by_cron(line: str, zone: str, now: datetime, jitter: float, failures: int) -> datetime:
    fire = next_fire(line, zone, now)
    if failures > 0:
        spacing = next_fire(line, zone, fire) - fire
        if spacing >= SPARSE:  # a failed daily look is not put off until tomorrow
            return min(fire + CRON_JITTER * jitter, now + _pause(RETRY, failures) * (0.9 + 0.1 * jitter))
        if failures > 1:
            fire = max(fire, next_fire(line, zone, now + _pause(spacing, failures) - spacing))
    return fire + CRON_JITTER * jitter


def next_poll(
    sources: Sequence[Source],
    *,
    now: datetime,
    jitter: float,
    failures: int = 0,
    retry_after: float | None = None,
    max_age: float | None = None,
    kind: Kind | None = None,
    host_delay: float = 1.0,
) -> datetime:
    """Decide when a fetch is polled again: by the soonest of its sources.

    In: the sources that share the fetch (at least one; disabled ones count only when all are); `now`, aware;
    `jitter` in [0, 1), which spreads an interval by ten per cent either way and a cron moment by five seconds;
    `failures` in a row (0 after a success); Retry-After and Cache-Control's max-age in seconds; the kind that was
    found out, for sources that name none; the host's least delay in seconds. Out: aware UTC, never sooner than one
    second, the host's delay or Retry-After (RFC 9110, section 10.2.3; at most seven days) from now.
    """
    now = now.astimezone(UTC)
    jitter = min(max(jitter, 0.0), 1.0)
    wanted = [source for source in sources if source.enabled] or list(sources)

    def pace(source: Source) -> timedelta:
        return followed_pace(source, source.followed, now) if source.followed else pace_of(source, kind)

    times = [
        _by_cron(source.cron, source.timezone, now, jitter, failures)
        if source.cron
        else now + _by_interval(source, pace(source), jitter, failures, max_age)
        for source in wanted
    ]
    least = max(SHORTEST, _seconds(host_delay, LONGEST_PAUSE), _seconds(retry_after, LONGEST_RETRY_AFTER))
    return max(min(times), now + least)


def latest(sources: Sequence[Source], *, now: datetime, kind: Kind | None = None) -> datetime:
    """Give the time after which no poll of a fetch can have been planned now: a later one comes of a wrong clock."""
    calm = max(next_poll([source], now=now, jitter=1.0, kind=kind) for source in sources)
    failing = max(next_poll([source], now=now, jitter=1.0, failures=1000, kind=kind) for source in sources)
    return max(calm, failing, now + LONGEST_RETRY_AFTER)


def in_words(source: Source, kind: Kind | None = None) -> str:
    """Say how often a source is polled, for people."""
    if source.cron:
        return f"at {source.cron} ({source.timezone})"
    seconds = pace_of(source, kind).total_seconds()
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds >= size and seconds % size == 0:
            count = int(seconds // size)
            return f"every {unit}" if count == 1 else f"every {count} {unit}s"
    return f"every {seconds:g} seconds"
