"""One entry of a feed, from what its publisher wrote to an `Entry`.

A `Draft` is what both roads (feedparser's dictionary, a JSON Feed's item) lead to; `build` makes the entry of it: text
as blocks, times from the printed words first, update notes found in title and blocks.
"""

import calendar
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from watcher.core import fragment, notes, text, when
from watcher.core.identity import Ident, address, clean_link, digest
from watcher.model import Entry, Link, Moment, Page

_MAX_LINE = 2_000  # characters of a title, byline or identifier
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_NUMBER = re.compile(r"\d{1,4}")
_HTML = frozenset({"text/html", "application/xhtml+xml"})


@dataclass(frozen=True, slots=True)
class Markup:
    """A text as the feed carries it: HTML or plain, and the address its relative links count from."""

    value: str
    html: bool
    base: str = ""

    def read(self) -> fragment.Fragment:
        return fragment.read(self.value, self.base) if self.html else fragment.lines(self.value)

    def line(self) -> str:
        value = self.value[:10_000]
        return fragment.one_line(value) if self.html else text.normalise(value)


@dataclass(frozen=True, slots=True)
class Draft:
    """What the publisher wrote. Times as (printed, feedparser's guess or None)."""

    guid: str | None
    link: str | None
    title: Markup | None
    summary: Markup | None
    content: Markup | None
    published: tuple[str, time.struct_time | None] | None = None
    modified: tuple[str, time.struct_time | None] | None = None
    language: str | None = None
    byline: str | None = None
    media: tuple[Link, ...] = ()

    @property
    def ident(self) -> Ident:
        date = (self.published or self.modified or ("", None))[0]
        return Ident(self.guid, self.link, self.title.value if self.title else "", date)

    @property
    def raw(self) -> str:
        """Digest what was written, for feeds whose bytes cannot be cut into entries."""
        texts = [part.value if part else "" for part in (self.title, self.summary, self.content)]
        times = [part[0] if part else "" for part in (self.published, self.modified)]
        return digest(self.guid or "", self.link or "", *texts, *times, *(link.url for link in self.media))


def from_feedparser(entry: Mapping[str, Any], *, rss: bool, url: str, language: str | None) -> Draft:
    """Take what is needed from feedparser's entry (`dict(entry)`: its own look-ups invent values). Never raises."""
    published = _date(entry, "published") or _date(entry, "created")
    modified = _date(entry, "updated")
    if rss and published is None:  # RSS has one date; feedparser calls Dublin Core's "updated"
        published, modified = modified, None
    summary, content = _markup(entry, "summary", url), _content(entry, url)
    if content is not None and summary is not None and summary.value == content.value:  # feedparser's copy
        summary = None
    detail = entry.get("title_detail") or entry.get("summary_detail") or {}
    return Draft(
        guid=short(entry.get("id")),
        link=_link(entry, url),
        title=_markup(entry, "title", url),
        summary=summary,
        content=content,
        published=published,
        modified=modified,
        language=short(detail.get("language")) or language,
        byline=short(entry.get("author")),
        media=_enclosures(entry, url),
    )


def build(draft: Draft, *, raw: str, key: str, ident: Ident, lone: bool, url: str, look: when.Look) -> Entry:
    """Make the entry. `ident` is as printed, `lone` says that its link tells it from the feed's other entries."""
    title = (draft.title.line() if draft.title else "")[:_MAX_LINE] or None
    summary = draft.summary.read() if draft.summary else None
    body = draft.content.read() if draft.content else summary or fragment.Fragment()
    blocks = body.blocks
    found = notes.find(title, blocks, look, alone=True)
    blocks = tuple(replace(block, role="note") if i in found.blocks else block for i, block in enumerate(blocks))
    published, modified = _moment(draft.published, look), _moment(draft.modified, look)
    if published and modified and published.at == modified.at:
        modified = None
    link = draft.link or ""
    page = Page(
        url=link or url,
        title=title,
        headline=found.headline or title,
        published=published,
        modified=modified,
        language=draft.language,
        byline=(text.normalise(draft.byline) or None) if draft.byline else None,
        blocks=blocks,
        notes=found.notes,
        updates=found.updates,
        media=tuple({item.url: item for item in (*body.media, *draft.media)}.values()),
        summary=summary.line or None if summary else None,
    )
    return Entry(key, raw, ident.guid, clean_link(link) if link and lone else None, finger(page), page)


