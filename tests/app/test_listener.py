"""The listener of the whole bot: how the watch is, and the hook that makes it check at once."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot.runtime.errors import UnavailableError
from tests.conftest import Leaks
from tests.simulators.useapi import MODERATION, Fault
from tests.support.asking import asked, unused_port
from tests.support.ending import ended
from tests.support.reading import text
from tests.support.running import PATIENCE, Bot, Visitor

ROOT = Path(__file__).parents[2]
SECRET = "hook-secret-of-the-tests"


@pytest.fixture
def port() -> int:
    return unused_port()


async def test_a_callback_makes_it_check_and_alert_long_before_its_next_poll(
    bot: Bot, ada: Visitor, port: int, leaks: Leaks
) -> None:
    leaks.secrets |= {SECRET}
    account = bot.api.add()
    await bot.start(LISTEN=port, HOOK_SECRET=SECRET, POLL_INTERVAL="1d")
    bot.api.flag(account.channel, MODERATION)
    callback = json.dumps({"status": "failed", "code": 596, "discord": "not believed"}).encode()
    assert await asked(port, f"/hook/{SECRET}", "POST", callback) == (204, "")
    await bot.world.wait_for(ada.received, PATIENCE)
    assert "needs you" in text(ada.received()[0])


async def test_healthz_says_whether_the_watch_sees_its_accounts(bot: Bot, port: int) -> None:
    bot.api.add()
    await bot.start(LISTEN=port, HOOK_SECRET=SECRET)
    assert await asked(port, "/healthz") == (200, '{"well": true, "problems": []}')
    bot.api.fault(Fault.UNAUTHORIZED)
    before = len(bot.api.requests)
    await asked(port, f"/hook/{SECRET}", "POST")
    await bot.world.wait_for(lambda: len(bot.api.requests) > before and not bot.polling, PATIENCE)
    status, body = await asked(port, "/healthz")
    assert status == 503
    assert [each["problem"] for each in json.loads(body)["problems"]] == ["sight"]


async def test_a_port_in_use_ends_the_start_before_discord_is_met(bot: Bot) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        bot.launch(LISTEN=other.getsockname()[1])
        with pytest.raises(UnavailableError, match="Change LISTEN"):
            await ended(bot)
    assert bot.world.requests == []


def test_nothing_of_it_is_imported_before_a_listener_is_wanted() -> None:
    code = "import sys, bot.__main__; print({'bot.listener.server', 'prometheus_client'} & {*sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter
    assert run.stdout == "set()\n"
