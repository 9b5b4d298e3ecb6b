"""Reduces a screenshot to at most 256 colours.

Facts are from the PNG specification (W3C, third edition): chunks in section 5, filters in section 9.
"""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Final

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
PIXEL: Final = 3
"""Bytes of a pixel of eight bits in each of three colours, which is what Chromium writes."""
COLOURS: Final = 256


def shrink(png: bytes) -> bytes:
    """Return the picture with its most frequent colours, each other one replaced by the nearest of these.

    Raises:
        ValueError: it is not a PNG of eight-bit RGB without interlacing.
    """
    width, height, *form = struct.unpack(">IIBBBBB", next(_chunks(png, b"IHDR")))
    if form != [8, 2, 0, 0, 0]:
        raise ValueError("only eight-bit RGB is read here")
    data = zlib.decompress(b"".join(_chunks(png, b"IDAT")))
    rows = [[row[at : at + PIXEL] for at in range(0, len(row), PIXEL)] for row in _rows(data, width, height)]
    palette, nearest = _palette(Counter(pixel for row in rows for pixel in row))
    lines = b"".join(b"\0" + bytes(nearest[pixel] for pixel in row) for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(name, body) for name, body in parts)


def _chunks(png: bytes, wanted: bytes) -> Iterator[bytes]:
    at = len(SIGNATURE)
    while at < len(png):
        size, name = struct.unpack_from(">I4s", png, at)
        if name == wanted:
            yield png[at + 8 : at + 8 + size]
        at += 12 + size


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _rows(data: bytes, width: int, height: int) -> Iterator[bytes]:
    """Undo the filter of each row."""
    size = width * PIXEL
    above = bytearray(size)
    for number in range(height):
        start = number * (size + 1)
        row = bytearray(data[start + 1 : start + 1 + size])
        _undo(data[start], row, above)
        yield bytes(row)
        above = row


def _undo(kind: int, row: bytearray, above: bytearray) -> None:
    for at, value in enumerate(row):
        left = row[at - PIXEL] if at >= PIXEL else 0
        corner = above[at - PIXEL] if at >= PIXEL else 0
        row[at] = (value + _predicted(kind, left, above[at], corner)) & 0xFF


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    match kind:
        case 1:
            return left
        case 2:
            return up
        case 3:
            return (left + up) // 2
        case 4:
            return _paeth(left, up, corner)
        case _:
            return 0


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda value: abs(guess - value))


def _palette(counts: Counter[bytes]) -> tuple[bytes, dict[bytes, int]]:
    """Return the most frequent colours, and for each colour the place of the nearest of them."""
    kept = [colour for colour, _ in counts.most_common(COLOURS)]
    places = range(len(kept))
    return b"".join(kept), {
        colour: min(places, key=lambda place: _apart(kept[place], colour)) for colour in counts
    }


def _apart(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
