import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from bot.incidents import Ending, Message, ResetVerdict, State
from bot.models import Flag, FlagKind
from bot.outbox import Step
from bot.reset import Attempt, Outcome, Progress, Resets, Stage, fingerprint
from bot.rules.policy import LEASE
from bot.store import StoreError
from bot.useapi import RateLimited, Rejected, Unauthorized, Unpaid, UseapiError
from bot.useapi.client import Limits
from bot.watchkeeper import UNKNOWN_OUTCOME
from tests.parts import CHANNEL, FLAG, OTHER, locked
from tests.sandbox.useapi import BLOCK, CAPTCHA, MODERATION, Endpoint, Fault, SimulatedUseapi
from tests.watching import ADA, BEA, MINUTE, PATIENCE, Clock, Watched, listed, until, watching

CONFIRMED = fingerprint(FLAG)
BRIEF = Limits(writing=0.2)
AT_FIFTEEN, AT_SIXTY = [15], [15, 45]
"""The pauses before the looks at 15 and 60 seconds."""
ASKED = (ADA, "reset", "asked")


class Crash(BaseException):
    """The process dies at a step."""


class Scene:
    """An account that is flagged, and an owner who resets it."""

    def __init__(self, api: SimulatedUseapi, watch: Watched, database: Path) -> None:
        self.api = api
        self.watch = watch
        self.clock = watch.clock
        self.database = database
        self.stages: list[tuple[Stage, timedelta]] = []
        self.steps: dict[Step, Callable[[], object]] = {}
        """What happens at which step."""
        self.resets = Resets(watch.useapi, watch.monitor, watch.keeper, sleep=self.clock.nap, at=self._reach)

    def _reach(self, step: Step) -> None:
        if (happens := self.steps.get(step)) is not None:
            happens()

    async def progress(self, stage: Stage, wait: timedelta) -> None:
        self.stages.append((stage, wait))

    async def press(
        self, owner: int = ADA, *, confirmed: str = CONFIRMED, progress: Progress | None = None
    ) -> Attempt:
        """Confirm the reset, and see it to its end."""
        return await self.resets.run(CHANNEL, owner, confirmed, progress or self.progress)

    @property
    def posts(self) -> int:
        return self.api.count(Endpoint.RESET)

    @property
    def looks(self) -> int:
        return self.api.count(Endpoint.LIST)

    async def is_untouched(self) -> bool:
        """Whether nothing was sent, and nothing written."""
        state = self.watch.incident().state
        return self.posts == 0 and state is State.OPEN and await self.watch.audit() == []


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "midwatch.sqlite3"


@pytest.fixture
async def scene(api: SimulatedUseapi, database: Path) -> AsyncIterator[Scene]:
    async with watching(database, Clock(), (ADA, BEA), api=api, limits=BRIEF) as watch:
        api.add(channel=CHANNEL)
        api.add(channel=OTHER)
        api.flag(CHANNEL, MODERATION)
        await watch.monitor.check()
        yield Scene(api, watch, database)


# The five verdicts


async def test_an_account_that_the_list_shows_without_a_flag_at_once_is_back(scene: Scene) -> None:
    attempt = await scene.press()
    assert (attempt.outcome, attempt.verdict, attempt.flag) == (Outcome.DONE, ResetVerdict.BACK, None)
    assert attempt.incident == scene.watch.incident()
    assert (scene.watch.incident().ending, scene.watch.incident().leased_by) == (Ending.RESET, ADA)
    assert (scene.posts, scene.looks, scene.clock.naps) == (1, 3, [])
    assert [stage for stage, _ in scene.stages] == [Stage.READING, Stage.SENDING]
    assert await scene.watch.audit() == [ASKED, (ADA, "reset", "back in rotation")]


@pytest.mark.parametrize(
    ("lingers", "naps", "verdict"),
    [
        pytest.param(1, AT_FIFTEEN, ResetVerdict.BACK, id="gone-at-15-s"),
        pytest.param(2, AT_SIXTY, ResetVerdict.BACK, id="gone-at-60-s"),
        pytest.param(3, AT_SIXTY, ResetVerdict.NOT_YET, id="still-there-at-60-s"),
    ],
)
async def test_row_9_the_list_may_lag_behind_a_reset(
    scene: Scene, lingers: int, naps: list[int], verdict: ResetVerdict
) -> None:
    scene.api.accounts[CHANNEL].lingers = lingers
    attempt = await scene.press()
    assert (attempt.verdict, scene.clock.naps) == (verdict, naps)
    assert scene.posts == 1
    waits = [wait.total_seconds() for stage, wait in scene.stages if stage is Stage.LOOKING]
    assert waits == naps
    assert await scene.watch.audit() == [ASKED, (ADA, "reset", verdict.value)]
    assert scene.watch.incident().state is (State.ENDED if verdict is ResetVerdict.BACK else State.OPEN)


