"""Characters, furniture and the two digests that let a look stop early."""

import time
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core import article, text, when
from watcher.core.markup import parse
from watcher.model import Source

LOOK = when.Look("en-US", "UTC", datetime(2024, 5, 1, tzinfo=UTC))
SOURCE = Source(name="x", url="https://news.example/a", kind="article")

PAGE = """<!DOCTYPE html><html lang=en><head><title>Regulator fines Acme - News</title>
<meta property="og:title" content="Regulator fines Acme">
<meta property="article:modified_time" content="2024-05-01T10:00:00Z">
<script>var nonce="{nonce}"</script></head><body class="b{nonce}"><nav><a href=/>Home</a></nav>
<main><article><h1>Regulator fines Acme</h1><div class=byline>By Jane Roe <span>{count} Comments</span></div>
<p>The regulator fined Acme 5 million euros on Monday, {verb} the company's objections to the ruling in
<a href="{link}">the decision</a>.</p>
<p>Acme said that it would appeal to the court, and that it did not expect the fine to be upheld by the judges.</p>
<blockquote>We do not agree with the decision, and we will say so in court when the time comes for it.</blockquote>
<table><tr><th>Year</th><th>Fine</th></tr><tr><td>2023</td><td>1 million</td></tr></table>
<p class=share>Shared {count} times</p></article></main>
<aside><p>Updated {count} minutes ago</p><p>{trend}</p></aside></body></html>"""
FIELDS = {"nonce": "a1", "count": "12", "verb": "rejecting", "link": "/decision", "trend": "Ten best phones"}


def page(**changes: str) -> str:
    return PAGE.format(**{**FIELDS, **changes})


def place_of(html: str) -> str:
    place = article.read(html.encode(), "text/html", SOURCE.url, SOURCE, LOOK).page.place
    assert place
    return place


# --- normalise


@given(st.text(max_size=60))
def test_normalising_twice_is_normalising_once(value: str) -> None:
    """A normalised text is its own normal form, in NFC, without double spaces."""
    once = text.normalise(value)
    assert text.normalise(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert "  " not in once


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  a\u00a0 b\t\nc ", "a b c"),
        ("soft\u00adhy\u200bphen\ufeff", "softhyphen"),
        ("cafe\u0301", "café"),
        ("\u2003wide\u3000space\u2009", "wide space"),
        ("", ""),
    ],
)
def test_one_form(raw: str, clean: str) -> None:
    """White space is one space, what cannot be seen is gone, accents are composed."""
    assert text.normalise(raw) == clean


# --- decode


@pytest.mark.parametrize(
    ("body", "content_type", "wanted"),
    [
        ("é€".encode(), None, "é€"),
        (b"\xef\xbb\xbfabc", "text/html; charset=iso-8859-1", "abc"),
        ("é".encode("utf-16"), None, "é"),
        ("“é”".encode("cp1252"), "text/html; charset=ISO-8859-1", "“é”"),
        ('<meta charset="windows-1251">Привет'.encode("cp1251"), None, '<meta charset="windows-1251">Привет'),
        ("<?xml encoding='shift_jis'?>日本".encode("cp932"), None, "<?xml encoding='shift_jis'?>日本"),
        ("<meta charset=gb2312>镕基".encode("gb18030"), None, "<meta charset=gb2312>镕基"),
        ("Schöne Grüße aus Köln, größer".encode(), "text/html; charset=iso-8859-1", "Schöne Grüße aus Köln, größer"),
        ("委员会已经发布新的决定，请执行".encode(), "text/html; charset=gb2312", "委员会已经发布新的决定，请执行"),
        (b"abc", "text/html; charset=rot13", "abc"),
        (b"<meta charset=utf-16>abc", None, "<meta charset=utf-16>abc"),
    ],
)  # fmt: skip
def test_characters_as_browsers_read_them(body: bytes, content_type: str | None, wanted: str) -> None:
    """BOM, header, declaration and detection are asked in that order; old labels mean their supersets."""
    assert text.decode(body, content_type) == wanted


