"""What a message of the outbox shows: made by the renderer, in the form that Discord's REST takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from discord import ui

from bot.domain.accounts import KnownAccount
from bot.domain.messages import Message, Route
from bot.incidents.state import WatchState
from bot.notifications.transport import CLOSED_REASONS, OutgoingMessage
from bot.render.alert_messages import DMS_CLOSED, look_of
from bot.render.message_content import Look


@dataclass(frozen=True, slots=True)
class ContentBuilder:
    """Writes each message by what is true now; a view is made anew each time, as discord.py asks."""

    watch_state: WatchState
    accounts: Callable[[], Mapping[str, KnownAccount]]
    view_of: Callable[[Look], ui.View]

    def look(self, message: Message) -> Look:
        """Return what a message should show now."""
        return look_of(message, self.watch_state.incidents, self.accounts(), note=note_for(message))

    def outgoing(self, message: Message, look: Look) -> OutgoingMessage:
        """Return a look as a letter, or as text alone if Discord refused its form before."""
        mentioned = message.recipient if message.route is Route.CHANNEL else None
        if message.plain:
            return OutgoingMessage(look.plain_text, None, ui.View(timeout=None), mentioned)
        return OutgoingMessage(look.content, look.embed, self.view_of(look), mentioned)


def note_for(message: Message) -> str | None:
    """Return what the recipient should know about the way the message took."""
    closed = message.route is Route.CHANNEL and message.failure in CLOSED_REASONS
    return DMS_CLOSED if closed else None
