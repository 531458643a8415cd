"""One thread that writes, and group commit: outcomes that come close together share one transaction."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from watcher.model import Outcome
from watcher.store.store import Store

T = TypeVar("T")


class Writer:
    def __init__(
        self, store: Store, clock: Callable[[], datetime], *, window: float = 0.1, most: int = 200
    ) -> None: ...

    async def commit(self, outcome: Outcome) -> None:
        """Return when the outcome is committed. Raises StoreError; StoreFull when there is no room."""

    async def run(self, work: Callable[[Store], T]) -> T:
        """Do any other write in the writer's thread, in its turn."""
        raise NotImplementedError

    def last_beat(self) -> float:
        """`time.monotonic()` of the last moment the writer's thread answered; it is asked every second when idle."""
        raise NotImplementedError

    async def close(self) -> None: ...
