"""A window that was missed is told once, and nothing else is taken for one."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from helpers_pairs import DAY, FRIDAY, HOUR, MINUTE, MONDAY, Desk, Site, feed, item, window
from helpers_store import address, postgres_schema
from pg import postgres_server

__all__ = ["address", "postgres_schema", "postgres_server"]  # fixtures

WEEKEND = MONDAY - FRIDAY


@pytest.fixture
def desk(address: str, tmp_path: Path) -> Iterator[Desk]:
    """One busy feed that is looked at every five minutes, known since Friday at five."""
    with Desk(tmp_path, address, Site(), FRIDAY - MINUTE) as desk:
        desk.write({"name": "fast", "every": "5m"})
        desk.site.bodies["/fast.xml"] = window(1, 20, FRIDAY)
        desk.poll()
        assert desk.alerts() == []
        yield desk


def show(desk: Desk, body: bytes, after: timedelta = 5 * MINUTE) -> list[list[str]]:
    desk.site.bodies["/fast.xml"] = body
    desk.poll(after=after)
    return desk.gaps()


def test_a_missed_weekend_is_told_once(desk: Desk) -> None:
    """A feed of which nothing is left after a weekend's pause is told of with the span, once; its entries are told."""
    assert show(desk, window(900, 919, MONDAY), WEEKEND) == [["fast"]]
    health, changes = desk.alerts()
    (source,) = health["sources"]
    assert source["gap"] == {"from": "2031-03-07T17:00:00.000Z", "to": "2031-03-10T07:41:00.000Z"}
    assert health["severity"] == "notice"
    assert "between 2031-03-07 17:00 and 2031-03-10 07:41 UTC" in health["message"]
    assert changes["changes_total"] == 20
    assert show(desk, window(901, 920, MONDAY + MINUTE)) == [["fast"]]
    assert show(desk, window(905, 924, MONDAY + HOUR), HOUR) == [["fast"]]


def test_what_the_payload_says_is_in_the_schema(desk: Desk, root: Path) -> None:
    """The span of a gap stands in the published schema."""
    jsonschema = pytest.importorskip("jsonschema")
    show(desk, window(900, 919, MONDAY), WEEKEND)
    schema = json.loads((root / "docs/schemas/alert.health.json").read_text("utf-8"))
    data = desk.alerts("alert.health")[0]
    jsonschema.validate(
        {"type": "alert.health", "timestamp": "2031-03-10T08:00:00.000Z", "data": data},
        schema,
    )


def test_a_source_that_failed_over_the_weekend_has_a_gap(desk: Desk) -> None:
    """A server that failed for longer than its feed reaches back leaves a gap, whatever was asked meanwhile."""
    desk.site.bodies["/fast.xml"] = 503
    for _ in range(3):
        desk.poll(after=20 * HOUR)
    assert show(desk, window(900, 919, MONDAY), 4 * HOUR) == [["fast"]]


@pytest.mark.parametrize("after", [5 * MINUTE, WEEKEND])
def test_an_overlap_is_no_gap(desk: Desk, after: timedelta) -> None:
    """As long as one known entry still stands at the old end, nothing was missed, however long the pause was."""
    assert show(desk, window(20, 39, FRIDAY + after), after) == []
    assert desk.alerts()[0]["changes_total"] == 19


def test_a_quiet_pause_is_no_gap(desk: Desk) -> None:
    """A long pause in which nothing was published is none of the reader's business."""
    assert show(desk, window(1, 20, FRIDAY), 10 * WEEKEND) == []
    assert show(desk, window(2, 21, MONDAY), WEEKEND) == []


def test_a_restart_is_no_gap(desk: Desk) -> None:
    """A pause shorter than the pace leaves room for no gap."""
    assert show(desk, window(900, 919, FRIDAY + 5 * MINUTE)) == []


def test_a_feed_that_replaces_all_it_shows_has_no_gap(desk: Desk) -> None:
    """A source seen to show other entries at every look has no window, so its pauses say nothing."""
    for number in (100, 200, 300):
        assert show(desk, window(number, number + 19)) == []
    assert show(desk, window(900, 919), WEEKEND) == []
    assert show(desk, window(1900, 1919), WEEKEND) == []


def test_a_feed_that_replaces_all_is_learnt_from_two_pauses(desk: Desk) -> None:
    """Two looks after pauses that both show nothing known are told once: after the first it is known to replace all."""
    assert show(desk, window(100, 119), WEEKEND) == [["fast"]]
    assert show(desk, window(200, 219), WEEKEND) == [["fast"]]
    assert show(desk, window(300, 319), WEEKEND) == [["fast"]]


def test_every_missed_window_of_a_scrolling_feed_is_told(desk: Desk) -> None:
    """A feed that scrolled in between is told of after each weekend."""
    assert show(desk, window(900, 919, MONDAY), WEEKEND) == [["fast"]]
    assert show(desk, window(905, 924, MONDAY + HOUR)) == [["fast"]]
    assert show(desk, window(1900, 1919, MONDAY + 7 * DAY), 7 * DAY) == [["fast"], ["fast"]]


@pytest.mark.parametrize("size", [1, 2, 4])
def test_a_small_feed_has_no_gap(desk: Desk, size: int) -> None:
    """A feed of a few entries that was never seen to let one go hides nothing."""
    desk.write({"name": "small", "path": "/small.xml", "every": "5m"})
    desk.site.bodies["/small.xml"] = window(1, size, FRIDAY)
    desk.poll()
    desk.site.bodies["/small.xml"] = window(11, 10 + size, MONDAY)
    desk.poll(after=WEEKEND)
    assert desk.gaps() == []


