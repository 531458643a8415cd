"""Following as it goes on in time: what is decided when, what is watched how long, and what is told of it."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from daemon import source
from helpers_follow import DAY, HOUR, MINUTE, RELEASE, Publisher, Watch, paper, release
from pg import Server as Postgres
from pg import postgres_server

__all__ = ["postgres_server"]  # a fixture

LINK = '<p><a href="/list.pdf">The list of companies</a></p>'
ASKED = "Qualifying entities prepared in response to Section 1237:"


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with Publisher() as made:
        made.add(1, "Contracts for January 13")
        made.files["/1"] = release("Contracts for January 13")
        yield made


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path, f"sqlite:///{tmp_path}/watcher.db")


def begin(watch: Watch, publisher: Publisher, **keys: object) -> None:
    """Configure the feed and take its baseline."""
    settings: dict[str, object] = {"every": "10m", "follow": "30d", "kind": "feed", **keys}
    watch.write(source("dod", publisher.url(), **settings))
    watch.until(MINUTE)


def add_list(publisher: Publisher, *names: str, links: str = LINK) -> None:
    publisher.files["/2"] = release("Additional companies", links=links)
    publisher.files["/list.pdf"] = paper(ASKED, *names)
    publisher.add(2, "Additional companies")


def events(watch: Watch) -> list[str]:
    return [change["event"] for change in watch.told()]


# --- what is decided, and when ----------------------------------------------------------------------------------------


def test_without_rules_an_entry_is_told_at_once_and_its_page_afterwards_watched(
    watch: Watch, publisher: Publisher
) -> None:
    """The first reading of a followed page is no news; what changes on it later is, under the source's name."""
    begin(watch, publisher)
    add_list(publisher, "Xiaomi Corporation")
    watch.until(HOUR)
    assert events(watch) == ["entry.new"]
    assert "matched_in" not in watch.told()[0]
    publisher.files["/2"] = release(
        "Additional companies", RELEASE[0].replace("additional", "nine"), RELEASE[1], links=LINK
    )
    watch.until(HOUR)
    assert events(watch) == ["entry.new", "text.changed"]
    assert {data["source"]["name"] for data in watch.alerts("alert.changes")} == {"dod"}
    assert watch.told()[1]["document"]["url"] == publisher.url("/2")


def test_what_was_there_before_is_not_followed(watch: Watch, publisher: Publisher) -> None:
    """Entries of the baseline are not followed; those that `announce_existing` tells are."""
    begin(watch, publisher)
    watch.until(HOUR)
    assert (watch.followed(), publisher.asked("/1")) == ({}, 0)
    watch.write(source("other", publisher.url(), every="5m", follow="30d", announce_existing=True))
    watch.until(HOUR)
    assert list(watch.followed()) == [publisher.url("/1")]


def test_an_entry_that_names_it_itself_does_not_wait(watch: Watch, publisher: Publisher) -> None:
    """An entry whose own words `only` asks for is told in the poll that found it, and once."""
    begin(watch, publisher, only=["Xiaomi"])
    publisher.files["/2"] = 404
    publisher.add(2, "Complaint of XIAOMI CORPORATION")
    watch.until(12 * MINUTE)
    assert events(watch) == ["entry.new"]
    publisher.files["/2"] = release("Complaint of XIAOMI CORPORATION")
    watch.until(DAY)
    assert events(watch) == ["entry.new"]


def test_an_entry_waits_for_a_page_that_is_not_there_yet(watch: Watch, publisher: Publisher) -> None:
    """A followed document that cannot be read yet decides when it can, also after the entry was put aside."""
    begin(watch, publisher, only=["Xiaomi"])
    add_list(publisher)
    publisher.files["/list.pdf"] = 404
    watch.until(HOUR)
    assert (events(watch), watch.held()) == ([], {"Additional companies": "unconfirmed"})
    watch.until(8 * HOUR)
    assert (events(watch), watch.held()) == ([], {"Additional companies": "rule"})
    publisher.files["/list.pdf"] = paper(ASKED, "Xiaomi Corporation")
    watch.until(8 * HOUR)
    assert (events(watch), watch.held()) == (["entry.new"], {})
    assert watch.told()[0]["matched_in"] == [publisher.url("/list.pdf")]


