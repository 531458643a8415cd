"""Source pairs: a record that two sources say is announced once, and what the fast one missed is told late."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from helpers_pairs import DAY, FRIDAY, HOUR, MINUTE, MONDAY, Desk, Site, feed, item, window
from helpers_store import NOW, address, outcome, plan, postgres_schema, store
from pg import postgres_server
from watcher.errors import StoreError
from watcher.model import PairKept, Sighting
from watcher.store import Store

__all__ = ["address", "postgres_schema", "postgres_server", "store"]  # fixtures

WEEKEND = MONDAY - FRIDAY
FAST = {"name": "fast", "every": "5m", "notify": ["hook"]}
FULL: dict[str, Any] = {"name": "full", "every": "1h", "notify": ["hook"], "confirms": "fast"}


@pytest.fixture
def desk(address: str, tmp_path: Path) -> Iterator[Desk]:
    """A fast feed and a complete one, both known with three entries."""
    with Desk(tmp_path, address, Site(), FRIDAY - MINUTE) as desk:
        desk.write(FAST, FULL)
        show(desk, fast=items(1, 2, 3), full=items(1, 2, 3))
        desk.poll()
        assert desk.alerts() == []
        yield desk


def items(*numbers: int, at: datetime | None = None) -> bytes:
    return feed(*(item(number, at) for number in sorted(numbers, reverse=True)))


def show(desk: Desk, **bodies: bytes) -> None:
    desk.site.bodies |= {f"/{name}.xml": body for name, body in bodies.items()}


def stored(desk: Desk, source: str) -> list[tuple[str, str | None, str | None]]:
    """(title, reason, whom it confirms) of what is stored of a source, oldest first."""
    store = Store.open(desk.address)
    try:
        found = [each.change for each in store.changes(source=source) if each.change.reason != "baseline"]
    finally:
        store.close()
    return [(c.document.title, c.reason, c.paired.source if c.paired else None) for c in found]


@pytest.mark.parametrize("order", [["fast", "full"], ["full", "fast"]])
def test_what_both_say_is_announced_once(desk: Desk, order: list[str]) -> None:
    """The one that says a record first announces it; the other's is stored as a confirmation, with whom it confirms."""
    show(desk, fast=items(2, 3, 4), full=items(1, 2, 3, 4, at=FRIDAY + DAY))
    for name in order:
        desk.poll(name)
    first, second = order
    assert [(source, what) for source, what, _ in desk.told()] == [(first, "entry.new Notice 4")]
    assert stored(desk, second) == [("Notice 4", "duplicate", first)]
    desk.poll(after=HOUR)
    assert len(desk.alerts()) == 1


def test_both_polled_at_one_instant_tell_once(desk: Desk) -> None:
    """Thirty new records in both, asked for at the same moment again and again: each is told once."""
    for last in (33, 63, 93):
        show(desk, fast=window(last - 29, last, FRIDAY), full=window(1, last, FRIDAY))
        desk.poll()
        told = [what for _, what, _ in desk.told()]
        assert sorted(told) == sorted({f"entry.new Notice {number}" for number in range(4, last + 1)})


def test_two_of_one_address_tell_once(desk: Desk) -> None:
    """Two sources of one address that confirm a third are read in one poll: one of them tells a new record, the other
    one's is its confirmation, and what only the second lets through is told by that."""
    full, twin = FULL | {"never": ["Notice 5"]}, FULL | {"name": "twin", "path": "/full.xml"}
    desk.write(FAST, full, twin)
    desk.poll()
    for last in (4, 5, 6):
        show(desk, full=items(*range(1, last + 1)))
        desk.poll("full")
    told = [(source, what) for source, what, _ in desk.told()]
    assert told == [("full", "entry.new Notice 4"), ("twin", "entry.new Notice 5"), ("full", "entry.new Notice 6")]
    assert stored(desk, "twin") == [
        ("Notice 4", "duplicate", "full"),
        ("Notice 5", None, "full"),
        ("Notice 6", "duplicate", "full"),
    ]


