"""The gateway: HELLO, heartbeats, IDENTIFY, RESUME with what was missed (Discord docs, Gateway)."""

import asyncio
import contextlib
import json
import secrets
import zlib
from collections import deque
from collections.abc import Callable, Generator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial
from typing import Any, Final

import discord
from aiohttp import WSMsgType, web
from simcord import intents as simcord_intents
from simcord.backend import Backend, serializers

from .faults import FaultKind, Faults
from .journal import Journal
from .world import SANDBOX_BOT_TOKEN, Json, World

HEARTBEAT_MS: Final = 5_000
"""Far less than the 41,250 of Discord: here an acknowledgement can be read before discord.py has noted that
it sent the heartbeat. It then takes the time since the one before for the delay and warns above 10 s."""
REPLAY: Final = 1_000
"""Events a session keeps for RESUME."""
BAD_TOKEN: Final = 4004


class Op(IntEnum):
    """Gateway opcodes used here."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE = 3
    RESUME = 6
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class Line:
    """One websocket. Frames go out through a queue, because synchronous code sends events."""

    def __init__(
        self, socket: web.WebSocketResponse, transport: asyncio.Transport, *, compressed: bool
    ) -> None:
        self._socket = socket
        self._transport = transport
        self._zlib = zlib.compressobj() if compressed else None
        self._out: asyncio.Queue[str | int | Callable[[], None]] = asyncio.Queue()

    def send(self, frame: str) -> None:
        self._out.put_nowait(frame)

    def call(self, note: Callable[[], None]) -> None:
        """Call back when what is queued is sent."""
        self._out.put_nowait(note)

    def close(self, code: int) -> None:
        """Close with a code after what is queued."""
        self._out.put_nowait(code)

    def cut(self) -> None:
        """Abort the connection without a close code."""
        self._transport.abort()

    async def write(self) -> None:
        """Send what is queued until a close code comes, or the other side is gone."""
        with contextlib.suppress(ConnectionError):
            while not isinstance(item := await self._out.get(), int):
                await self._send(item) if isinstance(item, str) else item()
            await self._socket.close(code=item)

    async def _send(self, frame: str) -> None:
        if self._zlib is None:
            await self._socket.send_str(frame)
        else:
            packed = self._zlib.compress(frame.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
            await self._socket.send_bytes(packed)


@dataclass(slots=True, eq=False)
class Session:
    """What Discord remembers of an identified bot, with or without a live connection."""

    intents: discord.Intents
    line: Line | None
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    sequence: int = 0
    sent: deque[tuple[int, str]] = field(default_factory=lambda: deque[tuple[int, str]](maxlen=REPLAY))

    def send_event(self, event: str, payload: Mapping[str, Any]) -> None:
        self.sequence += 1
        frame = json.dumps({"op": Op.DISPATCH, "t": event, "s": self.sequence, "d": payload})
        self.sent.append((self.sequence, frame))
        if self.line is not None:
            self.line.send(frame)

    def replay(self, line: Line, after: int) -> None:
        self.line = line
        for sequence, frame in self.sent:
            if sequence > after:
                line.send(frame)
        self.send_event("RESUMED", {})


class Gateway:
    """All sessions. Sends each the events that its intents ask for."""

    def __init__(self, world: World, journal: Journal, faults: Faults, url: Callable[[], str]) -> None:
        self._world, self._journal, self._faults, self._url = world, journal, faults, url
        self._sessions: list[Session] = []
        self._lines: dict[Line, asyncio.Task[None]] = {}
        self._nonce: str | int | None = None
        self.presence: Json | None = None
        world.backend.subscribers.append(self._on_event)

    @property
    def connected(self) -> bool:
        return any(session.line is not None for session in self._sessions)

    @contextlib.contextmanager
    def with_nonce(self, nonce: str | int | None) -> Generator[None]:
        """Put this nonce into the MESSAGE_CREATE that the block causes."""
        self._nonce = nonce
        try:
            yield
        finally:
            self._nonce = None

    def drop(self, code: int | None = None) -> None:
        """Break every connection, with or without a close code."""
        for line in list(self._lines):
            line.cut() if code is None else line.close(code)

    def forget_sessions(self) -> None:
        """The next RESUME is answered with INVALID_SESSION."""
        self._sessions = [session for session in self._sessions if session.line is not None]
        for session in self._sessions:
            session.id = secrets.token_hex(16)

    async def close(self) -> None:
        self.drop()
        if self._lines:
            await asyncio.wait(self._lines.values())

    # ------------------------------------------------------------------ events

    def _on_event(self, event: str, payload: Mapping[str, Any]) -> None:
        for session in self._sessions:
            shaped = _shape(self._world.backend, event, payload, session.intents)
            if shaped is None:
                continue
            if event == "MESSAGE_CREATE" and self._nonce is not None:
                shaped["nonce"] = self._nonce
            if event == "INTERACTION_CREATE" and session.line is not None:
                session.line.call(partial(self._journal.deliver, int(shaped["id"])))
            session.send_event(event, shaped)
        self._journal.changed()

    # ------------------------------------------------------------- connections

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One websocket from handshake to close."""
        transport = request.transport
        if self._faults.holds(FaultKind.GATEWAY_REFUSED) or not isinstance(transport, asyncio.Transport):
            return web.Response(status=503)
        socket = web.WebSocketResponse(timeout=1.0, max_msg_size=0)
        await socket.prepare(request)
        line = Line(socket, transport, compressed=request.query.get("compress") == "zlib-stream")
        writer = self._lines[line] = asyncio.create_task(line.write())
        line.send(json.dumps({"op": Op.HELLO, "d": {"heartbeat_interval": HEARTBEAT_MS}}))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._received(line, json.loads(message.data))
        finally:
            self._hung_up(line)
            writer.cancel()
        return socket

    def _hung_up(self, line: Line) -> None:
        del self._lines[line]
        for session in self._sessions:
            if session.line is line:
                session.line = None
        self._journal.changed()

    def _received(self, line: Line, frame: Json) -> None:
        data: Any = frame.get("d")
        match frame["op"]:
            case Op.HEARTBEAT:
                line.send(json.dumps({"op": Op.HEARTBEAT_ACK}))
            case Op.IDENTIFY if self._welcome(line, data):
                self._identify(line, data)
            case Op.RESUME if self._welcome(line, data):
                self._resume(line, data)
            case Op.PRESENCE:
                self._journal.bodies.append(data)
                self._show_presence(data)
            case _:
                pass

    def _welcome(self, line: Line, data: Json) -> bool:
        refused = data["token"] != SANDBOX_BOT_TOKEN or self._faults.holds(FaultKind.TOKEN_REFUSED)
        if refused:
            line.close(BAD_TOKEN)
        return not refused

    def _identify(self, line: Line, data: Json) -> None:
        intents = discord.Intents.none()
        intents.value = data.get("intents", 0)
        session = Session(intents, line)
        self._sessions = [*(known for known in self._sessions if known.line is not None), session]
        backend = self._world.backend
        session.send_event("READY", self._ready(session))
        for guild in backend.guilds.values():
            created = _shape(
                backend, "GUILD_CREATE", serializers.guild_create_payload(backend, guild), intents
            )
            if created is not None:
                session.send_event("GUILD_CREATE", created)
        self._show_presence(data.get("presence"))

    def _ready(self, session: Session) -> Json:
        backend = self._world.backend
        return {
            "v": 10,
            "user": serializers.user_payload(backend.bot_user),
            "guilds": [{"id": str(guild), "unavailable": True} for guild in backend.guilds],
            "session_id": session.id,
            "resume_gateway_url": self._url(),
            "application": {"id": str(backend.application_id), "flags": 0},
        }

    def _resume(self, line: Line, data: Json) -> None:
        session = next((known for known in self._sessions if known.id == data["session_id"]), None)
        if session is None:
            line.send(json.dumps({"op": Op.INVALID_SESSION, "d": False}))
        else:
            session.replay(line, data["seq"] or 0)
            self._journal.changed()

    def _show_presence(self, presence: Json | None) -> None:
        self.presence = self._world.read(presence)
        self._journal.changed()


def _shape(backend: Backend, event: str, payload: Mapping[str, Any], intents: discord.Intents) -> Json | None:
    """The event as a bot with these intents gets it, or None when it does not."""
    gate = simcord_intents.required_intent(event, payload)
    if gate is not None and not getattr(intents, gate):
        return None
    shaped = deepcopy(dict(payload))
    if event == "GUILD_CREATE":
        simcord_intents.prune_guild_create(shaped, intents, backend.bot_user.id)
    if event in ("MESSAGE_CREATE", "MESSAGE_UPDATE") and not intents.message_content:
        simcord_intents.censor_message(shaped, backend.bot_user.id, backend=backend)
    return shaped
