"""What a page says of itself outside its content: title, times, language, author, base address.

Read before `content.prepare`, since part of it stands in scripts. All of it is bounded in length and number.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz
from selectolax.lexbor import LexborHTMLParser, LexborNode

from watcher.core.furniture import normalise
from watcher.core.markup import UNSHOWN, parse

_LONGEST_TITLE = 500
_LONGEST_SCRIPT = 2_000_000
_MODIFIED = re.compile(r'"dateModified"\s*:\s*"([^"\\]{4,60})"')
_NOTED = re.compile(r'"(?:liveBlogUpdate|correction)"')
_SITE = re.compile(r"\s+[|\-–—·«»:]\s+")

# names of <meta> → field, the first that is there wins
_PUBLISHED = (
    "article:published_time", "og:article:published_time", "datepublished", "article.published", "publishdate",
    "pubdate", "publish-date", "parsely-pub-date", "sailthru.date", "dc.date.issued", "dcterms.issued",
    "dcterms.created", "dc.date", "date", "og:published_time", "citation_publication_date", "rnews:datepublished",
)  # fmt: skip
_CHANGED = (
    "article:modified_time", "og:article:modified_time", "og:updated_time", "datemodified", "article.updated",
    "lastmod", "last-modified", "dcterms.modified", "dc.date.modified", "revised", "rnews:datemodified",
)  # fmt: skip
_TITLES = ("og:title", "twitter:title", "dc.title", "parsely-title")
_AUTHORS = ("author", "article:author", "parsely-author", "dc.creator", "sailthru.author")


@dataclass(frozen=True, slots=True)
class Head:
    """The page's own statements, as printed; `scripts` are its JSON-LD, `noted` those with updates or corrections."""

    title: str | None
    shared_title: str | None
    published: tuple[str, ...]
    modified: tuple[str, ...]
    language: str | None
    author: str | None
    base: str | None
    scripts: tuple[str, ...]
    noted: tuple[str, ...]
    other_titles: tuple[str, ...] = ()  # what `og:title` and `<title>` say instead of the headline


def read_head(tree: LexborHTMLParser) -> Head:
    """Read a page's statements of itself; never raises."""
    metas = _metas(tree)
    scripts = _scripts(tree)
    shared = _first(metas, _TITLES)
    modified = [metas[name] for name in _CHANGED if name in metas]
    modified += [value for script in scripts for value in _MODIFIED.findall(script)[:20]]
    published = [metas[name] for name in _PUBLISHED if name in metas]
    title = _title(tree, shared)
    return Head(
        title=title,
        shared_title=shared,
        published=tuple(published),
        modified=tuple(dict.fromkeys(modified)),
        language=_language(tree, metas),
        author=_first(metas, _AUTHORS),
        base=_base(tree),
        scripts=scripts,
        noted=tuple(script for script in scripts if _NOTED.search(script)),
        other_titles=tuple(other for other in (shared, _document_title(tree)) if other and other != title),
    )


def _metas(tree: LexborHTMLParser) -> dict[str, str]:
    metas: dict[str, str] = {}
    for node in tree.css("meta[content]")[:400]:
        attributes = node.attributes
        name = (
            attributes.get("property")
            or attributes.get("name")
            or attributes.get("itemprop")
            or attributes.get("http-equiv")
        )
        if name:
            metas.setdefault(name.lower(), normalise((attributes.get("content") or "")[:2000]))
    return metas


def _first(metas: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((metas[name][:_LONGEST_TITLE] for name in names if metas.get(name)), None)


def _scripts(tree: LexborHTMLParser) -> tuple[str, ...]:
    nodes = tree.css('script[type="application/ld+json"]')[:30]
    texts = (node.text() or "" for node in nodes)
    return tuple(text for text in texts if text and len(text) <= _LONGEST_SCRIPT)


def _title(tree: LexborHTMLParser, shared: str | None) -> str | None:
    """The headline as printed: the `h1` that says what the page's own title says, else that title, else an `h1`."""
    node = tree.css_first("title")
    document = normalise(node.text() or "")[:_LONGEST_TITLE] if node is not None else ""
    claimed = shared or document
    headings = [said for node in tree.css("h1")[:10] if (said := _shown(node))]
    if not claimed:
        return headings[0] if headings else None
    best = max(headings, key=lambda heading: fuzz.token_set_ratio(heading, claimed), default="")
    if best and len(best) >= 0.3 * min(len(claimed), 60) and fuzz.token_set_ratio(best, claimed) >= 70:
        return best
    if shared:
        return shared
    for heading in tree.css("h2, h3")[:6]:  # a template without an h1: the heading that the page's own title repeats
        text = _shown(heading)
        if len(text) >= 12 and text in document and 2 * len(text) >= len(document):
            return text
    parts = [part for part in _SITE.split(document) if part]
    return max(parts, key=len) if parts else document or None


def _shown(heading: LexborNode) -> str:
    """The text of a heading as a browser shows it: what scripts and styles in it say is none."""
    if heading.css_first(", ".join(UNSHOWN)) is not None and heading.html:
        copy = parse(heading.html)
        copy.strip_tags(UNSHOWN)
        heading = copy.body or heading
    return normalise(heading.text(deep=True, separator="") or "")[:_LONGEST_TITLE]


def _document_title(tree: LexborHTMLParser) -> str:
    """The page's own title without the site's name."""
    node = tree.css_first("title")
    document = normalise(node.text() or "")[:_LONGEST_TITLE] if node is not None else ""
    return max(_SITE.split(document), key=len) if document else ""


def _language(tree: LexborHTMLParser, metas: Mapping[str, str]) -> str | None:
    root = tree.root
    value = (root.attributes.get("lang") or root.attributes.get("xml:lang") if root is not None else None) or metas.get(
        "content-language", ""
    )
    value = (value or metas.get("og:locale", "")).strip().replace("_", "-")[:35]
    return value if re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", value) else None


def _base(tree: LexborHTMLParser) -> str | None:
    node = tree.css_first("base[href]")
    return (node.attributes.get("href") or None) if node is not None else None


# --- JSON-LD --------------------------------------------------------------------------------------------------------


def data_of(scripts: tuple[str, ...]) -> tuple[object, ...]:
    """The JSON-LD of a page as plain values; what cannot be read is left out."""
    found: list[object] = []
    for script in scripts:
        try:
            found.append(json.loads(script.strip().removesuffix(";"), strict=False))
        except (ValueError, RecursionError):
            continue
    return tuple(found)


def things(data: object, most: int = 500) -> Iterator[Mapping[str, object]]:
    """Every object in JSON-LD, at most `most`, outermost first."""
    queue: list[object] = [data]
    for _ in range(most):
        if not queue:
            return
        here = queue.pop(0)
        if isinstance(here, dict):
            yield here
            queue.extend(value for value in here.values() if isinstance(value, (dict, list)))
        elif isinstance(here, list):
            queue.extend(here[:most])


_ARTICLES = re.compile(r"Article|Posting|Report|WebPage|CreativeWork", re.IGNORECASE)


def dates_of(data: tuple[object, ...]) -> tuple[str | None, str | None]:
    """The publication and modification times that JSON-LD names for the article, as printed."""
    published = modified = None
    for thing in (found for value in data for found in things(value)):
        if _ARTICLES.search(str(thing.get("@type", ""))):
            first, last = thing.get("datePublished"), thing.get("dateModified")
            published = published or (first if isinstance(first, str) else None)
            modified = modified or (last if isinstance(last, str) else None)
    return published, modified
