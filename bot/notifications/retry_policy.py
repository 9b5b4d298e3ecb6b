"""What becomes of a message after each try: pure decisions about a row of the outbox."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Protocol, assert_never

from bot.domain.incidents import Incident
from bot.domain.messages import Delivery, Message, Purpose, Route
from bot.notifications.transport import CLOSED_REASONS, DeliveryError, FailureKind, MessageRef
from bot.rules.message_lifecycle import earliest_send
from bot.rules.policy import LONGEST_BACKOFF
from bot.rules.recipient import keys

FIRST_BACKOFF: Final = timedelta(seconds=2)
NONCE_IS_SAFE: Final = timedelta(minutes=2)
"""How long Discord surely knows a nonce: its documentation says "the past few minutes"."""
SECOND_ROUTE_AFTER: Final = timedelta(minutes=2)
COPY: Final = "2."
"""Begins the key, and so the nonce, of a message that goes by the second route besides the first."""


class Memory(Protocol):
    """The watch's state, or a change of it under way."""

    @property
    def incidents(self) -> Mapping[str, Incident]:
        """The incidents by key."""
        ...

    @property
    def messages(self) -> Mapping[str, Message]:
        """The messages by key."""
        ...


def is_due(at: datetime, now: datetime) -> bool:
    """Whether a time has come; one further off than any backoff was made by another clock, and has."""
    return at <= now or at - now > LONGEST_BACKOFF


def ready_at(message: Message, memory: Memory, now: datetime) -> datetime:
    """Return when a message may be sent: at its time, but a push not so soon after another."""
    due_at = now if is_due(message.due_at, now) else message.due_at
    return max(due_at, earliest_send(message, memory.messages.values(), memory.incidents, now))


def backoff(failures: int, chance: float) -> timedelta:
    """Return the time to wait after so many failures in a row: doubling, capped, half of it by chance."""
    doubled = FIRST_BACKOFF * 2 ** min(max(failures, 1) - 1, 20)
    return min(doubled, LONGEST_BACKOFF) * (0.5 + chance / 2)


def is_over(message: Message, incidents: Mapping[str, Incident]) -> bool:
    """Whether all that a message is about has ended; one that is about nothing never is."""
    known = [incidents.get(entry.incident) for entry in message.entries]
    return bool(known) and all(incident is None or incident.ended for incident in known)


def is_doubtful(message: Message, now: datetime) -> bool:
    """Whether a claimed message may stand in Discord under a nonce that is forgotten there."""
    claimed = message.claimed_at
    return claimed is None or not timedelta(0) <= now - claimed <= NONCE_IS_SAFE


def is_copy(message: Message) -> bool:
    """Whether a message goes by the second route because the first one keeps failing."""
    return message.key.startswith(COPY)


def copy_key(message: Message) -> str:
    """Return the key of a message's copy: always the same, so that there is one at most."""
    return f"{COPY}{message.key}"


def original_key(copy: Message) -> str:
    """Return the key of the message that a copy is of."""
    return copy.key.removeprefix(COPY)


def is_overtaken(message: Message, messages: Iterable[Message]) -> bool:
    """Return whether a later message wakes the same owner for the same trouble of the service."""
    return message.purpose is Purpose.SERVICE and any(
        each.recipient == message.recipient
        and each.purpose is Purpose.SERVICE
        and each.notify
        and each.delivery is not Delivery.CANCELLED
        and each.created_at > message.created_at
        and not is_copy(each)
        and keys([each]) & keys([message])
        for each in messages
    )


def fallback_copy(message: Message, now: datetime) -> Message:
    """Return the copy of a message, ready to be sent by the second route."""
    return Message(
        key=copy_key(message),
        recipient=message.recipient,
        purpose=message.purpose,
        notify=message.notify,
        created_at=now,
        due_at=now,
        entries=message.entries,
        delivery=Delivery.CLAIMED,
        route=Route.CHANNEL,
        claimed_at=now,
        reminders=message.reminders,
    )


