"""Who is told what, and when: alerts, and the time that passes, into the messages of one owner.

An owner has one draft at most, the message that waits. What it holds is worked out anew at each change, so
that nothing hangs on a single call: trouble that an owner was never told of is found the next time.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.incidents import Alert, Incident, Reason, State
from bot.domain.messages import Delivery, Message, MessageItem, Purpose
from bot.rules.account_incidents import NewKey
from bot.rules.policy import Policy
from bot.rules.recipient import Mutes, RecipientView, breaks_mute, can_be_reminded_of, incident_keys
from bot.rules.service_notifications import reminders_due, service_messages

NEWS: Final = frozenset({Reason.OPENED, Reason.WORSE, Reason.RECURRING, Reason.RETURNED})
"""What is news; the reminders begin anew after it."""
FLAGGED: Final = frozenset({State.OPEN, State.RESETTING})

AlertedIncident = tuple[Alert, Incident]
Reasons = dict[str, Reason]
"""What a draft is about, and why, in its order."""


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
) -> tuple[Message, ...]:
    """Return the messages of an owner that are new or changed.

    To be called for each owner after every change of incidents, messages, mutes or owners, with the alerts of
    that change, and without any at the time `next_due` gives. `incidents` are as they are after the change.
    Of the messages none may be left out that is not finished, that is about an incident that goes on, or
    that woke the owner last.
    """
    before = {message.key: message for message in messages}
    told = [(alert, incidents[alert.incident]) for alert in alerts if alert.incident in incidents]
    view = RecipientView.of(owner, before.values(), incidents, mutes=mutes, now=now, policy=policy)
    after = before | changes(view, told, new_key)
    if after != before:
        # What is shown by an edit from here on may need no push besides.
        view = RecipientView.of(owner, after.values(), incidents, mutes=mutes, now=now, policy=policy)
        after |= changes(view, (), new_key)
    return tuple(message for key, message in after.items() if message != before.get(key))


def changes(view: RecipientView, told: Sequence[AlertedIncident], new_key: NewKey) -> dict[str, Message]:
    """Return an owner's messages as they are after some alerts."""
    draft = next_push(view, reasons(view, [each for each in told if each[1].channel is not None]), new_key)
    messages = (
        *view.messages,
        draft,
        edited_in(view, draft),
        *service_messages(view, [each for each in told if each[1].problem is not None], new_key),
    )
    return {message.key: message for message in messages if message is not None}


def next_due(
    owner: int,
    messages: Iterable[Message],
    incidents: Mapping[str, Incident],
    *,
    mutes: Mutes,
    now: datetime,
    policy: Policy,
) -> datetime | None:
    """Return when `plan_messages` will have something to say if nothing happens until then."""
    view = RecipientView.of(owner, messages, incidents, mutes=mutes, now=now, policy=policy)
    silent = incident_keys([view.waiting] if view.waiting else [])  # that waits for nothing but its sending
    if view.is_blind:
        silent |= view.notified
    times = (
        view.reminder_at(incident)
        for incident in incidents.values()
        if can_be_reminded_of(incident) and incident.key not in silent
    )
    return min((*times, *reminders_due(view)), default=None)


def reasons(view: RecipientView, told: Sequence[AlertedIncident]) -> Reasons:
    """Work out what the draft is about: what it was, what is new, what was missed, what to remind of."""
    draft = () if view.waiting is None else view.waiting.entries
    found: Reasons = {
        entry.incident: entry.reason
        for entry in draft
        if entry.reason is not None and still_applies(view, entry)
    }
    for alert, incident in told:
        if wants_push(view, alert, incident):
            found.setdefault(incident.key, alert.reason)
    for incident in view.incidents.values():
        if is_missed(view, incident):
            found.setdefault(incident.key, Reason.OPENED)
    for incident in reminders(view):
        found.setdefault(incident.key, Reason.REMINDER)
    return found


