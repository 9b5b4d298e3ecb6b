"""The answers to actions: the question before a reset, its progress and result, and answers to buttons."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final, assert_never

import discord

from bot.domain.accounts import Flag, FlagKind, KnownAccount
from bot.domain.incidents import Incident, ResetOutcome, ResetResult, ResetStage, ResetVerdict
from bot.render.account_cards import add_field, flag_colour
from bot.render.alert_items import known_account, naming
from bot.render.instructions import block_end, login_help
from bot.render.message_content import Button, MessageContent, channel_buttons, headed
from bot.render.phrases import state_words
from bot.render.text import bare, code_block, count, escape, exactly, span, when, whole

BUTTON_LABEL: Final = 40
NOT_YET: Final = "Not yet"
WORSE: Final = "If it gets worse, I'll still tell you."
REPLACES_ASSIGNMENT: Final = "This replaces **I'm on it**: the alert no longer names anyone."
SNOOZES: Final = (1, 4, 24)
"""The hours that reminders can be snoozed for."""
CONSENT: Final = (
    "**Resetting does not acknowledge anything at Midjourney.** "
    "It only tells useapi.net to use the account again.\n"
    "If the message is still waiting in the channel, a reset now **risks the account**."
)
UNSEEN: Final = (
    "👀 **I cannot see the state of this account now:** useapi.net answers with error 596 instead of its "
    "list and does not say whose it is. The next list that I can read shows whether a reset worked."
)
AS_WORDED: Final = "⛔ **Midjourney says below when the block ends.** A reset before then risks the account."
OPEN_ENDED: Final = (
    "⛔ **Midjourney does not say when the block ends.** "
    "Reset only if you have seen in the channel that it is over."
)
FLAG_CHANGED: Final = "⚠️ Midjourney now says something else, so I sent nothing. Read it, then confirm again."
CANNOT_READ_FIRST: Final = (
    "⚠️ I could not read the list, so I sent no reset. /mjstatus says why and what to do."
)
NOT_SENT: Final = "👌 Nothing was sent. The alert stays, with its buttons."
STILL_TOLD: Final = (
    "If a flagged account gets blocked, I'll still tell you. The rest is kept: "
    "when the mute ends, you get one message with what is still open."
)


def confirmation(
    account: KnownAccount,
    flag: Flag,
    incident: Incident | None,
    argument: str,
    *,
    now: datetime,
    unseen: bool = False,
) -> MessageContent:
    """Return the question whether to reset a flagged account.

    `argument` is what the button hands on; the caller puts a hash of the flag into it. `unseen` says that the
    list is refused with an error 596 that may be any account's.
    """
    until = _block_until(account, flag, incident)
    warning = _block_warning(flag, until, now)
    embed = discord.Embed(
        title=f"Reset {escape(account.label)}?",
        description="\n\n".join(filter(None, [warning, UNSEEN if unseen else None, CONSENT])),
        colour=flag_colour(flag),
        url=account.account.link,
    )
    add_field(embed, "Midjourney says", code_block(flag.text))
    add_field(embed, "Discord login to use", login_help(account))
    label = f"Yes, reset {bare(account.label, BUTTON_LABEL)}"
    if warning:
        label = f"Reset {bare(account.label, BUTTON_LABEL)} anyway"
    button = Button("watch.confirm", label, argument, discord.ButtonStyle.danger)
    content = headed(_question(account, flag), "If not yet, nothing is sent and the alert stays.")
    buttons = (button, Button("watch.notyet", NOT_YET, argument))
    return MessageContent(content, (embed,), (*buttons, *channel_buttons(account.account)))


def _block_until(account: KnownAccount, flag: Flag, incident: Incident | None) -> datetime | None:
    if incident is None:
        return block_end(account, flag)
    return incident.block_until() if incident.problem is None else flag.block_end(incident.opened_at)


def _question(account: KnownAccount, flag: Flag) -> str:
    name = f"**{escape(account.label)}**"
    match flag.kind:
        case FlagKind.MODERATION:
            return f"Did you acknowledge Midjourney's message in {name}'s channel?"
        case FlagKind.CAPTCHA:
            return f"Did you solve the CAPTCHA in {name}'s channel?"
        case FlagKind.BLOCK:
            return f"Did you see in {name}'s channel that the block is over?"
        case _:
            return f"Did you do what Midjourney's message in {name}'s channel asks?"


def _block_warning(flag: Flag, until: datetime | None, now: datetime) -> str | None:
    if flag.kind is not FlagKind.BLOCK or (until is not None and until <= now):
        return None
    if until is None:
        return AS_WORDED if flag.worded_end else OPEN_ENDED
    return (
        f"⛔ **The block is not over.** It ends {exactly(until, 'F')}. A reset before then risks the account."
    )


def verdict_sentence(verdict: ResetVerdict, account: KnownAccount, flag: Flag | None = None) -> str:
    """Return the verdict of a reset and what to do next. `flag` is the account's flag in the list now."""
    name = f"**{escape(account.label)}**"
    match verdict:
        case ResetVerdict.BACK:
            return f"✅ {name} is back in rotation: the reset worked, and useapi.net no longer flags it."
        case ResetVerdict.NOT_YET:
            text = (
                f"⏳ Reset sent, but {name} is still flagged. I keep checking.\n"
                "Look in its channel again: something may be left to acknowledge."
            )
        case ResetVerdict.NOT_STARTED:
            return f"⏳ {name} is enabled and not started yet. I keep checking."
        case ResetVerdict.FLAGGED_AGAIN:
            text = (
                f"⚠️ {name} was clear after the reset and is flagged again.\n"
                "Open the channel to see what Midjourney wants now."
            )
        case ResetVerdict.NOT_CONFIGURED:
            return f"⚪ {name} is not configured any more, so there is nothing to reset."
        case ResetVerdict.COULD_NOT_TELL:
            return (
                f"❔ I could not tell whether {name} is back: useapi.net did not answer.\n"
                "The reset may have worked, so I do not send it again. Its message is updated after "
                "the next successful check."
            )
        case _:
            assert_never(verdict)
    return f"{text}\n{code_block(flag.text)}" if flag else text