def test_what_names_nothing_is_kept_out_with_its_reason(watch: Watch, publisher: Publisher) -> None:
    """An entry of which neither words nor page nor document name it is stored as kept out by the rule."""
    begin(watch, publisher, only=["Xiaomi"])
    add_list(publisher, "Luokong Technology Corporation")
    watch.until(HOUR)
    assert (events(watch), watch.held()) == ([], {"Additional companies": "rule"})


def test_never_looks_at_the_followed_page_too(watch: Watch, publisher: Publisher) -> None:
    """What `never` names on the followed page keeps the entry out; what cannot be read keeps it out for ten minutes."""
    begin(watch, publisher, never=["sponsored"])
    publisher.files["/2"] = release(
        "A new crane", "This is sponsored content of Meridian Robotics, and no news at all."
    )
    publisher.files["/3"] = 404
    publisher.add(2, "A new crane")
    publisher.add(3, "An old crane")
    watch.until(12 * MINUTE)
    assert (events(watch), watch.held()) == ([], {"A new crane": "rule", "An old crane": "unconfirmed"})
    watch.until(HOUR)
    assert [change["document"]["title"] for change in watch.told()] == ["An old crane"]


def test_a_document_that_is_linked_later_is_read_too(watch: Watch, publisher: Publisher) -> None:
    """A page that gets its document an hour after the entry still leads to it."""
    begin(watch, publisher, only=["Xiaomi"])
    add_list(publisher, "Xiaomi Corporation", links="")
    watch.until(HOUR)
    assert watch.held() == {"Additional companies": "rule"}
    publisher.files["/2"] = release("Additional companies", links=LINK)
    watch.until(3 * HOUR)
    assert events(watch) == ["entry.new"]


def test_two_entries_of_one_page_are_each_decided_by_it(watch: Watch, publisher: Publisher) -> None:
    """Entries that lead to one page (a docket) share what is followed; each is decided by it after it came."""
    begin(watch, publisher, only=["Xiaomi"])
    publisher.files["/docket"] = release("A docket", "Complaint of Luokong against the Department of Defense, page 1.")
    publisher.add(2, "[Complaint]", link="/docket?a=1")
    watch.until(HOUR)
    publisher.files["/docket"] = release("A docket", "Complaint of Xiaomi against the Department of Defense, page 1.")
    publisher.add(3, "[Order]", link="/docket?a=1")
    watch.until(HOUR)
    assert len(watch.followed()) == 1
    told = [(change["event"], change["document"]["title"]) for change in watch.told()]
    assert ("entry.new", "[Order]") in told
    assert ("entry.new", "[Complaint]") not in told


def test_what_was_let_through_is_watched_whole(watch: Watch, publisher: Publisher) -> None:
    """Of an entry that `only` let through, a change that does not name it again is told; of others it is not."""
    begin(watch, publisher, only=["Xiaomi"])
    add_list(publisher, "Xiaomi Corporation")
    publisher.files["/3"] = release("Contracts for January 14")
    publisher.add(3, "Contracts for January 14")
    watch.until(2 * HOUR)
    for path, title, links in (("/2", "Additional companies", LINK), ("/3", "Contracts for January 14", "")):
        publisher.files[path] = release(title, RELEASE[0].replace("1237", "1260H"), RELEASE[1], links=links)
    watch.until(3 * HOUR)
    assert [(c["event"], c["document"]["url"]) for c in watch.told()[1:]] == [("text.changed", publisher.url("/2"))]
    assert list(watch.held("text.changed").values()) == ["rule"]


def test_a_mute_holds_what_waited(watch: Watch, publisher: Publisher) -> None:
    """A muted source announces nothing that its followed pages decide or show."""
    begin(watch, publisher, only=["Xiaomi"])
    with closing(watch.store()) as store:
        store.mute("dod", watch.at + DAY, watch.at)
    add_list(publisher, "Xiaomi Corporation")
    watch.until(HOUR)
    assert (events(watch), watch.held()) == ([], {"Additional companies": "muted"})


