"""What is remembered from poll to poll besides incidents, and whether a list is believed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.accounts import Flag
from bot.domain.incidents import Incident, open_services
from bot.rules.policy import REMOVAL_LAG, SHRUNK_FOR, Policy, near

NewKey = Callable[[], str]
NO_REFERENCES: Final[frozenset[str]] = frozenset()
TIMES: Final = ("removed_at", "shrunk_since", "came_up_at", "last_good", "counted_at", "failed_at")
"""The times of a poll state; none can be later than now."""


@dataclass(frozen=True, slots=True)
class Hint:
    """What an account said while it was starting."""

    flag: Flag
    gone_at: datetime | None = None
    """When it was last known to say so; None if the last good poll showed it."""


@dataclass(frozen=True, slots=True)
class PollState:
    """What is remembered from poll to poll besides incidents. Only a state that is not equal is written.

    The fields that are not compared change with each poll. They may be lost: see `resume`.
    """

    listed: frozenset[str] | None = None
    """The references of the last believed list; None before the first."""
    removed: frozenset[str] = NO_REFERENCES
    """The listed accounts that were removed by Midwatch: their absence is no problem."""
    removed_at: datetime | None = None
    shrunk: frozenset[str] | None = None
    """The accounts of the last list if it lost too many at once to be believed."""
    shrunk_since: datetime | None = None
    starting: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    """Since when accounts have been starting, by reference."""
    came_up_at: datetime | None = None
    """When one last came up while others were starting."""
    hints: Mapping[str, Hint] = field(default_factory=dict[str, Hint])
    """What accounts said while they were starting, by reference: it may be the cause of a flag."""
    last_good: datetime | None = field(default=None, compare=False)
    counted_at: datetime | None = field(default=None, compare=False)
    """When a list was last believed, polls too close to the one before left out."""
    failed_at: datetime | None = field(default=None, compare=False)
    """When the last poll failed; None after a good one."""
    failing_seconds: int = field(default=0, compare=False)
    """For how long polls have failed."""
    resumed: bool = field(default=False, compare=False)
    """Whether there was no good poll yet since the program started."""


@dataclass(frozen=True, slots=True)
class Blind:
    """A time without a good poll."""

    start: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known at one time, and what the rules need besides to decide from it."""

    poll_state: PollState
    incidents: Mapping[str, Incident]
    at: datetime
    policy: Policy
    new_key: NewKey
    provider: str
    opened: Mapping[str, Incident]
    """The open incident of each account that has one."""
    past: Mapping[str, Sequence[Incident]]
    """The ended incidents of each account."""
    blind: Blind | None = None
    """The time without a good poll that ends now, if it is long enough to mention."""

    @property
    def service(self) -> Incident | None:
        """The open incident of the service."""
        return open_services(self.incidents.values()).get(self.provider)


def resume(poll_state: PollState, last_good: datetime | None) -> PollState:
    """Return the poll state at the start of the program.

    The caller may know a later good poll, as the state is not written at each of them.
    """
    known = [time for time in (poll_state.last_good, last_good) if time is not None]
    return replace(
        poll_state, last_good=max(known, default=None), failed_at=None, failing_seconds=0, resumed=True
    )


def expect_removal(poll_state: PollState, reference: str, at: datetime) -> PollState:
    """Expect an account to be absent, as it was removed by Midwatch."""
    return replace(poll_state, removed=poll_state.removed | {reference}, removed_at=at)


def expect_account(poll_state: PollState, reference: str) -> PollState:
    """Expect an account to be listed, as it was added by Midwatch."""
    return replace(poll_state, removed=poll_state.removed - {reference})


def is_believed(poll_state: PollState, references: frozenset[str], at: datetime) -> bool:
    """Whether accounts that are missing from a list were probably removed on purpose."""
    expected = (poll_state.listed or NO_REFERENCES) - poll_state.removed
    if not expected:
        return True
    if not references:
        return False
    # As many accounts as before is an exchange. That most of them are gone at once is a fault or a mistake.
    if 2 * len(expected - references) <= len(expected) or len(references) >= len(expected):
        return True
    # Unless it stays so: then they were removed elsewhere.
    return (
        poll_state.shrunk == references
        and poll_state.shrunk_since is not None
        and at - poll_state.shrunk_since >= SHRUNK_FOR
    )


def counts_as_poll(poll_state: PollState, at: datetime, policy: Policy) -> bool:
    """Whether a poll counts, as it is far enough from the last one that did."""
    return poll_state.counted_at is None or at - poll_state.counted_at >= policy.shortest_gap


def accept_list(poll_state: PollState, references: frozenset[str], at: datetime, policy: Policy) -> PollState:
    """Return the poll state after a list that is believed."""
    # A poll may have begun before the removal, but not that long before.
    waits = poll_state.removed_at is not None and near(at, poll_state.removed_at, REMOVAL_LAG)
    return replace(
        poll_state,
        listed=references,
        removed=poll_state.removed & references if waits else NO_REFERENCES,
        removed_at=poll_state.removed_at if waits and poll_state.removed & references else None,
        shrunk=None,
        shrunk_since=None,
        last_good=at,
        counted_at=at if counts_as_poll(poll_state, at, policy) else poll_state.counted_at,
        failed_at=None,
        failing_seconds=0,
        resumed=False,
    )


def count_failure(poll_state: PollState, at: datetime, policy: Policy) -> PollState:
    """Return the poll state after a failed poll. A step of the clock adds `longest_gap` at most."""
    passed = timedelta() if poll_state.failed_at is None else at - poll_state.failed_at
    counted = int(min(max(passed, timedelta()), policy.longest_gap).total_seconds())
    if poll_state.failed_at is not None and timedelta() <= passed < timedelta(seconds=1):
        return poll_state  # polls in quick succession must not make time stand still
    return replace(poll_state, failed_at=at, failing_seconds=poll_state.failing_seconds + counted)


def blind_stretch(now: Situation) -> Blind | None:
    """Return the stretch without a good poll that ends now, if it is long enough to mention."""
    poll_state = now.poll_state
    is_blind = poll_state.resumed or poll_state.failed_at is not None or now.service is not None
    # Where polls went well all the time, a gap between them is the clock's.
    if (
        poll_state.last_good is None
        or not is_blind
        or now.at - poll_state.last_good <= now.policy.outage_after
    ):
        return None
    return Blind(poll_state.last_good, now.at)
