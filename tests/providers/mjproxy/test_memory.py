"""Nothing of an account's credentials stays in memory once an answer of midjourney-proxy was read."""

import gc

from bot.domain.providers import Remedy
from bot.providers.mjproxy.client import MjproxyClient
from tests.simulators.mjproxy import SimulatedMjproxy
from tests.support.memory import holders_of


async def test_only_the_link_that_was_asked_for_is_kept_and_only_hidden(
    proxy: SimulatedMjproxy, client: MjproxyClient
) -> None:
    account = proxy.add(channel="1200000000000731904")  # whose credentials no other test has
    proxy.ask_captcha(account.id)
    mark = account.secret("any").removeprefix("sandbox-secret-any")
    assert all(mark in secret for secret in account.secrets)
    listing = await client.read_list()
    info = await client.info(account.id)
    link = await client.link_for(Remedy.CAPTCHA_SOLVED, account.id)
    assert link is not None
    gc.collect()
    assert holders_of(mark) == ["bot.domain.secret.SecretStr"]
    assert mark in link.get_secret_value()
    del link
    assert holders_of(mark) == []
    assert (len(listing.accounts), info.took) == (1, None)
