"""A problem of a subscription is one incident, whichever of the services that share it met it first."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.accounts import State
from bot.domain.errors import Cause
from bot.domain.incidents import Incident, ServiceProblem, service_of
from bot.domain.providers import MJPROXY, USEAPI
from bot.rules.decisions import Decision, PollFailed, decide
from bot.rules.policy import Policy
from bot.rules.poll_state import PollState

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


def failed(problem: ServiceProblem, cause: Cause | None, *known: Incident, provider: str = KLING) -> Decision:
    shared = {each.key: each for each in known if each.provider == provider or each.is_shared_with(provider)}
    event = PollFailed(NOW, problem, cause=cause, provider=provider)
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
