"""A problem of a subscription is one incident, whichever of the services that share it met it first."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.accounts import State
from bot.domain.errors import Cause
from bot.domain.incidents import Incident, ServiceProblem, service_of
from bot.domain.providers import MJPROXY, USEAPI
from bot.rules.decisions import Decision, PollFailed, decide
from bot.rules.policy import Policy
from bot.rules.poll_state import PollState
from bot.rules.service_incidents import is_common_outage

NOW = datetime(2026, 11, 28, 8, 0, tzinfo=UTC)
KLING, RUNWAY = "useapi/kling", "useapi/runwayml"
LONG_FAILING = PollState(failed_at=NOW - timedelta(minutes=1), failing_seconds=3_600)
TOKEN, UNPAID = ServiceProblem.TOKEN, ServiceProblem.UNPAID
UNREACHABLE, GONE = ServiceProblem.UNREACHABLE, ServiceProblem.GONE


def incident(
    provider: str, problem: ServiceProblem, cause: Cause | None = None, *, ended: bool = False
) -> Incident:
    state = State.ENDED if ended else State.OPEN
    return Incident(provider, state, NOW, NOW, problem=problem, cause=cause, provider=provider)


def failed(
    problem: ServiceProblem,
    cause: Cause | None,
    *known: Incident,
    provider: str = KLING,
    is_common: bool = False,
) -> Decision:
    shared = {each.key: each for each in known if each.provider == provider or each.is_shared_with(provider)}
    event = PollFailed(NOW, problem, cause=cause, provider=provider, is_common=is_common)
    return decide(LONG_FAILING, shared, event, Policy(), lambda: "new")


@pytest.mark.parametrize("first", [USEAPI, RUNWAY])
@pytest.mark.parametrize(
    ("problem", "cause"),
    [
        (TOKEN, None),
        (UNPAID, Cause.SUBSCRIPTION),
        (UNREACHABLE, Cause.REFUSED),
        (UNREACHABLE, Cause.NO_ADDRESS),
        (UNREACHABLE, Cause.CHALLENGE),
    ],
)
def test_what_another_service_was_told_of_opens_nothing(
    first: str, problem: ServiceProblem, cause: Cause | None
) -> None:
    known = incident(first, problem, cause)
    assert failed(problem, cause, known).incidents == ()
    assert service_of({first: known}, KLING) is known
    assert known.scope == USEAPI


@pytest.mark.parametrize(
    ("problem", "cause"), [(GONE, None), (UNREACHABLE, Cause.SERVER_ERROR), (UNREACHABLE, Cause.SILENT)]
)
def test_what_is_the_services_own_is_its_own_incident(problem: ServiceProblem, cause: Cause | None) -> None:
    (opened,) = failed(problem, cause, incident(RUNWAY, TOKEN)).incidents
    assert (opened.provider, opened.problem, opened.scope) == (KLING, problem, KLING)
    (alert,) = failed(problem, cause, incident(RUNWAY, problem, cause)).alerts
    assert alert.notify


@pytest.mark.parametrize("other", [incident(RUNWAY, TOKEN, ended=True), incident(MJPROXY, TOKEN)])
def test_what_is_over_or_of_another_token_hides_nothing(other: Incident) -> None:
    (opened,) = failed(TOKEN, None, other).incidents
    assert (opened.provider, opened.problem) == (KLING, TOKEN)
    assert service_of({MJPROXY: incident(MJPROXY, TOKEN)}, KLING) is None


def test_an_outage_of_its_own_stays_as_it_is_while_another_tells_of_the_token() -> None:
    own = incident(KLING, UNREACHABLE, Cause.SERVER_ERROR)
    assert failed(TOKEN, None, own, incident(RUNWAY, TOKEN)).incidents == ()
    (worse,) = failed(TOKEN, None, own).incidents
    assert (worse.key, worse.problem) == (KLING, TOKEN)


# ---------------------------------------------------------------- outages

GOOD, FAILING, STARTED = PollState(), PollState(failed_at=NOW), PollState(resumed=True)
SILENT = Cause.SILENT


@pytest.mark.parametrize(
    ("others", "known", "is_common"),
    [
        ({USEAPI: FAILING, RUNWAY: FAILING}, (), True),
        ({USEAPI: FAILING, RUNWAY: STARTED}, (), True),
        ({USEAPI: FAILING, RUNWAY: GOOD}, (), False),
        ({MJPROXY: FAILING}, (), False),
        ({}, (), False),
        # What has a problem of its own says nothing of the others.
        ({USEAPI: FAILING, RUNWAY: FAILING}, (incident(USEAPI, GONE),), True),
        ({USEAPI: FAILING}, (incident(USEAPI, GONE),), False),
        ({RUNWAY: FAILING}, (incident(RUNWAY, UNREACHABLE, SILENT),), False),
    ],
)
def test_an_outage_is_common_if_every_other_service_fails(
    others: dict[str, PollState], known: tuple[Incident, ...], *, is_common: bool
) -> None:
    incidents = {each.key: each for each in known}
    assert is_common_outage(KLING, {KLING: FAILING, **others}, incidents) is is_common


def test_an_outage_of_all_services_is_told_once_and_of_the_subscription() -> None:
    (opened,) = failed(UNREACHABLE, SILENT, is_common=True).incidents
    assert (opened.provider, opened.scope) == (KLING, USEAPI)
    assert failed(UNREACHABLE, SILENT, opened, provider=RUNWAY, is_common=True).incidents == ()


def test_an_outage_that_others_recovered_from_becomes_that_of_its_service_without_a_push() -> None:
    common = replace(incident(KLING, UNREACHABLE, SILENT), is_common=True)
    after = failed(UNREACHABLE, SILENT, common)
    assert [each.scope for each in after.incidents] == [KLING]
    assert after.alerts == ()


def test_an_outage_of_one_service_hides_no_later_one_of_all() -> None:
    own = incident(KLING, UNREACHABLE, SILENT)
    assert failed(UNREACHABLE, SILENT, own, is_common=True).incidents == ()
    (alert,) = failed(UNREACHABLE, SILENT, own, provider=RUNWAY, is_common=True).alerts
    assert alert.notify


def test_what_is_left_of_an_outage_of_all_services_has_to_last_before_it_is_told() -> None:
    common = replace(incident(RUNWAY, UNREACHABLE, SILENT), is_common=True)
    told = failed(UNREACHABLE, SILENT, common, is_common=True).poll_state
    later = PollFailed(NOW + timedelta(minutes=1), UNREACHABLE, cause=SILENT, provider=KLING)
    after = decide(told, {}, later, Policy(), lambda: "new")
    assert after.incidents == ()
    assert timedelta(seconds=after.poll_state.failing_seconds) == timedelta(minutes=1)
