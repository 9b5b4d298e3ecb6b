"""The list of accounts, put together from its pages, and whether it is complete."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.domain.accounts import NO_KEY, Account, EntryState
from bot.domain.providers import key_of
from bot.providers.errors import ProviderError
from bot.providers.mjproxy.parsing import Page
from bot.providers.provider import Listing


@dataclass(slots=True)
class Reading:
    """The pages of one reading, one after another."""

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

    @property
    def oddities(self) -> dict[str, int]:
        """The references that come more than once, and those of entries without an id."""
        counts = Counter(account.channel for account in self.accounts)
        return {each: count for each, count in counts.items() if count > 1 or key_of(each).startswith(NO_KEY)}

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
        if (before := accounts.get(account.channel)) is not None:
            kept = replace(account if account.flag else before, entry=EntryState.UNKNOWN)
        accounts[account.channel] = kept
    is_same = len(readings) > 1 and first.agrees and last.agrees and first.oddities == last.oddities
    return Listing(tuple(accounts.values()), last.fault, last.is_whole or is_same, rest)
