"""Owners and messages: what joins what, what waits for what, and what one leaves to the next."""

from dataclasses import replace

import pytest

from bot.domain.errors import Cause
from bot.domain.incidents import Ending, Reason, RemedyVerdict, ServiceProblem, State
from bot.domain.messages import Delivery, Message, MessageItem, Purpose, Route
from bot.rules import owner_actions
from bot.rules.message_lifecycle import deleted, earliest_send, supersede
from bot.rules.policy import PUSH_EVERY
from bot.rules.service_incidents import next_poll_in
from tests.rules.world import (
    ANNE,
    BEN,
    BLOCK,
    CAPTCHA,
    DAY,
    HOUR,
    MINUTE,
    MODERATION,
    SECOND,
    A,
    B,
    C,
    World,
    flagged,
    of_days,
    started,
)


def only(messages: list[Message]) -> Message:
    (message,) = messages
    return message


def channels(world: World, message: Message) -> list[str | None]:
    return [world.incidents[entry.incident].reference for entry in message.entries]


# Accounts


def test_what_follows_within_five_minutes_joins_by_an_edit_and_is_pushed_at_their_end() -> None:
    world = flagged()
    sent = world.now
    world.flags[B] = CAPTCHA
    world.run(MINUTE)
    assert channels(world, only(world.editable())) == [A, B]
    assert [waiting.due_at for waiting in world.waiting()] == [sent + PUSH_EVERY]
    world.run(4 * MINUTE)
    assert [(push.at - sent, push.reasons) for push in world.pushes()[1:]] == [
        (PUSH_EVERY, {B: Reason.OPENED, A: None})
    ]
    assert channels(world, only(world.editable())) == [B, A]


def test_the_former_message_keeps_what_is_over() -> None:
    world = flagged()
    world.edits = False
    world.flags[B] = CAPTCHA
    world.run(5 * MINUTE)
    first = only(world.editable())
    world.flags[B] = None
    world.run(6 * MINUTE)
    world.flags[C] = CAPTCHA
    world.run(MINUTE)
    assert channels(world, world.messages[first.key]) == [B]
    assert channels(world, only(world.editable())) == [C, A]


def test_a_finished_message_that_another_incident_joins_leaves_out_what_memory_has_forgotten() -> None:
    world = flagged()
    first = only(world.editable())
    world.flags[B] = CAPTCHA
    world.run(MINUTE)
    world.mute(DAY)
    world.flags[A] = None
    world.run(HOUR)
    world.flags[B] = None
    world.run(6 * HOUR)
    assert world.messages[first.key].delivery is Delivery.DONE
    del world.incidents[world.of(A)[0].key]  # it ended more than six hours ago
    world.flags[B] = CAPTCHA
    world.run(MINUTE)
    joined = only(world.editable())
    assert joined.key == first.key
    assert channels(world, joined) == [B, B]


def test_a_push_that_everybody_has_seen_to_is_not_sent() -> None:
    world = flagged()
    world.flags[B] = CAPTCHA
    world.run(MINUTE)
    world.now += SECOND
    world.change(owner_actions.assign(world.incident(B), ANNE, world.now))
    world.run(10 * MINUTE)
    assert len(world.sent) == 1


def test_a_new_owner_is_notified_of_what_somebody_else_is_assigned_to() -> None:
    world = flagged()
    world.change(owner_actions.assign(world.incident(A), ANNE, world.now))
    world.owners.append(BEN)
    world.tick()
    assert [push.reasons for push in world.pushes(BEN)] == [{A: Reason.OPENED}]


def test_what_ends_while_its_push_waits_is_not_pushed() -> None:
    world = flagged()
    world.flags[B] = CAPTCHA
    world.run(MINUTE)
    world.flags = {**world.flags, B: None}
    world.policy = replace(world.policy, flap_window=MINUTE, poll_interval=20 * SECOND)
    world.run(3 * MINUTE)
    assert world.incident(B).ending is Ending.CLEARED
    world.run(5 * MINUTE)
    assert len(world.sent) == 1


def test_a_mute_takes_back_what_waits_and_gives_it_when_it_is_lifted() -> None:
    world = flagged()
    world.flags[B] = CAPTCHA
    world.run(MINUTE)
    world.mute(8 * HOUR, B)
    assert world.waiting() == []
    world.run(10 * MINUTE)
    world.mute(0 * HOUR, B)
    world.deliver()
    # The card of A showed it meanwhile, so it is known.
    assert world.pushes()[-1].reasons == {A: Reason.REMINDER, B: Reason.REMINDER}


