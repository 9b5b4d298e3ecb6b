"""A way to the simulated gateway on which what the bot says can get lost, as when a network dies."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

import yarl


@dataclass
class Tunnel:
    """A way to the gateway; what the bot says through it can be lost from some moment on."""

    target: yarl.URL
    lines: int = 0
    deaf: int = 0
    """How many lines, the first ones, carry nothing to the gateway any more."""
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
        """Carry nothing to the gateway any more on the lines there are."""
        self.deaf = self.lines

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines += 1
        line = self.lines
        far_reader, far_writer = await asyncio.open_connection(self.target.host, self.target.port)
        self._writers += [writer, far_writer]
        there = carry(reader, far_writer, lambda: line <= self.deaf)
        await asyncio.gather(there, carry(far_reader, writer, lambda: False))


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lost: Callable[[], bool]) -> None:
    """Pass on what comes, until the connection ends or breaks."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            if not lost():
                writer.write(data)
