"""The simulated Discord out of order: dropped gateways, refusals, broken connections, killed bots."""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import discord
import pytest
from discord import gateway

from tests.simulators.discord import SANDBOX_BOT_TOKEN, FaultKind, SimulatedDiscord
from tests.simulators.discord.ratelimits import Pace
from tests.simulators.discord.small_bot import SmallBot, ask, dm

# ------------------------------------------------------------------------- gateway


async def test_what_was_missed_while_the_gateway_was_gone_is_replayed(
    bot: SmallBot, sim: SimulatedDiscord
) -> None:
    sim.drop_gateway()
    interaction = await sim.slash(sim.owner, "echo", {"word": "again"})
    assert (await interaction.answer())["content"] == "echo again"
    await sim.wait_for(lambda: "resumed" in bot.seen)
    assert bot.seen == ["identified", "resumed"]


async def test_a_forgotten_session_makes_the_bot_identify_again(bot: SmallBot, sim: SimulatedDiscord) -> None:
    sim.forget_sessions()
    sim.drop_gateway(4000)
    await sim.wait_for(lambda: bot.seen == ["identified"] * 2)
    assert (await (await sim.slash(sim.owner, "echo")).answer())["content"] == "echo nothing"


async def test_the_last_presence_is_known(bot: SmallBot, sim: SimulatedDiscord) -> None:
    assert sim.presence is None
    await bot.change_presence(activity=discord.CustomActivity("3 accounts"))
    presence = await sim.wait_for(lambda: sim.presence)
    assert presence is not None
    assert presence["activities"][0]["state"] == "3 accounts"


@pytest.mark.parametrize("refused", [True, False], ids=["token refused", "another token"])
async def test_a_token_that_is_not_the_sandbox_one_is_refused(
    sim: SimulatedDiscord, *, refused: bool
) -> None:
    if refused:
        sim.fault(FaultKind.TOKEN_REFUSED)
    async with SmallBot() as bot:
        with pytest.raises(discord.LoginFailure):
            await bot.login(SANDBOX_BOT_TOKEN if refused else "another")


async def test_the_gateway_closes_on_another_token(sim: SimulatedDiscord) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(sim.gateway) as socket:
        await socket.receive_json()
        await socket.send_json({"op": 2, "d": {"token": "another", "intents": 0}})
        assert (await socket.receive()).data == 4004
    assert not sim.connected


async def test_a_heartbeat_acknowledged_before_it_is_noted_is_no_warning(
    bot: SmallBot, caplog: pytest.LogCaptureFixture
) -> None:
    keeping = vars(bot.ws)["_keep_alive"]
    assert isinstance(keeping, gateway.KeepAliveHandler)
    assert keeping.interval is not None
    # discord.py notes the sending in a thread of its own: until then the heartbeat before it counts.
    vars(keeping)["_last_send"] = time.perf_counter() - keeping.interval
    keeping.ack()
    assert keeping.latency >= keeping.interval
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING] == []


async def test_a_heartbeat_is_acknowledged_at_once_before_anything_else_is_sent(
    sim: SimulatedDiscord,
) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(sim.gateway) as socket:
        assert (await socket.receive_json())["op"] == 10
        await socket.send_json({"op": 1, "d": None})
        await socket.send_json({"op": 2, "d": {"token": SANDBOX_BOT_TOKEN, "intents": 0}})
        assert [(await socket.receive_json())["op"] for _ in range(2)] == [11, 0]


# ------------------------------------------------------------------------- faults


async def test_a_429_is_waited_out_by_the_bot(bot: SmallBot, sim: SimulatedDiscord) -> None:
    channel = await dm(bot, sim)
    sim.fault(FaultKind.RATE_LIMITED, method="POST", path="/channels/*/messages", seconds=0.05, times=1)
    await channel.send("through")
    assert [one.status for one in sim.requests[-2:]] == [429, 200]


async def test_a_429_without_via_is_an_error_at_once(bot: SmallBot, sim: SimulatedDiscord) -> None:
    channel = await dm(bot, sim)
    sim.fault(FaultKind.RATE_LIMITED, path="/channels/*/messages", via=False)
    with pytest.raises(discord.HTTPException) as refused:
        await channel.send("through")
    assert refused.value.status == 429


async def test_the_edge_limits_with_a_page_and_without_via(sim: SimulatedDiscord) -> None:
    sim.fault(FaultKind.EDGE_LIMITED, path="/channels/*/messages", seconds=30)
    url = f"{sim.api}/channels/{sim.channel_id}/messages"
    async with aiohttp.ClientSession() as session, session.post(url, json={"content": "x"}) as answer:
        assert (answer.status, answer.content_type) == (429, "text/html")
        assert "Via" not in answer.headers
        assert answer.headers["Retry-After"] == "30"
        assert "error code: 1015" in await answer.text()