@pytest.mark.parametrize(
    "texts", [(BLOCK,), (CAPTCHA, MODERATION)], ids=["a-block-at-once", "worse-but-no-block"]
)
def test_a_mute_is_only_broken_by_what_becomes_a_block(texts: tuple[str, ...]) -> None:
    world = started()
    world.mute(HOUR)
    for text in texts:
        world.flags[A] = text
        world.run(10 * MINUTE)
    assert world.sent == []


def test_what_seemed_over_when_its_mute_ended_is_a_silent_note_once_it_is() -> None:
    world = started()
    world.mute(10 * MINUTE)
    world.flags[A] = MODERATION
    world.run(8 * MINUTE)
    world.flags[A] = None
    world.run(10 * MINUTE)
    assert [(sent.notifies, sent.reasons) for sent in world.sent] == [(False, {A: Reason.RESOLVED})]


def test_what_became_worse_after_somebody_had_seen_to_it_is_pushed() -> None:
    world = flagged(CAPTCHA)
    world.run(MINUTE)
    world.change(owner_actions.assign(world.incident(A), ANNE, world.now))
    world.flags[A] = MODERATION
    world.run(10 * MINUTE)
    assert [push.reasons[A] for push in world.pushes()] == [Reason.OPENED, Reason.WORSE]


def test_what_is_snoozed_while_its_push_waits_is_not_pushed() -> None:
    world = flagged()
    world.flags[B] = CAPTCHA
    world.run(MINUTE)
    world.change(owner_actions.snooze(world.incident(B), world.now + HOUR, world.now))
    world.run(10 * MINUTE)
    assert len(world.sent) == 1


def test_a_question_that_is_answered_before_it_is_sent_is_not_asked() -> None:
    world = flagged()
    world.change(owner_actions.assign(world.incident(A), ANNE, world.now))
    world.discord_is_up = False
    world.run(4 * HOUR + MINUTE)
    assert len(world.waiting()) == 1
    world.change(owner_actions.assign(world.incident(A), ANNE, world.now))
    assert world.waiting() == []


def test_what_returns_before_its_end_was_noted_is_alerted_as_returned() -> None:
    world = flagged()
    world.run(6 * MINUTE)
    world.delete(only(world.editable()))
    world.discord_is_up = False
    world.verdict(world.lease(A), RemedyVerdict.BACK)
    assert [message.purpose for message in world.waiting()] == [Purpose.NOTE]
    world.now += MINUTE
    world.poll()
    world.discord_is_up = True
    world.deliver()
    assert [sent.reasons for sent in world.sent[1:]] == [{A: Reason.RETURNED}]


def test_only_the_accounts_that_are_flagged_join_the_editable_message() -> None:
    world = flagged()
    world.flags[A] = None
    world.run(10 * MINUTE)
    world.flags[B] = CAPTCHA
    world.run(MINUTE)
    world.run_without_api(MINUTE, ServiceProblem.TOKEN)
    assert channels(world, only(world.editable())) == [B]


def test_a_message_about_to_be_replaced_is_not_edited_first() -> None:
    world = flagged()
    world.run(6 * MINUTE)
    world.flags[B] = CAPTCHA
    world.poll()
    assert channels(world, only(world.editable())) == [A]
    assert channels(world, only(world.waiting())) == [B]


def test_nothing_is_due_about_what_is_clearing() -> None:
    world = flagged()
    world.flags[A] = None
    world.run(MINUTE)
    assert world.due() is None


def test_who_had_an_account_muted_through_all_of_its_problem_is_not_notified() -> None:
    world = started()
    world.mute(HOUR, A)
    world.flags[A] = MODERATION
    world.run(10 * MINUTE)
    world.flags[A] = None
    world.run(2 * HOUR)
    assert world.sent == []


@of_days
def test_reminders_come_later_and_later() -> None:
    world = flagged()
    begun = world.now
    world.run(3 * DAY, every=5 * MINUTE)
    hours = [(push.at - begun) / HOUR for push in world.pushes()]
    assert hours == [0, 0.25, 1.25, 5.25, 29.25, 53.25]


def test_news_begins_the_reminders_anew() -> None:
    world = flagged()
    world.run(10 * HOUR)
    world.flags[B] = CAPTCHA
    world.run(17 * MINUTE)
    assert world.pushes()[-1].reasons == {A: Reason.REMINDER, B: Reason.REMINDER}


