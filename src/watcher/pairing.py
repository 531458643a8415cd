"""The edge of source pairs: load a pair's book, let the core decide, one source of a pair at a time.

async with pairing.turn(sources):
    outcome = await pairing.settled(outcome, sources, states, routing)
    ... commit ...
await pairing.hurry(outcome)
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import islice

from watcher import config as configuration
from watcher.config import Config, Group
from watcher.core import disputes, paired, pairs, settle
from watcher.core.dataset import keys, values
from watcher.model import (
    Change,
    Document,
    DocumentRef,
    EntryRef,
    Observation,
    Outcome,
    Page,
    Sighting,
    Source,
    SourceState,
)
from watcher.store import Enrolled, Store, Writer

PIECE = 1_000  # records that one transaction puts into the book

Seen = tuple[tuple[str, ...], Sighting]


class Pairing:
    """The pairs of the configuration in force; `configure` puts another in force between two polls."""

    def __init__(self, store: Store, writer: Writer) -> None:
        self.store, self.writer = store, writer
        self.groups: Mapping[str, Group] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._looked: set[str] = set()  # sources whose records of before were looked for since the start or the reload

    def configure(self, config: Config) -> None:
        self.groups = configuration.groups(config.sources)
        self._looked.clear()  # a source may have been of no pair for a while
        self._turns = {group.id: self._turns.get(group.id, asyncio.Lock()) for group in self.groups.values()}

    @contextlib.asynccontextmanager
    async def turn(self, sources: Sequence[Source]) -> AsyncIterator[None]:
        """Hold the pairs of these sources: what one of them decides is written before the next decides."""
        ids = sorted({self.groups[source.name].id for source in sources if source.name in self.groups})
        turns = [self._turns[id_] for id_ in ids]  # at once: a reload may come while one waits
        async with contextlib.AsyncExitStack() as held:
            for turn in turns:
                await held.enter_async_context(turn)
            yield

    async def settled(
        self,
        outcome: Outcome,
        sources: Sequence[Source],
        states: Sequence[SourceState],
        routing: settle.Routing,
        *,
        store: bool = True,
    ) -> Outcome:
        """Hold a poll's outcome against the pairs of its sources. With `store` False nothing is written."""
        groups = self.groups  # a reload may put others in force before this ends
        own = [source for source in sources if source.name in groups]
        if not own or outcome.poll.result in {"failed", "refused"}:
            return outcome
        loop = asyncio.get_running_loop()
        parts = {part.source: part.observation for part in outcome.sources}
        books = {}
        for source in own:
            group = groups[source.name]
            known = await loop.run_in_executor(None, self._members, group)
            if store:
                for member in known.values():
                    looked = member.is_in and (member.source in self._looked or member.kind == "dataset")
                    if member.baseline_at is not None and not looked:
                        await self._enrol(group, member, outcome.poll.at)
                        self._looked.add(member.source)
            books[source.name] = await loop.run_in_executor(
                None, self._book, group, source, known, parts.get(source.name), outcome.poll.at
            )
        return await loop.run_in_executor(None, paired.paired, outcome, books, own, states, routing)

    async def hurry(self, outcome: Outcome) -> None:
        """After a gap, ask those who confirm the source at once: they may have what was missed."""
        missed = {part.source for part in outcome.sources if part.observation and part.observation.gap}
        names = [
            source.name
            for name in sorted(missed & self.groups.keys())
            for source in self.groups[name].sources
            if source.confirms is not None and source.confirms.source == name
        ]
        if names:
            rows = await asyncio.get_running_loop().run_in_executor(None, self.store.source_rows, names)
            due = [(row.fetch, outcome.poll.at) for row in rows if not row.failures]  # a failing one keeps its pauses
            await self.writer.run(lambda store: store.reschedule(due))

    def _members(self, group: Group) -> dict[str, Enrolled]:
        return {each.source: each for each in self.store.pairs.members(group.id, [s.name for s in group.sources])}

    def _book(
        self, group: Group, source: Source, known: Mapping[str, Enrolled], seen: Observation | None, now: datetime
    ) -> pairs.Book:
        members = {each.name: _member(each, known[each.name]) for each in group.sources if each.name in known}
        names = pairs.compared(source, members)
        marked: dict[str, tuple[str, ...]] = {}
        shown: dict[str, tuple[tuple[str, str], ...]] = {}
        if seen is not None:
            refs = {ref.document: ref for ref in seen.entries}
            pages = {document.id: document.page for document in seen.documents}
            for change in seen.changes:
                ref, page = refs.get(change.document.id), pages.get(change.document.id)
                if marks := _marks(group.key, change, ref, page, seen.state):
                    marked[change.id] = marks
                    if names:
                        shown[change.id] = _values(change, page, names)
        view = self.store.pairs.view(group.id, source.name, [mark for marks in marked.values() for mark in marks], now)
        sightings = dict(view.sightings)
        if view.overdue and members[source.name].kind == "dataset":
            for item, held in self._held(group, known[source.name], source, [each.item for each in view.overdue]):
                if all(each.source != source.name for each in sightings.get(item, ())):
                    sightings[item] = (*sightings.get(item, ()), held)
        return pairs.Book(group.id, members, view.items, sightings, marked, shown, view.overdue)

    def _held(self, group: Group, member: Enrolled, source: Source, items: Sequence[str]) -> list[tuple[str, Sighting]]:
        """Those of the records that a dataset holds although nobody was told of them one by one (a flood)."""
        wanted = self.store.pairs.marks(group.id, items)
        seen = _of_dataset(self.store, group.key, source, member.key)
        return [(wanted[mark], held) for marks, held in seen for mark in marks if mark in wanted]

    async def _enrol(self, group: Group, member: Enrolled, now: datetime) -> None:
        """Put into the book what a source had shown before its pair began, a piece at a time."""
        source = next(each for each in group.sources if each.name == member.source)
        loop = asyncio.get_running_loop()
        pieces = _known(self.store, group.key, source, member)
        while (piece := await loop.run_in_executor(None, next, pieces, None)) is not None:
            await self.writer.run(partial(_enrol, group.id, source.name, piece))
        await self.writer.run(lambda store: store.pairs.enrolled(group.id, source.name, now))


