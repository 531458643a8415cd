"""Values to bytes and back, exactly: compact JSON (pydantic over the model's dataclasses), zstd where it pays.

A field that holds its default is left out, so a field that a later version adds reads as its default. Lone
surrogates, which no database takes, become U+FFFD; nothing else is altered. Reading is bounded by the stored size.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, BinaryIO, TypeVar, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from watcher.errors import StoreError

try:
    from compression import zstd  # type: ignore[import-not-found, unused-ignore]  # Python 3.14
except ImportError:
    from backports import zstd

T = TypeVar("T")

KEYFRAME = 20  # deltas in a row before a whole copy is stored again
SMALL = 200  # bytes below which packing gains nothing
CLOSE = 40  # a delta this many times smaller than its body is taken without looking at a whole copy
STATE = 600  # bytes below which a value in a column is left as JSON: every poll writes one
WIDE = 1 << 24  # bytes above which a delta would need too large a window
PIECE = 1 << 18  # bytes that are packed or unpacked at a time, of a file
MOST = 1 << 32  # bytes that a stored value may unpack to, whatever the row says
_LONE = re.compile("[\ud800-\udfff]")
_UNFIT = re.compile("[\x00\ud800-\udfff]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970 of an aware time, rounded down."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    """The aware UTC time of milliseconds since 1970."""
    return _EPOCH + timedelta(milliseconds=ms)


def maybe_ms(at: datetime | None) -> int | None:
    return None if at is None else to_ms(at)


def maybe_time(ms: int | None) -> datetime | None:
    return None if ms is None else from_ms(ms)


def clean(text: str) -> str:
    """Text that every engine can hold in a column: no NUL, no lone surrogates."""
    return _UNFIT.sub("\ufffd", text)


def maybe_clean(text: str | None) -> str | None:
    return None if text is None else clean(text)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def dump(value: object) -> bytes:
    """A frozen dataclass as compact JSON, without the fields that hold their defaults."""
    adapter = _adapter(cast(Any, type(value)))
    try:
        return adapter.dump_json(value, exclude_defaults=True)
    except (PydanticSerializationError, UnicodeEncodeError):
        plain = adapter.dump_python(value, exclude_defaults=True, mode="python")
        return json.dumps(_mend(plain), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _mend(value: Any) -> Any:
    """Lone surrogates replaced everywhere inside; times as text."""
    if isinstance(value, str):
        return _LONE.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {_mend(key): _mend(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_mend(each) for each in value]
    return value.isoformat() if isinstance(value, datetime) else value


def load(kind: type[T], data: bytes) -> T:
    """The value back. Raises StoreError when the bytes are not one."""
    try:
        return cast(T, _adapter(cast(Any, kind)).validate_json(data))
    except ValidationError as error:
        raise StoreError(f"a stored {kind.__name__} cannot be read: {error.errors()[0]['msg']}") from error


# --- packing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Packed:
    """Bytes as stored: `codec` is `raw`, `zstd` or `delta` (against a base); `size` is the length unpacked."""

    codec: str
    size: int
    data: bytes


def pack(plain: bytes, base: bytes | None = None) -> Packed:
    """The smaller of whole and delta; a delta only when it is under half of the whole copy's size."""
    if len(plain) <= SMALL:
        return Packed("raw", len(plain), plain)
    delta = _delta(plain, base) if base is not None else None
    if delta is not None and len(delta) * CLOSE < len(plain):  # a whole copy will not be half as small as that
        return Packed("delta", len(plain), delta)
    pressed = zstd.compress(plain, level=3)
    whole = Packed("zstd", len(plain), pressed) if len(pressed) < len(plain) else Packed("raw", len(plain), plain)
    if delta is not None and len(whole.data) > SMALL and len(delta) * 2 < len(whole.data):
        return Packed("delta", len(plain), delta)
    return whole


