"""The body of a page → `PageReading`: its title, times, blocks with their roles, and update notes.

The content's element is the source's `select`, else found by core/content.py; plain text is read by its paragraphs.
BeautifulSoup applies the selectors that the C parser does not know. Raises ReadError for what is not a page.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from bs4 import BeautifulSoup
from selectolax.lexbor import LexborHTMLParser, LexborNode
from soupsieve import SelectorSyntaxError

from watcher.core import notes, when
from watcher.core.blocks import Raw
from watcher.core.content import (
    Place,
    Rules,
    UnknownSelectorError,
    find_root,
    path_of,
    prepare,
    read_blocks,
    rounded,
    select,
    text_outside,
)
from watcher.core.furniture import is_furniture
from watcher.core.head import Head, data_of, dates_of, read_head
from watcher.core.links import resolve
from watcher.core.markup import decode, parse
from watcher.core.notices import around
from watcher.core.plain import read_plain
from watcher.core.text import is_volatile, watched_of
from watcher.core.trim import trim
from watcher.errors import ReadError
from watcher.model import Block, Link, Moment, Note, Page, PageReading, Source

VERSION = "article-2"

_MAGIC = (
    b"%PDF-", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"PK\x03\x04", b"\x1f\x8b", b"\x7fELF", b"RIFF",
    b"\xd0\xcf\x11\xe0", b"OggS", b"ID3",
)  # fmt: skip
_MARKUP = re.compile(
    r"<(?:!doctype|html|head|body|div|p|article|section|table|span|h[1-6]|ul|ol|br|a|pre|main|title|meta)\b",
    re.IGNORECASE,
)
_TEASER = re.compile(
    r"(?:most (?:read|popular|viewed|shared)|trending(?: now)?|meistgelesen|am meisten gelesen|le plus lu|"
    r"lo más (?:leído|visto)|la più letta|i più letti|mais lid[ao]s?|meest gelezen|mest läst|mest lest|"
    r"mest læst|luetuin|"
    r"najczęściej czytane|en çok okunan|самое читаемое|الأكثر قراءة|よく読まれている記事|人気記事|热门|最多閱讀|"
    r"많이 본 기사)"
    r"\s?[:：]\s?[^.!?。]+$",
    re.IGNORECASE,
)
_MOST_LINKS = 5000


@dataclass(slots=True)
class _Content:
    """What was made of the body before notes are looked for."""

    head: Head
    blocks: list[Raw]
    media: list[tuple[str, str]]
    place: str | None
    times: list[tuple[str, str]]  # (class or itemprop, datetime) of the content's <time> elements


def read(  # noqa: PLR0917 - the readers of all kinds share this form
    body: bytes,
    content_type: str | None,
    url: str,
    source: Source,
    look: when.Look,
    volatile: Collection[str] = (),
) -> PageReading:
    """Read an article's page.

    In: the decoded body, its Content-Type, its final address, the source with its rules, the look, the digests of
    blocks that change by themselves. Raises ReadError for an empty or binary body, and where `select` finds nothing.
    """
    text = _characters(body, content_type, url)
    is_text = (content_type or "").lower().startswith("text/plain") or not _MARKUP.search(text[:200_000])
    content = _plain(text) if is_text else _content(text, url, source)
    if not content.blocks and not content.head.title:
        raise ReadError(url, "the page holds no text that can be read without a browser")
    trimmed = trim(content.blocks, content.head.title)
    watched = watched_of(content.head, trimmed, volatile, content.media)
    base = resolve(url, content.head.base) or url if content.head.base else url
    blocks = _blocks(trimmed, base, volatile)
    page = _page(content, blocks, url, base, look)
    return PageReading(page, watched)


def _characters(body: bytes, content_type: str | None, url: str) -> str:
    if not body.strip():
        raise ReadError(url, "the answer is empty: there is no page to read")
    if body.startswith(_MAGIC):
        raise ReadError(url, "the answer is a file in a binary format, not a page")
    text = decode(body, content_type)
    if "\x00" in text[:2000] and text[:2000].count("\x00") > 2:
        raise ReadError(url, "the answer holds binary data, not a page")
    return text


# --- HTML -----------------------------------------------------------------------------------------------------------


def _content(text: str, url: str, source: Source) -> _Content:
    rules = Rules(source.ignore, source.keep)
    tree = parse(text)
    head = read_head(tree)
    prepare(tree)
    try:
        roots, path = _roots(tree, url, source.select)
        builder = read_blocks(roots if source.select else around(roots), tree, rules)
        outside = None if source.select else rounded(text_outside(tree, roots))
        place = Place(path, rules, outside).write() if path and "\n" not in path else None
    except UnknownSelectorError:
        tree, roots = _by_soup(text, url, source)
        builder = read_blocks(
            roots, tree, Rules(_patterns(source.ignore), ("[data-watcher-keep]", *_patterns(source.keep)))
        )
        place = None
    times = [
        (
            f"{node.attributes.get('class') or ''} {node.attributes.get('itemprop') or ''}".lower(),
            node.attributes.get("datetime") or "",
        )
        for root in roots
        for node in root.css("time[datetime]")[:20]
    ]
    return _Content(head, builder.blocks, builder.media, place, times)


def _roots(tree: LexborHTMLParser, url: str, selector: str | None) -> tuple[list[LexborNode], str | None]:
    if selector:
        chosen = select(tree, selector)
        if not chosen:
            raise ReadError(url, f"nothing on the page matches select = {selector!r}")
        return chosen, selector
    root = find_root(tree)
    return ([root], path_of(tree, root)) if root is not None else ([], None)


def _patterns(rules: Iterable[str]) -> tuple[str, ...]:
    return tuple(rule for rule in rules if rule.startswith("re:"))


def _by_soup(text: str, url: str, source: Source) -> tuple[LexborHTMLParser, list[LexborNode]]:
    """Apply the source's selectors with BeautifulSoup, and give the tree of what they leave."""
    soup = BeautifulSoup(text, "lxml")
    try:
        chosen = soup.select(source.select) if source.select else [soup]
        for rule in source.ignore:
            for tag in [] if rule.startswith("re:") else soup.select(rule):
                tag.extract()
        for rule in source.keep:
            for tag in [] if rule.startswith("re:") else soup.select(rule):
                tag["data-watcher-keep"] = ""
    except SelectorSyntaxError as error:
        first = str(error).splitlines()[0] if str(error) else "malformed"
        raise ReadError(url, f"a selector of the source cannot be understood: {first}") from error
    if not chosen:
        raise ReadError(url, f"nothing on the page matches select = {source.select!r}")
    tree = parse("".join(str(tag) for tag in chosen if tag is soup or tag.parent is not None))
    prepare(tree)
    if source.select:
        return tree, [tree.body] if tree.body is not None else []
    root = find_root(tree)
    return tree, [root] if root is not None else []


