"""Listings: rows found by the page's own structure, told apart for good, and what became of them."""

import json
import os
import random
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from helpers_listing import HEAD, URL, Looks, html, lines, page, told
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


def test_counters_in_the_rows_keep_no_look_from_stopping_early() -> None:
    """A list whose rows count their readers stops at the early gate like any other."""

    def body(count: int) -> str:
        return html("<ul>" + "".join(
            f"<li><a href='/d/{n}'>Order number {n} of the board</a> March {n % 28 + 1}, 2025 "
            f"<em>{count * 37 + n:,} readers</em></li>" for n in range(200)
        ) + "</ul>")  # fmt: skip

    looks = Looks()
    looks.see(body(1))
    for visit in range(100, 103):
        assert listing.watched(body(visit).encode(), "text/html", looks.state.place) == looks.state.watched


def test_a_stamp_above_the_list_dates_no_row() -> None:
    """ "As of" above a list without dates is no date of its rows: one that went as another came is told as removed."""

    def body(visit: int, *names: str) -> str:
        rows = "".join(f"<tr><td>{name}</td><td>Excluded</td></tr>" for name in names)
        head = "<tr><th>Name</th><th>Standing</th></tr>"
        return html(
            f"<p>{len(names)} entries, as of March {visit}, 2025 1:0{visit} PM ET</p><table>{head}{rows}</table>"
        )

    names = [f"{word} Shipping Holdings" for word in ("Alder", "Baltic", "Crown", "Delta", "Falcon", "Granite")]
    assert all(entry.page.published is None for entry in read(body(3, *names)).entries)
    looks = Looks()
    looks.see(body(3, *names))
    looks.see(body(4, *names[:2], *names[3:], "Meridian Robotics Ltd"))
    assert told(looks.see(body(5, *names[:2], *names[3:], "Meridian Robotics Ltd"))) == [
        ("entry.removed", "Crown Shipping Holdings")
    ]


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


# pages of those where the rows are not found by themselves; what each row is, as an owner would name it
SELECTED = {
    "arizctapp_div_2": 'tr:has(a[href$=".pdf"])',
    "neb": ".view-grouping-content tbody tr",
    "scotus_slip": 'tr:has(a[href*="/opinions/"])',
    "texag": ".sidebar-ag-opinion-content",
    "vtsuperct_probate": "article.views-row",
}


@pytest.mark.skipif("WATCHER_SHARED" not in os.environ, reason="needs the shared corpus")
@pytest.mark.parametrize("name", SELECTED)
def test_rows_of_real_court_lists_are_found_with_a_selector(name: str) -> None:
    """Where a page's own structure does not show its rows, a selector gives exactly those that are expected."""
    root = Path(os.environ["WATCHER_SHARED"]) / "corpus" / "filings_court_lists" / "opinions" / "united_states"
    expected = json.loads((root / f"{name}_example.compare.json").read_text())
    entries = read((root / f"{name}_example.html").read_bytes(), select=SELECTED[name]).entries
    assert len(entries) == len(expected)
    assert _fits(
        [" ".join(_plain(text) for _, text in e.page.fields) + " " + _links(e.page.blocks) for e in entries], expected
    )


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
