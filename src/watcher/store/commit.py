"""One transaction that keeps the outcomes of polls: each whole or not at all.

An outcome whose poll is already there is passed over, so that trying again is harmless. A record that does not follow
the newest one of its fetch is refused: the same fetch was polled twice at once.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, and_, bindparam, case, func, or_, select

from watcher.core.follow import Verdict
from watcher.errors import StoreError
from watcher.model import Alert, Change, Document, Observation, Outcome, PackedBody, Revision, Snapshot
from watcher.store import bodies as chains
from watcher.store import following, outbox, pairs, records
from watcher.store.codec import clean, dump, from_ms, maybe_ms, pack_value, to_ms
from watcher.store.rows import (
    RECORD,
    Prepared,
    entry_row,
    fetch_columns,
    poll_row,
    snapshot_row,
    some,
    source_columns,
    upsert,
)
from watcher.store.tables import (
    aliases,
    bodies,
    change_stories,
    changes,
    documents,
    entries,
    fetches,
    hours,
    polls,
    revisions,
    snapshots,
    sources,
)

HOUR = 3_600_000


def commit(connection: Connection, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Write the outcomes in their order. Raises StoreError; then nothing of any was kept."""
    rows = _known_fetches(connection, outcomes)
    fresh = _fresh(connection, outcomes, {row.id: row.last_poll_at for row in rows})
    if fresh:
        _Batch(connection, fresh, now, {row.id: (row.chain, row.snapshot) for row in rows}).write()


