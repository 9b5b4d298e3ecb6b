"""The program without its sockets: state, services and outbox on a database, with a clock to turn."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Final

from bot.domain.accounts import Account, EntryState, Flag, KnownAccount, Observation
from bot.domain.errors import Cause, ErrorCode
from bot.domain.incidents import ServiceProblem
from bot.domain.messages import Delivery
from bot.domain.providers import MJPROXY, USEAPI, reference_to
from bot.incidents.service import IncidentService
from bot.loops import WatchLoops
from bot.notifications import Outbox
from bot.notifications.outbox import LONGEST_REST
from bot.notifications.transport import MessageTransport, Transports
from bot.polling.account_cache import AccountCache
from bot.polling.heartbeat import Heartbeat
from bot.polling.poller import AccountPoller
from bot.providers.errors import Gone, PendingModeration, ProviderError, Unauthorized, Unpaid, Unreachable
from bot.providers.mjproxy.client import MjproxyClient
from bot.providers.provider import Listing, Provider
from bot.providers.useapi.client import UseapiClient
from bot.rules.decisions import Event, FlagReported, PollFailed, Tick
from bot.rules.policy import Policy
from bot.storage import BUSY_TIMEOUT, StoreError
from tests.properties.any_order.fake_discord import FakeDiscord
from tests.properties.any_order.others import AUDIENCES, ESCALATE_AFTER, Outside, Took
from tests.properties.any_order.truth import Shown
from tests.support.assembly import Assembly
from tests.support.clock import MINUTE, SECOND, Clock
from tests.support.failpoints import FailPoint, trapped
from tests.support.state_cases import content, put

START: Final = datetime(2026, 3, 1, 2, 10, tzinfo=UTC)
NAMES: Final = {
    "117080972166342241" + str(number): name
    for number, name in enumerate(("Aurora", "Borealis", "Cirrus", "Dusk"))
}
ANY_TEXT: Final = "US:{}@b.c"
"""A key of a midjourney-proxy, which may be any text."""
ROUNDS: Final = 200
"""The outbox comes to rest long before."""


def names_of(provider: str) -> dict[str, str]:
    """Return the names of the accounts of a provider by the references to them."""
    keys = "{}" if provider == USEAPI else ANY_TEXT
    return {reference_to(provider, keys.format(key)): name for key, name in NAMES.items()}


class Crash(BaseException):
    """The process dies at a step."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An event that was applied and committed: a poll, a failed poll, or the flag of an account."""

    channel: str | None = None
    text: str | None = None
    in_list: bool = True
    is_failure: bool = False
    is_new: bool = False
    """Whether the flag was only met, and is not committed yet."""


class RecordingService(IncidentService):
    """An incident service that records the events it has applied."""

    taken: list[Taken]

    async def apply(self, event: Event) -> None:
        await super().apply(event)
        match event:
            case FlagReported():
                self.taken.append(Taken(event.reference, event.flag.text, event.in_list))
            case Observation() | PollFailed():
                self.taken.append(Taken(is_failure=isinstance(event, PollFailed)))
            case Tick():
                pass


class Meeter(AccountPoller):
    """A poller that records the flags it has met."""

    taken: list[Taken]

    async def note_flag(self, reference: str, flag: Flag, *, in_list: bool = False) -> bool:
        if self.cache.get(reference) is not None:
            self.taken.append(Taken(reference, flag.text, in_list, is_new=True))
        return await super().note_flag(reference, flag, in_list=in_list)


class ListOnly(UseapiClient):
    """An API that shows one list, or fails."""

    def __init__(self) -> None:
        self.answer: tuple[Account, ...] | ProviderError = ()

    async def accounts(self) -> tuple[Account, ...]:
        if isinstance(self.answer, ProviderError):
            raise self.answer
        return self.answer


class ProxyListOnly(MjproxyClient):
    """A midjourney-proxy that shows one list, or fails."""

    def __init__(self) -> None:
        self.address = "https://proxy.example"
        self.answer: tuple[Account, ...] | ProviderError = ()

    async def read_list(self) -> Listing:
        if isinstance(self.answer, ProviderError):
            self.answer.provider = MJPROXY
            raise self.answer
        return Listing(self.answer)


class Beats(Heartbeat):
    """A heartbeat that is counted."""

    def __init__(self) -> None:
        self.count = 0

    async def beat(self) -> None:
        self.count += 1


def error_of(problem: ServiceProblem, channel: str | None, flag: Flag | None) -> ProviderError | None:
    """Return the error that causes a service problem; None where a list causes it."""
    match problem:
        case ServiceProblem.TOKEN:
            return Unauthorized(ErrorCode.TOKEN_REFUSED)
        case ServiceProblem.UNPAID:
            return Unpaid(Cause.QUOTA)
        case ServiceProblem.GONE:
            return Gone(ErrorCode.SERVICE_GONE)
        case ServiceProblem.PENDING:
            assert flag is not None
            return PendingModeration(flag, channel)
        case ServiceProblem.UNREACHABLE:
            return Unreachable(Cause.SILENT)
        case _:
            return None


