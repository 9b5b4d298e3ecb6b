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
from bot.render.phrases import KINDS, symbol
from bot.render.provider_words import service_name
from bot.render.text import count, escape, fitted, percent, span, when, whole
from bot.runtime.language import Sentence, say

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
    return say("last 24 hours") if days == 1 else count(days, "last {n} day[|s]")


def history_content(report: Report, asker: int) -> MessageContent:
    """Return the answer about one account, or about all."""
    total = together(report.figures.values())
    parts = ["\n".join(_figures(total, report))]
    if report.account is None:
        parts.append("\n".join(_accounts(report)))
    events = last_events(report.history)
    if events:
        lines = (_event(each, report) for each in events)
        parts.append(f"{say('**What happened last**')}\n{fitted(lines, len(events), EVENTS_LIMIT)}")
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


def rounded_down(share: float | None) -> str:
    """Return a share in percent: only what was never out is "100%"."""
    return say("unknown") if share is None else percent(math.floor(share * 1_000) / 10)


def middle(lengths: Sequence[timedelta]) -> str:
    """Return the median of some lengths in words."""
    return span(timedelta(seconds=median(each.total_seconds() for each in lengths)))


def _figures(total: Figures, report: Report) -> Iterator[str]:
    yield say("**{percent} of the time in service**", percent=rounded_down(total.in_service))
    if incidents := len(total.lengths):
        yield count(
            incidents,
            "{n} incident[|s], {open} still open" if total.open else "{n} incident[|s]",
            open=whole(total.open),
        )
        out: Sentence = "Time out: {lasted} (median), {longest} (longest)"
        if incidents == 1:
            out = "Time out: {lasted}"
        yield say(out, lasted=middle(total.lengths), longest=span(max(total.lengths)))
        yield _response(total.responses)
    else:
        yield say("No incident")
    yield from _not_counted(report)


def _response(responses: Sequence[timedelta]) -> str:
    """Return how long it took until a person acted."""
    if not responses:
        return say("Nobody acted on it")
    after: Sentence = "A person acted after {lasted} (median of {number})"
    if len(responses) == 1:
        after = "A person acted after {lasted}"
    return say(after, lasted=middle(responses), number=whole(len(responses)))


def _not_counted(report: Report) -> Iterator[str]:
    """Yield what counts neither as in service nor as out."""
    unseen = max(each.unseen for each in report.figures.values())
    if unseen >= timedelta(minutes=1):
        yield say(
            "-# Not counted: {lasted} that I could not see"
            if report.account
            else "-# Not counted: up to {lasted} that I could not see",
            lasted=span(unseen),
        )
    disabled = sum(
        report.known(each).account.entry is EntryState.PAUSED and not own.open
        for each, own in report.figures.items()
    )
    if disabled:
        yield count(disabled, "-# {n} account[|s] [is|are] disabled now, which counts as in service")
    watched, since = report.history.watched.values(), report.history.period.start
    later = [each.start for each in watched if each.start > since]
    if later and len(later) == len(report.figures):
        yield say("-# Counted since {time}: I knew nothing of it before", time=when(min(later), "f"))
    elif later:
        yield count(len(later), "-# {n} account[|s] [is|are] counted only since I first saw them")


def _accounts(report: Report) -> Iterator[str]:
    troubled = [each for each in ranked(report.figures) if report.figures[each].lengths]
    if not troubled:
        return
    yield say("**Longest out**")
    shown = troubled[:ACCOUNTS_SHOWN]
    yield fitted((_account(each, report) for each in shown), len(shown), ACCOUNTS_LIMIT)
    more, others = len(troubled) - len(shown), len(report.figures) - len(troubled)
    statement = count(more, "-# {n} more had incidents") if more else ""
    if others:
        statement = count(
            others, "{statement}, {n} had none" if more else "-# {n} had none", statement=statement
        )
    if statement:
        yield statement


def _account(reference: str, report: Report) -> str:
    figures = report.figures[reference]
    facts = [f"{report.name(reference)} {rounded_down(figures.in_service)}", span(figures.out)]
    if (incidents := len(figures.lengths)) > 1:  # so that most are one line on a phone
        facts.insert(1, count(incidents, "{n} incident[|s]"))
    return " · ".join([*facts, say("still out")] if figures.open else facts)


def _event(event: Event, report: Report) -> str:
    """Return one thing that happened, with links."""
    match event:
        case Episode():
            lasted = say("still open") if event.is_open else span(event.end - event.start)
            link = f" · [{say('message')}]({report.links[event.key]})" if event.key in report.links else ""
            mark = symbol(event.kind)
            what = say(KINDS[event.kind]).removeprefix(mark).strip()
            named = _named(event.reference, report)
            return f"{mark} {moment(event.start)} {what}{named} · {lasted}{link}"
        case Blank():
            goes_on = event.incident is not None and not event.incident.ended
            happened: Sentence = "📡 {time} {service} could not be read · {lasted}"
            if event.is_own:
                happened = "💤 {time} I did not watch {service} · {lasted}"
            elif event.is_absence:
                happened = "💤 {time} I was not running · {lasted}"
            return say(
                happened,
                time=moment(event.period.start),
                service=service_name(event.provider),
                lasted=say("still so") if goes_on else span(event.period.end - event.period.start),
            )
        case Action():
            return f"-# {sentence(event, moment(event.at))}{_named(event.reference, report)}"


def _named(reference: str, report: Report) -> str:
    """Return the name of an account behind what happened to it, unless all is about that one."""
    return "" if report.account else f" · {report.name(reference)}"


def moment(at: datetime) -> str:
    """Return a time as short as Discord can show it with its date."""
    return f"{when(at, 'd')} {when(at, 't')}"
