"""The answers to adding, updating and removing an account, and the question before a removal."""

from collections.abc import Mapping
from typing import Final, assert_never

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
from bot.render.text import bare, count, escape, when

BUTTON_LABEL: Final = 40
TITLE_LIMIT: Final = 45
NAME_IN_TITLE: Final = 36
PRIVACY: Final = (
    "The token goes to useapi.net and nowhere else: Midwatch does not keep it. "
    "Whoever has it can use that Discord account, so never post it in a channel."
)
TOKEN_LABEL: Final = "Discord token of the account"  # noqa: S105 - the label of a field
JOBS_LABEL: Final = "Jobs at a time, 1 to 15"
NOT_NOW: Final = "Not now"
KEPT: Final = "👌 Nothing was removed."
DONE: Final[Mapping[bool | None, str]] = {
    True: "✅ Done: {name} was created, channel {channel}, {jobs} at a time.",
    False: "✅ Done: {name} was updated, channel {channel}, {jobs} at a time.",
    None: "✅ Done: {name} was saved, channel {channel}, {jobs} at a time.",
}
"""The answers to a save, by whether the API says that it created the account."""
NOT_SAID: Final = (
    "✅ useapi.net accepted the account, but does not say which it is. Check the list of accounts."
)
ADDED_AT: Final = (
    "Add accounts on {service}'s own web page: <{page}>\n"
    "Their tokens belong there and nowhere else. I watch a new account from my next check on."
)
SET_UP: Final = (
    "These services' accounts are set up at useapi.net: {links}.\n"
    "Their credentials belong there and nowhere else. I watch a new account from my next check on."
)
FOR_FORM: Final = (
    "For a Midjourney account at useapi.net, press the button below: it asks for the token in a form."
)
AGAIN: Final = {
    True: "-# /mjadd configures it again, with its Discord token; its name and history come back then.",
    False: "-# It is added again on {web_page}, as a new account without this name and history.",
}
"""How to have a removed account back, by whether Midwatch adds accounts there."""


REMOVES: Final = (
    "{service} forgets the account and its Discord token, and runs no more jobs with it. "
    "Nothing changes in Discord or at Midjourney.\n"
    "To have it back, you need its Discord token again."
)
REMOVED_THERE: Final = (
    "Remove it at useapi.net first. Then press the button: I check that it is gone, and stop watching it."
)


def added_elsewhere(pages: Mapping[str, str], asker: int, *, adds_here: bool) -> MessageContent:
    """Return where accounts of providers are added, and a button to the form if it adds others."""
    lines = [
        ADDED_AT.format(service=service_name(name), page=page)
        for name, page in pages.items()
        if name not in BY_PROVIDER
    ]
    if links := setup_links(pages):
        lines.append(SET_UP.format(links=links))
    if not adds_here:
        return MessageContent("\n".join(lines))
    button = Button("account.edit", "Add or update an account", asker=asker)
    return MessageContent("\n".join([*lines, FOR_FORM]), components=(button,))


def form_title(known: KnownAccount | None, *, is_mixed: bool) -> str:
    """Return the title of the form that adds an account, or updates a known one.

    `is_mixed` says that accounts of another provider are watched, too.
    """
    adds = f"Add an account at {service_name(USEAPI)}" if is_mixed else "Add or update an account"
    title = f"Update {bare(known.label, NAME_IN_TITLE)}" if known else adds
    return title[:TITLE_LIMIT]


def saved_words(saved: SaveResult, name: str = "the account") -> str:
    """Return what came of adding or updating an account; `name` is ready to be shown."""
    account, fault = saved.account, what(saved.fault) if saved.fault else None
    if account is None:
        if saved.outcome is ChangeOutcome.DONE:
            return NOT_SAID
        return (
            f"⚠️ {fault} So I read the list again: it shows no account with this token, "
            "so most likely nothing was saved.\n"
            "Check the list of accounts before you try again: it may come late."
        )
    reference, wanted = escape(account.reference), count(saved.jobs, "{n} job[|s]")
    jobs = wanted if account.max_jobs is None else count(account.max_jobs, "{n} job[|s]")
    if saved.outcome is ChangeOutcome.NOT_DONE:
        return (
            f"⚠️ {fault} So I read the list again: {name} is configured as before, "
            f"channel {reference}, {jobs} at a time, not {wanted}.\n"
            "Try again to change that."
        )
    if fault is not None:
        return (
            f"✅ {fault} So I read the list again: {name} is configured, "
            f"channel {reference}, {jobs} at a time."
        )
    return DONE[saved.created].format(name=name, channel=reference, jobs=jobs)


def another_account(expected: KnownAccount) -> str:
    """Return the warning that a token belongs to another account than the one to update."""
    name = escape(expected.label)
    return (
        f"⚠️ This token belongs to a different account. **{name}** was not changed; "
        "to update it, enter its own token."
    )


def renamed(before: KnownAccount, after: KnownAccount) -> str:
    """Return that an account has a new name."""
    return f"✅ **{escape(before.label)}** is now called **{escape(after.label)}**."


def removed_words(removed: RemovalResult, account: KnownAccount) -> str:
    """Return what came of removing an account, and what to do next."""
    name = f"**{escape(account.label)}**"
    fault = what(removed.fault) if removed.fault else ""
    words = words_for(account.reference)
    again = words.put_into(AGAIN[capabilities_of(account.reference).adds_accounts])
    match removed.outcome:
        case ChangeOutcome.DONE if removed.before:
            by, at = removed.before.actor_id, when(removed.before.at)
            return f"✅ {name} is not configured any more: <@{by}> removed it {at}.\n{again}"
        case ChangeOutcome.DONE if removed.is_gone_before:
            return f"✅ {name} is not configured any more: it was already gone when I checked.\n{again}"
        case ChangeOutcome.DONE:
            return f"✅ {name} is not configured any more.\n{again}"
        case ChangeOutcome.UNCLEAR:
            return (
                f"⏳ {words.service} accepted the removal of {name}, but still lists it.\n"
                "Check with /mjaccounts in a minute. If it is still there, remove it again."
            )
        case ChangeOutcome.NOT_DONE:
            return (
                f"⚠️ {fault} So I read the list again: {name} is still configured.\n"
                "Use /mjremove to try again."
            )
    assert_never(removed.outcome)


def removal_question(account: KnownAccount) -> MessageContent:
    """Return the question whether to remove an account, with what a removal means."""
    name, service = escape(account.label), words_for(account.reference).service
    removes = REMOVED_THERE if provider_of(account.reference) in BY_PROVIDER else REMOVES
    embed = discord.Embed(
        title=f"Remove {name}?", description=removes.format(service=service), colour=discord.Colour.red()
    )
    add_field(embed, "Account", place(account.account, "\n"))
    label = f"Yes, remove {bare(account.label, BUTTON_LABEL)}"
    buttons = (
        Button("account.drop", label, account.account.handle, discord.ButtonStyle.danger),
        Button("account.keep", NOT_NOW, account.account.handle),
    )
    content = headed(f"Do you want to remove **{name}** from {service}?", "If not, nothing happens.")
    return MessageContent(content, (embed,), buttons)
