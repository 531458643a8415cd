"""The writer, as a thread of readers reaches it: what is written ahead of a poll's outcome, piece by piece.

Each call is one small transaction in the writer's turn, so that other polls commit between two of them.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from watcher.errors import StoreError
from watcher.model import Change, RecordRow
from watcher.store import Store, Writer

T = TypeVar("T")

_LOOK = 1.0  # seconds after which a thread that waits asks whether the loop still runs


class Ahead:
    """For one poll: `poll` is its id, `clock` the time of writing. Raises StoreError when the loop has ended."""

    def __init__(
        self, writer: Writer, loop: asyncio.AbstractEventLoop, clock: Callable[[], datetime], poll: str
    ) -> None:
        self._writer, self._loop, self._clock, self._poll = writer, loop, clock, poll

    def begin(self, source: str) -> int:
        return self._do(lambda store: store.begin_list(source, self._clock()))

    def add(self, number: int, rows: Sequence[RecordRow]) -> None:
        self._do(lambda store: store.add_records(number, rows))

    def sweep(self, source: str) -> bool:
        return self._do(lambda store: store.sweep_lists(source))

    def keep(self, source: str, changes: Sequence[Change]) -> None:
        self._do(lambda store: store.keep_changes(source, changes, self._poll, self._clock()))

    def _do(self, work: Callable[[Store], T]) -> T:
        coroutine = self._writer.run(work)
        try:
            waiting = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        except RuntimeError as error:
            coroutine.close()
            raise StoreError("Watcher is being ended: nothing more is written") from error
        while True:
            try:
                return waiting.result(_LOOK)
            except TimeoutError:
                if waiting.done():
                    raise
                if self._loop.is_closed():
                    raise StoreError("Watcher is being ended: nothing more is written") from None
            except asyncio.CancelledError as error:
                raise StoreError("Watcher is being ended: nothing more is written") from error
