"""The program without its sockets: ledger, watchkeeper and outbox on a database, with a clock to turn."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Final

from bot.controls import view_of
from bot.incidents import Delivery, Trouble
from bot.ledger import Ledger
from bot.models import Account, Flag, KnownAccount, Observation
from bot.moments import Step
from bot.outbox import Outbox
from bot.outbox.outbox import LONGEST_REST
from bot.rules.policy import Policy
from bot.store import Store
from bot.teller import Teller
from bot.watchkeeper import Watchkeeper
from tests.any_order.mailbox import Mailbox
from tests.any_order.truth import Shown
from tests.ledger_cases import content, put

START: Final = datetime(2026, 3, 1, 2, 10, tzinfo=UTC)
NAMES: Final = {
    "117080972166342241" + str(number): name
    for number, name in enumerate(("Aurora", "Borealis", "Cirrus", "Dusk"))
}
SECOND: Final = timedelta(seconds=1)
ROUNDS: Final = 200
"""The outbox comes to rest long before."""


class Crash(BaseException):
    """The process dies at a step."""


class Process:
    """A process and the ones that come after it, on the same database and before the same Discord."""

    def __init__(self, folder: Path, mailbox: Mailbox, owners: set[int]) -> None:
        self.at = START
        self.owners = owners
        self.dies_at: Step | None = None
        self.stays_down = timedelta()
        """How long it is dead then."""
        self.deaths = 0
        self._path = folder / "midwatch.sqlite3"
        self._mailbox = mailbox
        self._open = AsyncExitStack()
        self._numbers = count(1)
        self.store: Store
        self.ledger: Ledger
        self.keeper: Watchkeeper
        self.outbox: Outbox

    def now(self) -> datetime:
        return self.at

    def new_key(self) -> str:
        """Make a key that is the same in each run; its beginning, which people see, is its own."""
        return f"{next(self._numbers):012x}".ljust(32, "0")

    async def start(self) -> None:
        self.store = await self._open.enter_async_context(Store.open(self._path))
        self.ledger = await Ledger.load(self.store, self.now)
        teller = Teller(lambda: self.owners, Policy(), self.now, self.new_key)
        greeted = await self.store.watch.greeted()
        self.keeper = Watchkeeper(self.ledger, teller, greeted, keys=self.new_key)
        accounts = {channel: KnownAccount(Account(channel, 3, None), name) for channel, name in NAMES.items()}
        self.outbox = Outbox(
            self.ledger,
            self._mailbox,
            teller,
            accounts=lambda: accounts,
            view_of=view_of,
            now=self.now,
            chance=lambda: 1.0,
            at=self._reach,
        )

    def _reach(self, step: Step) -> None:
        if step is self.dies_at:
            self.dies_at = None
            raise Crash

    async def restart(self) -> None:
        """Die, and begin again with what the database holds: it is all that the ledger held."""
        self.deaths += 1
        await put(self.ledger)
        before, held = content(self.ledger), self.ledger.messages.keys()
        await self.end()
        await self.start()
        # A message that was done with may be wanted again: its trouble came back after a reset.
        for key in self.ledger.messages.keys() - held:
            assert self.ledger.messages[key].delivery is Delivery.DONE
        incidents, _, *rest = content(self.ledger)
        known = {key: each for key, each in self.ledger.messages.items() if key in held}
        assert (incidents, known, *rest) == before
        if self.stays_down:
            await self.end()
            self.at += self.stays_down
            await self.start()
        await self.keeper.tick()  # as it begins with, before it sends anything

    async def end(self) -> None:
        await self._open.aclose()
        self._open = AsyncExitStack()

    async def look(self, shown: Shown) -> bool:
        accounts = (Account(channel, 3, Flag.of(text) if text else None) for channel, text in shown.items())
        observation = Observation(self.at, tuple(accounts))
        is_believed = await self.keeper.looked(observation)
        if is_believed:
            await self.store.record_observation(observation)
        return is_believed

    async def fail(self, trouble: Trouble, channel: str | None, flag: Flag | None) -> None:
        """Fail a look; a flag with an account is that account's, as a list that is refused may say."""
        if channel is not None and flag is not None:
            await self.keeper.met(channel, flag, by_look=True)
        await self.keeper.failed(trouble, flag if channel is None else None)

    async def work(self) -> timedelta:
        """Do all that is due in Discord; give the time until something else will be."""
        for _ in range(ROUNDS):
            rest = self.outbox.begin()
            if not self.outbox.under_way:
                return rest
            done = await asyncio.gather(*self.outbox.under_way, return_exceptions=True)
            if any(isinstance(each, Crash) for each in done):
                await self.restart()
        raise AssertionError("the outbox works without an end")

    async def wait_until(self, end: datetime) -> None:
        """Let time pass with all that the clock brings about."""
        while True:
            rest = await self.work()
            if self.at >= end:
                return
            sends = (
                [self.at + max(rest, SECOND)] if rest != LONGEST_REST else []
            )  # which says that it has none
            due = min(self.keeper.next_tick(), end, *sends)
            self.at = max(due, min(self.at + SECOND, end)).replace(microsecond=0)
            await self.keeper.tick()
