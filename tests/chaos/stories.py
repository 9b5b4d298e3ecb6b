"""The stories of a chaos run: a quiet one that passes every step, a reset, and random ones."""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

from bot.domain.accounts import Account
from bot.domain.incidents import NEWS, State
from bot.domain.messages import Delivery, Purpose
from bot.domain.providers import MJPROXY, USEAPI
from bot.rules.policy import LONGEST_BACKOFF, PUSH_EVERY
from tests.chaos.chaos_run import ChaosRun, PlannedEnd, chaos_run
from tests.chaos.findings import Findings, judge
from tests.chaos.hurry import SPEED
from tests.simulators.discord import CannotDo, FaultKind, Interaction, Json
from tests.simulators.useapi import BLOCK, CAPTCHA, MODERATION, Fault
from tests.support.failpoints import FailPoint
from tests.support.reading import buttons

LATER: Final = PUSH_EVERY + timedelta(minutes=1)
PROVIDERS: Final = (USEAPI, MJPROXY)
SETTLES_WITHIN: Final = 6.0
STARTS_TO_SETTLE: Final = 6
UNWRITABLE: Final = 0.2
"""How many of the lives end with a database that cannot be written."""
NAMED_BY_DISCORD: Final = 0.3
"""How many of the rounds begin without an owner in the settings."""
CLOCK_SET: Final = 0.2
"""How many of the lives have the clock of their machine set."""
CLOCK_STEPS: Final = tuple(timedelta(hours=hours) for hours in (1, -1, -24))
"""Not a day ahead: a list that lost accounts would count then as it was the same for so long."""
HEARD_OUT: Final = 0.5
"""How many of the rounds go on until there was an alert about all that is still wrong."""
RESET_BUTTON: Final = "watch.reset"
CONFIRM_BUTTON: Final = "watch.confirm"
SENDS: Final = "/channels/*/messages"
EDITS: Final = "/channels/*/messages/*"
OPENS: Final = "/users/@me/channels"
OWNER: Final = "/oauth2/applications/@me"
"""Who owns the bot; the login asks for it, too."""
NEVER_ANSWERS: Final = 60 / SPEED + 1
"""Seconds, of the wall's clock: longer than the bot waits for an answer of Discord."""

AWAY: Final = tuple(timedelta(seconds=seconds) for seconds in (5, 20, 150, 400))
LONG_AWAY: Final = (timedelta(minutes=20), timedelta(hours=2))
API_FAULTS: Final = (
    Fault.RESET,
    Fault.HANG,
    Fault.LOST_ANSWER,
    Fault.CUT_OFF,
    Fault.HALF_JSON,
    Fault.PARTIAL_LIST,
    Fault.HTML_503,
    Fault.RATE_LIMITED_RETRY_AFTER,
    Fault.SERVER_ERROR,
    Fault.CHALLENGE,
    Fault.EDGE_LIMIT,
    Fault.UNAUTHORIZED,
)


async def bring_to_rest(run: ChaosRun) -> Findings:
    """End all faults and flags, and return the findings."""
    run.accounts.mend()
    run.world.mend()
    run.disk.mend()
    await run.until(run.has_noticed)
    for channel in run.accounts:
        run.accounts.clear(channel)
    for _ in range(STARTS_TO_SETTLE):
        with suppress(AssertionError):
            await run.until(run.is_settled, SETTLES_WITHIN)
            await run.stop()
            # The stop may have come between a poll and the telling of what that found, such as the bot's
            # own absence: the next life sends that.
            if run.is_settled():
                return judge(run)
        await run.skip(LONGEST_BACKOFF)
    raise AssertionError(f"it does not come to rest\n{run.state()}\n{run.log_tail()}")


# The quiet story


async def from_flag_to_green(run: ChaosRun) -> Findings:
    """Let an account of each provider be flagged, the second long after the first.

    So the message about the second replaces that about the first.
    """
    first, second = map(run.accounts.add, PROVIDERS)
    run.flag(first, CAPTCHA)
    await run.until(lambda: run.has_sent(first))
    await run.skip(LATER)
    run.flag(second)
    await run.until(lambda: run.has_sent(second) and _is_replaced(run))
    return await bring_to_rest(run)


def _is_replaced(run: ChaosRun) -> bool:
    """Whether every owner has one message about accounts that goes on."""
    standing = (
        row.delivery is Delivery.SENT and row.purpose is Purpose.ALERT for row in run.records.messages()
    )
    return sum(standing) == len(run.owners)


