"""A soak of a few seconds, and the rules by which it is judged."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.incidents import ServiceProblem, State
from bot.domain.providers import MJPROXY, USEAPI
from bot.rules.policy import RECUR_WINDOW
from tests.chaos.findings import precedes
from tests.chaos.records import IncidentRow
from tests.chaos.soak import API_FAULTS, DISCORD_FAULTS, FAULTS, share_of, soak
from tests.chaos.stalls import LONGEST_PAUSE, StallDetector

AT = datetime(2026, 1, 2, tzinfo=UTC)
A_MOMENT = timedelta(seconds=6)


def incident(
    *,
    hours: float = 0,
    channel: str | None = "1",
    problem: ServiceProblem | None = None,
    recurring: bool = False,
) -> IncidentRow:
    opened_at = AT + timedelta(hours=hours)
    return IncidentRow(f"{channel}{hours}", State.ENDED, channel, problem, recurring, opened_at)


async def test_a_short_soak_loses_and_repeats_nothing(tmp_path: Path) -> None:
    soaked = await soak(tmp_path, 1, A_MOMENT)
    assert soaked.found.all == []
    assert soaked.flagged
    assert soaked.messages
    assert soaked.kills


@pytest.mark.parametrize("kinds", [len(API_FAULTS), len(DISCORD_FAULTS)])
def test_fault_kinds_together_meet_their_share_of_the_requests(kinds: int) -> None:
    luck = random.Random(1)  # noqa: S311 - made-up luck, the same each time
    requests = 10_000
    met = sum(any(luck.random() < share_of(kinds) for _ in range(kinds)) for _ in range(requests))
    assert abs(met / requests - FAULTS) < 0.02


@pytest.mark.parametrize(
    ("earlier", "later", "counts"),
    [
        (incident(), incident(hours=5.9), True),
        (incident(), incident(hours=RECUR_WINDOW / timedelta(hours=1)), False),
        (incident(), incident(), False),
        (incident(hours=1), incident(), False),
        (incident(), incident(hours=1, channel="2"), False),
        (
            incident(channel=None, problem=ServiceProblem.TOKEN),
            incident(hours=1, channel=None, problem=ServiceProblem.TOKEN),
            True,
        ),
        (
            incident(channel=None, problem=ServiceProblem.TOKEN),
            incident(hours=1, channel=None, problem=ServiceProblem.LIST_GONE),
            False,
        ),
        (
            incident(channel=None, problem=ServiceProblem.AWAY),
            incident(hours=1, channel=None, problem=ServiceProblem.AWAY),
            False,
        ),
    ],
    ids=["same account", "too long ago", "itself", "later", "another", "same problem", "another", "away"],
)
def test_an_incident_counts_for_the_next_ones_of_its_kind(
    earlier: IncidentRow, later: IncidentRow, *, counts: bool
) -> None:
    assert precedes(earlier, later) is counts


STEP = LONGEST_PAUSE / 10


def noted(
    stalls: StallDetector, steps: int, *, polls: int = 0, waiting: str | None = None, lives: int = 1
) -> list[str]:
    """Let the time of so many steps pass, with so many polls and lives in it; return what was found."""
    for at in range(steps):
        keys = set[str]() if waiting is None else {waiting}
        counts = {USEAPI: at * polls // steps, MJPROXY: at}
        stalls.note(at * lives // steps, counts, keys, AT + at * STEP, str)
    return list(stalls.found)


def test_a_life_that_polls_and_sends_is_well() -> None:
    assert noted(StallDetector(), 30, polls=30) == []


def test_a_life_that_stops_polling_is_found_once() -> None:
    assert noted(StallDetector(), 30) == [USEAPI]


def test_a_life_that_stops_sending_is_found_once() -> None:
    assert noted(StallDetector(), 30, polls=30, waiting="key") == ["key"]


def test_a_pause_counts_anew_in_each_life() -> None:
    assert noted(StallDetector(), 30, waiting="key", lives=3) == []
