"""The digest: several accounts in one message with pages, and a select that opens each."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

import discord

from bot.domain.incidents import State
from bot.render.account_cards import FIELD_LIMIT, add_field
from bot.render.account_choices import labelled, tail
from bot.render.alert_items import AlertItem, duration, naming
from bot.render.incident_card import CardContext, colour, who_and_until
from bot.render.instructions import OPEN_BELOW
from bot.render.message_content import Button, Component, Select, page_buttons, page_of
from bot.render.phrases import CHINESE, demand, flag_text, quote
from bot.render.provider_words import WORDS, service_name, titles
from bot.render.text import QUOTE_LIMIT, clip, count, escape, exactly, length, when, whole

PAGE_SIZE: Final = 20
LIST_LIMIT: Final = 3_600
NAME_LIMIT: Final = 20
QUOTES: Final = 3
SHORT_QUOTE: Final = 200
ENABLE_ALL: Final = (
    "1. Check that the machine of {service} can reach Discord.\n"
    "2. Then press **{label}** below: {service} does not enable them by itself."
)


def digest(items: Sequence[AlertItem], page: int, context: CardContext) -> discord.Embed:
    """Return the embed of one page of a digest."""
    shown, page, pages = page_of(items, page, PAGE_SIZE)
    said = [item for item in shown if not item.incident.ended and (item.flag.text or not item.is_soft)]
    described = "\n".join([_list(shown), *_meanings(said)])
    embed = discord.Embed(title=_title(items, page, pages), description=described, colour=colour(items[0]))
    speakers = list(
        dict.fromkeys(WORDS[item.provider].put_into("{speaker}") for item in said if item.flag.text)
    )
    title = f"{naming(speakers)} {'says' if len(speakers) == 1 else 'say'}" if speakers else "Reason"
    add_field(embed, title, _quotes(said))
    add_field(embed, "What to do", _next(items, context))
    add_field(embed, "About this message", context.note and clip(context.note, FIELD_LIMIT))
    return embed


def digest_controls(
    items: Sequence[AlertItem], page: int, message: str, enable_all: Button | None
) -> tuple[Component, ...]:
    """Return the select that opens an account, the buttons for all accounts, and those to other pages."""
    shown, page, pages = page_of(items, page, PAGE_SIZE)
    options = tuple(
        labelled(item.account, item.incident.key, [item.state, *tail(item.account)])
        for item in shown
        if not item.incident.ended
    )
    opener = [Select("watch.open", "Open an account to act", message, options=options)] if options else []
    open_ones = sum(not item.incident.ended for item in items)
    them = f" all {whole(open_ones)}" if open_ones > 1 else ""
    mine = Button("watch.mineall", f"I'm on{them or ' it'}", message)
    acting = [mine, Button("watch.snoozeall", f"Snooze{them}", message)] if open_ones else []
    turns = page_buttons("watch.page", f"{message}.", page, pages)
    above = [replace(each, row=1) for each in (*acting, *filter(None, [enable_all]))]
    return (*opener, *above, *(replace(each, row=2) for each in turns))


def _title(items: Sequence[AlertItem], page: int, pages: int) -> str:
    ended = sum(item.incident.ended for item in items)
    resolved = f", {'all' if ended == len(items) else whole(ended)} resolved" if ended else ""
    position = f" · page {page + 1:,} of {pages:,}" if pages > 1 else ""
    return f"{count(len(items), '{n} account[|s]')}{resolved}{position}"


def _list(shown: Sequence[AlertItem]) -> str:
    """Return a line for each incident: too long, without links; still too long, names and states alone."""
    whole_list = "\n".join(_line(item, linked=True) for item in shown)
    if length(whole_list) <= LIST_LIMIT:
        return whole_list
    unlinked = [_line(item, linked=False) for item in shown]
    # The cards that the select opens show the rest.
    return "\n".join(unlinked) if length("\n".join(unlinked)) <= LIST_LIMIT else "\n".join(map(_brief, shown))


def _line(item: AlertItem, *, linked: bool) -> str:
    name, link = escape(item.account.label, NAME_LIMIT), item.account.account.link
    title = f"**[{name}]({link})**" if link and linked and not item.incident.ended else f"**{name}**"
    return " · ".join([title, *titles(item.account.reference), item.state, *_traits(item)])


def _brief(item: AlertItem) -> str:
    name = f"**{escape(item.account.label, NAME_LIMIT)}**"
    return " · ".join([name, *titles(item.account.reference), item.state])


def _traits(item: AlertItem) -> list[str]:
    incident = item.incident
    if incident.ended:
        return [f"after {duration(incident)}"]
    since = "before I started watching" if incident.before_watch else when(incident.opened_at)
    until = incident.block_until()
    ends = [f"ends {exactly(until)}"] if until else []
    seen = "noticed" if item.is_soft else "flagged"
    return [f"{seen} {since}", *ends, *who_and_until(item)]


def _quotes(items: Iterable[AlertItem]) -> str:
    """Quote each text of Midjourney once, with the accounts that have it."""
    texts: dict[str, list[AlertItem]] = {}
    for item in items:
        texts.setdefault(flag_text(item.flag), []).append(item)
    limit = SHORT_QUOTE if len(texts) > 1 else QUOTE_LIMIT
    quotes: list[str] = []
    for same in islice(texts.values(), QUOTES):
        names = naming([escape(item.account.label, NAME_LIMIT) for item in same])
        text = quote(same[0].flag, limit) or flag_text(same[0].flag)
        quotes.append(f"{names}:\n{text}" if len(texts) > 1 else text)
    more = [f"and {count(len(texts) - QUOTES, '{n} more text[|s]')}"] if len(texts) > QUOTES else []
    return "\n".join([*quotes, *more])


def _next(items: Sequence[AlertItem], context: CardContext) -> str | None:
    providers = {item.incident.provider for item in items if not item.incident.ended}
    if not providers:
        return None
    places = [service_name(each, context.providers) for each in context.services if each in providers]
    place = f" at {naming(places)}" if places and len(context.providers) > 1 else ""
    unseen = (
        f"I cannot see your accounts{place} now: this is how they were at the last check." if places else None
    )
    button = context.enable_all
    at_once = ENABLE_ALL.format(service=service_name(button.argument), label=button.label) if button else None
    return "\n".join(line for line in (unseen, at_once, OPEN_BELOW, context.slots) if line)


def _meanings(items: Iterable[AlertItem]) -> list[str]:
    """Return our sentence for each state whose text few can read, in the order of the texts."""
    # Other states say what is being done, and not what is wanted.
    flagged = [item for item in items if item.incident.state is State.OPEN and not item.is_starting]
    unread = [item for item in flagged if CHINESE.search(item.flag.text) and not item.is_paused]
    said = dict.fromkeys(f"{item.state}: {demand(item.flag, item.provider)}." for item in unread)
    return list(said)[:QUOTES]