@given(st.binary(max_size=200), st.one_of(st.none(), st.text(max_size=40)))
def test_any_bytes_can_be_decoded(body: bytes, content_type: str | None) -> None:
    """Decoding never raises."""
    assert isinstance(text.decode(body, content_type), str)


# --- furniture


@pytest.mark.parametrize(
    "line",
    [
        "267 Comments",
        "1.2k views",
        "Shared 385 times",
        "Updated 43 minutes ago",
        "5 min read",
        "Advertisement",
        "vor 20 Stunden",
        "il y a 38 secondes",
        "Dernière mise à jour : il y a 38 secondes",
        "Last update: 5 minutes ago",
        "3分前",
        "Lesezeit: 5 Minuten",
        "Share on Facebook",
        "Comments (12)",
        "277 Comments · 12 Shares",
        "hace 5 minutos",
        "12 комментариев",
        "5 дней назад",
        "Subscribe to our newsletter",
        "Teilen",
        "Follow @acme on Twitter",
        "1 Kommentar",
        "READ MORE",
        "an hour ago",
        "5분 전",
        "Update your browser to continue.",
        "Please update your browser",
        "Ihr Browser ist veraltet",
        "请更新您的浏览器",
        "Tuesday, 25 November 2025 21:53",
        "Dienstag, 25. November 2025, 21:53 Uhr",
        "25.11.2025 21:53:07",
    ],
)
def test_furniture_is_known(line: str) -> None:
    """Counters, relative times, adverts' marks and prompts are furniture in many languages."""
    assert text.is_furniture(line)


@pytest.mark.parametrize(
    "line",
    [
        "The agency received 267 comments",
        "Updated 2 hours ago: the minister resigned",
        "No",
        "12 May 2021",
        "Tuesday, 25 November 2025",
        "The agency told users to update the browser.",
        "$5 million",
        "267 votes",
        "He did not comment",
        "Published January 14, 2021",
        "Section 5",
        "Update 5",
        "for 10 years",
        "Comment 5",
        "Facebook",
        "No comment.",
        "1,200,000,000 shares",
        "Twitter",
        "",
        "May 5, 2021",
        "5 million euros",
        "Removed",
        "3 days",
        "The ban ends in 5 minutes.",
    ],
)
def test_text_is_never_furniture(line: str) -> None:
    """Dates, money, names, negations and sentences are text, whatever numbers they hold."""
    assert not text.is_furniture(line)


@given(st.text(min_size=81, max_size=200))
def test_long_lines_are_never_furniture(line: str) -> None:
    """Only short lines can be furniture."""
    assert not text.is_furniture(line)


# --- digests


def test_noise_does_not_pass_the_gate() -> None:
    """Counters, relative times, trends and nonces leave the watched digest as it is."""
    place = place_of(page())
    first = text.watched_digest(page(), place, ())
    assert first is not None
    assert first == text.watched_digest(page(nonce="zz", count="13", trend="Five best laptops"), place, ())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("5 million", "6 million"),
        ("did not expect", "did expect"),
        ("We do not agree", "We agree"),
        ("<td>1 million", "<td>2 million"),
        ('href="/decision"', 'href="/other"'),
        ("T10:00:00Z", "T11:00:00Z"),
        ("on Monday", "on <ins>Monday</ins>"),
        ("on Monday", "on <time datetime=2024-04-29>Monday</time>"),
        ("<h1>Regulator fines Acme", "<h1>[Update: withdrawn] Regulator fines Acme"),
        ('content="Regulator fines Acme"', 'content="Regulator clears Acme"'),
        ("</article>", "<p>Correction: an earlier version gave a wrong sum.</p></article>"),
        ("</article>", "<footer><p>Correction: an earlier version gave a wrong sum.</p></footer></article>"),
    ],
)
def test_every_compared_change_passes_the_gate(old: str, new: str) -> None:
    """A changed word, row, link, headline, note or modification time changes the watched digest."""
    html = page()
    place = place_of(html)
    assert old in html
    assert text.watched_digest(html, place, ()) != text.watched_digest(html.replace(old, new), place, ())


