"""The card of an account's incident in all its states, and the controls below it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, assert_never

import discord

from bot.domain.accounts import EntryState, FlagKind, KnownAccount
from bot.domain.actions import Action
from bot.domain.capabilities import capabilities_of, remedies_for, remedy_for
from bot.domain.incidents import Ending, Incident, Incidents, Reason, ServiceProblem, State, service_of
from bot.domain.providers import Remedy, provider_of
from bot.render.account_cards import add_field, flag_colour, info_embed
from bot.render.account_history import FIELD_LIMIT, history
from bot.render.alert_items import NO_WORDS, AlertItem, is_back, stretch
from bot.render.headlines import headline_of
from bot.render.instructions import (
    ENABLE_IT,
    LEAVE_PAUSED,
    ONLY_THEN,
    USE_COMMAND,
    block_end,
    login_help,
    page_line,
    press_reset,
    steps,
)
from bot.render.message_content import Button, Component, Link, MessageContent, channel_buttons
from bot.render.phrases import flagged_since, is_unlocked, meaning, quote
from bot.render.provider_words import WORDS, service_name
from bot.render.remedy_words import JUDGED, words_of
from bot.render.text import clip, code_block, exactly, when
from bot.runtime.language import Sentence, say

DESCRIPTION_LIMIT: Final = 2_000
EMBEDS_LIMIT: Final = 6_000
"""Discord's limit for the texts of all embeds of a message."""
CAUSE_LIMIT: Final = 200
STILL_RESETS: Final[Sentence] = (
    "{statement} It can still be reset; the next list that I can read shows whether that worked."
)


@dataclass(frozen=True, slots=True)
class CardContext:
    """What a card shows besides its own incident."""

    slots: str | None = None
    """How many job slots are unavailable of how many."""
    services: Incidents = field(default_factory=dict[str, Incident])
    """The open incident of each provider's service: its accounts' cards then show what was last seen."""
    note: str | None = None
    """A note about the message itself."""
    providers: Collection[str] = ()
    """The providers that have accounts."""
    actions: Sequence[Action] = ()
    """The last actions on the account, newest first."""
    enable_all: Button | None = None
    """The button for all accounts that lost their connection together."""


def card(item: AlertItem, context: CardContext, *, reset: str | None = None) -> discord.Embed:
    """Return the embed of an incident: its state, Midjourney's message and what to do.

    `reset` says how to reset the account; by default, with the button below.
    """
    embed = discord.Embed(
        title=f"{item.name} · {item.state}",
        description=clip("\n".join(_lines(item, context)), DESCRIPTION_LIMIT),
        colour=colour(item),
        url=item.account.account.link,
    )
    words = WORDS[item.provider]
    is_present = item.needs_somebody and not (item.is_starting or item.is_paused)
    add_field(embed, words.says(is_past=not is_present), quote(item.flag))
    if reason := item.incident.first_reason:
        hint = [words.put_into(words.hints[reason])] if reason in words.hints else []
        add_field(embed, "Before that, it said", "\n".join([*hint, code_block(reason, CAUSE_LIMIT)]))
    if item.incident.state is State.OPEN and not item.is_starting:
        add_field(embed, "Discord login to use", login_help(item.account, item.flag.kind))
        if context.enable_all and item.flag.kind is FlagKind.CONNECTION:
            reset = say(ONLY_THEN, button=context.enable_all.label)
        until, reset = item.incident.block_until(), reset or press_reset(item.flag.kind, item.provider)
        tasks = steps(item.account, item.flag, until=until, over=item.is_block_over, reset=reset)
        page = None if _guide(item) or not _is_guided(item) else item.account.web_page
        listed = filter(None, [tasks, page_line(item.account.reference, page)])
        add_field(embed, "What to do", "\n".join(listed))
    add_field(embed, "Last actions", history(context.actions))
    add_field(embed, "About this message", context.note and clip(context.note, FIELD_LIMIT))
    return embed


