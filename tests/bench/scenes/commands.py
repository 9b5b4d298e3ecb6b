"""How long `/mjaccounts` and `/mjinfo` take to their whole answer, beyond what the API took by itself."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from itertools import cycle
from typing import Final

from tests.bench.figures import Candidate, percentile
from tests.bench.process import Running
from tests.bench.record import Record
from tests.bench.stage import BOTS, Stage, staged
from tests.simulators.discord import Interaction

MILLI: Final = 1000.0
WARM_UP: Final = 3


async def play(record: Record) -> None:
    """Play one round."""
    for accounts in record.size.lists:
        for candidate in BOTS:
            await play_list(record, candidate, accounts)


async def play_list(record: Record, candidate: Candidate, accounts: int) -> None:
    """Use both commands with so many accounts; `/mjinfo` each time about another one."""
    async with staged(accounts) as stage, stage.ready(candidate) as one:
        for name, took in (await both_commands(stage, one, record.size.commands)).items():
            record.put(f"commands.{name}.{accounts}", candidate, took)


async def both_commands(
    stage: Stage, one: Running, count: int, infos: int | None = None
) -> Mapping[str, float]:
    """Use each command so often, but so many `/mjinfo` at most; give the milliseconds of the median."""
    channels = cycle(stage.channels)
    uses: dict[str, Callable[[], Awaitable[Interaction]]] = {
        "accounts": lambda: stage.use("mjaccounts"),
        "info": lambda: stage.use("mjinfo", account=next(channels)),
    }
    # An account is asked once in 30 seconds or more: a second time the answer would come from memory.
    most = len(stage.channels) if infos is None else min(len(stage.channels), infos)
    counts = {"accounts": count, "info": min(count, most - WARM_UP)}
    return {
        name: percentile([await whole(stage, one, use) for _ in range(WARM_UP + counts[name])][WARM_UP:], 50)
        for name, use in uses.items()
    }


async def whole(stage: Stage, one: Running, use: Callable[[], Awaitable[Interaction]]) -> float:
    """Use a command; give the milliseconds from the event to its answer, without the API's own."""
    begun = len(stage.asked)
    interaction = await use()
    answered = await stage.until(one, lambda: interaction.answered_at)
    delivered = interaction.delivered_at
    assert delivered is not None
    took = answered - delivered - stage.upstream_seconds(begun, answered)
    await asyncio.sleep(stage.settles)
    return took * MILLI
