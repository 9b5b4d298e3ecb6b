"""The words of saving and removing accounts, for Discord and for the terminal; and the question before it."""

from typing import Final, assert_never

import discord

from bot.domain.accounts import Action, KnownAccount, Removal, Removed, SaveOutcome, SaveResult
from bot.render.account_cards import add_field
from bot.render.account_facts import channel_link, slots
from bot.render.message_content import ButtonLook, Look, headed
from bot.render.text import bare, count, plain, when

BUTTON_LABEL: Final = 40
NOT_NOW: Final = "Not now"
KEPT: Final = "👌 Nothing was removed."
NOT_SAID: Final = "useapi.net accepted the account, but does not say which it is. Check the list of accounts."
AGAIN: Final = "-# /mjadd configures it again, with its Discord token; its name and history come back then."
ANSWER_LOST: Final = "useapi.net's answer was lost, so I read the list again"


def saved_words(saved: SaveResult, name: str | None = None) -> str:
    """Say what came of saving an account; `name` is what to call it, ready to be shown."""
    if saved.outcome is SaveOutcome.ABSENT:
        return (
            f"⚠️ {looked(saved.instead)}: it shows no account with this token, "
            "so most likely nothing was saved.\n"
            "Check the list of accounts before you try again: it may come late."
        )
    if saved.account is None:
        return f"✅ {NOT_SAID}"
    name = name or "the account"
    jobs = saved.jobs if saved.account.max_jobs is None else saved.account.max_jobs
    facts = f"channel {plain(saved.account.channel)}, {count(jobs, 'job')} at a time"
    match saved.outcome:
        case SaveOutcome.CREATED | SaveOutcome.UPDATED | SaveOutcome.SAVED:
            return f"✅ Done: {name} was {saved.outcome}, {facts}."
        case SaveOutcome.FOUND:
            return f"✅ {looked(saved.instead)}: {name} is configured, {facts}."
        case SaveOutcome.DIFFERENT:
            return (
                f"⚠️ {looked(saved.instead)}: {name} is configured as before, {facts}, "
                f"not {count(saved.jobs, 'job')}.\n"
                "Try again to change that."
            )
    assert_never(saved.outcome)


def looked(instead: str | None) -> str:
    """Return why the list was read; `instead` is what came in place of an answer that says what was done."""
    return f"{instead} So I read the list again" if instead else ANSWER_LOST


def another_account(expected: KnownAccount) -> str:
    """Say that the token that was given for an account is that of another one."""
    name = plain(expected.label)
    return (
        f"⚠️ This token belongs to a different account. **{name}** was not changed; "
        "to update it, enter its own token."
    )


def removed_words(removed: Removed, account: KnownAccount) -> str:
    """Say what came of removing an account, and what to do next."""
    name = f"**{plain(account.label)}**"
    match removed.outcome:
        case Removal.REMOVED:
            return f"✅ {name} is not configured any more.\n{AGAIN}"
        case Removal.GONE_BEFORE:
            return f"✅ {name} is not configured any more: {gone_words(removed.before)}.\n{AGAIN}"
        case Removal.STILL_LISTED:
            return (
                f"⏳ useapi.net accepted the removal of {name}, but still lists it.\n"
                "Check with /mjaccounts in a minute. If it is still there, remove it again."
            )
        case Removal.NOT_REMOVED:
            return f"⚠️ {looked(removed.instead)}: {name} is still configured.\nUse /mjremove to try again."
    assert_never(removed.outcome)


def gone_words(before: Action | None) -> str:
    """Say who removed an account that is gone already, and when, if that is known."""
    if before is None:
        return "it was already gone when I checked"
    return f"<@{before.actor_id}> removed it {when(before.at)}"


def removal_question(account: KnownAccount) -> Look:
    """Ask, in private, whether an account is really to be removed, and say what that means."""
    name = plain(account.label)
    embed = discord.Embed(
        title=f"Remove {name}?",
        description=(
            "useapi.net forgets the account and its Discord token, and runs no more jobs with it. "
            "Nothing changes in Discord or at Midjourney.\n"
            "To have it back, you need its Discord token again."
        ),
        colour=discord.Colour.red(),
    )
    add_field(embed, "Account", f"{channel_link(account.account)}\n{slots(account.account)}")
    label = f"Yes, remove {bare(account.label, BUTTON_LABEL)}"
    buttons = (
        ButtonLook("account.drop", label, account.channel, discord.ButtonStyle.danger),
        ButtonLook("account.keep", NOT_NOW, account.channel),
    )
    content = headed(
        f"Do you want to remove **{name}** from useapi.net?",
        "If not, nothing happens.",
    )
    return Look(content, embed, buttons)
