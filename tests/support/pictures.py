"""Pictures of one colour, for tests that need a true PNG."""

import struct
import zlib

from bot.domain.charts import Picture
from bot.render.attachments import Download

TABLE = Download("events.csv", b"when,what\n2026-11-28,blocked\n", "All events as a table")


def picture(name: str = "week.png", *, width: int = 8, height: int = 4, shade: int = 0x55) -> Picture:
    """Return a picture that is grey all over."""
    return Picture(name, png(width, height, shade), "The week of aurora: no trouble")


def png(width: int, height: int, shade: int) -> bytes:
    """Return a PNG of eight-bit grey."""
    rows = (b"\0" + bytes([shade]) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
