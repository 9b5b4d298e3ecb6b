"""Each word of a picture, and of the text that stands for it, comes from a catalogue."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any

from bot.domain.accounts import FlagKind
from bot.domain.actions import Action
from bot.domain.incidents import ServiceProblem
from bot.domain.usage import RecentUsage, UsageSample
from bot.render.history_chart import timeline, timeline_words
from bot.render.usage_charts import curve_words, levels_words, usage_curve, usage_levels
from bot.runtime.language import spoken
from tests.render.test_history_chart import AT, blank, episode, reference, report
from tests.support.catalogues import read_from
from tests.support.disguise import LANGUAGE, untold
from tests.support.render_samples import CHANNEL, NOW, account

DAY = timedelta(days=1)


def words_of(value: Any) -> Iterator[str]:
    """Yield the words of a chart, without labels of accounts and without the English ones."""
    if isinstance(value, Enum):
        return
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for each in fields(value):
            if each.name not in ("label", "english"):
                yield from words_of(getattr(value, each.name))
    elif isinstance(value, Mapping):
        for each in value.values():  # pyright: ignore[reportUnknownVariableType] - whatever a chart holds
            yield from words_of(each)
    elif isinstance(value, Sequence):
        for each in value:  # pyright: ignore[reportUnknownVariableType] - the same
            yield from words_of(each)


def test_of_a_history(disguise: Path) -> None:
    kinds = [episode(9 * n, 9 * n + 5, of=n + 1, kind=kind) for n, kind in enumerate(FlagKind)]
    done = Action(AT, 1, "reset", reference(1), "reset")
    blanks = (blank(1, 2, ServiceProblem.UNREACHABLE), blank(3, 4, ServiceProblem.AWAY))
    shown = report(*kinds, accounts=70, blanks=blanks, actions=(done,), label="0")
    with read_from(disguise), spoken(LANGUAGE):
        words = [*words_of(timeline(shown)), timeline_words(shown)]
    assert len(words) > len(FlagKind)
    assert [untold(each) for each in words if untold(each)] == []


def test_of_fast_time(disguise: Path) -> None:
    samples = [
        UsageSample(NOW - n * DAY, 3.0 + n, 30.0, NOW + 20 * DAY, 100 * (9 - n)) for n in range(8, -1, -1)
    ]
    for used in (0.0, 2.0, 20.0):
        recent = RecentUsage(CHANNEL, samples[-1], used, NOW - 7 * DAY)
        with read_from(disguise), spoken(LANGUAGE):
            curve = usage_curve(account("0"), recent, samples, days=30, now=NOW)
            levels = usage_levels([(account("0"), recent)] * 12, NOW)
            assert curve is not None
            assert levels is not None
            words = [*words_of(curve), *words_of(levels), curve_words(curve), levels_words(levels)]
        assert [untold(each) for each in words if untold(each)] == []
