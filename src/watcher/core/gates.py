"""The cheap gates: whether anything that the comparison looks at can have changed, before anything is read in full.

    outline(body)      digest of a feed's bytes without its head's own time stamps: one search over the bytes
    entries(body)      digest of a feed's entries without their counters: one parse in C
    entries_of(...)    the same, of a feed that was read

Equal digests mean that nothing watched changed; None, that only a full reading can tell. Those of an article are in
core/text.py.
"""

import re
from collections.abc import Collection

import xxhash

from watcher.core import feed_split, jsonfeed, text
from watcher.model import FeedReading

MOST_HEAD = 20_000  # bytes within which the first entry must begin

_ENTRY = re.compile(rb"<(?:\w{1,20}:)?(?:item|entry)[\s>]")
# What publishers write into a feed's head at every visit; it says nothing of the entries.
_STAMP = re.compile(
    rb"<((?:\w{1,20}:)?(?:lastBuildDate|pubDate|updated|modified|date))(?:\s[^<>]{0,200})?>[^<>]{0,100}</\1\s*>"
)


def outline(body: bytes, content_type: str | None) -> str | None:
    """Digest a feed's bytes and Content-Type, its head's own time stamps left out; None where no entry is found."""
    first = _ENTRY.search(body, 0, MOST_HEAD)
    if first is None:
        return None
    state = xxhash.xxh3_64((content_type or "").encode("utf-8", "surrogatepass"))
    state.update(b"\x00")
    state.update(_STAMP.sub(b"", body[: first.start()]))
    state.update(memoryview(body)[first.start() :])
    return state.hexdigest()


def entries(body: bytes, content_type: str | None, url: str) -> str | None:
    """Digest a feed's title and the raw digests of its entries; None for one that lxml cannot cut.

    Raises ReadError as the reading does.
    """
    decoded, _ = feed_split.decode(body, content_type)
    if jsonfeed.looks_json(decoded):
        found = jsonfeed.parse(decoded, url)
        return _digest(found.title, found.raws)
    checked, _ = feed_split.guard(decoded, url)
    parts = feed_split.split(checked, url)
    return None if parts is None else _digest(parts.title, parts.raws)


def entries_of(reading: FeedReading) -> str:
    """The digest that `entries` finds in the same content."""
    return _digest(reading.title, reading.present)


def _digest(title: str | None, raws: Collection[str]) -> str:
    shown = text.normalise(title or "")[:1_000]
    return xxhash.xxh3_64_hexdigest("\n".join([shown, *sorted(raws)]).encode("utf-8", "surrogatepass"))
