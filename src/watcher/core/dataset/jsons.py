"""JSON and JSON Lines: a stream of bytes → its records, one by one, with `rows` as a JSONPath (RFC 9535, a subset).

Of JSONPath: names with dots or brackets, `[*]` and `.*`: `$.results`, `results[*].entry`, `$['a b'].list`, `$`. What
stands there is a list (its elements are the records), an object (one record), or `.*` (an object's members).
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import ijson

from watcher.core.dataset.unpack import Opener, Stream, reason_of
from watcher.core.dataset.values import Fields, canon
from watcher.errors import ReadError

MOST_LINE = 1 << 24  # characters of one record of JSON Lines; a cell of a table has the same bound
_STEP = re.compile(r"\.?(?:([A-Za-z_\u0080-\uffff][\w\u0080-\uffff-]*)|\[(\*)\]|\[(?:'([^']*)'|\"([^\"]*)\")\])|\.(\*)")
_COUNTS = (
    "count",
    "total",
    "record_count",
    "recordcount",
    "total_records",
    "totalrecords",
    "num_records",
    "records_total",
)
_MOST_HEAD = 2_000  # events before the list within which a count is looked for
_INSIDE = 0.5  # the part of a document that must stand in one list for it to be the list


@dataclass(slots=True)
class Place:
    """Where records stand: ijson's prefix; `members` of an object instead of items; the count that the file gives."""

    prefix: str
    members: bool = False
    declared: int | None = None


def parse_path(path: str) -> tuple[str, ...]:
    """The steps of a JSONPath, `*` for all. Raises ValueError with the reason."""
    text = path.strip()
    text = text.removeprefix("$")
    steps: list[str] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            raise ValueError(f'"{path[:80]}" is no path that is understood; as in "results", "$.data.list[*]", "$"')
        steps.append(next(part for part in match.groups() if part is not None))
        at = match.end()
    return tuple(steps)


class _Bare:
    """The stream without a byte order mark."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        head = stream.head(3)
        self._head = b"" if head == b"\xef\xbb\xbf" else head

    def read(self, size: int = -1) -> bytes:
        if self._head and size != 0:
            data, self._head = self._head, b""
            return data
        return self._stream.read(size)


@contextmanager
def _parsing(url: str) -> Iterator[None]:
    """Raise ReadError for what ijson says of a document that breaks off or is no JSON."""
    try:
        yield
    except ijson.IncompleteJSONError as error:
        raise ReadError(url, f"the JSON breaks off: {reason_of(error)}") from error
    except (ijson.JSONError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ReadError(url, f"this is no JSON: {reason_of(error)}") from error


def _events(open_: Opener, url: str) -> Iterator[tuple[str, str, Any]]:
    with _parsing(url):
        yield from ijson.parse(_Bare(open_()))


def _declared(counts: Mapping[str, int]) -> int | None:
    """The count of the whole list among the numbers beside it."""
    return next((counts[name] for name in _COUNTS if name in counts), None)


def place_of(open_: Opener, path: str | None, url: str) -> Place:
    """Find where the records stand: at `path`, or in the list that holds most of it, else all of it is one."""
    if path is None:
        return _guess(open_, url)
    steps = parse_path(path)
    members = bool(steps) and steps[-1] == "*"
    inner = steps[:-1] if members else steps
    prefix = ".".join("item" if step == "*" else step for step in inner)
    counts: dict[str, int] = {}
    for number, (at, event, value) in enumerate(_events(open_, url)):
        if at == prefix and event in ("start_array", "start_map"):
            if event == "start_array":
                return Place(f"{prefix}.item" if prefix else "item", declared=_declared(counts))
            return Place(prefix, members=members)
        if number < _MOST_HEAD and event == "number" and isinstance(value, int) and "." not in at:
            counts[canon(at)] = value
    raise ReadError(url, f"nothing stands at `rows` ({path[:80]})")


def _guess(open_: Opener, url: str) -> Place:
    """One pass: how much of the document each list of objects holds."""
    total, inside = 0, Counter[str]()
    counts: dict[str, int] = {}
    open_lists: list[tuple[str, int]] = []
    for at, event, value in _events(open_, url):
        total += 1
        if event == "start_array":
            if at.count(".") <= 3:
                open_lists.append((at, total))
        elif event == "end_array":
            if open_lists and open_lists[-1][0] == at:
                start = open_lists.pop()[1]
                inside[at] += total - start
        elif event == "number" and "." not in at and isinstance(value, int):
            counts[canon(at)] = value
    lists = [(at.count("."), -held, at) for at, held in inside.items() if held > total * _INSIDE]
    if not lists:
        return Place("")
    at = min(lists)[2]
    return Place(f"{at}.item" if at else "item", declared=_declared(counts))


def path_of(place: Place) -> str:
    """The place as a `rows` that finds it again."""
    if not place.prefix:
        return "$"
    if place.prefix == "item":
        return "$[*]"
    steps = ["[*]" if step == "item" else f"['{step}']" for step in place.prefix.split(".")]
    return "$" + "".join(steps[:-1] if steps[-1] == "[*]" else steps) + (".*" if place.members else "")


def records(open_: Opener, place: Place, url: str) -> Iterator[Fields]:
    """Give the records at a place. Raises ReadError where the JSON breaks off."""
    stream = _Bare(open_())
    with _parsing(url):
        if place.members:
            for name, value in ijson.kvitems(stream, place.prefix):
                yield {"name": name, **record_of(value)}
        else:
            yield from map(record_of, ijson.items(stream, place.prefix))


def record_of(value: Any) -> Fields:
    """A record of whatever stands there: an object's members, a list's elements by number, else one value."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return {f"c{number}": part for number, part in enumerate(value, 1)}
    return {"value": value}


def by_line(lines: Iterable[str], url: str) -> Iterator[Fields]:
    """JSON Lines: one record a line; empty ones are left out. Raises ReadError for a line that is none, or too long."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if len(line) > MOST_LINE:
            raise ReadError(url, f"line {number} has more than the {MOST_LINE:,} characters that are read")
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ReadError(url, f"line {number} is no JSON, or the file breaks off: {reason_of(error)}") from error
        yield record_of(value)
