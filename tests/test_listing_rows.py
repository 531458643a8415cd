"""What became of a list's rows: new, changed, gone; and pages of a list that are not believed."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from helpers_listing import HEAD, Looks, found, html, lines, page, told
from watcher.errors import ReadError

NEW = ("25-0999", "Meridian Robotics v. Port Authority", "03/05/2025", "Pending")


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


def test_a_row_removed_at_the_old_end_as_another_comes_is_told() -> None:
    """A list that was seen to grow does not scroll: its oldest row that goes as a new one comes was removed."""
    looks = Looks()
    looks.see(page(lines(30)[2:]))
    assert told(looks.see(page(lines(30)[1:]))) == [("entry.new", lines(30)[1][1])]
    oldest = lines(30)[-1][1]
    assert ("entry.removed", "unconfirmed") in found(looks.see(page(lines(30)[:-1])))
    assert told(looks.see(page(lines(30)[:-1]))) == [("entry.removed", oldest)]


@pytest.mark.parametrize("gone", [1, 3])
def test_a_list_that_kept_its_length_scrolled(gone: int) -> None:
    """As many rows at the old end as came are no removal, now and later; other numbers are removals, once."""
    rows = lines(40)
    looks = Looks()
    looks.see(page(rows[5:35]))
    assert told(looks.see(page(rows[4 : 35 - gone])))[0][0] == "entry.new"
    removed = told(looks.see(page(rows[4 : 35 - gone])))
    assert [event for event, _ in removed] == ([] if gone == 1 else ["entry.removed"] * 3)
    for first in (3, 2, 1):  # from now on it is known to scroll, by as many as it likes
        assert {event for event, _ in told(looks.see(page(rows[first : 20 + 3 * first])))} == {"entry.new"}
        assert told(looks.see(page(rows[first : 20 + 3 * first]))) == []


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


def filings(first: int, last: int, more: str = "", link: str = "/d/{}/index.htm") -> str:
    """A bank's filings, newest first: mostly the same form, company and day; the link tells them apart."""
    rows = "".join(
        f"<tr><td>{'8-K' if number in (20, 21) else '424B2'}</td>"
        f"<td><a href='{link.format(f'0000950103-26-{number:06}')}'>ROYAL BANK</a></td><td>2026-03-05</td></tr>"
        for number in range(last, first - 1, -1)
    )
    return html(f"<h1>Filings</h1><table><tr><th>Form</th><th>Company</th><th>Filed</th></tr>{rows}</table>{more}")


@pytest.mark.parametrize("more", ["", "<a rel='next' href='?page=2'>Next</a>"])
@pytest.mark.parametrize("link", ["/d/{}/index.htm", "/doc.aspx?n={}1"])
def test_a_row_of_the_same_words_is_new_where_the_oldest_made_room(more: str, link: str) -> None:
    """A row that says the same words as one that left at the old end is new, not that one with another link."""
    looks = Looks()
    looks.see(filings(1, 20, more, link))
    looks.see(filings(2, 21, more, link))  # seen to scroll
    for last in (24, 27):
        fresh = [change for change in looks.see(filings(last - 19, last, more, link)) if change.announced]
        assert [change.event for change in fresh if change.event != "entry.removed"] == ["entry.new"] * 3


def test_numbers_tell_rows_of_the_same_words_apart_at_once() -> None:
    """Where rows bear an accession number, one that came is new though one of the same words went at the same time."""
    looks = Looks()
    looks.see(filings(30, 49))
    assert [change.event for change in looks.see(filings(31, 50)) if change.announced] == ["entry.new"]


def test_a_site_that_moved_its_list_has_no_new_rows() -> None:
    """Where the links of all rows changed and their words did not, no row is new."""
    looks = Looks()
    looks.see(filings(1, 20, link="/doc.aspx?n={}1"))
    changes = looks.see(filings(1, 20, link="/archive/view.aspx?page={}9"))
    assert {change.event for change in changes} <= {"entry.changed"}


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
