"""The web server of LISTEN: `/healthz`, `/metrics` and the hook. No answer depends on a header.

Each connection serves one request within a few seconds, and there are few at once.
"""

import asyncio
import json
import logging
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from aiohttp import web

from bot.domain.wellness import WatchProblem
from bot.listener.hook import Hook
from bot.render.wellness import health_report
from bot.runtime.errors import UnavailableError
from bot.runtime.setting_values import ListenAddress
from bot.runtime.supervisor import describe, is_surprise

log = logging.getLogger(__name__)

CONNECTIONS: Final = 64
CONNECTION_SECONDS: Final = 10.0
BODY_LIMIT: Final = 64 * 1024
GOODBYE_SECONDS: Final = 0.2
JSON: Final = "application/json"
SILENT: Final = logging.Logger("silent", logging.CRITICAL + 1)  # noqa: LOG001 - it is to have no parent
"""The log of aiohttp's server, which would hold requests, and so the secret of the hook."""
NO_METRICS: Final = "The library is missing: pip install prometheus_client, where Midwatch is installed."


def answer(status: HTTPStatus, text: str | bytes = b"", kind: str = "text/plain") -> web.Response:
    """Return a response that ends its connection."""
    body = text.encode() if isinstance(text, str) else text
    headers = {"Server": "Midwatch", "Cache-Control": "no-store", "Content-Type": kind}
    response = web.Response(status=status, body=body, headers=headers)
    response.force_close()
    return response


@dataclass(frozen=True, slots=True)
class Listener:
    """What is answered."""

    problems: Callable[[], Iterable[WatchProblem]]
    metrics: Callable[[], tuple[bytes, str]] | None = None
    """Returns the text of `/metrics` and its type. None without the library for it."""
    hook: Hook | None = None

    async def respond(self, request: web.BaseRequest) -> web.Response:
        """Answer a request."""
        match request.method, request.rel_url.raw_path:
            case "GET" | "HEAD", "/healthz":
                report = health_report(self.problems())
                status = HTTPStatus.OK if report["well"] else HTTPStatus.SERVICE_UNAVAILABLE
                return answer(status, json.dumps(report), JSON)
            case "GET" | "HEAD", "/metrics":
                if self.metrics is None:
                    return answer(HTTPStatus.NOT_IMPLEMENTED, NO_METRICS)
                return answer(HTTPStatus.OK, *self.metrics())
            case "POST", path if self.hook is not None and self.hook.is_at(path):
                await self.hook.called()
                await read_away(request)
                return answer(HTTPStatus.NO_CONTENT)
            case _:
                return answer(HTTPStatus.NOT_FOUND)


async def read_away(request: web.BaseRequest) -> None:
    """Read the beginning of a body: its sender might miss an answer that comes before the end."""
    left = BODY_LIMIT
    with suppress(web.RequestPayloadError, ConnectionError):
        while left and (part := await request.content.read(left)):
            left -= len(part)


class Connection(web.RequestHandler):
    """A connection of which aiohttp neither logs the errors nor answers them with its version."""

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 - the log must not hold its path
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it quotes the request
    ) -> web.StreamResponse:
        """Return the answer to a request that cannot be read, or met an error of ours, which is logged."""
        if status == HTTPStatus.INTERNAL_SERVER_ERROR and exc is not None:
            log.error("a request could not be answered: %s", describe(exc), exc_info=is_surprise(exc) and exc)
        return answer(HTTPStatus(status))


class Server(web.Server):
    """Accepts connections, each for a short time. A new one ends the oldest when there are too many."""

    def __init__(self, respond: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> None:
        super().__init__(respond)
        self._open: dict[web.RequestHandler, tuple[asyncio.Transport, asyncio.TimerHandle]] = {}

    def __call__(self) -> web.RequestHandler:
        """Return the handler of a new connection."""
        return Connection(
            self,
            loop=asyncio.get_running_loop(),
            logger=SILENT,
            access_log=SILENT,
            lingering_time=0,
            auto_decompress=False,
        )

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Limit how long a new connection lasts, and how many there are."""
        super().connection_made(handler, transport)
        deadline = asyncio.get_running_loop().call_later(CONNECTION_SECONDS, transport.abort)
        self._open[handler] = transport, deadline
        if len(self._open) > CONNECTIONS:
            self._forget(next(iter(self._open)))

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        """Forget a connection."""
        self._forget(handler)
        super().connection_lost(handler, exc)

    def _forget(self, handler: web.RequestHandler) -> None:
        if handler in self._open:
            transport, deadline = self._open.pop(handler)
            deadline.cancel()
            transport.abort()


@asynccontextmanager
async def listening(address: ListenAddress, listener: Listener) -> AsyncGenerator[ListenAddress]:
    """Listen, and yield where.

    Raises:
        UnavailableError: it is not possible there.
    """
    runner = web.ServerRunner(Server(listener.respond), shutdown_timeout=GOODBYE_SECONDS)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, *address).start()
        except OSError as error:
            known = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
            raise UnavailableError(
                "Midwatch cannot listen at {address}: {reason}. Change LISTEN."
                if known
                else "Midwatch cannot listen at {address}: "
                "it is not an address of this machine. Change LISTEN.",
                address=address,
                reason=known,
            ) from None
        host, port, *_ = runner.addresses[0]
        log.info("listening at %s", ListenAddress(host, port))
        yield ListenAddress(host, port)
    finally:
        await runner.cleanup()
