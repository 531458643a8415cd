"""Two lists sorted by key, the known one and the new one → what differs, in one pass and bounded memory.

    merge(known, staged)   yields Diff; of several records with one key, equal ones are paired first

Kinds: `added`; `missing` (not there for the first time) and `lacking` (not there again); `back` (there again);
`changed`.
"""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from watcher.errors import ReadError

MOST_ALIKE = 2_000  # records that may share one key

DiffKind = Literal["added", "missing", "lacking", "back", "changed"]


class Indexed(NamedTuple):
    """A record by its place: `at` finds it again; `gone` says that it was not there at the last look."""

    at: int
    key: bytes
    digest: bytes
    gone: bool = False


class Diff(NamedTuple):
    kind: DiffKind
    known: int | None
    staged: int | None


Group = tuple[bytes, list[Indexed]]


def merge(known: Iterable[Indexed], staged: Iterable[Indexed], url: str) -> Iterator[Diff]:
    """Compare two lists, each sorted by key. Raises ReadError when a key names thousands of records."""
    left, right = _groups(known, url), _groups(staged, url)
    a, b = next(left, None), next(right, None)
    while a is not None or b is not None:
        if a is None or (b is not None and b[0] < a[0]):
            assert b is not None
            for new in b[1]:
                yield Diff("added", None, new.at)
            b = next(right, None)
        elif b is None or a[0] < b[0]:
            for old in a[1]:
                yield Diff("lacking" if old.gone else "missing", old.at, None)
            a = next(left, None)
        else:
            yield from _same(a[1], b[1])
            a, b = next(left, None), next(right, None)


def _groups(rows: Iterable[Indexed], url: str) -> Iterator[Group]:
    current: list[Indexed] = []
    key: bytes | None = None
    for row in rows:
        if row.key != key:
            if key is not None:
                yield key, current
            key, current = row.key, []
        current.append(row)
        if len(current) > MOST_ALIKE:
            raise ReadError(url, f"more than {MOST_ALIKE:,} records share one key: `key` must identify a record")
    if key is not None:
        yield key, current


def _same(old: list[Indexed], new: list[Indexed]) -> Iterator[Diff]:
    """Records under one key: nearly always one on each side."""
    if len(old) == 1 and len(new) == 1:
        if old[0].digest != new[0].digest:
            yield Diff("changed", old[0].at, new[0].at)
        elif old[0].gone:
            yield Diff("back", old[0].at, new[0].at)
        return
    left, rest = list(old), []
    for each in new:
        twin = next((one for one in left if one.digest == each.digest), None)
        if twin is None:
            rest.append(each)
            continue
        left.remove(twin)
        if twin.gone:
            yield Diff("back", twin.at, each.at)
    left.sort(key=lambda one: one.gone)  # those that were there are the likelier ones
    for one, each in zip(left, rest, strict=False):
        yield Diff("changed", one.at, each.at)
    for one in left[len(rest) :]:
        yield Diff("lacking" if one.gone else "missing", one.at, None)
    for each in rest[len(left) :]:
        yield Diff("added", None, each.at)
