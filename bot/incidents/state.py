"""What the watch holds true, in memory as in the database: every change is written first, then seen."""

import asyncio
import math
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Self, TypeVar, assert_never

from pydantic import TypeAdapter

from bot.domain.accounts import Action
from bot.domain.incidents import Incident
from bot.domain.messages import Delivery, Message
from bot.incidents.change_log import ChangeLog
from bot.rules.policy import CLOCK_SLACK, RECUR_WINDOW
from bot.rules.poll_state import PollState, resume
from bot.rules.recipient import running
from bot.storage import Store, StoredMute

ENDED_STAYS: Final = RECUR_WINDOW
"""How long an ended incident stays in memory: the next episode of its account may be a recurring one."""
PUSHED_STAYS: Final = timedelta(days=7)
"""How long a finished message that notified stays in memory: reminders count from it."""

WATCH: Final = TypeAdapter(PollState)

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is true at one moment."""

    incidents: Mapping[str, Incident]
    messages: Mapping[str, Message]
    mutes: Mapping[str | None, StoredMute]
    watch: PollState

    def trimmed(self, now: datetime) -> Self:
        """Return what is worth holding in memory.

        Incidents that go on, ended less than 6 h ago, or are in a message that is not finished. Messages that
        are not finished; those that are done and about an incident that goes on, or that notified in the last
        7 days.
        """
        messages = {key: each for key, each in self.messages.items() if self._wants_message(each, now)}
        unfinished = (message for message in messages.values() if not is_finished(message))
        held = {entry.incident for message in unfinished for entry in message.entries}
        incidents = {
            key: each for key, each in self.incidents.items() if key in held or wants_incident(each, now)
        }
        return replace(self, incidents=incidents, messages=messages)

    def _wants_message(self, message: Message, now: datetime) -> bool:
        match message.delivery:
            case Delivery.WAITING | Delivery.CLAIMED | Delivery.SENT:
                return True
            case Delivery.CANCELLED:
                return False
            case Delivery.DONE:
                return is_recent_push(message, now) or any(running(message, self.incidents))
        assert_never(message.delivery)


def is_recent_push(message: Message, now: datetime) -> bool:
    """Whether a message notified so lately that a reminder may count from it."""
    return message.notify and message.sent_at is not None and message.sent_at > now - PUSHED_STAYS


def is_finished(message: Message) -> bool:
    """Whether nothing will be changed about a message any more."""
    return message.delivery in (Delivery.DONE, Delivery.CANCELLED)


def wants_incident(incident: Incident, now: datetime) -> bool:
    """Whether an incident is worth holding in memory for its own sake."""
    return incident.ended_at is None or incident.ended_at > now - ENDED_STAYS


class Transaction:
    """The changes of one turn: they show at once in it, and elsewhere when it has ended well."""

    def __init__(self, before: Snapshot) -> None:
        self._incidents = dict(before.incidents)
        self._messages = dict(before.messages)
        self._mutes = dict(before.mutes)
        self._watch = before.watch
        self.actions: list[Action] = []

    @property
    def incidents(self) -> Mapping[str, Incident]:
        """The incidents by key, as they will be."""
        return self._incidents

    @property
    def messages(self) -> Mapping[str, Message]:
        """The messages by key, as they will be."""
        return self._messages

    @property
    def mutes(self) -> Mapping[str | None, datetime]:
        """Until when each account is muted, all of them under None, as it will be."""
        return until_when(self._mutes)

    @property
    def watch(self) -> PollState:
        """What the rules remember from look to look, as it will be."""
        return self._watch

    def put_incident(self, incident: Incident) -> None:
        """Add an incident, or change it."""
        self._incidents[incident.key] = incident

    def put_message(self, message: Message) -> None:
        """Add a message, or change it; the incidents in it must be known, if only to the database."""
        self._messages[message.key] = message

    def put_mute(
        self, channel: str | None, until: datetime, by: int, length: timedelta | None = None
    ) -> None:
        """Mute an account, or all of them with None; one that is muted until now is so no more.

        `length` is how long it was asked for.
        """
        lasts = None if length is None else math.ceil(length.total_seconds())
        self._mutes[channel] = StoredMute(channel, until, by, lasts)

    def keep_mutes_short(self, at: datetime, step: timedelta) -> None:
        """Let no mute last longer than it was asked for, where the clock was set back by a step or before."""
        for channel, mute in self._mutes.items():
            latest = datetime.max.replace(tzinfo=UTC)
            if mute.lasts_seconds is not None:
                latest = at + timedelta(seconds=mute.lasts_seconds) + CLOCK_SLACK
            until = min(mute.until + step, latest)
            if until != mute.until:
                self._mutes[channel] = replace(mute, until=until)

    def put_watch(self, watch: PollState) -> None:
        """Change what the rules remember."""
        self._watch = watch

    def note(self, action: Action) -> None:
        """Add an entry to the audit."""
        self.actions.append(action)

    def snapshot(self) -> Snapshot:
        """Return what is true after this turn."""
        return Snapshot(dict(self._incidents), dict(self._messages), dict(self._mutes), self._watch)


class Signal:
    """Says that something changed to any number of waiters, none of whom misses a change."""

    def __init__(self) -> None:
        self.version = 0
        self._next = asyncio.Event()

    def fire(self) -> None:
        """Wake all who wait."""
        self.version += 1
        self._next.set()
        self._next = asyncio.Event()

    async def wait(self, seen: int) -> int:
        """Wait for a version other than the one seen, read before the state was, and return it."""
        while self.version == seen:
            await self._next.wait()
        return self.version


class WatchState:
    """The one memory that rules, outbox and commands share; a turn changes it, and the database with it."""

    def __init__(self, store: Store, memory: Snapshot, now: Callable[[], datetime]) -> None:
        self._store = store
        self._memory = memory
        self._now = now
        self._open = open_by_channel(memory.incidents)
        self._turn = asyncio.Lock()
        self.changed = Signal()
        self.log = ChangeLog()
        self.acted_at: dict[str, datetime] = {}
        """When a person last did something about each account, since the start."""

    @classmethod
    async def load(cls, store: Store, now: Callable[[], datetime]) -> Self:
        """Take up what the database holds.

        Raises:
            StoreError: the database cannot be read.
        """
        at, records = now(), store.watch
        written = await records.load_watch()
        watch = PollState() if written is None else WATCH.validate_json(written)
        return cls(
            store,
            Snapshot(
                {incident.key: incident for incident in await records.load_incidents(at - ENDED_STAYS)},
                {message.key: message for message in await records.load_messages(at - PUSHED_STAYS)},
                {mute.channel: mute for mute in await records.load_mutes()},
                resume(watch, await store.last_success()),
            ),
            now,
        )

    @property
    def incidents(self) -> Mapping[str, Incident]:
        """The incidents by key: see Memory.trimmed for which."""
        return self._memory.incidents

    @property
    def open_incidents(self) -> Mapping[str, Incident]:
        """The open incident of each account that has one, by channel; a new mapping after each change."""
        return self._open

    @property
    def messages(self) -> Mapping[str, Message]:
        """The messages by key: see Memory.trimmed for which."""
        return self._memory.messages

    @property
    def mutes(self) -> Mapping[str | None, datetime]:
        """Until when each account is muted, all of them under None; the time may be past."""
        return until_when(self._memory.mutes)

    @property
    def watch(self) -> PollState:
        """What the rules remember from look to look."""
        return self._memory.watch

    async def incident(self, key: str) -> Incident | None:
        """Return an incident, however long ago it ended."""
        return self.incidents.get(key) or await self._store.watch.incident(key)

    async def message(self, key: str) -> Message | None:
        """Return a message, however long ago it was sent."""
        return self.messages.get(key) or await self._store.watch.message(key)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        """Change the state, and have it alone meanwhile; all of it, or nothing if there is an error within.

        Memory and database agree after it in any case, also when the task is cancelled. A turn within a turn
        would wait for ever.

        Raises:
            StoreError: the changes could not be written; nothing has changed.
        """
        async with self._turn:
            transaction = Transaction(self._memory)
            yield transaction
            await shield_until_done(asyncio.create_task(self._commit(transaction), name="commit"))

    async def prune(self) -> None:
        """Forget what is too old to keep, in memory and in the database."""
        async with self._turn:
            now = self._now()
            self._memory = self._memory.trimmed(now)
            await self._store.prune(now)

    async def _commit(self, transaction: Transaction) -> None:
        before, after = self._memory, transaction.snapshot()
        is_changed = after != before or bool(transaction.actions)
        incidents = differing(before.incidents, after.incidents)
        messages = differing(before.messages, after.messages)
        if is_changed:
            await self._store.watch.save(
                incidents=incidents,
                messages=messages,
                mutes=differing(before.mutes, after.mutes),
                watch=None if after.watch == before.watch else WATCH.dump_json(after.watch).decode(),
                actions=transaction.actions,
            )
        self._memory = after.trimmed(self._now())
        if is_changed:
            self._open = open_by_channel(self._memory.incidents)
        self.acted_at |= {action.channel: action.at for action in transaction.actions}
        # The first good look since the start needs no writing, but the bot's status waits for it.
        if is_changed or after.watch.resumed != before.watch.resumed:
            self.changed.fire()
        self.log.committed(
            [(before.incidents.get(each.key), each) for each in incidents],
            [(before.messages.get(each.key), each) for each in messages],
            transaction.actions,
        )


def open_by_channel(incidents: Mapping[str, Incident]) -> Mapping[str, Incident]:
    """Return the incidents of accounts that are not over, by channel."""
    return {each.channel: each for each in incidents.values() if each.channel is not None and not each.ended}


def until_when(mutes: Mapping[str | None, StoredMute]) -> Mapping[str | None, datetime]:
    """Return the end of each mute."""
    return {channel: mute.until for channel, mute in mutes.items()}


def differing(before: Mapping[Key, Value], after: Mapping[Key, Value]) -> list[Value]:
    """Return the values that are new or not what they were."""
    return [
        value for key, value in after.items() if before.get(key) is not value and before.get(key) != value
    ]


async def shield_until_done(task: asyncio.Task[None]) -> None:
    """Wait for a task to its end; a cancellation meanwhile counts after that.

    Without this, a task cancelled between COMMIT and learning of it would leave the memory behind.
    """
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled from task.exception()
    task.result()
