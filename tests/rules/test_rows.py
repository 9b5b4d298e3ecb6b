"""The table of what happens when: one test for each row that is the rules' to decide, by its number.

Rows 23, 25, 26, 28 and 38 are about routes, Discord and who is an owner, and are tested with those.
"""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from bot.domain.accounts import Flag, FlagKind
from bot.domain.incidents import Ending, Reason, RemedyVerdict, ServiceProblem, State
from bot.domain.messages import Delivery, Purpose
from bot.domain.providers import MJPROXY, USEAPI, Remedy
from bot.rules import owner_actions, timers
from bot.rules.policy import PUSH_EVERY
from bot.rules.poll_state import expect_account, expect_removal
from bot.rules.service_incidents import next_poll_in
from tests.rules.listings import ProxyListing
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
    Worlds,
    of_days,
)

ROWS = range(1, 71)


OF_USEAPI, OF_MJPROXY = Worlds(), Worlds(ProxyListing())


@pytest.fixture(
    params=[OF_USEAPI, pytest.param(OF_MJPROXY, marks=pytest.mark.no_cover)], ids=[USEAPI, MJPROXY]
)
def worlds(request: pytest.FixtureRequest) -> Worlds:
    """The worlds of each provider in turn."""
    return request.param


of_useapi_alone = pytest.mark.parametrize("worlds", [OF_USEAPI], ids=[USEAPI])
"""Only useapi.net answers a command, or in place of the list, that some account is flagged (596)."""


def test_each_row_of_the_table_has_a_test_by_its_number() -> None:
    files = Path(__file__).parents[1].rglob("test_*.py")
    found = [number for file in files for number in re.findall(r"def test_row_(\d+)_", file.read_text())]
    assert {int(number) for number in found} == {*ROWS}


def accounts(number: int) -> dict[str, str | None]:
    return {f"1170809721663420{index:03}": None for index in range(number)}


def test_row_01_accounts_flagged_at_the_first_start_are_one_digest(worlds: Worlds) -> None:
    world = worlds.new(flags={A: MODERATION, B: CAPTCHA, C: BLOCK, D: None})
    world.poll()
    world.deliver()
    (sent,) = world.sent
    assert sent.notifies
    assert sent.reasons == dict.fromkeys((A, B, C), Reason.OPENED)
    assert all(incident.before_watch for incident in world.incidents.values())


def test_row_01_what_is_flagged_after_the_first_poll_was_not_before_the_watch(worlds: Worlds) -> None:
    assert not worlds.flagged().incident(A).before_watch


def test_row_02_an_outage_freezes_and_the_end_shows_the_blind_window(worlds: Worlds) -> None:
    world = worlds.flagged()
    world.run(3 * MINUTE)
    before, blind_from = world.incident(A), world.poll_state.last_good
    world.flags[A] = None
    world.run_without_api(20 * MINUTE)
    assert world.incident(A) == replace(before, seen_at=blind_from)
    world.restart()
    world.now += MINUTE
    world.poll()
    back = world.now
    assert world.state(A) is State.CLEARING
    pushes = len(world.pushes())
    world.run(6 * MINUTE)
    incident = world.incident(A)
    assert (incident.state, incident.ending) == (State.ENDED, Ending.CLEARED)
    assert (incident.blind_from, incident.blind_until) == (blind_from, back)
    assert len(world.pushes()) == pushes


def test_row_03_a_restart_while_flagged_sends_nothing_and_the_reminder_clock_goes_on(worlds: Worlds) -> None:
    world = worlds.flagged()
    sent = world.now
    world.run(5 * MINUTE)
    world.restart()
    world.now += 3 * MINUTE
    world.poll()
    world.deliver()
    assert len(world.sent) == 1
    world.run(7 * MINUTE)
    world.wait(MINUTE)
    assert [push.at - sent for push in world.pushes()] == [timedelta(), 15 * MINUTE]
    assert world.pushes()[-1].reasons == {A: Reason.REMINDER}


def test_row_04_two_texts_of_one_kind_are_edits(worlds: Worlds) -> None:
    world = worlds.flagged()
    for text in ("Another pending moderation message.", MODERATION) * 3:
        world.flags[A] = text
        world.now += MINUTE
        decision = world.poll()
        assert [incident.flag for incident in decision.incidents] == [world.listing.account(A, text).flag]
        assert decision.alerts == ()


def test_row_05_two_kinds_are_one_push_at_the_heavier(worlds: Worlds) -> None:
    world = worlds.flagged(CAPTCHA)
    for text in (MODERATION, CAPTCHA) * 4:
        world.flags[A] = text
        world.now += MINUTE
        world.poll()
        world.deliver()
    world.wait(PUSH_EVERY)
    assert [push.reasons[A] for push in world.pushes()] == [Reason.OPENED, Reason.WORSE]
    assert world.incident(A).worst_kind is FlagKind.MODERATION


def test_row_06_a_changing_number_is_no_change(worlds: Worlds) -> None:
    world = worlds.flagged("Pending moderation message, try again in 12 min  5 s (3 left).")
    world.flags[A] = "Pending moderation message, try again in  9 min 55 s (2 left)."
    world.now += MINUTE
    decision = world.poll()
    assert decision.incidents == decision.alerts == ()


def test_row_07_on_and_off_by_the_poll_for_an_hour_is_opened_once(worlds: Worlds) -> None:
    world = worlds.flagged()
    for _ in range(30):
        for text in (None, MODERATION):
            world.flags[A] = text
            world.run(MINUTE)
    assert len(world.of(A)) == 1
    assert [push.reasons[A] for push in world.pushes()] == [Reason.OPENED, Reason.REMINDER]


