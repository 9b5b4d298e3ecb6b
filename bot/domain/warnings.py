"""Warnings of what is about to stop an account: fast time, plan and session. None of them is an incident."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class WarningKind(StrEnum):
    """What a warning is about."""

    FAST_TIME = "fast time"
    PACE = "pace"
    PLAN = "plan"
    SESSION = "session"


class Concern(StrEnum):
    """What is wrong, or soon will be."""

    EMPTY = "fast time: none"
    LOW = "fast time: little"
    FAST = "pace: too fast"
    CANCELLED = "plan: cancelled"
    PAUSED = "plan: paused"
    ENDING = "plan: ending"
    EXPIRING = "session: expiring"

    @property
    def kind(self) -> WarningKind:
        """What the concern is about."""
        return WarningKind(self.partition(":")[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A concern about an account, as its cards show it while it holds."""

    concern: Concern
    period: datetime
    """The end of the period to which it belongs. Owners are warned once in a period."""
    is_dated: bool = True
    """Whether the provider says when that is. If not, the period is a month of the calendar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountWarning(Notice):
    """A notice that owners are sent."""

    key: str
    reference: str
    since: datetime
    ended_at: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether the warning does not hold any more."""
        return self.ended_at is not None