async def wait_for_news(run: ChaosRun) -> list[str]:
    """Let nothing change until each owner had a push about all that goes on; say what none came for."""
    run.accounts.mend()
    run.world.mend()
    run.disk.mend()
    await run.until(run.has_noticed)
    for _ in range(STARTS_TO_SETTLE):
        with suppress(AssertionError):
            await run.until(lambda: not _unheard(run), SETTLES_WITHIN)
            return []
        await run.skip(LATER)
    return _unheard(run)


def _unheard(run: ChaosRun) -> list[str]:
    """Name the open incidents that no push was about. Recurring ones get reminders only.

    One that gets worse while its push waits is in it as worse.
    """
    told = {
        (row.recipient, key)
        for row in (each.row for each in run.creations)
        if row is not None and row.notify
        for key, reason in row.entries
        if reason in NEWS
    }
    return [
        f"{owner.name} was not woken for {incident}"
        for incident in run.records.incidents()
        if incident.state is State.OPEN and incident.channel is not None and not incident.recurring
        if run.accounts.is_flagged(incident.channel)
        for owner in run.owners
        if (owner.id, incident.key) not in told
    ]


# A reset


async def reset(run: ChaosRun, channel: str) -> None:
    """Let the owner confirm a reset, and wait until the API was asked or the bot is dead."""
    before = len(run.records.remedies(channel))
    alert = await run.world.wait_for(lambda: _last_with(run, RESET_BUTTON))
    assert alert is not None
    pressed = await _press(run, alert, RESET_BUTTON)
    await _press(run, await pressed.answer(), CONFIRM_BUTTON)
    await run.world.wait_for(lambda: not run.alive or len(run.records.remedies(channel)) > before + 1, 20.0)


def _last_with(run: ChaosRun, verb: str) -> Json | None:
    """Return the owner's last message that has a button; None if none has it now."""
    return next((each for each in reversed(run.sees(run.world.owner)) if _custom_id(each, verb)), None)


async def _press(run: ChaosRun, message: Json, verb: str) -> Interaction:
    if (found := _custom_id(message, verb)) is None:
        raise CannotDo(f"there is no {verb} to press")
    return await run.world.click(run.world.owner, message["id"], found)


def _custom_id(message: Json, verb: str) -> str | None:
    custom_ids = (each.get("custom_id", "") for each in buttons(message).values())
    return next((custom_id for custom_id in custom_ids if verb in custom_id), None)


# Rounds at random


async def at_random(folder: Path, seed: int) -> tuple[Findings, int]:
    """Kill a few lives at random, with random faults, and return the findings and the number of kills."""
    rng = random.Random(seed)  # noqa: S311 - made-up faults, the same for a seed
    async with chaos_run(folder) as run:
        run.names_owners = rng.random() >= NAMED_BY_DISCORD
        for _ in range(rng.randint(3, 5)):
            run.accounts.add(rng.choice(PROVIDERS))
        for _ in range(rng.randint(3, 6)):
            _set_faults(run, rng)
            run.planned_ends.append(_planned_end(rng))
            await _live(run, rng)
        run.planned_ends.clear()
        unheard = await wait_for_news(run) if rng.random() < HEARD_OUT else []
        found = await bring_to_rest(run)
        found.lost.extend(unheard)
        return found, run.kills


def _planned_end(rng: random.Random) -> PlannedEnd:
    away = rng.choice(LONG_AWAY if rng.random() < 0.15 else AWAY)
    after = rng.uniform(0.1, 2.0)
    if rng.random() < 0.4:
        return PlannedEnd(after=after, away=away)
    return PlannedEnd(rng.choice(list(FailPoint)), rng.randint(1, 3), after=2.0, away=away)


def _set_faults(run: ChaosRun, rng: random.Random) -> None:
    """Let some requests of the next life fail."""
    run.world.mend()
    run.accounts.mend()
    for _ in range(rng.randint(0, 2)):
        run.accounts.fault_lists(rng.choice(PROVIDERS), rng.choice(API_FAULTS), rng.randint(1, 3))
    if rng.random() < 0.3:
        fault = rng.choice((Fault.LOST_ANSWER, Fault.RESET))
        run.accounts.fault_remedies(rng.choice(PROVIDERS), fault)
    for _ in range(rng.randint(0, 3)):
        rng.choice(DISCORD_FAULTS)(run, rng)


def _refused(run: ChaosRun, rng: random.Random) -> None:
    status = rng.choice((500, 502, 503))
    path = rng.choice((SENDS, SENDS, EDITS, OPENS))
    run.world.fault(FaultKind.ERROR, status=status, path=path, times=rng.randint(1, 3))


