"""Killed at every step and under every fault, the bot sends each owner each incident exactly once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.domain import incidents
from bot.domain.incidents import RemedyVerdict
from bot.domain.providers import Remedy
from bot.incidents.transaction import UNKNOWN_OUTCOME
from bot.rules.policy import AWAY_AFTER, lease_for
from tests.chaos.chaos_run import ChaosRun, PlannedEnd, chaos_run
from tests.chaos.findings import times_anew, times_sent
from tests.chaos.records import ASKED
from tests.chaos.stories import (
    NEVER_ANSWERS,
    OWNER,
    PROVIDERS,
    SENDS,
    at_random,
    bring_to_rest,
    from_flag_to_green,
    reset,
)
from tests.simulators.discord import SANDBOX_BOT_TOKEN, FaultKind, Json, Person
from tests.support.failpoints import FailPoint

LEASE_OVER = lease_for(Remedy.ENABLE)
"""The longest lease of a remedy."""
FORGOTTEN = timedelta(hours=1)
"""Longer than Discord knows a nonce."""
NEVER_TOO_LATE = 24 * 60 * 60.0
"""Three seconds of the hurried clock are a tenth of one, in which a busy machine may answer no press."""
HELLO_AND_ALERT = 2
"""How many messages an owner has after the first flag. Either may come first."""


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[ChaosRun]:
    async with chaos_run(tmp_path, answer_within=NEVER_TOO_LATE) as prepared:
        yield prepared


RESETS = [
    (FailPoint.LEASED, 0, UNKNOWN_OUTCOME),
    (FailPoint.RESET, 1, UNKNOWN_OUTCOME),
    (FailPoint.JUDGED, 1, RemedyVerdict.BACK),
]
"""How many remedies reached the provider by then, and what the audit says in the end."""
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
async def test_killed_at_each_step_of_sending_it_loses_and_repeats_nothing(
    run: ChaosRun, steps: tuple[FailPoint, ...]
) -> None:
    run.planned_ends.extend(PlannedEnd(step) for step in steps)
    if FailPoint.REFUSED in steps:
        run.world.fault(FaultKind.ERROR, status=503, method="POST", path=SENDS, times=8)
    found = await from_flag_to_green(run)
    assert found.all == []
    assert run.kills == len(steps)


async def test_killed_when_a_message_is_left_as_it_stands_it_sends_it_anew_once(run: ChaosRun) -> None:
    channel = run.accounts.add()
    run.planned_ends.append(PlannedEnd(FailPoint.LEFT))
    run.flag(channel)
    await run.until(lambda: run.has_sent(channel))
    incident = run.records.incidents()[-1].key
    for alert in [row for row in run.records.messages() if row.holds(incident)]:
        path = f"/channels/*/messages/{alert.message_id}"
        run.world.fault(FaultKind.ERROR, status=400, code=50083, path=path)
    run.accounts.clear(channel)
    await run.until(lambda: sum(row.is_stuck for row in run.records.messages()) == len(run.owners))
    found = await bring_to_rest(run)
    assert found.all == []
    assert run.kills == 1
    assert [times_anew(owner, incident, run.creations) for owner in run.owners] == [1, 1]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(("step", "posted", "outcome"), RESETS)
async def test_killed_within_a_remedy_it_sends_no_second_one_and_shows_what_is_known(
    run: ChaosRun, step: FailPoint, posted: int, outcome: str, provider: str
) -> None:
    channel = run.accounts.add(provider)
    run.flag(channel)
    run.planned_ends.append(PlannedEnd(step, away=LEASE_OVER))
    await run.until(lambda: run.has_sent(channel) and run.world.connected)
    await reset(run, channel)
    await run.die()
    assert run.accounts.remedies(channel) == posted
    await run.until(lambda: len(run.records.remedies(channel)) > 1 and run.world.connected)
    assert run.records.remedies(channel) == [ASKED, outcome]
    if posted == 0:  # the list shows that nothing was done, and the button works again
        await reset(run, channel)
    found = await bring_to_rest(run)
    assert run.accounts.remedies(channel) == 1
    assert found.all == []
    assert run.kills == 1


@pytest.mark.parametrize("step", [FailPoint.CLAIMED, FailPoint.SENT])
async def test_what_may_have_been_sent_before_a_long_absence_is_there_once(
    run: ChaosRun, step: FailPoint
) -> None:
    run.planned_ends.append(PlannedEnd(step, 3, away=FORGOTTEN))  # likely an alert: two hellos come, too
    found = await from_flag_to_green(run)
    assert found.all == []
    assert run.kills == 1


async def test_what_a_stop_keeps_from_being_sent_is_sent_by_the_next_life(run: ChaosRun) -> None:
    run.accounts.add()
    await run.until(lambda: run.records.messages() and run.is_settled())
    await run.skip(2 * AWAY_AFTER)

    async def first_poll() -> None:
        """Let the first poll find a gap of two hours, and stop the bot before it can send that."""
        run.before_stop = None
        run.world.fault(FaultKind.ERROR, status=503, path=SENDS)
        await run.until(lambda: not run.is_settled())
        await run.stop()
        run.world.mend()

    run.before_stop = first_poll
    found = await bring_to_rest(run)
    assert found.all == []
    (away,) = run.records.incidents()
    assert away.problem == incidents.ServiceProblem.AWAY
    assert [times_sent(owner, away.key, run.creations) for owner in run.owners] == [1, 1]


async def test_a_late_answer_as_a_direct_message_is_no_message_of_nobody(tmp_path: Path) -> None:
    async with chaos_run(tmp_path) as run:
        channel = run.accounts.add()
        owner = run.world.owner
        run.flag(channel)
        await run.until(lambda: run.has_sent(channel) and is_offered(run, "mjreset"))
        await run.until(lambda: len(run.sees(owner)) == HELLO_AND_ALERT)
        alerts = run.sees(owner)
        await run.world.slash(owner, "mjreset", {"account": channel})
        run.world.pass_time(4)  # longer than Discord waits for an answer
        await run.world.wait_for(lambda: run.late_answers[owner.id])
        assert run.sees(owner) == alerts
        (question,) = (each for each in direct(run, owner) if each not in alerts)
        assert "If not yet, nothing is sent" in question["content"]
        await post_as_bot(run, owner, "a second answer")
        found = await bring_to_rest(run)
        assert found.all == ["ada sees a copy, or a message of nobody: 'a second answer'"]


def is_offered(run: ChaosRun, command: str) -> bool:
    offered = run.world.commands(run.world.owner, run.world.channel_id)
    return run.world.connected and command in [each["name"] for each in offered]


def direct(run: ChaosRun, person: Person) -> list[Json]:
    return run.world.messages(run.world.dm_channel_id(person), person)


async def post_as_bot(run: ChaosRun, person: Person, content: str) -> None:
    path = f"/channels/{run.world.dm_channel_id(person)}/messages"
    authorization = {"Authorization": f"Bot {SANDBOX_BOT_TOKEN}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(run.world.api + path, json={"content": content}, headers=authorization) as made,
    ):
        assert made.ok


async def test_a_database_that_cannot_be_written_loses_and_repeats_nothing(run: ChaosRun) -> None:
    first, second = map(run.accounts.add, PROVIDERS)
    run.more_settings["OUTAGE_AFTER"] = "30s"
    run.flag(first)
    await run.until(lambda: run.has_sent(first) and run.world.connected)
    await run.until(run.disk.refuse)
    run.flag(second)
    await run.until(lambda: all(run.notices.values()))
    assert not run.has_noticed()
    run.disk.mend()
    await run.until(lambda: run.has_sent(second))
    found = await bring_to_rest(run)
    assert found.all == []
    assert [len(notices) for notices in run.notices.values()] == [1, 1]


async def test_killed_while_the_database_is_locked_it_loses_and_repeats_nothing(run: ChaosRun) -> None:
    first, second = map(run.accounts.add, PROVIDERS)
    run.flag(first)
    run.planned_ends.append(PlannedEnd(after=2.0))
    await run.until(lambda: run.has_sent(first) and run.world.connected)
    await run.until(run.disk.refuse)
    run.flag(second)
    await run.die()
    await run.until(lambda: run.has_sent(second))
    found = await bring_to_rest(run)
    assert found.all == []


async def test_a_flag_seen_while_no_owner_is_known_is_sent_once_when_they_are_known(run: ChaosRun) -> None:
    channel = run.accounts.add()
    run.names_owners = False
    run.world.fault(FaultKind.ERROR, status=503, path=OWNER)
    run.flag(channel)
    await run.until(run.has_noticed)
    run.kill()
    await run.die()
    await run.until(run.has_noticed)
    assert not run.creations
    run.world.mend()
    await run.until(lambda: run.has_sent(channel))
    found = await bring_to_rest(run)
    assert found.all == []


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(days=-1)])
async def test_a_clock_that_is_set_loses_and_repeats_nothing(run: ChaosRun, step: timedelta) -> None:
    first, second = map(run.accounts.add, PROVIDERS)
    run.flag(first)
    run.planned_ends.append(PlannedEnd(FailPoint.SENT, 3))
    await run.until(lambda: run.has_sent(first) and run.world.connected)
    run.set_clock(step)
    run.flag(second)
    await run.until(lambda: run.has_sent(second))
    found = await bring_to_rest(run)
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
    run: ChaosRun, faults: list[tuple[FaultKind, dict[str, Any]]]
) -> None:
    for kind, details in faults:
        run.world.fault(kind, method="POST", path=SENDS, times=3, **details)
    found = await from_flag_to_green(run)
    assert found.all == []


@pytest.mark.parametrize("seed", [1])
async def test_killed_at_random_amid_random_faults_it_loses_and_repeats_nothing(
    tmp_path: Path, seed: int
) -> None:
    found, kills = await at_random(tmp_path, seed)
    assert found.all == []
    assert kills
