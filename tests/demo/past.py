"""The invented past of the demo's accounts, written as the bot itself would have written it."""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import repeat
from pathlib import Path
from typing import Final

from bot.domain.account_info import Info, InfoSnapshot, parse_info
from bot.domain.accounts import Account, EntryState, Flag, FlagKind, Observation, State
from bot.domain.actions import Action
from bot.domain.incidents import Ending, Incident, RemedyVerdict, ServiceProblem, new_key
from bot.domain.providers import MJPROXY, USEAPI, provider_of, reference_to
from bot.domain.usage import UsageSample
from bot.storage import Store
from tests.simulators.mjproxy import SimulatedProxyAccount, pool
from tests.simulators.useapi import CAPTCHA, MODERATION, TIMED_BLOCK, SimulatedAccount

DATABASE: Final = "midwatch.sqlite3"
MIDJOURNEY_TAKES: Final = 1.2
"""Seconds until `/info` is answered: long enough to see the bot think."""
ASKED_BEFORE: Final = timedelta(hours=3)
"""How long before the demo the bot is said to have asked for account information."""
NEVER_ASKED: Final = "fjord"
"""The account whose name the bot does not know yet."""

LENGTH: Final = timedelta(days=42)
"""How long before the start of the demo its past begins."""
DAY: Final = timedelta(days=1)
BOT: Final = "bot"
"""Stands for the bot where others are named."""
CYCLE: Final = timedelta(days=30)
"""The time between two renewals of a plan."""


@dataclass(frozen=True, slots=True)
class Past:
    """An incident of the past: of an account by its label, or of a provider, or of the bot itself."""

    label: str
    days: float
    """How many days ago it began."""
    hours: float
    """How long it lasted."""
    flag: Flag | ServiceProblem
    taken: float | None = None
    """After how many minutes a person was on it; None if nobody was."""
    ending: Ending = Ending.CLEARED


MODERATED: Final = Flag.of(MODERATION)
VERIFYING: Final = Flag.of(CAPTCHA)
BLOCKED: Final = Flag.of(TIMED_BLOCK)
PAST: Final = (
    Past("basalt", 40.6, 5.5, MODERATED, 34, Ending.RESET),
    Past("kelpie", 38.3, 1.4, Flag(pool.TOO_MANY_FAILURES, FlagKind.SESSION), 21, Ending.RESET),
    Past("aurora", 36.2, 2.1, MODERATED, 12, Ending.RESET),
    Past("dapple", 33.9, 19.0, VERIFYING, 410, Ending.RESET),
    Past("meadow", 31.5, 44.0, Flag(pool.PLAN_CANCELLED, FlagKind.PLAN), 95, Ending.RESET),
    Past("basalt", 27.4, 24.0, BLOCKED, 18),
    Past(USEAPI, 24.7, 3.4, ServiceProblem.UNREACHABLE),
    Past("cinder", 22.8, 0.6, VERIFYING),
    Past("lagoon", 21.1, 72.0, Flag(pool.BLOCKED, FlagKind.BLOCK), 44),
    Past("aurora", 19.6, 7.3, VERIFYING, 150, Ending.RESET),
    Past(BOT, 13.2, 5.2, ServiceProblem.AWAY),
    Past("basalt", 11.3, 1.1, MODERATED, 9, Ending.RESET),
    Past("nimbus", 9.4, 2.7, Flag(pool.MODERATION, FlagKind.MODERATION), 38, Ending.RESET),
    Past("ember", 7.8, 9.6, MODERATED, 260, Ending.RESET),
    Past("aurora", 5.3, 1.8, MODERATED, 26, Ending.RESET),
    Past("kelpie", 3.2, 4.1, Flag(pool.MODERATION, FlagKind.MODERATION), 52, Ending.RESET),
    Past("basalt", 1.7, 0.8, VERIFYING, 11, Ending.RESET),
)
"""No incident ends so late that what is flagged in the demo would be a repetition."""


def labelled(accounts: Iterable[SimulatedAccount | SimulatedProxyAccount]) -> dict[str, Account]:
    """Return accounts as the bot knows them, by their labels, with what they answered to `/info`."""
    known: dict[str, Account] = {}
    for each in accounts:
        if isinstance(each, SimulatedAccount):
            is_asked = each.discord_name != NEVER_ASKED
            info = InfoSnapshot(None, None, each.info_text) if is_asked else None
            known[each.discord_name] = Account(each.channel, each.max_jobs, info=info)
        else:
            text = "\n".join(f"**{label}**: {value}" for label, value in each.info.items())
            known[each.remark or each.id] = Account(
                reference_to(MJPROXY, each.id),
                entry=EntryState.OK if each.running else EntryState.PAUSED,
                title=each.remark,
                discord_channel=each.channel,
                info=InfoSnapshot(None, None, text),
            )
    return known


