"""The words that charts have in common: days without their year, and the whole of a chart in English."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from bot.domain.charts import Axis, Levels, Timeline, UsageCurve
from bot.render.text import count, whole
from bot.runtime.language import ENGLISH, Sentence, current_language, say, spoken

Made = TypeVar("Made", Timeline, UsageCurve, Levels, UsageCurve | None, Levels | None)
Given = ParamSpec("Given")
IN_PICTURES: Final[Sequence[Sentence]] = (
    *("{day} Jan", "{day} Feb", "{day} Mar", "{day} Apr", "{day} May", "{day} Jun"),
    *("{day} Jul", "{day} Aug", "{day} Sep", "{day} Oct", "{day} Nov", "{day} Dec"),
)
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


def axis() -> Axis:
    """Return how days and numbers are written in pictures."""
    days = tuple(say(each, day="{day}") for each in IN_PICTURES)
    return Axis(days, say("Jan {year}", year="{year}"), whole(1_111).strip("1"))


def and_more(number: int) -> str:
    """Return how many accounts a picture does not show; empty if it shows all."""
    return count(number, "and {n} more account[|s]") if number else ""


def also_in_english(build: Callable[Given, Made]) -> Callable[Given, Made]:
    """Have a chart in another language carry itself in English."""

    @wraps(build)
    def built(*given: Given.args, **named: Given.kwargs) -> Made:
        chart = build(*given, **named)
        if chart is None or current_language() == ENGLISH:
            return chart
        with spoken(ENGLISH):
            return replace(chart, english=build(*given, **named))

    return built
