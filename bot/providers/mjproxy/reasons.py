"""What the proxy's `disabledReason` means: the strings are those of its source and of recorded answers."""

from typing import Final

from bot.domain.accounts import Flag, FlagKind

REJECTED: Final = "Authentication failed."
"""What an enabled account says for some seconds before the proxy disables it for its token."""

TITLES: Final = {
    "Plan Cancelled": FlagKind.PLAN,
    "Subscription required": FlagKind.PLAN,
    "Subscription paused": FlagKind.PLAN,
    "Pending mod message": FlagKind.MODERATION,
    "Blocked": FlagKind.BLOCK,
}
"""What stands before Midjourney's own words, and a comma."""
WORDED: Final = frozenset({FlagKind.MODERATION, FlagKind.BLOCK})
REASONS: Final = {
    "账号用量已经用完": FlagKind.CREDITS,
    REJECTED: FlagKind.SESSION,
    "401: Unauthorized": FlagKind.SESSION,
    "账号不可用": FlagKind.SESSION,
    "请求没有操作权限": FlagKind.SESSION,
    "新的连接失败次数超过限制，禁用账号": FlagKind.SESSION,
    "由于无法重新连接，自动禁用账号": FlagKind.CONNECTION,  # for the network, or for the token
    "用户 WebSocket 连接异常": FlagKind.CONNECTION,
}


def kind_of(reason: str) -> FlagKind:
    """Return the kind of a reason.

    A message or a block is told apart by Midjourney's words behind the title: people report both in one.
    """
    title, _, words = reason.partition(", ")
    kind = TITLES.get(title) or REASONS.get(reason, FlagKind.OTHER)
    if kind in WORDED:
        worded = Flag.of(words).kind
        kind = worded if worded in WORDED else kind
    return kind
