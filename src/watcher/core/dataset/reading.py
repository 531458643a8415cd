"""A list's body → its records, one by one: what it is packed in, its format, where its records stand, their key.

    open_list(file, ...)   a Reading: iterate it once for the records, then `finish` it

Reads only the stream that it is given, as a stream: memory does not grow with the file. Raises ReadError.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import BinaryIO, NamedTuple
from urllib.parse import urlsplit

from watcher.core.dataset import delimited, jsons, keys, sheets, tabular, unpack, values, xmltree
from watcher.core.dataset.values import Fields
from watcher.errors import ReadError
from watcher.model import ListShape, Source

MOST_BYTES = 200_000_000  # of the unpacked file, where the source does not say
_HEAD = 65_536
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_XLSX = b"PK\x03\x04"
_PAGE = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)


class Record(NamedTuple):
    """One record as it is kept: the digests of its key and of what is compared, and its fields as JSON."""

    key: bytes
    digest: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class ListReading:
    """A list as `inspect` shows it: how it was read, how many records it has, and the first of them, key and fields."""

    url: str
    shape: ListShape
    total: int
    records: tuple[tuple[tuple[tuple[str, str], ...], Fields], ...]


@dataclass(slots=True)
class _Format:
    """A body that was looked into: gives its records as often as asked."""

    shape: ListShape
    rows: Callable[[], Iterator[Fields]]
    headless: bool = False
    single: bool = False  # the whole document is one record
    declared: Callable[[], int | None] = lambda: None
    trusted: bool = False  # the count is the publisher's word on the whole list
    ended: delimited.Ended | None = None


class Reading:
    """The records of one body. `shape` says how they were read, `records` how many there were."""

    def __init__(self, found: _Format, source: Source, url: str, known: ListShape | None) -> None:
        self._found, self._url, self._known = found, url, known
        self._watched = source.fields
        sample = list(islice(found.rows(), keys.SAMPLE))
        key = source.key or (known.key if known else None)
        if key is None:
            key = () if found.single else keys.guess(sample, headless=found.headless)
        keys.check(sample, key, url)
        for path in source.fields:
            if sample and not any(values.pick(record, path) is not None for record in sample) and known is None:
                there = ", ".join(dict.fromkeys(field for record in sample[:100] for field in record))
                raise ReadError(
                    url, f"no record has the field {path!r} that is to be watched; there are: {there[:400]}"
                )
        self.shape = replace(found.shape, key=tuple(key))
        self.records = 0

    def __iter__(self) -> Iterator[Record]:
        key, watched = self.shape.key, self._watched
        dump = values.dump_numbers if self.shape.format == "json" else values.dump
        last: Fields = {}
        for fields in self._found.rows():
            try:
                record = Record(keys.digest(fields, key), values.digest_of(fields, watched), dump(fields))
            except RecursionError as error:
                raise ReadError(self._url, "a record is nested without measure") from error
            self.records += 1
            last = fields
            yield record
        self._check_end(last)

    def _check_end(self, last: Fields) -> None:
        ended = self._found.ended
        if ended is None or ended.closed:
            return
        columns = self.shape.columns
        if self.records > 1 and len(columns) > 1 and len(last) < len(columns) and columns[-1] not in last:
            self.shape = replace(self.shape, closed=False)

    def doubts(self, *, believed: str | None = None) -> None:
        """Judge, after the last record, whether the file was whole. Raises ReadError; one that was said so often that
        it is how the publisher writes now (`believed`) is not said again."""
        for why in self._doubts():
            if why != believed:
                raise ReadError(self._url, why)

    def _doubts(self) -> Iterator[str]:
        known, found = self._known, self._found
        declared = found.declared()
        if (
            declared is not None
            and (found.trusted or (known is not None and known.counted))
            and declared != self.records
        ):
            yield f"the file says that it holds {declared:,} records, and {self.records:,} were found: it is not whole"
        counted = declared is not None and declared == self.records
        ended = found.ended
        closed = ended is None or ended.closed
        if not closed and (known is None or known.closed) and not self.shape.closed:
            yield "the file breaks off in its last row"
        elif not closed and known is not None and known.closed:
            yield "the file breaks off: its last line has no end, as it had before"
        self.shape = replace(self.shape, counted=counted, closed=closed)
        if known is not None and known.columns and self.shape.columns:
            there = {values.canon(name) for name in self.shape.columns}
            gone = [name for name in known.columns if values.canon(name) not in there]
            if len(gone) * 2 > len(known.columns):
                now = ", ".join(self.shape.columns)[:300]
                yield f"the columns are not those that were known ({', '.join(gone)[:300]} are gone); there are: {now}"


def open_list(
    file: BinaryIO, source: Source, content_type: str | None, url: str, known: ListShape | None = None
) -> Reading:
    """Look into a list's body.

    In: a seekable stream, the source with its rules, the Content-Type, the final address, and how the list was read
    before (guesses are kept to that). Raises ReadError when it is no list, or `rows`, `key` or `fields` find nothing.
    """
    limit = source.max_bytes or MOST_BYTES
    open_, name = unpack.unpacked(file, _name(url), limit, url)
    head = open_().head(_HEAD)
    if not head.strip():
        raise ReadError(url, "the file is empty")
    if head.startswith(_XLSX):
        found = _workbook(file, source, limit, url)
    else:
        found = _text(open_, head, name, source=source, content_type=content_type, url=url, known=known)
    return Reading(found, source, url, known)


def _name(url: str) -> str:
    try:
        return urlsplit(url).path.rpartition("/")[2].lower()
    except ValueError:
        return ""


def _text(
    open_: unpack.Opener,
    head: bytes,
    name: str,
    *,
    source: Source,
    content_type: str | None,
    url: str,
    known: ListShape | None,
) -> _Format:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if _PAGE.match(start):
        raise ReadError(url, "this is a web page where a list should be")
    if start[:1] in (b"{", b"["):
        return _json(open_, start, name, source=source, content_type=content_type, url=url, known=known)
    if start[:1] == b"<" or head[:4] in (b"<\x00?\x00", b"\xff\xfe<\x00", b"\xfe\xff\x00<"):
        return _xml(open_, source, url, known)
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    if (b"\x00" in head[:4096] and not wide) or start.startswith(b"%PDF"):
        raise ReadError(url, "this is no list: the file is binary")
    return _delimited(open_, source, content_type, url)


def _table(rows: Callable[[], Iterator[list[str]]], source: Source, shape: ListShape, url: str) -> _Format:
    first = list(islice(rows(), tabular.LOOK))
    if not first:
        raise ReadError(url, "the table holds no row")
    head = tabular.head_of(first, source.columns)
    shape = replace(shape, columns=head.columns)
    return _Format(shape, lambda: tabular.records(rows(), head, url), headless=not head.named)


def _delimited(open_: unpack.Opener, source: Source, content_type: str | None, url: str) -> _Format:
    said = _CHARSET.search(content_type or "")
    encoding = delimited.encoding_of(open_, said[1] if said else None)
    some = delimited.sample(delimited.lines(open_, encoding))
    separator = source.delimiter or delimited.separator_of(some)
    ended = delimited.Ended()

    def rows() -> Iterator[list[str]]:
        ended.closed = True
        return delimited.rows(delimited.lines(open_, encoding), separator, url, ended)

    found = _table(rows, source, ListShape("csv"), url)
    found.ended = ended
    return found


def _workbook(file: BinaryIO, source: Source, limit: int, url: str) -> _Format:
    def rows() -> Iterator[list[str]]:
        return sheets.rows(file, source.rows, limit, url)

    return _table(rows, source, ListShape("xlsx", rows=source.rows), url)


def _json(
    open_: unpack.Opener,
    start: bytes,
    name: str,
    *,
    source: Source,
    content_type: str | None,
    url: str,
    known: ListShape | None,
) -> _Format:
    if _by_line(start, name, content_type):
        ended = delimited.Ended()
        return _Format(ListShape("jsonl"), lambda: jsons.by_line(delimited.lines(open_, "utf-8-sig"), url), ended=ended)
    place = jsons.place_of(open_, _path(jsons.parse_path, source.rows or (known.rows if known else None), url), url)
    shape = ListShape("json", rows=source.rows or jsons.path_of(place))
    rows = partial(jsons.records, open_, place, url)
    return _Format(shape, rows, single=not place.prefix and not place.members, declared=lambda: place.declared)


def _path(parse: Callable[[str], object], path: str | None, url: str) -> str | None:
    if path is not None:
        try:
            parse(path)
        except ValueError as error:
            raise ReadError(url, f"rows: {error}") from error
    return path


def _by_line(start: bytes, name: str, content_type: str | None) -> bool:
    """JSON Lines: it is said so, or the first line is a whole object and another one follows."""
    if name.endswith((".jsonl", ".ndjson")) or re.search(r"ndjson|jsonl|json-?seq", content_type or ""):
        return True
    first, found, rest = start.partition(b"\n")
    return bool(found) and first.rstrip().endswith(b"}") and first.startswith(b"{") and rest.lstrip().startswith(b"{")


def _xml(open_: unpack.Opener, source: Source, url: str, known: ListShape | None) -> _Format:
    path = source.rows or (known.rows if known else None) or xmltree.guess(open_, url)
    _path(xmltree.parse_path, path, url)
    paths = xmltree.parse_path(path)
    counts: list[xmltree.Reader] = []

    def rows() -> Iterator[Fields]:
        reader = xmltree.Reader(open_, paths, url)
        counts[:] = [reader]
        return iter(reader)

    return _Format(
        ListShape("xml", rows=path),
        rows,
        single=len(paths) == 1 and len(paths[0]) == 1,
        declared=lambda: counts[0].declared if counts else None,
        trusted=True,
    )
