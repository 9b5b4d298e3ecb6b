"""The simulated useapi.net hangs, trickles, vanishes and comes back on a real socket."""

import asyncio
from time import perf_counter
from typing import Any

import aiohttp
import pytest

from tests.simulators.useapi import MODERATION, Endpoint, Fault, SimulatedUseapi
from tests.simulators.useapi.cases import CHANNEL, LIST, ONE, Client, distorted, until


@pytest.mark.parametrize(
    ("fault", "done"), [(Fault.HANG, False), (Fault.LOST_ANSWER, True)], ids=["nothing done", "done"]
)
async def test_a_hanging_request_gets_no_answer(
    client: Client, useapi: SimulatedUseapi, fault: Fault, *, done: bool
) -> None:
    useapi.add(channel=CHANNEL)
    useapi.flag(CHANNEL, MODERATION)
    useapi.fault(fault)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await client.post(f"{ONE}/reset")
    assert (useapi.accounts[CHANNEL].pending is None) is done
    assert useapi.requests[-1].status is None


async def test_a_reset_connection_is_reset(client: Client, useapi: SimulatedUseapi) -> None:
    useapi.add(channel=CHANNEL)
    useapi.fault(Fault.RESET)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(useapi.url.split(":")[2].split("/")[0]))
    writer.write(b"GET /v2/account/midjourney HTTP/1.1\r\nHost: localhost\r\n\r\n")
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()
    with pytest.raises(aiohttp.ClientOSError):
        await client.get()
    assert useapi.requests[-1].status is None


async def test_a_cut_off_answer_ends_in_its_body(client: Client) -> None:
    with pytest.raises(aiohttp.ClientPayloadError):
        await distorted(client, Fault.CUT_OFF)


async def test_a_trickled_answer_is_whole_in_the_end(client: Client, useapi: SimulatedUseapi) -> None:
    useapi.drip_seconds = 0.0
    assert list((await distorted(client, Fault.TRICKLE)).json) == [CHANNEL]


async def test_a_trickled_answer_goes_on_after_its_first_byte(
    client: Client, useapi: SimulatedUseapi
) -> None:
    useapi.add(channel=CHANNEL)
    useapi.drip_seconds = 60.0
    useapi.fault(Fault.TRICKLE)
    headers = {"Authorization": f"Bearer {useapi.token}"}
    async with client.session.get(f"{useapi.url}/{LIST}", headers=headers) as found:
        assert await found.content.readany() == b"{"
        assert not found.content.is_eof()


@pytest.mark.parametrize("fault", [Fault.CUT_OFF, Fault.TRICKLE, Fault.OVERSIZED, Fault.WRONG_TYPES])
async def test_faults_of_a_body_reach_answers_that_have_none(
    client: Client, useapi: SimulatedUseapi, fault: Fault
) -> None:
    useapi.add(channel=CHANNEL)
    useapi.drip_seconds = 0.0
    useapi.fault(fault)
    if fault is Fault.CUT_OFF:
        with pytest.raises(aiohttp.ClientPayloadError):
            await client.post(f"{ONE}/reset")
    else:
        reply = await client.post(f"{ONE}/reset")
        assert (reply.status, reply.json) == (200, {})


async def test_slowness_delays_every_answer(client: Client, useapi: SimulatedUseapi) -> None:
    useapi.slow = 0.03
    useapi.slow_seconds = 0.05
    started = perf_counter()
    await client.get()
    between = perf_counter()
    useapi.fault(Fault.SLOW)
    await client.get()
    assert between - started >= 0.03
    assert perf_counter() - between >= 0.08


async def test_a_vanished_server_refuses_connections_and_comes_back_at_its_port(
    client: Client, useapi: SimulatedUseapi
) -> None:
    useapi.add(channel=CHANNEL)
    await client.get()
    for _ in range(2):
        url = useapi.url
        useapi.fault(Fault.VANISHED)
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.get()
        useapi.mend()
        assert useapi.url == url
        assert (await client.get()).status == 200


async def test_a_vanishing_server_drops_those_who_wait(client: Client, useapi: SimulatedUseapi) -> None:
    useapi.fault(Fault.HANG)
    waiting = asyncio.create_task(client.get())
    await until(lambda: useapi.count(Endpoint.LIST) == 1)
    useapi.fault(Fault.VANISHED)
    with pytest.raises(aiohttp.ClientConnectionError):
        await waiting


@pytest.mark.parametrize("limit", [{"endpoint": Endpoint.LIST}, {"times": 1}], ids=["endpoint", "times"])
async def test_vanishing_cannot_be_limited(useapi: SimulatedUseapi, limit: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="vanished"):
        useapi.fault(Fault.VANISHED, **limit)
    assert useapi.faults == ()


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.TRICKLE, Fault.SLOW, Fault.VANISHED])
async def test_the_server_stops_whatever_is_under_way(fault: Fault) -> None:
    async with aiohttp.ClientSession() as session:
        async with SimulatedUseapi() as useapi:
            useapi.drip_seconds = useapi.slow_seconds = 3_600.0  # more than a test may take
            if fault is not Fault.VANISHED:
                useapi.fault(fault)
            waiting = asyncio.create_task(Client(session, useapi).get())
            await until(lambda: len(useapi.requests) == 1)
            if fault is Fault.VANISHED:
                useapi.fault(fault)
        await asyncio.wait([waiting])
        waiting.exception()
