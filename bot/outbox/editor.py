"""Keeps every message that was sent as it should look, and takes away those about nothing any more."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.delivery import NotDoneError, Obstacle, Place
from bot.incidents import Delivery, Message
from bot.moments import Step
from bot.outbox import fate
from bot.outbox.health import Holds
from bot.outbox.letters import shown_by
from bot.outbox.sender import Surroundings
from bot.rules.sending import deleted

EDIT_EVERY: Final = timedelta(seconds=10)
OLD: Final = timedelta(hours=1)
EDIT_OLD_EVERY: Final = timedelta(minutes=10)
"""Discord limits edits of messages older than an hour much harder (30046)."""
UNKNOWN_CHANNEL: Final = "10003"


@dataclass(frozen=True, slots=True)
class Wish:
    """A message that is not as it should be, and when that may be changed."""

    key: str
    allowed_at: datetime


@dataclass(frozen=True, slots=True)
class Editor:
    """Brings messages in line with what is true, one at a time each."""

    around: Surroundings
    holds: Holds
    every: timedelta
    """Between two edits of a message that is not old."""

    def wishes(self, now: datetime) -> list[Wish]:
        """Give all there is to change, what may be changed first coming first."""
        sent = (each for each in self.around.ledger.messages.values() if each.delivery is Delivery.SENT)
        wishes = [
            Wish(message.key, self._allowed_at(message, now)) for message in sent if self._is_off(message)
        ]
        return sorted(wishes, key=lambda wish: wish.allowed_at)

    def _is_off(self, message: Message) -> bool:
        if is_empty(message) or fate.is_over(message, self.around.ledger.incidents):
            return True
        try:
            return shown_by(message, self.around.letters.look(message)) != message.shown
        except Exception:  # noqa: BLE001 - to settle it says what is wrong, and holds up this message alone
            return True

    def _allowed_at(self, message: Message, now: datetime) -> datetime:
        """Give when a message may be touched: rarely again, and not while it is held."""
        every = self.every if message.sent_at and now - message.sent_at < OLD else EDIT_OLD_EVERY
        # Discord limits edits alone: what a later message has taken over goes at once.
        rested = message.edited_at + every if message.edited_at and not is_empty(message) else now
        held = self.holds.until(message.key, now) or now
        allowed = max(rested, held)
        return now if fate.is_due(allowed, now) else allowed

    async def settle(self, key: str) -> bool:
        """Bring one message in line; tell whether there was anything to do.

        Raises:
            NotDoneError: it cannot be done now.
        """
        message = self.around.ledger.messages.get(key)
        if message is None or message.delivery is not Delivery.SENT:
            return False
        if message.channel_id is None or message.message_id is None:
            await self._finish(message)
            return True
        place = Place(message.channel_id, message.message_id)
        try:
            await (self._delete(message, place) if is_empty(message) else self._edit(message, place))
        except NotDoneError as error:
            await self._note_refusal(message, error)
        return True

    async def _edit(self, message: Message, place: Place) -> None:
        look, is_over = self.around.letters.look(message), fate.is_over(message, self.around.ledger.incidents)
        shown = shown_by(message, look)
        if shown != message.shown:
            self.around.at(Step.EDITING)
            await self.around.post.edit(place, self.around.letters.letter(message, look))
            self.around.at(Step.EDITED)
        await self._note_edit(message, shown, is_over=is_over)

    async def _note_edit(self, message: Message, shown: str, *, is_over: bool) -> None:
        now = self.around.now()
        edited_at = message.edited_at if shown == message.shown else now
        async with self.around.ledger.turn() as draft:
            if (current := draft.messages.get(message.key)) is None or current.delivery is not Delivery.SENT:
                return
            # It may have come back while its end was being shown.
            is_over = is_over and fate.is_over(current, draft.incidents)
            after = Delivery.DONE if is_over else Delivery.SENT
            draft.put_message(replace(current, shown=shown, edited_at=edited_at, delivery=after))
        self.around.at(Step.NOTED)

    async def _delete(self, message: Message, place: Place) -> None:
        self.around.at(Step.DELETING)
        await self.around.post.delete(place)
        self.around.at(Step.DELETED)
        await self._finish(message)

    async def _finish(self, message: Message) -> None:
        async with self.around.ledger.turn() as draft:
            current = draft.messages.get(message.key, message)
            draft.put_message(replace(current, delivery=Delivery.DONE))

    async def _note_refusal(self, message: Message, error: NotDoneError) -> None:
        """Give up on a message that is gone, and have one whose form is refused shown as text alone."""
        if is_gone(error):
            await self._give_up(message)
            return
        if error.obstacle is not Obstacle.FORM or message.plain:
            raise error
        async with self.around.ledger.turn() as draft:
            draft.put_message(replace(draft.messages.get(message.key, message), plain=True))

    async def _give_up(self, message: Message) -> None:
        """Be done with a message that is not there any more; what it did not show is told otherwise."""
        async with self.around.ledger.turn() as draft:
            current = draft.messages.get(message.key, message)
            done, alerts = deleted(current, draft.incidents)
            draft.put_message(done)
            self.around.teller.tell_one(draft, message.recipient, alerts)


def is_empty(message: Message) -> bool:
    """Whether all that a message was about was taken over by a later one."""
    return not message.entries


def is_gone(error: NotDoneError) -> bool:
    """Whether no edit will ever do: message or channel are not there, or the person closed the door."""
    return error.obstacle in (Obstacle.GONE, Obstacle.CLOSED) or error.reason == UNKNOWN_CHANNEL
