"""The client of the useapi.net API (v2); `parsing` reads the responses."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cached_property, partial
from typing import Final

from bot.domain.account_info import InfoSnapshot
from bot.domain.accounts import Account, Observation, is_channel
from bot.domain.actions import SaveResult
from bot.domain.errors import ErrorCode
from bot.domain.providers import USEAPI, Remedy
from bot.domain.secret import SecretStr
from bot.providers.api_client import ApiClient
from bot.providers.errors import Gone, MalformedResponse, ProviderError, Rejected, Unauthorized, Unpaid
from bot.providers.http_response import ApiRequest
from bot.providers.provider import Fact, Listing, Said, Statement, count_accounts
from bot.providers.useapi import parsing
from bot.providers.useapi.error_mapping import Endpoint
from bot.providers.useapi.remembered_list import RememberedList

MAX_JOBS: Final = 15
REPLY_LIMIT: Final = 1_024
ACCEPTED: Final = Statement(Fact.TOKEN, Said.ACCEPTED)
SUBSCRIPTION: Final = {True: Said.ACTIVE, False: Said.INACTIVE, None: Said.UNKNOWN}
CHECKS: Final[Mapping[Remedy, tuple[timedelta, ...]]] = {
    Remedy.RESET: (timedelta(0), timedelta(seconds=15), timedelta(seconds=60))
}
"""When the list is read again after a reset."""


class SubscriptionClient(ApiClient):
    """What the services of useapi.net have in common: one token, and lists that say all there is to say."""

    body_limit = 8 * 1024 * 1024
    auth_header = "Authorization"
    auth_prefix = "Bearer "

    async def warnings(self) -> Sequence[Statement]:
        """Return nothing: what is wrong here stops the watch, which says so."""
        return ()

    async def read_account(
        self, reference: str, poll: Callable[[], Awaitable[Observation]]
    ) -> Account | None:
        """Return an account as the list shows it now: that is what tells whether a remedy worked."""
        return (await poll()).find(reference)

    async def link_for(self, _remedy: Remedy, _key: str) -> None:
        """Return that no remedy needs a link: what is pending is at Midjourney or another vendor."""


class UseapiClient(SubscriptionClient):
    """One method for each endpoint of the useapi.net API. Every failure is a `ProviderError`.

    The session must not use proxies of the environment (`trust_env=False`). Input that the API is documented
    to refuse, such as a channel that is not an id, raises `Rejected` before anything is sent.
    """

    name = USEAPI
    web_page = None
    checks = CHECKS
    credentials = parsing.CREDENTIALS

    async def standing(self) -> Sequence[Statement]:
        """Return what the API says of the token, the subscription and the accounts."""
        try:
            accounts = await self.accounts()
        except ProviderError as error:
            return list_failed(error)
        counted = count_accounts((account.flag for account in accounts), Said.NO_ACCOUNTS)
        # An empty list proves nothing: it also comes from an address that answers 404 to everything.
        listed = [counted] if accounts else []
        try:
            said = SUBSCRIPTION[await self.subscription_active()]
        except (Unauthorized, Unpaid) as error:
            return [*list_failed(error), *listed]
        except (Gone, MalformedResponse):  # not every server has one
            if not accounts:
                return [Statement(Fact.API, Said.NOTHING_ANSWERS)]
            said = Said.NOT_REPORTED
        except ProviderError as error:
            if not accounts:
                return [Statement(Fact.SUBSCRIPTION, error)]
            said = error
        return [ACCEPTED, Statement(Fact.SUBSCRIPTION, said), counted]

    @cached_property
    def _list(self) -> RememberedList:
        return RememberedList()

    async def read_list(self) -> Listing:
        """Return all configured accounts as a complete list."""
        return Listing(await self.accounts())

    async def accounts(self) -> tuple[Account, ...]:
        """Return all configured accounts in the order of the API."""
        return await self._read(ApiRequest(Endpoint.LIST), self._list)

    async def account(self, channel: str) -> Account:
        """Return one account."""
        return await self._read(
            ApiRequest(Endpoint.ACCOUNT, require_channel_id(channel)), parsing.parse_account
        )

    async def subscription_active(self) -> bool | None:
        """Return whether the subscription is active. None: the API does not say."""
        return await self._read(ApiRequest(Endpoint.SUBSCRIPTION), parsing.parse_subscription_active)

    async def services(self) -> frozenset[str]:
        """Return the names of the services that have accounts, as USEAPI_SERVICES has them."""
        return await self._read(ApiRequest(Endpoint.SUBSCRIPTION), parsing.parse_services)

    async def save_account(self, discord: SecretStr, max_jobs: int = 3) -> SaveResult:
        """Create or update the account of a Discord token."""
        if not discord.get_secret_value().strip():
            raise Rejected(ErrorCode.NO_TOKEN)
        if not 1 <= max_jobs <= MAX_JOBS:
            raise Rejected(ErrorCode.JOBS_OUT_OF_RANGE, most=MAX_JOBS)
        body = {"discord": discord.get_secret_value(), "maxJobs": max_jobs}
        request = ApiRequest(Endpoint.SAVE, body=body, secret=discord)
        return await self._write(request, partial(parsing.parse_saved_account, jobs=max_jobs))

    async def account_with_token(self, discord: SecretStr) -> Account | None:
        """Return the account that has a Discord token; None if the list shows none."""
        return await self._read(ApiRequest(Endpoint.LIST, secret=discord), parsing.parse_account_with_token)

    async def remove_account(self, channel: str) -> None:
        """Remove an account from the API."""
        await self._write(ApiRequest(Endpoint.REMOVE, require_channel_id(channel)), parsing.raise_for_error)

    async def apply(self, remedy: Remedy, keys: Sequence[str]) -> None:
        """Carry out a remedy for one account: there is none but the reset."""
        if remedy is not Remedy.RESET:
            raise ValueError(remedy)
        (key,) = keys
        await self.reset(key)

    async def reset(self, channel: str) -> None:
        """Clear the flag of an account. This acknowledges nothing at Midjourney."""
        await self._write(ApiRequest(Endpoint.RESET, require_channel_id(channel)), parsing.raise_for_error)

    async def info(
        self, channel: str, *, reply_url: str | None = None, reply_ref: str | None = None
    ) -> InfoSnapshot:
        """Send Midjourney's `/info` as an account and return the answer."""
        body = {"channel": require_channel_id(channel), "replyUrl": reply_url, "replyRef": reply_ref}
        if any(len(text) > REPLY_LIMIT for text in (reply_url or "", reply_ref or "")):
            raise Rejected(ErrorCode.REPLY_TOO_LONG)
        begun = self._monotonic()
        request = ApiRequest(Endpoint.INFO, channel, {name: text for name, text in body.items() if text})
        snapshot = await self._write(request, parsing.parse_report, self._limits.info)
        measured = timedelta(seconds=self._monotonic() - begun)
        return snapshot if snapshot.took is not None else replace(snapshot, took=measured)


def list_failed(error: ProviderError) -> list[Statement]:
    """Return what is known if the list cannot be read. An unpaid subscription proves the token."""
    match error:
        case Unauthorized():
            return [Statement(Fact.TOKEN, error)]
        case Unpaid():
            return [ACCEPTED, Statement(Fact.SUBSCRIPTION, error)]
        case _:
            return [Statement(Fact.API, error)]


def require_channel_id(channel: str) -> str:
    """Return a Discord channel id. Raise `Rejected` for any other text."""
    if not is_channel(channel):
        raise Rejected(ErrorCode.NO_CHANNEL_ID)
    return channel
