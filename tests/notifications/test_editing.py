"""Messages in Discord are kept up to date, without getting in the way or asking too much."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.accounts import Flag, KnownAccount
from bot.domain.incidents import Incident, Reason, State
from bot.domain.messages import Delivery, Message, MessageItem, Purpose
from bot.notifications.discord_transport import DiscordTransport
from tests.notifications.outbox_driver import Crash, OutboxDriver, created, edited
from tests.simulators.discord import FaultKind, SimulatedDiscord
from tests.support.failpoints import FailPoint
from tests.support.running import Visitor

SPOILT = "1000000000000000009"
FLAGS = [Flag.of(text) for text in ("captcha", "pending moderation", "blocked from accessing", "other")]


async def sent_alert(driver: OutboxDriver, ada: Visitor) -> tuple[Message, Incident]:
    """Have one alert sent, about one incident."""
    incident = driver.new_incident()
    alert = await driver.alert(ada.person.id, incident)
    await driver.work()
    return alert, incident


async def change(driver: OutboxDriver, incident: Incident, number: int) -> None:
    """Let an incident show another flag."""
    await driver.put(replace(driver.watch_state.incidents[incident.key], flag=FLAGS[number % len(FLAGS)]))


async def test_an_incident_that_ends_turns_its_message_green_and_finishes_it(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        alert, incident = await sent_alert(driver, ada)
        await driver.end(incident)
        await driver.work()
        assert driver.message(alert.key).delivery is Delivery.DONE
    (message,) = ada.sees(ada.dm)
    assert "is back" in message["content"]
    assert (len(created(world)), len(edited(world))) == (1, 1)


async def test_what_looks_as_it_should_is_never_edited(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        await sent_alert(driver, ada)
        await driver.work_for(timedelta(hours=12))
    async with driver.process():
        await driver.work()
    assert edited(world) == []


async def test_changes_within_ten_seconds_are_one_edit(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        _, incident = await sent_alert(driver, ada)
        for number in range(1, 9):
            await change(driver, incident, number)
            await driver.work()
            driver.pass_time(timedelta(seconds=1))
        assert len(edited(world)) == 1
        await driver.work_for(timedelta(seconds=3))
        assert len(edited(world)) == 2
        await driver.work_for(timedelta(minutes=1))
    assert len(edited(world)) == 2


async def test_what_a_person_did_shows_at_once(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        _, incident = await sent_alert(driver, ada)
        await change(driver, incident, 1)
        await driver.work()
        for number in (2, 3):
            driver.pass_time(timedelta(seconds=1))
            async with driver.watch_state.transaction() as transaction:
                transaction.put_incident(replace(transaction.incidents[incident.key], flag=FLAGS[number]))
                transaction.note(ada.person.id, "reset", incident.reference, "asked")
            await driver.work()
            assert len(edited(world)) == number
        driver.pass_time(timedelta(seconds=1))
        await change(driver, incident, 4)
        await driver.work()
        assert len(edited(world)) == 3


async def test_a_message_older_than_an_hour_is_edited_every_ten_minutes_at_most(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        _, incident = await sent_alert(driver, ada)
        driver.pass_time(timedelta(hours=2))
        for number in range(1, 61):
            await change(driver, incident, number)
            await driver.work_for(timedelta(seconds=30))
    assert 3 <= len(edited(world)) <= 4


@pytest.mark.parametrize(("status", "code"), [(400, 30046), (503, 0)])
async def test_an_edit_that_discord_cannot_take_now_is_made_later(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor, status: int, code: int
) -> None:
    async with driver.process():
        _, incident = await sent_alert(driver, ada)
        world.fault(FaultKind.ERROR, method="PATCH", status=status, code=code, times=3)
        await driver.end(incident)
        await driver.work()
        assert len(edited(world)) == 1
        await driver.work_for(timedelta(minutes=45))
    (message,) = ada.sees(ada.dm)
    assert "is back" in message["content"]


async def flag_and_back(driver: OutboxDriver, incident: Incident) -> None:
    """Show another flag, which Discord does, and return to the first before that is known."""
    await change(driver, incident, 1)
    await driver.work()
    await change(driver, incident, 0)


async def test_an_edit_whose_answer_is_lost_is_taken_back_when_it_is_out_of_date(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        _, incident = await sent_alert(driver, ada)
        await change(driver, incident, 0)
        await driver.work()
        (before,) = ada.sees(ada.dm)
        driver.pass_time(timedelta(seconds=10))
        world.fault(FaultKind.RESET_AFTER, method="PATCH", times=1)
        await flag_and_back(driver, incident)
        assert ada.sees(ada.dm)[0]["content"] != before["content"]
        await driver.work_for(timedelta(minutes=1))
    (message,) = ada.sees(ada.dm)
    assert message["content"] == before["content"]


async def test_killed_after_an_edit_it_takes_that_back_when_it_is_out_of_date(
    driver: OutboxDriver, ada: Visitor
) -> None:
    def die(step: FailPoint) -> None:
        if step is FailPoint.EDITED:
            raise Crash

    async with driver.process():
        _, incident = await sent_alert(driver, ada)
        await change(driver, incident, 0)
        await driver.work()
        (before,) = ada.sees(ada.dm)
        driver.pass_time(timedelta(seconds=10))
        driver.at = die
        with pytest.raises(Crash):
            await flag_and_back(driver, incident)
        assert ada.sees(ada.dm)[0]["content"] != before["content"]
    driver.at = lambda _: None
    async with driver.process():
        await change(driver, incident, 0)
        await driver.work_for(timedelta(minutes=1))
    (message,) = ada.sees(ada.dm)
    assert message["content"] == before["content"]


async def test_after_too_many_edits_a_message_is_left_alone_for_ten_minutes(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        _, incident = await sent_alert(driver, ada)
        world.fault(FaultKind.ERROR, method="PATCH", status=400, code=30046, times=1)
        await driver.end(incident)
        await driver.work_for(timedelta(minutes=9, seconds=50))
        assert len(edited(world)) == 1
        await driver.work_for(timedelta(seconds=20))
    assert len(edited(world)) == 2


async def test_an_edit_whose_form_is_refused_is_made_as_text_alone(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        _, incident = await sent_alert(driver, ada)
        world.fault(FaultKind.ERROR, method="PATCH", status=400, code=50035, times=1)
        await driver.end(incident)
        await driver.work()
    (message,) = ada.sees(ada.dm)
    assert "is back" in message["content"]
    assert (message["embeds"], message["components"]) == ([], [])


async def test_after_an_edit_as_text_alone_the_next_one_is_whole_again(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        _, incident = await sent_alert(driver, ada)
        world.fault(FaultKind.ERROR, method="PATCH", status=400, code=50035, times=1)
        await change(driver, incident, 1)
        await driver.work_for(timedelta(minutes=1))
        (message,) = ada.sees(ada.dm)
        assert (message["embeds"], message["components"]) == ([], [])
        assert len(edited(world)) == 2
        await change(driver, incident, 2)
        await driver.work_for(timedelta(minutes=1))
    (message,) = ada.sees(ada.dm)
    assert message["embeds"]
    assert message["components"]
    assert len(edited(world)) == 3


async def test_a_note_about_what_is_over_is_finished_as_it_was_sent(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        incident = replace(driver.new_incident(), state=State.ENDED, ended_at=driver.clock.now())
        note = driver.transaction(ada.person.id, Purpose.NOTE, incident)
        await driver.put(incident, note)
        await driver.work()
        row = await driver.watch_state.message(note.key)
        assert row is not None
        assert row.delivery is Delivery.DONE
    assert (len(created(world)), edited(world)) == (1, [])


# Messages that are gone (rule 24)


async def remove(ada: Visitor, post: DiscordTransport) -> None:
    """Delete all there is in ada's direct messages."""
    for message in ada.sees(ada.dm):
        await post.client.get_partial_messageable(ada.dm).get_partial_message(int(message["id"])).delete()


