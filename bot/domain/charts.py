"""What pictures show, as plain values. Labels are text of people; times are aware UTC datetimes."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias


class Shade(StrEnum):
    """How a stretch of time is drawn."""

    BLOCK = "block"
    MODERATION = "moderation"
    CAPTCHA = "captcha"
    ACCESS = "access"
    """Its session, its plan or its credits."""
    OTHER = "other"
    OUTAGE = "outage"
    """The provider could not be read: hatched."""
    ABSENCE = "absence"
    """The bot did not run, or did not know the account: hatched."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, within the time that the chart shows."""

    start: datetime
    end: datetime
    shade: Shade


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One account: its trouble, and what hides it."""

    label: str
    spans: tuple[Span, ...] = ()
    remedies: tuple[datetime, ...] = ()
    """When somebody reset or enabled it."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """One row an account, time along the bottom."""

    since: datetime
    until: datetime
    rows: tuple[TimelineRow, ...]
    more: int = 0
    """How many accounts have no row."""


@dataclass(frozen=True, slots=True)
class Pace:
    """A straight line: how the fast time goes on if it is used as in the last days."""

    start: datetime
    left: float
    end: datetime
    left_at_end: float


@dataclass(frozen=True, slots=True)
class UsageCurve:
    """The fast time of one account over time, in hours, and the images that it made each day."""

    since: datetime
    until: datetime
    label: str
    fast_left: tuple[tuple[datetime, float], ...]
    images: tuple[tuple[date, int], ...] = ()
    """How many images were made on each day that is known."""
    pace: Pace | None = None
    renews: datetime | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """The fast time of one account now, in hours."""

    label: str
    left: float
    total: float | None = None
    empties: datetime | None = None
    renews: datetime | None = None


@dataclass(frozen=True, slots=True)
class Levels:
    """The fast time of several accounts side by side, in the order given."""

    levels: tuple[Level, ...]
    more: int = 0


Chart: TypeAlias = Timeline | UsageCurve | Levels


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as a file: its name, its PNG, and a text for people who do not see it."""

    name: str
    png: bytes
    description: str
