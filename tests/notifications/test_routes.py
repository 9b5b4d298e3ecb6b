"""What happens when Discord does not take a message: which failure waits, and which takes the other route."""

from dataclasses import replace
from datetime import timedelta

import discord
import pytest

from bot.domain.accounts import Flag
from bot.domain.incidents import Incident, State, new_key
from bot.domain.incidents import ServiceProblem as Wrong
from bot.domain.messages import Delivery, Purpose, Route, reference
from bot.notifications.discord_transport import DiscordTransport
from tests.notifications.outbox_driver import OutboxDriver, created
from tests.simulators.discord import Fault, FaultKind, SimulatedDiscord
from tests.support.running import Visitor

SEND = "/channels/*/messages"
SECONDS = timedelta(seconds=30)
MINUTES = timedelta(minutes=5)
DAY = timedelta(days=1)
LONGEST_BACKOFF = timedelta(minutes=15)

BUSY = [
    pytest.param(Fault(FaultKind.ERROR, status=503), id="unavailable"),
    pytest.param(Fault(FaultKind.ERROR, status=400, code=40003), id="opening-too-fast"),
    pytest.param(Fault(FaultKind.RATE_LIMITED, seconds=45.0), id="rate-limit"),
    pytest.param(Fault(FaultKind.RATE_LIMITED, via=False), id="rate-limit-of-cloudflare"),
    pytest.param(Fault(FaultKind.RESET), id="reset"),
]


def direct(world: SimulatedDiscord, ada: Visitor) -> str:
    return f"/channels/{world.dm_channel_id(ada.person)}/messages"


def break_direct(world: SimulatedDiscord, ada: Visitor, fault: Fault) -> Fault:
    """Let every direct message to ada meet a fault."""
    details = {"status": fault.status, "code": fault.code, "seconds": fault.seconds, "via": fault.via}
    return world.fault(fault.kind, method="POST", path=direct(world, ada), times=fault.times, **details)


def refuse_direct(world: SimulatedDiscord, ada: Visitor, code: int, status: int = 403) -> Fault:
    return break_direct(world, ada, Fault(FaultKind.ERROR, status=status, code=code))


def alerts(world: SimulatedDiscord, ada: Visitor) -> list[dict[str, object]]:
    """Return what stands in the alert channel."""
    return ada.sees(world.alerts_channel_id)


# Closed direct messages (rule 25)


@pytest.mark.parametrize("at_opening", [False, True], ids=["at-sending", "at-opening"])
@pytest.mark.parametrize("status", [403, 400])
async def test_row_25_closed_direct_messages_send_it_to_the_channel_at_once(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor, *, at_opening: bool, status: int
) -> None:
    world.close_dm(ada.person, status=status, at_opening=at_opening)
    async with driver.process():
        alert = await driver.alert(ada.person.id)
        await driver.work()
        row = driver.message(alert.key)
        assert (row.delivery, row.route, row.channel_id) == (
            Delivery.SENT,
            Route.CHANNEL,
            world.alerts_channel_id,
        )
    (message,) = alerts(world, ada)
    assert f"<@{ada.person.id}>" in str(message["content"])
    assert "switch Direct Messages on" in str(message["embeds"])
    assert created(world)[-1]["allowed_mentions"] == {"parse": [], "users": [ada.person.id]}
    assert ada.sees(ada.dm) == []


