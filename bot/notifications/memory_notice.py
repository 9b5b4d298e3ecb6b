"""The message that owners get without the database: while it cannot be written, no alert can be sent."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.domain.incidents import new_key
from bot.domain.messages import ROUTES, Route
from bot.incidents.languages import Languages
from bot.notifications.transport import DeliveryError, FailureKind, MessageRef, Transports
from bot.render.message_content import MessageContent
from bot.render.wellness import unwritten, written_again
from bot.runtime.language import spoken

LASTING: Final = frozenset({FailureKind.CLOSED, FailureKind.BROKEN, FailureKind.GONE})
"""After these failures the other routes must do."""

Way = tuple[int, Route]


@dataclass(slots=True)
class MemoryNotice:
    """Notifies each owner once by each route, and edits the same message when the database works again.

    The addresses outside of Discord are notified, too, if they always are or if Discord accepted nothing.

    All is in memory alone. A restart needs the database, so that nothing is left to show after it.
    """

    transports: Transports
    owners: Callable[[], Collection[int]]
    addresses: Collection[int] = ()
    always: bool = False
    """Whether the addresses get all that is sent in Discord."""
    languages: Languages = field(default_factory=Languages)
    _since: datetime | None = None
    _until: datetime | None = None
    """When the database worked again; None before."""
    _nonces: dict[Way, str] = field(default_factory=dict[Way, str])
    _sent: dict[Way, MessageRef | None] = field(default_factory=dict[Way, MessageRef | None])
    """The message of each route; None if the route refuses it."""

    @property
    def is_shown(self) -> bool:
        """Whether a notice is still to be sent or edited."""
        return self._since is not None

    async def show(self, since: datetime) -> None:
        """Send the notice by every route that has not taken it yet, to every owner."""
        is_first = self._since is None
        self._since, self._until = since, None
        owners, routes = sorted(self.owners()), (Route.DM, Route.CHANNEL)
        ways = [(owner, route) for owner in owners for route in routes if self.transports.has(route)]
        if self.always or not (is_first or any(self._sent.get(way) for way in ways)):
            ways += [(address, Route.ADDRESS) for address in self.addresses]
        await asyncio.gather(*(self._send(way, since) for way in ways if way not in self._sent))

    async def end(self, now: datetime) -> None:
        """Show in every notice that the database works again. The next run repeats a failed edit."""
        if self._since is None:
            return
        self._until = self._until or now
        period = self._since, self._until
        await asyncio.gather(*(self._finish(way, place, *period) for way, place in self._sent.items()))
        if not self._sent:
            self._nonces.clear()
            self._since = self._until = None

    async def _finish(self, way: Way, place: MessageRef | None, since: datetime, until: datetime) -> None:
        if place is not None:
            with spoken(self.languages.of(*way)):
                text = written_again(since, until)
            try:
                await self.transports.of(way[1]).edit(place, notice(text, *way))
            except DeliveryError as error:
                if error.kind not in LASTING:
                    return  # the next run tries again
        del self._sent[way]
        self._nonces.pop(way, None)  # the next notice is another message

    async def _send(self, way: Way, since: datetime) -> None:
        owner, route = way
        transport = self.transports.of(route)
        if not transport.ready:
            return
        nonce = self._nonces.setdefault(way, new_key()[:25])
        with spoken(self.languages.of(*way)):
            content = notice(unwritten(since), owner, route)
        try:
            channel = await transport.open(owner, route)
            place = await transport.send(channel, content, nonce=nonce, silent=False)
        except DeliveryError as error:
            if error.kind in LASTING:
                self._sent[way] = None
            return  # the next run tries again with the same nonce
        self._sent[way] = place


def notice(text: str, owner: int, route: Route) -> MessageContent:
    """Return the notice, with a mention in the channel."""
    if ROUTES[route].mentions:
        return MessageContent(f"<@{owner}> {text}", mentioned=owner)
    return MessageContent(text)
