"""Bad input for each kind, through the real pipeline: a clear state, nothing told, and nothing lost."""

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from helpers_clocked import Clocked, Site, changes, events
from helpers_documents import docx, paragraph, pdf
from helpers_listing import lines, page
from servers import Server

Body = str | bytes


def table(stage: int, mark: str = ",", head: str = "number,name,country,since") -> str:
    """Forty records; each stage brings one more."""
    rows = [f"{n},Firm {n} of the coast,Cuba,2031-01-{n % 28 + 1:02}" for n in range(1, 41 + stage)]
    return "".join(row.replace(",", mark) + "\n" for row in [head, *rows])


def listing(stage: int) -> str:
    return page(lines(43)[3 - stage :], visit=stage)


def order(stage: int) -> bytes:
    words = ("denied", "granted", "stayed")[stage]
    return pdf([[f"The motion of Meridian Robotics is {words}.", "The parties shall file a joint report by April."]])


def feed(stage: int) -> str:
    items = "".join(
        f"<item><guid>g{n}</guid><title>Notice {n} of the board</title><link>https://b.example/{n}</link></item>"
        for n in range(12 + stage, 0, -1)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Notices</title>{items}</channel></rss>'


def book(stage: int) -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    for row in table(stage).splitlines():
        sheet.append(row.split(","))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def zipped(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name, (2031, 3, 4, 12, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


ENTITIES = '<!DOCTYPE l [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><l><e><id>1</id><n>&b;</n></e><e><id>2</id></e></l>'
PAGE = "<!doctype html><html lang=en><head><title>Sorry</title></head><body><p>Back soon.</p></body></html>"
MOVED = "<!doctype html><html lang=en><title>Filings</title><div><p>Search the filings.</p></div></html>"
BOMB = docx("<w:p><w:r><w:t>" + "a" * 41_000_000 + "</w:t></w:r></w:p>")
TABLE, ROWS, ORDER, FEED = ("dataset", table), ("listing", listing), ("file", order), ("feed", feed)
CASES: dict[str, tuple[tuple[str, Callable[[int], Body]], Body, str]] = {
    "a table that is cut off within a row": (TABLE, table(1)[:-20], "breaks off"),
    "a table that is cut off within a quotation": (TABLE, table(1)[:300] + '\n9,"Firm', "quotation"),
    "a table with another delimiter than any": (TABLE, table(1, mark="~"), "of the key"),
    "a table with another head": (TABLE, table(1, head="nr,firm,land,from"), "of the key"),
    "a table whose key column vanished": (
        TABLE,
        "".join(row.partition(",")[2] + "\n" for row in table(1).splitlines()),
        "of the key",
    ),
    "a table under one key": (TABLE, "number,name\n" + "1,Firm of the coast\n" * 3_000, "must identify a record"),
    "a page for a table": (TABLE, PAGE, "web page"),
    "XML with entities for a table": (TABLE, ENTITIES, "entities"),
    "a bomb for a table": (TABLE, gzip.compress(b"number,name\n" * 20_000_000), "larger than allowed"),
    "a zipped bomb for a table": (TABLE, zipped("list.csv", b"number,name\n" * 20_000_000), "more than is believed"),
    "an empty table": (TABLE, "\n", "empty"),
    "a workbook that is cut off": (("dataset", book), book(1)[:-600], "breaks off"),
    "a list without rows": (ROWS, MOVED, "nothing is taken for removed"),
    "a list that is empty": (ROWS, " ", "empty"),
    "a PDF for a list": (ROWS, order(0), "binary format"),
    "JSON that is cut off for a list": (ROWS, '[{"id": 1, "title": "Order', "breaks off"),
    "XML with entities for a list": (ROWS, f'<?xml version="1.0"?>{ENTITIES}', "entities"),
    "an encrypted PDF": (ORDER, pdf([["Order"]], encrypted=True), "encrypted"),
    "a PDF that is cut off": (ORDER, order(1)[:-40], "breaks off"),
    "a page for a PDF": (ORDER, PAGE, "web page"),
    "a DOCX that is a bomb": (
        ORDER,
        BOMB,
        "unpacks to more",
    ),
    "a DOCX that is cut off": (ORDER, docx(paragraph("Order"))[:-30], "no whole ZIP"),
    "a feed that is cut off": (FEED, feed(1)[:400], "cut off"),
    "a feed with entities": (FEED, feed(1).replace("<rss", '<!DOCTYPE rss [<!ENTITY a "x">]><rss'), "entit"),
    "a page for a feed": (FEED, PAGE, "HTML page where a feed should be"),
}
TYPES = {"dataset": "text/csv", "listing": "text/html", "file": "application/pdf", "feed": "application/rss+xml"}
NEWS = {"dataset": "record.added", "listing": "entry.new", "file": "text.changed", "feed": "entry.new"}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_a_failure_in_words_and_loses_nothing(tmp_path: Path, name: str) -> None:
    """What cannot be read fails with its reason, tells nothing, and what is known stays: the next good answer tells
    what changed since the last one, and nothing else."""
    (kind, made), bad, words = CASES[name]
    site = Site(made(0), TYPES[kind])
    with Server(site) as server:
        watch = Clocked(tmp_path, server.url("/x"), 'key = ["number"]' if kind == "dataset" else "", kind=kind)
        assert watch.poll(0).poll.result == "baseline"
        site.body = bad
        for minutes in (60, 120):
            failed = watch.poll(minutes)
            assert (failed.poll.result, events(failed)) == ("failed", [])
            assert words in (failed.poll.error or "")
        assert words in watch.status()["error"]
        site.body = made(1)
        assert events(watch.poll(180)) == [(NEWS[kind], None)]
        assert watch.status()["error"] is None


def test_another_delimiter_is_the_same_table(tmp_path: Path) -> None:
    """A table whose publisher changed the delimiter says what it said."""
    site = Site(table(0), "text/csv")
    with Server(site) as server:
        watch = Clocked(tmp_path, server.url("/x"), kind="dataset")
        watch.poll(0)
        for minutes, mark in ((60, ";"), (120, "\t"), (180, "|")):
            site.body = table(0, mark=mark)
            assert events(watch.poll(minutes)) == []
        site.body = table(1, mark=";")
        assert events(watch.poll(240)) == [("record.added", None)]


def test_a_vanished_column_is_told_once(tmp_path: Path) -> None:
    """A column that all records lost is one change, not one a record."""
    site = Site(table(0), "text/csv")
    with Server(site) as server:
        watch = Clocked(tmp_path, server.url("/x"), 'key = ["number"]', kind="dataset")
        watch.poll(0)
        site.body = "".join(row.rpartition(",")[0] + "\n" for row in table(0).splitlines())
        (change,) = changes(watch.poll(60))
        assert (change.event, change.diff, change.announced) == ("meta.changed", "- since (40 records)", True)


def test_duplicate_keys_are_paired_by_what_is_equal(tmp_path: Path) -> None:
    """Records that share a key are neither lost nor told anew: only the one that changed is."""
    site = Site(table(0) + "7,Firm 7 of the coast,Chile,2031-05-05\n7,Firm 7 at sea,Peru,2031-05-06\n", "text/csv")
    with Server(site) as server:
        watch = Clocked(tmp_path, server.url("/x"), 'key = ["number"]', kind="dataset")
        watch.poll(0)
        site.body = str(site.body).replace("Peru", "Panama")
        (change,) = changes(watch.poll(60))
        assert change.record is not None
        assert (change.event, change.record.changed) == ("record.changed", (("country", "Peru", "Panama"),))
        site.body = str(site.body).replace("7,Firm 7 at sea,Panama,2031-05-06\n", "")
        watch.poll(120)
        assert [(c.event, c.record.title if c.record else "") for c in changes(watch.poll(180))] == [
            ("record.removed", "Firm 7 at sea")
        ]


def test_formulas_count_by_their_saved_value(tmp_path: Path) -> None:
    """A workbook's formulas are never worked out: one without a saved value is an empty cell, and no failure."""

    def made(names: tuple[str, ...]) -> bytes:
        made_ = openpyxl.Workbook()
        sheet = made_.active
        sheet.append(["number", "name", "total"])
        for n, name in enumerate(names, 1):
            sheet.append([n, name, f"=SUM(A1:A{n})" if n % 2 else '=HYPERLINK("http://x.example/","x")'])
        out = io.BytesIO()
        made_.save(out)
        return out.getvalue()

    site = Site(made(("Alder Ltd", "Baltic Ltd", "Crown Ltd")), "application/octet-stream")
    with Server(site) as server:
        watch = Clocked(tmp_path, server.url("/x.xlsx"), kind="dataset")
        assert watch.poll(0).poll.result == "baseline"
        site.body = made(("Alder Ltd", "Baltic Ltd", "Crown Ltd", "Delta Ltd"))
        (change,) = changes(watch.poll(60))
        assert change.record is not None
        assert (change.event, dict(change.record.fields)) == ("record.added", {"number": "4", "name": "Delta Ltd"})


def test_two_thousand_pages_that_change_in_one_word(tmp_path: Path) -> None:
    """A PDF of two thousand pages is read whole, and one changed word on one of its last is told."""

    def made(word: str) -> bytes:
        pages = [[f"Page {n} holds the matter {n}.", "It is open."] for n in range(2_000)]
        pages[1_990][1] = f"It is {word}."
        return pdf(pages)

    site = Site(made("open"), "application/pdf")
    with Server(site) as server:
        watch = Clocked(tmp_path, server.url("/x.pdf"), kind="file")
        assert watch.poll(0).poll.result == "baseline"
        site.body = made("vacated")
        (change,) = changes(watch.poll(60))
        assert change.event == "text.changed"
        assert "vacated" in change.diff
