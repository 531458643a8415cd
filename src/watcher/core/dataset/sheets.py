"""XLSX: a workbook → rows of cells as text; formulas by the value that they had when it was saved.

    rows(file, sheet, limit, url)    the rows of the sheet named, else of the first that holds any

ISO dates, whole numbers without a point. What the parts unpack to is bounded before anything is read.
"""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO

from watcher.core.dataset.unpack import reason_of
from watcher.core.dataset.values import plain
from watcher.errors import ReadError

MOST_STRINGS = 60_000_000  # bytes of the texts that all sheets share: they are kept in memory
_GROWTH = 300
_BROKEN = (
    zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, EOFError, OSError,
    IndexError, SyntaxError,
)  # fmt: skip


def rows(file: BinaryIO, sheet: str | None, limit: int, url: str) -> Iterator[list[str]]:
    """Read a sheet row by row. Raises ReadError for what is no workbook, is encrypted or too large."""
    import openpyxl  # takes its time, and most lists are none

    _bounded(file, limit, url)
    file.seek(0)
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except _BROKEN as error:
        raise ReadError(url, f"the workbook cannot be read: {reason_of(error)}") from error
    try:
        chosen = _sheet(book, sheet, url)
        chosen.reset_dimensions()  # what a file says of its extent is often wrong
        for row in chosen.iter_rows(values_only=True):
            yield [shown(value) for value in row]
    except _BROKEN as error:
        raise ReadError(url, f"the sheet cannot be read: {reason_of(error)}") from error
    finally:
        book.close()


def _bounded(file: BinaryIO, limit: int, url: str) -> None:
    size = file.seek(0, 2)
    file.seek(0)
    try:
        parts = zipfile.ZipFile(file).infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise ReadError(url, f"the workbook breaks off or is damaged: {reason_of(error)}") from error
    whole = sum(part.file_size for part in parts)
    if whole > min(limit, max(5_000_000, size * _GROWTH)):
        raise ReadError(url, f"the workbook unpacks to {whole:,} bytes, more than is believed or allowed")
    if any(part.file_size > MOST_STRINGS for part in parts if part.filename.endswith("sharedStrings.xml")):
        raise ReadError(url, "the workbook's texts are larger than Watcher reads")


def _sheet(book: Any, name: str | None, url: str) -> Any:
    sheets = list(book.worksheets)
    if name is not None:
        for each in sheets:
            if each.title.casefold() == name.casefold():
                return each
        raise ReadError(url, f"there is no sheet {name!r}; there are {', '.join(each.title for each in sheets)[:200]}")
    for each in sheets:
        each.reset_dimensions()
        if next(each.iter_rows(values_only=True), None) is not None:
            return each
    raise ReadError(url, "the workbook is empty")


def shown(value: Any) -> str:
    """A cell's value as text."""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return plain(value)
