"""Pure parsers of the proxy's responses. Their results hold no JSON, and no credential but a CAPTCHA link."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from http import HTTPStatus
from typing import Final, NoReturn, cast

from pydantic import SecretStr

from bot.domain.accounts import EntryState, FlagKind
from bot.domain.errors import ErrorCode
from bot.providers.errors import Gone, MalformedResponse
from bot.providers.failures import require_body
from bot.providers.http_response import ApiRequest, ApiResponse, count_of, fields_of
from bot.providers.mjproxy.account import CachedInfo, Oddity, ProxyAccount
from bot.providers.mjproxy.endpoints import KEY
from bot.providers.mjproxy.error_mapping import CAPTCHA_LINK, complaint, refusal
from bot.providers.mjproxy.reasons import kind_of
from bot.providers.redaction import HIDDEN, QUOTE_LIMIT, redact

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
SHORTEST: Final = 6
"""Shorter credentials are not hidden in other fields, as they would hide parts of words."""
MASKED: Final = re.compile(r"\*{3,}")
"""The demo mode's stand-in for a value."""
ID: Final = re.compile(r"[0-9A-Za-z]{1,32}")
NAME_LIMIT: Final = 100
INFO_LIMIT: Final = 8_000
QUARTER: Final = timedelta(minutes=15)
FARTHEST: Final = timedelta(hours=15)
VERSION: Final = re.compile(r"v?([0-9]{1,4}(?:\.[0-9]{1,6}){1,3})")
ENABLED: Final = re.compile(r"[0-9]{1,6}")
FIRST_WITH_ENABLE: Final = (11, 9, 1)


@dataclass(frozen=True, slots=True)
class Home:
    """The proxy's description of itself."""

    version: tuple[int, ...]
    is_demo: bool
    offset: timedelta | None
    """How far its local time is ahead of UTC, to the quarter hour; None if it does not say."""

    @property
    def enables(self) -> bool:
        """Whether it has the endpoint that enables accounts."""
        return self.version >= FIRST_WITH_ENABLE


