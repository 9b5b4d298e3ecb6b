"""The answers to adding, updating and removing an account, and the question before a removal."""

from collections.abc import Mapping
from typing import Final

import discord

from bot.domain.accounts import KnownAccount
from bot.domain.actions import ChangeOutcome, RemovalResult, SaveResult
from bot.domain.capabilities import capabilities_of
from bot.domain.providers import USEAPI, provider_of
from bot.domain.services import BY_PROVIDER
from bot.render.account_cards import add_field
from bot.render.account_facts import place
from bot.render.error_messages import what
from bot.render.message_content import Button, MessageContent, headed
from bot.render.provider_words import service_name, setup_links, words_for
from bot.render.text import bare, clip, count, escape, when
from bot.runtime.language import Sentence, say

BUTTON_LABEL: Final = 40
TITLE_LIMIT: Final = 45
NAME_IN_TITLE: Final = 36
PRIVACY: Final[Sentence] = (
    "The token goes to useapi.net and nowhere else: Midwatch does not keep it. "
    "Whoever has it can use that Discord account, so never post it in a channel."
)
TOKEN_LABEL: Final[Sentence] = "Discord token of the account"  # noqa: S105 - the label of a field
JOBS_LABEL: Final[Sentence] = "Jobs at a time, 1 to 15"
NOT_NOW: Final[Sentence] = "Not now"
KEPT: Final[Sentence] = "👌 Nothing was removed."
DONE: Final[Mapping[bool | None, Sentence]] = {
    True: "✅ Done: {name} was created, channel {channel}, {jobs} at a time.",
    False: "✅ Done: {name} was updated, channel {channel}, {jobs} at a time.",
    None: "✅ Done: {name} was saved, channel {channel}, {jobs} at a time.",
}
"""The answers to a save, by whether the API says that it created the account."""
NOT_SAID: Final[Sentence] = (
    "✅ useapi.net accepted the account, but does not say which it is. Check the list of accounts."
)
NOT_SHOWN: Final[Sentence] = (
    "⚠️ {fault} So I read the list again: it shows no account with this token, "
    "so most likely nothing was saved.\n"
    "Check the list of accounts before you try again: it may come late."
)
AS_BEFORE: Final[Sentence] = (
    "⚠️ {fault} So I read the list again: {name} is configured as before, channel {channel}, "
    "{jobs} at a time, not {wanted}.\n"
    "Try again to change that."
)
SHOWN: Final[Sentence] = (
    "✅ {fault} So I read the list again: {name} is configured, channel {channel}, {jobs} at a time."
)
ADDED_AT: Final[Sentence] = (
    "Add accounts on {service}'s own web page: <{page}>\n"
    "Their tokens belong there and nowhere else. I watch a new account from my next check on."
)
SET_UP: Final[Sentence] = (
    "These services' accounts are set up at useapi.net: {links}.\n"
    "Their credentials belong there and nowhere else. I watch a new account from my next check on."
)
FOR_FORM: Final[Sentence] = (
    "For a Midjourney account at useapi.net, press the button below: it asks for the token in a form."
)
AGAIN: Final[Mapping[bool, Sentence]] = {
    True: "-# /mjadd configures it again, with its Discord token; its name and history come back then.",
    False: "-# It is added again on {web_page}, as a new account without this name and history.",
}
"""How to have a removed account back, by whether Midwatch adds accounts there."""


REMOVES: Final[Sentence] = (
    "{service} forgets the account and its Discord token, and runs no more jobs with it. "
    "Nothing changes in Discord or at Midjourney.\n"
    "To have it back, you need its Discord token again."
)
STILL_LISTED: Final[Sentence] = (
    "⏳ {service} accepted the removal of {name}, but still lists it.\n"
    "Check with /mjaccounts in a minute. If it is still there, remove it again."
)
STILL_CONFIGURED: Final[Sentence] = (
    "⚠️ {fault} So I read the list again: {name} is still configured.\nUse /mjremove to try again."
)
REMOVED_THERE: Final[Sentence] = (
    "Remove it at useapi.net first. Then press the button: I check that it is gone, and stop watching it."
)


