"""`python -m tests.chaos --rounds N --seed S`: kill the bot at random moments amid random faults, many times.

With `--soak 10m` it runs through hours of faults instead, and is killed now and then.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from bot.runtime.setting_values import read_duration
from tests.chaos.census import FEWEST, Sample, growths
from tests.chaos.chaos_run import EndedByItselfError
from tests.chaos.findings import Findings
from tests.chaos.hurry import SPEED
from tests.chaos.soak import soak
from tests.chaos.stories import at_random


def main() -> int:
    """Run the rounds, or the soak, and return the exit code: 1 if anything was found."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos",
        description="Kill the bot at random, and check what its owners received.",
    )
    parser.add_argument("--rounds", type=int, default=100, help="how many rounds (100)")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first round; each adds one (1)")
    parser.add_argument("--soak", type=read_duration, help="instead of rounds: how long to soak, like 10m")
    wanted = parser.parse_args()
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # a killed process breaks off its requests
    if wanted.soak is not None:
        return soaked(wanted.seed, wanted.soak)
    return rounds(range(wanted.seed, wanted.seed + wanted.rounds))


def rounds(seeds: range) -> int:
    """Play a round for each seed."""
    total, kills = Findings(), 0
    for seed in seeds:
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
    say(f"{len(seeds)} rounds, killed {kills} times: {count(total)}")
    return 1 if total.all else 0


def soaked(seed: int, length: timedelta) -> int:
    """Soak once, and print the resources of each life that was long enough."""
    say(f"soaking for {length}: {length * SPEED} of the bot's time, with seed {seed}")
    with tempfile.TemporaryDirectory() as folder:
        try:
            it = asyncio.run(soak(Path(folder), seed, length))
        except (AssertionError, EndedByItselfError) as error:
            say(f"    {error}")
            return 1
    if not it.lives:
        say("    nothing is known of memory, descriptors, threads and tasks: that takes a /proc")
    for life in it.lives:
        say(f"    a life of {len(life)} samples, {described(life)}")
    say(f"{it.flagged} flags, {it.outages} outages, {it.messages} messages about them")
    say(f"killed {it.kills} times: {count(it.found)}")
    for sentence in it.found.all:
        say(f"    {sentence}")
    return 1 if it.found.all else 0


def described(life: Sequence[Sample]) -> str:
    """Describe what a life held at its end, and how that grew."""
    if len(life) < FEWEST:
        return "too few for a slope"
    held = {name: f"{getattr(life[-1], name)} ({grown:+g})" for name, grown in growths(life).items()}
    return ", ".join(f"{name} {value}" for name, value in held.items())


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
