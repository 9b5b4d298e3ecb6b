"""What a poll costs at least: fetch the list and parse it, as often as standard input says."""

import asyncio
import json
import os
import sys

import aiohttp

from tests.bench.candidates.sandboxed import require_loopback


async def fetch_on_demand() -> None:
    """Fetch and parse once for each line of standard input, until it ends."""
    url = f"{os.environ['USEAPI_URL']}/account/midjourney"
    require_loopback(url)
    headers = {"Authorization": f"Bearer {os.environ['USEAPI_TOKEN']}"}
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    # Looks are a minute apart, for which no connection is kept.
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        while await reader.readline():
            async with session.get(url, headers=headers) as response:
                json.loads(await response.read())


if __name__ == "__main__":
    asyncio.run(fetch_on_demand())