# --- how long, how often, how many ------------------------------------------------------------------------------------


def test_the_pace_slows_with_age_and_heats_up_again(watch: Watch, publisher: Publisher) -> None:
    """A followed page is asked for often at first, then ever more rarely, often again after a change; then it ends."""
    begin(watch, publisher, every="30m", follow="4d")
    publisher.files["/2"] = release("Additional companies")
    publisher.add(2, "Additional companies")
    watch.until(HOUR)
    publisher.items.clear()  # only the followed page matters from here on
    counts = [asked_in(DAY, watch, publisher) for _ in range(3)]
    assert counts[0] > 20
    assert counts == sorted(counts, reverse=True)
    assert counts[2] < 8
    publisher.files["/2"] = release("Additional companies", RELEASE[0].replace("1237", "1260H"), RELEASE[1])
    assert asked_in(DAY, watch, publisher) > 15
    watch.until(2 * HOUR)
    assert watch.followed() == {}
    assert asked_in(DAY, watch, publisher) == 0


def asked_in(period: timedelta, watch: Watch, publisher: Publisher) -> int:
    before = publisher.asked("/2")
    watch.until(period)
    return publisher.asked("/2") - before


@pytest.mark.long
def test_a_changed_entry_heats_its_page_up(watch: Watch, publisher: Publisher) -> None:
    """A new text of the entry in the feed has its page looked at at once."""
    begin(watch, publisher)
    publisher.files["/2"] = release("Additional companies")
    publisher.add(2, "Additional companies", "Nine firms are on the list that was released today.")
    watch.until(3 * DAY)
    before = publisher.asked("/2")
    publisher.items[0] = publisher.items[0].replace("Nine firms", "Seven firms")
    watch.until(12 * MINUTE)
    assert publisher.asked("/2") > before


