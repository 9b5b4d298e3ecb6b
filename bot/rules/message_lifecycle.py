"""What changes about messages as they are claimed, sent, replaced and deleted."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from bot.domain.incidents import Alert, Incident, Reason
from bot.domain.messages import Delivery, Message, MessageItem, Purpose
from bot.rules.recipient import (
    ABOUT_ACCOUNTS,
    Pushes,
    incident_keys,
    is_push,
    notifies,
    open_incidents,
    sent_time,
)


def earliest_send(
    message: Message, messages: Iterable[Message], incidents: Mapping[str, Incident], now: datetime
) -> datetime:
    """Return when a waiting message may be claimed, its own due time aside.

    A push waits while another is on its way, and for five minutes after it if an edit can show its incidents.
    While another is on its way the result is a guess: ask again when that one has arrived.
    """
    if not is_push(message) or message.delivery is not Delivery.WAITING:
        return now
    own = [each for each in messages if each.recipient == message.recipient]
    return max(now, Pushes.among(own, incidents, now).held_until or now)


def with_open_incidents(push: Message, incidents: Mapping[str, Incident]) -> Message:
    """Return a message as it is claimed: a push shows all open incidents of accounts."""
    if not is_push(push):
        return push
    return with_more(push, (each for each in incidents.values() if each.reference and not each.ended))


def with_more(message: Message, incidents: Iterable[Incident]) -> Message:
    """Return a message with incidents added that are no reason for it."""
    held = incident_keys([message])
    more = {each.key: MessageItem(each.key, None) for each in incidents if each.key not in held}
    return replace(message, entries=(*message.entries, *more.values())) if more else message


def supersede(
    sent: Message, messages: Iterable[Message], incidents: Mapping[str, Incident]
) -> tuple[Message, ...]:
    """Return the messages that change once a message is in Discord, this one included if it changes.

    It takes the open incidents over from older messages, which keep the ended ones. A message that keeps none
    is to be deleted. Call it in the transaction that records the message as sent: until then the older ones
    are all that the owner has.
    """
    if sent.delivery is not Delivery.SENT or sent.purpose not in (Purpose.ALERT, Purpose.SERVICE):
        return ()
    older = [*others(sent, messages)]
    if sent.purpose is Purpose.ALERT and not sent.notify:
        # It replaces a message that could not be edited, or is about soft incidents: a later push may be in
        # Discord by now.
        newer = [each for each in older if each.notify and each.created_at > sent.created_at]
        after = minus(sent, max(newer, key=sent_time)) if newer else sent
    elif sent.purpose is Purpose.SERVICE:
        after = merge_older(sent, older)
    else:
        # It notified nobody if all its incidents had ended, whatever it takes over now.
        shown = (incident for each in older for incident in open_incidents(each, incidents))
        after = replace(with_more(sent, shown), notify=notifies(sent, incidents))
    changed = ((after, sent), *((minus(each, after), each) for each in older))
    return tuple(new for new, old in changed if new != old)


def merge_older(sent: Message, older: Iterable[Message]) -> Message:
    """Return a message about the service with what it takes over from later ones that arrived before it.

    A message that Discord keeps refusing may be overtaken by the next: one about a worse problem, a reminder,
    or a push after a mute.
    """
    about = incident_keys([sent])
    later = [each for each in older if about & incident_keys([each]) and each.created_at >= sent.created_at]
    return replace(
        sent,
        notify=sent.notify or any(each.notify for each in later),
        reminders=max(each.reminders for each in (sent, *later)),
    )


def others(message: Message, messages: Iterable[Message]) -> Iterator[Message]:
    """Yield the other messages in Discord that may be about the same incidents."""
    purposes = {Purpose.SERVICE} if message.purpose is Purpose.SERVICE else ABOUT_ACCOUNTS
    for each in messages:
        is_another = each.recipient == message.recipient and each.key != message.key
        if is_another and each.delivery is Delivery.SENT and each.purpose in purposes:
            yield each


def minus(message: Message, newer: Message) -> Message:
    """Return a message without the incidents that a newer one shows."""
    newer_keys = incident_keys([newer])
    return replace(
        message, entries=tuple(each for each in message.entries if each.incident not in newer_keys)
    )


def deleted(message: Message, incidents: Mapping[str, Incident]) -> tuple[Message, tuple[Alert, ...]]:
    """Return a message that was deleted in Discord, and alerts for the ends it can no longer show.

    The alerts are for its recipient alone. Its open incidents are left to the reminders: an owner who deletes
    a message has seen it. An incident that was to join it and never showed counts as not sent.
    """
    shown_at = last_shown(message)
    gone = replace(finished(message, incidents), channel_id=None, message_id=None)
    if message.purpose is Purpose.NOTE:
        return gone, ()  # a note is about an end already
    unseen = (
        Alert(incident.key, Reason.RESOLVED, notify=False)
        for entry in message.entries
        if entry.reason is not Reason.RESOLVED
        and (incident := incidents.get(entry.incident)) is not None
        and incident.ended_at is not None
        and incident.ended_at >= shown_at
    )
    return gone, tuple(unseen)


def finished(message: Message, incidents: Mapping[str, Incident]) -> Message:
    """Return a message that is not edited any more, without incidents that never showed in it."""
    shown_at = last_shown(message)
    shown = tuple(
        entry
        for entry in message.entries
        if entry.reason is not None
        or (incident := incidents.get(entry.incident)) is None
        or incident.opened_at <= shown_at
    )
    return replace(message, delivery=Delivery.DONE, entries=shown)


def last_shown(message: Message) -> datetime:
    """Return when a message was last sent or edited in Discord."""
    return max(sent_time(message), message.edited_at or sent_time(message))


def cancel_for(
    owner: int, messages: Iterable[Message], incidents: Mapping[str, Incident]
) -> tuple[Message, ...]:
    """Return the messages that end because a person is no owner any more: none is sent or edited again."""
    return tuple(
        replace(each, delivery=Delivery.CANCELLED) if each.on_its_way else finished(each, incidents)
        for each in messages
        if each.recipient == owner and (each.on_its_way or each.delivery is Delivery.SENT)
    )
