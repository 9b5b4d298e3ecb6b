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
from bot.runtime.language import Sentence, say

NEWS_WORDS: Final[Mapping[Reason | None, Sentence]] = {
    Reason.OPENED: "new",
    Reason.WORSE: "worse",
    Reason.RECURRING: "flagged again",
    Reason.RETURNED: "flagged again",
}
NEEDS_YOU: Final[Sentence] = "{mark} {name} needs you: {demand}"
MUST_WAIT: Final[Sentence] = "{mark} {name} must wait: {demand}"
FLAGGED: Final[Mapping[Reason | None, Sentence]] = {
    Reason.WORSE: "{mark} {name} got worse: {demand}",
    Reason.RECURRING: "{mark} {name} needs you for the third time in 6 hours: {demand}",
    Reason.RETURNED: "{mark} {name} is flagged again after {after}: {demand}",
    Reason.REMINDER: "⏰ {name} still needs you: {demand}",
    Reason.ASSIGNEE_CHECK: "⏰ You took {name} {hours} ago. It is still flagged",
}
CALM: Final[Mapping[Reason | None, Sentence]] = {
    None: "{mark} {name} is not running: {demand}",
    Reason.OPENED: "{mark} {name} is not running: {demand}",
    Reason.REMINDER: "⏰ {name} is still not running: {demand}",
}
"""As above, of an account that was not started."""
HIDDEN: Final[Sentence] = "A moderation message can hide here: open Discord and send /info."
ASSIGNMENT_LAPSES: Final[Sentence] = (
    "Press **I'm on it** again to keep it. Otherwise reminders start again {time}."
)


def headline(items: Sequence[AlertItem]) -> str:
    """Return the first line of a message about one account or several."""
    if len(items) == 1:
        return headline_of(items[0])
    if needing := [item for item in items if item.needs_somebody and not (item.is_starting or item.is_soft)]:
        return _lost_connection(needing) or _needing(needing)
    if calm := [item for item in items if item.needs_somebody and item.is_soft]:
        return count(len(calm), "💤 {n} account[|s] [is|are] not running: {names}", names=names_of(calm))
    if starting := [item for item in items if item.is_starting]:
        return count(
            len(starting),
            "⏳ {n} account[|s] [is|are] enabled and not started yet: {names}",
            names=names_of(starting),
        )
    if clearing := [item for item in items if item.incident.state is State.CLEARING]:
        return count(
            len(clearing),
            "👀 {n} account[|s] look[s|] clear: {names}. Checking for a few minutes to be sure.",
            names=names_of(clearing),
        )
    return over(items)


def second_line(items: Sequence[AlertItem], returning: int = 0) -> str | None:
    """Return the second line: what happens if the reader does nothing.

    `returning` is how many more accounts should come back by themselves.
    """
    reasons = {item.reason for item in items if item.incident.state is State.OPEN}
    asked = [item for item in items if item.reason is Reason.ASSIGNEE_CHECK and item.incident.asked_at]
    if times := [item.next_at for item in asked if item.next_at is not None]:
        return say(ASSIGNMENT_LAPSES, time=when(min(times)))
    if returning:
        return count(returning, "{n} more should come back by [itself|themselves] within 5 minutes.")
    if all(item.is_soft and item.needs_somebody for item in items):
        return say(HIDDEN)
    return (
        say("From now on I only remind you of it.")
        if Reason.RECURRING in reasons and len(items) == 1
        else None
    )


def headline_of(item: AlertItem) -> str:
    """Return an account's state and the reason for the message."""
    match item.incident.state:
        case State.OPEN:
            return _open(item)
        case State.CLEARING:
            return say("👀 {name} looks clear. Checking for a few minutes to be sure.", name=item.name)
        case State.RESETTING:
            sentence: Sentence = "🔄 {name} is being {done}. The result will appear here."
            return WORDS[item.provider].put_into(sentence, name=item.name)
        case State.ENDED:
            return _ended(item)
    assert_never(item.incident.state)


def was_flagged(item: AlertItem) -> str:
    """Return when an account was flagged whose incident ended before an alert was sent."""
    if is_removed(item.incident):
        return say("⚪ {name} is not configured any more.", name=item.name)
    if item.incident.ending in DISABLED:
        return say("{statement}.", statement=_ended(item))
    return WORDS[item.provider].put_into(
        "✅ {name} did not run for {lasted} and {back}."
        if item.is_soft
        else "✅ {name} was flagged for {lasted} and {back}.",
        name=item.name,
        lasted=duration(item.incident),
    )


def _open(item: AlertItem) -> str:
    words = WORDS[item.provider]
    if item.is_starting:
        return words.put_into("⏳ {name} is enabled, {service} has not started it yet", name=item.name)
    sentence = FLAGGED.get(item.reason, NEEDS_YOU)
    if item.is_soft:
        sentence = CALM.get(item.reason, sentence)
    elif sentence is NEEDS_YOU and _only_waits(item) and not item.is_paused:
        sentence = MUST_WAIT
    mark = "⏸️" if item.is_paused else symbol(item.flag.kind)
    return words.put_into(sentence, mark=mark, name=item.name, demand=_wish(item), hours=_hours(item))


