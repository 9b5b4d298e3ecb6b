"""What can be done about accounts at each provider. Buttons, commands and texts follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from bot.domain.accounts import Account, EntryState, FlagKind
from bot.domain.providers import MJPROXY, USEAPI, Remedy, provider_of
from bot.domain.services import BY_PROVIDER

ENABLE: Final = (Remedy.ENABLE,)
RENEW_AND_ENABLE: Final = (Remedy.ENABLE, Remedy.GUIDE)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do."""

    remedies: Mapping[FlagKind, tuple[Remedy, ...]]
    """What a person can have done about a flag of each kind, the usual remedy first."""
    adds_accounts: bool
    """Whether accounts are added and updated through Midwatch."""
    info_wait: timedelta
    """How long after an `/info` of an account the next one may be sent."""
    answers_info: bool = True
    """Whether an account can be asked for its information."""
    takes_orders: bool = False
    """Whether INFO_EVERY may ask its accounts."""
    lists_info: bool = False
    """Whether its list shows the last answer of each account."""
    infos_a_day: int | None = None
    """How many `/info` may be sent within a day for all accounts together; None for any number."""


LISTED_ONLY: Final = Capabilities(
    dict.fromkeys(FlagKind, (Remedy.GUIDE,)),
    adds_accounts=False,
    info_wait=timedelta(minutes=10),
    infos_a_day=20,
)
"""What holds for a provider without an entry."""
SERVICE: Final = replace(LISTED_ONLY, answers_info=False)
CAPABILITIES: Final[Mapping[str, Capabilities]] = {
    USEAPI: Capabilities(
        dict.fromkeys(FlagKind, (Remedy.RESET,)),
        adds_accounts=True,
        info_wait=timedelta(seconds=30),
        takes_orders=True,
    ),
    MJPROXY: Capabilities(
        dict.fromkeys(FlagKind, ENABLE)
        | {
            FlagKind.OFFLINE: (Remedy.GUIDE,),
            FlagKind.CREDITS: RENEW_AND_ENABLE,
            FlagKind.SESSION: RENEW_AND_ENABLE,
            FlagKind.PLAN: RENEW_AND_ENABLE,
            FlagKind.CAPTCHA: (Remedy.CAPTCHA_SOLVED,),
        },
        adds_accounts=False,
        info_wait=timedelta(minutes=10),  # the proxy does not limit it, and frequent ones get accounts banned
        lists_info=True,
        infos_a_day=20,
    ),
    **dict.fromkeys(BY_PROVIDER, SERVICE),
}


def capabilities_at(provider: str) -> Capabilities:
    """Return what can be done at a provider."""
    return CAPABILITIES.get(provider, LISTED_ONLY)


def capabilities_of(account: str) -> Capabilities:
    """Return what can be done at the provider of a reference."""
    return capabilities_at(provider_of(account))


def remedies_for(account: Account, kind: FlagKind) -> tuple[Remedy, ...]:
    """Return what can be done about a flag of this kind, the usual remedy first.

    An account that asked for a CAPTCHA may be disabled besides; once that is solved, it has to be enabled.
    """
    remedies = capabilities_of(account.reference).remedies[kind]
    if Remedy.CAPTCHA_SOLVED in remedies and account.entry is EntryState.PAUSED:
        remedies = ENABLE
    return tuple(each for each in remedies if each not in account.lacks) or (Remedy.GUIDE,)


def remedy_for(account: Account, kind: FlagKind) -> Remedy:
    """Return the usual remedy for a flag of this kind."""
    return remedies_for(account, kind)[0]
