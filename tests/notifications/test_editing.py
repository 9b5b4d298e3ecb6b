"""Messages that are there are kept as they should look, without getting in the way or asking too much."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.accounts import Flag, KnownAccount
from bot.domain.incidents import Incident, Reason, State
from bot.domain.messages import Delivery, Message, MessageItem, Purpose
from bot.notifications.discord_transport import DiscordTransport
from tests.notifications.desk import Desk, created, edited
from tests.simulators.discord import SimulatedDiscord, Trouble
from tests.support.failpoints import FailPoint
from tests.support.running import Visitor

SPOILT = "1000000000000000009"
FLAGS = [Flag.of(text) for text in ("captcha", "pending moderation", "blocked from accessing", "other")]


async def told(desk: Desk, ada: Visitor) -> tuple[Message, Incident]:
    """Have one alert sent, about one incident."""
    incident = desk.new_incident()
    alert = await desk.alert(ada.person.id, incident)
    await desk.work()
    return alert, incident


async def change(desk: Desk, incident: Incident, number: int) -> None:
    """Let an incident show another flag."""
    await desk.put(replace(desk.watch_state.incidents[incident.key], flag=FLAGS[number % len(FLAGS)]))


async def test_an_incident_that_ends_turns_its_message_green_and_finishes_it(
    desk: Desk, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with desk.process():
        alert, incident = await told(desk, ada)
        await desk.end(incident)
        await desk.work()
        assert desk.message(alert.key).delivery is Delivery.DONE
    (message,) = ada.sees(ada.dm)
    assert "is back" in message["content"]
    assert (len(created(world)), len(edited(world))) == (1, 1)


async def test_what_looks_as_it_should_is_never_edited(
    desk: Desk, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with desk.process():
        await told(desk, ada)
        await desk.work_for(timedelta(hours=12))
    async with desk.process():
        await desk.work()
    assert edited(world) == []


async def test_changes_within_ten_seconds_are_one_edit(
    desk: Desk, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with desk.process():
        _, incident = await told(desk, ada)
        for number in range(1, 9):
            await change(desk, incident, number)
            await desk.work()
            desk.pass_time(timedelta(seconds=1))
        assert len(edited(world)) == 1
        await desk.work_for(timedelta(seconds=3))
        assert len(edited(world)) == 2
        await desk.work_for(timedelta(minutes=1))
    assert len(edited(world)) == 2


async def test_what_a_person_did_shows_at_once(desk: Desk, world: SimulatedDiscord, ada: Visitor) -> None:
    async with desk.process():
        _, incident = await told(desk, ada)
        await change(desk, incident, 1)
        await desk.work()
        for number in (2, 3):
            desk.pass_time(timedelta(seconds=1))
            async with desk.watch_state.transaction() as transaction:
                transaction.put_incident(replace(transaction.incidents[incident.key], flag=FLAGS[number]))
                transaction.note(ada.person.id, "reset", incident.channel, "asked")
            await desk.work()
            assert len(edited(world)) == number
        desk.pass_time(timedelta(seconds=1))
        await change(desk, incident, 4)
        await desk.work()
        assert len(edited(world)) == 3


async def test_a_message_older_than_an_hour_is_edited_every_ten_minutes_at_most(
    desk: Desk, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with desk.process():
        _, incident = await told(desk, ada)
        desk.pass_time(timedelta(hours=2))
        for number in range(1, 61):
            await change(desk, incident, number)
            await desk.work_for(timedelta(seconds=30))
    assert 3 <= len(edited(world)) <= 4


@pytest.mark.parametrize(("status", "code"), [(400, 30046), (503, 0)])
async def test_an_edit_that_discord_cannot_take_now_is_made_later(
    desk: Desk, world: SimulatedDiscord, ada: Visitor, status: int, code: int
) -> None:
    async with desk.process():
        _, incident = await told(desk, ada)
        world.fault(Trouble.ERROR, method="PATCH", status=status, code=code, times=3)
        await desk.end(incident)
        await desk.work()
        assert len(edited(world)) == 1
        await desk.work_for(timedelta(minutes=45))
    (message,) = ada.sees(ada.dm)
    assert "is back" in message["content"]


async def test_after_too_many_edits_a_message_is_left_alone_for_ten_minutes(
    desk: Desk, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with desk.process():
        _, incident = await told(desk, ada)
        world.fault(Trouble.ERROR, method="PATCH", status=400, code=30046, times=1)
        await desk.end(incident)
        await desk.work_for(timedelta(minutes=9, seconds=50))
        assert len(edited(world)) == 1
        await desk.work_for(timedelta(seconds=20))
    assert len(edited(world)) == 2


async def test_an_edit_whose_form_is_refused_is_made_as_text_alone(
    desk: Desk, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with desk.process():
        _, incident = await told(desk, ada)
        world.fault(Trouble.ERROR, method="PATCH", status=400, code=50035, times=1)
        await desk.end(incident)
        await desk.work()
    (message,) = ada.sees(ada.dm)
    assert "is back" in message["content"]
    assert (message["embeds"], message["components"]) == ([], [])


async def test_after_an_edit_as_text_alone_the_next_one_is_whole_again(
    desk: Desk, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with desk.process():
        _, incident = await told(desk, ada)
        world.fault(Trouble.ERROR, method="PATCH", status=400, code=50035, times=1)
        await change(desk, incident, 1)
        await desk.work_for(timedelta(minutes=1))
        (message,) = ada.sees(ada.dm)
        assert (message["embeds"], message["components"]) == ([], [])
        assert len(edited(world)) == 2
        await change(desk, incident, 2)
        await desk.work_for(timedelta(minutes=1))
    (message,) = ada.sees(ada.dm)
    assert message["embeds"]
    assert message["components"]
    assert len(edited(world)) == 3


async def test_a_note_about_what_is_over_is_finished_as_it_was_sent(
    desk: Desk, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with desk.process():
        incident = replace(desk.new_incident(), state=State.ENDED, ended_at=desk.clock.now())
        note = desk.transaction(ada.person.id, Purpose.NOTE, incident)
        await desk.put(incident, note)
        await desk.work()
        row = await desk.watch_state.message(note.key)
        assert row is not None
        assert row.delivery is Delivery.DONE
    assert (len(created(world)), edited(world)) == (1, [])


# Messages that are gone (rule 24)


async def remove(ada: Visitor, post: DiscordTransport) -> None:
    """Delete all there is in ada's direct messages."""
    for message in ada.sees(ada.dm):
        await post.client.get_partial_messageable(ada.dm).get_partial_message(int(message["id"])).delete()


