"""What a comparison brings, gathered difference by difference: changes to tell, changes to store, records to write.

Bounded whatever comes: what does not fit the transaction of its poll is written ahead.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from watcher.core import rules
from watcher.datasets.visit import Visit
from watcher.model import Change, RecordRow, RecordsKept

TOLD = 1_000  # changes of one poll that are announced
KEPT = 20_000  # changes of one poll that are stored one by one; the list and its body hold them all
AT_ONCE = 10_000  # records that are written in the transaction of their poll
STEP = 5_000  # records that are written ahead in one transaction


@dataclass(slots=True)
class Found:
    """What a comparison brings, gathered difference by difference."""

    changes: list[Change] = field(default_factory=list)
    spare: list[Change] = field(default_factory=list)  # beyond what is told, on their way to the store
    told: int = 0
    flood: int = 0
    stored: int = 0
    unconfirmed: int = 0
    writing: "Writing | None" = None  # a whole new list, where so much differs
    added: list[RecordRow] = field(default_factory=list)
    changed: list[tuple[int, RecordRow]] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)

    def put(self, row: RecordRow, at: int | None = None) -> None:
        """Write a record down: a new one, or the one at a number."""
        if self.writing is not None:
            self.writing.carry(row)
        elif at is None:
            self.added.append(row)
        else:
            self.changed.append((at, row))

    def drop(self, at: int) -> None:
        if self.writing is None:
            self.dropped.append(at)


class Writing:
    """A whole new list: the records of the new file, and those that it lacks but that are not told as removed yet."""

    def __init__(self, visit: Visit, count: int) -> None:
        self._visit, self._short = visit, count <= AT_ONCE
        self._number: int | None = None
        self._rows: list[RecordRow] = []

    def carry(self, row: RecordRow) -> None:
        """Keep a record that the new file lacks; those that it has come by themselves."""
        if row.gone is not None:
            self.add(row)

    def add(self, row: RecordRow) -> None:
        self._rows.append(row)
        if len(self._rows) >= STEP and not (self._short and len(self._rows) < 2 * AT_ONCE):
            self._flush()

    def _flush(self) -> None:
        self._visit.go_on()
        ahead, name = self._visit.ahead, self._visit.source.name
        if ahead is not None:
            if self._number is None:
                while ahead.sweep(name):
                    self._visit.go_on()
                self._number = ahead.begin(name)
            ahead.add(self._number, self._rows)
        self._rows = []

    def finish(self, rows: Iterable[RecordRow]) -> RecordsKept:
        for row in rows:
            self.add(row)
        if self._short and self._number is None:
            return RecordsKept(added=tuple(self._rows), anew=True)
        self._flush()
        return RecordsKept(list=self._number) if self._number is not None else RecordsKept()


def take(visit: Visit, found: Found, change: Change) -> None:
    """Take a change in: to be told, while there is room for those that the source's rules let through; else stored."""
    wanted = rules.wanted(visit.source, change)
    if found.told < TOLD and (wanted or len(found.changes) < 2 * TOLD):
        found.told += change.announced and wanted
        found.changes.append(change)
        return
    if change.announced and wanted:
        found.flood += 1
    reason = "flood" if wanted and change.announced else change.reason or "rule"
    if found.stored < KEPT:
        found.stored += 1
        found.spare.append(replace(change, announced=False, reason=reason))
    spare(visit, found)


def spare(visit: Visit, found: Found, *, last: bool = False) -> None:
    """Hand what is beyond to the store, some at a time."""
    if found.spare and (last or len(found.spare) >= TOLD):
        if visit.ahead is not None:
            visit.ahead.keep(visit.source.name, found.spare)
        found.spare = []
