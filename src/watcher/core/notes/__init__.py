"""The grammar of update notes: by which marks a publisher says that a story moved on.

`find` reads a title and the blocks of a content; `merge` makes one record of what stands in several places;
`strip_marks` gives the headline without its marks; `from_json_ld` reads notes written for machines.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from watcher.core import when
from watcher.core.when import Look
from watcher.model import Block, Moment, Note

_MARK = re.compile(r"^\[Update (?P<n>\d{1,3})(?:: (?P<h>[^\]]{1,300}))?\]\s*")
_LINE = re.compile(r"^Update (?P<n>\d{1,3})(?: \((?P<t>[^)]{4,60})\))?: (?P<s>.+)$")
_CALL = re.compile(r"\s*Click here for more information\..*$")
_FOOT = re.compile(r"^(About (the )?author|We are reader supported)", re.I)


@dataclass(frozen=True, slots=True)
class Found:
    """What `find` saw: every place in document order, one record per update, the bare headline, blocks of notes."""

    notes: tuple[Note, ...]
    updates: tuple[Note, ...]
    headline: str
    blocks: frozenset[int]


def strip_marks(title: str) -> str:
    """The headline without update marks."""
    return _MARK.sub("", title).strip()


def merge(notes: Sequence[Note]) -> tuple[Note, ...]:
    """One record per distinct update, by number first, in order of appearance; `location` and `span` are None."""
    groups: dict[object, list[Note]] = {}
    for index, note in enumerate(notes):
        groups.setdefault(note.sequence if note.sequence is not None else f"#{index}", []).append(note)
    return tuple(_joined(group) for group in groups.values())


def _joined(group: Sequence[Note]) -> Note:
    rank = {"section": 0, "title": 1}
    by_heading = sorted(group, key=lambda note: rank.get(note.location or "", 2))
    links = tuple(dict.fromkeys(link for note in group for link in note.links))
    published: Moment | None = next((note.published for note in group if note.published), None)
    return replace(
        group[0],
        published=published,
        heading=next((note.heading for note in by_heading if note.heading), None),
        summary=next((note.summary for note in group if note.summary), None),
        text=next((note.text for note in by_heading if note.text), None),
        links=links,
        location=None,
        span=None,
    )


def from_json_ld(data: object, look: Look) -> tuple[Note, ...]:  # noqa: ARG001 - filled with the machine-readable styles
    """Notes written for machines: `liveBlogUpdate` and `correction` of schema.org."""
    return ()


def find(title: str | None, blocks: Sequence[Block], look: Look, *, metadata: Sequence[Note] = ()) -> Found:
    """Every update note in a title and the blocks of a content; see the module's contract."""
    notes: list[Note] = []
    taken: set[int] = set()
    mark = _MARK.match(title or "")
    if mark:
        notes.append(Note(int(mark["n"]), "update", heading=mark["h"], location="title"))
    for index, block in enumerate(blocks):
        line = _LINE.match(block.text)
        if not line or index in taken:
            continue
        number, links = int(line["n"]), tuple(link.url for link in block.links)
        if block.type in {"h1", "h2", "h3", "h4", "h5", "h6"} or not line["t"]:
            end = index + 1
            while end < len(blocks) and blocks[end].type == "p" and not _LINE.match(blocks[end].text):
                if _FOOT.match(blocks[end].text):
                    break
                end += 1
            text = "\n".join(block.text for block in blocks[index + 1 : end])
            notes.append(Note(number, "update", None, line["s"], None, text, links, "section", (index, end)))
        else:
            end = index + 1
            moment = when.parse(line["t"], look)
            summary = _CALL.sub("", line["s"])
            notes.append(Note(number, "update", moment, None, summary, None, links, "banner", (index, end)))
        taken.update(range(index, end))
    notes.extend(metadata)
    return Found(tuple(notes), merge(notes), strip_marks(title or ""), frozenset(taken))
