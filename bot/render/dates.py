"""Days without their year, in pictures and in words: timestamps of Discord cannot stand there."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from bot.runtime.language import Sentence, say

IN_WORDS: Final[Sequence[Sentence]] = (
    *("Jan {day}", "Feb {day}", "Mar {day}", "Apr {day}", "May {day}", "Jun {day}"),
    *("Jul {day}", "Aug {day}", "Sep {day}", "Oct {day}", "Nov {day}", "Dec {day}"),
)
IN_FULL: Final[Sequence[Sentence]] = (
    *("January {day}", "February {day}", "March {day}", "April {day}", "May {day}", "June {day}"),
    *("July {day}", "August {day}", "September {day}", "October {day}", "November {day}", "December {day}"),
)


def day_words(at: date, style: Sequence[Sentence]) -> str:
    """Return a day without its year."""
    return say(style[at.month - 1], day=at.day)
