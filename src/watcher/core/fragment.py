"""A piece of HTML, as feeds carry it, taken apart into blocks of plain text.

    read(markup, base)    its blocks in order, with their links, and the media it shows
    lines(text)           the same for plain text

What a paragraph is says core/blocks.py. The markup is hostile: it is only ever taken apart, never shown. Bounded in
characters, elements and blocks, and walked without recursion.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PageElement, PreformattedString

from watcher.core import text
from watcher.core.blocks import Builder
from watcher.core.links import resolve
from watcher.model import Block, Link

MAX_TEXT = 1_000_000  # characters of one entry, markup included
MAX_TAGS = 10_000
MAX_BLOCKS = 5_000
MAX_LINKS = 5_000

_SILENT = frozenset(("script", "style", "template", "noscript", "head", "title", "svg", "math", "select", "button"))
_TOLD = ("href", "src", "alt")
_SOURCES = {"video": "src", "audio": "src", "iframe": "src", "source": "src", "embed": "src", "object": "data"}


@dataclass(frozen=True, slots=True)
class Fragment:
    """What a piece of HTML says: its blocks, and its images, films and frames, once each."""

    blocks: tuple[Block, ...] = ()
    media: tuple[Link, ...] = ()

    @property
    def line(self) -> str:
        """All of its text in one line."""
        return " ".join(block.text for block in self.blocks)


def read(markup: str, base: str) -> Fragment:
    """Take an HTML fragment apart; `base` is what its relative links count from. Never raises."""
    if "<" not in markup and "&" not in markup:
        return lines(markup)
    builder = Builder()
    whole = _bounded(markup).encode("utf-8", "replace").decode("utf-8")  # without surrogates, which no parser takes
    _walk(BeautifulSoup(whole, "lxml"), builder)
    builder.end()
    return Fragment(_blocks(builder, base), tuple({link.url: link for link in _media(builder, base)}.values()))


def lines(words: str) -> Fragment:
    """Take the paragraphs of a plain text: what stands between empty lines."""
    builder = Builder()
    for part in words[:MAX_TEXT].replace("\r\n", "\n").split("\n\n", MAX_BLOCKS)[:MAX_BLOCKS]:
        builder.text(part)
        builder.flush()
    return Fragment(_blocks(builder, ""))


def one_line(markup: str) -> str:
    """Give the text of a short HTML fragment, a title's, as one line."""
    if "<" not in markup and "&" not in markup:
        return text.normalise(markup)
    soup = BeautifulSoup(_bounded(markup), "lxml")
    for line_break in soup.find_all("br"):
        line_break.replace_with(" ")
    return text.normalise("".join(piece for piece in soup.find_all(string=True) if _is_said(piece)))


def _bounded(markup: str) -> str:
    markup = markup[:MAX_TEXT]
    if markup.count("<") <= MAX_TAGS:
        return markup
    return "<".join(markup.split("<", MAX_TAGS)[:MAX_TAGS])


def _is_said(piece: PageElement) -> bool:
    """Say whether a string of the tree is text, and no comment or declaration."""
    return isinstance(piece, NavigableString) and not isinstance(piece, PreformattedString)


def _walk(root: Tag, builder: Builder) -> None:
    stack: list[tuple[PageElement, bool]] = [(root, False)]
    while stack and len(builder.blocks) < MAX_BLOCKS:
        node, leaving = stack.pop()
        if isinstance(node, Tag):
            if leaving:
                builder.close(node.name)
            elif node.name not in _SILENT:
                source = node.get(_SOURCES[node.name]) if node.name in _SOURCES else None
                if source:
                    builder.media.append((str(source), ""))
                builder.open(
                    node.name, {key: str(node.get(key) or "") for key in ("href", "src", "alt") if key in node.attrs}
                )
                stack.append((node, True))
                stack.extend((child, False) for child in reversed(node.contents))
        elif _is_said(node):
            builder.text(str(node))


def _blocks(builder: Builder, base: str) -> tuple[Block, ...]:
    """Give the blocks with absolute links, within the bounds of text and links."""
    found: list[Block] = []
    room, links_left = MAX_TEXT, MAX_LINKS
    for raw in builder.blocks[:MAX_BLOCKS]:
        room -= len(raw.text)
        if room < 0:
            break
        resolved = (Link(resolve(base, target), words) for target, words in raw.links[:links_left])
        links = tuple(dict.fromkeys(link for link in resolved if link.url))
        links_left -= len(links)
        if raw.text:
            found.append(Block(raw.type, raw.text, links, raw.role))
    return tuple(found)


def _media(builder: Builder, base: str) -> Iterator[Link]:
    for target, words in builder.media[:500]:
        if url := resolve(base, target):
            yield Link(url, words)