def reset_progress(stage: ResetStage, account: KnownAccount, wait: timedelta) -> str:
    """Return what a reset is doing, and how long until the list is read again."""
    name = f"**{escape(account.label)}**"
    match stage:
        case ResetStage.READING:
            return f"👀 Reading the list before I reset {name} ..."
        case ResetStage.SENDING:
            return f"🔄 Resetting {name} ..."
        case ResetStage.CHECKING:
            return f"⏳ Reset accepted, {name} is still flagged. Checking again in {span(wait)} ..."
    assert_never(stage)


def reset_result(
    result: ResetResult, account: KnownAccount, accounts: Mapping[str, KnownAccount], *, unseen: bool
) -> str:
    """Return how a reset ended. `unseen` says that the list is refused with a 596 of an unknown account."""
    incident, verdict, name = result.incident, result.verdict, f"**{escape(account.label)}**"
    match result.outcome:
        case ResetOutcome.TAKEN if incident is not None:
            other = known_account(incident.lease_channel, accounts) if incident.lease_channel else account
            return already_resetting(other, incident.leased_by, incident.lease_until)
        case ResetOutcome.RAN_OUT:
            return f"{name} was not reset: it took too long to begin. Nothing was sent; try again."
        case ResetOutcome.UNREADABLE:
            return CANNOT_READ_FIRST
        case ResetOutcome.DONE if verdict is ResetVerdict.COULD_NOT_TELL and unseen:
            return (
                f"❔ The reset of {name} was sent, but useapi.net still answers with error 596 "
                "instead of its list, so I cannot see whether it worked. Another account may need you, too.\n"
                "Its message turns green once useapi.net lists your accounts again."
            )
        case ResetOutcome.DONE if verdict is not None:
            return verdict_sentence(verdict, account, result.flag)
        case _:
            return nothing_to_reset(account)