def test_what_is_clearing_or_seen_to_needs_no_reminder() -> None:
    world = flagged()
    world.flags[B] = CAPTCHA
    world.run(6 * MINUTE)
    world.change(owner_actions.snooze(world.incident(B), world.now + 4 * HOUR, world.now))
    world.run(14 * MINUTE)
    world.run(2 * MINUTE)
    assert world.pushes()[-1].reasons == {A: Reason.REMINDER, B: None}


def test_the_next_thing_to_say_is_known() -> None:
    world = flagged()
    sent = world.now
    assert world.due() == sent + 15 * MINUTE
    world.mute(2 * HOUR, A)
    assert world.due() == sent + 2 * HOUR
    world.fail_poll(ServiceProblem.TOKEN)
    assert world.due() is None
    assert started().due() is None


# The way of a push


def stuck() -> tuple[World, Message]:
    """A world in which the push about A is on its way, and another incident waits."""
    world = started()
    world.flags[A] = MODERATION
    world.poll()
    push = only(world.waiting())
    assert world.claim(push.key)
    world.discord_is_up = False
    world.flags[B] = CAPTCHA
    world.run(30 * MINUTE)
    return world, world.messages[push.key]


def test_while_a_push_is_on_its_way_what_comes_is_gathered() -> None:
    world, push = stuck()
    waiting = only(world.waiting())
    assert channels(world, waiting) == [B]
    assert earliest_send(waiting, world.messages.values(), world.incidents, world.now) > world.now
    assert earliest_send(push, world.messages.values(), world.incidents, world.now) == world.now
    world.discord_is_up = True
    world.deliver()
    assert [sent.reasons for sent in world.sent] == [{A: Reason.OPENED}]
    world.run(5 * MINUTE)
    assert world.sent[-1].reasons == {B: Reason.OPENED, A: None}
    assert world.messages[push.key].delivery is Delivery.DONE


def test_what_replaces_a_message_that_cannot_be_changed_shows_nothing_that_a_later_push_shows() -> None:
    world = flagged()
    first = only(world.editable())
    world.wait(6 * MINUTE)
    world.delete(first)
    world.flags[B] = MODERATION
    world.run(MINUTE)
    anew = replace(first, key="anew", notify=False, sent_at=world.now)
    (after,) = supersede(anew, world.messages.values(), world.incidents)
    assert (after.key, after.entries) == ("anew", ())


def test_a_push_that_arrived_by_another_route_delays_nothing() -> None:
    world, push = stuck()
    copy = replace(
        push, key="2.copy", route=Route.CHANNEL, delivery=Delivery.SENT, sent_at=world.now - 10 * MINUTE
    )
    waiting = only(world.waiting())
    messages = [*world.messages.values(), copy]
    assert earliest_send(waiting, messages, world.incidents, world.now) == world.now


def test_a_push_that_woke_nobody_does_not_delay_the_next() -> None:
    world, push = stuck()
    world.flags[A] = None
    world.run(10 * MINUTE)
    sent = replace(world.messages[push.key], delivery=Delivery.SENT, sent_at=world.now)
    (after,) = supersede(sent, world.messages.values(), world.incidents)
    assert after == replace(sent, notify=False)
    world.messages[push.key] = after
    assert (
        earliest_send(only(world.waiting()), world.messages.values(), world.incidents, world.now) == world.now
    )


def test_only_what_a_message_did_not_show_is_sent_when_it_is_gone() -> None:
    world = flagged()
    message = only(world.editable())
    world.flags[A] = None
    world.edits = False
    world.run(10 * MINUTE)
    _, unseen = deleted(message, world.incidents)
    assert [alert.reason for alert in unseen] == [Reason.RESOLVED]
    assert deleted(replace(message, edited_at=world.now), world.incidents)[1] == ()


def test_messages_to_another_owner_are_left_alone() -> None:
    world = flagged(owners=(ANNE, BEN))
    before = [each for each in world.messages.values() if each.recipient == BEN]
    world.dismiss(ANNE)
    assert [each for each in world.messages.values() if each.recipient == BEN] == before
    assert {each.delivery for each in world.messages.values() if each.recipient == ANNE} == {Delivery.DONE}


