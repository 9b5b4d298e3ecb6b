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
from bot.render.phrases import CHINESE, UNSAID, demand, flag_text, quote
from bot.render.provider_words import WORDS, service_name, titles
from bot.render.text import QUOTE_LIMIT, clip, count, escape, exactly, length, when, whole
from bot.runtime.language import Counted, Sentence, say

PAGE_SIZE: Final = 20
LIST_LIMIT: Final = 3_600
NAME_LIMIT: Final = 20
QUOTES: Final = 3
SHORT_QUOTE: Final = 200
ENABLE_ALL: Final[Sentence] = (
    "1. Check that the machine of {service} can reach Discord.\n"
    "2. Then press **{button}** below: {service} does not enable them by itself."
)


def digest(items: Sequence[AlertItem], page: int, context: CardContext) -> discord.Embed:
    """Return the embed of one page of a digest."""
    shown, page, pages = page_of(items, page, PAGE_SIZE)
    said = [item for item in shown if not item.incident.ended and (item.flag.text or not item.is_soft)]
    described = "\n".join([_list(shown), *_meanings(said)])
    embed = discord.Embed(title=_title(items, page, pages), description=described, colour=colour(items[0]))
    spoke = dict.fromkeys(WORDS[item.provider].put_into("{speaker}") for item in said if item.flag.text)
    title = count(len(spoke), "{names} say[s|]", names=naming(list(spoke))) if spoke else say("Reason")
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
    opener = Select("watch.open", say("Open an account to act"), message, options=options)
    open_ones = sum(not item.incident.ended for item in items)
    mine, snooze = say("I'm on it"), say("Snooze")
    if open_ones > 1:
        mine, snooze = count(open_ones, "I'm on all {n}"), count(open_ones, "Snooze all {n}")
    both = [Button("watch.mineall", mine, message), Button("watch.snoozeall", snooze, message)]
    acting = [*(both if open_ones else []), *filter(None, [enable_all])]
    turns = page_buttons("watch.page", f"{message}.", page, pages)
    above = [replace(each, row=1) for each in acting]
    return (*([opener] if options else []), *above, *(replace(each, row=2) for each in turns))


def _title(items: Sequence[AlertItem], page: int, pages: int) -> str:
    ended = sum(item.incident.ended for item in items)
    sentence: Counted = "{n} account[|s], {ended} resolved" if ended else "{n} account[|s]"
    if ended == len(items):
        sentence = "{n} account[|s], all resolved"
    title = count(len(items), sentence, ended=whole(ended))
    position: Sentence = "{title} · page {number} of {pages}"
    return say(position, title=title, number=whole(page + 1), pages=whole(pages)) if pages > 1 else title


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
        return [say("after {lasted}", lasted=duration(incident))]
    since: Sentence = "noticed {time}" if item.is_soft else "flagged {time}"
    if incident.before_watch:
        since = "noticed before I started watching" if item.is_soft else "flagged before I started watching"
    until = incident.block_until()
    ends = [say("ends {time}", time=exactly(until))] if until else []
    return [say(since, time=when(incident.opened_at)), *ends, *who_and_until(item)]


def _quotes(items: Iterable[AlertItem]) -> str:
    """Quote each text of Midjourney once, with the accounts that have it."""
    texts: dict[str, list[AlertItem]] = {}
    for item in items:
        texts.setdefault(item.flag.text or UNSAID.get(item.flag.kind, ""), []).append(item)
    limit = SHORT_QUOTE if len(texts) > 1 else QUOTE_LIMIT
    quotes: list[str] = []
    for same in islice(texts.values(), QUOTES):
        names = naming([escape(item.account.label, NAME_LIMIT) for item in same])
        text = quote(same[0].flag, limit) or flag_text(same[0].flag)
        quotes.append(say("{names}:\n{text}", names=names, text=text) if len(texts) > 1 else text)
    more = len(texts) - QUOTES
    return "\n".join([*quotes, *([count(more, "and {n} more text[|s]")] if more > 0 else [])])


def _next(items: Sequence[AlertItem], context: CardContext) -> str | None:
    providers = {item.incident.provider for item in items if not item.incident.ended}
    if not providers:
        return None
    places = [service_name(each, context.providers) for each in context.services if each in providers]
    unseen: Sentence = "I cannot see your accounts now: this is how they were at the last check."
    if len(context.providers) > 1:
        unseen = "I cannot see your accounts at {names} now: this is how they were at the last check."
    lines = [say(unseen, names=naming(places))] if places else []
    if button := context.enable_all:
        lines.append(say(ENABLE_ALL, service=service_name(button.argument), button=button.label))
    return "\n".join([*lines, say(OPEN_BELOW), *filter(None, [context.slots])])


def _meanings(items: Iterable[AlertItem]) -> list[str]:
    """Return our sentence for each state whose text few can read, in the order of the texts."""
    # Other states say what is being done, and not what is wanted.
    flagged = [item for item in items if item.incident.state is State.OPEN and not item.is_starting]
    unread = [item for item in flagged if CHINESE.search(item.flag.text) and not item.is_paused]
    said = dict.fromkeys(
        say("{state}: {demand}.", state=item.state, demand=demand(item.flag, item.provider))
        for item in unread
    )
    return list(said)[:QUOTES]
