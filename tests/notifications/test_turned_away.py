"""What says nothing about a message leaves it whole: Discord's edge, and a bot that Discord restricts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.accounts import Flag
from bot.domain.messages import Delivery, Route
from bot.render.routes import failure_sentence
from tests.notifications.outbox_driver import OutboxDriver, created, edited
from tests.simulators.discord import Fault, FaultKind, Json, SimulatedDiscord
from tests.simulators.discord.rest import VISITOR
from tests.support.running import Visitor

TWICE = 2
TURNED_AWAY = [
    pytest.param(Fault(FaultKind.ERROR, status=403, code=40333), id="40333"),
    pytest.param(Fault(FaultKind.ERROR, status=403), id="403"),
    pytest.param(Fault(FaultKind.EDGE_LIMITED, seconds=3), id="page"),
]


def turn_away(world: SimulatedDiscord, fault: Fault, *, method: str, path: str) -> None:
    """Meet requests twice with a fault."""
    details = {"status": fault.status, "code": fault.code, "seconds": fault.seconds}
    world.fault(fault.kind, method=method, path=path, times=TWICE, **details)


def is_whole(message: Json) -> bool:
    """Return whether a message has its embed and its buttons."""
    return bool(message["embeds"] and message["components"])


@pytest.mark.parametrize("fault", TURNED_AWAY)
async def test_row_49_an_alert_that_the_edge_refuses_to_send_arrives_whole(
    driver: OutboxDriver,
    world: SimulatedDiscord,
    ada: Visitor,
    fault: Fault,
    caplog: pytest.LogCaptureFixture,
) -> None:
    turn_away(world, fault, method="POST", path=f"/channels/{ada.dm}/messages")
    async with driver.process():
        alert = await driver.alert(ada.person.id)
        await driver.work_for(timedelta(minutes=1))
        assert driver.message(alert.key).route is Route.DM
    (message,) = ada.sees(ada.dm)
    assert is_whole(message)
    assert len(created(world)) == TWICE + 1
    assert VISITOR not in caplog.text


@pytest.mark.parametrize("fault", TURNED_AWAY)
async def test_row_49_an_alert_that_the_edge_refuses_to_edit_keeps_embed_and_buttons(
    driver: OutboxDriver,
    world: SimulatedDiscord,
    ada: Visitor,
    fault: Fault,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with driver.process():
        incident = driver.new_incident()
        alert = await driver.alert(ada.person.id, incident)
        await driver.work()
        turn_away(world, fault, method="PATCH", path="*")
        await driver.put(replace(incident, flag=Flag.of("blocked from accessing")))
        await driver.work_for(timedelta(minutes=1))
        assert driver.message(alert.key).delivery is Delivery.SENT
    (message,) = ada.sees(ada.dm)
    assert is_whole(message)
    assert all(is_whole(body) for body in edited(world))
    assert len(edited(world)) == TWICE + 1
    assert VISITOR not in caplog.text


async def test_row_50_a_restricted_bot_that_may_open_no_direct_messages_sends_it_whole_to_the_channel(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    world.fault(FaultKind.ERROR, method="POST", path="/users/@me/channels", status=403, code=20026)
    async with driver.process():
        alert = await driver.alert(ada.person.id)
        await driver.work()
        row, state = driver.message(alert.key), driver.outbox.route_states[ada.person.id, Route.DM]
        assert (row.delivery, row.route) == (Delivery.SENT, Route.CHANNEL)
        assert (state.failure, state.refuses) == ("20026", True)
        assert "appeal it" in failure_sentence(state.failure)
        assert driver.outbox.overdue_since() is None
    (message,) = ada.sees(world.alerts_channel_id)
    assert is_whole(message)
    assert [one["id"] for one in message["mentions"]] == [str(ada.person.id)]