async def test_the_end_of_what_the_owner_deleted_is_told_in_a_silent_note(
    desk: Desk, post: DiscordTransport, world: SimulatedDiscord, ada: Visitor
) -> None:
    desk.owners.add(ada.person.id)
    async with desk.process():
        alert, incident = await told(desk, ada)
        await remove(ada, post)
        desk.pass_time(timedelta(minutes=1))
        await desk.end(incident)
        await desk.work()
        assert desk.message(alert.key).delivery is Delivery.DONE
        await desk.work_for(timedelta(minutes=1))
    (note,) = ada.sees(ada.dm)
    assert "Aurora was flagged" in note["content"]
    assert created(world)[-1]["flags"] == 4096


async def test_an_end_that_comes_while_the_message_is_edited_is_told_also_if_the_owner_then_deletes_it(
    desk: Desk, post: DiscordTransport, ada: Visitor
) -> None:
    desk.owners.add(ada.person.id)
    async with desk.process():
        _, incident = await told(desk, ada)
        ended_at = None

        def end_meanwhile(step: FailPoint) -> None:
            nonlocal ended_at
            if step is FailPoint.EDITED and ended_at is None:
                ended_at = desk.clock.now()
                desk.pass_time(timedelta(seconds=5))  # before Discord answers

        desk.at = end_meanwhile
        desk.pass_time(timedelta(minutes=1))
        await change(desk, incident, 1)
        await desk.work()
        assert ended_at is not None
        current = desk.watch_state.incidents[incident.key]
        await desk.put(replace(current, state=State.ENDED, ended_at=ended_at))
        await remove(ada, post)
        await desk.work_for(timedelta(minutes=1))
    (note,) = ada.sees(ada.dm)
    assert "Aurora was flagged" in note["content"]


