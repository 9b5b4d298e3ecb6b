"""What the page shows of the simulated world, and what a visitor can do in it. No HTTP here.

`picture` gives the whole state as one person sees it; `act` does one thing and says what came of it.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

from tests.simulators.discord import CannotDo, FaultKind, Interaction, Person, SimulatedDiscord
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

ANSWER_WITHIN: Final = 3.0
"""Seconds a bot has for its first answer (Discord's docs, Receiving and Responding)."""
FLAGS: Final = {"moderation": MODERATION, "captcha": CAPTCHA, "block": TIMED_BLOCK}
FLAG_NAMES: Final = {"moderation": "moderation message", "captcha": "CAPTCHA", "block": "blocked"}
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
DONE: Final[Json] = {"outcome": "done"}
FAILED: Final[Json] = {"outcome": "failed"}


class Refusal(Exception):  # noqa: N818 - the page asked for something impossible
    """The page asked for an action, a person or a thing that does not exist."""


class Bot(Protocol):
    """The bot's process, as far as the page needs it."""

    @property
    def running(self) -> bool:
        """Whether it is there."""
        ...

    @property
    def exit_code(self) -> int | None:
        """How it ended, if it did."""
        ...

    async def restart(self) -> None:
        """Stop the process if it runs, and start it again."""
        ...


class Stage:
    """The two simulations and the bot between them, for two people."""

    def __init__(self, discord: SimulatedDiscord, useapi: SimulatedUseapi, bot: Bot) -> None:
        self._discord, self._useapi, self._bot = discord, useapi, bot
        self._people = {"owner": discord.owner, "stranger": discord.stranger}
        self._direct = {key: discord.dm_channel_id(person) for key, person in self._people.items()}
        self._modals: dict[str, Interaction] = {}
        self._dms_closed = False
        self._sending_fails = False
        self._seldom = False
        """Whether the bot may have met one of `SELDOM_ASKED` since the API last worked."""
        self._refusal: str | None = None
        self._actions: Mapping[str, Callable[[str, Json], Awaitable[Json]]] = {
            "slash": self._slash,
            "autocomplete": self._autocomplete,
            "click": self._click,
            "select": self._select,
            "submit": self._submit,
            "flag": self._flag,
            "clear": self._clear,
            "stubborn": self._stubborn,
            "fault": self._fault,
            "refuse": self._refuse,
            "dms": self._dms,
            "sending": self._sending,
            "restart": self._restart,
        }

    async def act(self, action: str, body: Any) -> Json:
        """Do one thing for the person named in `as`; the answer's `outcome` is done, failed or modal.

        Raises:
            Refusal: there is no such action, person, account or fault, or the body is not as it should be.
        """
        try:
            return await self._actions[action](self._known(body["as"]), body)
        except (KeyError, ValueError, TypeError):
            raise Refusal(action) from None

    def picture(self, viewer: str) -> Json:
        """Return everything that the page shows to this person.

        Raises:
            Refusal: there is no such person.
        """
        person = self._people[self._known(viewer)]
        return {
            "viewer": {"key": viewer, "id": str(person.id)},
            "people": [_introduced(key, one) for key, one in self._people.items()],
            "names": self._names(),
            "places": {
                "server": self._place(
                    person, self._discord.channel_id, "# midjourney", "a channel of your server"
                ),
                "dm": self._place(
                    person, self._direct[viewer], "@ Midwatch", f"{_name(person)}'s direct messages"
                ),
            },
            "bot": self._bot_state(),
            "accounts": [_shown(account) for account in self._useapi.accounts.values()],
            "newcomers": [_introduced_login(account) for account in self._useapi.newcomers],
            "faults": [{"key": fault.value, "text": fault.describe.rstrip(".")} for fault in Fault],
            "fault": self._useapi.faults[-1].value if self._useapi.faults else None,
            "seldom": self._seldom,
            "refusals": [
                {"key": key, "text": refusal.describe.rstrip(".")} for key, refusal in SAVE_REFUSALS.items()
            ],
            "refusal": self._refusal,
            "dms_closed": self._dms_closed,
            "sending_fails": self._sending_fails,
            "counts": {"requests": len(self._useapi.requests), "commands": self._useapi.midjourney_commands},
        }

    def _known(self, viewer: object) -> str:
        if not isinstance(viewer, str) or viewer not in self._people:
            raise Refusal("as")
        return viewer

    def _names(self) -> dict[str, str]:
        people = {str(person.id): _name(person) for person in self._discord.people}
        return {**people, str(self._discord.channel_id): "midjourney"}

    def _place(self, person: Person, channel_id: int, title: str, about: str) -> Json:
        return {
            "title": title,
            "about": about,
            "messages": self._discord.messages(channel_id, person),
            "commands": self._discord.commands(person, channel_id),
        }

    def _bot_state(self) -> Json:
        if not self._bot.running:
            detail = f"exit code {self._bot.exit_code}; see the terminal" if self._bot.exit_code else None
            return {"name": "Midwatch", "state": "stopped", "detail": detail}
        state = "online" if self._discord.connected else "starting"
        return {"name": "Midwatch", "state": state, "detail": _activity(self._discord.presence)}

    def _channel(self, viewer: str, body: Json) -> int:
        return {"server": self._discord.channel_id, "dm": self._direct[viewer]}[body["place"]]

    async def _slash(self, viewer: str, body: Json) -> Json:
        where = self._channel(viewer, body)
        return await self._outcome(
            self._discord.slash(self._people[viewer], body["name"], dict(body["options"]), channel_id=where)
        )

    async def _autocomplete(self, viewer: str, body: Json) -> Json:
        where = self._channel(viewer, body)
        try:
            choices = await self._discord.autocomplete(
                self._people[viewer], body["name"], body["option"], body["typed"], channel_id=where
            )
        except (CannotDo, AssertionError):
            return FAILED
        return {**DONE, "choices": [{"name": choice.name, "value": choice.value} for choice in choices]}

    async def _click(self, viewer: str, body: Json) -> Json:
        return await self._outcome(
            self._discord.click(self._people[viewer], int(body["message"]), body["custom_id"])
        )

    async def _select(self, viewer: str, body: Json) -> Json:
        return await self._outcome(
            self._discord.select(
                self._people[viewer], int(body["message"]), body["custom_id"], list(body["values"])
            )
        )

    async def _submit(self, viewer: str, body: Json) -> Json:
        shown = self._modals[body["interaction"]]
        return await self._outcome(self._discord.submit(self._people[viewer], shown, dict(body["values"])))

    async def _outcome(self, sending: Awaitable[Interaction]) -> Json:
        """Say what the person's client would show: nothing more, a modal, or that the bot did not answer."""
        try:
            interaction = await (await sending).acknowledged(ANSWER_WITHIN)
        except CannotDo:
            return {**FAILED, "text": "Discord does not let you do that here."}
        except AssertionError:  # how the simulation says that it waited in vain
            return FAILED
        if interaction.modal is None:
            return DONE
        self._modals[str(interaction.id)] = interaction
        return {"outcome": "modal", "interaction": str(interaction.id), "modal": interaction.modal}

    async def _flag(self, _viewer: str, body: Json) -> Json:
        self._useapi.flag(body["channel"], FLAGS[body["kind"]])
        return DONE

    async def _clear(self, _viewer: str, body: Json) -> Json:
        self._useapi.clear(body["channel"])
        self._useapi.accounts[body["channel"]].returns_after = None
        return DONE

    async def _stubborn(self, _viewer: str, body: Json) -> Json:
        """Let a reset of this account help, or let the flag be there again at once."""
        self._useapi.accounts[body["channel"]].returns_after = 0 if body["stubborn"] else None
        return DONE

    async def _dms(self, _viewer: str, body: Json) -> Json:
        """Let the owner's Discord refuse the bot's direct messages, or take them again."""
        self._dms_closed = bool(body["closed"])
        change = self._discord.close_dm if self._dms_closed else self._discord.open_dm
        change(self._discord.owner)
        return self._changed()

    async def _sending(self, _viewer: str, body: Json) -> Json:
        """Let Discord answer each new message with 503, or take them again."""
        self._sending_fails = bool(body["fails"])
        self._discord.mend()
        if self._sending_fails:
            self._discord.fault(FaultKind.ERROR, method="POST", path="/channels/*/messages", status=503)
        return self._changed()

    def _changed(self) -> Json:
        for hook in self._discord.on_change:
            hook()
        return DONE

    async def _fault(self, _viewer: str, body: Json) -> Json:
        """Let the API fail, or work again; the owner asks where the bot would not for a while."""
        fault = None if body["fault"] is None else Fault(body["fault"])
        asks, self._seldom = self._seldom, fault in SELDOM_ASKED or (self._seldom and fault is not None)
        self._useapi.mend()
        if fault is not None:
            self._useapi.fault(fault)
        self._refuse_tokens()
        if asks:
            await self._slash("owner", {"place": "dm", "name": "mjaccounts", "options": {}})
        return DONE

    async def _refuse(self, _viewer: str, body: Json) -> Json:
        """Let the API refuse every token that is posted, in one of the ways that are documented."""
        if (refusal := body["refusal"]) is not None and refusal not in SAVE_REFUSALS:
            raise KeyError(refusal)
        self._refusal = refusal
        self._refuse_tokens()
        return DONE

    def _refuse_tokens(self) -> None:
        if self._refusal is None:
            self._useapi.accept(Endpoint.SAVE)
            return
        refusal = SAVE_REFUSALS[self._refusal]
        another = next(iter(self._useapi.accounts), "<channel>")
        self._useapi.refuse(Endpoint.SAVE, refusal.words.format(channel=another), refusal.code)

    async def _restart(self, _viewer: str, _body: Json) -> Json:
        await self._bot.restart()
        return DONE


def _name(person: Person) -> str:
    return person.name.capitalize()


def _introduced(key: str, person: Person) -> Json:
    return {"key": key, "name": _name(person), "about": "owner" if key == "owner" else "no permissions"}


def _shown(account: SimulatedAccount) -> Json:
    return {
        "channel": account.channel,
        "label": account.discord_name,
        "plan": str(account.plan),
        "flag": None if account.pending is None else _named_flag(account.pending),
        "stubborn": account.returns_after == 0,
    }


def _introduced_login(account: SimulatedAccount) -> Json:
    """Return what a visitor needs to try /mjadd: the token is as made up as the account."""
    return {"label": account.discord_name, "plan": str(account.plan), "token": account.discord}


def _named_flag(text: str) -> Json:
    kind = next((kind for kind, known in FLAGS.items() if known == text), None)
    return {"kind": kind, "name": "flagged" if kind is None else FLAG_NAMES[kind]}


def _activity(presence: Json | None) -> str | None:
    activities = presence.get("activities") if presence else None
    return (activities[0].get("state") or activities[0].get("name")) if activities else None
