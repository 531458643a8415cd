"""Followed entries through the real daemon: feed, page and PDF; the rules look at them all; each is then watched."""

from collections.abc import Iterator
from functools import partial
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
            assert told(hook)[1]["document"]["title"] == "DOD Releases List of Additional Companies: list.pdf"
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


def asked_so_often(publisher: Publisher, times: int) -> bool:
    return len(publisher.server.requests) >= times


@pytest.mark.long
def test_killed_in_the_middle_nothing_is_lost_or_doubled(tmp_path: Path, publisher: Publisher) -> None:
    """Ended by force again and again while entries are followed, each entry is told exactly once."""
    wanted = {f"Release {number}" for number in range(2, 32) if number % 3 == 0}
    with Inbox() as inbox, Hook() as hook:
        config = configure(
            tmp_path, inbox, hook, source("dod", publisher.url(), follow="30d", only=["Xiaomi"], kind="feed")
        )
        with Daemon(config) as daemon:
            daemon.ready()
            wait_for(lambda: publisher.asked("/feed") > 1, 20, "the baseline")
            for number in range(2, 32):
                publisher.files[f"/{number}"] = release(
                    f"Release {number}", links=f'<p><a href="/{number}.pdf">The list</a></p>'
                )
                name = "Xiaomi Corporation" if number % 3 == 0 else "Luokong Technology Corporation"
                publisher.files[f"/{number}.pdf"] = paper("Qualifying entities prepared in response:", name)
                publisher.add(number, f"Release {number}")
                if number % 5 == 1:
                    wait_for(partial(asked_so_often, publisher, len(publisher.server.requests) + 5), 20, "polls")
                    daemon.kill()
                    daemon.start().ready()

            def titles() -> list[str]:
                return [change["document"]["title"] for change in told(hook) if change["event"] == "entry.new"]

            wait_for(lambda: set(titles()) == wanted, 60, "the entries")
            settle()
            assert sorted(titles()) == sorted(wanted)
            count = daemon.one("SELECT count(*) FROM children JOIN sources ON name = source WHERE enabled")
            assert count == 60
            assert daemon.one("SELECT count(*) FROM changes WHERE reason = 'rule' AND event = 'entry.new'") == 20


@pytest.mark.long
def test_check_follows_too_and_commands_show_and_end_what_is_followed(tmp_path: Path, publisher: Publisher) -> None:
    """One `check` goes the whole way to the PDF; `sources` and `status` show the pages, `unfollow` ends them."""
    with Inbox() as inbox, Hook() as hook:
        config = configure(
            tmp_path, inbox, hook, source("dod", publisher.url(), follow="30d", only=["Xiaomi"], kind="feed")
        )
        commands = Daemon(config)
        commands.json("check")
        chain(publisher, *NAMES)
        lines = commands.json("check", "dod")
        (change,) = [change for line in lines for change in line["changes"] if change["announced"]]
        assert (change["event"], change["matched_in"]) == ("entry.new", [publisher.url("/list.pdf")])
        assert [change["event"] for change in told(hook)] == ["entry.new"]
        names = {row["url"]: row["source"] for row in commands.json("sources")}
        assert set(names) == {publisher.url("/feed"), publisher.url("/2"), publisher.url("/list.pdf")}
        assert all(name == "dod" or name.startswith("dod#") for name in names.values())
        assert [row["source"] for row in commands.json("sources", "dod")] == sorted(names.values())
        (status,) = commands.json("status")
        assert (status["sources"], status["followed"], status["followed_unread"]) == (1, 2, 0)
        assert "2 pages followed" in commands.run("status").stdout
        assert commands.run("sources").stdout.split("\t")[-1] == "ok, 2 entries, 2 pages followed\n"
        listed = [line.split("\t") for line in commands.run("sources", "dod").stdout.splitlines()]
        assert {line[0]: line[-1] for line in listed} == {
            name: "ok, 2 entries" if name == "dod" else f"ok · {url}" for url, name in names.items()
        }
        page = names[publisher.url("/list.pdf")]
        publisher.files["/list.pdf"] = 500
        assert commands.run("check", page).stderr == "1 followed page cannot be read\n"
        assert commands.run("unfollow", page).stdout == "1 page is no longer followed\n"
        assert commands.run("unfollow", page).returncode == 2
        assert [line["source"] for line in commands.json("check")] == ["dod", names[publisher.url("/2")]]
        assert commands.run("check", page).returncode == 2
        assert commands.run("unfollow", "dod").stdout == "1 page is no longer followed\n"
        assert [line["source"] for line in commands.json("check")] == ["dod"]
        assert [row["kind"] for row in commands.json("sources", page)] == ["file"]


@pytest.mark.long
def test_unfollow_asks_a_running_daemon(tmp_path: Path, publisher: Publisher) -> None:
    """Beside a daemon `unfollow` has it end what is followed, and says what is not."""
    with Inbox() as inbox, Hook() as hook:
        config = configure(tmp_path, inbox, hook, source("dod", publisher.url(), follow="30d", kind="feed"))
        with Daemon(config) as daemon:
            daemon.ready()
            wait_for(lambda: publisher.asked("/feed") > 1, 20, "the baseline")
            chain(publisher, *NAMES)
            wait_for(lambda: publisher.asked("/list.pdf") > 0, 20, "the PDF")
            assert daemon.run("unfollow", "dod").stdout == "2 pages are no longer followed\n"
            asked = publisher.asked("/2")
            said = daemon.run("unfollow", "dod#nothing")
            assert (said.returncode, "nothing is followed under the name" in said.stderr) == (2, True)
            settle(1.5)
            assert publisher.asked("/2") <= asked + 1


@pytest.mark.long
def test_what_is_followed_ends_with_its_source(tmp_path: Path, publisher: Publisher) -> None:
    """A source taken out while the daemon runs takes what it follows along; the log names the source alone."""
    with Inbox() as inbox, Hook() as hook:
        config = configure(tmp_path, inbox, hook, source("dod", publisher.url(), follow="30d", kind="feed"))
        with Daemon(config) as daemon:
            daemon.ready()
            wait_for(lambda: publisher.asked("/feed") > 1, 20, "the baseline")
            chain(publisher, *NAMES)
            wait_for(lambda: publisher.asked("/list.pdf") > 0, 20, "the PDF")
            configure(tmp_path, inbox, hook, source("other", publisher.url("/1"), kind="article", every="1h"))
            daemon.reload()
            wait_for(lambda: "config.reloaded" in daemon.log(), 20, "the removal")
            assert "removed=['dod']" in daemon.log()
            asked = publisher.asked("/2")
            settle(1.5)
            assert publisher.asked("/2") <= asked + 1
            (status,) = daemon.json("status")
            assert (status["sources"], status["followed"]) == (1, 0)
