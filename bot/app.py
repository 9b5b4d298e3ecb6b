"""The composition root: opens everything the bot needs, in order, and closes it in the reverse order."""

import asyncio
import gc
import logging
import sys
from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import aiohttp
from discord.ext import commands

from bot.actions.account_admin import AccountAdmin
from bot.actions.account_info import AccountInfoService
from bot.actions.info_order import ASKING, InfoOrder
from bot.actions.remedies import Remedies
from bot.cli.discord_errors import unavailable
from bot.cli.findings import WARN, chosen_services, warn
from bot.cli.terminal import signals
from bot.config import Settings
from bot.connection import serve
from bot.domain.clock import utc_now
from bot.domain.errors import ErrorCode
from bot.domain.measures import UNCOUNTED, Measures
from bot.domain.services import MIDJOURNEY, SERVICES
from bot.incidents.service import IncidentService
from bot.incidents.state import WatchState
from bot.incidents.transaction import NotificationPlanner
from bot.interactions.client import EXTENSIONS, Midwatch, Services
from bot.interactions.responses import PATIENCE
from bot.listener import measures_for, open_listener
from bot.loops import WARNINGS, WatchLoops
from bot.notifications import EDIT_EVERY, MemoryNotice, Outbox
from bot.notifications.apprise_transport import AppriseTransport, open_addresses
from bot.notifications.discord_transport import DiscordTransport
from bot.notifications.transport import Transports
from bot.pictures.process import Pictures
from bot.polling.account_cache import load_cache
from bot.polling.heartbeat import Heartbeat
from bot.polling.poller import AccountPoller
from bot.polling.pollers import AccountPollers
from bot.polling.warnings import AccountWarnings
from bot.providers.api_client import open_session
from bot.providers.mjproxy.client import MjproxyClient
from bot.providers.provider import Provider
from bot.providers.useapi.client import UseapiClient
from bot.providers.useapi.services import ServiceClient
from bot.render.outside_text import stopped_by_token
from bot.rules.audiences import Audience
from bot.rules.policy import Policy
from bot.runtime.errors import TokenRefusedError
from bot.runtime.language import ENGLISH, spoken
from bot.runtime.log_setup import log_fact
from bot.runtime.program import VERSION
from bot.runtime.supervisor import beside, first_of, supervise
from bot.storage import BUSY_TIMEOUT, Backups, Store, StoreError

log = logging.getLogger(__name__)

SWITCH_INTERVAL: Final = timedelta(microseconds=500)
"""How long a computation in a thread keeps the event loop waiting. Python's own 5 ms would add up."""
BACKUP_DELAY: Final = timedelta(hours=1)
"""The cap of the delay before a backup that failed is tried again."""
LAST_WORDS_LIMIT: Final = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Timings:
    """The waits of the bot, which tests shorten."""

    reset_sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Waits for the polls of a reset."""
    retry_sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Waits for the next attempt of a request to the API."""
    edit_every: timedelta = EDIT_EVERY
    busy_timeout: timedelta = BUSY_TIMEOUT
    """How long the start waits for a database that another program uses."""
    answer_patience: timedelta = PATIENCE
    """How long the stop waits for the answers under way."""


DEFAULT_TIMINGS: Final = Timings()


