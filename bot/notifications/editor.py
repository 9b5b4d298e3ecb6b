"""Keeps every message that was sent as it should look, and takes away those about nothing any more."""

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.messages import Delivery, Message
from bot.notifications import retry_policy
from bot.notifications.route_health import RetryGate
from bot.notifications.sender import OutboxContext
from bot.notifications.transport import DeliveryError, FailureKind, MessageRef
from bot.rules.message_lifecycle import deleted
from bot.rules.policy import near
from bot.runtime.failpoints import FailPoint

log = logging.getLogger(__name__)

EDIT_EVERY: Final = timedelta(seconds=10)
OLD: Final = timedelta(hours=1)
EDIT_OLD_EVERY: Final = timedelta(minutes=10)
"""Discord limits edits of messages older than an hour much harder (30046)."""
UNKNOWN_CHANNEL: Final = "10003"
FOR_GOOD: Final = frozenset({FailureKind.BROKEN, FailureKind.FORM})
"""What no waiting helps against; a form is tried as text alone before."""
TRIES: Final = 3
TRIED_FOR: Final = timedelta(minutes=2)
"""What is refused for good so often, or for so long, is tried no more."""
ANEW_EVERY: Final = timedelta(minutes=10)
"""What was itself sent anew so lately is not sent anew: each change would be a message where no edit does."""


@dataclass(frozen=True, slots=True)
class PendingEdit:
    """A message that is not as it should be, and when that may be changed."""

    key: str
    allowed_at: datetime


