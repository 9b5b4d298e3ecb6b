"""When and how a message is tried again: pure decisions about a row of the outbox."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.incidents import Incident
from bot.domain.messages import DM_REFUSED, ROUTES, Delivery, Message, Purpose, Route
from bot.domain.warnings import AccountWarning
from bot.notifications.transport import DeliveryError, FailureKind, MessageRef
from bot.rules.message_lifecycle import earliest_send
from bot.rules.policy import LONGEST_BACKOFF
from bot.rules.recipient import incident_keys
from bot.runtime.supervisor import backoff

FIRST_BACKOFF: Final = timedelta(seconds=2)
NONCE_LASTS: Final = timedelta(minutes=2)
"""How long Discord surely knows a nonce. Its documentation says "the past few minutes"."""
SECOND_ROUTE_AFTER: Final = timedelta(minutes=2)
COPY: Final = "2."
"""The prefix of the key, and so of the nonce, of a copy that goes by the second route."""


def is_due(at: datetime, now: datetime) -> bool:
    """Whether a time has come. One that is further off than any backoff comes from a wrong clock, and has."""
    return at <= now or at - now > LONGEST_BACKOFF


def ready_at(
    message: Message, messages: Mapping[str, Message], incidents: Mapping[str, Incident], now: datetime
) -> datetime:
    """Return when a message may be sent: when it is due, but a push not too soon after another."""
    due_at = now if is_due(message.due_at, now) else message.due_at
    return max(due_at, earliest_send(message, messages.values(), incidents, now))


def next_attempt(failures: int, wait: timedelta | None, *, now: datetime, chance: float) -> datetime:
    """Return the time of the next attempt: after the backoff, or after `wait` if that is longer."""
    pause = max(backoff(failures, FIRST_BACKOFF, LONGEST_BACKOFF, chance), wait or timedelta(0))
    return now + min(pause, LONGEST_BACKOFF)


def is_over(message: Message, *known: Mapping[str, Incident] | Mapping[str, AccountWarning]) -> bool:
    """Whether all that a message is about has ended. One that is about nothing is never over."""
    found = (each[entry.incident] for entry in message.entries for each in known if entry.incident in each)
    return bool(message.entries) and all(each.ended for each in found)


def knows_nonce(message: Message, now: datetime) -> bool:
    """Whether Discord still knows the nonce of a claimed message."""
    return message.claimed_at is not None and timedelta(0) <= now - message.claimed_at <= NONCE_LASTS


def is_copy(message: Message) -> bool:
    """Whether a message goes by the second route because the first one fails."""
    return message.key.startswith(COPY)


def copy_key(message: Message) -> str:
    """Return the key of a message's only copy."""
    return f"{COPY}{message.key}"


def original_key(copy: Message) -> str:
    """Return the key of the message that was copied."""
    return copy.key.removeprefix(COPY)


def has_arrived(message: Message | None) -> bool:
    """Whether a message was delivered."""
    return message is not None and message.delivery in (Delivery.SENT, Delivery.DONE)


def is_overtaken(message: Message, messages: Iterable[Message]) -> bool:
    """Whether a later message notifies the same owner of the same problem of the service."""
    return message.purpose is Purpose.SERVICE and any(
        each.recipient == message.recipient
        and each.purpose is Purpose.SERVICE
        and each.notify
        and each.delivery is not Delivery.CANCELLED
        and each.created_at > message.created_at
        and not is_copy(each)
        and incident_keys([each]) & incident_keys([message])
        for each in messages
    )


def fallback_copy(message: Message, now: datetime) -> Message:
    """Return the copy of a message, claimed for the fallback of its route."""
    copy = claimed_anew(message, copy_key(message), now)
    return replace(copy, created_at=now, route=message.traits.fallback or message.route, failure=None)


def replacement(message: Message, key: str, now: datetime) -> Message:
    """Return the message that replaces one that cannot be edited any more, claimed for the same route.

    It is silent: the first one notified its recipient. Both have the same time of creation, so that the
    first one stays the last notification.
    """
    return replace(claimed_anew(message, key, now), notify=False)