def finger(page: Page) -> str:
    """Digest title, content and date: what stays when a site moves and every GUID and link is new.

    The date is in it since authorities publish the same words again every month, and that is a new entry.
    """
    published = page.published.at.isoformat() if page.published else ""
    body = "\n".join(block.text for block in page.blocks)
    return digest((page.title or "").casefold(), body.casefold(), published)


def _moment(date: tuple[str, time.struct_time | None] | None, look: when.Look) -> Moment | None:
    """Read the printed words as a machine's time, then as a person's; feedparser's guess is the last resort."""
    if date is None:
        return None
    printed, guess = " ".join(date[0][:400].split())[:200], date[1]
    found = when.parse_machine(printed) or _as_person(printed, look)
    if found is None and guess is not None and _stands(guess, printed):
        try:
            found = Moment(datetime.fromtimestamp(calendar.timegm(guess), UTC))
        except (ValueError, OverflowError, OSError):
            return None
    return replace(found, printed=date[0].strip()[:200]) if found else None


def _stands(guess: time.struct_time, printed: str) -> bool:
    """Say whether a guessed year and day (a zone apart) are printed at all; feedparser fills in and rolls over."""
    numbers = {int(number) for number in _NUMBER.findall(printed)}
    days = {guess.tm_mday - 1, guess.tm_mday, guess.tm_mday + 1}
    return guess.tm_year in numbers and bool(days & numbers)


def _as_person(printed: str, look: when.Look) -> Moment | None:
    """Read a date as people write it, unless only a part was understood: a clock alone would be today's."""
    found = when.parse(printed, look)
    years = {int(year) for year in _YEAR.findall(printed)}
    if found is None or (years and not years & {found.at.year - 1, found.at.year, found.at.year + 1}):
        return None
    return found


def _date(entry: Mapping[str, Any], name: str) -> tuple[str, time.struct_time | None] | None:
    printed = entry.get(name)
    if not isinstance(printed, str) or not printed.strip():
        return None
    guess = entry.get(f"{name}_parsed")
    return printed, guess if isinstance(guess, time.struct_time) else None


def short(value: object) -> str | None:
    """Take a short text, or None; lone surrogates become `?` so that every text can be stored."""
    if not isinstance(value, str):
        return None
    return value.strip()[:_MAX_LINE].encode("utf-8", "replace").decode("utf-8") or None


def _markup(entry: Mapping[str, Any], name: str, url: str) -> Markup | None:
    value, detail = entry.get(name), entry.get(f"{name}_detail") or {}
    if not isinstance(value, str) or not value.strip():
        return None
    return Markup(value, detail.get("type") in _HTML, _base(detail, url))


def _content(entry: Mapping[str, Any], url: str) -> Markup | None:
    """Choose the longest of the contents, which may come in several types."""
    best: Markup | None = None
    for item in entry.get("content") or ():
        value = item.get("value")
        if isinstance(value, str) and value.strip() and (best is None or len(value) > len(best.value)):
            best = Markup(value, item.get("type") in _HTML, _base(item, url))
    return best


def _base(detail: Mapping[str, Any], url: str) -> str:
    return str(detail.get("base") or "") or url


def _link(entry: Mapping[str, Any], url: str) -> str | None:
    links = [link for link in entry.get("links") or () if isinstance(link, Mapping)]
    fitting = [link.get("href") for link in links if link.get("rel", "alternate") == "alternate"]
    for href in (entry.get("link"), *fitting):
        if isinstance(href, str) and (found := address(url, href)):
            return found
    return None


def _enclosures(entry: Mapping[str, Any], url: str) -> tuple[Link, ...]:
    hrefs = [link.get("href") for link in entry.get("links") or () if link.get("rel") == "enclosure"]
    hrefs += [item.get("url") for item in entry.get("media_content") or () if isinstance(item, Mapping)]
    found = [address(url, href) for href in hrefs[:100] if isinstance(href, str)]
    return tuple(Link(href) for href in dict.fromkeys(found) if href)
