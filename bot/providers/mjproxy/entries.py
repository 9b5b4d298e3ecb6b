"""One entry of the list, read into an account; nothing of its credentials is kept.

What its `disabledReason` means is by the strings of the proxy's source and of recorded answers.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.domain.account_info import READERS, InfoSnapshot, folded
from bot.domain.accounts import NO_KEY, Account, EntryState, Flag, FlagKind
from bot.domain.providers import MJPROXY, reference_to
from bot.providers.http_response import count_of, fields_of
from bot.providers.mjproxy.error_mapping import without_links
from bot.providers.redaction import HIDDEN, QUOTE_LIMIT, redact, secrets_in

CREDENTIALS: Final = (
    *("userToken", "cookie", "botToken", "loginAccount", "loginPassword", "login2fa", "cfUrl", "cfHashUrl"),
    *("permanentInvitationLink", "subChannels"),
)
"""Fields whose values are kept nowhere, and hidden where another field repeats them."""
READ: Final = (
    *("id", "channelId", "guildId", "isDiscord", "remark", "sort", "workTime", "fishingTime"),
    *("lock", "enable", "running", "disabledReason", "riskControlUnlockTime", "properties", "infoUpdated"),
    *CREDENTIALS,
)
"""All fields of an entry that are read."""
KEY: Final = re.compile(r"(?!\.{1,2}$)[\x21-\x7e]{1,100}")
"""Keys of accounts that may become a part of an address."""
ID: Final = re.compile(r"[0-9A-Za-z]{1,32}")
MASKED: Final = re.compile(r"\*{3,}")
"""The demo mode's stand-in for a value."""
FARTHEST: Final = timedelta(hours=15)
"""How far a local time may be from UTC."""
FIRST_DAY: Final = "0001-01-01"
"""The default date of .NET, which stands for no time."""
LATEST: Final = datetime.max.replace(tzinfo=UTC)
NAME_LIMIT: Final = 100
INFO_LIMIT: Final = 8_000

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


def parse_entry(fields: dict[str, object], offset: timedelta | None, now: datetime) -> Account:
    """Parse one account. One without an id, or without the fields that tell its state, is marked UNKNOWN."""
    secrets = secrets_in(fields, CREDENTIALS)
    key, channel = key_in(fields.get("id")), matching(ID, fields.get("channelId"))
    remark = cleaned(fields.get("remark"), secrets, NAME_LIMIT)
    hours = (cleaned(fields.get(name), secrets, NAME_LIMIT) for name in ("workTime", "fishingTime"))
    reason = cleaned(fields.get("disabledReason"), secrets)
    unlocks = fields.get("riskControlUnlockTime")
    is_blocked = is_to_come(unlocks, offset, now)
    state = state_of(fields, is_flagged=bool(reason) or is_blocked)
    flag = None
    if state is EntryState.FLAGGED:
        kind = FlagKind.BLOCK if is_blocked else kind_of(reason)
        until = time_of(unlocks, offset) if is_blocked else None
        flag = Flag(reason, FlagKind.CAPTCHA if fields.get("lock") else kind, until)
    return Account(
        reference_to(MJPROXY, key or f"{NO_KEY}{channel}"),
        flag=flag,
        server=matching(ID, fields.get("guildId")) or None if fields.get("isDiscord") is True else None,
        entry=state if key else EntryState.UNKNOWN,
        title=None if HIDDEN in remark or MASKED.fullmatch(remark) else remark or None,
        discord_channel=channel,
        hint=Flag(reason, kind_of(reason)) if reason and state is EntryState.STARTING else None,
        hours=", ".join(filter(None, hours)),
        sort=count_of(fields.get("sort")) or 0,
        info=cached_info(fields, secrets, offset),
    )


def state_of(fields: dict[str, object], *, is_flagged: bool) -> EntryState:
    """Return the state of an account, which is read from `lock` first, then from `enable`, then `running`.

    It is UNKNOWN if a field that tells it is missing or of another type.
    """
    lock, enable, running = (fields.get(name) for name in ("lock", "enable", "running"))
    are_there = "enable" in fields and "running" in fields
    if not are_there or not all(isinstance(each, bool | None) for each in (lock, enable, running)):
        return EntryState.UNKNOWN
    if not isinstance(fields.get("disabledReason"), str | None):
        return EntryState.UNKNOWN
    if lock:
        return EntryState.FLAGGED
    if not enable:
        return EntryState.FLAGGED if is_flagged else EntryState.PAUSED
    return EntryState.OK if running else EntryState.STARTING


def kind_of(reason: str) -> FlagKind:
    """Return the kind of a reason.

    A message or a block is told apart by Midjourney's words behind the title: people report both in one.
    """
    title, _, words = reason.partition(", ")
    kind = TITLES.get(title) or REASONS.get(reason, FlagKind.OTHER)
    worded = Flag.of(words).kind
    return worded if kind in WORDED and worded in WORDED else kind


def cleaned(value: object, secrets: list[str], limit: int = QUOTE_LIMIT) -> str:
    """Return a text with the credentials in it hidden; empty for anything but a text."""
    return redact(text_of(value), secrets, first=without_links, limit=limit)


def text_of(value: object) -> str:
    """Return a text, or a number as a text; empty for anything else."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def matching(pattern: re.Pattern[str], value: object) -> str:
    """Return a text that matches a pattern; empty for any other."""
    text = text_of(value)
    return text if pattern.fullmatch(text) else ""


def key_in(value: object) -> str:
    """Return the key of an account; empty if it cannot become a part of an address."""
    key = matching(KEY, value)
    return "" if HIDDEN in key else key


def time_of(value: object, offset: timedelta | None) -> datetime | None:
    """Parse a time of the proxy, which is local unless it has an offset of its own."""
    try:
        time = datetime.fromisoformat(named_time(value))
        if time.tzinfo is None and offset is not None:
            time = time.replace(tzinfo=UTC) - offset
        return time.astimezone(UTC) if time.tzinfo else None
    except ValueError:
        return None
    except OverflowError:  # no time is before the first day
        return LATEST


def named_time(value: object) -> str:
    """Return a time as a text; empty for what stands for none."""
    text = text_of(value)
    return "" if text == "0" or text.startswith(FIRST_DAY) else text


def is_to_come(value: object, offset: timedelta | None, now: datetime) -> bool:
    """Whether a time of the proxy is later than now, or may be: where it is not known what time it names."""
    latest = time_of(value, -FARTHEST if offset is None else offset)
    return bool(named_time(value)) if latest is None else latest > now


def cached_info(
    fields: dict[str, object], secrets: list[str], offset: timedelta | None
) -> InfoSnapshot | None:
    """Return the lines of Midjourney's `/info` that the proxy keeps: those with a label that is known."""
    properties = fields_of(fields.get("properties")).items()
    known = ((name, value) for name, value in properties if folded(name) in READERS)
    text = cleaned(
        "\n".join(f"{name}: {value}" for name, value in known if isinstance(value, str)), secrets, INFO_LIMIT
    )
    return InfoSnapshot(time_of(fields.get("infoUpdated"), offset), None, text) if text else None