def test_row_08_incidents_one_and_two_are_alerted_the_third_is_recurring_then_reminders(
    worlds: Worlds,
) -> None:
    world = worlds.started()

    def flapping(at: datetime) -> dict[str, str | None]:
        is_on = (at - START - 2 * MINUTE) % (40 * MINUTE) < 20 * MINUTE
        return {**world.flags, A: MODERATION if is_on else None}

    world.run(8 * HOUR, flapping)
    reasons = [push.reasons[A] for push in world.pushes()]
    news = [reason for reason in reasons if reason is not Reason.REMINDER]
    assert news == [Reason.OPENED, Reason.OPENED, Reason.RECURRING]
    third = reasons.index(Reason.RECURRING)
    assert 2 <= len(reasons[third + 1 :]) <= 4
    assert all(sent.notifies for sent in world.sent)
    assert len(world.of(A)) == 12


def test_row_09_a_list_that_lags_after_a_reset_is_said_in_silence(worlds: Worlds) -> None:
    world = worlds.flagged()
    lease = world.lease(A)
    world.now += 15 * SECOND
    assert world.poll().incidents == ()
    world.flags[A] = None
    world.now += 45 * SECOND
    assert world.poll().incidents == ()
    world.verdict(lease, RemedyVerdict.BACK)
    incident = world.incident(A)
    assert (incident.state, incident.ending, incident.reset_at) == (State.ENDED, Ending.RESET, world.now)
    assert len(world.sent) == 1
    assert world.editable() == []


def test_row_10_flagged_soon_after_a_verified_reset_is_the_same_incident_returned(worlds: Worlds) -> None:
    world = worlds.flagged()
    world.flags[A] = None
    world.verdict(world.lease(A), RemedyVerdict.BACK)
    world.run(3 * MINUTE)
    world.flags[A] = MODERATION
    world.run(5 * MINUTE)
    assert len(world.of(A)) == 1
    assert world.state(A) is State.OPEN
    assert [push.reasons[A] for push in world.pushes()] == [Reason.OPENED, Reason.RETURNED]


def test_row_10_what_came_back_is_pushed_at_once_where_all_else_is_over(worlds: Worlds) -> None:
    world = worlds.flagged()
    (first,) = world.editable()
    world.flags[A] = None
    world.verdict(world.lease(A), RemedyVerdict.BACK)
    assert world.messages[first.key].delivery is Delivery.DONE
    world.run(MINUTE)
    world.flags[A] = MODERATION
    world.run(MINUTE)
    assert [push.reasons[A] for push in world.pushes()] == [Reason.OPENED, Reason.RETURNED]
    (shown,) = world.editable()
    assert shown.key != first.key


def test_row_10_what_came_back_joins_a_message_that_stands_before_the_push_may_follow(worlds: Worlds) -> None:
    world = worlds.flagged()
    world.flags[B] = MODERATION
    world.run(MINUTE)
    world.flags[A] = None
    world.verdict(world.lease(A), RemedyVerdict.BACK)
    world.flags[A] = MODERATION
    world.run(MINUTE)
    (message,) = world.editable()
    assert world.shown_in(message) == {A, B}
    assert len(world.pushes()) == 1
    world.run(5 * MINUTE)
    assert world.pushes()[-1].reasons[A] is Reason.RETURNED
    assert world.pushes()[-1].at - world.pushes()[0].at >= PUSH_EVERY


def test_row_10_flagged_long_after_a_verified_reset_is_another_incident(worlds: Worlds) -> None:
    world = worlds.flagged()
    world.flags[A] = None
    world.verdict(world.lease(A), RemedyVerdict.BACK)
    world.run(61 * MINUTE)
    world.flags[A] = MODERATION
    world.run(MINUTE)
    assert len(world.of(A)) == 2
    assert world.pushes()[-1].reasons == {A: Reason.OPENED}


@pytest.mark.parametrize("clean", [True, False])
def test_row_11_the_list_decides_what_became_of_a_reset_without_an_answer(
    worlds: Worlds, *, clean: bool
) -> None:
    world = worlds.flagged()
    world.verdict(world.lease(A), RemedyVerdict.BACK if clean else RemedyVerdict.COULD_NOT_TELL)
    assert world.state(A) is (State.ENDED if clean else State.OPEN)
    assert len(world.sent) == 1


def test_row_12_a_lease_that_nobody_gives_back_expires(worlds: Worlds) -> None:
    world = worlds.flagged()
    lease = world.lease(A)
    world.restart()
    world.now += 3 * MINUTE
    world.poll()
    incident = world.incident(A)
    assert (incident.state, incident.lease_until, incident.leased_by) == (State.OPEN, None, None)
    again = world.lease(A, BEN)
    # A verdict from before the crash is nobody's.
    world.verdict(lease, RemedyVerdict.BACK)
    assert world.incident(A) == again


def test_row_13_of_two_owners_one_has_the_lease(worlds: Worlds) -> None:
    world = worlds.flagged(owners=(ANNE, BEN))
    world.lease(A, ANNE)
    assert owner_actions.take_lease(world.incident(A), BEN, world.now, None, Remedy.RESET) is None
    assert world.incident(A).leased_by == ANNE


@of_useapi_alone
def test_row_14_what_only_a_command_met_ends_after_a_quarter_of_an_hour_of_clean_polls(
    worlds: Worlds,
) -> None:
    world = worlds.started()
    world.report_flag(A, MODERATION)
    world.deliver()
    assert world.pushes()[0].reasons == {A: Reason.OPENED}
    assert world.incident(A).from_command
    world.run(15 * MINUTE)
    # The list never showed it, so a clean list is no sign that it is over: the card keeps its steps.
    assert world.state(A) is State.OPEN
    world.run(2 * MINUTE)
    assert world.incident(A).ending is Ending.CLEARED
    assert len(world.sent) == 1


