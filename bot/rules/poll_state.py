"""What is remembered from look to look besides incidents, and whether a list is to be believed."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.incidents import Incident
from bot.rules.account_incidents import Blind
from bot.rules.policy import REMOVAL_LAG, SHRUNK_FOR, Policy, near
from bot.rules.timers import not_after

NO_CHANNELS: Final[frozenset[str]] = frozenset()


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


def resume(watch: PollState, last_good: datetime | None) -> PollState:
    """Return the watch as it goes on when the program starts.

    The caller may know a later good look: the watch is not written down for each of them.
    """
    known = [time for time in (watch.last_good, last_good) if time is not None]
    return replace(watch, last_good=max(known, default=None), failed_at=None, failing_seconds=0, resumed=True)


def clamp_future(watch: PollState, at: datetime) -> PollState:
    """Return the watch without times that only a clock set back can explain."""
    return replace(
        watch,
        removed_at=not_after(watch.removed_at, at),
        shrunk_since=not_after(watch.shrunk_since, at),
        last_good=not_after(watch.last_good, at),
        counted_at=not_after(watch.counted_at, at),
        failed_at=not_after(watch.failed_at, at),
    )


def expect_removal(watch: PollState, channel: str, at: datetime) -> PollState:
    """Expect an account to be gone, for it was removed from here."""
    return replace(watch, removed=watch.removed | {channel}, removed_at=at)


def adding(watch: PollState, channel: str) -> PollState:
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


def counts(watch: PollState, at: datetime, policy: Policy) -> bool:
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
        counted_at=at if counts(watch, at, policy) else watch.counted_at,
    )


def count_failure(watch: PollState, at: datetime, policy: Policy) -> PollState:
    """Count for how long looks have failed. A step of the clock adds no more than two looks are apart."""
    passed = timedelta() if watch.failed_at is None else at - watch.failed_at
    counted = int(min(max(passed, timedelta()), policy.longest_gap).total_seconds())
    if watch.failed_at is not None and timedelta() <= passed < timedelta(seconds=1):
        return watch  # looks in quick succession must not make time stand still
    return replace(watch, failed_at=at, failing_seconds=watch.failing_seconds + counted)


def blind_stretch(watch: PollState, service: Incident | None, at: datetime, policy: Policy) -> Blind | None:
    """Return the stretch without a good look that this one ends, if it is worth a word.

    `service` is the trouble of the service that goes on, if any.
    """
    unseen = watch.resumed or watch.failed_at is not None or service is not None
    # Where looks went well all the time, a gap between them is the clock's.
    if watch.last_good is None or not unseen or at - watch.last_good <= policy.outage_after:
        return None
    return Blind(watch.last_good, at)
