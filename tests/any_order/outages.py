"""What each owner is owed about the service as a whole: to see its trouble, to be woken once for news."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from bot.incidents import Incident, Message, Reason, Trouble

Mark = tuple[int, str]
"""An owner, and the key of an incident."""


@dataclass
class Outage:
    """What is known of one stretch of the service's trouble."""

    troubles: set[Trouble] = field(default_factory=set[Trouble])
    heavier: int = 0
    """How often the list was refused for something heavier than before."""

    @property
    def news(self) -> int:
        """How often it became worse: once if it turned to another trouble, and with each heavier refusal."""
        return self.heavier + (len(self.troubles) > 1)


@dataclass
class Outages:
    """The books of what was owed about the service, and what arrived."""

    owners: Iterable[int]
    known: dict[str, Outage] = field(default_factory=dict[str, Outage])
    owed: set[Mark] = field(default_factory=set[Mark])
    """Who is to see which, if only when it is over."""
    told: Counter[tuple[Mark, Reason | None, bool]] = field(
        default_factory=Counter[tuple[Mark, Reason | None, bool]]
    )
    """How often which was told, for what, and whether silently."""
    woken: dict[Mark, datetime] = field(default_factory=dict[Mark, datetime])
    """When it was decided last to wake an owner."""
    hushed: dict[Mark, datetime] = field(default_factory=dict[Mark, datetime])
    """When it was decided last not to wake an owner, because of a mute."""

    def go_on(self, incident: Incident, heavier: int) -> None:
        """Take in that there is trouble; who owns the bot is owed it, unless it comes and goes."""
        if incident.key not in self.known and not incident.recurring:
            self.owed |= {(owner, incident.key) for owner in self.owners}
        outage = self.known.setdefault(incident.key, Outage())
        outage.troubles |= {incident.trouble} if incident.trouble else set()
        outage.heavier = heavier

    def leave(self, owner: int) -> None:
        """Owe an owner who leaves nothing more."""
        self.owed = {each for each in self.owed if each[0] != owner}

    def join(self, unsure: Iterable[Mark]) -> None:
        """Allow to tell again what may have arrived, or not, when its owner left."""
        for key in [each for each in self.told if each[0] in unsure]:
            del self.told[key]

    def arrive(self, message: Message, mark: Mark, reason: Reason | None, *, silent: bool) -> None:
        """Take in that an owner was told, and see that nothing is told twice."""
        self.told[mark, reason, silent] += 1
        times = self.told[mark, reason, silent]
        last = self.hushed if silent else self.woken
        last[mark] = max(last.get(mark, message.created_at), message.created_at)
        news = self.known[mark[1]].news if mark[1] in self.known else 0
        if reason is Reason.WORSE:
            assert times + self.told[mark, reason, not silent] <= news, (
                "the service's trouble told worse twice"
            )
        elif silent or reason is not Reason.REMINDER:
            assert times == 1, f"the service's trouble told twice, for {reason}"
        # One for itself, and one for each news, be it at the end of a mute that held it.
        wakings = sum(count for (each, _, hushed), count in self.told.items() if each == mark and not hushed)
        assert wakings <= 1 + news, f"woken too often for the service, now for {reason}"

    def check(self, going: Incident | None, seen: Iterable[Mark]) -> None:
        """See that what was owed was told; no mute holds anything any more."""
        assert self.owed <= set(seen), "never told of the service's trouble"
        for mark in [(owner, going.key) for owner in self.owners] if going is not None else ():
            assert mark in self.woken, "never woken for the service's trouble"
            assert self.hushed.get(mark, self.woken[mark]) <= self.woken[mark], "not told aloud after a mute"
