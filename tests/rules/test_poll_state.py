"""What is remembered from poll to poll: whether a list is believed, blind times, the pace of polls."""

from datetime import timedelta

import pytest

from bot.domain.incidents import Ending, ServiceProblem, State
from bot.domain.providers import USEAPI
from bot.rules.policy import Policy
from bot.rules.poll_state import (
    TIMES,
    PollState,
    Situation,
    blind_stretch,
    expect_removal,
    is_believed,
    resume,
)
from bot.rules.service_incidents import next_poll_in
from bot.rules.timers import clamp_future
from tests.rules.world import (
    DAY,
    HOUR,
    MINUTE,
    START,
    A,
    B,
    C,
    D,
    World,
    flagged,
    key_maker,
    of_days,
    started,
)


@pytest.mark.parametrize(
    ("listed", "removed", "shown", "believed"),
    [
        pytest.param(None, "", "", True, id="the-first-poll"),
        pytest.param("", "", "", True, id="never-any"),
        pytest.param("AB", "", "ABC", True, id="one-more"),
        pytest.param("AB", "", "A", True, id="half-of-two"),
        pytest.param("ABC", "", "A", False, id="two-of-three"),
        pytest.param("A", "", "B", True, id="one-for-another"),
        pytest.param("A", "", "", False, id="the-last"),
        pytest.param("A", "A", "", True, id="the-last-removed-from-here"),
        pytest.param("ABC", "A", "B", True, id="one-removed-and-one-gone"),
        pytest.param("ABC", "A", "", False, id="one-removed-and-all-gone"),
    ],
)
def test_a_list_is_believed_unless_it_lost_too_much(
    listed: str | None,
    removed: str,
    shown: str,
    believed: bool,  # noqa: FBT001 - a row
) -> None:
    poll_state = PollState(listed=None if listed is None else frozenset(listed), removed=frozenset(removed))
    assert is_believed(poll_state, frozenset(shown), START) is believed


def test_an_empty_list_is_never_believed_however_long_it_stays() -> None:
    world = started()
    world.flags = {}
    world.run(2 * DAY)
    assert [service.ending for service in world.service()] == [None]


@of_days
def test_a_list_that_keeps_losing_accounts_is_believed_a_day_after_the_last_loss() -> None:
    world = started({A: None, B: None, C: None, D: None, "other": None})
    world.flags = {A: None, B: None}
    world.run(23 * HOUR)
    world.flags = {A: None}
    world.run(2 * HOUR)
    assert [service.ending for service in world.service()] == [None]
    world.run(22 * HOUR + 2 * MINUTE)
    assert [service.ending for service in world.service()] == [Ending.RECOVERED]


def test_accounts_that_are_left_are_polled_as_often_as_ever() -> None:
    world = started()
    world.poll({A: None})
    assert next_poll_in(world.poll_state, world.open_service, world.policy) == MINUTE
    world.poll({})
    world.now += MINUTE
    world.poll({})
    assert next_poll_in(world.poll_state, world.open_service, world.policy) == 15 * MINUTE
    slow = Policy(poll_interval=HOUR)
    assert next_poll_in(world.poll_state, world.open_service, slow) == HOUR


def test_an_account_that_stays_after_its_removal_is_missed_when_it_goes() -> None:
    world = started({A: None})
    world.poll_state = expect_removal(world.poll_state, A, world.now)
    world.run(11 * MINUTE)
    world.flags = {}
    world.run(2 * MINUTE)
    assert [service.problem for service in world.service()] == [ServiceProblem.LIST_GONE]


@pytest.mark.parametrize(
    ("poll_state", "gap", "blind"),
    [
        pytest.param(PollState(last_good=START), 6 * MINUTE, False, id="the-clock-stepped"),
        pytest.param(PollState(last_good=START, resumed=True), 6 * MINUTE, True, id="started-again"),
        pytest.param(PollState(last_good=START, resumed=True), 5 * MINUTE, False, id="started-again-at-once"),
        pytest.param(PollState(last_good=START, failed_at=START), 6 * MINUTE, True, id="polls-failed"),
        pytest.param(PollState(resumed=True), 6 * MINUTE, False, id="never-looked"),
    ],
)
def test_a_long_time_without_a_poll_is_blind(poll_state: PollState, gap: timedelta, blind: bool) -> None:  # noqa: FBT001 - a row
    now = Situation(poll_state, {}, START + gap, Policy(), key_maker(), USEAPI, {}, {})
    assert (blind_stretch(now) is not None) is blind


def test_a_list_that_was_not_believed_leaves_a_blind_stretch() -> None:
    world = started()
    last_good = world.poll_state.last_good
    world.flags = dict.fromkeys((A,))
    world.run(10 * MINUTE)
    world.flags = {A: None, B: "pending", C: None, D: None}
    world.run(MINUTE)
    assert world.incident(B).blind_from == last_good


def test_one_list_that_was_not_believed_proves_no_end() -> None:
    world = flagged()
    world.flags[A] = None
    world.poll()
    world.now += 6 * MINUTE
    world.poll({A: None})
    assert world.state(A) is State.CLEARING
    world.poll()
    assert world.state(A) is State.ENDED


def test_a_problem_that_lasts_writes_nothing() -> None:
    world = flagged()
    world.fail_poll(ServiceProblem.TOKEN)
    world.now += 15 * MINUTE
    before = world.poll_state
    decision = world.fail_poll(ServiceProblem.TOKEN)
    assert (decision.incidents, decision.alerts) == ((), ())
    assert decision.poll_state == before


def test_a_poll_that_shows_the_same_needs_no_writing() -> None:
    world = flagged()
    before = world.poll_state
    world.now += MINUTE
    decision = world.poll()
    assert (decision.incidents, decision.alerts, decision.poll_state == before) == ((), (), True)
    assert decision.poll_state.last_good == world.now


def test_the_start_of_the_program_keeps_the_latest_good_poll_and_forgets_the_failures() -> None:
    poll_state = PollState(last_good=START, failed_at=START, failing_seconds=240)
    resumed = resume(poll_state, START + HOUR)
    assert (resumed.last_good, resumed.failed_at, resumed.failing_seconds, resumed.resumed) == (
        START + HOUR,
        None,
        0,
        True,
    )
    assert resume(resumed, START).last_good == START + HOUR
    assert resume(PollState(), None).last_good is None


def test_nothing_remembered_lies_ahead_of_the_clock() -> None:
    ahead = START + DAY
    poll_state = clamp_future(
        PollState(removed_at=ahead, shrunk_since=ahead, last_good=ahead, failed_at=ahead), START, TIMES
    )
    assert {poll_state.removed_at, poll_state.shrunk_since, poll_state.last_good, poll_state.failed_at} == {
        START
    }


def test_a_clock_that_stepped_ahead_is_no_absence_of_the_bot() -> None:
    world = World()
    world.poll()
    world.now += DAY
    world.run(5 * MINUTE)
    assert world.service() == []
