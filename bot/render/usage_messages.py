"""The answers of `/mjusage`: how long the fast time lasts, and how many images are made a day."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import discord
from discord.utils import TimestampStyle

from bot.domain.accounts import KnownAccount
from bot.domain.capabilities import capabilities_of
from bot.domain.charts import UsageCurve
from bot.domain.usage import RecentUsage, UsageSample, images_by_day
from bot.render.chart_words import IN_WORDS, day_words
from bot.render.message_content import Button, MessageContent
from bot.render.provider_words import words_for
from bot.render.text import count, decimal, escape, passage, span, when, whole
from bot.render.usage_charts import usage_curve
from bot.runtime.language import Sentence, say

SHOWN: Final = 12
"""The number of accounts that stand side by side in words: as many as one embed holds with long names."""
NAMED: Final = 10
LABEL_LIMIT: Final = 30
TOO_FEW: Final[Sentence] = (
    "Too few answers of the last 7 days to say how long it lasts: that takes two, a day apart."
)
NOTHING: Final[Sentence] = "No answer to /info is on record, so nothing is known of the fast time."
ASK: Final[Sentence] = "/mjinfo asks for new numbers."
SET_ORDER: Final[Sentence] = "/mjinfo asks for new numbers; with INFO_EVERY in .env I ask by myself."
ORDERED: Final[Sentence] = "I ask every {every} by myself; /mjinfo asks now."
STOPPED: Final[Sentence] = "I asked by myself on {time}, which failed, and go on once /mjinfo gets an answer."
COMES: Final[Sentence] = "New numbers come with {service}'s list by themselves."
SAYS_NONE: Final[Sentence] = "{service} does not say it."
STATED: Final[Sentence] = "{statement}."
"""A statement as a sentence."""


@dataclass(frozen=True, slots=True)
class AccountUsage:
    """What is known of the use of one account."""

    account: KnownAccount
    recent: RecentUsage | None
    samples: tuple[UsageSample, ...]
    """Those of the days asked for, the oldest first."""
    days: int
    now: datetime
    every: timedelta | None = None
    """How often INFO_EVERY asks; None if it is off."""
    stopped: datetime | None = None
    """When INFO_EVERY stopped for the account; None if it did not."""

    @property
    def curve(self) -> UsageCurve | None:
        """The fast time over time; None if there are too few answers."""
        if self.recent is None:
            return None
        return usage_curve(self.account, self.recent, self.samples, days=self.days, now=self.now)


def usage_content(usage: AccountUsage, asker: int) -> MessageContent:
    """Return the answer about one account."""
    known, recent = usage.account, usage.recent
    title, text = say("{name} · fast time", name=escape(known.label)), "\n\n".join(_account_lines(usage))
    is_short = recent is not None and recent.runs_short(usage.now)
    embed = discord.Embed(title=title, url=known.account.link, description=text, colour=_colour(is_short))
    can_ask = capabilities_of(known.reference).answers_info and known.account.is_addressable
    ask = Button("info.ask", say("Info"), known.account.handle, asker=asker)
    return MessageContent(embeds=(embed,), components=(ask,) if can_ask else ())


def _account_lines(usage: AccountUsage) -> Iterator[str]:
    recent, more = usage.recent, how_to_get_more(usage)
    if usage.stopped is not None:
        yield say(STOPPED, time=when(usage.stopped, "f"))
    if recent is None:
        yield passage(say(NOTHING), more)
        return
    last = recent.last
    yield say("**{left}** as of {time}", left=left_of(last), time=when(last.taken_at, "f"))
    if last.fast_left is None:
        yield more
    elif recent.is_outdated(usage.now):
        yield passage(say(STATED, statement=outlook(recent, usage.now)), more)
    elif last.fast_left > 0 and recent.pace is None:
        renews = recent.renews(usage.now)
        renewal: Sentence = "Renews on {time}." if renews else "Renewal not known."
        renewed = say(renewal, time=renews and when(renews, "D"))
        yield f"{passage(say(TOO_FEW), more)}\n{renewed}"
    else:
        yield say(STATED, statement=outlook(recent, usage.now))
    yield _images(usage, more)
    if usage.curve is None:
        yield count(usage.days, "No picture: it takes two answers within {n} day[|s].")


def _images(usage: AccountUsage, more: str) -> str:
    """Return how many images were made a day, and on how many days that is known."""
    made = images_by_day(usage.samples)
    if not made:
        return passage(say("Images a day: not known, as that takes answers on two days in a row."), more)
    total, (best, most) = sum(number for _, number in made), max(made, key=lambda each: each[1])
    return say(
        "Images a day: {average} on average, {most} on {day} ({known})",
        average=whole(round(total / len(made))),
        most=whole(most),
        day=day_words(best, IN_WORDS),
        known=count(usage.days, "{number} of {n} day[|s] known", number=whole(len(made))),
    )


def how_to_get_more(usage: AccountUsage) -> str:
    """Return how an account gets new numbers."""
    reference = usage.account.reference
    capabilities, service = capabilities_of(reference), words_for(reference).service
    if not capabilities.answers_info:
        return say(SAYS_NONE, service=service)
    if capabilities.lists_info:
        return say(COMES, service=service)
    if usage.every is not None and usage.stopped is None:
        return say(ORDERED, every=span(usage.every))
    return say(SET_ORDER if capabilities.takes_orders and usage.every is None else ASK)


def left_of(sample: UsageSample) -> str:
    """Return how much fast time is left: "29.57 of 30 fast hours left"."""
    if sample.fast_left is None:
        return say("Fast time not known")
    left, total = decimal(sample.fast_left), sample.fast_total
    if total is None:
        return say("{left} fast hours left", left=left)
    return say("{left} of {total} fast hours left", left=left, total=decimal(total))


def outlook(recent: RecentUsage, now: datetime, style: TimestampStyle = "D") -> str:
    """Return how long the fast time lasts at the pace of the last 7 days, and when it renews."""
    pace, left, renews = recent.pace, recent.last.fast_left, recent.renews(now)
    if recent.last.renews_at is not None and recent.is_outdated(now):
        time = when(recent.last.renews_at, style)
        return say("It was due to renew on {time}, after that answer", time=time)
    renewal = say("renews on {time}", time=when(renews, style)) if renews else say("renewal not known")
    if left is not None and left <= 0:
        return say("Nothing left, {renewal}", renewal=renewal)
    if pace is None:
        return say("Pace not known, {renewal}", renewal=renewal)
    if not pace:
        unused = when(recent.since or now, style)
        return say("Not used since {time}, {renewal}", time=unused, renewal=renewal)
    sentence: Sentence = "At this pace ({number} h a day) it lasts for years, {renewal}"
    if recent.empties is not None:
        sentence = (
            "At this pace ({number} h a day) empty on {time}, {renewal}"
            if recent.empties > now
            else "At this pace ({number} h a day) empty since {time}, {renewal}"
        )
    empties = recent.empties and when(recent.empties, style)
    return say(sentence, number=decimal(pace), time=empties, renewal=renewal)


def fleet_content(
    accounts: Sequence[KnownAccount], known: Sequence[tuple[KnownAccount, RecentUsage]], now: datetime
) -> MessageContent:
    """Return the answer about all accounts; `known` are those whose fast time is known, as ranked."""
    parts = [_lines(known, now)] if known else [passage(say(NOTHING), say(ASK))]
    named = {account.reference for account, _ in known}
    without = [escape(each.label, LABEL_LIMIT) for each in accounts if each.reference not in named]
    if known and without:
        names, more = say(", ").join(without[:NAMED]), len(without) - NAMED
        unknown = (
            count(more, "Not known: {names}, {n} more.", names=names)
            if more > 0
            else say("Not known: {names}.", names=names)
        )
        parts.append(passage(unknown, say(ASK)))
    short = sum(recent.runs_short(now) for _, recent in known)
    if short:
        statement = count(short, "⚠️ {n} account[|s] [is|are] out of fast time, or will be before it renews.")
        parts.insert(0, statement)
    title = count(len(accounts), "Fast time of {n} account[|s]")
    embed = discord.Embed(title=title, description="\n\n".join(parts), colour=_colour(bool(short)))
    return MessageContent(embeds=(embed,))


def ranked(
    accounts: Iterable[KnownAccount], found: Mapping[str, RecentUsage]
) -> list[tuple[KnownAccount, RecentUsage]]:
    """Return the accounts whose fast time is known, least left first."""
    all_of_them = ((each, latest(each, found.get(each.reference))) for each in accounts)
    known = [(each, recent) for each, recent in all_of_them if recent and recent.last.fast_left is not None]
    return sorted(known, key=lambda each: (each[1].last.fast_left or 0.0, each[0].label.casefold()))


def latest(account: KnownAccount, recent: RecentUsage | None) -> RecentUsage | None:
    """Return the recent usage with the last answer that is known, which may be newer than those on record."""
    snapshot = account.snapshot
    if snapshot is None or snapshot.taken_at is None:
        return recent
    sample = UsageSample.of(snapshot.info, snapshot.taken_at)
    return recent.with_newer(sample) if recent else RecentUsage(account.reference, sample)


def _lines(known: Sequence[tuple[KnownAccount, RecentUsage]], now: datetime) -> str:
    lines = [_fleet_line(account, recent, now) for account, recent in known[:SHOWN]]
    more = len(known) - SHOWN
    return "\n".join([*lines, count(more, "and {n} more account[|s]")] if more > 0 else lines)


def _fleet_line(account: KnownAccount, recent: RecentUsage, now: datetime) -> str:
    label, link = escape(account.label, LABEL_LIMIT), account.account.link
    name = f"[{label}]({link})" if link else label
    mark = "⚠️ " if recent.runs_short(now) else ""
    return f"{mark}**{name}** {left_of(recent.last)}\n{outlook(recent, now, 'd')}"


def _colour(is_short: bool) -> discord.Colour:  # noqa: FBT001 - the only fact that it depends on
    return discord.Colour.orange() if is_short else discord.Colour.green()
