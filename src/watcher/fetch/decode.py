"""Content codings, decoded piece by piece within a bound (RFC 9110, section 8.4).

`Body` takes the bytes as they came over the wire and holds the decoded ones; it never holds more than `limit` and one
piece. A body that ends before its coding does is an error, never half a body. Raises `Oversize`, `Undecodable`.
"""

import hashlib
import io
import sys
import zlib
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Final, Protocol, cast

import brotli  # type: ignore[import-untyped]  # ships no types

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ACCEPTED = "gzip, deflate, br, zstd"
_PIECE = 65_536  # most bytes to decode at one go
_MOST_CODINGS = 3
# Markup shrinks to a tenth, rarely to a fiftieth; what grows more than this after a megabyte was made to.
_BOMB_RATIO = 200
_BOMB_FLOOR = 1_000_000


class Oversize(Exception):  # noqa: N818 - says what the body is
    """The decoded body went beyond its bound."""


class Undecodable(Exception):  # noqa: N818 - says what the body is
    """The body is not in the coding it is said to be in, or the coding is unknown; the message is half a sentence."""


class _Decoder(Protocol):
    def feed(self, data: bytes) -> Iterator[bytes]: ...

    @property
    def complete(self) -> bool: ...


class _Zlib:
    """gzip (members one after another) and deflate (with zlib's wrapping, or raw as some servers send it)."""

    def __init__(self, gzip: bool) -> None:
        self._gzip = gzip
        self._head = b""
        self._inner: Any = zlib.decompressobj(zlib.MAX_WBITS | 16) if gzip else None
        self.complete = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._inner is None:
            data = self._head = self._head + data
            if len(data) < 2:
                return
            wrapped = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0  # RFC 1950, section 2.2
            self._inner = zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
        while data:
            if self.complete:
                if not self._gzip or not data.startswith(b"\x1f"):
                    return  # padding after the end, which browsers overlook too
                self._inner = zlib.decompressobj(zlib.MAX_WBITS | 16)
                self.complete = False
            piece = self._inner.decompress(data, _PIECE)
            if piece:
                yield piece
            self.complete = self._inner.eof
            data = self._inner.unused_data if self.complete else self._inner.unconsumed_tail
            if not self.complete and not data and len(piece) == _PIECE:
                yield from self._drain()

    def _drain(self) -> Iterator[bytes]:
        """Take what zlib keeps inside when the input was used up just as the piece was full."""
        while piece := self._inner.decompress(b"", _PIECE):
            yield piece
        self.complete = self._inner.eof


class _Brotli:
    def __init__(self) -> None:
        self._inner = brotli.Decompressor()

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._inner.is_finished():
            return
        while True:
            piece = self._inner.process(data, output_buffer_limit=_PIECE)
            data = b""
            if piece:
                yield piece
            if self._inner.is_finished() or (not piece and self._inner.can_accept_more_data()):
                return

    @property
    def complete(self) -> bool:
        return bool(self._inner.is_finished())


class _Zstd:
    # RFC 9659: no more than 8 MB of window on the web.
    _OPTIONS: Final[dict[int, int]] = {zstd.DecompressionParameter.window_log_max: 23}

    def __init__(self) -> None:
        self._inner = zstd.ZstdDecompressor(options=self._OPTIONS)
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        while True:
            if self._inner.eof:
                if not data:
                    return
                self._inner = zstd.ZstdDecompressor(options=self._OPTIONS)
            self._begun = True
            piece = self._inner.decompress(data, _PIECE)
            data = self._inner.unused_data if self._inner.eof else b""
            if piece:
                yield piece
            if not self._inner.eof and self._inner.needs_input:
                return

    @property
    def complete(self) -> bool:
        return self._begun and self._inner.eof


def _decoder(coding: str) -> _Decoder:
    if coding in ("gzip", "x-gzip"):
        return _Zlib(gzip=True)
    if coding == "deflate":
        return _Zlib(gzip=False)
    if coding == "br":
        return _Brotli()
    if coding == "zstd":
        return _Zstd()
    raise Undecodable(f"is encoded as {coding[:40]!r}, which Watcher cannot read (it asked for {ACCEPTED})")


class Body:
    """A body as it comes in: `feed` the wire's bytes, then `finish`. `encoding` is the Content-Encoding header."""

    def __init__(self, encoding: str, limit: int, spool: int | None = None) -> None:
        codings = [word for part in encoding.split(",") if (word := part.strip().lower()) not in ("", "identity")]
        if len(codings) > _MOST_CODINGS:
            raise Undecodable(f"is encoded {len(codings)} times over")
        self._coding = ", ".join(codings)
        self._decoders = [_decoder(coding) for coding in reversed(codings)]
        self._limit = limit
        self._kept: Any = io.BytesIO()
        self._spool = spool
        self._wire = hashlib.sha256()
        self._decoded = hashlib.sha256() if codings else self._wire
        # Some codings can go on for ever without giving a byte; what cannot be shrunk grows a little.
        self.most_on_wire = limit + (limit // 100 + _PIECE if codings else 0)
        self.file: BinaryIO | None = None  # holds the bytes instead, from `spool` of them on; the caller closes it
        self.wire_size = 0
        self.size = 0

    def feed(self, data: bytes) -> None:
        """Take a piece as it came over the wire; raises Oversize or Undecodable."""
        self.wire_size += len(data)
        self._wire.update(data)
        if self._decoders and self.wire_size > self.most_on_wire:
            raise Oversize(f"is larger than {self._limit:,} bytes before it is unpacked")
        if not self._decoders:
            self._keep(data)
            return
        try:
            self._decode(data, 0)
        except (zlib.error, brotli.error, zstd.ZstdError, EOFError) as error:
            raise Undecodable(f"is not valid {self._coding} ({error})") from error

    def _decode(self, data: bytes, level: int) -> None:
        if level == len(self._decoders):
            self._keep(data)
            if self.size > _BOMB_FLOOR and self.size > self.wire_size * _BOMB_RATIO:
                raise Oversize(f"grows to more than {_BOMB_RATIO} times its size when it is unpacked")
            return
        for piece in self._decoders[level].feed(data):
            self._decode(piece, level + 1)

    def _keep(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._limit:
            self._kept.write(data[: len(data) - (self.size - self._limit)])
            raise Oversize(f"is larger than {self._limit:,} bytes")
        if self._decoded is not self._wire:
            self._decoded.update(data)
        if self._spool is not None and self.file is None and self.size > self._spool:
            self.file = cast(BinaryIO, TemporaryFile())  # noqa: SIM115 - whoever takes the answer closes it
            self.file.write(self._kept.getbuffer())
            self._kept = self.file
        self._kept.write(data)

    def discard(self) -> None:
        """Close the file, if there is one."""
        if self.file is not None:
            self.file.close()

    def finish(self, *, whole: bool = True) -> tuple[bytes, str, str]:
        """Close the body. Out: the decoded bytes, their SHA-256 and the wire's, in hex. Raises Undecodable if a coding
        is not complete, unless a part is enough (`whole` false)."""
        if whole and self.wire_size and not all(decoder.complete for decoder in self._decoders):
            raise Undecodable(f"breaks off: its {self._coding} coding is not complete")
        body = b"" if self.file is not None else self._kept.getvalue()
        return body, self._decoded.hexdigest(), self._wire.hexdigest()
