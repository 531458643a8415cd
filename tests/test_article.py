"""From the bytes of a page to its title, times, blocks and roles."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.core import article, when
from watcher.errors import ReadError
from watcher.model import Block, Page, Source

URL = "https://news.example/a/story"
LOOK = when.Look("en-US", "America/New_York", datetime(2024, 5, 1, 12, tzinfo=UTC))
LONG = (
    "The regulator said on Monday that the company had not met the terms it had agreed to in the spring of last year."
)
MORE = "Lawyers for the company did not dispute the finding, but said that the fine of 5 million euros was too high."


def read(
    html: str,
    *,
    content_type: str | None = "text/html; charset=utf-8",
    volatile: tuple[str, ...] = (),
    **source: object,
) -> Page:
    chosen = Source(name="x", url=URL, kind="article", **source)  # type: ignore[arg-type]  # keywords of one test each
    return article.read(html.encode(), content_type, URL, chosen, LOOK, volatile).page


def compared(page: Page) -> list[str]:
    return [block.text for block in page.blocks if block.role in {"text", "note"}]


def block(page: Page, start: str) -> Block:
    return next(found for found in page.blocks if found.text.startswith(start))


def in_article(inner: str) -> str:
    body = f"<article><h1>Acme fined</h1><p>{LONG}</p>{inner}<p>{MORE}</p></article>"
    return f"<html><head><title>Acme fined</title></head><body>{body}</body></html>"


# --- blocks


@pytest.mark.parametrize(
    ("inner", "wanted"),
    [
        ("<ul><li>one thing<ul><li>inner thing</li></ul></li></ul>", [("li", "one thing"), ("li", "inner thing")]),
        ("<blockquote><p>We do not agree.</p></blockquote>", [("blockquote", "We do not agree.")]),
        ("<h3>What  next?</h3>", [("h3", "What next?")]),
        ("<table><tr><th>Year</th><td>Fine</td></tr></table>", [("tr", "Year | Fine")]),
        ("<table><tr><td>a</td><td></td><td><p>b</p><p>c</p></td></tr></table>", [("tr", "a | | b c")]),
        ("<dl><dt>Term</dt><dd>Meaning of it</dd></dl>", [("dt", "Term"), ("dd", "Meaning of it")]),
        ("<pre>line one\nline two\n\nnext</pre>", [("pre", "line one line two"), ("pre", "next")]),
        ("<figure><img src=i.png><figcaption>A caption</figcaption></figure>", [("figcaption", "A caption")]),
        ("<div>Text in a <b>division</b> of its own</div>", [("text", "Text in a division of its own")]),
        ("<p>First part.<br><br>Second part.</p>", [("p", "First part."), ("p", "Second part.")]),
        ("<p>1 Main Street<br>Springfield</p>", [("p", "1 Main Street Springfield")]),
        ("<p>Some text<br>Update 2: the court ruled</p>", [("p", "Some text"), ("p", "Update 2: the court ruled")]),
        (f"<p>{LONG}<br>{MORE}</p>", [("p", LONG), ("p", MORE)]),
        ("<p>un<b>broken</b> wo\u200brd</p>", [("p", "unbroken word")]),
    ],
)  # fmt: skip
def test_every_kind_of_block(inner: str, wanted: list[tuple[str, str]]) -> None:
    """Paragraphs, rows, items, headings, quotations and lines parted by breaks are blocks of their own."""
    found = [(b.type, b.text) for b in read(in_article(inner)).blocks if b.role in {"text", "note"}]
    assert found[1:-1] == wanted


@pytest.mark.parametrize(
    "inner",
    [
        "<script>x</script><style>y</style><noscript>z</noscript>",
        "<nav><a href=/>Home</a></nav>",
        "<div class='share-bar'><a href=#>Facebook</a> <a href=#>X</a></div>",
        "<span>267 Comments</span>",
        "<div>Shared 385 times</div>",
        "<p>Advertisement</p>",
        "<aside><h4>Trending</h4><p>Ten things to know</p></aside>",
        "<div class='related-posts'><a href=/1>Another story about the same</a></div>",
        "<section id=comments><p>First reader says that this is nonsense.</p></section>",
        "<div class='author-bio'>Jane Roe covers regulators and has done so for years.</div>",
        "<form class=newsletter-signup><p>Get our letter</p><button>Go</button></form>",
        "<p>Read more: <a href=/2>What the ruling means</a></p>",
        "<p><a href=/2>Read more: What the ruling means</a></p>",
        "<p>Related: <a href=/2>What the ruling means</a></p>",
        "<p><a href=/f>Facebook</a></p>",
        "<p>***</p>",
    ],
)
def test_furniture_is_never_compared(inner: str) -> None:
    """Counters, share bars, adverts, related stories, comments and biographies are not the article's text."""
    assert compared(read(in_article(inner))) == [LONG, MORE]


