"""Where the content of a page stands, and its blocks, from selectolax's tree.

`find_root` chooses the element, `path_of` names it so that the next look goes straight there, `blocks_at` reads its
blocks. Recall comes first: an element that holds a good part of the text is never left out for its name alone.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from watcher.core.blocks import Builder
from watcher.core.judge import BLOCKS, HEADINGS, PLAIN, Verdict, verdict
from watcher.core.labels import opens_note
from watcher.core.markup import UNSHOWN
from watcher.core.notices import LONGEST, is_notice

_BODY_NAMES = (
    "[itemprop~=articleBody]", ".article-body", ".article__body", ".entry-content", ".post-content",
    ".article-content", ".story-body", ".post-body", ".articleBody", "#article-body", ".article-text",
    ".td-post-content", "#mw-content-text", ".markdown-body",
)  # fmt: skip
_MOST_NODES = 400_000
_NO_ATTRIBUTES: dict[str, str | None] = {}
_INLINE = frozenset(
    ["em", "strong", "b", "i", "u", "code", "br", "sup", "sub", "mark", "q", "cite", "abbr", "wbr", "tbody"]
)
# elements that a builder wants to hear of; of other blocks it only needs to know where they begin and end
_TOLD = HEADINGS | {
    "a",
    "br",
    "img",
    "hr",
    "p",
    "li",
    "dt",
    "dd",
    "figcaption",
    "blockquote",
    "pre",
    "tr",
    "td",
    "th",
    "time",
    "ins",
    "del",
    "s",
    "strike",
}
_LONG = 1000  # characters
_PLAIN_BLOCK = "/"


@dataclass(frozen=True, slots=True)
class Rules:
    """A source's own rules: selectors and patterns of what to leave out and what to keep."""

    ignore: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()

    def patterns(self, which: Sequence[str]) -> list[re.Pattern[str]]:
        """The `re:` rules; one that does not compile matches nothing (the configuration refuses it)."""
        found = []
        for rule in which:
            if rule.startswith("re:"):
                try:
                    found.append(re.compile(rule[3:]))
                except re.error:
                    continue
        return found

    def selectors(self, which: Sequence[str]) -> list[str]:
        return [rule for rule in which if not rule.startswith("re:")]


def prepare(tree: LexborHTMLParser) -> None:
    """Take out of a tree what is never text, so that lengths can be measured; scripts must have been read before."""
    tree.strip_tags(UNSHOWN)


class UnknownSelectorError(Exception):
    """A selector that the C parser does not know; BeautifulSoup may."""


def select(tree: LexborHTMLParser, selector: str) -> list[LexborNode]:
    """The elements that a CSS selector names; raises UnknownSelectorError."""
    try:
        return list(tree.css(selector))
    except SelectolaxError as error:
        raise UnknownSelectorError(selector) from error


def _text_of(node: LexborNode) -> str:
    return node.text(deep=True, separator="") or ""


def weight(text: str) -> int:
    """The length of a text without its white space."""
    return len(text) - text.count(" ") - text.count("\n") - text.count("\t")


class Scale:
    """Weighs elements against the text of the whole, with a bound on the work that hostile nesting can make."""

    def __init__(self, whole: LexborNode) -> None:
        self._whole = whole
        self._total = 0
        self._budget = 20_000_000

    @property
    def total(self) -> int:
        if not self._total:
            self._total = max(1, weight(_text_of(self._whole)))
            self._budget += 20 * self._total
        return self._total

    def leaves_out(self, node: LexborNode, found: Verdict) -> bool:
        """Say whether a judged element is left out: by the share of the text it holds, and of that in links."""
        if found.mark == "never":
            return True
        if not found.limit or self._budget < 0:
            return False
        text = _text_of(node)
        size = weight(text)
        self._budget -= size
        if found.box and size <= LONGEST and is_notice(text):
            return False
        if size <= found.limit * self.total:
            return size > found.least and not (size > _LONG and _holds_article(node))
        return size < 0.9 * self.total and _linked(node) > 0.5 * size


def _holds_article(node: LexborNode) -> bool:
    """Say whether an element holds what calls itself the article, whatever its own name: a modal window may."""
    return node.css_first("main, [itemprop~=articleBody], article h1") is not None


