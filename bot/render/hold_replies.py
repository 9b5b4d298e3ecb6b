"""The answers to what holds reminders: "I'm on it", snoozes and mutes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bot.domain.accounts import KnownAccount
from bot.render.message_content import Button, MessageContent
from bot.render.text import count, escape, when, whole

WORSE: Final = "If it gets worse, I'll still tell you."
REPLACES_ASSIGNMENT: Final = "This replaces **I'm on it**: the alert no longer names anyone."
SNOOZES: Final = (1, 4, 24)
"""The hours that reminders can be snoozed for."""
STILL_TOLD: Final = (
    "If a flagged account gets blocked, I'll still tell you. The rest is kept: "
    "when the mute ends, you get one message with what is still open."
)
NOTHING_OPEN: Final = (
    "⚪ Nothing in this message is open any more: it is over, or a newer message shows it. "
    "Nothing was changed."
)


def assigned(accounts: Sequence[KnownAccount], times: Sequence[datetime], over: int = 0) -> str:
    """Return the answer to "I'm on it": what it does, and when the person is next notified of each account.

    `over` is how many more accounts the message is about, which are over.
    """
    return (
        f"👀 You're on **{_subject(accounts)}**. Reminders are off for every owner; "
        f"I'll check back with you on {when(min(times), 'f')}.{_exceptions(times, over)}"
    )


def snooze_choice(
    accounts: Sequence[KnownAccount], verb: str, argument: str, *, is_assigned: bool = False
) -> MessageContent:
    """Return the question how long to snooze the reminders of these accounts."""
    buttons = tuple(Button(verb, f"{hours} h", f"{argument}.{hours}") for hours in SNOOZES)
    replaced = f"\n{REPLACES_ASSIGNMENT}" if is_assigned else ""
    content = f"No reminders about **{_subject(accounts)}** for how long?{replaced}\n{WORSE}"
    return MessageContent(content, components=buttons)


def snoozed(accounts: Sequence[KnownAccount], times: Sequence[datetime], over: int = 0) -> str:
    """Return when the person is next notified of each account, as for `assigned`."""
    until = when(min(times), "f")
    return f"💤 No reminders about **{_subject(accounts)}** until {until}.{_exceptions(times, over)}\n{WORSE}"


def _subject(accounts: Sequence[KnownAccount]) -> str:
    return escape(accounts[0].label) if len(accounts) == 1 else count(len(accounts), "{n} account[|s]")


def _exceptions(times: Sequence[datetime], over: int) -> str:
    later = sum(each > min(times) for each in times)
    stays = (
        "stays quiet for longer: its card says" if later == 1 else "stay quiet for longer: their cards say"
    )
    lines = [f"{whole(later)} of them {stays} until when."] if later else []
    lines += [f"{count(over, '{n} more [is|are]')} over."] if over else []
    return "".join(f"\n{line}" for line in lines)


def muted(account: KnownAccount | None, until: datetime) -> str:
    """Return what is muted until when, and which alerts are still sent."""
    whose = "any account" if account is None else escape(account.label)
    return f"🔇 No alerts for **{whose}** until {when(until, 'f')}.\n{STILL_TOLD}"


def unmuted(account: KnownAccount | None, all_until: datetime | None = None) -> str:
    """Return that alerts are sent again, unless all accounts are muted until then."""
    if all_until is not None:
        return f"🔇 All accounts are muted until {when(all_until, 'f')}. To end that, use /mjmute off."
    whose = "all accounts" if account is None else escape(account.label)
    return f"🔔 Alerts for **{whose}** are on again."
