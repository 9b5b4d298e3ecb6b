"""Owners, accounts and answers that many tests use."""

from datetime import datetime, timedelta
from typing import Final

from bot.domain.account_info import Info, InfoSnapshot
from bot.domain.accounts import Account, Flag
from bot.providers.http_response import ApiRequest, ApiResponse
from bot.providers.useapi.remembered_list import RememberedList
from tests.simulators.useapi import MODERATION
from tests.support.clock import AT

ADA: Final = 100
BEA: Final = 200
CHANNEL: Final = "100000000000000001"
OTHER: Final = "100000000000000002"
FLAG: Final = Flag.of(MODERATION)


def account(channel: str = CHANNEL, *, flag: Flag | None = None, max_jobs: int = 3) -> Account:
    """Build an account as the list shows it."""
    return Account(channel, max_jobs, flag)


def answer(name: str | None = None, *, at: datetime = AT) -> InfoSnapshot:
    """Build Midjourney's answer about an account."""
    return InfoSnapshot(at, timedelta(seconds=2), Info("Your info", discord_name=name))


def parse_accounts(response: ApiResponse, request: ApiRequest) -> tuple[Account, ...]:
    """Parse a list of useapi.net as the first one."""
    return RememberedList()(response, request)
