"""Followed entries through the real daemon: feed, page and PDF; the rules look at them all; each is then watched."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon import Daemon, changes_of, configure, settle, source
from helpers_follow import RELEASE, Publisher, paper, release
from inbox import Hook, Inbox, wait_for

NAMES = (
    "Advanced Micro-Fabrication Equipment Inc. (AMEC)",
    "Luokong Technology Corporation (LKCO)",
    "Xiaomi Corporation",
)


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with Publisher() as made:
        made.add(1, "Contracts for January 13")
        made.files["/1"] = release("Contracts for January 13")
        yield made


def told(hook: Hook) -> list[dict[str, Any]]:
    return [change for data in changes_of(hook).values() for change in data["changes"]]


def chain(publisher: Publisher, *names: str) -> None:
    """A release whose feed item and page do not name the companies; the PDF does."""
    link = '<p><a href="/list.pdf">The list of companies</a></p>'
    publisher.files["/2"] = release("DOD Releases List of Additional Companies", links=link)
    publisher.files["/list.pdf"] = paper("Qualifying entities prepared in response to Section 1237:", *names)
    publisher.add(2, "DOD Releases List of Additional Companies", "In accordance with Section 1237 of the FY99 NDAA")


def test_an_entry_whose_pdf_alone_names_the_company_is_told_once(tmp_path: Path, publisher: Publisher) -> None:
    """What the rules look for may stand in the linked page's PDF: told once, with the PDF's address; what does not is
    kept out; afterwards the PDF and the page are watched."""
    with Inbox() as inbox, Hook() as hook:
        config = configure(
            tmp_path, inbox, hook, source("dod", publisher.url(), follow="30d", only=["Xiaomi"], kind="feed")
        )
        with Daemon(config) as daemon:
            daemon.ready()
            wait_for(lambda: publisher.asked("/feed") > 1, 20, "the baseline")
            publisher.add(3, "Contracts for January 14")
            publisher.files["/3"] = release("Contracts for January 14")
            chain(publisher, *NAMES)
            wait_for(lambda: bool(told(hook)), 20, "the entry")
            (change,) = told(hook)
            assert (change["event"], change["matched_in"]) == ("entry.new", [publisher.url("/list.pdf")])
            assert change["entry"]["title"] == "DOD Releases List of Additional Companies"
            publisher.files["/list.pdf"] = paper(
                "Qualifying entities prepared in response to Section 1237:",
                NAMES[0],
                "Luokung Technology Corp. (LKCO)",
                NAMES[2],
            )
            wait_for(lambda: len(told(hook)) > 1, 30, "the corrected PDF")
            assert told(hook)[1]["event"] == "text.changed"
            assert told(hook)[1]["document"]["url"] == publisher.url("/list.pdf")
            note = (
                "<p><strong>Update 1 (01/15/2021 @ 2:00 PM ET):</strong> The list was corrected by the Department.</p>"
            )
            publisher.files["/2"] = release(
                "DOD Releases List of Additional Companies",
                *RELEASE,
                note=note,
                links='<p><a href="/list.pdf">The list of companies</a></p>',
            )
            wait_for(lambda: len(told(hook)) > 2, 30, "the update")
            assert told(hook)[2]["event"] == "update.new"
            settle()
            assert [change["event"] for change in told(hook)] == ["entry.new", "text.changed", "update.new"]
            held = daemon.json("changes", "--held", "--source", "dod")
            assert [
                (c["entry"]["title"], c["reason"])
                for c in held
                if c["event"] == "entry.new" and c["reason"] != "baseline"
            ] == [("Contracts for January 14", "rule")]
