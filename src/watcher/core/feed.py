"""Feeds: bytes → `FeedReading` (RSS 0.9x to 2.0, RDF, Atom, malformed ones, JSON Feed).

A well-formed feed is cut into its entries by lxml (core/feed_split.py); only those whose bytes were not seen before
are given to feedparser, in a small document with the same head. A malformed one goes to feedparser whole. A JSON Feed
is read by hand (core/jsonfeed.py). Which entry is which: core/identity.py.

feedparser is handed bytes in a BytesIO only, never a text or an address, which it would open; its cleaning of HTML is
off, since only text is taken from it (core/fragment.py); its dates are the last resort.
"""

import io
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import feedparser

from watcher.core import feed_split, jsonfeed, text, when
from watcher.core.feed_entry import Draft, build, from_feedparser
from watcher.core.feed_split import MAX_ENTRIES, MAX_MALFORMED, MAX_MALFORMED_TAGS, Split
from watcher.core.identity import Ident, Pair, address, keys, lone_links, match, wanted
from watcher.errors import ReadError
from watcher.model import Entry, FeedReading, Source

__all__ = ["VERSION", "Pair", "match", "read", "wanted"]

VERSION = "feed-1"


def read(  # noqa: PLR0917 - the readers of all kinds share this form
    body: bytes,
    content_type: str | None,
    url: str,
    source: Source,  # noqa: ARG001 - every reader has the same parameters
    look: when.Look,
    seen: Collection[str] = (),
) -> FeedReading:
    """Read a feed.

    In: the decoded body, its Content-Type, its address after redirects, and the raw digests of entries that are known.
    Out: the entries not in `seen`, in full and in the feed's order, and the raw digests of all.
    Raises ReadError: empty, HTML, not a feed, cut off, entity declarations, nested too deeply, too malformed.
    """
    decoded, broken = feed_split.decode(body, content_type)
    if jsonfeed.looks_json(decoded):
        return _read_json(jsonfeed.parse(decoded, url), url, look, seen)
    checked, cut = feed_split.guard(decoded, url)
    parts = feed_split.split(checked, url)
    reading = _read_parts(parts, url, look, seen) if parts is not None else None
    if reading is None:
        return _read_whole(checked, url, look, seen, cut or broken)
    return replace(reading, problem=reading.problem or cut or broken)


def _read_parts(parts: Split, url: str, look: when.Look, seen: Collection[str]) -> FeedReading | None:
    """Let feedparser read the entries that were not seen; None when it finds more or fewer of them than lxml."""
    new = [index for index, raw in enumerate(parts.raws) if raw not in seen]
    entries: tuple[Entry, ...] = ()
    if new:
        idents = parts.idents()
        drafts = _drafts(_feedparser(parts.document(new), url), url)
        if len(drafts) != len(new):
            return None
        found = dict(zip(new, drafts, strict=True))
        entries = _entries(parts.raws, idents, found, home=parts.home, url=url, look=look)
    following = address(url, parts.next) if parts.next else ""
    return FeedReading(_title(parts.title), url, entries, parts.raws, parts.problem, next=following or None)


def _read_whole(checked: str, url: str, look: when.Look, seen: Collection[str], problem: str | None) -> FeedReading:
    """Read a malformed feed: all of it, since its entries cannot be cut out."""
    if len(checked) > MAX_MALFORMED or checked.count("<") > MAX_MALFORMED_TAGS:
        raise ReadError(url, f"the feed is malformed, and with {len(checked)} characters too large to be mended")
    parsed = _feedparser(checked.encode("utf-8", "replace"), url)
    if not parsed.entries and not parsed.feed and not parsed.get("version"):
        raise ReadError(url, "this is not a feed: no known format, and no entries in it")
    drafts = {draft.raw: draft for draft in reversed(_drafts(parsed, url)[:MAX_ENTRIES])}
    raws = tuple(reversed(drafts))
    idents = tuple(drafts[raw].ident for raw in raws)
    new = {index: drafts[raw] for index, raw in enumerate(raws) if raw not in seen}
    head = dict(parsed.feed)
    entries = _entries(raws, idents, new, home=_text(head.get("link")), url=url, look=look)
    return FeedReading(_title(_text(head.get("title"))), url, entries, raws, problem or _fault(parsed))


def _read_json(found: jsonfeed.JsonFeed, url: str, look: when.Look, seen: Collection[str]) -> FeedReading:
    drafts = {index: found.draft(index) for index, raw in enumerate(found.raws) if raw not in seen}
    entries = _entries(found.raws, found.idents, drafts, home=found.home, url=url, look=look)
    return FeedReading(_title(found.title), url, entries, found.raws, found.problem, next=found.next)


def _entries(
    raws: Sequence[str],
    idents: Sequence[Ident],
    drafts: dict[int, Draft],
    *,
    home: str | None,
    url: str,
    look: when.Look,
) -> tuple[Entry, ...]:
    """Build the new entries; keys and lone links are worked out over all, so that known ones keep their share."""
    if not drafts:
        return ()
    lone = lone_links(idents, url, home)
    names = keys(idents, lone)
    return tuple(
        build(
            draft,
            raw=raws[index],
            key=names[index],
            ident=idents[index],
            lone=idents[index].link is None or idents[index].link in lone,
            url=url,
            look=look,
        )
        for index, draft in drafts.items()
    )


def _feedparser(document: bytes, url: str) -> Any:
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": url}
    try:
        return feedparser.parse(
            io.BytesIO(document), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as error:  # its tolerant parser is a state machine of many years: any of its faults may surface
        raise ReadError(url, f"the feed is too malformed to be read ({type(error).__name__})") from error


def _drafts(parsed: Any, url: str) -> list[Draft]:
    rss = not str(parsed.get("version") or "").startswith("atom")
    language = _text(dict(parsed.feed).get("language"))
    return [from_feedparser(dict(entry), rss=rss, url=url, language=language) for entry in parsed.entries]


def _fault(parsed: Any) -> str | None:
    """Say in words what feedparser found wrong with the markup, if anything."""
    if not parsed.get("bozo"):
        return None
    fault = parsed.get("bozo_exception")
    return f"malformed XML: {text.normalise(str(fault))[:200]}" if fault else "malformed XML"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _title(value: str | None) -> str | None:
    return text.normalise(value or "")[:1_000] or None
