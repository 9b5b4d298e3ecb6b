"""What a look at the list, a failure to look, or a command that met a flag makes of what is known."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.accounts import Account, Flag, Observation
from bot.domain.causes import Cause
from bot.domain.incidents import Alert, Incident, ServiceProblem, open_service
from bot.rules import account_incidents, timers
from bot.rules.account_incidents import Blind, Change, NewKey
from bot.rules.policy import Policy
from bot.rules.poll_state import (
    PollState,
    accept_list,
    blind_stretch,
    clamp_future,
    count_failure,
    counts,
    is_believed,
)
from bot.rules.service_incidents import recoveries, troubled


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows: the watch as it is now, the incidents that are new or changed, and what to tell."""

    watch: PollState
    incidents: tuple[Incident, ...] = ()
    alerts: tuple[Alert, ...] = ()


def on_poll(
    watch: PollState,
    incidents: Mapping[str, Incident],
    observation: Observation,
    policy: Policy,
    *,
    new_key: NewKey,
) -> Decision:
    """Take in a good look. `incidents` are those that go on, and those that ended in the last 6 h."""
    at = observation.at
    watch = clamp_future(watch, at)
    present = up_to_date(incidents, at)
    channels = frozenset(account.channel for account in observation.accounts)
    if not is_believed(watch, channels, at):
        return shrunk(watch, incidents, observation, policy, new_key=new_key)
    blind = blind_stretch(watch, open_service(present.values()), at, policy)
    changes = [
        *recoveries(watch, present, at, new_key),
        *sightings(watch, present, observation, blind, new_key),
        *absences(watch, present, observation, blind, policy),
    ]
    return decided(accept_list(watch, channels, at, policy), incidents, present, changes)


def sightings(
    watch: PollState,
    present: Mapping[str, Incident],
    observation: Observation,
    blind: Blind | None,
    new_key: NewKey,
) -> Iterator[Change]:
    """Take in the flags of a list."""
    flagged = [(account, flag) for account in observation.accounts if (flag := account.flag) is not None]
    if not flagged:
        return
    running, past = by_channel(present)
    for account, flag in flagged:
        incident = running.get(account.channel)
        if incident is not None:
            yield account_incidents.flag_seen(incident, flag, observation.at, in_list=True)
        else:
            yield account_incidents.open_incident(
                account.channel,
                flag,
                observation.flagged_since.get(account.channel, observation.at),
                past.get(account.channel, ()),
                new_key,
                before_watch=watch.listed is None,
                blind=blind,
            )


def absences(
    watch: PollState,
    present: Mapping[str, Incident],
    observation: Observation,
    blind: Blind | None,
    policy: Policy,
) -> Iterator[Change]:
    """Take in what a believed list does not show: flags, and whole accounts."""
    running, _ = by_channel(present)
    accounts: dict[str, Account] = {}
    if running:
        accounts = {account.channel: account for account in observation.accounts}
    for channel, incident in running.items():
        account = accounts.get(channel)
        if account is None:
            removed = channel in watch.removed
            if removed or counts(watch, observation.at, policy):
                yield account_incidents.account_absent(incident, observation.at, removed=removed)
        elif account.flag is None:
            yield account_incidents.flag_absent(incident, observation.at, watch.last_good, blind, policy)


def shrunk(
    watch: PollState,
    incidents: Mapping[str, Incident],
    observation: Observation,
    policy: Policy,
    *,
    new_key: NewKey,
) -> Decision:
    """Take in a list that lost too much: it is trouble of the service, and proves nobody's health.

    One such look may be an accident; the next one that is no better makes it trouble. The flags it still
    shows are believed at once: whoever is left in it is to be watched.
    """
    at, channels = observation.at, frozenset(account.channel for account in observation.accounts)
    present = up_to_date(incidents, at)
    same = watch.shrunk == channels and watch.shrunk_since is not None
    since = watch.shrunk_since if same else at
    service = open_service(present.values())
    blind = blind_stretch(watch, service, at, policy)
    first = watch.shrunk_since
    is_known = service is not None or (first is not None and at - first >= policy.shortest_gap)
    changes = [
        *(troubled(watch, present, ServiceProblem.LIST_GONE, at, new_key) if is_known else ()),
        *sightings(watch, present, observation, blind, new_key),
    ]
    after = replace(watch, shrunk=channels, shrunk_since=since, failed_at=at, failing_seconds=0)
    return decided(after, incidents, present, changes)


def on_poll_failed(
    watch: PollState,
    incidents: Mapping[str, Incident],
    problem: ServiceProblem,
    at: datetime,
    policy: Policy,
    *,
    new_key: NewKey,
    flag: Flag | None = None,
    cause: Cause | None = None,
) -> Decision:
    """Take in that a look failed. It says nothing about any account.

    `flag` is what the list was refused with, if nobody can tell whose it is: then it must not wait.
    """
    watch = clamp_future(watch, at)
    present = up_to_date(incidents, at)
    after = count_failure(watch, at, policy)
    too_soon = timedelta(seconds=after.failing_seconds) < policy.outage_after
    may_pass = problem is ServiceProblem.UNREACHABLE or (problem is ServiceProblem.PENDING and flag is None)
    if may_pass and too_soon:
        return decided(after, incidents, present, [])
    return decided(after, incidents, present, [*troubled(watch, present, problem, at, new_key, flag, cause)])


def on_flag_reported(
    watch: PollState,
    incidents: Mapping[str, Incident],
    channel: str,
    flag: Flag,
    at: datetime,
    *,
    new_key: NewKey,
    since: datetime | None = None,
    in_list: bool = False,
) -> Decision:
    """Take in an error 596 about an account, which was met at `since` if it could not be written down then.

    What a command met the list may show later or never; what a look met in place of the list, the list would.
    """
    present = up_to_date(incidents, at)
    running, past = by_channel(present)
    incident = running.get(channel)
    if incident is not None:
        change = account_incidents.flag_seen(incident, flag, at, in_list=in_list)
    else:
        ended = past.get(channel, ())
        change = account_incidents.open_incident(
            channel, flag, since or at, ended, new_key, from_command=not in_list
        )
    return decided(watch, incidents, present, [change])


def on_tick(watch: PollState, incidents: Mapping[str, Incident], at: datetime) -> Decision:
    """Take in that time has passed."""
    changes = timers.tick(incidents, at)
    return decided(watch, incidents, incidents, changes)


def up_to_date(incidents: Mapping[str, Incident], at: datetime) -> dict[str, Incident]:
    """Return the incidents without what is over by now."""
    return {key: each if each.ended else timers.expire(each, at) for key, each in incidents.items()}


def by_channel(incidents: Mapping[str, Incident]) -> tuple[dict[str, Incident], dict[str, list[Incident]]]:
    """Return the incident of each account that goes on, and those of each account that ended."""
    running: dict[str, Incident] = {}
    past: dict[str, list[Incident]] = defaultdict(list)
    for incident in incidents.values():
        if incident.channel is None:
            continue
        if incident.ended:
            past[incident.channel].append(incident)
        else:
            running[incident.channel] = incident
    return running, past


def decided(
    watch: PollState,
    before: Mapping[str, Incident],
    present: Mapping[str, Incident],
    changes: Sequence[Change],
) -> Decision:
    """Return what is new or changed, and nothing else: a look that changes nothing must write nothing."""
    after = {**present, **{incident.key: incident for incident, _ in changes}}
    return Decision(
        watch,
        tuple(incident for key, incident in after.items() if incident != before.get(key)),
        tuple(alert for _, alert in changes if alert is not None),
    )
