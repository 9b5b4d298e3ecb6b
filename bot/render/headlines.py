"""The first line of a message: all that a lock screen shows, without the API's words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final, assert_never

from bot.domain.accounts import FlagKind
from bot.domain.incidents import DISABLED, Ending, Reason, State
from bot.render.alert_items import AlertItem, duration, is_back, is_removed, names_of
from bot.render.phrases import demand, symbol
from bot.render.provider_words import WORDS
from bot.render.text import count, when, whole

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
    Reason.RETURNED: "{mark} {name} is flagged again after {after}: {demand}",
    Reason.REMINDER: "⏰ {name} still needs you: {demand}",
    Reason.ASSIGNEE_CHECK: "⏰ You took {name} {hours} ago. It is still flagged",
}
CALM: Final[Mapping[Reason | None, str]] = {
    None: "{mark} {name} is not running: {demand}",
    Reason.OPENED: "{mark} {name} is not running: {demand}",
    Reason.REMINDER: "⏰ {name} is still not running: {demand}",
}
"""As above, of an account that was not started."""
HIDDEN: Final = "A moderation message can hide here: open Discord and send /info."
LOST: Final = "{mark} {service} lost its connection to Discord: {disabled}{others}"
CHECKING_ON: Final = "Checking for a few minutes to be sure."
ASSIGNMENT_LAPSES: Final = "Press **I'm on it** again to keep it. Otherwise reminders start again {time}."
ONLY_REMINDERS: Final = "From now on I only remind you of it."


def headline(items: Sequence[AlertItem]) -> str:
    """Return the first line of a message about one account or several."""
    if len(items) == 1:
        return headline_of(items[0])
    if needing := [item for item in items if item.needs_somebody and not (item.is_starting or item.is_soft)]:
        return _lost_connection(needing) or _needing(needing)
    if calm := [item for item in items if item.needs_somebody and item.is_soft]:
        still = count(len(calm), "account is not running", "accounts are not running")
        return f"💤 {still}: {names_of(calm)}"
    if starting := [item for item in items if item.is_starting]:
        enabled = count(len(starting), "account is", "accounts are")
        return f"⏳ {enabled} enabled and not started yet: {names_of(starting)}"
    if clearing := [item for item in items if item.incident.state is State.CLEARING]:
        clear = count(len(clearing), "account looks clear", "accounts look clear")
        return f"👀 {clear}: {names_of(clearing)}. {CHECKING_ON}"
    return over(items)


def second_line(items: Sequence[AlertItem], returning: int = 0) -> str | None:
    """Return the second line: what happens if the reader does nothing.

    `returning` is how many more accounts should come back by themselves.
    """
    reasons = {item.reason for item in items if item.incident.state is State.OPEN}
    asked = [item for item in items if item.reason is Reason.ASSIGNEE_CHECK and item.incident.asked_at]
    if times := [item.next_at for item in asked if item.next_at is not None]:
        return ASSIGNMENT_LAPSES.format(time=when(min(times)))
    if returning:
        themselves = "itself" if returning == 1 else "themselves"
        return f"{whole(returning)} more should come back by {themselves} within 5 minutes."
    if all(item.is_soft and item.needs_somebody for item in items):
        return HIDDEN
    return ONLY_REMINDERS if Reason.RECURRING in reasons and len(items) == 1 else None


def headline_of(item: AlertItem) -> str:
    """Return an account's state and the reason for the message."""
    match item.incident.state:
        case State.OPEN:
            return _open(item)
        case State.CLEARING:
            return f"👀 {item.name} looks clear. {CHECKING_ON}"
        case State.RESETTING:
            return f"🔄 {item.name} is being {WORDS[item.provider].done}. The result will appear here."
        case State.ENDED:
            return _ended(item)
    assert_never(item.incident.state)


def was_flagged(item: AlertItem) -> str:
    """Return when an account was flagged whose incident ended before an alert was sent."""
    if is_removed(item.incident):
        return f"⚪ {item.name} is not configured any more."
    if item.incident.ending in DISABLED:
        return f"{_ended(item)}."
    out = "did not run" if item.is_soft else "was flagged"
    return f"✅ {item.name} {out} for {duration(item.incident)} and {WORDS[item.provider].back}."


