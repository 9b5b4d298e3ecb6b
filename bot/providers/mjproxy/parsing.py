"""Pure parsers of the proxy's responses, and the list put together from its pages.

Their results hold no JSON, and no credential but a CAPTCHA link.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final, NoReturn, cast

from bot.domain.accounts import NO_KEY, Account, EntryState
from bot.domain.errors import ErrorCode
from bot.domain.providers import MJPROXY, Remedy, reference_to
from bot.domain.secret import SecretStr
from bot.providers.errors import Gone, MalformedResponse, ProviderError
from bot.providers.failures import require_body
from bot.providers.http_response import ApiRequest, ApiResponse, count_of, fields_of
from bot.providers.mjproxy.entries import FARTHEST, READ, parse_entry
from bot.providers.mjproxy.error_mapping import complaint, refusal, without_links
from bot.providers.provider import Listing
from bot.providers.redaction import redact

QUARTER: Final = timedelta(minutes=15)
VERSION: Final = re.compile(r"v?([0-9]{1,4}(?:\.[0-9]{1,6}){1,3})")
NAMELESS: Final = reference_to(MJPROXY, NO_KEY)
"""The beginning of the reference to an entry without an id."""
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


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list."""

    accounts: tuple[Account, ...]
    total: int
    page_count: int


def raise_for_error(response: ApiResponse, request: ApiRequest) -> None:
    """Raise the error that a response stands for, unless it is a success."""
    if response.success:
        require_body(response)
        if response.fields.get("success") is not False:
            return
    error = complaint(response) if response.success else refusal(response, request)
    error.quote = error.quote and redact(error.quote, first=without_links)
    raise error


def require_success(response: ApiResponse, request: ApiRequest) -> None:
    """Check the response to a command. Raise unless it says that the command was carried out."""
    raise_for_error(response, request)
    if response.fields.get("success") is not True:
        malformed(response, "success")


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
    parse: Callable[[dict[str, object], timedelta | None, datetime], Account] = parse_entry,
    lacks: frozenset[Remedy] = frozenset(),
) -> Page:
    """Parse one page of the list. An entry of an unknown form is marked. A page of an unknown form raises.

    `lacks` are the remedies that this version of the proxy does not have.
    """
    raise_for_error(response, request)
    entries, pagination = response.fields.get("list"), fields_of(response.fields.get("pagination"))
    total, page_count = count_of(pagination.get("total")), count_of(pagination.get("pageCount"))
    if not isinstance(entries, list):
        malformed(response, "list")
    if total is None or page_count is None:
        malformed(response, "pagination")
    accounts = (parse(fields_of(entry), offset, response.at) for entry in cast("list[object]", entries))
    if lacks:
        accounts = (replace(each, lacks=lacks) for each in accounts)
    return Page(tuple(accounts), total, page_count)


RememberedPage = tuple[object, Page | None, Mapping[int, Account]]
"""The hash of a page, the page, and its accounts by the hashes of their entries."""
NO_PAGE: Final[RememberedPage] = (None, None, {})


class RememberedPages:
    """A parser of pages that reads only what has changed: the body of a page, and an entry in it.

    Of bodies and entries, which hold credentials, only hashes are kept.
    """

    def __init__(self) -> None:
        self._pages: dict[int, RememberedPage] = {}

    def parse(
        self,
        response: ApiResponse,
        request: ApiRequest,
        number: int,
        offset: timedelta | None,
        lacks: frozenset[Remedy] = frozenset(),
    ) -> Page:
        """Parse a page. An account that the proxy will enable at some time is read each time.

        While its clock is unknown, that may be any that is flagged.
        """
        page_mark = response.status, hash(response.body), offset, lacks
        before, page, known = self._pages.get(number, NO_PAGE)
        if page is not None and before == page_mark:
            return page
        accounts: dict[int, Account] = {}

        def parse(fields: dict[str, object], offset: timedelta | None, now: datetime) -> Account:
            mark = hash((repr([fields.get(name) for name in READ]), offset))
            account = known.get(mark) or parse_entry(fields, offset, now)
            if account.flag is None or (account.flag.until is None and offset is not None):
                accounts[mark] = account
            return account

        page = parse_page(response, request, offset, parse, lacks)
        is_lasting = len(accounts) == len(page.accounts)
        self._pages[number] = page_mark if is_lasting else None, page, accounts
        return page


@dataclass
class Reading:
    """The pages of one reading, one after another. It has no slots, as `oddities` are cached."""

    pages: list[Page] = field(default_factory=list[Page])
    fault: ProviderError | None = None
    """The error of the page that is missing, if one is."""

    @property
    def accounts(self) -> list[Account]:
        """All entries, in the order of the pages."""
        return [account for page in self.pages for account in page.accounts]

    @property
    def is_at_end(self) -> bool:
        """Whether the last page was read. An empty page is the last one, whatever the page count."""
        last = self.pages[-1] if self.pages else None
        return last is not None and (len(self.pages) >= last.page_count or not last.accounts)

    @cached_property
    def oddities(self) -> dict[str, int]:
        """The references that come more than once, and those of entries without an id, once all is read."""
        counts = Counter(account.reference for account in self.accounts)
        return {each: count for each, count in counts.items() if count > 1 or each.startswith(NAMELESS)}

    @property
    def agrees(self) -> bool:
        """Whether all pages have the same total, which is the number of entries."""
        return self.fault is None and {page.total for page in self.pages} == {len(self.accounts)}

    @property
    def is_whole(self) -> bool:
        """Whether all pages agree, and every entry has an id of its own."""
        return self.agrees and not self.oddities


def listing(readings: Sequence[Reading], rest: timedelta) -> Listing:
    """Return the last reading as a list. An oddity that stays the same does not make it incomplete.

    Of two entries with the same id the flagged one is kept, and marked.
    """
    first, last = readings[0], readings[-1]
    accounts: dict[str, Account] = {}
    for account in last.accounts:
        kept = account
        if (before := accounts.get(account.reference)) is not None:
            kept = replace(account if account.flag else before, entry=EntryState.UNKNOWN)
        accounts[account.reference] = kept
    is_same = len(readings) > 1 and first.agrees and last.agrees and first.oddities == last.oddities
    return Listing(tuple(accounts.values()), last.fault, last.is_whole or is_same, rest)


def malformed(response: ApiResponse, place: str) -> NoReturn:
    """Raise for a body of an unknown form."""
    raise MalformedResponse(response.parsed.fault or place)
