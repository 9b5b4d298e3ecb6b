"""The services that the bot watches, as far as the page shows them and lets a visitor disturb them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from bot.domain.providers import MJPROXY, USEAPI
from tests.simulators.mjproxy import SimulatedMjproxy, SimulatedProxyAccount, pool
from tests.simulators.mjproxy.faults import FOREIGN
from tests.simulators.useapi import (
    CAPTCHA,
    MODERATION,
    SAVE_REFUSALS,
    TIMED_BLOCK,
    Endpoint,
    Fault,
    SimulatedAccount,
    SimulatedUseapi,
)

Json = dict[str, Any]
"""A JSON object as it goes to the page or comes from it."""

FLAGS: Final = {"moderation": MODERATION, "captcha": CAPTCHA, "block": TIMED_BLOCK}
REASONS: Final = {
    "moderation": pool.MODERATION,
    "block": pool.BLOCKED,
    "plan": pool.PLAN_CANCELLED,
    "session": pool.TOO_MANY_FAILURES,
}
BUTTONS: Final = {
    "moderation": "Moderation",
    "captcha": "CAPTCHA",
    "block": "Timed block",
    "plan": "Plan",
    "session": "Session",
    "pause": "Pause",
}
NAMES: Final = {
    "moderation": "moderation message",
    "captcha": "CAPTCHA",
    "block": "blocked",
    "plan": "plan cancelled",
    "session": "session rejected",
    "pause": "paused",
}
LOST: Final = frozenset({pool.SOCKET_BROKEN, pool.NOT_RECONNECTED})
SELDOM_ASKED: Final = frozenset(
    {
        Fault.UNAUTHORIZED,
        Fault.FORBIDDEN,
        Fault.UNPAID,
        Fault.QUOTA,
        Fault.NOTHING_CONFIGURED,
        Fault.GONE,
        Fault.HTML_404,
    }
)
"""Faults that only a person can fix. The bot then polls every 15 minutes, or when somebody asks."""


class Service(ABC):
    """One service: its accounts, what can happen to them, and its faults."""

    key: str
    name: str
    about: str
    futile: str
    """What the button is called that lets the remedy not help."""
    kinds: Iterable[str]
    faults: Iterable[Fault] = tuple(Fault)

    def __init__(self, simulated: SimulatedUseapi | SimulatedMjproxy) -> None:
        self._simulated = simulated
        self._seldom = False
        """Whether the bot may have met one of `SELDOM_ASKED` since the service last worked."""

    def picture(self) -> Json:
        """Return what the page shows of it."""
        fault = self._simulated.faults[-1] if self._simulated.faults else None
        return {
            "key": self.key,
            "name": self.name,
            "about": self.about,
            "futile": self.futile,
            "kinds": [{"key": kind, "name": BUTTONS[kind]} for kind in self.kinds],
            "accounts": self.accounts(),
            "newcomers": [],
            "refusals": [],
            "refusal": None,
            "faults": [{"key": each.value, "text": each.describe.rstrip(".")} for each in self.faults],
            "fault": fault and fault.value,
            "seldom": self._seldom,
            "switches": [],
            "requests": len(self._simulated.requests),
            "commands": self._simulated.midjourney_commands,
        }

    def fail(self, fault: Fault | None) -> bool:
        """Let it fail, or work again; return whether the bot has to be asked to poll before that is seen."""
        asks, self._seldom = self._seldom, fault in SELDOM_ASKED or (self._seldom and fault is not None)
        self._simulated.mend()
        if fault is not None:
            self._simulated.fault(fault)
        return asks

    def switch(self, key: str, *, on: bool) -> None:
        """Let something else happen to the whole service."""
        raise KeyError(key, on)

    @abstractmethod
    def accounts(self) -> list[Json]:
        """Return its accounts, with what ails them."""

    @abstractmethod
    def flag(self, key: str, kind: str) -> None:
        """Let something happen to an account."""

    @abstractmethod
    def clear(self, key: str) -> None:
        """Let it be over."""

    @abstractmethod
    def withstand(self, key: str, *, stubborn: bool) -> None:
        """Let a remedy help this account, or let the flag be there again at once."""


class Useapi(Service):
    """useapi.net."""

    key = USEAPI
    name = "useapi.net"
    about = (
        "Make useapi.net report an account as flagged (error 596). Clear: Midjourney takes the flag back by "
        "itself. The bot calls fjord by the end of its channel id until you ask for its name with /mjinfo."
    )
    futile = "A reset does not help"
    kinds = FLAGS

    def __init__(self, useapi: SimulatedUseapi) -> None:
        super().__init__(useapi)
        self._useapi = useapi
        self._refusal: str | None = None

    def picture(self) -> Json:
        """Return what the page shows of it, the logins to be added too: they are as made up as the rest."""
        return {
            **super().picture(),
            "newcomers": [
                {"label": each.discord_name, "plan": str(each.plan), "token": each.discord}
                for each in self._useapi.newcomers
            ],
            "refusals": [
                {"key": key, "text": each.describe.rstrip(".")} for key, each in SAVE_REFUSALS.items()
            ],
            "refusal": self._refusal,
        }

    def accounts(self) -> list[Json]:
        return [_of_useapi(account) for account in self._useapi.accounts.values()]

    def flag(self, key: str, kind: str) -> None:
        self._useapi.flag(key, FLAGS[kind])

    def clear(self, key: str) -> None:
        self._useapi.clear(key)
        self._useapi.accounts[key].returns_after = None

    def withstand(self, key: str, *, stubborn: bool) -> None:
        self._useapi.accounts[key].returns_after = 0 if stubborn else None

    def fail(self, fault: Fault | None) -> bool:
        asks = super().fail(fault)
        self.refuse(self._refusal)
        return asks

    def refuse(self, refusal: str | None) -> None:
        """Let it refuse every token that is posted, in one of the ways that are documented."""
        if refusal is None:
            self._useapi.accept(Endpoint.SAVE)
        else:
            said = SAVE_REFUSALS[refusal]
            another = next(iter(self._useapi.accounts), "<channel>")
            self._useapi.refuse(Endpoint.SAVE, said.words.format(channel=another), said.code)
        self._refusal = refusal


class Living(Service):
    """Three services of useapi.net besides Midjourney. A key is that of a service and of its account."""

    key = "services"
    name = "useapi.net: other services"
    about = (
        "Let useapi.net lose the session of an account, as one that expired at night. Clear: somebody enters "
        "its credentials again at useapi.net. What fails here fails for all that share the token."
    )
    futile = ""
    kinds = ("session",)

    def __init__(self, useapi: SimulatedUseapi) -> None:
        super().__init__(useapi)
        self._useapi = useapi

    def accounts(self) -> list[Json]:
        return [
            {
                "channel": f"{name} {key}",
                "label": key,
                "about": service.service.counted_as.removesuffix(" API"),
                "flag": {"kind": "session", "name": NAMES["session"]} if service.is_flagged(key) else None,
                "stubborn": None,
            }
            for name, service in self._useapi.services.items()
            for key in service.entries
        ]

    def flag(self, key: str, kind: str) -> None:
        self._set(key, f"Session refresh failed, manual update required ({kind})")

    def clear(self, key: str) -> None:
        self._set(key, None)

    def withstand(self, key: str, *, stubborn: bool) -> None:
        raise KeyError(key, stubborn)

    def _set(self, key: str, text: str | None) -> None:
        service, _, account = key.partition(" ")
        self._useapi.flag_in(service, account, text)


class Proxy(Service):
    """A midjourney-proxy."""

    key = MJPROXY
    name = "midjourney-proxy"
    about = (
        "It starts accounts one after another, here six times as fast as the real one. Clear: somebody deals "
        "with it and enables the account on the proxy's own page. Cut it off from Discord, and it disables "
        "its accounts, which stay so once it is back."
    )
    futile = "Enabling does not help"
    kinds = BUTTONS
    faults = tuple(fault for fault in Fault if fault not in FOREIGN)

    def __init__(self, proxy: SimulatedMjproxy) -> None:
        super().__init__(proxy)
        self._proxy = proxy
        self._switches: Mapping[str, Callable[[bool], None]] = {
            "discord": self._cut_off,
            "redis": self._take_redis,
            "restart": lambda _: proxy.restart(),
        }

    def picture(self) -> Json:
        self._proxy.settle()
        switches = (
            ("discord", "Cut it off from Discord", self._proxy.is_cut_off),
            ("redis", "Take its Redis away", not self._proxy.has_redis),
            ("restart", "Restart it", None),
        )
        return {
            **super().picture(),
            "switches": [{"key": key, "name": name, "on": on} for key, name, on in switches],
        }

    def switch(self, key: str, *, on: bool) -> None:
        self._switches[key](on)

    def accounts(self) -> list[Json]:
        return [_of_proxy(account) for account in self._proxy.accounts.values()]

    def flag(self, key: str, kind: str) -> None:
        """Let something happen to an account; a person deals with it meanwhile, so that enabling helps."""
        if kind == "captcha":
            self._proxy.ask_captcha(key)
        elif kind == "pause":
            self._proxy.pause(key)
            self._proxy.drop_reason(key)  # else nothing of a flagged account would change
        elif kind == "session":
            self._proxy.reject_token(key)
        else:
            self._proxy.strike(key, REASONS[kind])
        self._proxy.acknowledge(key)

    def clear(self, key: str) -> None:
        self._proxy.acknowledge(key)
        self._proxy.unlock(self._proxy.accounts[key])
        self._proxy.enable([key])

    def withstand(self, key: str, *, stubborn: bool) -> None:
        self._proxy.acknowledge(key)
        account = self._proxy.accounts[key]
        if stubborn and account.reason == pool.TOO_MANY_FAILURES:
            account.token_is_rejected = True
        elif stubborn:
            account.pending = account.reason

    def _cut_off(self, on: bool) -> None:  # noqa: FBT001 - one of two positions
        if not on:
            self._proxy.find_discord()
        elif not self._proxy.is_cut_off:
            running = [key for key, account in self._proxy.accounts.items() if account.running]
            self._proxy.lose_discord(spared=running[-1:])

    def _take_redis(self, on: bool) -> None:  # noqa: FBT001 - one of two positions
        self._proxy.has_redis = not on


def _of_useapi(account: SimulatedAccount) -> Json:
    kind = next((kind for kind, text in FLAGS.items() if text == account.pending), None)
    return {
        "channel": account.channel,
        "label": account.discord_name,
        "about": f"…{account.channel[-4:]} · {account.plan}",
        "flag": account.pending and {"kind": kind, "name": NAMES.get(kind or "", "flagged")},
        "stubborn": account.returns_after == 0,
    }


def _of_proxy(account: SimulatedProxyAccount) -> Json:
    kind, name = _ailment(account)
    return {
        "channel": account.id,
        "label": account.remark or f"…{account.channel[-4:]}",
        "about": f"…{account.channel[-4:]} · {account.info['Subscription'].partition(' ')[0]}",
        "flag": name and {"kind": kind, "name": name},
        "stubborn": bool(account.pending or account.token_is_rejected) if kind in REASONS else None,
    }


def _ailment(account: SimulatedProxyAccount) -> tuple[str | None, str | None]:
    """Return the kind of what ails an account, if a button makes it, and its name; no name if it runs."""
    if account.lock:
        return "captcha", NAMES["captcha"]
    if account.reason in LOST:
        return None, "lost Discord"
    if not account.enable and account.reason:
        kind = next((kind for kind, reason in REASONS.items() if account.reason == reason), None)
        return kind, NAMES.get(kind or "", "disabled")
    if not account.enable:
        return "pause", NAMES["pause"]
    return None, None if account.running else "starting"
