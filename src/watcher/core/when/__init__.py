"""Dates and times as publishers write them, read as instants in UTC.

Pure: the moment of looking and the zone of times that name none are parameters (`Look`). What names no instant gives
None, never a guess: a date that fits two orders needs a locale, a printed zone, or stays unread. A time without a date
is the latest such time not after the look, likewise a date without a year and the name of a weekday.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from watcher.core.when import words
from watcher.core.when.atoms import (
    ATOMS,
    CANDIDATE,
    DOT_CLOCK,
    GLUE,
    HIJRI,
    SECOND,
    ZONE,
    Parts,
    may_start,
    read_clock,
)
from watcher.model import Moment

_LIMIT = 20_000  # characters of a text that are searched: notes are short, hostile pages are not
_ASCII = str.maketrans(
    "٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹０１２３４５６７８９：／．，（）،\u00a0\u202f\u2009\u2212",
    "012345678901234567890123456789:/.,(),   -",
)


@dataclass(frozen=True, slots=True)
class Look:
    """How and when a page was looked at: locale (order of day and month), IANA zone of bare times, now (UTC)."""

    locale: str | None
    timezone: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Match:
    """A time found in a text: the instant and the range of characters it was read from."""

    moment: Moment
    start: int
    end: int
    relative: bool = False


def at_home(look: Look, language: str | None, url: str) -> Look:
    """Give the look with the locale that a page shows, where the source names none: by its language, else its address.

    English without a region says nothing of the order of day and month; an address does by its country.
    """
    if look.locale:
        return look
    name, _, region = (language or "").replace("_", "-").lower().partition("-")
    if name and (region or name != "en"):
        return replace(look, locale=(language or "").strip())
    host = url.partition("://")[2].partition("/")[0].partition(":")[0].lower()
    country = host.rpartition(".")[2]
    if country in words.MONTH_FIRST_DOMAINS:
        return replace(look, locale=words.MONTH_FIRST_DOMAINS[country])
    if len(country) == 2 and country.isalpha() and country not in words.DOMAINS_OF_NO_COUNTRY:
        return replace(look, locale=f"und-{country}")
    return look


def parse_machine(value: str) -> Moment | None:
    """Read a time written for machines: ISO 8601 or RFC 2822, named zones too.

    No zone means UTC; a bare date is date_only.
    """
    text = value.strip()[:64]
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        try:
            return Moment(datetime.fromisoformat(text).replace(tzinfo=UTC), date_only=True, printed=text)
        except ValueError:
            return None
    return _iso(text) or _rfc2822(text)


def _iso(text: str) -> Moment | None:
    ends = re.match(r"(\d{4}-\d\d-\d\d[T ])24(:00(?::00(?:\.0+)?)?(?![:\d]).*)$", text)  # the end of a day
    try:
        at = datetime.fromisoformat(re.sub(r"([+-]\d\d)$", r"\1:00", f"{ends[1]}00{ends[2]}" if ends else text))
        at = at + timedelta(days=1) if ends else at
        return Moment((at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC), printed=text)
    except (ValueError, OverflowError):
        return None


def _rfc2822(text: str) -> Moment | None:
    zone = re.search(r"\s([A-Z]{2,4})$", text)
    offset = words.OFFSETS.get(zone[1]) if zone else None
    try:
        at = parsedate_to_datetime(text)
        if zone and offset is not None:
            at = at.replace(tzinfo=timezone(timedelta(minutes=offset)))
        return Moment((at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC), printed=text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def find(text: str, look: Look, start: int = 0) -> Match | None:
    """The first date or time in `text` from `start` on, or None."""
    plain = text[:_LIMIT].translate(_ASCII)
    position = start
    while found := CANDIDATE.search(plain, position):
        begin = found.start()
        position = begin + 1 if plain[begin] > "\u3000" else found.end()
        if may_start(plain, begin) and _starts(plain, begin):
            read, end = _match(plain, text, look, begin)
            if read:
                return read
            position = max(position, end)
    return None


def match(text: str, look: Look, start: int = 0) -> Match | None:
    """The date or time that begins exactly at `start`, or None."""
    if not may_start(text, start):
        return None
    return _match(text[: start + 200].translate(_ASCII), text, look, start)[0]


def parse(text: str, look: Look) -> Moment | None:
    """The first date or time in `text`, or None."""
    found = find(text, look)
    return found.moment if found else None


def _starts(plain: str, begin: int) -> bool:
    """Whether a date may begin here, that is, not inside a word or number."""
    if begin == 0:
        return True
    before, first = plain[begin - 1], plain[begin]
    if first.isdigit():
        return not (before.isdigit() or (before in ".,:/-$€£#+%" and begin > 1 and plain[begin - 2].isdigit())
                    or before in "$€£#%" or (before.isalpha() and before.isascii()))  # fmt: skip
    return not before.isalnum() or first > "\u3000"


def _match(plain: str, text: str, look: Look, begin: int) -> tuple[Match | None, int]:
    """The time that begins here, if it names an instant, and where its words end."""
    parts, end = _collect(plain, begin)
    if parts is None:
        return None, begin
    at, date_only = _resolve(parts, look)
    if at is None:
        return None, end
    moment = Moment(at, date_only=date_only, printed=text[begin:end])
    return Match(moment, begin, end, relative=parts.ago is not None), end


def _collect(plain: str, begin: int) -> tuple[Parts | None, int]:
    """Read atoms one after another from `begin`: each kind at most once, only glue between them."""
    parts, position, end = Parts(), begin, begin
    for step in range(4):
        other = HIJRI.match(plain, position)  # the same day in the Islamic calendar
        if other:
            position, end = other.end(), other.end("date") if parts.dated else end
        atom = _atom(plain, position, after_date=parts.dated and parts.clock is None)
        if atom is None or (step and not _fits(parts, atom[0])):
            break
        new, reached = atom
        parts = _joined(parts, new)
        if new != Parts(weekday=-1) or not step:  # a short weekday behind the rest may be another word ("to", "mar")
            end = reached
        if parts.ago is not None:
            return parts, end
        if new.clock is not None:
            zone = ZONE.match(plain, end)
            if zone:
                parts, end = replace(parts, zone=zone["zone"].strip()), _closed(plain, zone, end)
                second = SECOND.match(plain, end)
                end = second.end() if second else end
        glue = GLUE.match(plain, max(end, reached))
        position = glue.end() if glue else end
    if end == begin or (parts.weak and parts.clock is None) or (not parts.dated and parts.clock is None):
        if parts.weekday is not None and parts.weekday >= 0 and end > begin:
            return parts, end
        return None, begin
    return parts, end


def _closed(plain: str, zone: re.Match[str], start: int) -> int:
    """The end of a zone, without a closing bracket that was not opened with it."""
    end = zone.end()
    opened = any(c in "([" for c in plain[start : zone.start("zone")])
    return end - 1 if plain[end - 1] in ")]" and not opened else end


def _atom(plain: str, position: int, *, after_date: bool) -> tuple[Parts, int] | None:
    """The longest atom that begins here."""
    best: tuple[Parts, int] | None = None
    if not may_start(plain, position):
        return None
    for pattern, read in ATOMS:
        found = pattern.match(plain, position)
        if found and (best is None or found.end() > best[1]):
            parts = read(found)
            if parts != Parts(weak=True):
                best = parts, found.end()
    if after_date:
        found = DOT_CLOCK.match(plain, position)
        if found and (best is None or best[0].dated or found.end() > best[1]):  # "12.3.2026 klo 16.10." ends a sentence
            best = read_clock(found), found.end()
    return best


def _fits(parts: Parts, new: Parts) -> bool:
    if new.ago is not None or (new.clock is not None and parts.clock is not None):
        return False
    if new.weekday is not None and parts.weekday is not None:
        return False
    return not (new.dated and parts.dated)


def _joined(parts: Parts, new: Parts) -> Parts:
    return Parts(
        year=parts.year or new.year,
        month=parts.month or new.month,
        day=parts.day if parts.day is not None else new.day,
        numeric=parts.numeric or new.numeric,
        weekday=parts.weekday if parts.weekday is not None else new.weekday,
        back=parts.back if parts.back is not None else new.back,
        ago=parts.ago or new.ago,
        later=parts.later or new.later,
        clock=parts.clock if parts.clock is not None else new.clock,
        zone=parts.zone,
        weak=parts.weak or new.weak,
    )


@lru_cache(maxsize=256)
def _zone_info(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _zone(printed: str | None, look: Look) -> tzinfo:
    """The zone a time is in: as printed, else the page's."""
    if not printed:
        return _zone_info(look.timezone)
    for name, here, zone in words.LOCAL_OFFSETS:
        if printed == name and look.timezone == here:
            return _zone_info(zone)
    if printed in words.OFFSETS:
        return timezone(timedelta(minutes=words.OFFSETS[printed]))
    if printed in words.REGIONS:
        return _zone_info(words.REGIONS[printed])
    offset = re.search(r"([+-])(\d{1,2}):?(\d\d)?$", printed)
    if offset:
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        if minutes <= 14 * 60:
            return timezone(timedelta(minutes=minutes if offset[1] == "+" else -minutes))
    return _zone_info(look.timezone)


