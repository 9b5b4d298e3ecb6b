import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from bot.actions.remedies import flag_digest
from bot.domain.actions import RemedyOutcome, RemedyStage
from bot.domain.incidents import Ending, RemedyVerdict, State
from bot.incidents.transaction import UNKNOWN_OUTCOME
from bot.providers.errors import ProviderError, RateLimited, Rejected, Unauthorized, Unpaid
from bot.rules.policy import LEASE
from bot.storage import StoreError
from tests.simulators.useapi import MODERATION, Endpoint, Fault, SimulatedUseapi
from tests.support.clock import MINUTE
from tests.support.database import locked
from tests.support.failpoints import FailPoint
from tests.support.resetting import ASKED, Scene, on_scene
from tests.support.samples import ADA, BEA, CHANNEL, FLAG, OTHER
from tests.support.waiting import PATIENCE, until


class Crash(BaseException):
    """The process dies at a step."""


@pytest.fixture
async def scene(api: SimulatedUseapi, database: Path) -> AsyncIterator[Scene]:
    async with on_scene(api, database) as staged:
        yield staged


# A POST without a clear answer, or refused


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        pytest.param(Fault.HANG, RemedyVerdict.NOT_YET, id="time-out-not-done"),
        pytest.param(Fault.LOST_ANSWER, RemedyVerdict.BACK, id="time-out-done"),
        pytest.param(Fault.RESET, RemedyVerdict.NOT_YET, id="connection-reset"),
        pytest.param(Fault.SERVER_ERROR, RemedyVerdict.NOT_YET, id="server-error"),
        pytest.param(Fault.HTML_503, RemedyVerdict.NOT_YET, id="page-503"),
        pytest.param(Fault.HTML_200, RemedyVerdict.NOT_YET, id="page-200"),
        pytest.param(Fault.HTML_404, RemedyVerdict.NOT_YET, id="page-404"),
        pytest.param(Fault.GONE, RemedyVerdict.NOT_YET, id="service-gone"),
        pytest.param(Fault.REDIRECT, RemedyVerdict.NOT_YET, id="redirect"),
        pytest.param(Fault.CODE_500_IN_200, RemedyVerdict.NOT_YET, id="garbled"),
    ],
)
async def test_row_11_a_reset_without_a_clear_answer_is_not_sent_again_and_the_list_decides(
    scene: Scene, fault: Fault, verdict: RemedyVerdict
) -> None:
    scene.api.fault(fault, endpoint=Endpoint.RESET)
    attempt = await scene.press()
    assert (attempt.outcome, attempt.verdict) == (RemedyOutcome.DONE, verdict)
    assert scene.posts == 1
    assert scene.watch.incident().lease_until is None
    assert await scene.watch.audit() == [ASKED, (ADA, "reset", verdict.value)]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.UNAUTHORIZED, Unauthorized),
        (Fault.UNPAID, Unpaid),
        (Fault.RATE_LIMITED, RateLimited),
        (Fault.UNPROCESSABLE, Rejected),
    ],
)
async def test_a_reset_that_is_refused_gives_the_lease_back_and_says_why(
    scene: Scene, fault: Fault, error: type[ProviderError]
) -> None:
    scene.api.fault(fault, endpoint=Endpoint.RESET)
    with pytest.raises(error):
        await scene.press()
    assert (scene.posts, scene.clock.naps) == (1, [])
    assert (scene.watch.incident().state, scene.watch.incident().leased_by) == (State.OPEN, None)
    assert await scene.watch.audit() == [ASKED, (ADA, "reset", "not yet cleared")]
    scene.api.mend()
    assert (await scene.press(BEA)).verdict is RemedyVerdict.BACK


# What goes wrong on the way


@pytest.mark.parametrize("failing", RemedyStage)
async def test_a_person_who_cannot_be_shown_how_far_it_is_does_not_stop_it(
    scene: Scene, failing: RemedyStage
) -> None:
    scene.api.accounts[CHANNEL].lingers = 1

    async def progress(stage: RemedyStage, _: timedelta) -> None:
        if stage is failing:
            raise RuntimeError("closed")

    attempt = await scene.press(progress=progress)
    assert (attempt.verdict, scene.posts) == (RemedyVerdict.BACK, 1)


@pytest.mark.parametrize("hanging", RemedyStage)
async def test_row_55_progress_that_hangs_delays_no_reset(scene: Scene, hanging: RemedyStage) -> None:
    scene.api.accounts[CHANNEL].lingers = 1

    async def progress(stage: RemedyStage, _: timedelta) -> None:
        if stage is hanging:
            await asyncio.Event().wait()

    attempt = await scene.press(progress=progress)
    assert (attempt.verdict, scene.posts) == (RemedyVerdict.BACK, 1)


async def test_row_55_a_lease_that_ran_out_before_the_request_sends_nothing(scene: Scene) -> None:
    async def progress(stage: RemedyStage, _: timedelta) -> None:
        if stage is RemedyStage.SENDING:
            scene.clock.advance(LEASE)

    attempt = await scene.press(progress=progress)
    assert (attempt.outcome, scene.posts) == (RemedyOutcome.RAN_OUT, 0)


async def cancelled_in(scene: Scene, stage: RemedyStage) -> None:
    """End a reset where the person reads of a stage."""
    reached = asyncio.Event()

    async def hang(now: RemedyStage, _: timedelta) -> None:
        if now is stage:
            reached.set()
            await asyncio.Event().wait()

    reset = asyncio.create_task(scene.press(progress=hang))
    async with asyncio.timeout(PATIENCE):
        await reached.wait()
    reset.cancel()
    await asyncio.gather(reset, return_exceptions=True)
    assert reset.cancelled()


