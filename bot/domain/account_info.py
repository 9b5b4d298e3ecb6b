"""What Midjourney and the API say about an account and its subscription."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol


class InfoOutcome(StrEnum):
    """How a request for account information ended."""

    ANSWERED = "answered"
    NOTHING_NEW = "nothing new"
    """The provider has no answer that is newer than the last one."""
    TOO_SOON = "too soon"
    USED_UP = "used up"
    """Too many accounts of the provider were asked within a day."""
    FLAGGED = "flagged"
    NOT_RUNNING = "not running"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A Midjourney plan, its status ("Active monthly"), and its renewal."""

    plan: str
    status: str | None
    renews: datetime | None
    renews_text: str | None
    """The renewal as written, if it is no timestamp."""


@dataclass(frozen=True, slots=True)
class FastTime:
    """The fast time left, in the unit of Midjourney ("hours" or "minutes")."""

    left: float
    total: float | None
    unit: str
    percent: float | None


@dataclass(frozen=True, slots=True)
class Usage:
    """Images, and the time spent on them in the unit of Midjourney."""

    images: int
    spent: float | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class Info:
    """The text of `/info`, and the values that were read from it.

    `others` has, in order, the labels that are unknown or have a value of an unknown form.
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
    """The running jobs as written; None if there are none or the text does not say."""
    others: tuple[tuple[str, str], ...] = ()


class UnreadInfo(Protocol):
    """A text of `/info` that is read when somebody wants to see it."""

    def read(self) -> Info:
        """Return what it says."""
        ...


@dataclass(frozen=True, slots=True)
class InfoSnapshot:
    """An answer to `/info`, when it arrived, and how long Midjourney took, if these are known."""

    taken_at: datetime | None
    took: timedelta | None
    answer: Info | UnreadInfo

    @property
    def info(self) -> Info:
        """The values of the answer."""
        return self.answer if isinstance(self.answer, Info) else self.answer.read()
