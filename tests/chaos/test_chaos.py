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


RESETS = [
    (Step.LEASED, 0, UNKNOWN_OUTCOME),
    (Step.RESET, 1, UNKNOWN_OUTCOME),
    (Step.JUDGED, 1, ResetVerdict.BACK),
]
"""How many resets reached the API by then, and what the audit says in the end."""
STEPS = {
    "sending": (Step.CLAIMING, Step.CLAIMED, Step.OPENED, Step.SENT),
    "writing down": (Step.REFUSED, Step.RECORDED),
    "editing": (Step.EDITING, Step.EDITED, Step.NOTED),
    "deleting": (Step.DELETING, Step.DELETED),
}


def test_every_step_is_tried() -> None:
    tried = [step for steps in STEPS.values() for step in steps]
    assert sorted([*tried, *(step for step, _, _ in RESETS)]) == sorted(Step)


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
async def test_killed_at_each_step_of_telling_it_loses_and_repeats_nothing(
    one: Ordeal, steps: tuple[Step, ...]
) -> None:
    one.fates.extend(Fate(step) for step in steps)
    if Step.REFUSED in steps:
        one.world.fault(Trouble.ERROR, status=503, method="POST", path=SENDS, times=8)
    found = await from_flag_to_green(one)
    assert found.all == []
    assert one.kills == len(steps)


@pytest.mark.parametrize(("step", "posted", "said"), RESETS)
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


TROUBLES: dict[str, list[tuple[Trouble, dict[str, Any]]]] = {
    "429, 500 and 503": [
        (Trouble.RATE_LIMITED, {"seconds": 3}),
        (Trouble.ERROR, {"status": 500}),
        (Trouble.ERROR, {"status": 503}),
    ],
    "connections reset before and after it was made": [(Trouble.RESET, {}), (Trouble.RESET_AFTER, {})],
    "a time-out after it was made": [(Trouble.SLOW_AFTER, {"seconds": NEVER_ANSWERS})],
}


@pytest.mark.parametrize("troubles", TROUBLES.values(), ids=TROUBLES)
async def test_faults_of_discord_at_a_message_lose_and_repeat_nothing(
    one: Ordeal, troubles: list[tuple[Trouble, dict[str, Any]]]
) -> None:
    for trouble, details in troubles:
        one.world.fault(trouble, method="POST", path=SENDS, times=3, **details)
    found = await from_flag_to_green(one)
    assert found.all == []


@pytest.mark.parametrize("seed", [1])
async def test_killed_at_random_in_random_trouble_it_loses_and_repeats_nothing(
    tmp_path: Path, seed: int
) -> None:
    found, kills = await at_random(tmp_path, seed)
    assert found.all == []
    assert kills
