"""Feeds: what is read, what is refused, and which entry is which."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core import feed, fragment, when
from watcher.core.identity import match
from watcher.errors import ReadError
from watcher.model import Entry, EntryRef, FeedReading, Source

URL = "https://news.example.org/feed.xml"
LOOK = when.Look(locale="en-US", timezone="UTC", now=datetime(2026, 5, 1, tzinfo=UTC))
SOURCE = Source("news", URL)


def read(body: str | bytes, seen: tuple[str, ...] = (), content_type: str | None = None) -> FeedReading:
    data = body.encode() if isinstance(body, str) else body
    return feed.read(data, content_type, URL, SOURCE, LOOK, seen)


def rss(*items: str, head: str = "") -> str:
    joined = "".join(f"<item>{item}</item>" for item in items)
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:slash="http://purl.org/rss/1.0/modules/slash/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<channel><title>News</title><link>https://news.example.org/</link>{head}{joined}</channel></rss>"
    )


def item(n: int, *, title: str | None = None, text: str | None = None, guid: str | None = None, more: str = "") -> str:
    return (
        f"<title>{title or f'Ruling {n} of the board'}</title><link>https://news.example.org/{n}</link>"
        f"<guid isPermaLink='false'>{guid or f'id-{n}'}</guid><pubDate>Mon, 0{n} Jun 2020 10:00:00 GMT</pubDate>"
        f"<description>{text or f'What the board ruled, number {n}.'}</description>{more}"
    )


ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de" xml:base="https://a.example/x/"><title>Amt</title>
<link href="https://a.example/"/><entry><id>tag:a.example,2020:1</id><title type="html">Neu &amp;amp;
&lt;b&gt;alt&lt;/b&gt;</title><link href="eins?utm_source=feed&amp;id=7"/>
<published>2020-06-01T12:00:00+02:00</published><updated>2020-06-02T08:00:00Z</updated>
<author><name>A. Autor</name></author><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><h2>Kopf</h2><p>Ein
<a href="zwei">Satz</a>.</p><ul><li>Punkt</li></ul></div></content></entry></feed>"""

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://r.example/"><title>Register</title>
<link>https://r.example/</link></channel><item rdf:about="https://r.example/1"><title>Notice one</title>
<link>https://r.example/1</link><description>Text of it</description>
<dc:date>2020-06-01T09:30:00Z</dc:date></item></rdf:RDF>"""

JSON = """{"version": "https://jsonfeed.org/version/1.1", "title": "J", "language": "fr", "items": [{"id": 5,
"url": "/five", "title": "Cinq", "content_html": "<p>Un</p><p>Deux</p>", "summary": "Court",
"date_published": "2020-06-01T10:00:00Z", "date_modified": "2020-06-02T10:00:00Z", "authors": [{"name": "B"}],
"attachments": [{"url": "https://j.example/a.pdf"}]}]}"""


# --- formats ---------------------------------------------------------------------------------------------------------


def test_rss_entry_in_full() -> None:
    """An RSS entry is read with key, address, time in UTC, blocks and summary."""
    reading = read(rss(item(1, text="&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;&lt;a href='/x'&gt;Two&lt;/a&gt;&lt;/p&gt;")))
    (entry,) = reading.entries
    assert (reading.title, reading.problem, reading.present) == ("News", None, (entry.raw,))
    assert (entry.key, entry.guid, entry.link) == ("id-1", "id-1", "https://news.example.org/1")
    page = entry.page
    assert (page.url, page.title, page.headline) == ("https://news.example.org/1", *["Ruling 1 of the board"] * 2)
    assert page.published is not None
    assert page.published.at == datetime(2020, 6, 1, 10, tzinfo=UTC)
    assert page.published.printed == "Mon, 01 Jun 2020 10:00:00 GMT"
    assert [(block.type, block.text) for block in page.blocks] == [("p", "One."), ("p", "Two")]
    assert page.blocks[1].links[0].url == "https://news.example.org/x"
    assert page.summary == "One. Two"


def test_atom_entry_in_full() -> None:
    """An Atom entry keeps language and base of its feed, both times, and text without markup."""
    (entry,) = read(ATOM).entries
    page = entry.page
    assert (page.title, page.language, page.byline) == ("Neu & alt", "de", "A. Autor")
    assert page.url == "https://a.example/x/eins?id=7"
    assert page.published is not None
    assert page.modified is not None
    assert (page.published.at.hour, page.modified.at.day) == (10, 2)
    assert [(block.type, block.text) for block in page.blocks] == [("h2", "Kopf"), ("p", "Ein Satz."), ("li", "Punkt")]
    assert page.blocks[1].links[0].url == "https://a.example/x/zwei"
    assert page.summary is None


def test_rdf_entry_in_full() -> None:
    """The Dublin Core date of RSS 1.0 is the time of publication."""
    (entry,) = read(RDF).entries
    assert (entry.key, entry.page.url) == ("https://r.example/1", "https://r.example/1")
    assert entry.page.published is not None
    assert (entry.page.published.at, entry.page.modified) == (datetime(2020, 6, 1, 9, 30, tzinfo=UTC), None)


def test_json_feed_entry_in_full() -> None:
    """A JSON Feed is read like any other; numbers serve as identifiers."""
    reading = read(JSON)
    (entry,) = reading.entries
    page = entry.page
    assert (reading.title, entry.key, page.url) == ("J", "5", "https://news.example.org/five")
    assert ([block.text for block in page.blocks], page.summary) == (["Un", "Deux"], "Court")
    assert (page.language, page.byline, page.media[0].url) == ("fr", "B", "https://j.example/a.pdf")
    assert page.published is not None
    assert page.modified is not None


def test_a_list_of_items_without_a_version_is_read_with_a_remark() -> None:
    """A source that is named a feed and gives a list of items is read, and the missing version is told."""
    reading = read(
        '{"name": "L", "items": [{"@id": "u1", "name": "One", "datePublished": "2020-06-01", "url": "https://l.example/1"}]}'
    )
    assert reading.problem
    assert reading.entries[0].page.published is not None
    assert reading.entries[0].page.published.date_only


@pytest.mark.parametrize(
    "body",
    [
        rss(item(1)).replace("&lt;", "<").replace("number 1.", "number 1 & more &nbsp; caf&eacute;."),
        "\n  " + rss(item(1)),
        "<br />Warning: something in line 3" + rss(item(1)),
        rss(item(1)).replace("ruled,", "ruled,\x0b\x1f"),
        rss(item(1)).replace("</description>", "<br></description>"),
        rss(item(1)) + "<!-- cached -->\ntrailing words",
    ],
)
def test_malformed_feeds_are_read(body: str) -> None:
    """Bare ampersands, HTML entities, blank lines, stray words and characters do not keep a feed from being read."""
    reading = read(body)
    assert [entry.key for entry in reading.entries] == ["id-1"]
    assert reading.entries[0].page.summary is not None
    assert "What the board ruled" in reading.entries[0].page.summary


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-32", "iso-8859-1", "utf-8-sig", "koi8-r", "shift_jis"]
)
def test_encodings(encoding: str) -> None:
    """A feed is read in the encoding it declares, with a byte order mark or without."""
    word = {"koi8-r": "Закон", "shift_jis": "法律"}.get(encoding, "Café")
    body = rss(item(1, title=word)).replace(
        'version="1.0"?', f'version="1.0" encoding="{encoding.removesuffix("-sig")}"?'
    )
    assert read(body.encode(encoding)).entries[0].page.title == word


def test_a_wrong_label_does_not_break_utf8() -> None:
    """What is valid UTF-8 is read as UTF-8, whatever header and declaration say."""
    body = rss(item(1, title="Café")).replace('"1.0"?', '"1.0" encoding="iso-8859-1"?')
    assert read(body, content_type="text/xml; charset=iso-8859-1").entries[0].page.title == "Café"


def test_an_entry_of_one_megabyte_is_cut() -> None:
    """No entry holds more than a megabyte of text."""
    (entry,) = read(rss(item(1, text="word " * 400_000))).entries
    assert sum(len(block.text) for block in entry.page.blocks) <= 1_000_000


def test_a_feed_of_too_many_entries_is_cut_with_a_remark() -> None:
    """Of more than five thousand entries the first are read, and the rest is told of."""
    reading = read(rss(*[f"<title>T {n}</title>" for n in range(5_010)]), seen=())
    assert len(reading.present) == 5_000
    assert reading.problem
    assert "5010" in reading.problem


def test_update_marks_are_found_in_entries() -> None:
    """An update mark before an entry's title is a note, and its headline goes without it."""
    (entry,) = read(rss(item(1, title="[Update 2: Court agrees] Board bans investing"))).entries
    assert entry.page.headline == "Board bans investing"
    assert [note.sequence for note in entry.page.updates] == [2]


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("Mon, 01 Jun 2020 06:00:00 EDT", "2020-06-01T10:00:00+00:00"),
        ("2020-06-01T12:00:00+02:00", "2020-06-01T10:00:00+00:00"),
        ("Mon , \t 01  Jun\t2020  10:00:00\t +0000", "2020-06-01T10:00:00+00:00"),
        ("June 1, 2020 10:00 AM UTC", "2020-06-01T10:00:00+00:00"),
        ("soon", None),
        ("2020-13-45T99:99:99Z", None),
    ],
)
def test_times_come_from_the_printed_words(printed: str, expected: str | None) -> None:
    """An entry's time is read from the words as printed, in UTC, and is none where they name none."""
    (entry,) = read(rss(f"<title>T</title><pubDate>{printed}</pubDate>")).entries
    found = entry.page.published
    assert (found and found.at.isoformat()) == expected
    assert found is None or found.printed == printed.strip()