async def test_a_pace_is_announced_in_headers_and_enforced() -> None:
    async with SimulatedDiscord(pace=Pace(2, 60)) as sim:
        path = f"/channels/{sim.channel_id}/messages"
        answers = [await ask(sim, "POST", path, {"content": "x"}) for _ in range(3)]
        elsewhere, _, _ = await ask(
            sim, "POST", f"/channels/{sim.alerts_channel_id}/messages", {"content": "x"}
        )
    assert [status for status, _, _ in answers] == [200, 200, 429]
    assert [headers["X-RateLimit-Remaining"] for _, headers, _ in answers] == ["1", "0", "0"]
    _, headers, body = answers[-1]
    assert headers["Via"]
    assert headers["Content-Type"] == "application/json"
    assert 0 < body["retry_after"] <= 60
    assert elsewhere == 200


@pytest.mark.parametrize("status", [400, 503], ids=str)
async def test_a_route_fails_as_set_until_it_is_mended(
    bot: SmallBot, sim: SimulatedDiscord, status: int
) -> None:
    channel = await dm(bot, sim)
    sim.fault(FaultKind.ERROR, path="/channels/*/messages", status=status, code=40003)
    with pytest.raises(discord.HTTPException) as refused:
        await channel.send("x")
    assert (refused.value.status, refused.value.code) == (status, 40003)
    sim.mend()
    await channel.send("x")


async def test_a_fault_may_meet_a_share_of_the_requests(bot: SmallBot, sim: SimulatedDiscord) -> None:
    channel = await dm(bot, sim)
    luck = iter((0.2, 0.3, 0.9))
    sim.fault(FaultKind.ERROR, path="/channels/*/messages", status=503, share=0.3, luck=lambda: next(luck))
    with pytest.raises(discord.HTTPException):
        await channel.send("x")
    await channel.send("y")
    await channel.send("z")


@pytest.mark.parametrize(
    ("kind", "created"), [(FaultKind.RESET, []), (FaultKind.RESET_AFTER, ["x"])], ids=str
)
async def test_a_connection_breaks_before_or_after_the_message_was_made(
    bot: SmallBot, sim: SimulatedDiscord, kind: FaultKind, created: list[str]
) -> None:
    channel = await dm(bot, sim)
    sim.fault(kind, path="/channels/*/messages", times=1)
    with pytest.raises((aiohttp.ClientError, OSError)):
        await channel.send("x")
    assert [one["content"] for one in sim.messages(channel.id, sim.owner)] == created


async def test_a_slow_answer_goes_on_when_it_is_mended(bot: SmallBot, sim: SimulatedDiscord) -> None:
    channel = await dm(bot, sim)
    sim.fault(FaultKind.SLOW_AFTER, path="/channels/*/messages", seconds=60)
    sending = asyncio.create_task(channel.send("x"))
    await sim.wait_for(lambda: sim.messages(channel.id, sim.owner))
    assert not sending.done()
    sim.mend()
    await sending


async def test_a_vanished_discord_comes_back_on_the_same_port(bot: SmallBot, sim: SimulatedDiscord) -> None:
    channel, before = await dm(bot, sim), sim.api
    await sim.vanish()
    with pytest.raises((aiohttp.ClientError, OSError)):
        await channel.send("x")
    assert not sim.connected
    await sim.come_back()
    assert sim.api == before
    await channel.send("x")


async def test_the_gateway_may_be_refused_for_a_while(sim: SimulatedDiscord) -> None:
    sim.fault(FaultKind.GATEWAY_REFUSED)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(sim.gateway)
        sim.mend()
        async with session.ws_connect(sim.gateway) as socket:
            assert (await socket.receive_json())["op"] == 10


BOT_PROCESS = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.simulators.discord import SANDBOX_BOT_TOKEN, point_at
from tests.simulators.discord.small_bot import SmallBot
with point_at(sys.argv[2], sys.argv[3]):
    SmallBot().run(SANDBOX_BOT_TOKEN, log_handler=None)
"""


@asynccontextmanager
async def bot_process(sim: SimulatedDiscord) -> AsyncGenerator[Callable[[], None]]:
    arguments = (str(Path(__file__).parents[3]), sim.api, sim.gateway)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", BOT_PROCESS, *arguments)
    try:
        await sim.wait_for(lambda: sim.connected, timeout=15)
        yield lambda: os.kill(process.pid, signal.SIGKILL)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def test_a_killed_bot_is_noticed_and_its_successor_answers_old_buttons(sim: SimulatedDiscord) -> None:
    async with bot_process(sim) as kill:
        message = await (await sim.slash(sim.owner, "count")).answer()
        kill()
        await sim.wait_for(lambda: not sim.connected)
    async with bot_process(sim):
        answer = await (await sim.click(sim.owner, message["id"], "count:0")).answer()
    assert answer["content"] == "counted 1"
