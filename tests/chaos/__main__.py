"""`python -m tests.chaos --rounds N --seed S`: kill the bot at random in random trouble, many times."""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.ordeal import EndedByItselfError
from tests.chaos.stories import at_random
from tests.chaos.verdict import Findings


def main() -> int:
    """Run the rounds and give the exit code: 1 if anything was lost, repeated or otherwise wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos", description="Kill the bot at random, and see what its owners were told."
    )
    parser.add_argument("--rounds", type=int, default=100, help="how many rounds (100)")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first round; each adds one (1)")
    wanted = parser.parse_args()
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # what the dead leave half said is no news
    total, kills = Findings(), 0
    for seed in range(wanted.seed, wanted.seed + wanted.rounds):
        begun = time.monotonic()
        found, killed = play(seed)
        kills += killed
        say(f"seed {seed}: killed {killed} times, {count(found)}, in {time.monotonic() - begun:.1f} s")
        for sentence in found.all:
            say(f"    {sentence}")
        for all_of, these in zip(
            (total.lost, total.repeated, total.wrong), (found.lost, found.repeated, found.wrong), strict=True
        ):
            all_of.extend(these)
    say(f"{wanted.rounds} rounds, killed {kills} times: {count(total)}")
    return 1 if total.all else 0


def play(seed: int) -> tuple[Findings, int]:
    """Play one round; one that does not come to its end is wrong, too."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return asyncio.run(at_random(Path(folder), seed))
        except (AssertionError, EndedByItselfError) as error:
            return Findings(wrong=[str(error)]), 0


def count(found: Findings) -> str:
    """Sum up what was found."""
    return f"lost {len(found.lost)}, repeated {len(found.repeated)}, otherwise wrong {len(found.wrong)}"


def say(line: str) -> None:
    """Write a line at once, as the rounds take long."""
    print(line, flush=True)  # noqa: T201 - the terminal is where this belongs


if __name__ == "__main__":
    sys.exit(main())
