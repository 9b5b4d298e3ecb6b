"""The simulated midjourney-proxy on its socket: counts what is asked, applies faults, and answers."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aiohttp import web

from bot.domain.clock import utc_now
from tests.simulators.answers import Answer
from tests.simulators.delivery import OnSocket, deliver
from tests.simulators.faults import Fault
from tests.simulators.mjproxy.endpoints import Ask, Endpoint, find
from tests.simulators.mjproxy.faults import FOREIGN, distort, refusal
from tests.simulators.mjproxy.service import Service

SANDBOX_MJPROXY_TOKEN: Final = "sandbox-mjproxy-admin-5Rt8Wq2Lz"
UNANSWERED: Final = frozenset({Fault.HANG, Fault.LOST_ANSWER, Fault.RESET})
NOTHING_DONE: Final = frozenset({Fault.HANG, Fault.RESET})
OF_CONNECTION: Final = UNANSWERED | {Fault.TRICKLE, Fault.CUT_OFF, Fault.OVERSIZED}


@dataclass(slots=True)
class Request:
    """One request that arrived; its status is None as long as, or because, it was not answered."""

    method: str
    endpoint: Endpoint
    path: str
    key: str
    body: bytes
    at: datetime
    arrived: float
    """When it was read, by `time.monotonic`."""
    status: int | None = None
    size: int = 0
    answered: float | None = None
    """When its answer was sent, by `time.monotonic`."""


@dataclass(slots=True)
class _Planned:
    fault: Fault
    endpoint: Endpoint | None
    times: int | None
    share: float

    def concerns(self, endpoint: Endpoint) -> bool:
        return self.fault is not Fault.VANISHED and self.endpoint in {None, endpoint}


class SimulatedMjproxy(Service, OnSocket):
    """An installation with its accounts, spoken to over HTTP: `async with SimulatedMjproxy() as proxy`."""

    def __init__(
        self,
        *,
        token: str = SANDBOX_MJPROXY_TOKEN,
        host: str = "127.0.0.1",
        port: int = 0,
        now: Callable[[], datetime] = utc_now,
        seed: int = 0,
        pace: float = 1,
    ) -> None:
        Service.__init__(self, token=token, now=now, seed=seed, pace=pace)
        OnSocket.__init__(self, host, port)
        self.changed: list[Callable[[], None]] = []
        """Called, in order, whenever a fault begins or ends, or something was asked."""
        self.requests: list[Request] = []
        self.slow = 0.0
        """Seconds that every answer takes longer."""
        self.slow_seconds = 4.0
        """Seconds that an answer with the fault SLOW takes longer."""
        self.drip_seconds = 0.5
        """Seconds between two bytes of an answer with the fault TRICKLE."""
        self.sync_seconds = 0.0
        """Seconds that Midjourney takes to answer a sync; with the real one some six."""
        self.scripted: list[Answer] = []
        """Answers to be given first, whatever is asked."""
        self.before_answer: Callable[[Endpoint], None] = lambda _: None
        """Called before each answer: what changes between two pages of a list changes here."""
        self._faults: list[_Planned] = []

    def _application(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self._serve)
        app.on_response_prepare.append(_untyped)
        return app

    @property
    def url(self) -> str:
        """The address to give to a client, known once the server has started."""
        return f"{self._address}/mj"

    @property
    def secrets(self) -> frozenset[str]:
        """Every credential that must never surface: the administrator's, and those of each account."""
        accounts = [*self.accounts.values(), *self.deleted]
        return frozenset({self.token, *(secret for account in accounts for secret in account.secrets)})

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults in force, the oldest first."""
        return tuple(planned.fault for planned in self._faults)

    def count(self, endpoint: Endpoint) -> int:
        """Count the requests to an endpoint."""
        return sum(request.endpoint is endpoint for request in self.requests)

    def fault(
        self, fault: Fault, *, endpoint: Endpoint | None = None, times: int | None = None, share: float = 1.0
    ) -> None:
        """Let requests meet a fault: all, or one endpoint's; for ever, or so many times. The latest wins.

        With a share, that part of the requests meets it, by chance.
        """
        if fault in FOREIGN:
            raise ValueError(f"midjourney-proxy never says {fault}")
        if fault is Fault.VANISHED:
            self._vanish()
        self._faults.append(_Planned(fault, endpoint, times, share))
        self._announce()

    def mend(self) -> None:
        """End every fault; a server that had vanished is back at the same port."""
        self._faults.clear()
        self._come_back()
        self._announce()

    def _announce(self) -> None:
        for changed in self.changed:
            changed()

    def _next_fault(self, endpoint: Endpoint) -> Fault | None:
        """Take the latest fault that concerns this endpoint, and use it up by one."""
        planned = next(
            (it for it in reversed(self._faults) if it.concerns(endpoint) and self._happens(it)), None
        )
        if planned is None:
            return None
        if planned.times is not None:
            planned.times -= 1
            if planned.times <= 0:
                self._faults.remove(planned)
        return planned.fault

    def _happens(self, planned: _Planned) -> bool:
        return planned.share >= 1 or self._rng.random() < planned.share

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        """Receive one request, do what is asked unless a fault prevents it, and answer."""
        endpoint, key, methods = find(request.method, request.rel_url.raw_path)
        body = await request.read()
        record = Request(
            request.method, endpoint, request.path, key, body, self._time.now(), time.monotonic()
        )
        self.requests.append(record)
        headers = request.headers
        token = headers.get("Authorization", headers.get("Mj-Api-Secret"))
        ask = Ask(endpoint, key, dict(request.query), token, headers.get("Content-Type", ""), body)
        fault = self._next_fault(endpoint)
        answer = self._decide(ask, methods, fault)
        await asyncio.sleep(self._seconds(endpoint, fault))
        if fault not in UNANSWERED:
            record.status, record.size = answer.status, len(answer.body)
        self._announce()
        if fault in OF_CONNECTION:
            return await deliver(request, answer, fault, drip=self.drip_seconds)
        response = await _send(request, answer)
        record.answered = time.monotonic()
        return response

    def _seconds(self, endpoint: Endpoint, fault: Fault | None) -> float:
        syncing = self.sync_seconds if endpoint is Endpoint.SYNC else 0.0
        return self.slow + syncing + (self.slow_seconds if fault is Fault.SLOW else 0.0)

    def _decide(self, ask: Ask, methods: tuple[str, ...], fault: Fault | None) -> Answer:
        """Find the answer: the fault's own, or the true one, distorted if the fault is of that sort."""
        if fault in NOTHING_DONE:
            return Answer(204)
        refused = refusal(fault) if fault else None
        if refused is not None:
            return refused
        if self.scripted:
            return self.scripted.pop(0)
        self.before_answer(ask.endpoint)
        answer = self.answer(ask, methods)
        return distort(fault, answer) if fault else answer


async def _send(request: web.Request, answer: Answer) -> web.StreamResponse:
    """Send an answer as the real one does: in chunks, or with no body at all."""
    typed = {"Content-Type": answer.content_type} if answer.content_type else {}
    response = web.StreamResponse(status=answer.status, headers={**typed, **answer.headers})
    if answer.body:
        response.enable_chunked_encoding()
    else:
        response.content_length = 0
    await response.prepare(request)
    await response.write(answer.body)
    await response.write_eof()
    return response


async def _untyped(_: web.Request, response: web.StreamResponse) -> None:
    """Take away the content type that aiohttp gives an answer that has none."""
    if response.headers.get("Content-Type") == "application/octet-stream":
        del response.headers["Content-Type"]
