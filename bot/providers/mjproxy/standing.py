"""What a midjourney-proxy says of itself, and what is better changed about it."""

from bot.domain.errors import Cause
from bot.providers.errors import ProviderError, Unauthorized, Unreachable
from bot.providers.mjproxy.client import MjproxyClient
from bot.providers.mjproxy.error_mapping import own
from bot.providers.provider import Fact, Said, Statement, count_accounts


async def standing(client: MjproxyClient) -> list[Statement]:
    """Read the list of accounts, and what the proxy says of itself."""
    try:
        listing = await client.read_accounts()
    except Unauthorized as error:
        return [*await of_itself(client), Statement(Fact.TOKEN, error)]
    except ProviderError as error:
        return [Statement(Fact.API, error), *of_token(client)]
    token = of_token(client) or [Statement(Fact.TOKEN, Said.ADMINISTRATOR)]
    accounts = count_accounts((each.kind for each in listing.accounts), Said.NO_ACCOUNTS_THERE)
    if not listing.is_complete:
        accounts = Statement(Fact.ACCOUNTS, listing.fault or own(Unreachable(Cause.PARTIAL)))
    return [*await of_itself(client), *token, accounts]


async def of_itself(client: MjproxyClient) -> list[Statement]:
    """Return the version and the demo mode."""
    try:
        home = await client.home()
    except ProviderError as error:
        return [Statement(Fact.API, error)]
    version = ".".join(map(str, home.version[:3]))
    return [
        Statement(Fact.API, Said.ANSWERS if home.enables else Said.OLD, version),
        Statement(Fact.DEMO_MODE, Said.ON if home.is_demo else Said.OFF),
    ]


def of_token(client: MjproxyClient) -> list[Statement]:
    """Return that the token is the one of every new proxy, if it is."""
    return [Statement(Fact.TOKEN, Said.PUBLIC)] if client.has_public_token else []