def _open(item: AlertItem) -> str:
    words = WORDS[item.provider]
    if item.is_starting:
        return f"⏳ {item.name} is enabled, {words.service} has not started it yet"
    sentence = FLAGGED.get(item.reason, NEEDS_YOU)
    if item.is_soft:
        sentence = CALM.get(item.reason, sentence)
    elif sentence is NEEDS_YOU and _only_waits(item) and not item.is_paused:
        sentence = MUST_WAIT
    mark = "⏸️" if item.is_paused else symbol(item.flag.kind)
    return words.put_into(sentence, mark=mark, name=item.name, demand=_wish(item), hours=_hours(item))


def _wish(item: AlertItem) -> str:
    if item.is_block_over:
        return "Its block should be over now"
    if item.is_paused and item.flag.kind is FlagKind.CAPTCHA:
        return "its CAPTCHA is solved, but it is still disabled"
    if item.is_paused:
        return f"{WORDS[item.provider].service} lists no reason any more, but it is still disabled"
    words = demand(item.flag, item.provider)
    return f"{words}. Do not {WORDS[item.provider].do} yet" if _only_waits(item) else words


def _only_waits(item: AlertItem) -> bool:
    """Return whether an account waits for the known end of a block."""
    return item.only_waits and item.incident.block_until() is not None


def _ended(item: AlertItem) -> str:
    if is_removed(item.incident):
        return f"⚪ {item.name} is not configured any more. {_had_been(item)}"
    if item.incident.ending in DISABLED:
        left = "left disabled" if item.incident.ending is Ending.LEFT_PAUSED else "disabled and does not run"
        return f"⏸️ {item.name} is {left}. {_had_been(item)}"
    return f"✅ {item.name} {WORDS[item.provider].back}. It was out for {duration(item.incident)}"


def _had_been(item: AlertItem) -> str:
    return f"It had {'not run' if item.is_soft else 'been flagged'} for {duration(item.incident)}"


def _lost_connection(items: Sequence[AlertItem]) -> str | None:
    """Return the common cause of most flagged accounts, unless there is news of another one."""
    lost = [item for item in items if item.flag.kind is FlagKind.CONNECTION]
    others = [item for item in items if item.flag.kind is not FlagKind.CONNECTION]
    is_news = any(item.is_fresh for item in lost)
    if len(lost) <= max(1, len(others)) or len({item.provider for item in lost}) > 1:
        return None
    if not is_news and any(item.is_fresh for item in others):
        return None
    is_reminder = not is_news and any(item.reason is Reason.REMINDER for item in lost)
    disabled = f"{count(len(lost), 'account')} are {'still ' if is_reminder else ''}disabled"
    more = f". {count(len(others), 'more needs you', 'more need you')}: {names_of(others)}" if others else ""
    mark = "⏰" if is_reminder else symbol(FlagKind.CONNECTION)
    return WORDS[lost[0].provider].put_into(LOST, mark=mark, disabled=disabled, others=more)


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
    names = names_of(sorted(items, key=lambda item: (item.only_waits, not item.is_fresh)))
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


def over(items: Sequence[AlertItem]) -> str:
    """Return what became of several accounts: those that run are named, else those that are disabled."""
    back = [item for item in items if is_back(item.incident)]
    disabled = [item for item in items if item.incident.ending in DISABLED]
    gone = len(items) - len(back) - len(disabled)
    if back:
        rest = {"disabled": len(disabled), "not configured any more": gone}
        one = f"account {WORDS[back[0].provider].back}"
        first = f"✅ {count(len(back), one, 'accounts are back')}: {names_of(back)}"
    elif disabled:
        rest = {"not configured any more": gone}
        those = count(len(disabled), "account is disabled and does", "accounts are disabled and do")
        first = f"⏸️ {those} not run: {names_of(disabled)}"
    else:
        return f"⚪ {count(gone, 'account')} are not configured any more: {names_of(items)}"
    others = ", ".join(f"{words}: {whole(number)}" for words, number in rest.items() if number)
    return f"{first} ({others})" if others else first


def _hours(item: AlertItem) -> str:
    assigned_at = item.incident.assigned_at
    is_before = assigned_at is not None and assigned_at < item.due_at  # else it was pressed again
    passed = item.due_at - assigned_at if assigned_at and is_before else timedelta(hours=4)
    return count(max(1, round(passed / timedelta(hours=1))), "hour")
