from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain.account_info import parse_info
from bot.domain.usage import RecentUsage, UsageSample, images_by_day

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
INFO = (
    "Subscription: Pro (Active monthly, renews next on <t:1774000000>)\n"
    "Fast Time Remaining: 29.57/30.0 hours (98.58%)\n"
    "Lifetime Usage: 12,345 images (421.3 hours)"
)


def used(hours: float, *, over: timedelta = 7 * DAY, left: float = 10.0, renews: int = 20) -> RecentUsage:
    return RecentUsage("1", UsageSample(AT, left, 30.0, AT + renews * DAY), hours, AT - over)


def test_the_numbers_of_an_answer_are_read() -> None:
    renews = datetime.fromtimestamp(1774000000, UTC)
    assert UsageSample.of(parse_info(INFO), AT) == UsageSample(
        AT, 29.57, 30.0, renews, 12345, "Pro", "Active monthly"
    )


def test_minutes_become_hours() -> None:
    sample = UsageSample.of(parse_info("Fast Time Remaining: 90/120 minutes"), AT)
    assert (sample.fast_left, sample.fast_total) == (1.5, 2.0)


def test_what_an_answer_does_not_say_is_unknown() -> None:
    assert UsageSample.of(parse_info("Fast Time Remaining: plenty"), AT) == UsageSample(AT)


def test_the_pace_is_the_use_per_day_and_says_when_nothing_is_left() -> None:
    usage = used(7.0)
    assert usage.pace == 1.0
    assert usage.empties == AT + 10 * DAY
    assert usage.runs_short(AT)


@pytest.mark.parametrize(
    ("usage", "pace"),
    [
        (used(1.0, over=timedelta(hours=23)), None),
        (RecentUsage("1", UsageSample(AT, 10.0)), None),
        (used(0.0), 0.0),
    ],
)
def test_nothing_is_foretold_without_use_or_from_less_than_a_day(
    usage: RecentUsage, pace: float | None
) -> None:
    assert usage.pace == pace
    assert usage.empties is None
    assert not usage.runs_short(AT)


def test_fast_time_that_lasts_until_the_renewal_does_not_run_dry() -> None:
    assert not used(7.0, renews=10).runs_short(AT)
    assert used(7.0, renews=11).runs_short(AT)


def test_a_renewal_that_is_over_says_nothing_about_the_next_one() -> None:
    late = AT + 12 * DAY
    assert used(7.0, renews=11).renews(late) is None
    assert not used(7.0, renews=11).runs_short(late)


def test_an_end_beyond_the_calendar_is_never() -> None:
    assert used(1e-9).empties is None


def made(day: float, images: int | None) -> UsageSample:
    return UsageSample(AT + day * DAY, images=images)


def test_images_of_a_day_are_the_difference_to_the_last_count_of_the_day_before() -> None:
    samples = [made(0, 100), made(0.2, 130), made(1, 150), made(1.4, 190), made(2, 190)]
    assert images_by_day(samples) == ((date(2026, 3, 2), 60), (date(2026, 3, 3), 0))


def test_images_after_a_gap_are_unknown_and_not_zero() -> None:
    assert images_by_day([made(0, 100), made(2, 400), made(3, None), made(4, 500), made(5, 510)]) == (
        (date(2026, 3, 6), 10),
    )


def test_a_count_that_falls_says_nothing() -> None:
    assert images_by_day([made(0, 100), made(1, 7), made(2, 9)]) == ((date(2026, 3, 3), 2),)
