"""What Midjourney and the API say about an account and its subscription."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class SubscriptionStatus:
    """What the API says of the subscription itself: accounts in error still count towards the total."""

    active: bool | None
    accounts: int | None
    accounts_in_error: int | None


@dataclass(frozen=True, slots=True)
class Subscription:
    """A Midjourney plan: its name, the words after it ("Active monthly"), and when it renews."""

    plan: str
    status: str | None
    renews: datetime | None
    renews_text: str | None
    """The renewal as written, where it is no timestamp."""


@dataclass(frozen=True, slots=True)
class FastTime:
    """Fast time left, in the unit Midjourney gave ("hours" or "minutes")."""

    left: float
    total: float | None
    unit: str
    percent: float | None


@dataclass(frozen=True, slots=True)
class Usage:
    """Images made, and the time they took, in the unit Midjourney gave."""

    images: int
    spent: float | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class Info:
    """Midjourney's account information: the text of `/info`, and all that could be read from it.

    A label that is unknown, or whose value is not in a known form, is kept in `others`, in order.
    """

    text: str
    discord_name: str | None = None
    user_id: str | None = None
    subscription: Subscription | None = None
    visibility: str | None = None
    job_mode: str | None = None
    fast_time: FastTime | None = None
    lifetime: Usage | None = None
    fast: Usage | None = None
    turbo: Usage | None = None
    relaxed: Usage | None = None
    queued_fast: int | None = None
    queued_relax: int | None = None
    running: str | None = None
    """Running jobs as written; None both when there are none and when nothing was said."""
    others: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class InfoSnapshot:
    """An answer to `/info`, when it came, and how long Midjourney took."""

    taken_at: datetime
    took: timedelta
    info: Info
