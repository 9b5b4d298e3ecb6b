"""`/mjstatus` and `/mjtest`: what is wrong comes first, then what goes on, and whether it arrives."""

import asyncio
import shutil
from datetime import timedelta

import pytest

from bot.runtime import setting_values
from tests.simulators.discord import FaultKind
from tests.simulators.useapi import MODERATION, Endpoint, Fault
from tests.support.reading import button, buttons, text
from tests.support.running import SOON_GIVEN_UP, Bot, Visitor
from tests.support.watching import MINE, PATIENCE, RESET, SNOOZE, flagged, later, newest, poll

FORBIDDEN = 403


def presence(bot: Bot) -> str:
    """Return the bot's own status."""
    shown = bot.world.presence or {}
    return shown["activities"][0]["state"] if shown.get("activities") else ""


def statuses(bot: Bot) -> list[str]:
    """Return every status the bot sent to the gateway on its own."""
    sent = (body["activities"] for body in bot.world.bodies if "activities" in body)
    return [each[0]["state"] for each in sent]


async def status(ada: Visitor, *words: str) -> str:
    """Return the status once it says all of this."""
    page = text(await ada.ask("mjstatus", private=True))
    for word in words:
        assert word in page
    return page


async def until_status_says(ada: Visitor, words: str) -> str:
    """Ask for the status until it says this."""
    async with asyncio.timeout(PATIENCE):
        while words not in (page := await status(ada)):
            pass
    return page


# -------------------------------------------------------------------------- /mjstatus


async def test_with_nothing_wrong_it_says_that_it_watches(bot: Bot, ada: Visitor) -> None:
    for _ in range(2):
        bot.api.add()
    await bot.start()
    await bot.world.wait_for(lambda: ada.sees(ada.dm))
    page = await status(
        ada, "✅ **2 accounts watched, all ready**", "Last successful check at <t:", ". Next check at <t:"
    )
    assert f"✅ <@{ada.person.id}> · direct message · last worked <t:" in page
    assert "Open" not in page


