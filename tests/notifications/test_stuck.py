"""What Discord refuses for good to change is sent anew, once, and the old one is left (rule 48)."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.accounts import Flag
from bot.domain.incidents import Incident, State, new_key
from bot.domain.incidents import ServiceProblem as Wrong
from bot.domain.messages import Delivery, Message, Purpose, Route
from tests.notifications.outbox_driver import Crash, OutboxDriver, created, edited
from tests.simulators.discord import FaultKind, SimulatedDiscord
from tests.support.failpoints import FailPoint
from tests.support.running import Visitor

ARCHIVED = 50083
CODES = [ARCHIVED, 50001, 50013, 20026]
SILENT = 1 << 12
IN_VAIN = 3
"""How often an edit is tried."""


async def sent_alert(driver: OutboxDriver, ada: Visitor) -> tuple[Message, Incident]:
    """Have one alert sent, about one incident."""
    incident = driver.new_incident()
    alert = await driver.alert(ada.person.id, incident)
    await driver.work()
    return alert, incident


def refuse_edits(world: SimulatedDiscord, ada: Visitor, code: int = ARCHIVED) -> None:
    """Let the last message that stands in ada's direct messages be one that is never changed again."""
    path = f"/channels/{ada.dm}/messages/{ada.sees(ada.dm)[-1]['id']}"
    world.fault(FaultKind.ERROR, path=path, status=400, code=code)


@pytest.mark.parametrize("code", CODES)
async def test_row_48_what_cannot_be_changed_is_sent_anew_silently_and_the_old_one_left(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "bot.notifications")
    async with driver.process():
        alert, incident = await sent_alert(driver, ada)
        refuse_edits(world, ada, code)
        await driver.end(incident)
        await driver.work_for(timedelta(minutes=2))
        old, anew = ada.sees(ada.dm)
        assert "needs you" in old["content"]
        assert "is back" in anew["content"]
        assert (len(created(world)), len(edited(world))) == (2, IN_VAIN)
        assert created(world)[-1]["flags"] & SILENT
        row = driver.message(alert.key)
        assert (row.is_stuck, row.failure, str(row.message_id)) == (True, str(code), old["id"])
        assert driver.unfinished() == set()
        lines = [each.getMessage() for each in caplog.records if "any more" in each.getMessage()]
        assert len(lines) == 1
        assert str(code) in lines[0]
        await driver.work_for(timedelta(days=1))
    assert len(created(world)) == 2


