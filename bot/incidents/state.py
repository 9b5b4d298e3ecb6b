"""The state of the watch, in memory and in the database. A change is written first, then seen."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Self, TypeVar

from bot.domain.incidents import Incident
from bot.domain.measures import UNCOUNTED
from bot.domain.messages import Message
from bot.domain.plain import plain, typed
from bot.domain.providers import USEAPI
from bot.domain.warnings import AccountWarning
from bot.incidents.change_log import ChangeLog
from bot.incidents.transaction import ENDED_STAYS, PUSHED_STAYS, Snapshot, Transaction, until_when
from bot.rules.poll_state import PollState, resume
from bot.runtime.aside import aside
from bot.storage import Store

Key = TypeVar("Key")
Value = TypeVar("Value")


class Signal:
    """Wakes any number of waiters when something changes. None of them misses a change."""

    def __init__(self) -> None:
        self.version = 0
        self._next = asyncio.Event()
        self._alarms: list[asyncio.Event] = []

    def alarm(self, event: asyncio.Event | None = None) -> asyncio.Event:
        """Return an event, a new one if none is given, that each change sets. Its one waiter clears it."""
        self._alarms.append(event or asyncio.Event())
        return self._alarms[-1]

    def fire(self) -> None:
        """Wake all waiters."""
        self.version += 1
        for alarm in self._alarms:
            alarm.set()
        self._next.set()
        self._next = asyncio.Event()

    async def wait(self, seen: int) -> int:
        """Wait until the version differs from `seen`, and return it. Read `version` before the state."""
        while self.version == seen:
            await self._next.wait()
        return self.version


class WatchState:
    """The state that rules, outbox and commands share. A transaction changes it, and the database with it."""

    def __init__(self, store: Store, memory: Snapshot, now: Callable[[], datetime]) -> None:
        self._store = store
        self._memory = memory
        self.now = now
        self._open = open_by_reference(memory.incidents)
        self._lock = asyncio.Lock()
        self.changed = Signal()
        self.log = ChangeLog()
        self.measures = UNCOUNTED
        self.prepare: Callable[[Mapping[str, Incident]], object] = lambda _: None
        """Called with what `open_incidents` will be, in a thread if that is much, before it is."""
        self.acted_at: dict[str, datetime] = {}
        """When a person last acted on each account, since the start."""

    @classmethod
    async def load(
        cls, store: Store, now: Callable[[], datetime], providers: Iterable[str] = (USEAPI,)
    ) -> Self:
        """Build the state from the database, with a state of polling for each provider.

        Raises:
            StoreError: the database cannot be read.
        """
        at, records = now(), store.watch
        poll_states: dict[str, PollState] = {}
        for provider in providers:
            written = await store.poll_state(provider)
            poll_state = PollState() if written is None else typed(PollState, json.loads(written))
            poll_states[provider] = resume(poll_state, await store.last_success(provider))
        return cls(
            store,
            Snapshot(
                {incident.key: incident for incident in await records.load_incidents(at - ENDED_STAYS)},
                {message.key: message for message in await records.load_messages(at - PUSHED_STAYS)},
                {mute.reference: mute for mute in await records.load_mutes()},
                poll_states,
                {warning.key: warning for warning in await records.load_warnings(at)},
            ),
            now,
        )

    @property
    def incidents(self) -> Mapping[str, Incident]:
        """The incidents by key: see `Snapshot.trimmed` for which."""
        return self._memory.incidents

    @property
    def open_incidents(self) -> Mapping[str, Incident]:
        """The open incident of each account that has one, by reference; a new mapping after each change."""
        return self._open

    @property
    def messages(self) -> Mapping[str, Message]:
        """The messages by key: see `Snapshot.trimmed` for which."""
        return self._memory.messages

    @property
    def warnings(self) -> Mapping[str, AccountWarning]:
        """The warnings by key: see `Snapshot.trimmed` for which."""
        return self._memory.warnings

    @property
    def mutes(self) -> Mapping[str | None, datetime]:
        """Until when each account is muted; the key None stands for all. The time may be past."""
        return until_when(self._memory.mutes)

    @property
    def poll_states(self) -> Mapping[str, PollState]:
        """What the rules remember from poll to poll of each provider."""
        return self._memory.poll_states

    async def incident(self, key: str) -> Incident | None:
        """Return an incident, however long ago it ended."""
        return self.incidents.get(key) or await self._store.watch.incident(key)

    async def message(self, key: str) -> Message | None:
        """Return a message, however long ago it was sent."""
        return self.messages.get(key) or await self._store.watch.message(key)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        """Change the state: wholly, or not at all if an error is raised in it. One at a time.

        Memory and database agree after it in any case, also if the task is cancelled. A transaction within a
        transaction would wait for ever.

        Raises:
            StoreError: the changes could not be written; nothing has changed.
        """
        async with self._lock:
            before = self._memory
            transaction = Transaction(before, self.now())
            yield transaction
            if transaction.is_changed or transaction.poll_states != before.poll_states:
                await shield_until_done(asyncio.create_task(self._commit(transaction), name="commit"))
                return
            after = replace(before, poll_states=transaction.poll_states)
            self._memory = await aside(len(after.incidents), after.trimmed, self.now())
            # The first good poll since the start is not written, but the bot's status waits for it.
            if unseen(transaction.poll_states) != unseen(before.poll_states):
                self.changed.fire()

    async def prune(self) -> None:
        """Forget what is too old, in memory and in the database."""
        async with self._lock:
            now = self.now()
            self._memory = self._memory.trimmed(now)
            await self._store.prune(now)

    async def _commit(self, transaction: Transaction) -> None:
        before, after = self._memory, transaction.snapshot()
        size = len(after.incidents)
        incidents, memory, opened = await aside(size, self._prepared, before, after)
        messages = differing(before.messages, after.messages)
        poll_states = {
            provider: json.dumps(plain(each))
            for provider, each in after.poll_states.items()
            if each != before.poll_states.get(provider)
        }
        await self._store.watch.save(
            incidents=incidents,
            warnings=differing(before.warnings, after.warnings),
            messages=messages,
            mutes=differing(before.mutes, after.mutes),
            poll_states=poll_states,
            actions=transaction.actions,
        )
        self._memory, self._open = memory, opened
        self.acted_at |= {action.reference: action.at for action in transaction.actions}
        self.changed.fire()
        changes = [(before.incidents.get(each.key), each) for each in incidents]
        for change in changes:
            self.measures.changed(*change)
        await aside(
            len(incidents),
            self.log.committed,
            changes,
            [(before.messages.get(each.key), each) for each in messages],
            transaction.actions,
        )

    def _prepared(
        self, before: Snapshot, after: Snapshot
    ) -> tuple[list[Incident], Snapshot, Mapping[str, Incident]]:
        """Return the incidents that changed, and what memory and `open_incidents` will be."""
        memory, opened = after.trimmed(self.now()), self._open
        if incidents := differing(before.incidents, after.incidents):
            self.prepare(opened := open_by_reference(memory.incidents))
        return incidents, memory, opened


def unseen(poll_states: Mapping[str, PollState]) -> list[str]:
    """Return the providers without a good poll since the start."""
    return [provider for provider, each in poll_states.items() if each.resumed]


def open_by_reference(incidents: Mapping[str, Incident]) -> Mapping[str, Incident]:
    """Return the open incident of each account, by reference."""
    return {
        each.reference: each for each in incidents.values() if each.reference is not None and not each.ended
    }


def differing(before: Mapping[Key, Value], after: Mapping[Key, Value]) -> list[Value]:
    """Return the values that are new or changed."""
    return [
        value for key, value in after.items() if before.get(key) is not value and before.get(key) != value
    ]


async def shield_until_done(task: asyncio.Task[None]) -> None:
    """Wait until a task is done. A cancellation meanwhile is raised after that.

    Otherwise memory would lack what the database has, if the task was cancelled right after its COMMIT.
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
