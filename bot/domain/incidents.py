"""Incidents of one account, of the API as a whole or of the bot itself, and resets.

Times are aware UTC datetimes.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from bot.domain.accounts import Account, Flag, FlagKind, State
from bot.domain.errors import Cause
from bot.domain.providers import USEAPI, Remedy
from bot.domain.services import subscription_of

CAUSE_WINDOW: Final = timedelta(minutes=5)
"""How long after one sign of trouble the next may have the same cause."""


def new_key() -> str:
    """Return a random 128-bit key of 32 hex digits. Keys, never row numbers, reach Discord."""
    return secrets.token_hex(16)


class ServiceProblem(StrEnum):
    """What is wrong with the API as a whole, or with the bot."""

    UNREACHABLE = "unreachable"
    TOKEN = "token"  # noqa: S105 - the name of a problem
    UNPAID = "unpaid"
    GONE = "gone"
    LIST_GONE = "list gone"
    PENDING = "pending"
    """The API answers with error 596 instead of the list. The incident has the flag, unless it is known which
    account is flagged: then that account has an incident of its own."""
    AWAY = "away"
    """The bot did not run. The incident is recorded afterwards, and is over when it opens."""


OF_TOKEN: Final = frozenset({ServiceProblem.TOKEN, ServiceProblem.UNPAID})
OF_HOST: Final = frozenset({Cause.CERTIFICATE, Cause.CHALLENGE, Cause.NO_ADDRESS, Cause.REFUSED})
"""What meets every provider of a subscription alike, as they share a token and a host."""


def is_of_subscription(problem: ServiceProblem | None, cause: Cause | None) -> bool:
    """Return whether a problem meets all providers of a subscription."""
    return problem in OF_TOKEN or (problem is not None and cause in OF_HOST)


class Ending(StrEnum):
    """How an incident ended."""

    CLEARED = "cleared"
    """The flag went away without a reset from Midwatch."""
    RESET = "reset"
    """A reset from Midwatch, verified."""
    REMOVED = "removed"
    """The account is not configured any more."""
    PAUSED = "paused"
    """The account is listed as disabled and without a reason. It does not run."""
    LEFT_PAUSED = "left paused"
    """A person leaves the account disabled."""
    RECOVERED = "recovered"
    """The API answers again."""
    UNWATCHED = "unwatched"
    """The provider is not set up any more."""


class RemedyVerdict(StrEnum):
    """The result of a remedy, as the list shows it afterwards."""

    BACK = "back in rotation"
    NOT_YET = "not yet cleared"
    NOT_STARTED = "not started yet"
    """The flag is gone, and the provider has not started the account yet."""
    STILL_DISABLED = "still disabled"
    """The flag is gone, and the account has to be enabled besides."""
    FLAGGED_AGAIN = "flagged again"
    NOT_CONFIGURED = "not configured any more"
    COULD_NOT_TELL = "could not tell"


class Reason(StrEnum):
    """Why an alert is sent."""

    OPENED = "opened"
    WORSE = "worse"
    RECURRING = "recurring"
    RETURNED = "returned"
    """The flag came back shortly after a verified reset."""
    REMINDER = "reminder"
    ASSIGNEE_CHECK = "still on it"
    """Asks the owner who said "I'm on it" four hours ago."""
    RESOLVED = "resolved"


DISABLED: Final = frozenset({Ending.PAUSED, Ending.LEFT_PAUSED})
"""The endings after which the account does not run, although it is configured."""


NEWS: Final = frozenset({Reason.OPENED, Reason.WORSE, Reason.RECURRING, Reason.RETURNED})
"""The reasons after which reminders start over."""


UNASSIGNED: Final[Mapping[str, None]] = {"assigned_to": None, "assigned_at": None, "asked_at": None}
UNSNOOZED: Final[Mapping[str, None]] = {"snoozed_until": None, "snoozed_seconds": None}
"""The fields of an incident that nobody is assigned to, and of one that is not snoozed."""


@dataclass(frozen=True, slots=True)
class Incident:
    """A problem of one account, with a reference and a flag, or of the service, with a `problem`."""

    key: str
    state: State
    opened_at: datetime
    seen_at: datetime
    """When the problem was last seen. Updated when something changes or polls start to fail, not at every
    poll."""
    reference: str | None = None
    flag: Flag | None = None
    worst_kind: FlagKind | None = None
    """The worst kind that owners were alerted of."""
    problem: ServiceProblem | None = None
    cause: Cause | None = None
    """Why the list cannot be read, if `problem` does not say so."""
    worst_problem: ServiceProblem | None = None
    """The worst problem that owners were alerted of."""
    from_command: bool = False
    """Whether a command met the flag and no list has shown it."""
    before_watch: bool = False
    """Whether the first poll ever showed the flag."""
    recurring: bool = False
    clear_since: datetime | None = None
    """The first of the polls without the flag. An ended incident keeps it as the time of its end."""
    clear_polls: int = 0
    """How many polls in a row showed no flag. Without `clear_since`: whether the account was paused as it
    started."""
    missing_polls: int = 0
    ended_at: datetime | None = None
    """When Midwatch took it to be over."""
    ending: Ending | None = None
    reset_at: datetime | None = None
    """When a reset was last verified."""
    verdict: RemedyVerdict | None = None
    """The result of the last reset, if it did not end the incident."""
    judged_at: datetime | None = None
    lease_until: datetime | None = None
    leased_by: int | None = None
    """The owner of the reset that is under way, or that ended the incident."""
    lease_reference: str | None = None
    """The account that an owner chose to reset, in an incident of the service."""
    assigned_to: int | None = None
    """The owner who said "I'm on it"."""
    assigned_at: datetime | None = None
    """When the owner said so last; None if nobody is on it."""
    asked_at: datetime | None = None
    """When Midwatch asked that owner whether it is still so."""
    snoozed_until: datetime | None = None
    snoozed_seconds: int | None = None
    """The length of the snooze that was asked for."""
    held_until: datetime | None = None
    """When the last snooze or assignment ended. Reminders count from there."""
    blind_from: datetime | None = None
    """The start of the last time without polls, if the incident began or ended in it."""
    blind_until: datetime | None = None
    block_ends: datetime | None = None
    """The end of the last block with a known end; see `block_until`."""
    provider: str = USEAPI
    starting_since: datetime | None = None
    """Since when the account has been starting, while a flag before is not known to be gone. It is kept for
    as long as the account is paused thereafter."""
    returned_at: datetime | None = None
    """When the flag last came back without a remedy from here, although the account was being started."""
    first_reason: str | None = None
    """What the provider said of the account before it listed the flag."""
    remedy: Remedy | None = None
    """The remedy that is under way, or was tried last."""
    is_common: bool = False
    """Whether all other services of the subscription fail, too."""

    @property
    def ended(self) -> bool:
        """Whether the incident is over."""
        return self.state is State.ENDED

    @property
    def over_at(self) -> datetime:
        """The first poll without the flag, else the end; while it goes on, when it was last seen."""
        return self.clear_since or self.ended_at or self.seen_at

    @property
    def unseen(self) -> tuple[datetime, datetime]:
        """The period in which nothing could be seen, of an incident of the service."""
        start = self.blind_from or self.opened_at
        return start, max(start, self.blind_until or self.ended_at or self.seen_at)

    @property
    def is_soft(self) -> bool:
        """Whether nobody is notified of the incident: its account was not started, and that is all."""
        return self.flag is not None and self.flag.kind is FlagKind.OFFLINE

    @property
    def is_starting(self) -> bool:
        """Whether the account is enabled, and its provider has not started it yet, for not too long."""
        is_shown = self.state is State.OPEN and self.clear_since is None and not self.clear_polls
        return is_shown and self.starting_since is not None and not self.is_soft

    @property
    def is_taken(self) -> bool:
        """Whether somebody is on it, or has snoozed it."""
        return self.assigned_at is not None or self.snoozed_until is not None

    @property
    def is_shared(self) -> bool:
        """Whether the problem is that of a subscription, so of all providers that share it."""
        return self.is_common or is_of_subscription(self.problem, self.cause)

    @property
    def scope(self) -> str:
        """The provider that the problem is about: that which stands for the subscription if it is shared."""
        return subscription_of(self.provider) if self.is_shared else self.provider

    def is_shared_with(self, provider: str) -> bool:
        """Whether the problem is that of the subscription of a provider."""
        return self.is_shared and subscription_of(self.provider) == subscription_of(provider)

    def block_until(self) -> datetime | None:
        """Return the end of the present block; None without a block or a known end."""
        return self.block_ends if self.flag and self.flag.kind is FlagKind.BLOCK else None


Incidents: TypeAlias = Mapping[str, Incident]
"""Incidents by their keys."""


def open_services(incidents: Iterable[Incident]) -> dict[str, Incident]:
    """Return the open incident of each provider's service, of which there is at most one, by provider."""
    return {each.provider: each for each in incidents if each.problem and not each.ended}


