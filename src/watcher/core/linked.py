"""What a text leads to and shows: which links and pictures of an article's body changed, and whether that is news.

    links(known, page)      the links whose document changed, or None
    pictures(known, page)   the pictures that are gone, another or new, or None

Addresses change without the document changing: tracking parameters, session keys, sizes of pictures, content networks
(core/links.py folds these); another notation of the same address is stored, and no news. A link in a block whose words
also changed is shown by the text's own diff already.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from watcher.core import diff
from watcher.core.links import bare, document, is_random, picture
from watcher.core.updates import loose
from watcher.model import Block, Link, Page

LEAST_WORDS = 4  # characters from which a picture's words are its own


@dataclass(frozen=True, slots=True)
class Found:
    """What changed, one line each ("- " gone, "+ " new), and whether it is news or only to be stored."""

    unified: str
    is_news: bool


@dataclass(slots=True)
class _Links:
    """Links that are gone and new: `news` where the words around stayed, `shown` where the text's diff shows them."""

    news: tuple[list[Link], list[Link]] = field(default_factory=lambda: ([], []))
    shown: tuple[list[Link], list[Link]] = field(default_factory=lambda: ([], []))


def _without(these: Iterable[Link], those: Iterable[Link]) -> list[Link]:
    """`these` without the documents that are among `those`, one for one."""
    left = Counter(document(link.url) for link in those)
    out = []
    for link in these:
        name = document(link.url)
        if left[name]:
            left[name] -= 1
        else:
            out.append(link)
    return out


def _pairs(old: Sequence[Block], new: Sequence[Block]) -> Iterator[tuple[Block | None, Block | None]]:
    """Pair the blocks that are the same place of the text; None where a side has none."""
    before, after = [block.text for block in old], [block.text for block in new]
    if before == after:
        yield from zip(old, new, strict=True)
        return
    for hunk in diff.blocks(before, after):
        if hunk.op == "delete":
            yield from ((block, None) for block in old[slice(*hunk.before)])
        elif hunk.op == "insert":
            yield from ((None, block) for block in new[slice(*hunk.after)])
        else:
            yield from zip(old[slice(*hunk.before)], new[slice(*hunk.after)], strict=True)


def links(known: Page, page: Page) -> Found | None:
    """Compare the links of the body, block by block.

    News is a link that leads to another document, is gone or new while its block's words stayed, and a link with the
    same words that leads elsewhere in an edited block.
    """
    old, new = ([block for block in side.blocks if block.role == "text"] for side in (known, page))
    if [block.links for block in old] == [block.links for block in new]:
        return None
    found = _Links()
    for one, other in _pairs(old, new):
        before, after = one.links if one else (), other.links if other else ()
        if before == after:
            continue
        gone, fresh = _without(before, after), _without(after, before)
        if one is None or other is None or one.text != other.text:
            named = {link.text for link in gone if link.text} & {link.text for link in fresh if link.text}
            for which, side in enumerate((gone, fresh)):
                found.news[which].extend(link for link in side if link.text in named)
                found.shown[which].extend(link for link in side if link.text not in named)
        else:
            found.news[0].extend(gone)
            found.news[1].extend(fresh)
    gone, fresh = [*found.news[0], *found.shown[0]], [*found.news[1], *found.shown[1]]
    if not gone and not fresh:
        return None
    is_news = bool(found.news[0] or found.news[1]) and not _is_notation(*found.news)
    return Found(
        "\n".join([*(f"- {x.text} <{x.url}>" for x in gone), *(f"+ {x.text} <{x.url}>" for x in fresh)]), is_news
    )


def _is_notation(gone: Sequence[Link], fresh: Sequence[Link]) -> bool:
    """Say whether the links lead to the same documents, written otherwise, or with a query on one side only."""
    old, new = ([bare(link.url) for link in side] for side in (gone, fresh))
    if sorted(old) == sorted(new):
        return True
    paths = [sorted(name.split("?")[0] for name in side) for side in (old, new)]
    return paths[0] == paths[1] and not (any("?" in name for name in old) and any("?" in name for name in new))


def pictures(known: Page, page: Page) -> Found | None:
    """Compare the pictures of the body by their names and their words.

    News is a picture that is gone, or whose place another took. One that came is stored; so is one that has neither
    words nor a telling name on either side, since only its bytes could tell whether it is another.
    """
    gone, fresh = list(known.media), list(page.media)
    for same in (_same_name, _same_words):
        gone, fresh = _unmatched(gone, fresh, same)
    if not gone and not fresh:
        return None
    mute = len(gone) <= len(fresh) and all(_is_mute(media) for media in (*gone, *fresh))
    lines = [*(f"- {_shown(media)}" for media in gone), *(f"+ {_shown(media)}" for media in fresh)]
    return Found("\n".join(lines), bool(gone) and not mute)


def _same_name(one: Link, other: Link) -> bool:
    return picture(one.url) == picture(other.url)


def _same_words(one: Link, other: Link) -> bool:
    """A picture under another address with the same words is the same, unless both names tell them apart."""
    if len(one.text) < LEAST_WORDS or loose(one.text) != loose(other.text):
        return False
    return is_random(picture(one.url)) or is_random(picture(other.url))


def _is_mute(media: Link) -> bool:
    return len(media.text) < LEAST_WORDS and is_random(picture(media.url))


def _unmatched(
    gone: Sequence[Link], fresh: Sequence[Link], same: Callable[[Link, Link], bool]
) -> tuple[list[Link], list[Link]]:
    left = list(fresh)
    out = []
    for one in gone:
        partner = next((other for other in left if same(one, other)), None)
        if partner is None:
            out.append(one)
        else:
            left.remove(partner)
    return out, left


def _shown(media: Link) -> str:
    return f"{media.text} <{media.url}>" if media.text else f"<{media.url}>"
