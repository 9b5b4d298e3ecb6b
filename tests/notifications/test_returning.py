"""What comes back is shown again by the message that had shown its end."""

import asyncio
from dataclasses import replace

from bot.domain.incidents import State
from bot.domain.messages import Delivery
from bot.notifications.editor import EDIT_EVERY
from tests.notifications.outbox_driver import OutboxDriver, edited
from tests.simulators.discord import SimulatedDiscord
from tests.support.failpoints import FailPoint
from tests.support.running import Visitor


async def test_what_comes_back_while_its_end_is_being_shown_is_not_done_with(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        incident = driver.new_incident()
        alert = await driver.alert(ada.person.id, incident)
        await driver.work()
        begun: list[asyncio.Task[None]] = []

        def come_back(step: FailPoint) -> None:
            if step is FailPoint.EDITING and not begun:
                open_again = replace(
                    driver.watch_state.incidents[incident.key], state=State.OPEN, ended_at=None
                )
                begun.append(asyncio.create_task(driver.put(open_again)))

        driver.at = come_back
        await driver.end(incident)
        await driver.work()
        assert begun
        assert driver.message(alert.key).delivery is Delivery.SENT
        await driver.work_for(EDIT_EVERY)
        assert len(edited(world)) == 2
    (message,) = ada.sees(ada.dm)
    assert "needs you" in message["content"]
