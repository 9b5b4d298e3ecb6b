"""What a poll costs at least: fetch the list and parse it, as often as standard input says."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping

import aiohttp

from tests.bench.candidates.sandboxed import require_loopback


async def fetch_on_demand() -> None:
    """Fetch and parse once for each line of standard input, until it ends."""
    proxy = os.environ.get("MJPROXY_URL")
    url = f"{proxy}/admin/accounts" if proxy else f"{os.environ['USEAPI_URL']}/account/midjourney"
    require_loopback(url)
    token = os.environ.get("MJPROXY_TOKEN") or f"Bearer {os.environ['USEAPI_TOKEN']}"
    headers = {"Authorization": token}
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    # Polls are a minute apart, for which no connection is kept.
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        while await reader.readline():
            if proxy:
                await fetch_pages(session, url, headers)
                continue
            async with session.get(url, headers=headers) as response:
                json.loads(await response.read())


async def fetch_pages(session: aiohttp.ClientSession, url: str, headers: Mapping[str, str]) -> None:
    """Fetch and parse the pages of a midjourney-proxy, one after another."""
    number, pages = 1, 1
    while number <= pages:
        body = {"pagination": {"current": number, "pageSize": 100}, "search": {}, "sort": {}}
        async with session.post(url, headers=headers, json=body) as response:
            pages = json.loads(await response.read())["pagination"]["pageCount"]
        number += 1


if __name__ == "__main__":
    asyncio.run(fetch_on_demand())
