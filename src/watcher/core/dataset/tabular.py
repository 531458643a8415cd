"""Rows of cells → records: where the head of the table stands, what its columns are called, what a row says.

head_of(first, columns)    the names of the columns and how many rows come before the data
records(rows, head, url)   dicts by column; empty cells left out
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from watcher.core.dataset.values import NOTHING, canon, cell, composed
from watcher.errors import ReadError

LOOK = 50  # rows that decide
MOST_COLUMNS = 2_000
_HEAD_WITHIN = 20
_LONG = 80  # characters; a column's name is shorter
_DATUM = re.compile(
    r"[-+]?[\d.,%€$£ ]*\d[\d.,%€$£ ]*|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T].*)?|-0-|https?://\S*|\S+@\S+\.\w+"
)
_RULER = re.compile(r"[-=_*]{5,}")  # a line drawn below the head


@dataclass(frozen=True, slots=True)
class Head:
    """The columns' names; `skip` rows stand before the data; `named`: the file itself names them."""

    columns: tuple[str, ...]
    skip: int
    named: bool


def head_of(first: Sequence[Sequence[str]], columns: Sequence[str] = ()) -> Head:
    """Find the head of a table among its first rows; `columns` names them where the file does not."""
    cut = [[cell(each) for each in row] for row in first]
    if columns:
        given = [canon(name) for name in columns]
        for index, row in enumerate(cut[:_HEAD_WITHIN]):
            if [canon(each) for each in row[: len(given)]] == given:
                return Head(tuple(columns), index + 1, named=True)
        return Head(tuple(columns), 0, named=False)
    widths = Counter(sum(1 for each in row if each) for row in cut)
    width = max((len(row) for row in cut), default=0)
    usual = max((each for each, often in widths.items() if often * 4 >= len(cut)), default=width)
    filled = [sum(1 for each in row if each) for row in cut[:_HEAD_WITHIN]]
    likely = [n for n, count in enumerate(filled) if count * 3 >= usual * 2 and (count > 1 or usual == 1)]
    whole = [n for n in likely if filled[n] >= usual]  # what stands above with fewer cells is a title
    for index in (*whole[:1], *likely[:1]):
        if _is_head(cut[index], cut[index + 1 :]):
            return Head(_unique([each or f"c{n}" for n, each in enumerate(cut[index], 1)]), index + 1, named=True)
    return Head(tuple(f"c{n}" for n in range(1, width + 1)), 0, named=False)


def _is_head(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Say whether a row names columns: short words, none twice, none like the data below it."""
    filled = [each for each in row if each]
    if not filled or any(_DATUM.fullmatch(each) or len(each) > _LONG for each in filled):
        return False
    if len({canon(each) for each in filled}) < len(filled):
        return False
    if not below:
        return True
    for column, name in enumerate(row):
        if name and any(column < len(other) and other[column] == name for other in below):
            return False
    data = any(_DATUM.fullmatch(other[n]) for n in range(len(row)) for other in below if n < len(other) and other[n])
    longer = max(map(len, filled)) < max((len(each) for other in below for each in other), default=0)
    return data or longer or all(each[:1].isupper() or "_" in each or each.islower() for each in filled)


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[canon(name)] += 1
        found.append(name if seen[canon(name)] == 1 else f"{name} {seen[canon(name)]}")
    return tuple(found)


def records(rows: Iterable[Sequence[str]], head: Head, url: str) -> Iterator[dict[str, str]]:
    """Give each row as a record; cells beyond the columns are `c12`, …; empty rows and rulers are left out."""
    names: list[str] = list(head.columns)
    if len(names) > MOST_COLUMNS:
        raise ReadError(url, f"the table has {len(names):,} columns, more than the {MOST_COLUMNS:,} that are read")
    for row in islice(rows, head.skip, None):
        while len(row) > len(names):
            if len(names) >= MOST_COLUMNS:
                raise ReadError(url, f"a row has more than {MOST_COLUMNS:,} cells")
            names.append(f"c{len(names) + 1}")
        fields = {name: text for name, value in zip(names, row, strict=False) if (text := value.strip()) not in NOTHING}
        if not "".join(fields.values()).isascii():
            fields = {name: text for name, value in fields.items() if (text := composed(value))}
        if fields and not (len(fields) == 1 and _RULER.fullmatch(next(iter(fields.values())))):
            yield fields
