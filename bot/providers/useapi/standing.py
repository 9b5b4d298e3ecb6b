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
    counted = count_accounts((account.flag for account in accounts), Said.NO_ACCOUNTS)
    # An empty list proves nothing: it also comes from an address that answers 404 to everything.
    listed = [counted] if accounts else []
    try:
        subscription = SUBSCRIPTION[await subscription_active()]
    except (Unauthorized, Unpaid) as error:
        return [*list_failed(error), *listed]
    except (Gone, MalformedResponse):  # not every server has one
        if not accounts:
            return [Statement(Fact.API, Said.NOTHING_ANSWERS)]
        subscription = Statement(Fact.SUBSCRIPTION, Said.NOT_REPORTED)
    except ProviderError as error:
        subscription = Statement(Fact.SUBSCRIPTION, error)
        if not accounts:
            return [subscription]
    return [ACCEPTED, subscription, counted]


def list_failed(error: ProviderError) -> list[Statement]:
    """Return what is known if the list cannot be read. An unpaid subscription proves the token."""
    match error:
        case Unauthorized():
            return [Statement(Fact.TOKEN, error)]
        case Unpaid():
            return [ACCEPTED, Statement(Fact.SUBSCRIPTION, error)]
        case _:
            return [Statement(Fact.API, error)]