def test_row_15_an_account_that_one_poll_missed_is_nothing(worlds: Worlds) -> None:
    world = worlds.flagged()
    rest = {channel: text for channel, text in world.flags.items() if channel != A}
    world.now += MINUTE
    assert world.poll(rest).alerts == ()
    assert world.state(A) is State.OPEN
    world.run(5 * MINUTE)
    assert world.state(A) is State.OPEN
    assert len(world.sent) == 1


def test_row_16_an_account_gone_for_two_polls_is_removed_and_a_new_flag_is_new(worlds: Worlds) -> None:
    world = worlds.flagged()
    del world.flags[A]
    world.run(2 * MINUTE)
    assert world.incident(A).ending is Ending.REMOVED
    assert len(world.sent) == 1
    world.flags[A] = MODERATION
    world.run(10 * MINUTE)
    assert len(world.of(A)) == 2
    assert [push.reasons[A] for push in world.pushes()] == [Reason.OPENED, Reason.OPENED]


def test_row_17_an_empty_list_after_accounts_is_alerted_once_and_freezes(worlds: Worlds) -> None:
    world = worlds.flagged()
    before = world.incident(A)
    flags, world.flags = world.flags, {}
    world.run(3 * HOUR)
    assert replace(world.incident(A), seen_at=before.seen_at) == before
    assert [sent.entries for sent in world.sent[1:]] == [(("list gone", Reason.OPENED),)]
    assert world.sent[1].notifies
    assert next_poll_in(world.poll_state, world.open_service, world.policy) == 15 * MINUTE
    world.flags = flags
    world.poll()
    assert [service.ending for service in world.service()] == [Ending.RECOVERED]
    assert world.state(A) is State.OPEN


@pytest.mark.parametrize("flags", [{}, {D: None}], ids=["empty", "shrunk"])
def test_row_17_accounts_missing_from_one_poll_alone_wake_nobody(
    worlds: Worlds, flags: dict[str, str | None]
) -> None:
    world = worlds.flagged()
    whole, world.flags = world.flags, flags
    world.run(MINUTE)
    world.flags = whole
    world.run(HOUR, lambda at: flags if at.minute % 5 == 0 else whole)
    assert world.service() == []
    assert world.state(A) is State.OPEN
    assert {sent.purpose for sent in world.sent} == {Purpose.ALERT}


def test_row_17_an_empty_list_where_there_never_was_an_account_is_no_problem(worlds: Worlds) -> None:
    world = worlds.new(flags={})
    world.run(HOUR)
    assert world.incidents == {}


def test_row_18_a_list_that_lost_more_than_half_is_not_believed(worlds: Worlds) -> None:
    world = worlds.flagged()
    world.flags = {D: None}
    world.run(HOUR)
    assert world.state(A) is State.OPEN
    assert [sent.entries for sent in world.sent[1:]] == [(("list gone", Reason.OPENED),)]


def test_row_18_a_flag_in_a_list_that_is_not_believed_is_alerted_within_a_poll(worlds: Worlds) -> None:
    world = worlds.started()
    world.flags = {D: None}
    world.run(10 * MINUTE)
    world.flags = {D: BLOCK}
    world.run(MINUTE)
    assert world.pushes()[-1].reasons == {D: Reason.OPENED}


@of_days
def test_row_18_a_list_that_stays_the_same_for_a_day_is_believed(worlds: Worlds) -> None:
    world = worlds.flagged()
    world.flags = {D: None}
    world.run(23 * HOUR)
    assert world.state(A) is State.OPEN
    world.run(HOUR + 3 * MINUTE)
    assert world.incident(A).ending is Ending.REMOVED
    assert [service.ending for service in world.service()] == [Ending.RECOVERED]


def test_row_18_half_of_the_accounts_may_go_and_one_may_take_the_place_of_another(worlds: Worlds) -> None:
    world = worlds.started()
    world.flags = {C: None, D: None}
    world.run(2 * MINUTE)
    world.flags = {A: None, B: None}
    world.run(2 * MINUTE)
    assert world.sent == []


def test_row_19_forty_flagged_one_by_one_are_a_push_per_five_minutes_and_one_digest(worlds: Worlds) -> None:
    world = worlds.started(accounts(40))
    begun = world.now
    for channel in list(world.flags):
        world.flags[channel] = MODERATION
        world.poll()
        world.deliver()
        world.wait(MINUTE)
        shown = {entry.incident for message in world.editable() for entry in message.entries}
        assert world.incident(channel).key in shown
        assert len(world.editable()) == 1
    world.wait(PUSH_EVERY)
    times = [push.at for push in world.pushes()]
    assert times[0] == begun
    assert min(later - earlier for earlier, later in pairwise(times)) >= PUSH_EVERY
    assert len(times) == 9
    assert set(world.pushes()[-1].reasons) == set(world.flags)


def test_row_20_two_hundred_at_once_are_one_message_for_each_owner(worlds: Worlds) -> None:
    world = worlds.started(accounts(200), owners=(ANNE, BEN))
    world.flags = dict.fromkeys(world.flags, MODERATION)
    world.poll()
    world.deliver()
    assert [(sent.owner, sent.reasons) for sent in world.sent] == [
        (owner, dict.fromkeys(world.flags, Reason.OPENED)) for owner in (ANNE, BEN)
    ]