def info_refused(account: KnownAccount, asker: int, now: datetime) -> MessageContent:
    """Return why a flagged account is not asked for its information, and a button to ask anyway."""
    flag = account.account.flag or NO_WORDS
    incident = Incident(
        key="",
        state=account.state or State.OPEN,
        opened_at=account.flagged_since or now,
        seen_at=now,
        reference=account.reference,
        provider=provider_of(account.reference),
        flag=flag,
        block_ends=block_end(account, flag),
    )
    item = AlertItem(incident, account, None, now)
    embeds = [card(item, CardContext(), reset=say(USE_COMMAND))]
    if account.snapshot is not None:
        note = say("From an earlier answer; Midjourney was not asked again.")
        last = info_embed(account, account.snapshot, note=note)
        embeds += [last] if len(embeds[0]) + len(last) <= EMBEDS_LIMIT else []
    answers = capabilities_of(account.reference).answers_info
    can_be_asked = answers and account.account.entry is EntryState.OK
    anyway = Button("info.anyway", say("Ask anyway"), account.account.handle, asker=asker)
    first = headline_of(item)
    if incident.state is State.RESETTING:
        sentence: Sentence = "🔄 {name} is being {done}. Ask again in a few minutes."
        first = WORDS[item.provider].put_into(sentence, name=item.name)
    buttons = (*channel_buttons(account.account), *([anyway] if can_be_asked else []))
    return MessageContent(first, tuple(embeds), buttons)


def controls(item: AlertItem, message: str, enable_all: Button | None = None) -> tuple[Component, ...]:
    """Return the buttons of an incident, with that for a whole pool; an ended one has none."""
    if item.incident.ended:
        return ()
    argument = f"{item.incident.key}.{message}"
    mine = Button("watch.mine", say("I'm on it"), argument)
    snooze = Button("watch.snooze", say("Snooze"), argument)
    # Before a block has ended, a reset is not the next step.
    waits = item.incident.block_until() is not None and not item.is_block_over
    style = discord.ButtonStyle.secondary if waits else discord.ButtonStyle.primary
    account, acting, words = item.account.account, (mine, snooze), WORDS[item.provider]
    label = words.put_into(ENABLE_IT if is_unlocked(account, item.flag) else words.labels[item.flag.kind])
    can_be_sent = account.is_addressable and remedy_for(account, item.flag.kind) is not Remedy.GUIDE
    if can_be_sent and not item.is_starting:
        acting = (Button("watch.reset", label, argument, style), *acting)
    if item.is_paused:
        acting = (*acting, Button("watch.paused", say(LEAVE_PAUSED), item.incident.key))
    return *acting, *_guide(item), *channel_buttons(account), *filter(None, [enable_all])


def _guide(item: AlertItem) -> tuple[Link, ...]:
    """Return the link to the provider's own page where that is needed for such a flag."""
    page = item.account.web_page or ""  # Discord takes no button that leads to http
    is_link = page.startswith("https://") and _is_guided(item)
    words = WORDS[item.provider]
    return (Link(words.put_into(words.open_page), page),) if is_link else ()


def _is_guided(item: AlertItem) -> bool:
    return Remedy.GUIDE in remedies_for(item.account.account, item.flag.kind)


def colour(item: AlertItem) -> discord.Colour:
    """Return the colour of an incident's state."""
    if item.incident.ended:
        return discord.Colour.green() if is_back(item.incident) else discord.Colour.light_grey()
    is_calm = item.incident.state is not State.OPEN or item.is_starting
    return discord.Colour.gold() if is_calm else flag_colour(item.flag)


def who_and_until(item: AlertItem) -> Iterator[str]:
    """Yield who is on it since when, and when the reader is next notified of it."""
    incident = item.incident
    if incident.assigned_to is not None and incident.assigned_at is not None:
        person, since = f"<@{incident.assigned_to}>", when(incident.assigned_at, "t")
        yield say("{person} is on it since {time}", person=person, time=since)
    if incident.is_taken and item.next_at is not None:
        yield say("No reminders until {time}", time=when(item.next_at, "f"))


def _lines(item: AlertItem, context: CardContext) -> Iterator[str]:
    incident, words = item.incident, WORDS[item.provider]
    if incident.ended:
        yield how_it_ended(incident)
        yield from _blind(incident)
        return
    yield from _stage(item)
    yield _since(item)
    if means := meaning(item.flag, item.account.account):
        yield means
    if incident.reset_at is not None:
        again: Sentence = "It was {done} {time} and was flagged again."
        yield words.put_into(again, time=when(incident.reset_at, "f"))
    yield from _blind(incident)
    yield from _unseen(incident, context)
    yield from _block(item)
    if incident.recurring and item.reason is not Reason.RECURRING:
        yield say("It is the third time in 6 hours. From now on I only remind you of it.")
    if incident.from_command:
        yield say("A command ran into this; the account list does not show it.")
    for statement in who_and_until(item):
        yield say("**{statement}.**", statement=statement)
    if context.slots and item.needs_somebody:
        yield context.slots


