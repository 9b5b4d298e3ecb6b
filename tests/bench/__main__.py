"""`python -m tests.bench`: measure Midwatch beside what else one would run, and judge the budgets."""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Final

from tests.bench.catalogue import FIGURES
from tests.bench.record import FULL, TINY, Record, Size
from tests.bench.results import FILE, Results, machine, results_of
from tests.bench.scenes import (
    alerts,
    answers,
    commands,
    database,
    killed,
    life,
    memory,
    pictures,
    proxy,
    upstream,
)
from tests.bench.table import rendered, verdict, write_page

Scene = Callable[[Record], Coroutine[None, None, None]]
ROUNDS: Final = 3
EACH_ROUND: Final[Mapping[str, Scene]] = {
    "answers": answers.play,
    "commands": commands.play,
    "alerts": alerts.play,
    "cpu": upstream.play_cpu,
    "proxy": proxy.play,
    "life": life.play,
    "pictures": pictures.play,
}
ONCE: Final[Mapping[str, Scene]] = {
    "counts": upstream.play_counts,
    "memory": memory.play,
    "database": database.play,
    "killed": killed.play,
}
"""What takes long, or counts rather than times."""
SCENES: Final = {**EACH_ROUND, **ONCE}


def measure(names: Sequence[str], rounds: int, size: Size) -> Results:
    """Play the scenes and judge the figures."""
    record, on = Record(size), machine()
    for number in range(1, rounds + 1):
        for name in names:
            if name in EACH_ROUND or number == 1:
                began = time.monotonic()
                asyncio.run(SCENES[name](record))
                say(f"round {number} of {rounds}: {name}, {time.monotonic() - began:.0f} s")
    return results_of(FIGURES, record.rounds, rounds, on)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code: 1 if a budget is not kept."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="Measure Midwatch beside what else one would run."
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how many rounds ({ROUNDS})")
    parser.add_argument(
        "--only", action="append", choices=[*SCENES], help="these figures alone; nothing is kept"
    )
    parser.add_argument("--tiny", action="store_true", help="see that it runs; nothing is kept")
    wanted = parser.parse_args(arguments)
    results = measure(wanted.only or [*SCENES], wanted.rounds, TINY if wanted.tiny else FULL)
    say(rendered(results), verdict(results))
    if not (wanted.only or wanted.tiny):
        FILE.write_text(results.written())
        write_page(results)
        say(f"Kept in {FILE.name}, and shown in docs/measured.md.")
    return 1 if results.missed else 0


def say(*lines: str) -> None:
    """Write to the terminal without buffering."""
    print(*lines, sep="\n", flush=True)  # noqa: T201 - the terminal is where this belongs


if __name__ == "__main__":
    sys.exit(main())