async def test_row_25_closed_direct_messages_are_left_alone_for_a_day_and_then_tried_again(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    world.close_dm(ada.person)
    async with driver.process():
        await driver.alert(ada.person.id)
        await driver.work()
        world.open_dm(ada.person)
        driver.pass_time(timedelta(hours=23))
        await driver.alert(ada.person.id)
        await driver.work()
        assert ada.sees(ada.dm) == []
        driver.pass_time(timedelta(hours=2))
        await driver.alert(ada.person.id)
        await driver.work()
        assert len(ada.sees(ada.dm)) == 1


async def test_a_restart_remembers_that_direct_messages_are_closed(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    world.close_dm(ada.person)
    async with driver.process():
        await driver.alert(ada.person.id)
        await driver.work()
    world.open_dm(ada.person)
    driver.pass_time(timedelta(hours=1))
    async with driver.process():
        await driver.alert(ada.person.id)
        await driver.work()
    assert ada.sees(ada.dm) == []
    # The card says still how to open them.
    assert all("switch Direct Messages on" in str(message["embeds"]) for message in alerts(world, ada))


async def test_row_25_a_test_tries_closed_direct_messages_and_opens_them_again(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    world.close_dm(ada.person)
    async with driver.process():
        await driver.alert(ada.person.id)
        await driver.work()
        world.open_dm(ada.person)
        await driver.put(driver.transaction(ada.person.id, Purpose.TEST))
        await driver.work()
        assert len(ada.sees(ada.dm)) == 1
        driver.pass_time(MINUTES)
        await driver.alert(ada.person.id)
        await driver.work()
    assert len(ada.sees(ada.dm)) == 2


async def test_a_test_goes_by_its_own_route_alone_and_the_report_says_why_it_failed(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    world.close_dm(ada.person)
    async with driver.process():
        test = driver.transaction(ada.person.id, Purpose.TEST)
        await driver.put(test)
        await driver.work()
        row = await driver.watch_state.message(test.key)
        assert row is not None
        assert (row.delivery, row.failure) == (Delivery.CANCELLED, "50007")
        state = driver.outbox.route_states[ada.person.id, Route.DM]
        assert (state.failure, state.refuses) == ("50007", True)
    assert alerts(world, ada) == []


async def test_a_test_that_waits_for_discord_ends_after_two_minutes(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    break_direct(world, ada, Fault(FaultKind.ERROR, status=503))
    async with driver.process():
        test = driver.transaction(ada.person.id, Purpose.TEST)
        await driver.put(test)
        await driver.work_for(timedelta(minutes=4))
        row = await driver.watch_state.message(test.key)
        assert row is not None
        assert (row.delivery, row.failure) == (Delivery.CANCELLED, "503")
    assert alerts(world, ada) == []


# Broken routes


@pytest.mark.parametrize(("status", "code"), [(403, 50001), (403, 50013), (404, 10003), (404, 10013)])
async def test_a_broken_route_is_left_for_the_next_at_once(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor, status: int, code: int
) -> None:
    refuse_direct(world, ada, code, status)
    async with driver.process():
        await driver.alert(ada.person.id)
        await driver.work()
    assert len(alerts(world, ada)) == 1
    assert "switch Direct Messages on" not in str(alerts(world, ada))


async def test_row_26_with_both_routes_refused_a_message_is_kept_and_tried_every_quarter_of_an_hour(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    world.close_dm(ada.person)
    world.fault(
        FaultKind.ERROR,
        method="POST",
        path=f"/channels/{world.alerts_channel_id}/messages",
        status=403,
        code=50013,
    )
    async with driver.process():
        alert = await driver.alert(ada.person.id)
        await driver.work_for(timedelta(hours=6))
        tries = len(created(world))
        assert driver.message(alert.key).delivery is Delivery.CLAIMED
        assert 2 * 24 <= tries <= 2 * 40
        overdue = driver.outbox.overdue_since()
        assert overdue is not None
        assert driver.clock.now() - overdue > timedelta(hours=5)
        world.mend()
        await driver.work_for(LONGEST_BACKOFF)
        assert driver.message(alert.key).delivery is Delivery.SENT
        assert driver.outbox.overdue_since() is None
    assert len(alerts(world, ada)) == 1


async def test_without_a_second_route_a_closed_one_is_tried_till_it_opens(
    driver: OutboxDriver, client: discord.Client, world: SimulatedDiscord, ada: Visitor
) -> None:
    driver.transport = DiscordTransport(client)
    world.close_dm(ada.person)
    async with driver.process():
        await driver.alert(ada.person.id)
        await driver.work_for(timedelta(hours=1))
        world.open_dm(ada.person)
        await driver.work_for(LONGEST_BACKOFF)
    assert len(ada.sees(ada.dm)) == 1


# Discord is busy, or cannot be reached


@pytest.mark.parametrize("fault", BUSY)
async def test_what_discord_cannot_take_now_waits_and_arrives_once(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor, fault: Fault
) -> None:
    fault = break_direct(world, ada, fault)
    async with driver.process():
        alert = await driver.alert(ada.person.id)
        await driver.work_for(SECONDS)
        assert alerts(world, ada) == []
        world.mend(fault)
        await driver.work_for(timedelta(minutes=1))
        row = driver.message(alert.key)
        assert (row.failing_since, row.failure) == (None, None)
    assert len(ada.sees(ada.dm)) == 1
    assert alerts(world, ada) == []


@pytest.mark.parametrize("fault", BUSY)
async def test_after_two_minutes_it_goes_by_the_second_route_as_well(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor, fault: Fault
) -> None:
    fault = break_direct(world, ada, fault)
    async with driver.process():
        alert = await driver.alert(ada.person.id)
        await driver.work_for(timedelta(seconds=115))
        assert alerts(world, ada) == []
        await driver.work_for(timedelta(seconds=10))
        assert len(alerts(world, ada)) == 1
        assert driver.message(alert.key).delivery is Delivery.CLAIMED
        assert driver.outbox.overdue_since() is None
        world.mend(fault)
        await driver.work_for(LONGEST_BACKOFF)
        assert driver.message(alert.key).delivery is Delivery.SENT
    assert len(ada.sees(ada.dm)) == 1


async def test_row_21_what_is_over_is_sent_once_although_both_routes_work_again(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    fault = break_direct(world, ada, Fault(FaultKind.ERROR, status=503))
    async with driver.process():
        incident = driver.new_incident()
        alert = await driver.alert(ada.person.id, incident)
        await driver.work_for(timedelta(seconds=125))
        assert len(alerts(world, ada)) == 1
        await driver.end(incident)
        await driver.work()
        world.mend(fault)
        await driver.work_for(LONGEST_BACKOFF)
        assert driver.watch_state.messages.get(alert.key, alert).delivery is not Delivery.SENT
    assert ada.sees(ada.dm) == []
    assert len(alerts(world, ada)) == 1


async def test_row_21_a_copy_whose_original_memory_has_let_go_is_not_sent(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    fault = break_direct(world, ada, Fault(FaultKind.ERROR, status=503))
    world.fault(
        FaultKind.ERROR, status=503, method="POST", path=f"/channels/{world.alerts_channel_id}/messages"
    )
    async with driver.process():
        incident = driver.new_incident()
        await driver.alert(ada.person.id, incident)
        await driver.work_for(timedelta(seconds=125))
        world.mend(fault)
        await driver.end(incident)
        await driver.work_for(LONGEST_BACKOFF)
        assert len(ada.sees(ada.dm)) == 1
        await driver.watch_state.prune()
        world.mend()
        await driver.work_for(2 * LONGEST_BACKOFF)
        assert not any(each.on_its_way for each in driver.watch_state.messages.values())
    assert alerts(world, ada) == []


@pytest.mark.parametrize("has_arrived", [False, True], ids=["never-sent", "answer-lost"])
async def test_row_52_what_failed_until_the_problem_became_worse_wakes_nobody_besides(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor, *, has_arrived: bool
) -> None:
    driver.owners.add(ada.person.id)
    kind = FaultKind.RESET_AFTER if has_arrived else FaultKind.ERROR
    fault = break_direct(world, ada, Fault(kind, status=503))
    async with driver.process():
        now = driver.clock.now()
        incident = Incident(new_key(), State.OPEN, now, now, problem=Wrong.UNREACHABLE)
        before = driver.transaction(ada.person.id, Purpose.SERVICE, incident)
        await driver.put(incident, before)
        await driver.work()
        driver.pass_time(timedelta(seconds=20))
        worse = replace(incident, problem=Wrong.TOKEN)
        await driver.put(worse, driver.transaction(ada.person.id, Purpose.SERVICE, worse))
        world.mend(fault)
        await driver.work_for(LONGEST_BACKOFF)
        assert not any(each.on_its_way for each in driver.watch_state.messages.values())
    assert len(created(world)) == 2
    (message,) = ada.sees(ada.dm)
    assert "token" in message["content"]


async def test_the_copy_is_taken_back_when_the_message_itself_arrives(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    fault = break_direct(world, ada, Fault(FaultKind.ERROR, status=503))
    async with driver.process():
        await driver.alert(ada.person.id)
        await driver.work_for(timedelta(minutes=3))
        world.mend(fault)
        await driver.work_for(LONGEST_BACKOFF)
    assert (len(ada.sees(ada.dm)), len(alerts(world, ada))) == (1, 0)


async def test_a_route_that_closes_after_the_copy_was_sent_makes_no_second_copy(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    busy = break_direct(world, ada, Fault(FaultKind.ERROR, status=503))
    async with driver.process():
        alert = await driver.alert(ada.person.id)
        await driver.work_for(timedelta(minutes=3))
        world.mend(busy)
        world.close_dm(ada.person)
        await driver.work_for(timedelta(hours=1))
        assert driver.message(alert.key).on_its_way
        assert len(alerts(world, ada)) == 1
        world.open_dm(ada.person)
        await driver.work_for(LONGEST_BACKOFF)
    assert len(ada.sees(ada.dm)) == 1


async def test_with_all_of_discord_down_for_an_hour_it_arrives_once_in_one_place(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    world.fault(FaultKind.ERROR, status=503)
    async with driver.process():
        await driver.alert(ada.person.id)
        await driver.work_for(timedelta(hours=1))
        world.mend()
        await driver.work_for(2 * LONGEST_BACKOFF)
    assert (len(ada.sees(ada.dm)), len(alerts(world, ada))) == (1, 0)
    assert sum(one.status == 200 for one in world.requests if one.json and "nonce" in one.json) == 1


async def test_a_token_that_is_refused_loses_nothing_and_takes_no_other_route(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    world.fault(FaultKind.TOKEN_REFUSED)
    async with driver.process():
        await driver.alert(ada.person.id)
        await driver.work_for(timedelta(hours=1))
        assert len(driver.watch_state.messages) == 1
        world.mend()
        await driver.work_for(LONGEST_BACKOFF)
    assert len(ada.sees(ada.dm)) == 1


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(FaultKind.ERROR, status=503), id="busy"),
        pytest.param(Fault(FaultKind.ERROR, status=403, code=50007), id="closed"),
        pytest.param(Fault(FaultKind.ERROR, status=400, code=50035), id="form"),
        pytest.param(Fault(FaultKind.TOKEN_REFUSED), id="token"),
        pytest.param(Fault(FaultKind.RESET), id="reset"),
    ],
)
async def test_nothing_is_tried_fast_for_ever(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor, fault: Fault
) -> None:
    async with driver.process():
        world.fault(fault.kind, status=fault.status, code=fault.code)
        alert = await driver.alert(ada.person.id)
        await driver.work_for(timedelta(hours=3))
        early = len(world.requests)
        await driver.work_for(timedelta(hours=3))
        # A quarter of an hour apart at the least: two rows by two routes, twice for the form.
        assert len(world.requests) - early <= 4 * 3 * 4 + 8
        assert driver.message(alert.key).on_its_way


# A form that Discord refuses


@pytest.mark.parametrize(("status", "code"), [(400, 50035), (403, 20009)])
async def test_a_refused_form_is_sent_once_more_as_text_alone(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor, status: int, code: int
) -> None:
    break_direct(world, ada, Fault(FaultKind.ERROR, status=status, code=code, times=1))
    async with driver.process():
        alert = await driver.alert(ada.person.id)
        await driver.work()
    (message,) = ada.sees(ada.dm)
    assert (message["embeds"], message["components"]) == ([], [])
    assert "Aurora" in message["content"]
    assert message["content"].endswith(f" {reference(alert.key)}")


async def test_text_that_is_refused_as_well_takes_the_next_route(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    break_direct(world, ada, Fault(FaultKind.ERROR, status=400, code=50035, times=2))
    async with driver.process():
        await driver.alert(ada.person.id)
        await driver.work()
    assert ada.sees(ada.dm) == []
    (message,) = alerts(world, ada)
    assert message["embeds"]
    assert message["components"]


async def test_a_message_that_was_sent_as_text_alone_is_whole_again_at_its_next_change(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    break_direct(world, ada, Fault(FaultKind.ERROR, status=400, code=50035, times=1))
    async with driver.process():
        incident = driver.new_incident()
        alert = await driver.alert(ada.person.id, incident)
        await driver.work_for(timedelta(minutes=1))
        (message,) = ada.sees(ada.dm)
        assert (message["embeds"], message["components"]) == ([], [])
        assert not driver.message(alert.key).plain
        await driver.put(replace(incident, flag=Flag.of("blocked from accessing")))
        await driver.work_for(timedelta(minutes=1))
    (message,) = ada.sees(ada.dm)
    assert message["embeds"]
    assert message["components"]


async def test_while_every_form_is_refused_each_try_begins_whole(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        await driver.alert(ada.person.id)
        world.fault(FaultKind.ERROR, path=f"/channels/{ada.dm}/messages", status=400, code=50035)
        world.fault(FaultKind.ERROR, path=f"/channels/{world.alerts_channel_id}/*", status=403, code=50001)
        await driver.work_for(timedelta(minutes=10))
    direct = [one.json for one in world.requests if one.path == f"/channels/{ada.dm}/messages"]
    assert len(direct) >= 4
    assert [bool(body.get("embeds")) for body in direct[:4]] == [True, False, True, False]


# Two people


async def test_a_slow_route_of_one_owner_delays_no_message_to_another(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor, bea: Visitor
) -> None:
    break_direct(world, ada, Fault(FaultKind.SLOW, seconds=60.0, times=1))
    async with driver.process():
        await driver.alert(ada.person.id)
        await driver.alert(bea.person.id)
        await driver.outbox.begin()
        await world.wait_for(lambda: bea.sees(bea.dm))
        assert ada.sees(ada.dm) == []
        world.mend()
        await driver.work()
    assert len(ada.sees(ada.dm)) == 1