def already_resetting(account: KnownAccount, by: int | None, until: datetime | None) -> str:
    """Return that another reset of the account is in progress."""
    name = f"**{escape(account.label)}**"
    if by is None or until is None:
        return f"🔄 Somebody is already resetting {name}. The result will appear in its message."
    return (
        f"🔄 <@{by}> is already resetting {name}. The result will appear in its message.\n"
        f"If it does not work, you can try again at {when(until, 'T')}."
    )


def nothing_to_reset(account: KnownAccount) -> str:
    """Return that the account needs no reset, so none was sent."""
    return f"✅ **{escape(account.label)}** is not flagged, so I sent nothing."


def cannot_see(account: KnownAccount) -> str:
    """Return that the account's state is unknown, so no reset was sent."""
    return (
        f"⚠️ I cannot see whether **{escape(account.label)}** is flagged; at the last check it was not. "
        "I sent nothing. /mjstatus says why and what to do."
    )


def unknown(account: KnownAccount | None, accounts: Collection[KnownAccount]) -> str:
    """Return the present state of the account, or of all, for a button of an alert that is forgotten."""
    flagged = [escape(each.label) for each in accounts if each.account.flag is not None]
    if account is not None:
        now = f"**{escape(account.label)}** now: {state_words(account)}."
    elif flagged:
        now = f"Now: {count(len(accounts), 'account')}, {whole(len(flagged))} flagged: {naming(flagged)}."
    else:
        now = f"Now: {count(len(accounts), 'account')}, none flagged."
    return f"⚪ I do not know this alert any more. {now} /mjstatus shows more."


def assigned(account: KnownAccount, until: datetime) -> str:
    """Return the answer to "I'm on it": what it does, and for how long."""
    return (
        f"👀 You're on **{escape(account.label)}**. Reminders are off for every owner; "
        f"I'll check back with you at {when(until, 't')}."
    )


def snooze_choice(
    account: KnownAccount, incident: str, message: str, *, is_assigned: bool = False
) -> MessageContent:
    """Return the question how long to snooze the reminders of an incident."""
    buttons = tuple(
        Button("watch.snooze", f"{hours} h", f"{incident}.{message}.{hours}") for hours in SNOOZES
    )
    replaced = f"\n{REPLACES_ASSIGNMENT}" if is_assigned else ""
    content = f"No reminders about **{escape(account.label)}** for how long?{replaced}\n{WORSE}"
    return MessageContent(content, components=buttons)


def snoozed(account: KnownAccount, until: datetime) -> str:
    """Return until when reminders are snoozed."""
    return f"💤 No reminders about **{escape(account.label)}** until {when(until, 'f')}.\n{WORSE}"


def muted(account: KnownAccount | None, until: datetime) -> str:
    """Return what is muted until when, and which alerts are still sent."""
    if account is None:
        return f"🔇 No alerts for **any account** until {when(until, 'f')}.\n{STILL_TOLD}"
    return f"🔇 No alerts for **{escape(account.label)}** until {when(until, 'f')}.\n{STILL_TOLD}"


def unmuted(account: KnownAccount | None, all_until: datetime | None = None) -> str:
    """Return that alerts are sent again, unless all accounts are muted until then."""
    if all_until is not None:
        return f"🔇 All accounts are muted until {when(all_until, 'f')}. To end that, use /mjmute off."
    if account is None:
        return "🔔 Alerts for **all accounts** are on again."
    return f"🔔 Alerts for **{escape(account.label)}** are on again."


def renamed(before: KnownAccount, after: KnownAccount) -> str:
    """Return that an account has a new name."""
    return f"✅ **{escape(before.label)}** is now called **{escape(after.label)}**."
