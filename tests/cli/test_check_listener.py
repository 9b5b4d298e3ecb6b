"""`midwatch check` about LISTEN and HOOK_SECRET."""

import asyncio
from functools import partial
from typing import Any

import pytest

from bot import app
from bot.cli import check, check_listener
from tests.conftest import Leaks
from tests.simulators.discord import point_at
from tests.support.asking import asked, unused_port
from tests.support.running import Bot
from tests.support.waiting import at_once

SECRET = "hook-secret-of-the-tests"


class Checks:
    """Runs the check, and returns its lines about the listener."""

    def __init__(self, bot: Bot, capsys: pytest.CaptureFixture[str]) -> None:
        self._bot, self._capsys = bot, capsys

    async def __call__(self, **changed: Any) -> list[str]:
        self._capsys.readouterr()
        with point_at(self._bot.world.api, self._bot.world.gateway):
            await check.report(self._bot.settings(**changed), partial(app.providers_of, sleep=at_once))
        lines = self._capsys.readouterr().out.splitlines()
        return [each for each in lines if each[6:].startswith(("Listener:", "Metrics:", "Hook:"))]


@pytest.fixture
def checked(bot: Bot, capsys: pytest.CaptureFixture[str], leaks: Leaks) -> Checks:
    leaks.secrets |= {SECRET}
    return Checks(bot, capsys)


async def test_without_its_settings_nothing_is_said_of_it(checked: Checks) -> None:
    assert await checked() == []


async def test_before_the_first_start_it_says_that_it_can_listen_and_leaves_the_port_free(
    checked: Checks,
) -> None:
    port = unused_port()
    for _ in range(2):
        assert await checked(LISTEN=port, HOOK_SECRET=SECRET) == [
            f"ok    Listener: Midwatch can listen at 127.0.0.1:{port}",
            "ok    Hook: not called yet",
        ]


async def test_while_it_runs_and_afterwards_it_says_when_the_hook_was_called(
    bot: Bot, checked: Checks
) -> None:
    settings = {"LISTEN": unused_port(), "HOOK_SECRET": SECRET}
    await bot.start(**settings)
    address = f"127.0.0.1:{settings['LISTEN']}"
    running = f"ok    Listener: a running Midwatch listens at {address}"
    assert await checked(**settings) == [running, "ok    Hook: not called yet"]

    assert (await asked(int(settings["LISTEN"]), f"/hook/{SECRET}", "POST"))[0] == 204
    first, hook = await checked(**settings)
    assert first == running
    assert hook.startswith("ok    Hook: last called on 20")
    await bot.stop()
    assert (await checked(**settings))[1] == hook


async def test_a_port_that_something_else_has_is_a_failure(checked: Checks) -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    other = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with other:
        port = other.sockets[0].getsockname()[1]
        (line,) = await checked(LISTEN=port)
    assert line.startswith(f"FAIL  Listener: Midwatch cannot listen at 127.0.0.1:{port}: ")
    assert line.endswith(" Change LISTEN.")


async def test_a_secret_without_an_address_is_warned_of(checked: Checks) -> None:
    (line,) = await checked(HOOK_SECRET=SECRET)
    assert line == "WARN  Hook: HOOK_SECRET does nothing without LISTEN. Set that, too."


async def test_a_missing_library_is_warned_of_with_how_to_get_it(
    checked: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_listener, "has_metrics", lambda: False)
    _, line = await checked(LISTEN=unused_port())
    assert (
        line
        == "WARN  Metrics: /metrics answers 501. Its library is missing: `pip install prometheus_client`."
    )


async def test_a_database_that_cannot_be_read_is_no_error_of_the_hook(bot: Bot, checked: Checks) -> None:
    bot.database.write_text("A letter.\n" * 300)
    assert "ok    Hook: not known" in await checked(LISTEN=unused_port(), HOOK_SECRET=SECRET)