def test_too_many_pages_end_the_coldest_and_say_so(
    watch: Watch, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the bound the pages that were quiet the longest are given up, and the owner is told once."""
    from watcher.core import follow

    monkeypatch.setattr(follow, "MOST", 3)
    begin(watch, publisher)
    for number in range(2, 8):
        publisher.files[f"/{number}"] = release(f"Release {number}")
        publisher.add(number, f"Release {number}")
        watch.until(10 * MINUTE)
    assert set(watch.followed()) == {publisher.url(f"/{number}") for number in (5, 6, 7)}
    health = [data for data in watch.alerts("alert.health") if data["events"] == ["source.gap"]]
    assert len(health) == 1
    assert "more than 3 pages are followed" in health[0]["message"]


# --- whose pages, and what of a failure -------------------------------------------------------------------------------


def test_what_is_followed_ends_with_its_source(watch: Watch, publisher: Publisher) -> None:
    """Pages of a source that is taken out, or follows no longer, are asked for no more; they go on when it is back."""
    begin(watch, publisher)
    add_list(publisher, "Xiaomi Corporation")
    watch.until(HOUR)
    names = watch.followed()
    assert len(names) == 2
    watch.write(source("dod", publisher.url(), every="10m", kind="feed"))
    before = publisher.asked("/2")
    watch.until(DAY)
    assert (watch.followed(), publisher.asked("/2")) == ({}, before)
    watch.write(source("dod", publisher.url(), every="10m", kind="feed", follow="30d"))
    watch.until(DAY)
    assert watch.followed() == names
    assert publisher.asked("/2") > before


@pytest.mark.long
def test_a_renamed_source_keeps_what_it_follows(watch: Watch, publisher: Publisher) -> None:
    """`was` carries followed pages and their history to the new name."""
    begin(watch, publisher)
    add_list(publisher, "Xiaomi Corporation")
    watch.until(HOUR)
    names = watch.followed()
    watch.write(source("pentagon", publisher.url(), every="10m", kind="feed", follow="30d", was=["dod"]))
    watch.until(DAY)
    assert watch.followed() == {url: name.replace("dod#", "pentagon#") for url, name in names.items()}
    publisher.files["/list.pdf"] = paper(ASKED, "Luokung Technology Corp.")
    watch.until(DAY)
    assert events(watch) == ["entry.new", "text.changed"]


@pytest.mark.long
def test_dead_links_of_one_host_are_told_once(watch: Watch, publisher: Publisher) -> None:
    """Ten followed pages that cannot be read are one alarm for their host, after hours; their return is one as well."""
    begin(watch, publisher)
    for number in range(2, 12):
        publisher.add(number, f"Release {number}")
    watch.until(3 * HOUR)
    assert watch.alerts("alert.health") == []
    watch.until(2 * DAY)
    health = watch.alerts("alert.health")
    assert [(data["events"], [s["name"] for s in data["sources"]]) for data in health] == [
        (["source.failing"], ["dod"])
    ]
    assert "has no such page (404)" in health[0]["sources"][0]["error"]
    for number in range(2, 12):
        publisher.files[f"/{number}"] = release(f"Release {number}")
    watch.until(2 * DAY)
    assert [data["events"] for data in watch.alerts("alert.health")] == [["source.failing"], ["source.recovered"]]


def test_robots_txt_holds_for_what_is_followed(watch: Watch, publisher: Publisher) -> None:
    """A followed document is not asked for where robots.txt forbids it; the feed that the owner named is."""
    publisher.robots = b"User-agent: *\nDisallow: /"
    begin(watch, publisher)
    add_list(publisher, "Xiaomi Corporation")
    watch.until(HOUR)
    assert (publisher.asked("/2"), events(watch)) == (0, ["entry.new"])


def test_a_log_in_stays_on_its_site(watch: Watch, publisher: Publisher) -> None:
    """Secrets of the source go along to pages of the same site, and to no other."""
    with Publisher() as elsewhere:
        elsewhere.files["/x"] = release("Elsewhere")
        watch.write(
            source("dod", publisher.url(), every="5m", follow="30d")
            + 'headers = { Authorization = "Bearer hunter2", Accept-Language = "en" }\n'
        )
        watch.until(MINUTE)
        add_list(publisher, "Xiaomi Corporation")
        publisher.items.insert(0, f"<item><guid>e</guid><title>E</title><link>{elsewhere.url('/x')}</link></item>")
        watch.until(HOUR)
        there = [r.headers for r in elsewhere.server.requests if r.path == "/x"]
        here = [r.headers for r in publisher.server.requests if r.path in ("/2", "/list.pdf")]
    assert there
    assert here
    assert {(h.get("authorization"), h.get("accept-language")) for h in there} == {(None, "en")}
    assert {h.get("authorization") for h in here} == {"Bearer hunter2"}


def test_following_on_postgresql(tmp_path: Path, publisher: Publisher, request: pytest.FixtureRequest) -> None:
    """The chain of feed, page and PDF is the same on PostgreSQL."""
    server: Postgres = request.getfixturevalue("postgres_server")
    watch = Watch(tmp_path, server.fresh())
    begin(watch, publisher, only=["Xiaomi"])
    add_list(publisher, "Xiaomi Corporation")
    watch.until(HOUR)
    assert [(c["event"], c["matched_in"]) for c in watch.told()] == [("entry.new", [publisher.url("/list.pdf")])]
    publisher.files["/list.pdf"] = paper(ASKED, "Luokung Technology Corp.")
    watch.until(DAY)
    assert events(watch) == ["entry.new", "text.changed"]
    watch.write(source("dod", publisher.url(), every="10m", kind="feed", follow="1h"))
    watch.until(HOUR)
    assert watch.followed() == {}


def test_a_page_in_a_documents_place_gives_way_to_it(watch: Watch, publisher: Publisher) -> None:
    """Where "available soon" stood at the document's address first, the document still decides its entry."""
    begin(watch, publisher, only=["Xiaomi"])
    add_list(publisher)
    publisher.files["/list.pdf"] = release("Available soon", "This document will be available soon. Please come back.")
    watch.until(HOUR)
    assert watch.held() == {"Additional companies": "rule"}
    publisher.files["/list.pdf"] = paper(ASKED, "Xiaomi Corporation")
    watch.until(4 * HOUR)
    assert [(c["event"], c["matched_in"]) for c in watch.told()] == [("entry.new", [publisher.url("/list.pdf")])]


def test_a_row_that_leads_to_a_pdf_is_followed_too(watch: Watch, publisher: Publisher) -> None:
    """A listing's new row whose link is the document itself is decided by it; the document is watched."""

    def listing(*numbers: int) -> bytes:
        rows = "".join(
            f'<tr><td>01/{n:02d}/2021</td><td><a href="/doc{n}.pdf">Order {n} of the court</a></td></tr>'
            for n in numbers
        )
        return f"<html lang='en-US'><table><tr><th>Date</th><th>Order</th></tr>{rows}</table></html>".encode()

    publisher.files["/orders"] = listing(3, 2, 1)
    watch.write(source("court", publisher.url("/orders"), kind="listing", every="10m", follow="30d", only=["Xiaomi"]))
    watch.until(MINUTE)
    publisher.files["/orders"] = listing(5, 4, 3, 2, 1)
    publisher.files["/doc4.pdf"] = paper("It is ordered that the motion of Luokung Technology is granted.")
    publisher.files["/doc5.pdf"] = paper("It is ordered that the motion of Xiaomi Corporation is granted.")
    watch.until(HOUR)
    assert [(c["event"], c["entry"]["title"]) for c in watch.told()] == [("entry.new", "Order 5 of the court")]
    publisher.files["/doc5.pdf"] = paper("It is ordered that the motion of Xiaomi Corporation is denied.")
    watch.until(4 * HOUR)
    assert [(c["event"], c["document"]["url"]) for c in watch.told()[1:]] == [
        ("text.changed", publisher.url("/doc5.pdf"))
    ]


def test_a_document_that_the_entry_itself_links_is_followed(watch: Watch, publisher: Publisher) -> None:
    """A link to a document in the entry's own text leads on as the entry's page does."""
    begin(watch, publisher, only=["Xiaomi"])
    publisher.files["/2"] = release("Additional companies")
    publisher.files["/annex.pdf"] = paper(ASKED, "Xiaomi Corporation")
    text = f"&lt;p&gt;See the &lt;a href='{publisher.url('/annex.pdf')}'&gt;annex&lt;/a&gt;.&lt;/p&gt;"
    publisher.add(2, "Additional companies", text)
    watch.until(HOUR)
    assert [(c["event"], c["matched_in"]) for c in watch.told()] == [("entry.new", [publisher.url("/annex.pdf")])]


def test_a_page_that_is_gone_is_told_of_what_was_let_through(watch: Watch, publisher: Publisher) -> None:
    """The followed page of an entry that was told vanishes: that is told as `page.gone`, once, and is no failure."""
    begin(watch, publisher, only=["Xiaomi"])
    add_list(publisher, "Xiaomi Corporation")
    watch.until(2 * HOUR)
    publisher.files["/2"] = 410
    watch.until(DAY)
    assert events(watch) == ["entry.new", "page.gone"]
    assert watch.alerts("alert.health") == []


def test_a_page_that_is_watched_anyway_is_told_once(watch: Watch, publisher: Publisher) -> None:
    """Where an entry leads to a page that is a source itself, its changes come once, under that source's name."""
    publisher.files["/2"] = release("Additional companies")
    watch.write(
        source("zz-page", publisher.url("/2"), every="10m"),
        source("dod", publisher.url(), every="10m", kind="feed", follow="30d"),
    )
    watch.until(MINUTE)
    publisher.add(2, "Additional companies")
    watch.until(HOUR)
    assert len(watch.followed()) == 1
    publisher.files["/2"] = release("Additional companies", RELEASE[0].replace("1237", "1260H"), RELEASE[1])
    watch.until(HOUR)
    told = [(data["source"]["name"], data["events"]) for data in watch.alerts("alert.changes")]
    assert told == [("dod", ["entry.new"]), ("zz-page", ["text.changed"])]
    assert watch.held("text.changed") == {"Additional companies": "duplicate"}
