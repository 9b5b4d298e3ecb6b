"""What the page shows of the simulated world, and what a visitor can do in it. No HTTP here.

`picture` gives the whole state as one person sees it; `act` does one thing and says what came of it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, Protocol

from simcord.backend.cdn import CDN_BASE

from bot.runtime.language import ENGLISH, languages
from tests.demo.page.services import Json, Service, Useapi
from tests.simulators.discord import CannotDo, FaultKind, Interaction, Person, SimulatedDiscord
from tests.simulators.faults import Fault

ANSWER_WITHIN: Final = 3.0
"""Seconds a bot has for its first answer (Discord's docs, Receiving and Responding)."""
DONE: Final[Json] = {"outcome": "done"}
FAILED: Final[Json] = {"outcome": "failed"}


ABOUT: Final = {"owner": "owner", "second": "owner, too", "stranger": "no permissions"}
NAMES: Final = {
    ENGLISH: "English",
    "zh-CN": "中文",
    "zh-TW": "繁體中文",
    "ja": "日本語",
    "ko": "한국어",
    "de": "Deutsch",
    "fr": "Français",
    "es-ES": "Español",
    "pt-BR": "Português do Brasil",
    "ru": "Русский",
}
"""The names of languages in a Discord client."""
LOCALES: Final = {"en-US" if code == ENGLISH else code: NAMES.get(code, code) for code in languages()}
"""The languages of a client that Midwatch speaks."""


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


class Months(Protocol):
    """Lets months pass."""

    @property
    def ahead(self) -> timedelta:
        """How far the clock of the demo is ahead of this machine's."""
        ...

    async def let_pass(self) -> None:
        """Let a month pass, and start the bot again after it."""
        ...


class Shared(Protocol):
    """The language of what channels see."""

    @property
    def language(self) -> str:
        """The value of LANGUAGE."""
        ...

    async def speak(self, language: str) -> None:
        """Start the bot again with another language."""
        ...


class Stage:
    """The simulations and the bot between them, for three people."""

    def __init__(
        self, discord: SimulatedDiscord, bot: Bot, services: Sequence[Service], months: Months, shared: Shared
    ) -> None:
        self._discord, self._bot, self._services, self._months = discord, bot, services, months
        self._shared = shared
        self._bot_is_started = asyncio.Lock()
        self._people = {"owner": discord.owner, "second": discord.second_owner, "stranger": discord.stranger}
        self._direct = {key: discord.dm_channel_id(person) for key, person in self._people.items()}
        self._modals: dict[str, Interaction] = {}
        self._dms_closed = False
        self._sending_fails = False
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
            "switch": self._switch,
            "refuse": self._refuse,
            "dms": self._dms,
            "sending": self._sending,
            "restart": self._restart,
            "month": self._month,
            "locale": self._locale,
            "language": self._language,
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
            "viewer": {"key": viewer, "id": str(person.id), "locale": self._discord.locale(person)},
            "locales": LOCALES,
            "language": self._shared.language,
            "people": [_introduced(key, one) for key, one in self._people.items()],
            "names": self._names(),
            "places": {
                "server": self._place(
                    person, self._discord.channel_id, "# midjourney", "a channel of your server"
                ),
                "status": self._place(
                    person, self._discord.status_channel_id, "# status", "another channel, with the board"
                ),
                "dm": self._place(
                    person, self._direct[viewer], "@ Midwatch", f"{_name(person)}'s direct messages"
                ),
            },
            "ahead": self._months.ahead.total_seconds(),
            "bot": self._bot_state(),
            "services": [service.picture() for service in self._services],
            "dms_closed": self._dms_closed,
            "sending_fails": self._sending_fails,
        }

    def file(self, path: str) -> bytes | None:
        """Return a file of a message by the path of its address, if there is one."""
        return self._discord.file(f"{CDN_BASE}/{path}")

    def _known(self, viewer: object) -> str:
        if not isinstance(viewer, str) or viewer not in self._people:
            raise Refusal("as")
        return viewer

    def _names(self) -> dict[str, str]:
        people = {str(person.id): _name(person) for person in self._discord.people}
        channels = {self._discord.channel_id: "midjourney", self._discord.status_channel_id: "status"}
        return {**people, **{str(key): name for key, name in channels.items()}}

    def _place(self, person: Person, channel_id: int, title: str, about: str) -> Json:
        return {
            "title": title,
            "about": about,
            "messages": self._discord.messages(channel_id, person),
            "commands": [
                _in_language(one, self._discord.locale(person))
                for one in self._discord.commands(person, channel_id)
            ],
        }

    def _bot_state(self) -> Json:
        if not self._bot.running:
            detail = f"exit code {self._bot.exit_code}; see the terminal" if self._bot.exit_code else None
            return {"name": "Midwatch", "state": "stopped", "detail": detail}
        state = "online" if self._discord.connected else "starting"
        return {"name": "Midwatch", "state": state, "detail": _activity(self._discord.presence)}

    def _channel(self, viewer: str, body: Json) -> int:
        places = {"server": self._discord.channel_id, "status": self._discord.status_channel_id}
        return {**places, "dm": self._direct[viewer]}[body["place"]]

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
        """Return what the person's client would show: a modal, that no answer came, or nothing more."""
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

    def _service(self, body: Json) -> Service:
        """Return the service that is named, or the one whose account is."""
        named, key = body.get("service"), body.get("channel")
        (found,) = (
            service
            for service in self._services
            if service.key == named or any(account["channel"] == key for account in service.accounts())
        )
        return found

    async def _flag(self, _viewer: str, body: Json) -> Json:
        self._service(body).flag(body["channel"], body["kind"])
        return self._changed()

    async def _clear(self, _viewer: str, body: Json) -> Json:
        self._service(body).clear(body["channel"])
        return self._changed()

    async def _stubborn(self, _viewer: str, body: Json) -> Json:
        self._service(body).withstand(body["channel"], stubborn=bool(body["stubborn"]))
        return self._changed()

    async def _switch(self, _viewer: str, body: Json) -> Json:
        self._service(body).switch(body["switch"], on=bool(body["on"]))
        return self._changed()

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
        """Let a service fail, or work again; the owner asks where the bot would not for a while."""
        fault = None if body["fault"] is None else Fault(body["fault"])
        if self._service(body).fail(fault):
            await self._slash("owner", {"place": "dm", "name": "mjaccounts", "options": {}})
        return DONE

    async def _refuse(self, _viewer: str, body: Json) -> Json:
        """Let useapi.net refuse every token that is posted."""
        (useapi,) = (service for service in self._services if isinstance(service, Useapi))
        useapi.refuse(body["refusal"])
        return DONE

    async def _restart(self, _viewer: str, _body: Json) -> Json:
        return await self._start_bot(self._bot.restart)

    async def _month(self, _viewer: str, _body: Json) -> Json:
        return await self._start_bot(self._months.let_pass)

    async def _locale(self, viewer: str, body: Json) -> Json:
        """Let the person's client use another language."""
        self._discord.set_locale(self._people[viewer], _one_of(LOCALES, body["locale"]))
        return self._changed()

    async def _language(self, _viewer: str, body: Json) -> Json:
        """Start the bot again with another LANGUAGE."""
        language = _one_of(LOCALES, body["language"])
        return await self._start_bot(lambda: self._shared.speak(language))

    async def _start_bot(self, starting: Callable[[], Awaitable[None]]) -> Json:
        """Start the bot, once at a time, and also if the page that asked for it is closed meanwhile."""

        async def start() -> None:
            async with self._bot_is_started:
                await starting()

        await asyncio.shield(asyncio.ensure_future(start()))
        return self._changed()


def _in_language(one: Json, locale: str) -> Json:
    """Return a command, an option or a choice as a client in a language shows it."""
    shown = {key: value for key, value in one.items() if not key.endswith("_localizations")}
    for key in ("name", "description"):
        words: Mapping[str, str] = one.get(f"{key}_localizations") or {}
        if locale in words:
            shown[key] = words[locale]
    for key in ("options", "choices"):
        if key in one:
            shown[key] = [_in_language(each, locale) for each in one[key] or ()]
    return shown


def _name(person: Person) -> str:
    return person.name.capitalize()


def _introduced(key: str, person: Person) -> Json:
    return {"key": key, "name": _name(person), "about": ABOUT[key]}


def _one_of(known: Mapping[str, str], key: object) -> str:
    if not isinstance(key, str) or key not in known:
        raise KeyError(key)
    return key


def _activity(presence: Json | None) -> str | None:
    activities = presence.get("activities") if presence else None
    return (activities[0].get("state") or activities[0].get("name")) if activities else None
