"""The text of a page, and the digests that let a look stop early. All stand on selectolax's C parser.

`watched_digest` covers only what the comparison would look at, found at the place the last full reading named: it is
the same walk over the same tree as the full reading (core/content.py), so that it differs whenever a compared block
does. `outline_of` covers the markup at that place, and saves the walk where that stands as it did.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import xxhash
from selectolax.lexbor import LexborHTMLParser, LexborNode

from watcher.core.blocks import Raw
from watcher.core.content import Place, Rules, UnknownSelectorError, prepare, read_blocks, select
from watcher.core.furniture import block_digest, is_furniture, normalise, shape_digest
from watcher.core.head import Head, read_head
from watcher.core.labels import opens_note
from watcher.core.links import clean, is_random, picture
from watcher.core.markup import decode, parse
from watcher.core.noise import CLOCK, NOTHING, Line, Masks, masked
from watcher.core.notices import around
from watcher.core.trim import trim

__all__ = [
    "Content", "block_digest", "decode", "digest_of", "find", "is_furniture", "is_volatile", "normalise", "opens_note",
    "outline_of", "shape_digest", "watched_digest", "watched_of",
]  # fmt: skip


def watched_digest(html: str | bytes, place: str | None, volatile: Collection[str] = ()) -> str | None:
    """Digest what the comparison would look at: headline, times, notes, blocks and their links; 16 hex digits.

    In: the page, the place as `Page.place` has it, digests of blocks that change by themselves. None when the place is
    unknown or gone, or the content seems to have moved: then only a full reading can tell.
    """
    content = find(html, place)
    return None if content is None else digest_of(content, volatile)


@dataclass(frozen=True, slots=True)
class Content:
    """A page's content, found at its place in the tree, before it is walked."""

    tree: LexborHTMLParser
    head: Head
    roots: tuple[LexborNode, ...]
    rules: Rules


def find(html: str | bytes, place: str | None) -> Content | None:
    """Find the content at its place; None when that is unknown or gone, or the content seems to have moved."""
    if not place:
        return None
    known = Place.parse(place)
    tree = parse(html)
    head = read_head(tree)
    prepare(tree)
    try:
        roots = select(tree, known.path)
    except UnknownSelectorError:
        return None
    if not roots or known.is_overgrown(tree, roots):
        return None
    return Content(tree, head, tuple(roots) if known.outside is None else around(roots), known.rules)


def outline_of(content: Content) -> str:
    """Digest the content's markup as it stands: what is the same here is the same for any walk; 16 hex digits."""
    head = content.head
    said = "\x1f".join([head.title or "", head.shared_title or "", *head.modified, *head.noted])
    state = xxhash.xxh3_64(said.encode("utf-8", "surrogatepass"))
    for root in content.roots:
        state.update(b"\x1e")
        state.update((root.html or "").encode("utf-8", "surrogatepass"))
    return state.hexdigest()


def digest_of(content: Content, volatile: Collection[str]) -> str | None:
    """Walk the content: see `watched_digest`."""
    try:
        built = read_blocks(content.roots, content.tree, content.rules)
    except UnknownSelectorError:
        return None
    return watched_of(content.head, trim(built.blocks, content.head.title), volatile, built.media)


def watched_of(
    head: Head, blocks: Sequence[Raw], volatile: Collection[str], media: Iterable[tuple[str, str]] = ()
) -> str:
    """Digest a page's statements of itself, its blocks (furniture and volatile ones left out) and its pictures."""
    modified = () if CLOCK in volatile else head.modified
    parts = ["\x1f".join([head.title or "", head.shared_title or "", *modified, *head.noted])]
    masks = masks_of(blocks, head.title, volatile)
    named = named_blocks(volatile)
    for index, raw in enumerate(blocks):
        # a rule may end a note's section, so that it counts though it has no text
        if (raw.role != "furniture" or raw.type == "hr") and index not in masks.blocks:
            if named and is_volatile(raw.text, named):
                continue
            dated = (*raw.times, *raw.inserted) if raw.role == "text" else ()
            links = () if index in masks.links else raw.links
            parts.append("\x1f".join([raw.type, raw.text, *(clean(target) for target, _ in links), *dated]))
    parts += [f"{'' if is_random(name := picture(source)) else name}\x1f{words}" for source, words in media]
    return xxhash.xxh3_64_hexdigest("\x1e".join(parts).encode("utf-8", "surrogatepass"))


def masks_of(blocks: Sequence[Raw], title: str | None, volatile: Collection[str]) -> Masks:
    """Say which blocks lie in regions that change by themselves; the headline is no block."""
    if not volatile:
        return NOTHING
    headline = normalise(title or "").casefold()
    lines = [
        Line(
            index, raw.text, raw.type, raw.slot.removeprefix("!") or "-", tuple(raw.links),
            raw.slot.startswith("!") or raw.role != "text",
        )
        for index, raw in enumerate(blocks)
        if raw.role in {"text", "stamp"} and raw.text.casefold() != headline
    ]  # fmt: skip
    return masked(lines, volatile)


def named_blocks(volatile: Collection[str]) -> frozenset[str]:
    """The digests of single blocks among what is known to change by itself; the rest are regions."""
    return frozenset(line for line in volatile if line[:1] == "#" or len(line) == 16)


def is_volatile(text: str, volatile: Collection[str]) -> bool:
    """Say whether a block is known to change by itself: by its digest or, for a short line, by its shape."""
    if not volatile:
        return False
    return block_digest(text) in volatile or (len(text) <= 80 and shape_digest(text) in volatile)
