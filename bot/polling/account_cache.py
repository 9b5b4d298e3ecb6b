"""The known accounts in memory, for lists, cards and autocompletion without a request."""

import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from operator import attrgetter
from typing import Final

from bot.domain.account_info import InfoSnapshot
from bot.domain.accounts import Account, KnownAccount, Observation, is_channel, is_handle
from bot.domain.errors import ErrorCode, UserError
from bot.domain.incidents import Incident
from bot.domain.providers import USEAPI, provider_of, reference_to
from bot.incidents.state import Signal
from bot.render.provider_words import titles
from bot.storage import Store

UNDATED: Final = datetime.min.replace(tzinfo=UTC)
"""Before every time: an answer of which the age is unknown counts as older than any other."""
NEVER: Final[Mapping[str, datetime | None]] = {USEAPI: None}
ALL_BUT_THE_FLAG: Final = attrgetter(*(each.name for each in fields(Account) if each.name != "flag"))
NO_INCIDENTS: Final[Mapping[str, Incident]] = {}


Shown = tuple[object, object, Mapping[str, KnownAccount]]
"""Incidents, the listed accounts, and both together."""


class AccountCache:
    """The accounts of the last good poll in the order of the API, with their names and last information.

    Flags come from the open incidents. An account with one is included also if the last good poll did not
    list it.
    """

    def __init__(
        self,
        known: Iterable[KnownAccount] = (),
        *,
        observed_at: Mapping[str, datetime | None] = NEVER,
    ) -> None:
        self._known: Mapping[str, KnownAccount] = {each.reference: each for each in known}
        """All accounts. Those that are not listed any more keep their names and information.

        It is replaced and never changed, as threads read it, too. The same goes for what is made of it.
        """
        self._listed_of: tuple[object, Mapping[str, KnownAccount]] = None, {}
        """All accounts, and those of them that are listed."""
        self.observed_at = dict(observed_at)
        """The time of each provider's last good poll; None before the first."""
        self.open_incidents: Callable[[], Mapping[str, Incident]] = lambda: NO_INCIDENTS
        """Returns the open incident of each account that has one, by reference."""
        self.web_pages: Mapping[str, str] = {}
        """The addresses of the providers' own pages."""
        self.with_warnings: Callable[[KnownAccount], KnownAccount] = lambda account: account
        """Returns an account with the warnings that hold of it now."""
        self.changed = Signal()
        """Fires when an account has changed."""
        self._shown: Shown = None, None, {}
        self._prepared: Shown = None, None, {}
        """What is shown next."""

    def __len__(self) -> int:
        return len(self._listed)

    @property
    def _listed(self) -> Mapping[str, KnownAccount]:
        known = self._known
        of, listed = self._listed_of
        if of is not known:
            listed = {reference: each for reference, each in known.items() if each.is_listed}
            self._listed_of = known, listed
        return listed

    @property
    def known(self) -> Mapping[str, KnownAccount]:
        """All accounts by reference, without incidents; a new mapping after each change."""
        return self._known

    @property
    def accounts(self) -> tuple[KnownAccount, ...]:
        """Every account of the last good poll or with an open incident."""
        return tuple(self.by_reference.values())

    @property
    def by_reference(self) -> Mapping[str, KnownAccount]:
        """Every account of the last good poll or with an open incident, by reference."""
        incidents, listed = self.open_incidents(), self._listed
        if not incidents:
            return listed
        for of, among, shown in (self._shown, self._prepared):
            if of is incidents and among is listed:
                return shown
        self._shown = self._with(incidents)
        return self._shown[2]

    def prepare(self, incidents: Mapping[str, Incident]) -> None:
        """Prepare for incidents that are open soon, as that takes a while with many."""
        self._prepared = self._with(incidents)

    def _with(self, incidents: Mapping[str, Incident]) -> Shown:
        listed, pages = self._listed, self.web_pages
        shown = {
            reference: with_incident(self._without_incident(reference), each, pages.get(each.provider))
            for reference, each in incidents.items()
        }
        return incidents, listed, {**listed, **shown}

    @property
    def with_unlisted(self) -> Mapping[str, KnownAccount]:
        """All of `by_channel` and the accounts that are not listed any more, for messages that name them."""
        return {**self._known, **self.by_reference}

    def get(self, reference: str) -> KnownAccount | None:
        """Return the account of a reference if it is listed or has an open incident."""
        return self.by_reference.get(reference)

    def reference(self, handle: str) -> str:
        """Return the reference of an account by its handle; the handle itself if none has it."""
        if not is_handle(handle):
            return handle
        named = (reference for reference, each in self.with_unlisted.items() if each.account.handle == handle)
        return next(named, handle)

    def label_of(self, reference: str) -> str | None:
        """Return the label of an account, also of one that is not listed any more; None if unknown."""
        known = self._known.get(reference)
        return known.label if known else None

    def listed_by(self, provider: str) -> Collection[str]:
        """Return the references of the accounts that a provider lists."""
        return [reference for reference in self._listed if provider_of(reference) == provider]

    def find(self, typed: str) -> KnownAccount:
        """Return the account with a key, a channel id, a label, a Discord name, or the handle in a control.

        Raises:
            UserError: there is none, or more than one.
        """
        accounts, typed = self.by_reference, typed.strip()
        if (account := accounts.get(typed)) is not None:
            return account
        references = {reference_to(provider, typed) for provider in self.observed_at}
        found = [accounts[each] for each in references if each in accounts]
        if len(found) == 1:
            return found[0]
        if is_handle(typed) and (account := accounts.get(self.reference(typed))) is not None:
            return account
        # An id means one account, also if that is gone and another has the id as its name.
        if is_channel(typed):
            found = [each for each in accounts.values() if each.account.discord_channel == typed]
        else:
            wanted = comparable(typed)
            found = [each for each in accounts.values() if wanted and comparable(each.label) == wanted]
            found = found or [each for each in accounts.values() if wanted and is_called(each, wanted)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UserError(ErrorCode.ACCOUNT_AMBIGUOUS)
        raise UserError(ErrorCode.ACCOUNT_UNKNOWN)

    def other_called(self, name: str, *, besides: str) -> KnownAccount | None:
        """Return another account with the same name for a reader, if there is one."""
        wanted = comparable(name)
        others = (account for account in self.by_reference.values() if account.reference != besides)
        return next((account for account in others if is_called(account, wanted)), None)

    def observe(self, observation: Observation) -> bool:
        """Replace the listed accounts of a provider with those of a poll; an incomplete one adds to them.

        Return whether that changed any account.
        """
        rest, provider = {**self._known}, observation.provider
        listed = {
            each.reference: with_account(rest.pop(each.reference, None), each)
            for each in observation.accounts
        }
        if observation.is_complete:
            self.observed_at[provider] = observation.at
            gone = (c for c, each in rest.items() if each.is_listed and provider_of(c) == provider)
            rest |= {reference: replace(rest[reference], is_listed=False) for reference in gone}
        known = listed | rest
        if is_changed := [*known.values()] != [*self._known.values()]:
            self._replace(known)
        return is_changed

    def put_warnings(self, accounts: Iterable[KnownAccount]) -> None:
        """Store the warnings of these accounts."""
        known = self._known
        changed = {
            each.reference: replace(known[each.reference], warnings=each.warnings)
            for each in accounts
            if known[each.reference].warnings != each.warnings
        }
        if changed:
            self._replace({**known, **changed})

    def put_info(self, reference: str, snapshot: InfoSnapshot) -> None:
        """Store an answer to `/info`."""
        if (known := self._known.get(reference)) is not None:
            name = snapshot.info.discord_name or known.discord_name
            self._put(self.with_warnings(replace(known, snapshot=snapshot, discord_name=name)))

    def put_account(self, account: Account) -> KnownAccount:
        """Store an account that was just created or updated."""
        return self._put(with_account(self._known.get(account.reference), account))

    def unlist(self, reference: str) -> None:
        """Mark an account as not listed any more."""
        if (known := self._known.get(reference)) is not None:
            self._put(replace(known, is_listed=False))

    def rename(self, known: KnownAccount, name: str | None) -> KnownAccount:
        """Set the name of an account, None for none, and return the account with it."""
        return self._put(replace(self._without_incident(known.reference), name=name))

    def _without_incident(self, reference: str) -> KnownAccount:
        """Return an account without its incident."""
        return self._known.get(reference) or KnownAccount(Account(reference), is_listed=False)

    def _put(self, account: KnownAccount) -> KnownAccount:
        self._replace({**self._known, account.reference: account})
        return account

    def _replace(self, known: Mapping[str, KnownAccount]) -> None:
        self._known = known
        self.changed.fire()


def with_incident(known: KnownAccount, incident: Incident, web_page: str | None) -> KnownAccount:
    """Return an account with the flag and the state of its open incident, and its provider's page."""
    return replace(
        known,
        account=replace(known.account, flag=incident.flag),
        flagged_since=incident.opened_at,
        state=incident.state,
        web_page=web_page,
        block_ends=incident.block_until(),
        is_taken=incident.is_taken,
        is_listed=True,
    )


def is_called(account: KnownAccount, wanted: str) -> bool:
    """Return whether a name is the label of an account, its name at its provider or its Discord name.

    The label may follow the title of its service.
    """
    titled = (f"{title} {account.label}" for title in titles(account.reference))
    names = (account.label, account.account.title, account.discord_name, *titled)
    return any(comparable(name) == wanted for name in names if name)


def comparable(text: str) -> str:
    """Return a text without its case, its hidden characters and its extra blanks."""
    # Of category C are controls, formats and halves of characters. Some blanks are controls, too.
    shown = (char for char in text if char.isspace() or not unicodedata.category(char).startswith("C"))
    return " ".join("".join(shown).split()).casefold()


def with_account(known: KnownAccount | None, account: Account) -> KnownAccount:
    """Return a known account as the API lists it now, without its flag, which is the incident's."""
    if known is not None and known.is_listed:
        before = known.account
        if before is account or ALL_BUT_THE_FLAG(before) == ALL_BUT_THE_FLAG(account):
            return known
    if account.flag is not None:
        account = replace(account, flag=None)
    if known is None:
        return KnownAccount(account, snapshot=account.info)
    snapshot = account.info or known.snapshot
    if known.snapshot is not None and account.info is not None:
        snapshot = max(known.snapshot, account.info, key=lambda each: each.taken_at or UNDATED)
    return replace(known, account=account, snapshot=snapshot, is_listed=True)


async def load_cache(store: Store, providers: Iterable[str]) -> AccountCache:
    """Return the account cache as the last good polls were stored."""
    observed_at = {provider: await store.last_success(provider) for provider in providers}
    known: list[KnownAccount] = []
    for each in await store.accounts():
        is_listed = each.is_listed and provider_of(each.reference) in observed_at
        known.append(replace(each, is_listed=is_listed))
    return AccountCache(known, observed_at=observed_at)