def test_what_the_fast_one_missed_is_late(desk: Desk) -> None:
    """What only the complete source brings is announced in an alert of its own that is marked late and names the fast
    one; when that shows it after all, nothing is told again."""
    show(desk, full=items(1, 2, 3, 4, at=FRIDAY - DAY))
    desk.poll()
    assert desk.told() == [("full", "entry.new Notice 4", True)]
    (data,) = desk.alerts()
    assert (data["late"], data["changes"][0]["missed_by"]) == (True, "fast")
    assert data["subject"].startswith("Late: ")
    show(desk, fast=items(2, 3, 4))
    desk.poll()
    assert len(desk.alerts()) == 1
    assert stored(desk, "fast") == [("Notice 4", "duplicate", "full")]


def test_what_was_just_published_is_not_late(desk: Desk) -> None:
    """A record that the complete source shows before the fast one could be asked is simply first."""
    show(desk, full=items(1, 2, 3, 4, at=FRIDAY + 2 * MINUTE))
    desk.poll("full", after=3 * MINUTE)
    assert desk.told() == [("full", "entry.new Notice 4", False)]


@pytest.mark.parametrize("order", [["fast", "full"], ["full", "fast"]])
def test_a_missed_weekend_is_recovered_late(address: str, tmp_path: Path, order: list[str]) -> None:
    """A missed weekend is a gap; what the pair recovers of it is told late, what still stands is told by whoever comes
    first, and nothing twice."""
    with Desk(tmp_path, address, Site(), FRIDAY - MINUTE) as desk:
        desk.write(FAST, FULL)
        show(desk, fast=window(1, 20, FRIDAY), full=window(1, 20, FRIDAY))
        desk.poll()
        step = WEEKEND / 100
        show(desk, fast=window(101, 120, MONDAY, step), full=window(1, 120, MONDAY, step))
        desk.at = MONDAY
        for name in order:
            desk.poll(name, after=MINUTE)
        assert desk.gaps() == [["fast"]]
        told = desk.told()
        assert sorted(what for _, what, _ in told) == sorted(f"entry.new Notice {n}" for n in range(21, 121))
        late = {what for source, what, late in told if late}
        assert {f"entry.new Notice {number}" for number in range(21, 101)} <= late
        if order[0] == "fast":
            assert {source for source, what, late in told if not late} == {"fast"}
        desk.poll(after=HOUR)
        assert len(desk.told()) == 100


def test_after_a_gap_the_pair_is_asked_at_once(address: str, tmp_path: Path) -> None:
    """A gap of the fast source makes the complete one due, whatever its own pace is."""
    with Desk(tmp_path, address, Site(), FRIDAY - MINUTE) as desk:
        desk.write(FAST, FULL)
        show(desk, fast=window(1, 20, FRIDAY), full=window(1, 20, FRIDAY))
        desk.poll()
        show(desk, fast=window(101, 120, MONDAY))
        desk.poll("full", after=WEEKEND)
        desk.poll("fast")
        store = Store.open(desk.address)
        try:
            assert [due.fetch for due in store.due(desk.at)] == [store.source_rows(["full"])[0].fetch]
        finally:
            store.close()


def test_what_was_there_at_the_beginning_is_no_news_of_the_other(desk: Desk) -> None:
    """A record that either showed before the pair began is not announced when the other brings it."""
    show(desk, fast=items(2, 3, 4))
    desk.write(FAST)
    desk.poll()
    desk.site.bodies["/later.xml"] = items(1)
    desk.write(FAST, {**FULL, "name": "later"})
    desk.poll()
    show(desk, later=items(1, 2, 3, 4, 5))
    desk.poll()
    assert [what for _, what, _ in desk.told()] == ["entry.new Notice 4", "entry.new Notice 5"]


