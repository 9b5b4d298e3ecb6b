"""ALERT_URLS and SECOND_OWNERS in the running bot, with a web hook on loopback."""

import re

import pytest

from bot import app
from bot.cli import check
from bot.notifications import Outbox
from bot.runtime.errors import TokenRefusedError
from tests.notifications.test_apprise import SECRET, Service
from tests.notifications.test_apprise import service as service  # noqa: PLC0414 - a fixture
from tests.simulators.discord import FaultKind, point_at
from tests.support.ending import ended
from tests.support.reading import text
from tests.support.running import HELLO, PATIENCE, Bot, Visitor
from tests.support.samples import FLAG
from tests.support.waiting import until


@pytest.mark.parametrize("has_channel", [True, False])
async def test_each_push_arrives_there_as_well_if_that_is_wanted(
    bot: Bot, ada: Visitor, service: Service, *, has_channel: bool
) -> None:
    account = bot.api.add(discord_name="aurora")
    channel = bot.world.alerts_channel_id if has_channel else None
    await bot.start(ALERT_URLS=service.url, ALERT_URLS_ALWAYS="yes", ALERT_CHANNEL_ID=channel)
    bot.api.flag(account.channel, FLAG.text)
    await ada.ask("mjinfo", account=account.channel)
    await until(lambda: bool(service.bodies))
    (body,) = service.bodies
    assert f"…{account.channel[-4:]} needs you" in body["title"]


async def test_a_test_goes_there_and_the_answer_and_the_log_name_it_by_scheme_and_host(
    bot: Bot, ada: Visitor, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    await bot.start(ALERT_URLS=service.url)
    assert re.search(r"recipient -\d+ is json at 127\.0\.0\.1, of ALERT_URLS", caplog.text)
    answer = str(await ada.ask("mjtest"))
    assert "json at 127.0.0.1" in answer
    assert service.url not in answer
    (body,) = service.bodies
    assert body["title"].startswith("🧪 Test")


async def test_if_discord_refuses_the_token_that_is_said_there_before_the_bot_ends(
    bot: Bot, service: Service
) -> None:
    bot.world.fault(FaultKind.TOKEN_REFUSED)
    bot.launch(ALERT_URLS=service.url)
    with pytest.raises(TokenRefusedError):
        await ended(bot)
    (body,) = service.bodies
    assert body["title"] == "🛑 Midwatch has stopped: Discord refuses its token. Nothing is watched."


async def test_if_that_cannot_be_said_the_bot_ends_as_it_would_without(
    bot: Bot, service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_outbox: Outbox) -> list[str]:
        raise ValueError

    monkeypatch.setattr(Outbox, "untold", fail)
    bot.world.fault(FaultKind.TOKEN_REFUSED)
    bot.launch(ALERT_URLS=service.url)
    with pytest.raises(TokenRefusedError):
        await ended(bot)
    assert "cannot be said outside of Discord" in caplog.text


async def test_a_second_owner_may_act_and_is_greeted(bot: Bot, bea: Visitor) -> None:
    bot.api.add(discord_name="aurora")
    await bot.start(OWNER_IDS="100000000000000001", SECOND_OWNERS=str(bea.person.id), ESCALATE_AFTER="30m")
    assert "No alerts" in text(await bea.ask("mjmute", duration="1h"))
    await bot.world.wait_for(lambda: any(HELLO in text(each) for each in bea.sees(bea.dm)), PATIENCE)


@pytest.mark.parametrize("status", [200, 403])
async def test_check_sends_a_test_to_each_address_and_names_it_by_scheme_and_host(
    bot: Bot, service: Service, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    service.status = status
    with point_at(bot.world.api, bot.world.gateway):
        code = await check.report(bot.settings(ALERT_URLS=service.url), app.providers_of)
    said = capsys.readouterr().out
    (line,) = (each for each in said.splitlines() if "Alerts by json at 127.0.0.1: " in each)
    assert line.startswith("ok  " if status == 200 else "FAIL")
    assert (code == 0) is (status == 200)
    assert SECRET not in said
    (body,) = service.bodies
    assert "Midwatch check" in body["message"]