def _linked(node: LexborNode) -> int:
    return sum(weight(_text_of(anchor)) for anchor in node.css("a"))


def plain_address(hidden: str) -> str:
    """Give the e-mail address that Cloudflare hides from robots: hex digits, each byte mixed with the first (XOR).

    It hides it for one visit and not for the next, so that a text with it would seem to change.
    """
    try:
        key, *rest = bytes.fromhex(hidden[:600])
        return bytes(byte ^ key for byte in rest).decode("utf-8")
    except ValueError:
        return "[email protected]"


def marked(tree: LexborHTMLParser, selectors: Sequence[str]) -> set[int]:
    """The ids of the elements that selectors name; raises UnknownSelectorError."""
    return {node.mem_id for selector in selectors for node in select(tree, selector)}


def read_blocks(roots: Sequence[LexborNode], tree: LexborHTMLParser, rules: Rules = Rules()) -> Builder:
    """Walk a content in document order and build its blocks; raises UnknownSelectorError for a rule it cannot apply."""
    ignored, kept = marked(tree, rules.selectors(rules.ignore)), marked(tree, rules.selectors(rules.keep))
    builder = Builder(rules.patterns(rules.ignore), rules.patterns(rules.keep))
    inside: set[int] = set()
    for root in roots:
        if root.mem_id in inside:
            continue
        if len(roots) > 1:
            inside.update(node.mem_id for node in root.traverse())
        builder.open(root.tag or "", root.attributes)
        _walk(root, builder, ignored, kept)
        builder.close(root.tag or "")
    builder.end()
    return builder


def _stands_alone(node: LexborNode) -> bool:
    """Say whether a custom element is a block: it stands in one, with no text of its parent's beside it."""
    parent = node.parent
    if parent is None or parent.tag in _INLINE or parent.tag in _TOLD or parent.tag == "span":
        return False
    return not any(
        other is not None and other.tag == "-text" and (other.text_content or "").strip()
        for other in (node.prev, node.next)
    )


def _walk(root: LexborNode, builder: Builder, ignored: set[int], kept: set[int]) -> None:
    """Feed a builder. This loop is what the early gate costs: it asks of each element only what it must."""
    scale = Scale(root)
    pieces, flush, trail = builder.pieces, builder.flush, builder.trail
    stack: list[tuple[LexborNode, str, str, bool]] = []
    node: LexborNode | None = root.first_child
    for _ in range(_MOST_NODES):
        if node is None:
            if not stack:
                break
            parent, tag, mark, keep = stack.pop()
            if tag == _PLAIN_BLOCK:
                if pieces:
                    flush()
            elif tag:
                builder.close(tag, mark, keep)
            trail.pop()
            node = parent.next
            continue
        tag = node.tag or "-"
        if tag == "-text":
            said = node.text_content or ""
            if pieces or not said.isspace():
                pieces.append(said)
            node = node.next
            continue
        if tag[0] == "-" or tag[0] == "!" or (ignored and node.mem_id in ignored):
            node = node.next
            continue
        attributes = _NO_ATTRIBUTES if tag in _INLINE else node.attributes
        if attributes and (hidden := attributes.get("data-cfemail")):
            pieces.append(plain_address(hidden))
            node = node.next
            continue
        found, keep = verdict(tag, attributes), bool(kept) and node.mem_id in kept
        if found is not PLAIN and not keep and (found.limit or found.mark == "never") and scale.leaves_out(node, found):
            node = node.next
            continue
        mark = "" if keep else found.mark
        if mark or keep or tag in _TOLD:
            builder.open(tag, attributes, mark, keep)
            stack.append((node, tag, mark, keep))
        elif tag in BLOCKS or ("-" in tag and _stands_alone(node)):
            if pieces:
                flush()
            stack.append((node, _PLAIN_BLOCK, "", False))
        else:
            stack.append((node, "", "", False))
        trail.append(tag)
        node = node.first_child


# --- the content's root ---------------------------------------------------------------------------------------------