def _stage(item: AlertItem) -> Iterator[str]:
    incident, words = item.incident, WORDS[item.provider]
    if item.is_starting and incident.starting_since is not None:
        starts: Sentence = (
            "**Nothing to do right now:** enabled since {time}, {service} has not started it yet."
        )
        yield words.put_into(starts, time=when(incident.starting_since, "t"))
    if incident.state is State.CLEARING and incident.clear_since is not None:
        clear: Sentence = "**Nothing to do right now:** it has not been flagged since {time}."
        yield say(clear, time=when(incident.clear_since, "t"))
    if incident.state is State.RESETTING and incident.leased_by:
        yield words.put_into("**{person} is {doing} it.**", person=f"<@{incident.leased_by}>")
    # The verdict stands while nothing newer is known.
    if incident.state is State.OPEN and incident.verdict is not None and incident.judged_at is not None:
        verdict = say(JUDGED[incident.verdict])
        yield f"**{say(words_of(incident.remedy).tried, time=when(incident.judged_at), verdict=verdict)}**"


def _since(item: AlertItem) -> str:
    incident = item.incident
    if incident.before_watch:
        sentence: Sentence = "Flagged before I started watching; first seen {time}."
        return say(sentence, time=exactly(incident.opened_at))
    is_past = incident.state is State.CLEARING
    return flagged_since(incident.opened_at, is_past=is_past, is_soft=item.is_soft)


def _unseen(incident: Incident, context: CardContext) -> Iterator[str]:
    """Yield that the present state is unknown."""
    service, words = service_of(context.services, incident.provider), WORDS[incident.provider]
    if service is not None and service.problem is ServiceProblem.LIST_GONE:
        yield words.put_into("**{api_first}'s list has gaps now**, so this may not be up to date.")
    elif service is not None:
        can_be_reset = service.problem is ServiceProblem.PENDING and service.flag is not None
        unseen: Sentence = "**I cannot see it now.** Last seen flagged {time}."
        if len(context.providers) > 1:
            unseen = "**I cannot see it at {service} now.** Last seen flagged {time}."
        name = service_name(incident.provider, context.providers)
        statement = say(unseen, service=name, time=when(incident.seen_at, "f"))
        yield say(STILL_RESETS, statement=statement) if can_be_reset else statement


def _block(item: AlertItem) -> Iterator[str]:
    until = item.incident.block_until()
    if until is None:
        return
    ends = {"time": when(until, "F"), "relative": when(until)}
    if item.is_block_over:
        yield say("**The block should have ended {time}** ({relative}).", **ends)
        return
    words, next_at = WORDS[item.provider], item.next_at or until
    reminder: Sentence = "I'll remind you at {time}." if next_at > until else "I'll remind you when it ends."
    yield words.put_into(
        "**The block ends {time}** ({relative}). {early} before then risks the account. {reminder}",
        reminder=say(reminder, time=when(next_at, "f")),
        **ends,
    )
    if item.flag.until is not None:
        yield words.put_into("{service} should enable it by itself then.")


def _blind(incident: Incident) -> Iterator[str]:
    if incident.blind_from is not None and incident.blind_until is not None:
        unseen: Sentence = "I could not see it {period}; it may have ended at any time in between."
        if incident.opened_at >= incident.blind_from:
            unseen = "I could not see it {period}; it may have begun earlier."
        yield say(unseen, period=stretch(incident.blind_from, incident.blind_until))


def how_it_ended(incident: Incident) -> str:
    """Return how an incident ended, and what is left to do."""
    return WORDS[incident.provider].put_into(_how(incident), person=f"<@{incident.leased_by}>")


def _how(incident: Incident) -> Sentence:
    match incident.ending:
        case Ending.RESET:
            words = words_of(incident.remedy)
            return words.ended_here if incident.leased_by is None else words.ended_by
        case Ending.PAUSED:
            return (
                "{service} lists it as disabled, without a reason. To use it again, enable it on {web_page}."
            )
        case Ending.LEFT_PAUSED:
            return "It stays disabled, as a person decided."
        case Ending.REMOVED:
            return "{api_first} does not list the account any more, so there is nothing left to do."
        case Ending.UNWATCHED:
            return "Midwatch's settings do not name its provider any more, so it is not watched."
        case Ending.CLEARED | Ending.RECOVERED | None:
            return "It ended by itself: nobody {done} it from here."
    assert_never(incident.ending)