def still_applies(view: RecipientView, entry: MessageItem) -> bool:
    """Whether what waited to be told is still to be told."""
    incident = view.incidents.get(entry.incident)
    if incident is None or entry.reason is Reason.REMINDER:
        return False  # reminders are worked out anew
    if incident.ended:
        # Over before it was told: told silently, unless an edit of another message shows it.
        return incident.key not in view.shown
    if entry.reason is Reason.RESOLVED:
        return False  # it is not over after all
    if view.is_muted(incident):
        return breaks_mute(entry.reason, incident)  # what is held is found again when the mute ends
    if entry.reason is Reason.ASSIGNEE_CHECK:
        return incident.assigned_to == view.owner and incident.asked_at is not None
    # Who joined it by an edit and had somebody see to it needs no push besides.
    return not (incident.key in view.shown and is_handled(incident))


def is_handled(incident: Incident) -> bool:
    """Whether somebody has taken care of an incident since it last changed."""
    is_claimed = incident.assigned_at is not None and incident.assigned_at > incident.seen_at
    return is_claimed or incident.snoozed_until is not None


def wants_push(view: RecipientView, alert: Alert, incident: Incident) -> bool:
    """Whether an alert about an account wants a message to the owner."""
    if alert.reason is Reason.RESOLVED:
        return is_unshown_end(view, incident)
    if not alert.notify or incident.ended:
        return False  # an edit shows it
    if alert.reason is Reason.ASSIGNEE_CHECK and incident.assigned_to != view.owner:
        return False  # a question to somebody else
    return not view.is_muted(incident) or breaks_mute(alert.reason, incident)


def is_unshown_end(view: RecipientView, incident: Incident) -> bool:
    """Whether an incident is over and no message can show it."""
    if not incident.ended or incident.key in view.shown:
        return False
    # Who was never told, because of a mute or as it comes and goes all the time, need not know of its end.
    return incident.key in view.notified or not (incident.recurring or view.is_muted(incident))


def is_missed(view: RecipientView, incident: Incident) -> bool:
    """Whether an owner was never told of trouble that is there: a new owner, or one who had it muted."""
    return (
        incident.channel is not None
        and incident.state in FLAGGED
        and incident.key not in view.notified
        and not incident.recurring  # of that there are reminders only
        and not view.is_muted(incident)
    )


def reminders(view: RecipientView) -> list[Incident]:
    """Return the incidents to remind of: all that need somebody, once it is time for any."""
    if view.is_blind:
        return []
    needing = [incident for incident in view.incidents.values() if view.needs_attention(incident)]
    return needing if any(view.reminder_at(incident) <= view.now for incident in needing) else []


def next_push(view: RecipientView, found: Reasons, new_key: NewKey) -> Message | None:
    """Return the draft with this in it; a cancelled one if nothing is left to tell."""
    draft = view.waiting
    if not found:
        return None if draft is None else replace(draft, delivery=Delivery.CANCELLED)
    is_loud = any(not view.incidents[key].ended for key in found)
    is_news = any(reason in NEWS for reason in found.values())
    due_at = view.next_push_at if is_loud else view.now
    if draft is None:
        draft = Message(new_key(), view.owner, Purpose.ALERT, is_loud, view.now, due_at)
    return replace(
        draft,
        purpose=Purpose.ALERT if is_loud else Purpose.NOTE,
        notify=is_loud,
        due_at=min(draft.due_at, due_at),
        entries=tuple(MessageItem(key, reason) for key, reason in found.items()),
        reminders=0 if is_news else view.pushes.reminders + 1,
    )


def edited_in(view: RecipientView, draft: Message | None) -> Message | None:
    """Return the living message with the trouble in it that no message shows: an edit wakes nobody.

    What is back after its end is shown again by the message that showed the end, if no other lives.
    """
    more = [incident.key for incident in not_shown_yet(view, draft)]
    living = view.editable_message or view.last_showing(more)
    if living is None or not more:
        return None
    new = tuple(MessageItem(key, None) for key in more if not living.holds(key))
    return replace(living, delivery=Delivery.SENT, entries=(*living.entries, *new))


def not_shown_yet(view: RecipientView, draft: Message | None) -> Iterator[Incident]:
    """Yield the accounts' incidents that stand in no message, and in none that is about to be sent."""
    is_leaving = draft is not None and draft.delivery is Delivery.WAITING and draft.due_at <= view.now
    leaving = {entry.incident for entry in draft.entries} if draft is not None and is_leaving else set[str]()
    for incident in view.incidents.values():
        if incident.channel is None or incident.ended:
            continue
        if incident.key not in view.shown and incident.key not in leaving:
            yield incident
