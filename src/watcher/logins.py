"""Read a body, unless it is a log-in page in its place (core/login.py decides)."""

from collections.abc import Callable, Sequence
from typing import Any

from watcher.core import login, observe
from watcher.errors import ReadError
from watcher.model import Document, EntryRef, Fetched, Kind, Reading, Source, SourceState


def guard(source: Source, state: SourceState, answer: Fetched) -> None:
    """Raise ReadError, in words of the log-in, for a log-in page where a list of records should be."""
    if wall := login.expired(source, state, answer):
        raise ReadError(answer.url, wall.words)


def read(
    run: Callable[..., Any],
    source: Source,
    state: SourceState,
    kind: Kind,
    answer: Fetched,
    *,
    refs: Sequence[EntryRef],
    fresh: bool,
    known: Callable[[], Document | None],
) -> Reading:
    """Read a body as its kind. Raises ReadError, with words of the log-in where that has expired.

    `refs` are the entries known; `fresh`: what is known was read by the rules of today; `known` gives the page as it
    was, and is asked only where a log-in page is suspected.
    """
    seen, place = ({ref.raw for ref in refs}, state.place) if fresh else (set[str](), None)
    wall = run(login.expired, source, state, answer)
    if wall is not None and wall.sure:
        raise ReadError(answer.url, wall.words)
    try:
        reading: Reading = run(observe.read, source, kind, answer, volatile=state.volatile, seen=seen, place=place)
    except ReadError as error:
        raise (error if wall is None else ReadError(answer.url, wall.words)) from error
    if wall is not None:
        page = known()
        if not login.kept(reading, seen, page.page if page else None):
            raise ReadError(answer.url, wall.words)
    return reading
