"""A provider for each service of useapi.net besides Midjourney: it reads the list that a row describes.

No other request is sent. Nothing of an entry is kept but its key, its e-mail address, the text of its flag
and the end of its session.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from bot.domain.account_info import InfoSnapshot
from bot.domain.accounts import Account, Flag, FlagKind
from bot.domain.errors import ErrorCode
from bot.domain.plain import EPOCH
from bot.domain.providers import Remedy, key_of, reference_to
from bot.domain.services import SERVICES, Service
from bot.providers.errors import MalformedResponse, NotConfigured, ProviderError, Rejected
from bot.providers.http_response import ApiRequest, ApiResponse, fields_of, key_place, number_of
from bot.providers.provider import Fact, Listing, Said, Statement, count_accounts
from bot.providers.redaction import redact, secrets_in
from bot.providers.useapi.client import SubscriptionClient
from bot.providers.useapi.error_mapping import MODERATION, pending_text
from bot.providers.useapi.parsing import (
    Entry,
    entries_of,
    is_empty_list,
    raise_for_error,
    require_json,
    time_of,
)

NO_CHECKS: Final[Mapping[Remedy, tuple[timedelta, ...]]] = {}
HEALTHY: Final = "OK"
LONGEST_KEY: Final = 500
LAST_SECOND: Final = 10**11
LOGIN: Final = re.compile(
    r"session|log ?in|\bsign|password|token|cookie|credential|authenticat|authoriz|expired|manual update",
    re.IGNORECASE,
)
"""Words of a flag that ends when the account's credentials are entered again."""


class ServiceClient(SubscriptionClient):
    """The list of one service. It has no other method that sends anything."""

    checks = NO_CHECKS
    credentials = tuple(name for each in SERVICES for name in each.secrets)
    optional_path = "/v2"

    def __init__(self, service: Service, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.name = service.provider
        self.web_page = service.setup_page
        self.service = service

    async def standing(self) -> Sequence[Statement]:
        """Return how many accounts the list has, and whether it is a guess how it shows their flags."""
        accounts = (await self.read_list()).accounts
        counted = count_accounts((each.flag for each in accounts), Said.NO_ACCOUNTS_THERE)
        return [counted, *([Statement(Fact.FLAGS, Said.GUESSED)] if self.service.is_guess else [])]

    async def read_list(self) -> Listing:
        """Return all configured accounts as a complete list."""
        request = ApiRequest(f"GET {self.service.list_path}")
        return Listing(await self._read(request, partial(parse_service, self.service)))

    async def info(self, _key: str) -> InfoSnapshot:
        """Raise: a service has no `/info`."""
        raise self._only_listed()

    async def apply(self, _remedy: Remedy, _keys: Sequence[str]) -> None:
        """Raise: only a person can enter credentials again."""
        raise self._only_listed()

    async def remove_account(self, key: str) -> None:
        """Raise that the account is gone, or that only a person can remove it at useapi.net."""
        keys = {key_of(each.reference) for each in (await self.read_list()).accounts}
        raise self._only_listed() if key in keys else NotConfigured(ErrorCode.NO_SUCH_ACCOUNT)

    def _only_listed(self) -> ProviderError:
        error = Rejected(ErrorCode.ONLY_LISTED)
        error.provider = self.name
        return error


def parse_service(service: Service, response: ApiResponse, request: ApiRequest) -> tuple[Account, ...]:
    """Parse the list of a service: an object keyed by account, or an array.

    One entry that is no account's makes the whole list malformed: its account could pass for a healthy one.
    """
    if response.status in MODERATION or response.code in MODERATION:
        # Elsewhere it says that an account cannot be used. Here it names none.
        raise Rejected(ErrorCode.REJECTED, quote=response.error_text)
    if service.is_404_empty and is_empty_list(response):
        return ()
    raise_for_error(response, request)
    entries = entries_of(require_json(response, once=True))
    accounts = tuple(account_in(service, fields_of(entry), key, place) for key, place, entry in entries)
    if len({each.reference for each in accounts}) < len(accounts):
        raise MalformedResponse("accounts: an account twice")
    return accounts


def account_in(service: Service, entry: Entry, key: str, place: str | int) -> Account:
    """Return the account of an entry. In an array it has no key but its own."""
    key = redact(key or text_of(entry, service.key), limit=LONGEST_KEY)
    known = {service.key, service.text, service.health, *service.secrets, *service.expiry[:1]}
    if not key or known.isdisjoint(entry):
        raise MalformedResponse(f"accounts[{key_place(place)}]: no known field")
    text = entry.get(service.text)
    if service.health and not text:
        text = entry.get(service.health)
        if not text:
            raise MalformedResponse(f"accounts[{key_place(place)}].{service.health}")
        text = None if text == HEALTHY else text
    return Account(
        reference_to(service.provider, key),
        flag=flag_of(redact(str(pending_text(text)), secrets_in(entry, service.secrets))) if text else None,
        title=redact(text_of(entry, "email"), limit=LONGEST_KEY) or key,
        discord_channel="",
        expires_at=expiry_in(entry, service.expiry),
    )


def text_of(entry: Entry, name: str) -> str:
    """Return a text or a number of an entry; empty for anything else."""
    value = entry.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def flag_of(text: str) -> Flag:
    """Return the flag of a text. Most of them end when credentials are entered again."""
    flag = Flag.of(text)
    is_login = flag.kind is FlagKind.OTHER and LOGIN.search(text)
    return replace(flag, kind=FlagKind.SESSION) if is_login else flag


def expiry_in(entry: Entry, path: Sequence[str]) -> datetime | None:
    """Return the end of a session: ISO 8601, or seconds since 1970; None for anything else."""
    value: object = entry
    for name in path:
        value = fields_of(value).get(name)
    seconds = number_of(value)
    if seconds is not None:
        return EPOCH + timedelta(seconds=seconds) if seconds < LAST_SECOND else None
    return time_of(value)
