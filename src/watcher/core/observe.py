"""What one source makes of one body: gates, reading, comparison; one path for daemon, `check`, `replay`, `inspect`.

glance(...)   the cheap gates: a new state when nothing watched changed, else None
read(...)     body → Reading, by the kind's reader
wanted(...)   which documents must be loaded to judge the reading
judge(...)    (known, reading) → Observation
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from watcher.core import (
    absence,
    article,
    compare,
    dataset,
    entries,
    feed,
    file,
    follow,
    gates,
    learn,
    listed,
    listing,
    sniff,
    text,
    walls,
    when,
)
from watcher.core.mask import mask_url
from watcher.errors import ReadError
from watcher.model import (
    Document,
    EntryRef,
    FeedReading,
    Fetched,
    FetchState,
    Kind,
    Observation,
    Page,
    PageReading,
    Reading,
    Source,
    SourceState,
    make_id,
)

EXTRACTORS: Mapping[str, str] = {
    "article": article.VERSION,
    "dataset": dataset.VERSION,
    "feed": feed.VERSION,
    "file": file.VERSION,
    "listing": listing.VERSION,
}


def extractor(kind: Kind | None) -> str:
    """Name the reader's version; a change of it makes the old body be read anew."""
    return EXTRACTORS.get(kind or "", "none")


def kind_of(source: Source, state: SourceState | None, fetched: Fetched) -> Kind:
    """Say what the source is: as configured, as pinned at the first good poll, or found out from the body."""
    if source.kind:
        return source.kind
    if state is not None and state.kind:
        return state.kind
    found = _sniffed(fetched)
    return found if source.parent is None else follow.kind_of(found)


def _sniffed(fetched: Fetched) -> Kind:
    return sniff.sniff(fetched.body, fetched.header("content-type"), fetched.url)


def begun_anew(source: Source, state: SourceState, fetched: Fetched) -> SourceState:
    """Give the state to read by: a new one where a page was followed and there is a document now, as where one was
    promised ("available soon"); the other way round it is an error page."""
    if source.parent is None or state.kind != "article" or _sniffed(fetched) != "file":
        return state
    return SourceState(source=state.source, started_alert=True, followed=state.followed)


def look_of(source: Source, at: datetime) -> when.Look:
    return when.Look(locale=source.locale, timezone=source.timezone, now=at)


def glance(state: SourceState, fetched: Fetched) -> SourceState | None:
    """Pass the cheap gates; give the new state (the same one, mostly) if nothing watched changed, else None.

    Raises ReadError for what is no feed, as the reading would.
    """
    if state.kind is None or state.baseline_at is None or state.confirm_at is not None or state.watched is None:
        return None
    if state.kind == "feed":
        return _glance_feed(state, fetched)
    if state.absence is not None or fetched.moved_to not in (None, state.moved_to) or not state.place:
        return None
    if state.kind == "listing":
        same = listing.watched(fetched.body, fetched.header("content-type"), state.place) == state.watched
        return state if same else None
    return _glance_page(state, text.decode(fetched.body, fetched.header("content-type")))


def _glance_page(state: SourceState, html: str) -> SourceState | None:
    content = text.find(html, state.place)
    if content is None:
        return None
    outline = text.outline_of(content)
    if outline == state.visible:
        return state
    if text.digest_of(content, state.volatile) != state.watched:
        return None
    return replace(state, visible=outline)


def _glance_feed(state: SourceState, fetched: Fetched) -> SourceState | None:
    content_type = fetched.header("content-type")
    outline = gates.outline(fetched.body, content_type)
    if outline is not None and outline == state.visible:
        return state
    if gates.entries(fetched.body, content_type, fetched.url) != state.watched:
        return None
    return replace(state, visible=outline)


