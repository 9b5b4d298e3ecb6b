"""The phrases that lists and cards share: channel, job slots, plan, fast time and usage."""

import math
from collections.abc import Mapping
from typing import Final

from bot.domain.account_info import FastTime, InfoSnapshot, Subscription, Usage
from bot.domain.accounts import Account, KnownAccount
from bot.domain.capabilities import capabilities_of
from bot.domain.providers import key_of
from bot.render.text import code_span, count, decimal, exactly, percent, when
from bot.runtime.language import Counted, Sentence, say

BLOCKS: Final = 10
LEFT: Final[Mapping[str, tuple[Sentence, Sentence]]] = {
    "hour": ("{left} fast hour left", "{left} of {total} fast hour left"),
    "hours": ("{left} fast hours left", "{left} of {total} fast hours left"),
    "minute": ("{left} fast minute left", "{left} of {total} fast minute left"),
    "minutes": ("{left} fast minutes left", "{left} of {total} fast minutes left"),
    "": ("{left} fast {unit} left", "{left} of {total} fast {unit} left"),
}
"""What is left, of an amount that is not known or known, by the unit; the last for any other one."""
MADE: Final[Mapping[str, Counted]] = {
    "": "{n} image[|s]",
    "hour": "{n} image[|s] in {spent} hour",
    "hours": "{n} image[|s] in {spent} hours",
    "minute": "{n} image[|s] in {spent} minute",
    "minutes": "{n} image[|s] in {spent} minutes",
}
"""How much was made, by the unit of the time that it took, or without one."""
WORD_LIMIT: Final = 20


def channel_link(account: Account) -> str:
    """Return a link to the channel, or its id in code if it is no channel id."""
    link, place = account.link, account.discord_channel or key_of(account.reference)
    return f"[{place}]({link})" if link else code_span(place, 40)


def place(account: Account, separator: str = " · ") -> str:
    """Return the link to the channel and, where Midwatch can set it, the number of jobs."""
    link, has_number = channel_link(account), capabilities_of(account.reference).adds_accounts
    jobs = account.max_jobs
    slots = say("job slots not known") if jobs is None else count(jobs, "{n} job slot[|s]")
    return f"{link}{separator}{slots}" if has_number else link


def plan_name(subscription: Subscription) -> str:
    """Return the name of the plan. A trial has none: its status stands instead."""
    trial = subscription.plan.casefold() == "none" and subscription.status
    return trial or subscription.plan


def known_plan(account: KnownAccount) -> str | None:
    """Return the plan of the last `/info` answer, unescaped."""
    subscription = account.snapshot.info.subscription if account.snapshot else None
    return plan_name(subscription) if subscription else None


def snapshot_line(snapshot: InfoSnapshot) -> str | None:
    """Return plan, fast time and date of an `/info` answer in a line. None: it has neither."""
    info = snapshot.info
    parts = [code_span(plan_name(info.subscription), WORD_LIMIT)] if info.subscription else []
    parts += [fast_left(info.fast_time)] if info.fast_time else []
    taken_at = snapshot.taken_at
    age = say("as of {time}", time=when(taken_at, "f")) if taken_at else say("age unknown")
    return " · ".join([*parts, age]) if parts else None


def fast_left(fast: FastTime) -> str:
    """Return how much fast time is left: "29.57 of 30 fast hours left"."""
    sentence, unit = LEFT.get(fast.unit, LEFT[""])[fast.total is not None], code_span(fast.unit, WORD_LIMIT)
    return say(sentence, left=decimal(fast.left), total=decimal(fast.total or 0), unit=unit)


def fast_bar(fast: FastTime) -> str | None:
    """Return a bar of the fast time left, with its percentage. None: there is no total.

    A bar is empty only at nothing left and full only at everything left.
    """
    share = fast.percent if fast.percent is not None or not fast.total else fast.left / fast.total * 100
    if fast.total is None or share is None or not math.isfinite(share):
        return None
    share = min(max(share, 0.0), 100.0)
    filled = 0 if share == 0 else max(1, math.floor(share * BLOCKS / 100))
    return f"`{'█' * filled}{'░' * (BLOCKS - filled)}` {percent(round(share, 1))}"


def usage(label: Sentence, used: Usage) -> str:
    """Return how much was made: "Lifetime: 11,170 images in 120.63 hours"."""
    unit = "" if used.spent is None else used.unit or "hours"
    sentence: Counted = MADE.get(unit, "{n} image[|s] in {spent} {unit}")
    spent, unit = decimal(used.spent or 0), code_span(unit, WORD_LIMIT)
    return named(label, count(used.images, sentence, spent=spent, unit=unit))


def named(label: Sentence, value: object) -> str:
    """Return a value after its label."""
    return say("{label}: {value}", label=say(label), value=value)


def renewal(subscription: Subscription) -> str | None:
    """Return when the plan renews: a timestamp, or Midjourney's words if there is none."""
    if subscription.renews is not None:
        return say("Renews {time}", time=exactly(subscription.renews))
    if subscription.renews_text:
        return say("Renews {time}", time=code_span(subscription.renews_text, 60))
    return None