def _delta(plain: bytes, base: bytes) -> bytes | None:
    if len(base) <= SMALL or len(base) + len(plain) > WIDE:
        return None
    window = max(10, (len(base) + len(plain)).bit_length())
    options = {zstd.CompressionParameter.compression_level: 2, zstd.CompressionParameter.window_log: window}
    if window > 19:
        options[zstd.CompressionParameter.enable_long_distance_matching] = 1
    return cast(bytes, zstd.compress(plain, options=options, zstd_dict=zstd.ZstdDict(base, is_raw=True).as_prefix))


def unpack(packed: Packed, base: bytes | None = None) -> bytes:
    """The plain bytes. Raises StoreError when the data is damaged or longer than its row says."""
    if packed.codec == "raw":
        plain = packed.data
    elif packed.codec in {"zstd", "delta"}:
        plain = _inflate(packed, base)
    else:
        raise StoreError(f"the stored codec {packed.codec!r} is unknown: a newer Watcher wrote it")
    if len(plain) != packed.size:
        raise StoreError(f"a stored body is damaged: {len(plain)} bytes where {packed.size} should be")
    return plain


def _inflate(packed: Packed, base: bytes | None) -> bytes:
    if not 0 <= packed.size <= MOST:
        raise StoreError(f"a stored body is damaged: its size is given as {packed.size}")
    if packed.codec == "delta" and base is None:
        raise StoreError("a stored body is damaged: what it is a difference to is missing")
    try:
        prefix = zstd.ZstdDict(base, is_raw=True).as_prefix if packed.codec == "delta" and base is not None else None
        reader = zstd.ZstdDecompressor(zstd_dict=prefix)
        plain = reader.decompress(packed.data, max_length=packed.size + 1)
        while not reader.eof and not reader.needs_input and len(plain) <= packed.size:
            plain += reader.decompress(b"", max_length=packed.size + 1 - len(plain))
    except (zstd.ZstdError, ValueError) as error:  # ValueError: the base is too short to be one
        raise StoreError(f"a stored body is damaged: {error}") from error
    return cast(bytes, plain)


def pack_file(file: BinaryIO) -> bytes:
    """A file's content as zstd, read piece by piece from its start."""
    file.seek(0)
    packer = zstd.ZstdCompressor(level=3)
    packed = bytearray()
    while piece := file.read(PIECE):
        packed += packer.compress(piece)
    packed += packer.flush()
    return bytes(packed)


def unpack_to(packed: Packed, file: BinaryIO) -> None:
    """Unpack zstd to a file, piece by piece. Raises StoreError when the data is damaged or longer than its row says."""
    reader, given, written = zstd.ZstdDecompressor(), packed.data, 0
    try:
        while not reader.eof:
            piece = reader.decompress(given, max_length=PIECE)
            given = b""
            written += file.write(piece)
            if written > packed.size or (not piece and reader.needs_input):
                break
    except (zstd.ZstdError, ValueError) as error:
        raise StoreError(f"a stored body is damaged: {error}") from error
    if written != packed.size:
        raise StoreError(f"a stored body is damaged: {written} bytes where {packed.size} should be")


def pack_value(value: object) -> bytes:
    """A dataclass in one column: a first byte says whether JSON (`j`) or zstd with its length (`z`) follows."""
    plain = dump(value)
    packed = pack(plain) if len(plain) > STATE else None
    if packed is None or packed.codec == "raw":
        return b"j" + plain
    return b"z" + packed.size.to_bytes(5, "big") + packed.data


def unpack_value(kind: type[T], data: bytes) -> T:
    """The value back from `pack_value`. Raises StoreError."""
    data = bytes(data)
    if data[:1] == b"j":
        return load(kind, data[1:])
    if data[:1] == b"z":
        return load(kind, unpack(Packed("zstd", int.from_bytes(data[1:6], "big"), data[6:])))
    raise StoreError(f"a stored {kind.__name__} is damaged")