async def remember(
    accounts: Mapping[str, Account],
    people: Sequence[int],
    folder: Path,
    now: datetime,
    incidents: Sequence[Past] = PAST,
    length: timedelta = LENGTH,
    others: Iterable[str] = (),
) -> None:
    """Store weeks of history, and the answers to `/info` by which the bot knows names at useapi.net.

    An account with an open incident gets none. Of other providers only a good poll of now is stored.
    """
    async with Store.open(folder / DATABASE) as store:
        flagged = {each.reference for each in await store.watch.load_incidents(now) if not each.ended}
        spared = {label: each for label, each in accounts.items() if each.reference not in flagged}
        await write_past(store, spared, people, now, incidents, length)
        for provider in others:
            await store.record_observation(Observation(now, (), provider, is_complete=False))
        took = timedelta(seconds=MIDJOURNEY_TAKES)
        for label, account in spared.items():
            if account.info and provider_of(account.reference) == USEAPI:
                info = parse_info(account.info.text, label)
                await store.record_info(account.reference, InfoSnapshot(now - ASKED_BEFORE, took, info))


async def write_past(
    store: Store,
    accounts: Mapping[str, Account],
    people: Sequence[int],
    now: datetime,
    incidents: Sequence[Past],
    length: timedelta,
) -> None:
    """Write so much invented life of these accounts, by label, up to now; the people took care of them.

    The numbers of each account lead to those of its answer to `/info`.
    """
    by_provider: dict[str, list[Account]] = defaultdict(list)
    for each in accounts.values():
        by_provider[provider_of(each.reference)].append(each)
    for provider, listed in by_provider.items():
        for observation in observations(provider, listed, now, length):
            await store.record_observation(observation)
    for number, past in enumerate(incidents):
        about = accounts.get(past.label)
        if about is None and past.label not in {BOT, *by_provider}:
            continue  # of a service that this demo does not have
        told_by = past.label if past.label in by_provider else next(iter(by_provider))
        incident = incident_of(past, about, provider_of(about.reference) if about else told_by, now)
        actions = tuple(actions_of(past, incident, people[number % len(people)]))
        await store.watch.save(incidents=[incident], actions=actions)


def observations(
    provider: str, accounts: Sequence[Account], now: datetime, length: timedelta
) -> Iterator[Observation]:
    """Yield a good poll of each day, with the accounts' answers to `/info` of that day, and one of now."""
    silent = [replace(each, info=None) for each in accounts]
    told = [answers(each.info, now, length) if each.info else repeat(None) for each in accounts]
    for number, day in zip(range(length // DAY, 0, -1), zip(*told, strict=False), strict=False):
        listed = (replace(each, info=info) for each, info in zip(silent, day, strict=True))
        yield Observation(now - number * DAY, tuple(listed), provider, is_complete=False)
    yield Observation(now, tuple(silent), provider, is_complete=False)


def incident_of(past: Past, about: Account | None, provider: str, now: datetime) -> Incident:
    """Return an incident that is over."""
    start = now - past.days * DAY
    end = start + timedelta(hours=past.hours)
    incident = Incident(
        new_key(), State.ENDED, start, end, ended_at=end, ending=past.ending, provider=provider
    )
    match past.flag:
        case ServiceProblem():
            return replace(
                incident, problem=past.flag, ending=Ending.RECOVERED, blind_from=start, blind_until=end
            )
        case Flag():
            return replace(
                incident,
                reference=about.reference if about else None,
                flag=past.flag,
                worst_kind=past.flag.kind,
                clear_since=end,
                reset_at=end if past.ending is Ending.RESET else None,
            )


def actions_of(past: Past, incident: Incident, person: int) -> Iterator[Action]:
    """Yield what a person did about an incident of an account."""
    if past.taken is None or incident.reference is None:
        return
    yield Action(
        incident.opened_at + timedelta(minutes=past.taken), person, "assign", incident.reference, "done"
    )
    if incident.reset_at is not None:
        verb = "reset" if incident.provider == USEAPI else "enable"
        yield Action(incident.reset_at, person, verb, incident.reference, RemedyVerdict.BACK)


def answers(last: InfoSnapshot, now: datetime, length: timedelta) -> Sequence[InfoSnapshot]:
    """Return answers to `/info` of the days before now, the oldest first, that lead to the last one."""
    rng = random.Random(last.text)  # noqa: S311 - made-up numbers, the same for the same answer
    sample = UsageSample.of(parse_info(last.text), now)
    total, left, images = sample.fast_total or 0.0, sample.fast_left, sample.images or 0
    renewal = (sample.renews_at or now) - CYCLE
    pace = (total - (left or 0.0)) / max((now - renewal) / DAY, 1.0)
    found: list[InfoSnapshot] = []
    for number in range(1, length // DAY + 1):
        at = now - number * DAY
        if at < renewal:
            left, renewal = total * rng.uniform(0.1, 0.4), renewal - CYCLE
            pace = (total - left) / (CYCLE / DAY)
        elif left is not None:
            left = min(total, left + pace * rng.uniform(0.3, 1.7))
        images = max(0, images - rng.randrange(15, 120))
        found.append(InfoSnapshot(at, None, with_numbers(sample, left, renewal + CYCLE, images)))
    return found[::-1]


def with_numbers(sample: UsageSample, left: float | None, renews: datetime, images: int) -> Info:
    """Return an answer with the plan of a sample and other numbers."""
    until = f", renews next on <t:{int(renews.timestamp())}>" if sample.renews_at else ""
    lines = [f"**Subscription**: {sample.plan} ({sample.status or 'Active'}{until})"]
    if left is not None and sample.fast_total:
        lines.append(f"**Fast Time Remaining**: {left:.2f}/{sample.fast_total:g} hours")
    lines.append(f"**Lifetime Usage**: {images} images")
    return parse_info("\n".join(lines))
