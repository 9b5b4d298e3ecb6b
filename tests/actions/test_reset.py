import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from bot.actions.remedies import flag_digest
from bot.domain.accounts import Flag, FlagKind
from bot.domain.actions import RemedyOutcome, RemedyResult, RemedyStage
from bot.domain.incidents import Ending, Incident, RemedyVerdict, State
from bot.domain.messages import Message
from bot.domain.providers import Remedy
from bot.incidents.service import IncidentService
from bot.rules.decisions import FlagReported
from tests.simulators.useapi import BLOCK, CAPTCHA, MODERATION, Endpoint, Fault, SimulatedUseapi
from tests.support.assembly import Assembly
from tests.support.clock import AT, Clock
from tests.support.failpoints import FailPoint
from tests.support.resetting import ASKED, AT_FIFTEEN, AT_SIXTY, Scene, on_scene
from tests.support.samples import ADA, BEA, CHANNEL, FLAG, OTHER, account


@pytest.fixture
async def scene(api: SimulatedUseapi, database: Path) -> AsyncIterator[Scene]:
    async with on_scene(api, database) as staged:
        yield staged


# The five verdicts


async def test_an_account_that_the_list_shows_without_a_flag_at_once_is_back(scene: Scene) -> None:
    attempt = await scene.press()
    assert (attempt.outcome, attempt.verdict, attempt.flag) == (RemedyOutcome.DONE, RemedyVerdict.BACK, None)
    assert attempt.incident == scene.watch.incident()
    assert (scene.watch.incident().ending, scene.watch.incident().leased_by) == (Ending.RESET, ADA)
    assert (scene.posts, scene.polls, scene.clock.naps) == (1, 3, [])
    assert [stage for stage, _ in scene.stages] == [RemedyStage.READING, RemedyStage.SENDING]
    assert await scene.watch.audit() == [ASKED, (ADA, "reset", "back in rotation")]


@pytest.mark.parametrize(
    ("lingers", "naps", "verdict"),
    [
        pytest.param(1, AT_FIFTEEN, RemedyVerdict.BACK, id="gone-at-15-s"),
        pytest.param(2, AT_SIXTY, RemedyVerdict.BACK, id="gone-at-60-s"),
        pytest.param(3, AT_SIXTY, RemedyVerdict.NOT_YET, id="still-there-at-60-s"),
    ],
)
async def test_row_9_the_list_may_lag_behind_a_reset(
    scene: Scene, lingers: int, naps: list[int], verdict: RemedyVerdict
) -> None:
    scene.api.accounts[CHANNEL].lingers = lingers
    attempt = await scene.press()
    assert (attempt.verdict, scene.clock.naps) == (verdict, naps)
    assert scene.posts == 1
    waits = [wait.total_seconds() for stage, wait in scene.stages if stage is RemedyStage.CHECKING]
    assert waits == naps
    assert await scene.watch.audit() == [ASKED, (ADA, "reset", verdict.value)]
    assert scene.watch.incident().state is (State.ENDED if verdict is RemedyVerdict.BACK else State.OPEN)


async def test_row_9_the_watch_keeps_silent_while_a_reset_is_under_way(scene: Scene) -> None:
    scene.api.accounts[CHANNEL].lingers = 2
    seen: list[tuple[State, list[Message]]] = []
    before = scene.watch.planned()

    async def poll_besides(stage: RemedyStage, _: timedelta) -> None:
        if stage is RemedyStage.CHECKING:
            await scene.watch.see(account(CHANNEL), account(OTHER))
            await scene.watch.see(account(CHANNEL, flag=FLAG), account(OTHER))
            seen.append((scene.watch.incident().state, scene.watch.planned()))

    await scene.press(progress=poll_besides)
    assert seen == [(State.RESETTING, before)] * 2


async def test_another_flag_after_the_reset_is_answered_to_who_asked_and_shown(scene: Scene) -> None:
    scene.steps[FailPoint.RESET] = lambda: scene.api.flag(CHANNEL, BLOCK)
    attempt = await scene.press()
    assert (attempt.verdict, attempt.flag) == (RemedyVerdict.FLAGGED_AGAIN, Flag.of(BLOCK))
    assert (scene.watch.incident().state, scene.watch.incident().flag) == (State.OPEN, Flag.of(BLOCK))
    assert scene.clock.naps == []
    assert await scene.watch.audit() == [ASKED, (ADA, "reset", "flagged again")]


async def test_a_596_in_answer_to_the_reset_is_another_flag(scene: Scene) -> None:
    scene.api.fault(Fault.CODE_596_UNNAMED, endpoint=Endpoint.RESET)
    attempt = await scene.press()
    assert attempt.verdict is RemedyVerdict.FLAGGED_AGAIN
    assert attempt.flag is not None
    assert attempt.flag.kind is FlagKind.MODERATION
    assert scene.posts == 1


async def test_an_account_that_was_removed_meanwhile_is_not_configured_any_more(scene: Scene) -> None:
    scene.steps[FailPoint.LEASED] = lambda: scene.api.remove(CHANNEL)
    attempt = await scene.press()
    assert attempt.verdict is RemedyVerdict.NOT_CONFIGURED
    assert (scene.watch.incident().state, scene.watch.incident().ending) == (State.ENDED, Ending.REMOVED)


async def test_if_the_list_cannot_be_read_afterwards_nobody_can_tell(scene: Scene) -> None:
    scene.steps[FailPoint.RESET] = lambda: scene.api.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.LIST)
    attempt = await scene.press()
    assert (attempt.verdict, scene.clock.naps) == (RemedyVerdict.COULD_NOT_TELL, AT_SIXTY)
    assert (scene.watch.incident().state, scene.watch.incident().lease_until) == (State.OPEN, None)
    assert await scene.watch.audit() == [ASKED, (ADA, "reset", "could not tell")]


