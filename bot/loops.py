"""The loops of the watch: poll, keep time, send, prune. Only a stop ends them."""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeAlias

from bot.domain.providers import USEAPI
from bot.domain.wellness import OVERDUE_AFTER, ProblemKind, WatchProblem
from bot.incidents.service import IncidentService
from bot.notifications import MemoryNotice, Outbox
from bot.polling.heartbeat import Heartbeat
from bot.polling.poller import AccountPoller
from bot.polling.pollers import AccountPollers
from bot.providers.errors import ProviderError, RateLimited
from bot.render.provider_words import service_name
from bot.rules.policy import Policy
from bot.rules.service_incidents import next_poll_in
from bot.runtime.aside import aside
from bot.runtime.language import Sentence
from bot.runtime.supervisor import Health, Rest, rest, supervise
from bot.storage import StoreError

log = logging.getLogger(__name__)

POLL_LIMIT: Final = timedelta(seconds=60)
JITTER: Final = 0.1
SHORTEST_REST: Final = timedelta(seconds=1)
TICK_LIMIT: Final = timedelta(seconds=60)
NOTICE_EVERY: Final = timedelta(seconds=60)
FORGET_EVERY: Final = timedelta(days=1)

POLLING: Final[Sentence] = "checking the accounts"
CLOCK: Final[Sentence] = "keeping reminders on time"
OUTBOX: Final[Sentence] = "sending messages"
FORGETTING: Final[Sentence] = "removing old records"
NOTICE: Final[Sentence] = "warning about the database"
WARNINGS: Final[Sentence] = "warning in good time"


Job: TypeAlias = Callable[[], Awaitable[timedelta]]
"""What is done beside the watch. It returns how long to rest before its next run."""
NO_JOBS: Final[Mapping[str, Job]] = {}
NO_WAKES: Final[Mapping[str, asyncio.Event]] = {}