async def test_what_the_owner_deleted_is_not_sent_again_while_it_goes_on(
    desk: Desk, post: DiscordTransport, ada: Visitor
) -> None:
    desk.owners.add(ada.person.id)
    async with desk.process():
        alert, incident = await told(desk, ada)
        await remove(ada, post)
        await change(desk, incident, 1)
        await desk.work_for(timedelta(minutes=5))
        assert desk.message(alert.key).delivery is Delivery.DONE
    assert ada.sees(ada.dm) == []


async def test_what_was_to_join_a_message_that_the_owner_deleted_is_told(
    desk: Desk, post: DiscordTransport, ada: Visitor
) -> None:
    desk.owners.add(ada.person.id)
    async with desk.process():
        alert, _ = await told(desk, ada)
        await remove(ada, post)
        desk.pass_time(timedelta(seconds=1))
        later = desk.new_incident(SPOILT)
        joined = replace(desk.message(alert.key), entries=(*alert.entries, MessageItem(later.key, None)))
        await desk.put(later, joined)
        await desk.work_for(timedelta(minutes=5))
    (message,) = ada.sees(ada.dm)
    assert SPOILT[-4:] in message["content"]


@pytest.mark.parametrize(("status", "code"), [(404, 10008), (404, 10003), (403, 50007)])
async def test_an_edit_that_will_never_do_is_not_tried_again(
    desk: Desk, world: SimulatedDiscord, ada: Visitor, status: int, code: int
) -> None:
    async with desk.process():
        _, incident = await told(desk, ada)
        world.fault(Trouble.ERROR, method="PATCH", status=status, code=code)
        await change(desk, incident, 1)
        await desk.work_for(timedelta(hours=1))
    assert len(edited(world)) == 1


# Messages about nothing


async def test_a_message_whose_incidents_were_taken_over_is_deleted(desk: Desk, ada: Visitor) -> None:
    async with desk.process():
        alert, _ = await told(desk, ada)
        await desk.put(replace(desk.message(alert.key), entries=()))
        await desk.work()
        kept = await desk.watch_state.message(alert.key)
        assert kept is not None
        assert kept.delivery is Delivery.DONE
    assert ada.sees(ada.dm) == []


async def test_one_that_the_owner_deleted_before_is_finished_all_the_same(
    desk: Desk, post: DiscordTransport, ada: Visitor
) -> None:
    async with desk.process():
        alert, _ = await told(desk, ada)
        await remove(ada, post)
        await desk.put(replace(desk.message(alert.key), entries=()))
        await desk.work()
        kept = await desk.watch_state.message(alert.key)
        assert kept is not None
        assert kept.delivery is Delivery.DONE