_FETCHES = (
    select(fetches.c.id, fetches.c.chain, fetches.c.snapshot, fetches.c.last_poll_at)
    .where(fetches.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(fetches.c.id)
    .with_for_update()
)


def _known_fetches(connection: Connection, outcomes: Sequence[Outcome]) -> Sequence[Any]:
    ids = {each.fetch.id for each in outcomes} | {each.poll.fetch for each in outcomes}
    rows = connection.execute(_FETCHES, {"ids": sorted(ids)}).all()
    if missing := ids - {row.id for row in rows}:
        raise StoreError(f"the fetch {min(missing)} is not known: the configuration was not taken over yet")
    return rows


def _fresh(connection: Connection, outcomes: Sequence[Outcome], last: dict[str, int | None]) -> list[Outcome]:
    """Those not committed yet; only one that is not younger than its fetch's last poll can be there already."""
    found = {(each.poll.fetch, to_ms(each.poll.at), each.poll.id): each for each in outcomes}
    for fetch, at, id_ in list(found):
        newest = last[fetch]
        if newest is not None and at <= newest:
            same = and_(polls.c.fetch == fetch, polls.c.at == at, polls.c.id == id_)
            if connection.execute(select(polls.c.id).where(same)).first():
                del found[fetch, at, id_]
    return list(found.values())


_FETCH_COLUMNS = ("last_ok_at", "failures", "failing_since", "error", "state")
_FETCH = Prepared(
    fetches.update()
    .where(fetches.c.id == bindparam("at_id"))
    .values(
        {name: bindparam(name) for name in _FETCH_COLUMNS},
    )
    .values(
        last_poll_at=case(
            (  # an older outcome changes nothing; a time that is yet to come was given by a clock that ran ahead
                and_(
                    fetches.c.last_poll_at > bindparam("polled", type_=fetches.c.last_poll_at.type),
                    fetches.c.last_poll_at <= bindparam("moment", type_=fetches.c.last_poll_at.type),
                ),
                fetches.c.last_poll_at,
            ),
            else_=bindparam("polled", type_=fetches.c.last_poll_at.type),
        ),
        next_poll_at=case((fetches.c.enabled, bindparam("due", type_=fetches.c.next_poll_at.type)), else_=None),
        alarmed_at=case(
            (bindparam("well", type_=fetches.c.enabled.type), None),
            else_=func.coalesce(bindparam("alarmed", type_=fetches.c.alarmed_at.type), fetches.c.alarmed_at),
        ),
        snapshot=func.coalesce(bindparam("record", type_=fetches.c.snapshot.type), fetches.c.snapshot),
        chain=bindparam("link"),
    )
)
_POLL = Prepared(polls.insert())
_BODY = Prepared(bodies.insert())
_RECORD = Prepared(snapshots.insert(), RECORD)
_SOURCE_COLUMNS = ("baseline_at", "last_change_at", "entries", "state")
_SOURCE = Prepared(
    sources.update()
    .where(sources.c.name == bindparam("at_name"))
    .values(started=or_(sources.c.started, bindparam("told", type_=sources.c.started.type)))
    .values({name: bindparam(name, type_=sources.c[name].type) for name in _SOURCE_COLUMNS})
)


class _Batch:
    """The rows of several outcomes, gathered by table and written in the order that the foreign keys want."""

    def __init__(
        self,
        connection: Connection,
        outcomes: Sequence[Outcome],
        now: datetime,
        chain: dict[str, tuple[str, str | None]],
    ) -> None:
        self.connection = connection
        self.outcomes = outcomes
        self.now = now
        self.chain = chain  # of each fetch: the newest record's hash and id
        self.names, self.homes = _source_names(connection, outcomes)

    def write(self) -> None:
        self._records([each_ for outcome in self.outcomes for each_ in _bodies(outcome)])
        self._fetches()
        _POLL.run(self.connection, [poll_row(each.poll) for each in self.outcomes])
        self._hours()
        self._sources()
        seen = [
            (self.names[part.source], part.observation, outcome)
            for outcome in self.outcomes
            for part in outcome.sources
            if part.observation
        ]
        self._documents(seen)
        for name, observation, _ in seen:
            if observation.records is not None:
                records.keep(self.connection, name, observation.records, self.now)
        self._changes(seen)
        for name, observation, _ in seen:
            if observation.pair is not None:
                pairs.keep(self.connection, name, observation.pair, self.names)
        for each in self.outcomes:
            if each.following is not None:
                following.keep(self.connection, self.names, each.following, self.now)
        outbox.add(self.connection, [alert for each in self.outcomes for alert in each.alerts], self.now)

    def _insert(
        self, table: Table, rows: Sequence[dict[str, Any]], key: Sequence[str] = (), update: Sequence[str] = ()
    ) -> None:
        if rows:
            statement = upsert(self.connection, table, key, update) if key else table.insert()
            self.connection.execute(statement, rows)

    def _records(self, given: Sequence[tuple[Snapshot, bytes | PackedBody | None]]) -> None:
        """Write the records of bodies, and the bodies that are new, each packed against the newest of its fetch."""
        if not given:
            return
        there = set(self._present(snapshots.c.id, [record.id for record, _ in given]))
        new = [(record, body) for record, body in given if record.id not in there]
        stored = set(self._present(bodies.c.sha256, [record.body_sha256 for record, _ in new]))
        newest = self._newest_bodies({record.fetch for record, body in new if record.body_sha256 not in stored})
        packer = chains.Packer(self.connection, bodies)
        packer.prepare(newest.values())
        body_rows, rows = [], []
        for record, body in new:
            sha = record.body_sha256
            if record.previous != self.chain[record.fetch][0]:
                raise StoreError(f"the record {record.id} does not follow the newest one of its fetch {record.fetch}")
            if sha not in stored:
                columns = _body_columns(packer, record, body, newest.get(record.fetch))
                body_rows.append({"sha256": sha, "at": to_ms(record.at), **columns})
                stored.add(sha)
            rows.append(snapshot_row(record))
            self.chain[record.fetch] = (record.hash, record.id)
            newest[record.fetch] = sha
        _BODY.run(self.connection, body_rows)
        _RECORD.run(self.connection, rows)

    def _present(self, column: Any, wanted: Sequence[str]) -> Iterator[str]:
        for part in some(list(dict.fromkeys(wanted))):
            yield from self.connection.execute(select(column).where(column.in_(part))).scalars()

    def _newest_bodies(self, homes: Iterable[str]) -> dict[str, str]:
        """The body of each fetch's newest record."""
        ids = {record: fetch for fetch in homes if (record := self.chain[fetch][1])}
        found: dict[str, str] = {}
        for part in some(list(ids)):
            wanted = select(snapshots.c.id, snapshots.c.body_sha256).where(snapshots.c.id.in_(part))
            found |= {ids[row.id]: row.body_sha256 for row in self.connection.execute(wanted)}
        return found

    def _fetches(self) -> None:
        """Since an outcome was made, the fetch may have been disabled, or its failure told: neither is undone."""
        rows = []
        for each in self.outcomes:
            state = each.fetch
            rows.append(
                {
                    "at_id": state.id,
                    "polled": to_ms(each.poll.at),
                    "moment": to_ms(self.now),
                    "due": maybe_ms(state.next_poll_at),
                    "well": state.failures == 0,
                    "alarmed": maybe_ms(state.alarmed_at),
                    "record": each.snapshot.id if each.snapshot else None,
                    "link": self.chain[state.id][0],
                    **fetch_columns(state),
                }
            )
        _FETCH.run(self.connection, rows)

    def _hours(self) -> None:
        counted = Counter((to_ms(each.poll.at) // HOUR, each.poll.result) for each in self.outcomes)
        rows = [{"hour": hour, "result": result, "polls": count} for (hour, result), count in sorted(counted.items())]
        self.connection.execute(upsert(self.connection, hours, ("hour", "result"), add=("polls",)), rows)

    def _sources(self) -> None:
        """A source that has moved to another fetch meanwhile keeps the state of its new one."""
        rows = []
        for outcome in self.outcomes:
            for part in outcome.sources:
                name = self.names[part.source]
                if part.observation and self.homes[name] == outcome.fetch.id:
                    state = part.observation.state
                    rows.append({"at_name": name, "told": state.started_alert, **source_columns(state)})
        _SOURCE.run(self.connection, rows)

    def _documents(self, seen: Sequence[tuple[str, Observation, Outcome]]) -> None:
        wanted = [each.document for _, observation, _ in seen for each in observation.revisions]
        before = _newest_revisions(self.connection, wanted)
        rows = [document_row(name, each) for name, observation, _ in seen for each in observation.documents]
        self._insert(documents, rows, ("id",), [name for name in rows[0] if name != "id"] if rows else ())
        self._revisions([revision for _, observation, _ in seen for revision in observation.revisions], before)
        refs = [entry_row(name, each) for name, observation, _ in seen for each in observation.entries]
        self._insert(
            entries, refs, ("source", "key"), [n for n in refs[0] if n not in {"source", "key"}] if refs else ()
        )

    def _revisions(self, new: Sequence[Revision], before: dict[str, str]) -> None:
        packer = chains.Packer(self.connection, revisions)
        packer.prepare(before.values())
        rows = []
        for revision in new:
            rows.append(
                {
                    "id": revision.id,
                    "document": revision.document,
                    "number": revision.number,
                    "sha256": revision.sha256,
                    "fetched_at": to_ms(revision.fetched_at),
                    "snapshot": revision.snapshot,
                    **packer.pack(revision.id, dump(revision), before.get(revision.document)),
                }
            )
            before[revision.document] = revision.id
        self._insert(revisions, rows, ("id",))

    def _changes(self, seen: Sequence[tuple[str, Observation, Outcome]]) -> None:
        """A change that was held until it was seen again comes under its old id, announced or for another reason. Once
        announced, its row is of that time; its own `times.committed` stays the first."""
        first = self._held([change.id for _, observation, _ in seen for change in observation.changes])
        rows, told = [], []
        for name, observation, outcome in seen:
            for change in observation.changes:
                now = self.now if change.announced else first.get(change.id, self.now)
                rows.append(change_row(name, change, outcome.poll.id, now, first.get(change.id)))
                told += [{"story": story, "change": change.id} for story in dict.fromkeys(change.stories)]
        _put_changes(self.connection, rows, told)

    def _held(self, wanted: Sequence[str]) -> dict[str, datetime]:
        """When those of these changes that are held were first stored."""
        found: dict[str, datetime] = {}
        for part in some(list(dict.fromkeys(wanted))):
            held = select(changes.c.id, changes.c.committed).where(
                changes.c.id.in_(part), changes.c.announced.is_(False)
            )
            found |= {row.id: from_ms(row.committed) for row in self.connection.execute(held)}
        return found


def _put_changes(connection: Connection, rows: Sequence[dict[str, Any]], told: Sequence[dict[str, Any]]) -> None:
    """Write changes and the stories that they belong to; one that is held is replaced, one that was announced stays."""
    if rows:
        taken = ("announced", "reason", "severity", "silent", "committed", "data")
        held = upsert(connection, changes, ("id",), taken, where=lambda _: changes.c.announced.is_(False))
        connection.execute(held, rows)
    if told:
        connection.execute(upsert(connection, change_stories, ("story", "change")), told)


def decide(connection: Connection, verdicts: Sequence[Verdict], alerts: Sequence[Alert], now: datetime) -> None:
    """Write what became of entries that waited, with the alerts of those that are announced; a change that somebody
    else has announced meanwhile stays as it is, and its alerts, which bear the same ids, too."""
    verdicts, alerts = pairs.decided(connection, verdicts, alerts)
    wanted = select(changes.c.id, changes.c.source, changes.c.poll, changes.c.committed)
    stored = {
        row.id: row for row in connection.execute(wanted.where(changes.c.id.in_([v.change.id for v in verdicts])))
    }
    rows, told = [], []
    for verdict in verdicts:
        change, row = verdict.change, stored[verdict.change.id]
        at = now if change.announced else from_ms(row.committed)
        rows.append(change_row(row.source, change, row.poll, at, change.times.committed))
        told += [{"story": story, "change": change.id} for story in dict.fromkeys(change.stories)]
    _put_changes(connection, rows, told)
    following.settled(connection, verdicts)
    outbox.add(connection, alerts, now)


def _bodies(outcome: Outcome) -> list[tuple[Snapshot, bytes | PackedBody | None]]:
    """All bodies of an outcome with their records, in the order of the chain: the first page is its newest."""
    if outcome.snapshot is None:
        return []
    return [*outcome.pages, (outcome.snapshot, outcome.packed or outcome.body)]


def _body_columns(
    packer: chains.Packer, record: Snapshot, body: bytes | PackedBody | None, before: str | None
) -> dict[str, Any]:
    """Pack a body against the one before it; one that was too large for memory comes packed, by whoever digested it."""
    if isinstance(body, PackedBody):
        return {"base": None, "depth": 0, "codec": "zstd", "size": body.size, "data": body.data}
    if body is None or hashlib.sha256(body).hexdigest() != record.body_sha256:
        raise StoreError(f"the record {record.id} came without the body that it names")
    return packer.pack(record.body_sha256, body, before)


def keep_changes(connection: Connection, source: str, given: Sequence[Change], poll: str, now: datetime) -> None:
    """Write changes that nobody is told of, by themselves; those that are there stay as they are."""
    rows = [change_row(source, change, poll, now) for change in given]
    if rows:
        connection.execute(upsert(connection, changes, ("id",)), rows)


def _source_names(connection: Connection, outcomes: Sequence[Outcome]) -> tuple[dict[str, str], dict[str, str]]:
    """The names as they are now, by the names that the outcomes give; and the fetch of each."""
    given = {part.source for each in outcomes for part in each.sources}
    if not given:
        return {}, {}
    found = connection.execute(select(sources.c.name, sources.c.fetch).where(sources.c.name.in_(given))).all()
    homes: dict[str, str] = {row.name: row.fetch for row in found}
    names = {name: name for name in homes}
    if missing := given - set(homes):
        old = select(aliases.c.name, aliases.c.source, sources.c.fetch).join(sources)
        for row in connection.execute(old.where(aliases.c.name.in_(missing))):
            names[row.name], homes[row.source] = row.source, row.fetch
    if missing := given - set(names):
        raise StoreError(f"the source {min(missing)} is not known: the configuration was not taken over yet")
    return names, homes


def _newest_revisions(connection: Connection, ids: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in some(sorted(set(ids))):
        wanted = select(documents.c.id, documents.c.revision_id).where(documents.c.id.in_(part))
        found |= {row.id: row.revision_id for row in connection.execute(wanted)}
    return found


def document_row(source: str, document: Document) -> dict[str, Any]:
    notes = [*document.page.updates, *(known.note for known in document.ledger)]
    numbers = [number for note in notes for number in (note.sequence, note.last_sequence) if number is not None]
    return {
        "id": document.id,
        "source": source,
        "kind": document.kind,
        "key": clean(document.key),
        "url": clean(document.url),
        "title": clean(document.title),
        "revision": document.revision,
        "revision_id": document.revision_id,
        "updates": min(max(numbers), 2**31 - 1) if numbers else None,
        "fetched_at": to_ms(document.fetched_at),
        "data": pack_value(document),
    }


def change_row(source: str, change: Change, poll: str, now: datetime, first: datetime | None = None) -> dict[str, Any]:
    """The row of a change that is stored `now`; `first` is when it was stored as held, if it was."""
    times = replace(change.times, committed=first or now)
    sequence = change.update.sequence if change.update else None
    return {
        "id": change.id,
        "source": source,
        "poll": poll,
        "event": change.event,
        "severity": change.severity,
        "silent": change.silent,
        "announced": change.announced,
        "reason": change.reason,
        "document": change.document.id,
        "title": clean(change.document.title),
        "url": clean(change.document.url),
        "revision": change.revision.id,
        "number": change.revision.number,
        "sequence": None if sequence is None else min(sequence, 2**31 - 1),
        "published": maybe_ms(times.published),
        "published_date_only": times.published_date_only,
        "fetched": maybe_ms(times.fetched),
        "committed": to_ms(now),
        "data": pack_value(replace(change, times=times)),
    }
