"""The words for warnings: beside the state of an account, on its card and in messages."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from bot.domain.warnings import AccountWarning, Concern, Notice, WarningKind
from bot.render.text import exactly

WORDS: Final = {
    Concern.EMPTY: ("no fast time left", " until {at}"),
    Concern.LOW: ("little fast time left", " until {at}"),
    Concern.FAST: ("fast time will not last", " until {at}"),
    Concern.CANCELLED: ("plan cancelled", ", ends {at}"),
    Concern.PAUSED: ("plan paused", ""),
    Concern.ENDING: ("plan ends", " {at}"),
    Concern.EXPIRING: ("session expires", " {at}"),
}
"""What is wrong, and how its date follows."""
OVER: Final = {
    WarningKind.FAST_TIME: ("fast time has renewed", "fast time is back"),
    WarningKind.PACE: ("fast time has renewed", "fast time lasts at this pace"),
    WarningKind.PLAN: ("plan renewed", "plan goes on"),
    WarningKind.SESSION: ("logged in again", "logged in again"),
}
"""How it was put right: after the end of its period, and within it."""


def day(at: datetime) -> str:
    """Return a day in UTC, for a place where Discord shows no timestamps: "Thu 3 Dec"."""
    return f"{at:%a} {at.day} {at:%b}"


def concern_words(notice: Notice, dated: Callable[[datetime], str] = day) -> str:
    """Return what a notice says: "plan ends Thu 3 Dec"."""
    words, then = WORDS[notice.concern]
    return f"{words}{then.format(at=dated(notice.period))}" if notice.is_dated else words


def warning_words(warning: Notice, dated: Callable[[datetime], str] = exactly) -> str:
    """Return what a warning says, with its symbol; if it is over, how it was put right."""
    if isinstance(warning, AccountWarning) and warning.ended_at is not None:
        return f"✅ {OVER[warning.concern.kind][warning.ended_at < warning.period]}"
    return f"⚠️ {concern_words(warning, dated)}"
