"""Many accounts flagged in one poll: how many messages, when the first, and whether all are in it."""

from typing import Final

from tests.bench.figures import Candidate
from tests.bench.process import Running
from tests.bench.record import Record
from tests.bench.stage import Stage, staged
from tests.simulators.discord import Json
from tests.simulators.discord.ratelimits import Pace
from tests.simulators.useapi import MODERATION
from tests.support.reading import button, buttons, components

AS_DISCORD: Final = Pace(5, 5.0)
"""Discord's pace for the messages of a channel."""
SELECT: Final = 3
TOO_MANY: Final = 429


async def storm(record: Record, accounts: int) -> None:
    """Flag all of so many accounts at once, with Discord's rate limits in force."""
    async with (
        staged(accounts, pace=AS_DISCORD) as stage,
        stage.ready(Candidate.MIDWATCH, leaping=True, OWNER_IDS=stage_owners(stage)) as one,
    ):
        for channel in stage.channels:
            stage.api.flag(channel, MODERATION)
        before = len(stage.sent())
        poll = await stage.poll(one)
        await stage.until(one, lambda: len(stage.sent()) > before)
        first = stage.sent()[before].arrived - (poll.answered or 0.0)
        await stage.rest()
        listed = await accounts_listed(stage, one)
        messages = max(len(received) for received in stage.received().values())
    put(record, accounts, Candidate.MIDWATCH, first=first, messages=messages)
    refused = sum(each.status == TOO_MANY for each in stage.world.requests)
    record.put(f"alerts.storm.{accounts}.missing", Candidate.MIDWATCH, accounts - listed)
    record.put(f"alerts.storm.{accounts}.refused", Candidate.MIDWATCH, refused)


async def storm_of_the_script(record: Record, accounts: int) -> None:
    """The same for the script, without rate limits: by them it would take hours."""
    async with staged(accounts) as stage:
        for channel in stage.channels:
            stage.api.flag(channel, MODERATION)
        async with stage.ready(Candidate.SCRIPT) as one:
            await stage.until(one, lambda: len(stage.sent()) >= accounts)
            first = stage.sent()[0].arrived - (stage.api.requests[0].answered or 0.0)
            put(record, accounts, Candidate.SCRIPT, first=first, messages=len(stage.sent()))


def put(record: Record, accounts: int, candidate: Candidate, *, first: float, messages: int) -> None:
    """Note when the first message came, and how many an owner got."""
    record.put(f"alerts.storm.{accounts}.first", candidate, first)
    record.put(f"alerts.storm.{accounts}.messages", candidate, messages)


def stage_owners(stage: Stage) -> str:
    """Return two owners."""
    return f"{stage.world.owner.id},{stage.world.second_owner.id}"


async def accounts_listed(stage: Stage, one: Running) -> int:
    """Turn the pages of the owner's message; return how many accounts can be opened from them."""
    owner, world = stage.world.owner, stage.world
    message = stage.received()[owner.id][-1]
    found = opened(message)
    while (turn := buttons(message).get("Next")) is not None and not turn.get("disabled"):
        click = await world.click(owner, message["id"], button(message, "Next")["custom_id"])
        await stage.until(one, lambda asked=click: asked.first_answer_at)
        message = next(it for it in stage.received()[owner.id] if it["id"] == message["id"])
        found |= opened(message)
    return len(found)


def opened(message: Json) -> set[str]:
    """Return what a page's select offers to open."""
    menus = (each for each in components(message) if each["type"] == SELECT)
    return {option["value"] for menu in menus for option in menu["options"]}
