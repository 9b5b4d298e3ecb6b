"""The hook: a secret path at which a callback makes the watch poll."""

import asyncio
import hmac
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from bot.domain.clock import utc_now
from bot.domain.secret import SecretStr
from bot.storage import Store, StoreError

HINT_EVERY: Final = timedelta(seconds=5)
NOTE_EVERY: Final = timedelta(minutes=1)
HOOK_CALLED: Final = "hook_called"
"""The key of the last call in the database."""

Later = Callable[[float, Callable[[], None]], object]
"""Calls a function after so many seconds."""


class Hook:
    """Polls at the first call, and once more five seconds later if there were others meanwhile.

    Nothing that a call says is believed.
    """

    def __init__(
        self,
        secret: SecretStr,
        poll: Callable[[], object],
        store: Store,
        *,
        now: Callable[[], datetime] = utc_now,
        later: Later | None = None,
    ) -> None:
        self._secret = secret
        self._poll = poll
        self._store = store
        self._now = now
        self._later = later or asyncio.get_running_loop().call_later
        self._waits = self._missed = False
        self._noted_at: datetime | None = None

    def is_at(self, path: str) -> bool:
        """Return whether a path is the hook's, in a time that tells nothing about it."""
        hook = f"/hook/{self._secret.get_secret_value()}".encode()
        return hmac.compare_digest(path.encode(errors="surrogateescape"), hook)

    async def called(self) -> None:
        """Poll soon, and write down when that was, to a minute."""
        self._hint()
        now = self._now()
        if self._noted_at is None or abs(now - self._noted_at) >= NOTE_EVERY:
            self._noted_at = now
            with suppress(StoreError):  # it is in the log
                await self._store.set_meta(HOOK_CALLED, now.isoformat())

    def _hint(self) -> None:
        self._missed = self._waits
        if not self._waits:
            self._waits = True
            self._poll()
            self._later(HINT_EVERY.total_seconds(), self._rested)

    def _rested(self) -> None:
        self._waits = False
        if self._missed:
            self._hint()