class Process(Assembly):
    """A process and its successors, on the same database and with the same Discord."""

    chance = staticmethod(lambda: 1.0)
    policy = Policy(escalate_after=ESCALATE_AFTER)
    audiences = AUDIENCES

    def __init__(
        self, folder: Path, fake_discord: FakeDiscord, owners: set[int], provider: str, took: Took
    ) -> None:
        super().__init__(
            folder / "midwatch.sqlite3",
            Clock(START),
            owners,
            transport=fake_discord,
            busy_timeout=BUSY_TIMEOUT,
        )
        self.dies_at: FailPoint | None = None
        self.stays_down = timedelta()
        """How long it is dead then."""
        self.deaths = 0
        self.lives = 0
        self.down: set[int] = set()
        """The addresses that take nothing."""
        self._took = took
        self.refuses = False
        """Whether the database cannot be written."""
        self.taken: list[Taken] = []
        self.provider = provider
        self.api = ListOnly() if provider == USEAPI else ProxyListOnly()
        self.beats = Beats()
        self.outbox: Outbox
        self.loops: WatchLoops
        self._numbers = count(1)
        self._traps = ExitStack()
        self.names = names_of(provider)
        self._accounts = {
            channel: KnownAccount(Account(channel, 3, None), name) for channel, name in self.names.items()
        }

    def new_key(self) -> str:
        """Make a key that is the same in each run; its beginning, which people see, is its own."""
        return f"{next(self._numbers):012x}".ljust(32, "0")

    async def start(self) -> None:
        """Begin a process."""
        self.refuses = False
        self.lives += 1
        await self.__aenter__()
        self._traps.enter_context(trapped(self.reach, FakeDiscord))
        self.outbox = self.make_outbox()
        self.loops = self.make_loops(outbox=self.outbox, heartbeat=self.beats)

    async def end(self) -> None:
        """End the process."""
        self._traps.close()
        await self.__aexit__()

    def make_outbox(self, transport: MessageTransport | None = None) -> Outbox:
        return Outbox(
            self.watch_state,
            Transports(transport or self.transport, Outside(self.down, self._took)),
            self.planner,
            accounts=self.accounts,
            rest=self.rest,
            chance=self.chance,
        )

    def make_providers(self) -> Sequence[Provider]:
        return (self.api,)

    def make_incident_service(self, greeted: Collection[int]) -> IncidentService:
        service = RecordingService(self.watch_state, self.planner, greeted, monotonic=self.clock.monotonic)
        service.taken = self.taken
        return service

    def make_poller(self, provider: Provider, cache: AccountCache) -> AccountPoller:
        poller = Meeter(provider, self.store, cache, self.incident_service, now=self.clock.now)
        poller.taken = self.taken
        return poller

    def accounts(self) -> Mapping[str, KnownAccount]:
        return self._accounts

    async def let_write(self, *, may: bool) -> None:
        """Let the database be written, or not."""
        self.refuses = not may
        database = self.store._database  # pyright: ignore[reportPrivateUsage] - the store has no such switch
        await database.writer.execute(f"PRAGMA query_only = {not may:d}")

    def reach(self, step: FailPoint) -> None:
        if step is self.dies_at:
            self.dies_at = None
            raise Crash

    async def restart(self) -> None:
        """Die, and begin again with what the database holds: it is all that the state held."""
        self.deaths += 1
        await put(self.watch_state)
        before, held = content(self.watch_state), self.watch_state.messages.keys()
        await self.end()
        await self.start()
        # A message that was done with may be needed again: its incident came back after a reset.
        for key in self.watch_state.messages.keys() - held:
            assert self.watch_state.messages[key].delivery is Delivery.DONE
        incidents, _, *rest = content(self.watch_state)
        known = {key: each for key, each in self.watch_state.messages.items() if key in held}
        assert (incidents, known, *rest) == before
        if self.stays_down:
            await self.end()
            self.clock.advance(self.stays_down)
            await self.start()
        await self.incident_service.tick()  # as it begins with, before it sends anything

    async def poll(self, shown: Shown) -> bool:
        """Poll a list. Return whether it is accepted."""
        self.api.answer = tuple(self.entry(channel, text) for channel, text in shown.items())
        await self.loops.poll(self.poller)
        return self.poller.failure is None

    def entry(self, channel: str, text: str | None) -> Account:
        """Return an account as its provider lists it."""
        if text is None:
            return Account(channel, 3)
        state = EntryState.OK if self.provider == USEAPI else EntryState.FLAGGED
        return Account(channel, 3, Flag.of(text), entry=state)

    async def fail_poll(self, problem: ServiceProblem, channel: str | None, flag: Flag | None) -> None:
        """Fail a poll; a flag with an account is that account's, as a list that is refused may say."""
        error = error_of(problem, channel, flag)
        if error is None:
            with suppress(StoreError):
                await self.incident_service.apply(
                    PollFailed(self.clock.now(), problem, provider=self.provider)
                )
            return
        self.api.answer = error
        await self.loops.poll(self.poller)

    async def work(self) -> timedelta:
        """Do all that is due in Discord; give the time until something else will be."""
        for _ in range(ROUNDS):
            rest = await self.outbox.begin()
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
            now = self.clock.now()
            if now >= end:
                return
            sends = [now + max(rest, SECOND)] if rest != LONGEST_REST else []  # which says that it has none
            due = min(self.incident_service.next_tick(), end, *sends)
            pause = MINUTE if self.refuses else SECOND  # what is due cannot be done then
            until = max(due, min(now + pause, end)).replace(microsecond=0)
            self.clock.advance(until - now)
            with suppress(StoreError):
                await self.incident_service.tick()