def test_a_pattern_finds_what_both_print(desk: Desk) -> None:
    """Where identifiers and links differ, a pattern names what both print of one record."""
    filed = "0000320193-31-00000{}"
    for name in ("latest", "index"):
        desk.site.bodies[f"/{name}.xml"] = feed(
            item(f"{name}-1", words=f"Accession {filed.format(1)}", title=f"{name} 1")
        )
    confirms = {"source": "latest", "key": r"re:\d{10}-\d\d-\d{6}"}
    desk.write({**FAST, "name": "latest"}, {**FULL, "name": "index", "confirms": confirms})
    desk.poll()
    for name in ("latest", "index"):
        desk.site.bodies[f"/{name}.xml"] = feed(
            *(item(f"{name}-{n}", words=f"Accession {filed.format(n)}", title=f"{name} {n}") for n in (3, 2, 1))
        )
        desk.poll(name)
    assert [what for _, what, _ in desk.told()] == ["entry.new latest 3", "entry.new latest 2"]


def test_short_numbers_are_no_identifiers(desk: Desk) -> None:
    """Two publishers that number their entries mean different things by one number."""
    for name in ("fast", "full"):
        entries = [
            f"<item><guid isPermaLink='false'>{n}</guid><title>{name} {n}</title>"
            f"<link>https://{name}.example/{n}</link></item>"
            for n in (2, 1)
        ]
        show(desk, **{name: feed(*entries)})
    desk.poll()
    assert len(desk.told()) == 4


def test_what_the_first_kept_to_itself_is_told_by_the_second(desk: Desk) -> None:
    """Rules of the first source that keep a record back do not keep it back from those who hear of the second."""
    desk.write({**FAST, "only": ["Meridian"]}, FULL)
    show(desk, fast=items(2, 3, 4))
    desk.poll("fast")
    assert desk.told() == []
    show(desk, full=items(1, 2, 3, 4))
    desk.poll("full")
    assert [(source, what) for source, what, _ in desk.told()] == [("full", "entry.new Notice 4")]


def test_entries_without_an_own_identifier_or_link_are_told_by_each(desk: Desk) -> None:
    """What cannot be known elsewhere is not taken for anything else: better twice than never."""
    for name in ("fast", "full"):
        show(desk, **{name: feed("<item><title>Order</title></item>", item(1))})
    desk.poll()
    assert [what for _, what, _ in desk.told()] == ["entry.new Order"] * 2


def test_what_is_not_confirmed_in_time_is_told_once(desk: Desk) -> None:
    """A record of the fast source that the complete one still lacks after `within` is told as removed there, once; one
    that it shows by then is not."""
    desk.write(FAST, {**FULL, "confirms": {"source": "fast", "within": "2d"}})
    show(desk, fast=items(2, 3, 4, 5))
    desk.poll()
    show(desk, full=items(1, 2, 3, 4))
    desk.poll(after=DAY)
    assert len(desk.told()) == 2
    for _ in range(3):
        desk.poll(after=DAY)
    assert desk.told()[2:] == [("full", "entry.removed Notice 5", False)]
    (change,) = desk.alerts()[-1]["changes"]
    assert (change["disagrees"]["what"], change["disagrees"]["source"]) == ("missing", "fast")


def test_a_feed_and_its_listing_page_are_a_pair(desk: Desk) -> None:
    """A feed and the page that lists the same links share the links."""

    def page(*numbers: int) -> bytes:
        rows = "".join(
            f'<tr><td>2031-03-0{n}</td><td><a href="https://filings.example/{n}?utm_source=page">Notice {n} of the Port'
            " Authority</a></td></tr>"
            for n in numbers
        )
        head = "<tr><th>Date</th><th>Notice</th></tr>"
        return f"<html><body><h1>Notices</h1><table>{head}{rows}</table></body></html>".encode()

    desk.site.bodies["/list.html"] = page(3, 2, 1)
    desk.write(FAST, {**FULL, "name": "list", "path": "/list.html", "kind": "listing"})
    desk.poll()
    desk.site.bodies["/list.html"] = page(5, 4, 3, 2, 1)
    show(desk, fast=items(2, 3, 4))
    desk.poll("fast")
    desk.poll("list")
    assert desk.told() == [
        ("fast", "entry.new Notice 4", False),
        ("list", "entry.new Notice 5 of the Port Authority", True),
    ]


