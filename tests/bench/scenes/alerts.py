"""The times from a flag to its alert, from many flags to theirs, and from a reset to its result."""

import asyncio
from collections.abc import Sequence
from typing import Final

from tests.bench.figures import Candidate, percentile
from tests.bench.process import Running
from tests.bench.record import Record
from tests.bench.scenes.storms import storm, storm_of_the_script
from tests.bench.stage import Stage, staged
from tests.simulators.discord import Interaction, Json, RestRequest
from tests.simulators.useapi import MODERATION, Endpoint
from tests.support.reading import button, buttons, text

MILLI: Final = 1000.0
FLAP: Final = 400.0
"""Longer than an account must stay clear, and than pushes are held back for each other."""
SETTLE: Final = 0.01
"""Seconds until what a poll set off has been done."""
WARM_UP: Final = 2
SCRIPT_ACCOUNTS: Final = 3
FLAGGED: Final = 596
RESET: Final = "I acknowledged it - reset"


async def play(record: Record) -> None:
    """Play one round."""
    await from_flag_to_message(record)
    await from_flag_to_message_of_the_script(record)
    await from_reset_to_verdict(record)
    for accounts in record.size.storms:
        await storm(record, accounts)
        await storm_of_the_script(record, accounts)


async def from_flag_to_message(record: Record) -> None:
    """Flag one account after the other, each when the incident of the one before has ended."""
    flags = WARM_UP + record.size.flags
    async with staged(flags) as stage, stage.ready(Candidate.MIDWATCH, leaping=True) as one:
        samples: list[float] = []
        for channel in stage.channels:
            stage.api.flag(channel, MODERATION)
            samples.append(await time_to_alert(stage, one))
            await recover(stage, one, channel)
    put(record, "alerts.sent", Candidate.MIDWATCH, samples[WARM_UP:])


async def time_to_alert(stage: Stage, one: Running) -> float:
    """Let the bot poll. Return the milliseconds from the list's answer to the message."""
    before = len(stage.sent())
    poll = await stage.poll(one)
    await stage.until(one, lambda: len(stage.sent()) > before)
    return (stage.sent()[before].arrived - (poll.answered or 0.0)) * MILLI


async def recover(stage: Stage, one: Running, channel: str) -> None:
    """Clear an account, and wait until its incident has ended."""
    stage.api.clear(channel)
    await asyncio.sleep(SETTLE)
    for seconds in (66.0, FLAP, FLAP):
        await stage.poll(one, seconds)
        await asyncio.sleep(SETTLE)


async def from_flag_to_message_of_the_script(record: Record) -> None:
    """Flag an account again and again. The script polls that account alone."""
    async with (
        staged(SCRIPT_ACCOUNTS) as stage,
        stage.ready(Candidate.SCRIPT, BENCH_SCRIPT_INTERVAL="0.05") as one,
    ):
        channel = stage.channels[1]
        samples = [await time_by_script(stage, one, channel) for _ in range(WARM_UP + record.size.flags)]
    put(record, "alerts.sent", Candidate.SCRIPT, samples[WARM_UP:])


async def time_by_script(stage: Stage, one: Running, channel: str) -> float:
    """Flag, wait for the message, clear, and wait until the script has seen that."""
    before, begun = len(stage.sent()), len(stage.api.requests)
    stage.api.flag(channel, MODERATION)
    sent: RestRequest = await stage.until(one, lambda: next(iter(stage.sent()[before:]), None))
    about = (each for each in stage.api.requests[begun:] if each.channel == channel)
    asked = next(each for each in about if each.status == FLAGGED)
    stage.api.clear(channel)
    cleared = len(stage.api.requests)
    await stage.until(
        one, lambda: any(it.channel == channel and it.status == 200 for it in stage.api.requests[cleared:])
    )
    return (sent.arrived - (asked.answered or 0.0)) * MILLI


async def from_reset_to_verdict(record: Record) -> None:
    """Have an owner press the button of each alert, and confirm."""
    samples: list[float] = []
    accounts = WARM_UP + record.size.resets
    async with staged(accounts) as stage, stage.ready(Candidate.MIDWATCH, leaping=True) as one:
        for channel in stage.channels:
            stage.api.flag(channel, MODERATION)
            await time_to_alert(stage, one)
            await stage.rest(0.05)
            samples.append(await reset(stage, one))
            await recover(stage, one, channel)
    put(record, "alerts.reset", Candidate.MIDWATCH, samples[WARM_UP:])


async def reset(stage: Stage, one: Running) -> float:
    """Press and confirm. Return the milliseconds from that to the verdict, without the API's own."""
    owner, world = stage.world.owner, stage.world
    alert = await stage.until(one, lambda: alert_in(world.messages(world.dm_channel_id(owner), owner)))
    asked = await world.click(owner, alert["id"], button(alert, RESET)["custom_id"])
    question = await asked.answer()
    begun = len(stage.api.requests)
    confirm = next(iter(buttons(question).values()))["custom_id"]
    confirmed = await world.click(owner, question["id"], confirm)
    judged = await stage.until(one, lambda: verdict_at(stage, confirmed))
    assert any(each.endpoint is Endpoint.RESET for each in stage.api.requests[begun:])
    return (judged - (confirmed.delivered_at or 0.0) - stage.upstream_seconds(begun, judged)) * MILLI


def alert_in(messages: Sequence[Json]) -> Json | None:
    """Return the newest alert; the hello to an owner may have come after it."""
    return next((each for each in reversed(messages) if RESET in buttons(each)), None)


def verdict_at(stage: Stage, confirmed: Interaction) -> float | None:
    """Return when the answer began to say that the account is back."""
    shown = confirmed.message
    if shown is None or "back in rotation" not in text(shown):
        return None
    return next(it.arrived for it in reversed(stage.world.requests) if confirmed.token in it.path)


def put(record: Record, figure: str, candidate: Candidate, samples: list[float]) -> None:
    """Note the percentiles of one round."""
    record.put(f"{figure}.p50", candidate, percentile(samples, 50))
    record.put(f"{figure}.p99", candidate, percentile(samples, 99))