def _ordered(first: int, second: int, parts: Parts, look: Look) -> tuple[int, int] | None:
    """(month, day) of two printed numbers, or None where nothing tells their order."""
    if first > 12 or second > 12:
        return (second, first) if first > 12 else (first, second)
    locale = (look.locale or "").replace("_", "-").lower()
    language, _, region = locale.partition("-")
    if locale in words.MONTH_FIRST_LOCALES or (parts.year is None and language in words.YEAR_FIRST_LANGUAGES):
        return first, second
    if locale and (region or language != "en"):
        return second, first
    if first == second:
        return first, second
    if parts.zone:
        return (first, second) if parts.zone in words.MONTH_FIRST_ZONES else (second, first)
    return None


def _resolve(parts: Parts, look: Look) -> tuple[datetime | None, bool]:
    """The instant (UTC) the parts name, seen from the look; and whether only the date is known."""
    try:
        if parts.ago is not None:
            return (look.now - parts.ago).astimezone(UTC), False
        zone = _zone(parts.zone, look)
        now = look.now.astimezone(zone)
        day, step = _day(parts, look, now.date())
        if day is None:
            return None, False
        if parts.clock is None:
            return datetime.combine(day, time(), UTC), True
        later = timedelta(days=parts.later)
        at = datetime.combine(day + later, parts.clock, zone).astimezone(UTC)
        if at > look.now and step is not None:
            at = datetime.combine(step(day) + later, parts.clock, zone).astimezone(UTC)
        return at, False
    except (ValueError, OverflowError):
        return None, False


