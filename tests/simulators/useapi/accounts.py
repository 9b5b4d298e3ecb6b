"""The Midjourney accounts behind the simulated useapi.net: their logins, plans and flags."""

import base64
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

MODERATION: Final = (
    "You have a pending moderation message. Please acknowledge it before using the bot further."
)
"""useapi.net docs, POST jobs/info, `errorDetails` of its 596."""
SUSPICION: Final = (
    "You have a pending moderation message. Please acknowledge it before using Midjourney further.\n"
    "Your account has been temporarily blocked due to suspicious activity. Accessing Midjourney via "
    "third-party tools or scripting is strictly forbidden and is grounds for a permanent ban.."
)
"""As users of github.com/imagineapi/imagineapi saw it (issue 14)."""
CAPTCHA: Final = "Action required to continue\nPlease verify you're human to continue using Midjourney."
"""Title and key words for which github.com/erictik/midjourney-api searches in src/discord.ws.ts."""
BLOCK: Final = (
    "You have been blocked from accessing Midjourney. This happens on repeated or serious ToS violations"
)
"""As users of github.com/zcpua/midjourney-api saw it (issue 170)."""
TIMED_BLOCK: Final = (
    "You have been blocked from accessing Midjourney for 24 hours. "
    "This happens on repeated or serious ToS violations"
)
"""The same with a length, as github.com/trueai-org/midjourney-proxy parses it (pull request 104)."""

TOKEN_PATTERN: Final = re.compile(r"[\w-]{20,}\.[\w-]{6}\.[\w-]{27,}")
TOKEN_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Plan(StrEnum):
    """A Midjourney subscription plan."""

    TRIAL = "Trial"
    BASIC = "Basic"
    STANDARD = "Standard"
    PRO = "Pro"
    MEGA = "Mega"

    @property
    def job_limit(self) -> int:
        """How many jobs run at once, according to useapi.net docs, POST account/midjourney."""
        return 15 if self in {Plan.PRO, Plan.MEGA} else 3


def _nobody() -> None:
    """Stand in for a listener to changes."""


@dataclass(slots=True, kw_only=True)
class SimulatedAccount:
    """A Discord login with Midjourney, configured at useapi.net or not. Each change is announced."""

    announce: Callable[[], None] = field(default=_nobody, repr=False)
    channel: str
    discord: str = field(repr=False)
    """The login's Discord token: whole in answers about accounts, masked in jobs, and nowhere else."""
    discord_name: str
    plan: Plan
    max_jobs: int
    info_text: str
    server: str | None = None
    midjourney: bool = True
    """Whether the login has the Midjourney bot. Without it the API refuses to configure the login."""
    info_seconds: float = 0.0
    """The time until Midjourney answers `/info`."""
    pending: str | None = None
    """The flag that the API knows of."""
    unseen: str | None = None
    """A flag that Midjourney has set and the API does not know yet. The next command finds it."""
    lingers: int = 0
    """The number of polls that still show the flag after a reset."""
    returns_after: int | None = None
    """The number of polls without the flag after a reset until it returns; 0 if the reset does not help."""

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        self.announce()

    @property
    def masked(self) -> str:
        """The token as jobs show it: its first three and last three characters."""
        return f"{self.discord[:3]}…secured…{self.discord[-3:]}"


@dataclass(slots=True)
class Aftermath:
    """The flags that the next polls show after a reset: the old one, then none, then it again."""

    account: SimulatedAccount
    text: str
    lingering: int
    clean: int | None
    showing: bool = True

    def advance(self) -> bool:
        """Advance by one poll. Return whether more is to come."""
        self.showing = self.lingering > 0
        if self.showing:
            self.lingering -= 1
            return True
        if self.clean == 0:
            self.account.pending = self.text
            return False
        if self.clean is not None:
            self.clean -= 1
        return self.clean is not None


def snowflake(rng: random.Random) -> str:
    """Make a Discord id of 18 or 19 digits, as those of the last years are."""
    return str(rng.randrange(7 * 10**17, 14 * 10**17))


def discord_token(user_id: str, rng: random.Random) -> str:
    """Make a token of the form Discord gives: the user id in base 64, a time, a signature."""
    head = base64.urlsafe_b64encode(user_id.encode()).decode().rstrip("=")
    tail = "".join(rng.choices(TOKEN_LETTERS, k=44))
    return f"{head}.{tail[:6]}.{tail[6:]}"
