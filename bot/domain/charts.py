"""What pictures show, as plain values. Labels are text of people; times are aware UTC datetimes.

A chart brings its words along: the process that draws knows no language.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
class Axis:
    """How days and numbers are written beside a picture."""

    days: tuple[str, ...]
    """A day of each month, where "{day}" stands for its number."""
    year: str
    """The first day of a year, where "{year}" stands for its number."""
    mark: str
    """What separates groups of three digits."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """One row an account, time along the bottom."""

    since: datetime
    until: datetime
    axis: Axis
    rows: tuple[TimelineRow, ...]
    kinds: Mapping[Shade, str] = field(default_factory=dict[Shade, str])
    """What the legend calls them."""
    reset: str = ""
    """What it calls a remedy."""
    more: int = 0
    """How many accounts have no row."""
    more_words: str = ""
    english: "Timeline | None" = None
    """The same in English, for fonts that do not have the characters of the language."""


@dataclass(frozen=True, slots=True)
class Pace:
    """A straight line: how the fast time goes on if it is used as in the last days."""

    start: datetime
    left: float
    end: datetime
    left_at_end: float
    words: str = ""


@dataclass(frozen=True, slots=True)
class UsageCurve:
    """The fast time of one account over time, in hours, and the images that it made each day."""

    since: datetime
    until: datetime
    axis: Axis
    label: str
    fast_left: tuple[tuple[datetime, float], ...]
    images: tuple[tuple[date, int], ...] = ()
    """How many images were made on each day that is known."""
    pace: Pace | None = None
    renews: datetime | None = None
    renewal: str = ""
    title: str = ""
    images_title: str = ""
    english: "UsageCurve | None" = None


@dataclass(frozen=True, slots=True)
class Level:
    """The fast time of one account now, in hours."""

    label: str
    left: float
    total: float | None = None
    is_short: bool = False
    """Whether it is used up, or will be before its renewal."""
    amount: str = ""
    """What is left, in words."""
    outlook: str = ""
    """When it is used up, or renewed before."""


@dataclass(frozen=True, slots=True)
class Levels:
    """The fast time of several accounts side by side, in the order given."""

    levels: tuple[Level, ...]
    more: int = 0
    more_words: str = ""
    title: str = ""
    english: "Levels | None" = None


Chart: TypeAlias = Timeline | UsageCurve | Levels


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as a file: its name, its PNG, and a text for people who do not see it."""

    name: str
    png: bytes
    description: str
