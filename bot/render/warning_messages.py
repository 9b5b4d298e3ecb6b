"""The silent message of warnings: what is about to stop accounts, and what was put right since."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

import discord

from bot.domain.accounts import Accounts
from bot.domain.providers import provider_of
from bot.domain.warnings import AccountWarning, WarningKind
from bot.render.account_cards import add_field
from bot.render.alert_items import known_account, naming
from bot.render.message_content import MessageContent, headed
from bot.render.provider_words import setup_links
from bot.render.text import count, escape, exactly
from bot.render.warning_words import day, mark_and_words
from bot.runtime.language import Sentence, say

LISTED: Final = 20
NAME_LIMIT: Final = 30
AT_MIDJOURNEY: Final[Sentence] = "Plans and fast time: midjourney.com, with the login of the account."


def warnings_content(
    warnings: Iterable[AccountWarning], accounts: Accounts, note: str | None
) -> MessageContent:
    """Return the message about warnings: those that hold first, the most urgent at the top.

    Each of several has the day alone, so that it is one line on a phone.
    """
    ordered = sorted(warnings, key=lambda each: (each.ended, each.period, each.reference))
    standing = [each for each in ordered if not each.ended]
    names = [_name(each, accounts) for each in standing]
    dated = day if len(ordered) > 1 else exactly
    shown, more = ordered[:LISTED], len(ordered) - LISTED
    lines = [f"**{_name(each, accounts)}** · {' '.join(_state(each, accounts, dated))}" for each in shown]
    lines += [count(more, "and {n} more warning[|s]: see /mjaccounts")] if more > 0 else []
    colour = discord.Colour.gold() if standing else discord.Colour.green()
    embed = discord.Embed(description="\n".join(lines), colour=colour)
    add_field(embed, "What to do", _steps(standing))
    add_field(embed, "About this message", note)
    if len(ordered) == 1:
        mark, what = _state(ordered[0], accounts, day)
        headline = say("{mark} {name}: {what}", mark=mark, name=_name(ordered[0], accounts), what=what)
    elif standing:
        named = naming(list(dict.fromkeys(names)))
        headline = count(len(standing), "⚠️ {n} warning[|s]: {names}", names=named)
    else:
        headline = count(len(ordered), "✅ All {n} warnings are over")
    return MessageContent(headed(headline), (embed,))


def _steps(standing: Iterable[AccountWarning]) -> str:
    kinds = {each.concern.kind: provider_of(each.reference) for each in standing}
    services = {provider_of(each.reference) for each in standing if each.concern.kind is WarningKind.SESSION}
    steps = [say(AT_MIDJOURNEY)] if kinds.keys() - {WarningKind.SESSION} else []
    if services:
        steps.append(say("Sessions: give useapi.net the login again: {links}.", links=setup_links(services)))
    return "\n".join(steps)


def _state(warning: AccountWarning, accounts: Accounts, dated: Callable[[datetime], str]) -> tuple[str, str]:
    known = known_account(warning.reference, accounts)
    if warning.ended and not known.is_listed:
        return "⚪", say("not configured any more")
    if warning.ended and warning.concern.kind is WarningKind.PLAN and known.snapshot is not None:
        plan = known.snapshot.standing.subscription
        if plan is None or plan.plan.casefold() == "none":
            return "⚪", say("no plan in the last answer")
    return mark_and_words(warning, dated)


def _name(warning: AccountWarning, accounts: Accounts) -> str:
    return escape(known_account(warning.reference, accounts).label, NAME_LIMIT)
