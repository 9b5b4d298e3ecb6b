"""The answers to what holds reminders: "I'm on it", snoozes and mutes."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from bot.domain.accounts import KnownAccount
from bot.render.message_content import Button, MessageContent
from bot.render.text import HOURS, count, escape, when
from bot.runtime.language import Sentence, say

WORSE: Final[Sentence] = "If it gets worse, I'll still tell you."
REPLACES_ASSIGNMENT: Final[Sentence] = "This replaces **I'm on it**: the alert no longer names anyone."
SNOOZES: Final = (1, 4, 24)
"""The hours that reminders can be snoozed for."""
STILL_TOLD: Final[Sentence] = (
    "If a flagged account gets blocked, I'll still tell you. The rest is kept: "
    "when the mute ends, you get one message with what is still open."
)
NOTHING_OPEN: Final[Sentence] = (
    "⚪ Nothing in this message is open any more: it is over, or a newer message shows it. "
    "Nothing was changed."
)


def assigned(accounts: Sequence[KnownAccount], times: Sequence[datetime], over: int = 0) -> str:
    """Return the answer to "I'm on it": what it does, and when the person is next notified of each account.

    `over` is how many more accounts the message is about, which are over.
    """
    first = say(
        "👀 You're on **{name}**. Reminders are off for every owner; I'll check back with you on {time}.",
        name=_subject(accounts),
        time=when(min(times), "f"),
    )
    return "\n".join([first, *_exceptions(times, over)])


def snooze_choice(
    accounts: Sequence[KnownAccount], verb: str, argument: str, *, is_assigned: bool = False
) -> MessageContent:
    """Return the question how long to snooze the reminders of these accounts."""
    buttons = tuple(Button(verb, say(HOURS, n=hours), f"{argument}.{hours}") for hours in SNOOZES)
    question = say("No reminders about **{name}** for how long?", name=_subject(accounts))
    lines = [question, *([say(REPLACES_ASSIGNMENT)] if is_assigned else []), say(WORSE)]
    return MessageContent("\n".join(lines), components=buttons)


def snoozed(accounts: Sequence[KnownAccount], times: Sequence[datetime], over: int = 0) -> str:
    """Return when the person is next notified of each account, as for `assigned`."""
    until = when(min(times), "f")
    first = say("💤 No reminders about **{name}** until {time}.", name=_subject(accounts), time=until)
    return "\n".join([first, *_exceptions(times, over), say(WORSE)])


def _subject(accounts: Sequence[KnownAccount]) -> str:
    return escape(accounts[0].label) if len(accounts) == 1 else count(len(accounts), "{n} account[|s]")


def _exceptions(times: Sequence[datetime], over: int) -> Iterator[str]:
    if later := sum(each > min(times) for each in times):
        yield count(
            later, "{n} of them [stays|stay] quiet for longer: [its card says|their cards say] until when."
        )
    if over:
        yield count(over, "{n} more [is|are] over.")


def muted(account: KnownAccount | None, until: datetime) -> str:
    """Return what is muted until when, and which alerts are still sent."""
    first = say(
        "🔇 No alerts for **{name}** until {time}."
        if account
        else "🔇 No alerts for **any account** until {time}.",
        name=account and escape(account.label),
        time=when(until, "f"),
    )
    return f"{first}\n{say(STILL_TOLD)}"


def unmuted(account: KnownAccount | None, all_until: datetime | None = None) -> str:
    """Return that alerts are sent again, unless all accounts are muted until then."""
    if all_until is not None:
        time = when(all_until, "f")
        return say("🔇 All accounts are muted until {time}. To end that, use /mjmute off.", time=time)
    if account is None:
        return say("🔔 Alerts for **all accounts** are on again.")
    return say("🔔 Alerts for **{name}** are on again.", name=escape(account.label))
