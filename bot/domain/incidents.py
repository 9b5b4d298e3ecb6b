"""Incidents: the trouble of one account, of the API as a whole, or of the bot itself.

Times are aware UTC datetimes.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.accounts import Flag, FlagKind, State
from bot.domain.causes import Cause


def new_key() -> str:
    """Make a random 128-bit key, as 32 hex digits; keys, never row numbers, reach Discord."""
    return secrets.token_hex(16)


class ServiceProblem(StrEnum):
    """What is wrong with the service as a whole."""

    UNREACHABLE = "unreachable"
    TOKEN = "token"  # noqa: S105 - the name of a trouble
    UNPAID = "unpaid"
    GONE = "gone"
    LIST_GONE = "list gone"
    PENDING = "pending"
    """The list itself is refused with error 596: an account needs somebody, and none can be seen. The
    incident holds the flag, unless that is known to be one account's, which then has its own."""
    AWAY = "away"
    """The bot itself did not run: known only once it runs again, and over by then."""


class Ending(StrEnum):
    """How an incident ended."""

    CLEARED = "cleared"
    """The flag went away without our doing."""
    RESET = "reset"
    """A reset from Midwatch, verified."""
    REMOVED = "removed"
    """The account is not configured any more."""
    RECOVERED = "recovered"
    """The service answers again."""


class ResetVerdict(StrEnum):
    """What a reset came to, as read from the list after it."""

    BACK = "back in rotation"
    NOT_YET = "not yet cleared"
    FLAGGED_AGAIN = "flagged again"
    NOT_CONFIGURED = "not configured any more"
    COULD_NOT_TELL = "could not tell"


class Reason(StrEnum):
    """Why a person is told."""

    OPENED = "opened"
    WORSE = "worse"
    RECURRING = "recurring"
    RETURNED = "returned"
    """It came back shortly after a reset that had been verified."""
    REMINDER = "reminder"
    ASSIGNEE_CHECK = "still on it"
    """Asks the owner who said "I'm on it" four hours ago."""
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Incident:
    """One episode of trouble: of an account, which then has a channel and a flag, or of the service."""

    key: str
    state: State
    opened_at: datetime
    seen_at: datetime
    """When the trouble was last shown. While it is open and looks are good it is shown by each of them, and
    only a change, or the end of good looks, is written down."""
    channel: str | None = None
    flag: Flag | None = None
    worst_kind: FlagKind | None = None
    """The heaviest kind it was told with."""
    problem: ServiceProblem | None = None
    cause: Cause | None = None
    """Why the service gives no list, as far as its trouble does not say so."""
    worst_problem: ServiceProblem | None = None
    """The trouble that asks most of a person, of those it was told with."""
    from_command: bool = False
    """Met by a command, and never seen in the list since."""
    before_watch: bool = False
    """Flagged already at the first look ever."""
    recurring: bool = False
    clear_since: datetime | None = None
    """The first of the looks without the flag; stays with one that they ended, as the moment it was over."""
    clear_polls: int = 0
    missing_polls: int = 0
    ended_at: datetime | None = None
    """When the end was believed."""
    ending: Ending | None = None
    reset_at: datetime | None = None
    """When a reset of it was last verified."""
    verdict: ResetVerdict | None = None
    """What the last reset came to, if it did not end the incident."""
    judged_at: datetime | None = None
    lease_until: datetime | None = None
    leased_by: int | None = None
    """Whose reset is under way or, in one that a reset ended, whose it was."""
    lease_channel: str | None = None
    """The account that an owner chose for a reset, where the incident is the service's."""
    assigned_to: int | None = None
    """The owner who said "I'm on it"."""
    assigned_at: datetime | None = None
    """When that was said last; None if nobody is on it."""
    asked_at: datetime | None = None
    """When that owner was asked whether it is still so."""
    snoozed_until: datetime | None = None
    snoozed_seconds: int | None = None
    """How long that was to last as it was asked for."""
    held_until: datetime | None = None
    """When a snooze or a claim that is over held its reminders last: they go on from there."""
    blind_from: datetime | None = None
    """The start of the last stretch without a look, if it was found or ended during one."""
    blind_until: datetime | None = None
    block_ends: datetime | None = None
    """When the last timed block it showed ends; see `block_until`."""

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.state is State.ENDED

    def block_until(self) -> datetime | None:
        """When the present block ends, if Midjourney named its length."""
        return self.block_ends if self.flag and self.flag.kind is FlagKind.BLOCK else None


def refused_list(incidents: Iterable[Incident]) -> Incident | None:
    """Return the trouble that an error 596 in place of the list is, of which nobody can tell whose it is."""
    service = open_service(incidents)
    is_it = service is not None and service.problem is ServiceProblem.PENDING and service.flag is not None
    return service if is_it else None


def open_service(incidents: Iterable[Incident]) -> Incident | None:
    """Return the trouble of the service that is not over; there is one at most."""
    return next((each for each in incidents if each.problem and not each.ended), None)


@dataclass(frozen=True, slots=True)
class Alert:
    """A thing to tell about an incident, for one reason; a loud one notifies, others are just shown."""

    incident: str
    reason: Reason
    notify: bool