def test_who_owned_the_bot_before_is_notified_of_what_no_edit_had_shown_by_then() -> None:
    world = flagged(owners=(ANNE, BEN))
    world.edits = False
    world.flags[B] = MODERATION
    world.run(MINUTE)
    world.dismiss(BEN)
    world.owners.append(BEN)
    world.tick()
    world.run(5 * MINUTE)
    assert [(sent.entries[0], sent.notifies) for sent in world.sent if sent.owner == BEN][1:] == [
        ((B, Reason.OPENED), True)
    ]


def test_a_push_shows_all_accounts_in_problem_also_if_the_last_message_about_them_was_deleted() -> None:
    world = flagged()
    world.delete(only(world.editable()))
    world.wait(6 * MINUTE)
    world.flags[B] = MODERATION
    world.run(MINUTE)
    assert world.sent[-1].entries == ((B, Reason.OPENED), (A, None))


# The service


def test_an_outage_is_alerted_after_its_time_and_turns_green_with_the_window() -> None:
    world = flagged()
    last_good = world.poll_state.last_good
    world.run_without_api(5 * MINUTE)
    assert [sent.entries for sent in world.sent[1:]] == []
    world.run_without_api(MINUTE)
    assert [sent.entries for sent in world.sent[1:]] == [(("unreachable", Reason.OPENED),)]
    world.run_without_api(HOUR)
    world.run(MINUTE)
    (outage,) = world.service()
    assert (outage.ending, outage.blind_from, outage.blind_until) == (Ending.RECOVERED, last_good, world.now)
    assert len([sent for sent in world.sent if sent.purpose is not Purpose.ALERT]) == 1


@pytest.mark.parametrize(
    ("first", "then", "pushes"),
    [
        pytest.param(ServiceProblem.UNREACHABLE, ServiceProblem.TOKEN, 2, id="it-answers-and-refuses"),
        pytest.param(
            ServiceProblem.TOKEN, ServiceProblem.UNREACHABLE, 1, id="refused-before-it-was-out-of-reach"
        ),
        pytest.param(ServiceProblem.TOKEN, ServiceProblem.UNPAID, 1, id="another-refusal"),
    ],
)
def test_the_service_has_one_incident_at_a_time(
    first: ServiceProblem, then: ServiceProblem, pushes: int
) -> None:
    world = started()
    world.run_without_api(HOUR, first)
    world.run_without_api(HOUR, then)
    (service,) = world.service()
    assert service.problem is (first if then is ServiceProblem.UNREACHABLE else then)
    assert len(world.pushes()) == pushes
    standing = [each for each in world.messages.values() if each.delivery is Delivery.SENT and each.entries]
    assert len(standing) == 1


def test_the_cause_of_an_outage_is_kept_current_by_edits() -> None:
    world = started()
    for _ in range(7):
        world.now += MINUTE
        world.fail_poll(cause=Cause.SERVER_ERROR)
    world.deliver()
    assert [service.cause for service in world.service()] == [Cause.SERVER_ERROR]
    for cause in (Cause.WEB_PAGE, None):
        world.now += MINUTE
        decision = world.fail_poll(cause=cause)
        assert [each.cause for each in decision.incidents] == [cause]
        assert decision.alerts == ()
        assert world.fail_poll(cause=cause).incidents == ()
    assert len(world.sent) == 1


def test_a_cause_goes_with_its_problem() -> None:
    world = started()
    world.fail_poll(ServiceProblem.UNPAID, cause=Cause.QUOTA)
    world.now += MINUTE
    world.fail_poll(ServiceProblem.UNREACHABLE, cause=Cause.SILENT)
    assert [(each.problem, each.cause) for each in world.service()] == [(ServiceProblem.UNPAID, Cause.QUOTA)]
    world.fail_poll(ServiceProblem.TOKEN)
    assert [(each.problem, each.cause) for each in world.service()] == [(ServiceProblem.TOKEN, None)]


def test_a_service_that_refuses_now_for_this_and_now_for_that_wakes_nobody_each_time() -> None:
    world = started()
    for _ in range(4):
        world.run_without_api(20 * MINUTE, ServiceProblem.TOKEN)
        world.now += MINUTE
        world.poll({})
        world.deliver()
    assert [push.entries[0][1] for push in world.pushes()] == [Reason.OPENED]


def test_a_problem_that_changes_before_its_message_is_sent_is_one_message() -> None:
    world = started()
    world.discord_is_up = False
    world.run_without_api(10 * MINUTE)
    world.run_without_api(20 * MINUTE, ServiceProblem.TOKEN)
    world.discord_is_up = True
    world.deliver()
    assert [sent.entries for sent in world.sent] == [(("token", Reason.OPENED),)]


