from datetime import UTC, timedelta

import pytest

from bot.domain.clock import completions, read_typed, utc_now

WEEK = timedelta(days=7)


def test_the_present_time_is_in_utc_and_in_whole_milliseconds() -> None:
    times = [utc_now() for _ in range(100)]
    assert {(time.tzinfo, time.microsecond % 1000) for time in times} == {(UTC, 0)}


@pytest.mark.parametrize(
    ("typed", "hours"),
    [
        ("8h", 8),
        ("8 h", 8),
        ("8H", 8),
        ("8 hours", 8),
        ("1 hour", 1),
        ("2 hrs", 2),
        ("90m", 1.5),
        ("90 Min", 1.5),
        ("1d12h", 36),
        ("1 day and 12 hours", 36),
        ("1w", 168),
        ("2 weeks", 336),
        ("3600 s", 1),
    ],
)
def test_what_people_write_is_read(typed: str, hours: float) -> None:
    assert read_typed(typed) == timedelta(hours=hours)


@pytest.mark.parametrize(
    "typed", ["", " ", "8", "h", "soon", "1 hat", "-1h", "1.5h", "1h 30", "9999999d", "8h!"]
)
def test_what_is_no_length_of_time_is_none(typed: str) -> None:
    assert read_typed(typed) is None


def test_a_length_beyond_measure_is_the_longest_there_is() -> None:
    assert read_typed("999999w" * 200) == timedelta.max


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("2", ["2h", "2d", "2m"]),
        (" 7 ", ["7h", "7d", "7m"]),
        ("1", ["1h", "1d", "1m", "1w"]),
        ("90", ["90h", "90m"]),
        ("0", []),
        ("2h", []),
        ("x", []),
    ],
)
def test_a_number_is_offered_with_each_unit_that_fits(typed: str, offered: list[str]) -> None:
    assert completions(typed, WEEK) == offered
