"""The loop that sends the messages that are due and edits the ones that changed."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from bot.domain.accounts import KnownAccount
from bot.domain.measures import UNCOUNTED, Measures
from bot.domain.messages import Message, Route, RouteState
from bot.incidents.languages import Languages
from bot.incidents.state import WatchState
from bot.incidents.transaction import NotificationPlanner
from bot.notifications import retry_policy, route_health
from bot.notifications.editor import EDIT_EVERY, Editor
from bot.notifications.route_health import RetryGate, RouteHealth
from bot.notifications.sender import Contents, Sender
from bot.notifications.transport import DeliveryError, Transports
from bot.runtime.supervisor import (
    Health,
    Rest,
    describe,
    end,
    is_being_cancelled,
    is_surprise,
    rest,
    supervise,
)
from bot.storage import StoreError

log = logging.getLogger(__name__)

LONGEST_REST: Final = timedelta(seconds=60)
"""A new account name is in its messages by then: it does not change the watch state."""
LOGIN_REST: Final = timedelta(seconds=1)
NAME: Final = "sending messages"


class Outbox:
    """Sends and edits messages.

    Each message is a task of its own, so that one that hangs holds up no other. `edit_every` is the time
    between two edits of a message. `rest` and `chance` (0 to 1) are for tests.
    """

    def __init__(
        self,
        watch_state: WatchState,
        transports: Transports,
        planner: NotificationPlanner,
        *,
        accounts: Callable[[], Mapping[str, KnownAccount]],
        languages: Languages | None = None,
        edit_every: timedelta = EDIT_EVERY,
        rest: Rest = rest,
        chance: Callable[[], float] = random.random,
        measures: Measures = UNCOUNTED,
    ) -> None:
        self.health = Health()
        self._watch_state = watch_state
        self._transports = transports
        self._now = watch_state.now
        self._rest = rest
        self._routes = RouteHealth(watch_state.messages.values())
        self._gate = RetryGate(watch_state.now, chance)
        unsent: set[str] = set()
        inherited = frozenset(watch_state.messages)
        contents = Contents(watch_state, planner, accounts, languages or Languages())
        self._sender = Sender(
            watch_state, transports, planner, contents, unsent, self._routes, inherited, chance, measures
        )
        self._editor = Editor(watch_state, transports, planner, contents, unsent, self._gate, edit_every)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        """The sends and the edits under way, by the keys of their messages."""
        self._wake = watch_state.changed.alarm()
        self._broken: dict[str, datetime] = {}
        """Since when a message has failed because of an unforeseen error."""

    @property
    def edit_every(self) -> timedelta:
        """Return the time between two edits of a message that is not old."""
        return self._editor.every

    @property
    def routes(self) -> tuple[Route, ...]:
        """Return the routes that exist."""
        return self._transports.routes

    @property
    def route_states(self) -> Mapping[tuple[int, Route], RouteState]:
        """Return the state of each route to each owner that was tried."""
        return self._routes.states

    def overdue_since(self) -> datetime | None:
        """Return since when the oldest undelivered message has been overdue; None if no message is."""
        messages, incidents = self._watch_state.messages, self._watch_state.incidents
        overdue = route_health.overdue_since(messages, incidents, self._now())
        broken = (since for key, since in self._broken.items() if key in messages)
        return min((*broken, *([overdue] if overdue else [])), default=None)

    def untold(self) -> list[str]:
        """Return the first line of each push that was not accepted yet."""
        messages = self._watch_state.messages.values()
        pushes = [each for each in messages if each.notify and each.on_its_way and each.entries]
        contents, incidents = self._sender.contents, self._watch_state.incidents
        texts = (contents.of(each, incidents, contents.languages.shared).content for each in pushes)
        return list(dict.fromkeys(text.partition("\n")[0] for text in texts))

    async def run(self, stop: asyncio.Event) -> None:
        """Send and edit until the stop event. The next start goes on with what is cut off."""
        try:
            await supervise(
                self._begin_or_wait,
                name=NAME,
                stop=stop,
                health=self.health,
                wake=self._wake,
                rest=self._rest,
            )
        finally:
            await asyncio.gather(*map(end, self.under_way))

    async def _begin_or_wait(self) -> timedelta:
        """Begin what is due, and return the time until something else is if nothing changes or ends."""
        return min(await self.begin(), LONGEST_REST) if self._transports.is_any_ready else LOGIN_REST

    @property
    def under_way(self) -> tuple[asyncio.Task[None], ...]:
        """Return the tasks that have not ended."""
        return tuple(self._tasks.values())

    async def begin(self) -> timedelta:
        """Begin what is due, and return the time until something else is."""
        edits = await self._editor.pending(self._now())
        now, messages, incidents = self._now(), self._watch_state.messages, self._watch_state.incidents
        self._gate.keep(messages.keys())
        sends = {
            key: self._gate.until(key, now) or retry_policy.ready_at(each, messages, incidents, now)
            for key, each in messages.items()
            if each.on_its_way
        }
        later: list[timedelta] = []
        for times, work in ((sends, self._sender.attempt), (edits, self._editor.reconcile)):
            for key, at in times.items():
                if key in self._tasks:
                    continue
                if not self._is_ready(messages.get(key)):
                    later.append(LOGIN_REST)
                elif at > now:
                    later.append(at - now)
                else:
                    self._tasks[key] = task = asyncio.create_task(
                        self._guarded(key, work), name=f"message {key}"
                    )
                    task.add_done_callback(partial(self._forget, key))
        return min(later, default=LONGEST_REST)

    def _is_ready(self, message: Message | None) -> bool:
        """Whether the route of a message takes requests yet."""
        return message is None or self._transports.of(message.route).ready

    def _forget(self, key: str, _task: asyncio.Task[None]) -> None:
        self._tasks.pop(key, None)
        self._wake.set()

    async def _guarded(self, key: str, work: Callable[[str], Awaitable[bool]]) -> None:
        """Work on one message. An error holds up this message alone, which is tried again."""
        try:
            if await work(key):
                self._gate.release(key)
                self._broken.pop(key, None)
            else:
                self._gate.hold(key)  # it was due, but there was nothing to do: not again at once
        except DeliveryError as error:  # of an edit or a deletion: the sender records its own
            if not self._gate.is_held(key):
                log.warning("a message cannot be changed yet, and is tried again: %s", error.reason)
            self._gate.hold(key, error.wait)
        except StoreError:
            self._gate.hold(key)  # it is in the log already
        except (Exception, asyncio.CancelledError) as error:  # one message must not stop the others
            if is_being_cancelled():
                raise
            self._gate.hold(key)
            self._broken.setdefault(key, self._now())
            log.warning("a message is left for later: %s", describe(error), exc_info=is_surprise(error))