@dataclass(frozen=True, slots=True)
class Refusals:
    """How often a message was refused for good in a row, and since when."""

    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Editor:
    """Brings messages in line with what is true, one at a time each."""

    around: OutboxContext
    holds: RetryGate
    every: timedelta
    """Between two edits of a message that is not old."""
    _refused: dict[str, Refusals] = field(default_factory=dict[str, Refusals])
    """What was refused for good lately, by key; in memory, as a restart may try it again."""
    _anew: set[str] = field(default_factory=set[str])
    """What this process sent in place of another message, by key."""

    def pending(self, now: datetime) -> list[PendingEdit]:
        """Return all there is to change, what may be changed first coming first."""
        sent = (each for each in self.around.watch_state.messages.values() if each.delivery is Delivery.SENT)
        wishes = [
            PendingEdit(message.key, self._allowed_at(message, now))
            for message in sent
            if self._is_off(message)
        ]
        return sorted(wishes, key=lambda wish: wish.allowed_at)

    def _is_off(self, message: Message) -> bool:
        if is_empty(message) or retry_policy.is_over(message, self.around.watch_state.incidents):
            return True
        try:
            return self.around.content.look(message).fingerprint != message.shown
        except Exception:  # noqa: BLE001 - to settle it says what is wrong, and holds up this message alone
            return True

    def _allowed_at(self, message: Message, now: datetime) -> datetime:
        """Return when a message may be touched: rarely again, and not while it is held."""
        every = self.every if message.sent_at and now - message.sent_at < OLD else EDIT_OLD_EVERY
        # Discord limits edits alone: what a later message has taken over goes at once.
        waits = message.edited_at and not is_empty(message) and not self._is_awaited(message)
        rested = message.edited_at + every if message.edited_at and waits else now
        held = self.holds.until(message.key, now) or now
        allowed = max(rested, held)
        return now if retry_policy.is_due(allowed, now) else allowed

    def _is_awaited(self, message: Message) -> bool:
        """Whether a person did something since the last edit, and looks for what came of it."""
        watch_state, shown_at = self.around.watch_state, message.edited_at or message.sent_at
        incidents = (watch_state.incidents.get(entry.incident) for entry in message.entries)
        acts = (watch_state.acted_at.get(each.channel or "") for each in incidents if each is not None)
        return shown_at is not None and any(at is not None and at >= shown_at for at in acts)

    async def reconcile(self, key: str) -> bool:
        """Bring one message in line; tell whether there was anything to do.

        Raises:
            NotDoneError: it cannot be done now.
        """
        message = self.around.watch_state.messages.get(key)
        if message is None or message.delivery is not Delivery.SENT:
            return False
        if message.channel_id is None or message.message_id is None:
            await self._finish(message)
            return True
        place = MessageRef(message.channel_id, message.message_id)
        try:
            await (self._delete(message, place) if is_empty(message) else self._edit(message, place))
        except DeliveryError as error:
            await self._note_refusal(message, error)
        else:
            self._refused.pop(key, None)
        return True

    async def _edit(self, message: Message, place: MessageRef) -> None:
        at = self.around.now()  # what changes while Discord answers is not shown yet
        look, is_over = (
            self.around.content.look(message),
            retry_policy.is_over(message, self.around.watch_state.incidents),
        )
        shown = look.fingerprint
        if shown != message.shown:
            self.around.at(FailPoint.EDITING)
            await self.around.post.edit(place, self.around.content.outgoing(message, look))
            self.around.at(FailPoint.EDITED)
        edited_at = message.edited_at if shown == message.shown else at
        await self._note_edit(message, shown, edited_at, is_over=is_over)

    async def _note_edit(
        self, message: Message, shown: str, edited_at: datetime | None, *, is_over: bool
    ) -> None:
        async with self.around.watch_state.transaction() as transaction:
            if (
                current := transaction.messages.get(message.key)
            ) is None or current.delivery is not Delivery.SENT:
                return
            # It may have come back while its end was being shown.
            is_over = is_over and retry_policy.is_over(current, transaction.incidents)
            after = Delivery.DONE if is_over else Delivery.SENT
            transaction.put_message(
                replace(current, shown=shown, edited_at=edited_at, delivery=after, plain=False)
            )
        self.around.at(FailPoint.NOTED)

    async def _delete(self, message: Message, place: MessageRef) -> None:
        self.around.at(FailPoint.DELETING)
        await self.around.post.delete(place)
        self.around.at(FailPoint.DELETED)
        await self._finish(message)

    async def _finish(self, message: Message) -> None:
        async with self.around.watch_state.transaction() as transaction:
            current = transaction.messages.get(message.key, message)
            transaction.put_message(replace(current, delivery=Delivery.DONE))

    async def _note_refusal(self, message: Message, error: DeliveryError) -> None:
        """Give up on a message that is gone or stuck, and have one whose form is refused shown as text alone.

        Raises:
            NotDoneError: it is to be tried again.
        """
        if is_gone(error):
            await self._give_up(message)
        elif error.kind is FailureKind.FORM and not message.plain:
            await self._put_plain(message, plain=True)
        elif error.kind in FOR_GOOD and self._is_hopeless(message):
            await self._leave(message, error)
        else:
            if message.plain and error.kind is FailureKind.FORM:
                await self._put_plain(message, plain=False)
            raise error

    async def _put_plain(self, message: Message, *, plain: bool) -> None:
        async with self.around.watch_state.transaction() as transaction:
            transaction.put_message(replace(transaction.messages.get(message.key, message), plain=plain))

    def _is_hopeless(self, message: Message) -> bool:
        """Count one more refusal for good, and return whether no further edit is worth a try."""
        now, known = self.around.now(), self.around.watch_state.messages
        self._anew.intersection_update(known)
        for key in self._refused.keys() - known.keys():
            del self._refused[key]
        before = self._refused.get(message.key, Refusals(0, now))
        self._refused[message.key] = refused = Refusals(before.count + 1, before.since)
        is_new = message.key in self._anew and near(message.sent_at or now, now, ANEW_EVERY)
        return not is_new and (refused.count >= TRIES or now - refused.since >= TRIED_FOR)

    async def _leave(self, message: Message, error: DeliveryError) -> None:
        """Leave a message as it stands, and send another in its place if it is about anything."""
        now, around = self.around.now(), self.around
        async with around.watch_state.transaction() as transaction:
            current = transaction.messages.get(message.key)
            if current is None or current.delivery is not Delivery.SENT:
                return
            transaction.put_message(retry_policy.stuck(current, error.reason, now))
            if goes_anew := retry_policy.goes_anew(current, transaction.messages):
                anew = retry_policy.sent_anew(current, around.teller.new_key(), now)
                self._anew.add(anew.key)
                around.untried.add(anew.key)
                transaction.put_message(anew)
        around.at(FailPoint.LEFT)
        log.warning(
            "a message to %s by %s cannot be changed any more (%s)%s",
            message.recipient,
            message.route,
            error.reason,
            ": it stays as it was, and is sent anew" if goes_anew else ": it stays as it was",
        )

    async def _give_up(self, message: Message) -> None:
        """Be done with a message that is not there any more; what it did not show is told otherwise."""
        async with self.around.watch_state.transaction() as transaction:
            current = transaction.messages.get(message.key, message)
            done, alerts = deleted(current, transaction.incidents)
            transaction.put_message(done)
            self.around.teller.plan_for(transaction, message.recipient, alerts)


def is_empty(message: Message) -> bool:
    """Whether all that a message was about was taken over by a later one."""
    return not message.entries


def is_gone(error: DeliveryError) -> bool:
    """Whether no edit will ever do: message or channel are not there, or the person closed the door."""
    return error.kind in (FailureKind.GONE, FailureKind.CLOSED) or error.reason == UNKNOWN_CHANNEL
