"""The figures of a history: what counts as out, as in service, and as neither."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.accounts import FlagKind
from bot.domain.history import Blank, Episode, Figures, History, Period, figures_of, ranked, together
from bot.domain.incidents import Incident, ServiceProblem, State
from bot.domain.providers import MJPROXY, USEAPI
from bot.domain.services import SERVICES

AT = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SINCE, UNTIL = AT, AT + 100 * HOUR
REFERENCE = "100000000000000001"
OTHER = "mjproxy:1"


def period(start: float, end: float) -> Period:
    return Period(AT + start * HOUR, AT + end * HOUR)


def episode(start: float, end: float, *, acted: float | None = None, reference: str = REFERENCE) -> Episode:
    times = period(start, end)
    acted_at = None if acted is None else AT + acted * HOUR
    return Episode("1", reference, FlagKind.CAPTCHA, times.start, times.end, end >= 100, acted_at)


def blank(start: float, end: float, problem: ServiceProblem, provider: str = USEAPI) -> Blank:
    incident = Incident("2", State.ENDED, AT, AT, problem=problem, provider=provider)
    return Blank(period(start, end), incident, provider)


def of_one(*episodes: Episode, blanks: tuple[Blank, ...] = (), watched: Period | None = None) -> Figures:
    known = {REFERENCE: watched or period(0, 100)}
    return figures_of(History(period(0, 100), known, episodes, blanks))[REFERENCE]


def test_what_is_not_out_is_in_service() -> None:
    found = of_one(episode(10, 12, acted=10.5), episode(20, 26), episode(30, 31, acted=30.75))
    assert found.in_service == pytest.approx(0.91)
    assert found.lengths == (2 * HOUR, 6 * HOUR, HOUR)
    assert found.responses == (HOUR / 2, 0.75 * HOUR)
    assert found.open == 0


def test_an_incident_counts_within_the_period_and_is_as_long_as_it_was() -> None:
    found = of_one(episode(-50, 10), episode(90, 100))
    assert found.in_service == pytest.approx(0.8)
    assert found.lengths == (60 * HOUR, 10 * HOUR)
    assert found.open == 1


def test_time_within_two_incidents_is_out_once() -> None:
    found = of_one(episode(10, 20), episode(15, 18), episode(19, 25))
    assert (found.out, len(found.lengths)) == (15 * HOUR, 3)


def test_the_absence_of_one_provider_hides_no_other() -> None:
    absence = blank(0, 50, AWAY, MJPROXY)
    own = replace(absence, is_own=True)
    assert [of_one(blanks=(each,)).watched for each in (absence, own)] == [50 * HOUR, 100 * HOUR]


def test_what_was_not_watched_counts_neither_way() -> None:
    found = of_one(episode(60, 70), watched=period(50, 100))
    assert (found.watched, found.in_service) == (50 * HOUR, pytest.approx(0.8))


UNREAD = ServiceProblem.UNREACHABLE
AWAY = ServiceProblem.AWAY


@pytest.mark.parametrize(
    ("blanks", "unseen", "out"),
    [
        ([], 0, 10),
        ([blank(20, 30, UNREAD)], 10, 10),
        ([blank(20, 30, UNREAD), blank(25, 35, UNREAD), blank(26, 27, AWAY)], 15, 10),
        ([blank(5, 15, UNREAD)], 10, 5),
        ([blank(12, 13, UNREAD), blank(14, 15, AWAY)], 2, 8),
        ([blank(10, 20, AWAY)], 10, 0),
        ([blank(-20, 5, UNREAD), blank(95, 130, UNREAD)], 10, 10),
        ([blank(12, 13, UNREAD, MJPROXY)], 0, 10),
        ([blank(12, 13, AWAY, MJPROXY)], 1, 9),
        ([blank(12, 13, ServiceProblem.TOKEN, SERVICES[0].provider)], 1, 9),
        ([blank(12, 13, UNREAD, SERVICES[0].provider)], 0, 10),
    ],
    ids=[
        "seen",
        "beside it",
        "overlapping",
        "at its beginning",
        "within it",
        "all of it",
        "at both ends",
        "of another provider",
        "the bot's own",
        "of the subscription",
        "of another service",
    ],
)
def test_what_could_not_be_seen_counts_neither_way(blanks: list[Blank], unseen: float, out: float) -> None:
    found = of_one(episode(10, 20), blanks=tuple(blanks))
    assert (found.unseen, found.out) == (unseen * HOUR, out * HOUR)
    assert found.watched == (100 - unseen) * HOUR
    assert found.in_service == pytest.approx(1 - out / (100 - unseen))


def test_an_account_that_was_never_seen_has_no_share() -> None:
    assert of_one(blanks=(blank(-1, 101, AWAY),)).in_service is None


def test_several_accounts_count_by_the_time_that_each_was_seen() -> None:
    known = {REFERENCE: period(0, 100), OTHER: period(50, 100)}
    figures = figures_of(History(period(0, 100), known, [episode(60, 75, reference=OTHER)]))
    found = together(figures.values())
    assert found.in_service == pytest.approx(0.9)
    assert found.lengths == (15 * HOUR,)
    assert ranked(figures) == [OTHER, REFERENCE]


def test_those_with_incidents_come_first_and_then_those_that_were_out_longest() -> None:
    figures = {
        "none": Figures(),
        "unseen": Figures(lengths=(HOUR,)),
        "short": Figures(out=HOUR, lengths=(HOUR,)),
        "none either": Figures(),
        "long": Figures(out=2 * HOUR, lengths=(HOUR, HOUR)),
    }
    assert ranked(figures) == ["long", "short", "unseen", "none", "none either"]
