"""The grammar of update notes: by which marks a publisher says that a story moved on.

`find` reads a title and the blocks of a content; `merge` makes one record of what stands in several places;
`strip_marks` gives the headline without its marks; `from_json_ld` reads notes written for machines. The grammar is
tables: words by language (`words`), labels (`lead`), sentences, headlines (`title`, `wire`), lists. Precision comes
before recall: what only looks like a note is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from watcher.core.notes import flow, formal, lists
from watcher.core.notes import title as titles
from watcher.core.notes.machine import from_json_ld
from watcher.core.notes.merge import merge
from watcher.core.notes.page import PageView, close_elsewhere, is_elsewhere, is_status, locate
from watcher.core.when import Look
from watcher.model import Block, Note

__all__ = ["Found", "find", "from_json_ld", "is_elsewhere", "is_status", "merge", "strip_marks"]

_NO_TIME = Look(None, "UTC", datetime(2000, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Found:
    """What `find` saw: every place in document order, one record per update, the bare headline, blocks of notes."""

    notes: tuple[Note, ...]
    updates: tuple[Note, ...]
    headline: str
    blocks: frozenset[int]


def strip_marks(title: str) -> str:
    """The headline without update marks."""
    return titles.strip(title, _NO_TIME)


def find(
    title: str | None,
    blocks: Sequence[Block],
    look: Look,
    *,
    metadata: Sequence[Note] = (),
    also: Sequence[str] = (),
    alone: bool = False,
) -> Found:
    """Every update note in a title and the blocks of a content.

    `blocks` may hold the headline again. Times come out in UTC, seen from `look`. Never raises on any text.
    `also` are other places of the headline (`og:title`), whose marks count where it has none itself.
    `alone`: there is no page that could support the headline's number (a feed's entry), so it is believed as it is.
    """
    headline = (title or "").strip()
    if not headline:
        headline = next((block.text for block in blocks if block.type == "h1"), "")
    mark = titles.read(headline, look) or _mark_elsewhere(headline, also, look)
    page = PageView(headline, blocks, look)
    close_elsewhere(page)
    titled = mark.note.kind if mark else None
    lists.dockets(page)
    lists.change_lists(page)
    formal.filings(page, titled)
    formal.rules(page, titled)
    formal.repairs(page, titled)
    lists.live_posts(page)
    flow.read(page)
    notes = locate(page)
    if mark and not mark.believed and not (alone and mark.note.sequence is not None):
        same = [note for note in notes if note.kind == mark.note.kind]
        supported = any(note.sequence == mark.note.sequence for note in same) if mark.note.sequence else bool(same)
        mark = mark if supported else None
    if mark:
        notes.insert(0, replace(mark.note, span=None))
    notes.extend(note for note in metadata if not _shown(note, notes))
    taken = frozenset(page.taken | _headline_blocks(blocks, headline, marked=mark is not None))
    bare = mark.headline if mark else strip_marks(headline)
    return Found(tuple(notes), merge(notes), bare, taken)


def _mark_elsewhere(headline: str, also: Sequence[str], look: Look) -> titles.Mark | None:
    """The mark of the same headline in another place, where it is sure to be one."""
    for other in also:
        mark = titles.read(other, look)
        if mark and mark.believed and mark.headline == headline:
            return mark
    return None


def _shown(note: Note, notes: Sequence[Note]) -> bool:
    """Whether a machine-readable note also stands on the page."""
    from watcher.core.notes.merge import alike

    return any(other.kind == note.kind and alike(other, note) for other in notes)


def _headline_blocks(blocks: Sequence[Block], headline: str, *, marked: bool) -> set[int]:
    return {i for i, block in enumerate(blocks) if block.text == headline} if marked and headline else set()