def wants_copy(message: Message, now: datetime) -> bool:
    """Whether a message has waited so long by its route that it should also go by the second."""
    waited = message.failing_since is not None and now - message.failing_since >= SECOND_ROUTE_AFTER
    return waited and message.notify and message.route is Route.DM and message.purpose is not Purpose.TEST


def sent_anew(message: Message, key: str, now: datetime) -> Message:
    """Return what takes the place of a message that cannot be changed any more, ready for the same route.

    It is silent, as the first one woke its recipient if anything was to. It counts from the same moment, so
    that the first one stays the last that was told loudly.
    """
    return replace(
        message,
        key=key,
        notify=False,
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


def goes_anew(message: Message, messages: Mapping[str, Message]) -> bool:
    """Return whether another is to take the place of a message that cannot be changed any more.

    A note told what was over. What a copy is of may still come by the other route.
    """
    original = messages.get(original_key(message)) if is_copy(message) else None
    is_told = message.purpose is Purpose.NOTE or (original is not None and original.on_its_way)
    return bool(message.entries) and not is_told


def stuck(message: Message, reason: str, now: datetime) -> Message:
    """Return a message that stays in Discord as it is; see `Message.is_stuck`."""
    return replace(message, delivery=Delivery.DONE, failing_since=now, failure=reason)


def sent(message: Message, place: MessageRef, *, shown: str | None, now: datetime) -> Message:
    """Return a message that stands in Discord; one that is cancelled, or tells no incident, is finished."""
    is_final = not message.on_its_way or not message.entries
    return replace(
        message,
        delivery=Delivery.DONE if is_final else Delivery.SENT,
        channel_id=place.channel_id,
        message_id=place.message_id,
        sent_at=now,
        shown=shown,
        plain=False,
        failing_since=None,
        failure=message.failure if message.failure in CLOSED_REASONS else None,
    )


def after_failure(
    message: Message, error: DeliveryError, *, now: datetime, chance: float, other_route: bool
) -> Message:
    """Return a message after a try that failed: when it is tried again, in what form, and by which route.

    `other_route` says whether there is a second route that this message may take instead of the first.
    """
    failing = replace(message, failure=reason_of(message, error), failing_since=message.failing_since or now)
    if message.purpose is Purpose.TEST and is_answered(failing, error, now):
        return replace(failing, delivery=Delivery.CANCELLED)
    match error.kind:
        case FailureKind.WAIT | FailureKind.TOKEN:
            return retry_later(failing, error.wait, now=now, chance=chance)
        case FailureKind.FORM if not message.plain:
            return replace(failing, plain=True, due_at=now)
        case FailureKind.CLOSED | FailureKind.BROKEN | FailureKind.FORM | FailureKind.GONE:
            failing = replace(failing, plain=False)
            if message.route is Route.DM and other_route:
                return replace(failing, route=Route.CHANNEL, due_at=now)
            first = message.route if is_copy(message) else Route.DM
            return retry_later(replace(failing, route=first), None, now=now, chance=chance)
    assert_never(error.obstacle)


def reason_of(message: Message, error: DeliveryError) -> str:
    """Return why a message is not sent; that direct messages are closed stays known on the other route."""
    closed = message.route is Route.CHANNEL and message.failure in CLOSED_REASONS
    return message.failure if closed and message.failure else error.reason


def is_answered(test: Message, error: DeliveryError, now: datetime) -> bool:
    """Whether a test of a route has its answer, which is never another route."""
    match error.kind:
        case FailureKind.FORM:
            return test.plain
        case FailureKind.WAIT | FailureKind.TOKEN:
            return now - (test.failing_since or now) >= SECOND_ROUTE_AFTER
        case _:
            return True


def retry_later(message: Message, wait: timedelta | None, *, now: datetime, chance: float) -> Message:
    """Return a message that is tried again after its backoff, or later if Discord said so.

    It is tried once when it is time to take the second route besides, whatever its backoff.
    """
    attempts = message.attempts + 1
    pause = max(backoff(attempts, chance), wait or timedelta(0))
    due_at = now + min(pause, LONGEST_BACKOFF)
    turning = (message.failing_since or now) + SECOND_ROUTE_AFTER
    return replace(message, attempts=attempts, due_at=min(due_at, turning) if turning > now else due_at)