EntryParser = Callable[[dict[str, object], timedelta | None, datetime], ProxyAccount]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list."""

    entries: tuple[ProxyAccount, ...]
    total: int
    page_count: int


def raise_for_error(response: ApiResponse, request: ApiRequest) -> None:
    """Raise the error that a response stands for, unless it is a success."""
    if not response.success:
        raise refusal(response, request)
    require_body(response)
    if response.fields.get("success") is False:
        raise complaint(response)


def require_success(response: ApiResponse, request: ApiRequest) -> None:
    """Check the response to a command. Raise unless it says that the command was carried out."""
    raise_for_error(response, request)
    if response.fields.get("success") is not True:
        malformed(response, "success")


def parse_count(response: ApiResponse, request: ApiRequest) -> int | None:
    """Parse the number of accounts that were enabled; None if the proxy does not say."""
    require_success(response, request)
    found = ENABLED.search(str(response.fields.get("message")))
    return None if found is None else int(found[0])


def parse_link(response: ApiResponse, request: ApiRequest) -> SecretStr:
    """Parse the link to a CAPTCHA, which is a credential. The account around it is dropped."""
    require_success(response, request)
    link = fields_of(response.fields.get("data")).get("cfUrl")
    if not isinstance(link, str) or not re.fullmatch(r"https://[\x21-\x7e]{1,1000}", link):
        malformed(response, "data.cfUrl")
    return SecretStr(link)


def parse_home(response: ApiResponse, request: ApiRequest) -> Home:
    """Parse version, demo mode and clock. The rest describes the machine and is dropped."""
    raise_for_error(response, request)
    data = fields_of(response.fields.get("data"))
    version = VERSION.fullmatch(str(data.get("version")))
    if version is None:
        raise Gone(ErrorCode.SERVICE_GONE)
    return Home(
        tuple(int(part) for part in version[1].split(".")),
        data.get("isDemoMode") is True,
        offset_of(response.fields.get("timestamp"), response.at),
    )


def offset_of(ticks: object, now: datetime) -> timedelta | None:
    """Return how far a clock that counts 100 ns since year 1 is ahead of UTC; None if it is no such clock."""
    try:
        local = datetime(1, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(str(ticks)) // 10)
    except (ValueError, OverflowError):
        return None
    offset = round((local - now) / QUARTER) * QUARTER
    return offset if abs(offset) <= FARTHEST else None


def parse_health(response: ApiResponse, _: ApiRequest) -> bool:
    """Return whether the proxy calls itself healthy, in JSON or in plain text."""
    status = response.fields.get("status", response.error_text)
    return response.success and status == "Healthy"


def parse_page(
    response: ApiResponse,
    request: ApiRequest,
    offset: timedelta | None,
    parse: EntryParser | None = None,
) -> Page:
    """Parse one page of the list. An entry of an unknown form is marked. A page of an unknown form raises."""
    raise_for_error(response, request)
    entries, pagination = response.fields.get("list"), fields_of(response.fields.get("pagination"))
    total, page_count = count_of(pagination.get("total")), count_of(pagination.get("pageCount"))
    if not isinstance(entries, list):
        malformed(response, "list")
    if total is None or page_count is None:
        malformed(response, "pagination")
    parse = parse or parse_entry
    read = (parse(fields_of(entry), offset, response.at) for entry in cast("list[object]", entries))
    return Page(tuple(read), total, page_count)


class RememberedPages:
    """A parser of pages that reads only what has changed: the body of a page, and an entry in it.

    Of bodies and entries, which hold credentials, only digests and hashes are kept.
    """

    def __init__(self) -> None:
        self._digests: dict[int, object] = {}
        self._pages: dict[int, Page] = {}
        self._entries: dict[int, dict[int, ProxyAccount]] = {}

    def parse(
        self, response: ApiResponse, request: ApiRequest, number: int, offset: timedelta | None
    ) -> Page:
        """Parse a page. An account that the proxy will enable at some time is read each time."""
        if response.status != HTTPStatus.OK or response.body is None:
            return parse_page(response, request, offset)
        digest = blake2b(response.body).digest(), offset
        if self._digests.get(number) != digest:
            before, entries = self._entries.get(number, {}), dict[int, ProxyAccount]()

            def entry_of(fields: dict[str, object], offset: timedelta | None, now: datetime) -> ProxyAccount:
                mark = hash((repr([fields.get(name) for name in READ]), offset))
                entry = before.get(mark) or parse_entry(fields, offset, now)
                if entry.blocked_until is None:
                    entries[mark] = entry
                return entry

            self._pages[number] = page = parse_page(response, request, offset, entry_of)
            self._entries[number] = entries
            self._digests[number] = None if any(each.blocked_until for each in page.entries) else digest
        return self._pages[number]


def malformed(response: ApiResponse, place: str) -> NoReturn:
    """Raise for a body of an unknown form."""
    raise MalformedResponse(response.parsed.fault or place)


def parse_entry(fields: dict[str, object], offset: timedelta | None, now: datetime) -> ProxyAccount:
    """Parse one account. Its state is read from `lock` first, then from `enable`, then from `running`."""
    secrets = secrets_of(fields)
    key, remark = key_of(fields.get("id")), cleaned(fields.get("remark"), secrets, NAME_LIMIT)
    reason = cleaned(fields.get("disabledReason"), secrets)
    unlocks = time_of(fields.get("riskControlUnlockTime"), offset)
    blocked_until = unlocks if unlocks is not None and unlocks > now else None
    state = state_of(fields, is_flagged=bool(reason) or blocked_until is not None)
    kind = FlagKind.CAPTCHA if fields.get("lock") else FlagKind.BLOCK if blocked_until else kind_of(reason)
    hours = (cleaned(fields.get(name), secrets, NAME_LIMIT) for name in ("workTime", "fishingTime"))
    return ProxyAccount(
        id=key,
        channel=matching(ID, fields.get("channelId")),
        guild=matching(ID, fields.get("guildId")),
        is_discord=fields.get("isDiscord") is True,
        remark=None if HIDDEN in remark or MASKED.fullmatch(remark) else remark or None,
        sort=count_of(fields.get("sort")) or 0,
        state=state,
        reason=reason,
        kind=kind if state is EntryState.FLAGGED else None,
        blocked_until=blocked_until if state is EntryState.FLAGGED else None,
        is_enabled=fields.get("enable") is True,
        hours=", ".join(filter(None, hours)),
        info=cached_info(fields, secrets, offset),
        oddity=Oddity.UNREADABLE if state is EntryState.UNKNOWN else None if key else Oddity.NO_ID,
    )


def state_of(fields: dict[str, object], *, is_flagged: bool) -> EntryState:
    """Return the state of an account; UNKNOWN if a field that tells it is missing or of another type."""
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


def secrets_of(fields: dict[str, object]) -> list[str]:
    """Return the credentials of an entry, the longest first: one may contain another."""
    found: list[str] = []
    rest = [fields.get(name) for name in CREDENTIALS]
    while rest:
        value = rest.pop()
        if isinstance(value, str) and len(value) >= SHORTEST:
            found.append(value)
        elif isinstance(value, list):
            rest += cast("list[object]", value)
    return sorted(found, key=len, reverse=True)


def cleaned(value: object, secrets: list[str], limit: int = QUOTE_LIMIT) -> str:
    """Return a text with the credentials in it hidden; empty for anything but a text."""
    if not (text := text_of(value)):
        return text
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    if "://" in text:
        text = CAPTCHA_LINK.sub(HIDDEN, text)
    return redact(text, limit=limit)


def text_of(value: object) -> str:
    """Return a text, or a number as a text; empty for anything else."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def matching(pattern: re.Pattern[str], value: object) -> str:
    """Return a text that matches a pattern; empty for any other."""
    text = text_of(value)
    return text if pattern.fullmatch(text) else ""


def key_of(value: object) -> str:
    """Return the key of an account; empty if it cannot become a part of an address."""
    key = matching(KEY, value)
    return "" if HIDDEN in key else key


def time_of(value: object, offset: timedelta | None) -> datetime | None:
    """Parse a time of the proxy, which is local unless it has an offset of its own."""
    try:
        time = datetime.fromisoformat(text_of(value))
        if time.tzinfo is None and offset is not None:
            time = time.replace(tzinfo=UTC) - offset
        return time.astimezone(UTC) if time.tzinfo else None
    except (ValueError, OverflowError):
        return None


def cached_info(fields: dict[str, object], secrets: list[str], offset: timedelta | None) -> CachedInfo | None:
    """Return the lines of Midjourney's `/info` that the proxy keeps, as `/info` itself has them."""
    properties = fields_of(fields.get("properties")).items()
    lines = (f"{name}: {value}" for name, value in properties if isinstance(value, str))
    text = cleaned("\n".join(lines), secrets, INFO_LIMIT)
    return CachedInfo(text, time_of(fields.get("infoUpdated"), offset)) if text else None
