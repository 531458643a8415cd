"""Listings: rows found by the page's own structure, told apart for good, and what became of them."""

import json
import os
import random
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from helpers_listing import HEAD, URL, Looks, found, lines, page, told
from watcher.core import listing, when
from watcher.core.cells import session_of, stable
from watcher.core.rows import Spot
from watcher.core.shape import reading_json
from watcher.core.sniff import sniff
from watcher.errors import ReadError
from watcher.model import FeedReading, Source

LOOK = when.Look(None, "UTC", datetime(2025, 3, 4, tzinfo=UTC))
NEW = ("25-0999", "Meridian Robotics v. Port Authority", "03/05/2025", "Pending")


def read(body: str | bytes, content_type: str = "text/html", **keys: object) -> FeedReading:
    source = Source("l", URL, kind="listing", **keys)  # type: ignore[arg-type]  # Source's own fields
    return listing.read(body.encode() if isinstance(body, str) else body, content_type, URL, source, LOOK)


def html(body: str) -> str:
    return f"<!doctype html><html lang='en-US'><head><title>List</title></head><body>{body}</body></html>"


# --- finding the rows -----------------------------------------------------------------------------------------------


def test_a_table_names_its_columns() -> None:
    """A table's head names the fields of its rows; title, address, date and key come from them."""
    reading = read(page(lines(20)))
    first = reading.entries[0]
    assert [name for name, _ in first.page.fields] == list(HEAD)
    assert (first.key, first.page.title) == ("25-0020", "Harbour Freight Lines v. Port Authority of District 20")
    assert first.page.url == "https://court.example.gov/filings/doc.aspx?id=25-0020"
    assert first.page.published is not None
    assert (first.page.published.day.isoformat(), first.page.published.date_only) == ("2025-03-01", True)


CARDS = "".join(
    f"<div class='card {'alt' if n % 2 else ''}'><h3><a href='/news/{n}'>Authority fines carrier number {n}</a></h3>"
    f"<time datetime='2025-03-{n + 1:02}'>March {n + 1}, 2025</time>"
    f"<p>The carrier had no papers, case {n}.</p></div>"
    for n in range(9)
)
ITEMS = (
    "<ul>"
    + "".join(f"<li><a href='o{n}.pdf'>Order {n} on ferries</a> (1/{n + 13}/2025)</li>" for n in range(9))
    + "</ul>"
)
PAIRS = (
    "<dl>"
    + "".join(f"<dt>No. 25-{n}</dt><dd><a href='n{n}'>Notice on berth {n}</a>, 2025-02-1{n}</dd>" for n in range(9))
    + "</dl>"
)
BREAKS = (
    "<div>"
    + "".join(
        f"<b>25-11{n}</b> <a href='/o/{n}.pdf'>Opinion in Lake v. Shore {n}</a> Feb. {n + 1}, 2025<br>"
        for n in range(9)
    )
    + "</div>"
)
PLAIN = (
    "<table>"
    + "".join(f"<tr><td>Carrier {chr(65 + n)} Shipping Ltd</td><td>Listed 2025-01-0{n + 1}</td></tr>" for n in range(9))
    + "</table>"
)
MENU = "<nav><ul>" + "".join(f"<li><a href='/s{n}'>Section {n}</a></li>" for n in range(30)) + "</ul></nav>"


@pytest.mark.parametrize("body", [CARDS, ITEMS, PAIRS, BREAKS, PLAIN])
def test_rows_are_found_by_what_repeats(body: str) -> None:
    """Cards, list items, definitions, lines and rows without links are found beside a longer menu."""
    reading = read(html(f"{MENU}<main><h1>Notices</h1>{body}</main>{MENU}"))
    assert len(reading.entries) == 9
    assert all(entry.page.published for entry in reading.entries)
    assert len({entry.key for entry in reading.entries}) == 9


def test_select_names_rows_or_what_holds_them() -> None:
    """`select` may name the rows or the one element that holds them."""
    two = html(ITEMS.replace("<ul>", "<ul id=old>") + CARDS.replace("card", "item"))
    assert len(read(two, select="#old li").entries) == 9
    assert len(read(two, select="#old").entries) == 9
    assert read(two, select="div:has(> h3)").entries[0].page.title == "Authority fines carrier number 0"


