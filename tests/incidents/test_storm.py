"""Hundreds of flags in one poll: while the bot works on them, others see all of them or none."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.domain.incidents import new_key
from bot.rules.recipient import incident_keys
from bot.runtime.aside import MANY
from tests.simulators.useapi import MODERATION, SimulatedUseapi
from tests.support.assembly import Assembly
from tests.support.clock import AT, HOUR, MINUTE, Clock
from tests.support.samples import ADA, CHANNEL, FLAG

ALL = MANY + 50
PATIENCE = 5.0


class Halt:
    """Halts the thread that gets to it, once it is armed, until the test goes on."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._goes_on = threading.Event()
        self.is_armed = False
        self.reached = asyncio.Event()

    def before(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return some work with the halt in front of it."""

        def halted(*arguments: object) -> Any:
            if self.is_armed:
                self.is_armed = False
                self._loop.call_soon_threadsafe(self.reached.set)
                assert self._goes_on.wait(PATIENCE), "the event loop stands still, too"
            return work(*arguments)

        return halted

    def go_on(self) -> None:
        self._goes_on.set()


def seen(watch: Assembly) -> tuple[int, int, int]:
    """Count the accounts that are flagged: of the state, in lists, and in messages."""
    shown = watch.pollers.cache.accounts
    told = incident_keys(watch.watch_state.messages.values())
    flagged = sum(each.account.flag is not None for each in shown)
    return len(watch.watch_state.open_incidents), flagged, len(told)


@pytest.mark.parametrize("place", ["the rules", "the next state"])
async def test_an_event_amid_a_storm_sees_the_state_before_or_after_it(
    api: SimulatedUseapi, database: Path, clock: Clock, place: str
) -> None:
    halt = Halt()
    async with Assembly(database, clock, api=api) as watch:
        api.add(channel=CHANNEL)
        for _ in range(ALL - 1):
            api.add()
        api.flag(CHANNEL, MODERATION)
        await watch.poller.poll()
        assert seen(watch) == (1, 1, 1)
        if place == "the rules":
            object.__setattr__(watch.planner, "new_key", halt.before(new_key))
        else:
            watch.watch_state.prepare = halt.before(watch.watch_state.prepare)
        halt.is_armed = True
        for channel in api.accounts:
            api.flag(channel, MODERATION)
        clock.advance(MINUTE)
        poll = asyncio.create_task(watch.poller.poll())
        await halt.reached.wait()
        key = watch.watch_state.open_incidents[CHANNEL].key
        press = asyncio.create_task(watch.incident_service.snooze([key], ADA, HOUR))
        other = asyncio.create_task(watch.poller.poll())
        for _ in range(50):
            await asyncio.sleep(0)
        assert seen(watch) == (1, 1, 1)
        assert not press.done()
        assert not other.done()

        halt.go_on()
        sights = {seen(watch)}
        while not poll.done() or not press.done():
            await asyncio.sleep(0)
            sights.add(seen(watch))
        await other

        assert sights == {(1, 1, 1), (ALL, ALL, ALL)}
        (snoozed,) = await press
        assert (snoozed.flag, snoozed.snoozed_until) == (FLAG, AT + MINUTE + HOUR)
        assert watch.incident() == snoozed