async def test_a_poll_that_fails_is_followed_by_the_next(scene: Scene) -> None:
    scene.steps[FailPoint.RESET] = lambda: scene.api.fault(
        Fault.UNAUTHORIZED, endpoint=Endpoint.LIST, times=2
    )
    attempt = await scene.press()
    assert (attempt.verdict, scene.clock.naps) == (RemedyVerdict.BACK, AT_SIXTY)


# Nothing is sent


async def test_a_flag_that_is_not_the_confirmed_one_asks_again(scene: Scene) -> None:
    scene.api.flag(CHANNEL, CAPTCHA)
    attempt = await scene.press()
    assert (attempt.outcome, attempt.flag) == (RemedyOutcome.CHANGED, Flag.of(CAPTCHA))
    assert await scene.is_untouched()
    again = await scene.press(confirmed=flag_digest(Flag.of(CAPTCHA), scene.watch.incident()))
    assert again.verdict is RemedyVerdict.BACK


class Meanwhile(IncidentService):
    """Takes in a block right before a lease is taken."""

    async def take_leases(
        self, confirmed: Mapping[str, Flag | None], owner: int, remedy: Remedy, reference: str | None = None
    ) -> list[Incident]:
        await self.apply(FlagReported(AT, CHANNEL, Flag.of(BLOCK)))
        return await super().take_leases(confirmed, owner, remedy, reference)


async def test_a_flag_that_changes_after_the_poll_asks_again_too(scene: Scene) -> None:
    scene.watch.incident_service.__class__ = Meanwhile
    attempt = await scene.press()
    assert (attempt.outcome, attempt.flag) == (RemedyOutcome.CHANGED, Flag.of(BLOCK))
    assert await scene.is_untouched()


async def test_a_confirmation_of_an_ended_incident_does_not_count_for_the_next(scene: Scene) -> None:
    assert (await scene.press()).verdict is RemedyVerdict.BACK
    scene.api.flag(CHANNEL, MODERATION)
    attempt = await scene.press()
    assert (attempt.outcome, scene.posts) == (RemedyOutcome.CHANGED, 1)


def hash_of(text: str) -> str:
    return flag_digest(Flag.of(text), None)


def test_a_confirmation_counts_while_only_numbers_and_blanks_change() -> None:
    assert hash_of("Pending since 3 days") == hash_of("Pending  since 2 days")
    assert hash_of("Pending since 3 days") != hash_of("Pending since 3 hours")


def test_a_confirmation_does_not_count_for_a_longer_block() -> None:
    blocked = "You are blocked from accessing Midjourney for {}"
    assert hash_of(blocked.format("24 hours")) != hash_of(blocked.format("1200 hours"))
    until = "You are blocked until December {}."
    assert hash_of(until.format(25)) != hash_of(until.format(28))


@pytest.mark.parametrize("change", ["clear", "remove"])
async def test_there_is_nothing_to_reset_where_no_flag_is_known(
    api: SimulatedUseapi, database: Path, change: str
) -> None:
    async with Assembly(database, Clock(), api=api) as watch:
        api.add(channel=OTHER)
        if change == "clear":
            api.add(channel=CHANNEL)
        scene = Scene(api, watch, database)
        assert await scene.press() == RemedyResult(RemedyOutcome.CLEAR, None)
        assert (scene.posts, await watch.audit()) == (0, [])


async def test_the_list_is_read_first_and_a_list_that_cannot_be_read_stops_it(scene: Scene) -> None:
    incident = scene.watch.incident()
    scene.api.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.LIST)
    assert await scene.press() == RemedyResult(RemedyOutcome.UNREADABLE, incident)
    assert await scene.is_untouched()


async def test_row_13_of_two_who_press_at_once_one_resets_and_the_other_reads_who(scene: Scene) -> None:
    ada, bea = await asyncio.gather(scene.press(ADA), scene.press(BEA))
    assert (ada.outcome, bea.outcome) == (RemedyOutcome.DONE, RemedyOutcome.TAKEN)
    assert bea.incident is not None
    assert bea.incident.leased_by == ADA
    assert scene.posts == 1
    assert await scene.watch.audit() == [ASKED, (ADA, "reset", "back in rotation")]


async def test_row_13_of_two_who_saw_the_same_list_one_gets_the_lease(scene: Scene) -> None:
    scene.watch.poller.start_poll()  # both wait for it, and then share the next one
    before = scene.polls
    outcomes = [attempt.outcome for attempt in await asyncio.gather(scene.press(ADA), scene.press(BEA))]
    assert sorted(outcomes) == [RemedyOutcome.DONE, RemedyOutcome.TAKEN]
    assert (scene.posts, scene.polls) == (1, before + 3)


async def test_row_13_who_presses_while_another_waits_for_the_list_reads_who(scene: Scene) -> None:
    scene.api.accounts[CHANNEL].lingers = 5
    answers: list[RemedyResult] = []

    async def bea_presses(stage: RemedyStage, _: timedelta) -> None:
        if stage is RemedyStage.CHECKING and not answers:
            answers.append(await scene.press(BEA))

    await scene.press(ADA, progress=bea_presses)
    (bea,) = answers
    assert (bea.outcome, bea.flag) == (RemedyOutcome.TAKEN, FLAG)
    assert bea.incident is not None
    assert bea.incident.leased_by == ADA
    assert scene.posts == 1
