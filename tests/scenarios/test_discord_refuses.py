"""Discord's own refusals outside the outbox: one sentence with status and code, and never what it sent."""

import asyncio
import logging
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.cli.discord_errors import TOO_MANY_COMMANDS
from bot.connection import reached
from bot.interactions.responses import logged
from bot.runtime.errors import UnavailableError
from bot.runtime.supervisor import Health, supervise
from tests.simulators.discord import FaultKind
from tests.support.running import Bot

PAGE = "<html>Your IP: 203.0.113.7 is banned</html>"


def refused(status: int, code: int = 0, *, wait: str | None = None) -> discord.HTTPException:
    """Make what discord.py raises of an answer of Discord."""
    headers = {"Retry-After": wait} if wait else {}
    response = SimpleNamespace(status=status, reason="no", headers=headers)
    message: dict[str, Any] | str = {"code": code, "message": PAGE} if code else PAGE
    return discord.HTTPException(cast(Any, response), message)


@pytest.mark.parametrize(
    ("error", "wording", "wait"),
    [
        (refused(429, wait="600"), "Discord refuses the request (HTTP 429).", timedelta(minutes=10)),
        (refused(403), "Discord refuses the request (HTTP 403).", None),
        (
            refused(400, TOO_MANY_COMMANDS),
            "Discord refuses the request (HTTP 400, code 30034).",
            timedelta(hours=1),
        ),
        (
            refused(429, TOO_MANY_COMMANDS, wait="86000"),
            "Discord refuses the request (HTTP 429, code 30034).",
            timedelta(seconds=86_000),
        ),
        (discord.RateLimited(7.0), "Discord asks to slow down.", timedelta(seconds=7)),
    ],
)
def test_a_refusal_is_named_by_status_and_code_and_keeps_its_wait(
    error: Exception, wording: str, wait: timedelta | None
) -> None:
    with pytest.raises(UnavailableError) as caught, reached():
        raise error
    assert (str(caught.value), caught.value.wait) == (wording, wait)
    assert caught.value.__suppress_context__


def test_a_refused_token_stays_what_it_is() -> None:
    with pytest.raises(discord.LoginFailure), reached():
        raise discord.LoginFailure("no")


async def test_a_loop_waits_as_long_as_an_error_asks_for() -> None:
    stop, naps = asyncio.Event(), list[float]()

    async def rest(event: asyncio.Event, seconds: float) -> None:
        naps.append(seconds)
        event.set()

    async def once() -> None:
        raise UnavailableError("Discord refuses (HTTP 400, code 30034)", wait=timedelta(hours=1))

    await supervise(once, name="it", stop=stop, every=None, limit=None, rest=rest)
    assert naps == [3600]


@pytest.mark.parametrize("log", ["reply", "loop"])
def test_what_discord_sent_is_never_in_the_log(caplog: pytest.LogCaptureFixture, log: str) -> None:
    error = refused(400, 50035)
    if log == "reply":
        logged(error)
    else:
        Health().failed("it", error)
    assert "203.0.113.7" not in caplog.text
    assert "status 400, code 50035" in caplog.text


async def test_a_login_met_by_a_refusal_is_a_line_of_the_log_and_is_tried_again(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bot.api.add()
    bot.world.fault(FaultKind.ERROR, status=403, code=40333, path="/users/@me", times=1)
    await bot.start()
    lines = [record for record in caplog.records if "the login at Discord failed" in record.getMessage()]
    assert [line.getMessage() for line in lines] == [
        "the login at Discord failed, will try again: Discord refuses the request (HTTP 403, code 40333)."
    ]
    assert lines[0].exc_info in (None, False)
