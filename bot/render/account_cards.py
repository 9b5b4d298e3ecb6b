"""The embeds of an account: its `/info` answer, and its card with the last actions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

import discord

from bot.domain.account_info import Info, InfoOutcome, InfoSnapshot, Subscription, Usage
from bot.domain.accounts import EntryState, Flag, FlagKind, KnownAccount, State
from bot.domain.actions import Action
from bot.domain.capabilities import capabilities_of, remedy_for
from bot.domain.providers import Remedy
from bot.render.account_facts import (
    channel_link,
    fast_bar,
    fast_left,
    named,
    place,
    plan_name,
    renewal,
    usage,
)
from bot.render.account_history import FIELD_LIMIT, history
from bot.render.instructions import ENABLE_AGAIN, discord_name
from bot.render.message_content import Button, Component, MessageContent, channel_buttons
from bot.render.phrases import flagged_since, is_paused, meaning, quote, state_words
from bot.render.provider_words import words_for
from bot.render.remedy_words import words_of
from bot.render.text import clip, code_block, code_span, escape, fitted, span, when, whole
from bot.render.warning_words import warning_words
from bot.runtime.language import Sentence, say

NOTE_LIMIT: Final = 700
VALUE_LIMIT: Final = 120
WORD_LIMIT: Final = 60
SHORT_WAIT: Final = timedelta(minutes=1)
NOTES: Final[Mapping[InfoOutcome, Sentence]] = {
    InfoOutcome.TOO_SOON: "⏳ Midjourney was asked less than {lasted} ago; this is its last answer. "
    "Ask again in {wait}.",
    InfoOutcome.USED_UP: "⏳ I asked about {service}'s accounts {limit} times within a day. "
    "More can get accounts banned, so this is the last answer. Ask again in {wait}.",
    InfoOutcome.NOTHING_NEW: "⏳ Midjourney was asked now, but {service} has got nothing new: "
    "this is the last answer. Ask again in {wait}.",
    InfoOutcome.NOT_RUNNING: "⏸️ {service} does not run this account now, so Midjourney was not asked: "
    "this is its last answer.",
}
"""Why the last answer is shown."""
JUST_ASKED: Final[Sentence] = (
    "⏳ Midjourney was asked a moment ago; this is its last answer. Ask again in {wait}."
)
RUNNING_LIMIT: Final = 450
PAUSED: Final[Sentence] = "A person paused it. {again}"
MAY_BE_ITS: Final[Sentence] = (
    "👀 I cannot see it now: useapi.net answers with error 596 instead of its list and does not say whose "
    "it is. If the message is in its channel, do what it asks, then use /mjreset."
)


def info_embed(account: KnownAccount, snapshot: InfoSnapshot, *, note: str | None = None) -> discord.Embed:
    """Return the embed of an `/info` answer, with a note above it."""
    info = snapshot.info
    at, origin = snapshot.taken_at, say("Midjourney answered at an unknown time")
    if at is not None:
        origin = say("Midjourney answered at {time}", time=when(at, "f"))
    if snapshot.took is not None:
        origin = say("{origin} (took {lasted})", origin=origin, lasted=span(snapshot.took))
    title = say("{name} · account info", name=escape(account.label))
    embed = _card(account, title, note, channel_link(account.account), origin)
    embed.colour = discord.Colour.blurple()
    add_field(embed, "Warnings", "\n".join(map(warning_words, account.warnings)))
    add_field(embed, "Plan", _plan(info.subscription))
    add_field(embed, "Fast time", _fast_time(info))
    add_field(embed, "Mode", _spans([("Visibility", info.visibility), ("Job mode", info.job_mode)]))
    add_field(embed, "Made so far", _usage(info))
    add_field(embed, "Jobs", _jobs(info))
    add_field(embed, "Also said", _others(info))
    if not embed.fields:
        add_field(embed, "Midjourney's answer", code_block(info.text))
    name = info.discord_name or discord_name(account)
    add_field(embed, "Discord account", _spans([("Name", name), ("User id", info.user_id)]))
    return embed


def info_content(
    account: KnownAccount,
    snapshot: InfoSnapshot,
    asker: int,
    wait: timedelta = timedelta(0),
    *,
    outcome: InfoOutcome = InfoOutcome.ANSWERED,
) -> MessageContent:
    """Return Midjourney's answer. `outcome` says why it is the last one, `wait` when to ask again."""
    limits = capabilities_of(account.reference)
    note = NOTES.get(outcome)
    if outcome is InfoOutcome.TOO_SOON and limits.info_wait <= SHORT_WAIT:
        note = JUST_ASKED
    if note is not None:
        service, lasted = words_for(account.reference).service, span(limits.info_wait)
        note = say(note, service=service, lasted=lasted, limit=limits.infos_a_day, wait=span(wait))
    again = Button("info.again", say("Ask again"), account.account.handle, asker=asker, emoji="🔄")
    return MessageContent(embeds=(info_embed(account, snapshot, note=note),), components=(again,))


