"""Who may act: the owners. And who may look: they, and others in the servers of GUILD_IDS."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Final

import aiohttp
import discord

from bot.domain.errors import UserError
from bot.storage import Store, StoreError

log = logging.getLogger(__name__)

META_KEY: Final = "owners"
ASK_LIMIT_SECONDS: Final = 2.5
ACTING_ROLES: Final = (discord.TeamMemberRole.admin, discord.TeamMemberRole.developer)


def owners_of(application: discord.AppInfo) -> frozenset[int]:
    """Return the application's owner, or its team's owner and accepted admins and developers."""
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
    """The people who may act: the ones in the settings, else whom Discord names as the application's owners.

    When Discord cannot be asked, the last known owners stay.
    """

    def __init__(self, configured: Collection[int], servers: Collection[int], store: Store) -> None:
        self._configured = frozenset(configured)
        self._servers = frozenset(servers)
        self._store = store
        self.ids: frozenset[int] = self._configured

    async def load(self) -> None:
        """Take up the last known owners, for the time until Discord can be asked."""
        if not self._configured and (kept := await self._store.meta(META_KEY)):
            self.ids = frozenset(int(owner) for owner in kept.split(","))

    async def refresh(self, ask: Callable[[], Awaitable[discord.AppInfo]]) -> None:
        """Ask Discord who the owners are, also for the day on which the settings do not say so any more."""
        await self._take_over(await ask())

    async def _take_over(self, application: discord.AppInfo) -> None:
        """Believe what Discord says, if the settings name no owners; it counts also if it cannot be kept."""
        named = owners_of(application)
        self.ids = self._configured or named
        kept = ",".join(map(str, sorted(named)))
        try:
            if await self._store.meta(META_KEY) != kept:
                await self._store.set_meta(META_KEY, kept)
        except StoreError as error:
            log.warning("the owners that Discord named could not be written down: %s", error)

    def may_act(self, user_id: int) -> bool:
        """Whether the person is an owner, as far as is known."""
        return user_id in self.ids

    def may_view(self, user_id: int, guild_id: int | None) -> bool:
        """Whether the person may see answers here: owners anywhere, others in the user's own servers."""
        return self.may_act(user_id) or (guild_id is not None and guild_id in self._servers)

    async def require(self, user_id: int, ask: Callable[[], Awaitable[discord.AppInfo]]) -> None:
        """Make sure, right before a change, that the person is an owner still.

        Raises:
            UserError: the person is not.
        """
        if not self._configured:
            await self._ask_again(ask)
        if not self.may_act(user_id):
            raise NotAnOwnerError

    async def _ask_again(self, ask: Callable[[], Awaitable[discord.AppInfo]]) -> None:
        """Ask Discord who the owners are now. The last known ones stay where it does not answer soon."""
        try:
            async with asyncio.timeout(ASK_LIMIT_SECONDS):
                application = await ask()
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            log.warning(
                "could not ask Discord who owns this bot (%s): the last known owners stay",
                type(error).__name__,
            )
        else:
            await self._take_over(application)


class NotAnOwnerError(UserError):
    """Somebody pressed or typed what only owners may."""

    def __init__(self) -> None:
        super().__init__(
            "Only this bot's owners can do that.", "Ask an owner, or ask one to add you to OWNER_IDS."
        )


class NotAViewerError(UserError):
    """Somebody used the bot where only owners may; `guild_id` is None in direct messages."""

    def __init__(self, guild_id: int | None) -> None:
        here = "in direct messages" if guild_id is None else "here"
        remedy = (
            "Use it in the bot's server."
            if guild_id is None
            else "An owner can open it to this server by adding the server's id to GUILD_IDS."
        )
        super().__init__(f"Midwatch answers only its owners {here}.", remedy)
