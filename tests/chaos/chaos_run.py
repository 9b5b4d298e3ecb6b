"""Runs one life of the bot after the other between the simulations, and records what happens."""

import asyncio
import json
import re
import signal
import sqlite3
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Final, TypeVar

from bot.domain.clock import utc_now
from bot.domain.messages import reference
from tests.chaos.accounts import Accounts
from tests.chaos.hurry import SPEED, SetClock
from tests.chaos.records import MessageRow, Records
from tests.chaos.victim import Life
from tests.simulators.discord import ANSWER_WITHIN, SANDBOX_BOT_TOKEN, Json, Person, SimulatedDiscord
from tests.simulators.mjproxy import SimulatedMjproxy
from tests.simulators.useapi import MODERATION, SimulatedUseapi
from tests.support.clock import Clock
from tests.support.failpoints import FailPoint

T = TypeVar("T")
PATIENCE: Final = 20.0
"""Seconds, of the wall's clock: generous, for a machine that others use."""
ENDS_WITHIN: Final = 5.0
STARTS_FASTER: Final = 4
"""How many times faster than the real one the proxy starts accounts, so that a first check finds them run."""
TAIL: Final = 30
PRIVATE: Final = 64
"""The flag of a message that one person sees as an answer."""
CALLBACK: Final = re.compile(r"/interactions/(\d+)/[^/]+/callback")
UNKNOWN: Final = 404
UNWRITTEN: Final = "I cannot write down what I see"


class EndedByItselfError(Exception):
    """The bot ended for an unexplained reason."""

    def __init__(self, code: int | None, log_tail: str) -> None:
        super().__init__(f"the bot ended with code {code}\n{log_tail}")


@dataclass(frozen=True, slots=True)
class PlannedEnd:
    """The end of a life, at a step or after some seconds, and the time until the next start."""

    step: FailPoint | None = None
    count: int = 1
    after: float | None = None
    away: timedelta = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Creation:
    """A message that Discord created, with its row of the outbox at that moment."""

    message_id: int
    row: MessageRow | None


