"""The list of accounts, put together from its pages, and whether it is complete."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.domain.accounts import EntryState
from bot.providers.errors import ProviderError
from bot.providers.mjproxy.account import Oddity, ProxyAccount
from bot.providers.mjproxy.parsing import Page


@dataclass(frozen=True, slots=True)
class Listing:
    """The list of accounts."""

    accounts: tuple[ProxyAccount, ...]
    """One entry for each id, and those without one."""
    is_complete: bool
    """Whether an account that is missing here is gone from the proxy."""
    took: timedelta
    fault: ProviderError | None = None
    """The error of the page that is missing, if one is."""

    @property
    def rest(self) -> timedelta:
        """How long to leave the proxy alone after this: it sorts its whole table for each page."""
        return 5 * self.took


@dataclass(slots=True)
class Reading:
    """The pages of one reading, one after another."""

    pages: list[Page] = field(default_factory=list[Page])
    fault: ProviderError | None = None

    @property
    def entries(self) -> list[ProxyAccount]:
        """All entries, in the order of the pages."""
        return [entry for page in self.pages for entry in page.entries]

    @property
    def is_at_end(self) -> bool:
        """Whether the last page was read. An empty page is the last one, whatever the page count."""
        last = self.pages[-1] if self.pages else None
        return last is not None and (len(self.pages) >= last.page_count or not last.entries)

    @property
    def oddities(self) -> dict[tuple[str, str], int]:
        """The ids that come more than once, and the channels of entries without an id."""
        counts = Counter((entry.id, "" if entry.id else entry.channel) for entry in self.entries)
        return {names: count for names, count in counts.items() if count > 1 or not names[0]}

    @property
    def agrees(self) -> bool:
        """Whether all pages have the same total, which is the number of entries."""
        return self.fault is None and {page.total for page in self.pages} == {len(self.entries)}

    @property
    def is_whole(self) -> bool:
        """Whether all pages agree, and every entry has an id of its own."""
        return self.agrees and not self.oddities

    def accounts(self) -> tuple[ProxyAccount, ...]:
        """Return one entry for each id. Of two with the same id the flagged one is kept, and marked."""
        found: dict[str, ProxyAccount] = {}
        for entry in self.entries:
            before = found.get(entry.id)
            kept = entry if before is None or entry.state is EntryState.FLAGGED else before
            found[entry.id] = kept if before is None else replace(kept, oddity=Oddity.TWICE)
        found.pop("", None)
        return (*found.values(), *(entry for entry in self.entries if not entry.id))


def listing(readings: Sequence[Reading], took: timedelta) -> Listing:
    """Return the last reading as a list. An oddity that stays the same does not make it incomplete."""
    first, last = readings[0], readings[-1]
    is_same = len(readings) > 1 and first.agrees and last.agrees and first.oddities == last.oddities
    return Listing(last.accounts(), last.is_whole or is_same, took, last.fault)
