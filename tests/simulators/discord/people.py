"""The acts of a person in Discord's client, as the interactions that the bot receives."""

from dataclasses import dataclass
from typing import Any, Final

from simcord._modal import _modal_submit_nodes  # pyright: ignore[reportPrivateUsage] - pinned; no public name
from simcord.backend import Backend, serializers
from simcord.backend.access import channel_accessible, message_accessible
from simcord.backend.errors import SetupError
from simcord.backend.models import Interaction as Record
from simcord.backend.models import Message
from simcord.components import validate_modal, walk_components
from simcord.enums import SELECT_TYPES, ComponentType, InteractionType
from simcord.interactions import base_payload, check_options, nest_options, walk_to_subcommand

from .world import Json, Person, World, parts

LOADING: Final = 1 << 7
"""The message flag behind "thinking..."."""
ANSWER_WITHIN: Final = 3.0
"""Seconds until an unanswered interaction is unknown (docs: Receiving and Responding)."""


class CannotDo(Exception):  # noqa: N818 - reads as what happened
    """Discord's client does not let this person do that."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One line that autocompletion offers."""

    name: str
    value: str | int | float


class People:
    """Builds interactions; refuses what the client would not offer. Nothing is sent from here."""

    def __init__(self, world: World, answer_within: float) -> None:
        self._world = world
        self._answer_within = answer_within
        self.locales: dict[int, str] = {}
        """The languages of people's clients, by their ids; those of the others are American English."""
        self.usual_locale = "en-US"
        self._submitted: dict[int, Record] = {}
        """The last submission of each modal, by the interaction that the modal answers."""

    @property
    def _backend(self) -> Backend:
        return self._world.backend

    def locale(self, person: Person) -> str:
        """Return the language of a person's client."""
        return self.locales.get(person.id, self.usual_locale)

    def commands(self, person: Person, channel_id: int) -> list[Json]:
        """The commands that this person is offered in this channel; a server's own hide global namesakes."""
        if not channel_accessible(self._backend, channel_id, person.id):
            return []
        visible = self._backend.visible_commands(user_id=person.id, channel_id=channel_id)
        own = {command["name"] for command in visible if command.get("guild_id")}
        return [one for one in visible if one.get("guild_id") or one["name"] not in own]

    def messages(self, channel_id: int, viewer: Person) -> list[Json]:
        """What this person sees in this channel, oldest first.

        `thinking` marks a deferred answer; `pings` names who is pinged: fewer than are mentioned, as a rule.
        """
        known = sorted(self._backend.messages.get(channel_id, {}).values(), key=lambda message: message.id)
        seen = [one for one in known if message_accessible(self._backend, channel_id, one, viewer.id)]
        return [
            {
                **serializers.message_payload(self._backend, one),
                "thinking": bool(one.flags & LOADING),
                "pings": [str(person) for person in one.ping_user_ids],
            }
            for one in seen
        ]

    def slash(
        self, person: Person, name: str, options: dict[str, object], channel_id: int
    ) -> tuple[Record, Json]:
        command, leaf, nesting = self._command(person, name, channel_id)
        try:
            check_options(name, leaf, options)
        except SetupError as error:
            raise CannotDo(str(error)) from None
        data = _command_data(command, nesting, _wire(leaf, options))
        return self._event(InteractionType.APPLICATION_COMMAND, person, channel_id, data)

    def autocomplete(
        self,
        person: Person,
        name: str,
        option: str,
        *,
        typed: str,
        options: dict[str, object],
        channel_id: int,
    ) -> tuple[Record, Json]:
        command, leaf, nesting = self._command(person, name, channel_id)
        focused = next((one for one in parts(leaf, "options") if one["name"] == option), None)
        if focused is None or not focused.get("autocomplete"):
            raise CannotDo(f"/{name} has no option {option!r} that completes")
        typing = {"name": option, "type": focused["type"], "value": typed, "focused": True}
        data = _command_data(command, nesting, [*_wire(leaf, options), typing])
        return self._event(InteractionType.APPLICATION_COMMAND_AUTOCOMPLETE, person, channel_id, data)

    def click(self, person: Person, message_id: int, custom_id: str) -> tuple[Record, Json]:
        message, button = self._component(person, message_id, custom_id, (ComponentType.BUTTON,))
        data = {"custom_id": custom_id, "component_type": ComponentType.BUTTON, "id": button.get("id", 0)}
        return self._on_message(InteractionType.MESSAGE_COMPONENT, person, message, data)

    def select(
        self, person: Person, message_id: int, custom_id: str, values: list[str]
    ) -> tuple[Record, Json]:
        message, menu = self._component(person, message_id, custom_id, SELECT_TYPES)
        offered = {option["value"] for option in parts(menu, "options")}
        least, most = menu.get("min_values", 1), menu.get("max_values", 1)
        if not least <= len(values) <= most or not offered.issuperset(values):
            raise CannotDo(f"{custom_id!r} takes {least} to {most} of {sorted(offered)}, not {values}")
        data = {
            "custom_id": custom_id,
            "component_type": menu["type"],
            "id": menu.get("id", 0),
            "values": values,
        }
        return self._on_message(InteractionType.MESSAGE_COMPONENT, person, message, data)

    def submit(self, person: Person, shown: Record, values: dict[str, str]) -> tuple[Record, Json]:
        last = self._submitted.get(shown.id)
        # The client closes a modal once the bot has answered, and lets the person try again until then.
        if shown.modal is None or shown.user_id != person.id or (last is not None and last.responded):
            raise CannotDo(f"{person.name} has no modal open")
        spec = validate_modal(shown.modal)
        resolved: dict[str, Json] = {}
        chosen: dict[str, Any] = dict(values)
        try:
            fields = _modal_submit_nodes(spec["components"], None, chosen, resolved, shown.channel_id, [])
        except SetupError as error:
            raise CannotDo(str(error)) from None
        data: Json = {"custom_id": spec["custom_id"], "components": fields}
        message = self._backend.messages[shown.channel_id].get(shown.source_message_id or 0)
        kind = InteractionType.MODAL_SUBMIT
        if message is None:
            record, payload = self._event(kind, person, shown.channel_id, data)
        else:
            record, payload = self._on_message(kind, person, message, data)
        self._submitted[shown.id] = record
        return record, payload

    # ----------------------------------------------------------------- building

    def _command(self, person: Person, name: str, channel_id: int) -> tuple[Json, Json, list[str]]:
        root, *path = name.split(" ")
        command = next((one for one in self.commands(person, channel_id) if one["name"] == root), None)
        if command is None:
            raise CannotDo(f"{person.name} is not offered /{root} there")
        try:
            return command, *walk_to_subcommand(command, path)
        except SetupError as error:
            raise CannotDo(str(error)) from None

    def _component(
        self, person: Person, message_id: int, custom_id: str, kinds: tuple[ComponentType, ...]
    ) -> tuple[Message, Json]:
        message = next(
            (known[message_id] for known in self._backend.messages.values() if message_id in known), None
        )
        if message is None or not message_accessible(self._backend, message.channel_id, message, person.id):
            raise CannotDo(f"{person.name} does not see that message")
        for component in walk_components(message.components):
            if component.get("custom_id") == custom_id and component["type"] in kinds:
                if component.get("disabled"):
                    raise CannotDo(f"{custom_id!r} is disabled")
                return message, component
        raise CannotDo(f"that message has no such {kinds[0].name.lower()}: {custom_id!r}")

    def _on_message(
        self, kind: InteractionType, person: Person, message: Message, data: Json
    ) -> tuple[Record, Json]:
        record, payload = self._event(kind, person, message.channel_id, data)
        record.source_message_id = message.id
        return record, {**payload, "message": dict(serializers.message_payload(self._backend, message))}

    def _event(
        self, kind: InteractionType, person: Person, channel_id: int, data: Json
    ) -> tuple[Record, Json]:
        guild_id = self._backend.get_channel(channel_id).guild_id
        record, payload = base_payload(
            self._backend, type=kind, channel_id=channel_id, guild_id=guild_id, user_id=person.id, data=data
        )
        payload["locale"] = self.locale(person)
        record.initial_response_deadline = self._backend.iso_after(self._answer_within)
        if guild_id is not None:
            payload["guild"] = {"id": str(guild_id), "locale": "en-US", "features": []}
        return record, payload


def _command_data(command: Json, nesting: list[str], options: list[Json]) -> Json:
    data: Json = {"id": command["id"], "name": command["name"], "type": command["type"]}
    if command.get("guild_id"):
        data["guild_id"] = command["guild_id"]
    return {**data, "options": nest_options(command, nesting, options)}


def _wire(leaf: Json, options: dict[str, object]) -> list[Json]:
    """Values as the client sends them. Options that name users, roles or channels are not modelled."""
    kinds = {option["name"]: option["type"] for option in parts(leaf, "options")}
    return [{"name": name, "type": kinds[name], "value": value} for name, value in options.items()]
