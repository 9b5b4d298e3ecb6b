"""Killed at every step and under every fault, the bot sends each owner each incident exactly once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.domain import incidents
from bot.domain.incidents import ResetVerdict
from bot.incidents.transaction import UNKNOWN_OUTCOME
from bot.rules.policy import AWAY_AFTER, LEASE
from tests.chaos.ordeal import Fate, Ordeal, ordeal
from tests.chaos.records import ASKED
from tests.chaos.stories import (
    NEVER_ANSWERS,
    OWNER,
    SENDS,
    at_random,
    from_flag_to_green,
    reset,
    settle,
)
from tests.chaos.verdict import times_anew, times_sent
from tests.simulators.discord import SANDBOX_BOT_TOKEN, FaultKind, Json, Person
from tests.support.failpoints import FailPoint

FORGOTTEN = timedelta(hours=1)
"""Longer than Discord knows a nonce."""


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Ordeal]:
    async with ordeal(tmp_path) as prepared:
        yield prepared


RESETS = [
    (FailPoint.LEASED, 0, UNKNOWN_OUTCOME),
    (FailPoint.RESET, 1, UNKNOWN_OUTCOME),
    (FailPoint.JUDGED, 1, ResetVerdict.BACK),
]
"""How many resets reached the API by then, and what the audit says in the end."""
STEPS = {
    "sending": (FailPoint.CLAIMING, FailPoint.CLAIMED, FailPoint.OPENED, FailPoint.SENT),
    "writing down": (FailPoint.REFUSED, FailPoint.RECORDED),
    "editing": (FailPoint.EDITING, FailPoint.EDITED, FailPoint.NOTED),
    "deleting": (FailPoint.DELETING, FailPoint.DELETED),
}


def test_every_step_is_tried() -> None:
    tried = [step for steps in STEPS.values() for step in steps]
    assert sorted([*tried, FailPoint.LEFT, *(step for step, _, _ in RESETS)]) == sorted(FailPoint)


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
async def test_killed_at_each_step_of_telling_it_loses_and_repeats_nothing(
    one: Ordeal, steps: tuple[FailPoint, ...]
) -> None:
    one.fates.extend(Fate(step) for step in steps)
    if FailPoint.REFUSED in steps:
        one.world.fault(FaultKind.ERROR, status=503, method="POST", path=SENDS, times=8)
    found = await from_flag_to_green(one)
    assert found.all == []
    assert one.kills == len(steps)


async def test_killed_when_a_message_is_left_as_it_stands_it_sends_it_anew_once(one: Ordeal) -> None:
    channel = one.api.add().channel
    one.fates.append(Fate(FailPoint.LEFT))
    one.flag(channel)
    await one.until(lambda: one.has_sent(channel))
    for owner in one.owners:
        (_, alert) = one.sees(owner)
        path = f"/channels/{one.world.dm_channel_id(owner)}/messages/{alert['id']}"
        one.world.fault(FaultKind.ERROR, status=400, code=50083, path=path)
    one.api.clear(channel)
    await one.until(lambda: sum(row.is_stuck for row in one.records.messages()) == len(one.owners))
    found = await settle(one)
    assert found.all == []
    assert one.kills == 1
    incident = one.records.incidents()[-1].key
    assert [times_anew(owner, incident, one.creations) for owner in one.owners] == [1, 1]


@pytest.mark.parametrize(("step", "posted", "said"), RESETS)
async def test_killed_within_a_reset_it_sends_no_second_one_and_says_what_is_known(
    one: Ordeal, step: FailPoint, posted: int, said: str
) -> None:
    channel = one.api.add().channel
    one.flag(channel)
    one.fates.append(Fate(step, away=LEASE))
    await one.until(lambda: one.has_sent(channel) and one.world.connected)
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


@pytest.mark.parametrize("step", [FailPoint.CLAIMED, FailPoint.SENT])
async def test_what_was_or_was_not_sent_before_a_long_absence_stands_there_once(
    one: Ordeal, step: FailPoint
) -> None:
    one.fates.append(Fate(step, 3, away=FORGOTTEN))  # the third is an alert: two owners were greeted before
    found = await from_flag_to_green(one)
    assert found.all == []
    assert one.kills == 1


async def test_what_a_stop_keeps_from_being_told_is_told_by_the_next_life(one: Ordeal) -> None:
    one.api.add()
    await one.until(lambda: one.records.messages() and one.is_settled())
    await one.skip(2 * AWAY_AFTER)

    async def look_first() -> None:
        """Have the first poll find that nobody looked for two hours, and the signal cut off the telling."""
        one.before_stop = None
        one.world.fault(FaultKind.ERROR, status=503, path=SENDS)
        await one.until(lambda: not one.is_settled())
        await one.stop()
        one.world.mend()

    one.before_stop = look_first
    found = await settle(one)
    assert found.all == []
    (away,) = one.records.incidents()
    assert away.problem == incidents.ServiceProblem.AWAY
    assert [times_sent(owner, away.key, one.creations) for owner in one.owners] == [1, 1]


async def test_a_late_answer_in_the_direct_messages_is_told_from_a_message_of_nobody(one: Ordeal) -> None:
    channel = one.api.add().channel
    owner = one.world.owner
    one.flag(channel)
    await one.until(lambda: one.has_sent(channel) and is_offered(one, "mjreset"))
    alerts = one.sees(owner)
    await one.world.slash(owner, "mjreset", {"account": channel})
    one.world.pass_time(4)  # longer than Discord waits for an answer
    await one.world.wait_for(lambda: one.late_answers[owner.id])
    assert one.sees(owner) == alerts
    (question,) = (each for each in direct(one, owner) if each not in alerts)
    assert "If not yet, nothing is sent" in question["content"]
    await post_as_bot(one, owner, "a second answer")
    found = await settle(one)
    assert found.all == ["ada sees a copy, or a message of nobody: 'a second answer'"]


def is_offered(one: Ordeal, command: str) -> bool:
    offered = one.world.commands(one.world.owner, one.world.channel_id)
    return one.world.connected and command in [each["name"] for each in offered]


def direct(one: Ordeal, person: Person) -> list[Json]:
    return one.world.messages(one.world.dm_channel_id(person), person)


async def post_as_bot(one: Ordeal, person: Person, content: str) -> None:
    path = f"/channels/{one.world.dm_channel_id(person)}/messages"
    authorization = {"Authorization": f"Bot {SANDBOX_BOT_TOKEN}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(one.world.api + path, json={"content": content}, headers=authorization) as made,
    ):
        assert made.ok


async def test_a_database_that_cannot_be_written_loses_and_repeats_nothing(one: Ordeal) -> None:
    first, second = (one.api.add().channel for _ in range(2))
    one.flag(first)
    await one.until(lambda: one.has_sent(first) and one.world.connected)
    await one.until(one.disk.refuse)
    one.flag(second)
    await one.until(lambda: all(one.notices.values()))
    assert not one.has_noticed()
    one.disk.mend()
    await one.until(lambda: one.has_sent(second))
    found = await settle(one)
    assert found.all == []
    assert [len(notices) for notices in one.notices.values()] == [1, 1]


async def test_killed_while_the_database_cannot_be_written_it_loses_and_repeats_nothing(one: Ordeal) -> None:
    first, second = (one.api.add().channel for _ in range(2))
    one.flag(first)
    one.fates.append(Fate(after=2.0))
    await one.until(lambda: one.has_sent(first) and one.world.connected)
    await one.until(one.disk.refuse)
    one.flag(second)
    await one.die()
    await one.until(lambda: one.has_sent(second))
    found = await settle(one)
    assert found.all == []


async def test_a_flag_seen_while_no_owner_is_known_is_told_once_when_discord_names_them(one: Ordeal) -> None:
    channel = one.api.add().channel
    one.names_owners = False
    one.world.fault(FaultKind.ERROR, status=503, path=OWNER)
    one.flag(channel)
    one.fates.append(Fate(after=1.5))
    await one.until(one.has_noticed)
    await one.die()
    await one.until(one.has_noticed)
    assert not one.creations
    one.world.mend()
    await one.until(lambda: one.has_sent(channel))
    found = await settle(one)
    assert found.all == []


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(days=-1)])
async def test_a_clock_that_is_set_loses_and_repeats_nothing(one: Ordeal, step: timedelta) -> None:
    first, second = (one.api.add().channel for _ in range(2))
    one.flag(first)
    one.fates.append(Fate(FailPoint.SENT, 3))
    await one.until(lambda: one.has_sent(first) and one.world.connected)
    one.set_clock(step)
    one.flag(second)
    await one.until(lambda: one.has_sent(second))
    found = await settle(one)
    assert found.all == []


FAULTS: dict[str, list[tuple[FaultKind, dict[str, Any]]]] = {
    "429, 500 and 503": [
        (FaultKind.RATE_LIMITED, {"seconds": 3}),
        (FaultKind.ERROR, {"status": 500}),
        (FaultKind.ERROR, {"status": 503}),
    ],
    "connections reset before and after it was made": [(FaultKind.RESET, {}), (FaultKind.RESET_AFTER, {})],
    "a time-out after it was made": [(FaultKind.SLOW_AFTER, {"seconds": NEVER_ANSWERS})],
}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
async def test_faults_of_discord_at_a_message_lose_and_repeat_nothing(
    one: Ordeal, faults: list[tuple[FaultKind, dict[str, Any]]]
) -> None:
    for kind, details in faults:
        one.world.fault(kind, method="POST", path=SENDS, times=3, **details)
    found = await from_flag_to_green(one)
    assert found.all == []


@pytest.mark.parametrize("seed", [1])
async def test_killed_at_random_in_random_trouble_it_loses_and_repeats_nothing(
    tmp_path: Path, seed: int
) -> None:
    found, kills = await at_random(tmp_path, seed)
    assert found.all == []
    assert kills