async def test_the_end_of_what_the_owner_deleted_is_reported_in_a_silent_note(
    driver: OutboxDriver, post: DiscordTransport, world: SimulatedDiscord, ada: Visitor
) -> None:
    driver.owners.add(ada.person.id)
    async with driver.process():
        alert, incident = await sent_alert(driver, ada)
        await remove(ada, post)
        driver.pass_time(timedelta(minutes=1))
        await driver.end(incident)
        await driver.work()
        assert driver.message(alert.key).delivery is Delivery.DONE
        await driver.work_for(timedelta(minutes=1))
    (note,) = ada.sees(ada.dm)
    assert "Aurora was flagged" in note["content"]
    assert created(world)[-1]["flags"] == 4096


async def test_the_end_of_what_the_owner_deleted_waits_until_an_owner_is_known(
    driver: OutboxDriver, post: DiscordTransport, ada: Visitor
) -> None:
    driver.owners.add(ada.person.id)
    async with driver.process():
        _, incident = await sent_alert(driver, ada)
        await remove(ada, post)
        driver.pass_time(timedelta(minutes=1))
        await driver.end(incident)
    driver.owners.clear()
    async with driver.process():
        await driver.work_for(timedelta(minutes=1))
        assert ada.sees(ada.dm) == []
        driver.owners.add(ada.person.id)
        await driver.work_for(timedelta(minutes=1))
    (note,) = ada.sees(ada.dm)
    assert "Aurora was flagged" in note["content"]


