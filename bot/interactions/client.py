"""The Discord client and its command tree, which checks who may use a command and reports its errors."""

import logging
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.actions.account_admin import AccountAdmin
from bot.actions.account_info import AccountInfoService
from bot.actions.info_order import InfoOrder
from bot.actions.remedies import Remedies
from bot.config import Settings
from bot.domain.errors import ErrorCode, UserError
from bot.incidents.languages import Languages
from bot.incidents.service import IncidentService
from bot.interactions.account_form import hide_values, take_values
from bot.interactions.buttons import ButtonRouter
from bot.interactions.command_sync import CommandSync, Descriptions
from bot.interactions.permissions import AlertChannel, Owners
from bot.interactions.responses import InFlight, Interaction, defer, defer_update, report, speak_to
from bot.loops import WatchLoops
from bot.pictures.process import Pictures
from bot.polling.pollers import AccountPollers
from bot.providers.proxy import Connector
from bot.render.text import span
from bot.runtime.log_setup import log_fact
from bot.runtime.supervisor import describe, is_surprise
from bot.storage import Backups, Store, StoreError

log = logging.getLogger(__name__)

EXTENSIONS: Final = (
    "cogs.accounts",
    "cogs.account_admin",
    "cogs.info",
    "cogs.history",
    "cogs.usage",
    "cogs.watch",
    "cogs.alerts",
    "cogs.status",
    "cogs.board",
)
FOR_MANAGERS: Final = {"default_member_permissions": discord.Permissions(manage_guild=True).value}
"""Who sees a command in a server, unless its admins choose otherwise."""
PATIENCE_WITH_RATE_LIMITS: Final = timedelta(seconds=30)
CONTROLS: Final = (discord.InteractionType.component, discord.InteractionType.modal_submit)


@dataclass(frozen=True, slots=True)
class Services:
    """What cogs may ask for when they are set up."""

    store: Store
    incident_service: IncidentService
    pollers: AccountPollers
    account_info: AccountInfoService
    account_admin: AccountAdmin
    remedies: Remedies
    loops: WatchLoops
    pictures: Pictures
    info_order: InfoOrder | None
    """None while INFO_EVERY is off."""
    addresses: Mapping[int, str] = field(default_factory=dict[int, str])
    """The names of the addresses of ALERT_URLS, by their recipients."""
    backups: Backups | None = None
    """None while BACKUP_KEEP is 0."""


class MidwatchTree(app_commands.CommandTree["Midwatch"]):
    """Checks who may use commands, and answers each error of a command with one sentence."""

    async def interaction_check(self, interaction: Interaction) -> bool:
        """Return whether a person may use commands here; if not, answer privately why."""
        self.client.in_flight.add(interaction)
        speak_to(interaction, private=True)
        if self.client.owners.may_view(interaction.user.id, interaction.guild_id):
            return True
        if interaction.type is discord.InteractionType.autocomplete:
            await interaction.response.autocomplete([])
        else:
            code = ErrorCode.NOT_A_VIEWER if interaction.guild_id else ErrorCode.NOT_A_VIEWER_BY_DM
            await report(interaction, UserError(code))
        return False

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError) -> None:
        """Answer the person what went wrong. An autocompletion cannot show it."""
        if interaction.type is not discord.InteractionType.autocomplete:
            await report(interaction, error)


