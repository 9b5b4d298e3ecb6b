"""An owner's messages about service problems: one for each incident, which later shows its end."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.incidents import Alert, Incident, Reason
from bot.domain.messages import Delivery, Message, MessageItem, Purpose
from bot.rules.policy import service_reminder_in
from bot.rules.poll_state import NewKey
from bot.rules.recipient import RecipientView, breaks_mute, open_incidents


def service_messages(
    view: RecipientView, alerted: Sequence[tuple[Alert, Incident]], new_key: NewKey
) -> list[Message]:
    """Return the messages about the service that are new or changed."""
    found = [
        replace(each, purpose=Purpose.NOTE, notify=False)  # its incident has ended
        for each in view.messages
        if each.purpose is Purpose.SERVICE
        and each.delivery is Delivery.WAITING
        and not any(open_incidents(each, view.incidents))
    ]
    wanted = {incident.key: (reason, incident) for reason, incident in missed(view)}
    wanted |= {
        incident.key: (alert.reason, incident)
        for alert, incident in alerted
        if alert.notify or alert.reason is Reason.RESOLVED  # an edit shows the others
    }
    found += (
        service_message(view, reason, incident, new_key)
        for reason, incident in wanted.values()
        if wants_message(view, reason, incident)
    )
    return found


def missed(view: RecipientView) -> Iterator[tuple[Reason, Incident]]:
    """Yield the service incidents to notify or remind an owner of now, without an alert.

    The owner is new, had all accounts muted, or the problem recurs and has lasted too long by now.
    """
    for incident in open_problems(view):
        if not incident.recurring and not messages_about(view, incident):
            yield Reason.OPENED, incident
        elif (due := reminder_at(view, incident)) is not None and due <= view.now:
            yield Reason.REMINDER, incident


def open_problems(view: RecipientView) -> Iterator[Incident]:
    """Yield the open incidents of the service."""
    return (each for each in view.incidents.values() if each.problem is not None and not each.ended)


def messages_about(view: RecipientView, incident: Incident) -> list[Message]:
    """Return an owner's messages about an incident of the service."""
    return [each for each in view.messages if each.holds(incident.key)]


def reminders_due(view: RecipientView) -> Iterator[datetime]:
    """Yield when an owner is reminded of each open incident of the service."""
    for incident in open_problems(view):
        if (due := reminder_at(view, incident)) is not None:
            yield due


def reminder_at(view: RecipientView, incident: Incident) -> datetime | None:
    """Return when an owner is reminded of an open incident; None while a message about it waits."""
    sent = messages_about(view, incident)
    last = latest(sent)
    if last is None:
        # A recurring problem sends no message as it opens. A flag waits for the first reminder only.
        wait = view.policy.remind_in(0 if incident.flag else 1)
        return incident.opened_at + wait if incident.recurring else None
    if any(each.delivery is Delivery.WAITING for each in sent):
        return None  # the waiting message shows the state as it is sent
    if not last.notify:
        return view.muted_until  # it was sent silently because of that mute
    pushes = [each for each in sent if each.notify]
    sent_at = max((each.sent_at for each in pushes if each.sent_at is not None), default=None)
    if sent_at is None or any(
        each.delivery is Delivery.CLAIMED and each.created_at > sent_at for each in pushes
    ):
        return None  # a push about it is still on its way
    return max(sent_at + service_reminder_in(last.reminders), view.muted_until)


def latest(messages: Iterable[Message]) -> Message | None:
    """Return the message that was created last."""
    return max(messages, key=lambda each: (each.created_at, each.notify), default=None)


def wants_message(view: RecipientView, reason: Reason, incident: Incident) -> bool:
    """Whether an alert about the service needs a new message."""
    known = messages_about(view, incident)
    if any(each.delivery is Delivery.WAITING for each in known):
        return False  # the waiting message shows the state as it is sent
    if reason is not Reason.RESOLVED:
        return reason in (Reason.WORSE, Reason.REMINDER) or not known
    if any(each.delivery is not Delivery.DONE for each in known):
        return False  # an edit shows it
    # It ended and nothing shows it: the bot was away, no owner was known, or the message was deleted.
    return bool(known) or not incident.recurring


def service_message(view: RecipientView, reason: Reason, incident: Incident, new_key: NewKey) -> Message:
    """Build a message about the service. A mute of all accounts makes it silent, unless it is a block."""
    muted = view.muted_until > view.now and not breaks_mute(reason, incident)
    last = latest(messages_about(view, incident)) if reason is Reason.REMINDER else None
    return Message(
        new_key(),
        view.owner,
        Purpose.NOTE if incident.ended else Purpose.SERVICE,
        notify=not (muted or incident.ended),
        created_at=view.now,
        due_at=view.now,
        entries=(MessageItem(incident.key, reason),),
        reminders=last.reminders + 1 if last is not None and last.notify else 0,
    )