async def test_an_end_that_comes_while_the_message_is_edited_is_sent_also_if_the_owner_then_deletes_it(
    driver: OutboxDriver, post: DiscordTransport, ada: Visitor
) -> None:
    driver.owners.add(ada.person.id)
    async with driver.process():
        _, incident = await sent_alert(driver, ada)
        ended_at = None

        def end_meanwhile(step: FailPoint) -> None:
            nonlocal ended_at
            if step is FailPoint.EDITED and ended_at is None:
                ended_at = driver.clock.now()
                driver.pass_time(timedelta(seconds=5))  # before Discord answers

        driver.at = end_meanwhile
        driver.pass_time(timedelta(minutes=1))
        await change(driver, incident, 1)
        await driver.work()
        assert ended_at is not None
        current = driver.watch_state.incidents[incident.key]
        await driver.put(replace(current, state=State.ENDED, ended_at=ended_at))
        await remove(ada, post)
        await driver.work_for(timedelta(minutes=1))
    (note,) = ada.sees(ada.dm)
    assert "Aurora was flagged" in note["content"]


async def test_what_the_owner_deleted_is_not_sent_again_while_it_is_open(
    driver: OutboxDriver, post: DiscordTransport, ada: Visitor
) -> None:
    driver.owners.add(ada.person.id)
    async with driver.process():
        alert, incident = await sent_alert(driver, ada)
        await remove(ada, post)
        await change(driver, incident, 1)
        await driver.work_for(timedelta(minutes=5))
        assert driver.message(alert.key).delivery is Delivery.DONE
    assert ada.sees(ada.dm) == []


async def test_what_was_to_join_a_message_that_the_owner_deleted_is_sent(
    driver: OutboxDriver, post: DiscordTransport, ada: Visitor
) -> None:
    driver.owners.add(ada.person.id)
    async with driver.process():
        alert, _ = await sent_alert(driver, ada)
        await remove(ada, post)
        driver.pass_time(timedelta(seconds=1))
        later = driver.new_incident(SPOILT)
        joined = replace(driver.message(alert.key), entries=(*alert.entries, MessageItem(later.key, None)))
        await driver.put(later, joined)
        await driver.work_for(timedelta(minutes=5))
    (message,) = ada.sees(ada.dm)
    assert SPOILT[-4:] in message["content"]


@pytest.mark.parametrize(("status", "code"), [(404, 10008), (404, 10003), (403, 50007)])
async def test_an_edit_that_will_never_do_is_not_tried_again(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor, status: int, code: int
) -> None:
    async with driver.process():
        _, incident = await sent_alert(driver, ada)
        world.fault(FaultKind.ERROR, method="PATCH", status=status, code=code)
        await change(driver, incident, 1)
        await driver.work_for(timedelta(hours=1))
    assert len(edited(world)) == 1


# Messages about nothing


async def test_a_message_whose_incidents_were_taken_over_is_deleted(
    driver: OutboxDriver, ada: Visitor
) -> None:
    async with driver.process():
        alert, _ = await sent_alert(driver, ada)
        await driver.put(replace(driver.message(alert.key), entries=()))
        await driver.work()
        kept = await driver.watch_state.message(alert.key)
        assert kept is not None
        assert kept.delivery is Delivery.DONE
    assert ada.sees(ada.dm) == []


async def test_one_that_the_owner_deleted_before_is_finished_all_the_same(
    driver: OutboxDriver, post: DiscordTransport, ada: Visitor
) -> None:
    async with driver.process():
        alert, _ = await sent_alert(driver, ada)
        await remove(ada, post)
        await driver.put(replace(driver.message(alert.key), entries=()))
        await driver.work()
        kept = await driver.watch_state.message(alert.key)
        assert kept is not None
        assert kept.delivery is Delivery.DONE


