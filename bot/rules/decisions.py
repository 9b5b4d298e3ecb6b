"""What an event changes: a poll, a failed poll, a flag that an error reported, a tick.

`decide` is the one way in. It returns values and changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.accounts import Account, Flag, Observation
from bot.domain.errors import Cause
from bot.domain.incidents import Alert, Incident, ServiceProblem
from bot.domain.providers import USEAPI, provider_of
from bot.rules import account_incidents, starting, timers
from bot.rules.account_incidents import Change
from bot.rules.policy import Policy
from bot.rules.poll_state import (
    TIMES,
    NewKey,
    PollState,
    Situation,
    accept_list,
    blind_stretch,
    count_failure,
    counts_as_poll,
    is_believed,
)
from bot.rules.service_incidents import is_told_by_another, service_failed, service_recovered


@dataclass(frozen=True, slots=True)
class PollFailed:
    """A poll failed, which is no sign of any account's state."""

    at: datetime
    problem: ServiceProblem
    flag: Flag | None = None
    """The flag that the list was refused with, if its account is unknown."""
    cause: Cause | None = None
    provider: str = USEAPI
    is_common: bool = False
    """Whether all other services of the subscription fail, too."""


@dataclass(frozen=True, slots=True)
class FlagReported:
    """An error 596 was about an account."""

    at: datetime
    reference: str
    flag: Flag
    since: datetime | None = None
    """When it was first reported, if it could not be saved then."""
    in_list: bool = False
    """Whether it came in place of the list. A flag that a command reported may never be in the list."""

    @property
    def provider(self) -> str:
        """The provider of the account."""
        return provider_of(self.reference)


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""

    at: datetime
    provider: str = USEAPI


Event = Observation | PollFailed | FlagReported | Tick


@dataclass(frozen=True, slots=True)
class Decision:
    """What an event leads to: the poll state, the incidents that are new or changed, and the alerts."""

    poll_state: PollState
    incidents: tuple[Incident, ...] = ()
    alerts: tuple[Alert, ...] = ()


def decide(
    poll_state: PollState, incidents: Mapping[str, Incident], event: Event, policy: Policy, new_key: NewKey
) -> Decision:
    """Return what an event changes about one provider.

    `incidents` are those of the provider that are open or ended in the last 6 h, and the absences of the bot.
    """
    at = event.at
    present = {key: each if each.ended else timers.expire(each, at) for key, each in incidents.items()}
    clamped = timers.clamp_future(poll_state, at, TIMES)
    opened, past = by_reference(present)
    now = Situation(clamped, present, at, policy, new_key, event.provider, opened, past)
    changes: Iterable[Change]
    match event:
        case Observation():
            poll_state, changes = list_polled(now, event)
        case PollFailed():
            poll_state, changes = poll_failed(now, event)
        case FlagReported():
            changes = [flag_reported(now, event)]
        case Tick():
            changes = [timers.tick(each, at) for each in present.values() if not each.ended]
    changes = list(changes)
    after = {**present, **{incident.key: incident for incident, _ in changes}}
    return Decision(
        poll_state,
        # A poll that changes nothing must write nothing.
        tuple(incident for key, incident in after.items() if incident != incidents.get(key)),
        tuple(alert for _, alert in changes if alert is not None),
    )


def list_polled(now: Situation, observation: Observation) -> tuple[PollState, Iterable[Change]]:
    """Return what a list changes. One that is incomplete shows flags, and is else like a failed poll."""
    if not observation.is_complete:
        after, changes = poll_failed(now, PollFailed(now.at, ServiceProblem.UNREACHABLE, cause=Cause.PARTIAL))
        return after, (*changes, *sightings(now, observation))
    references = frozenset(account.reference for account in observation.accounts)
    if not is_believed(now.poll_state, references, now.at):
        return list_shrunk(replace(now, blind=blind_stretch(now)), observation, references)
    after, seeing = starting.remembered(now, observation), replace(now, blind=blind_stretch(now))
    changes = (
        *service_recovered(now),
        *sightings(seeing, observation),
        *absences(seeing, observation),
        *starting.offline(replace(now, poll_state=after), observation),
    )
    return accept_list(after, references, now.at, now.policy), changes


