from dataclasses import replace
from datetime import timedelta

from bot.domain.accounts import Flag, FlagKind
from bot.domain.incidents import Incident, State, connection_group
from bot.domain.providers import MJPROXY, USEAPI
from tests.rules.world import MINUTE, START

LOST = Incident(
    "k", State.OPEN, START, START, "mjproxy:0", Flag("gone", FlagKind.CONNECTION), provider=MJPROXY
)


def lost(key: str, after: timedelta) -> Incident:
    return replace(LOST, key=key, opened_at=START + after)


def group(*incidents: Incident) -> list[str]:
    return [each.key for each in connection_group(incidents, MJPROXY)]


def test_each_of_a_group_lost_its_connection_within_five_minutes_of_another() -> None:
    assert group(lost("b", 5 * MINUTE), lost("a", 0 * MINUTE), lost("c", 10 * MINUTE)) == ["a", "b", "c"]


def test_what_is_older_is_no_part_of_the_last_group() -> None:
    old, older = lost("old", -6 * MINUTE), lost("older", -60 * MINUTE)
    assert group(older, old, lost("a", 0 * MINUTE), lost("b", MINUTE)) == ["a", "b"]


def test_one_that_was_lost_alone_since_hides_no_group() -> None:
    alone = lost("alone", 180 * MINUTE)
    assert group(lost("a", 0 * MINUTE), lost("b", MINUTE), alone) == ["a", "b"]
    assert group(alone) == ["alone"]


def test_another_kind_another_provider_and_what_is_over_or_starts_are_left_out() -> None:
    assert LOST.flag is not None
    others = (
        replace(LOST, flag=replace(LOST.flag, kind=FlagKind.MODERATION)),
        replace(LOST, provider=USEAPI),
        replace(LOST, state=State.ENDED),
        replace(LOST, state=State.CLEARING),
        replace(LOST, starting_since=START),
    )
    assert group(LOST, *others) == ["k"]
    assert group() == []
