"""The lengths of time the rules go by: those an owner may set, and those that are fixed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

PUSH_EVERY: Final = timedelta(minutes=5)
"""A recipient is not woken more often than this, however much happens."""
RECUR_WINDOW: Final = timedelta(hours=6)
RECUR_AFTER: Final = 2
"""So many ended episodes within the window make the next one recurring."""
RETURN_WITHIN: Final = timedelta(hours=1)
"""A flag that comes so soon after a verified reset is the old one come back."""
ASSIGNED_FOR: Final = timedelta(hours=4)
ASSIGNED_GRACE: Final = timedelta(minutes=30)
LEASE: Final = timedelta(minutes=3)
COMMAND_CLEAR: Final = timedelta(minutes=15)
"""How long the list must be clean to end what only a command has met."""
GOOD_POLLS: Final = 2
"""So many good looks without an incident's flag, or without its account, end it."""
TROUBLED_POLL: Final = timedelta(minutes=15)
SHRUNK_FOR: Final = timedelta(hours=24)
"""A list that lost most of its accounts, and stays the same so long, is believed."""
REMOVAL_LAG: Final = timedelta(minutes=10)
"""An account that is listed so long after its removal is there again."""
AWAY_AFTER: Final = timedelta(hours=1)
"""A shorter absence of the bot is a restart, and nobody's concern."""
SERVICE_REMINDERS: Final = (timedelta(hours=4), timedelta(hours=24))
"""How long after a push about the service each reminder of it follows; the last length repeats."""
LONGEST_SNOOZE: Final = timedelta(hours=24)
LONGEST_MUTE: Final = timedelta(days=7)
LONGEST_BACKOFF: Final = timedelta(minutes=15)
CLOCK_SLACK: Final = timedelta(minutes=1)
"""A time may lie so far ahead of now and be the doing of two tasks at once, not of a clock that stepped."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the settings say about the watch."""

    poll_interval: timedelta = timedelta(seconds=60)
    outage_after: timedelta = timedelta(minutes=5)
    flap_window: timedelta = timedelta(minutes=5)
    remind_after: tuple[timedelta, ...] = (
        timedelta(minutes=15),
        timedelta(hours=1),
        timedelta(hours=4),
        timedelta(hours=24),
    )

    @property
    def end_after(self) -> timedelta:
        """How long looks must be clean before a flag counts as gone."""
        return max(self.flap_window, 3 * self.poll_interval)

    @property
    def shortest_gap(self) -> timedelta:
        """Return the shortest time between two polls that count as two; closer ones count as one."""
        return self.poll_interval / 2

    @property
    def longest_gap(self) -> timedelta:
        """Return the longest time between two polls of a running watch: twice its pace, and one poll."""
        return 2 * self.poll_interval + timedelta(seconds=30)

    def remind_in(self, reminders: int) -> timedelta:
        """How long after a push the next reminder is due, the push being the so-manieth reminder in a row."""
        return self.remind_after[min(reminders, len(self.remind_after) - 1)]


def service_reminder_in(reminders: int) -> timedelta:
    """Return how long after a push about the service its next reminder is due; see `Policy.remind_in`."""
    return SERVICE_REMINDERS[min(reminders, len(SERVICE_REMINDERS) - 1)]


def near(one: datetime, other: datetime, span: timedelta) -> bool:
    """Return whether two times are less than a span apart, in any order, as the clock may be set back."""
    return abs(one - other) < span
