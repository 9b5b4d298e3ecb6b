"""What useapi.net, or a server with the same API, says of itself."""

from collections.abc import Awaitable, Callable
from typing import Final

from bot.domain.accounts import Account
from bot.providers.errors import Gone, MalformedResponse, ProviderError, Unauthorized, Unpaid
from bot.providers.provider import Fact, Said, Statement, count_accounts

ACCEPTED: Final = Statement(Fact.TOKEN, Said.ACCEPTED)
SUBSCRIPTION: Final = {
    True: Statement(Fact.SUBSCRIPTION, Said.ACTIVE),
    False: Statement(Fact.SUBSCRIPTION, Said.INACTIVE),
    None: Statement(Fact.SUBSCRIPTION, Said.UNKNOWN),
}


async def standing(
    list_accounts: Callable[[], Awaitable[tuple[Account, ...]]],
    subscription_active: Callable[[], Awaitable[bool | None]],
) -> list[Statement]:
    """Read the account list and the subscription."""
    try:
        accounts = await list_accounts()
    except ProviderError as error:
        return list_failed(error)
    try:
        is_active = await subscription_active()
    except ProviderError as error:
        return subscription_failed(error, accounts)
    return [
        ACCEPTED,
        SUBSCRIPTION[is_active],
        counted(accounts),
    ]


def list_failed(error: ProviderError) -> list[Statement]:
    """Return what is known if the list cannot be read. An unpaid subscription proves the token."""
    match error:
        case Unauthorized():
            return [Statement(Fact.TOKEN, error)]
        case Unpaid():
            return [ACCEPTED, Statement(Fact.SUBSCRIPTION, error)]
        case _:
            return [Statement(Fact.API, error)]


def subscription_failed(error: ProviderError, accounts: tuple[Account, ...]) -> list[Statement]:
    """Return what is known if the list can be read, and the subscription cannot. Not every server has one.

    An empty list proves nothing: it also comes from an address that answers 404 to everything.
    """
    listed = [counted(accounts)] if accounts else []
    match error:
        case Unauthorized() | Unpaid():
            return [*list_failed(error), *listed]
        case Gone() | MalformedResponse() if accounts:
            return [ACCEPTED, Statement(Fact.SUBSCRIPTION, Said.NOT_REPORTED), *listed]
        case Gone() | MalformedResponse():
            return [Statement(Fact.API, Said.NOTHING_ANSWERS)]
        case _:
            unread = Statement(Fact.SUBSCRIPTION, error)
            return [ACCEPTED, unread, *listed] if accounts else [unread]


def counted(accounts: tuple[Account, ...]) -> Statement:
    """Count the accounts. The first one may be yet to come."""
    return count_accounts((account.flag for account in accounts), Said.NO_ACCOUNTS)
