"""The demo: simulated services, a simulated Discord, the real bot between them, and a page."""

import asyncio
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Collection, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bot.domain.account_info import InfoSnapshot, parse_info
from bot.storage import Store
from tests.demo import launch
from tests.demo.page import Living, PageServer, Proxy, Stage, Useapi
from tests.demo.process import BotProcess, Spawn, spawn
from tests.simulators.discord import SANDBOX_BOT_TOKEN, SimulatedDiscord
from tests.simulators.mjproxy import SimulatedMjproxy
from tests.simulators.useapi import Plan, SimulatedUseapi

MIDJOURNEY_TAKES: Final = 1.2
"""Seconds until `/info` is answered: long enough to see the bot think."""
ASKED_BEFORE: Final = timedelta(hours=3)
"""How long before the demo the bot is said to have asked for account information."""
NEVER_ASKED: Final = "fjord"
"""The account whose name the bot does not know yet."""
PROXY_ACCOUNTS: Final = {
    "jasper": "Pro",
    "kelpie": "Standard",
    "lagoon": "Mega",
    "meadow": "Basic",
    "nimbus": "Standard",
    "": "Basic",
}
"""The accounts of the proxy by remark, of which one has none, and their plans."""
DATABASE: Final = "midwatch.sqlite3"
PACE: Final = {"POLL_INTERVAL": 5, "FLAP_WINDOW": 15, "OUTAGE_AFTER": 15}
"""The seconds of what takes minutes by default, so that a visitor sees it."""
PROXY_PACE: Final = 6
"""How many times faster than the real one the proxy starts its accounts, and is looked at after a remedy."""
PROVIDERS: Final = (Useapi.key, Proxy.key)
LIVING: Final = {
    "runwayml": "studio@example.com",
    "kling": "clips@example.com",
    "google-flow": "f***@example.com",
}
"""The accounts of other services of useapi.net, which can be watched, too."""
REMIND_AFTER: Final = "5m,10m,1h"
FAST_TIME_GONE: Final = (
    "**Subscription**: Standard (Active monthly, renews next on <t:1798106400>)\n"
    "**Visibility Mode**: Public\n"
    "**Fast Time Remaining**: 0.0/15.0 hours (0%)\n"
    "**Lifetime Usage**: 8213 images (88.70 hours)\n"
    "**Relaxed Usage**: 1204 images (12.15 hours)\n\n"
    "**Queued Jobs (fast)**: 0\n**Queued Jobs (relax)**: 3\n**Running Jobs**: None"
)


def seed(useapi: SimulatedUseapi) -> None:
    """Configure six accounts of all plans, one without fast time; the rest is up to the visitor."""
    accounts = (
        useapi.add(discord_name="aurora", plan=Plan.MEGA, max_jobs=12),
        useapi.add(discord_name="basalt", plan=Plan.PRO, max_jobs=9),
        useapi.add(discord_name="cinder", plan=Plan.STANDARD, max_jobs=3, info_text=FAST_TIME_GONE),
        useapi.add(discord_name="dapple", plan=Plan.TRIAL, max_jobs=1),
        useapi.add(discord_name="ember", plan=Plan.BASIC, max_jobs=3),
        useapi.add(discord_name="fjord", plan=Plan.PRO, max_jobs=12),
    )
    newcomers = (
        useapi.newcomer(discord_name="garnet", plan=Plan.MEGA),
        useapi.newcomer(discord_name="heron", plan=Plan.BASIC),
        useapi.newcomer(discord_name="iris", plan=Plan.PRO, midjourney=False),
    )
    for account in (*accounts, *newcomers):
        account.info_seconds = MIDJOURNEY_TAKES


def seed_proxy(proxy: SimulatedMjproxy) -> None:
    """Set up seven accounts: one without a remark, one paused, and the others run."""
    for remark, subscription in PROXY_ACCOUNTS.items():
        account = proxy.add(remark=remark or None)
        account.info["Subscription"] = f"{subscription} (Active monthly, renews next on <t:1798300800>)"
    paused = proxy.add(remark="onyx", running=False)
    proxy.pause(paused.id)
    proxy.sync_seconds = MIDJOURNEY_TAKES