def test_a_new_owner_is_not_notified_of_an_outage_that_is_over() -> None:
    world = started()
    world.run_without_api(10 * MINUTE)
    world.run(MINUTE)
    world.owners.append(BEN)
    world.tick()
    assert [sent.owner for sent in world.sent] == [ANNE]


def test_a_message_about_the_service_does_not_delay_one_about_an_account() -> None:
    world = started()
    world.run_without_api(MINUTE, ServiceProblem.TOKEN)
    world.report_flag(A, MODERATION)
    world.deliver()
    assert [push.purpose for push in world.pushes()] == [Purpose.SERVICE, Purpose.ALERT]


def test_an_outage_that_was_over_before_it_could_be_sent_is_a_silent_note() -> None:
    world = started()
    world.discord_is_up = False
    world.run_without_api(HOUR)
    world.run(MINUTE)
    world.discord_is_up = True
    world.deliver()
    assert [(sent.notifies, sent.purpose) for sent in world.sent] == [(False, Purpose.NOTE)]


def test_the_end_of_an_outage_whose_message_was_deleted_is_a_silent_note() -> None:
    world = started()
    world.run_without_api(HOUR)
    world.delete(only([each for each in world.messages.values() if each.purpose is Purpose.SERVICE]))
    world.run(MINUTE)
    assert [(sent.notifies, sent.purpose) for sent in world.sent[1:]] == [(False, Purpose.NOTE)]


def test_outages_that_come_and_go_are_alerted_three_times() -> None:
    world = started()
    for _ in range(6):
        world.run_without_api(8 * MINUTE)
        world.run(MINUTE)
    assert [push.entries[0][1] for push in world.pushes()] == [Reason.OPENED, Reason.OPENED, Reason.RECURRING]


def test_one_that_lasts_is_alerted_though_many_went_before_it() -> None:
    world = started()
    for _ in range(3):
        world.run_without_api(8 * MINUTE)
        world.run(MINUTE)
    begun = world.now
    world.run_without_api(8 * HOUR)
    sent, again = world.pushes()[3:]
    assert (sent.at - begun, sent.reasons) == (66 * MINUTE, {"unreachable": Reason.REMINDER})
    assert (again.at - sent.at, again.reasons) == (4 * HOUR, sent.reasons)


def test_when_one_that_lasts_is_due_is_known() -> None:
    world = started()
    for _ in range(3):
        world.run_without_api(20 * MINUTE, ServiceProblem.TOKEN)
        world.run(MINUTE)
    world.fail_poll(ServiceProblem.TOKEN)
    assert world.due() == world.now + HOUR
    world.now += HOUR
    world.tick()
    assert world.pushes()[-1].reasons == {"token": Reason.REMINDER}
    assert world.due() == world.now + 4 * HOUR


def test_what_overtook_a_delayed_message_about_the_service_is_not_sent_again() -> None:
    world = started()
    world.fail_poll(ServiceProblem.LIST_GONE)
    (delayed,) = world.waiting()
    assert world.claim(delayed.key)
    world.fail_poll(ServiceProblem.TOKEN)
    (overtaking,) = world.waiting()
    assert world.claim(overtaking.key)
    world.send(overtaking.key)
    world.send(delayed.key)
    world.fail_poll(ServiceProblem.LIST_GONE)
    world.fail_poll(ServiceProblem.TOKEN)
    assert world.waiting() == []


def test_a_reminder_of_the_service_counts_on_when_the_delayed_first_message_arrives() -> None:
    world = started()
    world.fail_poll(ServiceProblem.TOKEN)
    (delayed,) = world.waiting()
    assert world.claim(delayed.key)
    copy = replace(delayed, key="copy", route=Route.CHANNEL, delivery=Delivery.SENT, sent_at=world.now)
    world.messages[copy.key] = copy
    world.now += 4 * HOUR
    world.plan()
    (reminder,) = world.waiting()
    assert world.claim(reminder.key)
    world.send(reminder.key)
    world.send(delayed.key)
    assert world.waiting() == []
    assert world.due() == world.now + DAY