class WatchLoops:
    """Runs the loops of the watch, with or without Discord's gateway."""

    def __init__(
        self,
        pollers: AccountPollers,
        incident_service: IncidentService,
        outbox: Outbox,
        notice: MemoryNotice,
        heartbeat: Heartbeat,
        interval: timedelta,
        jobs: Mapping[str, Job] = NO_JOBS,
        wakes: Mapping[str, asyncio.Event] = NO_WAKES,
        *,
        now: Callable[[], datetime],
        rest: Rest = rest,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.pollers = pollers
        self._incident_service = incident_service
        self.watch_state = incident_service.watch_state
        self.outbox = outbox
        self._notice = notice
        self._heartbeat = heartbeat
        self._interval = interval
        self._jobs = jobs
        self._wakes = wakes
        """What ends the rest of a job."""
        self._now = now
        self._rest = rest
        self._chance = chance
        self._healths = {
            **{polling(each): Health() for each in pollers},
            CLOCK: Health(),
            OUTBOX: outbox.health,
            FORGETTING: Health(),
            NOTICE: Health(),
            **{name: Health() for name in jobs},
        }
        self._stop = asyncio.Event()
        self._changed = self.watch_state.changed.alarm()
        self._unwritten = asyncio.Event()
        """Set when the database begins to refuse what is written."""
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._unwritten_since: datetime | None = None
        self._problems: tuple[WatchProblem, ...] = ()
        self._seen: set[str] = set()
        """The providers with a good poll since the last heartbeat."""

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Run the loops beside the body."""
        self._stop.clear()
        loops: dict[str, Coroutine[Any, Any, None]] = {}
        for each in self.pollers:
            once, delayed = partial(self._poll_once, each), partial(self._schedule_next, each)
            name, wake = polling(each), each.recovered
            loops[name] = self._loop(name, once, limit=POLL_LIMIT, delayed=delayed, wake=wake)
        loops |= {
            CLOCK: self._loop(CLOCK, self._tick, limit=TICK_LIMIT, wake=self._changed),
            OUTBOX: self.outbox.run(self._stop),
            FORGETTING: self._loop(FORGETTING, self.watch_state.prune, every=FORGET_EVERY),
            NOTICE: self._loop(NOTICE, self._show_notice, wake=self._unwritten),
        }
        loops |= {name: self._loop(name, job, wake=self._wakes.get(name)) for name, job in self._jobs.items()}
        self._tasks = {name: asyncio.create_task(loop, name=f"loop: {name}") for name, loop in loops.items()}
        try:
            yield
        finally:
            self._stop.set()
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    @property
    def names(self) -> tuple[str, ...]:
        """The loops."""
        return tuple(self._healths)

    def health_of(self, poller: AccountPoller) -> Health:
        """Return the health of a provider's loop."""
        return self._healths[polling(poller)]

    async def _loop(
        self,
        name: str,
        once: Callable[[], Awaitable[timedelta | None]],
        every: timedelta | None = None,
        limit: timedelta | None = None,
        delayed: Callable[[timedelta], None] | None = None,
        wake: asyncio.Event | None = None,
    ) -> None:
        """Run something again and again. Errors of the database are in the log already."""
        await supervise(
            once,
            name=name,
            stop=self._stop,
            every=every,
            limit=limit,
            logged_elsewhere=(StoreError,),
            health=self._healths[name],
            delayed=delayed,
            wake=wake,
            rest=self._rest,
        )

    def problems(self) -> tuple[WatchProblem, ...]:
        """Return what is wrong with the watch, the worst first.

        The heartbeat, `/mjstatus` and the bot's status text all use this.
        """
        return tuple(self._present_problems())

    def _present_problems(self) -> Iterator[WatchProblem]:
        if self.pollers.unwritten is not None:
            yield WatchProblem(ProblemKind.MEMORY, self._unwritten_since, error=self.pollers.unwritten)
        if not self._incident_service.has_owners:
            yield WatchProblem(ProblemKind.OWNERS)
        overdue_since = self.outbox.overdue_since()
        if overdue_since is not None and self._now() - overdue_since > OVERDUE_AFTER:
            yield WatchProblem(ProblemKind.DELIVERY, overdue_since)
        ended = {name for name, task in self._tasks.items() if task.done()}
        for name, health in self._healths.items():
            if name in ended or health.failures_in_a_row:
                those = tuple(each.provider.name for each in self.pollers if polling(each) == name != POLLING)
                yield WatchProblem(ProblemKind.LOOP, detail=name, providers=those)
        unseen = [each for each in self.pollers if each.is_blind]
        if unseen:
            is_some = len(unseen) < len(self.pollers.names)
            names = tuple(each.provider.name for each in unseen) if is_some else ()
            yield WatchProblem(ProblemKind.SIGHT, providers=names)

    async def _show_notice(self) -> timedelta:
        """Notify owners without the database if it could not be written for long. Return when to run next."""
        since = self._unwritten_since
        if since is None:
            await self._notice.end(self._now())
        elif self._now() - since >= self._incident_service.policy.outage_after:
            await self._notice.show(since)
        is_over = since is None and not self._notice.is_shown
        return FORGET_EVERY if is_over else min(self._interval, NOTICE_EVERY)

    async def _poll_once(self, poller: AccountPoller) -> timedelta:
        """Poll, and return the time until the next poll. A successful poll of another caller ends it."""
        rest = poller.rest  # after that other poll
        if not rest:
            poller.next_poll, poller.is_hinted = None, False
            await self.poll(poller)
            if not poller.is_hinted:
                poller.recovered.clear()
            rest = self.rest(poller)
        self._schedule_next(poller, rest)
        return rest

    def _schedule_next(self, poller: AccountPoller, rest: timedelta) -> None:
        poller.next_poll = self._now() + rest

    def poll_now(self) -> None:
        """Let each provider's loop poll at once, and again after a poll that has begun.

        One that asks to be left alone is.
        """
        for each in self.pollers:
            if not isinstance(each.failure, RateLimited):
                each.is_hinted = True
                each.recovered.set()

    async def poll(self, poller: AccountPoller) -> None:
        """Poll a provider once. An error of the API is a matter of the watch, and no failure of the loop.

        A poll that a stop ends says nothing about the watch. A heartbeat follows once each provider had a
        good poll since the last one: while one of them cannot be seen, the watch is not well.
        """
        failed = poller.failed_polls + 1
        try:
            await poller.poll()
            failed = 0 if self.pollers.unwritten is None else failed
        except ProviderError:
            return
        finally:
            if not self._stop.is_set():
                poller.failed_polls = failed
                self._update_problems()
        self._seen.add(poller.provider.name)
        if not self._problems and self._seen >= {each.provider.name for each in self.pollers}:
            self._seen.clear()
            await self._heartbeat.beat()

    def _update_problems(self) -> None:
        """Update the problems after a poll, and the bot's status text if they have changed."""
        if self.pollers.unwritten is None:
            self._unwritten_since = None
        elif self._unwritten_since is None:
            self._unwritten_since = self._now()
            self._unwritten.set()
        before, self._problems = self._problems, self.problems()
        problem_kinds = {each.kind for each in self._problems}
        former, now = (
            {(each.kind, each.detail, each.providers) for each in some} for some in (before, self._problems)
        )
        if former == now:
            return
        if ProblemKind.OWNERS in problem_kinds - {each.kind for each in before}:
            log.warning("no owner is known: no alert can be sent until Discord says who they are")
        self.watch_state.changed.fire()

    def rest(self, poller: AccountPoller) -> timedelta:
        """Return the time until the next poll: the interval, or longer if an earlier poll is of no use."""
        failure = poller.failure
        wanted = next_poll_in(poller.poll_state, poller.open_service, Policy(self._interval))
        if wanted > self._interval:
            return wanted
        pace = max(self._interval * (1 + JITTER * (2 * self._chance() - 1)), poller.rest)
        if isinstance(failure, RateLimited) and failure.retry_after is not None:
            return min(max(pace, failure.retry_after), 2 * self._interval)
        return pace

    async def _tick(self) -> timedelta:
        """Apply the passing of time, and return the time until it matters again if nothing changes."""
        await self._incident_service.tick()
        self._changed.clear()  # by this very tick
        size = len(self.watch_state.incidents)
        next_tick = await aside(size, self._incident_service.next_tick)
        return max(next_tick - self._now(), SHORTEST_REST)


def polling(poller: AccountPoller) -> str:
    """Return the name of a provider's loop."""
    name = poller.provider.name
    return POLLING if name == USEAPI else f"{POLLING} of {service_name(name)}"
