"""Lists and the registers that amend them: what one lacks, still shows, or says otherwise is told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers_cli import cli_in
from helpers_pairs import DAY, FRIDAY, HOUR, MINUTE, Desk, Site
from helpers_store import address, postgres_schema
from pg import postgres_server
from watcher.store import Store

__all__ = ["address", "postgres_schema", "postgres_server"]  # fixtures

LIST = {
    "name": "list", "path": "/list.csv", "kind": "dataset", "key": ["id"], "fields": ["name", "until"],
    "every": "30m", "notify": ["hook"],
}  # fmt: skip
REGISTER: dict[str, Any] = {
    **LIST, "name": "register", "path": "/register.csv", "confirms": {"source": "list", "within": "2d"},
}  # fmt: skip
ROWS = {n: f"{n},Firm {n} Limited,2032-01-{n:02}" for n in range(1, 16)}


def csv(rows: dict[int, str]) -> bytes:
    return "\n".join(["id,name,until", *(rows[n] for n in sorted(rows)), ""]).encode()


@pytest.fixture
def desk(address: str, tmp_path: Path) -> Iterator[Desk]:
    """A list and its register, alike."""
    with Desk(tmp_path, address, Site(), FRIDAY - MINUTE) as desk:
        desk.write(LIST, REGISTER)
        show(desk, ROWS, ROWS)
        desk.poll()
        desk.poll()
        assert desk.alerts() == []
        yield desk


def show(desk: Desk, listed: dict[int, str], registered: dict[int, str]) -> None:
    desk.site.bodies |= {"/list.csv": csv(listed), "/register.csv": csv(registered)}


def told(desk: Desk) -> list[tuple[str, str, str | None]]:
    """(source, event and record, how it disagrees) of all that was announced."""
    return [
        (
            data["source"]["name"],
            f"{change['event']} {change['record']['title']}",
            change.get("disagrees", {}).get("what"),
        )
        for data in desk.alerts("alert.changes")
        for change in data["changes"]
    ]


def without(rows: dict[int, str], *numbers: int) -> dict[int, str]:
    return {n: row for n, row in rows.items() if n not in numbers}


def test_a_record_that_both_take_up_is_told_once(desk: Desk) -> None:
    """What the list and its register add is told by the first; the second confirms it."""
    more = ROWS | {20: "20,Meridian Robotics,2033-01-01"}
    show(desk, more, ROWS)
    desk.poll(after=HOUR)
    show(desk, more, more)
    for _ in range(4):
        desk.poll(after=DAY)
    assert told(desk) == [("list", "record.added Meridian Robotics", None)]


@pytest.mark.parametrize(("ahead", "behind"), [("list", "register"), ("register", "list")])
def test_a_record_that_one_never_takes_up_is_told(desk: Desk, ahead: str, behind: str) -> None:
    """What one adds and the other does not for longer than `within` is told of the other, once."""
    more = ROWS | {20: "20,Meridian Robotics,2033-01-01"}
    show(desk, *((more, ROWS) if ahead == "list" else (ROWS, more)))
    for _ in range(5):
        desk.poll(after=DAY)
    assert told(desk) == [
        (ahead, "record.added Meridian Robotics", None),
        (behind, "record.removed Meridian Robotics", "missing"),
    ]


def test_a_record_that_both_remove_is_told_once(desk: Desk) -> None:
    """What both remove is told by the first; a list that has not followed in time is told."""
    show(desk, ROWS, without(ROWS, 7))
    desk.poll(after=HOUR)
    desk.poll(after=HOUR)
    show(desk, without(ROWS, 7), without(ROWS, 7))
    for _ in range(5):
        desk.poll(after=DAY)
    assert told(desk) == [("register", "record.removed Firm 7 Limited", None)]


def test_a_record_that_the_register_removed_and_the_list_shows_is_told(desk: Desk) -> None:
    """The list still shows what its register removed longer ago than `within`: told once, as a change of the list."""
    show(desk, ROWS, without(ROWS, 7))
    for _ in range(6):
        desk.poll(after=DAY)
    assert told(desk) == [
        ("register", "record.removed Firm 7 Limited", None),
        ("list", "record.changed Firm 7 Limited", "removed"),
    ]
    assert desk.alerts()[-1]["subject"].startswith("Still shown: Firm 7 Limited · register: ")
    (change,) = desk.alerts()[-1]["changes"]
    assert change["record"]["fields"] == {"register": {"before": "removed", "after": "still shown here"}}


def test_what_the_second_says_otherwise_is_told_at_once(desk: Desk) -> None:
    """A compared field that differs where the second source brings the record is told with both values."""
    show(desk, ROWS | {20: "20,Meridian Robotics,2033-01-01"}, ROWS)
    desk.poll(after=HOUR)
    show(desk, ROWS | {20: "20,Meridian Robotics,2033-01-01"}, ROWS | {20: "20,Meridian  robotics,2034-01-01"})
    for _ in range(4):
        desk.poll(after=DAY)
    assert told(desk) == [
        ("list", "record.added Meridian Robotics", None),
        ("register", "record.changed Meridian  robotics", "differs"),
    ]
    (change,) = desk.alerts()[-1]["changes"]
    assert change["record"]["fields"] == {"until": {"before": "2033-01-01", "after": "2034-01-01"}}


@pytest.mark.parametrize("follows", [True, False])
def test_an_amendment_may_be_followed(desk: Desk, follows: bool) -> None:
    """Where one changes a compared field, the other has `within` to say the same; then it is told."""
    more = ROWS | {20: "20,Meridian Robotics,2033-01-01"}
    show(desk, more, more)
    desk.poll(after=HOUR)
    amended = more | {20: "20,Meridian Robotics,2035-05-05"}
    show(desk, more, amended)
    desk.poll(after=HOUR)
    if follows:
        show(desk, amended, amended)
    for _ in range(5):
        desk.poll(after=DAY)
    found = [(source, what) for source, event, what in told(desk) if event.startswith("record.changed") and what]
    assert found == ([] if follows else [("list", "differs")])


def test_what_leaves_a_fast_window_is_no_removal_and_its_publication_no_news(desk: Desk) -> None:
    """A fast dataset with `window` drops what the complete one takes up: nothing is removed, missing or told again."""
    desk.write({**LIST, "window": True}, REGISTER)
    desk.poll()
    show(desk, {n: row for n, row in ROWS.items() if n > 5} | {16: "16,Firm 16 Limited,2032-02-01"}, ROWS)
    for _ in range(3):
        desk.poll()
    fresh = {16: "16,Firm 16 Limited,2032-02-01", 17: "17,Firm 17 Limited,2032-02-01"}
    show(desk, {n: row for n, row in ROWS.items() if n > 8}, ROWS | fresh)
    for _ in range(3):
        desk.poll(after=DAY)
    assert told(desk) == [
        ("list", "record.added Firm 16 Limited", None),
        ("register", "record.added Firm 17 Limited", None),
    ]


def test_the_timeline_shows_a_confirmed_removal_when_it_was_told(desk: Desk) -> None:
    """What was held until it was seen again stands in the timeline at the time of its announcement."""
    show(desk, without(ROWS, 3), ROWS)
    desk.poll("list")
    show(desk, without(ROWS, 3), ROWS | {16: "16,Firm 16 Limited,2032-02-01"})
    desk.poll("register")
    desk.poll("list")
    store = Store.open(desk.address)
    try:
        found = [each.change.event for each in store.changes(held=False)]
    finally:
        store.close()
    assert found == ["record.added", "record.removed"]


def test_the_timeline_says_in_words_who_says_otherwise(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`changes` says of a disagreement what the other source did."""
    fresh = ROWS | {16: "16,Firm 16 Limited,2032-02-01"}
    show(desk, fresh, without(fresh, 16))
    desk.poll()
    desk.poll(after=3 * DAY)
    kept = '[watcher]\ndatabase = "{}"\n'
    config = desk.config.replace(kept.format("sqlite:///watcher.db"), kept.format(desk.address))
    (desk.folder / "config.toml").write_text(config)
    cli = cli_in(desk.folder, monkeypatch, capsys)
    assert "Missing · Firm 16 Limited  [list announced it]" in cli("changes").out


