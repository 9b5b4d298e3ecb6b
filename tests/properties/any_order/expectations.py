"""What each owner must receive: the pushes that are due, those that came, and those that must not come."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.domain.incidents import Reason
from bot.domain.messages import Message, Purpose
from tests.properties.any_order.outages import Mark, Outages
from tests.properties.any_order.truth import BLOCK, HOUR, MINUTE, Case, News, Truth

FRESH: Final = frozenset({Reason.OPENED, Reason.WORSE, Reason.RECURRING, Reason.RETURNED})
REMINDER_PAUSES: Final = (15 * MINUTE, HOUR, 4 * HOUR, 24 * HOUR)


@dataclass
class ExpectedPush:
    """A push that an owner must get, as something became true of a case at a moment."""

    owner: int
    case: Case
    at: datetime
    news: News
    held: bool = False
    """It came up in a mute: any later push that shows the case is enough, such as a reminder."""
    seen_to: bool = False
    """Somebody took care of it since: to see it in a message is enough."""
    is_clearing: bool = False
    """Its owner joined when the last list showed it without its flag: the next list decides what is owed."""


@dataclass(frozen=True)
class Push:
    """An owner was woken."""

    message: str
    owner: int
    at: datetime
    reminders: int
    """How many in a row held nothing new."""


@dataclass
class Expectations:
    """What every owner must receive, and what arrived."""

    truth: Truth
    owners: Collection[int]
    mutes: Mapping[str | None, datetime]
    now: Callable[[], datetime]
    open: list[ExpectedPush] = field(default_factory=list[ExpectedPush])
    allowed: Counter[Mark] = field(default_factory=Counter[Mark])
    sent: Counter[Mark] = field(default_factory=Counter[Mark])
    ends_sent: Counter[Mark] = field(default_factory=Counter[Mark])
    reminded: dict[Mark, datetime] = field(default_factory=dict[Mark, datetime])
    """When each owner was woken last by a message that shows a case: pauses count from that."""
    asked: Counter[Mark] = field(default_factory=Counter[Mark])
    assignments: Counter[Mark] = field(default_factory=Counter[Mark])
    seen: set[Mark] = field(default_factory=set[Mark])
    seen_over: set[Mark] = field(default_factory=set[Mark])
    pushes: list[Push] = field(default_factory=list[Push])
    unsure: set[Mark] = field(default_factory=set[Mark])
    """What was on its way when its owner left: it may have arrived, and may be sent again."""
    service: Outages = field(init=False)

    def __post_init__(self) -> None:
        self.service = Outages(self.owners)

    def is_muted(self, channel: str) -> bool:
        return any(end > self.now() for end in self.mute_ends(channel))

    def mute_ends(self, channel: str) -> list[datetime]:
        return [self.mutes[name] for name in (None, channel) if name in self.mutes]

    # What becomes due

    def take_news(self) -> None:
        """Take over the news. It is due to each present owner, once any is known."""
        if not self.owners:
            return
        for case, news in self.truth.news:
            assert case.key, "news of what the program does not know"
            for owner in self.owners:
                self.open.append(ExpectedPush(owner, case, self.now(), news))
                self.allowed[owner, case.key] += 1
        self.truth.news.clear()
        self.mute()
        for push in list(self.open):
            quiet = push.case.is_recurring or self.is_muted(push.case.channel)
            if push.case.end is not None and quiet:
                self.open.remove(push)

    def leave(self, owner: int, unsent: Iterable[Message]) -> None:
        """Expect nothing more for an owner who leaves. What is on its way then arrives now, or never."""
        cut_off = {message.key for message in unsent}
        self.unsure = {(owner, entry.incident) for message in unsent for entry in message.entries}
        self.service.leave(owner)
        self.open = [each for each in self.open if each.owner != owner]
        self.pushes = [each for each in self.pushes if each.message not in cut_off]

    def join(self, owner: int) -> None:
        """All open incidents are due to a new owner, unless they were sent before."""
        self.service.join(self.unsure)
        for case in self.truth.cases:
            mark = (owner, case.key)
            if case.end is not None:
                self.seen_over |= {mark}  # what ended meanwhile is left as it was
                continue
            self.allowed[mark] += mark in self.unsure
            if mark not in self.seen and not case.is_recurring:
                self.allowed[mark] += mark not in self.unsure
                is_held, is_clearing = case.is_held(self.now()), case.clean_from is not None
                self.open.append(
                    ExpectedPush(
                        owner, case, self.now(), News.BIRTH, seen_to=is_held, is_clearing=is_clearing
                    )
                )
        self.mute()

    def mute(self) -> None:
        """What waits is held by a mute, but that it became a block, as long as it is one."""
        for push in self.open:
            breaks = push.news is News.WORSE and push.case.text == BLOCK
            push.held = push.held or (self.is_muted(push.case.channel) and not breaks)

    def see_to(self, case: Case) -> None:
        """Who sees in a message that somebody takes care of it need not be woken besides."""
        for push in self.open:
            push.seen_to = push.seen_to or push.case is case

    # What arrives

    def show(self, owner: int, keys: Iterable[str]) -> None:
        """Record which incidents a message shows now."""
        over = {case.key for case in self.truth.cases if case.end is not None}
        for key in keys:
            self.seen.add((owner, key))
            if key in over:
                self.seen_over.add((owner, key))

    def arrive(self, message: Message, *, is_first: bool, silent: bool, could_join: bool) -> None:
        """Record a message that arrived, and check that it had to.

        `could_join` says whether another stood there that its incident could have joined by an edit.
        """
        owner = message.recipient
        self.show(owner, (entry.incident for entry in message.entries))
        for entry in message.entries:
            mark = (owner, entry.incident)
            if self.case(entry.incident) is None:
                self.service.arrive(message, mark, entry.reason, silent=silent)
            else:
                self._count(mark, entry.reason)
        if is_first and self.owners:  # nothing is decided anew as long as nobody is known
            self._check_first(message)
        if message.purpose is Purpose.ALERT and not silent:
            self._push(message, could_join=could_join)
        self._fulfil(message)

    def _count(self, mark: Mark, reason: Reason | None) -> None:
        case = self.case(mark[1])
        assert case is not None
        if reason in FRESH:
            self.sent[mark] += 1
            assert self.sent[mark] <= self.allowed[mark], f"sent twice, for {reason}"
        if reason is Reason.RESOLVED:
            self.ends_sent[mark] += 1
            assert self.ends_sent[mark] <= case.ends, "an end sent twice"

    def _check_first(self, message: Message) -> None:
        """See that what is sent the moment it was decided is true at that moment."""
        for entry in message.entries:
            case = self.case(entry.incident)
            if case is not None and case.end is None and entry.reason in FRESH:
                is_block = entry.reason is Reason.WORSE and case.text == BLOCK
                assert is_block or not self.is_muted(case.channel), f"woken in a mute, for {entry.reason}"
            if case is not None and entry.reason is Reason.REMINDER:
                self._check_reminder(case)
            if case is not None and entry.reason is Reason.ASSIGNEE_CHECK:
                self._check_question(message.recipient, case)
        reasons = {entry.reason for entry in message.entries}
        is_reminder = Reason.REMINDER in reasons and reasons <= {Reason.REMINDER, None}
        if is_reminder and message.purpose is Purpose.ALERT:
            self._check_pause(message)
            self._check_all(message)

    def _check_reminder(self, case: Case) -> None:
        assert case.end is None, "reminded of what is over"
        assert not case.is_held(self.now()), "reminded of what somebody sees to"
        assert not self.is_muted(case.channel), "reminded in a mute"
        assert not self.truth.is_out_of_sight, "reminded of what nobody can see"

    def _check_pause(self, message: Message) -> None:
        """See that pauses grow, unless what held a reminder until now does not any more."""
        last = self.last_push(message.recipient)
        if last is None:
            return
        pause = REMINDER_PAUSES[min(last.reminders, len(REMINDER_PAUSES) - 1)]
        reminded = [entry.incident for entry in message.entries if entry.reason is Reason.REMINDER]
        cases = [case for case in map(self.case, reminded) if case is not None]
        ends = [end for case in cases for end in (*case.holds(), *self.mute_ends(case.channel))]
        is_freed = any(last.at < end <= self.now() for end in ends)
        assert is_freed or self.now() - last.at >= pause, "reminded too soon"

    def _check_all(self, message: Message) -> None:
        """See that one reminder is for all that need somebody."""
        reminded = {entry.incident for entry in message.entries if entry.reason is not None}
        for case in self.truth.open_cases():
            is_quiet = case.is_quiet(self.now()) or case.lease_ends is not None or self.is_muted(case.channel)
            assert is_quiet or case.key in reminded, f"not reminded of: {case}"

    def _check_question(self, owner: int, case: Case) -> None:
        self.asked[owner, case.key] += 1
        assert self.asked[owner, case.key] <= self.assignments[owner, case.key], "asked twice"
        assert case.assignee == owner
        assert case.assigned_at is not None
        assert self.now() >= case.assigned_at + 4 * HOUR

    def _push(self, message: Message, *, could_join: bool) -> None:
        last = self.last_push(message.recipient)
        is_soon = last is not None and self.now() - last.at < 5 * MINUTE
        assert not (is_soon and could_join), "woken twice in five minutes for what an edit shows"
        reasons = {entry.incident: entry.reason for entry in message.entries}
        before = 0 if last is None else last.reminders
        in_a_row = 0 if FRESH & set(reasons.values()) else before + 1
        self.pushes.append(Push(message.key, message.recipient, self.now(), in_a_row))
        self.reminded |= {(message.recipient, key): self.now() for key in reasons}

    def _fulfil(self, message: Message) -> None:
        reasons = {entry.incident: entry.reason for entry in message.entries}
        for push in list(self.open):
            reason = reasons.get(push.case.key)
            # Held back in a mute, it was seen by who is woken after it, be it for another account.
            is_enough = push.case.end is not None or (push.held and not self.is_muted(push.case.channel))
            is_fulfilled = reason in FRESH or (is_enough and push.case.key in reasons)
            if push.owner == message.recipient and is_fulfilled:
                self.open.remove(push)

    def case(self, key: str) -> Case | None:
        return next((each for each in self.truth.cases if each.key == key), None)

    def last_push(self, owner: int) -> Push | None:
        return next((each for each in reversed(self.pushes) if each.owner == owner), None)

    # What is missing in the end

    def check(self) -> None:
        """Check that all that was due was sent, or shows in a message, or somebody sees to it."""
        for push in self.open:
            case = push.case
            if push.is_clearing and case.clean_from is not None:
                continue  # no list could be read since
            # What comes and goes is left to the reminders after a mute, and those to who put it off.
            is_reminded = push.held and case.is_recurring
            if case.end is not None or (push.seen_to and not is_reminded):
                assert (push.owner, case.key) in self.seen, f"never shown: {push}"
            else:
                assert push.held, f"never sent: {push}"
                is_shown = case.is_quiet(self.now()) or self._was_woken_since_mute(push)
                assert is_shown, f"never sent after a mute: {push}"
        for owner, key in self.seen:
            case = self.case(key)
            if case is not None and case.end is not None and owner in self.owners:
                assert (owner, key) in self.seen_over, f"the end never showed: {case}"

    def _was_woken_since_mute(self, push: ExpectedPush) -> bool:
        """Whether a push came after a mute and took over what was held, having been on its way."""
        last, ends = self.last_push(push.owner), self.mute_ends(push.case.channel)
        is_shown = (push.owner, push.case.key) in self.seen
        return is_shown and last is not None and all(end <= last.at for end in ends)
