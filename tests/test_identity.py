"""Which entry of a feed is which: keys, clean links, matching."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.identity import Ident, clean_link, digest, keys, lone_links, match, wanted
from watcher.model import Entry, EntryRef, Page

URL = "https://news.example.org/feed.xml"


@pytest.mark.parametrize(
    ("printed", "clean"),
    [
        ("HTTPS://News.Example.ORG:443/a?utm_source=rss&id=2&fbclid=x#top", "https://news.example.org/a?id=2"),
        ("http://x.example", "http://x.example/"),
        ("http://x.example:8080/A?b=%20&c", "http://x.example:8080/A?b=%20&c"),
        ("http://[::1]:80/a", "http://[::1]/a"),
        ("tag:x.example,2020:1", "tag:x.example,2020:1"),
        ("http://x.example:bad/", "http://x.example:bad/"),
        (" urn:uuid:1 ", "urn:uuid:1"),
    ],
)
def test_clean_link(printed: str, clean: str) -> None:
    """A link is compared without tracking parameters, fragment and default port."""
    assert clean_link(printed) == clean


@given(st.text(max_size=80))
def test_cleaning_twice_is_cleaning_once(url: str) -> None:
    """A clean link stays as it is."""
    assert clean_link(clean_link(url)) == clean_link(url)


def ident(guid: str | None = None, link: str | None = None, title: str = "", date: str = "") -> Ident:
    return Ident(guid, link, title, date)


@pytest.mark.parametrize(
    ("idents", "expected"),
    [
        ([ident("a"), ident("b")], ["a", "b"]),
        (
            [ident("a", "http://x.example/1"), ident("a", "http://x.example/2")],
            ["a http://x.example/1", "a http://x.example/2"],
        ),
        ([ident(None, "http://x.example/1?utm_id=3")], ["http://x.example/1"]),
    ],
)
def test_keys(idents: list[Ident], expected: list[str]) -> None:
    """The key is the GUID where only one entry bears it, else the link where it tells entries apart."""
    assert list(keys(idents, lone_links(idents, URL, None))) == expected


def test_a_link_that_all_share_identifies_nothing() -> None:
    """Entries that share one link, or link to the feed's own page, are told apart by title and date."""
    shared = [ident(None, "http://x.example/docket", title, "2020") for title in ("A", "B")]
    assert lone_links(shared, URL, None) == frozenset()
    assert len(set(keys(shared, ()))) == 2
    assert lone_links([ident(None, "https://news.example.org/")], URL, "https://news.example.org") == frozenset()


@given(
    st.lists(
        st.builds(
            Ident,
            st.sampled_from([None, "a", "b"]),
            st.sampled_from([None, "http://x.example/"]),
            st.sampled_from("xy"),
            st.just("d"),
        ),
        max_size=8,
    )
)
def test_keys_differ(idents: list[Ident]) -> None:
    """No two entries of a feed have the same key, and a new entry on top of twins does not rename them."""
    found = keys(idents, lone_links(idents, URL, None))
    assert len(set(found)) == len(idents)
    twins = [ident(title="t", date="d")] * 2
    assert keys([twins[0], *twins], ())[1:] == keys(twins, ())


def entry(
    key: str, *, guid: str | None = None, link: str | None = None, finger: str = "f", title: str = "T", raw: str = "new"
) -> Entry:
    return Entry(key, raw, guid, link, finger, Page(link or URL, title=title))


def ref(document: str, made: Entry, raw: str = "old") -> EntryRef:
    return EntryRef(document, made.key, raw, made.guid, made.link, made.finger, made.page.title or "")


LINK, OTHER = "https://x.example/1", "https://x.example/2"
OLD = entry("g1", guid="g1", link=LINK, finger="f1", title="Board bans investing in Xiaomi")
SAME = {
    "nothing changed but the text": replace(OLD, finger="f2"),
    "a changed GUID": replace(OLD, key="g9", guid="g9"),
    "a changed GUID and a reworded title": entry(
        "g9", guid="g9", link=LINK, finger="f2", title="Board bans investing in Xiaomi, court says"
    ),
    "a changed link": replace(OLD, link=OTHER, finger="f2"),
    "a GUID that counts revisions": entry(
        LINK + "#2", guid=LINK + "#2", link=LINK, finger="f2", title="Quite another headline"
    ),
    "a site that moved": entry("h1", guid="h1", link="https://y.example/1", finger="f1", title=OLD.page.title or ""),
    "a GUID no longer alone": replace(OLD, key="g1 " + LINK),
}


@pytest.mark.parametrize("case", SAME)
def test_an_entry_stays_itself(case: str) -> None:
    """An entry keeps its identity when its publisher changes GUID, link, text or address of the site."""
    old = replace(OLD, key=LINK + "#1", guid=LINK + "#1") if "counts" in case else OLD
    ((_, found),) = match([SAME[case]], [ref("doc", old), ref("other", entry("z", guid="z", finger="z", title="Z"))])
    assert found is not None
    assert found.document == "doc"


NEW = {
    "only the title is the same": entry("g2", guid="g2", link=OTHER, finger="f2", title=OLD.page.title or ""),
    "only the address is the same": entry("g2", guid="g2", link=LINK, finger="f2", title="Commission fines a bank"),
    "nothing is the same": entry("g2", guid="g2", link=OTHER, finger="f2", title="Commission fines a bank"),
}


@pytest.mark.parametrize("case", NEW)
def test_a_new_entry_is_new(case: str) -> None:
    """A title or an address alone makes no entry an old one."""
    assert match([NEW[case]], [ref("doc", OLD)])[0][1] is None


def test_what_fits_two_is_left_alone() -> None:
    """Where two known entries bear the same mark, it decides nothing."""
    twins = [ref("one", replace(OLD, key="k1", guid=None)), ref("two", replace(OLD, key="k2", guid=None))]
    assert match([replace(OLD, key="k3", guid=None)], twins)[0][1] is None


def test_an_entry_that_stands_unchanged_is_not_given_away() -> None:
    """A known entry that is still in the feed with its own bytes is not taken for a new one with the same marks."""
    known = [ref("doc", OLD, raw="standing")]
    twin = entry("g1 " + OTHER, guid="g1", link=OTHER, finger="f2")
    assert match([twin], known, present=("standing", "new"))[0][1] is None
    assert match([twin], known, present=("new",))[0][1] is not None


ENTRIES = st.lists(
    st.builds(
        entry,
        st.sampled_from("abc"),
        guid=st.sampled_from([None, "a", "b"]),
        link=st.sampled_from([None, LINK]),
        finger=st.sampled_from("xy"),
    ),
    max_size=5,
)


@given(ENTRIES, ENTRIES)
def test_each_known_entry_is_used_once(new: list[Entry], old: list[Entry]) -> None:
    """Matching keeps the entries' order and gives no known entry away twice."""
    pairs = match(new, [ref(str(n), made) for n, made in enumerate(old)])
    assert [made for made, _ in pairs] == new
    used = [found.document for _, found in pairs if found]
    assert len(set(used)) == len(used)


def test_only_changed_documents_are_wanted() -> None:
    """Documents are loaded for known entries whose bytes differ, and for no others."""
    pairs = [(OLD, None), (OLD, ref("same", OLD, raw="new")), (OLD, ref("doc", OLD, raw="old"))]
    assert wanted(pairs) == ("doc",)


def test_digest_parts_cannot_run_together() -> None:
    """Two different lists of parts have different digests."""
    assert digest("ab", "c") != digest("a", "bc")