async def test_row_9_the_watch_keeps_silent_while_a_reset_is_under_way(scene: Scene) -> None:
    scene.api.accounts[CHANNEL].lingers = 2
    seen: list[tuple[State, list[Message]]] = []
    before = scene.watch.told()

    async def look_besides(stage: Stage, _: timedelta) -> None:
        if stage is Stage.LOOKING:
            await scene.watch.see(listed(CHANNEL), listed(OTHER))
            await scene.watch.see(listed(CHANNEL, FLAG), listed(OTHER))
            seen.append((scene.watch.incident().state, scene.watch.told()))

    await scene.press(progress=look_besides)
    assert seen == [(State.RESETTING, before)] * 2


async def test_another_flag_after_the_reset_is_told_to_who_asked_and_shown(scene: Scene) -> None:
    scene.steps[Step.RESET] = lambda: scene.api.flag(CHANNEL, BLOCK)
    attempt = await scene.press()
    assert (attempt.verdict, attempt.flag) == (ResetVerdict.FLAGGED_AGAIN, Flag.of(BLOCK))
    assert (scene.watch.incident().state, scene.watch.incident().flag) == (State.OPEN, Flag.of(BLOCK))
    assert scene.clock.naps == []
    assert await scene.watch.audit() == [ASKED, (ADA, "reset", "flagged again")]


async def test_a_596_in_answer_to_the_reset_is_another_flag(scene: Scene) -> None:
    scene.api.fault(Fault.CODE_596_UNNAMED, endpoint=Endpoint.RESET)
    attempt = await scene.press()
    assert attempt.verdict is ResetVerdict.FLAGGED_AGAIN
    assert attempt.flag is not None
    assert attempt.flag.kind is FlagKind.MODERATION
    assert scene.posts == 1


async def test_an_account_that_was_removed_meanwhile_is_not_configured_any_more(scene: Scene) -> None:
    scene.steps[Step.LEASED] = lambda: scene.api.remove(CHANNEL)
    attempt = await scene.press()
    assert attempt.verdict is ResetVerdict.NOT_CONFIGURED
    assert (scene.watch.incident().state, scene.watch.incident().ending) == (State.ENDED, Ending.REMOVED)


async def test_if_the_list_cannot_be_read_afterwards_nobody_can_tell(scene: Scene) -> None:
    scene.steps[Step.RESET] = lambda: scene.api.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.LIST)
    attempt = await scene.press()
    assert (attempt.verdict, scene.clock.naps) == (ResetVerdict.COULD_NOT_TELL, AT_SIXTY)
    assert (scene.watch.incident().state, scene.watch.incident().lease_until) == (State.OPEN, None)
    assert await scene.watch.audit() == [ASKED, (ADA, "reset", "could not tell")]


async def test_a_look_that_fails_is_followed_by_the_next(scene: Scene) -> None:
    scene.steps[Step.RESET] = lambda: scene.api.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.LIST, times=2)
    attempt = await scene.press()
    assert (attempt.verdict, scene.clock.naps) == (ResetVerdict.BACK, AT_SIXTY)


# Nothing is sent


async def test_a_flag_that_is_not_the_confirmed_one_asks_again(scene: Scene) -> None:
    scene.api.flag(CHANNEL, CAPTCHA)
    attempt = await scene.press()
    assert (attempt.outcome, attempt.flag) == (Outcome.CHANGED, Flag.of(CAPTCHA))
    assert await scene.is_untouched()
    again = await scene.press(confirmed=fingerprint(Flag.of(CAPTCHA)))
    assert again.verdict is ResetVerdict.BACK


def test_a_confirmation_holds_while_only_numbers_and_blanks_change() -> None:
    assert fingerprint(Flag.of("Blocked for 3 days")) == fingerprint(Flag.of("Blocked  for 2 days"))
    assert fingerprint(Flag.of("Blocked for 3 days")) != fingerprint(Flag.of("Blocked for 3 hours"))


