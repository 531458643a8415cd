"""A body's container → streams of the file inside, each from its start: zip, gzip, or the file itself.

    unpacked(file, name, limit, url)   an opener of the content, and its name

Unpacking is bounded: by `limit` bytes, and by how much a packed file may grow. Raises ReadError. It reads only the
stream that it is given.
"""

import gzip
import zipfile
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO

from watcher.errors import ReadError

Opener = Callable[[], "Stream"]

_GROWTH = 300  # times its size; lists shrink to a tenth, seldom to a hundredth
_FREE = 5_000_000  # bytes from which growth counts
_NAMES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".xml", ".xlsx")
_BROKEN = (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError)


class Stream:
    """Bytes of a file as they are unpacked, bounded. `read` raises ReadError when they go beyond, or break off."""

    def __init__(self, inner: Any, most: int, url: str) -> None:
        self._inner, self._left, self._url = inner, most, url

    def read(self, size: int = -1) -> bytes:
        try:
            data: bytes = self._inner.read(size if size >= 0 else self._left + 1)
        except _BROKEN as error:
            raise ReadError(self._url, f"the file breaks off or is damaged: {error}") from error
        self._left -= len(data)
        if self._left < 0:
            raise ReadError(self._url, "the file is larger than allowed when it is unpacked; `max_bytes` is the bound")
        return data

    def head(self, size: int) -> bytes:
        """The first bytes, as many as there are up to `size`."""
        found = b""
        while len(found) < size and (piece := self.read(size - len(found))):
            found += piece
        return found


def reason_of(error: Exception) -> str:
    """What a library says of a file that it cannot read, in one short line; its name where it says nothing."""
    return " ".join(str(error).split())[:160] or type(error).__name__


def unpacked(file: BinaryIO, name: str, limit: int, url: str) -> tuple[Opener, str]:
    """Look into a container. In: a seekable stream, the file's name (of its address), the bound in bytes, the address
    for errors. Out: what opens the content at its start, as often as wanted, and the name of the file inside."""
    size = file.seek(0, 2)
    file.seek(0)
    start = file.read(4)
    most = min(limit, max(_FREE, size * _GROWTH))
    if start[:2] == b"\x1f\x8b":
        return _gzip(file, most, url), name.removesuffix(".gz")
    if start == b"PK\x03\x04":
        return _zip(file, name, most, url)

    def plain() -> Stream:
        file.seek(0)
        return Stream(file, max(limit, size), url)

    return plain, name


def _gzip(file: BinaryIO, most: int, url: str) -> Opener:
    def opened() -> Stream:
        file.seek(0)
        return Stream(gzip.GzipFile(fileobj=file, mode="rb"), most, url)

    return opened


def _zip(file: BinaryIO, name: str, most: int, url: str) -> tuple[Opener, str]:
    try:
        archive = zipfile.ZipFile(file)
    except _BROKEN as error:
        raise ReadError(url, f"the zip file breaks off or is damaged: {error}") from error
    inside = [each for each in archive.infolist() if not each.is_dir()]
    if any(each.filename.startswith("xl/") for each in inside):

        def book() -> Stream:
            file.seek(0)
            return Stream(file, 1 << 40, url)

        return book, name if name.endswith(".xlsx") else name + ".xlsx"
    lists = [each for each in inside if each.filename.lower().endswith(_NAMES)] or inside
    if not lists:
        raise ReadError(url, "the zip file is empty")
    chosen = max(lists, key=lambda each: each.file_size)
    if chosen.flag_bits & 1:
        raise ReadError(url, "the zip file is encrypted")
    if chosen.file_size > most:
        raise ReadError(
            url, f"the file in the zip is {chosen.file_size:,} bytes long, more than is believed or allowed"
        )

    def opened() -> Stream:
        try:
            return Stream(archive.open(chosen), most, url)
        except _BROKEN as error:
            raise ReadError(url, f"the zip file is damaged: {error}") from error

    return opened, chosen.filename
