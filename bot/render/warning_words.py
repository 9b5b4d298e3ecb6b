"""The words for warnings: beside the state of an account, on its card and in messages."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from bot.domain.warnings import AccountWarning, Concern, Notice, WarningKind
from bot.render.chart_words import IN_PICTURES, day_words
from bot.render.text import exactly
from bot.runtime.language import Sentence, say

WORDS: Final[Mapping[Concern, tuple[Sentence, Sentence]]] = {
    Concern.EMPTY: ("no fast time left", "no fast time left until {date}"),
    Concern.LOW: ("little fast time left", "little fast time left until {date}"),
    Concern.FAST: ("fast time will not last", "fast time will not last until {date}"),
    Concern.CANCELLED: ("plan cancelled", "plan cancelled, ends {date}"),
    Concern.PAUSED: ("plan paused", "plan paused"),
    Concern.ENDING: ("plan ends", "plan ends {date}"),
    Concern.EXPIRING: ("session expires", "session expires {date}"),
}
"""What is wrong, without a date and with it."""
OVER: Final[Mapping[WarningKind, tuple[Sentence, Sentence]]] = {
    WarningKind.FAST_TIME: ("fast time has renewed", "fast time is back"),
    WarningKind.PACE: ("fast time has renewed", "fast time lasts at this pace"),
    WarningKind.PLAN: ("plan renewed", "plan goes on"),
    WarningKind.SESSION: ("logged in again", "logged in again"),
}
"""How it was put right: after the end of its period, and within it."""

WEEKDAYS: Final[Sequence[Sentence]] = (
    *("Mon {date}", "Tue {date}", "Wed {date}", "Thu {date}", "Fri {date}", "Sat {date}", "Sun {date}"),
)


def day(at: datetime) -> str:
    """Return a day in UTC, for a place where Discord shows no timestamps: "Thu 3 Dec"."""
    return say(WEEKDAYS[at.weekday()], date=day_words(at, IN_PICTURES))


def concern_words(notice: Notice, dated: Callable[[datetime], str] = day) -> str:
    """Return what a notice says: "plan ends Thu 3 Dec"."""
    return say(WORDS[notice.concern][notice.is_dated], date=dated(notice.period))


def warning_words(warning: Notice) -> str:
    """Return what a warning says, with its symbol."""
    return " ".join(mark_and_words(warning, exactly))


def mark_and_words(warning: Notice, dated: Callable[[datetime], str]) -> tuple[str, str]:
    """Return the symbol of a warning and what it says; if it is over, how it was put right."""
    if isinstance(warning, AccountWarning) and warning.ended_at is not None:
        return "✅", say(OVER[warning.concern.kind][warning.ended_at < warning.period])
    return "⚠️", concern_words(warning, dated)
