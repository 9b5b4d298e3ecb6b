"""Who else is told, and of what: what no story of a night reaches."""

from dataclasses import replace

from bot.domain.accounts import FlagKind, State
from bot.domain.incidents import Alert, Incident, Reason
from bot.domain.messages import Delivery, Message, MessageItem, Purpose
from bot.rules.audiences import Audience, Scene, plan_for_audience
from bot.rules.policy import Policy
from tests.support.clock import AT, HOUR, MINUTE
from tests.support.samples import ADA, BEA, CHANNEL, FLAG

OTHER = "1000000000000000002"


def test_an_end_is_not_told_where_its_opening_was_not() -> None:
    over = Incident("over", State.ENDED, AT, AT, OTHER, FLAG, FlagKind.MODERATION, ended_at=AT)
    incidents = {"over": over, CHANNEL: replace(over, key=CHANNEL, reference=CHANNEL, state=State.OPEN)}
    entries = tuple(MessageItem(key, Reason.OPENED) for key in incidents)
    push = Message(
        "1", ADA, Purpose.ALERT, notify=True, created_at=AT, due_at=AT, entries=entries, claimed_at=AT
    )
    push = replace(push, delivery=Delivery.CLAIMED)
    scene = Scene({ADA}, (push,), incidents, {}, AT + 3 * MINUTE, Policy())
    alerts = [Alert("over", Reason.RESOLVED, notify=False)]
    (planned,) = plan_for_audience(Audience.UNACCEPTED, -7, scene, alerts, lambda: "2")
    assert planned.entries == (MessageItem(CHANNEL, Reason.OPENED),)


def test_an_escalation_that_a_mute_holds_leaves_no_reminder_in_its_place() -> None:
    incidents = {
        reference: Incident(reference, State.OPEN, AT, AT, reference, FLAG, FlagKind.MODERATION)
        for reference in (CHANNEL, OTHER)
    }
    told = Message("1", BEA, Purpose.ALERT, notify=True, created_at=AT, due_at=AT, sent_at=AT, message_id=1)
    told = replace(told, entries=(MessageItem(CHANNEL, Reason.OPENED),), delivery=Delivery.SENT)
    waiting = replace(
        told, key="2", entries=(MessageItem(OTHER, Reason.OPENED),), sent_at=None, message_id=None
    )
    waiting = replace(waiting, delivery=Delivery.WAITING)
    now = AT + 20 * MINUTE
    policy = replace(Policy(), escalate_after=5 * MINUTE)
    scene = Scene({ADA}, (told, waiting), incidents, {OTHER: now + HOUR}, now, policy)
    planned = plan_for_audience(Audience.ESCALATED, BEA, scene, (), lambda: "3")
    assert {each.key: each.delivery for each in planned}["2"] is Delivery.CANCELLED
    assert "3" not in {each.key for each in planned}
