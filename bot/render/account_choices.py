"""Which accounts are offered, and in which order, where a person picks one: flagged first, then by label."""

import heapq
from collections.abc import Collection, Iterable
from typing import Final

import discord
from discord import app_commands

from bot.domain.accounts import KnownAccount
from bot.render.account_list import choice_name, matches, option, order
from bot.render.message_content import MessageContent, Select
from bot.render.text import bare

OFFERED: Final = 25
"""Discord's limit for the options of a select and for the choices of an autocompletion."""
CHOICE_LIMIT: Final = 100


def offered(accounts: Iterable[KnownAccount], typed: str = "") -> list[KnownAccount]:
    """Return the first accounts with a channel id that match the typed text."""
    fitting = (account for account in accounts if account.account.has_channel_id and matches(account, typed))
    return heapq.nsmallest(OFFERED, fitting, key=order)


def options(accounts: Iterable[KnownAccount]) -> tuple[discord.SelectOption, ...]:
    """Return a select's options."""
    return tuple(option(account) for account in offered(accounts))


def choices(accounts: Iterable[KnownAccount], typed: str) -> list[app_commands.Choice[str]]:
    """Return an autocompletion's choices, whose value is the channel."""
    return [
        app_commands.Choice(name=choice_name(account), value=account.channel)
        for account in offered(accounts, typed)
    ]


def no_suggestions(reference: str) -> str:
    """Return the choice that stands in place of suggestions after an error. `reference` is in the log."""
    text = f"⚠️ Suggestions do not work now; type the channel id. Reference in the log: {reference}"
    return bare(text, CHOICE_LIMIT)


def account_question(accounts: Collection[KnownAccount], asker: int, *, private: bool) -> MessageContent:
    """Ask which account to look up. `private` says that the answer shall be, too."""
    text = "Which account do you want to look up?"
    if len(accounts) > OFFERED:
        text += f"\n-# {OFFERED} of {len(accounts):,} are shown. For another, type into the account option."
    argument = "private" if private else ""
    select = Select("info.choose", "Pick an account", argument, asker=asker, options=options(accounts))
    return MessageContent(text, components=(select,))
