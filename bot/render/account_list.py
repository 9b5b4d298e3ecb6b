"""The list of accounts, in pages."""

from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Final

import discord

from bot.domain.accounts import EntryState, Flag, FlagKind, KnownAccount, State
from bot.domain.capabilities import capabilities_of
from bot.domain.errors import CodedError
from bot.domain.providers import key_of, provider_of
from bot.domain.services import BY_PROVIDER, subscription_of
from bot.render.account_choices import option, order
from bot.render.account_facts import place, snapshot_line
from bot.render.error_messages import message, what
from bot.render.message_content import Box, Button, MessageContent, Select, page_buttons, page_of
from bot.render.phrases import flagged_since, is_paused, meaning, quote, state_words
from bot.render.provider_words import WORDS, service_name, setup_links, words_for
from bot.render.text import FENCES, count, escape, length, passage, when, whole
from bot.runtime.language import Counted, Sentence, say

PAGE_SIZE: Final = 10
PAGE_LIMIT: Final = 3_800
"""The characters of the texts. A layout may hold 4,000."""
LABEL_LIMIT: Final = 30
QUOTE_MOST: Final = 400
REFUSAL_LIMIT: Final = 350
REFUSAL_QUOTE: Final = 150
QUOTE_LEAST: Final = 60
IDLE: Final[Mapping[EntryState, Counted]] = {
    EntryState.FLAGGED: "{n} stopped",
    EntryState.STARTING: "{n} not started",
    EntryState.PAUSED: "{n} paused",
    EntryState.UNKNOWN: "{n} unreadable",
}
"""What is counted of accounts that are not known to run and are not flagged."""
ODD: Final[Sentence] = "It is listed without an id, twice or in an unknown form, so it cannot be used here."
NOT_SET_UP: Final[Sentence] = (
    "No account of these services is configured at useapi.net yet. Set one up: {links}."
)


def list_content(
    accounts: Sequence[KnownAccount],
    page: int,
    asker: int,
    *,
    at: datetime | None,
    refusal: str | None = None,
    stale: Mapping[str, datetime] = {},
) -> MessageContent:
    """Return a page of the list: accounts with something to do first, then by provider and label.

    `refusal` says why a list could not be read since, as `unread` words it. `stale` are the providers of
    these lists if there are others, and when each was last read; the others were read at `at`,
    None if there is none.

    The first page is 0; a number beyond either end gives the page at that end. No accounts: one empty page.
    """
    shown, page, pages = page_of(sorted(accounts, key=lambda each: order(each, at)), page, PAGE_SIZE)
    number, last = whole(page + 1), whole(pages)
    position = [say("Page {number} of {limit}", number=number, limit=last)] if pages > 1 else []
    read: Sentence = "The rest was read at {time}" if stale else "List read at {time}"
    read = say(read, time=when(at, "T")) if at else say("No list can be read now")
    heading, footer = _heading(accounts, stale, is_old=refusal is not None), " · ".join([*position, read])
    if refusal is not None:
        as_of: Sentence = "**As of {time}, when I last read the list:**"
        dated = [say(as_of, time=when(at, "f"))] if at and not stale else []
        heading = "\n".join([refusal, *dated, heading])
    are_several = stale or len({provider_of(account.reference) for account in accounts}) > 1
    titles = _titles(shown, stale) if are_several else [""] * len(shown)
    shown = [replace(each, is_stale=provider_of(each.reference) in stale) for each in shown]
    entries = _entries(shown, titles, PAGE_LIMIT - length(heading) - length(footer))
    flagged = any(account.account.flag for account in shown)
    box = Box(entries, discord.Colour.gold() if flagged else discord.Colour.green())
    options = tuple(option(account) for account in shown if account.account.is_addressable)
    opener = [Select("list.open", say("Open an account's card"), asker=asker, options=options)]
    buttons = [*page_buttons("list.page", "", page, pages, asker=asker), _refresh(page, asker)]
    return MessageContent(layout=(heading, box, *([opener] if options else []), footer, buttons))


def empty_list(asker: int, providers: Iterable[str]) -> MessageContent:
    """Return how to add the first account at each provider."""
    names = tuple(providers)
    lines = [WORDS[each].put_into(WORDS[each].nothing) for each in names if each not in BY_PROVIDER]
    if links := setup_links(names):
        lines.append(say(NOT_SET_UP, links=links))
    words = "\n".join([_title(names), *lines])
    return MessageContent(layout=(words, [_refresh(0, asker)]))


def _refresh(page: int, asker: int) -> Button:
    return Button("list.refresh", say("Refresh"), str(page), asker=asker, emoji="🔄")