def test_row_21_flagged_and_over_while_discord_is_down_is_one_silent_message(worlds: Worlds) -> None:
    world = worlds.started()
    world.discord_is_up = False
    world.flags[A] = MODERATION
    world.run(15 * MINUTE)
    world.flags[A] = None
    world.run(10 * MINUTE)
    world.discord_is_up = True
    world.deliver()
    (sent,) = world.sent
    assert (sent.notifies, sent.purpose, [*sent.reasons]) == (False, Purpose.NOTE, [A])


def test_row_22_a_message_that_was_claimed_is_sent_as_it_is(worlds: Worlds) -> None:
    world = worlds.started()
    world.flags[A] = MODERATION
    world.poll()
    (message,) = world.messages.values()
    assert world.claim(message.key)
    claimed = world.messages[message.key]
    world.restart()
    world.flags[B] = BLOCK
    world.now += 20 * SECOND
    world.poll()
    assert world.messages[message.key] == claimed
    assert claimed.nonce == message.nonce
    world.deliver()
    assert world.sent[0].reasons == {A: Reason.OPENED}


def test_row_24_the_end_of_what_the_owner_deleted_is_a_silent_note(worlds: Worlds) -> None:
    world = worlds.flagged()
    world.edits = False
    (message,) = world.messages.values()
    world.flags[A] = None
    world.run(10 * MINUTE)
    world.delete(message)
    world.deliver()
    assert world.messages[message.key].delivery is Delivery.DONE
    assert [(sent.notifies, sent.purpose, sent.reasons) for sent in world.sent[1:]] == [
        (False, Purpose.NOTE, {A: Reason.RESOLVED})
    ]


def test_row_24_a_deleted_message_does_not_end_the_reminders(worlds: Worlds) -> None:
    world = worlds.flagged()
    (message,) = world.messages.values()
    world.delete(message)
    world.run(15 * MINUTE)
    world.flags[A] = None
    world.run(10 * MINUTE)
    assert [sent.reasons for sent in world.sent[1:]] == [{A: Reason.REMINDER}]


def test_row_27_a_new_owner_gets_one_digest_and_the_former_one_nothing_more(worlds: Worlds) -> None:
    world = worlds.flagged()
    world.flags[B] = CAPTCHA
    world.now += MINUTE
    world.poll()
    assert world.waiting(ANNE)
    world.dismiss(ANNE)
    world.owners.append(BEN)
    world.plan()
    world.deliver()
    world.run(HOUR)
    assert [sent.owner for sent in world.sent[1:]] == [BEN] * (len(world.sent) - 1)
    assert world.sent[1].reasons == {A: Reason.OPENED, B: Reason.OPENED}
    assert [sent.reasons[A] for sent in world.sent[2:]] == [Reason.REMINDER]
    assert world.waiting(ANNE) == []


def test_row_29_who_is_on_it_is_asked_after_four_hours_and_half_an_hour_later_reminded(
    worlds: Worlds,
) -> None:
    world = worlds.flagged(owners=(ANNE, BEN))
    world.run(MINUTE)
    world.change(owner_actions.assign(world.incident(A), ANNE, world.now))
    claimed = world.now
    world.run(5 * HOUR)
    asked, *rest = world.pushes(ANNE)[1:]
    assert (asked.at - claimed, asked.reasons) == (4 * HOUR, {A: Reason.ASSIGNEE_CHECK})
    lapsed = [(push.at - claimed, push.reasons) for push in rest]
    assert lapsed[0] == (4.5 * HOUR, {A: Reason.REMINDER})
    assert [push.at - claimed for push in world.pushes(BEN)[1:2]] == [4.5 * HOUR]
    assert world.incident(A).assigned_to is None


def test_row_29_who_says_so_again_is_asked_four_hours_after_that(worlds: Worlds) -> None:
    world = worlds.flagged()
    world.change(owner_actions.assign(world.incident(A), ANNE, world.now))
    world.run(4 * HOUR + 5 * MINUTE)
    world.change(owner_actions.assign(world.incident(A), ANNE, world.now))
    world.run(4 * HOUR + MINUTE)
    assert [push.reasons[A] for push in world.pushes()[1:]] == [Reason.ASSIGNEE_CHECK] * 2


def test_row_30_a_block_breaks_through_a_snooze(worlds: Worlds) -> None:
    world = worlds.flagged()
    world.run(6 * MINUTE)
    world.change(owner_actions.snooze(world.incident(A), world.now + 4 * HOUR, world.now))
    world.run(HOUR)
    assert len(world.sent) == 1
    world.flags[A] = BLOCK
    world.run(MINUTE)
    assert world.pushes()[-1].reasons == {A: Reason.WORSE}
    assert world.incident(A).snoozed_until is None


STEPS = [pytest.param(sign * step, id=f"{sign * step}") for step in (HOUR, DAY) for sign in (1, -1)]


@pytest.mark.parametrize("step", STEPS)
def test_row_31_a_step_of_the_clock_is_no_alert_and_no_burst(worlds: Worlds, step: timedelta) -> None:
    world = worlds.flagged()
    world.run(5 * MINUTE)
    world.now += step
    world.run(14 * MINUTE)
    # A clock that steps forward looks like a watch that slept: a reminder may come early.
    news = [push for push in world.pushes()[1:] if push.reasons != {A: Reason.REMINDER}]
    assert news == []
    assert len(world.pushes()) <= 2
    assert len(world.of(A)) == 1
    world.run(2 * MINUTE)
    assert len(world.pushes()) == 2


