"""Apply what polls, commands, owners and time change to the state of the watch.

The decisions are those of `bot.rules`. A change and the messages it leads to are one transaction.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.accounts import Flag, Observation
from bot.domain.incidents import Alert, Ending, Incident, Reason, RemedyVerdict, ServiceProblem
from bot.domain.messages import Message, Purpose, Route
from bot.domain.providers import Remedy
from bot.incidents.state import WatchState
from bot.incidents.transaction import NotificationPlanner, Quiet, Transaction, dismiss
from bot.rules import account_incidents, owner_actions, poll_state, timers
from bot.rules.decisions import Event, FlagReported, PollFailed, Tick, decide
from bot.rules.policy import Policy
from bot.rules.service_incidents import is_common_outage
from bot.runtime.aside import aside

CLOCK_CHECK: Final = timedelta(hours=1)
"""How long to sleep at most: a clock that steps must not put a reminder off."""


class IncidentService:
    """Changes incidents and mutes, and plans the owners' messages with them."""

    def __init__(
        self,
        watch_state: WatchState,
        planner: NotificationPlanner,
        greeted: Collection[int],
        *,
        monotonic: Callable[[], float] | None = None,
    ) -> None:
        self.watch_state = watch_state
        self._planner = planner
        self._greeted = set(greeted)
        self._monotonic = monotonic or asyncio.get_running_loop().time
        self._offset: datetime | None = None
        """The wall clock's time at 0 of the monotonic clock. It moves when the wall clock is set."""
        self._quiet: Quiet | None = None
        self._leases: dict[str, Incident] = {}
        """The last lease of each incident, by its key."""
        self._unplanned: tuple[Alert, ...] = ()
        """Alerts from the time when no owner was known."""

    @property
    def policy(self) -> Policy:
        """The settings of the rules."""
        return self._planner.policy

    @property
    def has_owners(self) -> bool:
        """Whether any owner is known."""
        return bool(self._planner.owners())

    async def apply(self, event: Event) -> None:
        """Apply an event, and plan the messages it leads to.

        Its time is that of the transaction. Only a poll keeps its own: its list is of that time.
        """
        async with self.transaction() as transaction:
            if not isinstance(event, Observation):
                event = replace(event, at=transaction.at)  # the clock may have been set while it waited
            flags = (
                [each.flag for each in event.accounts if each.flag] if isinstance(event, Observation) else []
            )
            await aside(max(len(flags), len(transaction.incidents)), self._decide, transaction, event)

    def as_flagged(self, event: FlagReported) -> Incident:
        """Return the incident of an account with a flag applied, without writing it."""
        known = self.watch_state.open_incidents.get(event.reference)
        incidents = {} if known is None else {known.key: known}
        decision = decide(poll_state.PollState(), incidents, event, self.policy, str)
        return (*decision.incidents, *incidents.values())[0]

    async def tick(self) -> None:
        """Apply that time has passed, or that the owners changed."""
        async with self.transaction() as transaction:
            await aside(len(transaction.incidents), self._tick, transaction)

    def next_tick(self) -> datetime:
        """Return when `tick` is due next if nothing happens until then."""
        state, now = self.watch_state, self.watch_state.now()
        owners, version = frozenset(self._planner.owners()), state.changed.version
        planned = self._planner.next_due(state.messages.values(), state.incidents, state.mutes, now)
        times = (now + CLOCK_CHECK, timers.next_tick(state.incidents.values()), *planned)
        due = min(time for time in times if time is not None)
        self._quiet = Quiet(owners, version, due)
        return due

    async def next_notifications(self, owners: Iterable[int] | None = None) -> Mapping[str, datetime]:
        """Return when the first of these owners, or of all, is next notified of each held incident."""
        return await aside(len(self.watch_state.incidents), self._next_notifications, owners)

    def _next_notifications(self, owners: Iterable[int] | None) -> Mapping[str, datetime]:
        state, first = self.watch_state, dict[str, datetime]()
        messages, incidents, mutes, now = state.messages.values(), state.incidents, state.mutes, state.now()
        for owner in self._planner.owners() if owners is None else owners:
            times = self._planner.next_notifications(owner, messages, incidents, mutes, now)
            first |= {key: min(at, first.get(key, at)) for key, at in times.items()}
        return first

    async def assign(self, keys: Iterable[str], owner: int) -> list[Incident]:
        """Assign an owner to those of these incidents that are open, and return them."""
        return await self._act(
            keys, owner, "assign done", lambda each, at: owner_actions.assign(each, owner, at)
        )

    async def snooze(self, keys: Iterable[str], owner: int, length: timedelta) -> list[Incident]:
        """Hold the reminders of those of these incidents that are open, and return them."""
        done = f"snooze hours:{length / timedelta(hours=1):g}"
        return await self._act(
            keys, owner, done, lambda each, at: owner_actions.snooze(each, at + length, at)
        )

    async def leave_paused(self, key: str, owner: int) -> Incident | None:
        """End the incident of an account that stays disabled; None if that cannot be."""
        async with self.transaction() as transaction:
            incident = transaction.incidents.get(key)
            change = incident and owner_actions.leave_paused(incident, transaction.at)
            if change is not None:
                transaction.change(change)
                transaction.note(owner, "leave", change[0].reference, "done")
        return change and change[0]

    async def mute(self, reference: str | None, owner: int, until: datetime) -> None:
        """Mute an account, or all with None, until a time. A past time ends the mute."""
        async with self.transaction() as transaction:
            over, known = until <= transaction.at, transaction.mutes.get(reference)
            # The end of a mute makes a reminder due, so it is kept only if there was a mute.
            if not over or (known is not None and known > transaction.at):
                transaction.put_mute(reference, until, owner)
            transaction.note(
                owner,
                "unmute" if over else "mute",
                reference,
                "done" if over else f"until:{until:%Y-%m-%dT%H:%MZ}",
            )

    def ways(self, routes: Collection[Route]) -> list[tuple[int, Route]]:
        """Return each recipient with each of these routes that leads there."""
        people = self._planner.people
        addresses = self._planner.others.keys() - people
        return [
            (each, route)
            for each in (*sorted(people), *sorted(addresses))
            for route in routes
            if (route is Route.ADDRESS) is (each in addresses)
        ]

    async def test(self, routes: Collection[Route]) -> tuple[Message, ...]:
        """Add a test message to each recipient by each of these routes."""
        async with self.transaction() as transaction:
            tests = tuple(
                Message(
                    self._planner.new_key(),
                    recipient,
                    Purpose.TEST,
                    notify=True,
                    created_at=transaction.at,
                    due_at=transaction.at,
                    route=route,
                )
                for recipient, route in self.ways(routes)
            )
            for message in tests:
                transaction.put_message(message)
        return tests

    async def take_leases(
        self, confirmed: Mapping[str, Flag | None], owner: int, remedy: Remedy, reference: str | None = None
    ) -> list[Incident]:
        """Return a lease for a remedy for each of these incidents; none without all of them.

        That is if another owner has one, or an incident has ended or has not the confirmed flag any more.
        `reference` is the account to reset if the incident is the service's.
        """
        leases: list[Incident] = []
        async with self.transaction() as transaction:
            await aside(len(transaction.incidents), self._tick, transaction)
            for key, flag in confirmed.items():
                incident = transaction.incidents.get(key)
                if incident is None or flag not in (None, incident.flag):
                    return []
                lease = owner_actions.take_lease(incident, owner, transaction.at, reference, remedy)
                if lease is None:
                    return []
                leases.append(lease)
            for lease in leases:
                transaction.put_incident(lease)
                transaction.note_remedy(lease, "asked")
        self._leases |= {lease.key: lease for lease in leases}
        return leases

    def has_lease(self, lease: Incident) -> bool:
        """Whether a lease holds: it is the one that was committed, and has not expired."""
        current = self.watch_state.incidents.get(lease.key)
        if current is None or current.lease_until is None or self.watch_state.now() >= current.lease_until:
            return False
        return self._leases.get(lease.key) is lease and owner_actions.holds_lease(current, lease)

    async def give_verdicts(self, verdicts: Iterable[tuple[Incident, RemedyVerdict, Flag | None]]) -> None:
        """Record the verdict of each lease with what the list shows, and release it unless it has expired."""
        given: list[str] = []
        async with self.transaction() as transaction:
            for lease, verdict, flag in verdicts:
                incident = transaction.incidents.get(lease.key)
                is_last = self._leases.get(lease.key) is lease
                if incident is None or not is_last or not owner_actions.awaits_verdict(incident, lease):
                    continue  # it expired: the audit says so, or another was taken since
                transaction.change(owner_actions.give_verdict(incident, lease, verdict, transaction.at, flag))
                transaction.note_remedy(lease, verdict.value)
                given.append(lease.key)
        for key in given:
            del self._leases[key]

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        """Change the state, and plan the owners' messages about it. See `WatchState.transaction`."""
        try:
            async with self.watch_state.transaction() as transaction:
                transaction.alerts += self._unplanned
                offset = self._keep_holds_short(transaction)
                yield transaction
                is_planned = self._is_planned(transaction, offset) or await aside(
                    len(transaction.incidents), self._plan, transaction
                )
            self._offset = offset
            known = self.watch_state.incidents
            kept = () if is_planned else (each for each in transaction.alerts if each.incident in known)
            self._unplanned = tuple(kept)
        finally:
            # A greeting counts once it is committed, also if this task was cancelled meanwhile.
            messages = self.watch_state.messages.values()
            self._greeted |= {each.recipient for each in messages if each.purpose is Purpose.HELLO}

    def _keep_holds_short(self, transaction: Transaction) -> datetime:
        """Let no hold last longer than asked for, as the clock may have been set. Return its offset."""
        offset = transaction.at - timedelta(seconds=self._monotonic())
        step = timedelta() if self._offset is None else offset - self._offset
        if abs(step) > timers.CLOCK_SLACK:
            for incident in [each for each in transaction.incidents.values() if not each.ended]:
                transaction.put_incident(timers.shifted(incident, step))
        transaction.keep_mutes_short(step if step < -timers.CLOCK_SLACK else timedelta())
        return offset

    def _is_planned(self, transaction: Transaction, offset: datetime) -> bool:
        """Whether planning would change nothing: it is as when the clock loop last found when it will."""
        if self._quiet is None or self._offset is None or abs(offset - self._offset) > timers.CLOCK_SLACK:
            return False
        return self._quiet.holds(transaction, self._planner.owners(), self.watch_state.changed.version)

    def _plan(self, transaction: Transaction) -> bool:
        """Plan the owners' messages. Return whether any owner is known."""
        others = self._planner.others
        if not self._planner.owners():
            for recipient in others:
                self._planner.plan_for(transaction, recipient)
            return False
        people = self._planner.people
        dismiss(transaction, people, others)
        if not self._greeted and not transaction.messages:
            # Nobody was sent anything so far: incidents that have ended meanwhile are reported too.
            alerted = {each.incident for each in transaction.alerts}
            ended = (
                each for each in transaction.incidents.values() if each.ended and each.key not in alerted
            )
            transaction.alerts += [Alert(each.key, Reason.RESOLVED, notify=False) for each in ended]
        for owner in sorted(people - self._greeted):
            # The first message to an owner shows where alerts arrive.
            key, at = self._planner.new_key(), transaction.at
            hello = Message(key, owner, Purpose.HELLO, notify=False, created_at=at, due_at=at)
            transaction.put_message(hello)
        for recipient in (*sorted(self._planner.owners()), *others):
            self._planner.plan_for(transaction, recipient, transaction.alerts)
        return True

    def _tick(self, transaction: Transaction) -> None:
        """Apply that time has passed. What is open of a provider that is not set up any more is over."""
        for incident in [each for each in transaction.incidents.values() if not each.ended]:
            if incident.provider not in transaction.poll_states:
                transaction.change(account_incidents.ended(incident, Ending.UNWATCHED, transaction.at))
        for provider in tuple(transaction.poll_states):
            self._decide(transaction, Tick(transaction.at, provider))

    def _decide(self, transaction: Transaction, event: Event) -> None:
        """Apply what an event changes. It changes only the incidents of its provider."""
        incidents = {
            key: each
            for key, each in transaction.incidents.items()
            if each.provider == event.provider
            or each.problem is ServiceProblem.AWAY
            or each.is_shared_with(event.provider)
        }
        known = transaction.poll_states[event.provider]
        if isinstance(event, PollFailed) and event.problem is ServiceProblem.UNREACHABLE:
            is_common = is_common_outage(event.provider, transaction.poll_states, transaction.incidents)
            event = replace(event, is_common=is_common)
        decision = decide(known, incidents, event, self.policy, self._planner.new_key)
        transaction.apply(decision, event.provider)

    async def _act(
        self, keys: Iterable[str], owner: int, done: str, act: Callable[[Incident, datetime], Incident]
    ) -> list[Incident]:
        """Change those of these incidents that are open; `done` is the verb and the outcome for the audit."""
        async with self.transaction() as transaction:
            verb, _, outcome = done.partition(" ")
            known = (transaction.incidents.get(key) for key in keys)
            changed = [act(each, transaction.at) for each in known if each is not None and not each.ended]
            for incident in changed:
                transaction.put_incident(incident)
                transaction.note(owner, verb, incident.reference, outcome)
        return changed