def _turned_away(run: ChaosRun, rng: random.Random) -> None:
    """Let Discord's edge refuse correct requests (403 with code 40333)."""
    path = rng.choice((SENDS, EDITS, OPENS))
    run.world.fault(FaultKind.ERROR, status=403, code=40333, path=path, times=rng.randint(1, 3))


def _stuck(run: ChaosRun, rng: random.Random) -> None:
    """Let a message refuse every edit in the next life, as in an archived thread."""
    owner = rng.choice(run.owners)
    for message in run.sees(owner)[-1:]:
        path = f"/channels/{run.world.dm_channel_id(owner)}/messages/{message['id']}"
        run.world.fault(FaultKind.ERROR, status=400, code=50083, path=path)


def _edge_limited(run: ChaosRun, rng: random.Random) -> None:
    path = rng.choice((SENDS, EDITS, OPENS))
    run.world.fault(FaultKind.EDGE_LIMITED, path=path, seconds=rng.randint(1, 60), times=rng.randint(1, 3))


def _limited(run: ChaosRun, rng: random.Random) -> None:
    run.world.fault(FaultKind.RATE_LIMITED, path=SENDS, seconds=rng.randint(1, 5), times=rng.randint(1, 2))


def _broken(run: ChaosRun, rng: random.Random) -> None:
    kind = rng.choice((FaultKind.RESET, FaultKind.RESET_AFTER, FaultKind.RESET_AFTER))
    run.world.fault(kind, path=rng.choice((SENDS, SENDS, EDITS)), times=rng.randint(1, 2))


def _late(run: ChaosRun, rng: random.Random) -> None:
    seconds = rng.choice((0.3, NEVER_ANSWERS))
    run.world.fault(FaultKind.SLOW_AFTER, method="POST", path=SENDS, seconds=seconds, times=1)


def _nameless(run: ChaosRun, rng: random.Random) -> None:
    """Let Discord withhold the bot's owners."""
    run.world.fault(FaultKind.ERROR, status=503, path=OWNER, times=rng.randint(1, 3))


DISCORD_FAULTS: Final[tuple[Callable[[ChaosRun, random.Random], None], ...]] = (
    _refused,
    _turned_away,
    _edge_limited,
    _stuck,
    _limited,
    _broken,
    _late,
    _nameless,
)


async def _live(run: ChaosRun, rng: random.Random) -> None:
    """Change the accounts during one life."""
    if rng.random() < 0.5:
        await _happen(run, rng)
    run.begin()
    refuses = rng.random() < UNWRITABLE
    is_set = rng.random() < CLOCK_SET
    while run.alive:
        if is_set and rng.random() < 0.5:
            is_set = False
            run.set_clock(rng.choice(CLOCK_STEPS))
        if refuses and run.world.connected:
            refuses = not run.disk.refuse()
        await _happen(run, rng)
        with suppress(AssertionError):
            await run.world.wait_for(lambda: not run.alive, rng.uniform(0.05, 0.4))
    await run.die()


async def _happen(run: ChaosRun, rng: random.Random) -> None:
    """Flag one account, clear it, make its flag heavier, let an owner reset it, or do nothing."""
    channel = rng.choice(list(run.accounts))
    is_flagged = run.accounts.is_flagged(channel)
    going_on = any(each.channel == channel and not each.ended for each in run.records.incidents())
    match rng.random():
        case luck if luck < 0.45 and not going_on and not is_flagged:
            if _may_flag(run, channel):
                run.flag(channel, rng.choice((MODERATION, CAPTCHA)))
        case luck if luck < 0.2 and going_on:
            run.accounts.clear(channel)
        case luck if luck < 0.3 and going_on and is_flagged:
            run.accounts.flag(channel, BLOCK)
        case luck if luck > 0.7 and going_on and run.alive:
            await _try_reset(run, channel)
        case _:
            pass


def _may_flag(run: ChaosRun, channel: str) -> bool:
    """Whether a flag now is an incident of its own: seen and over, at most two, and none that a reset ended.

    The third within six hours is only in reminders. A flag after a reset reopens its incident.
    """
    known = [each.channel for each in run.records.incidents()].count(channel)
    return known == run.flagged.count(channel) < 2 and not run.records.remedies(channel)


async def _try_reset(run: ChaosRun, channel: str) -> None:
    """Let an owner request and confirm a reset, if the bot answers in time."""
    with suppress(AssertionError, CannotDo, KeyError):
        asked = await run.world.slash(run.world.owner, "mjreset", {"account": Account(channel).handle})
        await _press(run, await asked.answer(1.0), CONFIRM_BUTTON)
