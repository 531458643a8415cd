"""The further pages of a list or feed: those that were fetched, and the wish for one more (core/paging.py decides).

A page is asked for while the body is read, in a worker; the request is made where requests are made. So reading says
what it lacks (`MorePagesError`), and is begun anew once that is there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from watcher.core import observe, paging
from watcher.errors import ReadError
from watcher.model import EntryRef, FeedReading, Fetched, Source, SourceState

BELIEVED = 3  # what went wrong in so many polls running is how it is now


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of a list after the first that were fetched, with the ids of their records; `ended`: the next one could
    not be had."""

    answers: tuple[Fetched, ...] = ()
    records: tuple[str, ...] = ()
    ended: bool = False


class MorePagesError(Exception):
    """A list goes on at `url`, and what is known was not met yet."""

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__(url)


def joined(
    source: Source,
    state: SourceState,
    reading: FeedReading,
    pages: Pages,
    refs: Sequence[EntryRef],
    *,
    run: Callable[..., Any],
    failures: int,
) -> FeedReading:
    """Read the further pages of a list. Raises MorePagesError while others are there and what is known was not met."""
    readings = [reading]
    seen = {ref.raw for ref in refs}
    for page in pages.answers:
        try:
            readings.append(run(observe.read, source, reading.kind, page, seen=seen, place=reading.place))
        except ReadError as error:
            if state.baseline_at is not None and failures < BELIEVED:
                raise ReadError(page.url, f"page {len(readings) + 1} of the list: {error.message}") from error
            return paging.joined(readings)
    if not pages.ended and (url := paging.following(source, state, readings, refs)):
        raise MorePagesError(url)
    return paging.joined(readings)
