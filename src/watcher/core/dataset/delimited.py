"""CSV and TSV: a stream of bytes → rows of cells; the encoding, the separator and the line ends found out.

lines(open, encoding)          text lines with their ends
encoding_of(open, said)        by mark, by trial, by what the server says
separator_of(lines)            the separator that cuts the lines most evenly
rows(lines, separator, url)    RFC 4180, tolerant; a quotation that never ends is a file that breaks off
"""

import codecs
import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from charset_normalizer import from_bytes

from watcher.core.dataset.unpack import Opener
from watcher.errors import ReadError

PIECE = 1 << 18
SAMPLE = 200  # rows that decide
LONGEST_CELL = 1 << 24
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SEPARATORS = (",", "\t", ";", "|")
_END = "\x1eend\x1e"


def encoding_of(open_: Opener, said: str | None) -> str:
    """Find out how the text is encoded: a mark, UTF-8 if all of it is, else as the server says or it looks."""
    stream = open_()
    head = piece = stream.head(PIECE)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece:
            decoder.decode(piece)
            piece = stream.read(PIECE)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _other(head, said)
    return "utf-8"


def _other(head: bytes, said: str | None) -> str:
    for name in (said, "cp1252"):
        try:
            if name and codecs.lookup(name).name not in ("utf-8", "ascii"):
                codecs.getincrementaldecoder(name)().decode(head)
                return name
        except (LookupError, UnicodeDecodeError):
            continue
    best = from_bytes(head[:65_536]).best()
    return best.encoding if best is not None else "latin-1"


def lines(open_: Opener, encoding: str) -> Iterator[str]:
    """Cut the text into lines, each with its end but perhaps the last; an old end-of-file sign is left out."""
    stream = open_()
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    rest: list[str] = []  # a line may come in many pieces
    ending = "\n"
    first = True
    while piece := stream.read(PIECE):
        text = decoder.decode(piece)
        if first:
            ending = "\n" if "\n" in text or "\r" not in text else "\r"
            first = False
        whole, found, tail = text.rpartition(ending)
        if not found:
            rest.append(tail)
            continue
        parts = ("".join(rest) + whole).split(ending)
        rest = [tail]
        for part in parts:
            yield part + "\n"
    last = ("".join(rest) + decoder.decode(b"", final=True)).rstrip("\x1a\x00")
    if last:
        yield last


def separator_of(some: Sequence[str]) -> str:
    """Choose the separator: it makes more than one cell of the lines, the same number of each, of as many as can be."""
    best, chosen = (0.0, 0), ","
    for separator in _SEPARATORS:
        try:
            cut = [len(row) for row in csv.reader(iter(some), delimiter=separator) if any(map(str.strip, row))]
        except csv.Error:
            continue
        if not cut:
            continue
        width, often = Counter(cut).most_common(1)[0]
        if width < 2:
            many = [each for each in cut if each > 1]
            if len(many) * 2 < len(cut):
                continue
            width, often = Counter(many).most_common(1)[0]
        score = (round(often / len(cut), 2), width)
        if score > best:
            best, chosen = score, separator
    return chosen


def sample(source: Iterable[str]) -> list[str]:
    """The first lines, with which the separator is found."""
    return list(islice(source, SAMPLE))


class Ended:
    """Whether the last line of what was read had its end."""

    def __init__(self) -> None:
        self.closed = True


def rows(source: Iterable[str], separator: str, url: str, ended: Ended | None = None) -> Iterator[list[str]]:
    """Read rows of cells; empty lines are left out. `ended` learns whether the last line had an end.

    Raises ReadError for a quotation that never ends: the file breaks off in it.
    """
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(_with_end(source, ended or Ended()), delimiter=separator, skipinitialspace=separator != "\t")
    row: list[str] = []
    try:
        for row in reader:
            if row and row != [_END]:
                yield row
    except csv.Error as error:
        raise ReadError(url, f"line {reader.line_num} is no row of a table: {error}") from error
    if row != [_END]:
        raise ReadError(url, "the file breaks off inside a quotation, or has one that never ends")


def _with_end(source: Iterable[str], ended: Ended) -> Iterator[str]:
    """The lines, and a last one of ours: it comes out as a row of its own unless a quotation is still open."""
    for line in source:
        if not line.endswith("\n"):
            ended.closed = False
            line += "\n"  # noqa: PLW2901 - the last one
        yield line.replace("\x00", "") if "\x00" in line else line
    yield _END + "\n"
