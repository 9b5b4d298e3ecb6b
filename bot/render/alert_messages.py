"""The content of every message of the outbox: alerts, service problems, notes, warnings, hello and test."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, assert_never

import discord

from bot.domain.accounts import Account, Accounts, Flag, KnownAccount
from bot.domain.actions import Action
from bot.domain.incidents import (
    Ending,
    Incident,
    Incidents,
    Reason,
    State,
    enabled_together,
    lost_connection,
    open_services,
)
from bot.domain.messages import Message, MessageItem, Purpose
from bot.domain.providers import USEAPI, Remedy, provider_of, reference_to
from bot.domain.warnings import AccountWarning
from bot.render.account_cards import add_field
from bot.render.alert_items import (
    NO_TIMES,
    AlertItem,
    NextTimes,
    coming_back,
    is_back,
    items_of,
    known_account,
    names_of,
    slots_out,
)
from bot.render.digest import digest, digest_controls
from bot.render.headlines import headline, headline_of, over, second_line, was_flagged
from bot.render.incident_card import CardContext, card, controls, how_it_ended
from bot.render.message_content import Button, MessageContent, headed
from bot.render.phrases import ordered
from bot.render.service_messages import changes, recovery, service_content
from bot.render.text import count
from bot.render.warning_messages import warnings_content
from bot.runtime.language import Sentence, say

DMS_CLOSED: Final[Sentence] = (
    "Discord does not let me send you direct messages, so this came here. To change that: open the menu of a "
    "server we share, Privacy Settings, switch Direct Messages on. Then use /mjtest."
)
"""The note of a message that took the second route."""
LINKED: Final = re.compile(r"\[([^\]]*)\]\(https://discord\.com/channels/[^)]*\)")
OUTDATED: Final[Sentence] = "⚪ What this was about is over. /mjstatus shows how things are now."
EXAMPLE: Final[Sentence] = "Test only. Midjourney's own words appear here, for example: {text}"
EXAMPLE_TEXT: Final = "You have a pending moderation message."
NOTES_SHOWN: Final = 20
NO_WARNINGS: Final[Mapping[str, AccountWarning]] = {}


def content_of(
    message: Message,
    incidents: Incidents,
    accounts: Accounts,
    next_times: NextTimes = NO_TIMES,
    *,
    page: int = 0,
    warnings: Mapping[str, AccountWarning] = NO_WARNINGS,
    info_every: timedelta | None = None,
) -> MessageContent:
    """Return what a message should show now.

    `incidents` holds those of the message and all that are open; `accounts` all that are known, by reference.
    `next_times` are those of the message's recipient. `page` is a digest's, the first being 0. `info_every`
    is INFO_EVERY, which the hello names. Nothing else counts: time passing alone changes no message.
    """
    shown = _content(message, incidents, accounts, next_times, page, warnings)
    if message.purpose is Purpose.HELLO and info_every is not None:
        add_field(shown.embeds[0], "INFO_EVERY is set", ordered(info_every))
    if message.traits.mentions:
        text = headed(shown.content, say("for {person}", person=f"<@{message.recipient}>"))
        shown = replace(shown, content=text, mentioned=message.recipient)
    return shown.signed(message.key)


def opened_card(
    incident: Incident,
    message: str,
    incidents: Incidents,
    accounts: Accounts,
    next_times: NextTimes = NO_TIMES,
    *,
    now: datetime,
    actions: Sequence[Action] = (),
) -> MessageContent:
    """Return the card of one account of a digest; `message` is the digest's key."""
    next_at = next_times.get(incident.key)
    item = AlertItem(incident, known_account(incident.reference or "", accounts), None, now, next_at)
    context = replace(_context([item], incidents, accounts), actions=actions)
    buttons = controls(item, message, context.enable_all)
    return MessageContent(headed(headline_of(item)), (card(item, context),), buttons)


def enable_all_button(items: Sequence[AlertItem], incidents: Incidents) -> Button | None:
    """Return the button for all accounts that lost their connection with one of these; None for one alone."""
    lost = (item for item in items if lost_connection(item.incident))
    enabled_here = (item.provider for item in lost if Remedy.ENABLE not in item.account.account.lacks)
    provider = next(enabled_here, "")
    number = len(enabled_together(incidents.values(), provider))
    style = discord.ButtonStyle.primary
    label = count(number, "Enable all {n}")
    return Button("watch.all", label, provider, style) if number > 1 else None


def _context(items: Sequence[AlertItem], incidents: Incidents, accounts: Accounts) -> CardContext:
    services, at_once = open_services(incidents.values()), enable_all_button(items, incidents)
    providers = {provider_of(each) for each in accounts}
    return CardContext(slots_out(incidents, accounts), services, providers=providers, enable_all=at_once)


