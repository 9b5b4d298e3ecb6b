"""The socket of a simulated provider, and the delivery of an answer, or its failure."""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final, Self

from aiohttp import web

from tests.simulators.answers import Answer
from tests.simulators.faults import Fault

BACKLOG: Final = 128
STOP_WITHIN: Final = 0.01
"""The seconds that a handler gets to end when the server stops. Some hang on purpose."""
PADDING: Final = b" " * 2**16
OVERSIZE: Final = 9 * 2**20
NEEDS_BODY: Final = frozenset({Fault.TRICKLE, Fault.CUT_OFF, Fault.OVERSIZED})
RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class Door:
    """A port that stays reserved while it is shut. Connections are then refused."""

    def __init__(self, host: str, port: int, protocol: Callable[[], asyncio.BaseProtocol]) -> None:
        self._protocol = protocol
        self._socket = _bound(host, port)
        self._arrivals: set[asyncio.Task[object]] = set()
        self._host, self.port = self._socket.getsockname()
        self._open = False

    def open(self) -> None:
        """Accept connections from now on."""
        if not self._open:
            self._socket.listen(BACKLOG)
            asyncio.get_running_loop().add_reader(self._socket, self._accept)
            self._open = True

    def shut(self) -> None:
        """Refuse connections from now on, with the port still bound."""
        if self._open:
            self.close()
            self._socket = _bound(self._host, self.port)

    def close(self) -> None:
        """Release the port."""
        if self._open:
            asyncio.get_running_loop().remove_reader(self._socket)
        self._open = False
        self._socket.close()

    def _accept(self) -> None:
        with suppress(BlockingIOError):
            connection, _ = self._socket.accept()
            connection.setblocking(False)  # noqa: FBT003 - the standard library's own form
            loop = asyncio.get_running_loop()
            task = loop.create_task(loop.connect_accepted_socket(self._protocol, connection))
            self._arrivals.add(task)
            task.add_done_callback(self._arrivals.discard)


class OnSocket:
    """A server of a simulated provider: listens, vanishes and comes back at the same port."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._wanted_port = host, port
        self._runner: web.AppRunner | None = None
        self._door: Door | None = None

    def _application(self) -> web.Application:
        """Make what answers the requests."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        """Start to listen."""
        self._runner = web.AppRunner(
            self._application(), access_log=None, handler_cancellation=True, shutdown_timeout=STOP_WITHIN
        )
        await self._runner.setup()
        assert self._runner.server is not None
        self._door = Door(self._host, self._wanted_port, self._runner.server)
        self._door.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop at once, also while requests are running."""
        assert self._door is not None
        assert self._runner is not None
        self._door.close()
        await self._runner.cleanup()

    @property
    def _address(self) -> str:
        assert self._door is not None
        return f"http://{self._host}:{self._door.port}"

    def _come_back(self) -> None:
        if self._door is not None:
            self._door.open()

    def _vanish(self) -> None:
        assert self._door is not None
        assert self._runner is not None
        assert self._runner.server is not None
        self._door.shut()
        for connection in self._runner.server.connections:
            if connection.transport is not None:
                connection.transport.abort()


def _bound(host: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setblocking(False)  # noqa: FBT003 - the standard library's own form
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, port))
    return bound


async def deliver(
    request: web.Request, answer: Answer, fault: Fault | None, *, drip: float
) -> web.StreamResponse:
    """Send an answer, unless a fault of the connection prevents it; `drip` is the pause after a byte."""
    if fault in NEEDS_BODY and answer.status == 204:
        answer = replace(answer, status=200, body=b"{}")
    match fault:
        case Fault.HANG | Fault.LOST_ANSWER:
            await asyncio.Event().wait()
        case Fault.RESET:
            _reset(request)
        case Fault.TRICKLE:
            return await _trickle(request, answer, drip)
        case Fault.CUT_OFF:
            return await _cut_off(request, answer)
        case Fault.OVERSIZED:
            return await _blow_up(request, answer)
        case _:
            pass
    return web.Response(status=answer.status, body=answer.body, headers=_headers(answer))


def _headers(answer: Answer) -> dict[str, str]:
    typed = {} if answer.status == 204 else {"Content-Type": answer.content_type}
    return {**typed, **answer.headers}


def _reset(request: web.Request) -> None:
    """End the connection with RST instead of FIN."""
    if request.transport is not None:
        connection = request.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        request.transport.abort()


async def _begin(request: web.Request, answer: Answer, length: int | None) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=_headers(answer))
    response.content_length = length
    await response.prepare(request)
    return response


async def _trickle(request: web.Request, answer: Answer, drip: float) -> web.StreamResponse:
    response = await _begin(request, answer, len(answer.body))
    with suppress(ConnectionError):
        for byte in answer.body:
            await response.write(bytes((byte,)))
            await asyncio.sleep(drip)
    return response


async def _cut_off(request: web.Request, answer: Answer) -> web.StreamResponse:
    """Promise a whole body and send half of it."""
    response = await _begin(request, answer, max(len(answer.body), 2))
    await response.write(answer.body[: len(answer.body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


async def _blow_up(request: web.Request, answer: Answer) -> web.StreamResponse:
    """Send blanks before the body, which JSON allows, without a length."""
    response = await _begin(request, answer, None)
    with suppress(ConnectionError):
        for _ in range(OVERSIZE // len(PADDING)):
            await response.write(PADDING)
        await response.write(answer.body)
    return response
