"""The bot's parts on one database, assembled as in `bot.app`, without Discord's gateway."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

import aiohttp

from bot.actions.account_info import AccountInfoService
from bot.domain.accounts import Account, KnownAccount, Observation
from bot.domain.actions import Action
from bot.domain.incidents import Incident, ServiceProblem, new_key
from bot.domain.messages import Message, Purpose, Route
from bot.domain.providers import MJPROXY, reference_to
from bot.domain.secret import SecretStr
from bot.incidents.service import IncidentService
from bot.incidents.state import WatchState
from bot.incidents.transaction import NotificationPlanner
from bot.loops import NO_JOBS, Job, WatchLoops
from bot.notifications import MemoryNotice, Outbox
from bot.notifications.apprise_transport import Address, AppriseTransport
from bot.notifications.transport import MessageRef, MessageTransport, Transports
from bot.polling.account_cache import AccountCache, load_cache
from bot.polling.heartbeat import Heartbeat
from bot.polling.poller import AccountPoller
from bot.polling.pollers import AccountPollers
from bot.polling.warnings import AccountWarnings
from bot.providers.api_client import Limits
from bot.providers.mjproxy.client import MjproxyClient
from bot.providers.provider import Provider
from bot.providers.useapi.client import UseapiClient
from bot.render.message_content import MessageContent
from bot.rules.audiences import Audience
from bot.rules.decisions import FlagReported, PollFailed
from bot.rules.policy import Policy
from bot.rules.poll_state import PollState
from bot.storage import Store
from tests.simulators.mjproxy import SimulatedMjproxy
from tests.simulators.useapi import SimulatedUseapi
from tests.support.clock import MINUTE, Clock
from tests.support.database import BUSY_TIMEOUT
from tests.support.samples import ADA, CHANNEL, FLAG
from tests.support.waiting import at_once

LIMITS: Final = Limits()
NOWHERE: Final = "http://127.0.0.1:1/v2"


class NoTransport:
    """A Discord that nobody has logged in to yet: nothing is sent, and all that is due waits."""

    ready: bool = False

    def has(self, route: Route) -> bool:
        """Whether messages go by a route: direct messages alone."""
        return route is Route.DM

    async def open(self, recipient: int, route: Route) -> int:
        raise AssertionError(recipient, route)

    async def send(self, channel_id: int, content: MessageContent, *, nonce: str, silent: bool) -> MessageRef:
        raise AssertionError(channel_id, content, nonce, silent)

    async def edit(self, place: MessageRef, content: MessageContent) -> None:
        raise AssertionError(place, content)

    async def delete(self, place: MessageRef) -> None:
        raise AssertionError(place)

    async def find(self, channel_id: int, key: str, since: datetime) -> MessageRef | None:
        raise AssertionError(channel_id, key, since)


class Assembly:
    """The parts of the bot. `async with` opens the database and builds them, as a start of the bot does.

    It watches useapi.net, a midjourney-proxy that is given, too, or that alone if no `api` is given.
    A subclass replaces a part by its own `make_...`.
    """

    policy = Policy()
    addresses: Sequence[Address] = ()
    audiences: Mapping[int, Audience] = MappingProxyType({})
    """The recipients besides the owners, the addresses among them."""
    state_type = WatchState
    new_key: Callable[[], str] = staticmethod(new_key)
    chance: Callable[[], float] = staticmethod(lambda: 0.5)
    """Half of the chance is no jitter."""

    session: aiohttp.ClientSession
    store: Store
    useapi: UseapiClient
    watch_state: WatchState
    planner: NotificationPlanner
    incident_service: IncidentService
    providers: Sequence[Provider]
    pollers: AccountPollers
    account_info: AccountInfoService

    def __init__(
        self,
        database: Path,
        clock: Clock,
        owners: Iterable[int] = (ADA,),
        *,
        api: SimulatedUseapi | None = None,
        proxy: SimulatedMjproxy | None = None,
        url: str | None = None,
        limits: Limits = LIMITS,
        busy_timeout: timedelta = BUSY_TIMEOUT,
        transport: MessageTransport | None = None,
    ) -> None:
        self.database = database
        self.clock = clock
        self.owners = owners if isinstance(owners, set) else set(owners)
        self.transport = transport or NoTransport()
        self.url, self.token = (url or api.url, api.token) if api else (NOWHERE, "none")
        self.proxy = proxy
        self._has_useapi = proxy is None or api is not None
        self._limits = limits
        self._busy_timeout = busy_timeout
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self.session = await stack.enter_async_context(aiohttp.ClientSession())
            opened = await stack.enter_async_context(
                Store.open(self.database, busy_timeout=self._busy_timeout)
            )
            self.store = self.make_store(opened)
            self.useapi = self.make_useapi()
            self.providers = self.make_providers()
            names = [each.name for each in self.providers]
            self.watch_state = await self.state_type.load(self.store, self.clock.now, names)
            self.planner = NotificationPlanner(lambda: self.owners, self.policy, self.new_key, self.audiences)
            self.incident_service = self.make_incident_service(await self.store.watch.greeted())
            cache = await load_cache(self.store, names)
            pollers = [self.make_poller(each, cache) for each in self.providers]
            self.pollers = AccountPollers(pollers, self.store, cache, self.incident_service)
            self.account_info = AccountInfoService(
                self.store, self.pollers, now=self.clock.now, monotonic=self.clock.monotonic
            )
            self._open = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        async with self._open:
            await self.account_info.close()
            await self.pollers.close()

    # The parts that a subclass may replace

    def make_store(self, opened: Store) -> Store:
        return opened

    def make_useapi(self) -> UseapiClient:
        return UseapiClient(
            self.session,
            self.url,
            SecretStr(self.token),
            limits=self._limits,
            sleep=at_once,
            now=self.clock.now,
        )

    def make_incident_service(self, greeted: Collection[int]) -> IncidentService:
        return IncidentService(self.watch_state, self.planner, greeted, monotonic=self.clock.monotonic)

    def make_providers(self) -> Sequence[Provider]:
        useapi = (self.useapi,) if self._has_useapi else ()
        return useapi if self.proxy is None else (*useapi, self.make_mjproxy(self.proxy))

    def make_mjproxy(self, proxy: SimulatedMjproxy) -> MjproxyClient:
        return MjproxyClient(
            self.session,
            proxy.url,
            SecretStr(proxy.token),
            limits=self._limits,
            sleep=at_once,
            now=self.clock.now,
            monotonic=self.clock.monotonic,
        )

    def make_poller(self, provider: Provider, cache: AccountCache) -> AccountPoller:
        return AccountPoller(
            provider, self.store, cache, self.incident_service, now=self.clock.now, sleep=self.clock.nap
        )

    @property
    def poller(self) -> AccountPoller:
        """The poller of useapi.net; of the proxy if that is watched alone."""
        return next(iter(self.pollers))

    @property
    def proxy_poller(self) -> AccountPoller:
        """The poller of the proxy."""
        return self.pollers.of(reference_to(MJPROXY, ""))

    @property
    def poll_state(self) -> PollState:
        """What the rules remember from poll to poll, of the provider of `poller`."""
        return self.poller.poll_state

    def accounts(self) -> Mapping[str, KnownAccount]:
        """Return the accounts that messages may name."""
        return self.pollers.cache.by_reference

    def rest(self, event: asyncio.Event, seconds: float) -> Awaitable[None]:
        """Rest in a loop of the bot."""
        return self.clock.rest(event, seconds)

    # What is built for a test that asks for it

    def make_outbox(self, transport: MessageTransport | None = None) -> Outbox:
        """Build the outbox. It begins nothing by itself."""
        return Outbox(
            self.watch_state,
            Transports(
                transport or self.transport, *([AppriseTransport(self.addresses)] if self.addresses else [])
            ),
            self.planner,
            accounts=self.accounts,
            rest=self.rest,
            chance=self.chance,
        )

    def make_loops(
        self,
        *,
        outbox: Outbox | None = None,
        transport: MessageTransport | None = None,
        interval: timedelta = MINUTE,
        heartbeat: Heartbeat | None = None,
        chance: Callable[[], float] | None = None,
        jobs: Mapping[str, Job] = NO_JOBS,
    ) -> WatchLoops:
        """Build the loops of the watch with an outbox of their own, if none is given."""
        return WatchLoops(
            self.pollers,
            self.incident_service,
            outbox or self.make_outbox(transport),
            MemoryNotice(Transports(transport or self.transport), lambda: self.owners),
            heartbeat or Heartbeat(self.session, None),
            interval,
            jobs,
            now=self.clock.now,
            rest=self.rest,
            chance=chance or self.chance,
        )

    def make_warnings(self, low: float | None = None) -> AccountWarnings:
        """Build what evaluates the warnings; `low` is LOW_FAST_TIME."""
        return AccountWarnings(
            self.pollers, self.incident_service, low, self.store.usage.recent, now=self.clock.now
        )

    # What happens to the watch

    async def see(self, *accounts: Account) -> bool:
        """Apply a list without asking the API, and return whether it is accepted."""
        await self.incident_service.apply(Observation(self.clock.now(), accounts))
        return self.poll_state.shrunk is None

    async def fail(self, problem: ServiceProblem) -> None:
        """Let a poll fail."""
        await self.incident_service.apply(PollFailed(self.clock.now(), problem))

    async def report(self, channel: str) -> None:
        """Let a command meet the flag of an account."""
        await self.incident_service.apply(FlagReported(self.clock.now(), channel, FLAG))

    async def flag(self) -> Incident:
        """Let the account be flagged, after a poll that showed it without a flag."""
        await self.see(Account(CHANNEL, 3))
        await self.see(Account(CHANNEL, 3, FLAG))
        return self.incident()

    # What there is to see

    def known(self, channel: str) -> KnownAccount:
        """Return an account of the cache."""
        known = self.pollers.cache.get(channel)
        assert known is not None
        return known

    def planned(self, purpose: Purpose = Purpose.ALERT) -> list[Message]:
        """Return the messages for a purpose."""
        return [message for message in self.watch_state.messages.values() if message.purpose is purpose]

    def incident(self, channel: str | None = CHANNEL) -> Incident:
        """Return the only incident of an account, or of the service."""
        (incident,) = (each for each in self.watch_state.incidents.values() if each.reference == channel)
        return incident

    async def audit(self, channel: str = CHANNEL) -> list[tuple[int, str, str]]:
        """Return who did what to an account with which outcome, the oldest first."""
        actions: Iterable[Action] = await self.store.actions(channel, limit=100)
        return [(each.actor_id, each.verb, each.outcome) for each in reversed(list(actions))]