class Disk:
    """Another program's lock on the bot's database. The bot can write nothing meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: sqlite3.Connection | None = None
        self.refusals = 0
        """How often it has begun to refuse."""

    def refuse(self) -> bool:
        """Lock the database. Return whether that worked: the bot may be writing just now."""
        if self._held is not None:
            return True
        if not self._path.exists():
            return False
        other = sqlite3.connect(self._path, isolation_level=None, timeout=0)
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            other.close()
            return False
        self._held, self.refusals = other, self.refusals + 1
        return True

    def mend(self) -> None:
        """Let the bot write again."""
        if self._held is not None:
            self._held.close()
            self._held = None


class ChaosRun:
    """The simulations, the bot's lives, and what was done to the accounts."""

    def __init__(self, accounts: Accounts, world: SimulatedDiscord, folder: Path, clock: Clock) -> None:
        self.accounts = accounts
        self.world = world
        self.records = Records(folder / "midwatch.sqlite3")
        self.disk = Disk(self.records.path)
        self.owners = (world.owner, world.second_owner)
        self.planned_ends: deque[PlannedEnd] = deque()
        self.clock = clock
        self.names_owners = True
        """Whether the settings name the owners; else Discord does, once it is asked."""
        self.more_settings: dict[str, str] = {}
        self.kills = 0
        self.creations: list[Creation] = []
        self.late_answers: dict[int, set[int]] = {owner.id: set() for owner in self.owners}
        """The messages to each owner that stand for an answer, one at most for each that came too late."""
        self.notices: dict[int, set[int]] = {owner.id: set() for owner in self.owners}
        """The messages to each owner that are sent without the database, as it cannot be written."""
        self.flagged: list[str] = []
        """The account of each flag that was set without an open incident."""
        self.before_stop: Callable[[], Awaitable[None]] | None = None
        """What happens between the wish to end a life and the signal, as where the machine is slow."""
        self._askers: dict[str, int] = {}
        self._folder = folder
        self._process: ForkServerProcess | None = None
        self._planned_end = PlannedEnd()

    def now(self) -> datetime:
        """Return the time of the run."""
        return self.clock.now()

    # The bot's lives

    @property
    def tasks(self) -> Path:
        """Where the bot writes how many tasks it has."""
        return self._folder / "tasks"

    @property
    def pid(self) -> int | None:
        """The process of this life."""
        return self._process.pid if self._process is not None else None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    def begin(self) -> None:
        """Begin the next life. It begins with a database that can be written."""
        self.disk.mend()
        self._planned_end = planned = self.planned_ends.popleft() if self.planned_ends else PlannedEnd()
        life = Life(
            self._settings(),
            self.world.api,
            self.world.gateway,
            self._folder / "bot.log",
            self.tasks,
            self.clock,
            self._clock,
            planned.step,
            planned.count,
        )
        self._process = process = life.begin()
        if planned.after is not None:
            asyncio.get_running_loop().call_later(planned.after, process.kill)

    def _settings(self) -> Mapping[str, str]:
        owners = ",".join(str(owner.id) for owner in self.owners)
        return {
            "DISCORD_TOKEN": SANDBOX_BOT_TOKEN,
            "USEAPI_TOKEN": self.accounts.useapi.token,
            "USEAPI_URL": self.accounts.useapi.url,
            "MJPROXY_TOKEN": self.accounts.mjproxy.token,
            "MJPROXY_URL": self.accounts.mjproxy.url,
            **({"OWNER_IDS": owners} if self.names_owners else {}),
            "GUILD_IDS": str(self.world.guild_id),
            "POLL_INTERVAL": "5s",
            "FLAP_WINDOW": "15s",
            "DATABASE_PATH": str(self.records.path),
            **self.more_settings,
        }

    async def until(self, happens: Callable[[], T], patience: float = PATIENCE) -> T:
        """Run the bot, and start it again when it was killed, until a condition is true."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        while True:
            if not self.alive:
                self._record_end()
                self.begin()
            # A life that ends is noticed within a moment, as the condition is checked again now and then.
            left = max(deadline - loop.time(), 0.0)
            await self.world.wait_for(lambda: not self.alive or happens(), left)
            if value := happens():
                return value

    def kill(self) -> None:
        """End a life now."""
        assert self._process is not None
        self._process.kill()

    async def die(self) -> None:
        """Wait for the end of a life."""
        await self.world.wait_for(lambda: not self.alive, PATIENCE)
        self._record_end()

    def _record_end(self) -> None:
        """Record the end of a life, and let the time until the next start pass."""
        if self._process is None:
            return
        self._process.join()
        code, self._process = self._process.exitcode, None
        if code != -signal.SIGKILL:
            raise EndedByItselfError(code, self.log_tail())
        self.kills += 1
        self.pass_time(self._planned_end.away)

    async def stop(self) -> None:
        """Stop a life by a signal. It must end cleanly, unless it is killed first."""
        if self.before_stop is not None:
            await self.before_stop()
        if self._process is None:
            return
        self._process.terminate()
        await self.world.wait_for(lambda: not self.alive, ENDS_WITHIN)
        if self._process.exitcode == -signal.SIGKILL:
            self._record_end()
            return
        code, self._process = self._process.exitcode, None
        # It may have been so young that nothing in it minded signals yet.
        if code not in (0, -signal.SIGTERM):
            raise EndedByItselfError(code, self.log_tail())
        if self._planned_end.step is not None:
            self.planned_ends.appendleft(self._planned_end)  # it is still to come

    async def skip(self, by: timedelta) -> None:
        """Let time pass without the bot."""
        await self.stop()
        self.pass_time(by)

    def pass_time(self, by: timedelta) -> None:
        """Advance the clock. The next life starts with it."""
        self.clock.advance(by)

    @property
    def _clock(self) -> Path:
        return self._folder / "clock"

    def set_clock(self, by: timedelta) -> None:
        """Set the clock of the bot's machine forward or back. No other clock changes."""
        SetClock(self.clock, self._clock).set(by)

    def end(self) -> None:
        """End what still runs."""
        self.disk.mend()
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def log_tail(self) -> str:
        """Return the last lines of the log."""
        log = self._folder / "bot.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-TAIL:]) if log.exists() else ""

    # What happens to the accounts

    def flag(self, channel: str, text: str = MODERATION) -> None:
        """Flag an account that is not flagged."""
        self.flagged.append(channel)
        self.accounts.flag(channel, text)

    # What is to be seen

    def note_event(self, event: str, payload: Mapping[str, Any]) -> None:
        """Take note of every message at the moment Discord makes it, and of who asked what."""
        if event == "INTERACTION_CREATE":
            person = payload["member"]["user"] if "member" in payload else payload["user"]
            self._askers[payload["id"]] = int(person["id"])
        is_alert = event == "MESSAGE_CREATE" and not payload.get("flags", 0) & PRIVATE
        if is_alert and payload["author"]["id"] == str(self.world.bot_id):
            row = self.row_of(payload)
            self.creations.append(Creation(int(payload["id"]), row))
            if row is None and not self._note_notice(payload):
                self._note_answer(payload)

    def _note_notice(self, message: Mapping[str, Any]) -> bool:
        """Note a message that warns of a database that cannot be written. Return whether it is one."""
        is_notice = UNWRITTEN in message["content"]
        for owner in self.owners:
            if is_notice and int(message["channel_id"]) == self.world.dm_channel_id(owner):
                self.notices[owner.id].add(int(message["id"]))
        return is_notice

    def _note_answer(self, message: Mapping[str, Any]) -> None:
        """Take note of an answer that Discord took too late as one, so that it goes as a direct message."""
        for owner in self.owners:
            is_direct = int(message["channel_id"]) == self.world.dm_channel_id(owner)
            answers = self.late_answers[owner.id]
            if is_direct and len(answers) < self._given_up(owner):
                answers.add(int(message["id"]))

    def _given_up(self, owner: Person) -> int:
        """Count the interactions of an owner that Discord refused as too late (10062, a 404)."""
        refused = (
            found[1]
            for request in self.world.requests
            if request.status == UNKNOWN and (found := CALLBACK.fullmatch(request.path))
        )
        return sum(self._askers.get(interaction) == owner.id for interaction in refused)

    def row_of(self, message: Mapping[str, Any]) -> MessageRow | None:
        """Return the row of the outbox whose key stands in a message."""
        written = json.dumps(message, default=str)
        rows = self.records.messages()
        return next((each for each in rows if each.key in written or reference(each.key) in written), None)

    def sees(self, owner: Person) -> list[Json]:
        """Return the owner's direct messages, without answers to clicks and commands."""
        seen = self.world.messages(self.world.dm_channel_id(owner), owner)
        others = self.late_answers[owner.id] | self.notices[owner.id]
        return [each for each in seen if not each.get("flags", 0) & PRIVATE and int(each["id"]) not in others]

    def has_sent(self, channel: str) -> bool:
        """Whether every owner has a message that holds the account's open incident, recorded as sent."""
        going_on = [
            each.key for each in self.records.incidents() if each.channel == channel and not each.ended
        ]
        reached = {
            row.recipient
            for row in self.records.messages()
            if row.message_id is not None and any(row.holds(key) for key in going_on)
        }
        return reached == {owner.id for owner in self.owners}

    def is_settled(self) -> bool:
        """Whether all incidents have ended, and nothing is left to send, to edit or to delete."""
        incidents, messages = self.records.incidents(), self.records.messages()
        return all(incident.ended for incident in incidents) and all(row.finished for row in messages)

    def has_noticed(self) -> bool:
        """Whether the bot lives and knows of every flag that was set."""
        return self.alive and len(self._known()) >= len(self.flagged)

    def _known(self) -> list[str]:
        return [each.channel for each in self.records.incidents() if each.channel is not None]

    def state(self) -> str:
        """Describe what has not ended, for the report of a failure."""
        incidents = [each for each in self.records.incidents() if not each.ended]
        return "\n".join(
            map(str, [*incidents, *(row for row in self.records.messages() if not row.finished)])
        )


@asynccontextmanager
async def chaos_run(
    folder: Path, planned_ends: Iterable[PlannedEnd] = (), *, answer_within: float = ANSWER_WITHIN
) -> AsyncGenerator[ChaosRun]:
    """Set up the simulations of a run. No process is left afterwards.

    After `answer_within` seconds, which the hurried clock counts, Discord takes no answer to a press.
    """
    clock = Clock(utc_now(), speed=SPEED)
    async with (
        SimulatedUseapi(now=clock.now) as useapi,
        SimulatedMjproxy(now=clock.now, pace=STARTS_FASTER) as mjproxy,
        SimulatedDiscord(now=clock.now, answer_within=answer_within) as world,
    ):
        run = ChaosRun(Accounts(useapi, mjproxy), world, folder, clock)
        world.give_to_team(*((owner, "admin") for owner in run.owners))
        run.planned_ends.extend(planned_ends)
        backend = world._world.backend  # pyright: ignore[reportPrivateUsage] - it calls at the very moment
        backend.subscribers.append(run.note_event)
        try:
            yield run
        finally:
            run.end()
