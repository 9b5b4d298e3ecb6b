"""Who may act: the owners. Who may view: owners anywhere, and everybody in the servers of GUILD_IDS.

What the bot itself may do in the alert channel.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final, TypeAlias

import aiohttp
import discord

from bot.domain.errors import ErrorCode, UserError
from bot.runtime.language import Sentence, say
from bot.storage import Store, StoreError

log = logging.getLogger(__name__)

Ask: TypeAlias = Callable[[], Awaitable[discord.AppInfo]]
"""Asks Discord about the application."""

META_KEY: Final = "owners"
ASK_LIMIT_SECONDS: Final = 2.5
ACTING_ROLES: Final = (discord.TeamMemberRole.admin, discord.TeamMemberRole.developer)
AlertChannel: TypeAlias = discord.TextChannel | discord.Thread

NAMES: Final[dict[str, Sentence]] = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "embed_links": "Embed Links",
    "read_message_history": "Read Message History",
}
"""The permissions needed to send an alert with its embed, and to find it again, by Discord's names."""
PIN: Final[dict[str, Sentence]] = {"pin_messages": "Pin Messages"}
BOARD_NAMES: Final[dict[str, Sentence]] = NAMES | {"attach_files": "Attach Files"}
"""The permissions needed to keep the board, with its picture."""
INVITE: Final = (
    "https://discord.com/oauth2/authorize?client_id={application}"
    "&scope=bot+applications.commands&permissions=84992&integration_type=0"
)
"""Invites the bot with the permissions that alerts need in a channel, and its commands."""


def owners_of(application: discord.AppInfo) -> frozenset[int]:
    """Return the application's owner; of a team, its owner and accepted admins and developers."""
    team = application.team
    if team is None:
        return frozenset({application.owner.id})
    members = {
        member.id
        for member in team.members
        if member.membership_state is discord.TeamMembershipState.accepted and member.role in ACTING_ROLES
    }
    return frozenset(members | ({team.owner_id} if team.owner_id else set()))


class Owners:
    """The people who may act: the owners in the settings or, if there are none, those whom Discord names.

    While Discord cannot be asked, the last known owners stay.
    """

    def __init__(
        self,
        configured: Collection[int],
        servers: Collection[int],
        store: Store,
        second: Collection[int] = (),
    ) -> None:
        self._configured = frozenset(configured)
        self._second = frozenset(second)
        self._servers = frozenset(servers)
        self._store = store
        self.ids: frozenset[int] = self._configured

    async def load(self) -> None:
        """Read the last known owners, who count until Discord can be asked."""
        if not self._configured and (stored := await self._store.meta(META_KEY)):
            self.ids = frozenset(int(owner) for owner in stored.split(","))

    async def refresh(self, ask: Ask, limit: float | None = None) -> None:
        """Ask Discord who the owners are, and store them. They count, unless the settings name others."""
        async with asyncio.timeout(limit):
            named = owners_of(await ask())
        self.ids = self._configured or named
        stored = ",".join(map(str, sorted(named)))
        try:
            if await self._store.meta(META_KEY) != stored:
                await self._store.set_meta(META_KEY, stored)
        except StoreError as error:
            log.warning("the owners that Discord named could not be written down: %s", error)

    def may_act(self, user_id: int) -> bool:
        """Whether the person is an owner, of the second line, too, by what was last known."""
        return user_id in self.ids or user_id in self._second

    def may_view(self, user_id: int, guild_id: int | None) -> bool:
        """Whether the person may see answers here: owners anywhere, others in the configured servers."""
        return self.may_act(user_id) or (guild_id is not None and guild_id in self._servers)

    async def require(self, user_id: int, ask: Ask) -> None:
        """Ask Discord who the owners are now, and check that the person is one.

        If Discord does not answer in time, the last known owners stay.

        Raises:
            UserError: the person is not an owner.
        """
        try:
            if not self._configured:
                await self.refresh(ask, ASK_LIMIT_SECONDS)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            log.warning(
                "could not ask Discord who owns this bot (%s): the last known owners stay",
                type(error).__name__,
            )
        if not self.may_act(user_id):
            raise UserError(ErrorCode.NOT_AN_OWNER)


async def lacking(
    client: discord.Client, channel: AlertChannel, names: Mapping[str, str] = NAMES
) -> tuple[str, ...]:
    """Return the permissions that the bot lacks in a channel, as Discord's REST API shows them.

    Raises:
        discord.HTTPException: Discord refuses to answer.
        discord.InvalidData: Discord's answer cannot be read.
    """
    assert client.user is not None  # noqa: S101 - known since the login
    guild = await client.fetch_guild(channel.guild.id)
    place = await guild.fetch_channel(settings_of(channel))
    return missing(channel, place, await guild.fetch_member(client.user.id), names)


def lacking_now(client: discord.Client, channel_id: int | None) -> tuple[str, ...]:
    """Return the permissions that the bot lacks in a channel, as far as the gateway has shown them."""
    channel = None if channel_id is None else client.get_channel(channel_id)
    if not isinstance(channel, AlertChannel):
        return ()
    return missing(channel, channel.guild.get_channel(settings_of(channel)), channel.guild.me)


def settings_of(channel: AlertChannel) -> int:
    """Return the id of the channel that holds the permissions. For a thread it is the parent."""
    return channel.parent_id if isinstance(channel, discord.Thread) else channel.id


def missing(
    channel: AlertChannel, place: object, me: discord.Member, names: Mapping[str, str] = NAMES
) -> tuple[str, ...]:
    """Return the missing permissions by the channel that holds them; nothing if that is not known."""
    if not isinstance(place, discord.abc.GuildChannel):
        return ()
    # The method of the base class: those of the subclasses remove all permissions where the bot may not send.
    may = discord.abc.GuildChannel.permissions_for(place, me)
    is_thread = isinstance(channel, discord.Thread)
    needless = "send_messages" if is_thread else "send_messages_in_threads"
    return tuple(say(name) for flag, name in names.items() if flag != needless and not getattr(may, flag))
