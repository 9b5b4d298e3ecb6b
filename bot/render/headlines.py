"""The first line of a message: all that a lock screen shows, without the API's words."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final, assert_never

from bot.domain.incidents import Reason, State
from bot.render.alert_items import Case, duration, is_removed, names_of
from bot.render.phrases import demand, symbol
from bot.render.text import count, span, whole

NEWS_WORDS: Final[Mapping[Reason | None, str]] = {
    Reason.OPENED: "new",
    Reason.WORSE: "worse",
    Reason.RECURRING: "flagged again",
    Reason.RETURNED: "flagged again",
}
CHECKING_ON: Final = "Checking for a few minutes to be sure."
ASSIGNMENT_LAPSES: Final = "Press **I'm on it** again to keep it. Otherwise reminders start again in 30 min."
ONLY_REMINDERS: Final = "From now on I only remind you of it."


def headline(cases: Sequence[Case]) -> str:
    """Return the first line of a message about one account or several."""
    if len(cases) == 1:
        return headline_of(cases[0])
    needing = [case for case in cases if case.needs_somebody]
    if needing:
        return _needing(needing)
    clearing = [case for case in cases if case.incident.state is State.CLEARING]
    if clearing:
        clear = count(len(clearing), "account looks clear", "accounts look clear")
        return f"👀 {clear}: {names_of(clearing)}. {CHECKING_ON}"
    return _over(cases)


def second_line(cases: Sequence[Case]) -> str | None:
    """Return the second line: what happens if the reader does nothing."""
    reasons = {case.reason for case in cases if case.incident.state is State.OPEN}
    if Reason.ASSIGNEE_CHECK in reasons:
        return ASSIGNMENT_LAPSES
    return ONLY_REMINDERS if Reason.RECURRING in reasons and len(cases) == 1 else None


def headline_of(case: Case) -> str:
    """Return an account's state and the reason for the message."""
    match case.incident.state:
        case State.OPEN:
            return _open(case)
        case State.CLEARING:
            return f"👀 {case.name} looks clear. {CHECKING_ON}"
        case State.RESETTING:
            return f"🔄 {case.name} is being reset. The result will appear here."
        case State.ENDED:
            return _ended(case)
    assert_never(case.incident.state)


def was_flagged(case: Case) -> str:
    """Return when an account was flagged whose incident ended before an alert was sent."""
    if is_removed(case.incident):
        return f"⚪ {case.name} is not configured any more."
    return f"✅ {case.name} was flagged for {duration(case.incident)} and is back."


def _open(case: Case) -> str:
    mark, name, wish = symbol(case.flag.kind), case.name, _wish(case)
    match case.reason:
        case None | Reason.OPENED | Reason.RESOLVED:
            verb = "must wait" if _only_waits(case) else "needs you"
            return f"{mark} {name} {verb}: {wish}"
        case Reason.WORSE:
            return f"{mark} {name} got worse: {wish}"
        case Reason.RECURRING:
            return f"{mark} {name} needs you for the third time in 6 hours: {wish}"
        case Reason.RETURNED:
            return f"{mark} {name} is flagged again after the reset: {wish}"
        case Reason.REMINDER:
            return f"⏰ {name} still needs you: {wish}"
        case Reason.ASSIGNEE_CHECK:
            return f"⏰ You took {name} {_ago(case)} ago. It is still flagged"
    assert_never(case.reason)


def _wish(case: Case) -> str:
    if case.is_block_over:
        return "its block should be over now"
    return f"{demand(case.flag)}. Do not reset yet" if _only_waits(case) else demand(case.flag)


def _only_waits(case: Case) -> bool:
    """Return whether an account waits for the known end of a block."""
    return case.only_waits and case.incident.block_until() is not None


def _ended(case: Case) -> str:
    if is_removed(case.incident):
        return f"⚪ {case.name} is not configured any more. It had been flagged for {duration(case.incident)}"
    return f"✅ {case.name} is back. It was out for {duration(case.incident)}"


def _needing(cases: Sequence[Case]) -> str:
    """Return how many accounts are flagged: the new one by name if there is one, else in numbers."""
    if len(cases) == 1:
        return headline_of(cases[0])
    fresh = [case for case in cases if case.is_fresh]
    if len(fresh) == 1:
        return f"{headline_of(fresh[0])} ({whole(len(cases))} accounts need you in all)"
    asked = [case for case in fresh if case.reason is Reason.ASSIGNEE_CHECK]
    if asked and len(asked) == len(fresh):
        return f"⏰ You took {count(len(asked), 'account')} {_ago(asked[0])} ago. They are still flagged"
    names = names_of(sorted(cases, key=lambda case: not case.is_fresh))
    if not fresh and any(case.reason is Reason.REMINDER for case in cases):
        return f"⏰ {whole(len(cases))} accounts still need you: {names}"
    mark = symbol(cases[0].flag.kind)  # ordered by urgency
    return f"{mark} {whole(len(cases))} accounts need you{_news(fresh, len(cases))}: {names}"


def _news(fresh: Sequence[Case], total: int) -> str:
    """Return how many are new, worse or flagged again, unless all are new."""
    kinds = list(dict.fromkeys(NEWS_WORDS[case.reason] for case in fresh if case.reason in NEWS_WORDS))
    if not kinds or (kinds == ["new"] and len(fresh) == total):
        return ""
    number = "all" if len(fresh) == total else whole(len(fresh))
    return f", {number} of them {' or '.join(kinds)}"


def _over(cases: Sequence[Case]) -> str:
    back = [case for case in cases if not is_removed(case.incident)]
    gone = len(cases) - len(back)
    if not back:
        return f"⚪ {whole(gone)} accounts are not configured any more: {names_of(cases)}"
    rest = f"; {whole(gone)} not configured any more" if gone else ""
    return f"✅ {count(len(back), 'account is back', 'accounts are back')}: {names_of(back)}{rest}"


def _ago(case: Case) -> str:
    assigned_at = case.incident.assigned_at
    passed = case.due_at - assigned_at if assigned_at else timedelta(hours=4)
    hours = max(1, round(passed / timedelta(hours=1)))
    return f"{hours} hours" if hours > 1 else span(timedelta(hours=1))
