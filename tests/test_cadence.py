"""The cadence: intervals, cron lines over daylight-saving nights, pauses after failures, Retry-After."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.core.cadence import next_fire, next_poll, parse_cron
from watcher.core.urls import host_of
from watcher.model import Kind, Source

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def source(**keys: object) -> Source:
    return replace(Source(name="s", url="https://example.org/"), **keys)  # type: ignore[arg-type]  # any key of a source


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- cron lines as written ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("0 0 * * 0", "0 0 * * sun"),
        ("0 0 * * 7", "0 0 * * sun"),
        ("0 0 * * 1-5", "0 0 * * mon,tue,wed,thu,fri"),
        ("0 0 * * 5-7", "0 0 * * fri,sat,sun"),
        ("0 0 * * fri-mon", "0 0 * * mon,fri,sat,sun"),
        ("0 0 * * 6-0", "0 0 * * sat,sun"),
        ("0 0 * * 1-5/2", "0 0 * * mon,wed,fri"),
        ("*/5 8-18 * * MON-FRI", "*/5 8-18 * * mon,tue,wed,thu,fri"),
        ("@weekly", "0 0 * * sun"),
        ("  15 3 1 jan *  ", "15 3 1 jan *"),
    ],
)
def test_weekdays_are_written_as_names(line: str, written: str) -> None:
    """0 and 7 are Sunday, ranges of days may run over the end of the week."""
    assert parse_cron(line) == written
    assert parse_cron(written) == written


@pytest.mark.parametrize(
    "line",
    [
        "",
        "* * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * * 13 *",
        "* * * * 8",
        "5-1 * * * *",
        "*/0 * * * *",
        "*/90 * * * *",
        "x * * * *",
        "* * * foo *",
        "* * * * mond",
        "0 0 30 2 *",
        "0 0 31 4,6 *",
        "1,, * * * *",
        "1-2-3 * * * *",
        "1/ * * * *",
        "-1 * * * *",
        "* * * * * *",
        "٣ * * * *",
        "@reboot",
    ],
)
def test_what_is_no_cron_line_is_refused_in_words(line: str) -> None:
    """A line that cannot be kept, or names a day that never comes, is refused."""
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        parse_cron(line)


@given(st.text(max_size=40))
def test_any_text_is_a_cron_line_or_a_value_error(text: str) -> None:
    """Whatever stands in the file, checking it ends in a line or in words."""
    try:
        written = parse_cron(text)
    except ValueError:
        return
    assert parse_cron(written) == written


def test_sunday_is_sunday() -> None:
    """`0 0 * * 0` fires on Sunday."""
    assert next_fire("0 0 * * 0", "UTC", NOW) == utc("2026-06-07T00:00")
    assert next_fire("0 0 * * 0", "UTC", NOW).strftime("%A") == "Sunday"


def test_either_day_will_do_when_both_are_given() -> None:
    """With a day of the month and a weekday, either fires, as crontab(5) says."""
    assert next_fire("0 0 10 * fri", "UTC", NOW) == utc("2026-06-05T00:00")
    assert next_fire("0 0 10 * fri", "UTC", utc("2026-06-06T00:00")) == utc("2026-06-10T00:00")


def test_leap_day() -> None:
    """A line for 29 February waits for the leap year."""
    assert next_fire("0 0 29 2 *", "UTC", NOW) == utc("2028-02-29T00:00")


# --- daylight saving ------------------------------------------------------------------------------------------------

NIGHTS = [
    ("America/New_York", utc("2026-03-08T07:00")),
    ("America/New_York", utc("2026-11-01T06:00")),
    ("Europe/Berlin", utc("2026-03-29T01:00")),
    ("Europe/Berlin", utc("2026-10-25T01:00")),
    ("Australia/Lord_Howe", utc("2026-04-04T15:00")),
    ("Australia/Lord_Howe", utc("2026-10-03T15:30")),
    ("Africa/Casablanca", utc("2026-02-15T02:00")),
    ("America/Sao_Paulo", utc("2018-11-04T03:00")),
    ("Pacific/Apia", utc("2011-12-30T10:00")),
    ("Asia/Kathmandu", utc("2026-03-29T01:00")),
    ("UTC", utc("2026-03-29T01:00")),
]


def brute(line: str, zone: str, start: datetime, hours: int) -> list[datetime]:
    """The moments of a line by looking at every minute: the plain reading of crontab(5) with PEP 495."""
    minute_text, hour_text = line.split()[:2]
    minutes, hours_set = expand(minute_text, 60), expand(hour_text, 24)
    fixed = not minute_text.startswith("*") and not hour_text.startswith("*")
    place, found = ZoneInfo(zone), set[datetime]()
    for step in range(1, hours * 60 + 1):
        at = start + step * MINUTE
        local = at.astimezone(place)
        if local.minute in minutes and local.hour in hours_set and not (fixed and local.fold):
            found.add(at)
        if fixed:  # moments that the clocks skipped
            before = (at - timedelta(hours=25)).astimezone(place).utcoffset()
            wall = (at + (before or timedelta())).replace(tzinfo=None)
            skipped = wall.replace(tzinfo=place).astimezone(UTC).astimezone(place).replace(tzinfo=None) != wall
            if skipped and wall.minute in minutes and wall.hour in hours_set:
                found.add(wall.replace(tzinfo=place).astimezone(UTC))
    return sorted(found)


def expand(text: str, size: int) -> set[int]:
    if text.startswith("*"):
        return set(range(0, size, int(text[2:] or 1)))
    return {int(part) for part in text.split(",")}


NUMBERS = st.lists(st.integers(0, 59), min_size=1, max_size=3, unique=True)
STEPS = st.sampled_from(["*", "*/7", "*/15", "*/30"])
MINUTES = STEPS | NUMBERS.map(lambda values: ",".join(map(str, values)))
HOURS = st.sampled_from(["*", "*/2", "1", "2", "0,1,2,3", "1,2", "3", "23", "0"])


@settings(max_examples=60, deadline=None)
@given(minute=MINUTES, hour=HOURS, night=st.sampled_from(NIGHTS), offset=st.integers(-240, 240))
def test_a_line_keeps_its_moments_over_a_daylight_saving_night(
    minute: str, hour: str, night: tuple[str, datetime], offset: int
) -> None:
    """Over any daylight-saving night, a line fires at just the moments that its wall-clock times mean."""
    zone, change = night
    start = change + offset * MINUTE
    line = f"{minute} {hour} * * *"
    fires: list[datetime] = []
    at = start
    while (at := next_fire(line, zone, at)) <= start + timedelta(hours=8):
        assert not fires or at > fires[-1]
        fires.append(at)
    assert fires == brute(line, zone, start, 8)


def test_the_skipped_hour_fires_once_after_the_gap() -> None:
    """02:30 on the night that has none is polled at 03:30 of the new time, once."""
    at = next_fire("30 2 * * *", "America/New_York", utc("2026-03-08T05:00"))
    assert at == utc("2026-03-08T07:30")
    assert next_fire("30 2 * * *", "America/New_York", at) == utc("2026-03-09T06:30")


def test_the_doubled_hour_fires_once() -> None:
    """01:30 on the night that has it twice is polled at its first pass only."""
    at = next_fire("30 1 * * *", "America/New_York", utc("2026-11-01T04:00"))
    assert at == utc("2026-11-01T05:30")
    assert next_fire("30 1 * * *", "America/New_York", at) == utc("2026-11-02T06:30")


def test_an_every_few_minutes_line_pauses_on_no_night() -> None:
    """`*/5` is polled every five minutes through the doubled hour, too."""
    at, end = utc("2026-11-01T04:00"), utc("2026-11-01T09:00")
    while at < end:
        following = next_fire("*/5 * * * *", "America/New_York", at)
        assert following - at == 5 * MINUTE
        at = following


# --- the next poll --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "minutes"), [("feed", 5), ("article", 10), ("listing", 10), ("dataset", 30), ("file", 60), (None, 10)]
)
def test_an_unset_pace_follows_the_kind(kind: Kind | None, minutes: int) -> None:
    """Without `every`, the kind decides, whether it was written or found out."""
    assert next_poll([source(kind=kind)], now=NOW, jitter=0.5) == NOW + minutes * MINUTE
    assert next_poll([source()], now=NOW, jitter=0.5, kind=kind) == NOW + minutes * MINUTE


@given(jitter=st.floats(0, 1, exclude_max=True), seconds=st.integers(1, 10**7))
def test_jitter_spreads_by_ten_per_cent(jitter: float, seconds: int) -> None:
    """A pace is never shortened by more than a tenth, nor stretched by more."""
    every = timedelta(seconds=seconds)
    pause = next_poll([source(every=every)], now=NOW, jitter=jitter) - NOW
    assert max(timedelta(seconds=1), every * 0.9 - timedelta(microseconds=1)) <= pause <= max(every * 1.1, every)


def test_the_soonest_source_decides() -> None:
    """Sources that share an address are polled at the pace of the quickest; a disabled one does not count."""
    many = [source(every=HOUR), source(every=5 * MINUTE), source(every=MINUTE, enabled=False)]
    assert next_poll(many, now=NOW, jitter=0.5) == NOW + 5 * MINUTE


def test_failures_double_the_pause_up_to_six_hours() -> None:
    """A failing source is tried at its own pace first, then after twice as long each time, then every six hours."""
    pauses = [next_poll([source(every=10 * MINUTE)], now=NOW, jitter=0.5, failures=n) - NOW for n in range(1, 12)]
    assert pauses[:4] == [10 * MINUTE, 20 * MINUTE, 40 * MINUTE, 80 * MINUTE]
    assert all(HOUR * 5.4 <= pause <= HOUR * 6 for pause in pauses[7:])
    assert next_poll([source(every=10 * MINUTE)], now=NOW, jitter=0.5, failures=0) == NOW + 10 * MINUTE


def test_a_slow_source_is_not_hurried_by_failing() -> None:
    """A pace slower than six hours stays as it is."""
    pause = next_poll([source(every=timedelta(days=2))], now=NOW, jitter=0.99, failures=9) - NOW
    assert timedelta(days=1.8) <= pause <= timedelta(days=2)


@given(
    failures=st.integers(-3, 10**9),
    retry_after=st.none() | st.floats(),
    max_age=st.none() | st.floats(),
    jitter=st.floats(0, 1, exclude_max=True),
    keys=st.sampled_from([{}, {"cron": "*/5 8-18 * * mon-fri"}, {"adaptive": True}, {"every": timedelta(days=40)}]),
)
def test_whatever_a_server_says_the_next_poll_is_near(
    failures: int, retry_after: float | None, max_age: float | None, jitter: float, keys: dict[str, object]
) -> None:
    """No header and no run of failures puts a poll before the floor or out of reach."""
    at = next_poll(
        [source(**keys)], now=NOW, jitter=jitter, failures=failures, retry_after=retry_after, max_age=max_age
    )
    assert NOW + timedelta(seconds=1) <= at <= NOW + timedelta(days=44)
    if retry_after is not None and 0 < retry_after < 7 * 86400:
        assert at >= NOW + timedelta(seconds=retry_after)


def test_retry_after_wins() -> None:
    """Retry-After is kept, also against a quicker `every`, a cron line and adaptive pace."""
    for keys in ({"every": MINUTE}, {"cron": "* * * * *"}, {"adaptive": True}):
        assert next_poll([source(**keys)], now=NOW, jitter=0.0, retry_after=7200.0) == NOW + 2 * HOUR
    assert next_poll([source(every=HOUR)], now=NOW, jitter=0.5, retry_after=5.0) == NOW + HOUR


def test_cache_control_lengthens_only_adaptive_sources() -> None:
    """An `every` that was written is kept whatever the server's max-age says, unless the source is adaptive."""
    assert next_poll([source(every=5 * MINUTE)], now=NOW, jitter=0.5, max_age=3600) == NOW + 5 * MINUTE
    assert next_poll([source(every=5 * MINUTE, adaptive=True)], now=NOW, jitter=0.5, max_age=3600) == NOW + HOUR
    assert next_poll([source(every=5 * MINUTE, adaptive=True)], now=NOW, jitter=0.5, max_age=10) == NOW + 5 * MINUTE


