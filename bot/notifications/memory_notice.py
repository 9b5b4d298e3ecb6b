"""The one message that owners get without the database: that no alert can be sent, as none can be kept."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.domain.incidents import new_key
from bot.domain.messages import Route
from bot.notifications.transport import DeliveryError, FailureKind, MessageRef, MessageTransport
from bot.render.message_content import MessageContent
from bot.render.wellness import unwritten, written_again

LASTING: Final = frozenset({FailureKind.CLOSED, FailureKind.BROKEN, FailureKind.GONE})
"""Nothing that passes by itself: the other routes have to do."""

Way = tuple[int, Route]


@dataclass(slots=True)
class MemoryNotice:
    """Tells each owner once by each route, and says in the same message when it is over.

    All is kept in memory alone: after a restart, which needs the database, nothing is said of it any more.
    """

    post: MessageTransport
    owners: Callable[[], Collection[int]]
    _since: datetime | None = None
    _until: datetime | None = None
    """When it was over; None while it lasts."""
    _nonces: dict[Way, str] = field(default_factory=dict[Way, str])
    _sent: dict[Way, MessageRef | None] = field(default_factory=dict[Way, MessageRef | None])
    """Where each message stands; None where a route will not take one."""

    async def show(self, since: datetime) -> None:
        """Send the notice by every route to every owner that has not taken it yet."""
        if not self.post.ready:
            return
        self._since, self._until = since, None
        routes = [route for route in Route if self.post.has(route)]
        ways = [(owner, route) for owner in sorted(self.owners()) for route in routes]
        await asyncio.gather(*(self._send(way, since) for way in ways if way not in self._sent))

    async def end(self, now: datetime) -> None:
        """Say in every notice that it is over; what Discord cannot change now is left to the next run."""
        if self._since is None:
            return
        self._until = self._until or now
        text = written_again(self._since, self._until)
        await asyncio.gather(*(self._finish(way, place, text) for way, place in self._sent.items()))
        if not self._sent:
            self._nonces.clear()
            self._since = self._until = None

    async def _finish(self, way: Way, place: MessageRef | None, text: str) -> None:
        if place is None or await self._edit(place, notice(text, *way)):
            del self._sent[way]
            self._nonces.pop(way, None)  # what is told next is another message

    async def _send(self, way: Way, since: datetime) -> None:
        owner, route = way
        nonce = self._nonces.setdefault(way, new_key()[:25])
        try:
            channel = await self.post.open(owner, route)
            place = await self.post.send(
                channel, notice(unwritten(since), owner, route), nonce=nonce, silent=False
            )
        except DeliveryError as error:
            if error.kind in LASTING:
                self._sent[way] = None
            return  # else it is tried again with the next run, under the same nonce
        self._sent[way] = place

    async def _edit(self, place: MessageRef, shown: MessageContent) -> bool:
        """Change a notice, and tell whether that is settled: done, or refused for good."""
        try:
            await self.post.edit(place, shown)
        except DeliveryError as error:
            return error.kind in LASTING
        return True


def notice(text: str, owner: int, route: Route) -> MessageContent:
    """Return the notice, with a mention where others read it, too."""
    if route is Route.CHANNEL:
        return MessageContent(f"<@{owner}> {text}", mentioned=owner)
    return MessageContent(text)