@pytest.mark.parametrize(("stage", "posts"), [(RemedyStage.SENDING, 0), (RemedyStage.CHECKING, 1)])
async def test_row_12_a_reset_that_is_cancelled_in_the_middle_leaves_its_lease_which_runs_out(
    scene: Scene, stage: RemedyStage, posts: int
) -> None:
    scene.api.accounts[CHANNEL].lingers = 5
    await cancelled_in(scene, stage)
    assert scene.posts == posts
    assert (scene.watch.incident().state, scene.watch.incident().leased_by) == (State.RESETTING, ADA)
    assert (await scene.press(BEA)).outcome is RemedyOutcome.TAKEN

    scene.clock.advance(LEASE)
    scene.api.clear(CHANNEL)
    scene.api.flag(CHANNEL, MODERATION)
    scene.api.accounts[CHANNEL].lingers = 0
    assert (await scene.press(BEA)).verdict is RemedyVerdict.BACK
    assert scene.posts == posts + 1
    assert await scene.watch.audit() == [
        ASKED,
        (ADA, "reset", UNKNOWN_OUTCOME),
        (BEA, "reset", "asked"),
        (BEA, "reset", "back in rotation"),
    ]


async def test_a_reset_that_is_cancelled_before_the_lease_leaves_nothing(scene: Scene) -> None:
    await cancelled_in(scene, RemedyStage.READING)
    assert await scene.is_untouched()


@pytest.mark.parametrize(
    ("step", "posts"), [(FailPoint.LEASED, 0), (FailPoint.RESET, 1)], ids=["before-the-post", "after-it"]
)
async def test_row_12_killed_between_lease_and_verdict(scene: Scene, step: FailPoint, posts: int) -> None:
    def die() -> None:
        raise Crash

    scene.steps[step] = die
    with pytest.raises(Crash):
        await scene.press()
    assert (scene.posts, await scene.watch.audit()) == (posts, [ASKED])
    assert scene.watch.incident().state is State.RESETTING
    scene.clock.advance(LEASE)
    await scene.watch.incident_service.tick()
    assert scene.watch.incident().state is State.OPEN
    assert await scene.watch.audit() == [ASKED, (ADA, "reset", UNKNOWN_OUTCOME)]


async def test_what_cannot_be_written_down_is_not_sent(scene: Scene) -> None:
    with locked(scene.database), pytest.raises(StoreError):
        await scene.press()
    assert await scene.is_untouched()


async def test_a_verdict_that_cannot_be_written_down_is_said_all_the_same(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    with ExitStack() as stack, caplog.at_level(logging.ERROR):
        scene.steps[FailPoint.RESET] = lambda: stack.enter_context(locked(scene.database))
        attempt = await scene.press()
    assert (attempt.outcome, attempt.verdict) == (RemedyOutcome.DONE, RemedyVerdict.BACK)
    assert "what a request came to could not be written down" in caplog.text
    assert scene.watch.incident().state is State.RESETTING


async def test_a_poll_under_way_when_the_reset_is_asked_for_does_not_count_as_reading_the_list(
    scene: Scene,
) -> None:
    before = scene.polls
    scene.watch.poller.start_poll()
    await until(lambda: scene.polls > before)
    await scene.press()
    assert scene.polls == before + 3


async def test_a_poll_that_began_before_the_reset_is_not_what_came_of_it(scene: Scene) -> None:
    scene.api.slow_seconds = 0.2

    async def poll_besides(stage: RemedyStage, _: timedelta) -> None:
        if stage is RemedyStage.SENDING:
            before = scene.polls
            scene.api.fault(Fault.SLOW, endpoint=Endpoint.LIST, times=1)
            scene.watch.poller.start_poll()
            await until(lambda: scene.polls > before)

    attempt = await scene.press(progress=poll_besides)
    assert (attempt.verdict, scene.clock.naps) == (RemedyVerdict.BACK, [])


async def test_what_a_command_met_can_be_reset_though_the_list_is_clean(scene: Scene) -> None:
    await scene.watch.report(OTHER)
    attempt = await scene.resets.run(
        OTHER, ADA, flag_digest(FLAG, scene.resets.incident_of(OTHER)), scene.progress
    )
    assert attempt.verdict is RemedyVerdict.BACK
    assert scene.watch.incident(OTHER).ended


async def test_row_10_a_flag_that_comes_back_soon_after_reopens_the_same_incident(scene: Scene) -> None:
    await scene.press()
    key = scene.watch.incident().key
    scene.clock.advance(3 * MINUTE)
    scene.api.flag(CHANNEL, MODERATION)
    await scene.watch.poller.poll()
    assert (scene.watch.incident().key, scene.watch.incident().state) == (key, State.OPEN)
    assert await scene.watch.audit() == [ASKED, (ADA, "reset", "back in rotation")]


@pytest.mark.parametrize("step", [-timedelta(hours=1), timedelta(hours=1)], ids=["back", "forward"])
async def test_a_clock_that_is_set_during_a_reset_takes_nothing_from_its_verdict(
    scene: Scene, step: timedelta
) -> None:
    def set_the_clock() -> None:
        scene.clock.set(scene.clock.now() + step)

    scene.steps[FailPoint.RESET] = set_the_clock
    attempt = await scene.press()
    incident = scene.watch.incident()
    assert (attempt.verdict, incident.state, incident.ending) == (
        RemedyVerdict.BACK,
        State.ENDED,
        Ending.RESET,
    )
    assert sorted(await scene.watch.audit()) == [ASKED, (ADA, "reset", "back in rotation")]
