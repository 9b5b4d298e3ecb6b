"""How each provider lists the accounts that the tests of rules know by their names and Midjourney's texts."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

from bot.domain.accounts import Account, Flag, FlagKind
from bot.domain.providers import MJPROXY, USEAPI, key_of, reference_to
from bot.providers.mjproxy.entries import parse_entry

START: Final = datetime(2026, 3, 1, 2, 10, tzinfo=UTC)
TITLES: Final = {FlagKind.MODERATION: "Pending mod message, ", FlagKind.BLOCK: "Blocked, "}
"""What a midjourney-proxy writes before Midjourney's words."""
USED_UP: Final = "账号用量已经用完"


class Listing:
    """useapi.net: keys are channels, a flag is Midjourney's text, and the entry says no more."""

    provider = USEAPI

    def reference(self, name: str) -> str:
        """Return the reference to an account."""
        return name

    def name(self, reference: str) -> str:
        """Return the name that the tests have for an account."""
        return reference

    def account(self, name: str, text: str | None) -> Account:
        """Return an account as its provider lists it, with the text of its flag, if any."""
        return Account(name, 3, Flag.of(text) if text else None)


class ProxyListing(Listing):
    """midjourney-proxy: opaque keys, kinds and states of its own, working hours, the last `/info`."""

    provider = MJPROXY

    def reference(self, name: str) -> str:
        return reference_to(MJPROXY, f"US:{name[::-1]}@b.c")

    def name(self, reference: str) -> str:
        return key_of(reference).removeprefix("US:").removesuffix("@b.c")[::-1]

    def account(self, name: str, text: str | None) -> Account:
        return entry_of(key_of(self.reference(name)), text)


@cache
def entry_of(key: str, text: str | None) -> Account:
    """Return an entry of a midjourney-proxy, which disables a flagged account or locks it for a CAPTCHA."""
    kind = Flag.of(text).kind if text else None
    reason = USED_UP if kind is FlagKind.OTHER else f"{TITLES.get(kind, '') if kind else ''}{text or ''}"
    is_locked = kind is FlagKind.CAPTCHA
    fields: dict[str, object] = {
        "id": key,
        "isDiscord": True,
        "remark": f"account {key[-8:]}",
        "enable": text is None or is_locked,
        "running": text is None or is_locked,
        "lock": is_locked,
        "disabledReason": reason or None,
        "workTime": "08:00-23:00",
        "properties": {"Subscription": "Standard (Active monthly)"},
        "infoUpdated": "2026-03-01 02:00:00",
    }
    return parse_entry(fields, timedelta(), START)