def read(
    source: Source,
    kind: Kind,
    fetched: Fetched,
    *,
    volatile: Collection[str] = (),
    seen: Collection[str] = (),
    place: str | None = None,
) -> Reading:
    """Read a body as its kind; `place` is where a listing's rows stood last. Raises ReadError when it is not one."""
    look = look_of(source, fetched.at)
    content_type = fetched.header("content-type")
    if kind == "feed":
        return feed.read(fetched.body, content_type, fetched.url, source, look, seen)
    # The owner's address may hold a token: what is read of the page is shown, stored and sent without it.
    url = mask_url(fetched.url)
    if kind == "article":
        return article.read(fetched.body, content_type, url, source, look, volatile)
    if kind == "listing":
        return listing.read(fetched.body, content_type, fetched.url, source, look, seen, place)
    if kind == "file":
        return file.read(fetched.body, content_type, url, source, look, volatile)
    raise ReadError(fetched.url, f"the address gives a {kind}, which is not available in this version")


def wanted(reading: FeedReading, refs: Sequence[EntryRef], source: Source | None = None) -> tuple[str, ...]:
    """Name the entries' documents that must be loaded before `judge`: those that changed, and those that are gone."""
    pairs = feed.match(reading.entries, refs, reading.present)
    matched = {ref.document for _, ref in pairs if ref is not None}
    gone = listed.missed(source, reading, refs, matched) if source is not None else []
    return (*feed.wanted(pairs), *(ref.document for ref in gone))


def page_id(source: Source) -> str:
    """Name the one document of an article."""
    return make_id("doc", source.name, source.url)


def look_at(source: Source, fetched: Fetched, snapshot: str | None, *, confirmed: bool) -> compare.Look:
    """The circumstances of a look at an answer."""
    return compare.Look(source, fetched.at, fetched.body_sha256, _server_time(fetched), snapshot, confirmed)


def _server_time(fetched: Fetched) -> datetime | None:
    moment = when.parse_machine(fetched.header("date") or "")
    return moment.at if moment else None


def judge(
    source: Source,
    state: SourceState,
    reading: Reading,
    fetched: Fetched,
    *,
    documents: Mapping[str, Document],
    refs: Sequence[EntryRef] = (),
    snapshot: str | None = None,
    confirmed: bool = False,
    rules: str = "",
    before: FeedReading | None = None,
    last_at: datetime | None = None,
    further: Sequence[tuple[Fetched, str]] = (),
) -> Observation:
    """Compare a reading with what is known and say what changed; at first sight, make the baseline.

    `documents` holds the page's one document, or those that `wanted` named; `refs` all known entries of a feed or
    listing; `before` what the last body says under rules that have changed since; `last_at` when the source was last
    read well; `further` the pages after the first with the ids of their records, where `reading` is of several.
    """
    look = look_at(source, fetched, snapshot, confirmed=confirmed)
    state = replace(state, rules=rules)
    if isinstance(reading, PageReading):
        known = next(iter(documents.values()), None)
        return _judge_page(state, reading, fetched, replace(look, last_at=last_at), known)
    pages = [look_at(source, page, record, confirmed=confirmed) for page, record in further]
    if reading.kind == "listing":
        html = text.decode(fetched.body, fetched.header("content-type"))
        return entries.judge(
            state, reading, look, documents, refs, html=html, before=before, last_at=last_at, further=pages
        )
    outline = gates.outline(fetched.body, fetched.header("content-type"))
    state = replace(state, visible=outline, watched=gates.entries_of(reading))
    return entries.judge(state, reading, look, documents, refs, before=before, last_at=last_at, further=pages)


