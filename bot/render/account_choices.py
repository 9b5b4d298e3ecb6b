"""The accounts that are offered where a person picks one, and their order."""

import heapq
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

import discord
from discord import app_commands

from bot.domain.accounts import EntryState, FlagKind, KnownAccount, State
from bot.domain.providers import provider_of
from bot.render.account_facts import known_plan
from bot.render.message_content import MessageContent, Select
from bot.render.phrases import state_words
from bot.render.provider_words import titles
from bot.render.text import bare, length, whole
from bot.runtime.language import Sentence, say

OFFERED: Final = 25
"""Discord's limit for the options of a select and for the choices of an autocompletion."""
CHOICE_LIMIT: Final = 100
"""Discord's limit for the label and description of an option, and for the name of a choice."""
PLAN_LIMIT: Final = 20


def offered(accounts: Iterable[KnownAccount], typed: str = "") -> list[KnownAccount]:
    """Return the first accounts that can be named in a request and match the typed text."""
    fitting = (account for account in accounts if account.account.is_addressable and matches(account, typed))
    return heapq.nsmallest(OFFERED, fitting, key=order)


def choices(accounts: Iterable[KnownAccount], typed: str) -> list[app_commands.Choice[str]]:
    """Return an autocompletion's choices, whose value is the account's handle."""
    return [
        app_commands.Choice(name=choice_name(account), value=account.account.handle)
        for account in offered(accounts, typed)
    ]


def no_suggestions(reference: str) -> str:
    """Return the choice that stands in place of suggestions after an error. `reference` is in the log."""
    text: Sentence = "⚠️ Suggestions do not work now; type the channel id. Reference in the log: {reference}"
    return bare(say(text, reference=reference), CHOICE_LIMIT)


def account_question(accounts: Collection[KnownAccount], asker: int, *, private: bool) -> MessageContent:
    """Return the question which account to look up. `private` makes the answer private, too."""
    text = say("Which account do you want to look up?")
    if len(accounts) > OFFERED:
        more: Sentence = "-# {limit} of {number} are shown. For another, type into the account option."
        text = f"{text}\n{say(more, limit=OFFERED, number=whole(len(accounts)))}"
    argument, options = "private" if private else "", tuple(map(option, offered(accounts)))
    select = Select("info.choose", say("Pick an account"), argument, asker=asker, options=options)
    return MessageContent(text, components=(select,))


def option(account: KnownAccount) -> discord.SelectOption:
    """Return the option of an addressable account in a select; its value is the account's handle."""
    return labelled(account, account.account.handle, _traits(account))


def labelled(account: KnownAccount, value: str, traits: Iterable[str]) -> discord.SelectOption:
    """Return an option with the label of an account."""
    described = bare(" · ".join(traits), CHOICE_LIMIT)
    return discord.SelectOption(label=bare(account.label, CHOICE_LIMIT), value=value, description=described)


def choice_name(account: KnownAccount) -> str:
    """Return an account's name in autocompletion: "Aurora · ✅ ready · Mega · …3494". Clip a long label."""
    traits = bare(" · ".join(["", *_traits(account)]), CHOICE_LIMIT)
    return f"{bare(account.label, CHOICE_LIMIT - length(traits) - 1)} {traits}"


def matches(account: KnownAccount, typed: str) -> bool:
    """Return whether every typed word is in the account's names, id, plan or state, in any item."""
    plan, channel = known_plan(account) or "", account.account.discord_channel or ""
    names = (account.label, account.account.title or "", account.discord_name or "")
    described = "\n".join([*names, account.reference, channel, plan, state_words(account)]).casefold()
    # A suggestion that was chosen and edited keeps its punctuation.
    return all(word.strip("·…") in described for word in typed.casefold().split())


def _traits(account: KnownAccount) -> list[str]:
    plan = known_plan(account)
    return [state_words(account), *([bare(plan, PLAN_LIMIT)] if plan else []), *tail(account)]


def tail(account: KnownAccount) -> list[str]:
    """Return the end of the id, unless it is the label already, or the service if the id is a whole name.

    It distinguishes accounts of one label.
    """
    if names := titles(account.reference):
        return names
    end = f"…{(account.account.discord_channel or account.reference)[-4:]}"
    return [] if account.label == end else [end]


def order(account: KnownAccount, at: datetime | None = None) -> tuple[int, str, bool, str, str]:
    """Return the sort key of an account: by what is to do, then by provider and label.

    Flagged ones that nobody is on come first, then those that somebody is on, those that recover or start,
    and those whose block had not ended at that time. Of each provider, accounts that are not known to run
    come before the others.
    """
    flag, reference = account.account.flag, account.reference
    if flag is None:
        stage = 4
    elif account.state in (State.RESETTING, State.CLEARING):
        stage = 2
    elif flag.kind is FlagKind.BLOCK and (not at or not account.block_ends or account.block_ends > at):
        stage = 3
    elif account.account.entry is EntryState.STARTING and flag.kind is not FlagKind.OFFLINE:
        stage = 2
    else:
        stage = int(account.is_taken)
    return (stage, provider_of(reference), not account.is_idle, account.label.casefold(), reference)
