"""Thousands of feeds: each is read or refused in words, and the fast way reads what the tolerant parser reads."""

import io
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest

from watcher.core import feed, feed_split, when
from watcher.core.feed_entry import Draft
from watcher.errors import ReadError
from watcher.model import EntryRef, FeedReading, Source

URL = "http://example.org/feeds/feed.xml"
SOURCE = Source("corpus", URL)
LOOK = when.Look(locale=None, timezone="UTC", now=datetime(2026, 5, 1, tzinfo=UTC))
SLOWEST = 5.0  # seconds of processor time for one feed, with room for a crowded machine


def feeds(shared: Path) -> Iterator[Path]:
    for folder in sorted([*(shared / "corpus").glob("feeds_*"), shared / "corpus" / "feed_polls_regulator"]):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".xml", ".rss", ".atom", ".rdf", ".json") and path.name != "gold.json":
                yield path


def read(body: bytes, seen: tuple[str, ...] = ()) -> FeedReading:
    return feed.read(body, None, URL, SOURCE, LOOK, seen)


@pytest.mark.long
def test_every_feed_is_read_or_refused(shared: Path) -> None:
    """Every feed is read or refused with a reason, in time, and a second look finds nothing new."""
    counts = {"read": 0, "refused": 0}
    for path in feeds(shared):
        body, start = path.read_bytes(), time.process_time()
        try:
            reading = read(body)
        except ReadError as error:
            counts["refused"] += 1
            if len(error.message) < 15:
                pytest.fail(f"{path}: {error.message!r} is no reason")
        else:
            counts["read"] += 1
            assert len(set(reading.present)) == len(reading.present) == len(reading.entries), path
            assert len({entry.key for entry in reading.entries}) == len(reading.entries), path
            assert read(body, reading.present).entries == (), path
        assert time.process_time() - start < SLOWEST, path
    assert counts["read"] > 4_000
    assert counts["refused"] < 400


def plain(drafts: list[Draft]) -> list[tuple[object, ...]]:
    """Take what an entry says, without its GUID, which feedparser resolves like a link."""
    return [
        (replace(draft, guid=None, published=None, modified=None), _printed(draft.published), _printed(draft.modified))
        for draft in drafts
    ]


def _printed(date: tuple[str, object] | None) -> str | None:
    return date[0] if date else None


def whole(text: str) -> list[Draft]:
    """Give the entries that feedparser finds in the whole document."""
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": URL}
    parsed = feedparser.parse(
        io.BytesIO(text.encode("utf-8", "replace")),
        response_headers=headers,
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    return feed._drafts(parsed, URL)


@pytest.mark.long
def test_the_fast_way_reads_what_feedparser_reads(shared: Path) -> None:
    """Entries read one by one out of a small document are those of the whole document, in every well-formed feed."""
    compared, different = 0, []
    for path in feeds(shared):
        try:
            text = feed_split.guard(feed_split.decode(path.read_bytes(), None)[0], URL)[0]
            parts = feed_split.split(text, URL)
        except ReadError:
            continue
        if parts is None or parts.problem:
            continue
        expected = list(dict.fromkeys(map(repr, plain(whole(text)))))
        found = []
        for index in (
            range(len(parts.raws)) if len(parts.raws) <= 12 else (0, len(parts.raws) // 2, len(parts.raws) - 1)
        ):
            again = feed_split.split(text, URL)
            assert again is not None
            one = feed._drafts(feed._feedparser(again.document([index]), URL), URL)
            found += plain(one)
        compared += 1
        if not set(map(repr, found)) <= set(expected) or (
            len(parts.raws) <= 12 and len(set(map(repr, found))) != len(expected)
        ):
            different.append(path.relative_to(shared).as_posix())
    assert compared > 3_500
    assert different == []


@pytest.mark.parametrize("name", ["anac_rss", "anac_atom", "anac_jsonfeed", "federalregister_rfc_rss"])
def test_successive_polls(shared: Path, name: str) -> None:
    """Over successive polls of a regulator's feed, what is new, gone, back and changed agrees with the record."""
    folder = shared / "corpus" / "feed_polls_regulator" / name
    refs: dict[str, EntryRef] = {}
    standing: set[str] = set()
    for poll in json.loads((folder / "gold.json").read_text()):
        reading = read((folder / poll["file"]).read_bytes(), tuple(ref.raw for ref in refs.values()))
        new, retitled = [], []
        for entry, known in feed.match(reading.entries, list(refs.values()), reading.present):
            document = known.document if known else entry.key
            new += [] if known else [document]
            retitled += [document] if known and known.title != entry.page.title else []
            refs[document] = EntryRef(
                document,
                known.key if known else entry.key,
                entry.raw,
                entry.guid,
                entry.link,
                entry.finger,
                entry.page.title or "",
            )
        by_raw = {ref.raw: document for document, ref in refs.items()}
        now = {by_raw[raw] for raw in reading.present}
        if "new" in poll:
            assert len(new) == len(poll["new"]), poll["file"]
            assert len(standing - now) == len(poll["dropped"]), poll["file"]
            assert len(now - standing - set(new)) == len(poll["reappeared"]), poll["file"]
            assert len(retitled) == len(poll["title_changed"]), poll["file"]
        standing = now
