"""How long `/mjaccounts` and `/mjinfo` take to their whole answer, beyond what the API took by itself."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import cycle
from typing import Final

from tests.bench.figures import Candidate, percentile
from tests.bench.process import Running
from tests.bench.record import Record
from tests.bench.stage import BOTS, Stage, staged
from tests.simulators.discord import Interaction

MILLI: Final = 1000.0
WARM_UP: Final = 3
SETTLES: Final = 0.02
SETTLES_PER_ACCOUNT: Final = 30e-6
"""Seconds until what a command set off besides its answer is over, such as a poll of the list."""


async def play(record: Record) -> None:
    """Play one round."""
    for accounts in record.size.lists:
        for candidate in BOTS:
            await play_list(record, candidate, accounts)


async def play_list(record: Record, candidate: Candidate, accounts: int) -> None:
    """Use both commands with so many accounts; `/mjinfo` each time about another one."""
    async with staged(accounts) as stage, stage.ready(candidate) as one:
        channels = cycle(stage.channels)
        uses: dict[str, Callable[[], Awaitable[Interaction]]] = {
            "accounts": lambda: stage.use("mjaccounts"),
            "info": lambda: stage.use("mjinfo", account=next(channels)),
        }
        for name, use in uses.items():
            # An account is asked once in 30 seconds: a second time the answer would come from memory.
            count = min(record.size.commands, accounts - WARM_UP) if name == "info" else record.size.commands
            samples = [await whole(stage, one, use) for _ in range(WARM_UP + count)][WARM_UP:]
            record.put(f"commands.{name}.{accounts}", candidate, percentile(samples, 50))


async def whole(stage: Stage, one: Running, use: Callable[[], Awaitable[Interaction]]) -> float:
    """Use a command; give the milliseconds from the event to its answer, without the API's own."""
    begun = len(stage.api.requests)
    interaction = await use()
    answered = await stage.until(one, lambda: interaction.answered_at)
    delivered = interaction.delivered_at
    assert delivered is not None
    took = answered - delivered - stage.upstream_seconds(begun, answered)
    await asyncio.sleep(SETTLES + SETTLES_PER_ACCOUNT * len(stage.api.accounts))
    return took * MILLI