def test_the_hosts_own_delay_is_a_floor() -> None:
    """Two polls of one address never come closer than the host's delay."""
    assert (
        next_poll([source(every=timedelta(seconds=1))], now=NOW, jitter=0.0, host_delay=10.0) == NOW + 10 * HOUR / 3600
    )


def test_a_cron_source_is_polled_at_its_moments_in_its_zone() -> None:
    """A cron line counts in the source's time zone and drifts by seconds at most."""
    morning = source(cron="0 8 * * mon-fri", timezone="America/New_York")
    at = next_poll([morning], now=NOW + HOUR, jitter=0.999)
    assert utc("2026-06-02T12:00") <= at < utc("2026-06-02T12:00") + timedelta(seconds=5)


def test_a_failed_daily_look_is_repeated_soon() -> None:
    """A line with long pauses is tried again between its moments, one with short pauses at its own moments."""
    daily = next_poll([source(cron="0 12 * * *")], now=NOW, jitter=0.5, failures=1)
    assert timedelta(minutes=9) <= daily - NOW <= timedelta(minutes=10)
    office = source(cron="*/5 8-18 * * *")
    assert next_poll([office], now=utc("2026-06-01T18:56"), jitter=0.0, failures=1) == utc("2026-06-02T08:00")
    assert next_poll([office], now=NOW, jitter=0.0, failures=1) == NOW + 5 * MINUTE
    assert next_poll([office], now=NOW, jitter=0.0, failures=4) == NOW + 40 * MINUTE


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Example.ORG/a", "example.org"),
        ("https://example.org:443/", "example.org"),
        ("http://example.org:443/", "example.org:443"),
        ("http://user:pass@example.org:8080/", "example.org:8080"),
        ("http://[::1]:8080/", "[::1]:8080"),
        ("http://[::1", ""),
        ("nonsense", ""),
    ],
)
def test_host_of(url: str, host: str) -> None:
    """A host is counted in lower case, with its port unless that is the scheme's own."""
    assert host_of(url) == host
