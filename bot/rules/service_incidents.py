"""What opens, changes and ends the incident of the service, and how it slows polling."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from bot.domain.accounts import Flag
from bot.domain.errors import Cause
from bot.domain.incidents import (
    Alert,
    Ending,
    Incident,
    Reason,
    ServiceProblem,
    State,
    is_of_subscription,
    open_services,
)
from bot.domain.services import subscription_of
from bot.rules import account_incidents
from bot.rules.account_incidents import Change
from bot.rules.flags import worst_of
from bot.rules.policy import AWAY_AFTER, TROUBLED_POLL, Policy
from bot.rules.poll_state import PollState, Situation


def severity(problem: ServiceProblem) -> int:
    """Return what a problem asks of a person: 0 to wait, 1 to check the accounts, 2 to make the service work.

    PENDING is about an account, and as severe as its flag.
    """
    match problem:
        case ServiceProblem.AWAY | ServiceProblem.UNREACHABLE | ServiceProblem.PENDING:
            return 0
        case ServiceProblem.LIST_GONE:
            return 1
        case ServiceProblem.GONE | ServiceProblem.UNPAID | ServiceProblem.TOKEN:
            return 2
    assert_never(problem)


def service_recovered(now: Situation) -> Iterator[Change]:
    """End the service's incident; or report that the bot was away, which only shows now."""
    service, last_good = now.service, now.poll_state.last_good
    if service is not None:
        since = service.opened_at if last_good is None else min(service.opened_at, last_good)
        yield account_incidents.ended(
            replace(service, blind_from=since, blind_until=now.at), Ending.RECOVERED, now.at
        )
    elif now.poll_state.resumed and last_good is not None and now.at - last_good >= AWAY_AFTER:
        absences = (each for each in now.incidents.values() if each.problem is ServiceProblem.AWAY)
        if any(abs(each.opened_at - last_good) < AWAY_AFTER for each in absences):
            return  # the first poll of another provider has reported it
        away = Incident(
            now.new_key(),
            State.OPEN,
            opened_at=last_good,
            seen_at=now.at,
            problem=ServiceProblem.AWAY,
            provider=now.provider,
            blind_from=last_good,
            blind_until=now.at,
        )
        yield account_incidents.ended(away, Ending.RECOVERED, now.at)


def is_common_outage(
    provider: str, poll_states: Mapping[str, PollState], incidents: Mapping[str, Incident]
) -> bool:
    """Return whether the polls of all providers that share a subscription with one fail.

    Those with a problem of their own do not count, nor those without a good poll since the program started.
    """
    services = open_services(incidents.values())
    own = {name for name, each in services.items() if not each.is_shared} | {provider}
    others = [
        each
        for name, each in poll_states.items()
        if name not in own and subscription_of(name) == subscription_of(provider)
    ]
    return bool(others) and all(each.failed_at is not None or each.resumed for each in others)


def is_told_by_another(
    now: Situation, problem: ServiceProblem, cause: Cause | None, *, is_common: bool
) -> bool:
    """Return whether the incident of another provider of the same subscription says the problem."""
    return (is_common or is_of_subscription(problem, cause)) and any(
        each.provider != now.provider and not each.ended and each.is_shared for each in now.incidents.values()
    )


def service_failed(
    now: Situation,
    problem: ServiceProblem,
    flag: Flag | None = None,
    cause: Cause | None = None,
    *,
    is_common: bool = False,
    is_told: bool = False,
) -> Iterator[Change]:
    """Open the service's incident, or record in the open one what the problem is now.

    `is_told` says that the incident of another provider of the same subscription says it.
    """
    service = now.service
    if service is None:
        if not is_told:
            opened, alert = problem_opened(now, problem, flag, cause)
            yield replace(opened, is_common=is_common), alert
        for incident in now.incidents.values():
            if incident.reference is not None and not incident.ended:
                yield account_incidents.stamp_last_seen(now, incident), None
    elif is_told:
        return
    elif service.problem is not problem and problem is not ServiceProblem.UNREACHABLE:
        # Being unreachable says nothing new of a service that refused before.
        alert = Alert(service.key, Reason.WORSE, notify=True) if is_worse(service, problem, flag) else None
        worst = worst_of(service.worst_kind, flag.kind) if flag else service.worst_kind
        after = replace(
            service,
            problem=problem,
            cause=cause,
            is_common=False,
            seen_at=now.at,
            flag=flag,
            worst_kind=worst,
            worst_problem=max(worst_problem_of(service), problem, key=severity),
        )
        yield after, alert
    elif service.problem is problem and (service.cause is not cause or service.is_common > is_common):
        # An edit shows it. It notifies nobody, so a problem of the service becomes none of all services.
        yield replace(service, cause=cause, is_common=service.is_common and is_common, seen_at=now.at), None
    elif flag is not None and problem is ServiceProblem.PENDING:
        yield account_incidents.update_text(service, flag, now.at)


def problem_opened(now: Situation, problem: ServiceProblem, flag: Flag | None, cause: Cause | None) -> Change:
    """Open the service's incident."""
    past = [each for each in now.incidents.values() if each.problem is problem]
    reason, notify = account_incidents.opening_reason(past, now.at)
    opened = Incident(
        now.new_key(),
        State.OPEN,
        opened_at=now.at,
        seen_at=now.at,
        flag=flag,
        worst_kind=flag.kind if flag else None,
        problem=problem,
        provider=now.provider,
        cause=cause,
        worst_problem=problem,
        recurring=reason is Reason.RECURRING,
        blind_from=now.poll_state.last_good,
    )
    return opened, Alert(opened.key, reason, notify)


def is_worse(service: Incident, problem: ServiceProblem, flag: Flag | None) -> bool:
    """Whether a problem is more severe than any so far in the service's incident, so that it notifies."""
    if problem is ServiceProblem.PENDING:
        # Without a flag here, an account's own incident notifies about it.
        return flag is not None and worst_of(service.worst_kind, flag.kind) is not service.worst_kind
    return severity(problem) > severity(worst_problem_of(service))


def worst_problem_of(service: Incident) -> ServiceProblem:
    """Return the most severe problem of the service's incident so far."""
    return service.worst_problem or service.problem or ServiceProblem.UNREACHABLE


def next_poll_in(poll_state: PollState, service: Incident | None, policy: Policy) -> timedelta:
    """Return the time until the next poll: longer where only a person can mend the service."""
    if service is None or service.problem in (ServiceProblem.UNREACHABLE, ServiceProblem.PENDING):
        return policy.poll_interval  # the next poll may succeed, as after a reset
    if service.problem is ServiceProblem.LIST_GONE and poll_state.shrunk:
        return policy.poll_interval  # the accounts that are left are still watched
    return max(TROUBLED_POLL, policy.poll_interval)