def unread(failures: Mapping[str, CodedError], providers: Sequence[str]) -> str:
    """Return why lists could not be read, short enough to stand above them.

    If there are several, an error that names no provider gets its name. The same error of several services of
    one subscription is that of the subscription.
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for provider, error in failures.items():
        groups.setdefault((subscription_of(provider), error.code), []).append(provider)
    lines: list[str] = []
    for (subscription, _), names in groups.items():
        error = copy(failures[names[0]])
        name = say(", ").join(service_name(each, providers) for each in names)
        error.provider = subscription if len(names) > 1 else error.provider
        is_named = len(providers) == 1 or name in what(error)
        said = message(error, REFUSAL_LIMIT, REFUSAL_QUOTE)
        lines.append(said if is_named else say("**{service}:** {said}", service=name, said=said))
    return "\n".join(lines)


def _heading(accounts: Sequence[KnownAccount], stale: Container[str], *, is_old: bool) -> str:
    idle = Counter(known.account.entry for known in accounts if known.is_idle)
    soft = sum(_is_soft(known) for known in accounts)
    idle[EntryState.STARTING] += soft
    flagged = sum(known.needs_somebody for known in accounts) - soft
    clearing = sum(known.state is State.CLEARING for known in accounts)
    counts = [
        count(len(accounts), "{n} account[|s]"),
        count(flagged, "{n} flagged") if flagged else say("none flagged"),
    ]
    counts += [count(clearing, "{n} recovering")] if clearing else []
    counts += [count(idle[entry], words) for entry, words in IDLE.items() if idle[entry]]
    calm = "🟡" if clearing or (+idle).keys() - {EntryState.PAUSED} else "⚠️" if is_old else "✅"
    mark = "⚠️" if flagged else calm
    title = _title({provider_of(known.reference) for known in accounts})
    heading = f"{title}\n**{mark} {say(', ').join(counts)}**"
    counted = [known for known in accounts if capabilities_of(known.reference).adds_accounts]
    if not counted:
        return heading
    provider = provider_of(counted[0].reference)
    providers = {provider_of(known.reference) for known in accounts}
    service = service_name(provider, providers) if len(providers) > 1 else None
    return f"{heading}\n{_slot_totals(counted, service, is_stale=provider in stale)}"


def _title(providers: Collection[str]) -> str:
    is_mixed = not BY_PROVIDER.keys().isdisjoint(providers)
    return say("## Accounts" if is_mixed else "## Midjourney accounts")


def _is_soft(known: KnownAccount) -> bool:
    """Return whether the account was just not started for long, which is no flag of Midjourney."""
    flag = known.account.flag
    return flag is not None and flag.kind is FlagKind.OFFLINE


def _slot_totals(accounts: Sequence[KnownAccount], service: str | None, *, is_stale: bool) -> str:
    """Return how many jobs the accounts run at a time, and how many of them now, unless that is unknown."""
    counted = [known for known in accounts if known.account.max_jobs is not None]
    total = sum(known.account.max_jobs or 0 for known in counted)
    usable = sum(known.account.max_jobs or 0 for known in counted if not known.needs_somebody)
    uncounted = len(accounts) - len(counted)
    slots: Counted = "{n} job slot[|s] in all at {service}" if service else "{n} job slot[|s] in all"
    seen: Sentence = "{slots}, when last seen" if is_stale else "{slots}, {number} usable"
    said = say(seen, slots=count(total, slots, service=service), number=whole(usable))
    note = [count(uncounted, "Not counted: {n} account[|s] without a number")] if uncounted else []
    return "\n".join([said, *note])


def _titles(shown: Sequence[KnownAccount], stale: Mapping[str, datetime]) -> list[str]:
    """Return the name of each account's provider where it is another than that of the account before.

    One whose list could not be read has the time of the last one.
    """
    names = ["", *(provider_of(account.reference) for account in shown)]
    return [
        "" if name == before else f"{_title_of(service_name(name, [*names, *stale]), stale.get(name))}\n"
        for before, name in pairwise(names)
    ]


def _title_of(service: str, at: datetime | None) -> str:
    sentence: Sentence = "At {service}, as of {time}:" if at else "At {service}:"
    return say(sentence, service=service, time=at and when(at, "f"))


def _entries(shown: Sequence[KnownAccount], titles: Sequence[str], room: int) -> tuple[str, ...]:
    """Return the entries, each below its title. The quotes share the room that the facts leave.

    Where that is too little to read, what is known of plans and fast time gives way to what Midjourney says.
    """
    flags = [None if _is_soft(account) else account.account.flag for account in shown]
    flags = [flag if flag and flag.text else None for flag in flags]
    facts = [title + _facts(account, brief=False) for title, account in zip(titles, shown, strict=True)]
    share = _share(facts, flags, room)
    if share < QUOTE_LEAST:
        facts = [title + _facts(account, brief=True) for title, account in zip(titles, shown, strict=True)]
        share = _share(facts, flags, room)
    return tuple(
        f"{text}\n{quote(flag, share)}" if flag else text for text, flag in zip(facts, flags, strict=True)
    )


def _share(facts: Sequence[str], flags: Sequence[Flag | None], room: int) -> int:
    """Return the length that each quote may have."""
    quotes = sum(flag is not None for flag in flags)
    left = room - sum(map(length, facts)) - quotes * (FENCES + 1)
    return min(QUOTE_MOST, left // max(1, quotes))


def _facts(known: KnownAccount, *, brief: bool) -> str:
    account = known.account
    lines = [
        f"**{escape(known.label, LABEL_LIMIT)}** · {state_words(known)}",
        place(account) if known.label != key_of(known.reference) else None,
        say(ODD) if account.entry is EntryState.UNKNOWN else None,
        snapshot_line(known.snapshot) if known.snapshot and not brief else None,
        _since(known) if account.flag else None,
    ]
    return "\n".join(line for line in lines if line)


def _since(known: KnownAccount) -> str:
    is_past, is_soft = not known.needs_somebody, _is_soft(known)
    since = flagged_since(known.flagged_since, is_past=is_past, is_soft=is_soft)
    if is_soft or (flag := known.account.flag) is None:
        return since
    says = words_for(known.reference).says(is_past=is_past or is_paused(known.account, flag))
    said = flag.text and say("{says}:", says=says)
    return passage(since, meaning(flag, known.account), said)