async def test_a_push_takes_over_what_is_open_and_the_former_message_is_deleted(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        _, first = await sent_alert(driver, ada)
        driver.pass_time(timedelta(minutes=6))
        second = replace(driver.new_incident("1000000000000000002"), flag=FLAGS[1])
        alert = await driver.alert(ada.person.id, second)
        await driver.work()
        row = driver.message(alert.key)
        assert {entry.incident: entry.reason for entry in row.entries} == {
            second.key: Reason.OPENED,
            first.key: None,
        }
    (message,) = ada.sees(ada.dm)
    assert str(row.message_id) == message["id"]
    assert len(created(world)) == 2
    assert edited(world) == []  # it showed them both from the first


async def test_a_message_that_was_claimed_is_sent_again_as_it_was(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        first = driver.new_incident()
        alert = await driver.alert(ada.person.id, first)
        world.fault(FaultKind.RESET, method="POST", path="/channels/*/messages", times=1)
        await driver.work()
        second = driver.new_incident("1000000000000000002")
        later = await driver.alert(ada.person.id, second)
        await driver.work_for(timedelta(seconds=10))
        assert [entry.incident for entry in driver.message(alert.key).entries] == [first.key]
        assert driver.message(later.key).delivery is Delivery.WAITING
        await driver.work_for(timedelta(minutes=5))
        assert {entry.incident for entry in driver.message(later.key).entries} == {first.key, second.key}
    assert len(ada.sees(ada.dm)) == 1


async def test_what_a_later_message_has_taken_over_goes_at_once_although_it_was_just_edited(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with driver.process():
        alert, incident = await sent_alert(driver, ada)
        driver.pass_time(timedelta(hours=2))
        await change(driver, incident, 1)
        await driver.work()
        assert len(edited(world)) == 1
        await driver.empty(alert)
        await driver.work()
    assert ada.sees(ada.dm) == []


async def test_the_first_refused_edit_is_a_log_line_and_the_next_ones_are_none(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    async with driver.process():
        _, incident = await sent_alert(driver, ada)
        world.fault(FaultKind.ERROR, method="PATCH", status=403, code=40333)
        await change(driver, incident, 1)
        await driver.work_for(timedelta(minutes=5))
    assert len(edited(world)) > 2
    lines = [record.getMessage() for record in caplog.records if "cannot be changed" in record.getMessage()]
    assert lines == ["a message cannot be changed yet, and is tried again: 40333"]


async def test_what_failed_is_forgotten_with_its_message(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    async with driver.process():
        alert, incident = await sent_alert(driver, ada)
        world.fault(FaultKind.ERROR, method="PATCH", status=503)
        await change(driver, incident, 1)
        await driver.work()
        before = driver.message(alert.key)
        await driver.put(replace(before, delivery=Delivery.CANCELLED))
        await driver.work()
        await driver.put(before)
        await driver.work()
    assert len([one for one in caplog.records if "cannot be changed" in one.getMessage()]) == 2


# Neither waits for the other


async def test_a_send_does_not_wait_for_edits(
    driver: OutboxDriver, world: SimulatedDiscord, ada: Visitor, bea: Visitor
) -> None:
    async with driver.process():
        _, incident = await sent_alert(driver, ada)
        world.fault(FaultKind.SLOW, method="PATCH", seconds=60.0)
        await driver.end(incident)
        await driver.outbox.begin()
        await driver.alert(bea.person.id)
        await driver.outbox.begin()
        await world.wait_for(lambda: bea.sees(bea.dm))
        world.mend()
        await driver.work()
    assert len(edited(world)) == 1


async def test_no_edit_waits_for_that_of_another_message(driver: OutboxDriver, ada: Visitor) -> None:
    async with driver.process():
        incidents = [driver.new_incident(f"10000000000000001{number:02}") for number in range(20)]
        for incident in incidents:
            await driver.put(incident, driver.transaction(ada.person.id, Purpose.NOTE, incident))
        await driver.work()
        for incident in incidents:
            current = driver.watch_state.incidents[incident.key]
            await driver.put(replace(current, state=State.ENDED, ended_at=driver.clock.now()))
        await driver.outbox.begin()
        assert len(driver.outbox.under_way) == 20
        await driver.work()
    assert len(ada.sees(ada.dm)) == 20


class Spoilt(dict[str, KnownAccount]):
    """Accounts of which one cannot be read."""

    def get(self, key: str, default: KnownAccount | None = None) -> KnownAccount | None:  # pyright: ignore[reportIncompatibleMethodOverride] - what the renderer uses
        if key == SPOILT:
            raise ValueError(key)
        return super().get(key, default)


async def test_a_message_that_cannot_be_rendered_keeps_no_other_from_its_edit(
    driver: OutboxDriver, ada: Visitor, bea: Visitor
) -> None:
    async with driver.process():
        _, incident = await sent_alert(driver, ada)
        broken = driver.new_incident(SPOILT)
        await driver.alert(bea.person.id, broken)
        await driver.work()
        driver.known_accounts = Spoilt(driver.known_accounts)
        await driver.end(incident)
        await driver.end(broken)
        await driver.work()
        assert "is back" in ada.sees(ada.dm)[0]["content"]
        driver.known_accounts = dict(driver.known_accounts)
        await driver.work_for(timedelta(minutes=1))
        assert "2 accounts are back" in bea.sees(bea.dm)[0]["content"]