def _content(
    message: Message,
    incidents: Incidents,
    accounts: Accounts,
    next_times: NextTimes,
    page: int,
    warnings: Mapping[str, AccountWarning],
) -> MessageContent:
    note = say(DMS_CLOSED) if message.is_dm_refused else None
    match message.purpose:
        case Purpose.ALERT:
            items = items_of(message, incidents, accounts, next_times)
            context = replace(_context(items, incidents, accounts), note=note)
            return _alert(items, message.key, page, context, coming_back(items, accounts))
        case Purpose.SERVICE:
            # An open one matters more than those that ended.
            first = min(_services(message, incidents), key=lambda each: each.ended, default=None)
            reminds = first is not None and MessageItem(first.key, Reason.REMINDER) in message.entries
            known, edits = (incidents, accounts, note), message.traits.edits
            return service_content(first, *known, reminds=reminds, edits=edits) if first else _outdated()
        case Purpose.NOTE:
            return _note(message, incidents, accounts)
        case Purpose.WARNING:
            about = [warnings[entry.incident] for entry in message.entries if entry.incident in warnings]
            return warnings_content(about, accounts, note) if about else _outdated()
        case Purpose.HELLO:
            return _hello(note)
        case Purpose.TEST:
            return _test(message, accounts, note)
    assert_never(message.purpose)


def _services(message: Message, incidents: Incidents) -> list[Incident]:
    found = [incidents.get(entry.incident) for entry in message.entries]
    return [incident for incident in found if incident is not None and incident.problem]


def _alert(
    items: Sequence[AlertItem], key: str, page: int, context: CardContext, returning: int
) -> MessageContent:
    if not items:
        return _outdated()
    content = headed(headline(items), second_line(items, returning))
    if len(items) == 1:
        buttons = controls(items[0], key, context.enable_all)
        return MessageContent(content, (card(items[0], context),), buttons)
    buttons = digest_controls(items, page, key, context.enable_all)
    return MessageContent(content, (digest(items, page, context),), buttons)


def _outdated() -> MessageContent:
    embed = discord.Embed(description=say("Nothing here needs you any more."))
    return MessageContent(say(OUTDATED), (embed,))


def _note(message: Message, incidents: Incidents, accounts: Accounts) -> MessageContent:
    """Return a silent note of incidents that ended."""
    items = items_of(message, incidents, accounts)
    services = _services(message, incidents)
    ended = [was_flagged(item) for item in items]
    lines = [recovery(each, accounts) for each in services]
    lines += [_summed_up(items)] if len(items) > 1 else ended
    if not lines:
        return _outdated()
    changed = [changes(each, incidents, accounts) for each in services]
    listed, more = ended[:NOTES_SHOWN] if len(items) > 1 else [], len(ended) - NOTES_SHOWN
    listed += [count(more, "and {n} more account[|s]")] if more > 0 else []
    left = [how_it_ended(each.incident) for each in items if each.incident.ending is Ending.PAUSED]
    description = "\n".join([*filter(None, changed), *(listed or left)]) or say("Nothing to do.")
    embed = discord.Embed(colour=discord.Colour.light_grey(), description=description)
    return MessageContent(headed(*lines), (embed,))


def _summed_up(items: Sequence[AlertItem]) -> str:
    if not all(is_back(item.incident) for item in items):
        return say("{statement}.", statement=over(items))
    names = names_of(items)
    return count(len(items), "✅ {n} accounts were flagged and are back: {names}.", names=names)


def _hello(note: str | None) -> MessageContent:
    embed = discord.Embed(
        description=say(
            "I write when an account needs you, and stay quiet otherwise.\n"
            "/mjstatus shows how things are, /mjtest sends a test."
        ),
        colour=discord.Colour.blurple(),
    )
    add_field(embed, "About this message", note)
    return MessageContent(say("👋 Alerts will arrive here"), (embed,))


def _test(message: Message, accounts: Iterable[str], note: str | None) -> MessageContent:
    """Return an example of an alert: the card of an account that does not exist, with disabled buttons.

    It is an alert of useapi.net unless only another provider has accounts.
    """
    providers = {provider_of(each) for each in accounts} or {USEAPI}
    provider = USEAPI if USEAPI in providers else min(providers)
    reference = reference_to(provider, "00000000000000000")
    incident = Incident(
        message.key,
        State.OPEN,
        message.created_at,
        message.created_at,
        reference="" if provider == USEAPI else reference,
        flag=Flag(say(EXAMPLE, text=EXAMPLE_TEXT), Flag.of(EXAMPLE_TEXT).kind),
        provider=provider,
    )
    account = KnownAccount(Account(reference), say("Example"), "example")
    item = AlertItem(incident, account, Reason.OPENED, message.due_at)
    embed = card(item, CardContext(note=note))
    embed.title = say("🧪 TEST · {title}", title=embed.title)
    embed.url = None
    for index, field in enumerate(embed.fields):
        words = LINKED.sub(r"\1", str(field.value))  # there is no such channel
        embed.set_field_at(index, name=field.name, value=words, inline=field.inline)
    return MessageContent(
        headed(say("🧪 Test: this is how an alert looks. Nothing is wrong.")),
        (embed,),
        tuple(
            replace(control, disabled=True)
            for control in controls(item, message.key)
            if isinstance(control, Button)
        ),
    )