@pytest.mark.parametrize("step", STEPS)
def test_row_31_nothing_waits_longer_than_its_backoff_after_a_step(worlds: Worlds, step: timedelta) -> None:
    world = worlds.flagged()
    world.run(MINUTE)
    world.flags[B] = MODERATION
    world.poll()
    world.now += step
    world.run(6 * MINUTE)
    assert world.waiting() == []
    assert world.pushes()[-1].reasons[B] is Reason.OPENED


@pytest.mark.parametrize("step", STEPS)
def test_row_31_a_step_between_two_failed_polls_is_no_outage(worlds: Worlds, step: timedelta) -> None:
    world = worlds.started()
    world.fail_poll()
    world.now += step
    world.fail_poll()
    assert world.service() == []
    world.run_without_api(6 * MINUTE)
    assert len(world.service()) == 1


@pytest.mark.parametrize("step", STEPS)
def test_row_31_what_was_clearing_ends_soon_after_a_step(worlds: Worlds, step: timedelta) -> None:
    world = worlds.flagged()
    world.flags[A] = None
    world.run(MINUTE)
    world.now += step
    world.run(7 * MINUTE)
    assert world.state(A) is State.ENDED


@pytest.mark.parametrize("step", STEPS)
def test_row_31_a_lease_and_a_snooze_do_not_outlive_a_step_back(worlds: Worlds, step: timedelta) -> None:
    world = worlds.flagged()
    world.lease(A)
    world.now += step
    world.run(4 * MINUTE)
    assert world.state(A) is State.OPEN
    world.change(owner_actions.snooze(world.incident(A), world.now + HOUR, world.now))
    world.now += step
    world.run(HOUR + 2 * MINUTE)
    assert world.incident(A).snoozed_until is None


@pytest.mark.parametrize("act", ["snooze", "assign", "block"])
def test_row_31_a_delay_that_is_moved_with_the_clock_ends_when_it_would_have(
    worlds: Worlds, act: str
) -> None:
    world = worlds.flagged(
        "You are blocked from accessing Midjourney for 1 hour." if act == "block" else MODERATION
    )
    length = 4.5 * HOUR if act == "assign" else HOUR
    if act == "assign":
        world.change(owner_actions.assign(world.incident(A), ANNE, world.now))
    elif act == "snooze":
        world.change(owner_actions.snooze(world.incident(A), world.now + HOUR, world.now))
    world.run(20 * MINUTE)
    world.now -= DAY
    world.change(timers.shifted(world.incident(A), -DAY))
    begun, before = world.now, len(world.pushes())
    world.run(length)
    pushed = world.pushes()[before]
    asked = timedelta(minutes=30) if act == "assign" else timedelta()  # the question comes before
    assert abs(pushed.at - begun - (length - asked - 20 * MINUTE)) <= 2 * MINUTE


def test_the_last_press_counts_of_im_on_it_and_snooze(worlds: Worlds) -> None:
    world = worlds.flagged()
    world.change(owner_actions.assign(world.incident(A), ANNE, world.now))
    world.now += MINUTE
    world.change(owner_actions.snooze(world.incident(A), world.now + HOUR, world.now))
    begun = world.now
    assert world.incident(A).assigned_to is None
    world.run(HOUR + 2 * MINUTE)
    assert [push.at - begun for push in world.pushes()[1:]] == [HOUR]
    world.change(owner_actions.snooze(world.incident(A), world.now + DAY, world.now))
    world.change(owner_actions.assign(world.incident(A), ANNE, world.now))
    assert world.incident(A).snoozed_until is None
    begun = world.now
    world.run(4 * HOUR + 2 * MINUTE)
    assert [push.at - begun for push in world.pushes()[2:]] == [4 * HOUR]


def test_a_shorter_snooze_takes_the_place_of_a_longer_one(worlds: Worlds) -> None:
    world = worlds.flagged()
    world.change(owner_actions.snooze(world.incident(A), world.now + DAY, world.now))
    world.change(owner_actions.snooze(world.incident(A), world.now + HOUR, world.now))
    begun = world.now
    world.run(HOUR + 2 * MINUTE)
    assert [push.at - begun for push in world.pushes()[1:]] == [HOUR]


def test_row_32_a_database_of_yesterday_alerts_once_of_what_is_open_and_ends_the_rest_silently(
    worlds: Worlds,
) -> None:
    world = worlds.flagged()
    world.flags[B] = MODERATION
    world.run(10 * MINUTE)
    yesterday = replace(world, incidents=dict(world.incidents), messages=dict(world.messages), sent=[])
    yesterday.now += DAY
    yesterday.flags = {**world.flags, B: None, C: CAPTCHA}
    yesterday.restart()
    yesterday.poll()
    yesterday.deliver()
    yesterday.run(10 * MINUTE)
    (push,) = yesterday.pushes()
    assert push.reasons == {C: Reason.OPENED, A: Reason.REMINDER, B: None}
    assert yesterday.incident(B).ending is Ending.CLEARED


def test_row_33_after_a_week_away_there_is_a_note_and_one_push_of_what_is_new_and_what_still_is(
    worlds: Worlds,
) -> None:
    world = worlds.flagged()
    last_good = world.poll_state.last_good
    world.now += 7 * DAY
    world.flags[B] = CAPTCHA
    world.restart()
    world.poll()
    world.deliver()
    note, push = sorted(world.sent[1:], key=lambda sent: sent.notifies)
    assert (note.notifies, note.purpose, note.reasons) == (False, Purpose.NOTE, {"away": Reason.RESOLVED})
    (away,) = world.service()
    assert (away.blind_from, away.blind_until) == (last_good, world.now)
    assert push.reasons == {A: Reason.REMINDER, B: Reason.OPENED}
    assert (world.incident(B).blind_from, world.incident(B).blind_until) == (last_good, world.now)


