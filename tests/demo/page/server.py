"""The page's web server: on loopback alone, under a random path, and nothing changes by GET.

A page elsewhere in the browser could send requests here. It does not know the path; a name that it points at
127.0.0.1 is not among the hosts; and a change needs a POST of JSON from this page's own origin.
"""

import asyncio
import json
import mimetypes
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from aiohttp import web

from .stage import Refusal, Stage

HOST: Final = "127.0.0.1"
FOLDER: Final = Path(__file__).parent
TYPES: Final = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
PICTURES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp")
GATHER: Final = 0.03
"""Seconds between two pictures, so that a burst of changes is drawn once."""
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class PageServer:
    """`async with PageServer(stage) as page`: `page.address` is what the visitor opens."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._secret = secrets.token_urlsafe(16)
        self._watchers: set[asyncio.Event] = set()
        self._closing = False
        app = web.Application(middlewares=[self._guard])
        app.router.add_get(f"/{self._secret}/", self._asset)
        app.router.add_get(f"/{self._secret}/events", self._events)
        app.router.add_get(f"/{self._secret}/{{name}}", self._asset)
        app.router.add_get(f"/{self._secret}/{{path:attachments/.+}}", self._file)
        app.router.add_post(f"/{self._secret}/{{action}}", self._act)
        app.on_response_prepare.append(_harden)
        app.on_shutdown.append(self._close)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    @property
    def port(self) -> int:
        return self._runner.addresses[0][1]

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}/{self._secret}/"

    def changed(self) -> None:
        """Let every open page draw the state again."""
        for watcher in self._watchers:
            watcher.set()

    async def _close(self, _app: web.Application) -> None:
        self._closing = True
        self.changed()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.host not in {f"{HOST}:{self.port}", f"localhost:{self.port}"}:
            raise web.HTTPForbidden(text="This demo is open at the printed address alone.")
        if request.method == "POST":
            if request.headers.get("Origin") != f"http://{request.host}":
                raise web.HTTPForbidden(text="Only the demo's own page may change anything.")
            if request.content_type != "application/json":
                raise web.HTTPUnsupportedMediaType(text="Send JSON.")
        return await handler(request)

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        path = FOLDER / request.match_info.get("name", "index.html")
        if path.parent != FOLDER or path.suffix not in TYPES or not path.is_file():
            raise web.HTTPNotFound
        return web.Response(body=path.read_bytes(), content_type=TYPES[path.suffix], charset="utf-8")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """Send a file of a message: pictures to be shown, all else to be saved."""
        path = request.match_info["path"]
        content = self._stage.file(path)
        if content is None:
            raise web.HTTPNotFound
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        headers = {} if kind in PICTURES else {"Content-Disposition": "attachment"}
        return web.Response(body=content, content_type=kind, headers=headers)

    async def _act(self, request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(
                await self._stage.act(request.match_info["action"], await request.json())
            )
        except (Refusal, ValueError):
            raise web.HTTPBadRequest(text="There is no such thing to do.") from None

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Send the state as server-sent events: at once, and after each change of what this person sees."""
        viewer = request.query.get("as", "")
        try:
            self._stage.picture(viewer)
        except Refusal:
            raise web.HTTPBadRequest(text="There is no such person.") from None
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        watcher = asyncio.Event()
        self._watchers.add(watcher)
        try:
            await self._send_pictures(response, viewer, watcher)
        finally:
            self._watchers.discard(watcher)
        return response

    async def _send_pictures(self, response: web.StreamResponse, viewer: str, watcher: asyncio.Event) -> None:
        sent = ""
        while not self._closing:
            watcher.clear()
            picture = json.dumps(self._stage.picture(viewer))
            if picture != sent:
                await response.write(f"data: {picture}\n\n".encode())
                sent = picture
            await asyncio.sleep(GATHER)
            await watcher.wait()


async def _harden(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