@pytest.mark.parametrize(
    "inner",
    [
        "<aside><p>Correction: an earlier version misstated the fine.</p></aside>",
        "<footer><p>Updated May 1: adds comment from the ministry, which declined to say more.</p></footer>",
        "<div class=meta><p>Update 3 (05/01/2024 @ 6:10 AM ET): The court has ruled.</p></div>",
        "<ul><li>Facebook</li></ul>",
        "<p>No comment.</p>",
        "<h3><a href=/x>More sanctions are on the way</a></h3>",
        "<ul><li><a href=/x>Related party transactions</a></li></ul>",
        "<div class='content-ad-free-related'><p>" + LONG * 3 + "</p></div>",
    ],
)
def test_what_may_matter_is_always_compared(inner: str) -> None:
    """Notes in margins, names, short answers and long texts with an unlucky class are text."""
    assert len(compared(read(in_article(inner)))) == 3


def test_the_headline_is_the_title_and_no_block() -> None:
    """The headline stands in the title alone, also where the page repeats it."""
    page = read(in_article("").replace(f"<p>{LONG}", f"<p>Acme fined</p><p>{LONG}"))
    assert page.title == "Acme fined"
    assert compared(page) == [LONG, MORE]


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title>Acme fined | The Daily</title>", "<h1>Acme fined</h1>", "Acme fined"),
        ("<title>Acme fined | The Daily</title>", "<h1>The Daily Site Logo of Years</h1>", "Acme fined"),
        ('<meta property="og:title" content="Acme fined">', "<h1>Acme is fined</h1>", "Acme is fined"),
        ('<meta property="og:title" content="Acme fined">', "", "Acme fined"),
        ("", "<h1>[Update 2: ruling] Acme fined</h1>", "[Update 2: ruling] Acme fined"),
        ("", "", None),
    ],
)
def test_the_title_is_the_printed_headline(head: str, body: str, title: str | None) -> None:
    """The h1 that says what the page's own title says wins; a site's logo does not."""
    assert read(f"<html><head>{head}</head><body>{body}<p>{LONG}</p></body></html>").title == title


def test_times_language_and_byline() -> None:
    """Publication and modification times come from the page's own statements, in UTC."""
    html = in_article("").replace(
        "</head>",
        '<meta property="article:published_time" content="2024-04-30T08:00:00+02:00">'
        '<script type="application/ld+json">{"@type": "NewsArticle", "dateModified": "2024-05-01T07:30:00Z"}'
        "</script></head>",
    )
    html = html.replace("<html>", "<html lang=de-DE>").replace(
        "</h1>",
        "</h1><div class=byline>By Jane Roe <time datetime=2024-04-30>April 30, 2024</time>"
        "<span>12 Comments</span></div>",
    )
    page = read(html)
    assert page.published is not None
    assert page.published.at == datetime(2024, 4, 30, 6, tzinfo=UTC)
    assert page.modified is not None
    assert page.modified.at == datetime(2024, 5, 1, 7, 30, tzinfo=UTC)
    assert page.language == "de-DE"
    assert page.byline == "By Jane Roe April 30, 2024"
    assert block(page, "By Jane").role == "stamp"


