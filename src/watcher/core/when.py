"""Dates and times as publishers write them, read as instants in UTC.

Pure: the moment of looking and the zone of times that name none are parameters (`Look`). What names no instant gives
None, never a guess.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from watcher.model import Moment

_NAMED = {"ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver", "PT": "America/Los_Angeles"}
_STAMP = re.compile(
    r"(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y>\d{4})\s*@?\s*(?P<h>\d{1,2}):(?P<m>\d\d)\s*(?P<p>[AP]M)\s*(?P<z>ET|CT|MT|PT)?\b"
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


def parse_machine(value: str) -> Moment | None:
    """Read a time written for machines: ISO 8601 or RFC 2822. No zone means UTC; a bare date is date_only."""
    text = value.strip()[:64]
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        try:
            return Moment(datetime.fromisoformat(text).replace(tzinfo=UTC), date_only=True, printed=text)
        except ValueError:
            return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            at = read(text)
            return Moment((at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC), printed=text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def find(text: str, look: Look, start: int = 0) -> Match | None:
    """The first date or time in `text` from `start` on, or None."""
    found = _STAMP.search(text, start)
    if not found:
        return None
    month, day = int(found["a"]), int(found["b"])
    if not (look.locale or "").lower().startswith("en-us"):
        month, day = day, month
    zone = ZoneInfo(_NAMED.get(found["z"] or "", look.timezone))
    try:
        hour = int(found["h"]) % 12 + (12 if found["p"] == "PM" else 0)
        local = datetime(int(found["y"]), month, day, tzinfo=zone) + timedelta(hours=hour, minutes=int(found["m"]))
    except ValueError:
        return None
    return Match(Moment(local.astimezone(UTC), printed=found[0]), found.start(), found.end())


def parse(text: str, look: Look) -> Moment | None:
    """The first date or time in `text`, or None."""
    found = find(text, look)
    return found.moment if found else None
