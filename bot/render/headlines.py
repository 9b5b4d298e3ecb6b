"""The first line of a message: all that a lock screen shows, without the API's words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final, assert_never

from bot.domain.incidents import Reason, State
from bot.render.alert_items import AlertItem, duration, is_removed, names_of
from bot.render.phrases import demand, symbol
from bot.render.text import count, whole

NEWS_WORDS: Final[Mapping[Reason | None, str]] = {
    Reason.OPENED: "new",
    Reason.WORSE: "worse",
    Reason.RECURRING: "flagged again",
    Reason.RETURNED: "flagged again",
}
NEEDS_YOU: Final[str] = "{mark} {name} needs you: {demand}"
MUST_WAIT: Final[str] = "{mark} {name} must wait: {demand}"
FLAGGED: Final[Mapping[Reason | None, str]] = {
    Reason.WORSE: "{mark} {name} got worse: {demand}",
    Reason.RECURRING: "{mark} {name} needs you for the third time in 6 hours: {demand}",
    Reason.RETURNED: "{mark} {name} is flagged again after the reset: {demand}",
    Reason.REMINDER: "⏰ {name} still needs you: {demand}",
    Reason.ASSIGNEE_CHECK: "⏰ You took {name} {hours} ago. It is still flagged",
}
CHECKING_ON: Final = "Checking for a few minutes to be sure."
ASSIGNMENT_LAPSES: Final = "Press **I'm on it** again to keep it. Otherwise reminders start again in 30 min."
ONLY_REMINDERS: Final = "From now on I only remind you of it."


def headline(items: Sequence[AlertItem]) -> str:
    """Return the first line of a message about one account or several."""
    if len(items) == 1:
        return headline_of(items[0])
    needing = [item for item in items if item.needs_somebody]
    if needing:
        return _needing(needing)
    clearing = [item for item in items if item.incident.state is State.CLEARING]
    if clearing:
        clear = count(len(clearing), "account looks clear", "accounts look clear")
        return f"👀 {clear}: {names_of(clearing)}. {CHECKING_ON}"
    return _over(items)


def second_line(items: Sequence[AlertItem]) -> str | None:
    """Return the second line: what happens if the reader does nothing."""
    reasons = {item.reason for item in items if item.incident.state is State.OPEN}
    if Reason.ASSIGNEE_CHECK in reasons:
        return ASSIGNMENT_LAPSES
    return ONLY_REMINDERS if Reason.RECURRING in reasons and len(items) == 1 else None


def headline_of(item: AlertItem) -> str:
    """Return an account's state and the reason for the message."""
    match item.incident.state:
        case State.OPEN:
            return _open(item)
        case State.CLEARING:
            return f"👀 {item.name} looks clear. {CHECKING_ON}"
        case State.RESETTING:
            return f"🔄 {item.name} is being reset. The result will appear here."
        case State.ENDED:
            return _ended(item)
    assert_never(item.incident.state)


def was_flagged(item: AlertItem) -> str:
    """Return when an account was flagged whose incident ended before an alert was sent."""
    if is_removed(item.incident):
        return f"⚪ {item.name} is not configured any more."
    return f"✅ {item.name} was flagged for {duration(item.incident)} and is back."


def _open(item: AlertItem) -> str:
    sentence = FLAGGED.get(item.reason, NEEDS_YOU)
    if sentence is NEEDS_YOU and _only_waits(item):
        sentence = MUST_WAIT
    mark = symbol(item.flag.kind)
    return sentence.format(mark=mark, name=item.name, demand=_wish(item), hours=_hours(item))


def _wish(item: AlertItem) -> str:
    if item.is_block_over:
        return "Its block should be over now"
    return f"{demand(item.flag)}. Do not reset yet" if _only_waits(item) else demand(item.flag)


def _only_waits(item: AlertItem) -> bool:
    """Return whether an account waits for the known end of a block."""
    return item.only_waits and item.incident.block_until() is not None


def _ended(item: AlertItem) -> str:
    if is_removed(item.incident):
        return f"⚪ {item.name} is not configured any more. It had been flagged for {duration(item.incident)}"
    return f"✅ {item.name} is back. It was out for {duration(item.incident)}"


def _needing(items: Sequence[AlertItem]) -> str:
    """Return how many accounts are flagged: the new one by name if there is one, else in numbers."""
    if len(items) == 1:
        return headline_of(items[0])
    everyone = count(len(items), "account")
    fresh = [item for item in items if item.is_fresh]
    if len(fresh) == 1:
        return f"{headline_of(fresh[0])} ({everyone} need you in all)"
    asked = [item for item in fresh if item.reason is Reason.ASSIGNEE_CHECK]
    if asked and len(asked) == len(fresh):
        return f"⏰ You took {count(len(asked), 'account')} {_hours(asked[0])} ago. They are still flagged"
    names = names_of(sorted(items, key=lambda item: not item.is_fresh))
    if not fresh and any(item.reason is Reason.REMINDER for item in items):
        return f"⏰ {everyone} still need you: {names}"
    mark = symbol(items[0].flag.kind)  # ordered by urgency
    return f"{mark} {everyone} need you: {names}{_news(fresh, len(items))}"


def _news(fresh: Sequence[AlertItem], total: int) -> str:
    """Return how many are new, worse or flagged again, unless all are new."""
    numbers = Counter(NEWS_WORDS[item.reason] for item in fresh if item.reason in NEWS_WORDS)
    if not numbers or numbers["new"] == total:
        return ""
    return f" ({', '.join(f'{word}: {whole(number)}' for word, number in numbers.items())})"


def _over(items: Sequence[AlertItem]) -> str:
    back = [item for item in items if not is_removed(item.incident)]
    gone = len(items) - len(back)
    if not back:
        return f"⚪ {count(gone, 'account')} are not configured any more: {names_of(items)}"
    rest = f" (not configured any more: {whole(gone)})" if gone else ""
    return f"✅ {count(len(back), 'account is back', 'accounts are back')}: {names_of(back)}{rest}"


def _hours(item: AlertItem) -> str:
    assigned_at = item.incident.assigned_at
    passed = item.due_at - assigned_at if assigned_at else timedelta(hours=4)
    return count(max(1, round(passed / timedelta(hours=1))), "hour")
