"""What is known of the watch at one time, for `/mjstatus` and the board."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.accounts import Accounts
from bot.domain.incidents import Incident
from bot.domain.messages import Message, RouteState
from bot.domain.providers import USEAPI
from bot.domain.wellness import WatchProblem


@dataclass(frozen=True, slots=True)
class PollStatus:
    """What `/mjstatus` shows of polling one provider."""

    provider: str = USEAPI
    last_success: datetime | None = None
    next_poll: datetime | None = None
    failures: int = 0
    """The number of failed polls in a row."""
    why: str | None = None
    """Why the last poll failed, in a sentence."""


@dataclass(frozen=True, slots=True)
class WatchStatus:
    """All that `/mjstatus` shows."""

    now: datetime
    accounts: Accounts
    incidents: Sequence[Incident] = ()
    """Open and recently ended ones."""
    messages: Sequence[Message] = ()
    """Waiting ones, and those that Discord refuses to change."""
    mutes: Mapping[str | None, datetime] = field(default_factory=dict[str | None, datetime])
    """Until when each account is muted; None stands for all of them."""
    routes: Sequence[RouteState] = ()
    polls: Sequence[PollStatus] = ()
    """The state of polling each provider."""
    problems: Sequence[WatchProblem] = ()
    """The problems of the watch, the worst first."""
    second_route: bool = True
    """Whether alerts can go to a channel when a direct message does not arrive."""
    lacking: Sequence[str] = ()
    """The missing permissions in that channel, by Discord's names."""
    other_copy_at: datetime | None = None
    """When another copy of the bot was last seen to answer."""
    next_times: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    """When the first owner is next notified of each incident whose reminders are held."""
    last_backup: datetime | None = None
    no_backup: str | None = None
    """Why there is none since, in a sentence."""
