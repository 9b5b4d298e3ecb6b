"""The times and counts of the rules: those that can be set, and those that are fixed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain.providers import Remedy

PUSH_EVERY: Final = timedelta(minutes=5)
"""The shortest time between two pushes to a recipient."""
RECUR_WINDOW: Final = timedelta(hours=6)
RECUR_AFTER: Final = 2
"""The number of ended incidents within the window that makes the next one recurring."""
RETURN_WITHIN: Final = timedelta(hours=1)
"""How soon after a verified reset a new flag reopens the incident."""
ASSIGNED_FOR: Final = timedelta(hours=4)
ASSIGNED_GRACE: Final = timedelta(minutes=30)
LEASE: Final = timedelta(minutes=3)
LEASES: Final = {Remedy.ENABLE: timedelta(minutes=6)}
"""The leases of remedies that are checked for longer."""
COMMAND_CLEAR: Final = timedelta(minutes=15)
"""How long the list must show no flag to end an incident that only a command has reported."""
GOOD_POLLS: Final = 2
"""The number of good polls without a flag, or without its account, that ends an incident."""
TROUBLED_POLL: Final = timedelta(minutes=15)
SHRUNK_FOR: Final = timedelta(hours=24)
"""How long a list that lost most of its accounts must stay the same to be believed."""
REMOVAL_LAG: Final = timedelta(minutes=10)
"""How long after its removal an account may still be listed."""
AWAY_AFTER: Final = timedelta(hours=1)
"""A shorter absence of the bot is a restart, of which nobody is notified."""
SERVICE_REMINDERS: Final = (timedelta(hours=4), timedelta(hours=24))
"""The delays between reminders of a service problem; the last one repeats."""
OFFLINE_AFTER: Final = timedelta(minutes=15)
"""How long an account may start while its provider starts no other."""
LONGEST_START: Final = timedelta(hours=1)
"""How long an account may start in any case."""
OFFLINE_REMINDER: Final = timedelta(days=1)
LONGEST_SNOOZE: Final = timedelta(hours=24)
LONGEST_MUTE: Final = timedelta(days=7)
LONGEST_BACKOFF: Final = timedelta(minutes=15)
CLOCK_SLACK: Final = timedelta(minutes=1)
"""How far ahead of now a time may be without the clock having been set back, as of two tasks at once."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings that the rules need."""

    poll_interval: timedelta = timedelta(seconds=60)
    outage_after: timedelta = timedelta(minutes=5)
    flap_window: timedelta = timedelta(minutes=5)
    remind_after: tuple[timedelta, ...] = (
        timedelta(minutes=15),
        timedelta(hours=1),
        timedelta(hours=4),
        timedelta(hours=24),
    )
    escalate_after: timedelta | None = None
    """How long nobody acts on an alert before the second line of owners is told; None for never."""
    info_every: timedelta | None = None
    """How often accounts are asked by INFO_EVERY; None if it is off."""

    @property
    def end_after(self) -> timedelta:
        """How long polls must show no flag before it counts as gone."""
        return max(self.flap_window, 3 * self.poll_interval)

    @property
    def shortest_gap(self) -> timedelta:
        """The shortest time between two polls that count as two; closer ones count as one."""
        return self.poll_interval / 2

    @property
    def longest_gap(self) -> timedelta:
        """The longest time between two polls of a running watch: twice its pace, and one poll."""
        return 2 * self.poll_interval + timedelta(seconds=30)

    def remind_in(self, reminders: int) -> timedelta:
        """Return the delay until the next reminder, after `reminders` reminders in a row."""
        return self.remind_after[min(reminders, len(self.remind_after) - 1)]


def service_reminder_in(reminders: int) -> timedelta:
    """Return the delay until the next reminder of a service problem, after `reminders` in a row."""
    return SERVICE_REMINDERS[min(reminders, len(SERVICE_REMINDERS) - 1)]


def near(one: datetime, other: datetime, span: timedelta) -> bool:
    """Whether two times are less than a span apart, in any order, as the clock may be set back."""
    return abs(one - other) < span


def lease_for(remedy: Remedy | None) -> timedelta:
    """Return how long a remedy may take until its verdict."""
    return LEASE if remedy is None else LEASES.get(remedy, LEASE)
