"""REST under /api/v10: faults, token, rate limits, checks of the body, then simcord's answer."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web
from simcord.backend import serializers
from simcord.backend.errors import BackendError, invalid_form_body, missing_access
from simcord.backend.models import Interaction as Record
from simcord.backend.models import Message
from simcord.http import RouteNotImplemented, UnsupportedField, dispatch

from .call import Answer, Call, read_call, refusal
from .checks import MESSAGE, Checks
from .faults import Fault, FaultKind, Faults
from .files import refuse_files, show_files
from .gateway import Gateway
from .journal import Journal
from .limits import leaves_nothing
from .nonces import Nonces
from .ratelimits import RateLimits
from .world import SANDBOX_BOT_TOKEN, Json, World

UNAUTHORIZED: Final = refusal(401, 0, "401: Unauthorized")
CALLBACK: Final = re.compile(r"/interactions/(\d+)/([^/]+)/callback")
WEBHOOK: Final = re.compile(r"/webhooks/\d+/([^/]+)(/messages/(@original|\d+))?")
GUILD_COMMANDS: Final = re.compile(r"/applications/\d+/guilds/(\d+)/commands")
MESSAGES: Final = re.compile(r"/channels/(\d+)/messages")
ONE_MESSAGE: Final = re.compile(r"/channels/(\d+)/messages/(\d+)")
INVALID_FORM: Final = 50035
UPDATE_MESSAGE: Final = 7
CANNOT_DM: Final = 50007
EMPTY_MESSAGE: Final = 50006
VISITOR: Final = "203.0.113.7"
EDGE_PAGE: Final = (
    f"<!doctype html><title>Access denied</title><p>error code: 1015</p><p>Your IP: {VISITOR}</p>"
)
"""What stands in front of Discord answers, with the address of who asks."""
EMPTY: Final = "Cannot send an empty message"


@dataclass(frozen=True, slots=True)
class ClosedDm:
    """A person who takes no messages of the bot; `at_opening` refuses the channel too."""

    status: int = 403
    at_opening: bool = False


class Rest:
    """Answers every request of the API and notes it in the journal."""

    def __init__(
        self,
        *,
        world: World,
        journal: Journal,
        faults: Faults,
        gateway: Gateway,
        nonces: Nonces,
        limits: RateLimits,
        on_answer: Callable[[Record, Call, Any], None],
        gateway_url: Callable[[], str],
        checks: Checks,
    ) -> None:
        self._world, self._journal, self._faults = world, journal, faults
        self._gateway, self._nonces, self._limits = gateway, nonces, limits
        self._on_answer = on_answer
        self._gateway_url = gateway_url
        self._checks = checks
        self.closed_dms: dict[int, ClosedDm] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request from body to answer."""
        call = await read_call(request, self._world.read)
        if call.json is not None:
            self._journal.bodies.append(call.json)
        headers, wait = self._limits.take(call.method, call.path)
        fault = self._faults.take(call.method, call.path)
        answer = await self._meet(fault, call) if wait is None else _too_many(wait)
        self._journal.note(call, 0 if answer is None else answer.status)
        if answer is None:
            return _hang_up(request)
        return answer.response(headers)

    async def _meet(self, fault: Fault | None, call: Call) -> Answer | None:
        """The answer under a fault; None stands for a connection that breaks."""
        match fault:
            case Fault(kind=FaultKind.SLOW):
                await self._faults.delay(fault)
            case Fault(kind=FaultKind.RESET):
                return None
            case Fault(
                kind=FaultKind.TOKEN_REFUSED
                | FaultKind.RATE_LIMITED
                | FaultKind.EDGE_LIMITED
                | FaultKind.ERROR
            ):
                return _instead(fault)
            case _:
                pass
        answer = self._answer(call)
        match fault:
            case Fault(kind=FaultKind.SLOW_AFTER):
                await self._faults.delay(fault)
            case Fault(kind=FaultKind.RESET_AFTER):
                return None
            case _:
                pass
        return answer

    # ------------------------------------------------------------ without faults

    def _answer(self, call: Call) -> Answer:
        if not self._authorized(call):
            return UNAUTHORIZED
        wrong = self._checks.wrong_with(call)
        if wrong:
            return self._refuse_form(call, wrong)
        try:
            return self._own_route(call) or self._dispatch(call)
        except (RouteNotImplemented, UnsupportedField) as error:
            self._journal.problem(str(call), str(error))
            return refusal(400, 0, str(error))
        except BackendError as error:
            return self._backend_refusal(call, error)

    def _backend_refusal(self, call: Call, error: BackendError) -> Answer:
        if error.code != INVALID_FORM:
            return Answer(error.status, error.to_json())
        self._journal.problem(str(call), error.message)
        if error.message.endswith(EMPTY):  # simcord files it under the invalid forms
            return refusal(400, EMPTY_MESSAGE, EMPTY)
        return Answer(error.status, error.to_json())

    def _authorized(self, call: Call) -> bool:
        by_url = CALLBACK.fullmatch(call.path) or WEBHOOK.fullmatch(call.path)
        return by_url is not None or call.authorization == f"Bot {SANDBOX_BOT_TOKEN}"

    def _refuse_form(self, call: Call, wrong: list[str]) -> Answer:
        for what in wrong:
            self._journal.problem(str(call), what)
        return refusal(400, INVALID_FORM, "Invalid Form Body: " + "; ".join(wrong))

    def _own_route(self, call: Call) -> Answer | None:
        """Routes that simcord does not know, or answers without what discord.py needs."""
        match call.method, call.path:
            case "GET", "/oauth2/applications/@me" | "/applications/@me":
                return Answer(200, self._application())
            case "GET", "/gateway":
                return Answer(200, {"url": self._gateway_url()})
            case "GET", "/gateway/bot":
                starts = {"total": 1000, "remaining": 999, "reset_after": 86_400_000, "max_concurrency": 1}
                return Answer(200, {"url": self._gateway_url(), "shards": 1, "session_start_limit": starts})
            case _:
                return None

    def _application(self) -> Json:
        backend = self._world.backend
        owner = backend.users[self._world.owner.id]
        plain = dispatch(backend, "GET", "/oauth2/applications/@me")
        own = {"owner": serializers.user_payload(owner), "team": self._world.team, "bot_public": False}
        return {**plain, **own}

    def _dispatch(self, call: Call) -> Answer:
        if callback := CALLBACK.fullmatch(call.path):
            return self._callback(call, int(callback[1]))
        if webhook := WEBHOOK.fullmatch(call.path):
            return self._webhook(call, webhook[1])
        if call.method == "POST" and (create := MESSAGES.fullmatch(call.path)):
            return self._create(call, int(create[1]))
        if (scope := GUILD_COMMANDS.match(call.path)) and int(scope[1]) not in self._world.backend.guilds:
            raise missing_access()
        if call.path == "/users/@me/channels":
            self._refuse_closed_dm(int(call.json["recipient_id"]), at_opening=True)
        body = self._ask(call)
        return Answer(204 if body is None else 200, body)

    def _ask(self, call: Call) -> Any:
        backend = self._world.backend
        if call.method == "PATCH":
            self._refuse_empty_edit(call)
        has_message = call.method in ("POST", "PATCH") and _describes_message(call)
        if has_message:
            refuse_files(call, self._edited(call))
        params: dict[str, Any] = dict(call.params)
        files: list[Any] = list(call.files)
        try:
            body = dispatch(backend, call.method, call.path, json=call.json, params=params, files=files)
        finally:
            backend.http_requests.clear()  # the journal has them; a demo runs for days
            backend.transcript.clear()
        if has_message:
            self._show_files(body)
        return body

    def _show_files(self, body: Json) -> None:
        shown: Json = body.get("resource", {}).get("message", body)
        if "embeds" in shown:
            message = self._world.backend.get_message(int(shown["channel_id"]), int(shown["id"]))
            show_files(message, self._world.backend.cdn.get)
            shown["embeds"] = message.embeds

    def _edited(self, call: Call) -> Message | None:
        """The message that a request changes, if it is one that does."""
        backend = self._world.backend
        if (edit := ONE_MESSAGE.fullmatch(call.path)) and call.method == "PATCH":
            return backend.get_message(int(edit[1]), int(edit[2]))
        if (webhook := WEBHOOK.fullmatch(call.path)) and call.method == "PATCH":
            record = backend.interaction_by_token(webhook[1])
            edited = record.message_id if webhook[3] == "@original" else int(webhook[3])
            return backend.messages[record.channel_id].get(edited or 0)
        if (callback := CALLBACK.fullmatch(call.path)) and call.json["type"] == UPDATE_MESSAGE:
            record = backend.interactions.get(int(callback[1]))
            return record and backend.messages[record.channel_id].get(record.source_message_id or 0)
        return None

    def _refuse_empty_edit(self, call: Call) -> None:
        if edit := ONE_MESSAGE.fullmatch(call.path):
            message = self._world.backend.get_message(int(edit[1]), int(edit[2]))
            if leaves_nothing(call.json, message):
                raise invalid_form_body(EMPTY)

    def _create(self, call: Call, channel_id: int) -> Answer:
        """A new message, unless its nonce made one already."""
        self._require_right_to_attach(call, channel_id)
        for recipient in self._world.backend.get_channel(channel_id).recipient_ids:
            self._refuse_closed_dm(recipient)
        nonce = call.json.get("nonce")
        if nonce is None:
            return Answer(200, self._ask(call))
        known = self._nonces.recall(nonce) if call.json.get("enforce_nonce") else None
        first = None if known is None else self._world.backend.messages[known[0]].get(known[1])
        if first is None:
            with self._gateway.with_nonce(nonce):
                message = self._ask(call)
            self._nonces.remember(nonce, channel_id, int(message["id"]))
        else:
            message = dict(serializers.message_payload(self._world.backend, first))
        return Answer(200, {**message, "nonce": nonce})

    def _require_right_to_attach(self, call: Call, channel_id: int) -> None:
        backend = self._world.backend
        if call.files and (guild := backend.get_channel(channel_id).guild_id) is not None:
            backend.require_permissions(guild, backend.bot_user.id, channel_id, "attach_files")

    def _refuse_closed_dm(self, person_id: int, *, at_opening: bool = False) -> None:
        closed = self.closed_dms.get(person_id)
        if closed is not None and (closed.at_opening or not at_opening):
            raise BackendError(closed.status, CANNOT_DM, "Cannot send messages to this user")

    # -------------------------------------------------------------- interactions

    def _callback(self, call: Call, interaction_id: int) -> Answer:
        body = self._ask(call)
        self._on_answer(self._world.backend.interactions[interaction_id], call, body)
        return Answer(200, body) if call.params.get("with_response") else Answer(204)

    def _webhook(self, call: Call, token: str) -> Answer:
        backend = self._world.backend
        known = backend.interaction_tokens.get(token)
        if known is None:
            return refusal(404, 10015, "Unknown Webhook")
        record = backend.interactions[known]
        if record.expires_at is not None and backend.now_iso() >= record.expires_at:
            return refusal(401, 50027, "Invalid Webhook Token")
        body = self._ask(call)
        if call.method == "DELETE" and record.loading and call.path.endswith("@original"):
            record.complete_deferred()  # simcord would edit the deleted message with the next follow-up
        self._on_answer(record, call, body)
        return Answer(204 if body is None else 200, body)


def _describes_message(call: Call) -> bool:
    return bool(MESSAGE.fullmatch(call.path) or CALLBACK.fullmatch(call.path))


def _instead(fault: Fault) -> Answer:
    """What a fault answers in place of the route."""
    match fault.kind:
        case FaultKind.TOKEN_REFUSED:
            return UNAUTHORIZED
        case FaultKind.RATE_LIMITED:
            return _too_many(fault.seconds, via=fault.via, code=fault.code)
        case FaultKind.EDGE_LIMITED:
            return Answer(429, EDGE_PAGE, {"Retry-After": f"{fault.seconds:.0f}", "Via": ""})
        case _:
            return refusal(fault.status, fault.code, fault.message)


def _too_many(seconds: float, *, via: bool = True, code: int = 0) -> Answer:
    headers = {
        "Retry-After": f"{seconds:.0f}",
        "X-RateLimit-Scope": "user",
        "Via": "1.1 sandbox" if via else "",
    }
    body = {"message": "You are being rate limited.", "retry_after": seconds, "global": False, "code": code}
    return Answer(429, body, headers)


def _hang_up(request: web.Request) -> web.Response:
    if isinstance(request.transport, asyncio.Transport):
        request.transport.abort()
    return web.Response()