def service_of(services: Mapping[str, Incident], provider: str) -> Incident | None:
    """Return the open incident of a provider's service, else that of the subscription it shares."""
    shared = (each for each in services.values() if each.is_shared_with(provider))
    return services.get(provider) or next(shared, None)


def refused_list(incidents: Iterable[Incident], provider: str) -> Incident | None:
    """Return the incident of an error 596 in place of a provider's list, if its account is unknown."""
    service = open_services(incidents).get(provider)
    is_it = service is not None and service.problem is ServiceProblem.PENDING and service.flag is not None
    return service if is_it else None


def connection_group(incidents: Iterable[Incident], provider: str) -> tuple[Incident, ...]:
    """Return the incidents of accounts that a provider disabled with its last loss of connection.

    Each opened within 5 min of another. An account alone is no group while there is a larger one: trying one
    first must not hide the others. Accounts that start or run by now are left out.
    """
    lost = [each for each in incidents if each.provider == provider and lost_connection(each)]
    lost.sort(key=lambda each: each.opened_at)
    groups: list[list[Incident]] = []
    for each in lost:
        if not groups or each.opened_at - groups[-1][-1].opened_at > CAUSE_WINDOW:
            groups.append([])
        groups[-1].append(each)
    larger = [group for group in groups if len(group) > 1]
    group = (larger or groups or [[]])[-1]
    return tuple(each for each in group if each.starting_since is None and each.state is not State.CLEARING)


def lost_connection(incident: Incident) -> bool:
    """Whether an open incident is about an account whose provider lost its connection."""
    return not incident.ended and incident.flag is not None and incident.flag.kind is FlagKind.CONNECTION


def enabled_together(incidents: Iterable[Incident], provider: str) -> tuple[Incident, ...]:
    """Return those of the group that one press enables: nobody is enabling or has paused them."""
    group = connection_group(incidents, provider)
    disabled = (each for each in group if each.state is State.OPEN and each.clear_since is None)
    return tuple(each for each in disabled if Account(each.reference or "").is_addressable)


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to report about an incident. Without `notify` it is only shown."""

    incident: str
    reason: Reason
    notify: bool
