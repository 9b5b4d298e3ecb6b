"""What is true of the accounts, worked out again from what was shown: what happens when, in short.

It knows nothing of the program but the words of its facts, and counts in a way of its own.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OTHER: Final = "Something else is pending."
CAPTCHA: Final = "Please verify that you are human."
MODERATION: Final = "You have a pending moderation message."
BLOCK: Final = "You have been blocked from accessing Midjourney for 3 days."
ASSIGNED_FOR: Final = 4 * HOUR + 30 * MINUTE
WEIGHTS: Final = {OTHER: 0, CAPTCHA: 1, MODERATION: 2, BLOCK: 3}

POLLS_APART: Final = MINUTE / 2
"""Two polls that are closer count as one."""
SURELY_AN_OUTAGE: Final = 5
"""So many failed polls in a row, two minutes apart, are an outage by any measure."""

Shown = Mapping[str, str | None]
"""An account list: the channels, each with the text of its flag, if any."""
NOTHING: Final[Mapping[str, datetime]] = {}


class News(Enum):
    """What an owner is woken for."""

    BIRTH = "birth"
    WORSE = "worse"
    RETURNED = "returned"


class End(Enum):
    CLEARED = "cleared"
    RESET = "reset"
    REMOVED = "removed"


@dataclass(eq=False)
class Case:
    """One incident of an account."""

    channel: str
    born: datetime
    text: str
    worst: int
    by_command: bool = False
    is_recurring: bool = False
    clean_from: datetime | None = None
    missed: int = 0
    lease_ends: datetime | None = None
    block_ends: datetime | None = None
    assigned_at: datetime | None = None
    assignee: int | None = None
    snooze_ends: datetime | None = None
    assignment_ended: datetime | None = None
    end: End | None = None
    ended: datetime | None = None
    ends: int = 0
    starting_from: datetime | None = None
    """When a remedy was judged that enabled the account, while it is not known whether that did it."""
    is_enabled: bool = False
    """Whether the last remedy was judged so."""
    key: str = ""
    """The program's name for it."""

    def is_held(self, at: datetime) -> bool:
        """Whether reminders wait: somebody is on it or put it off, or a block has its length."""
        return any(at < end for end in self.holds())

    def is_quiet(self, at: datetime) -> bool:
        """Whether nobody is reminded of it: it is held, or the last poll that showed it was clean."""
        return self.is_held(at) or self.clean_from is not None

    def holds(self) -> Iterator[datetime]:
        """Yield when each thing that holds its reminders ends, or ended."""
        if self.assigned_at is not None:
            yield self.assigned_at + ASSIGNED_FOR
        if self.text == BLOCK and self.block_ends is not None:
            yield self.block_ends
        if self.starting_from is not None:
            yield self.starting_from + 15 * MINUTE
        yield from (end for end in (self.snooze_ends, self.assignment_ended) if end is not None)

    def reword(self, text: str, at: datetime) -> None:
        """Take over its new text. A block in the same or other words does not begin anew."""
        is_new, self.text = text != self.text, text
        if text == BLOCK and (self.block_ends is None or (is_new and self.block_ends <= at)):
            self.block_ends = at + 3 * DAY

    def let_go(self, at: datetime) -> None:
        """Have nobody on it any more."""
        self.assigned_at = self.assignee = None
        self.assignment_ended = at


