"""What a person may do about a flag here, when it is checked, and how often `/info` may be sent."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.domain.providers import Remedy
from bot.providers.mjproxy.reasons import Kind

CHECKS: Final[Mapping[Remedy, tuple[timedelta, ...]]] = {
    Remedy.ENABLE: (timedelta(seconds=30), timedelta(seconds=90), timedelta(seconds=180)),
    Remedy.CAPTCHA_SOLVED: (timedelta(), timedelta(seconds=15)),
}
"""When the account is read again. The proxy looks once a minute, and starts accounts one after another."""
NEEDING_MORE: Final = frozenset({Kind.SESSION, Kind.PLAN, Kind.CREDITS})
"""Kinds that come back unless a person gives a new token or renews the subscription first."""
SYNC_EVERY: Final = timedelta(minutes=10)
SYNCS_A_DAY: Final = 20
DAY: Final = timedelta(days=1)


def remedies(kind: Kind, *, enables: bool) -> tuple[Remedy, ...]:
    """Return the remedies of a flag. `enables` says whether the proxy has the endpoint for it."""
    if kind is Kind.CAPTCHA:
        return (Remedy.CAPTCHA_SOLVED,)
    if not enables:
        return (Remedy.GUIDE,)
    return (Remedy.ENABLE, Remedy.GUIDE) if kind in NEEDING_MORE else (Remedy.ENABLE,)


def next_sync(syncs: Sequence[tuple[str, datetime]], key: str, now: datetime) -> datetime:
    """Return from when on a person may have `/info` sent for an account, after earlier ones of this proxy.

    The proxy itself does not limit this, and accounts that ask too often get banned.
    """
    times = sorted(at for _, at in syncs if now - DAY < at <= now)
    waits = [at + SYNC_EVERY for each, at in syncs if each == key and at <= now]
    if len(times) >= SYNCS_A_DAY:
        waits.append(times[-SYNCS_A_DAY] + DAY)
    return max([now, *waits])