def test_row_34_a_refused_token_is_alerted_once_and_keeps_reminders_back(worlds: Worlds) -> None:
    world = worlds.flagged()
    world.run(2 * MINUTE)
    last_good = world.poll_state.last_good
    world.run_without_api(3 * HOUR, ServiceProblem.TOKEN)
    assert [push.reasons for push in world.pushes()[1:]] == [{"token": Reason.OPENED}]
    assert world.incident(A).seen_at == last_good
    assert next_poll_in(world.poll_state, world.open_service, world.policy) == 15 * MINUTE
    world.run(MINUTE)
    assert world.pushes()[-1].reasons == {A: Reason.REMINDER}


def test_row_35_four_minutes_out_of_reach_and_one_within_are_no_service_alert(worlds: Worlds) -> None:
    world = worlds.started()
    for _ in range(12):
        world.run_without_api(4 * MINUTE)
        world.run(MINUTE)
    assert world.sent == []
    world.flags[A] = MODERATION
    world.run_without_api(4 * MINUTE)
    world.run(MINUTE)
    assert world.pushes()[0].reasons == {A: Reason.OPENED}
    world.flags[A] = None
    for _ in range(4):
        world.run_without_api(4 * MINUTE)
        world.run(MINUTE)
    assert world.state(A) is State.ENDED


def test_row_35_it_ends_also_where_each_gap_is_longer_than_what_makes_an_outage(worlds: Worlds) -> None:
    world = worlds.flagged()
    world.flags[A] = None
    for _ in range(2):
        world.run_without_api(4 * MINUTE)
        world.now += 66 * SECOND
        assert world.state(A) is not State.ENDED
        world.poll()
    incident = world.incident(A)
    assert (incident.state, incident.ending) == (State.ENDED, Ending.CLEARED)
    assert world.service() == []


@of_useapi_alone
def test_row_35_what_only_a_command_met_ends_there_too(worlds: Worlds) -> None:
    world = worlds.started()
    world.report_flag(A, MODERATION)
    for _ in range(4):
        world.run_without_api(4 * MINUTE)
        world.now += 66 * SECOND
        world.poll()
    assert world.state(A) is State.ENDED


@of_days
def test_row_35_whatever_lay_between_two_polls_without_the_flag_they_end_it(worlds: Worlds) -> None:
    world = worlds.flagged()
    world.flags[A] = None
    world.run(MINUTE)
    world.run_without_api(DAY)
    world.restart()
    world.run(MINUTE)
    assert world.state(A) is State.ENDED


@of_days
def test_row_36_a_timed_block_is_not_reminded_of_before_its_end(worlds: Worlds) -> None:
    world = worlds.flagged(BLOCK)
    begun = world.now
    world.run(3 * DAY + 10 * MINUTE, every=5 * MINUTE)
    assert [push.at - begun for push in world.pushes()] == [timedelta(), 3 * DAY]
    assert world.pushes()[-1].reasons == {A: Reason.REMINDER}


NEEDING_A_HAND = [ServiceProblem.TOKEN, ServiceProblem.UNPAID, ServiceProblem.GONE]


@pytest.mark.parametrize("problem", [ServiceProblem.UNREACHABLE, *NEEDING_A_HAND])
@of_days
def test_row_52_problem_of_the_service_that_lasts_is_reminded_of_after_4_hours_then_daily(
    worlds: Worlds,
    problem: ServiceProblem,
) -> None:
    world = worlds.started()
    world.run_without_api(3 * DAY, problem)
    opened, *reminders = world.pushes()
    assert opened.reasons == {problem: Reason.OPENED}
    assert [push.reasons for push in reminders] == [{problem: Reason.REMINDER}] * 3
    due = (4 * HOUR, 4 * HOUR + DAY, 4 * HOUR + 2 * DAY)
    late = [push.at - opened.at - after for push, after in zip(reminders, due, strict=True)]
    assert all(timedelta() <= each <= MINUTE for each in late)
    standing = [each for each in world.messages.values() if each.delivery is Delivery.SENT and each.entries]
    assert len(standing) == 1


def test_row_52_the_moment_of_the_next_reminder_is_known(worlds: Worlds) -> None:
    world = worlds.started()
    world.fail_poll(ServiceProblem.TOKEN)
    world.deliver()
    assert world.due() == world.now + 4 * HOUR
    world.now += 4 * HOUR
    world.tick()
    assert world.due() == world.now + DAY


def test_row_52_an_end_is_no_reminder_and_the_next_problem_waits_anew(worlds: Worlds) -> None:
    world = worlds.started()
    world.run_without_api(3 * HOUR, ServiceProblem.TOKEN)
    world.run(2 * HOUR)
    assert [push.reasons for push in world.pushes()] == [{ServiceProblem.TOKEN: Reason.OPENED}]


@of_days
def test_row_52_a_reminder_waits_for_the_end_of_a_mute(worlds: Worlds) -> None:
    world = worlds.started()
    world.fail_poll(ServiceProblem.TOKEN)
    world.deliver()
    world.now += HOUR
    world.mute(8 * HOUR)
    assert world.due() == (ends := world.now + 8 * HOUR)
    world.wait(8 * HOUR + MINUTE)
    assert [push.at for push in world.pushes()[1:]] == [ends]
    assert len(world.sent) == 2


def test_row_52_what_is_still_on_its_way_is_not_reminded_of(worlds: Worlds) -> None:
    world = worlds.started()
    world.fail_poll(ServiceProblem.TOKEN)
    (message,) = world.waiting()
    assert world.claim(message.key)
    world.discord_is_up = False
    world.wait(6 * HOUR)
    assert world.due() is None
    world.send(message.key)
    assert len(world.messages) == 1
    assert world.due() == world.now + 4 * HOUR