def test_cells_over_several_rows_count_for_each() -> None:
    """A cell that stands in several rows is a field of all of them."""
    body = "<table><tr><th>Day</th><th>Ship</th><th>Berth</th></tr>" + "".join(
        f"<tr><td rowspan=2>2025-03-0{n}</td><td>Ada {n}</td><td>1</td></tr><tr><td>Bell {n}</td><td>2</td></tr>"
        for n in range(1, 5)
    )
    rows = [dict(entry.page.fields) for entry in read(html(body + "</table>"), select="table tr").entries]
    assert rows[1] == {"Day": "2025-03-01", "Ship": "Bell 1", "Berth": "2"}


def test_the_order_of_day_and_month_is_taken_from_the_list() -> None:
    """A date that fits two orders is read as the list's other dates leave no doubt of."""
    body = "<ul>" + "".join(f"<li><a href='{n}'>Order {n}</a> {n}/03/2025</li>" for n in (4, 5, 13, 14)) + "</ul>"
    first = read(html(body).replace("en-US", "en")).entries[0].page
    assert first.published is not None
    assert first.published.day.isoformat() == "2025-03-04"


def test_the_next_page_is_named() -> None:
    """The list's next page is named, for whoever wants to go on."""
    more = "<div class=pager><a href='?page=1'>1</a> <a href='?page=2' rel=next>Next ›</a></div>"
    assert read(page(lines(20), more=more)).next == "https://court.example.gov/filings/list.aspx?page=2"
    assert read(page(lines(20))).next is None


def test_plain_arrays_in_json_and_xml_are_lists_too() -> None:
    """A plain array in JSON, or repeated elements in XML, are read with their own names."""
    records = [{"id": f"D-{n}", "title": f"Notice {n}", "date": f"2025-03-0{n}", "url": f"/d/{n}"} for n in range(1, 6)]
    reading = read(json.dumps({"count": 5, "results": records}), "application/json")
    assert (reading.entries[0].key, reading.entries[0].page.title) == ("D-1", "Notice 1")
    assert dict(reading.entries[4].page.fields)["date"] == "2025-03-05"
    xml = (
        "<?xml version='1.0'?><list>"
        + "".join(f"<row no='{n}'><name>Ada {n}</name></row>" for n in range(4))
        + "</list>"
    )
    assert [dict(entry.page.fields)["name"] for entry in read(xml, "text/xml").entries] == [
        f"Ada {n}" for n in range(4)
    ]


def test_inspect_shows_the_columns() -> None:
    """The JSON of `inspect` has each row's columns under `fields`."""
    shape = reading_json(read(page(lines(12))), "listing")
    assert shape["kind"] == "listing"
    assert shape["entries"][0]["fields"]["Status"] == "Decided"
    assert shape["entries"][0]["published_at"] == "2025-03-01"


def test_a_list_is_known_and_an_article_is_none() -> None:
    """A page that is clearly a list is found out; an article with a table is an article."""
    table = page(lines(20))
    prose = "".join(
        f"<p>{'The harbour authority said nothing new about its decision today. ' * 6}</p>" for _ in range(6)
    )
    assert sniff(table.encode(), "text/html", URL) == "listing"
    assert sniff(table.replace("<main>", f"<main>{prose * 2}").encode(), "text/html", URL) == "article"


# --- what changes by itself -----------------------------------------------------------------------------------------


def test_noise_is_no_change() -> None:
    """Session ids in every link, "as of" stamps and another order change no row, and reach no comparison."""
    looks = Looks()
    looks.see(page(lines(200)))
    for visit in range(1, 20):
        rows = lines(200)
        random.Random(visit).shuffle(rows)
        body = page(rows, visit=visit).encode()
        assert listing.watched(body, "text/html", looks.state.place) == looks.state.watched
        assert looks.observe(body).result == "unchanged"


def test_a_column_of_counters_is_none() -> None:
    """A column that counts readers, a time that passes, and rows numbered by their place are no part of a row."""
    looks = Looks()
    head = ("#", "Case", "Views", "Seen")

    def body(count: int, first: int) -> str:
        rows = [(f"{n + 1}", row[1], f"{count + n}", f"{count} minutes ago") for n, row in enumerate(lines(30)[first:])]
        return page(rows, head=head).replace("href", "data-href")

    looks.see(body(100, 0))
    assert looks.see(body(200, 0)) == []
    assert [event for event, _ in told(looks.see(body(300, 1)))] == []
    assert [event for event, _ in told(looks.see(body(300, 1)))] == ["entry.removed"]


