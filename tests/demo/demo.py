"""The demo: simulated services, a simulated Discord, the real bot between them, and a page."""

import asyncio
import re
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Collection, Generator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Final

from bot.domain.account_info import InfoSnapshot, parse_info
from bot.domain.accounts import Account, EntryState
from bot.domain.clock import utc_now
from bot.domain.providers import MJPROXY, USEAPI, provider_of, reference_to
from bot.storage import Store
from tests.demo import launch
from tests.demo.page import Living, PageServer, Proxy, Stage, Useapi
from tests.demo.past import write_past
from tests.demo.process import BotProcess, Spawn, spawn
from tests.simulators.discord import SANDBOX_BOT_TOKEN, SimulatedDiscord
from tests.simulators.mjproxy import SimulatedMjproxy, SimulatedProxyAccount
from tests.simulators.useapi import Plan, SimulatedAccount, SimulatedUseapi

MIDJOURNEY_TAKES: Final = 1.2
"""Seconds until `/info` is answered: long enough to see the bot think."""
ASKED_BEFORE: Final = timedelta(hours=3)
"""How long before the demo the bot is said to have asked for account information."""
NEVER_ASKED: Final = "fjord"
"""The account whose name the bot does not know yet."""
PROXY_ACCOUNTS: Final = {
    "jasper": ("Pro", 11.4, 30, 16),
    "kelpie": ("Standard", 14.28, 15, 28),
    "lagoon": ("Mega", 21.9, 60, 6),
    "meadow": ("Basic", 1.9, 3.33, 19),
    "nimbus": ("Standard", 2.6, 15, 11),
    "": ("Basic", 3.1, 3.33, 25),
}
"""The accounts of the proxy by remark, of which one has none: their plans, the fast hours left and in all,
and in how many days the plans renew."""
USED: Final = {"aurora": (33.4, 60, 9), "basalt": (4.6, 30, 12), "ember": (2.03, 3.33, 17)}
"""The fast hours left and in all of accounts at useapi.net, and in how many days their plans renew."""
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
FAST_TIME: Final = re.compile(r"(?<=Fast Time Remaining\*\*:)( +)\S.*")
RENEWAL: Final = re.compile("<t:[0-9]+>")
FAST_TIME_GONE: Final = (
    "**Subscription**: Standard (Active monthly, renews next on <t:1798106400>)\n"
    "**Visibility Mode**: Public\n"
    "**Fast Time Remaining**: 0.0/15.0 hours (0%)\n"
    "**Lifetime Usage**: 8213 images (88.70 hours)\n"
    "**Relaxed Usage**: 1204 images (12.15 hours)\n\n"
    "**Queued Jobs (fast)**: 0\n**Queued Jobs (relax)**: 3\n**Running Jobs**: None"
)


def in_days(days: int) -> int:
    """Return the moment of a Discord timestamp."""
    return int((utc_now() + timedelta(days=days)).timestamp())


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
    for account in accounts:
        if account.discord_name in USED:
            left, total, days = USED[account.discord_name]
            account.info_text = FAST_TIME.sub(
                rf"\g<1>{left}/{total} hours ({left / total:.0%})", account.info_text
            )
            account.info_text = RENEWAL.sub(f"<t:{in_days(days)}>", account.info_text)
    for account in (*accounts, *newcomers):
        account.info_seconds = MIDJOURNEY_TAKES


def seed_proxy(proxy: SimulatedMjproxy) -> None:
    """Set up seven accounts: one without a remark, one paused, and the others run."""
    for remark, (plan, left, total, days) in PROXY_ACCOUNTS.items():
        account = proxy.add(remark=remark or None)
        account.info["Subscription"] = f"{plan} (Active monthly, renews next on <t:{in_days(days)}>)"
        account.info["Fast Time Remaining"] = f"{left}/{total} hours ({left / total:.0%})"
    paused = proxy.add(remark="onyx", running=False)
    proxy.pause(paused.id)
    proxy.sync_seconds = MIDJOURNEY_TAKES


def labelled(accounts: Iterable[SimulatedAccount | SimulatedProxyAccount]) -> dict[str, Account]:
    """Return accounts as the bot knows them, by their labels, with what they answered to `/info`."""
    known: dict[str, Account] = {}
    for each in accounts:
        if isinstance(each, SimulatedAccount):
            is_asked = each.discord_name != NEVER_ASKED
            info = InfoSnapshot(None, None, each.info_text) if is_asked else None
            known[each.discord_name] = Account(each.channel, each.max_jobs, info=info)
        else:
            text = "\n".join(f"**{label}**: {value}" for label, value in each.info.items())
            known[each.remark or each.id] = Account(
                reference_to(MJPROXY, each.id),
                entry=EntryState.OK if each.running else EntryState.PAUSED,
                title=each.remark,
                discord_channel=each.channel,
                info=InfoSnapshot(None, None, text),
            )
    return known


async def remember(accounts: Mapping[str, Account], people: Sequence[int], folder: Path) -> None:
    """Store weeks of history, and the answers to `/info` by which the bot knows names at useapi.net."""
    now = utc_now()
    async with Store.open(folder / DATABASE) as store:
        await write_past(store, accounts, people, now)
        took = timedelta(seconds=MIDJOURNEY_TAKES)
        for label, account in accounts.items():
            if account.info and provider_of(account.reference) == USEAPI:
                info = parse_info(account.info.text, label)
                await store.record_info(account.reference, InfoSnapshot(now - ASKED_BEFORE, took, info))


def bot_command(
    discord: SimulatedDiscord,
    services: Mapping[str, SimulatedUseapi | SimulatedMjproxy],
    folder: Path,
    *,
    hurry: float = 1,
    living: bool = False,
    board: bool = False,
) -> list[str]:
    """Return the command that runs the bot between these, with its database in this folder."""
    settings = {
        "DISCORD_TOKEN": SANDBOX_BOT_TOKEN,
        **{f"{name.upper()}_TOKEN": service.token for name, service in services.items()},
        **{f"{name.upper()}_URL": service.url for name, service in services.items()},
        **({"USEAPI_SERVICES": ",".join(("midjourney", *LIVING))} if living else {}),
        "GUILD_IDS": str(discord.guild_id),
        "ALERT_CHANNEL_ID": str(discord.channel_id),
        **({"STATUS_CHANNEL_ID": str(discord.channel_id)} if board else {}),
        "DATABASE_PATH": str(folder / DATABASE),
        **{name: f"{seconds}s" for name, seconds in PACE.items()},
        "REMIND_AFTER": REMIND_AFTER,
    }
    return launch.command(discord.api, discord.gateway, folder, settings, hurry=hurry, pace=PROXY_PACE)


@asynccontextmanager
async def demo(
    providers: Collection[str] = PROVIDERS, *, hurry: float = 1, spawn: Spawn = spawn, board: bool = False
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
        accounts = labelled(chain.from_iterable(each.accounts.values() for each in services.values()))
        await remember(accounts, [discord.owner.id, discord.second_owner.id], folder)
        bot = await stack.enter_async_context(
            BotProcess(
                bot_command(
                    discord, services, folder, hurry=hurry, living=Living.key in providers, board=board
                ),
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