def _plain(text: str) -> _Content:
    title, blocks = read_plain(text)
    head = Head(title, None, (), (), None, None, None, (), ())
    return _Content(head, blocks, [], None, [])


# --- from blocks to a page ------------------------------------------------------------------------------------------


def _blocks(raws: Iterable[Raw], base: str, volatile: Collection[str]) -> list[Block]:
    blocks = []
    left = _MOST_LINKS
    for raw in raws:
        resolved = (Link(resolve(base, target), text) for target, text in raw.links[: max(0, left)])
        links = tuple(link for link in resolved if link.url)
        left -= len(links)
        moving = raw.role == "text" and is_volatile(raw.text, volatile)
        role = "furniture" if moving else raw.role
        blocks.append(Block(raw.type, raw.text, links, role, raw.times, raw.inserted, raw.slot))
    return blocks


def _page(content: _Content, blocks: list[Block], url: str, base: str, look: when.Look) -> Page:
    head = content.head
    look = when.at_home(look, head.language, url)
    data = data_of(head.scripts)
    published, modified = dates_of(data)
    machine: tuple[Note, ...] = tuple(note for value in data_of(head.noted) for note in notes.from_json_ld(value, look))
    found = notes.find(head.title, blocks, look, metadata=machine, also=head.other_titles)
    marked = tuple(
        replace(block, role="note")
        if index in found.blocks and block.role in {"text", "stamp"}
        else _judged(block)
        if block.role == "text"
        else block
        for index, block in enumerate(blocks)
    )
    stamps = [block.text for block in marked if block.role == "stamp" and not is_furniture(block.text)]
    first = [value for name, value in content.times if not re.search("modif|updat", name)]
    last = [value for name, value in content.times if re.search("modif|updat", name)]
    return Page(
        url=url,
        title=head.title,
        headline=found.headline or head.title,
        published=_moment([*head.published, published, *first[:1]], look),
        modified=_moment([*head.modified, modified, *last[:1]], look),
        language=head.language,
        byline=" · ".join(dict.fromkeys(stamps))[:300] or head.author,
        blocks=marked,
        notes=found.notes,
        updates=found.updates,
        media=tuple(
            link for link in (Link(resolve(base, target), alt) for target, alt in content.media[:500]) if link.url
        ),
        place=content.place,
    )


def _judged(block: Block) -> Block:
    """A line that only says that the story goes on is a stamp; one that names the most read story is furniture."""
    if notes.is_status(block.text):
        return replace(block, role="stamp")
    return replace(block, role="furniture") if len(block.text) <= 120 and _TEASER.match(block.text) else block


def _moment(values: Iterable[str | None], look: when.Look) -> Moment | None:
    for value in values:
        moment = (when.parse_machine(value) or when.parse(value, look)) if value else None
        if moment is not None:
            return moment
    return None
