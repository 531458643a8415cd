"""The blocks of a content without what stands around its headline: the headline itself, the site's name, bars of links.

Both the full reading and the early gate apply it, so that they see the same blocks.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from watcher.core.blocks import Raw
from watcher.core.furniture import normalise
from watcher.core.labels import opens_note
from watcher.core.notes.page import is_elsewhere
from watcher.core.notices import is_notice, is_state

_SENTENCE = re.compile(r"[.!?。！？…][\"'”’»)\]]*$")
_TAIL = re.compile(
    r"(?:about (?:the )?authors?|about us|written by|über den autor|über die autorin|à propos de l['’]auteur|"
    r"sobre (?:el|la|o|a) autora?|l['’]autore)\s?:?",
    re.IGNORECASE,
)


def trim(raws: Sequence[Raw], title: str | None) -> list[Raw]:
    """Leave the headline out, and call furniture what stands around the article: above, between and below its text."""
    return _pointers(_tail(_without_title(raws, title)))


def _without_title(raws: Sequence[Raw], title: str | None) -> list[Raw]:
    """Leave out the headline, which is the page's title and no block of its text."""
    if not title:
        return list(raws)
    same = normalise(title).casefold()
    kept: list[Raw] = []
    for index, raw in enumerate(raws):
        if raw.text.casefold() == same and (raw.type in {"h1", "h2"} or index < 6) and raw.role != "furniture":
            if raw.type == "h1":
                stating = _stating(kept)
                kept = [
                    replace(above, role="furniture") if place not in stating and _is_crown(above) else above
                    for place, above in enumerate(kept)
                ]
            continue
        kept.append(replace(raw, role="furniture") if _is_link_bar(raw) else raw)
    return kept


def _stating(raws: Sequence[Raw]) -> set[int]:
    """The places of terms and of what is said of them that give the content's state."""
    pairs = [n for n, raw in enumerate(raws[1:]) if (raws[n].type, raw.type) == ("dt", "dd")]
    return {place for n in pairs if is_state(raws[n].text, raws[n + 1].text) for place in (n, n + 1)}


def _is_crown(raw: Raw) -> bool:
    """Say whether a line above the headline is the site's name or a section's, and no word of the article."""
    if raw.role != "text" or len(raw.text) > 60 or _SENTENCE.search(raw.text):
        return False
    said = raw.text.replace(" | ", ": ", 1) if raw.type == "tr" else raw.text
    return not (opens_note(raw.text) or is_notice(said))


def _is_link_bar(raw: Raw) -> bool:
    """Say whether a block, no paragraph or item, holds several short links and nothing else."""
    if raw.type != "text" or raw.role != "text" or len(raw.links) < 2 or len(raw.text) > 300:
        return False
    rest = raw.text
    for _target, label in raw.links:
        rest = rest.replace(label, "", 1) if 0 < len(label) <= 30 else rest
    return not any(map(str.isalnum, rest))


def _pointers(raws: Iterable[Raw]) -> list[Raw]:
    """Call links to other stories furniture: each alone in its block, below "Related stories" or the like."""
    out: list[Raw] = []
    below = False
    for raw in raws:
        if len(raw.text) <= 60 and is_elsewhere(raw.text):
            below = True
            out.append(raw)
            continue
        if below and not any(label == raw.text for _target, label in raw.links):
            below = False
        out.append(replace(raw, role="furniture") if below and raw.role == "text" else raw)
    return out


def _tail(raws: list[Raw]) -> list[Raw]:
    """Call what is told about the author at the end furniture, up to a note that may stand below it."""
    total = sum(len(raw.text) for raw in raws if raw.role == "text")
    for index, raw in enumerate(raws):
        if len(raw.text) <= 60 and _TAIL.fullmatch(raw.text) and raw.role == "text":
            rest = raws[index:]
            if sum(len(other.text) for other in rest) <= max(400, min(1500, total // 3)):
                out = raws[:index]
                noted = False
                for other in rest:
                    noted = noted or (opens_note(other.text) and len(other.text) > 40)
                    out.append(
                        other
                        if noted or other.role != "text"
                        else Raw(other.type, other.text, "furniture", other.links, slot=other.slot)
                    )
                return out
    return raws
