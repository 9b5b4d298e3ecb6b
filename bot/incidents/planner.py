"""Puts into a change of the state what it means to each owner."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.incidents import Alert, new_key
from bot.incidents.state import Transaction, WatchState
from bot.rules.notifications import next_due, plan_messages
from bot.rules.policy import Policy


@dataclass(frozen=True, slots=True)
class NotificationPlanner:
    """Keeps the owners' messages in step with what is true; `owners` gives who they are at the moment."""

    owners: Callable[[], Collection[int]]
    policy: Policy
    now: Callable[[], datetime]
    new_key: Callable[[], str] = new_key

    def plan_notifications(self, transaction: Transaction, alerts: Iterable[Alert] = ()) -> None:
        """Change the messages of all owners, as the last thing in a turn that changed what they are about."""
        told = tuple(alerts)
        for owner in sorted(self.owners()):
            self.plan_for(transaction, owner, told)

    def plan_for(self, transaction: Transaction, owner: int, alerts: Iterable[Alert] = ()) -> None:
        """Change the messages of one person, who may be no owner any more: then there is nothing to tell."""
        if owner not in self.owners():
            return
        changed = plan_messages(
            owner,
            transaction.messages.values(),
            transaction.incidents,
            alerts,
            mutes=transaction.mutes,
            now=self.now(),
            policy=self.policy,
            new_key=self.new_key,
        )
        for message in changed:
            transaction.put_message(message)

    def next_due(self, watch_state: WatchState) -> datetime | None:
        """Return when there will be something to tell if nothing happens until then."""
        times = (
            next_due(
                owner,
                watch_state.messages.values(),
                watch_state.incidents,
                mutes=watch_state.mutes,
                now=self.now(),
                policy=self.policy,
            )
            for owner in self.owners()
        )
        return min((time for time in times if time is not None), default=None)
