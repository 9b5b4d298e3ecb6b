"""The world a visitor finds: one server with three channels, three people, and the bot."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import discord
from simcord._clock import Clock  # no public name for it; simcord is pinned
from simcord.backend import Backend
from simcord.backend.models import Overwrite, User
from simcord.enums import OverwriteType

from bot.domain.clock import utc_now

Json = dict[str, Any]
"""A JSON object as it crosses the socket; the only place of `Any` in this package."""

_HEAD, _MIDDLE, _TAIL = "c2FuZGJveC1ib3QtdG9rZW4tMQ", "Sandbx", "this-is-not-a-secret-it-opens-nothing"
SANDBOX_BOT_TOKEN: Final = f"{_HEAD}.{_MIDDLE}.{_TAIL}"
"""Shaped like a bot token, and the only one the simulated Discord takes."""


INVITED: Final = 1
ACCEPTED: Final = 2


def parts(node: Json, key: str) -> list[Json]:
    """The objects under a key; none when it is missing or null."""
    return node.get(key) or []


class MovingClock(Clock):
    """A given clock plus what was added to it, so that a test passes fifteen minutes in no time."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._now = now

    def now(self) -> datetime:
        return self._now() + timedelta(seconds=self.elapsed)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a Discord client."""

    id: int
    name: str


class World:
    """simcord's backend, filled. The bot's user and its application share one id, as at Discord today."""

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self.backend = Backend(clock=MovingClock(now))
        self.backend.bot_user.name = "Midwatch"
        self.backend.application_id = self.backend.bot_user.id
        self.owner = self._person("ada")
        self.second_owner = self._person("bea")
        self.stranger = self._person("sam")
        self.team: Json | None = None
        self.read: Callable[[Any], Any] = lambda sent: sent
        """Reads what the bot sends, before anything else does."""
        guild = self.backend.create_guild("Midwatch sandbox", owner_id=self.owner.id)
        self.guild_id = guild.id
        self._join()
        self.channel_id = self.backend.create_channel(guild.id, "midjourney").id
        self.alerts_channel_id = self.backend.create_channel(guild.id, "alerts").id
        self.status_channel_id = self.backend.create_channel(guild.id, "status").id

    @property
    def bot_user(self) -> User:
        return self.backend.bot_user

    def _person(self, name: str) -> Person:
        user = self.backend.make_user(name, global_name=name.capitalize())
        return Person(user.id, name)

    def _join(self) -> None:
        managers = discord.Permissions(manage_guild=True).value
        role = self.backend.create_role(self.guild_id, "Managers", permissions=managers)
        self.backend.add_member(self.guild_id, self.second_owner.id, roles=[role.id])
        self.backend.add_member(self.guild_id, self.stranger.id)

    def dm_channel_id(self, person: Person) -> int:
        """The DM between the bot and a person, made when it is not there yet."""
        return self.backend.get_dm_channel(person.id).id

    def give_to_team(self, seats: tuple[tuple[Person, str], ...], pending: tuple[Person, ...]) -> None:
        """Let these people own the application; the first is the team's owner."""
        owner = str(seats[0][0].id)
        members = [_seat(person, role, INVITED if person in pending else ACCEPTED) for person, role in seats]
        self.team = {"id": owner, "name": "Team", "icon": None, "owner_user_id": owner, "members": members}

    def deny_bot(self, channel_id: int, permissions: discord.Permissions) -> None:
        """As an admin in a channel's settings: take permissions there from the bot."""
        overwrite = Overwrite(self.bot_user.id, OverwriteType.MEMBER, deny=permissions.value)
        self.backend.set_overwrite(channel_id, overwrite)

    def remove_bot(self) -> None:
        """As an admin: remove the bot from the server, of which only the bot's view is simulated."""
        self._left = self.backend.guilds.pop(self.guild_id)

    def invite_bot(self) -> None:
        """As an admin: invite the bot again."""
        self.backend.guilds[self.guild_id] = self._left

    def permit(self, person: Person, name: str) -> None:
        """As an admin in the server's settings: offer a command to a person whatever its defaults say."""
        command = self.backend.find_command(name, self.guild_id)
        if command is None:
            raise LookupError(f"the bot has registered no /{name}")
        entry = {"id": str(person.id), "type": 2, "permission": True}
        self.backend.set_command_permissions(self.guild_id, int(command["id"]), [entry])


def _seat(person: Person, role: str, state: int) -> Json:
    user = {"id": str(person.id), "username": person.name, "discriminator": "0", "avatar": None}
    return {"user": user, "role": role, "membership_state": state, "team_id": "1", "permissions": ["*"]}