WORDS = st.text(alphabet="abcdefghij 0123456789.,%$-éü", min_size=1, max_size=30)


@given(st.integers(min_value=0, max_value=400), WORDS)
def test_the_gate_agrees_with_the_full_reading(position: int, words: str) -> None:
    """Whenever a compared block of the full reading differs, so does the watched digest, which is the reading's own."""
    html = page()
    start = html.index("<main>")
    at = start + position * (html.index("</main>") - start) // 400
    while html.rfind("<", 0, at) > html.rfind(">", 0, at):
        at += 1
    other = html[:at] + words + html[at:]
    one = article.read(html.encode(), "text/html", SOURCE.url, SOURCE, LOOK)
    two = article.read(other.encode(), "text/html", SOURCE.url, SOURCE, LOOK)
    assert text.watched_digest(html, one.page.place, ()) == one.watched
    assert text.watched_digest(other, two.page.place, ()) == two.watched
    compared = [[(b.text, b.links) for b in r.page.blocks if b.role in {"text", "note"}] for r in (one, two)]
    if compared[0] != compared[1] or one.page.title != two.page.title:
        assert text.watched_digest(other, one.page.place, ()) != one.watched


def test_volatile_blocks_are_left_out() -> None:
    """A block that is known to change by itself counts neither by its digest nor by its shape."""
    html = page().replace("</article>", "<p>Reader of the day: 4711</p></article>")
    other = html.replace("4711", "4712")
    place = place_of(html)
    volatile = {text.shape_digest("Reader of the day: 4711")}
    assert text.watched_digest(html, place, ()) != text.watched_digest(other, place, ())
    assert text.watched_digest(html, place, volatile) == text.watched_digest(other, place, volatile)
    exact = {text.block_digest("Reader of the day: 4711")}
    assert text.watched_digest(html, place, exact) != text.watched_digest(other, place, exact)


def test_a_place_that_is_gone_or_outgrown_gives_no_digest() -> None:
    """Without its place, or with much new text outside it, only a full reading can tell."""
    html = page()
    place = place_of(html)
    assert text.watched_digest("<p>Maintenance</p>", place, ()) is None
    assert text.watched_digest(html, None, ()) is None
    grown = html.replace("</body>", "<p>The statement that was moved out of the article. </p>" * 40 + "</body>")
    assert text.watched_digest(grown, place, ()) is None


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 200_000 + "x",
        "<p>" + "".join(f"<font color={n}>" for n in range(10_000)) + "<p>x" * 10_000,
        "</font>" * 9_000 + "<p>" + "".join(f"<font color={n}>" for n in range(9_000)) + "<p>x" * 9_000,
        "<table>" * 50_000,
        "<div class=nav>" * 2_900 + "x " * 100_000,
        "<" * 500_000,
        "",
    ],
    ids=["depth", "formatting", "disguised", "tables", "judged", "brackets", "nothing"],
)
def test_hostile_nesting_takes_bounded_time(html: str) -> None:
    """No nesting makes a page cost more than a moment."""
    start = time.process_time()
    parse(html)
    assert text.watched_digest(html, "body", ()) == text.watched_digest(html.encode(), "body", ())
    assert time.process_time() - start < 3


def test_the_story_reads_the_same_at_the_gate(shared: Path) -> None:
    """The gate gives the full reading's digest for every revision of the founding story, and a new one for each."""
    story = shared / "story"
    digests = []
    for number in range(1, 7):
        body = (story / f"rev{number}.html").read_bytes()
        reading = article.read(body, "text/html", SOURCE.url, SOURCE, LOOK)
        assert text.watched_digest(text.decode(body, None), reading.page.place, ()) == reading.watched
        digests.append(reading.watched)
    assert len(set(digests)) == 6