def _wish(item: AlertItem) -> str:
    words = WORDS[item.provider]
    if item.is_block_over:
        return say("Its block should be over now")
    if item.is_paused and item.flag.kind is FlagKind.CAPTCHA:
        return say("its CAPTCHA is solved, but it is still disabled")
    if item.is_paused:
        return words.put_into("{service} lists no reason any more, but it is still disabled")
    wish = demand(item.flag, item.provider)
    return words.put_into("{demand}. Do not {do} yet", demand=wish) if _only_waits(item) else wish


def _only_waits(item: AlertItem) -> bool:
    """Return whether an account waits for the known end of a block."""
    return item.only_waits and item.incident.block_until() is not None


def _ended(item: AlertItem) -> str:
    words, ending = WORDS[item.provider], item.incident.ending
    sentence: Sentence = "✅ {name} {back}. It was out for {lasted}"
    if is_removed(item.incident):
        sentence = "⚪ {name} is not configured any more. {had_been}"
    elif ending in DISABLED:
        sentence = "⏸️ {name} is disabled and does not run. {had_been}"
        if ending is Ending.LEFT_PAUSED:
            sentence = "⏸️ {name} is left disabled. {had_been}"
    lasted = duration(item.incident)
    had_been: Sentence = "It had not run for {lasted}" if item.is_soft else "It had been flagged for {lasted}"
    return words.put_into(sentence, name=item.name, lasted=lasted, had_been=say(had_been, lasted=lasted))


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
    disabled = (
        count(len(lost), "{n} account[|s] [is|are] still disabled")
        if is_reminder
        else count(len(lost), "{n} account[|s] [is|are] disabled")
    )
    statement = say(
        "{mark} {service} lost its connection to Discord: {disabled}",
        mark="⏰" if is_reminder else symbol(FlagKind.CONNECTION),
        service=WORDS[lost[0].provider].service,
        disabled=disabled,
    )
    if not others:
        return statement
    return count(
        len(others),
        "{statement}. {n} more need[s|] you: {names}",
        statement=statement,
        names=names_of(others),
    )


def _needing(items: Sequence[AlertItem]) -> str:
    """Return how many accounts are flagged: the new one by name if there is one, else in numbers."""
    if len(items) == 1:
        return headline_of(items[0])
    fresh = [item for item in items if item.is_fresh]
    if len(fresh) == 1:
        return count(len(items), "{first} ({n} account[|s] need[s|] you in all)", first=headline_of(fresh[0]))
    asked = [item for item in fresh if item.reason is Reason.ASSIGNEE_CHECK]
    if asked and len(asked) == len(fresh):
        return count(
            len(asked),
            "⏰ You took {n} account[|s] {hours} ago. [It|They] [is|are] still flagged",
            hours=_hours(asked[0]),
        )
    names = names_of(sorted(items, key=lambda item: (item.only_waits, not item.is_fresh)))
    if not fresh and any(item.reason is Reason.REMINDER for item in items):
        return count(len(items), "⏰ {n} account[|s] still need[s|] you: {names}", names=names)
    return count(
        len(items),
        "{mark} {n} account[|s] need[s|] you: {names}{news}",
        mark=symbol(items[0].flag.kind),  # ordered by urgency
        names=names,
        news=_news(fresh, len(items)),
    )


def _news(fresh: Sequence[AlertItem], total: int) -> str:
    """Return how many are new, worse or flagged again, unless all are new."""
    numbers = Counter(NEWS_WORDS[item.reason] for item in fresh if item.reason in NEWS_WORDS)
    if not numbers or numbers[NEWS_WORDS[Reason.OPENED]] == total:
        return ""
    return say(" ({news})", news=_listed(numbers))


def _listed(numbers: Mapping[Sentence, int]) -> str:
    """Return how many of each kind there are: "new: 2, worse: 1"."""
    parts = (say("{what}: {n}", what=say(each), n=whole(n)) for each, n in numbers.items() if n)
    return say(", ").join(parts)


def over(items: Sequence[AlertItem]) -> str:
    """Return what became of several accounts: those that run are named, else those that are disabled."""
    back = [item for item in items if is_back(item.incident)]
    disabled = [item for item in items if item.incident.ending in DISABLED]
    gone = len(items) - len(back) - len(disabled)
    off = len(disabled) if back else 0
    rest: tuple[tuple[Sentence, int], ...] = (("disabled", off), ("not configured any more", gone))
    if back:
        first = count(
            len(back),
            "✅ {n} account[|s] [{|are ]back[}|]: {names}",
            back=WORDS[back[0].provider].put_into("{back}"),
            names=names_of(back),
        )
    elif disabled:
        first = count(
            len(disabled),
            "⏸️ {n} account[|s] [is|are] disabled and [does|do] not run: {names}",
            names=names_of(disabled),
        )
    else:
        return count(
            gone, "⚪ {n} account[|s] [is|are] not configured any more: {names}", names=names_of(items)
        )
    others = _listed(dict(rest))
    return say("{first} ({others})", first=first, others=others) if others else first


def _hours(item: AlertItem) -> str:
    assigned_at = item.incident.assigned_at
    is_before = assigned_at is not None and assigned_at < item.due_at  # else it was pressed again
    passed = item.due_at - assigned_at if assigned_at and is_before else timedelta(hours=4)
    return count(max(1, round(passed / timedelta(hours=1))), "{n} hour[|s]")
