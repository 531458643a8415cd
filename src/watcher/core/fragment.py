"""A piece of HTML, as feeds carry it, turned into blocks of plain text.

    blocks(markup, base)      the blocks in order, with their links
    plain(markup)             the same as one line of text
    pictures(markup, base)    images, films and frames in it

The markup is hostile: it is only ever taken apart, never shown. Bounded by MAX_MARKUP characters and MAX_BLOCKS blocks.
"""

from urllib.parse import urljoin

from bs4 import BeautifulSoup, NavigableString, PageElement, Tag
from bs4.element import PreformattedString

from watcher.core import text
from watcher.core.identity import absolute
from watcher.model import Block, Link

MAX_MARKUP = 1_000_000
MAX_BLOCKS = 5_000

_NAMED = frozenset("p h1 h2 h3 h4 h5 h6 li tr blockquote pre dt dd figcaption".split())
_BREAKING = _NAMED | frozenset(
    "address article aside body center details div dl fieldset figure footer form header hgroup hr html main nav ol "
    "section summary table tbody tfoot thead ul".split()
)
_SILENT = frozenset("script style template noscript head title iframe object svg math select button".split())
_SOURCES = {"img": "src", "video": "src", "audio": "src", "iframe": "src", "source": "src", "embed": "src", "object": "data"}


def blocks(markup: str, base: str) -> tuple[Block, ...]:
    """Give the blocks of an HTML fragment; `base` is what its relative links count from. Never raises for any text."""
    if "<" not in markup and "&" not in markup:
        return lines(markup)
    walk = _Walk(base)
    walk.over(BeautifulSoup(markup[:MAX_MARKUP], "lxml"))
    return tuple(walk.blocks)


def lines(plain_text: str) -> tuple[Block, ...]:
    """Give the paragraphs of a plain text: what stands between empty lines."""
    found: list[Block] = []
    for part in plain_text[:MAX_MARKUP].replace("\r\n", "\n").split("\n\n")[:MAX_BLOCKS]:
        if words := text.normalise(part):
            found.append(Block("text", words))
    return tuple(found)


def plain(markup: str) -> str:
    """Give the text of an HTML fragment as one line."""
    return text.normalise(" ".join(block.text for block in blocks(markup, "")))


def pictures(markup: str, base: str) -> tuple[Link, ...]:
    """Give the media that an HTML fragment shows, once each, with their alternative texts."""
    if "<" not in markup:
        return ()
    found: dict[str, Link] = {}
    for tag in BeautifulSoup(markup[:MAX_MARKUP], "lxml").find_all(list(_SOURCES), limit=500):
        url = _joined(base, str(tag.get(_SOURCES[tag.name]) or ""))
        if url:
            found.setdefault(url, Link(url, text.normalise(str(tag.get("alt") or ""))))
    return tuple(found.values())


def _joined(base: str, href: str) -> str:
    try:
        return absolute(urljoin(base, href.strip()))
    except ValueError:
        return ""


class _Walk:
    """One walk over a tree, without recursion: hostile markup may be as deep as the parser allows."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.blocks: list[Block] = []
        self._words: list[str] = []
        self._links: list[Link] = []
        self._types: list[str] = []
        self._breaks = 0

    def over(self, root: Tag) -> None:
        stack: list[tuple[PageElement, bool]] = [(root, False)]
        while stack and len(self.blocks) < MAX_BLOCKS:
            node, leaving = stack.pop()
            if isinstance(node, Tag):
                if leaving:
                    self._leave(node)
                elif node.name not in _SILENT:
                    self._enter(node)
                    stack.append((node, True))
                    stack.extend((child, False) for child in reversed(node.contents))
            elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
                self._say(str(node))
        self._flush()

    def _say(self, words: str) -> None:
        self._words.append(words)
        if words.strip():
            self._breaks = 0

    def _enter(self, tag: Tag) -> None:
        if tag.name == "br":
            self._breaks += 1
            self._words.append("\n")
            if self._breaks == 2:  # two line breaks are how many feeds write a paragraph
                self._flush()
        elif tag.name in ("td", "th"):
            self._words.append(" ")
        elif tag.name in _BREAKING and not (tag.name != "tr" and "tr" in self._types):
            self._flush()
            if tag.name in _NAMED:
                self._types.append(tag.name)

    def _leave(self, tag: Tag) -> None:
        if tag.name == "a":
            url = _joined(self.base, str(tag.get("href") or ""))
            if url:
                self._links.append(Link(url, text.normalise(tag.get_text()[:2_000])))
        elif tag.name in ("td", "th"):
            self._words.append(" ")
        elif tag.name in _BREAKING and not (tag.name != "tr" and "tr" in self._types):
            self._flush()
            if tag.name in _NAMED and self._types and self._types[-1] == tag.name:
                self._types.pop()

    def _flush(self) -> None:
        words, links = text.normalise("".join(self._words)), tuple(self._links)
        self._words, self._links, self._breaks = [], [], 0
        if words:
            self.blocks.append(Block(self._types[-1] if self._types else "text", words, links))
