"""Killed at every step and in every trouble, the bot has told each owner of each incident exactly once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.incidents import ResetVerdict
from bot.outbox import Step
from bot.rules.policy import LEASE
from bot.watchkeeper import UNKNOWN_OUTCOME
from tests.chaos.ordeal import Fate, Ordeal, ordeal
from tests.chaos.records import ASKED
from tests.chaos.stories import (
    NEVER_ANSWERS,
    OF_A_RESET,
    SENDS,
    at_random,
    from_flag_to_green,
    reset,
    settle,
)
from tests.sandbox.discord import Trouble

FORGOTTEN = timedelta(hours=1)
"""Longer than Discord knows a nonce."""


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Ordeal]:
    async with ordeal(tmp_path) as prepared:
        yield prepared


@pytest.mark.parametrize("step", [step for step in Step if step not in OF_A_RESET])
async def test_killed_at_any_step_of_telling_it_loses_and_repeats_nothing(one: Ordeal, step: Step) -> None:
    one.fates.extend([Fate(step)] * 2)
    if step is Step.REFUSED:
        one.world.fault(Trouble.ERROR, status=503, method="POST", path=SENDS, times=4)
    found = await from_flag_to_green(one)
    assert found.all == []
    assert one.kills == 2


@pytest.mark.parametrize(
    ("step", "posted", "said"),
    [
        (Step.LEASED, 0, UNKNOWN_OUTCOME),
        (Step.RESET, 1, UNKNOWN_OUTCOME),
        (Step.JUDGED, 1, ResetVerdict.BACK),
    ],
)
async def test_killed_within_a_reset_it_sends_no_second_one_and_says_what_is_known(
    one: Ordeal, step: Step, posted: int, said: str
) -> None:
    channel = one.api.add().channel
    one.flag(channel)
    one.fates.append(Fate(step, away=LEASE))
    await one.until(lambda: one.has_told(channel) and one.world.connected)
    await reset(one, channel)
    await one.die()
    assert one.posted_resets(channel) == posted
    await one.until(lambda: len(one.records.resets(channel)) > 1 and one.world.connected)
    assert one.records.resets(channel) == [ASKED, said]
    if posted == 0:  # the list tells that nothing was done, and the button works again
        await reset(one, channel)
    found = await settle(one)
    assert one.posted_resets(channel) == 1
    assert found.all == []
    assert one.kills == 1


@pytest.mark.parametrize("step", [Step.CLAIMED, Step.SENT])
async def test_what_was_or_was_not_sent_before_a_long_absence_stands_there_once(
    one: Ordeal, step: Step
) -> None:
    one.fates.append(Fate(step, 3, away=FORGOTTEN))  # the third is an alert: two owners were greeted before
    found = await from_flag_to_green(one)
    assert found.all == []
    assert one.kills == 1


TROUBLES = {
    "429": (Trouble.RATE_LIMITED, {"seconds": 3}),
    "500": (Trouble.ERROR, {"status": 500}),
    "503": (Trouble.ERROR, {"status": 503}),
    "a connection reset before it was made": (Trouble.RESET, {}),
    "a connection reset after it was made": (Trouble.RESET_AFTER, {}),
    "a time-out after it was made": (Trouble.SLOW_AFTER, {"seconds": NEVER_ANSWERS}),
}


@pytest.mark.parametrize(("trouble", "details"), TROUBLES.values(), ids=TROUBLES)
async def test_a_fault_of_discord_at_a_message_loses_and_repeats_nothing(
    one: Ordeal, trouble: Trouble, details: dict[str, Any]
) -> None:
    one.world.fault(trouble, method="POST", path=SENDS, times=3, **details)
    found = await from_flag_to_green(one)
    assert found.all == []


@pytest.mark.parametrize("seed", [1, 2])
async def test_killed_at_random_in_random_trouble_it_loses_and_repeats_nothing(
    tmp_path: Path, seed: int
) -> None:
    found, kills = await at_random(tmp_path, seed)
    assert found.all == []
    assert kills
