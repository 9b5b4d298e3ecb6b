"""The month that a visitor of the demo lets pass: the clock leaps, and the database has what happened."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Final, Protocol

from bot.domain.accounts import Flag, FlagKind
from bot.domain.clock import utc_now
from bot.domain.incidents import Ending, ServiceProblem
from bot.domain.providers import MJPROXY
from tests.demo.past import BLOCKED, CYCLE, DAY, MODERATED, VERIFYING, Past, labelled, remember
from tests.demo.process import BotProcess
from tests.simulators.mjproxy import SimulatedMjproxy, SimulatedProxyAccount, pool
from tests.simulators.useapi import SimulatedAccount, SimulatedUseapi

MONTH: Final = CYCLE
"""As long as plans last, so that each has renewed once and has the same fast time left as before."""
IMAGES_A_DAY: Final = 67
RENEWAL: Final = re.compile(r"(?<=<t:)[0-9]+(?=>)")
LIFETIME: Final = re.compile(r"(Lifetime Usage\W+)([0-9]+)")
MEANWHILE: Final = (
    Past("ember", 27.6, 3.2, MODERATED, 48, Ending.RESET),
    Past("jasper", 25.1, 1.3, Flag(pool.MODERATION, FlagKind.MODERATION), 16, Ending.RESET),
    Past("aurora", 22.4, 11.5, VERIFYING, 330, Ending.RESET),
    Past("basalt", 19.8, 24.0, BLOCKED, 22),
    Past(MJPROXY, 16.3, 6.1, ServiceProblem.UNREACHABLE),
    Past("lagoon", 14.9, 31.0, Flag(pool.PLAN_CANCELLED, FlagKind.PLAN), 120, Ending.RESET),
    Past("kelpie", 11.2, 0.9, Flag(pool.TOO_MANY_FAILURES, FlagKind.SESSION), 8, Ending.RESET),
    Past("dapple", 8.7, 5.4, MODERATED, 205, Ending.RESET),
    Past("basalt", 5.5, 1.6, VERIFYING, 19, Ending.RESET),
    Past("aurora", 2.2, 0.7, MODERATED, 12, Ending.RESET),
)


class DemoClock:
    """The clock of the demo, which is ahead of this machine's by the months that have passed."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        """Return the present time of the demo."""
        return utc_now() + self.ahead


class Command(Protocol):
    """Returns the command that runs the bot with its clock so far ahead."""

    def __call__(self, *, ahead: timedelta) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Months:
    """Lets months pass for the simulations and the bot."""

    clock: DemoClock
    bot: BotProcess
    command: Command
    services: Mapping[str, SimulatedUseapi | SimulatedMjproxy]
    folder: Path
    people: Sequence[int]
    """Who took care of the accounts."""
    others: Sequence[str]
    """The providers whose accounts have no history."""

    @property
    def ahead(self) -> timedelta:
        """How far the clock is ahead of this machine's."""
        return self.clock.ahead

    async def let_pass(self) -> None:
        """Stop the bot, let a month pass, store what it would have seen meanwhile, and start it again."""
        await self.bot.stop()
        for service in self.services.values():
            if isinstance(service, SimulatedMjproxy):
                service.leap(MONTH)
        self.clock.ahead += MONTH
        now = self.clock.now()
        accounts = tuple(chain.from_iterable(each.accounts.values() for each in self.services.values()))
        for each in accounts:
            renew(each, now)
        length = MONTH - DAY  # the bot itself saw the first day
        await remember(labelled(accounts), self.people, self.folder, now, MEANWHILE, length, self.others)
        await self.bot.start(self.command(ahead=self.clock.ahead))


def renew(account: SimulatedAccount | SimulatedProxyAccount, now: datetime) -> None:
    """Let an account's plan have renewed since a month ago, and let it have made images."""
    if isinstance(account, SimulatedAccount):
        account.info_text = a_month_later(account.info_text)
        return
    for label, value in account.info.items():
        account.info[label] = a_month_later(f"{label}: {value}").removeprefix(f"{label}: ")
    account.info_at = account.info_at and now


def a_month_later(text: str) -> str:
    """Return an answer to `/info` with the next renewal, and with more images."""
    later = RENEWAL.sub(lambda stamp: str(int(stamp[0]) + int(MONTH.total_seconds())), text)
    return LIFETIME.sub(lambda made: f"{made[1]}{int(made[2]) + IMAGES_A_DAY * (MONTH // DAY)}", later)