def _enrol(pair: str, source: str, piece: Sequence[Seen], store: Store) -> None:
    store.pairs.enrol(pair, source, piece)


def _member(source: Source, known: Enrolled) -> disputes.Member:
    return disputes.Member(source, known.kind or source.kind, known.baseline_at, known.last_ok_at)


def _marks(
    pattern: str | None, change: Change, ref: EntryRef | None, page: Page | None, state: SourceState
) -> tuple[str, ...]:
    """What the record of a change is known by."""
    if change.entry is not None:
        text = f"{change.text}\n{_linked(page)}" if page is not None else change.text
        return pairs.entry_marks(pattern, ref, text) if ref is not None else ()
    if change.record is None or not change.record.key:
        return ()
    whole = state.list is None or state.list.key == keys.WHOLE
    return pairs.record_marks(pattern, change.record.key, change.text, whole=whole)


def _values(change: Change, page: Page | None, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The compared fields as a change has them."""
    if change.record is not None:
        fields = dict(change.record.fields) | {name: after or "" for name, _, after in change.record.changed}
    elif page is not None:
        stamp = page.published
        fields = {
            "title": page.title or "",
            "url": page.url,
            "summary": page.summary or "",
            "published": (stamp.day.isoformat() if stamp.date_only else stamp.at.isoformat()) if stamp else "",
            **dict(page.fields),
        }
    else:
        return ()
    return tuple((name, fields[name]) for name in names if name in fields)


def _known(store: Store, pattern: str | None, source: Source, member: Enrolled) -> Iterator[list[Seen]]:
    """What a source has shown so far, a piece at a time."""
    if member.kind == "dataset":
        seen = _of_dataset(store, pattern, source, member.key)
        while piece := list(islice(seen, PIECE)):
            yield piece
        return
    after = ""
    while rows := store.pairs.entries(source.name, after):
        after = rows[-1][0].key
        found = [(pairs.entry_marks(pattern, ref, _text(document)), _shown(document)) for ref, document in rows]
        yield [each for each in found if each[0]]


def _of_dataset(store: Store, pattern: str | None, source: Source, key: Sequence[str]) -> Iterator[Seen]:
    document = store.list_document(source.name)
    if document is None:
        return
    ref, after = DocumentRef(document.id, source.url, source.shown), 0
    while found := store.pairs.records(source.name, after):
        after = found[-1][0]
        for _, data in found:
            fields = values.load(data)
            said = [each if isinstance(each, str) else "\n".join(each) for each in values.flat(fields).values()]
            named, whole = keys.named(fields, key), tuple(key) == keys.WHOLE
            marks = pairs.record_marks(pattern, named, "\n".join(said), whole=whole)
            if marks:
                title = values.title_of(fields)[:500]
                yield (
                    marks,
                    Sighting("", source.name, document.fetched_at, ref, title, is_record=True, baseline=True),
                )


def _text(document: Document) -> str:
    page = document.page
    body = [block.text for block in page.blocks]
    said = filter(None, [page.title, page.url, *body, page.summary, *(value for _, value in page.fields)])
    return "\n".join([*said, _linked(page)])


def _linked(page: Page) -> str:
    """The addresses that the words of an entry link: a court's feed names its documents only there."""
    return "\n".join(link.url for block in page.blocks for link in block.links)


def _shown(document: Document) -> Sighting:
    ref = DocumentRef(document.id, document.url, document.title)
    return Sighting("", document.source, document.fetched_at, ref, document.page.title or "", baseline=True)