async def remember(useapi: SimulatedUseapi, folder: Path) -> None:
    """Store information of all accounts but one, so that the bot knows their names."""
    at, took = datetime.now(UTC) - ASKED_BEFORE, timedelta(seconds=MIDJOURNEY_TAKES)
    async with Store.open(folder / DATABASE) as store:
        for account in useapi.accounts.values():
            if account.discord_name != NEVER_ASKED:
                info = parse_info(account.info_text, account.discord_name)
                await store.record_info(account.channel, InfoSnapshot(at, took, info))


def bot_command(
    discord: SimulatedDiscord,
    services: Mapping[str, SimulatedUseapi | SimulatedMjproxy],
    folder: Path,
    *,
    hurry: float = 1,
    living: bool = False,
) -> list[str]:
    """Return the command that runs the bot between these, with its database in this folder."""
    settings = {
        "DISCORD_TOKEN": SANDBOX_BOT_TOKEN,
        **{f"{name.upper()}_TOKEN": service.token for name, service in services.items()},
        **{f"{name.upper()}_URL": service.url for name, service in services.items()},
        **({"USEAPI_SERVICES": ",".join(("midjourney", *LIVING))} if living else {}),
        "GUILD_IDS": str(discord.guild_id),
        "ALERT_CHANNEL_ID": str(discord.channel_id),
        "DATABASE_PATH": str(folder / DATABASE),
        **{name: f"{seconds}s" for name, seconds in PACE.items()},
        "REMIND_AFTER": REMIND_AFTER,
    }
    return launch.command(discord.api, discord.gateway, folder, settings, hurry=hurry, pace=PROXY_PACE)


@asynccontextmanager
async def demo(
    providers: Collection[str] = PROVIDERS, *, hurry: float = 1, spawn: Spawn = spawn
) -> AsyncGenerator[tuple[PageServer, BotProcess]]:
    """Start the simulations, of these services, the bot and the page. All of it ends with the block."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="midwatch-demo-")))
        discord = await stack.enter_async_context(SimulatedDiscord())
        services: dict[str, SimulatedUseapi | SimulatedMjproxy] = {}
        shown: list[Useapi | Living | Proxy] = []
        if Useapi.key in providers:
            services[Useapi.key] = useapi = await stack.enter_async_context(SimulatedUseapi())
            seed(useapi)
            await remember(useapi, folder)
            shown.append(Useapi(useapi))
            if Living.key in providers:
                for name, key in LIVING.items():
                    useapi.add_to(name, key)
                shown.append(Living(useapi))
        if Proxy.key in providers:
            proxy = SimulatedMjproxy(pace=PROXY_PACE * hurry)
            services[Proxy.key] = await stack.enter_async_context(proxy)
            seed_proxy(proxy)
            shown.append(Proxy(proxy))
        bot = await stack.enter_async_context(
            BotProcess(
                bot_command(discord, services, folder, hurry=hurry, living=Living.key in providers),
                folder / "bot.log",
                spawn=spawn,
            )
        )
        page = await stack.enter_async_context(PageServer(Stage(discord, bot, shown)))
        bot.changed = page.changed
        for service in services.values():
            service.changed.append(page.changed)
        discord.on_change.append(page.changed)
        yield page, bot


async def run(providers: Collection[str]) -> None:
    """Run the demo of these services until Ctrl-C or SIGTERM."""
    stop = asyncio.Event()
    with _signals(stop):
        async with demo(providers) as (page, _):
            sys.stdout.write(
                f"Midwatch demo: open this address in a browser. Ctrl-C ends it.\n{page.address}\n"
            )
            sys.stdout.flush()
            await stop.wait()


@contextmanager
def _signals(stop: asyncio.Event) -> Generator[None]:
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(signum, stop.set)
    try:
        yield
    finally:
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.remove_signal_handler(signum)
