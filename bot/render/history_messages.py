"""The answer of `/mjhistory`: the figures of a period, the accounts with trouble, and what happened last."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Final, TypeAlias

import discord

from bot.domain.accounts import Accounts, EntryState, KnownAccount
from bot.domain.actions import Action
from bot.domain.history import Blank, Episode, Figures, History, ranked, together
from bot.render.account_history import sentence
from bot.render.alert_items import LABEL_LIMIT, known_account
from bot.render.message_content import Button, MessageContent
from bot.render.phrases import KINDS
from bot.render.provider_words import service_name
from bot.render.text import count, escape, fitted, span, when, whole

Event: TypeAlias = Episode | Blank | Action
EVENTS_SHOWN: Final = 10
ACCOUNTS_SHOWN: Final = 10
EVENTS_LIMIT: Final = 1_900
ACCOUNTS_LIMIT: Final = 1_500
"""Together with the figures they fit into the description of an embed."""


@dataclass(frozen=True, slots=True)
class Report:
    """A history with its figures, and the names for it."""

    history: History
    figures: Mapping[str, Figures]
    accounts: Accounts
    days: int
    account: str | None = None
    """The account that it is about; None for all."""
    links: Mapping[str, str] = field(default_factory=dict[str, str])
    """The addresses of messages about incidents, by the keys of those."""

    @property
    def title(self) -> str:
        """What it is about: "Aurora · last 30 days"."""
        about = count(len(self.figures), "{n} account[|s]")
        if self.account is not None:
            about = escape(self.known(self.account).label)
        return f"{about} · {last(self.days)}"

    def known(self, reference: str) -> KnownAccount:
        """Return an account with its names."""
        return known_account(reference, self.accounts)

    def name(self, reference: str) -> str:
        """Return the label of an account as a link to its channel, if it has one."""
        known = self.known(reference)
        label, link = escape(known.label, LABEL_LIMIT), known.account.link
        return f"**[{label}]({link})**" if link else f"**{label}**"


def last(days: int) -> str:
    """Return the words for a period up to now."""
    return "last 24 hours" if days == 1 else f"last {days} days"


def history_content(report: Report, asker: int) -> MessageContent:
    """Return the answer about one account, or about all."""
    total = together(report.figures.values())
    parts = ["\n".join(_figures(total, report))]
    if report.account is None:
        parts.append("\n".join(_accounts(report)))
    events = last_events(report.history)
    if events:
        lines = (_event(each, report) for each in events)
        parts.append(f"**What happened last**\n{fitted(lines, len(events), EVENTS_LIMIT)}")
    embed = discord.Embed(
        title=report.title,
        description="\n\n".join(filter(None, parts)),
        url=report.known(report.account).account.link if report.account else None,
        colour=discord.Colour.orange() if total.open else discord.Colour.green(),
    )
    handle = f"{report.known(report.account).account.handle}." if report.account else ""
    table = Button("history.csv", "CSV", f"{handle}{report.days}", asker=asker, emoji="📄")
    return MessageContent(embeds=(embed,), components=(table,))


def last_events(history: History) -> Sequence[Event]:
    """Return what happened last, the latest first."""
    outages = [each for each in history.blanks if each.incident]
    events: list[Event] = [*history.episodes, *outages, *history.actions]
    return sorted(events, key=_began, reverse=True)[:EVENTS_SHOWN]


def _began(event: Event) -> datetime:
    match event:
        case Episode():
            return event.start
        case Blank():
            return event.period.start
        case Action():
            return event.at


def percent(share: float | None) -> str:
    """Return a share in percent, rounded down: only what was never out is "100%"."""
    return "unknown" if share is None else f"{math.floor(share * 1_000) / 10:g}%"


def middle(lengths: Sequence[timedelta]) -> str:
    """Return the median of some lengths in words."""
    return span(timedelta(seconds=median(each.total_seconds() for each in lengths)))


def _figures(total: Figures, report: Report) -> Iterator[str]:
    yield f"**{percent(total.in_service)} of the time in service**"
    if total.lengths:
        still = f", {whole(total.open)} still open" if total.open else ""
        yield f"{count(len(total.lengths), '{n} incident[|s]')}{still}"
        longest = f", {span(max(total.lengths))} (longest)" if len(total.lengths) > 1 else ""
        yield f"Time out: {middle(total.lengths)}{longest and ' (median)'}{longest}"
        acted = len(total.responses)
        of = f" (median of {whole(acted)})" if acted > 1 else ""
        yield f"A person acted after {middle(total.responses)}{of}" if acted else "Nobody acted on it"
    else:
        yield "No incident"
    yield from _not_counted(report)


def _not_counted(report: Report) -> Iterator[str]:
    """Yield what counts neither as in service nor as out."""
    unseen = max(each.unseen for each in report.figures.values())
    if unseen >= timedelta(minutes=1):
        yield f"-# Not counted: {'' if report.account else 'up to '}{span(unseen)} that I could not see"
    disabled = sum(
        report.known(each).account.entry is EntryState.PAUSED and not own.open
        for each, own in report.figures.items()
    )
    if disabled:
        yield count(disabled, "-# {n} account[|s] [is|are] disabled now, which counts as in service")
    watched, since = report.history.watched.values(), report.history.period.start
    later = [each.start for each in watched if each.start > since]
    if later and len(later) == len(report.figures):
        yield f"-# Counted since {when(min(later), 'f')}: I knew nothing of it before"
    elif later:
        yield count(len(later), "-# {n} account[|s] [is|are] counted only since I first saw them")


def _accounts(report: Report) -> Iterator[str]:
    troubled = [each for each in ranked(report.figures) if report.figures[each].lengths]
    if not troubled:
        return
    yield "**Longest out**"
    shown = troubled[:ACCOUNTS_SHOWN]
    yield fitted((_account(each, report) for each in shown), len(shown), ACCOUNTS_LIMIT)
    more, others = len(troubled) - len(shown), len(report.figures) - len(troubled)
    rest = [f"{whole(more)} more had incidents"] if more else []
    rest += [f"{whole(others)} had none"] if others else []
    if rest:
        yield f"-# {', '.join(rest)}"


def _account(reference: str, report: Report) -> str:
    figures = report.figures[reference]
    facts = [f"{report.name(reference)} {percent(figures.in_service)}", span(figures.out)]
    if (incidents := len(figures.lengths)) > 1:  # so that most are one line on a phone
        facts.insert(1, count(incidents, "{n} incident[|s]"))
    return " · ".join([*facts, "still out"] if figures.open else facts)


def _event(event: Event, report: Report) -> str:
    """Return one thing that happened, with links."""
    named = "" if report.account else " · {}"
    match event:
        case Episode():
            lasted = "still open" if event.is_open else span(event.end - event.start)
            link = f" · [message]({report.links[event.key]})" if event.key in report.links else ""
            symbol, _, what = KINDS[event.kind].partition(" ")
            what += named.format(report.name(event.reference))
            return f"{symbol} {moment(event.start)} {what} · {lasted}{link}"
        case Blank():
            goes_on = event.incident is not None and not event.incident.ended
            symbol, what = "📡", f"{service_name(event.provider)} could not be read"
            if event.is_absence:
                symbol, what = "💤", "I was not running"
            if event.is_own:
                what = f"I did not watch {service_name(event.provider)}"
            lasted = "still so" if goes_on else span(event.period.end - event.period.start)
            return f"{symbol} {moment(event.period.start)} {what} · {lasted}"
        case Action():
            return f"-# {sentence(event, moment(event.at))}{named.format(report.name(event.reference))}"


def moment(at: datetime) -> str:
    """Return a time as short as Discord can show it with its date."""
    return f"{when(at, 'd')} {when(at, 't')}"
