"""From a row of the outbox to one message in Discord, also through crashes and lost answers."""

from dataclasses import replace
from datetime import timedelta

import discord
import pytest

from bot.domain.messages import Delivery, Purpose, Route
from bot.notifications.discord_transport import DiscordTransport
from tests.notifications.outbox_driver import Crash, OutboxDriver, created, die_at
from tests.simulators.discord import FaultKind, SimulatedDiscord
from tests.support.failpoints import FailPoint
from tests.support.running import Visitor

SILENT = discord.MessageFlags(suppress_notifications=True).value
SECONDS_LATER = timedelta(seconds=20)
HOUR_LATER = timedelta(hours=1)


async def test_what_is_due_becomes_one_direct_message(driver: OutboxDriver, ada: Visitor) -> None:
    async with driver.process():
        alert = await driver.alert(ada.person.id)
        await driver.work()
        (message,) = ada.sees(ada.dm)
        row = driver.message(alert.key)
        assert (row.delivery, row.route) == (Delivery.SENT, Route.DM)
        assert (row.channel_id, str(row.message_id)) == (ada.dm, message["id"])
        assert row.sent_at is not None
        assert row.shown is not None
        assert "Aurora" in message["content"]


async def test_a_message_is_claimed_before_anything_is_asked_of_discord(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    seen: list[tuple[FailPoint, Delivery, int]] = []
    async with driver.process():
        alert = await driver.alert(ada.person.id)
        asked = len(world.requests)

        def note(step: FailPoint) -> None:
            seen.append((step, driver.message(alert.key).delivery, len(world.requests) - asked))

        driver.at = note
        await driver.work()
    assert seen == [
        (FailPoint.CLAIMING, Delivery.WAITING, 0),
        (FailPoint.CLAIMED, Delivery.CLAIMED, 0),
        (FailPoint.OPENED, Delivery.CLAIMED, 1),
        (FailPoint.SENT, Delivery.CLAIMED, 2),
        (FailPoint.RECORDED, Delivery.SENT, 2),
    ]


# Crashes (rules 22 and 23)


@pytest.mark.parametrize("away", [SECONDS_LATER, HOUR_LATER], ids=["seconds", "an-hour"])
@pytest.mark.parametrize(
    "step", [FailPoint.CLAIMING, FailPoint.CLAIMED, FailPoint.OPENED, FailPoint.SENT, FailPoint.RECORDED]
)
async def test_row_23_killed_at_any_step_it_is_sent_exactly_once(
    driver: OutboxDriver, ada: Visitor, step: FailPoint, away: timedelta
) -> None:
    async with driver.process():
        alert = await driver.alert(ada.person.id)
        driver.at = die_at(step)
        with pytest.raises(Crash):
            await driver.work()
    driver.at = lambda _step: None
    driver.pass_time(away)
    async with driver.process():
        await driver.work()
        (message,) = ada.sees(ada.dm)
        row = driver.message(alert.key)
        assert (row.delivery, str(row.message_id)) == (Delivery.SENT, message["id"])


@pytest.mark.parametrize(("denied", "times"), [({}, 1), ({"read_message_history": True}, 2)])
async def test_only_with_its_history_is_a_message_found_again_in_the_alert_channel(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor, denied: dict[str, bool], times: int
) -> None:
    world.deny_bot(world.alerts_channel_id, **denied)
    async with driver.process():
        incident = driver.new_incident()
        await driver.put(
            incident, replace(driver.transaction(ada.person.id, Purpose.ALERT, incident), route=Route.CHANNEL)
        )
        driver.at = die_at(FailPoint.SENT)
        with pytest.raises(Crash):
            await driver.work()
    driver.at = lambda _step: None
    driver.pass_time(HOUR_LATER)
    async with driver.process():
        await driver.work()
    assert len(ada.sees(world.alerts_channel_id)) == times


async def test_a_second_try_has_the_nonce_of_the_first(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        alert = await driver.alert(ada.person.id)
        world.fault(FaultKind.ERROR, method="POST", path="/channels/*/messages", status=503, times=2)
        await driver.work_for(timedelta(minutes=1))
    assert [body["nonce"] for body in created(world)] == [alert.nonce] * 3


async def test_within_the_nonces_window_history_is_not_searched(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        await driver.alert(ada.person.id)
        driver.at = die_at(FailPoint.SENT)
        with pytest.raises(Crash):
            await driver.work()
    driver.at = lambda _step: None
    driver.pass_time(SECONDS_LATER)
    async with driver.process():
        await driver.work()
    assert not [one for one in world.requests if one.method == "GET" and one.path.endswith("/messages")]
    assert len(created(world)) == 2


@pytest.mark.parametrize("purpose", [Purpose.ALERT, Purpose.NOTE, Purpose.HELLO, Purpose.TEST])
async def test_row_23_a_message_of_any_purpose_is_found_again_in_history(
    driver: OutboxDriver, ada: Visitor, purpose: Purpose
) -> None:
    async with driver.process():
        incident = driver.new_incident()
        about = (incident,) if purpose in (Purpose.ALERT, Purpose.NOTE) else ()
        await driver.put(incident, driver.transaction(ada.person.id, purpose, *about))
        driver.at = die_at(FailPoint.SENT)
        with pytest.raises(Crash):
            await driver.work()
    driver.at = lambda _step: None
    driver.pass_time(HOUR_LATER)
    async with driver.process():
        await driver.work()
    assert len(ada.sees(ada.dm)) == 1


async def test_a_clock_put_back_during_a_crash_repeats_nothing(driver: OutboxDriver, ada: Visitor) -> None:
    async with driver.process():
        await driver.alert(ada.person.id)
        driver.at = die_at(FailPoint.SENT)
        with pytest.raises(Crash):
            await driver.work()
    driver.at = lambda _step: None
    driver.pass_time(HOUR_LATER)
    driver.clock.set(driver.clock.now() - timedelta(hours=2))
    async with driver.process():
        await driver.work()
    assert len(ada.sees(ada.dm)) == 1


async def test_row_32_a_row_of_an_older_database_is_looked_for_before_it_is_sent(
    driver: OutboxDriver, ada: Visitor
) -> None:
    async with driver.process():
        alert = await driver.alert(ada.person.id)
        await driver.work()
        await driver.put(alert)  # as if the database of a moment ago had been put back
    driver.pass_time(HOUR_LATER)
    async with driver.process():
        assert driver.message(alert.key).delivery is Delivery.WAITING
        await driver.work()
        assert driver.message(alert.key).delivery is Delivery.SENT
    assert len(ada.sees(ada.dm)) == 1


@pytest.mark.parametrize("kind", [FaultKind.RESET_AFTER, FaultKind.SLOW_AFTER])
@pytest.mark.parametrize("away", [timedelta(seconds=5), HOUR_LATER], ids=["seconds", "an-hour"])
async def test_a_lost_answer_does_not_repeat_the_message(
    driver: OutboxDriver,
    post: DiscordTransport,
    world: SimulatedDiscord,
    ada: Visitor,
    kind: FaultKind,
    *,
    away: timedelta,
) -> None:
    async with driver.process():
        await post.open(ada.person.id, Route.DM)
        post.limit = timedelta(milliseconds=200)
        alert = await driver.alert(ada.person.id)
        world.fault(kind, method="POST", seconds=60.0, times=1)
        await driver.work()
        assert driver.message(alert.key).delivery is Delivery.CLAIMED
        driver.pass_time(away)
        await driver.work()
        assert driver.message(alert.key).delivery is Delivery.SENT
    assert len(ada.sees(ada.dm)) == 1


async def test_what_changed_between_two_tries_is_shown_in_the_end(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        incident = driver.new_incident()
        alert = await driver.alert(ada.person.id, incident)
        world.fault(FaultKind.RESET_AFTER, method="POST", path="/channels/*/messages", times=1)
        await driver.work()
        await driver.end(incident)
        await driver.work_for(timedelta(seconds=30))
        (message,) = ada.sees(ada.dm)
        assert "is back" in message["content"]
        assert (
            alert.key not in driver.watch_state.messages
            or driver.message(alert.key).delivery is Delivery.DONE
        )


# When (rule 31)


async def test_what_is_not_due_waits_for_its_time(driver: OutboxDriver, ada: Visitor) -> None:
    async with driver.process():
        in_four_minutes = driver.clock.now() + timedelta(minutes=4)
        incident = driver.new_incident()
        alert = replace(driver.transaction(ada.person.id, Purpose.ALERT, incident), due_at=in_four_minutes)
        await driver.put(incident, alert)
        rest = await driver.work()
        assert timedelta(minutes=3, seconds=50) < rest <= timedelta(minutes=4)
        assert ada.sees(ada.dm) == []
        driver.pass_time(timedelta(minutes=4))
        await driver.work()
        assert len(ada.sees(ada.dm)) == 1


async def test_a_due_time_beyond_every_backoff_is_due_now(driver: OutboxDriver, ada: Visitor) -> None:
    async with driver.process():
        incident = driver.new_incident()
        alert = driver.transaction(ada.person.id, Purpose.ALERT, incident)
        await driver.put(incident, replace(alert, due_at=driver.clock.now() + timedelta(hours=1)))
        await driver.work()
        assert len(ada.sees(ada.dm)) == 1


# How loudly


@pytest.mark.parametrize(
    ("notify", "flags"),
    [
        pytest.param(True, None, id="push"),
        pytest.param(False, SILENT, id="silent"),
    ],
)
async def test_only_a_push_notifies(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor, *, notify: bool, flags: int | None
) -> None:
    async with driver.process():
        incident = driver.new_incident()
        await driver.put(
            incident, replace(driver.transaction(ada.person.id, Purpose.ALERT, incident), notify=notify)
        )
        await driver.work()
    (body,) = created(world)
    assert body.get("flags") == flags
    assert body["allowed_mentions"] == {"parse": []}


async def test_what_is_over_before_it_could_be_sent_wakes_nobody(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        incident = driver.new_incident()
        await driver.alert(ada.person.id, incident)
        world.fault(FaultKind.ERROR, method="POST", path="/channels/*/messages", status=503, times=1)
        await driver.work()
        await driver.end(incident)
        await driver.work_for(timedelta(minutes=1))
    assert [body.get("flags") for body in created(world)] == [None, SILENT]


# What happens meanwhile


async def test_a_message_cancelled_while_it_waits_is_not_sent(driver: OutboxDriver, ada: Visitor) -> None:
    async with driver.process():
        alert = await driver.alert(ada.person.id)
        await driver.put(replace(alert, delivery=Delivery.CANCELLED))
        await driver.work()
    assert ada.sees(ada.dm) == []


async def test_a_message_cancelled_on_its_way_is_left_as_it_arrived(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        alert = await driver.alert(ada.person.id)

        slow = world.fault(FaultKind.SLOW_AFTER, path="/channels/*/messages", seconds=60.0, times=1)
        await driver.outbox.begin()
        (message,) = await world.wait_for(lambda: ada.sees(ada.dm))
        await driver.put(replace(driver.message(alert.key), delivery=Delivery.CANCELLED))
        world.mend(slow)
        await driver.work()
        row = await driver.watch_state.message(alert.key)
        assert row is not None
        assert (row.delivery, str(row.message_id)) == (Delivery.DONE, message["id"])


async def test_a_fault_of_our_own_in_one_message_stops_no_other(
    driver: OutboxDriver, ada: Visitor, bea: Visitor
) -> None:
    async with driver.process():
        await driver.alert(ada.person.id)
        broken = await driver.alert(bea.person.id)

        def at(step: FailPoint) -> None:
            if step is FailPoint.OPENED and driver.message(broken.key).delivery is Delivery.CLAIMED:
                raise KeyError(step)

        driver.at = at
        await driver.work()
        driver.at = lambda _step: None
        await driver.work_for(timedelta(minutes=1))
    assert (len(ada.sees(ada.dm)), len(bea.sees(bea.dm))) == (1, 1)
