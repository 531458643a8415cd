"""One record per distinct update: headline, banner and section are joined, by number first, by text second."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from watcher.model import Location, Note

_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_ALIKE = 0.6
_VERSIONED = ("writethru", "amendment", "correction", "retraction")


def tokens(*texts: str | None) -> Counter[str]:
    """The words of some texts, without case; scripts without spaces in pairs of characters."""
    out: Counter[str] = Counter()
    for word in re.findall(
        r"\w+", unicodedata.normalize("NFKC", " ".join(text for text in texts if text))[:4000].lower()
    ):
        if _CJK.search(word):
            out.update(word[i : i + 2] for i in range(max(1, len(word) - 1)))
        else:
            out[word] += 1
    return out


def alike(one: Note, other: Note) -> bool:
    """Whether two notes say the same: the same words, or the one's words within the other's."""
    mine = [tokens(text) for text in (one.heading, one.summary, one.text) if text]
    theirs = [tokens(text) for text in (other.heading, other.summary, other.text) if text]
    for a in mine:
        for b in theirs:
            common, small = sum((a & b).values()), min(sum(a.values()), sum(b.values()))
            if small >= 3 and (2 * common >= _ALIKE * (sum(a.values()) + sum(b.values())) or common >= 0.9 * small):
                return True
    return False


def _worded(note: Note) -> bool:
    return bool(note.heading or note.summary or note.text)


def _same(group: Sequence[Note], note: Note, *, sole: bool) -> bool:
    """Whether a note is one more place of the update that `group` already holds."""
    first = group[0]
    if "docket-entry" in (first.kind, note.kind) and first.kind != note.kind:
        return False
    places = {member.location for member in group}
    if first.kind == note.kind == "docket-entry":
        return (
            note.sequence is not None
            and note.sequence == first.sequence
            and any(alike(member, note) for member in group)
        )
    if note.sequence is not None and any(member.sequence == note.sequence for member in group):
        return note.kind in {member.kind for member in group} or note.location != first.location
    numbers = {member.sequence for member in group if member.sequence is not None}
    if note.sequence is not None and numbers:
        return False
    if _companions(group, note, places, sole=sole):
        return True
    different = first.published and note.published and first.published.at != note.published.at
    if note.location in places and note.location != "metadata":
        return False
    return not different and first.kind == note.kind and any(alike(member, note) for member in group)


def _companions(group: Sequence[Note], note: Note, places: "set[Location | None]", *, sole: bool) -> bool:
    """A headline's bare mark and the note in the text it points to; a wire's number and its advisory line."""
    first = group[0]
    if first.kind != note.kind and not {first.kind, note.kind} <= {"writethru", "correction", "retraction"}:
        return False
    if first.kind == "writethru" and note.kind == "writethru":
        return True
    if "title" not in places or (len(group) > 1 and note.kind not in ("amendment",)):
        return False
    if note.kind in _VERSIONED and first.kind == note.kind:
        return True
    return (not _worded(first) or sole) and first.sequence is None and first.kind == note.kind


def merge(notes: Sequence[Note]) -> tuple[Note, ...]:
    """One record per distinct update, in order of first appearance; `location` and `span` are None."""
    groups: list[list[Note]] = []
    kinds = Counter(note.kind for note in notes if note.location not in {"title", "metadata"})
    for note in notes:
        sole = kinds[note.kind] == 1  # the headline's words need not be the note's
        fitting = [group for group in groups if _same(group, note, sole=sole)]
        numbered = [group for group in fitting if note.sequence in {member.sequence for member in group} - {None}]
        if not fitting:
            groups.append([note])
        else:
            (numbered or fitting)[0].append(note)
    return tuple(joined(group) for group in _named(groups))


def _named(groups: list[list[Note]]) -> list[list[Note]]:
    """A headline's unnumbered mark belongs to the update whose section has its words, wherever that stands."""
    first = groups[0] if groups else []
    if len(first) != 1 or first[0].location != "title" or first[0].sequence is not None or not first[0].heading:
        return groups
    mark = first[0]
    for group in groups[1:]:
        if group[0].kind == mark.kind and any(alike(Note(None, mark.kind, heading=n.heading), mark) for n in group):
            return [[mark, *group] if other is group else other for other in groups[1:]]
    return groups


def joined(group: Sequence[Note]) -> Note:
    """One record of all places: the section's heading before the headline's, the banner's summary first."""
    rank = {"section": 0, "title": 1}
    by_heading = sorted(group, key=lambda note: rank.get(note.location or "", 2))
    by_summary = sorted(group, key=lambda note: {"banner": 0, "inline": 1, "footer": 1}.get(note.location or "", 2))
    dated = sorted((note.published for note in group if note.published), key=lambda moment: moment.date_only)
    return replace(
        group[0],
        sequence=next((note.sequence for note in group if note.sequence is not None), None),
        published=dated[0] if dated else None,
        heading=next((note.heading for note in by_heading if note.heading), None),
        summary=next((note.summary for note in by_summary if note.summary), None),
        text=next((note.text for note in by_heading if note.text), None),
        links=tuple(dict.fromkeys(link for note in group for link in note.links)),
        location=None,
        span=None,
        last_sequence=next((note.last_sequence for note in group if note.last_sequence), None),
    )