@given(st.text(alphabet=st.sampled_from("<>/=\"'& abhp\n") | st.characters(), max_size=120))
def test_any_markup_gives_bounded_blocks(markup: str) -> None:
    """Whatever stands in an entry is taken apart into normalised blocks without markup errors."""
    for block in fragment.read(markup, URL).blocks:
        assert block.text == " ".join(block.text.split())
        assert all(link.url.startswith(("http://", "https://")) for link in block.links)


# --- refusals --------------------------------------------------------------------------------------------------------

REFUSED = {
    "empty": (b"", "empty"),
    "blank": (b" \n\x00 ", "empty"),
    "html": (b"<!DOCTYPE html><html><body>Sign in</body></html>", "HTML page"),
    "xhtml": (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', "HTML page"),
    "words": (b"Service unavailable", "not a feed"),
    "binary": (bytes(range(256)) * 4, "not a feed"),
    "sitemap": (b"<urlset><url/></urlset>", "<urlset>"),
    "cut off": (rss(item(1), item(2)).encode()[:-60], "cut off"),
    "cut off in the prolog": (b"<?xml version='1.0'", "cut off"),
    "entities": (b'<!DOCTYPE rss [<!ENTITY a "b">]>' + rss(item(1)).encode()[21:], "entities"),
    "billion laughs": (
        b'<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><rss><channel><title>&b;</title></channel></rss>',
        "entities",
    ),
    "external entity": (b'<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss>&a;</rss>', "entities"),
    "parameter entity": (b'<!DOCTYPE rss [<!ENTITY % a SYSTEM "http://x.example/">%a;]><rss></rss>', "entities"),
    "entities in UTF-16": ('<!DOCTYPE rss [<!ENTITY a "b">]><rss></rss>'.encode("utf-16"), "entities"),
    "entities behind words": (b'words <?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "b">]><rss>&a;</rss>', "entities"),
    "too deep": (b"<rss><channel>" + b"<a>" * 5_000 + b"</a>" * 5_000 + b"</channel></rss>", "deeply"),
    "huge text": (b"<rss><channel><title>" + b"x" * 10_500_000 + b"</title></channel></rss>", "10 MB"),
    "namespaces": (
        b"<rss " + b" ".join(b'xmlns:p%d="u:%d"' % (n, n) for n in range(600)) + b"><channel/></rss>",
        "namespaces",
    ),
    "malformed and huge": (b"<rss><channel><p>" + b"<br>words" * 250_000 + b"</channel></rss>", "too large"),
    "json": (b'{"status": "ok"}', "not a JSON Feed"),
    "json of other things": (b'[{"a": 1}]', "not a JSON Feed"),
    "cut off json": (JSON.encode()[:-40], "cut off"),
    "deep json": (b'{"items":' + b"[" * 200_000, "JSON"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_feed_is_refused_in_words(name: str) -> None:
    """What cannot or must not be read as a feed is refused with the reason in words."""
    body, words = REFUSED[name]
    with pytest.raises(ReadError) as caught:
        read(body)
    assert words in caught.value.message
    assert caught.value.url == URL


def test_an_old_doctype_is_no_danger() -> None:
    """The DOCTYPE that RSS 0.91 asks for is read without being fetched."""
    doctype = '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://127.0.0.1:9/rss-0.91.dtd">'
    assert len(read(f"{doctype}{rss(item(1))[21:]}").entries) == 1


@given(st.binary(max_size=400))
def test_any_bytes_give_a_reading_or_a_refusal(body: bytes) -> None:
    """Whatever bytes arrive, reading them ends in a reading or a ReadError."""
    try:
        read(body)
    except ReadError:
        return


@given(
    st.lists(st.tuples(st.integers(0, 5_000), st.binary(max_size=6)), max_size=6),
    st.sampled_from([ATOM, RDF, JSON, rss(item(1), item(2))]),
)
def test_any_damage_gives_a_reading_or_a_refusal(hits: list[tuple[int, bytes]], whole: str) -> None:
    """A feed damaged anywhere is read or refused, and what is read can be stored."""
    body = bytearray(whole.encode())
    for place, scrap in hits:
        at = place % len(body)
        body[at : at + len(scrap)] = scrap
    try:
        reading = read(bytes(body))
    except ReadError:
        return
    for entry in reading.entries:
        entry.key.encode()
        assert len(entry.page.url) <= 2_100


# --- only what is new ------------------------------------------------------------------------------------------------


def test_known_entries_are_present_and_not_read_again() -> None:
    """An entry whose bytes were seen before is named in `present` and left out of `entries`."""
    first = read(rss(item(1), item(2)))
    second = read(rss(item(3), item(1), item(2)), seen=first.present)
    assert [entry.key for entry in second.entries] == ["id-3"]
    assert second.present[1:] == first.present


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<slash:comments>4</slash:comments>", "<slash:comments>9</slash:comments>"),
        ("<slash:comments>4</slash:comments>", ""),
        ("<!-- one -->", "<!-- two -->"),
        ("<category>a</category>", "<category><![CDATA[a]]></category>"),
        ("<enclosure url='u' type='t'/>", '<enclosure  type="t" url="u"></enclosure>'),
    ],
)
def test_counters_and_spelling_do_not_make_an_entry_new(before: str, after: str) -> None:
    """Comment counters, comments and the spelling of the XML are not part of an entry's digest."""
    assert read(rss(item(1, more=before))).present == read(rss(item(1, more=after))).present


def test_an_edit_makes_other_bytes() -> None:
    """A changed word changes the digest, and nothing of the other entries."""
    before, after = read(rss(item(1), item(2))), read(rss(item(1, text="Otherwise"), item(2)))
    assert before.present[0] != after.present[0]
    assert before.present[1] == after.present[1]


def test_a_head_that_moves_costs_nothing() -> None:
    """A new build date or namespace in the head leaves the entries' digests alone."""
    moved = rss(item(1), head="<lastBuildDate>Tue, 02 Jun 2020 10:00:00 GMT</lastBuildDate>").replace(
        "<rss ", "<rss xmlns:z='u:z' "
    )
    assert read(moved).present == read(rss(item(1))).present


def test_malformed_feeds_skip_known_entries_too() -> None:
    """In a malformed feed, too, only entries that were not seen before are given."""
    broken = rss(item(1), item(2, more="<p>never closed"))
    first = read(broken)
    assert first.problem
    assert len(first.entries) == 2
    assert read(broken, seen=first.present).entries == ()


def test_a_doubled_entry_is_one() -> None:
    """The same entry printed twice is one entry."""
    assert len(read(rss(item(1), item(1))).present) == 1


# --- the same entries again ---------------------------------------------------------------------------------------


def ref(made: Entry) -> EntryRef:
    return EntryRef(f"doc-{made.key}", made.key, made.raw, made.guid, made.link, made.finger, made.page.title or "")


def test_a_moved_site_brings_no_new_entries() -> None:
    """Forty entries under new GUIDs and links on a new host are the forty known ones."""
    before = read(rss(*[item(n) for n in range(1, 10)]))
    moved = (
        rss(*[item(n) for n in range(1, 10)]).replace("news.example.org", "new.example.net").replace(">id-", ">post-")
    )
    after = read(moved, seen=before.present)
    known = [ref(made) for made in before.entries]
    pairs = feed.match(after.entries, known, after.present)
    assert [found.document for _, found in pairs if found] == [f"doc-id-{n}" for n in range(1, 10)]


def test_the_same_words_on_another_day_are_a_new_entry() -> None:
    """An authority that publishes the same notice every month publishes a new entry every month."""
    before = read(rss(item(1, title="Notice of meeting", text="The board meets.")))
    after = read(rss(item(2, title="Notice of meeting", text="The board meets.")), seen=before.present)
    known = [ref(made) for made in before.entries]
    assert feed.match(after.entries, known, after.present)[0][1] is None


def test_a_tracking_parameter_changes_nothing() -> None:
    """A tracking parameter that comes and goes leaves link and address as they were."""
    before, after = read(rss(item(1))), read(rss(item(1)).replace("org/1<", "org/1?utm_medium=rss<"))
    assert before.entries[0].page.url == after.entries[0].page.url
    assert before.entries[0].link == after.entries[0].link


def test_docket_feeds_share_titles_and_links() -> None:
    """Entries of one docket, with one title and one link, are entries of their own and stay apart when edited."""
    docket = "<title>1:20-cv-1 A v. B</title><link>https://ecf.example/1</link><pubDate>1 Jun 2020 10:00 GMT</pubDate>"
    first = read(
        rss(
            f"{docket}<guid>e-1</guid><description>Order</description>",
            f"{docket}<guid>e-2</guid><description>Brief</description>",
        )
    )
    known = [ref(made) for made in first.entries]
    assert all(made.link is None for made in first.entries)
    again = read(
        rss(
            f"{docket}<guid>e-3</guid><description>Reply</description>",
            f"{docket}<guid>e-1</guid><description>Order (amended)</description>",
            f"{docket}<guid>e-2</guid><description>Brief</description>",
        ),
        seen=first.present,
    )
    assert [(made.key, found and found.document) for made, found in match(again.entries, known, again.present)] == [
        ("e-3", None),
        ("e-1", "doc-e-1"),
    ]
