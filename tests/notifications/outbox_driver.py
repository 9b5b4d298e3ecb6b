"""An outbox over a real database, driven by hand: the clock, the loops, the crashes."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from bot.domain.accounts import Account, Flag, KnownAccount
from bot.domain.incidents import Incident, Reason, State, new_key
from bot.domain.messages import Delivery, Message, MessageItem, Purpose
from bot.notifications import Outbox
from bot.notifications.transport import MessageTransport
from bot.storage import BUSY_TIMEOUT
from tests.simulators.discord import Json, SimulatedDiscord
from tests.support.assembly import Assembly
from tests.support.clock import Clock
from tests.support.failpoints import FailPoint, trapped

T = TypeVar("T")
PATIENCE = 30.0
CHANNEL = "1000000000000000001"
FLAG = Flag.of("Please complete the captcha")


class Crash(BaseException):
    """The process dies at a step."""


def die_at(fatal: FailPoint) -> Callable[[FailPoint], None]:
    """Return what kills the process at a step."""

    def at(step: FailPoint) -> None:
        if step is fatal:
            raise Crash

    return at


class OutboxDriver(Assembly):
    """An outbox without loops. Each `process()` is one process on the same database."""

    chance = staticmethod(lambda: 1.0)

    def __init__(
        self, database: Path, transport: MessageTransport, world: SimulatedDiscord, clock: Clock
    ) -> None:
        super().__init__(database, clock, (), transport=transport, busy_timeout=BUSY_TIMEOUT)
        self.known_accounts = {CHANNEL: KnownAccount(Account(CHANNEL, 3, FLAG), "Aurora")}
        self.at: Callable[[FailPoint], None] = lambda _step: None
        self.outbox: Outbox
        self._world = world
        self._known: int | None = None
        """The version of the state that the outbox went to sleep with; None with something under way."""

    @asynccontextmanager
    async def process(self) -> AsyncGenerator[None]:
        """Open the database, with an outbox that begins nothing by itself."""
        async with self:
            self.outbox = self.make_outbox()
            with trapped(self.reach):
                yield

    def accounts(self) -> Mapping[str, KnownAccount]:
        return self.known_accounts

    def reach(self, step: FailPoint) -> None:
        """Come to a step of the outbox's work."""
        self.at(step)

    def pass_time(self, by: timedelta) -> None:
        """Let time pass here and at Discord."""
        self.clock.advance(by)
        self._world.pass_time(by.total_seconds())

    async def put(self, *values: Incident | Message) -> None:
        """Change the watch state in one transaction."""
        async with self.watch_state.transaction() as transaction:
            for value in values:
                if isinstance(value, Incident):
                    transaction.put_incident(value)
                else:
                    transaction.put_message(value)

    async def work(self) -> timedelta:
        """Do everything that is due, till nothing is; return the time the outbox would rest."""
        async with asyncio.timeout(PATIENCE):
            while True:
                rest = await self.outbox.begin()
                if not self.outbox.under_way:
                    return rest
                await asyncio.gather(*self.outbox.under_way)

    async def work_for(self, time: timedelta) -> None:
        """Let so much time pass, doing everything when it is due."""
        end = self.clock.now() + time
        while (rest := await self.work()) < (left := end - self.clock.now()):
            self.pass_time(max(rest, timedelta(milliseconds=1)))
        self.pass_time(max(left, timedelta(0)))
        await self.work()

    async def until(self, predicate: Callable[[], T]) -> T:
        """Wait until something is true of the watch state."""
        async with asyncio.timeout(PATIENCE):
            while True:
                seen = self.watch_state.changed.version
                if value := predicate():
                    return value
                await self.watch_state.changed.wait(seen)

    async def until_resting(self) -> None:
        """Wait till the outbox sleeps, with nothing under way and no change that it does not know."""
        async with asyncio.timeout(PATIENCE):
            while not self._is_resting:
                self.clock.slept.clear()
                await self.clock.slept.wait()

    async def live_until(self, predicate: Callable[[], object]) -> None:
        """Let time pass, whenever the outbox that runs by itself rests, till something is true.

        Raises:
            AssertionError: it did not become true within a day.
        """
        end = self.clock.now() + timedelta(days=1)
        await self.until_resting()
        while not predicate():
            assert self.clock.now() < end, "waited in vain for a day"
            self.pass_time(self.clock.wakes_in)
            await self.until_resting()

    @property
    def _is_resting(self) -> bool:
        return self.clock.sleeping > 0 and self._known == self.watch_state.changed.version

    def rest(self, event: asyncio.Event, seconds: float) -> Awaitable[None]:
        self._known = None if self.outbox.under_way else self.watch_state.changed.version
        return self.clock.rest(event, seconds)

    def unfinished(self) -> set[str]:
        """Return the keys of the messages that may still change."""
        over = (Delivery.DONE, Delivery.CANCELLED)
        return {key for key, message in self.watch_state.messages.items() if message.delivery not in over}

    def message(self, key: str) -> Message:
        """Return a message as it is now."""
        return self.watch_state.messages[key]

    def new_incident(self, channel: str = CHANNEL) -> Incident:
        """Make an incident that is open."""
        now = self.clock.now()
        return Incident(new_key(), State.OPEN, now, now, reference=channel, flag=FLAG, worst_kind=FLAG.kind)

    async def alert(self, recipient: int, *incidents: Incident) -> Message:
        """Put an alert that is due now, about a new incident unless others are given."""
        about = incidents or (self.new_incident(),)
        message = self.transaction(recipient, Purpose.ALERT, *about)
        await self.put(*about, message)
        return message

    async def put_due_in(self, recipient: int, time: timedelta) -> None:
        """Put an alert that is due later."""
        incident = self.new_incident()
        alert = self.transaction(recipient, Purpose.ALERT, incident)
        await self.put(incident, replace(alert, due_at=self.clock.now() + time))

    def transaction(self, recipient: int, purpose: Purpose, *incidents: Incident) -> Message:
        """Make a message that is due now."""
        now = self.clock.now()
        entries = tuple(MessageItem(incident.key, Reason.OPENED) for incident in incidents)
        notify = purpose not in (Purpose.NOTE, Purpose.HELLO)
        return Message(
            new_key(), recipient, purpose, notify=notify, created_at=now, due_at=now, entries=entries
        )

    async def empty(self, message: Message) -> None:
        """Take all it is about from a message, as a later one does."""
        await self.put(replace(self.message(message.key), entries=()))

    async def end(self, incident: Incident) -> None:
        """Let an incident end now."""
        current = self.watch_state.incidents[incident.key]
        await self.put(replace(current, state=State.ENDED, ended_at=self.clock.now()))


def created(world: SimulatedDiscord) -> list[Json]:
    """Return the bodies of all tries to send a message."""
    return [one.json for one in world.requests if one.method == "POST" and one.path.endswith("/messages")]


def edited(world: SimulatedDiscord) -> list[Json]:
    """Return the bodies of all tries to edit a message."""
    return [one.json for one in world.requests if one.method == "PATCH"]
