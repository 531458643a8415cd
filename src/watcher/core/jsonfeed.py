"""JSON Feed 1.0 and 1.1 (https://jsonfeed.org/version/1.1), read by hand, and lists of items that nearly are one.

`looks_json(text)` says whether a body is JSON at all; `items(text, url)` gives the feed's title, page, language and
its items as (raw digest, Draft), or raises ReadError in words.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from watcher.core.feed_entry import Draft, Markup, short
from watcher.core.identity import Ident, address, digest
from watcher.errors import ReadError
from watcher.model import Link

MAX_ITEMS = 5_000

# The specification's names first; then those of other lists of items (schema.org) that are read when `items` is there.
_GUID = ("id", "guid", "@id", "identifier")
_LINK = ("url", "external_url", "link")
_TITLE = ("title", "name", "headline")
_SUMMARY = ("summary", "description", "abstract")
_PUBLISHED = ("date_published", "datePublished", "published", "pubDate", "date")
_MODIFIED = ("date_modified", "dateModified", "updated")


@dataclass(frozen=True, slots=True)
class JsonFeed:
    """A JSON Feed: marks of every item in order; `draft(i)` reads one in full."""

    title: str | None
    home: str | None
    raws: tuple[str, ...]
    idents: tuple[Ident, ...]
    draft: Callable[[int], Draft]
    problem: str | None
    next: str | None = None  # the address of the page with older items


def looks_json(text: str) -> bool:
    """Say whether a text begins as a JSON object or array."""
    return text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[")


def parse(text: str, url: str) -> JsonFeed:
    """Read a JSON Feed; raises ReadError when it is no JSON, or JSON without a list of items."""
    try:
        data = json.loads(text.lstrip("\ufeff \t\r\n"), strict=False)
    except RecursionError as error:
        raise ReadError(url, "the JSON is nested too deeply") from error
    except ValueError as error:
        raise ReadError(url, f"the JSON is malformed or cut off: {str(error)[:200]}") from error
    found = data.get("items") if isinstance(data, dict) else data
    version = str(data.get("version") or "") if isinstance(data, dict) else ""
    if not isinstance(found, list):
        raise ReadError(url, "this is JSON, but not a JSON Feed: it has no list of items")
    items = [item for item in found if isinstance(item, dict) and (_of(item, _GUID + _LINK + _TITLE) is not None)]
    if (found and not items) or not (items or "jsonfeed.org/version" in version):
        raise ReadError(url, "this is JSON, but not a JSON Feed: its items have neither id, url nor title")
    problem = None if "jsonfeed.org/version" in version else "no JSON Feed version is given"
    if len(items) > MAX_ITEMS:
        problem = f"only the first {MAX_ITEMS} of {len(items)} entries were read"
    kept = {_digest(item): item for item in reversed(items[:MAX_ITEMS])}
    chosen = list(reversed(kept.items()))
    head: Mapping[str, Any] = data if isinstance(data, dict) else {}
    language = short(head.get("language"))
    return JsonFeed(
        title=_of(head, _TITLE),
        home=_of(head, ("home_page_url",)),
        next=address(url, _of(head, ("next_url",)) or "") or None,
        raws=tuple(raw for raw, _ in chosen),
        idents=tuple(_ident(item) for _, item in chosen),
        draft=lambda index: _draft(chosen[index][1], url, language),
        problem=problem,
    )


def _digest(item: Mapping[str, Any]) -> str:
    """Digest an item without regard to order of keys; keys beginning with `_` are extensions, counters among them."""
    kept = {key: value for key, value in item.items() if not key.startswith("_")}
    return digest(json.dumps(kept, sort_keys=True, ensure_ascii=True))


def _of(item: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """Take the first of these values that is a text or a number."""
    for name in names:
        value = item.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = str(value)
        if line := short(value):
            return line
    return None


def _ident(item: Mapping[str, Any]) -> Ident:
    return Ident(_of(item, _GUID), _of(item, _LINK), _of(item, _TITLE) or "", _of(item, _PUBLISHED + _MODIFIED) or "")


def _draft(item: Mapping[str, Any], url: str, language: str | None) -> Draft:
    html, plain = item.get("content_html"), item.get("content_text")
    content = None
    if isinstance(html, str) and html.strip():
        content = Markup(_clean(html), html=True, base=url)
    elif isinstance(plain, str) and plain.strip():
        content = Markup(_clean(plain), html=False)
    summary, title = _text(item, _SUMMARY), _of(item, _TITLE)
    link = _of(item, _LINK) or _of(item, _GUID)
    published, modified = _of(item, _PUBLISHED), _of(item, _MODIFIED)
    return Draft(
        guid=_of(item, _GUID),
        link=(address(url, link) or None) if link and (_of(item, _LINK) or "://" in link) else None,
        title=Markup(title, html=False) if title else None,
        summary=Markup(summary, html="<" in summary) if summary else None,
        content=content,
        published=(published, None) if published else None,
        modified=(modified, None) if modified else None,
        language=short(item.get("language")) or short(item.get("inLanguage")) or language,
        byline=_byline(item),
        media=_media(item, url),
    )


def _text(item: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """Take the first of these values that is a text, at any length."""
    for name in names:
        value = item.get(name)
        if isinstance(value, str) and value.strip():
            return _clean(value)
    return None


def _clean(value: str) -> str:
    return value.encode("utf-8", "replace").decode("utf-8")


def _byline(item: Mapping[str, Any]) -> str | None:
    authors = item.get("authors")
    people = [*(authors if isinstance(authors, list) else []), item.get("author")]
    names = [_of(person, ("name",)) for person in people[:20] if isinstance(person, dict)]
    return ", ".join(dict.fromkeys(name for name in names if name)) or None


def _media(item: Mapping[str, Any], url: str) -> tuple[Link, ...]:
    attachments = item.get("attachments")
    hrefs = [item.get("image"), item.get("banner_image")]
    hrefs += (
        [part.get("url") for part in attachments[:100] if isinstance(part, dict)]
        if isinstance(attachments, list)
        else []
    )
    found = [address(url, href) for href in hrefs if isinstance(href, str)]
    return tuple(Link(href) for href in dict.fromkeys(found) if href)
