"""Rows 36, 68 and 69: accounts that are listed as disabled and without a reason do not run."""

from dataclasses import replace

import pytest

from bot.domain.accounts import Flag, FlagKind
from bot.domain.incidents import Ending, Reason, RemedyVerdict, State, enabled_together
from bot.domain.providers import MJPROXY
from bot.rules import owner_actions
from tests.rules.listings import START
from tests.rules.proxy_cases import (
    LOST,
    ONE,
    PAUSED,
    STARTING,
    TWO,
    UNKNOWN,
    entry,
    flagged_entry,
    flagged_there,
    watched,
)
from tests.rules.world import BLOCK, CAPTCHA, DAY, HOUR, MINUTE, MODERATION, World, of_days


@pytest.mark.parametrize("text", [MODERATION, BLOCK, LOST])
def test_row_68_a_paused_account_without_its_reason_stays_open_and_ends_as_paused(text: str | Flag) -> None:
    world = flagged_there(text)
    world.show(entry(ONE, PAUSED))
    world.run(MINUTE)
    since = world.now
    world.run(4 * MINUTE)
    assert world.state(ONE) is State.OPEN
    world.run(2 * MINUTE)
    over = world.incident(ONE)
    assert (over.ending, over.clear_since) == (Ending.PAUSED, since)
    world.run(HOUR)
    assert len(world.sent) == 1
    assert len(world.of(ONE)) == 1


def test_row_68_one_that_is_enabled_meanwhile_has_to_run_for_the_flap_window() -> None:
    world = flagged_there()
    world.show(entry(ONE, PAUSED))
    world.run(4 * MINUTE)
    world.show(entry(ONE))
    world.run(MINUTE)
    since = world.now
    world.run(4 * MINUTE)
    assert (world.state(ONE), world.incident(ONE).clear_since) == (State.CLEARING, since)
    world.run(2 * MINUTE)
    assert (world.incident(ONE).ending, world.incident(ONE).clear_since) == (Ending.CLEARED, since)


def test_row_68_a_reason_that_is_blank_for_a_while_is_no_news() -> None:
    world = flagged_there()
    before = world.incident(ONE)
    world.show(entry(ONE, PAUSED))
    world.run(4 * MINUTE)
    world.show(flagged_entry())
    world.run(MINUTE)
    assert world.incident(ONE) == replace(before, seen_at=world.now)
    assert len(world.sent) == 1


@pytest.mark.parametrize("is_enabled_here", [True, False])
@pytest.mark.parametrize("text", [MODERATION, CAPTCHA, Flag("", FlagKind.BLOCK)])
def test_row_62_one_that_is_paused_as_it_starts_and_flagged_again_came_back(
    text: str | Flag,
    is_enabled_here: bool,  # noqa: FBT001 - drawn
) -> None:
    world = flagged_there(text)
    if is_enabled_here:
        world.verdict(world.lease(ONE), RemedyVerdict.NOT_STARTED)
    world.show(entry(ONE, STARTING))
    world.run(6 * MINUTE)
    world.show(entry(ONE, PAUSED))
    world.run(2 * MINUTE)
    assert (world.incident(ONE).is_starting, world.incident(ONE).verdict) == (False, None)
    world.show(flagged_entry(text))
    world.run(6 * MINUTE)
    (incident,) = world.of(ONE)
    assert (incident.state, incident.starting_since, incident.verdict) == (State.OPEN, None, None)
    assert [push.reasons[ONE] for push in world.pushes()] == [Reason.OPENED, Reason.RETURNED]


@pytest.mark.parametrize("text", [MODERATION, CAPTCHA])
def test_row_61_what_starts_it_after_a_pause_is_no_work_of_the_remedy(text: str) -> None:
    world = flagged_there(text)
    world.verdict(world.lease(ONE), RemedyVerdict.NOT_STARTED)
    world.show(entry(ONE, PAUSED))
    world.run(2 * MINUTE)
    assert not world.incident(ONE).is_starting
    world.poll_proxy(entry(ONE, STARTING))
    assert world.incident(ONE).starting_since == world.now
    world.show(entry(ONE))
    world.run(5 * MINUTE)
    assert world.state(ONE) is State.CLEARING
    world.run(2 * MINUTE)
    assert world.incident(ONE).ending is Ending.CLEARED


def test_row_68_one_that_is_paused_as_it_recovers_is_open_until_it_ends_as_paused() -> None:
    world = flagged_there()
    world.show(entry(ONE))
    world.run(2 * MINUTE)
    before = world.incident(ONE)
    world.show(entry(ONE, PAUSED))
    world.run(MINUTE)
    assert before.state is State.CLEARING
    assert (world.state(ONE), world.incident(ONE).clear_since) == (State.OPEN, before.clear_since)
    world.run(5 * MINUTE)
    over = world.incident(ONE)
    assert (over.ending, over.clear_since) == (Ending.PAUSED, before.clear_since)
    assert len(world.sent) == 1


@pytest.mark.parametrize("is_complete", [True, False])
def test_row_68_time_without_a_whole_list_ends_no_incident_of_a_paused_account(is_complete: bool) -> None:  # noqa: FBT001 - drawn
    world = flagged_there()
    world.poll_proxy(entry(ONE, PAUSED), is_complete=is_complete)
    world.now += HOUR
    world.poll_proxy(entry(TWO), is_complete=False)
    world.poll_proxy(entry(ONE, UNKNOWN))
    assert world.state(ONE) is State.OPEN


def test_row_69_an_account_whose_reason_is_blank_is_not_enabled_with_the_others() -> None:
    world = watched()
    world.poll_proxy(flagged_entry(LOST, ONE), flagged_entry(LOST, TWO))
    world.poll_proxy(entry(ONE, PAUSED))
    together = enabled_together(world.incidents.values(), MJPROXY)
    assert [each.reference for each in together] == [TWO]


def timed_out() -> World:
    """A world with a block of which only the end was listed, which is over; the account is disabled."""
    world = flagged_there(Flag("", FlagKind.BLOCK, START + 2 * HOUR))
    world.run(START + 2 * HOUR - world.now - MINUTE)
    world.show(entry(ONE, PAUSED))
    return world


def test_row_36_a_block_that_is_over_by_the_clock_alone_stays_open_with_one_push() -> None:
    world = timed_out()
    before = world.incident(ONE)
    world.run(10 * MINUTE)
    assert world.incident(ONE) == before
    assert [push.reasons for push in world.pushes()] == [{ONE: Reason.OPENED}, {ONE: Reason.REMINDER}]


@of_days
def test_row_36_it_ends_as_the_account_runs_or_a_person_leaves_it_paused() -> None:
    world = timed_out()
    world.run(DAY)
    assert world.state(ONE) is State.OPEN
    left = owner_actions.leave_paused(world.incident(ONE), world.now)
    assert left is not None
    assert left[0].ending is Ending.LEFT_PAUSED
    world.show(entry(ONE, STARTING))
    world.run(2 * MINUTE)
    world.show(entry(ONE))
    world.run(8 * MINUTE)
    assert world.incident(ONE).ending is Ending.CLEARED
