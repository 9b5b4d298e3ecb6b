"""`python -m bot.pictures.worker`: draw each chart that arrives on standard input.

A chart is JSON (its type and its fields), its answer a PNG, or the name of the error. The length of each
stands before it.
"""

import json
import os
import signal
import struct
import sys
from contextlib import suppress
from typing import Final, get_args

from bot.domain.charts import Chart
from bot.domain.plain import plain, typed

CHARTS: Final = {kind.__name__: kind for kind in get_args(Chart)}
LENGTH: Final = struct.Struct(">I")
SECONDS: Final = 20
"""The longest time of a picture."""
BYTES: Final = 1 << 30
"""The most address space, of which a picture takes a third."""
NICENESS: Final = 10


def chart_as_json(chart: Chart) -> bytes:
    """Return what is written to the process.

    Raises:
        ValueError: a label cannot be encoded.
    """
    return json.dumps((type(chart).__name__, plain(chart)), ensure_ascii=False).encode()


def chart_of(data: bytes) -> Chart:
    """Return the chart that was written."""
    name, fields = json.loads(data)
    return typed(CHARTS[name], fields)


def restrict() -> None:
    """Give up what a picture does not need, as far as the system knows how."""
    with suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 - Windows has none

        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(AttributeError, OSError):
        os.nice(NICENESS)


def alarm(seconds: int) -> None:
    """Have the system end this process after so many seconds, even if nobody waits for it any more."""
    with suppress(AttributeError):
        signal.alarm(seconds)


def answer_to(chart: bytes) -> bytes:
    """Return the picture of a chart, or the name of the error."""
    try:
        from bot.pictures.drawing import draw  # noqa: PLC0415 - it may be what fails, and needs the limits

        return draw(chart_of(chart))
    except Exception as error:  # noqa: BLE001 - the bot logs it
        return f"{type(error).__name__} {getattr(error, 'name', None) or ''}".strip().encode()


def main() -> None:
    """Answer until standard input ends."""
    restrict()
    received, sent = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what libraries print is no answer
    while head := received.read(LENGTH.size):
        alarm(SECONDS)
        answer = answer_to(received.read(*LENGTH.unpack(head)))
        sent.write(LENGTH.pack(len(answer)) + answer)
        sent.flush()
        alarm(0)


if __name__ == "__main__":
    main()
