"""The digest: several accounts in one message with pages, and a select that opens each."""

from collections.abc import Iterable, Sequence
from typing import Final

import discord

from bot.render.account_cards import FIELD_LIMIT, add_field
from bot.render.account_list import CHOICE_LIMIT, tail
from bot.render.alert_items import Case, duration, naming, state_of
from bot.render.incident_card import CardContext, colour, who_and_until
from bot.render.instructions import OPEN_BELOW
from bot.render.message_content import Component, Select, page_buttons, page_of
from bot.render.text import bare, clip, code_block, count, exactly, length, plain, when, whole

PAGE_SIZE: Final = 20
LIST_LIMIT: Final = 3_600
NAME_LIMIT: Final = 20
QUOTES: Final = 3
SHORT_QUOTE: Final = 200


def digest(cases: Sequence[Case], page: int, context: CardContext) -> discord.Embed:
    """Return the embed of one page of a digest."""
    shown, page, pages = page_of(cases, page, PAGE_SIZE)
    embed = discord.Embed(title=_title(cases, page, pages), description=_list(shown), colour=colour(cases[0]))
    add_field(embed, "Midjourney says", _quotes(case for case in shown if not case.incident.ended))
    add_field(embed, "What to do", _next(cases, context))
    add_field(embed, "About this message", context.note and clip(context.note, FIELD_LIMIT))
    return embed


def digest_controls(cases: Sequence[Case], page: int, message: str) -> tuple[Component, ...]:
    """Return the select that opens an account, and the buttons to other pages."""
    shown, page, pages = page_of(cases, page, PAGE_SIZE)
    options = tuple(_option(case) for case in shown if not case.incident.ended)
    opener = [Select("watch.open", "Open an account to act", message, options=options)] if options else []
    return (*opener, *page_buttons("watch.page", f"{message}.", page, pages))


def _title(cases: Sequence[Case], page: int, pages: int) -> str:
    ended = sum(case.incident.ended for case in cases)
    resolved = f", {'all' if ended == len(cases) else whole(ended)} resolved" if ended else ""
    position = f" · page {page + 1:,} of {pages:,}" if pages > 1 else ""
    return f"{count(len(cases), 'account')}{resolved}{position}"


def _list(shown: Sequence[Case]) -> str:
    """Return a line for each incident: too long, without links; still too long, names and states alone."""
    whole_list = "\n".join(_line(case, linked=True) for case in shown)
    if length(whole_list) <= LIST_LIMIT:
        return whole_list
    unlinked = [_line(case, linked=False) for case in shown]
    # The cards that the select opens show the rest.
    return "\n".join(unlinked) if length("\n".join(unlinked)) <= LIST_LIMIT else "\n".join(map(_brief, shown))


def _line(case: Case, *, linked: bool) -> str:
    name, link = plain(case.account.label, NAME_LIMIT), case.account.account.link
    title = f"**[{name}]({link})**" if link and linked and not case.incident.ended else f"**{name}**"
    return " · ".join([title, state_of(case.incident), *_traits(case)])


def _brief(case: Case) -> str:
    return f"**{plain(case.account.label, NAME_LIMIT)}** · {state_of(case.incident)}"


def _traits(case: Case) -> list[str]:
    incident = case.incident
    if incident.ended:
        return [f"after {duration(incident)}"]
    since = "before I started watching" if incident.before_watch else when(incident.opened_at)
    until = incident.block_until()
    ends = [f"ends {exactly(until)}"] if until else []
    return [f"flagged {since}", *ends, *who_and_until(case)]


def _quotes(cases: Iterable[Case]) -> str:
    """Quote each text of Midjourney once, with the accounts that have it."""
    names_by_text: dict[str, list[str]] = {}
    for case in cases:
        names_by_text.setdefault(case.flag.text, []).append(plain(case.account.label, NAME_LIMIT))
    texts = list(names_by_text.items())
    quotes = [
        f"{naming(names)}:\n{code_block(text, SHORT_QUOTE)}" if len(texts) > 1 else code_block(text)
        for text, names in texts[:QUOTES]
    ]
    more = [f"and {count(len(texts) - QUOTES, 'more text')}"] if len(texts) > QUOTES else []
    return "\n".join([*quotes, *more])


def _next(cases: Sequence[Case], context: CardContext) -> str | None:
    if all(case.incident.ended for case in cases):
        return None
    unseen = (
        "I cannot see your accounts now: this is how they were at the last check."
        if context.service
        else None
    )
    return "\n".join(line for line in (unseen, OPEN_BELOW, context.slots and f"{context.slots}.") if line)


def _option(case: Case) -> discord.SelectOption:
    traits = " · ".join([state_of(case.incident), *tail(case.account)])
    return discord.SelectOption(
        label=bare(case.account.label, CHOICE_LIMIT),
        value=case.incident.key,
        description=bare(traits, CHOICE_LIMIT),
    )
