"""A PDF's pages → lines of text by page, with what a page without text shows instead (its images' digest).

A line that ends in U+0002 ends in the middle of a word.

PDFium is native code and knows no threads: one document at a time (`_ONE`). Nothing is rendered; no script, form,
attachment or address in the file is touched. Raises ReadError for what is no PDF, encrypted, cut off or damaged.
"""

import ctypes
import hashlib
import re
from dataclasses import dataclass
from threading import Lock

import pypdfium2
from pypdfium2 import raw

from watcher.core.furniture import normalise
from watcher.errors import ReadError

MOST_PAGES = 3_000
MOST_CHARACTERS = 8_000_000
_MOST_ON_A_PAGE = 200_000
_MOST_OBJECTS = 2_000
_MOST_IMAGE_BYTES = 50_000_000
_TAIL = 8_192  # bytes in which a whole file says that it ends (ISO 32000-1, 7.5.5; tolerant as readers are)

_BROKEN = re.compile("[\x02\ufffe]")  # PDFium's marks for a word broken at a line's end

_ONE = Lock()  # PDFium's state is one for the process


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page: its lines, normalised; `images` is the digest of what it shows where it holds no text."""

    lines: tuple[str, ...]
    images: str | None = None


@dataclass(frozen=True, slots=True)
class Pdf:
    """`total` is the number of pages of the file, `sheets` those that were read: fewer where a bound was met."""

    title: str | None
    sheets: tuple[Sheet, ...]
    total: int


def read(body: bytes, url: str) -> Pdf:
    """Read the text of a PDF. In: its bytes, its address for errors. Raises ReadError, with the reason in words."""
    start = body[:1024].find(b"%PDF-")
    if start < 0:
        raise ReadError(url, "this is no PDF")
    if b"%%EOF" not in body[-_TAIL:]:
        raise ReadError(url, "the PDF breaks off: its end is missing")
    with _ONE:
        try:
            document = pypdfium2.PdfDocument(body)
        except pypdfium2.PdfiumError as error:
            raise ReadError(url, _why(str(error))) from error
        try:
            return _pages(document, url)
        except pypdfium2.PdfiumError as error:
            raise ReadError(url, f"the PDF is damaged: {error}") from error
        finally:
            document.close()


def _why(said: str) -> str:
    if "assword" in said or "ecurity" in said:
        return "the PDF is encrypted and cannot be read without its password"
    return "the PDF is damaged and cannot be opened"


def _pages(document: pypdfium2.PdfDocument, url: str) -> Pdf:
    total = len(document)
    if not total:
        raise ReadError(url, "the PDF has no pages")
    sheets: list[Sheet] = []
    left = MOST_CHARACTERS
    for index in range(min(total, MOST_PAGES)):
        sheet = _sheet(document, index)
        left -= sum(map(len, sheet.lines))
        if left < 0:
            break
        sheets.append(sheet)
    if not any(sheet.lines or sheet.images for sheet in sheets) and left >= 0:
        return Pdf(_title(document), (), total)
    return Pdf(_title(document), tuple(sheets), total)


def _title(document: pypdfium2.PdfDocument) -> str | None:
    return normalise(document.get_metadata_value("Title")[:1_000]) or None


def _sheet(document: pypdfium2.PdfDocument, index: int) -> Sheet:
    """Read one page; one that is damaged counts as a page without anything."""
    try:
        page = document[index]
    except pypdfium2.PdfiumError:
        return Sheet((), None)
    try:
        text = page.get_textpage()
        try:
            count = min(text.count_chars(), _MOST_ON_A_PAGE)
            said = text.get_text_range(0, count, errors="replace") if count > 0 else ""
        finally:
            text.close()
        lines = tuple(filter(None, map(_line, _BROKEN.sub("\x02\n", said).replace("\r", "\n").split("\n"))))
        return Sheet(lines, None if lines else _images(page))
    finally:
        page.close()


def _line(text: str) -> str:
    """Normalise a line; the mark for a word broken at its end stays."""
    return normalise(text) + "\x02" if text.endswith("\x02") else normalise(text)


def _images(page: pypdfium2.PdfPage) -> str | None:
    """Digest the images of a page as they are stored; None where it shows none."""
    state, found, left = hashlib.sha256(), False, _MOST_IMAGE_BYTES
    for index in range(min(raw.FPDFPage_CountObjects(page), _MOST_OBJECTS)):
        thing = raw.FPDFPage_GetObject(page, index)
        if not thing or raw.FPDFPageObj_GetType(thing) != raw.FPDF_PAGEOBJ_IMAGE:
            continue
        size = raw.FPDFImageObj_GetImageDataRaw(thing, None, 0)
        left -= size
        if left < 0:
            break
        buffer = ctypes.create_string_buffer(size)
        raw.FPDFImageObj_GetImageDataRaw(thing, buffer, size)
        state.update(b"%d:" % size)
        state.update(buffer.raw)
        found = True
    return state.hexdigest()[:16] if found else None
