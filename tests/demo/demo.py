"""The demo: simulated services, a simulated Discord, the real bot between them, and a page."""

import asyncio
import re
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Collection, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final

from bot.domain.clock import utc_now
from bot.domain.services import SERVICES
from bot.runtime.language import ENGLISH
from tests.demo import launch
from tests.demo.month import DemoClock, Months
from tests.demo.page import Living, PageServer, Proxy, Stage, Useapi
from tests.demo.past import DATABASE, MIDJOURNEY_TAKES, labelled, remember
from tests.demo.process import BotProcess, Spawn, spawn
from tests.simulators.discord import SANDBOX_BOT_TOKEN, SimulatedDiscord
from tests.simulators.mjproxy import SimulatedMjproxy
from tests.simulators.useapi import Plan, SimulatedUseapi

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
    "**Subscription**: Standard (Active monthly, renews next on <t:0>)\n"
    "**Visibility Mode**: Public\n"
    "**Fast Time Remaining**: 0.0/15.0 hours (0%)\n"
    "**Lifetime Usage**: 8213 images (88.70 hours)\n"
    "**Relaxed Usage**: 1204 images (12.15 hours)\n\n"
    "**Queued Jobs (fast)**: 0\n**Queued Jobs (relax)**: 3\n**Running Jobs**: None"
)


def in_days(days: int) -> int:
    """Return the moment of a Discord timestamp."""
    return int((utc_now() + timedelta(days=days)).timestamp())


def renewing(text: str, days: int) -> str:
    """Return an answer to `/info`, or a line of it, whose plan renews in so many days."""
    return RENEWAL.sub(f"<t:{in_days(days)}>", text)


def seed(useapi: SimulatedUseapi) -> None:
    """Configure six accounts of all plans, one without fast time; the rest is up to the visitor."""
    gone = renewing(FAST_TIME_GONE, 26)
    accounts = (
        useapi.add(discord_name="aurora", plan=Plan.MEGA, max_jobs=12),
        useapi.add(discord_name="basalt", plan=Plan.PRO, max_jobs=9),
        useapi.add(discord_name="cinder", plan=Plan.STANDARD, max_jobs=3, info_text=gone),
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
            account.info_text = renewing(account.info_text, days)
    for account in (*accounts, *newcomers):
        account.info_seconds = MIDJOURNEY_TAKES


def seed_proxy(proxy: SimulatedMjproxy) -> None:
    """Set up seven accounts: one without a remark, one paused, and the others run."""
    for remark, (plan, left, total, days) in PROXY_ACCOUNTS.items():
        account = proxy.add(remark=remark or None)
        account.info["Subscription"] = f"{plan} (Active monthly, renews next on <t:{in_days(days)}>)"
        account.info["Fast Time Remaining"] = f"{left}/{total} hours ({left / total:.0%})"
    paused = proxy.add(remark="onyx", running=False)
    paused.info["Subscription"] = renewing(paused.info["Subscription"], 28)
    proxy.pause(paused.id)
    proxy.sync_seconds = MIDJOURNEY_TAKES


def bot_command(
    discord: SimulatedDiscord,
    services: Mapping[str, SimulatedUseapi | SimulatedMjproxy],
    folder: Path,
    *,
    hurry: float = 1,
    living: bool = False,
    ahead: timedelta = timedelta(),
    language: str = ENGLISH,
) -> list[str]:
    """Return the command that runs the bot between these, with its database in this folder."""
    settings = {
        "DISCORD_TOKEN": SANDBOX_BOT_TOKEN,
        **{f"{name.upper()}_TOKEN": service.token for name, service in services.items()},
        **{f"{name.upper()}_URL": service.url for name, service in services.items()},
        **({"USEAPI_SERVICES": ",".join(("midjourney", *LIVING))} if living else {}),
        "OWNER_IDS": f"{discord.owner.id},{discord.second_owner.id}",
        "GUILD_IDS": str(discord.guild_id),
        "ALERT_CHANNEL_ID": str(discord.channel_id),
        "STATUS_CHANNEL_ID": str(discord.status_channel_id),
        "DATABASE_PATH": str(folder / DATABASE),
        **{name: f"{seconds}s" for name, seconds in PACE.items()},
        "REMIND_AFTER": REMIND_AFTER,
        "LANGUAGE": language,
    }
    return launch.command(
        discord.api, discord.gateway, folder, settings, hurry=hurry, pace=PROXY_PACE, ahead=ahead
    )


@dataclass(slots=True)
class SharedLanguage:
    """The language of what channels see, which a visitor may change."""

    bot: BotProcess
    clock: DemoClock
    make: Callable[..., list[str]]
    language: str = "en-US"

    def command(self, *, ahead: timedelta) -> list[str]:
        """Return the command that runs the bot with its clock so far ahead."""
        return self.make(ahead=ahead, language=self.language)

    async def speak(self, language: str) -> None:
        """Start the bot again with another LANGUAGE."""
        self.language = language
        await self.bot.stop()
        await self.bot.start(self.command(ahead=self.clock.ahead))


@asynccontextmanager
async def demo(
    providers: Collection[str] = PROVIDERS, *, hurry: float = 1, spawn: Spawn = spawn
) -> AsyncGenerator[tuple[PageServer, BotProcess]]:
    """Start the simulations, of these services, the bot and the page. All of it ends with the block."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="midwatch-demo-")))
        clock = DemoClock()
        discord = await stack.enter_async_context(SimulatedDiscord(now=clock.now))
        services: dict[str, SimulatedUseapi | SimulatedMjproxy] = {}
        shown: list[Useapi | Living | Proxy] = []
        is_living = Living.key in providers
        if Useapi.key in providers:
            useapi = await stack.enter_async_context(SimulatedUseapi(now=clock.now))
            services[Useapi.key] = useapi
            seed(useapi)
            shown.append(Useapi(useapi))
            if is_living:
                for name, key in LIVING.items():
                    useapi.add_to(name, key)
                shown.append(Living(useapi))
        if Proxy.key in providers:
            proxy = SimulatedMjproxy(pace=PROXY_PACE * hurry, now=clock.now)
            services[Proxy.key] = await stack.enter_async_context(proxy)
            seed_proxy(proxy)
            shown.append(Proxy(proxy))
        accounts = labelled(chain.from_iterable(each.accounts.values() for each in services.values()))
        people = [discord.owner.id, discord.second_owner.id]
        await remember(accounts, people, folder, clock.now())
        command = partial(bot_command, discord, services, folder, hurry=hurry, living=is_living)
        bot = await stack.enter_async_context(BotProcess(command(), folder / "bot.log", spawn=spawn))
        others = [each.provider for each in SERVICES if is_living and each.name in LIVING]
        shared = SharedLanguage(bot, clock, command)
        months = Months(clock, bot, shared.command, services, folder, people, others)
        page = await stack.enter_async_context(PageServer(Stage(discord, bot, shown, months, shared)))
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
