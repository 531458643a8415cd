"""(what was known of a feed's entries or a list's rows, what it says now) → which are new, changed, gone.

At first sight everything is a baseline: stored, and announced only where `announce_existing` asks for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from watcher.core import absence, compare, feed, gap, listed, rules
from watcher.core.bodies import body_of
from watcher.model import (
    Change,
    Document,
    DocumentRef,
    Entry,
    EntryRef,
    FeedReading,
    Observation,
    Page,
    PollResult,
    Revision,
    RevisionRef,
    Source,
    SourceState,
    Times,
    make_id,
)


@dataclass(slots=True)
class _Found:
    """What one look at a feed brought, gathered entry by entry."""

    documents: list[Document] = field(default_factory=list)
    revisions: list[Revision] = field(default_factory=list)
    refs: list[EntryRef] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    confirm_at: datetime | None = None


def judge(
    state: SourceState,
    reading: FeedReading,
    look: compare.Look,
    documents: Mapping[str, Document],
    refs: Sequence[EntryRef],
    *,
    html: str = "",
    before: FeedReading | None = None,
    last_at: datetime | None = None,
    further: Sequence[compare.Look] = (),
) -> Observation:
    """Compare a reading with the entries known; `documents` are those that `observe.wanted` named.

    `html` is a listing's page. `before` is what the last body gives under rules that have changed since: what is new or
    gone for that reason is no news. `last_at` is when the source was last read well: a window missed since is a gap.
    `further` are the looks at the pages after the first. Raises ReadError for a listing that holds nothing of what is
    known.
    """
    first = state.baseline_at is None
    pairs, gone, left = _matched(state, reading, look, refs, before, first=first)
    known_before = frozenset(before.present) if before is not None else frozenset()
    state, back = _back_again(state, documents, look)
    doubtful = state.absence is not None
    if not first and (gone or doubtful):
        state, held = listed.doubted(state, reading, refs, gone, html, look)
        if held is not None:
            return replace(held, changes=back)
    found = _Found(changes=list(back))
    old = known_before | reading.older if reading.next is not None else known_before
    at = {raw: page for raws, page in zip(reading.pages, further, strict=False) for raw in raws}
    for entry, ref in pairs:
        where = at.get(entry.raw, look)
        if ref is None:
            _first_seen(entry, where, found, first=first or entry.raw in old)
        else:
            _seen_again(entry, ref, documents.get(ref.document), where, found, first=first)
    left += _behind(reading, refs, found, look)
    if reading.kind == "listing":
        found.changes = listed.told_once(found.changes)
    new = sum(ref is None and entry.raw not in old for entry, ref in pairs)
    ended = listed.at_old_end(gone, reading, documents)
    if gone:
        moved = html if listed.has_moved(state, reading) else ""
        scrolls = listed.scrolls(state, reading, ended=ended, new=new)
        missing = listed.removals(gone, reading, documents, look, scrolls=scrolls, believed=doubtful, page=moved)
        found.changes += missing.changes
        found.refs += missing.refs
        found.confirm_at = min(filter(None, (found.confirm_at, missing.confirm_at)), default=None)
    state = replace(state, turnover=listed.turned(state, reading, ended=ended, new=new))
    turnover, missed = gap.judge(
        look.source, state, reading, pairs, refs, known_before=known_before, now=look.fetched_at, last_at=last_at
    )
    seen = _observed(state, reading, look, found, known=set(refs), left=left)
    state = replace(seen.state, turnover=turnover, gap=missed or seen.state.gap)
    return replace(seen, state=state, gap=missed)


def _back_again(
    state: SourceState, documents: Mapping[str, Document], look: compare.Look
) -> tuple[SourceState, tuple[Change, ...]]:
    """A list whose page was gone or walled is there again."""
    whole = next((document for document in documents.values() if document.kind == "list"), None)
    if state.absence is None or state.absence.event == "drastic":
        return state, ()
    return absence.returned(state, whole, look) if whole is not None else (replace(state, absence=None), ())


def _behind(reading: FeedReading, refs: Sequence[EntryRef], found: _Found, look: compare.Look) -> tuple[EntryRef, ...]:
    """Forget of what stands on later pages that it stood there: the next look may see only the first."""
    later = frozenset().union(*reading.pages)
    if not later or not listed.removes(look.source, reading):
        return ()
    for i, ref in enumerate(found.refs):
        if ref.raw in later:
            found.refs[i] = listed.left_out([ref], look)[0]
    return listed.left_out([ref for ref in refs if ref.raw in later], look)


def _matched(
    state: SourceState,
    reading: FeedReading,
    look: compare.Look,
    refs: Sequence[EntryRef],
    before: FeedReading | None,
    *,
    first: bool,
) -> tuple[Sequence[feed.Pair], list[EntryRef], tuple[EntryRef, ...]]:
    """Pair the entries with known ones; name those that are missed, and those that are only left out by new rules."""
    pairs: Sequence[feed.Pair] = feed.match(reading.entries, refs, reading.present)
    gone = listed.missed(look.source, reading, refs, {ref.document for _, ref in pairs if ref is not None})
    if first:
        return pairs, [], listed.left_out(gone, look)
    left: tuple[EntryRef, ...] = ()
    if before is not None:
        stood = {ref.document for _, ref in feed.match(before.entries, refs) if ref is not None}
        left = listed.left_out([ref for ref in gone if ref.document not in stood], look)
        gone = [ref for ref in gone if ref.document in stood]
    if reading.kind == "listing" and gone:
        pairs = listed.reworded(state, reading, pairs, gone)
        found = {ref.document for _, ref in pairs if ref is not None}
        gone = [ref for ref in gone if ref.document not in found]
    return pairs, gone, left


def _observed(
    state: SourceState,
    reading: FeedReading,
    look: compare.Look,
    found: _Found,
    *,
    known: set[EntryRef],
    left: tuple[EntryRef, ...],
) -> Observation:
    first = state.baseline_at is None
    result: PollResult = "baseline" if first else "changed" if found.changes else "unchanged"
    state = replace(
        state,
        kind=reading.kind,
        title=reading.title,
        entries=len(reading.present),
        confirm_at=found.confirm_at,
        baseline_at=state.baseline_at or look.fetched_at,
        last_change_at=look.fetched_at if result == "changed" else state.last_change_at,
    )
    if reading.kind == "listing":
        state = replace(state, visible=None, watched=reading.watched, place=reading.place)
    return Observation(
        result,
        state,
        tuple(found.documents),
        tuple(found.revisions),
        (*(ref for ref in found.refs if ref not in known), *left),
        tuple(found.changes),
    )


def _first_seen(entry: Entry, look: compare.Look, found: _Found, *, first: bool) -> None:
    name = make_id("doc", look.source.name, entry.key)
    document = compare.first_sight(name, "entry", entry.key, entry.page, look)
    found.documents.append(document)
    found.revisions.append(compare.revision_of(document, look.snapshot))
    found.refs.append(_ref(entry, document.id, entry.key))
    found.changes.append(_new_entry(document, entry, look, first=first))


def _seen_again(
    entry: Entry, ref: EntryRef, known: Document | None, look: compare.Look, found: _Found, *, first: bool
) -> None:
    found.refs.append(_ref(entry, ref.document, ref.key))
    if known is None:
        return
    if listed.was_removed(ref):
        found.changes.append(_back(known, entry, look))
    row = bool(entry.page.fields)
    result = listed.compare_row(known, entry.page, look) if row else compare.compare_entry(known, entry.page, look)
    if result.document != known:
        found.documents.append(result.document)
    if result.revision is not None:
        found.revisions.append(result.revision)
        told = result.changes
        found.changes += [replace(c, announced=False, reason="baseline") for c in told] if first else told
    if result.confirm_at is not None:
        found.confirm_at = min(filter(None, (found.confirm_at, result.confirm_at)))


def _ref(entry: Entry, document: str, key: str) -> EntryRef:
    return EntryRef(document, key, entry.raw, entry.guid, entry.link, entry.finger, entry.page.title or "")


def _is_recent(page: Page, source: Source, at: datetime) -> bool:
    """Say whether an entry met at the baseline is to be announced all the same (`announce_existing`)."""
    existing = source.announce_existing
    if isinstance(existing, timedelta):
        stamp = page.published or page.modified
        return stamp is not None and stamp.at >= at - existing
    return existing


def _back(known: Document, entry: Entry, look: compare.Look) -> Change:
    """An entry whose removal was told is there again: new, under an id of its own."""
    change = _new_entry(known, entry, look, first=False)
    return replace(
        change,
        id=make_id("chg", known.id, "entry.new", look.fetched_at.isoformat()),
        revision=RevisionRef(known.revision_id, known.revision, known.sha256, known.fetched_at),
    )


def _new_entry(document: Document, entry: Entry, look: compare.Look, *, first: bool) -> Change:
    page = entry.page
    body = "\n".join(
        filter(None, [page.title, page.url, *body_of(page), page.summary, *(n.summary for n in page.notes)])
    )
    announced = not first or _is_recent(page, look.source, look.fetched_at)
    published = page.published or page.modified
    return Change(
        id=make_id("chg", document.id, 1, "entry.new"),
        event="entry.new",
        source=document.source,
        severity=rules.weigh("entry.new", None, body, look.source.severity),
        document=DocumentRef(document.id, page.url, document.title),
        revision=RevisionRef(document.revision_id, 1, look.sha256, look.fetched_at),
        announced=announced,
        reason=None if announced else "baseline",
        entry=compare.shown(page, document.key),
        times=Times(
            published=published.at if published else None,
            published_date_only=bool(published and published.date_only),
            published_as_printed=published.printed if published else None,
            server=look.server,
            fetched=look.fetched_at,
        ),
        text=body,
    )
