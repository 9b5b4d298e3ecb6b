"""`python -m bot.pictures.worker`: draw each chart that arrives on standard input.

A chart is JSON, its answer a PNG, or the name of the error. The length of each stands before it.
"""

import os
import signal
import struct
import sys
from contextlib import suppress
from typing import Final

from pydantic import TypeAdapter

from bot.domain.charts import Chart

CHART: Final = TypeAdapter[Chart](Chart)
LENGTH: Final = struct.Struct(">I")
SECONDS: Final = 20
"""The longest time of a picture."""
BYTES: Final = 1 << 30
"""The most address space, of which a picture takes a third."""
NICENESS: Final = 10


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

        return draw(CHART.validate_json(chart))
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