def account_embed(
    account: KnownAccount, *, actions: Sequence[Action] = (), unseen: bool = False
) -> discord.Embed:
    """Return the embed of an account: state, handle, flag, plan and last actions, newest first.

    `unseen` says that the list is refused with an error 596 that may be this account's.
    """
    flag = account.account.flag
    state = say("state unknown") if unseen and flag is None else state_words(account)
    title = f"{escape(account.label)} · {state}"
    note = say(MAY_BE_ITS) if unseen else None
    words = words_for(account.reference)
    if flag is None and account.account.entry is EntryState.PAUSED:
        note = words.put_into(PAUSED, again=words.put_into(ENABLE_AGAIN))
    means = meaning(flag, account.account) if flag else None
    embed = _card(account, title, note, place(account.account, "\n"), means)
    embed.colour = discord.Colour.light_grey() if account.is_idle else discord.Colour.green()
    if unseen and flag is None:
        embed.colour = discord.Colour.orange()
    if flag is not None:
        embed.colour = flag_colour(flag) if account.state in (None, State.OPEN) else discord.Colour.gold()
        is_past, is_soft = not account.needs_somebody, flag.kind is FlagKind.OFFLINE
        since = flagged_since(account.flagged_since, is_past=is_past, is_soft=is_soft)
        if flag.text:
            says = words.says(is_past=is_past or is_paused(account.account, flag))
            add_field(embed, says, f"{quote(flag)}\n{since}")
        else:
            add_field(embed, "Since when", since)
    add_field(embed, "Warnings", "\n".join(map(warning_words, account.warnings)))
    if account.snapshot is not None:
        info = account.snapshot.info
        add_field(embed, "Plan", _plan(info.subscription))
        add_field(embed, "Fast time", _fast_time(info))
        at = account.snapshot.taken_at
        answered: Sentence = "Answered {time}" if at else "Answered at an unknown time"
        add_field(embed, "Last account info", say(answered, time=at and when(at)))
    add_field(embed, "Last actions", history(actions))
    return embed


def account_card(
    account: KnownAccount,
    actions: Sequence[Action],
    asker: int,
    *,
    owner: bool,
    unseen: bool = False,
    content: str = "",
) -> MessageContent:
    """Return an account's card with the buttons that one person may use.

    `unseen` says that the list is refused with an error 596 that may be any account's.
    """
    embed = account_embed(account, actions=actions, unseen=unseen)
    buttons = _card_buttons(account, asker, owner=owner, unseen=unseen)
    return MessageContent(content, (embed,), tuple(buttons) if account.account.is_addressable else ())


def _card_buttons(account: KnownAccount, asker: int, *, owner: bool, unseen: bool) -> Iterator[Component]:
    handle = account.account.handle
    if capabilities_of(account.reference).answers_info:
        yield Button("info.ask", say("Info"), handle, asker=asker)
    yield Button("history.show", say("History"), handle, asker=asker)
    flag = account.account.flag
    remedy = remedy_for(account.account, flag.kind if flag else FlagKind.OTHER)
    is_waited_for = unseen or (flag is not None and account.account.entry is not EntryState.STARTING)
    if owner and remedy is not Remedy.GUIDE and is_waited_for:
        yield Button("account.reset", say(words_of(remedy).label), handle, asker=asker)
    if owner and capabilities_of(account.reference).adds_accounts:
        yield Button("account.edit", say("Update"), handle, asker=asker)
    if owner:
        yield Button("account.remove", say("Remove"), handle, discord.ButtonStyle.danger, asker=asker)
    yield from channel_buttons(account.account)


def _card(account: KnownAccount, title: str, *lines: str | None) -> discord.Embed:
    description = "\n".join(clip(line, NOTE_LIMIT) for line in lines if line)
    return discord.Embed(title=title, description=description, url=account.account.link)


def add_field(embed: discord.Embed, name: Sentence, value: str | None) -> None:
    """Add a field of full width, unless it is empty."""
    if value:
        embed.add_field(name=say(name), value=value, inline=False)


def flag_colour(flag: Flag) -> discord.Colour:
    """Return the colour of a flag's card."""
    return discord.Colour.red() if flag.kind is FlagKind.BLOCK else discord.Colour.orange()


def _spans(words: Iterable[tuple[Sentence, str | None]]) -> str:
    return "\n".join(named(label, code_span(word, WORD_LIMIT)) for label, word in words if word)


def _plan(subscription: Subscription | None) -> str | None:
    if subscription is None:
        return None
    words = dict.fromkeys(word for word in (plan_name(subscription), subscription.status) if word)
    shown = say(", ").join(code_span(word, WORD_LIMIT) for word in words)
    return "\n".join(line for line in (shown, renewal(subscription)) if line)


def _fast_time(info: Info) -> str | None:
    if info.fast_time is None:
        return None
    return "\n".join(line for line in (fast_bar(info.fast_time), fast_left(info.fast_time)) if line)


def _usage(info: Info) -> str:
    used: Sequence[tuple[Sentence, Usage | None]] = [
        ("Lifetime", info.lifetime),
        ("Fast", info.fast),
        ("Turbo", info.turbo),
        ("Relaxed", info.relaxed),
    ]
    return "\n".join(usage(label, amount) for label, amount in used if amount)


def _jobs(info: Info) -> str:
    fast, relaxed = info.queued_fast, info.queued_relax
    lines = [] if fast is None else [named("Queued, fast", whole(fast))]
    lines += [] if relaxed is None else [named("Queued, relaxed", whole(relaxed))]
    if info.running and ("\n" in info.running or len(info.running) > WORD_LIMIT):
        lines += [say("Running:"), code_block(info.running, RUNNING_LIMIT)]
    elif info.running:
        lines.append(named("Running", code_span(info.running, WORD_LIMIT)))
    elif lines:
        lines.append(named("Running", say("none reported")))
    return "\n".join(lines)


def _others(info: Info) -> str:
    lines = (
        say("{label}: {value}", label=code_span(label, WORD_LIMIT), value=code_span(value, VALUE_LIMIT))
        for label, value in info.others
    )
    return fitted(lines, len(info.others), FIELD_LIMIT)
