"""How an owner is told of the service's own trouble: one message for each, which later shows its end."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.incidents import Alert, Incident, Reason
from bot.domain.messages import Delivery, Message, MessageItem, Purpose
from bot.rules.account_incidents import NewKey
from bot.rules.policy import service_reminder_in
from bot.rules.recipient import RecipientView, breaks_mute


def service_messages(
    view: RecipientView, told: Sequence[tuple[Alert, Incident]], new_key: NewKey
) -> list[Message]:
    """Return the messages about the service that are new or changed."""
    found = [as_silent_note(each) for each in view.messages if is_outdated(view, each)]
    wanted = {incident.key: (reason, incident) for reason, incident in missed(view)}
    wanted |= {incident.key: (reason, incident) for reason, incident in news(told)}
    found += (
        service_message(view, reason, incident, new_key)
        for reason, incident in wanted.values()
        if wants_message(view, reason, incident)
    )
    return found


def news(told: Iterable[tuple[Alert, Incident]]) -> Iterator[tuple[Reason, Incident]]:
    """Yield what alerts say about the service, without what needs no message of its own."""
    for alert, incident in told:
        if alert.notify or alert.reason is Reason.RESOLVED:
            yield alert.reason, incident


def missed(view: RecipientView) -> Iterator[tuple[Reason, Incident]]:
    """Yield trouble that an owner is to be told of now though nothing happens.

    That is a new owner, one who had heard of it too often, one who had all muted, or one whom it lasts for.
    """
    for incident in open_problems(view):
        if not incident.recurring and not messages_about(view, incident):
            yield Reason.OPENED, incident
        elif (due := reminder_at(view, incident)) is not None and due <= view.now:
            yield Reason.REMINDER, incident


def open_problems(view: RecipientView) -> Iterator[Incident]:
    """Return the trouble of the service that goes on."""
    return (each for each in view.incidents.values() if each.problem is not None and not each.ended)


def messages_about(view: RecipientView, incident: Incident) -> list[Message]:
    """Return an owner's messages about the service's trouble."""
    return [each for each in view.messages if each.holds(incident.key)]


def recurring_due(view: RecipientView, incident: Incident) -> datetime:
    """Return when a recurring problem, which is not announced each time, has lasted too long for that.

    An account that needs somebody waits no longer than for the first reminder.
    """
    return incident.opened_at + view.policy.remind_in(0 if incident.flag else 1)


def reminders_due(view: RecipientView) -> Iterator[datetime]:
    """Yield when an owner is to be told of trouble that goes on though nothing happens."""
    for incident in open_problems(view):
        if (due := reminder_at(view, incident)) is not None:
            yield due


def reminder_at(view: RecipientView, incident: Incident) -> datetime | None:
    """Return when an owner is to be reminded of trouble that stays as it is; None while a message waits."""
    told = messages_about(view, incident)
    last = latest(told)
    if last is None:
        return recurring_due(view, incident) if incident.recurring else None
    if any(each.delivery is Delivery.WAITING for each in told):
        return None  # it will show what is true when it is sent
    if not last.notify:
        return view.muted_until  # told silently, because of that mute
    loud = [each for each in told if each.notify]
    sent_at = max((each.sent_at for each in loud if each.sent_at is not None), default=None)
    if sent_at is None or any(
        each.delivery is Delivery.CLAIMED and each.created_at > sent_at for each in loud
    ):
        return None  # nobody is reminded of what is still on its way
    return max(sent_at + service_reminder_in(last.reminders), view.muted_until)


def latest(told: Iterable[Message]) -> Message | None:
    """Return what was told last."""
    return max(told, key=lambda each: (each.created_at, each.notify), default=None)


def wants_message(view: RecipientView, reason: Reason, incident: Incident) -> bool:
    """Whether something about the service wants a message that is not there."""
    told = messages_about(view, incident)
    if any(each.delivery is Delivery.WAITING for each in told):
        return False  # it will show what is true when it is sent
    if reason is not Reason.RESOLVED:
        return reason in (Reason.WORSE, Reason.REMINDER) or not told
    if any(each.delivery is not Delivery.DONE for each in told):
        return False  # an edit shows it
    # Over, and nothing shows it: the bot itself was away, nobody knew the owners, or the message is deleted.
    return bool(told) or not incident.recurring


def service_message(view: RecipientView, reason: Reason, incident: Incident, new_key: NewKey) -> Message:
    """Make a message about the service; who muted all accounts for the night is woken for a block alone."""
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


def is_outdated(view: RecipientView, message: Message) -> bool:
    """Whether trouble of the service was over before the message about it was sent."""
    if message.purpose is not Purpose.SERVICE or message.delivery is not Delivery.WAITING:
        return False
    incidents = (view.incidents.get(entry.incident) for entry in message.entries)
    return all(incident is None or incident.ended for incident in incidents)


def as_silent_note(message: Message) -> Message:
    """Return a message that is not worth waking anybody for any more."""
    return replace(message, purpose=Purpose.NOTE, notify=False)
