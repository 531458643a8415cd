"""Make screenshots small: PNG with at most 256 colours, packed as well as zlib can.

    python docs/images/shrink.py FILE.png…

Reads what browsers write (8 bits a channel, RGB or RGBA, not interlaced; PNG specification, sections 9 and 11).
"""

import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give each chunk's type and data."""
    at = len(SIGNATURE)
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        at += size + 12


def lines(raw: bytes, stride: int, step: int) -> Iterator[bytearray]:
    """Undo the filters, a scan line at a time; `step` is the bytes of a pixel."""
    above = bytearray(stride)
    for start in range(0, len(raw), stride + 1):
        kind, line = raw[start], bytearray(raw[start + 1 : start + 1 + stride])
        for i in range(stride):
            left = line[i - step] if i >= step else 0
            corner = above[i - step] if i >= step else 0
            line[i] = (line[i] + (0, left, above[i], (left + above[i]) // 2, paeth(left, above[i], corner))[kind]) & 255
        yield line
        above = line


def paeth(left: int, above: int, corner: int) -> int:
    """Choose the neighbour nearest to left + above - corner."""
    guess = left + above - corner
    return min((left, above, corner), key=lambda each: abs(guess - each))


def shrink(png: bytes) -> bytes:
    """Give the same picture with few colours: the finest rounding under which 256 suffice."""
    found = list(chunks(png))
    width, height, _, kind = struct.unpack(">IIBB", found[0][1][:10])
    step = {2: 3, 6: 4}[kind]
    raw = zlib.decompress(b"".join(data for name, data in found if name == b"IDAT"))
    rows = [[bytes(line[i : i + 3]) for i in range(0, len(line), step)] for line in lines(raw, width * step, step)]
    for bits in range(8):
        rounded = {pixel: bytes(min(255, round(c / 2**bits) * 2**bits) for c in pixel) for row in rows for pixel in row}
        palette = sorted(set(rounded.values()))
        if len(palette) <= 256:
            break
    index = {pixel: palette.index(colour) for pixel, colour in rounded.items()}
    packed = zlib.compress(b"".join(b"\0" + bytes(index[pixel] for pixel in row) for row in rows), 9)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", b"".join(palette)), (b"IDAT", packed), (b"IEND", b""))
    return SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


if __name__ == "__main__":
    for file in map(Path, sys.argv[1:]):
        file.write_bytes(shrink(file.read_bytes()))
