"""The cheap gates of a look: what passes them has not changed, and what has changed does not pass them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from watcher.core import gates, observe, text
from watcher.model import Fetched, Source, SourceState

NOW = datetime(2031, 3, 4, 12, tzinfo=UTC)
FEED = "application/rss+xml"
ITEM = "<item><guid>a</guid><title>Order filed</title><link>http://x/a</link>{more}</item>"
RSS = (
    '<?xml version="1.0"?><rss version="2.0" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"><channel>'
    "<title>{title}</title><lastBuildDate>{built}</lastBuildDate>{items}</channel></rss>"
)
PAGE = (
    '<html><head><title>Order filed</title><script>t="{token}"</script></head><body class="b{token}"><main><article>'
    "<h1>Order filed</h1>{body}<p>{count} Comments</p></article></main><footer>{token}</footer></body></html>"
)
SENTENCE = "<p>The authority filed its order number {} against the owner of the terminal today.</p>"
PROSE = "".join(SENTENCE.format(i) for i in range(9))


def rss(built: str = "1", title: str = "News", more: str = "", items: int = 1) -> bytes:
    return RSS.format(built=built, title=title, items=ITEM.format(more=more) * items).encode()


def page(token: str = "1", count: int = 3, body: str = PROSE) -> bytes:
    return PAGE.format(token=token, count=count, body=body).encode()


def fetched(body: bytes, kind: str = "text/html") -> Fetched:
    return Fetched("http://x/", "http://x/", 200, (("content-type", kind),), body, NOW, "a", "a")


def looked_at(source: Source, body: bytes, kind: str) -> SourceState:
    """The state after a first full reading."""
    state = SourceState(source.name)
    assert source.kind is not None
    answer = fetched(body, kind)
    reading = observe.read(source, source.kind, answer)
    return observe.judge(source, state, reading, answer, documents={}).state


def test_a_feed_s_own_time_stamps_are_no_change() -> None:
    """Another build date in a feed's head leaves its outline as it was; another title or entry does not."""
    outline = gates.outline(rss(), FEED)
    assert outline is not None
    assert gates.outline(rss(built="2"), FEED) == outline
    assert gates.outline(rss(title="Other"), FEED) != outline
    assert gates.outline(rss(more="<description>x</description>"), FEED) != outline
    assert gates.outline(rss(), "application/xml; charset=latin-1") != outline


@pytest.mark.parametrize("body", [b"", b"{}", b"<rss><channel/></rss>", rss().decode().encode("utf-16")])
def test_what_has_no_entry_to_be_seen_has_no_outline(body: bytes) -> None:
    """A body in whose bytes no entry begins is left to the next gate."""
    assert gates.outline(body, FEED) is None


def test_counters_inside_entries_are_no_change() -> None:
    """The digest of the entries leaves their counters out, and finds what a reading of the same feed finds."""
    source = Source("s", "http://x/", kind="feed")
    state = looked_at(source, rss(more="<slash:comments>1</slash:comments>"), FEED)
    assert state.watched == gates.entries(rss(more="<slash:comments>7</slash:comments>"), FEED, "http://x/")
    seen = observe.glance(state, fetched(rss(more="<slash:comments>7</slash:comments>"), FEED))
    assert seen is not None
    assert replace(seen, visible=state.visible) == state


def test_a_new_entry_passes_no_gate() -> None:
    """A feed with another entry, or another text in one, is read in full."""
    source = Source("s", "http://x/", kind="feed")
    state = looked_at(source, rss(), FEED)
    assert observe.glance(state, fetched(rss(built="9"), FEED)) is state
    assert observe.glance(state, fetched(rss(more="<description>new</description>"), FEED)) is None


def test_a_content_that_stands_as_it_did_is_not_walked() -> None:
    """Noise around the content keeps the outline of its markup; noise inside it changes that, and the walk decides."""
    source = Source("s", "http://x/", kind="article")
    state = looked_at(source, page(), "text/html")
    first = observe.glance(state, fetched(page("2")))
    assert first is not None
    assert first.visible is not None
    assert observe.glance(first, fetched(page("3"))) is first
    counted = observe.glance(first, fetched(page("4", count=8)))
    assert counted is not None
    assert counted.visible != first.visible
    assert counted.watched == first.watched


def test_a_changed_word_passes_no_gate() -> None:
    """One other word in the content is met by the full reading."""
    source = Source("s", "http://x/", kind="article")
    state = looked_at(source, page(), "text/html")
    known = observe.glance(state, fetched(page()))
    assert known is not None
    assert observe.glance(known, fetched(page(body=PROSE.replace("number 5", "number 6")))) is None


def test_a_place_that_is_gone_is_no_content() -> None:
    """Where the content does not stand any more nothing is digested."""
    assert text.find(page(), None) is None
    assert text.find(page(), "article.gone\n") is None