def test_links_are_absolute_and_do_not_track() -> None:
    """Targets are resolved, tracking parameters and what leads to no document are gone."""
    page = read(
        in_article(
            '<p>See <a href="../b?utm_source=x&id=7&fbclid=1#top">this</a>, <a href="javascript:void(0)">that</a> and '
            '<a href="mailto:a@b.example">mail</a> and <a href="/cdn-cgi/l/email-protection#a1">hidden</a>.</p>'
        )
    )
    assert [(link.url, link.text) for link in block(page, "See").links] == [("https://news.example/b?id=7#top", "this")]


def test_media_are_kept_with_their_text() -> None:
    """Images of the content are told by address and alternative text."""
    page = read(in_article("<img src=/i.png alt='A  chart'><img src='data:image/png;base64,xx'>"))
    assert [(link.url, link.text) for link in page.media] == [("https://news.example/i.png", "A chart")]


# --- a source's rules


def test_select_wins() -> None:
    """The configured selector names the content, and its place is known."""
    html = f"<body><div class=a><p>{LONG}</p></div><div class=b><p>Chosen text.</p></div></body>"
    page = read(html, select="div.b")
    assert compared(page) == ["Chosen text."]
    assert page.place == "div.b"


def test_a_selector_that_only_beautifulsoup_knows_works() -> None:
    """Selectors beyond the C parser's are applied too; such a page is read in full each time."""
    html = f"<body><div><p>{LONG}</p></div><div><h2>Ruling</h2><p>Chosen text.</p></div></body>"
    page = read(html, select="div:has(> h2:-soup-contains('Ruling'))")
    assert compared(page) == ["Ruling", "Chosen text."]
    assert page.place is None


def test_select_that_finds_nothing_is_told() -> None:
    """A page without the selected element is not read as an empty one."""
    with pytest.raises(ReadError, match="select"):
        read(in_article(""), select=".gone")
    with pytest.raises(ReadError, match="select"):
        read(in_article(""), select=".gone:-soup-contains('x')")
    with pytest.raises(ReadError, match="understood"):
        read(in_article(""), select="p:nonsense(")


def test_ignore_and_keep() -> None:
    """Ignored elements and lines are not compared; what is to be kept is, though it looks like furniture."""
    inner = "<p class=live>Rate now: 4.5</p><p>Bulletin no. 12</p><p class=count>12 comments</p><p>99 views</p>"
    assert compared(read(in_article(inner))) == [LONG, "Rate now: 4.5", "Bulletin no. 12", MORE]
    page = read(in_article(inner), ignore=(".live", r"re:^Bulletin no\. \d+$"), keep=(".count", "re:views$"))
    assert compared(page) == [LONG, "12 comments", "99 views", MORE]


def test_ignore_by_a_selector_of_beautifulsoup() -> None:
    """Rules that the C parser does not know leave the rest of the page as it is."""
    inner = "<p>Rate now: 4.5</p><p class=count>12 comments</p>"
    page = read(in_article(inner), ignore=("p:-soup-contains('Rate now')",), keep=(".count",))
    assert compared(page) == [LONG, "12 comments", MORE]


def test_volatile_blocks_are_furniture() -> None:
    """A block known to change by itself is stored and not compared."""
    from watcher.core.text import block_digest

    page = read(in_article("<p>Reader of the day: Ann</p>"), volatile=(block_digest("Reader of the day: Ann"),))
    assert compared(page) == [LONG, MORE]
    assert block(page, "Reader").role == "furniture"


# --- what is no page, plain text, bounds


