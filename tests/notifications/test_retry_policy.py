"""The arithmetic of waiting: how long after each failure, and what counts as due."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.incidents import new_key
from bot.domain.messages import Message, Purpose, Route
from bot.notifications.retry_policy import FIRST_BACKOFF, after_failure, fallback_copy, is_due
from bot.notifications.transport import DeliveryError, FailureKind
from bot.rules.policy import LONGEST_BACKOFF
from bot.runtime.supervisor import backoff

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def message() -> Message:
    return Message(new_key(), 1, Purpose.ALERT, notify=True, created_at=NOW, due_at=NOW)


@pytest.mark.parametrize(
    ("failures", "chance", "pause"),
    [
        pytest.param(1, 1.0, 2 * SECOND, id="first"),
        pytest.param(1, 0.0, SECOND, id="half-of-it-is-chance"),
        pytest.param(2, 1.0, 4 * SECOND, id="doubles"),
        pytest.param(5, 1.0, 32 * SECOND, id="doubles-on"),
        pytest.param(10_000, 1.0, LONGEST_BACKOFF, id="capped"),
        pytest.param(10_000, 0.0, LONGEST_BACKOFF / 2, id="capped-and-spread"),
    ],
)
def test_the_pause_after_failures_grows_and_ends_growing(
    failures: int, chance: float, pause: timedelta
) -> None:
    assert backoff(failures, FIRST_BACKOFF, LONGEST_BACKOFF, chance) == pause


@pytest.mark.parametrize(
    ("at", "due"),
    [
        pytest.param(NOW - SECOND, True, id="past"),
        pytest.param(NOW, True, id="now"),
        pytest.param(NOW + SECOND, False, id="soon"),
        pytest.param(NOW + LONGEST_BACKOFF, False, id="the-longest-backoff"),
        pytest.param(NOW + LONGEST_BACKOFF + SECOND, True, id="of-another-clock"),
    ],
)
def test_what_no_backoff_explains_is_due(at: datetime, *, due: bool) -> None:
    assert is_due(at, NOW) is due


@pytest.mark.parametrize("wait", [timedelta(minutes=10), timedelta(days=1)], ids=["minutes", "a-day"])
def test_discords_own_pause_is_kept_up_to_the_longest_backoff(wait: timedelta) -> None:
    error = DeliveryError(FailureKind.WAIT, "429", wait)
    failing = after_failure(message(), error, now=NOW, chance=1.0, other_route=True)
    later = after_failure(failing, error, now=NOW + timedelta(minutes=3), chance=1.0, other_route=True)
    assert later.due_at == NOW + timedelta(minutes=3) + min(wait, LONGEST_BACKOFF)


def test_a_copy_has_a_nonce_of_its_own_and_stays_in_the_channel() -> None:
    original = message()
    copy = fallback_copy(original, NOW)
    assert (fallback_copy(original, NOW).key, copy.nonce != original.nonce) == (copy.key, True)
    error = DeliveryError(FailureKind.BROKEN, "50013")
    assert after_failure(copy, error, now=NOW, chance=1.0, other_route=True).route is Route.CHANNEL
