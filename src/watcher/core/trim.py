"""The blocks of a content without what stands around its headline: the headline itself, the site's name, bars of links.

Both the full reading and the early gate apply it, so that they see the same blocks.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from watcher.core.blocks import Raw
from watcher.core.furniture import normalise, opens_note

_SENTENCE = re.compile(r"[.!?。！？…][\"'”’»)\]]*$")


def trim(raws: Sequence[Raw], title: str | None) -> list[Raw]:
    """Leave out the headline, which is the page's title and no block of its text."""
    if not title:
        return list(raws)
    same = normalise(title).casefold()
    kept: list[Raw] = []
    for index, raw in enumerate(raws):
        if raw.text.casefold() == same and (raw.type in {"h1", "h2"} or index < 6) and raw.role != "furniture":
            if raw.type == "h1":
                kept = [replace(above, role="furniture") if _is_crown(above) else above for above in kept]
            continue
        kept.append(replace(raw, role="furniture") if _is_link_bar(raw) else raw)
    return kept


def _is_crown(raw: Raw) -> bool:
    """Say whether a line above the headline is the site's name or a section's, and no word of the article."""
    return raw.role == "text" and len(raw.text) <= 60 and not opens_note(raw.text) and not _SENTENCE.search(raw.text)


def _is_link_bar(raw: Raw) -> bool:
    """Say whether a block, no paragraph or item, holds several short links and nothing else."""
    if raw.type != "text" or raw.role != "text" or len(raw.links) < 2 or len(raw.text) > 300:
        return False
    rest = raw.text
    for _target, label in raw.links:
        rest = rest.replace(label, "", 1) if 0 < len(label) <= 30 else rest
    return not any(map(str.isalnum, rest))
