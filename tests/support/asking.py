"""Asks the bot's listener, as a monitor does."""

import socket

import aiohttp


def unused_port() -> int:
    """Return a port at which nothing listens now."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


async def asked(port: int, path: str, method: str = "GET", body: bytes = b"") -> tuple[int, str]:
    """Return the status and the body of an answer."""
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"http://127.0.0.1:{port}{path}", data=body) as response,
    ):
        return response.status, await response.text()