@dataclass
class Truth:
    """All that is true. `news` collects what owners are to be woken for."""

    cases: list[Case] = field(default_factory=list[Case])
    news: list[tuple[Case, News]] = field(default_factory=list[tuple[Case, News]])
    listed: frozenset[str] | None = None
    last_good: datetime | None = None
    counted: datetime | None = None
    """The last good poll that was one of its own, and not one with the poll before it."""
    heaviest: int | None = None
    """The weight of the heaviest flag that the list was refused with and that is no account's."""
    heavier: int = 0
    """How often that became heavier during the service incident."""
    has_problem: bool = False
    """Whether a service incident is open, as owners see it."""
    is_refused: bool = False
    """Whether a poll since the last good one was refused as an account needs somebody."""
    failing_since: datetime | None = None
    failed: datetime | None = None
    failures: int = 0
    remembered: Collection[str] = ()
    """The cases that the program has in its memory, by key."""
    gone_list: frozenset[str] | None = None
    gone_since: datetime | None = None

    @property
    def is_out_of_sight(self) -> bool:
        """Whether owners know that nobody can see the accounts, and nothing says that one needs them."""
        return self.has_problem and not self.is_refused

    def open_case(self, channel: str) -> Case | None:
        return next((each for each in self.cases if each.channel == channel and each.end is None), None)

    def open_cases(self) -> Iterator[Case]:
        return (each for each in self.cases if each.end is None)

    # Polls

    def read_list(self, shown: Shown, at: datetime, since: Mapping[str, datetime] = NOTHING) -> bool:
        """Apply a whole list. Return whether it is accepted.

        `since` says when flags were seen first that could not be written down.
        """
        self.pass_time(at)
        channels = frozenset(shown)
        is_second = self.gone_since is not None and at - self.gone_since >= POLLS_APART
        is_believed = self.believes(channels, at)
        flagged = {channel: text for channel, text in shown.items() if text is not None}
        for channel, text in flagged.items():
            self.flag(channel, text, at, by_command=False, since=since.get(channel))
        self.failures = 0
        if not is_believed:
            self.has_problem = self.has_problem or is_second
            self.failing_since = self.failing_since or at
            return False
        is_own = self.counted is None or at - self.counted >= POLLS_APART
        for case in list(self.open_cases()):
            if case.channel not in channels and is_own:
                self._miss(case, at)
            elif case.channel not in channels:
                continue
            elif case.channel not in flagged:
                self._clean(case, at)
        self.listed, self.last_good, self.counted = channels, at, at if is_own else self.counted
        self.has_problem = self.is_refused = False
        self.gone_list = self.gone_since = self.failing_since = self.heaviest = None
        self.heavier = 0
        return True

    def fail(self, at: datetime, *, is_refused: bool, may_pass: bool, text: str | None) -> None:
        """Record that the list could not be read. What may pass by itself is no incident yet.

        `text` is what it was refused with, if that is no account's.
        """
        self.pass_time(at)
        if text is not None and (self.heaviest is None or WEIGHTS[text] > self.heaviest):
            self.heaviest = WEIGHTS[text]
            self.heavier += self.has_problem
        self.is_refused = self.is_refused or is_refused
        self.has_problem = self.has_problem or not may_pass
        if self.failing_since is None or self.failed is None or at - self.failed >= 2 * MINUTE:
            self.failures += 1
        self.failing_since, self.failed = self.failing_since or at, at

    def may_show(self, at: datetime) -> bool:
        """Whether owners may see a service incident by now: failed polls in a row open one."""
        is_long = self.failing_since is not None and at - self.failing_since >= 5 * MINUTE
        return self.has_problem or is_long

    def must_show(self) -> bool:
        """Whether owners must know of the service by now."""
        return self.has_problem or self.failures >= SURELY_AN_OUTAGE

    def would_believe(self, shown: Shown, at: datetime) -> bool:
        """Whether a list that cannot be written down is believed all the same."""
        before = self.gone_list, self.gone_since
        is_believed = self.believes(frozenset(shown), at)
        self.gone_list, self.gone_since = before
        return is_believed

    def believes(self, channels: frozenset[str], at: datetime) -> bool:
        """Whether a list may be whole: most accounts do not vanish at once, unless it stays so for a day."""
        before = self.listed or frozenset()
        lost = before - channels
        if not before or (channels and (len(lost) <= len(before) / 2 or len(channels) >= len(before))):
            return True
        if self.gone_list != channels:
            self.gone_list, self.gone_since = channels, at
        return bool(channels) and self.gone_since is not None and at - self.gone_since >= DAY

    def flag(
        self, channel: str, text: str, at: datetime, *, by_command: bool, since: datetime | None = None
    ) -> None:
        """Apply a flag that the list shows, or a command met."""
        case = self.open_case(channel)
        if case is None:
            self._open(channel, text, at, since or at, by_command=by_command)
        elif case.lease_ends is None:
            met_while_clearing = case.clean_from is not None and not case.by_command
            case.by_command = by_command and (case.by_command or met_while_clearing)
            case.clean_from, case.missed = None, 0
            if case.starting_from is None:
                self._show(case, text, at)
                return
            case.starting_from, case.is_enabled = None, False
            self._return(case, text, at)

    def _show(self, case: Case, text: str, at: datetime) -> None:
        case.reword(text, at)
        if WEIGHTS[text] > case.worst:
            case.worst, case.snooze_ends = WEIGHTS[text], None
            self.news.append((case, News.WORSE))

    def _open(self, channel: str, text: str, now: datetime, at: datetime, *, by_command: bool) -> None:
        past = [each for each in self.cases if each.channel == channel and self._knows(each, now)]
        last = max(past, key=lambda case: case.ended or case.born, default=None)
        if last is not None and last.end is End.RESET and last.ended and at - last.ended < HOUR:
            self._reopen(last, text, at, by_command=by_command)
            return
        recent = [each for each in past if each.end is not End.REMOVED and at - each.born < 6 * HOUR]
        case = Case(channel, at, text, WEIGHTS[text], by_command, is_recurring=len(recent) >= 2)
        case.reword(text, at)
        self.cases.append(case)
        if not (case.is_recurring and any(each.is_recurring for each in recent)):
            self.news.append((case, News.BIRTH))

    def _knows(self, case: Case, now: datetime) -> bool:
        """Whether a case counts for the next one: what is over for long may be forgotten by then."""
        return case.ended is None or now - case.ended < 6 * HOUR or case.key in self.remembered

    def _reopen(self, case: Case, text: str, at: datetime, *, by_command: bool) -> None:
        case.end = case.ended = case.assignment_ended = None
        case.by_command = by_command
        self._return(case, text, at)

    def _return(self, case: Case, text: str, at: datetime) -> None:
        case.assigned_at = case.assignee = case.snooze_ends = None
        case.worst = max(case.worst, WEIGHTS[text])
        case.reword(text, at)
        self.news.append((case, News.RETURNED))

    def _miss(self, case: Case, at: datetime) -> None:
        if case.lease_ends is None:
            case.missed += 1
            if case.missed == 2:
                self._over(case, End.REMOVED, at)

    def _clean(self, case: Case, at: datetime) -> None:
        if case.lease_ends is not None:
            return
        case.missed, case.starting_from = 0, None
        if case.is_enabled:
            self._over(case, End.RESET, at)
        elif case.clean_from is None:
            case.clean_from = at
        elif at - case.clean_from >= (15 if case.by_command else 5) * MINUTE:
            self._over(case, End.CLEARED, at)

    def _over(self, case: Case, end: End, at: datetime) -> None:
        case.end, case.ended, case.lease_ends = end, at, None
        case.clean_from, case.missed = None, 0
        case.starting_from, case.is_enabled = None, False
        case.ends += 1

    # Owners, and time

    def lease(self, case: Case, at: datetime) -> None:
        case.lease_ends, case.is_enabled = at + 3 * MINUTE, False

    def judge(self, case: Case, end: End | None, text: str | None, at: datetime, *, is_enabled: bool) -> None:
        """Apply what a reset came to: an end, or none, and then perhaps another flag."""
        if end is not None:
            self._over(case, end, at)
            return
        case.lease_ends = None
        case.clean_from = None
        case.is_enabled = is_enabled
        if is_enabled:
            case.starting_from = case.starting_from or at
        if text is not None:
            case.by_command, case.starting_from = False, None
            self._show(case, text, at)

    def pass_time(self, at: datetime) -> None:
        """End leases that nobody returned, and assignments that are over."""
        for case in self.open_cases():
            if case.lease_ends is not None and case.lease_ends <= at:
                case.lease_ends = case.clean_from = None
            if case.assigned_at is not None and at >= case.assigned_at + ASSIGNED_FOR:
                case.let_go(case.assigned_at + ASSIGNED_FOR)
