"""A plain client and a channel for the tests of the simulated useapi.net."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp

from tests.simulators.useapi import MODERATION, Fault, SimulatedUseapi

CHANNEL = "1170809721663422494"
SERVER = "1100000000000000001"
LIST = "account/midjourney"
ONE = f"{LIST}/{CHANNEL}"


PINNED = datetime(2026, 1, 6, 5, 32, 33, 367_000, tzinfo=UTC)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def pairs(self) -> list[tuple[str, Any]]:
        return json.loads(self.body, object_pairs_hook=list)


class Client:
    def __init__(self, session: aiohttp.ClientSession, useapi: SimulatedUseapi) -> None:
        self.session = session
        self.useapi = useapi

    async def ask(self, method: str, path: str, body: object = None, *, token: str | None = None) -> Reply:
        headers = {"Authorization": f"Bearer {token or self.useapi.token}"}
        sent = None if body is None else json.dumps(body)
        url = f"{self.useapi.url}/{path}"
        async with self.session.request(
            method, url, headers=headers, data=sent, allow_redirects=False
        ) as found:
            return Reply(found.status, dict(found.headers), await found.read())

    async def get(self, path: str = LIST) -> Reply:
        return await self.ask("GET", path)

    async def post(self, path: str, **body: object) -> Reply:
        return await self.ask("POST", path, body)

    async def flag(self) -> str | None:
        return (await self.get()).json[CHANNEL].get("pendingModMessage")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in the server, which has no event
            await asyncio.sleep(0.001)


async def distorted(client: Client, fault: Fault) -> Reply:
    client.useapi.add(channel=CHANNEL)
    client.useapi.flag(CHANNEL, MODERATION)
    client.useapi.fault(fault)
    return await client.get()