@pytest.mark.parametrize("other", ["before", "after"])
def test_what_waits_for_a_followed_page_is_told_once(desk: Desk, other: str) -> None:
    """An entry that is decided by the page it leads to is told once, also where the complete source said it before the
    page was read, or after."""
    desk.write({**FAST, "follow": "30d", "only": ["Meridian"]}, FULL)
    page = desk.site.server.url("/page.html")
    told = f"<item><guid>n-4</guid><title>Notice 4</title><link>{page}</link></item>"
    words = "".join(
        f"<p>The authority has put seven firms on its list, of which this is the number {n}.</p>" for n in range(5)
    )
    text = f"<article><h1>Notice 4</h1>{words}<p>Meridian Robotics is excluded from all tenders.</p></article>"
    desk.site.bodies["/page.html"] = f"<html><body>{text}</body></html>".encode()
    show(desk, fast=feed(told, item(3), item(2)))
    desk.poll("fast")
    assert desk.told() == []
    show(desk, full=feed(told, item(3), item(2), item(1)))
    for name in ("full", "due") if other == "before" else ("due", "full"):
        desk.poll(name)
    desk.poll("due", after=HOUR)
    first, second = ("full", "fast") if other == "before" else ("fast", "full")
    assert [(source, what) for source, what, _ in desk.told() if "entry.new" in what] == [(first, "entry.new Notice 4")]
    assert stored(desk, second) == [("Notice 4", "duplicate", first)]


def test_two_that_believe_themselves_the_first_are_not_both_stored(store: Store) -> None:
    """Should two processes judge one record at one time, the second outcome is refused whole, and its poll is repeated:
    then it knows of the first."""
    store.sync([plan("fast"), plan("full")], NOW)
    for source in ("fast", "full"):
        store.pairs.enrolled("pair_x", source, NOW)
        found = outcome(store, source)
        (part,) = found.sources
        assert part.observation is not None
        ref = part.observation.changes[0].document
        seen = Sighting("itm_1", source, NOW, ref, change=part.observation.changes[0].id, told=("desk",))
        kept = PairKept("pair_x", (("n-1", "itm_1"),), (seen,), ("itm_1",))
        found = replace(found, sources=(replace(part, observation=replace(part.observation, pair=kept)),))
        if source == "fast":
            store.commit([found], NOW)
        else:
            with pytest.raises(StoreError, match="has told the same record meanwhile"):
                store.commit([found], NOW)
    assert [each.change.source for each in store.changes()] == ["fast"]
    assert len(store.deliveries()) == 1


def test_one_filing_may_have_several_entries(desk: Desk) -> None:
    """Where the fast source shows several entries of one record, it tells each; the other only confirms."""
    accession = "0000320193-31-000007"
    confirms = {"source": "fast", "key": r"re:\d{10}-\d\d-\d{6}"}
    desk.write(FAST, {**FULL, "confirms": confirms})
    issuer, owner = (item(f"{accession}-{who}", title=f"4 - {who}") for who in ("issuer", "owner"))
    show(desk, fast=feed(issuer, item(3)))
    desk.poll("fast")
    show(desk, full=feed(issuer, owner, item(3)))
    desk.poll("full")
    show(desk, fast=feed(owner, issuer, item(3)))
    for _ in range(2):
        desk.poll(after=DAY)
    assert [(source, what) for source, what, _ in desk.told()] == [
        ("fast", "entry.new 4 - issuer"),
        ("fast", "entry.new 4 - owner"),
    ]