def docket(*numbers: int) -> bytes:
    """A court's feed: one title for all entries, the document's number only in what the description links."""
    entries = (
        f"<item><title>25-118 Harbour v. Port</title><guid>DktRpt.pl?9&amp;{n}</guid><link>https://court.example/9</link>"
        f"<description>[Order] (&lt;a href='https://court.example/doc1/77{n}?caseid=9'&gt;{n}&lt;/a&gt;)</description></item>"
        for n in sorted(numbers, reverse=True)
    )
    return f"<rss version='2.0'><channel><title>Court</title>{''.join(entries)}</channel></rss>".encode()


def sheet(*numbers: int) -> bytes:
    """The docket's page."""
    rows = "".join(
        f"<tr><td>{n}</td><td><a href='https://court.example/doc1/77{n}'>ORDER {n} of the court.</a></td></tr>"
        for n in numbers
    )
    return f"<html><h1>Docket</h1><table><tr><th>#</th><th>Docket text</th></tr>{rows}</table></html>".encode()


@pytest.mark.parametrize("first", ["rss", "docket"])
def test_the_key_is_found_in_what_an_entry_links(desk: Desk, first: str) -> None:
    """A docket's feed and its page are one by the document that both link, in whatever place."""
    rss = {"name": "rss", "path": "/rss.xml", "kind": "feed", "every": "5m", "notify": ["hook"]}
    page = {"name": "docket", "path": "/docket.html", "kind": "listing", "every": "1h", "notify": ["hook"]}
    desk.write(rss, {**page, "confirms": {"source": "rss", "key": r"re:doc1/(\d+)"}})
    desk.site.bodies |= {"/rss.xml": docket(1, 2, 3), "/docket.html": sheet(1, 2, 3)}
    desk.poll()
    desk.site.bodies |= {"/rss.xml": docket(2, 3, 4), "/docket.html": sheet(1, 2, 3, 4)}
    for name in (first, "rss", "docket"):
        desk.poll(name)
    assert [(source, what.split()[0]) for source, what, _ in desk.told()] == [(first, "entry.new")]
    if first == "rss":  # all entries of a case have its name: what was filed stands before it
        assert desk.alerts()[0]["subject"] == "New: [Order] (4) · 25-118 Harbour v. Port — rss"
