"""Turn alerts, and the time that passes, into the messages of one owner about accounts.

An owner has at most one waiting message. Its items are computed anew at each change, so that nothing depends
on a single call: an incident that an owner was never notified of is found the next time.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.incidents import NEWS, Alert, Incident, Reason, State
from bot.domain.messages import Delivery, Message, MessageItem, Purpose
from bot.rules.message_lifecycle import with_more
from bot.rules.policy import Policy
from bot.rules.poll_state import NewKey
from bot.rules.recipient import Mutes, RecipientView, breaks_mute, incident_keys, last_joinable
from bot.rules.service_notifications import reminders_due, service_messages

FLAGGED: Final = frozenset({State.OPEN, State.RESETTING})

AlertedIncident = tuple[Alert, Incident]
Reasons = dict[str, Reason]
"""The incidents of the waiting message in its order, each with the reason for it."""


def plan_messages(
    owner: int,
    messages: Iterable[Message],
    incidents: Mapping[str, Incident],
    alerts: Iterable[Alert] = (),
    *,
    mutes: Mutes,
    now: datetime,
    policy: Policy,
    new_key: NewKey,
    services: Mapping[str, Incident] | None = None,
) -> tuple[Message, ...]:
    """Return the messages of an owner that are new or changed.

    Call it for each owner after every change of incidents, messages, mutes or owners, with the alerts of that
    change; and without alerts at the time that `next_due` returns. `incidents` are those after the change.
    `messages` must hold each message that is not finished or is about an open incident, and the last push.
    """
    before = {message.key: message for message in messages}
    alerted = [(alert, incidents[alert.incident]) for alert in alerts if alert.incident in incidents]
    after: dict[str, Message] = before
    for each in (alerted, ()):  # what an edit shows from the first time on may need no push
        view = RecipientView.of(
            owner, after.values(), incidents, mutes=mutes, now=now, policy=policy, services=services
        )
        after = after | changes(view, each, new_key)
        if after == before:
            break
    return tuple(message for key, message in after.items() if message != before.get(key))


def changes(view: RecipientView, alerted: Sequence[AlertedIncident], new_key: NewKey) -> dict[str, Message]:
    """Return an owner's messages after some alerts."""
    push = next_push(
        view, reasons(view, [each for each in alerted if each[1].reference is not None]), new_key
    )
    messages = (
        *view.messages,
        push,
        edited_in(view, push),
        *service_messages(view, [each for each in alerted if each[1].problem is not None], new_key),
    )
    return {message.key: message for message in messages if message is not None}


def next_due(view: RecipientView) -> datetime | None:
    """Return when `plan_messages` will change a message of an owner if nothing happens until then."""
    waiting = incident_keys([view.waiting] if view.waiting else [])
    times = (
        view.reminder_at(incident)
        for incident in view.incidents.values()
        if view.can_be_reminded_of(incident)
        and incident.key not in waiting
        and not (incident.key in view.notified and view.may_be_over(incident))
    )
    return min((*times, *reminders_due(view)), default=None)


def reasons(view: RecipientView, alerted: Sequence[AlertedIncident]) -> Reasons:
    """Return what the waiting message is about: what still applies, what is new or was missed, reminders."""
    entries = () if view.waiting is None else view.waiting.entries
    found: Reasons = {
        entry.incident: entry.reason
        for entry in entries
        if entry.reason is not None and still_applies(view, entry)
    }
    for alert, incident in alerted:
        if wants_push(view, alert, incident):
            # To who was notified before, a worse flag is the news, and a block is sent in spite of a mute.
            is_worse = alert.reason is Reason.WORSE and incident.key in view.notified
            found[incident.key] = alert.reason if is_worse else found.get(incident.key, alert.reason)
    for incident in view.incidents.values():
        if is_missed(view, incident):
            found.setdefault(incident.key, Reason.OPENED)
    for incident in reminders(view):
        found.setdefault(incident.key, Reason.REMINDER)
    return found


def still_applies(view: RecipientView, entry: MessageItem) -> bool:
    """Whether an item of the waiting message is still to be sent."""
    incident = view.incidents.get(entry.incident)
    if incident is None or entry.reason is Reason.REMINDER:
        return False  # reminders are computed anew
    if incident.ended:
        # It ended before it was sent: that is sent silently, unless an edit of another message shows it.
        return incident.key not in view.shown
    if entry.reason is Reason.RESOLVED or is_joining(view, entry.reason, incident):
        return False  # it was reopened, or an edit shows it
    if view.is_muted(incident):
        return breaks_mute(entry.reason, incident)  # it is found again when the mute ends
    if entry.reason is Reason.ASSIGNEE_CHECK:
        return incident.assigned_to == view.owner and incident.asked_at is not None
    # An incident that an edit shows, and that somebody is on, needs no push.
    return not (incident.key in view.shown and is_handled(incident))


