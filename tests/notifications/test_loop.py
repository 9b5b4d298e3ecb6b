"""The loop of the outbox: what wakes it, what cannot end it, and what does."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import aiohttp
import discord
import pytest

from bot.domain.errors import ErrorCode
from bot.domain.messages import Delivery, Purpose, Route
from bot.incidents.state import WatchState
from bot.incidents.transaction import Transaction
from bot.notifications.transport import (
    DeliveryError,
    FailureKind,
    MessageRef,
    MessageTransport,
)
from bot.render.message_content import MessageContent
from bot.runtime.supervisor import end
from bot.storage import StoreError
from tests.notifications.outbox_driver import PATIENCE, OutboxDriver
from tests.simulators.discord import FaultKind, SimulatedDiscord
from tests.support.failpoints import FailPoint
from tests.support.running import Visitor

ERRORS: list[BaseException] = [
    DeliveryError(FailureKind.WAIT, "503"),
    discord.DiscordException(),
    aiohttp.ServerDisconnectedError(),
    ConnectionResetError(),
    TimeoutError(),
    StoreError(ErrorCode.DATABASE_LOCKED),
    KeyError("id"),
    ValueError("no JSON"),
    RuntimeError("Session is closed"),
    asyncio.CancelledError(),
]

ELSEWHERE = (FailPoint.LEFT, FailPoint.LEASED, FailPoint.RESET, FailPoint.JUDGED)
"""The steps of a message that cannot be changed any more, and of a reset."""
OWN_ERRORS = [error for error in ERRORS if isinstance(error, KeyError | StoreError | asyncio.CancelledError)]


@asynccontextmanager
async def running(driver: OutboxDriver) -> AsyncGenerator[None]:
    """Let the outbox run by itself until the block ends."""
    task = asyncio.create_task(driver.outbox.run(asyncio.Event()))
    try:
        yield
    finally:
        await asyncio.wait_for(end(task), PATIENCE)


# What wakes it


async def test_a_change_of_the_watch_state_wakes_it(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process(), running(driver):
        await driver.until_resting()
        await driver.alert(ada.person.id)
        await world.wait_for(lambda: ada.sees(ada.dm))


async def test_the_time_of_a_message_wakes_it(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        await driver.put_due_in(ada.person.id, timedelta(minutes=4))
        async with running(driver):
            await driver.until_resting()
            assert ada.sees(ada.dm) == []
            driver.pass_time(timedelta(minutes=4))
            await world.wait_for(lambda: ada.sees(ada.dm))


async def test_it_waits_for_the_login(driver: OutboxDriver, ada: Visitor) -> None:
    late = Breaking(driver.transport, ready=False)
    driver.transport = late
    async with driver.process():
        alert = await driver.alert(ada.person.id)
        async with running(driver):
            await driver.until_resting()
            assert driver.message(alert.key).delivery is Delivery.WAITING
            late.ready = True
            await driver.live_until(lambda: ada.sees(ada.dm))


async def test_with_nothing_to_do_it_rests_a_minute(driver: OutboxDriver) -> None:
    async with driver.process():
        assert await driver.work() == timedelta(minutes=1)


# What cannot end it


@dataclass
class Breaking:
    """A transport that fails once, at the given request with the given error."""

    post: MessageTransport
    ready: bool = True
    error: BaseException | None = None
    request: str = ""
    asked: list[str] = field(default_factory=list[str])

    def _ask(self, request: str) -> None:
        self.asked.append(request)
        if self.error is not None and request == self.request:
            error, self.error = self.error, None
            raise error

    def has(self, route: Route) -> bool:
        return self.post.has(route)

    async def open(self, recipient: int, route: Route) -> int:
        self._ask("open")
        return await self.post.open(recipient, route)

    async def send(self, channel_id: int, content: MessageContent, *, nonce: str, silent: bool) -> MessageRef:
        self._ask("send")
        place = await self.post.send(channel_id, content, nonce=nonce, silent=silent)
        self._ask("answer")
        return place

    async def edit(self, place: MessageRef, content: MessageContent) -> None:
        self._ask("edit")
        await self.post.edit(place, content)

    async def delete(self, place: MessageRef) -> None:
        self._ask("delete")
        await self.post.delete(place)

    async def find(self, channel_id: int, key: str, since: datetime) -> MessageRef | None:
        self._ask("find")
        return await self.post.find(channel_id, key, since)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("request_name", ["open", "send", "answer", "edit", "delete"])
async def test_no_error_of_a_request_ends_it_or_loses_or_repeats_a_message(
    driver: OutboxDriver, ada: Visitor, error: BaseException, request_name: str
) -> None:
    driver.transport = Breaking(driver.transport, error=error, request=request_name)
    async with driver.process(), running(driver):
        await live_a_life(driver, ada)
        assert request_name in driver.transport.asked


@pytest.mark.parametrize("error", OWN_ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("fatal", [step for step in FailPoint if step not in ELSEWHERE])
async def test_no_error_of_our_own_at_any_step_ends_it_or_loses_or_repeats_a_message(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor, error: BaseException, fatal: FailPoint
) -> None:
    left = [fatal]

    def at(step: FailPoint) -> None:
        if step in left:
            left.remove(step)
            raise error

    driver.at = at
    if fatal is FailPoint.REFUSED:
        world.fault(FaultKind.ERROR, method="POST", path="/channels/*/messages", status=503, times=1)
    async with driver.process(), running(driver):
        await live_a_life(driver, ada)
    assert not left


@pytest.mark.parametrize("error", OWN_ERRORS, ids=lambda error: type(error).__name__)
async def test_an_error_that_stays_is_met_ever_more_rarely(
    driver: OutboxDriver, ada: Visitor, error: BaseException
) -> None:
    met: list[FailPoint] = []

    def at(step: FailPoint) -> None:
        met.append(step)
        raise error

    driver.at = at
    async with driver.process():
        await driver.alert(ada.person.id)
        await driver.work_for(timedelta(hours=1))
    assert 8 <= len(met) <= 15


async def test_after_an_error_it_wakes_when_the_backoff_is_over(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    left = [KeyError("once")]

    def at(_step: FailPoint) -> None:
        if left:
            raise left.pop()

    driver.at = at
    async with driver.process():
        await driver.alert(ada.person.id)
        async with running(driver):
            await world.wait_for(lambda: not left)
            await driver.until_resting()
            driver.pass_time(timedelta(seconds=2))
            await world.wait_for(lambda: ada.sees(ada.dm))


class Failing(WatchState):
    """A watch state that cannot be written in one of its transactions."""

    turns_left = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        self.turns_left -= 1
        async with super().transaction() as transaction:
            yield transaction
            if self.turns_left == 0:
                raise StoreError(ErrorCode.DATABASE_FULL)


@pytest.mark.parametrize("turn", [1, 2])
async def test_a_database_that_cannot_be_written_for_once_neither_loses_nor_repeats_a_message(
    driver: OutboxDriver, ada: Visitor, turn: int
) -> None:
    driver.state_type = Failing
    async with driver.process():
        assert isinstance(driver.watch_state, Failing)
        incident = driver.new_incident()
        alert = await driver.alert(ada.person.id, incident)
        driver.watch_state.turns_left = turn
        async with running(driver):
            await driver.live_until(lambda: driver.message(alert.key).delivery is Delivery.SENT)
        assert len(ada.sees(ada.dm)) == 1
        assert driver.watch_state.turns_left <= 0


async def live_a_life(driver: OutboxDriver, ada: Visitor) -> None:
    """Have an incident sent, ended and shown green, and a message that is about nothing deleted."""
    incident = driver.new_incident()
    alert = await driver.alert(ada.person.id, incident)
    await driver.live_until(lambda: driver.message(alert.key).delivery is Delivery.SENT)
    await driver.end(incident)
    await driver.live_until(lambda: driver.message(alert.key).delivery is Delivery.DONE)
    (green,) = ada.sees(ada.dm)
    assert "is back" in green["content"]
    emptied = await driver.alert(ada.person.id, driver.new_incident())
    await driver.live_until(lambda: driver.message(emptied.key).delivery is Delivery.SENT)
    assert len(ada.sees(ada.dm)) == 2
    await driver.empty(emptied)
    await driver.live_until(lambda: emptied.key not in driver.unfinished())
    assert [message["id"] for message in ada.sees(ada.dm)] == [green["id"]]


# What ends it


async def test_it_stops_without_waiting_for_a_discord_that_hangs_and_nothing_is_lost(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    world.fault(FaultKind.SLOW_AFTER, method="POST", path="/channels/*/messages", seconds=3_600.0, times=1)
    async with driver.process():
        alert = await driver.alert(ada.person.id)
        async with running(driver):
            await world.wait_for(lambda: ada.sees(ada.dm))
        assert driver.outbox.under_way == ()
    world.mend()
    async with driver.process():
        assert driver.message(alert.key).delivery is Delivery.CLAIMED
        await driver.work()
    assert len(ada.sees(ada.dm)) == 1


async def test_a_send_that_hangs_delays_no_edit_of_another_message(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor, bea: Visitor
) -> None:
    async with driver.process():
        incident = driver.new_incident()
        await driver.alert(ada.person.id, incident)
        await driver.work()
        world.fault(
            FaultKind.SLOW_AFTER, method="POST", path="/channels/*/messages", seconds=3_600.0, times=1
        )
        async with running(driver):
            await driver.alert(bea.person.id)
            await world.wait_for(lambda: ada.sees(ada.dm) and bea.sees(bea.dm))
            await driver.end(incident)
            await world.wait_for(lambda: "is back" in ada.sees(ada.dm)[0]["content"])
            assert driver.outbox.under_way
    world.mend()


# What it says of itself


async def test_it_says_what_waits_and_why_and_how_each_route_does(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor, bea: Visitor
) -> None:
    world.close_dm(bea.person)
    async with driver.process():
        await driver.alert(ada.person.id)
        await driver.alert(bea.person.id)
        await driver.work()
        world.fault(FaultKind.ERROR, method="POST", path="/channels/*/messages", status=503)
        began = driver.clock.now()
        note = driver.transaction(ada.person.id, Purpose.HELLO)
        await driver.put(note)
        await driver.work_for(timedelta(minutes=6))
        waiting = [each for each in driver.watch_state.messages.values() if each.on_its_way]
        assert [(message.key, message.failure) for message in waiting] == [(note.key, "503")]
        overdue_since, states = driver.outbox.overdue_since(), driver.outbox.route_states
        assert overdue_since is not None
        assert overdue_since - began < timedelta(seconds=5)
        assert states[ada.person.id, Route.DM].failure == "503"
        assert states[bea.person.id, Route.DM].refuses
        assert states[bea.person.id, Route.CHANNEL].worked_at is not None


async def test_a_restart_knows_when_each_route_worked_last(driver: OutboxDriver, ada: Visitor) -> None:
    async with driver.process():
        await driver.alert(ada.person.id)
        await driver.work()
        worked_at = driver.outbox.route_states[ada.person.id, Route.DM].worked_at
    driver.pass_time(timedelta(hours=1))
    async with driver.process():
        again = driver.outbox.route_states[ada.person.id, Route.DM].worked_at
        assert worked_at is not None
        assert again is not None
        assert abs(again - worked_at) < timedelta(milliseconds=1)
