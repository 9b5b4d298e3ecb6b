"""How an owner is told of the service's own trouble: one message for each, which later shows its end."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from bot.incidents import Alert, Delivery, Entry, Incident, Message, Purpose, Reason, Trouble
from bot.rules.desk import Desk, breaks_mute
from bot.rules.episodes import NewKey


def service_messages(desk: Desk, told: Sequence[tuple[Alert, Incident]], new_key: NewKey) -> list[Message]:
    """Give the messages about the service that are new or changed."""
    found = [quietened(each) for each in desk.messages if is_outdated(desk, each)]
    wanted = {incident.key: (reason, incident) for reason, incident in missed(desk)}
    wanted |= {incident.key: (reason, incident) for reason, incident in news(told)}
    found += (
        announcement(desk, reason, incident, new_key)
        for reason, incident in wanted.values()
        if wants_message(desk, reason, incident)
    )
    return found


def news(told: Iterable[tuple[Alert, Incident]]) -> Iterator[tuple[Reason, Incident]]:
    """Give what alerts say about the service, without what needs no message of its own."""
    for alert, incident in told:
        if alert.loud or alert.reason is Reason.RESOLVED:
            yield alert.reason, incident


def missed(desk: Desk) -> Iterator[tuple[Reason, Incident]]:
    """Give trouble that an owner has not been woken for.

    That is a new owner, one who had heard of it too often, or one who had all muted.
    """
    for incident in desk.incidents.values():
        if incident.trouble is None or incident.ended:
            continue
        if not incident.recurring and not about(desk, incident):
            yield Reason.OPENED, incident
        elif lasts_at(desk, incident) <= desk.now or about(desk, incident):
            yield Reason.REMINDER, incident


def about(desk: Desk, incident: Incident) -> list[Message]:
    """Give an owner's messages about the service's trouble."""
    return [each for each in desk.messages if each.holds(incident.key)]


def lasts_at(desk: Desk, incident: Incident) -> datetime:
    """Say when trouble that comes and goes, of which nobody is told each time, has lasted too long for that.

    An account that needs somebody waits no longer than for the first reminder.
    """
    return incident.opened_at + desk.policy.remind_in(0 if incident.flag else 1)


def announcements_due(desk: Desk) -> Iterator[datetime]:
    """Give when an owner is to be told of trouble that goes on and that nobody was woken for."""
    for incident in desk.incidents.values():
        if incident.trouble is None or incident.ended:
            continue
        told = about(desk, incident)
        if not told and incident.recurring:
            yield lasts_at(desk, incident)
        elif is_hushed(told):
            yield desk.all_muted_until


def is_hushed(told: Sequence[Message]) -> bool:
    """Whether what was told last of trouble was told silently, because of a mute."""
    if any(each.delivery is Delivery.WAITING for each in told):
        return False
    last = max(told, key=lambda each: (each.created_at, each.loud), default=None)
    return last is not None and not last.loud


def wants_message(desk: Desk, reason: Reason, incident: Incident) -> bool:
    """Whether something about the service wants a message that is not there."""
    told = about(desk, incident)
    if any(each.delivery is Delivery.WAITING for each in told):
        return False  # it will show what is true when it is sent
    if reason is Reason.WORSE:
        # Once: a service that refuses now for this reason and now for that does not wake anybody each time.
        # What waits for somebody at Midjourney becomes no heavier than a block.
        return incident.trouble is Trouble.PENDING or not any(
            Entry(incident.key, Reason.WORSE) in each.entries for each in told
        )
    if reason is not Reason.RESOLVED:
        return not told or (is_hushed(told) and desk.all_muted_until <= desk.now)
    if any(each.delivery is not Delivery.DONE for each in told):
        return False  # an edit shows it
    # Over, and nothing shows it: the bot itself was away, nobody knew the owners, or the message is deleted.
    return bool(told) or not incident.recurring


def announcement(desk: Desk, reason: Reason, incident: Incident, new_key: NewKey) -> Message:
    """Make a message about the service; who muted all accounts for the night is woken for a block alone."""
    muted = desk.all_muted_until > desk.now and not breaks_mute(reason, incident)
    return Message(
        new_key(),
        desk.owner,
        Purpose.NOTE if incident.ended else Purpose.SERVICE,
        loud=not (muted or incident.ended),
        created_at=desk.now,
        due_at=desk.now,
        entries=(Entry(incident.key, reason),),
    )


def is_outdated(desk: Desk, message: Message) -> bool:
    """Whether trouble of the service was over before the message about it was sent."""
    if message.purpose is not Purpose.SERVICE or message.delivery is not Delivery.WAITING:
        return False
    incidents = (desk.incidents.get(entry.incident) for entry in message.entries)
    return all(incident is None or incident.ended for incident in incidents)


def quietened(message: Message) -> Message:
    """Give a message that is not worth waking anybody for any more."""
    return replace(message, purpose=Purpose.NOTE, loud=False)
