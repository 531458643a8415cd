"""The pure part of following: which links are documents, what decides an entry, how often a page is asked for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher import config as configuration
from watcher import following
from watcher.core import cadence, follow
from watcher.model import (
    Block,
    Change,
    DocumentRef,
    Fetched,
    Followed,
    Link,
    Observation,
    Page,
    RevisionRef,
    Secret,
    Source,
    SourceState,
)

NOW = datetime(2021, 1, 15, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FEED = Source("dod", "https://www.example.mil/releases.xml", follow=timedelta(days=30))
URL = "https://www.example.mil/releases/2"


def entry(text: str = "Additional companies", url: str = URL) -> Change:
    seen = RevisionRef("rev_1", 1, "0" * 64, NOW)
    return Change(
        "chg_1", "entry.new", "dod", "notice", DocumentRef("doc_1", url, "Additional companies"), seen, text=text
    )


def waiting(*members: tuple[str, bool], since: datetime = NOW, text: str = "Additional companies") -> follow.Waiting:
    """Of an entry that led to these addresses, each read or not."""
    known = tuple(follow.Member(f"dod#{n}", url, read, ended=False) for n, (url, read) in enumerate(members))
    return follow.Waiting(entry(text), "dod", since, known)


@pytest.mark.parametrize(
    ("url", "text", "expected"),
    [
        ("https://a.example/list.pdf", "", True),
        ("https://a.example/LIST.PDF?ver=2", "", True),
        ("https://a.example/get?file=list%2Epdf&x=1", "", True),
        ("https://a.example/order.docx", "", True),
        ("https://a.example/download/884", "The list (PDF, 2 MB)", True),
        ("https://a.example/about-pdf.html", "How to open a PDF", False),
        ("https://a.example/pdf/", "", False),
        ("https://a.example/list.pdf.html", "", False),
        ("https://[bad/list.pdf", "PDF", False),
    ],
)
def test_a_document_is_known_by_its_address_or_by_its_name(url: str, text: str, expected: bool) -> None:
    """A link leads to a document where its path or a parameter ends so, or where it is called one and is no page."""
    assert follow.is_document(url, text) is expected


def test_a_page_names_its_documents_once_each_and_not_too_many() -> None:
    """The same document in two notations is one; of many, the first twenty count; furniture's are none."""
    links = [Link(f"https://a.example/{n}.pdf") for n in (1, 2, 2, *range(3, 40))]
    links.insert(1, Link("https://a.example/1.pdf?utm_source=x"))
    blocks = (
        Block("p", "See", (Link("https://a.example/0.pdf"),), role="furniture"),
        Block("p", "Lists", tuple(links)),
    )
    page = Page("https://a.example/", blocks=blocks)
    assert follow.document_links(page) == tuple(f"https://a.example/{n}.pdf" for n in range(1, 21))


def test_what_surrounds_a_page_leads_nowhere() -> None:
    """Documents in navigation, header, footer and beside the page are not of the page."""
    around = [f"<{name}><a href={name}.pdf>{name}</a></{name}>" for name in ("header", "nav", "aside", "footer")]
    html = "".join((*around[:2], "<p><a href=3.pdf>3</a></p>", *around[2:]))
    assert follow.documents_in(html, "https://a.example/x/") == ("https://a.example/x/3.pdf",)


@given(st.text(), st.text())
def test_any_links_give_addresses_or_nothing(html: str, href: str) -> None:
    """Whatever a page holds, what is followed are at most twenty http addresses."""
    found = follow.documents_in(f'{html}<a href="{href}">PDF</a>', "https://a.example/")
    assert len(found) <= 20
    assert all(url.startswith(("http://", "https://")) for url in found)


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_the_name_of_an_address_is_short_and_plain(url: str) -> None:
    """A followed page's own part of its name is twelve hexadecimal digits, whatever its address."""
    tail = follow.tail_of(url)
    assert len(tail) == 12
    assert set(tail) <= set("0123456789abcdef")


def test_rules_wait_only_where_the_entry_cannot_decide() -> None:
    """An entry waits when `only` does not find it, or when `never` must look on; not when its own words decide."""
    only, never = replace(FEED, only=("Xiaomi",)), replace(FEED, never=("sponsored",))
    assert not follow.waits(FEED, entry())
    assert follow.waits(only, entry())
    assert not follow.waits(only, entry("Xiaomi sues"))
    assert follow.waits(never, entry())
    assert not follow.waits(never, entry("sponsored: a crane"))
    assert follow.waits(replace(only, never=("sponsored",)), entry("Xiaomi sues"))
    assert not follow.waits(only, entry(url="mailto:desk@example.mil"))
    assert not follow.waits(only, entry(url=FEED.url))
    assert not follow.waits(replace(only, follow=None), entry())
    assert not follow.waits(only, replace(entry(), announced=False, reason="baseline"))


