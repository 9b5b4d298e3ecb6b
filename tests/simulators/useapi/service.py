"""The simulated useapi.net without its socket: it returns the documented answer to each request.

Answers follow the pages of useapi.net's version 2 documentation. Where a page leaves the shape of a 404 open,
the three that a client must survive all occur here: prose (one account), JSON (reset), nothing (delete).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final

from tests.simulators.answers import NO_CONTENT, Answer, Json
from tests.simulators.useapi import answers, checks
from tests.simulators.useapi.accounts import SimulatedAccount
from tests.simulators.useapi.jobs import Jobs
from tests.simulators.useapi.registry import Registry
from tests.simulators.useapi.services import ServiceAccounts

TEXT_LIMIT: Final = 1024


class Endpoint(StrEnum):
    """The endpoints of the API. OTHER is every unknown address."""

    SUBSCRIPTION = "GET account"
    LIST = "GET account/midjourney"
    ACCOUNT = "GET account/midjourney/{channel}"
    SAVE = "POST account/midjourney"
    SAVE_OLD = "POST account/midjourney/{channel}"
    REMOVE = "DELETE account/midjourney/{channel}"
    RESET = "POST account/midjourney/{channel}/reset"
    INFO = "POST jobs/info"
    JOBS = "GET jobs"
    JOB = "GET jobs/"
    GOOGLE_FLOW = "GET /v1/google-flow/accounts"
    RUNWAYML = "GET /v1/runwayml/accounts"
    MINIMAX = "GET /v1/minimax/accounts"
    MUREKA = "GET /v1/mureka/accounts"
    DREAMINA = "GET /v1/dreamina/accounts"
    FLOWMUSIC = "GET /v1/flowmusic/accounts"
    KLING = "GET /v1/kling/accounts"
    PIXVERSE = "GET /v2/pixverse/accounts"
    TEMPOLOR = "GET /v1/tempolor/accounts"
    FACESWAP = "GET /v1/faceswap/account"
    OTHER = "* elsewhere"

    @property
    def method(self) -> str:
        """The HTTP method to ask with."""
        return self.split()[0]

    @property
    def path(self) -> str:
        """The path below the server's address, as a pattern."""
        path = self.split()[1]
        if self is Endpoint.OTHER:
            return "/{rest:.*}"
        return path if path.startswith("/") else f"/v2/{path}"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request as far as the service needs it."""

    endpoint: Endpoint
    channel: str
    """The channel in the path; empty if there is none."""
    fields: Mapping[str, Json]
    """The body, or for a GET the query."""


class Service:
    """Answers for one subscription: reads and changes its accounts, and runs its jobs."""

    def __init__(self, registry: Registry, jobs: Jobs, user: int) -> None:
        self._registry = registry
        self._jobs = jobs
        self._user = user

        self._handlers: Mapping[Endpoint, Callable[[Ask], Answer]] = {
            Endpoint.SUBSCRIPTION: self._subscription,
            Endpoint.LIST: self._listed,
            Endpoint.ACCOUNT: self._one,
            Endpoint.SAVE: self._saved,
            Endpoint.SAVE_OLD: self._saved_as_of_old,
            Endpoint.REMOVE: self._removed,
            Endpoint.RESET: self._reset,
            Endpoint.JOBS: lambda _: jobs.running(),
            Endpoint.JOB: lambda ask: jobs.kept(ask.fields.get("jobid")),
            **{
                Endpoint(f"GET {each.service.path}"): partial(self._service_list, each)
                for each in registry.services.values()
            },
            Endpoint.OTHER: lambda _: Answer.error("Not Found", 404),
        }

    async def answer(self, ask: Ask) -> Answer:
        """Carry out a request and return the documented answer. Only `/info` takes time."""
        try:
            return (
                await self._info(ask) if ask.endpoint is Endpoint.INFO else self._handlers[ask.endpoint](ask)
            )
        except checks.Refused as refused:
            return refused.answer

    @property
    def _accounts(self) -> dict[str, SimulatedAccount]:
        return self._registry.accounts

    def _subscription(self, _: Ask) -> Answer:
        """Answer as useapi.net docs, GET account: accounts in error still count towards the total."""
        flagged = sum(account.pending is not None for account in self._accounts.values())
        total, quota = len(self._accounts), self._registry.quota
        counts: dict[str, Json] = {"total": total, "active": total - flagged, "error": flagged}
        others = {
            each.service.counted_as: each.counts()
            for each in self._registry.services.values()
            if each.entries
        }
        return Answer.json(
            {
                "id": self._user,
                "email": "owner@example.com",
                "created": "2024-01-05T08:00:00.000Z",
                "name": "Sandbox",
                "subscriptionIsActive": self._registry.subscribed,
                "subscriptions": 1,
                "maxAccountsPerAPI": 3 if quota is None else quota,
                "accounts": {"Midjourney API": counts, **others},
                "verified": True,
                "sub": "sandbox",
            }
        )

    def _service_list(self, accounts: ServiceAccounts, _: Ask) -> Answer:
        return accounts.listed() if self._registry.subscribed else answers.UNSUBSCRIBED

    def _listed(self, _: Ask) -> Answer:
        return Answer(200, self._registry.listed()) if self._accounts else answers.NOT_CONFIGURED

    def _one(self, ask: Ask) -> Answer:
        entry = self._registry.entry(ask.channel)
        return answers.NOT_CONFIGURED if entry is None else Answer(200, entry)

    def _removed(self, ask: Ask) -> Answer:
        return NO_CONTENT if self._registry.remove(ask.channel) else Answer(404)

    def _saved(self, ask: Ask) -> Answer:
        """Create or update by the token alone (useapi.net docs, POST account/midjourney, August 2025)."""
        self._require_subscription()
        checks.require(ask.fields, "discord")
        account = checks.require_login(self._registry.login(ask.fields["discord"]))
        jobs = checks.require_jobs(ask.fields, account.plan.job_limit)
        known = self._require_place(account.channel)
        account.max_jobs = jobs
        self._registry.configure(account)
        saved: dict[str, Json] = {"discord": account.discord, "channel": account.channel, "maxJobs": jobs}
        return Answer.json(saved, 200 if known else 201)

    def _saved_as_of_old(self, ask: Ask) -> Answer:
        """Create or update under a channel (useapi.net docs, POST account/midjourney/channel)."""
        self._require_subscription()
        checks.require(ask.fields, "discord", "server", "channel", "maxJobs")
        checks.require_ids(ask.channel, ask.fields)
        checks.require_no_twin(ask.channel, ask.fields, self._accounts)
        login = checks.require_login(self._registry.login(ask.fields["discord"]))
        jobs = checks.require_jobs(ask.fields, login.plan.job_limit)
        self._require_place(ask.channel)
        account = self._registry.relogin(ask.channel, login)
        account.max_jobs, account.server = jobs, str(ask.fields["server"])
        self._registry.configure(account)
        return NO_CONTENT

    def _reset(self, ask: Ask) -> Answer:
        if ask.channel not in self._accounts:
            return Answer.error(f"Configuration for channel {ask.channel} not found", 404)
        self._registry.reset(ask.channel)
        return NO_CONTENT

    async def _info(self, ask: Ask) -> Answer:
        """Send `/info`, unless the API already knows that Midjourney waits for a person."""
        self._require_subscription()
        if any(len(str(ask.fields.get(name, ""))) > TEXT_LIMIT for name in ("replyUrl", "replyRef")):
            return Answer.error("replyRef or replyUrl is too long", 412)
        account = self._chosen(ask.fields.get("channel"))
        if account.pending is not None:
            return _already_flagged(account)
        return await self._jobs.info(account, ask.fields)

    def _chosen(self, channel: Json) -> SimulatedAccount:
        """Return the account of a request. Without a channel there must be exactly one."""
        if not channel and len(self._accounts) > 1:
            count = len(self._accounts)
            raise checks.refuse(
                f"channel parameter is required when multiple channels ({count}) are configured"
            )
        account = self._accounts.get(str(channel or next(iter(self._accounts), "")))
        if account is None:
            raise checks.refuse("discord, server or channel value is missing")
        return account

    def _require_subscription(self) -> None:
        if not self._registry.subscribed:
            raise checks.Refused(answers.UNSUBSCRIBED)

    def _require_place(self, channel: str) -> bool:
        """Refuse an account beyond the subscription's limit. Return whether the account exists already."""
        known = channel in self._accounts
        quota = self._registry.quota
        if not known and quota is not None and len(self._accounts) >= quota:
            raise checks.Refused(answers.QUOTA_EXCEEDED)
        return known


def _already_flagged(account: SimulatedAccount) -> Answer:
    """Return the short 596 (useapi.net docs, POST jobs/info), with the channel in its sentence alone."""
    return Answer.error(
        "Your Discord account has received a pending moderation message from Midjourney. Please address this "
        f"issue and POST account/midjourney/{account.channel}/reset before making any new API calls.",
        596,
    )