def is_handled(incident: Incident) -> bool:
    """Whether somebody was assigned to an incident since it last changed, or snoozed it."""
    is_assigned = incident.assigned_at is not None and incident.assigned_at > incident.seen_at
    return is_assigned or incident.snoozed_until is not None


def wants_push(view: RecipientView, alert: Alert, incident: Incident) -> bool:
    """Whether an alert about an account is sent to the owner as a message."""
    if alert.reason is Reason.RESOLVED:
        return is_unshown_end(view, incident)
    if not alert.notify or incident.ended or is_joining(view, alert.reason, incident):
        return False  # an edit shows it
    if alert.reason is Reason.ASSIGNEE_CHECK and incident.assigned_to != view.owner:
        return False  # it asks somebody else
    return not view.is_muted(incident) or breaks_mute(alert.reason, incident)


def is_joining(view: RecipientView, reason: Reason | None, incident: Incident) -> bool:
    """Whether an incident opened, and an edit of a message about the same cause shows it."""
    return reason in (Reason.OPENED, Reason.RECURRING) and incident.key in view.joining


def is_unshown_end(view: RecipientView, incident: Incident) -> bool:
    """Whether an incident has ended and no message can show it by an edit."""
    if not incident.ended or incident.key in view.shown:
        return False
    # An owner who was not notified, as it was muted or recurs, need not know of its end.
    is_quiet = incident.recurring or incident.is_soft or view.is_muted(incident)
    return incident.key in view.notified or not is_quiet


def is_missed(view: RecipientView, incident: Incident) -> bool:
    """Whether the owner was never notified of an open incident: a new owner, or one who had it muted."""
    return (
        incident.reference is not None
        and incident.state in FLAGGED
        and incident.key not in view.notified
        and not incident.recurring  # those have reminders only
        and not view.is_muted(incident)
        and not is_joining(view, Reason.OPENED, incident)
    )


def reminders(view: RecipientView) -> list[Incident]:
    """Return the incidents to remind of: all that need attention, once one of them is due.

    Soft ones have a pace of their own.
    """
    found: list[Incident] = []
    for is_soft in (False, True):
        several = [each for each in view.incidents.values() if each.is_soft is is_soft]
        open_ones = [each for each in several if view.needs_attention(each)]
        found += open_ones if any(view.reminder_at(each) <= view.now for each in open_ones) else []
    return found


def next_push(view: RecipientView, found: Reasons, new_key: NewKey) -> Message | None:
    """Return the waiting message about these incidents. Cancel it if there are none."""
    waiting = view.waiting
    if not found:
        return None if waiting is None else replace(waiting, delivery=Delivery.CANCELLED)
    still_open = [view.incidents[key] for key in found if not view.incidents[key].ended]
    notify = any(not each.is_soft for each in still_open)
    is_news = any(reason in NEWS for reason in found.values())
    due_at = max(view.now, view.pushes.held_until or view.now) if notify else view.now
    if waiting is None:
        waiting = Message(new_key(), view.owner, Purpose.ALERT, notify, view.now, due_at)
    return replace(
        waiting,
        purpose=Purpose.ALERT if still_open else Purpose.NOTE,
        notify=notify,
        due_at=min(waiting.due_at, due_at),
        entries=tuple(MessageItem(key, reason) for key, reason in found.items()),
        reminders=0 if is_news else view.pushes.reminders + 1,
    )


def edited_in(view: RecipientView, push: Message | None) -> Message | None:
    """Return the editable message with the incidents added that no message shows. An edit notifies nobody.

    If there is none, an incident that was reopened joins the message that showed its end. Of what else was in
    that, only incidents that memory holds stay in it: an edit could not show the others.
    """
    more = [*not_shown_yet(view, push)]
    message = last_joinable(view.messages, view.incidents) or view.last_showing(more)
    if message is None or not more:
        return None
    entries = tuple(each for each in message.entries if each.incident in view.incidents)
    return replace(with_more(replace(message, entries=entries), more), delivery=Delivery.SENT)


def not_shown_yet(view: RecipientView, push: Message | None) -> Iterator[Incident]:
    """Yield the open incidents of accounts that are in no message in Discord, nor in one about to be sent."""
    is_due = push is not None and push.delivery is Delivery.WAITING and push.due_at <= view.now
    leaving = incident_keys([push]) if push is not None and is_due else frozenset[str]()
    for incident in view.incidents.values():
        if incident.reference is None or incident.ended:
            continue
        if incident.key not in view.shown and incident.key not in leaving:
            yield incident