@pytest.mark.parametrize("change", ["clear", "remove"])
async def test_there_is_nothing_to_reset_where_no_trouble_is_known(
    api: SimulatedUseapi, database: Path, change: str
) -> None:
    async with watching(database, Clock(), api=api) as watch:
        api.add(channel=OTHER)
        if change == "clear":
            api.add(channel=CHANNEL)
        scene = Scene(api, watch, database)
        assert await scene.press() == Attempt(Outcome.CLEAR, None)
        assert (scene.posts, await watch.audit()) == (0, [])


async def test_the_list_is_read_first_and_a_list_that_cannot_be_read_stops_it(scene: Scene) -> None:
    incident = scene.watch.incident()
    scene.api.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.LIST)
    assert await scene.press() == Attempt(Outcome.UNREADABLE, incident)
    assert await scene.is_untouched()


async def test_row_13_of_two_who_press_at_once_one_resets_and_the_other_reads_who(scene: Scene) -> None:
    ada, bea = await asyncio.gather(scene.press(ADA), scene.press(BEA))
    assert (ada.outcome, bea.outcome) == (Outcome.DONE, Outcome.TAKEN)
    assert bea.incident is not None
    assert bea.incident.leased_by == ADA
    assert scene.posts == 1
    assert await scene.watch.audit() == [ASKED, (ADA, "reset", "back in rotation")]


async def test_row_13_who_presses_while_another_waits_for_the_list_reads_who(scene: Scene) -> None:
    scene.api.accounts[CHANNEL].lingers = 5
    answers: list[Attempt] = []

    async def bea_presses(stage: Stage, _: timedelta) -> None:
        if stage is Stage.LOOKING and not answers:
            answers.append(await scene.press(BEA))

    await scene.press(ADA, progress=bea_presses)
    (bea,) = answers
    assert (bea.outcome, bea.flag) == (Outcome.TAKEN, FLAG)
    assert bea.incident is not None
    assert bea.incident.leased_by == ADA
    assert scene.posts == 1


# A POST without a clear answer, or refused


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        pytest.param(Fault.HANG, ResetVerdict.NOT_YET, id="time-out-not-done"),
        pytest.param(Fault.LOST_ANSWER, ResetVerdict.BACK, id="time-out-done"),
        pytest.param(Fault.RESET, ResetVerdict.NOT_YET, id="connection-reset"),
        pytest.param(Fault.SERVER_ERROR, ResetVerdict.NOT_YET, id="server-error"),
        pytest.param(Fault.HTML_503, ResetVerdict.NOT_YET, id="page-503"),
        pytest.param(Fault.HTML_200, ResetVerdict.NOT_YET, id="page-200"),
        pytest.param(Fault.HTML_404, ResetVerdict.NOT_YET, id="page-404"),
        pytest.param(Fault.GONE, ResetVerdict.NOT_YET, id="service-gone"),
        pytest.param(Fault.REDIRECT, ResetVerdict.NOT_YET, id="redirect"),
        pytest.param(Fault.CODE_500_IN_200, ResetVerdict.NOT_YET, id="garbled"),
    ],
)
async def test_row_11_a_reset_without_a_clear_answer_is_not_sent_again_and_the_list_tells(
    scene: Scene, fault: Fault, verdict: ResetVerdict
) -> None:
    scene.api.fault(fault, endpoint=Endpoint.RESET)
    attempt = await scene.press()
    assert (attempt.outcome, attempt.verdict) == (Outcome.DONE, verdict)
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
    scene: Scene, fault: Fault, error: type[UseapiError]
) -> None:
    scene.api.fault(fault, endpoint=Endpoint.RESET)
    with pytest.raises(error):
        await scene.press()
    assert (scene.posts, scene.clock.naps) == (1, [])
    assert (scene.watch.incident().state, scene.watch.incident().leased_by) == (State.OPEN, None)
    assert await scene.watch.audit() == [ASKED, (ADA, "reset", "not yet cleared")]
    scene.api.mend()
    assert (await scene.press(BEA)).verdict is ResetVerdict.BACK


# What goes wrong on the way


