"""What one transaction of the watch has decided so far."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.domain.accounts import Action
from bot.domain.incidents import Alert, Incident, State
from bot.incidents.state import Transaction
from bot.rules.account_incidents import Change, NewKey
from bot.rules.decisions import Event, decide
from bot.rules.policy import Policy

UNKNOWN_OUTCOME: Final = "outcome unknown"


@dataclass(slots=True)
class Turn:
    """One change of the state under way: what was decided so far, and what there is to send about it."""

    transaction: Transaction
    at: datetime
    policy: Policy
    new_key: NewKey
    alerts: list[Alert] = field(default_factory=list[Alert])

    def decide(self, event: Event) -> None:
        """Apply what the rules decide of an event."""
        decision = decide(
            self.transaction.watch, self.transaction.incidents, event, self.policy, self.new_key
        )
        self.transaction.put_watch(decision.watch)
        for incident in decision.incidents:
            self._note_lost_reset(incident)
            self.transaction.put_incident(incident)
        self.alerts += decision.alerts

    def change(self, change: Change) -> Incident:
        """Take over what the rules made of one incident, and give it."""
        incident, alert = change
        self.transaction.put_incident(incident)
        self.alerts += [alert] if alert else []
        return incident

    def note(self, actor: int, verb: str, channel: str | None, outcome: str) -> None:
        """Write into the audit."""
        self.transaction.note(Action(self.at, actor, verb, channel or "", outcome))

    def _note_lost_reset(self, after: Incident) -> None:
        """A lease that ran out without a verdict was a reset that something killed."""
        before = self.transaction.incidents.get(after.key)
        if before is None or before.state is not State.RESETTING or after.leased_by is not None:
            return  # one that was verified keeps whose it was, until the trouble comes back
        self.note(before.leased_by or 0, "reset", before.channel or before.lease_channel, UNKNOWN_OUTCOME)
