"""One thread that writes, and group commit: outcomes that come close together share one transaction.

A commit that nothing follows goes at once. When a shared transaction fails, its outcomes are tried one by one, so
that a bad one fails alone. The writer belongs to the event loop in which it is first used.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from watcher.errors import StoreError
from watcher.model import Outcome
from watcher.store.store import Store

T = TypeVar("T")

LULL = 0.005  # seconds without a further outcome, after which waiting on gains nothing
IDLE = 1.0  # seconds after which the idle thread is asked whether it lives


@dataclass(slots=True)
class _Task:
    """An outcome to commit, or another write; and who waits for it."""

    done: "asyncio.Future[Any]"
    outcome: Outcome | None = None
    work: Callable[[Store], Any] | None = None


class Writer:
    """The only writer of a store.

    `clock` gives the time that is written as the time of the commit; `window` is the longest that an outcome waits
    for company, in seconds; `most` is the greatest number of outcomes in one transaction.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime], *, window: float = 0.1, most: int = 200) -> None:
        self._store = store
        self._clock = clock
        self._window = window
        self._most = most
        self._queue: asyncio.Queue[_Task | None] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self._loop: asyncio.Task[None] | None = None
        self._beat = 0.0
        self._closed = False

    async def commit(self, outcome: Outcome) -> None:
        """Return when the outcome is committed; a caller that is cancelled does not take it back. Raises StoreError,
        StoreFull when there is no room; then nothing of it was kept."""
        await self._put(_Task(asyncio.get_running_loop().create_future(), outcome=outcome))

    async def run(self, work: Callable[[Store], T]) -> T:
        """Do any other write in the writer's thread, in its turn; returns and raises what it does."""
        result: T = await self._put(_Task(asyncio.get_running_loop().create_future(), work=work))
        return result

    def last_beat(self) -> float:
        """When the writer's thread last answered, by `time.monotonic()`; 0 before its first use. Idle, it is asked
        every second."""
        return self._beat

    async def start(self) -> None:
        """Let it run (and beat) before the first commit; else it starts by itself."""
        if self._loop is None:
            self._beat = asyncio.get_running_loop().time()
            self._loop = asyncio.create_task(self._serve(), name="writer")

    async def close(self) -> None:
        """Finish what was handed in, then end. Later commits raise StoreError."""
        if not self._closed:
            self._closed = True
            self._queue.put_nowait(None)
        if self._loop:
            await self._loop
        self._thread.shutdown(wait=True)

    async def _put(self, task: _Task) -> Any:
        if self._closed:
            raise StoreError("the store is being closed: nothing more is written")
        await self.start()
        self._queue.put_nowait(task)
        return await task.done

    async def _serve(self) -> None:
        carried: _Task | None = None
        while True:
            task = carried or await self._next()
            carried = None
            if task is None:
                return
            if task.work:
                await self._do(task)
                continue
            batch, carried, ended = await self._gather(task)
            await self._commit(batch)
            if ended:
                return

    async def _next(self) -> _Task | None:
        while True:
            try:
                return await asyncio.wait_for(self._queue.get(), IDLE)
            except TimeoutError:
                await self._in_thread(lambda: None)

    async def _gather(self, first: _Task) -> tuple[list[_Task], _Task | None, bool]:
        """Outcomes that come within the window, until there is a lull; then what ended the batch, if anything did."""
        batch, until = [first], asyncio.get_running_loop().time() + self._window
        while len(batch) < self._most:
            try:
                task = self._queue.get_nowait()
            except asyncio.QueueEmpty:
                left = min(LULL, until - asyncio.get_running_loop().time())
                if left <= 0:
                    break
                try:
                    task = await asyncio.wait_for(self._queue.get(), left)
                except TimeoutError:
                    break
            if task is None:
                return batch, None, True
            if task.work:
                return batch, task, False
            batch.append(task)
        return batch, None, False

    async def _commit(self, batch: list[_Task]) -> None:
        error = await self._try(batch)
        if error is None or len(batch) == 1:
            self._settle(batch, error)
            return
        for task in batch:
            self._settle([task], await self._try([task]))

    async def _try(self, batch: list[_Task]) -> Exception | None:
        outcomes = [task.outcome for task in batch if task.outcome]
        try:
            await self._in_thread(lambda: self._store.commit(outcomes, self._clock()))
        except Exception as error:  # handed to whoever waits for the outcome
            return error
        return None

    async def _do(self, task: _Task) -> None:
        work = task.work
        assert work is not None
        try:
            result = await self._in_thread(lambda: work(self._store))
        except Exception as error:  # handed to whoever asked for the work
            self._settle([task], error)
            return
        if not task.done.done():
            task.done.set_result(result)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, work)
        finally:
            self._beat = loop.time()

    def _settle(self, batch: list[_Task], error: Exception | None) -> None:
        for task in batch:
            if task.done.done():  # its caller was cancelled
                continue
            if error is None:
                task.done.set_result(None)
            else:
                task.done.set_exception(error)
