"""The accounts of one simulated subscription: configured, flagged, and as a poll shows them."""

import random
from collections.abc import Callable
from datetime import datetime
from typing import Final

from tests.simulators.answers import Json, encode
from tests.simulators.useapi.accounts import (
    TOKEN_PATTERN,
    Aftermath,
    Plan,
    SimulatedAccount,
    discord_token,
    snowflake,
)
from tests.simulators.useapi.midjourney import midjourney_info
from tests.simulators.useapi.services import SIMULATED_SERVICES, ServiceAccounts

DISCORD_NAMES: Final = ("aurora", "basalt", "cinder", "dapple", "ember", "fjord", "garnet", "heron")


class Registry:
    """Holds the accounts, and the encoded list until one of them changes."""

    def __init__(self, *, now: Callable[[], datetime], seed: int) -> None:
        self.accounts: dict[str, SimulatedAccount] = {}
        self.changed: list[Callable[[], None]] = []
        """Called, in order, whenever something has changed or was asked."""
        self.subscribed = True
        """Whether the subscription is paid for."""
        self.shows_tokens = True
        """Whether a poll shows each account's token whole, or masked as in jobs."""
        self.quota: int | None = None
        """How many accounts the subscription covers; None for any number."""
        self._now = now
        self._rng = random.Random(seed)  # noqa: S311 - made-up ids, the same in every run
        self._logins: dict[str, SimulatedAccount] = {}
        self._aftermaths: dict[str, Aftermath] = {}
        self._list: bytes | None = None
        self.services = {name: ServiceAccounts(each) for name, each in SIMULATED_SERVICES.items()}
        """The accounts of each service besides Midjourney, by its name."""
        self._credentials: set[str] = set()

    def add_to(self, service: str, key: str) -> None:
        """Configure an account of a service, with a credential made for the search for leaks."""
        secret = f"sandbox-{service}-{self._rng.randrange(10**12)}"
        self._credentials.add(secret)
        self.services[service].add(key, secret)
        self.notify()

    def flag_in(self, service: str, key: str, text: str | None) -> None:
        """Flag an account of a service with a text; None ends the flag."""
        self.services[service].flag(key, text)
        self.notify()

    def newcomer(
        self,
        *,
        channel: str | None = None,
        discord: str | None = None,
        discord_name: str | None = None,
        plan: str = Plan.MEGA,
        max_jobs: int = 3,
        info_text: str | None = None,
        server: str | None = None,
        midjourney: bool = True,
    ) -> SimulatedAccount:
        """Build a login that exists at Discord but is not configured. Its token can be posted."""
        user_id = snowflake(self._rng)
        ordinal, name = divmod(len(self._logins), len(DISCORD_NAMES))
        account = SimulatedAccount(
            channel=channel or snowflake(self._rng),
            discord=discord or discord_token(user_id, self._rng),
            discord_name=discord_name or f"{DISCORD_NAMES[name]}{ordinal or ''}",
            plan=Plan(plan),
            max_jobs=max_jobs,
            info_text=info_text or midjourney_info(Plan(plan), user_id, self._rng, self._now()),
            server=server,
            midjourney=midjourney,
        )
        self._logins[account.discord] = account
        return account

    def add(
        self,
        *,
        channel: str | None = None,
        discord_name: str | None = None,
        plan: str = Plan.MEGA,
        max_jobs: int = 3,
        info_text: str | None = None,
        server: str | None = None,
    ) -> SimulatedAccount:
        """Configure an account. What is not given is invented."""
        account = self.newcomer(
            channel=channel,
            discord_name=discord_name,
            plan=plan,
            max_jobs=max_jobs,
            info_text=info_text,
            server=server,
        )
        self.configure(account)
        return account

    @property
    def newcomers(self) -> tuple[SimulatedAccount, ...]:
        """The logins that are not configured. Their tokens can be posted."""
        return tuple(login for login in self._logins.values() if login.channel not in self.accounts)

    def configure(self, account: SimulatedAccount) -> None:
        """Add a login to the list, unless it is there."""
        self.accounts[account.channel] = account
        account.announce = self.announce

    def remove(self, channel: str) -> bool:
        """Remove an account and its flag from the list. Return whether it was there."""
        self._aftermaths.pop(channel, None)
        removed = self.accounts.pop(channel, None)
        if removed is None:
            return False
        removed.pending = None
        return True

    def login(self, token: Json) -> SimulatedAccount | None:
        """Return the login of a Discord token. An unknown token of the right form is a new person's."""
        if not isinstance(token, str):
            return None
        if token not in self._logins and TOKEN_PATTERN.fullmatch(token):
            return self.newcomer(discord=token)
        return self._logins.get(token)

    def relogin(self, channel: str, account: SimulatedAccount) -> SimulatedAccount:
        """Move a login to a channel of its choice. A login that is configured there gets its token."""
        known = self.accounts.get(channel)
        if known is None:
            account.channel = channel
            return account
        known.discord = account.discord
        self._logins[account.discord] = known
        return known

    def flag(self, channel: str, text: str, *, unseen: bool = False) -> None:
        """Let Midjourney flag an account. An unseen flag is not listed until a command finds it."""
        self._aftermaths.pop(channel, None)
        account = self.accounts[channel]
        if unseen:
            account.unseen = text
        else:
            account.pending = text

    def clear(self, channel: str) -> None:
        """Remove every flag of an account, as after an answer to Midjourney and a reset."""
        self._aftermaths.pop(channel, None)
        account = self.accounts[channel]
        account.pending = account.unseen = None

    def reset(self, channel: str) -> None:
        """Remove the flag that the API knows, and begin what the account is set to do afterwards."""
        account = self.accounts[channel]
        if account.pending and (account.lingers or account.returns_after is not None):
            self._aftermaths[channel] = Aftermath(
                account, account.pending, account.lingers, account.returns_after
            )
        account.pending = None

    def listed(self) -> bytes:
        """Encode the list of all accounts. It counts as a poll of each."""
        for channel in tuple(self._aftermaths):
            self._count_poll(channel)
        if self._list is None:
            self._list = encode({channel: self._entry(it) for channel, it in self.accounts.items()})
        return self._list

    def entry(self, channel: str) -> bytes | None:
        """Encode one account, which counts as a poll; None if it is not configured."""
        self._count_poll(channel)
        account = self.accounts.get(channel)
        return None if account is None else encode(self._entry(account))

    def announce(self) -> None:
        """Drop the encoded list and announce the change."""
        self._list = None
        self.notify()

    def notify(self) -> None:
        """Notify every listener."""
        for hook in self.changed:
            hook()

    def _count_poll(self, channel: str) -> None:
        aftermath = self._aftermaths.get(channel)
        if aftermath is None:
            return
        if not aftermath.advance():
            del self._aftermaths[channel]
        self.announce()

    def _entry(self, account: SimulatedAccount) -> dict[str, Json]:
        """Write an account as useapi.net docs, GET account/midjourney, show it."""
        token = account.discord if self.shows_tokens else account.masked
        entry: dict[str, Json] = {"channel": account.channel, "discord": token}
        if account.server:
            entry["server"] = account.server
        entry["maxJobs"] = account.max_jobs
        if flag := self._shown_flag(account):
            entry["pendingModMessage"] = flag
        return entry

    def _shown_flag(self, account: SimulatedAccount) -> str | None:
        aftermath = self._aftermaths.get(account.channel)
        return aftermath.text if aftermath and aftermath.showing else account.pending
