"""What the proxy's `disabledReason` means: the strings are those of its source and of recorded answers."""

from enum import StrEnum
from typing import Final

from bot.domain.accounts import Flag, FlagKind


class Kind(StrEnum):
    """What a flagged account asks of a person."""

    MODERATION = "moderation"
    BLOCK = "block"
    CAPTCHA = "captcha"
    SESSION = "session"
    """Its login or token is rejected: it needs a new token."""
    PLAN = "plan"
    """Its subscription is cancelled, paused or missing."""
    CREDITS = "credits"
    """Its credits are used up."""
    CONNECTION = "connection"
    """The proxy lost its own connection to Discord."""
    OTHER = "other"


REJECTED: Final = "Authentication failed."
"""What an enabled account says for some seconds before the proxy disables it for its token."""
CONNECTION_BROKEN: Final = "用户 WebSocket 连接异常"
"""The same before a lost connection disables it: "the user's web socket is out of order"."""
NOT_RECONNECTED: Final = "由于无法重新连接，自动禁用账号"
"""Disabled because it could not be connected again: the network, or the token."""

TITLES: Final = {
    "Plan Cancelled": Kind.PLAN,
    "Subscription required": Kind.PLAN,
    "Subscription paused": Kind.PLAN,
    "Pending mod message": Kind.MODERATION,
    "Blocked": Kind.BLOCK,
}
"""What stands before Midjourney's own words, and a comma."""
WORDED: Final = {FlagKind.MODERATION: Kind.MODERATION, FlagKind.BLOCK: Kind.BLOCK}
REASONS: Final = {
    "账号用量已经用完": Kind.CREDITS,
    REJECTED: Kind.SESSION,
    "401: Unauthorized": Kind.SESSION,
    "账号不可用": Kind.SESSION,
    "请求没有操作权限": Kind.SESSION,
    "新的连接失败次数超过限制，禁用账号": Kind.SESSION,
    NOT_RECONNECTED: Kind.CONNECTION,
    CONNECTION_BROKEN: Kind.CONNECTION,
}


def kind_of(reason: str, before: str = "") -> Kind:
    """Return the kind of a reason. `before` is the one it had within the last minutes, while enabled.

    A message or a block is told apart by Midjourney's words behind the title: people report both in one.
    """
    title, _, words = reason.partition(", ")
    kind = TITLES.get(title) or REASONS.get(reason, Kind.OTHER)
    if kind in {Kind.MODERATION, Kind.BLOCK}:
        return WORDED.get(Flag.of(words).kind, kind)
    return Kind.SESSION if (reason, before) == (NOT_RECONNECTED, REJECTED) else kind