def sightings(now: Situation, observation: Observation) -> Iterator[Change]:
    """Yield what the flags of a list change."""
    for account in observation.accounts:
        if (flag := account.flag) is None:
            continue
        reference, cause = account.reference, starting.cause_of(now, account.reference)
        if (incident := now.opened.get(reference)) is not None:
            yield account_incidents.flag_seen(incident, flag, now.at, in_list=True, cause=cause)
        else:
            since, is_first = observation.flagged_since.get(reference, now.at), now.poll_state.listed is None
            yield account_incidents.open_incident(
                now, reference, flag, since, before_watch=is_first, cause=cause
            )


def absences(now: Situation, observation: Observation) -> Iterator[Change]:
    """Yield what changes because a believed list lacks a flag or an account."""
    accounts: dict[str, Account] = {}
    if now.opened:
        accounts = {account.reference: account for account in observation.accounts}
    for reference, incident in now.opened.items():
        account = accounts.get(reference)
        if account is None:
            removed = reference in now.poll_state.removed
            if removed or counts_as_poll(now.poll_state, now.at, now.policy):
                yield account_incidents.account_absent(incident, now.at, removed=removed)
        elif account.flag is None:
            yield starting.unflagged(now, incident, account)


def list_shrunk(
    now: Situation, observation: Observation, references: frozenset[str]
) -> tuple[PollState, Iterable[Change]]:
    """Return what a list changes that lost too many accounts: it is no sign of any account's health.

    One such poll may be an accident; the next one that is no better makes it a service problem. The flags
    that the list still shows are believed at once: the accounts that are left in it must be watched.
    """
    first = now.poll_state.shrunk_since
    is_same = now.poll_state.shrunk == references and first is not None
    is_known = now.service is not None or (first is not None and now.at - first >= now.policy.shortest_gap)
    changes = (
        *(service_failed(now, ServiceProblem.LIST_GONE) if is_known else ()),
        *sightings(now, observation),
    )
    after = replace(
        now.poll_state,
        shrunk=references,
        shrunk_since=first if is_same else now.at,
        failed_at=now.at,
        failing_seconds=0,
    )
    return after, changes


def poll_failed(now: Situation, failed: PollFailed) -> tuple[PollState, Iterable[Change]]:
    """Return what a failed poll changes. A problem that may pass by itself has to last a while first."""
    after = count_failure(now.poll_state, now.at, now.policy)
    is_told = is_told_by_another(now, failed.problem, failed.cause, is_common=failed.is_common)
    may_pass = failed.problem is ServiceProblem.UNREACHABLE or (
        failed.problem is ServiceProblem.PENDING and failed.flag is None
    )
    if is_told:
        after = replace(after, failing_seconds=0)  # what is left of it once that is over has to last, too
    elif may_pass and timedelta(seconds=after.failing_seconds) < now.policy.outage_after:
        return after, ()
    changes = service_failed(
        now, failed.problem, failed.flag, failed.cause, is_common=failed.is_common, is_told=is_told
    )
    return after, changes


def flag_reported(now: Situation, report: FlagReported) -> Change:
    """Return what an error 596 about an account changes."""
    if (incident := now.opened.get(report.reference)) is not None:
        return account_incidents.flag_seen(incident, report.flag, now.at, in_list=report.in_list)
    since, is_by_command = report.since or now.at, not report.in_list
    return account_incidents.open_incident(
        now, report.reference, report.flag, since, from_command=is_by_command
    )


def by_reference(incidents: Mapping[str, Incident]) -> tuple[dict[str, Incident], dict[str, list[Incident]]]:
    """Return the open incident of each account, and its ended ones."""
    opened: dict[str, Incident] = {}
    past: dict[str, list[Incident]] = defaultdict(list)
    for incident in incidents.values():
        if incident.reference is None:
            continue
        if incident.ended:
            past[incident.reference].append(incident)
        else:
            opened[incident.reference] = incident
    return opened, past
