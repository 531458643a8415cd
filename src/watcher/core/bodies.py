"""The text of a page as it is compared: its blocks without notes, stamps and furniture.

body_of(page)         the texts
bodies(old, new)      those of both, without what only came to be read as a note, or ceased to be
"""

from collections import Counter
from collections.abc import Sequence

from watcher.model import Page


def body_of(page: Page) -> list[str]:
    """Give the blocks that are compared: without notes, stamps and furniture."""
    return [block.text for block in page.blocks if block.role == "text"]


def bodies(old: Page, new: Page) -> tuple[list[str], list[str]]:
    """Give the compared blocks of both sides. What is a note on one side and plain text on the other (a first live
    post is not yet a live page) is the same text all the same, so it is left out of both."""
    before, after = body_of(old), body_of(new)
    gone, come = Counter(before) - Counter(after), Counter(after) - Counter(before)
    return _without(before, gone & _noted(new)), _without(after, come & _noted(old))


def _noted(page: Page) -> Counter[str]:
    return Counter(block.text for block in page.blocks if block.role == "note")


def _without(texts: Sequence[str], less: Counter[str]) -> list[str]:
    """The texts without so many of each, the first ones."""
    left, kept = Counter(less), []
    for text in texts:
        if left[text] > 0:
            left[text] -= 1
        else:
            kept.append(text)
    return kept
