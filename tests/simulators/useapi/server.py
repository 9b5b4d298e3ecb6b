"""The simulated useapi.net on its socket: it counts requests, applies faults, and answers."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from aiohttp import web

from bot.domain.clock import utc_now
from tests.simulators.answers import NO_CONTENT, Answer, Json, decode
from tests.simulators.delivery import OnSocket, deliver
from tests.simulators.faults import Fault, distort
from tests.simulators.useapi import answers
from tests.simulators.useapi.faults import refusal
from tests.simulators.useapi.jobs import Jobs
from tests.simulators.useapi.registry import Registry
from tests.simulators.useapi.service import Ask, Endpoint, Service

USER: Final = 1042
SANDBOX_USEAPI_TOKEN: Final = f"user:{USER}-sandbox0Kd7Lw2Qm9Zt4Xv"
UNANSWERED: Final = frozenset({Fault.HANG, Fault.LOST_ANSWER, Fault.RESET})
NOTHING_DONE: Final = frozenset({Fault.HANG, Fault.RESET})


@dataclass(slots=True)
class Request:
    """A request that arrived. Its status is None while it has no answer."""

    method: str
    endpoint: Endpoint
    channel: str | None
    """The channel in the path or in the body."""
    at: datetime
    arrived: float
    """When it was read, by `time.monotonic`."""
    status: int | None = None
    answered: float | None = None
    """When the answer was ready to be sent."""
    size: int = 0
    """Bytes of the answer's body."""


@dataclass(slots=True)
class _Planned:
    fault: Fault
    endpoint: Endpoint | None
    times: int | None
    share: float

    def concerns(self, endpoint: Endpoint) -> bool:
        return self.fault is not Fault.VANISHED and self.endpoint in {None, endpoint}


class SimulatedUseapi(Registry, OnSocket):
    """A subscription's accounts, spoken to over HTTP: `async with SimulatedUseapi() as useapi`."""

    def __init__(
        self,
        *,
        token: str = SANDBOX_USEAPI_TOKEN,
        host: str = "127.0.0.1",
        port: int = 0,
        now: Callable[[], datetime] = utc_now,
        seed: int = 0,
    ) -> None:
        Registry.__init__(self, now=now, seed=seed)
        OnSocket.__init__(self, host, port)
        self.token = token
        self.requests: list[Request] = []
        self.slow = 0.0
        """Seconds that every answer takes longer."""
        self.held: dict[Endpoint, asyncio.Event] = {}
        """What the answers of an endpoint wait for."""
        self.slow_seconds = 4.0
        """Seconds that an answer with the fault SLOW takes longer."""
        self.drip_seconds = 0.5
        """Seconds between two bytes of an answer with the fault TRICKLE."""
        self.retry_after = 30
        """Seconds that RATE_LIMITED_RETRY_AFTER asks to wait."""
        self._faults: list[_Planned] = []
        self._refusals: dict[Endpoint, Answer] = {}
        self._jobs = Jobs(USER, self._rng, now)
        self._service = Service(self, self._jobs, USER)

    def _application(self) -> web.Application:
        app = web.Application()
        for endpoint in Endpoint:
            app.router.add_route(endpoint.method, endpoint.path, partial(self._serve, endpoint))
        return app

    @property
    def url(self) -> str:
        """The address for a client, once the server has started."""
        return f"{self._address}/v2"

    @property
    def secrets(self) -> frozenset[str]:
        """Every token that must stay secret: the subscription's and each account's."""
        return frozenset({self.token, *self._logins, *self._credentials})

    @property
    def midjourney_commands(self) -> int:
        """The number of commands sent to Midjourney."""
        return self._jobs.sent

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
        """Apply a fault to all requests or to one endpoint's, for ever or so many times. The latest wins.

        With a share, that part of the requests meets it, by chance.
        VANISHED takes no endpoint and no number, as no request arrives any more.
        """
        if fault is Fault.VANISHED:
            if endpoint is not None or times is not None:
                raise ValueError("a server that has vanished cannot tell requests apart")
            self._vanish()
        self._faults.append(_Planned(fault, endpoint, times, share))
        self.announce()

    def refuse(self, endpoint: Endpoint, sentence: str, code: int = 400) -> None:
        """Let requests to an endpoint be refused in these words, until `accept` or `mend`."""
        self._refusals[endpoint] = Answer.error(sentence, code)
        self.announce()

    def accept(self, endpoint: Endpoint) -> None:
        """End what `refuse` began."""
        self._refusals.pop(endpoint, None)
        self.announce()

    def mend(self) -> None:
        """End every fault; a server that had vanished is back at the same port."""
        self._faults.clear()
        self._refusals.clear()
        self._come_back()
        self.announce()

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

    async def _serve(self, endpoint: Endpoint, request: web.Request) -> web.StreamResponse:
        """Receive one request, do what is asked unless a fault prevents it, and answer."""
        ask = Ask(endpoint, request.match_info.get("channel", ""), await _fields(request))
        record = self._record(request, ask)
        fault = self._next_fault(endpoint)
        answer = await self._decide(request, ask, fault)
        if (held := self.held.get(endpoint)) is not None:
            await held.wait()
        await asyncio.sleep(self.slow + (self.slow_seconds if fault is Fault.SLOW else 0.0))
        if fault not in UNANSWERED:
            record.status, record.size = answer.status, len(answer.body)
            record.answered = time.monotonic()
        self.notify()
        return await deliver(request, answer, fault, drip=self.drip_seconds)

    async def _decide(self, request: web.Request, ask: Ask, fault: Fault | None) -> Answer:
        """Find the answer: the fault's own, or the true one, distorted if the fault is of that sort."""
        if fault in NOTHING_DONE:
            return NO_CONTENT
        refused = refusal(fault, self.retry_after) if fault else None
        if refused is not None:
            return refused
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return answers.UNAUTHORIZED
        answer = self._refusals.get(ask.endpoint) or await self._service.answer(ask)
        return distort(fault, answer) if fault else answer

    def _record(self, request: web.Request, ask: Ask) -> Request:
        named = ask.channel or ask.fields.get("channel")
        channel = named if isinstance(named, str) and named else None
        record = Request(request.method, ask.endpoint, channel, self._now(), time.monotonic())
        self.requests.append(record)
        return record


async def _fields(request: web.Request) -> dict[str, Json]:
    """Read what is asked: the JSON object in the body, or for a GET the query."""
    if request.method == "GET":
        return dict(request.query)
    body = decode(await request.read())
    return body if isinstance(body, dict) else {}