def added_elsewhere(pages: Mapping[str, str], asker: int, *, adds_here: bool) -> MessageContent:
    """Return where accounts of providers are added, and a button to the form if it adds others."""
    lines = [
        say(ADDED_AT, service=service_name(name), page=page)
        for name, page in pages.items()
        if name not in BY_PROVIDER
    ]
    if links := setup_links(pages):
        lines.append(say(SET_UP, links=links))
    if not adds_here:
        return MessageContent("\n".join(lines))
    button = Button("account.edit", say("Add or update an account"), asker=asker)
    return MessageContent("\n".join([*lines, say(FOR_FORM)]), components=(button,))


def form_title(known: KnownAccount | None, *, is_mixed: bool) -> str:
    """Return the title of the form that adds an account, or updates a known one.

    `is_mixed` says that accounts of another provider are watched, too.
    """
    title: Sentence = "Add an account at {service}" if is_mixed else "Add or update an account"
    said = say(title, service=service_name(USEAPI))
    return clip(say("Update {name}", name=bare(known.label, NAME_IN_TITLE)) if known else said, TITLE_LIMIT)


def saved_words(saved: SaveResult, name: str | None = None) -> str:
    """Return what came of adding or updating an account; `name` is ready to be shown."""
    account, fault = saved.account, what(saved.fault) if saved.fault else None
    if account is None:
        return say(NOT_SAID if saved.outcome is ChangeOutcome.DONE else NOT_SHOWN, fault=fault)
    sentence = DONE[saved.created]
    if saved.outcome is ChangeOutcome.NOT_DONE:
        sentence = AS_BEFORE
    elif fault is not None:
        sentence = SHOWN
    return say(
        sentence,
        fault=fault,
        name=name or say("the account"),
        channel=escape(account.reference),
        jobs=count(saved.jobs if account.max_jobs is None else account.max_jobs, "{n} job[|s]"),
        wanted=count(saved.jobs, "{n} job[|s]"),
    )


def another_account(expected: KnownAccount) -> str:
    """Return the warning that a token belongs to another account than the one to update."""
    return say(
        "⚠️ This token belongs to a different account. **{name}** was not changed; "
        "to update it, enter its own token.",
        name=escape(expected.label),
    )


def renamed(before: KnownAccount, after: KnownAccount) -> str:
    """Return that an account has a new name."""
    called, name = escape(before.label), escape(after.label)
    return say("✅ **{before}** is now called **{name}**.", before=called, name=name)


def removed_words(removed: RemovalResult, account: KnownAccount) -> str:
    """Return what came of removing an account, and what to do next."""
    words, before = words_for(account.reference), removed.before
    sentence: Sentence = "✅ {name} is not configured any more."
    if removed.outcome is ChangeOutcome.UNCLEAR:
        sentence = STILL_LISTED
    elif removed.outcome is ChangeOutcome.NOT_DONE:
        sentence = STILL_CONFIGURED
    elif before:
        sentence = "✅ {name} is not configured any more: {person} removed it {time}."
    elif removed.is_gone_before:
        sentence = "✅ {name} is not configured any more: it was already gone when I checked."
    said = words.put_into(
        sentence,
        name=f"**{escape(account.label)}**",
        fault=what(removed.fault) if removed.fault else "",
        person=before and f"<@{before.actor_id}>",
        time=before and when(before.at),
    )
    again = words.put_into(AGAIN[capabilities_of(account.reference).adds_accounts])
    return f"{said}\n{again}" if removed.outcome is ChangeOutcome.DONE else said


def removal_question(account: KnownAccount) -> MessageContent:
    """Return the question whether to remove an account, with what a removal means."""
    name, service = escape(account.label), words_for(account.reference).service
    removes = REMOVED_THERE if provider_of(account.reference) in BY_PROVIDER else REMOVES
    title, described = say("Remove {name}?", name=name), say(removes, service=service)
    embed = discord.Embed(title=title, description=described, colour=discord.Colour.red())
    add_field(embed, "Account", place(account.account, "\n"))
    label = say("Yes, remove {name}", name=bare(account.label, BUTTON_LABEL))
    buttons = (
        Button("account.drop", label, account.account.handle, discord.ButtonStyle.danger),
        Button("account.keep", say(NOT_NOW), account.account.handle),
    )
    question = say("Do you want to remove **{name}** from {service}?", name=name, service=service)
    return MessageContent(headed(question, say("If not, nothing happens.")), (embed,), buttons)
