"""The values as JSON, in the shapes that Watcher promises to the outside.

Every function takes a frozen value and returns plain dicts, lists, strings and numbers that `json.dumps` accepts; none
raises. Times are RFC 3339 in UTC with `Z`: ours with milliseconds, a publisher's in whole seconds, a bare date as
`2021-05-12` beside `"date_only": true`. What does not apply is left out of a change; what `inspect` cannot know is
null.
"""

from datetime import UTC, datetime
from typing import Any

from watcher.core.dataset import ListReading
from watcher.model import (
    Block,
    Change,
    DocumentRef,
    Entry,
    EntryShown,
    FeedReading,
    Kind,
    Link,
    Moment,
    Note,
    Page,
    Paired,
    Reading,
    RecordShown,
    RevisionRef,
    Times,
)

Json = dict[str, Any]


def instant(at: datetime, ms: bool = False) -> str:
    """Write an aware time as RFC 3339 in UTC with `Z`: whole seconds or, with `ms`, milliseconds (cut, not rounded)."""
    utc = at.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="milliseconds" if ms else "seconds") + "Z"


def moment_json(moment: Moment | None) -> str | None:
    """Write a publisher's time: an instant, a bare date where no clock time was printed, or None."""
    if moment is None:
        return None
    return moment.day.isoformat() if moment.date_only else instant(moment.at)


def note_json(note: Note, *, place: bool) -> Json:
    """Write one note; `place` says whether it stands somewhere (`location`), which a merged update does not."""
    shape: Json = {
        "sequence": note.sequence,
        "kind": note.kind,
        "published_at": moment_json(note.published),
        "date_only": bool(note.published and note.published.date_only),
        "heading": note.heading,
        "summary": note.summary,
        "text": note.text,
        "links": list(note.links),
    }
    if note.last_sequence is not None:
        shape["last_sequence"] = note.last_sequence
    if place:
        shape["location"] = note.location
    return shape


def page_json(page: Page, kind: Kind) -> Json:
    """Write a page as `inspect` shows it; `links` are those of its content, each address once, in document order."""
    return {
        "kind": kind,
        "url": page.url,
        "title": page.title,
        **_moment("published_at", page.published),
        **_moment("modified_at", page.modified),
        "language": page.language,
        "notes": [note_json(note, place=True) for note in page.notes],
        "updates": [note_json(note, place=False) for note in page.updates],
        "blocks": [block_json(block) for block in page.blocks],
        "entries": [],
        "records": [],
        "links": _links(page.blocks),
    }


def feed_json(reading: FeedReading) -> Json:
    """Write a feed or listing as `inspect` shows it: the same keys as a page, with its entries."""
    shape = {
        "kind": reading.kind,
        "url": reading.url,
        "title": reading.title,
        "published_at": None,
        "modified_at": None,
        "language": None,
        "notes": [],
        "updates": [],
        "blocks": [],
        "entries": [entry_json(entry) for entry in reading.entries],
        "records": [],
        "links": [],
        "problem": reading.problem,
    }
    return shape | {"next": reading.next} if reading.kind == "listing" else shape


def reading_json(reading: Reading | ListReading, kind: Kind) -> Json:
    """The `inspect` shape of whatever was read."""
    if isinstance(reading, ListReading):
        return list_json(reading)
    return feed_json(reading) if isinstance(reading, FeedReading) else page_json(reading.page, kind)


def list_json(reading: ListReading) -> Json:
    """Write a dataset as `inspect` shows it: the same keys as a page, with its first records and how it was read."""
    shape = reading.shape
    return {
        "kind": "dataset",
        "url": reading.url,
        "title": None,
        "published_at": None,
        "modified_at": None,
        "language": None,
        "notes": [],
        "updates": [],
        "blocks": [],
        "entries": [],
        "records": [{"key": dict(key), "fields": fields} for key, fields in reading.records],
        "records_total": reading.total,
        "links": [],
        "format": shape.format,
        "rows": shape.rows,
        "key": list(shape.key),
        "columns": list(shape.columns),
    }


def block_json(block: Block) -> Json:
    """Write one block; `role` stands only where the block is not compared as text."""
    shape: Json = {"type": block.type, "text": block.text}
    if block.role != "text":
        shape["role"] = block.role
    return shape


