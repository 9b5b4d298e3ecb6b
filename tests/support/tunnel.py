"""A connection to the simulated gateway that can lose what the bot sends, as a dead network does."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

import yarl


@dataclass
class Tunnel:
    """A connection to the gateway. From some moment on it may lose what the bot sends."""

    target: yarl.URL
    lines: int = 0
    deaf: int = 0
    """The number of lines, from the first one, that lose what the bot sends."""
    _writers: list[asyncio.StreamWriter] = field(default_factory=list[asyncio.StreamWriter])
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    @property
    def address(self) -> str:
        assert self._server is not None
        return str(self.target.with_port(self._server.sockets[0].getsockname()[1]))

    def lose(self) -> None:
        """Lose from now on what the bot sends on the present lines."""
        self.deaf = self.lines

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines += 1
        line = self.lines
        far_reader, far_writer = await asyncio.open_connection(self.target.host, self.target.port)
        self._writers += [writer, far_writer]
        there = carry(reader, far_writer, lambda: line <= self.deaf)
        await asyncio.gather(there, carry(far_reader, writer, lambda: False))


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lost: Callable[[], bool]) -> None:
    """Pass data on until the connection ends or breaks."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            if not lost():
                writer.write(data)
