"""HTTP proxies on loopback, and servers with TLS in front of the simulated ones."""

import asyncio
import base64
import contextlib
import shutil
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol, Self

from yarl import URL

from tests.support.tunnel import carry

CERTIFICATE: Final = Path(__file__).with_name("loopback.pem")
TINYPROXY: Final = shutil.which("tinyproxy")
USER = "ada"
HOST: Final = "127.0.0.1"
LOGIN_WANTED: Final = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
HEAD_END: Final = b"\r\n\r\n"
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def nothing_lost() -> bool:
    return False


async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: URL, first: bytes) -> None:
    """Carry data between a client and a target until both have ended."""
    far_reader, far_writer = await asyncio.open_connection(target.host, target.port)
    far_writer.write(first)
    try:
        await asyncio.wait(
            {
                asyncio.ensure_future(carry(reader, far_writer, nothing_lost)),
                asyncio.ensure_future(carry(far_reader, writer, nothing_lost)),
            },
            return_when=asyncio.FIRST_COMPLETED,
        )
    finally:
        far_writer.transport.abort()


@dataclass
class Server:
    """A server on loopback, and the connections that it holds."""

    serve: Serve
    tls: ssl.SSLContext | None = None
    connections: int = 0
    port: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, HOST, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self.serve(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.transport.abort()


class Behind:
    """A server with TLS in front of one without."""

    def __init__(self, address: str) -> None:
        self._target = URL(address)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(CERTIFICATE)
        self.server = Server(lambda reader, writer: join(reader, writer, self._target, b""), tls)

    def address(self, address: str) -> str:
        """Return an address of the target, with TLS and at this server."""
        url = URL(address)
        return str(url.with_scheme({"http": "https", "ws": "wss"}[url.scheme]).with_port(self.server.port))


class Proxy(Protocol):
    """A proxy that wants USER and a password."""

    port: int
    password: str

    def requests(self) -> list[str]:
        """Return the first line of each request."""
        ...


@dataclass
class OwnProxy:
    """A proxy of the tests' own. It may answer CONNECT in other ways than a good one does."""

    answer: bytes | None = None
    """What it answers to everything, before it hangs up."""
    lines: list[str] = field(default_factory=list[str])
    password: str = "p@ss:word/with%marks"

    async def __aenter__(self) -> Self:
        self._server = await Server(self._serve).__aenter__()
        self.port = self._server.port
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Hang up, and take no more connections."""
        await self._server.__aexit__()

    @property
    def connections(self) -> int:
        return self._server.connections

    def requests(self) -> list[str]:
        return self.lines

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(HEAD_END)
        line, _, rest = head.decode().partition("\r\n")
        self.lines.append(line.removesuffix(" HTTP/1.1"))
        login = base64.b64encode(f"{USER}:{self.password}".encode()).decode()
        if self.answer is not None or f"Proxy-Authorization: Basic {login}" not in rest:
            writer.write(LOGIN_WANTED if self.answer is None else self.answer)
            await writer.drain()
            return
        method, where, _ = line.split()
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await join(reader, writer, URL(f"http://{where}"), b"")
        else:
            url = URL(where)
            await join(reader, writer, url, f"{method} {url.raw_path_qs} HTTP/1.1\r\n{rest}".encode())


class Tinyproxy:
    """The proxy of that name, a program that is in use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.password = "letters.and_9-marks"  # it can read no others in its settings

    async def __aenter__(self) -> Self:
        async with Server(join_nothing) as unused:
            self.port = unused.port
        lines = (
            *(f"Port {self.port}", f"Listen {HOST}", f'LogFile "{self._log}"', "LogLevel Connect"),
            f"BasicAuth {USER} {self.password}",
        )
        settings = self._folder / "tinyproxy.conf"
        settings.write_text("\n".join((*lines, "")))
        assert TINYPROXY is not None
        self._process = subprocess.Popen([TINYPROXY, "-d", "-c", settings])  # noqa: ASYNC220, S603 - it is in the test
        async with asyncio.timeout(10):
            assert self._process.poll() is None
            while not await takes_connections(self.port):  # noqa: ASYNC110 - another process sets no event
                await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._process.terminate()
        await asyncio.to_thread(self._process.wait)

    @property
    def _log(self) -> Path:
        return self._folder / "tinyproxy.log"

    def requests(self) -> list[str]:
        lines = (
            line.partition("Request (file descriptor ")[2] for line in self._log.read_text().splitlines()
        )
        return [line.partition("): ")[2].removesuffix(" HTTP/1.1") for line in lines if line]


async def join_nothing(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Hang up."""


async def takes_connections(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True