def _day(parts: Parts, look: Look, today: date) -> tuple[date | None, Callable[[date], date] | None]:
    """The date the parts name, and how to go back from it when it lies after the look (None: it may)."""
    month, day = parts.month, parts.day
    if parts.numeric:
        ordered = _ordered(*parts.numeric, parts, look)
        if ordered is None:
            return None, None
        month, day = ordered
    if day is not None:
        if month is None:
            return _latest_day(day, today), None
        if parts.year:
            return date(parts.year, month, day), None
        named = _in_year(today.year, month, day)
        return (named if named <= today else _before(named)), _before
    if parts.back is not None:
        return today - timedelta(days=parts.back), None
    if parts.weekday is not None and parts.weekday >= 0:
        return today - timedelta(days=(today.weekday() - parts.weekday) % 7), lambda day: day - timedelta(days=7)
    return today, lambda day: day - timedelta(days=1)


def _in_year(year: int, month: int, day: int) -> date:
    """The date in that year or, for 29 February, in the last year before that has it."""
    while month == 2 and day == 29 and (year % 4 or (not year % 100 and year % 400)):
        year -= 1
    return date(year, month, day)


def _before(day: date) -> date:
    return _in_year(day.year - 1, day.month, day.day)


def _latest_day(day: int, today: date) -> date | None:
    """The latest date with that day of the month, not after today."""
    first = today.replace(day=1)
    for _ in range(3):
        try:
            candidate = first.replace(day=day)
        except ValueError:
            candidate = None
        if candidate and candidate <= today:
            return candidate
        first = (first - timedelta(days=1)).replace(day=1)
    return None