async def run(
    settings: Settings,
    stop: asyncio.Event | None = None,
    *,
    extensions: Iterable[str] = EXTENSIONS,
    timings: Timings = DEFAULT_TIMINGS,
) -> None:
    """Run the bot until a signal or the event stops it.

    Neither Discord nor the API needs to be up.

    Raises:
        TokenRefusedError: Discord does not accept the bot's token.
        UnavailableError: Discord ended the connection for good.
        StoreError: the database cannot be used.
    """
    stop = stop or asyncio.Event()
    sys.setswitchinterval(SWITCH_INTERVAL.total_seconds())
    async with AsyncExitStack() as stack:
        gc.freeze()  # what is there from the start on is not looked through again and again
        stack.callback(gc.unfreeze)
        stack.enter_context(signals(stop))  # which answer in the language of the terminal
        stack.enter_context(spoken(ENGLISH))  # as the log is
        try:
            store = await stack.enter_async_context(
                Store.open(settings.database_path, busy_timeout=timings.busy_timeout, give_up=stop.is_set)
            )
        except StoreError as error:
            if error.code is ErrorCode.DATABASE_LOCKED and stop.is_set():
                return
            raise
        session = await stack.enter_async_context(open_session(settings.proxy_url))
        settings, services = await chosen_services(settings, session)
        if services is not None:
            log.log(logging.WARNING if services.mark == WARN else logging.INFO, "%s", services.words)
        measures = measures_for(settings)
        providers = providers_of(settings, session, timings.retry_sleep, measures)
        stack.enter_context(logged(" and ".join(dict.fromkeys(each.address for each in providers))))
        bot = Midwatch(settings, store)
        bot.services = await assemble(bot, settings, store, session, providers, timings, measures)
        for each in providers:
            await stack.enter_async_context(beside(warn(each)))
        stack.push_async_callback(bot.services.pollers.close)
        stack.push_async_callback(bot.services.account_info.close)
        stack.push_async_callback(bot.services.pictures.close)
        listener = open_listener(settings, measures, bot.services.loops, store)
        await stack.enter_async_context(listener)
        await stack.enter_async_context(beside(bot.services.account_admin.look_back()))
        await stack.enter_async_context(bot)
        await load(bot, extensions)
        if backups := bot.services.backups:
            name = "backing up the database"
            loop = supervise(backups.run, name=name, stop=stop, longest_delay=BACKUP_DELAY)
            await stack.enter_async_context(beside(loop))
        serving = await stack.enter_async_context(beside(serve(bot, settings, stop)))
        if settings.alert_channel_id is None and not settings.alert_urls:
            log.warning("ALERT_CHANNEL_ID is not set: if a direct message fails, no one is alerted")
        stack.push_async_callback(bot.in_flight.finish, timings.answer_patience)
        stack.callback(store.shorten_waits)
        try:
            await first_of(stop.wait(), asyncio.shield(serving))
        except TokenRefusedError:
            try:
                await last_words(settings, bot.services.loops.outbox)
            except Exception:  # the exit code matters more
                log.exception("that Discord refuses the token cannot be said outside of Discord")
            raise


async def last_words(settings: Settings, outbox: Outbox) -> None:
    """Say outside of Discord that the watch ends as Discord refuses the token, and what it could not tell."""
    addresses = open_addresses(settings.alert_urls, settings.proxy_url)
    transport = AppriseTransport(addresses, LAST_WORDS_LIMIT)
    with spoken(settings.language):
        text = stopped_by_token(outbox.untold())
    sending = (transport.send(each.recipient, text, nonce="", silent=False) for each in addresses)
    await asyncio.gather(*sending, return_exceptions=True)


async def load(bot: Midwatch, extensions: Iterable[str]) -> None:
    """Load the cogs."""
    try:
        for extension in extensions:
            await bot.load_extension(extension)
    except commands.ExtensionError as error:
        log.exception("%s does not load", error.name)
        raise unavailable(error) from error


@contextmanager
def logged(api: str) -> Generator[None]:
    """Log the start and the stop."""
    words = "Midwatch %(version)s starts, to watch the accounts at %(api)s; stop it with Ctrl-C or SIGTERM"
    log_fact(log, "start", words, version=VERSION, api=api)
    try:
        yield
    finally:
        log_fact(log, "stop", "Midwatch %(version)s stopped", version=VERSION)


