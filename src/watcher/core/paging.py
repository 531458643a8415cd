"""Lists and feeds that go on over several pages: whether to ask for the next one, and what several say as one.

    following(...)   the address of the page to ask for next, or None
    joined(...)      the readings of several pages as one

At the first poll of a list a few pages are read, so that a row that moves up later is known; later only as many as it
takes to meet what is known, and none where the first page still ends in what is known. Of a page that was not read
nothing is concluded. Source of a feed's next page: RFC 5005, section 3; JSON Feed 1.1, `next_url`.
"""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from watcher.core.identity import match
from watcher.model import Entry, EntryRef, FeedReading, Source, SourceState

FIRST = 3  # pages of a list that are read at its first poll
MOST = 20  # pages that are read at any other
_TAIL = 4  # one part of so many of a page must hold something known: pinned rows stand at its beginning


def following(
    source: Source, state: SourceState, readings: Sequence[FeedReading], refs: Sequence[EntryRef]
) -> str | None:
    """Name the page to ask for after those read so far.

    In: the source, its state, the readings of its pages in order, all entries ever seen. Out: an absolute address on
    the source's own site, or None: there is no other page, enough is known, or the bound is met.
    """
    last = readings[-1]
    if last.next is None or not _on_site(last.next, readings[0].url, source):
        return None
    first = state.baseline_at is None
    if first and last.kind != "listing":
        return None  # a feed's first page is its baseline
    if len(readings) >= (FIRST if first else MOST) or last.next in {reading.url for reading in readings}:
        return None
    before = {raw for reading in readings[:-1] for raw in reading.present}
    if before and before.issuperset(last.present):
        return None  # it leads round in a circle
    return last.next if first or not _ends_known(last, refs) else None


def _ends_known(reading: FeedReading, refs: Sequence[EntryRef]) -> bool:
    """Say whether the end of a page holds something that is known, or is older than what is."""
    known = {ref.raw for ref in refs} | reading.older
    known |= {entry.raw for entry, ref in match(reading.entries, refs, reading.present) if ref is not None}
    return not known.isdisjoint(reading.present[-max(1, len(reading.present) // _TAIL) :])


def _on_site(url: str, shown: str, source: Source) -> bool:
    """Say whether a page stands on the site of the one that named it; where a log-in goes along, on the source's."""
    try:
        target, here = urlsplit(url), urlsplit(source.url if _has_secrets(source) else shown)
        same = (target.hostname, target.port) == (here.hostname, here.port)
    except ValueError:
        return False
    return same and target.scheme in {"http", "https"} and (target.scheme == "https" or here.scheme == "http")


def _has_secrets(source: Source) -> bool:
    return bool(source.headers or source.cookies or source.auth)


def joined(readings: Sequence[FeedReading]) -> FeedReading:
    """Make one reading of several pages: what the early gate compares stays that of the first page alone."""
    first, *rest = readings
    if not rest:
        return first
    entries: dict[str, Entry] = {}
    for reading in readings:
        for entry in reading.entries:
            entries.setdefault(entry.key, entry)
    present = tuple(dict.fromkeys(raw for reading in readings for raw in reading.present))
    seen: set[str] = set(first.present)
    pages: list[frozenset[str]] = []
    for reading in rest:
        pages.append(frozenset(reading.present) - seen)
        seen |= pages[-1]
    oldest = [reading.oldest for reading in readings]
    return replace(
        first,
        entries=tuple(entries.values()),
        present=present,
        next=rest[-1].next,
        oldest=None if None in oldest else min(filter(None, oldest), default=None),
        older=frozenset().union(*(reading.older for reading in readings)),
        pages=tuple(pages),
    )
