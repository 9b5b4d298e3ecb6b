"""One account: which texts are the same, how a new incident is alerted, when a block ends, what resets do."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.accounts import Flag, FlagKind
from bot.domain.incidents import Ending, Incident, Reason, RemedyVerdict, ServiceProblem, State
from bot.domain.providers import Remedy
from bot.rules import owner_actions, timers
from bot.rules.account_incidents import opening_reason
from bot.rules.flags import same_text
from tests.rules.world import (
    ANNE,
    BEN,
    BLOCK,
    CAPTCHA,
    DAY,
    HOUR,
    MINUTE,
    MODERATION,
    OTHER,
    SECOND,
    START,
    A,
    B,
    C,
    D,
    World,
    flagged,
    of_days,
    started,
)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("Wait 12 min.", "Wait 9 min.", True, id="a-count"),
        pytest.param("until 02:10", "until 2:10:05", True, id="a-time"),
        pytest.param("1,234 left", "999 left", True, id="a-number-with-a-comma"),
        pytest.param("Please  wait\n now", "Please wait now ", True, id="blanks"),
        pytest.param("Please wait", "please wait", False, id="letters-of-another-size"),
        pytest.param("for 3 days", "for 3 hours", False, id="another-unit"),
        pytest.param("", "1", False, id="a-number-or-nothing"),
    ],
)
def test_texts_are_the_same_if_only_numbers_and_blanks_differ(one: str, other: str, same: bool) -> None:  # noqa: FBT001 - a row
    assert same_text(one, other) is same_text(other, one) is same


def past(opened: datetime, ending: Ending = Ending.CLEARED, *, recurring: bool = False) -> Incident:
    return Incident("old", State.ENDED, opened, opened, reference=A, ending=ending, recurring=recurring)


@pytest.mark.parametrize(
    ("recent", "how"),
    [
        pytest.param([], (Reason.OPENED, True), id="the-first"),
        pytest.param([past(START - HOUR)], (Reason.OPENED, True), id="the-second"),
        pytest.param([past(START - HOUR)] * 2, (Reason.RECURRING, True), id="the-third"),
        pytest.param(
            [past(START - 6 * HOUR), past(START - HOUR)], (Reason.OPENED, True), id="one-too-long-ago"
        ),
        pytest.param(
            [past(START - HOUR), past(START - HOUR, recurring=True)],
            (Reason.RECURRING, False),
            id="known-to-recur",
        ),
        pytest.param(
            [past(START - HOUR, Ending.REMOVED)] * 2, (Reason.OPENED, True), id="removed-and-added-again"
        ),
        pytest.param([past(START + DAY)] * 2, (Reason.OPENED, True), id="of-another-clock"),
    ],
)
def test_the_third_incident_within_six_hours_is_recurring(
    recent: list[Incident], how: tuple[Reason, bool]
) -> None:
    assert opening_reason(recent, START) == how


def test_a_heavier_kind_is_worse_and_a_lighter_one_an_edit() -> None:
    world = flagged(CAPTCHA)
    for text, alerts in ((OTHER, []), (MODERATION, [Reason.WORSE]), (BLOCK, [Reason.WORSE]), (OTHER, [])):
        world.flags[A] = text
        assert [alert.reason for alert in world.poll().alerts] == alerts
    assert world.incident(A).worst_kind is FlagKind.BLOCK
    assert world.incident(A).flag == Flag.of(OTHER)


# Timed blocks


def block_of(days: int) -> str:
    return f"You have been blocked from accessing Midjourney for {days} days."


@of_days
def test_a_block_ends_its_length_after_it_was_first_shown() -> None:
    world = flagged(CAPTCHA)
    world.run(2 * DAY)
    world.flags[A] = BLOCK
    world.run(MINUTE)
    blocked = world.now
    world.run(HOUR)
    assert world.incident(A).block_until() == blocked + 3 * DAY


@of_days
def test_a_block_that_became_longer_ends_later() -> None:
    world = flagged(BLOCK)
    world.run(DAY)
    world.flags[A] = block_of(7)
    world.run(MINUTE)
    assert world.incident(A).block_until() == world.now + 7 * DAY


def test_row_56_another_end_in_words_replaces_the_text_that_is_kept() -> None:
    world = flagged("You are blocked until December 25.")
    world.flags[A] = later = "You are blocked until December 28."
    world.run(MINUTE)
    assert world.incident(A).flag == Flag.of(later)


def test_row_56_an_end_in_words_after_a_length_leaves_no_end_that_may_be_too_early() -> None:
    world = flagged(BLOCK)
    world.flags[A] = "You are blocked until next month."
    world.run(MINUTE)
    assert world.incident(A).block_until() is None


@of_days
def test_a_block_in_other_words_does_not_begin_anew() -> None:
    world = flagged(BLOCK)
    until = world.incident(A).block_until()
    world.run(DAY)
    world.flags[A] = "Your account is blocked from accessing us for 3 days!"
    world.run(MINUTE)
    assert world.incident(A).block_until() == until


def test_row_56_a_block_whose_start_is_named_is_not_over_when_it_is_first_seen() -> None:
    world = flagged(CAPTCHA)
    start = world.now.replace(microsecond=0)
    world.flags[A] = f"You were temporarily blocked on <t:{start.timestamp():.0f}:f> for 14 days."
    world.run(MINUTE)
    assert world.incident(A).block_until() == start + 14 * DAY


def test_row_56_a_named_end_that_has_passed_since_stays_the_end_in_other_words() -> None:
    until = f"<t:{(World().now + HOUR).timestamp():.0f}>"
    world = flagged(f"You are blocked for 1 hour, until {until}.")
    end = world.incident(A).block_until()
    world.run(2 * HOUR)
    world.flags[A] = f"Your account is blocked for 1 hour, until {until}!"
    world.run(MINUTE)
    assert world.incident(A).block_until() == end


def test_what_is_no_block_any_more_is_reminded_of() -> None:
    world = flagged(BLOCK)
    world.flags[A] = MODERATION
    world.run(20 * MINUTE)
    assert world.incident(A).block_until() is None
    assert [push.reasons[A] for push in world.pushes()] == [Reason.OPENED, Reason.REMINDER]


# The end


@pytest.mark.parametrize("flap_window", [timedelta(), 5 * MINUTE, 20 * MINUTE])
def test_a_flag_is_over_after_two_clean_polls_and_the_time_of_the_policy(flap_window: timedelta) -> None:
    world = flagged()
    world.policy = replace(world.policy, flap_window=flap_window)
    world.flags[A] = None
    world.run(MINUTE)
    gone = world.now
    needed = max(3 * MINUTE, flap_window)
    world.run(needed - MINUTE)
    assert world.state(A) is State.CLEARING
    world.run(MINUTE)
    incident = world.incident(A)
    assert (incident.state, incident.clear_since, incident.ended_at) == (State.ENDED, gone, gone + needed)


def test_one_clean_poll_is_not_the_end_however_long_ago() -> None:
    world = flagged()
    world.flags[A] = None
    world.poll()
    world.now += 10 * MINUTE
    world.poll({})  # the list is gone: not a clean poll
    assert world.state(A) is State.CLEARING


def test_what_nobody_could_see_does_not_count_as_clean() -> None:
    world = flagged()
    world.flags[A] = None
    world.run(MINUTE)
    world.run_without_api(20 * MINUTE)
    assert world.state(A) is State.CLEARING
    world.run(MINUTE)
    assert world.state(A) is State.ENDED
    assert world.incident(A).blind_from is None  # it was gone before


def test_a_command_that_meets_what_the_list_does_not_show_keeps_it_longer() -> None:
    world = flagged()
    world.flags[A] = None
    world.run(2 * MINUTE)
    world.report_flag(A, MODERATION)
    assert (world.state(A), world.incident(A).from_command) == (State.OPEN, True)
    world.run(15 * MINUTE)
    assert world.state(A) is State.OPEN
    world.run(MINUTE)
    assert world.state(A) is State.ENDED


def test_what_a_command_meets_again_has_to_be_clean_anew() -> None:
    world = started()
    world.report_flag(A, MODERATION)
    met = world.now
    world.run(10 * MINUTE)
    assert world.fail_poll(ServiceProblem.TOKEN).incidents[-1].problem is ServiceProblem.TOKEN
    assert world.incident(A).seen_at == met
    world.poll()
    world.report_flag(A, MODERATION)
    world.run(10 * MINUTE)
    assert world.state(A) is State.OPEN
    world.run(6 * MINUTE)
    assert world.state(A) is State.ENDED


def test_a_list_that_shows_what_a_command_met_makes_it_ordinary() -> None:
    world = started()
    world.report_flag(A, MODERATION)
    world.flags[A] = MODERATION
    world.poll()
    assert not world.incident(A).from_command
    assert world.report_flag(A, MODERATION).incidents == ()


# Reset


@pytest.mark.parametrize(
    ("verdict", "state", "ending"),
    [
        (RemedyVerdict.BACK, State.ENDED, Ending.RESET),
        (RemedyVerdict.NOT_CONFIGURED, State.ENDED, Ending.REMOVED),
        (RemedyVerdict.NOT_YET, State.OPEN, None),
        (RemedyVerdict.COULD_NOT_TELL, State.OPEN, None),
        (RemedyVerdict.FLAGGED_AGAIN, State.OPEN, None),
    ],
)
def test_each_verdict_gives_the_lease_back(
    verdict: RemedyVerdict, state: State, ending: Ending | None
) -> None:
    world = flagged()
    world.verdict(world.lease(A), verdict)
    incident = world.incident(A)
    assert (incident.state, incident.ending, incident.lease_until) == (state, ending, None)
    assert len(world.sent) == 1


@pytest.mark.parametrize(("text", "reasons"), [(CAPTCHA, []), (BLOCK, [Reason.WORSE])])
def test_another_flag_after_a_reset_is_alerted_if_it_is_worse(text: str, reasons: list[Reason]) -> None:
    world = flagged()
    world.run(5 * MINUTE)
    world.verdict(world.lease(A), RemedyVerdict.FLAGGED_AGAIN, text)
    incident, flag = world.incident(A), Flag.of(text)
    assert (incident.flag, incident.seen_at, incident.from_command) == (flag, world.now, False)
    assert incident.worst_kind is (FlagKind.BLOCK if reasons else FlagKind.MODERATION)
    assert incident.block_until() == (world.now + 3 * DAY if reasons else None)
    assert [push.reasons[A] for push in world.pushes()[1:]] == reasons


def test_a_verdict_is_taken_only_from_who_has_the_lease() -> None:
    world = flagged(owners=(ANNE, BEN))
    late = world.lease(A, ANNE)
    world.now += 4 * MINUTE
    world.poll()
    present = world.lease(A, BEN)
    assert owner_actions.give_verdict(present, late, RemedyVerdict.BACK, world.now) == (present, None)
    world.verdict(present, RemedyVerdict.BACK)
    assert world.incident(A).leased_by == BEN


def test_what_returns_is_the_same_incident_with_nothing_left_of_what_owners_said_before() -> None:
    world = flagged(CAPTCHA)
    before = world.incident(A)
    world.change(owner_actions.assign(world.incident(A), ANNE, world.now))
    world.change(owner_actions.snooze(world.incident(A), world.now + HOUR, world.now))
    world.verdict(world.lease(A), RemedyVerdict.BACK)
    world.flags[A] = MODERATION
    world.now += 3 * MINUTE
    world.poll()
    assert world.incident(A) == replace(
        before,
        seen_at=world.now,
        flag=Flag.of(MODERATION),
        worst_kind=FlagKind.MODERATION,
        reset_at=world.now - 3 * MINUTE,
        remedy=Remedy.RESET,
    )


def test_what_cleared_by_itself_after_it_had_returned_is_new_when_it_is_flagged_again() -> None:
    world = flagged()
    world.verdict(world.lease(A), RemedyVerdict.BACK)
    world.run(2 * MINUTE)
    world.flags[A] = None
    world.run(10 * MINUTE)
    world.flags[A] = MODERATION
    world.run(MINUTE)
    assert [incident.ending for incident in world.of(A)] == [Ending.CLEARED, None]


def test_an_account_that_is_missing_during_its_reset_is_left_to_the_reset() -> None:
    world = flagged()
    lease = world.lease(A)
    del world.flags[A]
    world.run(2 * MINUTE)
    assert world.incident(A) == lease


def test_when_a_flag_was_last_seen_is_known_once_nobody_can_see() -> None:
    world = flagged()
    shown = world.now
    world.run(3 * MINUTE)
    world.fail_poll(ServiceProblem.TOKEN)
    assert world.incident(A).seen_at == shown + 3 * MINUTE
    world.now += MINUTE
    world.poll({B: None, C: None, D: None})
    world.fail_poll(ServiceProblem.TOKEN)
    assert world.incident(A).seen_at == shown + 3 * MINUTE


def test_a_reset_that_was_not_the_end_leaves_nothing_of_what_looked_clear() -> None:
    world = flagged()
    world.flags[A] = None
    world.run(2 * MINUTE)
    world.verdict(world.lease(A), RemedyVerdict.NOT_YET)
    incident = world.incident(A)
    assert (incident.clear_since, incident.clear_polls) == (None, 0)


def test_what_is_over_has_no_lease() -> None:
    world = flagged()
    world.verdict(world.lease(A), RemedyVerdict.BACK)
    incident = world.incident(A)
    assert owner_actions.take_lease(incident, ANNE, world.now, None, Remedy.RESET) is None


# Assignments and snoozes


def test_a_snooze_is_a_day_at_most_and_never_of_the_past() -> None:
    incident = flagged().incident(A)
    assert owner_actions.snooze(incident, START + 9 * DAY, START).snoozed_until == START + DAY
    assert owner_actions.snooze(incident, START, START) == incident


def test_reminders_go_on_with_the_end_of_a_snooze() -> None:
    world = flagged()
    world.run(10 * HOUR)  # the next reminder is due in a day
    count = len(world.pushes())
    world.change(owner_actions.snooze(world.incident(A), world.now + HOUR, world.now))
    world.run(HOUR)
    assert world.incident(A).snoozed_until is None
    assert [push.reasons for push in world.pushes()[count:]] == [{A: Reason.REMINDER}]


def test_reminders_go_on_when_nobody_is_on_it_any_more() -> None:
    world = flagged()
    world.change(owner_actions.assign(world.incident(A), ANNE, world.now))
    world.run(HOUR)
    world.change(owner_actions.abandon(world.incident(A), ANNE, world.now))
    world.deliver()
    assert [push.reasons[A] for push in world.pushes()] == [Reason.OPENED, Reason.REMINDER]


def test_only_the_assignment_of_who_left_is_taken_back() -> None:
    incident = flagged().incident(A)
    assert owner_actions.abandon(incident, ANNE, START) == incident
    claimed = replace(owner_actions.assign(incident, ANNE, START), asked_at=START)
    assert owner_actions.abandon(claimed, ANNE, START + HOUR) == replace(incident, held_until=START + HOUR)
    assert owner_actions.abandon(owner_actions.assign(incident, ANNE, START), BEN, START).assigned_to == ANNE


def test_the_clock_is_minded_when_it_changes_something_next() -> None:
    world = flagged()
    assert timers.next_tick(world.incidents.values()) is None
    now, incident = world.now, world.incident(A)
    claimed = owner_actions.assign(incident, ANNE, now)
    asked = replace(claimed, asked_at=now + 4 * HOUR)
    snoozed = owner_actions.snooze(incident, now + HOUR, now)
    leased = owner_actions.take_lease(incident, ANNE, now, None, Remedy.RESET)
    assert leased is not None
    expected = [4 * HOUR, 4.5 * HOUR, HOUR, 3 * MINUTE]
    for changed, after in zip((claimed, asked, snoozed, leased), expected, strict=True):
        due = timers.next_tick([changed])
        assert due == now + after
        assert timers.tick(changed, now + after - SECOND) == (changed, None)
        later, _ = timers.tick(changed, now + after)
        assert later != changed


def test_who_is_on_what_is_clearing_or_over_is_not_asked() -> None:
    claimed = owner_actions.assign(flagged().incident(A), ANNE, START)
    clearing = replace(claimed, state=State.CLEARING)
    assert timers.next_tick([clearing]) == START + 4.5 * HOUR
    assert timers.tick(clearing, START + 4.25 * HOUR) == (clearing, None)
    ended = replace(claimed, state=State.ENDED)
    assert timers.next_tick([ended]) is None


def test_incidents_of_a_world_without_problem_are_none() -> None:
    world = World()
    world.run(HOUR)
    assert world.incidents == {}


@pytest.mark.parametrize(
    "verdict", [RemedyVerdict.NOT_YET, RemedyVerdict.COULD_NOT_TELL, RemedyVerdict.FLAGGED_AGAIN]
)
def test_what_a_reset_came_to_stands_with_the_incident_until_the_next_one(verdict: RemedyVerdict) -> None:
    world = flagged()
    lease = owner_actions.take_lease(world.incident(A), 1, world.now, None, Remedy.RESET)
    assert lease is not None
    judged, _ = owner_actions.give_verdict(
        lease, lease, verdict, world.now, Flag.of("Verify that you are human")
    )
    assert (judged.state, judged.verdict, judged.judged_at) == (State.OPEN, verdict, world.now)
    again = owner_actions.take_lease(judged, 1, world.now, None, Remedy.RESET)
    assert again is not None
    assert (again.verdict, again.judged_at) == (None, None)
