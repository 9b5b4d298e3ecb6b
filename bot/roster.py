"""The accounts Midwatch knows, in memory: what lists, cards and autocompletion read without asking anyone."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from bot.errors import UserError
from bot.models import Account, Flag, InfoSnapshot, KnownAccount, Observation, is_channel


class Roster:
    """The accounts of the last good look, each with what is remembered of it, in the order of the API."""

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

    def __len__(self) -> int:
        return len(self._listed)

    @property
    def accounts(self) -> tuple[KnownAccount, ...]:
        """Give every account of the last good look."""
        return tuple(self._listed.values())

    @property
    def by_channel(self) -> Mapping[str, KnownAccount]:
        """Give every account of the last good look by its channel."""
        return self._listed

    def get(self, channel: str) -> KnownAccount | None:
        """Give the account with this channel, if it is in the list."""
        return self._listed.get(channel)

    def find(self, typed: str) -> KnownAccount:
        """Give the account a person means by a channel id or a label.

        Raises:
            UserError: no account, or more than one, goes by that.
        """
        if (account := self._listed.get(typed.strip())) is not None:
            return account
        # An id means that one account, also when it is gone and another one happens to be called so.
        wanted = "" if is_channel(typed.strip()) else visible(typed)
        found = [account for account in self._listed.values() if wanted and visible(account.label) == wanted]
        found = found or [
            account for account in self._listed.values() if wanted and is_called(account, wanted)
        ]
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
        others = (account for account in self._listed.values() if account.channel != besides)
        return next((account for account in others if is_called(account, wanted)), None)

    def observe(self, observation: Observation) -> tuple[KnownAccount, ...]:
        """Take in a good look at the list, and give the accounts that are new or changed by it."""
        before = self._left | self._listed
        changed: list[KnownAccount] = []
        listed: dict[str, KnownAccount] = {}
        for account in observation.accounts:
            known = before.pop(account.channel, None)
            now = seen(known, account, observation.at)
            listed[account.channel] = now
            if now is not known and now != known:
                changed.append(now)
        self._listed, self._left = listed, before
        self.observed_at = observation.at
        return tuple(changed)

    def flag(self, channel: str, flag: Flag, at: datetime) -> KnownAccount | None:
        """Take in a flag that a command met between two looks."""
        known = self._listed.get(channel)
        if known is None:
            return None
        return self._put(seen(known, replace(known.account, flag=flag), at))

    def answered(self, channel: str, snapshot: InfoSnapshot) -> None:
        """Take in an answer to `/info`."""
        if (known := self._listed.get(channel)) is not None:
            name = snapshot.info.discord_name or known.discord_name
            self._put(replace(known, snapshot=snapshot, discord_name=name))

    def saved(self, account: Account, at: datetime) -> KnownAccount:
        """Take in that an account is configured, which the next look at the list shows, too."""
        if (known := self._listed.get(account.channel)) is not None:
            # The answer to saving an account says nothing of a flag: one that is known stays.
            account = replace(account, flag=account.flag or known.account.flag)
        return self._put(seen(known or self._left.pop(account.channel, None), account, at))

    def removed(self, channel: str) -> None:
        """Take in that an account is configured no more; its name comes back with it."""
        if (known := self._listed.pop(channel, None)) is not None:
            self._left[channel] = known

    def rename(self, known: KnownAccount, name: str | None) -> KnownAccount:
        """Take in the name an owner gave an account (None takes it away); give the account as it is now."""
        renamed = replace(self._listed.get(known.channel, known), name=name)
        place = self._listed if known.channel in self._listed else self._left
        place[known.channel] = renamed
        return renamed

    def _put(self, account: KnownAccount) -> KnownAccount:
        self._listed[account.channel] = account
        return account


def is_called(account: KnownAccount, wanted: str) -> bool:
    """Return whether an account goes by a name, also by the Discord name behind a name of the owner's."""
    return any(visible(name) == wanted for name in (account.label, account.discord_name) if name)


def visible(text: str) -> str:
    """Give a text as people compare it: without what shows nothing, whatever its case and blanks."""
    shown = "".join(" " if char.isspace() else char for char in text if not is_hidden(char))
    return " ".join(shown.split()).casefold()


def is_hidden(char: str) -> bool:
    """Whether a character shows nothing: control, format and half characters, but for blanks."""
    return unicodedata.category(char).startswith("C") and not char.isspace()


def seen(known: KnownAccount | None, account: Account, at: datetime) -> KnownAccount:
    """Join what the API lists now with what is remembered; a flag keeps the time it was first known."""
    if known is None:
        return KnownAccount(account, flagged_since=at if account.flag else None)
    if known.account is account or known.account == account:
        return known
    since = (known.flagged_since or at) if account.flag else None
    return replace(known, account=account, flagged_since=since)