def test_session_parts_of_links_are_known() -> None:
    """What belongs to the visit is told from what names the document."""
    assert stable("doc.asp;jsessionid=8F3A?id=7&PHPSESSID=ab12&utm_source=x") == "doc.asp?id=7"
    assert stable("/(S(abc123def456))/doc.aspx?id=7") == "/doc.aspx?id=7"
    rows = [[f"doc?id=2025{n:06}&t=a8f31c09e2&rank={n}"] for n in range(1, 9)]
    assert session_of(rows) == {"t", "rank"}
    assert stable(rows[0][0], session_of(rows)) == "doc?id=2025000001"


@pytest.mark.parametrize("spot", [Spot("#a > tr"), Spot("b", True, 4, 700, (".x", "re:^y")), Spot("c", outside=0)])
def test_a_place_is_read_as_it_was_written(spot: Spot) -> None:
    """What `write` writes of a place, `parse` reads."""
    assert Spot.parse(spot.write()) == spot


def test_the_early_gate_costs_a_part_of_beautifulsoup() -> None:
    """A list of 200 rows without a change costs a part of what BeautifulSoup's parse of it does: about a quarter on
    an idle machine, which is not asked for where others compute beside it."""
    looks = Looks()
    looks.see(page(lines(200)))
    body = page(lines(200), visit=9).encode()

    def fastest(call: object) -> float:
        times = []
        for _ in range(15):
            start = time.process_time()
            call()  # type: ignore[operator]  # either of two lambdas
            times.append(time.process_time() - start)
        return min(times)

    gate = fastest(lambda: listing.watched(body, "text/html", looks.state.place))
    assert gate <= fastest(lambda: BeautifulSoup(body, "lxml")) / 2.5


# --- what became of the rows ----------------------------------------------------------------------------------------


def test_one_row_more_is_one_new_entry() -> None:
    """One row more is told as new, and nothing else."""
    looks = Looks()
    looks.see(page(lines(200)))
    changes = looks.see(page([NEW, *lines(200)], visit=1))
    assert told(changes) == [("entry.new", "Meridian Robotics v. Port Authority")]
    assert changes[0].times.published is not None


def test_one_cell_is_one_changed_entry_with_its_column() -> None:
    """A changed cell is told with the column's name, before and after."""
    looks = Looks()
    rows = lines(200)
    looks.see(page(rows))
    rows[7] = (*rows[7][:3], "Vacated")
    (change,) = looks.see(page(rows, visit=1))
    assert (change.event, change.announced) == ("entry.changed", True)
    assert change.entry is not None
    assert change.entry.fields == (("Status", "Pending", "Vacated"),)
    assert change.diff == "- Status: Pending\n+ Status: Vacated"


def test_a_removed_row_is_told_when_the_next_look_misses_it_too() -> None:
    """A row that is gone is stored at once and told under the same id when the next poll still lacks it."""
    looks = Looks()
    rows = lines(200)
    looks.see(page(rows))
    (first,) = looks.see(page([*rows[:9], *rows[10:]], visit=1))
    assert (first.event, first.reason) == ("entry.removed", "unconfirmed")
    assert looks.state.confirm_at is not None
    (second,) = looks.see(page([*rows[:9], *rows[10:]], visit=1))
    assert (second.event, second.reason, second.id) == ("entry.removed", None, first.id)
    assert looks.see(page([*rows[:9], *rows[10:]], visit=2)) == []
    assert told(looks.see(page(rows, visit=3))) == [("entry.new", rows[9][1])]


def test_a_row_that_is_back_was_never_gone() -> None:
    """A row that the next look shows again was not removed."""
    looks = Looks()
    rows = lines(30)
    looks.see(page(rows))
    looks.see(page(rows[1:]))
    assert looks.see(page(rows)) == []
    assert looks.state.confirm_at is None


def test_what_scrolls_out_of_a_dated_list_is_not_removed() -> None:
    """The oldest row of a list that shows the newest fifty is not removed when a new one comes."""
    looks = Looks()
    rows = lines(50)
    looks.see(page(rows))
    for visit in (1, 2):
        assert [event for event, _ in told(looks.see(page([NEW, *rows[:-1]], visit=visit)))] == ["entry.new"][
            : 2 - visit
        ]


def test_behind_a_window_nothing_is_removed() -> None:
    """With `window = true` a missing row is not removed."""
    looks = Looks(window=True)
    looks.see(page(lines(30)))
    assert looks.see(page(lines(30)[3:])) == []
    assert looks.see(page(lines(30)[3:], visit=1)) == []