@pytest.mark.parametrize(
    "body", [b"", b"  \n", b"%PDF-1.7 x", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04abc", b"a\x00\x00\x00b\x00\x00" * 50]
)
def test_what_is_no_page_is_refused(body: bytes) -> None:
    """An empty answer and a binary file are not read as pages."""
    with pytest.raises(ReadError):
        article.read(body, "text/html", URL, Source(name="x", url=URL), LOOK)


def test_plain_text_is_read_by_paragraphs() -> None:
    """Paragraphs are parted by blank lines, wrapped lines are joined, the title is the first line."""
    wrapped = "The regulator said on Monday that the\ncompany had not met the terms it had\nagreed to."
    page = read(f"Acme fined\n\nAcme fined\n\n{wrapped}\n\n{LONG}\n", content_type="text/plain")
    assert page.title == "Acme fined"
    assert compared(page) == [wrapped.replace("\n", " "), LONG]


def test_what_is_told_about_the_author_is_furniture() -> None:
    """A footer about the author belongs to no paragraph or note before it."""
    page = read(
        f"Acme fined\n\n{LONG}\n\n{MORE}\n\n{LONG}\n\nAbout author\n\nJane Roe\n\nJane writes here.",
        content_type="text/plain",
    )
    assert compared(page) == [LONG, MORE, LONG]
    assert block(page, "Jane writes").role == "furniture"


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_any_bytes_give_a_reading_or_a_refusal(body: bytes) -> None:
    """Whatever comes, it is read or refused in words."""
    try:
        reading = article.read(body, None, URL, Source(name="x", url=URL), LOOK)
    except ReadError:
        return
    assert all(found.text == " ".join(found.text.split()) for found in reading.page.blocks)


MARKUP = ["<p>", "</p>", "<div class=nav>", "</div>", "<table>", "<tr>", "<td>", "</td>", "<a href=x>", "</a>", "<hr>"]
MARKUP += ["<br>", "<pre>", "text ", LONG, "<aside>", "</aside>", "<li>", "12 comments", "<ins>", "</ins>", "<time>"]


@settings(max_examples=60)
@given(st.lists(st.sampled_from(MARKUP), max_size=40))
def test_any_markup_gives_a_reading_or_a_refusal(parts: list[str]) -> None:
    """Unclosed and misnested elements are read like any others."""
    try:
        article.read("".join(parts).encode(), "text/html", URL, Source(name="x", url=URL), LOOK)
    except ReadError:
        return


@pytest.mark.parametrize(
    "inner",
    ["<div>" * 5000 + LONG, "<ul><li>" * 3000 + LONG, "<table><tr><td>" * 2000 + LONG, f"<p>{LONG}</p>" * 4000],
    ids=["divisions", "lists", "tables", "paragraphs"],
)
def test_deep_and_long_pages_take_bounded_time(inner: str) -> None:
    """Neither depth nor length makes a page unreadable."""
    start = time.process_time()
    page = read(in_article(inner))
    assert LONG in " ".join(compared(page))
    assert time.process_time() - start < 8


# --- the founding story


def test_the_story_changes_only_by_its_notes(shared: Path) -> None:
    """Between the revisions of the founding story nothing is compared as changed but the blocks of notes."""
    source = Source(
        name="x",
        url="https://news.example/us-ban-investing-xiaomi/",
        kind="article",
        locale="en-US",
        timezone="America/New_York",
    )
    texts = []
    for number in range(1, 7):
        body = (shared / "story" / f"rev{number}.html").read_bytes()
        page = article.read(body, "text/html", source.url, source, LOOK).page
        texts.append([found.text for found in page.blocks if found.role == "text"])
        assert page.headline == "US bans Americans from investing in Xiaomi, citing ties to Chinese military"
        assert page.published is not None
        assert page.published.at == datetime(2021, 1, 14, 11, 31, 8, tzinfo=UTC)
        joined = " ".join(compared(page))
        for noise in ("Comments", "Shared", "Trending", "cookies", "reader supported", "Updated 43"):
            assert noise not in joined
    assert texts == [texts[0]] * 6
    assert len(texts[0]) == 5


def test_the_story_without_markup_has_its_footer_outside(shared: Path) -> None:
    """The text file of the founding story has the same article, and its footer is no part of the last update."""
    body = (shared / "story" / "article.txt").read_bytes()
    source = Source(name="x", url=URL, kind="article", locale="en-US", timezone="America/New_York")
    page = article.read(body, None, URL, source, LOOK).page
    assert page.title is not None
    assert page.title.startswith("[Update 5")
    assert compared(page)[0].startswith("Update 5 (05/12/2021")
    assert block(page, "I'm the senior").role == "furniture"
    assert len(page.updates) == 5
