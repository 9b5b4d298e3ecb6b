"""What a message takes along and leaves behind on its way: from the claim to its end in Discord."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from bot.domain.incidents import Alert, Incident, Reason
from bot.domain.messages import Delivery, Message, MessageItem, Purpose
from bot.rules.recipient import ABOUT_ACCOUNTS, Pushes, incident_keys, is_push, open_incidents, sent_time


def earliest_send(
    message: Message, messages: Iterable[Message], incidents: Mapping[str, Incident], now: datetime
) -> datetime:
    """Return when a waiting message may be claimed, its own due time aside.

    A push waits for the one that is on its way, and then for five minutes while a message stands that it
    could join, whatever was known when it was drafted. While another is on its way the answer is a guess: the
    end of that is the moment to ask again.
    """
    if not is_push(message) or message.delivery is not Delivery.WAITING:
        return now
    own = [each for each in messages if each.recipient == message.recipient]
    return max(now, Pushes.among(own, incidents, now).held_until or now)


def with_open_incidents(push: Message, incidents: Mapping[str, Incident]) -> Message:
    """Return a message as it is claimed: one that wakes somebody shows all accounts that are in trouble."""
    if not is_push(push):
        return push
    return with_more(push, (each for each in incidents.values() if each.channel and not each.ended))


def with_more(message: Message, incidents: Iterable[Incident]) -> Message:
    """Return a message that also shows some incidents, which are no reason for it."""
    more = {each.key: MessageItem(each.key, None) for each in incidents if not message.holds(each.key)}
    return replace(message, entries=(*message.entries, *more.values())) if more else message


def supersede(
    sent: Message, messages: Iterable[Message], incidents: Mapping[str, Incident]
) -> tuple[Message, ...]:
    """Return what changes when a message stands in Discord, the message itself included if it does.

    It takes what goes on from the older ones, which keep what is over. One that keeps nothing is to be
    deleted. To be called in the transaction that records the sending: until then the older ones are all
    that an owner has.
    """
    if sent.delivery is not Delivery.SENT or sent.purpose not in (Purpose.ALERT, Purpose.SERVICE):
        return ()
    older = [*others(sent, messages)]
    if sent.purpose is Purpose.ALERT and not sent.notify:
        # Sent in place of one that could not be changed: a push that was made later may stand by now.
        newer = [each for each in older if each.notify and each.created_at > sent.created_at]
        last = max(newer, key=sent_time, default=None)
        return (
            () if last is None or not incident_keys([last]) & incident_keys([sent]) else (minus(sent, last),)
        )
    if sent.purpose is Purpose.SERVICE:
        after = merge_older(sent, older)
    else:
        # Sent silently, if all in it was over by then: nobody was woken, whatever it takes over now.
        shown = (incident for each in older for incident in open_incidents(each, incidents))
        after = replace(with_more(sent, shown), notify=any(open_incidents(sent, incidents)))
    changed = ((after, sent), *((minus(each, after), each) for each in older))
    return tuple(new for new, old in changed if new != old)


def merge_older(sent: Message, older: Iterable[Message]) -> Message:
    """Return a message about the service as it counts if others that were made after it arrived before it.

    One that Discord keeps refusing may be overtaken by the next: about what became worse since, a reminder,
    or loud as a mute is over.
    """
    later = [
        each
        for each in older
        if incident_keys([each]) & incident_keys([sent]) and each.created_at >= sent.created_at
    ]
    return replace(
        sent,
        notify=sent.notify or any(each.notify for each in later),
        reminders=max(each.reminders for each in (sent, *later)),
    )


def others(message: Message, messages: Iterable[Message]) -> Iterator[Message]:
    """Yield the messages that stand in Discord and may be about the same as this one."""
    purposes = {Purpose.SERVICE} if message.purpose is Purpose.SERVICE else ABOUT_ACCOUNTS
    for each in messages:
        is_another = each.recipient == message.recipient and each.key != message.key
        if is_another and each.delivery is Delivery.SENT and each.purpose in purposes:
            yield each


def minus(message: Message, newer: Message) -> Message:
    """Return a message without what a newer one shows."""
    newer_keys = incident_keys([newer])
    return replace(
        message, entries=tuple(each for each in message.entries if each.incident not in newer_keys)
    )


def deleted(message: Message, incidents: Mapping[str, Incident]) -> tuple[Message, tuple[Alert, ...]]:
    """Return a message that is not in Discord any more, and what it can not show now.

    The alerts are for its recipient alone. Its trouble that goes on is left to the reminders: who deletes a
    message has seen it. What was to join it and never showed in it does not count as told.
    """
    shown_at = last_shown(message)
    gone = replace(finished(message, incidents), channel_id=None, message_id=None)
    if message.purpose is Purpose.NOTE:
        return gone, ()  # it was sent to tell of the end
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
    """Return a message that is edited no more, without what was to join it and never showed in it."""
    shown_at = last_shown(message)
    told = tuple(
        entry
        for entry in message.entries
        if entry.reason is not None
        or (incident := incidents.get(entry.incident)) is None
        or incident.opened_at <= shown_at
    )
    return replace(message, delivery=Delivery.DONE, entries=told)


def last_shown(message: Message) -> datetime:
    """Return when a message was changed last in Discord."""
    return max(sent_time(message), message.edited_at or sent_time(message))


def cancel_for(
    owner: int, messages: Iterable[Message], incidents: Mapping[str, Incident]
) -> tuple[Message, ...]:
    """Return the messages of somebody who is no owner any more: nothing is sent, and nothing edited."""
    return tuple(
        replace(each, delivery=Delivery.CANCELLED) if each.on_its_way else finished(each, incidents)
        for each in messages
        if each.recipient == owner and (each.on_its_way or each.delivery is Delivery.SENT)
    )