def test_a_verdict_waits_for_the_last_text_that_can_give_it() -> None:
    """`only` is met by the first text that has it; it fails when all were read, or when it has waited long enough."""
    source, pdf = replace(FEED, only=("Xiaomi",)), f"{URL}.pdf"
    half, whole = waiting((URL, True), (pdf, False)), waiting((URL, True), (pdf, True))
    assert follow.verdict(source, half, {URL: "nine firms"}, NOW) is None
    told = follow.verdict(source, whole, {URL: "nine firms", pdf: "XIAOMI CORPORATION"}, NOW)
    assert told is not None
    assert (told.change.announced, told.change.matched_in, told.waits) == (True, (pdf,), False)
    kept = follow.verdict(source, whole, {URL: "nine firms", pdf: "Luokong"}, NOW)
    assert kept is not None
    assert (kept.change.announced, kept.change.reason, kept.waits) == (False, "rule", False)
    late = follow.verdict(source, half, {URL: "nine firms"}, NOW + follow.UNREAD)
    assert late is not None
    assert (late.change.announced, late.change.reason, late.waits) == (False, "rule", True)


def test_never_wins_and_does_not_wait_for_long() -> None:
    """One text with what `never` names keeps an entry out; what cannot be read holds it up for minutes only."""
    source = replace(FEED, only=("Xiaomi",), never=("sponsored",))
    half = waiting((URL, True), (f"{URL}.pdf", False), text="Xiaomi")
    assert follow.verdict(source, half, {URL: "a crane"}, NOW) is None
    late = follow.verdict(source, half, {URL: "a crane"}, NOW + follow.UNCHECKED)
    assert late is not None
    assert late.change.announced
    kept = follow.verdict(source, half, {URL: "Xiaomi, sponsored"}, NOW)
    assert kept is not None
    assert (kept.change.reason, kept.waits) == ("rule", False)


@pytest.mark.parametrize(
    ("age", "minutes"),
    [
        (0 * HOUR, 10),
        (2 * HOUR, 10),
        (12 * HOUR, 60),
        (6 * DAY, 720),
        (30 * DAY, 1440),
        (300 * DAY, 7200),
        (3000 * DAY, 10080),
    ],
)
def test_the_pace_by_age(age: timedelta, minutes: int) -> None:
    """Ten minutes at first, a twelfth of the quiet time, daily after twelve days, weekly in the end."""
    followed = Followed(URL, NOW - age, NOW - age)
    assert cadence.followed_pace(FEED, followed, NOW) == timedelta(minutes=minutes)
    assert cadence.followed_pace(FEED, replace(followed, life=NOW), NOW) == timedelta(minutes=10)


def test_the_pace_is_never_quicker_than_the_source_says() -> None:
    """`every` is the quickest pace, and so is what the number of pages of one host allows."""
    followed = Followed(URL, NOW, NOW, least=HOUR)
    assert cadence.followed_pace(replace(FEED, every=2 * DAY), followed, NOW) == 2 * DAY
    assert cadence.followed_pace(FEED, followed, NOW) == HOUR
    assert cadence.followed_pace(replace(FEED, every=timedelta(seconds=1)), replace(followed, least=DAY), NOW) == DAY


def test_many_pages_of_one_host_leave_half_of_its_time(tmp_path: Path) -> None:
    """What one poll found is spread over twice the host's own pause, at first and later; other hosts are not slowed."""
    config = tmp_path / "config.toml"
    config.write_text('[hosts."*.example.mil"]\ndelay = "3s"\n[hosts."a.example.mil"]\nper_host = 1\n')
    urls = [f"https://a.example.mil/{n}" for n in range(100)] + ["https://b.example/1"]
    changes = tuple(
        replace(entry(url=url), id=f"chg_{n}", document=DocumentRef(f"doc_{n}", url, "")) for n, url in enumerate(urls)
    )
    seen = {"dod": Observation("changed", SourceState("dod"), changes=changes)}
    answer = Fetched(FEED.url, FEED.url, 200, (), b"", NOW, "", "")
    found = following.planned(configuration.load(config, environ={}), [FEED], seen, answer)
    assert found is not None
    assert [child.after for child in found.children] == [6.0 * n for n in range(100)] + [0.0]
    assert [child.least for child in found.children] == [600.0] * 100 + [2.0]


def test_secrets_do_not_leave_the_site() -> None:
    """Headers with secrets, cookies and log-ins go along to the same host, and not from https to http."""
    secret = Secret("env:TOKEN")
    parent = replace(
        FEED, headers=(("Authorization", secret), ("Accept-Language", "en")), cookies=secret, auth=("me", secret)
    )
    for url, goes in (
        (URL, True),
        ("http://www.example.mil/releases/2", False),
        ("https://www.example.mil:8443/", False),
        ("https://www.example.mil.evil.example/", False),
        ("https://media.example.mil/list.pdf", False),
    ):
        child = follow.child_of(parent, "dod#1", Followed(url, NOW, NOW))
        told = (("Authorization", secret) in child.headers, child.cookies, child.auth)
        assert told == ((True, secret, ("me", secret)) if goes else (False, None, None)), url
        assert ("Accept-Language", "en") in child.headers
        assert (child.follow, child.parent, child.kind) == (None, parent, None)