@pytest.mark.parametrize("failing", Stage)
async def test_a_person_who_cannot_be_shown_how_far_it_is_does_not_stop_it(
    scene: Scene, failing: Stage
) -> None:
    scene.api.accounts[CHANNEL].lingers = 1

    async def progress(stage: Stage, _: timedelta) -> None:
        if stage is failing:
            raise RuntimeError("closed")

    attempt = await scene.press(progress=progress)
    assert (attempt.verdict, scene.posts) == (ResetVerdict.BACK, 1)


async def cancelled_in(scene: Scene, stage: Stage) -> None:
    """End a reset where the person reads of a stage."""
    reached = asyncio.Event()

    async def hang(now: Stage, _: timedelta) -> None:
        if now is stage:
            reached.set()
            await asyncio.Event().wait()

    reset = asyncio.create_task(scene.press(progress=hang))
    async with asyncio.timeout(PATIENCE):
        await reached.wait()
    reset.cancel()
    await asyncio.gather(reset, return_exceptions=True)
    assert reset.cancelled()


@pytest.mark.parametrize(("stage", "posts"), [(Stage.SENDING, 0), (Stage.LOOKING, 1)])
async def test_row_12_a_reset_that_is_cancelled_in_the_middle_leaves_its_lease_which_runs_out(
    scene: Scene, stage: Stage, posts: int
) -> None:
    scene.api.accounts[CHANNEL].lingers = 5
    await cancelled_in(scene, stage)
    assert scene.posts == posts
    assert (scene.watch.incident().state, scene.watch.incident().leased_by) == (State.RESETTING, ADA)
    assert (await scene.press(BEA)).outcome is Outcome.TAKEN

    scene.clock.turn(LEASE)
    scene.api.clear(CHANNEL)
    scene.api.flag(CHANNEL, MODERATION)
    scene.api.accounts[CHANNEL].lingers = 0
    assert (await scene.press(BEA)).verdict is ResetVerdict.BACK
    assert scene.posts == posts + 1
    assert await scene.watch.audit() == [
        ASKED,
        (ADA, "reset", UNKNOWN_OUTCOME),
        (BEA, "reset", "asked"),
        (BEA, "reset", "back in rotation"),
    ]


async def test_a_reset_that_is_cancelled_before_the_lease_leaves_nothing(scene: Scene) -> None:
    await cancelled_in(scene, Stage.READING)
    assert await scene.is_untouched()


@pytest.mark.parametrize(
    ("step", "posts"), [(Step.LEASED, 0), (Step.RESET, 1)], ids=["before-the-post", "after-it"]
)
async def test_row_12_killed_between_lease_and_verdict(scene: Scene, step: Step, posts: int) -> None:
    def die() -> None:
        raise Crash

    scene.steps[step] = die
    with pytest.raises(Crash):
        await scene.press()
    assert (scene.posts, await scene.watch.audit()) == (posts, [ASKED])
    assert scene.watch.incident().state is State.RESETTING
    scene.clock.turn(LEASE)
    await scene.watch.keeper.tick()
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
        scene.steps[Step.RESET] = lambda: stack.enter_context(locked(scene.database))
        attempt = await scene.press()
    assert (attempt.outcome, attempt.verdict) == (Outcome.DONE, ResetVerdict.BACK)
    assert "what a reset came to could not be written down" in caplog.text
    assert scene.watch.incident().state is State.RESETTING


async def test_a_look_under_way_when_the_reset_is_asked_for_does_not_count_as_reading_the_list(
    scene: Scene,
) -> None:
    before = scene.looks
    scene.watch.monitor.look_soon()
    await until(lambda: scene.looks > before)
    await scene.press()
    assert scene.looks == before + 3


async def test_what_a_command_met_can_be_reset_though_the_list_is_clean(scene: Scene) -> None:
    await scene.watch.keeper.met(OTHER, FLAG)
    attempt = await scene.resets.run(OTHER, ADA, CONFIRMED, scene.progress)
    assert attempt.verdict is ResetVerdict.BACK
    assert scene.watch.incident(OTHER).ended


async def test_row_10_a_flag_that_comes_back_soon_after_reopens_the_same_incident(scene: Scene) -> None:
    await scene.press()
    key = scene.watch.incident().key
    scene.clock.turn(3 * MINUTE)
    scene.api.flag(CHANNEL, MODERATION)
    await scene.watch.monitor.check()
    assert (scene.watch.incident().key, scene.watch.incident().state) == (key, State.OPEN)
    assert await scene.watch.audit() == [ASKED, (ADA, "reset", "back in rotation")]