class _Open:
    """An element that is being measured; inline elements count for the block around them."""

    __slots__ = ("below", "block", "linked", "node", "plain", "tag", "within")

    def __init__(self, node: LexborNode, tag: str, block: "_Open | None" = None, linked: bool = False) -> None:
        self.node, self.tag, self.linked = node, tag, linked
        self.block = block or self
        self.plain = self.within = 0
        self.below = 0.0

    def count(self, length: int, linked: bool) -> None:
        if linked:
            self.within += length
        else:
            self.plain += length

    def worth(self) -> float:
        """Running text counts in full, short lines by half, what is mostly links not at all."""
        if self.plain + self.within < 20 or self.within > self.plain:
            return 0.0
        return self.plain if self.plain >= 60 else self.plain * 0.5


@dataclass(slots=True)
class _Masses:
    """How much running text stands below each element, links and left-out elements not counted."""

    by_id: dict[int, float] = field(default_factory=dict)

    def settle(self, done: _Open) -> float:
        """Write down a finished element's mass: its own running text, if it is a block, and what stands below."""
        mass = done.below + (done.worth() if done.block is done else 0.0)
        if mass:
            self.by_id[done.node.mem_id] = mass
        return mass

    def of(self, node: LexborNode) -> float:
        return self.by_id.get(node.mem_id, 0.0)


def _measure(body: LexborNode) -> _Masses:
    masses = _Masses()
    scale = Scale(body)
    top = _Open(body, "body")
    stack: list[_Open] = [top]
    node: LexborNode | None = body.first_child
    for _ in range(_MOST_NODES):
        here = stack[-1]
        if node is None:
            done = stack.pop()
            mass = masses.settle(done)
            if not stack:
                break
            stack[-1].below += mass
            node = done.node.next
        elif node.is_text_node:
            here.block.count(weight(node.text_content or ""), here.linked)
            node = node.next
        elif not node.is_element_node:
            node = node.next
        else:
            tag = node.tag or ""
            found = verdict(tag, node.attributes)
            if found.mark in {"never", "margin"} or (found.limit and scale.leaves_out(node, found)):
                node = node.next
                continue
            inline = tag not in BLOCKS
            stack.append(_Open(node, tag, here.block if inline else None, here.linked or tag == "a"))
            node = node.first_child
    while stack:  # the bound was met: what is open counts as far as it was seen
        mass = masses.settle(stack.pop())
        if stack:
            stack[-1].below += mass
    return masses


def _heaviest(nodes: Iterable[LexborNode], masses: _Masses) -> LexborNode | None:
    return max(nodes, key=masses.of, default=None)


def _descend(node: LexborNode, masses: _Masses, share: float) -> LexborNode:
    """Go down while one child alone holds the share of the text."""
    while True:
        best = _heaviest((child for child in node.iter(include_text=False) if child.is_element_node), masses)
        if (
            best is None
            or not masses.of(best)
            or masses.of(best) < share * masses.of(node)
            or best.tag in {"p", "table", "tr", "ul", "ol"}
            or _is_note(best)
        ):
            return node
        node = best


def _is_note(node: LexborNode) -> bool:
    """Say whether an element is one note of one paragraph, which may be longer than a short article."""
    return len(node.css("p")) <= 1 and node.css_first("h1") is None and opens_note(_text_of(node).strip())


def _with_posts(best: LexborNode) -> LexborNode:
    """The content of a live page whose posts are articles side by side is what holds them all."""
    parent = best.parent
    if parent is None or parent.tag in {"html", None} or best.css_first("h1") is not None:
        return best
    posts = [child for child in parent.iter(include_text=False) if _is_post(child)]
    return parent if len(posts) >= 2 and best.mem_id in {post.mem_id for post in posts} else best


def _is_post(node: LexborNode) -> bool:
    """Say whether an article is a dated post whose heading, if it has one, leads nowhere else, as a teaser's does."""
    if node.tag != "article" or node.css_first("time") is None:
        return False
    return all(
        (anchor.attributes.get("href") or "#").startswith("#")
        for heading in HEADINGS
        for anchor in node.css(f"{heading} a, a {heading}")
    )