async def test_it_says_how_old_the_last_backup_is_also_after_a_restart(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    page = await until_status_says(ada, "Backup of the database\nLast one <t:")
    await bot.restart()
    again = await until_status_says(ada, "Backup of the database\nLast one <t:")
    assert again.partition("Backup")[2] == page.partition("Backup")[2]
    await bot.restart(BACKUP_KEEP="0")
    assert "Backup" not in await status(ada)


async def test_a_backup_that_fails_is_a_line_and_no_trouble_of_the_watch(
    bot: Bot, ada: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_room = type(shutil.disk_usage("/"))(10, 10, 0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: no_room)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType] - pytest's
    bot.api.add()
    await bot.start()
    page = await until_status_says(ada, "⚠️ The disk of ")
    assert "is too full for a backup of the database" in page
    assert page.endswith("I keep trying.")
    assert "✅ **1 account watched, all ready**" in page
    assert presence(bot) == "1 account watched, all ready"
    assert ada.received() == []


async def test_what_the_bot_lacks_in_the_alert_channel_is_named(bot: Bot, ada: Visitor) -> None:
    await bot.start(ALERT_CHANNEL_ID=str(bot.world.alerts_channel_id))
    assert "I lack" not in await status(ada)
    bot.world.deny_bot(bot.world.alerts_channel_id, read_message_history=True, embed_links=True)
    await status(ada, "In the alert channel I lack **Embed Links, Read Message History**")


async def test_row_48_a_message_that_cannot_be_changed_any_more_is_named(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    _, alert = await flagged(bot, ada)
    await bot.stop()
    await bot.change_database(
        f"UPDATE message SET delivery = 'done', failing_since = sent_at, failure = '50083' "  # noqa: S608 - an id
        f"WHERE message_id = {alert['id']}"
    )
    await bot.start()
    await status(ada, "Messages that cannot be changed: 1", f"/{ada.dm}/{alert['id']}", "thread is archived")


@pytest.mark.parametrize("private", [False, True], ids=["public", "private"])
async def test_it_is_public_or_for_the_asker_alone(
    bot: Bot, ada: Visitor, sam: Visitor, *, private: bool
) -> None:
    await bot.start()
    asked = await ada.use("mjstatus", private=private)
    await asked.answer()
    assert asked.ephemeral is private
    assert len(sam.sees()) == (0 if private else 1)


async def test_it_shows_what_is_open_and_who_is_on_it(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    bot.api.add()
    await bot.start()
    account, alert = await flagged(bot, ada)
    await ada.pressed(alert, MINE)
    await status(
        ada,
        "⚠️ **2 accounts watched, 1 needs you**",
        f"**…{account.channel[-4:]}** · ⚠️ moderation message pending · flagged <t:",
        f"<@{ada.person.id}> is on it",
    )


async def test_it_shows_what_is_muted_before_anything_else(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    await bot.start()
    await ada.ask("mjmute", duration="2h")
    await ada.ask("mjmute", duration="1h", account=account.channel)
    page = await status(ada)
    assert page.strip().startswith("🔇 **All accounts are muted** until <t:")
    assert f"🔇 **…{account.channel[-4:]} is muted** until <t:" in page


async def test_it_shows_what_cannot_be_delivered_before_anything_else(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    bot.world.close_dm(ada.person)
    await bot.start()
    bot.api.flag(next(iter(bot.api.accounts)), MODERATION)
    await poll(ada)
    await bot.world.wait_for(lambda: any(one.status == FORBIDDEN for one in bot.world.requests))
    page = await status(
        ada, "Their direct messages are closed", f"for <@{ada.person.id}> cannot be delivered"
    )
    assert page.strip().startswith("📪 **")


async def test_it_shows_what_is_held_back_and_why(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    second = bot.api.add().channel
    await bot.start()
    await flagged(bot, ada)
    bot.api.flag(second, MODERATION)
    await poll(ada)
    await status(ada, "### Messages waiting: 1", "because they were notified less than 5 min ago")


async def test_it_shows_what_is_over_and_for_how_long_it_was(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    account, _ = await flagged(bot, ada)
    bot.api.clear(account.channel)
    await poll(ada)
    await later(bot, 10)
    await poll(ada)
    page = await status(ada, "### Recently resolved", f"**…{account.channel[-4:]}** · back after ")
    assert page.count("· back after") == 1


async def test_it_shows_that_polls_fail_and_why(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    bot.api.fault(Fault.UNAUTHORIZED, endpoint=Endpoint.LIST)
    await bot.start()
    await status(
        ada,
        "⚠️ **I cannot see your accounts. useapi.net refused the API token.**",
        "No successful check yet",
        "The last check failed. useapi.net refused the API token",
    )


async def test_refresh_shows_how_things_are_now(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    shown = await ada.ask("mjstatus")
    await flagged(bot, ada)
    refreshed = await ada.pressed(shown, "Refresh")
    assert refreshed["id"] == shown["id"]
    assert "1 needs you" in text(refreshed)


async def test_refresh_polls_again_when_the_last_poll_failed(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    bot.api.fault(Fault.UNPAID, endpoint=Endpoint.LIST)
    await poll(ada)
    shown = await ada.ask("mjstatus")
    bot.api.mend()
    assert "all ready" in text(await ada.pressed(shown, "Refresh"))


async def test_refresh_is_for_the_asker_and_the_owners(
    bot: Bot, ada: Visitor, bea: Visitor, sam: Visitor
) -> None:
    await bot.start()
    shown = await bea.ask("mjstatus")
    refused = await sam.press(shown, "Refresh")
    assert "Only the person who asked can use these buttons" in text(await refused.answer())
    assert refused.ephemeral
    for person in (bea, ada):
        assert "## Midwatch" in text(await person.pressed(shown, "Refresh"))


async def test_row_38_another_copy_that_answers_is_shown(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    assert "Another copy" not in await status(ada)
    bot.world.fault(FaultKind.ERROR, path="/interactions/*/callback", status=400, code=40060, times=1)
    await ada.use("mjaccounts")
    await bot.world.wait_for(lambda: any(one.status == 400 for one in bot.world.requests))
    await status(ada, "👥 **Another copy of this bot answers too**")


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("nothing", "3 accounts watched, all ready"),
        ("flagged", "1 needs you"),
        ("refused", "cannot see your accounts"),
        ("added", "4 accounts watched, all ready"),
    ],
)
async def test_the_bots_own_status_says_how_things_are(bot: Bot, ada: Visitor, what: str, words: str) -> None:
    channels = [bot.api.add().channel for _ in range(3)]
    await bot.start()
    await bot.world.wait_for(lambda: presence(bot) == "3 accounts watched, all ready", PATIENCE)
    match what:
        case "flagged":
            bot.api.flag(channels[0], MODERATION)
        case "refused":
            bot.api.fault(Fault.UNPAID, endpoint=Endpoint.LIST)
        case "added":
            bot.api.add()
        case _:
            pass
    await poll(ada)
    await bot.world.wait_for(lambda: presence(bot) == words, PATIENCE)


@pytest.mark.english
async def test_the_bots_own_status_is_sent_again_only_when_it_changes(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    await bot.world.wait_for(lambda: statuses(bot), PATIENCE)  # a new connection gets it at once
    before = statuses(bot)
    await ada.ask("mjtest")  # changes the state again and again
    assert statuses(bot) == before == ["1 account watched, all ready"]


async def test_row_58_the_bots_own_status_is_shown_again_after_a_resume(bot: Bot) -> None:
    bot.api.add()
    await bot.start()
    await bot.world.wait_for(lambda: presence(bot) == "1 account watched, all ready", PATIENCE)
    bot.world.forget_presence()
    bot.world.drop_gateway()
    await bot.world.wait_for(lambda: presence(bot) == "1 account watched, all ready", PATIENCE)


async def test_a_connection_that_ends_while_the_status_text_is_set_is_no_error(
    bot: Bot, ada: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    bot.api.add()
    bot.extensions = (*bot.extensions, "tests.support.faulty_cog")
    await bot.start()
    assert text(await ada.ask("faulty", where="as the connection ends")) == "set"
    await bot.world.wait_for(lambda: presence(bot) == "1 account watched, all ready", PATIENCE)
    assert "failed" not in caplog.text


async def test_row_42_all_views_say_that_nothing_can_be_written_down_and_show_the_flag(
    bot: Bot, ada: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = bot.api.add()
    monkeypatch.setattr(setting_values, "SHORTEST_POLL", timedelta(seconds=1))
    bot.database_waits = SOON_GIVEN_UP
    await bot.start(POLL_INTERVAL="1s")
    await bot.world.wait_for(lambda: presence(bot) == "1 account watched, all ready", PATIENCE)
    async with bot.held_database():
        bot.api.flag(account.channel, MODERATION)
        await poll(ada)
        await bot.world.wait_for(lambda: presence(bot) == "I cannot write down what I see", PATIENCE)
        shown = text(await ada.ask("mjaccounts"))
        assert "1 account, 1 flagged" in shown
        status = text(await ada.ask("mjstatus"))
        assert status.strip().startswith("💾 **I cannot write down what I see**")
        assert "locked by another program" in status
        assert "✅ **" not in status
        assert "needs you" not in "".join(map(text, ada.received()))
    await poll(ada)
    await newest(ada, "needs you")
    await bot.world.wait_for(lambda: presence(bot) == "1 needs you", PATIENCE)


async def test_nothing_is_called_ready_before_the_first_good_poll(bot: Bot, ada: Visitor) -> None:
    for _ in range(3):
        bot.api.add()
    await bot.start()
    await bot.world.wait_for(lambda: presence(bot) == "3 accounts watched, all ready", PATIENCE)
    bot.api.fault(Fault.SERVER_ERROR, endpoint=Endpoint.LIST)
    await bot.restart()
    await bot.world.wait_for(lambda: presence(bot) == "I cannot see your accounts yet", PATIENCE)
    bot.api.mend()
    await poll(ada)
    await bot.world.wait_for(lambda: presence(bot) == "3 accounts watched, all ready", PATIENCE)


async def test_accounts_of_before_the_start_are_not_seen_while_the_first_poll_lasts(
    bot: Bot, ada: Visitor
) -> None:
    bot.api.add()
    await bot.start()
    await bot.stop()
    bot.api.fault(Fault.HANG, endpoint=Endpoint.LIST)
    bot.launch()
    await bot.world.wait_for(lambda: bot.world.connected, PATIENCE)
    assert "1 account, not checked successfully now" in text(await ada.ask("mjstatus"))


async def test_a_poll_of_a_command_that_failed_is_said_too(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    bot.api.fault(Fault.SERVER_ERROR, endpoint=Endpoint.LIST)
    await poll(ada)
    page = text(await ada.ask("mjstatus"))
    assert "1 account, not checked successfully now" in page
    assert "The last check failed. useapi.net has a server error (500)." in page


# ---------------------------------------------------------------------------- /mjtest


async def test_a_test_arrives_marked_and_its_buttons_do_nothing(bot: Bot, ada: Visitor, bea: Visitor) -> None:
    await bot.start(OWNER_IDS=f"{ada.person.id},{bea.person.id}")
    asked = await ada.use("mjtest")
    report = text(await asked.answer())
    assert asked.ephemeral
    for owner in (ada, bea):
        assert f"✅ <@{owner.person.id}> · direct message · last worked <t:" in report
        test = await newest(owner, "Test: this is how an alert looks. Nothing is wrong", "🧪 TEST")
        assert list(buttons(test)) == [RESET, MINE, SNOOZE]
        assert all(one["disabled"] for one in buttons(test).values())


async def test_a_test_takes_every_route_and_says_which_does_not_work(bot: Bot, ada: Visitor) -> None:
    bot.world.close_dm(ada.person)
    place = bot.world.alerts_channel_id
    await bot.start(ALERT_CHANNEL_ID=str(place))
    report = text(await ada.ask("mjtest"))
    who = f"<@{ada.person.id}>"
    assert f"⚠️ {who} · direct message · **does not work** · " in report
    assert " · Their direct messages are closed. " in report
    assert f"✅ {who} · alert channel · last worked <t:" in report
    assert sum("🧪 TEST" in text(each) for each in ada.sees(place)) == 1

    bot.world.open_dm(ada.person)
    report = text(await ada.ask("mjtest"))
    assert f"✅ {who} · direct message · last worked <t:" in report
    assert ada.received() != []


async def test_a_test_refused_by_the_only_route_is_reported(bot: Bot, ada: Visitor) -> None:
    bot.world.close_dm(ada.person)
    await bot.start()
    report = text(await ada.ask("mjtest"))
    assert "· direct message · **does not work** · " in report
    assert " · Their direct messages are closed. " in report


async def test_an_alert_after_a_test_that_worked_goes_by_direct_message_again(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    bot.world.close_dm(ada.person)
    await bot.start(ALERT_CHANNEL_ID=str(bot.world.alerts_channel_id))
    await ada.ask("mjtest")
    bot.world.open_dm(ada.person)
    await ada.ask("mjtest")
    bot.api.flag(next(iter(bot.api.accounts)), MODERATION)
    await poll(ada)
    assert button(await newest(ada, "needs you", number=2), RESET)


async def test_only_owners_test(bot: Bot, ada: Visitor, bea: Visitor) -> None:
    await bot.start()
    refused = await bea.use("mjtest")
    assert "Only this bot's owners" in text(await refused.answer())
    assert refused.ephemeral
    assert ada.received() == []