def test_a_small_window_that_scrolled_has_a_gap(desk: Desk) -> None:
    """A feed of three entries that lets the oldest go for each new one is a window as well."""
    desk.write({"name": "small", "path": "/small.xml", "every": "5m"})
    for last in (3, 4, 5):
        desk.site.bodies["/small.xml"] = window(last - 2, last, FRIDAY)
        desk.poll()
    desk.site.bodies["/small.xml"] = window(21, 23, MONDAY)
    desk.poll(after=WEEKEND)
    assert desk.gaps() == [["small"]]


def test_a_window_by_time_may_be_short_on_monday(desk: Desk) -> None:
    """A feed of the last day's entries, of which there are few on a Monday morning, was missed all the same."""
    assert show(desk, window(900, 905, MONDAY), WEEKEND) == [["fast"]]


def test_an_undated_feed_that_begins_anew_has_no_gap(desk: Desk) -> None:
    """Without dates, a window that is not full has shown all that it holds; a full one has not."""
    assert show(desk, window(900, 905), WEEKEND) == []
    assert show(desk, window(906, 911), WEEKEND) == [["fast"]]


def test_other_old_entries_are_no_gap(desk: Desk) -> None:
    """A feed that shows other entries from before the pause reaches back over it: nothing was missed."""
    assert show(desk, window(900, 919, FRIDAY - 30 * DAY), WEEKEND) == []


def test_a_pinned_entry_hides_no_gap(desk: Desk) -> None:
    """An entry that stays on top for ever says nothing of the window below it."""

    def pinned(first: int, at: datetime) -> bytes:
        entries = [item("about", FRIDAY - 300 * DAY)]
        return feed(*entries, *(item(first + 19 - n, at - n * MINUTE) for n in range(20)))

    assert show(desk, pinned(2, FRIDAY + MINUTE)) == []
    assert show(desk, pinned(900, MONDAY), WEEKEND) == [["fast"]]


def test_a_new_address_begins_anew(desk: Desk) -> None:
    """A source that was given another address begins with a baseline, and what that shows is no gap."""
    desk.site.bodies["/other.xml"] = window(900, 919, MONDAY)
    desk.write({"name": "fast", "path": "/other.xml", "every": "5m"})
    desk.poll(after=WEEKEND)
    assert desk.alerts() == []


def test_a_moved_site_is_no_gap(desk: Desk) -> None:
    """Entries that are known under other identifiers and addresses are known."""
    moved = window(1, 20, FRIDAY).replace(b"n-", b"new-").replace(b"filings.example", b"filings.test")
    assert show(desk, moved, WEEKEND) == []


def test_new_rules_are_no_gap(desk: Desk) -> None:
    """A changed rule for reading is no reason to believe that something was missed."""
    desk.write({"name": "fast", "every": "5m", "locale": "de-DE"})
    assert show(desk, window(2, 21, MONDAY), WEEKEND) == []


def test_absence_that_means_removal_leaves_no_gap(desk: Desk) -> None:
    """With `window = false` the feed is a list, and what is not there was removed."""
    desk.write({"name": "fast", "every": "5m", "window": False})
    assert show(desk, window(900, 919, MONDAY), WEEKEND) == []


def test_a_listing_that_is_a_window_has_gaps(desk: Desk) -> None:
    """A page of the latest rows that is said to be a window is one."""

    def rows(first: int) -> bytes:
        told = "".join(
            f'<tr><td>2031-03-{day:02d}</td><td><a href="/case/{n}">Case {n} of the Port Authority</a></td></tr>'
            for n, day in ((first + 19 - k, 7 if first < 100 else 10) for k in range(20))
        )
        head = "<tr><th>Date</th><th>Case</th></tr>"
        return f"<html><body><h1>Latest filings</h1><table>{head}{told}</table></body></html>".encode()

    desk.site.bodies["/rows.html"] = rows(1)
    desk.write({"name": "rows", "path": "/rows.html", "kind": "listing", "window": True, "every": "5m"})
    desk.poll()
    desk.site.bodies["/rows.html"] = rows(900)
    desk.poll(after=WEEKEND)
    assert desk.gaps() == [["rows"]]


def test_a_pause_of_the_own_schedule_can_miss_a_window(desk: Desk) -> None:
    """A source that is only looked at on weekdays has missed a weekend's window, and says so."""
    desk.write({"name": "fast", "cron": "*/5 8-17 * * mon-fri"})
    assert show(desk, window(900, 919, MONDAY), WEEKEND) == [["fast"]]


def test_sources_of_one_feed_are_told_in_one_alert(desk: Desk) -> None:
    """Sixty sources of one feed are one request a look; each is told its own, and a gap of them all is one alert."""
    names = [f"company-{number:02}" for number in range(60)]
    desk.site.bodies["/latest.xml"] = window(1, 60, FRIDAY)
    desk.write(
        *(
            {"name": name, "path": "/latest.xml", "every": "5m", "only": [f"re:Notice {900 + number}\\b"]}
            for number, name in enumerate(names)
        )
    )
    desk.poll()
    asked = desk.site.asked("/latest.xml")
    assert asked == 1
    desk.site.bodies["/latest.xml"] = window(900, 959, MONDAY)
    desk.poll(after=WEEKEND)
    assert desk.site.asked("/latest.xml") == 2
    assert desk.told() == [(name, f"entry.new Notice {900 + n}", False) for n, name in enumerate(names)]
    (sources,) = desk.gaps()
    assert sorted(sources) == sorted(names)