def _widen(node: LexborNode, masses: _Masses, more: float) -> LexborNode:
    """Go up while that brings little more text: headline, notes and corrections stand beside the body."""
    while node.parent is not None and node.parent.tag not in {"body", "html", None} and node.parent.is_element_node:
        if masses.of(node.parent) > (1 + more) * masses.of(node):
            break
        node = node.parent
    return node


def find_root(tree: LexborHTMLParser) -> LexborNode | None:
    """Choose the element that holds the page's content; None for a page without a body."""
    body = tree.body
    if body is None:
        return None
    masses = _measure(body)
    total = masses.of(body)
    if not total:
        return body
    articles = list(tree.css("article"))
    best = _heaviest(articles, masses)
    if best is not None and masses.of(best) >= 0.5 * total:
        return _with_posts(best)
    main = _heaviest(tree.css("main, [role=main]"), masses)
    if main is not None and masses.of(main) >= 0.5 * total:
        if best is not None and masses.of(best) >= 0.6 * masses.of(main):
            return best
        return _widen(_descend(main, masses, 0.8), masses, 0.1)
    for name in _BODY_NAMES:
        named = _heaviest(tree.css(name), masses)
        if named is not None and masses.of(named) >= 0.5 * total:
            return _widen(named, masses, 0.1)
    return _widen(_descend(body, masses, 0.8), masses, 0.1)


# --- naming the place -----------------------------------------------------------------------------------------------

_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z_-]{1,60}")


def path_of(tree: LexborHTMLParser, node: LexborNode) -> str | None:
    """Name an element by a CSS path that leads to it alone; None where no path of at most 400 characters does.

    Ids and classes with digits are not used: they change from one visit to the next.
    """
    steps: list[str] = []
    current: LexborNode | None = node
    while current is not None and current.is_element_node and current.tag not in {"html", None}:
        tag = current.tag or ""
        name = current.attributes.get("id") or ""
        if tag != "body" and _PLAIN_NAME.fullmatch(name) and len(tree.css(f"#{name}")) == 1:
            steps.append(f"#{name}")
            break
        steps.append(tag if tag == "body" else f"{tag}:nth-of-type({_position(current)})")
        current = current.parent
    path = " > ".join(reversed(steps))
    if not path or len(path) > 400:
        return None
    try:
        found = tree.css(path)
    except SelectolaxError:
        return None
    return path if len(found) == 1 and found[0].mem_id == node.mem_id else None


def _position(node: LexborNode) -> int:
    position, before = 1, node.prev
    while before is not None:
        position += before.tag == node.tag
        before = before.prev
    return position


@dataclass(frozen=True, slots=True)
class Place:
    """Where a content stands: a CSS path, the source's rules, and how much text stood outside when it was found.

    `outside` is None for a place that the source itself names.
    """

    path: str
    rules: Rules = Rules()
    outside: int | None = None

    def write(self) -> str:
        """One line each: the path, "@" and the text outside, "-" or "+" and a rule."""
        outside = [] if self.outside is None else [f"@{self.outside}"]
        return "\n".join(
            [
                self.path,
                *outside,
                *(f"-{rule}" for rule in self.rules.ignore),
                *(f"+{rule}" for rule in self.rules.keep),
            ]
        )

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Read what `write` wrote; a line of another kind is passed over."""
        path, *lines = text.split("\n")
        outside = next((int(line[1:]) for line in lines if line[:1] == "@" and line[1:].isdecimal()), None)
        ignore, keep = (tuple(line[1:] for line in lines if line[:1] == sign) for sign in "-+")
        return cls(path, Rules(ignore, keep), outside)

    def is_overgrown(self, tree: LexborHTMLParser, roots: Sequence[LexborNode]) -> bool:
        """Say whether so much more text stands outside now that the content may have moved there."""
        return self.outside is not None and text_outside(tree, roots) > self.outside * 1.2 + 500


def text_outside(tree: LexborHTMLParser, roots: Sequence[LexborNode]) -> int:
    """The length of the page's text that stands outside the content."""
    return max(0, len(_text_of(tree.body)) - sum(len(_text_of(root)) for root in roots)) if tree.body is not None else 0


def rounded(length: int) -> int:
    """A length that small changes leave as it is: one of a row that grows by a fifth each."""
    return round(1.2 ** math.ceil(math.log(length, 1.2))) if length > 1 else length
