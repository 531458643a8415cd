"""What one look at a dataset is given: the records known, the source, the answer; and how to write ahead."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from watcher.core import compare, listed
from watcher.core.dataset import Indexed
from watcher.errors import StoreError
from watcher.model import Change, Document, Fetched, FetchState, RecordRow, Source, SourceState


class KnownRecords(Protocol):
    """What a comparison needs of the store; `replay` has one in memory."""

    def record_index(self, source: str) -> Iterator[Indexed]: ...
    def record_gone(self, source: str) -> Sequence[int]: ...
    def record_rows(self, numbers: Sequence[int]) -> Mapping[int, RecordRow]: ...
    def list_document(self, source: str) -> Document | None: ...
    def body_to(self, sha256: str, file: BinaryIO) -> bool: ...


class Ahead(Protocol):
    """The writer, for lists that are written ahead and floods of changes; each call is one small transaction."""

    def begin(self, source: str) -> int: ...
    def add(self, number: int, rows: Sequence[RecordRow]) -> None: ...
    def sweep(self, source: str) -> bool: ...
    def keep(self, source: str, changes: Sequence[Change]) -> None: ...


@dataclass(slots=True)
class Visit:
    """All that one look is given."""

    known: KnownRecords
    source: Source
    state: SourceState
    answer: Fetched
    look: compare.Look
    rules: str
    fetch: FetchState | None = None
    ahead: Ahead | None = None  # None: nothing will be written
    stop: Callable[[], bool] = lambda: False

    @property
    def fresh(self) -> bool:
        return self.state.baseline_at is None or self.state.rules == self.rules

    @property
    def window(self) -> bool:
        """Whether the list shows the newest only: a record that is not there has scrolled out."""
        return listed.is_window(self.source, "dataset")

    def go_on(self) -> None:
        """Raise StoreError when everything is being ended."""
        if self.stop():
            raise StoreError("Watcher is being ended: the comparison was given up")