async def test_row_48_what_is_sent_anew_is_kept_current_from_then_on(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        _, incident = await sent_alert(driver, ada)
        refuse_edits(world, ada)
        await driver.put(
            replace(driver.watch_state.incidents[incident.key], flag=Flag.of("blocked from accessing"))
        )
        await driver.work_for(timedelta(minutes=1))
        await driver.end(incident)
        await driver.work_for(timedelta(minutes=1))
    old, anew = ada.sees(ada.dm)
    assert "needs you" in old["content"]
    assert "is back" in anew["content"]


async def test_row_48_where_no_edit_ever_does_changes_do_not_become_a_stream_of_messages(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        _, incident = await sent_alert(driver, ada)
        world.fault(FaultKind.ERROR, method="PATCH", status=400, code=ARCHIVED)
        for text in ("one thing", "a captcha", "pending moderation", "blocked from accessing") * 15:
            await driver.put(replace(driver.watch_state.incidents[incident.key], flag=Flag.of(text)))
            await driver.work_for(timedelta(minutes=1))
    assert 5 <= len(created(world)) <= 8


async def test_row_48_a_message_about_the_service_is_sent_anew_and_wakes_nobody_again(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    driver.owners.add(ada.person.id)
    async with driver.process():
        now = driver.clock.now()
        incident = Incident(new_key(), State.OPEN, now, now, problem=Wrong.UNREACHABLE)
        await driver.put(incident, driver.transaction(ada.person.id, Purpose.SERVICE, incident))
        await driver.work()
        refuse_edits(world, ada)
        await driver.put(replace(incident, problem=Wrong.TOKEN))
        await driver.work_for(timedelta(minutes=2))
    assert [body.get("flags", 0) & SILENT for body in created(world)] == [0, SILENT]


async def test_row_48_a_channel_that_takes_nothing_more_is_left_for_the_next_route(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    channel = f"/channels/{world.alerts_channel_id}/messages*"
    async with driver.process():
        incident = driver.new_incident()
        alert = replace(driver.transaction(ada.person.id, Purpose.ALERT, incident), route=Route.CHANNEL)
        await driver.put(incident, alert)
        await driver.work()
        world.fault(FaultKind.ERROR, path=channel, status=403, code=50001)
        await driver.end(incident)
        await driver.work_for(timedelta(minutes=2))
        assert driver.unfinished() == set()
    (anew,) = ada.sees(ada.dm)
    assert "is back" in anew["content"]


async def test_row_48_a_copy_whose_original_still_comes_is_left_and_not_sent_anew(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        incident = driver.new_incident()
        alert = await driver.alert(ada.person.id, incident)
        direct = world.fault(FaultKind.ERROR, path=f"/channels/{ada.dm}/messages", status=503)
        await driver.work_for(timedelta(minutes=3))
        copy = f"/channels/{world.alerts_channel_id}/messages/*"
        world.fault(FaultKind.ERROR, path=copy, status=400, code=ARCHIVED)
        await driver.end(incident)
        await driver.work_for(timedelta(minutes=3))
        copies = [each for each in created(world) if each["nonce"] != alert.nonce]
        assert len(copies) == 1
        world.mend(direct)
        await driver.work_for(timedelta(minutes=20))
    (original,) = ada.sees(ada.dm)
    assert "is back" in original["content"]


async def test_row_48_a_message_that_cannot_be_taken_away_is_left(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        alert, _ = await sent_alert(driver, ada)
        world.fault(FaultKind.ERROR, method="DELETE", status=400, code=ARCHIVED)
        await driver.empty(alert)
        await driver.work_for(timedelta(minutes=2))
        assert driver.message(alert.key).is_stuck
    assert len(created(world)) == 1


async def test_row_48_a_note_that_cannot_be_changed_is_not_sent_anew(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        incident = replace(driver.new_incident(), state=State.ENDED, ended_at=driver.clock.now())
        note = driver.transaction(ada.person.id, Purpose.NOTE, incident)
        world.fault(FaultKind.RESET_AFTER, method="POST", path=f"/channels/{ada.dm}/messages", times=1)
        world.fault(FaultKind.ERROR, method="PATCH", status=400, code=ARCHIVED)
        await driver.put(incident, note)
        await driver.work_for(timedelta(hours=1))
        assert driver.unfinished() == set()
    assert len(ada.sees(ada.dm)) == 1


async def test_row_48_refusals_that_pass_are_no_reason_to_send_anew(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        alert, incident = await sent_alert(driver, ada)
        world.fault(FaultKind.ERROR, method="PATCH", status=503, times=3)
        world.fault(FaultKind.ERROR, method="PATCH", status=400, code=ARCHIVED, times=2)
        await driver.end(incident)
        await driver.work_for(timedelta(minutes=3))
        assert driver.message(alert.key).delivery is Delivery.DONE
        assert not driver.message(alert.key).is_stuck
    assert len(created(world)) == 1


async def test_row_48_an_error_of_our_own_right_after_it_neither_loses_nor_repeats(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    errors = [KeyError("once")]

    def fail(step: FailPoint) -> None:
        if step is FailPoint.LEFT and errors:
            raise errors.pop()

    driver.at = fail
    async with driver.process():
        _, incident = await sent_alert(driver, ada)
        refuse_edits(world, ada)
        await driver.end(incident)
        await driver.work_for(timedelta(minutes=2))
    assert not errors
    assert len(created(world)) == 2


STEPS = [
    FailPoint.EDITING,
    FailPoint.LEFT,
    FailPoint.CLAIMING,
    FailPoint.CLAIMED,
    FailPoint.OPENED,
    FailPoint.SENT,
    FailPoint.RECORDED,
]


@pytest.mark.parametrize("away", [timedelta(seconds=20), timedelta(hours=1)], ids=["seconds", "an-hour"])
@pytest.mark.parametrize("fatal", STEPS)
async def test_row_48_killed_at_any_step_it_is_sent_anew_exactly_once(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor, fatal: FailPoint, away: timedelta
) -> None:
    def die(step: FailPoint) -> None:
        if step is fatal:
            raise Crash

    async with driver.process():
        _, incident = await sent_alert(driver, ada)
        refuse_edits(world, ada)
        await driver.end(incident)
        driver.at = die
        with pytest.raises(Crash):
            await driver.work_for(timedelta(minutes=2))
    driver.at = lambda _step: None
    driver.pass_time(away)
    async with driver.process():
        await driver.work_for(timedelta(minutes=2))
        assert driver.unfinished() == set()
    old, anew = ada.sees(ada.dm)
    assert "needs you" in old["content"]
    assert "is back" in anew["content"]