def entry_json(entry: Entry | EntryShown) -> Json:
    """Write one entry of a feed or row of a listing, which has `fields`: its columns; of a change, each with what stood
    there before and after."""
    if isinstance(entry, Entry):
        page = entry.page
        columns = {"fields": dict(page.fields)} if page.fields else {}
        return {
            "id": entry.guid or entry.link or entry.key,
            "title": page.title or "",
            "url": entry.link or page.url,
            **_moment("published_at", page.published),
            **_moment("updated_at", page.modified),
            "summary": page.summary or "",
            **columns,
        }
    shape: Json = {
        "id": entry.id,
        "title": entry.title,
        "url": entry.url,
        **_moment("published_at", entry.published),
        **_moment("updated_at", entry.updated),
        "summary": entry.summary,
    }
    if entry.fields:
        shape["fields"] = {name: {"before": before, "after": after} for name, before, after in entry.fields}
    return shape


def record_json(record: RecordShown) -> Json:
    """Write a record: its key and name; all fields of one that came or went, else those that differ."""
    shape: Json = {"key": dict(record.key), "title": record.title}
    if record.was:
        shape["previous_key"] = dict(record.was)
    if record.renamed:
        shape["renamed"] = {"before": record.renamed[0], "after": record.renamed[1]}
    if record.changed:
        shape["fields"] = {name: {"before": before, "after": after} for name, before, after in record.changed}
    else:
        shape["fields"] = dict(record.fields)
    return shape


def change_json(change: Change) -> Json:
    """Write one change as it stands in every payload, API answer and JSON line; a null `silent` or `reason` is kept."""
    shape: Json = {
        "id": change.id,
        "event": change.event,
        "severity": change.severity,
        "silent": change.silent,
        "announced": change.announced,
        "reason": change.reason,
        "document": _document(change.document),
        "revision": _revision(change.revision),
    }
    if change.previous:
        shape["previous"] = _revision(change.previous)
    if change.update:
        shape["update"] = note_json(change.update, place=False)
    if change.mark:
        shape["mark"] = change.mark
    if change.entry:
        shape["entry"] = entry_json(change.entry)
    if change.record:
        shape["record"] = record_json(change.record)
    if change.old_sequence is not None:
        shape["old_sequence"] = change.old_sequence
    if change.gap:
        shape["gap"] = list(change.gap)
    if change.diff:
        shape["diff"] = change.diff
    if change.words:
        shape["words"] = [list(pair) for pair in change.words]
    if change.paired:
        shape |= _paired(change.paired)
    shape["times"] = _times(change.times)
    if change.matched_in:
        shape["matched_in"] = list(change.matched_in)
    shape["stories"] = list(change.stories)
    return shape


def _paired(paired: Paired) -> Json:
    """What another source of the pair has to do with it: `confirms`, `late` with `missed_by`, or `disagrees`."""
    if paired.what == "late":
        return {"late": True, "missed_by": paired.source}
    shape: Json = {"source": paired.source}
    if paired.change:
        shape["change"] = paired.change
    if paired.at:
        shape["at"] = instant(paired.at, ms=True)
    return {"confirms": shape} if paired.what == "confirms" else {"disagrees": {"what": paired.what, **shape}}


def _moment(key: str, moment: Moment | None) -> Json:
    dated = {key.removesuffix("_at") + "_date_only": True} if moment and moment.date_only else {}
    return {key: moment_json(moment), **dated}


def _links(blocks: tuple[Block, ...]) -> list[Json]:
    seen: dict[str, Link] = {}
    for block in blocks:
        for link in block.links:
            seen.setdefault(link.url, link)
    return [{"url": link.url, "text": link.text} for link in seen.values()]


def _document(ref: DocumentRef) -> Json:
    return {"id": ref.id, "url": ref.url, "title": ref.title}


def _revision(ref: RevisionRef) -> Json:
    return {
        "id": ref.id,
        "number": ref.number,
        "sha256": ref.sha256,
        "fetched_at": instant(ref.fetched_at, ms=True),
    }


def _times(times: Times) -> Json:
    shape: Json = {}
    if times.published:
        published = Moment(times.published, times.published_date_only)
        shape["published"] = moment_json(published)
        if times.published_date_only:
            shape["date_only"] = True
    if times.published_as_printed:
        shape["published_as_printed"] = times.published_as_printed
    if times.server:
        shape["server"] = instant(times.server)
    if times.fetched:
        shape["fetched"] = instant(times.fetched, ms=True)
    if times.committed:
        shape["committed"] = instant(times.committed, ms=True)
    return shape
