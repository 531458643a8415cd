"""One transaction that keeps the outcomes of polls: each whole or not at all.

An outcome whose poll is already there is passed over, so that trying again is harmless. A record that does not follow
the newest one of its fetch is refused: the same fetch was polled twice at once.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, and_, bindparam, case, func, or_, select

from watcher.errors import StoreError
from watcher.model import Change, Document, Observation, Outcome, Revision, Snapshot
from watcher.store import bodies as chains
from watcher.store import outbox
from watcher.store.codec import clean, dump, maybe_ms, pack_value, to_ms
from watcher.store.rows import entry_row, fetch_columns, poll_row, snapshot_row, source_columns, upsert
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
_FETCH = (
    fetches.update()
    .where(fetches.c.id == bindparam("at_id"))
    .values(
        {name: bindparam(name) for name in _FETCH_COLUMNS},
    )
    .values(
        last_poll_at=case(
            (fetches.c.last_poll_at > bindparam("polled", type_=fetches.c.last_poll_at.type), fetches.c.last_poll_at),
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
_POLL = polls.insert()


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
        for outcome in self.outcomes:
            if outcome.snapshot:
                self._snapshot(outcome.snapshot, outcome.body)
        self._fetches()
        self.connection.execute(_POLL, [poll_row(each.poll) for each in self.outcomes])
        self._hours()
        self._sources()
        seen = [
            (self.names[part.source], part.observation, outcome)
            for outcome in self.outcomes
            for part in outcome.sources
            if part.observation
        ]
        self._documents(seen)
        self._changes(seen)
        outbox.add(self.connection, [alert for each in self.outcomes for alert in each.alerts], self.now)

    def _insert(
        self, table: Table, rows: Sequence[dict[str, Any]], key: Sequence[str] = (), update: Sequence[str] = ()
    ) -> None:
        if rows:
            statement = upsert(self.connection, table, key, update) if key else table.insert()
            self.connection.execute(statement, rows)

    def _snapshot(self, snapshot: Snapshot, body: bytes | None) -> None:
        sha = snapshot.body_sha256
        if self.connection.execute(select(snapshots.c.seq).where(snapshots.c.id == snapshot.id)).first():
            return
        newest, before = self.chain[snapshot.fetch]
        if snapshot.previous != newest:
            raise StoreError(f"the record {snapshot.id} does not follow the newest one of its fetch {snapshot.fetch}")
        if not self.connection.execute(select(bodies.c.size).where(bodies.c.sha256 == sha)).first():
            if body is None or hashlib.sha256(body).hexdigest() != sha:
                raise StoreError(f"the record {snapshot.id} came without the body that it names")
            last = select(snapshots.c.body_sha256).where(snapshots.c.id == before)
            base = self.connection.execute(last).scalar_one_or_none() if before else None
            packed = chains.write(self.connection, bodies, body, base)
            self.connection.execute(bodies.insert().values(sha256=sha, at=to_ms(snapshot.at), **packed))
        self.connection.execute(snapshots.insert().values(snapshot_row(snapshot)))
        self.chain[snapshot.fetch] = (snapshot.hash, snapshot.id)

    def _fetches(self) -> None:
        """Since an outcome was made, the fetch may have been disabled, or its failure told: neither is undone."""
        rows = []
        for each in self.outcomes:
            state = each.fetch
            rows.append(
                {
                    "at_id": state.id,
                    "polled": to_ms(each.poll.at),
                    "due": maybe_ms(state.next_poll_at),
                    "well": state.failures == 0,
                    "alarmed": maybe_ms(state.alarmed_at),
                    "record": each.snapshot.id if each.snapshot else None,
                    "link": self.chain[state.id][0],
                    **fetch_columns(state),
                }
            )
        self.connection.execute(_FETCH, rows)

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
        if not rows:
            return
        values: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name not in {"at_name", "told"}}
        told = or_(sources.c.started, bindparam("told"))
        statement = sources.update().where(sources.c.name == bindparam("at_name")).values(started=told, **values)
        self.connection.execute(statement, rows)

    def _documents(self, seen: Sequence[tuple[str, Observation, Outcome]]) -> None:
        wanted = [each.document for _, observation, _ in seen for each in observation.revisions]
        before = _newest_revisions(self.connection, wanted)
        rows = [document_row(name, each) for name, observation, _ in seen for each in observation.documents]
        self._insert(documents, rows, ("id",), [name for name in rows[0] if name != "id"] if rows else ())
        for _, observation, _ in seen:
            for revision in observation.revisions:
                self._revision(revision, before)
        refs = [entry_row(name, each) for name, observation, _ in seen for each in observation.entries]
        self._insert(
            entries, refs, ("source", "key"), [n for n in refs[0] if n not in {"source", "key"}] if refs else ()
        )

    def _revision(self, revision: Revision, before: dict[str, str]) -> None:
        packed = chains.write(self.connection, revisions, dump(revision), before.get(revision.document))
        row = {
            "id": revision.id,
            "document": revision.document,
            "number": revision.number,
            "sha256": revision.sha256,
            "fetched_at": to_ms(revision.fetched_at),
            "snapshot": revision.snapshot,
            **packed,
        }
        self._insert(revisions, [row], ("id",))
        before[revision.document] = revision.id

    def _changes(self, seen: Sequence[tuple[str, Observation, Outcome]]) -> None:
        """A change that was held until it was seen again comes under its old id, now announced."""
        rows, told = [], []
        for name, observation, outcome in seen:
            for change in observation.changes:
                rows.append(change_row(name, change, outcome.poll.id, self.now))
                told += [{"story": story, "change": change.id} for story in dict.fromkeys(change.stories)]
        if rows:
            taken = ("announced", "reason", "severity", "silent", "data")
            statement = upsert(
                self.connection,
                changes,
                ("id",),
                taken,
                where=lambda excluded: and_(excluded.announced, changes.c.announced.is_(False)),
            )
            self.connection.execute(statement, rows)
        self._insert(change_stories, told, ("story", "change"))


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
    wanted = sorted(set(ids))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), 500):
        some = select(documents.c.id, documents.c.revision_id).where(documents.c.id.in_(wanted[start : start + 500]))
        found |= {row.id: row.revision_id for row in connection.execute(some)}
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


def change_row(source: str, change: Change, poll: str, now: datetime) -> dict[str, Any]:
    times = replace(change.times, committed=now)
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
