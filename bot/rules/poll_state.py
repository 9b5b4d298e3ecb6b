"""What is remembered from look to look besides incidents, and whether a list is to be believed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.incidents import Incident, open_service
from bot.rules.account_incidents import Blind, NewKey
from bot.rules.policy import REMOVAL_LAG, SHRUNK_FOR, Policy, near

NO_CHANNELS: Final[frozenset[str]] = frozenset()
TIMES: Final = ("removed_at", "shrunk_since", "last_good", "counted_at", "failed_at")
"""The times of a poll state; none can be later than now."""


@dataclass(frozen=True, slots=True)
class PollState:
    """What is remembered from look to look besides incidents; two that compare equal need no writing.

    Fields that do not compare change with each look. They may be lost: `resume` says what holds after that.
    """

    listed: frozenset[str] | None = None
    """The channels of the last believed list; None before the first."""
    removed: frozenset[str] = NO_CHANNELS
    """Those of them that were removed from here, so that nobody is alarmed when they are gone."""
    removed_at: datetime | None = None
    shrunk: frozenset[str] | None = None
    """The channels of a list that lost too many at once to be believed, as long as it stays the same."""
    shrunk_since: datetime | None = None
    last_good: datetime | None = field(default=None, compare=False)
    counted_at: datetime | None = field(default=None, compare=False)
    """When the last believed poll was that counts as one of its own."""
    failed_at: datetime | None = field(default=None, compare=False)
    """When the last look failed; None after a good one."""
    failing_seconds: int = field(default=0, compare=False)
    """For how long looks have failed."""
    resumed: bool = field(default=False, compare=False)
    """Whether there was no good look yet since the program started."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known at one time, and what the rules need besides to decide from it."""

    watch: PollState
    incidents: Mapping[str, Incident]
    at: datetime
    policy: Policy
    new_key: NewKey


def resume(watch: PollState, last_good: datetime | None) -> PollState:
    """Return the watch as it goes on when the program starts.

    The caller may know a later good look: the watch is not written down for each of them.
    """
    known = [time for time in (watch.last_good, last_good) if time is not None]
    return replace(watch, last_good=max(known, default=None), failed_at=None, failing_seconds=0, resumed=True)


def expect_removal(watch: PollState, channel: str, at: datetime) -> PollState:
    """Expect an account to be gone, for it was removed from here."""
    return replace(watch, removed=watch.removed | {channel}, removed_at=at)


def expect_account(watch: PollState, channel: str) -> PollState:
    """Expect an account to stay, for it was added from here."""
    return replace(watch, removed=watch.removed - {channel})


def is_believed(watch: PollState, channels: frozenset[str], at: datetime) -> bool:
    """Return whether accounts that are missing from a list were likely taken out of it on purpose."""
    expected = (watch.listed or NO_CHANNELS) - watch.removed
    if not expected:
        return True
    if not channels:
        return False
    # One account in the place of another is an exchange. That most are gone at once is a fault or a mistake.
    if 2 * len(expected - channels) <= len(expected) or len(channels) >= len(expected):
        return True
    # Unless it stays so: then an owner took them out elsewhere.
    return (
        watch.shrunk == channels and watch.shrunk_since is not None and at - watch.shrunk_since >= SHRUNK_FOR
    )


def counts_as_poll(watch: PollState, at: datetime, policy: Policy) -> bool:
    """Return whether a poll counts as one of its own, not as one with the poll before it."""
    return watch.counted_at is None or at - watch.counted_at >= policy.shortest_gap


def accept_list(watch: PollState, channels: frozenset[str], at: datetime, policy: Policy) -> PollState:
    """Remember a list that is believed."""
    # A look may have begun before the removal, but not that long before.
    waits = watch.removed_at is not None and near(at, watch.removed_at, REMOVAL_LAG)
    return PollState(
        listed=channels,
        removed=watch.removed & channels if waits else NO_CHANNELS,
        removed_at=watch.removed_at if waits and watch.removed & channels else None,
        last_good=at,
        counted_at=at if counts_as_poll(watch, at, policy) else watch.counted_at,
    )


def count_failure(watch: PollState, at: datetime, policy: Policy) -> PollState:
    """Count for how long looks have failed. A step of the clock adds no more than two looks are apart."""
    passed = timedelta() if watch.failed_at is None else at - watch.failed_at
    counted = int(min(max(passed, timedelta()), policy.longest_gap).total_seconds())
    if watch.failed_at is not None and timedelta() <= passed < timedelta(seconds=1):
        return watch  # looks in quick succession must not make time stand still
    return replace(watch, failed_at=at, failing_seconds=watch.failing_seconds + counted)


def blind_stretch(now: Situation) -> Blind | None:
    """Return the stretch without a good poll that ends now, if it is long enough to mention."""
    watch = now.watch
    is_blind = (
        watch.resumed or watch.failed_at is not None or open_service(now.incidents.values()) is not None
    )
    # Where polls went well all the time, a gap between them is the clock's.
    if watch.last_good is None or not is_blind or now.at - watch.last_good <= now.policy.outage_after:
        return None
    return Blind(watch.last_good, now.at)
