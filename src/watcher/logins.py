"""Read a body, unless it is a log-in page in its place (core/login.py decides)."""

from collections.abc import Callable, Collection
from typing import Any

from watcher.core import login, observe
from watcher.errors import ReadError
from watcher.model import Document, Fetched, Kind, Reading, Source, SourceState


def guard(source: Source, state: SourceState, answer: Fetched) -> None:
    """Raise ReadError for a log-in page where a file should be."""
    if wall := login.expired(source, state, answer):
        raise ReadError(answer.url, wall.words)


def read(
    run: Callable[..., Any],
    source: Source,
    state: SourceState,
    kind: Kind,
    answer: Fetched,
    *,
    seen: Collection[str],
    place: str | None,
    known: Callable[[], Document | None],
) -> Reading:
    """Read a body as its kind. Raises ReadError, with words of the log-in where that has expired; `known` gives the
    page as it was, and is asked only then."""
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
