"""Nonces: the same one within the window gives back the first message. simcord keeps none for history."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

WINDOW: Final = timedelta(minutes=3)
"""Discord's documentation says "the past few minutes"."""


@dataclass(slots=True)
class Nonces:
    """Which message a nonce made. Uniqueness is per author, and the bot is the only author here."""

    now: Callable[[], datetime]
    window: timedelta = WINDOW
    _seen: dict[str, tuple[datetime, int, int]] = field(default_factory=dict[str, tuple[datetime, int, int]])

    def recall(self, nonce: str | int) -> tuple[int, int] | None:
        """Channel and id of the message this nonce made within the window."""
        self._forget()
        seen = self._seen.get(str(nonce))
        return None if seen is None else seen[1:]

    def remember(self, nonce: str | int, channel_id: int, message_id: int) -> None:
        self._seen[str(nonce)] = (self.now(), channel_id, message_id)

    def _forget(self) -> None:
        oldest = self.now() - self.window
        self._seen = {nonce: seen for nonce, seen in self._seen.items() if seen[0] > oldest}
