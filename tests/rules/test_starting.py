"""Rows 61 to 66 and 68: accounts that start, are paused or offline, and what they said before a flag."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.accounts import Account, EntryState, Flag, FlagKind
from bot.domain.incidents import Ending, Incident, Reason, RemedyVerdict, State
from bot.domain.plain import plain, typed
from bot.rules import owner_actions
from bot.rules.poll_state import PollState, expect_removal
from tests.rules.proxy_cases import (
    LOST,
    ONE,
    PAUSED,
    REJECTED,
    STARTING,
    TWO,
    UNKNOWN,
    entry,
    flagged_entry,
    flagged_there,
    watched,
)
from tests.rules.world import (
    ANNE,
    BLOCK,
    CAPTCHA,
    DAY,
    HOUR,
    MINUTE,
    MODERATION,
    A,
    B,
    World,
    of_days,
    started,
)


def judged(world: World, verdict: RemedyVerdict = RemedyVerdict.NOT_STARTED) -> None:
    lease = world.lease(ONE)
    world.verdict(lease, verdict)


def test_row_61_an_account_that_starts_keeps_its_incident_as_it_is() -> None:
    world = flagged_there()
    seen = world.proxy_state.last_good
    world.poll_proxy(entry(ONE, STARTING))
    began = world.now
    for _ in range(3):
        world.now += MINUTE
        assert world.poll_proxy().incidents == ()
        world.tick()
    incident = world.incident(ONE)
    assert (incident.state, incident.seen_at, incident.starting_since) == (State.OPEN, seen, began)
    assert len(world.sent) == 1


def test_row_61_it_ends_silently_once_it_has_run_for_the_flap_window() -> None:
    world = flagged_there()
    world.poll_proxy(entry(ONE, STARTING))
    world.show(entry(ONE))
    world.run(5 * MINUTE)
    assert (world.state(ONE), world.incident(ONE).starting_since) == (State.CLEARING, None)
    world.run(2 * MINUTE)
    assert world.incident(ONE).ending is Ending.CLEARED
    assert len(world.sent) == 1


def test_row_61_after_a_remedy_the_first_poll_that_shows_it_running_ends_it() -> None:
    world = flagged_there()
    judged(world)
    world.poll_proxy(entry(ONE, STARTING))
    world.now += MINUTE
    decision = world.poll_proxy(entry(ONE))
    (ended,) = decision.incidents
    assert (ended.ending, ended.reset_at) == (Ending.RESET, world.now)
    assert [alert.notify for alert in decision.alerts] == [False]
    world.poll_proxy(flagged_entry())
    world.poll_proxy(entry(ONE))
    assert (world.incident(ONE).key, world.state(ONE)) == (ended.key, State.CLEARING)


def test_row_61_another_verdict_waits_for_the_flap_window() -> None:
    world = flagged_there()
    judged(world, RemedyVerdict.NOT_YET)
    world.poll_proxy(entry(ONE, STARTING))
    world.poll_proxy(entry(ONE))
    assert world.state(ONE) is State.CLEARING


def test_row_61_one_that_ran_shortly_has_to_run_anew_after_another_start() -> None:
    world = flagged_there()
    world.show(entry(ONE))
    world.run(4 * MINUTE)
    world.show(entry(ONE, STARTING))
    world.run(10 * MINUTE)
    assert (world.state(ONE), world.incident(ONE).clear_since) == (State.OPEN, None)
    world.show(entry(ONE))
    world.run(4 * MINUTE)
    assert world.state(ONE) is State.CLEARING


def test_row_61_nobody_is_reminded_while_it_starts_and_once_when_it_does_not() -> None:
    world = flagged_there()
    world.run(10 * MINUTE)
    world.show(entry(ONE, STARTING))
    began = world.now + MINUTE
    world.run(20 * MINUTE)
    assert [(push.at - began, push.reasons) for push in world.pushes()[1:]] == [
        (15 * MINUTE, {ONE: Reason.REMINDER})
    ]


def test_row_61_a_start_during_a_remedy_is_part_of_the_remedy() -> None:
    world = flagged_there()
    lease = world.lease(ONE)
    assert world.poll_proxy(entry(ONE, STARTING)).incidents == ()
    assert world.incident(ONE) == lease


def test_row_61_a_restart_of_the_bot_forgets_nothing() -> None:
    world = flagged_there()
    world.poll_proxy(entry(ONE, STARTING), entry(TWO, STARTING, REJECTED))
    before = world.incident(ONE), world.proxy_state
    world.proxy_state = typed(PollState, json.loads(json.dumps(plain(world.proxy_state))))
    assert world.proxy_state == before[1]
    world.restart()
    world.now += MINUTE
    world.poll_proxy(flagged_entry(LOST, TWO))
    assert world.incident(ONE) == before[0]
    assert world.incident(TWO).first_reason == REJECTED.text


def test_row_62_flagged_again_on_the_way_is_one_push_about_the_same_incident() -> None:
    world = flagged_there()
    judged(world)
    world.change(owner_actions.assign(world.incident(ONE), ANNE, world.now))
    world.show(entry(ONE, STARTING))
    world.run(6 * MINUTE)
    world.poll_proxy(flagged_entry())
    world.deliver()
    world.run(3 * MINUTE)
    (incident,) = world.of(ONE)
    assert (incident.state, incident.starting_since) == (State.OPEN, None)
    assert [push.reasons[ONE] for push in world.pushes()] == [Reason.OPENED, Reason.RETURNED]
    world.poll_proxy(entry(ONE))
    assert world.state(ONE) is State.CLEARING, "its remedy is over"


def test_row_62_what_starts_it_again_and_again_is_alerted_once_and_then_as_often_as_reminders() -> None:
    world = flagged_there()
    for _ in range(25):  # five hours
        for state in [STARTING] * 11:
            world.poll_proxy(entry(ONE, state))
            world.tick()
            world.now += MINUTE
        world.poll_proxy(flagged_entry())
        world.tick()
        world.now += MINUTE
    reasons = [push.reasons[ONE] for push in world.pushes()]
    assert reasons == [Reason.OPENED, Reason.RETURNED, *[Reason.REMINDER] * 2]


def comes_back(world: World) -> None:
    """Start the account and flag it again, longer after the last push than pushes are apart."""
    world.now += 6 * MINUTE
    world.poll_proxy(entry(ONE, STARTING))
    world.now += MINUTE
    world.poll_proxy(flagged_entry())
    world.tick()


def test_row_62_a_snooze_lasts_while_something_starts_it_again_and_again() -> None:
    world = flagged_there()
    comes_back(world)
    world.change(owner_actions.snooze(world.incident(ONE), world.now + 4 * HOUR, world.now))
    comes_back(world)
    assert world.incident(ONE).snoozed_until is not None
    assert [push.reasons[ONE] for push in world.pushes()] == [Reason.OPENED, Reason.RETURNED]


PLAN = Flag("Plan Cancelled, it was cancelled", FlagKind.PLAN)


@pytest.mark.parametrize(
    ("first", "then", "returns"),
    [
        pytest.param(MODERATION, MODERATION, True, id="the same message"),
        pytest.param(MODERATION, CAPTCHA, True, id="another message"),
        pytest.param(PLAN, PLAN, True, id="the same plan"),
        pytest.param(MODERATION, PLAN, False, id="a plan after a message"),
        pytest.param(LOST, CAPTCHA, False, id="a message after a connection"),
    ],
)
def test_after_a_remedy_a_flag_of_another_kind_is_a_new_one(
    first: str | Flag, then: str | Flag, *, returns: bool
) -> None:
    world = flagged_there(first)
    judged(world, RemedyVerdict.BACK)
    world.now += 10 * MINUTE
    world.poll_proxy(flagged_entry(then))
    world.deliver()
    assert world.pushes()[-1].reasons[ONE] is (Reason.RETURNED if returns else Reason.OPENED)
    assert (world.of(ONE)[-1].opened_at == world.now) is not returns
    assert len(world.of(ONE)) == (1 if returns else 2)


def test_row_62_one_that_comes_back_hours_later_is_a_push_again() -> None:
    world = flagged_there()
    comes_back(world)
    world.now += 7 * HOUR
    comes_back(world)
    assert [push.reasons[ONE] for push in world.pushes()][-1] is Reason.RETURNED
    assert len(world.pushes()) == 3


def test_row_62_after_a_verdict_that_saw_it_start_no_poll_need_have_seen_that() -> None:
    world = flagged_there()
    judged(world)
    world.run(6 * MINUTE)
    assert [push.reasons[ONE] for push in world.pushes()] == [Reason.OPENED, Reason.RETURNED]
    world.poll_proxy(entry(ONE))
    assert world.state(ONE) is State.CLEARING


def test_row_62_a_verdict_that_saw_the_flag_again_is_no_second_message() -> None:
    world = flagged_there()
    judged(world)
    world.verdict(world.lease(ONE), RemedyVerdict.FLAGGED_AGAIN, MODERATION)
    world.run(6 * MINUTE)
    assert len(world.pushes()) == 1


@pytest.mark.parametrize("text", [MODERATION, BLOCK])
def test_row_62_a_longer_incident_that_comes_back_is_one_push_too(text: str) -> None:
    world = flagged_there(CAPTCHA)
    world.poll_proxy(entry(ONE, STARTING))
    world.now += 6 * MINUTE
    world.poll_proxy(flagged_entry(text))
    world.deliver()
    assert [push.reasons[ONE] for push in world.pushes()] == [Reason.OPENED, Reason.RETURNED]


def pool(size: int, running: int) -> list[Account]:
    return [
        entry(f"mjproxy:{number}", EntryState.OK if number < running else STARTING)
        for number in range(1, size + 1)
    ]


def test_row_63_no_account_is_offline_while_others_come_up() -> None:
    world = watched(*pool(40, 41), flagged_entry(MODERATION, "mjproxy:41"))
    world.deliver()
    known = dict(world.incidents)
    for running in range(1, 42):
        world.show(*pool(40, running))
        world.run(MINUTE)
    assert {key: replace(each, seen_at=known[key].seen_at) for key, each in world.incidents.items()} == known


def test_row_63_after_an_hour_one_that_does_not_start_is_offline_in_any_case() -> None:
    world = watched()
    for minute in range(70):
        turns = entry(TWO, STARTING if minute % 10 else EntryState.OK)
        world.show(entry(ONE, STARTING), turns)
        world.run(MINUTE)
        assert world.of(TWO) == []
        assert bool(world.of(ONE)) is (minute >= 60)


def test_row_63_a_flagged_account_that_runs_again_is_progress_too() -> None:
    world = flagged_there()
    world.show(entry(TWO, STARTING))
    world.run(10 * MINUTE)
    world.show(entry(ONE))
    world.run(10 * MINUTE)
    assert world.of(TWO) == []
    world.run(7 * MINUTE)
    assert world.of(TWO) != []


def test_row_63_where_no_account_starts_nothing_is_remembered_of_those_that_come_up() -> None:
    world = flagged_there()
    before = world.proxy_state
    world.show(entry(ONE))
    world.run(10 * MINUTE)
    assert world.proxy_state == before


def offline() -> World:
    world = watched()
    world.show(entry(ONE, STARTING))
    world.run(17 * MINUTE)
    return world


def the_offline(world: World) -> Incident:
    (incident,) = world.of(ONE)
    return incident


def test_row_64_one_that_is_not_started_for_fifteen_minutes_is_offline_and_wakes_nobody() -> None:
    world = watched()
    world.show(entry(ONE, STARTING))
    began = world.now + MINUTE
    world.run(15 * MINUTE)
    assert world.incidents == {}
    world.run(MINUTE)
    incident = the_offline(world)
    assert (incident.flag, incident.is_soft) == (Flag("", FlagKind.OFFLINE), True)
    assert (incident.starting_since, incident.opened_at) == (began, began + 15 * MINUTE)
    assert [(sent.notifies, sent.reasons) for sent in world.sent] == [(False, {ONE: Reason.OPENED})]


@of_days
def test_row_64_it_is_reminded_of_silently_once_a_day() -> None:
    world = offline()
    first_at = world.sent[0].at
    world.run(4 * MINUTE)  # five minutes after the first
    world.run(2 * DAY + HOUR, every=5 * MINUTE)
    assert [(sent.at - first_at, sent.reasons) for sent in world.sent[1:]] == [
        (DAY, {ONE: Reason.REMINDER}),
        (2 * DAY, {ONE: Reason.REMINDER}),
    ]
    assert world.pushes() == []
    assert len(world.editable()) == 1


def test_row_64_more_that_are_offline_join_the_message_by_an_edit() -> None:
    world = offline()
    world.show(entry(TWO, STARTING))
    world.run(17 * MINUTE)
    (message,) = world.editable()
    assert {world.incidents[each.incident].reference for each in message.entries} == {ONE, TWO}
    assert len(world.sent) == 1


def test_row_64_one_that_works_by_the_hours_is_no_incident() -> None:
    world = watched()
    world.show(entry(ONE, STARTING, hours="09:00-17:00"))
    world.run(2 * HOUR)
    assert world.incidents == {}


def test_row_64_an_entry_that_cannot_be_read_is_never_offline() -> None:
    world = watched()
    world.show(entry(ONE, UNKNOWN))
    world.run(2 * HOUR)
    assert world.incidents == {}


def test_row_64_one_poll_that_cannot_be_read_does_not_begin_the_time_anew() -> None:
    world = watched()
    world.show(entry(ONE, STARTING))
    world.run(10 * MINUTE)
    world.show(entry(ONE, UNKNOWN))
    world.run(2 * MINUTE)
    world.show(entry(ONE, STARTING))
    world.run(5 * MINUTE)
    assert the_offline(world).is_soft


def test_row_64_a_push_whose_flag_ended_on_its_way_wakes_nobody_for_it() -> None:
    world = started()
    world.poll_proxy(entry(ONE), entry(TWO))
    world.show(entry(ONE, STARTING))
    world.run(17 * MINUTE)
    world.flags[A] = MODERATION
    world.poll()
    (push,) = world.waiting()
    world.claim(push.key)
    world.poll_state = expect_removal(world.poll_state, A, world.now)
    del world.flags[A]
    world.poll()
    world.send(push.key)
    assert not world.messages[push.key].notify
    assert world.pushes() == []


@pytest.mark.parametrize(("state", "ending"), [(EntryState.OK, Ending.CLEARED), (PAUSED, Ending.PAUSED)])
def test_row_64_it_ends_silently_as_the_account_runs_or_is_paused(state: EntryState, ending: Ending) -> None:
    world = offline()
    world.show(entry(ONE, state))
    world.run(MINUTE)
    assert the_offline(world).ending is ending
    world.run(HOUR)
    assert len(world.sent) == 1


def test_row_64_it_ends_as_the_account_is_gone() -> None:
    world = offline()
    del world.proxy[ONE]
    world.run(2 * MINUTE)
    assert the_offline(world).ending is Ending.REMOVED


def test_row_64_it_delays_no_push_about_another_incident_and_is_in_its_message() -> None:
    world = started()
    world.poll_proxy(entry(ONE), entry(TWO))
    world.show(entry(ONE, STARTING))
    world.run(17 * MINUTE)
    for channel in (A, B):
        world.flags[channel] = MODERATION
        world.now += MINUTE
        world.poll()
        world.deliver()
        assert world.pushes()[-1].at == world.now
        (message,) = world.editable()
        assert the_offline(world).key in {each.incident for each in message.entries}
        world.poll_state = expect_removal(world.poll_state, channel, world.now)
        del world.flags[channel]
        world.now += MINUTE
        world.poll()
        world.deliver()
    assert len(world.editable()) == 1


@of_days
def test_row_64_beside_an_alert_that_stands_it_is_an_edit_and_no_reminder() -> None:
    world = started()
    world.poll_proxy(entry(ONE), entry(TWO))
    world.flags[A] = BLOCK
    world.poll()
    world.deliver()
    world.show(entry(ONE, STARTING))
    world.run(20 * MINUTE)
    world.run(26 * HOUR, every=5 * MINUTE)
    assert len(world.sent) == 1
    (message,) = world.editable()
    assert the_offline(world).key in {each.incident for each in message.entries}


def test_row_64_a_flag_of_one_that_was_offline_is_a_push() -> None:
    world = offline()
    world.poll_proxy(flagged_entry())
    world.deliver()
    assert [push.reasons for push in world.pushes()] == [{ONE: Reason.WORSE}]
    assert the_offline(world).flag == Flag.of(MODERATION)


def test_row_64_times_of_being_offline_make_no_flag_a_recurring_one() -> None:
    world = watched()
    for _ in range(4):
        world.show(entry(ONE, STARTING))
        world.run(17 * MINUTE)
        world.show(entry(ONE))
        world.run(MINUTE)
    world.poll_proxy(flagged_entry())
    world.deliver()
    assert [push.reasons for push in world.pushes()] == [{ONE: Reason.OPENED}]


@pytest.mark.parametrize("gap", [HOUR, DAY])
def test_row_64_time_without_a_poll_is_no_time_of_starting(gap: timedelta) -> None:
    world = watched()
    world.show(entry(ONE, STARTING))
    world.run(5 * MINUTE)
    world.now += gap
    world.run(5 * MINUTE)
    assert world.incidents == {}
    world.now -= 2 * gap
    world.run(10 * MINUTE)
    assert world.incidents == {}
    world.run(10 * MINUTE)
    assert the_offline(world).is_soft


def test_polls_of_accounts_that_start_for_long_change_no_poll_state() -> None:
    world = watched(*pool(20, 5))
    before = world.proxy_state
    for _ in range(10):
        world.now += MINUTE
        world.poll_proxy()
    assert world.proxy_state == before
    assert len(before.starting) == 16


def test_row_65_what_an_account_said_before_its_flag_is_the_cause() -> None:
    world = watched()
    world.poll_proxy(entry(ONE, STARTING, REJECTED))
    world.now += MINUTE
    for _ in range(8):
        world.poll_proxy(flagged_entry(LOST))
        world.deliver()
        world.now += MINUTE
    (incident,) = world.of(ONE)
    assert (incident.flag, incident.first_reason) == (replace(LOST, kind=FlagKind.SESSION), REJECTED.text)
    assert [push.reasons for push in world.pushes()] == [{ONE: Reason.OPENED}]


def test_row_65_a_text_that_follows_has_no_cause() -> None:
    world = watched()
    world.poll_proxy(entry(ONE, STARTING, REJECTED))
    world.poll_proxy(flagged_entry(LOST))
    world.now += 6 * MINUTE
    world.poll_proxy(flagged_entry())
    incident = world.incident(ONE)
    assert (incident.flag, incident.first_reason) == (Flag.of(MODERATION), None)


@pytest.mark.parametrize(("wait", "kind"), [(4, FlagKind.SESSION), (7, FlagKind.CONNECTION)])
def test_row_65_what_was_said_counts_for_five_minutes(wait: int, kind: FlagKind) -> None:
    world = watched()
    world.poll_proxy(entry(ONE, STARTING, REJECTED))
    world.show(entry(ONE, STARTING))
    world.run(wait * MINUTE)
    world.poll_proxy(flagged_entry(LOST))
    incident = world.incident(ONE)
    assert incident.flag is not None
    assert incident.flag.kind is kind
    assert (incident.first_reason == REJECTED.text) is (kind is FlagKind.SESSION)
    assert world.proxy_state.hints == {}


def test_row_65_what_was_said_before_an_outage_is_no_cause() -> None:
    world = watched()
    world.poll_proxy(entry(ONE, STARTING, REJECTED))
    world.now += 6 * MINUTE
    world.poll_proxy(flagged_entry(LOST))
    assert world.incident(ONE).flag == LOST


def test_row_65_the_old_reason_of_an_account_that_was_enabled_is_no_cause() -> None:
    world = flagged_there(REJECTED)
    world.poll_proxy(entry(ONE, STARTING, REJECTED))
    assert world.proxy_state.hints == {}
    world.now += MINUTE
    world.poll_proxy(flagged_entry(LOST))
    incident = world.incident(ONE)
    assert (incident.flag, incident.first_reason) == (LOST, None)


def test_row_65_another_reason_on_the_way_is_the_cause_of_the_flag_that_comes_back() -> None:
    world = flagged_there(LOST)
    world.poll_proxy(entry(ONE, STARTING, REJECTED))
    world.now += MINUTE
    world.poll_proxy(flagged_entry(LOST))
    incident = world.incident(ONE)
    assert (incident.flag, incident.first_reason) == (replace(LOST, kind=FlagKind.SESSION), REJECTED.text)


def test_row_66_a_captcha_that_is_solved_on_a_disabled_account_stays_open() -> None:
    world = flagged_there(CAPTCHA)
    before = world.incident(ONE)
    world.show(entry(ONE, PAUSED))
    world.run(HOUR)
    assert world.incident(ONE) == before
    world.show(entry(ONE, STARTING))
    world.run(2 * MINUTE)
    world.show(entry(ONE))
    world.run(8 * MINUTE)
    assert world.incident(ONE).ending is Ending.CLEARED


def test_row_66_one_that_ran_meanwhile_is_paused_by_a_person() -> None:
    world = flagged_there(CAPTCHA)
    world.show(entry(ONE))
    world.run(2 * MINUTE)
    world.show(entry(ONE, PAUSED))
    world.run(6 * MINUTE)
    assert world.incident(ONE).ending is Ending.PAUSED


def test_row_68_a_flagged_account_that_is_paused_keeps_its_flag_and_a_healthy_one_is_no_incident() -> None:
    world = flagged_there()
    world.show(flagged_entry(), entry(TWO, PAUSED))  # the old reason stays
    world.run(20 * MINUTE)
    assert world.state(ONE) is State.OPEN
    assert world.of(TWO) == []


def test_an_entry_that_cannot_be_read_changes_nothing() -> None:
    world = flagged_there()
    world.show(entry(ONE, UNKNOWN))
    world.run(10 * MINUTE)
    assert world.state(ONE) is State.OPEN
    world.poll_proxy(flagged_entry())
    world.deliver()
    assert len(world.pushes()) == 1