@pytest.mark.parametrize("problem", NEEDING_A_HAND)
@pytest.mark.parametrize(
    ("worlds", "before"),
    [
        pytest.param(OF_USEAPI, ServiceProblem.PENDING, id="useapi-pending"),
        pytest.param(OF_USEAPI, ServiceProblem.UNREACHABLE, id="useapi-unreachable"),
        pytest.param(OF_MJPROXY, ServiceProblem.UNREACHABLE, id="mjproxy-unreachable"),
    ],
)
def test_row_52_what_needs_a_hand_is_a_push_after_what_did_not(
    worlds: Worlds, before: ServiceProblem, problem: ServiceProblem
) -> None:
    world = worlds.started()
    flag = Flag.of(MODERATION) if before is ServiceProblem.PENDING else None
    for _ in range(10):
        world.fail_poll(before, flag)
        world.wait(MINUTE)
    world.run_without_api(HOUR, problem)
    assert [push.reasons for push in world.pushes()] == [{before: Reason.OPENED}, {problem: Reason.WORSE}]


@of_useapi_alone
def test_row_52_it_is_a_push_also_where_something_had_become_worse_before(worlds: Worlds) -> None:
    world = worlds.started()
    world.run_without_api(10 * MINUTE)
    world.fail_poll(ServiceProblem.PENDING, Flag.of(MODERATION))
    world.deliver()
    world.fail_poll(ServiceProblem.TOKEN)
    world.deliver()
    assert [(*push.reasons.items(),) for push in world.pushes()] == [
        ((ServiceProblem.UNREACHABLE, Reason.OPENED),),
        ((ServiceProblem.PENDING, Reason.WORSE),),
        ((ServiceProblem.TOKEN, Reason.WORSE),),
    ]


@of_useapi_alone
def test_row_52_coming_and_going_between_two_problems_is_alerted_once_each(worlds: Worlds) -> None:
    world = worlds.started()
    for _ in range(4):
        world.fail_poll(ServiceProblem.PENDING, Flag.of(MODERATION))
        world.wait(MINUTE)
        world.run_without_api(15 * MINUTE, ServiceProblem.TOKEN)
    assert [push.entries[0][1] for push in world.pushes()] == [Reason.OPENED, Reason.WORSE]


@of_useapi_alone
@of_days
def test_row_53_an_error_596_of_nobodys_account_that_lasts_is_reminded_of(worlds: Worlds) -> None:
    world = worlds.started()
    for _ in range(29 * 60):
        world.fail_poll(ServiceProblem.PENDING, Flag.of(MODERATION))
        world.deliver()
        world.now += MINUTE
        world.tick()
    opened, *reminders = world.pushes()
    assert [push.reasons for push in reminders] == [{ServiceProblem.PENDING: Reason.REMINDER}] * 2
    assert [round((push.at - opened.at) / HOUR) for push in reminders] == [4, 28]


def test_row_47_where_all_is_over_the_next_flag_is_pushed_at_once(worlds: Worlds) -> None:
    world = worlds.flagged()
    world.flags[A] = None
    world.verdict(world.lease(A), RemedyVerdict.BACK)
    world.now += 12 * SECOND
    world.flags[B] = MODERATION
    world.poll()
    world.deliver()
    assert [push.reasons for push in world.pushes()] == [{A: Reason.OPENED}, {B: Reason.OPENED}]
    assert world.pushes()[-1].at == world.now


def test_row_47_where_the_owner_deleted_the_alert_the_next_flag_is_pushed_at_once(worlds: Worlds) -> None:
    world = worlds.flagged()
    (alert,) = world.editable()
    world.delete(alert)
    world.now += 12 * SECOND
    world.flags[B] = MODERATION
    world.poll()
    world.deliver()
    assert world.pushes()[-1].at == world.now
    assert world.pushes()[-1].reasons[B] is Reason.OPENED


def test_row_47_while_an_alert_stands_the_next_flag_joins_it_and_is_pushed_five_minutes_later(
    worlds: Worlds,
) -> None:
    world = worlds.flagged()
    begun = world.now
    world.now += 12 * SECOND
    world.flags[B] = MODERATION
    world.poll()
    world.deliver()
    (message,) = world.editable()
    assert world.shown_in(message) == {A, B}
    assert len(world.pushes()) == 1
    world.wait(6 * MINUTE)
    assert [push.at - begun for push in world.pushes()] == [timedelta(), PUSH_EVERY + 2 * SECOND]


def test_row_47_a_push_that_waited_goes_as_soon_as_all_that_stood_is_over(worlds: Worlds) -> None:
    world = worlds.flagged()
    world.now += 12 * SECOND
    world.flags[B] = MODERATION
    world.poll()
    world.deliver()
    (message,) = world.editable()
    world.delete(message)
    world.deliver()
    assert world.pushes()[-1].at == world.now
    assert world.pushes()[-1].reasons[B] is Reason.OPENED


def test_row_47_what_keeps_coming_back_is_shown_by_an_edit_of_its_last_message(worlds: Worlds) -> None:
    world, count = worlds.flagged(), 0
    for _ in range(4):
        world.run(10 * MINUTE)
        world.flags[A] = None
        world.run(20 * MINUTE)
        count = len(world.pushes())
        world.flags[A] = MODERATION
        world.run(MINUTE)
    assert world.incident(A).recurring
    assert len(world.pushes()) == count  # the next reminder is not due yet
    (shown,) = world.editable()
    assert shown.holds(world.incident(A).key)


