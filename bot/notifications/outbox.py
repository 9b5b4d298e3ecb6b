"""The loop that tells: what is due is sent, what looks wrong is edited, and nothing but the stop ends it."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from discord import ui

from bot.domain.accounts import KnownAccount
from bot.domain.messages import Message, Route
from bot.incidents.planner import NotificationPlanner
from bot.incidents.state import WatchState
from bot.notifications import retry_policy, route_health
from bot.notifications.content import ContentBuilder
from bot.notifications.editor import EDIT_EVERY, Editor, PendingEdit
from bot.notifications.route_health import Report, RetryGate, RouteHealth
from bot.notifications.sender import OutboxContext, Sender
from bot.notifications.transport import DeliveryError, MessageTransport
from bot.render.message_content import Look
from bot.runtime.failpoints import FailPoint, no_failpoints
from bot.runtime.supervisor import Health, describe, end, first_of, is_being_cancelled, is_surprise, supervise
from bot.storage import StoreError

log = logging.getLogger(__name__)

LONGEST_REST: Final = timedelta(seconds=60)
"""A name given to an account shows in its messages by then, as no change of the state tells of it."""
LOGIN_REST: Final = timedelta(seconds=1)
NOW: Final = timedelta(0)
NAME: Final = "sending messages"


class Outbox:
    """Sends and edits the waiting messages.

    Each message is a task of its own, so that one that hangs holds up no other, neither sends nor edits.
    `edit_every` is between two edits of a message. `sleep`, `chance` (0 to 1) and `at`
    are for tests: the time, the luck, the crash.
    """

    def __init__(
        self,
        watch_state: WatchState,
        post: MessageTransport,
        teller: NotificationPlanner,
        *,
        accounts: Callable[[], Mapping[str, KnownAccount]],
        view_of: Callable[[Look], ui.View],
        now: Callable[[], datetime],
        edit_every: timedelta = EDIT_EVERY,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
        at: Callable[[FailPoint], None] = no_failpoints,
    ) -> None:
        self.health = Health()
        self._watch_state = watch_state
        self._post = post
        self._now = now
        self._sleep = sleep
        self._routes = RouteHealth(watch_state.messages.values())
        self._holds = RetryGate(now, chance)
        contents = ContentBuilder(watch_state, accounts, view_of)
        around = OutboxContext(
            watch_state,
            post,
            contents,
            self._routes,
            teller,
            frozenset(watch_state.messages),
            set(),
            now,
            chance,
            at,
        )
        self._sender = Sender(around)
        self._editor = Editor(around, self._holds, edit_every)
        self._sends: dict[str, asyncio.Task[None]] = {}
        self._edits: dict[str, asyncio.Task[None]] = {}
        self._finished = asyncio.Event()
        self._broken: dict[str, datetime] = {}
        """Since when work on a message has failed for a reason that nobody foresaw."""

    @property
    def routes(self) -> tuple[Route, ...]:
        """Return the routes there are."""
        return tuple(route for route in Route if self._post.has(route))

    def report(self) -> Report:
        """Return how telling goes: what is overdue, and how each route to each owner does."""
        messages = self._watch_state.messages
        broken = (since for key, since in self._broken.items() if key in messages)
        return route_health.report(self._watch_state, self._routes, self._now(), min(broken, default=None))

    async def run(self, stop: asyncio.Event) -> None:
        """Tell until the stop event; what is under way then is left to the next start."""
        try:
            await supervise(
                partial(self._round, stop),
                name=NAME,
                stop=stop,
                every=NOW,
                limit=None,
                health=self.health,
                sleep=self._sleep,
            )
        finally:
            await self._end()

    async def _round(self, stop: asyncio.Event) -> None:
        """Begin whatever is due, then rest until something changes, ends or comes due."""
        seen = self._watch_state.changed.version
        self._finished.clear()
        longest = min(self.begin(), LONGEST_REST) if self._post.ready else LOGIN_REST
        self.health.succeeded(NAME)
        await first_of(
            self._watch_state.changed.wait(seen),
            self._finished.wait(),
            stop.wait(),
            self._sleep(longest.total_seconds()),
        )

    @property
    def under_way(self) -> tuple[asyncio.Task[None], ...]:
        """What was begun and has not ended; each ends well, or is tried again later."""
        return *self._sends.values(), *self._edits.values()

    def begin(self) -> timedelta:
        """Begin what is due, and give the time till something else will be."""
        now = self._now()
        self._holds.keep(self._watch_state.messages.keys())
        waiting = [message for message in self._watch_state.messages.values() if message.on_its_way]
        next_sends = [self._begin_send(message, now) for message in waiting if message.key not in self._sends]
        wishes = [wish for wish in self._editor.pending(now) if wish.key not in self._sends]
        next_edits = [self._begin_edit(wish, now) for wish in wishes]
        times = [at for at in (*next_sends, *next_edits) if at is not None]
        return min((max(at - now, NOW) for at in times), default=LONGEST_REST)

    def _begin_send(self, message: Message, now: datetime) -> datetime | None:
        """Begin to send a message, or give when that is to be done."""
        ready_at = self._holds.until(message.key, now) or retry_policy.ready_at(
            message, self._watch_state, now
        )
        if ready_at > now:
            return ready_at
        self._start(self._sends, message.key, self._sender.attempt)
        return None

    def _begin_edit(self, wish: PendingEdit, now: datetime) -> datetime | None:
        """Begin to bring a message in line, or give when that is to be done."""
        if wish.allowed_at > now:
            return wish.allowed_at
        if wish.key not in self._edits:
            self._start(self._edits, wish.key, self._editor.reconcile)
        return None

    def _start(
        self, tasks: dict[str, asyncio.Task[None]], key: str, work: Callable[[str], Awaitable[bool]]
    ) -> None:
        task = asyncio.create_task(self._guarded(key, work), name=f"message {key}")
        tasks[key] = task

        def let_go(_task: asyncio.Task[None]) -> None:
            tasks.pop(key, None)
            self._finished.set()

        task.add_done_callback(let_go)

    async def _guarded(self, key: str, work: Callable[[str], Awaitable[bool]]) -> None:
        """Work on one message; whatever goes wrong holds up that one alone, and it is tried again."""
        try:
            if await work(key):
                self._holds.release(key)
                self._broken.pop(key, None)
            else:
                self._holds.hold(key)  # due, and yet nothing to do: not again at once
        except DeliveryError as error:  # of an edit or a deletion: a send notes its own refusals
            if not self._holds.is_held(key):
                log.warning("a message cannot be changed yet, and is tried again: %s", error.reason)
            self._holds.hold(key, error.wait)
        except StoreError:
            self._holds.hold(key)  # the log says already that nothing can be written
        except (Exception, asyncio.CancelledError) as error:  # one message must not stop the others
            if is_being_cancelled():
                raise
            self._holds.hold(key)
            self._broken.setdefault(key, self._now())
            log.warning("a message is left for later: %s", describe(error), exc_info=is_surprise(error))

    async def _end(self) -> None:
        await asyncio.gather(*map(end, self.under_way))
