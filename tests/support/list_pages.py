"""A page of `/mjaccounts`, taken apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.accounts import KnownAccount
from bot.render.account_list import list_content
from bot.render.attachments import Attachment
from bot.render.message_content import Box, Button, Select
from bot.runtime.language import say
from tests.support.render_samples import NOW


@dataclass(frozen=True)
class ListPage:
    """What one page shows."""

    heading: str
    entries: Sequence[str]
    options: Sequence[str]
    """The handles of the accounts that can be opened."""
    footer: str
    page: int
    pages: int

    @property
    def texts(self) -> Sequence[str]:
        return [self.heading, *self.entries, self.footer]


def list_page(
    accounts: Sequence[KnownAccount],
    page: int = 0,
    *,
    at: datetime | None = NOW,
    refusal: str | None = None,
    stale: Mapping[str, datetime] = {},
) -> ListPage:
    """Return a page of the list as a person sees it."""
    layout = list_content(accounts, page, 1, at=at, refusal=refusal, stale=stale).layout
    heading, footer = (part for part in layout if isinstance(part, str))
    (box,) = (part for part in layout if isinstance(part, Box))
    controls = [each for part in layout if not isinstance(part, str | Box | Attachment) for each in part]
    options = [each.value for select in controls if isinstance(select, Select) for each in select.options]
    arguments = {each.label: each.argument for each in controls if isinstance(each, Button)}
    pages = int(arguments.get(say("Last"), "0").partition(".")[0]) + 1
    return ListPage(heading, box.texts, options, footer, int(arguments[say("Refresh")]), pages)