@of_days
def test_row_56_a_block_with_a_timestamp_is_not_reminded_of_before_it_and_once_after(worlds: Worlds) -> None:
    end = worlds.new().now + 2 * DAY
    world = worlds.flagged(f"You are temporarily blocked. Access comes back <t:{end.timestamp():.0f}:R>.")
    world.run(2 * DAY + 10 * MINUTE, every=5 * MINUTE)
    assert [push.reasons for push in world.pushes()] == [{A: Reason.OPENED}, {A: Reason.REMINDER}]
    assert timedelta() <= world.pushes()[-1].at - end <= 2 * MINUTE


@of_days
def test_row_56_a_block_that_is_put_off_is_not_reminded_of_before_its_later_end(worlds: Worlds) -> None:
    text = "You are temporarily blocked. Access comes back <t:{:.0f}>."
    world = worlds.flagged(text.format((worlds.new().now + DAY).timestamp()))
    end = world.now + 3 * DAY
    world.flags[A] = text.format(end.timestamp())
    world.run(3 * DAY - 10 * MINUTE, every=5 * MINUTE)
    assert len(world.pushes()) == 1
    assert world.incident(A).block_until() == end.replace(microsecond=0)


def test_row_37_a_mute_that_ends_while_flagged_is_one_reminder(worlds: Worlds) -> None:
    world = worlds.flagged()
    world.mute(2 * HOUR, A)
    muted = world.now
    world.run(2 * HOUR + 10 * MINUTE)
    assert [push.at - muted for push in world.pushes()[1:]] == [2 * HOUR]
    assert world.pushes()[-1].reasons == {A: Reason.REMINDER}


def test_row_39_a_list_that_is_not_believed_is_a_failure_and_never_health(worlds: Worlds) -> None:
    world = worlds.flagged()
    world.flags[A] = None
    world.run_without_api(4 * MINUTE)
    assert world.state(A) is State.OPEN
    assert world.service() == []


def test_row_40_a_mute_keeps_pushes_back_but_not_a_block_and_ends_with_one_digest(worlds: Worlds) -> None:
    world = worlds.started()
    world.mute(8 * HOUR)
    muted = world.now
    world.flags[A] = MODERATION
    world.run(HOUR)
    assert world.sent == []
    world.flags[A] = BLOCK
    world.run(HOUR)
    assert [push.reasons for push in world.pushes()] == [{A: Reason.WORSE}]
    world.flags[B] = MODERATION
    world.flags[C] = OTHER
    world.run(6 * HOUR + 10 * MINUTE)
    (digest,) = world.pushes()[1:]
    assert digest.at - muted == 8 * HOUR
    assert set(digest.reasons) == {A, B, C}


def test_row_40_a_block_of_what_came_back_breaks_through_a_mute_that_began_before_its_push(
    worlds: Worlds,
) -> None:
    world = worlds.flagged()
    world.flags[B] = MODERATION
    world.run(MINUTE)
    world.flags[A] = None
    world.verdict(world.lease(A), RemedyVerdict.BACK)
    for text in (MODERATION, BLOCK):
        world.flags[A] = text
        world.run(MINUTE)
    assert len(world.pushes()) == 1  # the next one waits for five minutes
    world.mute(8 * HOUR)
    world.run(5 * MINUTE)
    assert [push.reasons for push in world.pushes()[1:]] == [{A: Reason.WORSE, B: None}]


def test_row_40_what_was_flagged_in_a_mute_without_being_shown_is_alerted_as_new(worlds: Worlds) -> None:
    world = worlds.started()
    world.mute(2 * HOUR)
    world.flags[A] = MODERATION
    world.run(2 * HOUR + MINUTE)
    assert [push.reasons for push in world.pushes()] == [{A: Reason.OPENED}]


def test_row_41_the_last_account_removed_from_here_is_a_clean_end(worlds: Worlds) -> None:
    world = worlds.started({A: MODERATION})
    world.poll()
    world.deliver()
    world.poll_state = expect_removal(world.poll_state, world.listing.reference(A), world.now)
    # A poll that was under way still shows it.
    assert world.poll().incidents == ()
    world.flags = {}
    world.run(MINUTE)
    assert world.incident(A).ending is Ending.REMOVED
    world.run(2 * HOUR)
    assert len(world.sent) == 1
    assert world.service() == []


def test_row_41_an_account_removed_and_added_again_is_missed_when_it_is_gone(worlds: Worlds) -> None:
    world = worlds.started({A: None})
    world.poll_state = expect_account(
        expect_removal(world.poll_state, world.listing.reference(A), world.now), world.listing.reference(A)
    )
    world.flags = {}
    world.run(2 * MINUTE)
    assert [service.problem for service in world.service()] == [ServiceProblem.LIST_GONE]


def test_row_44_polls_a_second_apart_are_one_for_an_account_missing_from_the_list(worlds: Worlds) -> None:
    world = worlds.started({A: MODERATION, B: None, C: None})
    world.poll()
    world.flags.pop(A)
    world.now += MINUTE
    for _ in range(5):
        world.poll()
        world.now += SECOND
    assert world.state(A) is State.OPEN
    world.now += MINUTE
    world.poll()
    assert world.incident(A).ending is Ending.REMOVED


def test_row_44_polls_a_second_apart_are_one_for_a_list_that_is_empty(worlds: Worlds) -> None:
    world = worlds.started()
    world.flags = {}
    world.now += MINUTE
    for _ in range(5):
        world.poll()
        world.now += SECOND
    assert world.service() == []
    world.now += MINUTE
    world.poll()
    assert [service.problem for service in world.service()] == [ServiceProblem.LIST_GONE]