class Midwatch(commands.Bot):
    """The Discord client. It uses no privileged intent, and caches no members and no messages."""

    services: Services
    """Set before the extensions are loaded; the loops send through this client."""

    def __init__(self, settings: Settings, store: Store) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True),
            tree_cls=MidwatchTree,
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=PATIENCE_WITH_RATE_LIMITS.total_seconds(),
        )
        self._proxy = settings.proxy_url
        self.own_tokens = settings.tokens
        """The tokens that nobody may enter as the Discord token of an account."""
        self.alert_channel_id = settings.alert_channel_id
        self.status_channel_id = settings.status_channel_id
        self.other_copy_at: datetime | None = None
        """When another copy of the bot last answered an interaction of this one."""
        self.in_flight = InFlight()
        self.owners = Owners(settings.owner_ids, settings.guild_ids, store, settings.second_owners)
        self.controls = ButtonRouter(self.owners, self.in_flight)
        self.languages = Languages(store, settings.language)
        self._status: str | None = None
        self._is_connected = False
        """Whether there has been a connection since the start."""
        self._lost_at: float | None = None
        """When the connection was lost, by the loop's clock; None while it stands."""
        self._sync = CommandSync(self.http, store, settings.guild_ids)

    async def log_in(self, token: str) -> None:
        """Log in. If that fails, nothing stays open, and it can be tried again.

        Raises:
            discord.LoginFailure: Discord refuses the token.
            discord.HTTPException, aiohttp.ClientError, OSError: Discord cannot be reached.
        """
        try:
            self.http.connector = Connector(self._proxy, limit=0)  # a login that failed closed the last one
            await self.login(token)
        except BaseException:  # also when it is given up for taking too long
            await self.http.close()
            raise

    async def register(self) -> None:
        """Ask who the owners are, and register the commands that Discord does not have."""
        await self.owners.refresh(self.application_info)
        await self._owners_changed()
        assert self.application_id is not None  # noqa: S101 - known since the login
        payloads = [each | FOR_MANAGERS for each in await Descriptions().payloads(self.tree)]
        await self._sync.register(self.application_id, payloads)

    def address(self, channel_id: int, message_id: int) -> str | None:
        """Return the address of a message of the bot; None in an alert channel that it does not see."""
        channel = self.get_channel(channel_id)
        if channel is None and channel_id == self.alert_channel_id:
            return None
        server = channel.guild.id if isinstance(channel, AlertChannel) else "@me"
        return f"https://discord.com/channels/{server}/{channel_id}/{message_id}"

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Register the commands in a server that the bot has joined, if it is configured."""
        await self._sync.forget(guild.id)
        await self.register()

    async def set_status(self, text: str, *, force: bool = False) -> None:
        """Set the bot's status text. `force` sends it even if it is unchanged.

        A connection that ends meanwhile is no error: the next one gets the text anew.
        """
        # Compared with a copy: discord.py's `activity` never equals the one that it was given.
        if self._status == text and not force:
            return
        self._status = text
        self.activity = activity = discord.CustomActivity(text)
        if self.is_ready():
            with suppress(ConnectionResetError):
                await self.change_presence(activity=activity)

    async def require_owner(self, user_id: int) -> None:
        """Raise `UserError` if a person is not an owner now."""
        before = self.owners.ids
        try:
            await self.owners.require(user_id, self.application_info)
        finally:
            if self.owners.ids != before:
                await self._owners_changed()

    async def defer_for_owner(self, caller: Interaction, *, is_update: bool = False) -> None:
        """Acknowledge privately, or to replace the message of the button; then require an owner."""
        await (defer_update(caller) if is_update else defer(caller, private=True))
        await self.require_owner(caller.user.id)

    async def _owners_changed(self) -> None:
        """Send new owners what is open, and former owners nothing more."""
        with suppress(StoreError):  # the loop of the clock tries it again
            await self.services.incident_service.tick()

    async def on_connect(self) -> None:
        """Log the first connection, and each one after a loss."""
        if not self._is_connected:
            log_fact(log, "discord_connected", "connected to Discord")
        elif self._lost_at is not None:
            lasted = timedelta(seconds=self.loop.time() - self._lost_at)
            log_fact(
                log,
                "discord_back",
                "connected to Discord again after %(lasted)s",
                lasted=span(lasted),
                seconds=round(lasted.total_seconds()),
            )
        self._is_connected, self._lost_at = True, None

    on_resumed = on_connect

    async def on_disconnect(self) -> None:
        """Log that the connection is lost. Each failed attempt to reconnect calls this, too."""
        if self._is_connected and self._lost_at is None:
            self._lost_at = self.loop.time()
            log_fact(log, "discord_lost", "the connection to Discord is lost; connecting again")

    async def on_error(self, event_method: str, /, *_args: Any, **_kwargs: Any) -> None:
        """Log an error in an event handler, without the text of an HTTP library's error."""
        error = sys.exc_info()[1] or RuntimeError()
        log.error("%s failed: %s", event_method, describe(error), exc_info=is_surprise(error))

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Dispatch an event. The values of a form are hidden before."""
        if event == "interaction":
            hide_values(args[0])
        super().dispatch(event, *args, **kwargs)

    async def on_interaction(self, interaction: Interaction) -> None:
        """Answer controls and forms, and drop the values that a form had. discord.py knows neither."""
        is_new = self.owners.may_act(interaction.user.id) and self.languages.learn(
            interaction.user.id, str(interaction.locale)
        )  # before the press changes messages
        try:
            if interaction.type in CONTROLS:
                await self.controls.run(interaction)
        finally:
            take_values(interaction)
            if is_new:
                await self.languages.save()