def claimed_anew(message: Message, key: str, now: datetime) -> Message:
    """Return a message with the same content that was never sent."""
    return replace(
        message,
        key=key,
        delivery=Delivery.CLAIMED,
        due_at=now,
        claimed_at=now,
        attempts=0,
        failing_since=None,
        plain=False,
        channel_id=None,
        message_id=None,
        sent_at=None,
        shown=None,
        edited_at=None,
    )


def needs_replacement(message: Message, messages: Mapping[str, Message]) -> bool:
    """Whether a message that cannot be edited any more must be replaced.

    A note needs no replacement: its incidents are over. Neither does a copy whose original may still arrive.
    """
    original = messages.get(original_key(message)) if is_copy(message) else None
    is_on_its_way = original is not None and original.on_its_way
    return bool(message.entries) and message.purpose is not Purpose.NOTE and not is_on_its_way


def sent(message: Message, place: MessageRef, *, shown: str | None, now: datetime) -> Message:
    """Return a message that was delivered. It is done if it was cancelled or has no incidents."""
    is_done = not message.on_its_way or not message.entries
    return replace(
        message,
        delivery=Delivery.DONE if is_done else Delivery.SENT,
        channel_id=place.channel_id,
        message_id=place.message_id,
        sent_at=now,
        shown=shown,
        plain=False,
        failing_since=None,
        failure=message.failure if message.failure in DM_REFUSED else None,
    )


def after_failure(
    message: Message, error: DeliveryError, *, now: datetime, chance: float, other_route: bool
) -> Message:
    """Return a message after a failed attempt, with the time, form and route of the next one.

    `other_route` says whether the message may change to the fallback of its route.
    """
    # The second route keeps that direct messages are closed.
    failure = message.failure if message.is_dm_refused else error.reason
    failing = replace(message, failure=failure, failing_since=message.failing_since or now)
    if message.purpose is Purpose.TEST and has_failed(failing, error, now):
        return replace(failing, delivery=Delivery.CANCELLED)
    if error.kind in (FailureKind.WAIT, FailureKind.TOKEN):
        return retry_later(failing, error.wait, now=now, chance=chance)
    if error.kind is FailureKind.FORM and not message.plain:
        return replace(failing, plain=True, due_at=now)
    if other_route:
        return replace(failing, plain=False, route=message.traits.fallback or message.route, due_at=now)
    first = message.route if is_copy(message) else first_route(message.route)
    return retry_later(replace(failing, plain=False, route=first), None, now=now, chance=chance)


def first_route(route: Route) -> Route:
    """Return the route whose fallback a route is; the route itself if it is none."""
    return next((each for each, traits in ROUTES.items() if traits.fallback is route), route)


def has_failed(test: Message, error: DeliveryError, now: datetime) -> bool:
    """Whether a test of a route has failed. It never takes another route."""
    match error.kind:
        case FailureKind.FORM:
            return test.plain
        case FailureKind.WAIT | FailureKind.TOKEN:
            return now - (test.failing_since or now) >= SECOND_ROUTE_AFTER
        case _:
            return True


def wants_copy(message: Message, error: DeliveryError, now: datetime) -> bool:
    """Whether a direct message has failed for so long that a copy should go by the second route."""
    return (
        error.kind is FailureKind.WAIT
        and message.notify
        and message.traits.fallback is not None
        and message.purpose is not Purpose.TEST
        and message.failing_since is not None
        and now - message.failing_since >= SECOND_ROUTE_AFTER
    )


def retry_later(message: Message, wait: timedelta | None, *, now: datetime, chance: float) -> Message:
    """Return a message that is tried again after its backoff, or later if Discord asked for it.

    One attempt is made when the second route opens, whatever the backoff.
    """
    attempts = message.attempts + 1
    due_at = next_attempt(attempts, wait, now=now, chance=chance)
    opens_at = (message.failing_since or now) + SECOND_ROUTE_AFTER
    return replace(message, attempts=attempts, due_at=min(due_at, opens_at) if opens_at > now else due_at)