def _judge_page(
    state: SourceState, reading: PageReading, fetched: Fetched, look: compare.Look, known: Document | None
) -> Observation:
    page = reading.page
    html = text.decode(fetched.body, fetched.header("content-type")) if reading.kind == "article" else ""
    if known is not None and state.baseline_at is not None:
        suspicion = walls.suspect(known.page, page, html)
        if suspicion is not None and not (suspicion.event == "drastic" and absence.believable(state, "drastic", look)):
            return absence.absent(state, known, suspicion.event, suspicion.words, look)
    seen = replace(
        state,
        kind=reading.kind,
        place=page.place,
        watched=reading.watched,
        visible=None,  # the next look that finds the same takes its outline
        title=page.headline or page.title,
        confirm_at=None,
        learn_at=None,
    )
    if known is None or state.baseline_at is None:
        name = page_id(look.source)
        number = known.revision + 1 if known is not None and known.id == name else 1
        document = compare.first_sight(name, "page", look.source.url, page, look, number=number)
        again = None if look.confirmed else look.fetched_at + learn.SECOND_LOOK
        seen = replace(
            seen, baseline_at=look.fetched_at, absence=None, moved_to=fetched.moved_to, volatile=(), learn_at=again
        )
        return Observation("baseline", seen, (document,), (compare.revision_of(document, look.snapshot),))
    return _compared(seen, page, fetched, look, known)


def _compared(state: SourceState, page: Page, fetched: Fetched, look: compare.Look, known: Document) -> Observation:
    state, back = absence.returned(state, known, look)
    look = replace(look, baseline_at=state.baseline_at, volatile=state.volatile)
    result = compare.compare_page(known, page, look)
    state = replace(state, confirm_at=result.confirm_at, volatile=result.volatile)
    changes = (*back, *result.changes)
    if fetched.moved_to and fetched.moved_to != state.moved_to:
        changes = (*changes, *absence.moved(known, fetched.moved_to, look))
        state = replace(state, moved_to=fetched.moved_to)
    documents = (result.document,) if result.document != known else ()
    if not changes:
        return Observation("unchanged", state, documents)
    state = replace(state, last_change_at=look.fetched_at)
    revisions = (result.revision,) if result.revision is not None else ()
    return Observation("changed", state, documents, revisions, changes=changes)


def is_absent(state: SourceState) -> bool:
    """Say whether the source's page was not there, or walled, when it was last asked for."""
    return state.absence is not None and state.absence.event != "drastic"


def missing(  # noqa: PLR0917 - the whole circumstances of one decision
    source: Source,
    state: SourceState,
    known: Document | None,
    status: int,
    at: datetime,
    fetch: FetchState | None = None,
) -> Observation | None:
    """Judge an error status of a page, a list or a file (404, 410: gone; 401, 402, 403, 451: walled); None for others.

    `known` is the document that stands for the whole source. A listing has none before: its rows are documents.
    """
    told = absence.STATUS_EVENTS.get(status)
    if told is None or state.baseline_at is None:
        return None
    made = None
    if known is None:
        if state.kind != "listing" or fetch is None or fetch.body_sha256 is None:
            return None
        known = made = listed.whole(source, state, fetch)
    seen = absence.absent(state, known, *told, compare.Look(source, at, known.sha256))
    if made is None or fetch is None or not seen.changes:
        return seen
    return replace(seen, documents=(made,), revisions=(compare.revision_of(made, fetch.snapshot),))


def rebased(
    source: Source, state: SourceState, old: Fetched, documents: Mapping[str, Document], refs: Sequence[EntryRef]
) -> dict[str, Document]:
    """Read the body that the documents were made from once more, with today's rules, and put that in their place.

    A body that these rules cannot read leaves the documents as they were.
    """
    kind = kind_of(source, state, old)
    try:
        reading = read(source, kind, old, volatile=state.volatile)
    except ReadError:
        return dict(documents)
    if isinstance(reading, PageReading):
        return {key: compare.rebase(document, reading.page) for key, document in documents.items()}
    result = dict(documents)
    for entry, ref in feed.match(reading.entries, refs, reading.present):
        if ref is not None and ref.document in result:
            result[ref.document] = compare.rebase(result[ref.document], entry.page)
    return result


def before(source: Source, state: SourceState, old: Fetched) -> FeedReading | None:
    """Read the last body of a feed or listing with today's rules: what it held is no news. None: it cannot be read."""
    try:
        reading = read(source, kind_of(source, state, old), old)
    except ReadError:
        return None
    return reading if isinstance(reading, FeedReading) else None
