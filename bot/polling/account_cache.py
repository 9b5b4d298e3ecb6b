"""The accounts Midwatch knows, in memory: what lists, cards and autocompletion read without asking anyone."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.account_info import InfoSnapshot
from bot.domain.accounts import Account, KnownAccount, Observation, is_channel
from bot.domain.errors import UserError
from bot.domain.incidents import Incident

NO_INCIDENTS: Final[Mapping[str, Incident]] = {}


class AccountCache:
    """The accounts of the last good look, each with what is remembered of it, in the order of the API.

    What is flagged, the open incidents say: an account that has one is shown as that stands, also if the last
    good look did not list it.
    """

    def __init__(
        self,
        listed: Iterable[KnownAccount] = (),
        *,
        left: Iterable[KnownAccount] = (),
        observed_at: datetime | None = None,
    ) -> None:
        self._listed = {account.channel: account for account in listed}
        self._left = {account.channel: account for account in left}
        """Accounts no longer listed: their names and answers come back with them."""
        self.observed_at = observed_at
        """When the list was last read; None until then."""
        self.open_incidents: Callable[[], Mapping[str, Incident]] = lambda: NO_INCIDENTS
        """Gives the open incident of each account that has one, by channel."""
        self._joined: tuple[Mapping[str, Incident], Mapping[str, KnownAccount]] | None = None
        """The accounts with these incidents; None once anything else about them has changed."""
        self._named: tuple[Mapping[str, KnownAccount], Mapping[str, KnownAccount]] | None = None

    def __len__(self) -> int:
        return len(self._listed)

    @property
    def accounts(self) -> tuple[KnownAccount, ...]:
        """Return every account of the last good look, or with an open incident."""
        return tuple(self.by_channel.values())

    @property
    def by_channel(self) -> Mapping[str, KnownAccount]:
        """Return every account of the last good look, or with an open incident, by its channel."""
        incidents = self.open_incidents()
        if not incidents:
            return self._listed
        if self._joined is None or self._joined[0] is not incidents:
            shown = {channel: as_in(self._remembered(channel), each) for channel, each in incidents.items()}
            self._joined = incidents, self._listed | shown
        return self._joined[1]

    @property
    def named(self) -> Mapping[str, KnownAccount]:
        """Return all of `by_channel`, and the accounts that are listed no more, for what still names them."""
        present = self.by_channel
        if not self._left:
            return present
        if self._named is None or self._named[0] is not present:
            gone = {channel: replace(each, is_listed=False) for channel, each in self._left.items()}
            self._named = present, {**gone, **present}
        return self._named[1]

    def get(self, channel: str) -> KnownAccount | None:
        """Return the account with this channel, if it is in the list or has an open incident."""
        return self.by_channel.get(channel)

    def label_of(self, channel: str) -> str | None:
        """Return the label of an account, also of one that is listed no more; None if it is not known."""
        known = self._listed.get(channel) or self._left.get(channel)
        return known.label if known else None

    def only(self) -> str | None:
        """Return the channel of the only account in the list; None if there is none, or more than one."""
        return next(iter(self._listed)) if len(self._listed) == 1 else None

    def find(self, typed: str) -> KnownAccount:
        """Return the account a person means by a channel id or a label.

        Raises:
            UserError: no account, or more than one, goes by that.
        """
        accounts = self.by_channel
        if (account := accounts.get(typed.strip())) is not None:
            return account
        # An id means that one account, also when it is gone and another one happens to be called so.
        wanted = "" if is_channel(typed.strip()) else visible(typed)
        found = [account for account in accounts.values() if wanted and visible(account.label) == wanted]
        found = found or [account for account in accounts.values() if wanted and is_called(account, wanted)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UserError(
                "More than one account goes by that name.",
                "Type the channel id instead; /mjaccounts shows it.",
            )
        raise UserError(
            "No configured account has that name or channel id.",
            "Pick one from the suggestions, or look at /mjaccounts.",
        )

    def holder(self, name: str, *, besides: str) -> KnownAccount | None:
        """Return another account that goes by a name, as people read it, if there is one."""
        wanted = visible(name)
        others = (account for account in self.by_channel.values() if account.channel != besides)
        return next((account for account in others if is_called(account, wanted)), None)

    def observe(self, observation: Observation) -> tuple[KnownAccount, ...]:
        """Take in a good look at the list, and give the accounts that are new or changed by it."""
        before = self._left | self._listed
        changed: list[KnownAccount] = []
        listed: dict[str, KnownAccount] = {}
        for account in observation.accounts:
            known = before.pop(account.channel, None)
            now = seen(known, account)
            listed[account.channel] = now
            if now is not known and now != known:
                changed.append(now)
        self._listed, self._left = listed, before
        self._joined = self._named = None
        self.observed_at = observation.at
        return tuple(changed)

    def answered(self, channel: str, snapshot: InfoSnapshot) -> None:
        """Take in an answer to `/info`."""
        if (known := self._listed.get(channel)) is not None:
            name = snapshot.info.discord_name or known.discord_name
            self._put(replace(known, snapshot=snapshot, discord_name=name))

    def saved(self, account: Account) -> KnownAccount:
        """Take in that an account is configured, which the next look at the list shows, too."""
        return self._put(
            seen(self._listed.get(account.channel) or self._left.pop(account.channel, None), account)
        )

    def removed(self, channel: str) -> None:
        """Take in that an account is configured no more; its name comes back with it."""
        if (known := self._listed.pop(channel, None)) is not None:
            self._left[channel] = known
            self._joined = self._named = None

    def rename(self, known: KnownAccount, name: str | None) -> KnownAccount:
        """Take in the name an owner gave an account (None takes it away); give the account as it is now."""
        renamed = replace(self._remembered(known.channel), name=name)
        place = self._listed if known.channel in self._listed else self._left
        place[known.channel] = renamed
        self._joined = self._named = None
        return renamed

    def _remembered(self, channel: str) -> KnownAccount:
        """Return what is known of an account besides its incident."""
        return self._listed.get(channel) or self._left.get(channel) or KnownAccount(Account(channel))

    def _put(self, account: KnownAccount) -> KnownAccount:
        self._listed[account.channel] = account
        self._joined = self._named = None
        return account


def as_in(known: KnownAccount, incident: Incident) -> KnownAccount:
    """Return an account as its open incident has it."""
    return replace(
        known,
        account=replace(known.account, flag=incident.flag),
        flagged_since=incident.opened_at,
        state=incident.state,
        block_ends=incident.block_until(),
    )


def is_called(account: KnownAccount, wanted: str) -> bool:
    """Return whether an account goes by a name, also by the Discord name behind a name of the owner's."""
    return any(visible(name) == wanted for name in (account.label, account.discord_name) if name)


def visible(text: str) -> str:
    """Return a text as people compare it: without what shows nothing, whatever its case and blanks."""
    shown = "".join(" " if char.isspace() else char for char in text if not is_hidden(char))
    return " ".join(shown.split()).casefold()


def is_hidden(char: str) -> bool:
    """Whether a character shows nothing: control, format and half characters, but for blanks."""
    return unicodedata.category(char).startswith("C") and not char.isspace()


def seen(known: KnownAccount | None, account: Account) -> KnownAccount:
    """Join what the API lists now with what is remembered; the flag is left to the incident."""
    if account.flag is not None:
        account = replace(account, flag=None)
    if known is None:
        return KnownAccount(account)
    return known if known.account is account or known.account == account else replace(known, account=account)
