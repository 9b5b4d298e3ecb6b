"""The figures of `/metrics`: those counted while the program runs, and those read when they are asked for.

Only this module imports prometheus_client.
"""

from collections import Counter as Tally
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from bot.domain.accounts import EntryState, FlagKind, KnownAccount, State
from bot.domain.incidents import Incident, Reason, ServiceProblem
from bot.domain.measures import OK, Measures
from bot.domain.messages import Message, Route
from bot.domain.providers import provider_of
from bot.domain.wellness import ProblemKind
from bot.loops import WatchLoops
from bot.polling.pollers import AccountPollers
from bot.runtime.program import VERSION

POLL_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60)
DELAY_SECONDS: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 120, 300, 900, 3600)
FAILED: Final = "failed"
UNSEEN: Final = "unseen"
FLAGGED: Final = EntryState.FLAGGED
STATES: Final = (*EntryState, FlagKind.OFFLINE, State.CLEARING, UNSEEN)
"""The states of accounts. One that cannot be seen now is not called well."""


class CountedMeasures(Measures):
    """Counts for Prometheus."""

    def __init__(self) -> None:
        disable_created_metrics()
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        counter = partial(Counter, registry=self.registry)
        histogram = partial(Histogram, registry=self.registry)
        self._polls = histogram(
            "midwatch_poll_seconds", "Polls and their time.", ["provider", "outcome"], buckets=POLL_SECONDS
        )
        self._requests = counter("midwatch_requests", "Requests to APIs.", ["provider", "outcome"])
        self._opened = counter("midwatch_incidents_opened", "Incidents opened.", ["provider", "kind"])
        self._ended = counter("midwatch_incidents_ended", "Incidents ended.", ["provider"])
        self._messages = counter("midwatch_messages", "Attempts to send messages.", ["route", "outcome"])
        self._delay = histogram(
            "midwatch_alert_delay_seconds",
            "Time from the poll that showed a flag to the message that tells of it.",
            ["route"],
            buckets=DELAY_SECONDS,
        )

    def begin(self, providers: Iterable[str]) -> None:
        """Start at zero what may be counted: Prometheus does not see a figure rise that begins with one."""
        for provider in providers:
            for labelled in (self._polls, self._requests):
                labelled.labels(provider, OK)
            self._ended.labels(provider)
            for kind in (*FlagKind, *ServiceProblem):
                self._opened.labels(provider, kind)
        for route in Route:
            self._delay.labels(route)
            for outcome in (OK, FAILED):
                self._messages.labels(route, outcome)

    def polled(self, provider: str, outcome: str, seconds: float) -> None:
        """Count a poll."""
        self._polls.labels(provider, outcome).observe(seconds)

    def requested(self, provider: str, outcome: str) -> None:
        """Count a request to an API."""
        self._requests.labels(provider, outcome).inc()

    def changed(self, before: Incident | None, after: Incident) -> None:
        """Count an incident that has opened, also again, or ended."""
        was_open = before is not None and not before.ended
        if not was_open and not after.ended:
            kind = after.problem or (after.flag.kind if after.flag else FlagKind.OTHER)
            self._opened.labels(after.provider, kind).inc()
        elif after.ended and (was_open or before is None):
            self._ended.labels(after.provider).inc()

    def sent(self, message: Message, incidents: Mapping[str, Incident]) -> None:
        """Count a message that has arrived, and how long after their flags."""
        self._messages.labels(message.route, OK).inc()
        opened = (incidents.get(each.incident) for each in message.entries if each.reason is Reason.OPENED)
        for incident in opened:
            if incident is not None and incident.flag is not None and message.sent_at is not None:
                delay = (message.sent_at - incident.opened_at).total_seconds()
                self._delay.labels(message.route).observe(max(delay, 0))

    def failed(self, route: Route) -> None:
        """Count a failed attempt to send a message."""
        self._messages.labels(route, FAILED).inc()


def exposition(measures: Measures, loops: WatchLoops) -> Callable[[], tuple[bytes, str]]:
    """Return what writes all figures as Prometheus reads them, with the type of that text."""
    assert isinstance(measures, CountedMeasures)  # noqa: S101 - nothing else counts
    measures.begin(loops.pollers.names)
    measures.registry.register(PresentFigures(loops))
    return lambda: (generate_latest(measures.registry), CONTENT_TYPE_PLAIN_0_0_4)


@dataclass(frozen=True, slots=True)
class PresentFigures:
    """What is so at the moment of asking."""

    loops: WatchLoops

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the figures."""
        loops, problems = self.loops, self.loops.problems()
        kinds, failing = {each.kind for each in problems}, {each.detail for each in problems}
        yield gauge("info", "The version.", ["version"], [(VERSION, 1)])
        yield gauge("well", "Whether the watch is well.", [], [(not problems,)])
        present = ((each.name.lower(), each in kinds) for each in ProblemKind)
        yield gauge("problem", "Whether the watch has this problem.", ["problem"], present)
        up = ((each, each not in failing) for each in loops.names)
        yield gauge("loop_up", "Whether a loop works.", ["loop"], up)
        last = ((each.provider.name, each.poll_state.last_good) for each in loops.pollers)
        known = ((name, at.timestamp()) for name, at in last if at is not None)
        yield gauge("last_success_timestamp_seconds", "Time of the last good poll.", ["provider"], known)
        waiting = sum(each.on_its_way for each in loops.watch_state.messages.values())
        yield gauge("queue_length", "Messages that are not sent yet.", [], [(waiting,)])
        yield gauge("accounts", "Accounts by their state.", ["provider", "state"], accounts(loops.pollers))


def accounts(pollers: AccountPollers) -> Iterator[tuple[str, str, float]]:
    """Yield how many accounts of each provider are in each state."""
    unseen = {each.provider.name for each in pollers if each.is_blind}
    known = pollers.cache.accounts
    counted = Tally((provider_of(each.reference), state_of(each, unseen)) for each in known)
    for provider in pollers.names:
        yield from ((provider, state, counted[provider, state]) for state in STATES)


def state_of(account: KnownAccount, unseen: Collection[str]) -> str:
    """Return the state of an account. `unseen` are the providers that cannot be seen now."""
    entry, flag = account.account.entry, account.account.flag
    if flag is not None:
        is_soft = flag.kind is FlagKind.OFFLINE
        return flag.kind if is_soft else State.CLEARING if account.state is State.CLEARING else FLAGGED
    return UNSEEN if entry is EntryState.OK and provider_of(account.reference) in unseen else entry


def gauge(
    name: str, meaning: str, labels: list[str], samples: Iterable[tuple[*tuple[str, ...], float]]
) -> GaugeMetricFamily:
    """Return a figure with a value for each row of labels."""
    family = GaugeMetricFamily(f"midwatch_{name}", meaning, labels=labels)
    for *values, value in samples:
        family.add_metric(values, value)
    return family