async def assemble(
    bot: Midwatch,
    settings: Settings,
    store: Store,
    session: aiohttp.ClientSession,
    providers: Sequence[Provider],
    timings: Timings = DEFAULT_TIMINGS,
    measures: Measures = UNCOUNTED,
) -> Services:
    """Build the services, with what the database holds."""
    useapi = next((each for each in providers if isinstance(each, UseapiClient)), None)
    names = [each.name for each in providers]
    with store.refuse_unknown_content():
        await bot.owners.load()
        await bot.languages.load()
        watch_state = await WatchState.load(store, utc_now, names)
        watch_state.measures = measures
        cache, greeted = await load_cache(store, names), await store.watch.greeted()
    policy = Policy(
        settings.poll_interval,
        settings.outage_after,
        settings.flap_window,
        settings.remind_after,
        settings.escalate_after,
        settings.info_every,
    )
    addresses = open_addresses(settings.alert_urls, settings.proxy_url)
    for each in addresses:
        log.info("recipient %d is %s, of ALERT_URLS", each.recipient, each.name)
    heard = Audience.ALL_PUSHES if settings.alert_urls_always else Audience.UNACCEPTED
    audiences = dict.fromkeys(settings.second_owners, Audience.ESCALATED)
    audiences |= {each.recipient: heard for each in addresses}
    planner = NotificationPlanner(lambda: bot.owners.ids, policy, audiences=audiences)
    incident_service = IncidentService(watch_state, planner, greeted)
    each_poller = [
        AccountPoller(each, store, cache, incident_service, measures=measures) for each in providers
    ]
    pollers = AccountPollers(each_poller, store, cache, incident_service)
    outside = [AppriseTransport(addresses)] if addresses else []
    transports = Transports(DiscordTransport(bot, settings.alert_channel_id), *outside)
    outbox = Outbox(
        watch_state,
        transports,
        planner,
        accounts=lambda: pollers.cache.with_unlisted,
        languages=bot.languages,
        edit_every=timings.edit_every,
        measures=measures,
    )
    notice = MemoryNotice(
        transports,
        lambda: bot.owners.ids,
        [each.recipient for each in addresses],
        always=settings.alert_urls_always,
        languages=bot.languages,
    )
    heartbeat = Heartbeat(session, settings.heartbeat_url)
    account_info = AccountInfoService(store, pollers)
    every = settings.info_every
    info_order = None if every is None else InfoOrder(account_info, pollers, store, every, now=utc_now)
    warnings = AccountWarnings(
        pollers, incident_service, settings.low_fast_time, store.usage.recent, now=utc_now
    )
    jobs = {WARNINGS: warnings.check} | ({} if info_order is None else {ASKING: info_order.ask_next})
    return Services(
        store,
        incident_service,
        pollers,
        account_info,
        AccountAdmin(useapi, pollers, incident_service, store),
        Remedies(pollers, incident_service, sleep=timings.reset_sleep),
        WatchLoops(
            pollers,
            incident_service,
            outbox,
            notice,
            heartbeat,
            settings.poll_interval,
            jobs,
            {WARNINGS: cache.changed.alarm()},
            now=utc_now,
        ),
        Pictures(settings.database_path.parent),
        info_order,
        {each.recipient: each.name for each in addresses},
        Backups(settings.database_path, keep, now=utc_now) if (keep := settings.backup_keep) else None,
    )


def providers_of(
    settings: Settings,
    session: aiohttp.ClientSession,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    measures: Measures = UNCOUNTED,
) -> list[Provider]:
    """Build the providers that are set up. `sleep` waits for the next attempt of a request."""
    providers: list[Provider] = []
    if settings.useapi_token is not None:
        account = (session, settings.useapi_url, settings.useapi_token)
        watched = settings.useapi_services
        providers += [UseapiClient(*account, sleep=sleep, measures=measures)] if MIDJOURNEY in watched else []
        services = (each for each in SERVICES if each.name in watched)
        providers += [ServiceClient(each, *account, sleep=sleep, measures=measures) for each in services]
    if settings.mjproxy is not None:
        providers.append(MjproxyClient(session, *settings.mjproxy, sleep=sleep, measures=measures))
    return providers
