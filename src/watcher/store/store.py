"""The store: everything that Watcher knows, behind one class. Rows never leave it.

Each writing method is one transaction, kept whole or not at all; `prune` is several small ones. Reading methods may
be called from any thread, beside a writer. Times are aware UTC; every failure is a StoreError in words.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import bindparam

from watcher.core.dataset import Indexed
from watcher.core.follow import Verdict, Waiting
from watcher.model import (
    Alert,
    Change,
    Delivery,
    Document,
    Due,
    EntryRef,
    Job,
    Outcome,
    Plan,
    Poll,
    RecordRow,
    Revision,
    Snapshot,
)
from watcher.store import bodies, chain, following, known, opening, outbox, queries, records, retention, wind
from watcher.store.codec import to_ms
from watcher.store.commit import commit, decide, keep_changes
from watcher.store.configs import keep_config
from watcher.store.engine import Database
from watcher.store.pairs import Books
from watcher.store.sync import sync
from watcher.store.tables import bodies as bodies_table
from watcher.store.tables import fetches, sources
from watcher.store.values import (
    ChannelState,
    FollowedRow,
    Pruned,
    SourceRow,
    StartedSource,
    StoredChange,
    Synced,
    Totals,
)

STEP = 200  # bodies or fetches that one transaction of `prune` deals with


class Store:
    """One database, from `Store.open`. `dialect` is `sqlite` or `postgresql`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.url = database.url.render_as_string(hide_password=True)
        self.dialect = database.dialect
        self.pairs = Books(database)  # what sources say together

    @classmethod
    def open(
        cls, url: str, *, create: bool = False, migrate: bool = False, progress: Callable[[str], None] | None = None
    ) -> "Store":
        """Open the database at `sqlite:///path`, `sqlite://` (in memory) or `postgresql+psycopg://…`.

        `create`: make it if it is not there. `migrate`: bring an older schema up to date, after a backup beside it
        (SQLite); take the lock first. `progress` is told of both in words. Raises StoreError when it is missing, or
        its schema is older (without `migrate`) or newer than this program.
        """
        return cls(opening.open_database(url, create=create, migrate=migrate, progress=progress))

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    # --- the writer's side -------------------------------------------------------------------------------------------

    def keep_config(self, *, digest: str, text: str, now: datetime) -> str:
        """Keep an accepted configuration (secrets masked by the caller) with its difference to the one before; returns
        its id. One with the digest of the newest is the newest."""
        with self._database.write() as connection:
            return keep_config(connection, digest, text, now)

    def sync(self, plans: Sequence[Plan], now: datetime) -> Synced:
        """Take a configuration's sources over: new ones are due at once, missing ones are disabled with their history
        kept, `was` carries history to a new name, another address or kind starts a new baseline."""
        with self._database.write() as connection:
            return sync(connection, plans, now)

    def commit(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        """Keep the outcomes of polls; `now` becomes their changes' `times.committed`, in their alerts too. What is
        already there is passed over; a change that was held comes again under its id, announced. Raises StoreFull."""
        with self._database.write() as connection:
            commit(connection, outcomes, now)

    def begin_list(self, source: str, now: datetime) -> int:
        """Begin a list of records that counts only when a poll's outcome names it; returns its number."""
        with self._database.write() as connection:
            return records.begin(connection, source, now)

    def add_records(self, number: int, rows: Sequence[RecordRow]) -> None:
        """Write records of a list that was begun."""
        with self._database.write() as connection:
            records.add(connection, number, rows)

    def sweep_lists(self, source: str | None = None, before: datetime | None = None) -> bool:
        """Take away a piece of the lists that do not count, of a source or begun before a time: was there one?"""
        with self._database.write() as connection:
            return records.sweep(connection, source, before)

    def keep_changes(self, source: str, changes: Sequence[Change], poll: str, now: datetime) -> None:
        """Write changes that are not announced (a flood) ahead of their poll; those that are there stay."""
        with self._database.write() as connection:
            keep_changes(connection, source, changes, poll, now)

    def decide(self, verdicts: Sequence[Verdict], alerts: Sequence[Alert], now: datetime) -> None:
        """Write what became of entries that waited for followed pages, and their alerts."""
        with self._database.write() as connection:
            decide(connection, verdicts, alerts, now)

    def end_followed(self, names: Sequence[str], now: datetime, *, for_good: bool, alerts: Sequence[Alert] = ()) -> int:
        """Stop following these pages, and write the alerts that tell it; with `for_good` only a new entry brings them
        back. Returns how many were followed."""
        with self._database.write() as connection:
            outbox.add(connection, alerts, now)
            return following.end(connection, names, now, for_good=for_good)

    def reschedule(self, fetches_at: Sequence[tuple[str, datetime]]) -> None:
        """Set when fetches are due next; disabled ones stay asleep."""
        if not fetches_at:
            return
        statement = fetches.update().where(fetches.c.id == bindparam("at_id"), fetches.c.enabled)
        with self._database.write() as connection:
            connection.execute(
                statement.values(next_poll_at=bindparam("due")),
                [{"at_id": fetch, "due": to_ms(at)} for fetch, at in fetches_at],
            )

    def wind_back(self, now: datetime, far: Sequence[str]) -> int:
        """Make due now what was planned by a clock that ran ahead, and the fetches `far`; returns how many."""
        with self._database.write() as connection:
            return wind.wind_back(connection, now, far)

    def add_alerts(
        self, alerts: Sequence[Alert], now: datetime, *, started: Sequence[str] = (), alarmed: Sequence[str] = ()
    ) -> None:
        """Write alerts of health; in the same transaction, note the sources (by name) whose start and the fetches (by
        id) whose failure they tell."""
        with self._database.write() as connection:
            outbox.add(connection, alerts, now)
            told = sources.update().where(sources.c.name == bindparam("at_name")).values(started=True)
            if started:
                connection.execute(told, [{"at_name": name} for name in started])
            if alarmed:
                noted = fetches.update().where(fetches.c.id == bindparam("at_id")).values(alarmed_at=to_ms(now))
                connection.execute(noted, [{"at_id": fetch} for fetch in alarmed])

    def mark(self, deliveries: Sequence[Delivery]) -> None:
        """Write down what became of deliveries."""
        with self._database.write() as connection:
            outbox.mark(connection, deliveries)

    def retry(self, alerts: Sequence[str] | None, now: datetime) -> int:
        """Send dead letters again, marked late: those of these alerts, or all; returns how many. A named alert that is
        still pending is tried at once."""
        with self._database.write() as connection:
            return outbox.retry(connection, alerts, now)

    def mute(self, source: str, until: datetime | None, now: datetime) -> None:
        """Keep a source quiet until a time; None lifts it. Raises StoreError when there is no such source."""
        with self._database.write() as connection:
            outbox.mute(connection, source, until, now)

    def disable_channel(self, name: str, now: datetime, reason: str) -> None:
        """Switch a channel off: what waits for it, and what comes, become dead letters."""
        with self._database.write() as connection:
            outbox.disable(connection, name, now, reason)

    def enable_channel(self, name: str, now: datetime) -> int:
        """Switch a channel on; its dead letters of seven days go out marked late. Returns how many."""
        with self._database.write() as connection:
            return outbox.enable(connection, name, now)

    def note_gone(self, name: str, now: datetime) -> None:
        """Note that a channel's receiver said it no longer exists; the first time counts, a success takes it back."""
        with self._database.write() as connection:
            outbox.note_gone(connection, name, now)

    def prune(self, *, snapshots: timedelta, polls: timedelta, now: datetime, most: int | None = None) -> Pruned:
        """Take away bodies older than `snapshots` that brought no revision and are not a fetch's newest; turn polls
        older than `polls` into daily sums. Records of the chain stay. `most` bounds the transactions (each deals with
        200 bodies or fetches); `Pruned.more` then says that there is more to do."""
        done, left = Pruned(), most
        self.sweep_lists(before=now - timedelta(days=1))  # what a poll that was killed had begun
        for step, older in ((retention.prune_bodies, snapshots), (retention.prune_polls, polls)):
            while left is None or left > 0:
                with self._database.write() as connection:
                    part = step(connection, older, now, STEP)
                left = None if left is None else left - 1
                done = Pruned(done.bodies + part.bodies, done.bytes + part.bytes, done.polls + part.polls)
                if not part.more:
                    break
            else:
                return Pruned(done.bodies, done.bytes, done.polls, more=True)
        self._database.tidy()
        return done

    def backup(self, path: Path) -> None:
        """Write a whole, consistent copy to a file that is not there yet (SQLite). Raises StoreError."""
        opening.backup(self._database, path)

    # --- the pipeline's reading side ---------------------------------------------------------------------------------

    def mutes(self, now: datetime) -> dict[str, datetime]:
        """The sources that are muted now, each with the time when that ends."""
        with self._database.read() as connection:
            return outbox.muted(connection, now)

    def channel_states(self) -> dict[str, ChannelState]:
        """Every channel that something is known of, by name."""
        with self._database.read() as connection:
            return outbox.states(connection)

    def due(self, now: datetime, limit: int = 20_000) -> tuple[Due, ...]:
        """The fetches whose time has come, longest overdue first."""
        with self._database.read() as connection:
            return known.due(connection, now, limit)

    def ahead(self, after: datetime) -> tuple[Due, ...]:
        """The fetches that are due later than a time, the soonest first."""
        with self._database.read() as connection:
            return wind.ahead(connection, after)

    def next_due(self) -> datetime | None:
        """When the next fetch is due, past or future; None when there is none."""
        with self._database.read() as connection:
            return known.next_due(connection)

    def jobs(self, fetches: Sequence[str]) -> tuple[Job, ...]:
        """What is known of these fetches and their enabled sources, in the order asked; those without any left out."""
        with self._database.read() as connection:
            return known.jobs(connection, fetches)

    def entry_refs(self, source: str) -> tuple[EntryRef, ...]:
        """The entries of a source that were ever seen, by key."""
        with self._database.read() as connection:
            return known.entry_refs(connection, source)

    def documents(self, ids: Sequence[str]) -> dict[str, Document]:
        """Documents by id, each with its newest revision; unknown ids are left out."""
        with self._database.read() as connection:
            return known.documents_by_id(connection, ids)

    def page(self, source: str) -> Document | None:
        """The source's page document: asked by source, since an id that was made from a name outlives the name."""
        with self._database.read() as connection:
            return known.page(connection, source)

    def body(self, sha256: str) -> bytes | None:
        """A stored body; None when it was never stored, or retention took it. Raises StoreError when it is damaged."""
        with self._database.read() as connection:
            return bodies.read(connection, bodies_table, sha256)

    def body_to(self, sha256: str, file: BinaryIO) -> bool:
        """Write a stored body to a file, piece by piece; False when it is not there. Raises StoreError."""
        with self._database.read() as connection:
            return bodies.copy(connection, bodies_table, sha256, file)

    def record_index(self, source: str) -> Iterator[Indexed]:
        """The records of a dataset, by key."""
        return records.index(self._database, source)

    def record_gone(self, source: str) -> list[int]:
        """The records of a dataset that the last look did not find, by number."""
        with self._database.read() as connection:
            return records.gone(connection, source)

    def record_rows(self, numbers: Sequence[int]) -> dict[int, RecordRow]:
        """Records of a dataset by number."""
        with self._database.read() as connection:
            return records.rows(connection, numbers)

    def list_document(self, source: str) -> Document | None:
        """The document of a dataset, with its newest revision."""
        with self._database.read() as connection:
            return known.list_document(connection, source)

    def followed(self, parent: str | None = None) -> tuple[FollowedRow, ...]:
        """The followed pages that nobody ended, of one source or of all; oldest first by source."""
        with self._database.read() as connection:
            return following.listed(connection, parent)

    def followed_over(
        self, begun: dict[str, datetime], most: int
    ) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
        """The followed pages whose time is over (begun before their parent's time in `begun`), and by parent those
        beyond `most`, the ones that last showed life the longest ago."""
        with self._database.read() as connection:
            return following.over(connection, begun, most)

    def waiting(self, names: Sequence[str] | None = None, before: datetime | None = None) -> tuple[Waiting, ...]:
        """The entries that wait for these followed pages, those that have waited since before a time, or all."""
        with self._database.read() as connection:
            return following.waiting(connection, names, before)

    def is_pending(self, now: datetime) -> bool:
        """Whether any delivery is due; cheap, for whoever asks all the time."""
        with self._database.read() as connection:
            return outbox.is_pending(connection, now)

    def pending(self, now: datetime, limit: int = 200, *, skip: Collection[str] = ()) -> tuple[Delivery, ...]:
        """The deliveries that are due on channels not in `skip`, oldest first; when there are more than `limit`, each
        channel's oldest come before any channel's later ones."""
        with self._database.read() as connection:
            return outbox.pending(connection, now, limit, skip)

    def unpolled(self) -> bool:
        """Whether an enabled source that nobody was told of yet was never polled."""
        with self._database.read() as connection:
            return known.unpolled(connection)

    def unstarted(self) -> tuple[StartedSource, ...]:
        """Enabled sources whose start nobody was told of yet."""
        with self._database.read() as connection:
            return known.unstarted(connection)

    # --- for people --------------------------------------------------------------------------------------------------

    def totals(self, now: datetime) -> Totals:
        """The store in numbers."""
        with self._database.read() as connection:
            return queries.totals(connection, now)

    def unwell(self, now: datetime, limit: int = 50) -> tuple[SourceRow, ...]:
        """Enabled sources that fail or are overdue, the longest first."""
        with self._database.read() as connection:
            return queries.unwell(connection, now, limit)

    def source_rows(self, names: Sequence[str] | None = None) -> tuple[SourceRow, ...]:
        """The enabled sources; or those named (by today's or an earlier name), enabled or not."""
        with self._database.read() as connection:
            return queries.source_rows(connection, names)

    def changes(
        self,
        *,
        since: datetime | None = None,
        source: str | None = None,
        story: str | None = None,
        event: str | None = None,
        held: bool | None = None,
        after: str | None = None,
        limit: int = 500,
    ) -> tuple[StoredChange, ...]:
        """The timeline, newest last: the newest `limit`, or the first `limit` after the change with the id `after`.
        `event` may be the part before the dot; `held` chooses what was (not) announced."""
        with self._database.read() as connection:
            return queries.timeline(
                connection,
                since=since,
                source=source,
                story=story,
                event=event,
                held=held,
                after=after,
                limit=limit,
            )

    def change(self, id_: str) -> StoredChange | None:
        """One change by its id."""
        with self._database.read() as connection:
            return queries.change(connection, id_)

    def revisions(self, document: str) -> tuple[Revision, ...]:
        """Every stored state of a document, oldest first."""
        with self._database.read() as connection:
            return queries.revisions_of(connection, document)

    def find_document(self, name: str, limit: int = 1000) -> tuple[Document, ...]:
        """The document with this id, or those of the source with this name: its page first, then the newest."""
        with self._database.read() as connection:
            return queries.find_documents(connection, name, limit)

    def deliveries(
        self, *, state: str | None = None, channel: str | None = None, limit: int = 200
    ) -> tuple[Delivery, ...]:
        """The newest deliveries, newest last."""
        with self._database.read() as connection:
            return outbox.listed(connection, state, channel, limit)

    def delivery(self, alert: str) -> Delivery | None:
        """One alert's delivery."""
        with self._database.read() as connection:
            return outbox.alert(connection, alert)

    def snapshots(self, fetch: str, limit: int = 100) -> tuple[Snapshot, ...]:
        """The newest records of a fetch's chain, newest last."""
        with self._database.read() as connection:
            return queries.snapshots_of(connection, fetch, limit)

    def polls(
        self, *, fetch: str | None = None, source: str | None = None, since: datetime | None = None, limit: int = 200
    ) -> tuple[Poll, ...]:
        """The newest polls of a fetch, of a source's fetch, or (reading every one there is) of all; newest last."""
        with self._database.read() as connection:
            return queries.polls_of(connection, fetch=fetch, source=source, since=since, limit=limit)

    def verify(self) -> Iterator[str]:
        """Walk every chain, body and revision; yields each problem as a sentence, nothing when all is sound."""
        with self._database.read() as connection:
            yield from chain.verify(connection)
