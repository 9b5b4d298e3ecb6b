"""What may be done about each kind of flag, when it is checked, and how often an account may be asked."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.providers import Remedy
from bot.providers.mjproxy.reasons import Kind
from bot.providers.mjproxy.remedies import CHECKS, next_sync, remedies

NOW = datetime(2026, 11, 27, 7, tzinfo=UTC)
ENABLE, GUIDE = Remedy.ENABLE, Remedy.GUIDE


@pytest.mark.parametrize(
    ("kind", "with_endpoint", "without"),
    [
        (Kind.CAPTCHA, (Remedy.CAPTCHA_SOLVED,), (Remedy.CAPTCHA_SOLVED,)),
        (Kind.SESSION, (ENABLE, GUIDE), (GUIDE,)),
        (Kind.PLAN, (ENABLE, GUIDE), (GUIDE,)),
        (Kind.CREDITS, (ENABLE, GUIDE), (GUIDE,)),
        *((kind, (ENABLE,), (GUIDE,)) for kind in (Kind.MODERATION, Kind.BLOCK, Kind.CONNECTION, Kind.OTHER)),
    ],
)
def test_each_kind_has_its_remedies(
    kind: Kind, with_endpoint: tuple[Remedy, ...], without: tuple[Remedy, ...]
) -> None:
    assert remedies(kind, enables=True) == with_endpoint
    assert remedies(kind, enables=False) == without


def test_an_account_is_checked_while_the_proxy_starts_it() -> None:
    assert [wait.total_seconds() for wait in CHECKS[ENABLE]] == [30, 90, 180]
    assert [wait.total_seconds() for wait in CHECKS[Remedy.CAPTCHA_SOLVED]] == [0, 15]


def ago(**of: float) -> datetime:
    return NOW - timedelta(**of)


def test_an_account_may_be_asked_again_ten_minutes_later() -> None:
    assert next_sync([], "a", NOW) == NOW
    assert next_sync([("a", ago(minutes=4)), ("b", ago(minutes=1))], "a", NOW) == NOW + timedelta(minutes=6)
    assert next_sync([("a", ago(minutes=10))], "a", NOW) == NOW


def test_a_proxy_may_be_asked_twenty_times_a_day_whatever_the_account() -> None:
    syncs = [(str(hour), ago(hours=hour)) for hour in range(1, 21)]
    assert next_sync(syncs, "a", NOW) == NOW + timedelta(hours=4)
    assert next_sync(syncs[1:], "a", NOW) == NOW
    assert next_sync([*syncs[1:], ("old", ago(hours=25))], "a", NOW) == NOW


def test_a_time_after_a_clock_was_set_back_blocks_nobody() -> None:
    assert next_sync([("a", NOW + timedelta(days=30))] * 30, "a", NOW) == NOW