async def test_a_push_takes_over_what_goes_on_and_the_former_message_goes(
    desk: Desk, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with desk.process():
        _, first = await told(desk, ada)
        desk.pass_time(timedelta(minutes=6))
        second = replace(desk.new_incident("1000000000000000002"), flag=FLAGS[1])
        alert = await desk.alert(ada.person.id, second)
        await desk.work()
        row = desk.message(alert.key)
        assert {entry.incident: entry.reason for entry in row.entries} == {
            second.key: Reason.OPENED,
            first.key: None,
        }
    (message,) = ada.sees(ada.dm)
    assert str(row.message_id) == message["id"]
    assert len(created(world)) == 2
    assert edited(world) == []  # it showed them both from the first


async def test_a_message_that_was_claimed_is_sent_again_as_it_was(
    desk: Desk, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with desk.process():
        first = desk.new_incident()
        alert = await desk.alert(ada.person.id, first)
        world.fault(Trouble.RESET, method="POST", path="/channels/*/messages", times=1)
        await desk.work()
        second = desk.new_incident("1000000000000000002")
        later = await desk.alert(ada.person.id, second)
        await desk.work_for(timedelta(seconds=10))
        assert [entry.incident for entry in desk.message(alert.key).entries] == [first.key]
        assert desk.message(later.key).delivery is Delivery.WAITING
        await desk.work_for(timedelta(minutes=5))
        assert {entry.incident for entry in desk.message(later.key).entries} == {first.key, second.key}
    assert len(ada.sees(ada.dm)) == 1


async def test_what_a_later_message_has_taken_over_goes_at_once_although_it_was_just_edited(
    desk: Desk, world: SimulatedDiscord, ada: Visitor
) -> None:
    async with desk.process():
        alert, incident = await told(desk, ada)
        desk.pass_time(timedelta(hours=2))
        await change(desk, incident, 1)
        await desk.work()
        assert len(edited(world)) == 1
        await desk.empty(alert)
        await desk.work()
    assert ada.sees(ada.dm) == []


async def test_the_first_refused_edit_is_a_log_line_and_the_next_ones_are_none(
    desk: Desk, world: SimulatedDiscord, ada: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    async with desk.process():
        _, incident = await told(desk, ada)
        world.fault(Trouble.ERROR, method="PATCH", status=403, code=40333)
        await change(desk, incident, 1)
        await desk.work_for(timedelta(minutes=5))
    assert len(edited(world)) > 2
    lines = [record.getMessage() for record in caplog.records if "cannot be changed" in record.getMessage()]
    assert lines == ["a message cannot be changed yet, and is tried again: 40333"]


async def test_what_failed_is_forgotten_with_its_message(
    desk: Desk, world: SimulatedDiscord, ada: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    async with desk.process():
        alert, incident = await told(desk, ada)
        world.fault(Trouble.ERROR, method="PATCH", status=503)
        await change(desk, incident, 1)
        await desk.work()
        before = desk.message(alert.key)
        await desk.put(replace(before, delivery=Delivery.CANCELLED))
        await desk.work()
        await desk.put(before)
        await desk.work()
    assert len([one for one in caplog.records if "cannot be changed" in one.getMessage()]) == 2


# Neither waits for the other


async def test_a_send_does_not_wait_for_edits(
    desk: Desk, world: SimulatedDiscord, ada: Visitor, bea: Visitor
) -> None:
    async with desk.process():
        _, incident = await told(desk, ada)
        world.fault(Trouble.SLOW, method="PATCH", seconds=60.0)
        await desk.end(incident)
        desk.outbox.begin()
        await desk.alert(bea.person.id)
        desk.outbox.begin()
        await world.wait_for(lambda: bea.sees(bea.dm))
        world.mend()
        await desk.work()
    assert len(edited(world)) == 1


async def test_no_edit_waits_for_that_of_another_message(desk: Desk, ada: Visitor) -> None:
    async with desk.process():
        incidents = [desk.new_incident(f"10000000000000001{number:02}") for number in range(20)]
        for incident in incidents:
            await desk.put(incident, desk.transaction(ada.person.id, Purpose.NOTE, incident))
        await desk.work()
        for incident in incidents:
            current = desk.watch_state.incidents[incident.key]
            await desk.put(replace(current, state=State.ENDED, ended_at=desk.clock.now()))
        desk.outbox.begin()
        assert len(desk.outbox.under_way) == 20
        await desk.work()
    assert len(ada.sees(ada.dm)) == 20


class Spoilt(dict[str, KnownAccount]):
    """Accounts of which one cannot be read."""

    def get(self, key: str, default: KnownAccount | None = None) -> KnownAccount | None:  # pyright: ignore[reportIncompatibleMethodOverride] - what the renderer uses
        if key == SPOILT:
            raise ValueError(key)
        return super().get(key, default)


async def test_a_message_that_cannot_be_rendered_keeps_no_other_from_its_edit(
    desk: Desk, ada: Visitor, bea: Visitor
) -> None:
    async with desk.process():
        _, incident = await told(desk, ada)
        broken = desk.new_incident(SPOILT)
        await desk.alert(bea.person.id, broken)
        await desk.work()
        desk.known_accounts = Spoilt(desk.known_accounts)
        await desk.end(incident)
        await desk.end(broken)
        await desk.work()
        assert "is back" in ada.sees(ada.dm)[0]["content"]
        desk.known_accounts = dict(desk.known_accounts)
        await desk.work_for(timedelta(minutes=1))
        assert "2 accounts are back" in bea.sees(bea.dm)[0]["content"]
