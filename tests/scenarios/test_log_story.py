"""What the log of a whole run of the bot says: start, what is watched, Discord lost and back, stop."""

import logging

import pytest

from bot.runtime.log_setup import LineFormatter, LogFormat, Redactor
from bot.runtime.program import VERSION
from tests.simulators.useapi import MODERATION
from tests.support.running import Bot, Visitor
from tests.support.waiting import until
from tests.support.watching import newest, poll


async def test_the_log_of_a_run_tells_its_story(
    bot: Bot, ada: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    account = bot.api.add()
    await bot.start()
    bot.api.flag(account.channel, MODERATION)
    await poll(ada)
    await newest(ada, "needs you")
    bot.world.drop_gateway()
    await until(lambda: "connected to Discord again" in caplog.text and " alert " in caplog.text)
    await bot.stop()
    records = [each for each in caplog.records if hasattr(each, "facts")]
    lines = [each.getMessage() for each in records]
    assert lines[0] == (
        f"Midwatch {VERSION} starts, to watch the accounts at {bot.api.url}; stop it with Ctrl-C or SIGTERM"
    )
    assert lines[-1] == f"Midwatch {VERSION} stopped"
    wanted = (
        "watching 1 account",
        "connected to Discord",
        f"account …{account.channel[-4:]} is flagged: moderation",
        "the connection to Discord is lost; connecting again",
        "connected to Discord again after under 1 s",
    )
    assert [line for line in wanted if lines.count(line) != 1] == []
    sent = [line for line in lines if " sent to " in line]
    assert [line.split()[0] for line in sent] == ["hello", "alert"]
    entries = "\n".join(LineFormatter(LogFormat.JSON, Redactor(())).format(each) for each in records)
    assert '"event": "discord_lost"' in entries
    assert '"event": "discord_back", "lasted": ' in entries
    assert f'"event": "start", "version": "{VERSION}", "api": "{bot.api.url}"' in entries
    for hidden in (*bot.api.secrets, MODERATION, account.channel):
        assert hidden not in entries
