"""What each owner is owed about the service as a whole: to see its problem, to be woken once for news."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot.domain.incidents import Incident, Reason, ServiceProblem
from bot.domain.messages import Message

ASKS: Final = {ServiceProblem.UNREACHABLE: 0, ServiceProblem.PENDING: 0, ServiceProblem.LIST_GONE: 1}
"""What each problem asks of a person: nothing, to check the accounts; any other, to put it right."""
FIRST_REMINDER, NEXT_REMINDER = timedelta(hours=4), timedelta(hours=24)

Mark = tuple[int, str]
"""An owner, and the key of an incident."""


@dataclass
class Outage:
    """What is known of one service incident."""

    problems: set[ServiceProblem] = field(default_factory=set[ServiceProblem])
    heavier: int = 0
    """How often the list was refused for something heavier than before."""

    @property
    def news(self) -> int:
        """How often it became worse at most: with each step of what it asks, and each heavier refusal."""
        return self.heavier + len({ASKS.get(problem, 2) for problem in self.problems}) - 1


@dataclass
class Outages:
    """The books of what was owed about the service, and what arrived."""

    owners: Iterable[int]
    known: dict[str, Outage] = field(default_factory=dict[str, Outage])
    owed: set[Mark] = field(default_factory=set[Mark])
    """Who is to see which, if only when it is over."""
    sent: Counter[tuple[Mark, Reason | None, bool]] = field(
        default_factory=Counter[tuple[Mark, Reason | None, bool]]
    )
    """How often each incident was sent, for which reason, and whether silently."""
    woken: dict[Mark, datetime] = field(default_factory=dict[Mark, datetime])
    """When it was decided last to wake an owner."""
    reminded: set[Mark] = field(default_factory=set[Mark])
    """Whose last push was a reminder after another push."""
    hushed: dict[Mark, datetime] = field(default_factory=dict[Mark, datetime])
    """When it was decided last not to wake an owner, because of a mute."""

    def go_on(self, incident: Incident, heavier: int) -> None:
        """Record a service incident. It is due to each owner, unless it is a recurring one."""
        if incident.key not in self.known and not incident.recurring:
            self.owed |= {(owner, incident.key) for owner in self.owners}
        outage = self.known.setdefault(incident.key, Outage())
        outage.problems |= {incident.problem} if incident.problem else set()
        outage.heavier = heavier

    def leave(self, owner: int) -> None:
        """Owe an owner who leaves nothing more."""
        self.owed = {each for each in self.owed if each[0] != owner}

    def join(self, unsure: Iterable[Mark]) -> None:
        """Allow to send again what may or may not have arrived when its owner left."""
        for key in [each for each in self.sent if each[0] in unsure]:
            del self.sent[key]

    def arrive(self, message: Message, mark: Mark, reason: Reason | None, *, silent: bool) -> None:
        """Record that an owner got a message, and check that nothing is sent twice."""
        self.sent[mark, reason, silent] += 1
        times = self.sent[mark, reason, silent]
        if reason is Reason.REMINDER and not silent:
            self._remind(message, mark)
        last = self.hushed if silent else self.woken
        last[mark] = max(last.get(mark, message.created_at), message.created_at)
        news = self.known[mark[1]].news if mark[1] in self.known else 0
        if reason is Reason.WORSE:
            self.reminded.discard(mark)
            assert times + self.sent[mark, reason, not silent] <= news, (
                "a worse service problem was sent twice"
            )
        elif reason is not Reason.REMINDER:
            assert times == 1, f"the service problem was sent twice, for {reason}"
        # One for itself, and one for each news; at the end of a mute that held it, as a reminder.
        wakings = sum(
            count
            for (each, why, hushed), count in self.sent.items()
            if each == mark and not hushed and why is not Reason.REMINDER
        )
        assert wakings <= 1 + news, f"woken too often for the service, now for {reason}"

    def _remind(self, message: Message, mark: Mark) -> None:
        """Check that a reminder after a push waited long enough."""
        woken, hushed = self.woken.get(mark), self.hushed.get(mark)
        if woken is None or (hushed is not None and hushed > woken):
            self.reminded.discard(mark)
            return
        pause = NEXT_REMINDER if mark in self.reminded else FIRST_REMINDER
        assert message.created_at - woken >= pause, "reminded of the service too soon"
        self.reminded.add(mark)

    def check(self, problem: Incident | None, seen: Iterable[Mark]) -> None:
        """Check that all that was owed was sent. No mute holds anything back any more."""
        assert self.owed <= set(seen), "the service problem was never shown"
        for mark in [(owner, problem.key) for owner in self.owners] if problem is not None else ():
            assert mark in self.woken, "never woken for the service problem"
            assert self.hushed.get(mark, self.woken[mark]) <= self.woken[mark], "no push after a mute"