def test_a_push_that_arrives_silently_as_all_in_it_is_over_puts_no_reminder_off() -> None:
    world = flagged()
    world.now += 6 * MINUTE
    world.flags[B] = MODERATION
    world.poll()
    (delayed,) = world.waiting()
    assert world.claim(delayed.key)
    world.discord_is_up = False
    world.mute(HOUR, C)
    world.flags |= {A: None, B: None, C: MODERATION}
    world.run(2 * HOUR)
    world.send(delayed.key)
    assert not world.sent[-1].notifies
    (push,) = world.waiting()
    assert push.due_at == world.now
    assert push.entries == (MessageItem(world.incident(C).key, Reason.REMINDER),)


def test_a_silent_message_about_the_service_that_a_notifying_one_overtook_wakes_nobody_again() -> None:
    world = started()
    world.mute(HOUR)
    world.fail_poll(ServiceProblem.TOKEN)
    (delayed,) = world.waiting()
    assert world.claim(delayed.key)
    world.now += HOUR
    world.plan()
    (overtaking,) = world.waiting()
    assert overtaking.notify
    assert world.claim(overtaking.key)
    world.send(overtaking.key)
    world.send(delayed.key)
    assert world.waiting() == []


def test_what_became_worse_in_a_mute_is_pushed_at_its_end_also_to_who_deleted_the_first_message() -> None:
    world = started()
    world.fail_poll(ServiceProblem.LIST_GONE)
    world.deliver()
    (first,) = world.messages.values()
    world.delete(first)
    world.mute(HOUR)
    world.now += MINUTE
    world.fail_poll(ServiceProblem.TOKEN)
    world.deliver()
    assert len(world.pushes()) == 1
    world.now += HOUR
    world.tick()
    assert [each.reasons for each in world.pushes()[1:]] == [{"token": Reason.REMINDER}]


def test_a_new_owner_is_notified_of_an_outage_and_who_muted_all_is_not_woken() -> None:
    world = started()
    world.mute(HOUR)
    world.run_without_api(10 * MINUTE)
    world.owners.append(BEN)
    world.tick()
    assert [(sent.owner, sent.notifies, sent.purpose) for sent in world.sent] == [
        (ANNE, False, Purpose.SERVICE),
        (BEN, False, Purpose.SERVICE),
    ]


@pytest.mark.parametrize("problem", [ServiceProblem.UNREACHABLE, ServiceProblem.TOKEN])
def test_an_outage_that_outlasts_a_mute_is_pushed_at_its_end(problem: ServiceProblem) -> None:
    world = started()
    world.mute(2 * HOUR)
    ends = world.now + 2 * HOUR
    world.run_without_api(HOUR, problem)
    assert [(sent.notifies, sent.purpose) for sent in world.sent] == [(False, Purpose.SERVICE)]
    assert world.due() == ends
    world.run_without_api(4 * HOUR, problem)
    (push,) = world.pushes()
    assert ends <= push.at <= ends + 15 * MINUTE
    assert push.reasons == {problem: Reason.REMINDER}
    standing = [each for each in world.messages.values() if each.delivery is Delivery.SENT and each.entries]
    assert len(standing) == 1
    assert world.due() == push.at + 4 * HOUR


def test_an_outage_that_ends_in_a_mute_wakes_nobody() -> None:
    world = started()
    world.mute(2 * HOUR)
    world.run_without_api(HOUR)
    world.run(3 * HOUR)
    assert world.pushes() == []


def test_accounts_flagged_while_the_list_cannot_be_read_are_alerted_as_usual() -> None:
    world = started()
    world.run_without_api(20 * MINUTE, ServiceProblem.GONE)
    world.report_flag(A, MODERATION)
    world.deliver()
    assert world.pushes()[-1].reasons == {A: Reason.OPENED}
    assert world.state(A) is State.OPEN


@pytest.mark.parametrize(
    ("problem", "minutes"),
    [
        (ServiceProblem.UNREACHABLE, 1),
        (ServiceProblem.TOKEN, 15),
        (ServiceProblem.UNPAID, 15),
        (ServiceProblem.GONE, 15),
        (ServiceProblem.LIST_GONE, 15),
    ],
)
def test_polls_are_slower_where_only_a_person_can_help(problem: ServiceProblem, minutes: int) -> None:
    world = started()
    world.run_without_api(30 * MINUTE, problem)
    assert next_poll_in(world.poll_state, world.open_service, world.policy) == minutes * MINUTE
    world.run(MINUTE)
    assert next_poll_in(world.poll_state, world.open_service, world.policy) == MINUTE


def test_a_short_absence_of_the_bot_is_nobodys_concern() -> None:
    world = started()
    world.now += 50 * MINUTE
    world.restart()
    world.run(MINUTE)
    assert world.sent == []