def test_a_name_spelled_otherwise_is_one_changed_row() -> None:
    """A corrected name in a list of names is one change, not one removal and one addition."""
    names = [f"{word} Shipping Company of the North" for word in ("Ada", "Boro", "Crane", "Delta", "Esker", "Fjord")]
    looks = Looks()

    def body(names: list[str]) -> str:
        return html("<table id=t>" + "".join(f"<tr><td>{n}</td><td>Carrier</td></tr>" for n in names) + "</table>")

    looks.see(body([*names, "Luokong Technology Corporation"]))
    (change,) = looks.see(body([*names, "Luokung Technology Corporation"]))
    assert (change.event, change.announced) == ("entry.changed", True)
    assert ("-", "Luokong") in [(op, word.strip()) for op, word in change.words]


# --- pages that are not believed ------------------------------------------------------------------------------------


def test_a_page_that_breaks_off_removes_nothing() -> None:
    """A truncated page removes nothing, however often it comes; cut off before any row, it fails."""
    looks = Looks()
    body = page(lines(200))
    looks.see(body)
    for _ in range(4):
        assert looks.observe(body[: len(body) // 2]).result == "held"
    assert looks.see(body) == []


@pytest.mark.parametrize(
    "wall", ["<h1>Just a moment</h1><p>Verify that you are a human</p>", "<p>Under maintenance</p>", ""]
)
def test_a_wall_removes_nothing(wall: str) -> None:
    """A captcha, a maintenance page, an empty page in the list's place fail or are held, and remove nothing."""
    looks = Looks()
    body = page(lines(40))
    looks.see(body)
    for _ in range(4):
        with suppress(ReadError):
            shown = looks.observe(
                html(f"{wall}<ul><li><a href='/'>Home</a></li><li><a href='/help'>Help</a></li></ul>")
            )
            assert (shown.result, shown.changes) == ("held", ())
    assert looks.see(body) == []


def test_the_loss_of_most_rows_is_held_back_and_then_told() -> None:
    """That most rows are gone is believed only when it lasts."""
    looks = Looks()
    rows = lines(40)
    looks.see(page(rows))
    short = page(rows[:10])
    assert looks.observe(short, timedelta(minutes=1)).result == "held"
    assert looks.observe(short, timedelta(minutes=2)).result == "held"
    removed = looks.observe(short, timedelta(minutes=5))
    assert {change.event for change in removed.changes if change.announced} == {"entry.removed"}
    assert len(removed.changes) == 30


def test_a_column_that_vanished_is_told_once() -> None:
    """A column that is gone from all rows is told once; no row is new or gone for it."""
    looks = Looks()
    rows = lines(40)
    looks.see(page(rows))
    changes = looks.see(page([row[:3] for row in rows], head=HEAD[:3]))
    assert [event for event, _ in told(changes)] == ["entry.changed"]
    assert {reason for _, reason in found(changes)} == {None, "flood"}
    assert changes[0].entry is not None
    assert changes[0].entry.fields[0][0] == "Status"
    assert changes[0].entry.fields[0][2] is None


def test_a_renamed_column_is_no_change() -> None:
    """Another name of a column says nothing of its rows, also beside one that changed."""
    looks = Looks()
    rows = lines(40)
    looks.see(page(rows))
    assert looks.see(page(rows, head=("Docket no.", "Parties", "Filed", "State"))) == []
    rows[3] = (*rows[3][:3], "Vacated")
    (change,) = looks.see(page(rows, head=("Docket no.", "Parties", "Filed", "State")))
    assert (change.event, change.announced) == ("entry.changed", True)


def test_a_table_that_became_a_list_keeps_its_rows() -> None:
    """The same rows in another markup are the same rows."""
    looks = Looks()
    rows = lines(40)
    looks.see(page(rows))
    items = "".join(
        f"<li><a href='doc.aspx?id={row[0]}'>{row[0]}</a> <p>{row[1]}</p><p>{row[2]}</p><p>{row[3]}</p></li>"
        for row in rows
    )
    changed = html(f"<main><h1>Recent filings</h1><ol class='filings'>{items}</ol></main>")
    for _ in range(2):
        assert not {"entry.new", "entry.removed"} & {event for event, _ in told(looks.see(changed))}


def test_rows_that_share_a_number_are_told_apart() -> None:
    """Several rows of one docket are several entries, whatever is added to them."""
    looks = Looks()
    rows = [("25-1", f"Document {n} of the record", f"02/{n + 10}/2025", "Filed") for n in range(9)]
    same = page(rows).replace("doc.aspx?id=25-1&amp;", "doc.aspx?")
    looks.see(same)
    assert looks.state.entries == 9
    assert len(looks.memory.docs) == 9
    more = page([("25-1", "Document 9 of the record", "02/20/2025", "Filed"), *rows]).replace("id=25-1&amp;", "")
    assert told(looks.see(more)) == [("entry.new", "Document 9 of the record")]


def test_equal_rows_are_counted() -> None:
    """Rows that are equal in all they say are counted: one less is one removed."""
    looks = Looks()
    row = "<tr><td>Bearer bond</td><td>100</td></tr>"
    others = "".join(f"<tr><td>Bond of series {n}</td><td>{n}00</td></tr>" for n in range(1, 9))
    looks.see(html(f"<table id=t>{row * 3}{others}</table>"))
    looks.see(html(f"<table id=t>{row * 2}{others}</table>"))
    assert told(looks.see(html(f"<table id=t>{row * 2}{others}</table>"))) == [("entry.removed", "Bearer bond")]


def test_a_changed_selector_is_no_news() -> None:
    """Another `select` is a new baseline: what it adds or leaves out was never news."""
    looks = Looks(select="table#list tr")
    extra = "<table id='old'>" + "".join(
        f"<tr><td><a href='/old/{n}'>Old order {n}</a></td><td>1/{n + 1}/2019</td></tr>" for n in range(9)
    )
    body = page(lines(20), more=extra + "</table>")
    looks.see(body)
    looks.source = replace(looks.source, select="table#old tr")
    assert told(looks.see(body)) == []
    assert told(looks.see(body + " ")) == []
    assert told(looks.see(body.replace("Old order 3", "Old order 3, amended"))) == [
        ("entry.changed", "Old order 3, amended")
    ]


@given(st.one_of(st.binary(max_size=500), st.text(alphabet="<>table rdliphf='/1\n-", max_size=400).map(str.encode)))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """Any bytes give a reading or a ReadError."""
    try:
        reading = read(body)
    except ReadError:
        return
    assert len(set(reading.present)) == len(reading.present)
    assert len({entry.key for entry in reading.entries}) == len(reading.entries)


@given(st.permutations(lines(12)), st.integers(0, 10**6))
def test_order_and_visit_never_matter(rows: list[tuple[str, ...]], visit: int) -> None:
    """Whatever the order and the visit, the same rows are the same."""
    assert read(page(rows, visit=visit)).watched == read(page(lines(12))).watched


# --- real pages -----------------------------------------------------------------------------------------------------


@pytest.mark.skipif("WATCHER_SHARED" not in os.environ, reason="needs the shared corpus")
def test_rows_of_real_court_lists_are_found_without_a_selector() -> None:
    """On every third court list page by name, the rows that are expected are found, one a row."""
    root = Path(os.environ["WATCHER_SHARED"]) / "corpus" / "filings_court_lists"
    gold = {
        file: json.loads(file.with_name(file.name[:-5] + ".compare.json").read_text())
        for file in sorted(root.rglob("*.html"))
        if file.with_name(file.name[:-5] + ".compare.json").exists()
    }
    chosen = [file for file, rows in gold.items() if len(rows) > 1][::3]
    good = 0
    for file in chosen:
        try:
            entries = read(file.read_bytes()).entries
        except ReadError:
            continue
        good += _fits(
            [" ".join(_plain(text) for _, text in e.page.fields) + " " + _links(e.page.blocks) for e in entries],
            gold[file],
        )
    assert good >= 30, f"{good} of {len(chosen)}"


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def _links(blocks: tuple[object, ...]) -> str:
    return " ".join(link.url.rpartition("/")[2].casefold() for block in blocks for link in block.links)  # type: ignore[attr-defined]  # blocks


def _fits(rows: list[str], expected: list[dict[str, object]]) -> bool:
    """Say whether nine of ten expected rows are rows of their own here, and few rows are nothing."""
    used: set[int] = set()
    for want in expected:
        marks = [_plain(str(want.get(key) or "")) for key in ("docket_numbers", "case_names")]
        marks.append(str(want.get("download_urls") or "").rpartition("/")[2].casefold())
        hit = next(
            (i for i, row in enumerate(rows) if i not in used and any(len(m) > 3 and m in row for m in marks)), None
        )
        if hit is not None:
            used.add(hit)
    return len(used) >= 0.9 * len(expected) and len(used) >= 0.7 * len(rows)
