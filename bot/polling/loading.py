"""The account cache as the database holds it."""

from collections.abc import Iterable
from dataclasses import replace

from bot.domain.accounts import KnownAccount
from bot.domain.providers import USEAPI, provider_of
from bot.polling.account_cache import AccountCache
from bot.providers.midjourney_info import parse_info
from bot.storage import Store


async def load_cache(store: Store, providers: Iterable[str] = (USEAPI,)) -> AccountCache:
    """Return the account cache as the last good polls were stored."""
    observed_at = {provider: await store.last_success(provider) for provider in providers}
    known = (
        replace(each, is_listed=each.is_listed and provider_of(each.channel) in observed_at)
        for each in await store.accounts()
    )
    return AccountCache(map(with_parsed_info, known), observed_at=observed_at)


def with_parsed_info(account: KnownAccount) -> KnownAccount:
    """Return an account whose last `/info` is parsed."""
    if (last := account.snapshot) is None:
        return account
    info = parse_info(last.info.text, last.info.discord_name)
    return replace(account, snapshot=replace(last, answer=info))
