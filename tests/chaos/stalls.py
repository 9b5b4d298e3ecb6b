"""A check that each life works all the time, as the next life would make up for a standstill."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot.domain.messages import Delivery
from tests.chaos.chaos_run import ChaosRun

LONGEST_PAUSE: Final = timedelta(minutes=30)
"""Twice the longest rest of the bot by its own clock; a minute of real time."""
ON_ITS_WAY: Final = (Delivery.WAITING, Delivery.CLAIMED)


@dataclass(slots=True)
class StallDetector:
    """Notes when the bot last polled each provider in this life, and since when each message waits."""

    pid: int | None = None
    polls: Mapping[str, int] = field(default_factory=dict[str, int])
    since: dict[str, datetime] = field(default_factory=dict[str, datetime])
    found: dict[str, str] = field(default_factory=dict[str, str])

    def watch(self, run: ChaosRun, now: datetime) -> None:
        """Record the present state."""
        waiting = {row.key for row in run.records.messages() if row.delivery in ON_ITS_WAY}
        self.note(run.pid, run.accounts.polls(), waiting, now, run.log_tail)

    def note(
        self,
        pid: int | None,
        polls: Mapping[str, int],
        waiting: set[str],
        now: datetime,
        log_tail: Callable[[], str],
    ) -> None:
        """Take note of the process, its polls of each provider, and the keys of the messages on their way."""
        if pid != self.pid:
            self.since.clear()
        for provider in [each for each, count in polls.items() if count != self.polls.get(each)]:
            self.since.pop(provider, None)
        self.pid, self.polls = pid, polls
        pending = {*polls, *waiting}
        self.since = {name: self.since.get(name, now) for name in pending}
        for name, since in self.since.items():
            if now - since > LONGEST_PAUSE and name not in self.found:
                what = f"no poll of {name}" if name in polls else f"the message {name} on its way"
                self.found[name] = f"{what} for more than {LONGEST_PAUSE}\n{log_tail()}"
