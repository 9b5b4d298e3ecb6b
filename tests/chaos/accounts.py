"""The accounts of both providers, by reference: how they are flagged and cleared, and what was asked."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bot.domain.providers import MJPROXY, USEAPI, key_of, provider_of, reference_to
from tests.simulators.mjproxy import Endpoint as ProxyEndpoint
from tests.simulators.mjproxy import SimulatedMjproxy, SimulatedProxyAccount, pool
from tests.simulators.useapi import BLOCK, CAPTCHA, MODERATION, Endpoint, Fault, SimulatedUseapi

REASONS: Final = {MODERATION: pool.MODERATION, BLOCK: pool.BLOCKED}
"""What a midjourney-proxy says of an account that it disabled for one of Midjourney's texts."""
REMEDIES: Final = (ProxyEndpoint.ENABLE, ProxyEndpoint.SOLVED)


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts of a simulated useapi.net, and those of a simulated midjourney-proxy beside it."""

    useapi: SimulatedUseapi
    mjproxy: SimulatedMjproxy

    def add(self, provider: str = USEAPI) -> str:
        """Make an account, and return the reference to it."""
        if provider == USEAPI:
            return self.useapi.add().channel
        return reference_to(MJPROXY, self.mjproxy.add().id)

    def __iter__(self) -> Iterator[str]:
        yield from self.useapi.accounts
        yield from (reference_to(MJPROXY, key) for key in self.mjproxy.accounts)

    def _proxied(self, reference: str) -> SimulatedProxyAccount | None:
        """Return an account of the proxy as it is now; None for one of useapi.net."""
        self.mjproxy.settle()
        return self.mjproxy.accounts[key_of(reference)] if provider_of(reference) == MJPROXY else None

    def flag(self, reference: str, text: str) -> None:
        """Flag an account: the proxy disables it, or locks it for a CAPTCHA."""
        if (account := self._proxied(reference)) is None:
            self.useapi.flag(reference, text)
        elif text == CAPTCHA:
            self.mjproxy.ask_captcha(account.id)
        else:
            account.enable, account.running, account.lock = False, False, False
            account.reason = REASONS[text]

    def clear(self, reference: str) -> None:
        """Let an account run without a flag."""
        if (account := self._proxied(reference)) is None:
            self.useapi.clear(reference)
        else:
            account.enable, account.running, account.lock, account.reason = True, True, False, ""

    def is_flagged(self, reference: str) -> bool:
        """Whether the list shows a flag of an account."""
        if (account := self._proxied(reference)) is None:
            return self.useapi.accounts[reference].pending is not None
        return account.lock or not account.enable

    def remedies(self, reference: str) -> int:
        """Count the remedies for an account that reached its provider."""
        if provider_of(reference) == USEAPI:
            return sum(
                each.endpoint is Endpoint.RESET and each.channel == reference for each in self.useapi.requests
            )
        key = key_of(reference)
        return sum(
            key == each.key or (each.endpoint is ProxyEndpoint.ENABLE and key in json.loads(each.body))
            for each in self.mjproxy.requests
            if each.endpoint in REMEDIES
        )

    def polls(self) -> Mapping[str, int]:
        """Count the requests for the list of each provider."""
        return {
            USEAPI: self.useapi.count(Endpoint.LIST),
            MJPROXY: self.mjproxy.count(ProxyEndpoint.LIST),
        }

    def fault_lists(self, provider: str, fault: Fault, times: int | None = None) -> None:
        """Let a provider's list meet a fault, for ever or so many times."""
        if provider == USEAPI:
            self.useapi.fault(fault, endpoint=Endpoint.LIST, times=times)
        else:
            self.mjproxy.fault(fault, endpoint=ProxyEndpoint.LIST, times=times)

    def fault_remedies(self, provider: str, fault: Fault) -> None:
        """Let the next remedy at a provider meet a fault."""
        if provider == USEAPI:
            self.useapi.fault(fault, endpoint=Endpoint.RESET, times=1)
        else:
            self.mjproxy.fault(fault, endpoint=ProxyEndpoint.ENABLE, times=1)

    def mend(self) -> None:
        """End every fault of both."""
        self.useapi.mend()
        self.mjproxy.mend()
