"""The permissions that the bot lacks in the alert channel, by the names in Discord's settings."""

from typing import Final, TypeAlias

import discord

AlertChannel: TypeAlias = discord.TextChannel | discord.Thread

NAMES: Final = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "embed_links": "Embed Links",
    "read_message_history": "Read Message History",
}
"""The permissions needed to send an alert with its embed, and to find it again after a crash."""


async def lacking(client: discord.Client, channel: AlertChannel) -> tuple[str, ...]:
    """Return the permissions that the bot lacks in a channel, as Discord's REST API shows them.

    Raises:
        discord.HTTPException: Discord refuses to answer.
        discord.InvalidData: Discord's answer cannot be read.
    """
    assert client.user is not None  # noqa: S101 - known since the login
    guild = await client.fetch_guild(channel.guild.id)
    place = await guild.fetch_channel(settings_of(channel))
    return missing(channel, place, await guild.fetch_member(client.user.id))


def lacking_now(client: discord.Client, channel_id: int | None) -> tuple[str, ...]:
    """Return the permissions that the bot lacks in a channel, as far as the gateway has shown them."""
    channel = None if channel_id is None else client.get_channel(channel_id)
    if not isinstance(channel, AlertChannel):
        return ()
    return missing(channel, channel.guild.get_channel(settings_of(channel)), channel.guild.me)


def settings_of(channel: AlertChannel) -> int:
    """Return the id of the channel that holds the permissions. For a thread it is the parent."""
    return channel.parent_id if isinstance(channel, discord.Thread) else channel.id


def missing(channel: AlertChannel, place: object, me: discord.Member) -> tuple[str, ...]:
    """Return the missing permissions by the channel that holds them; nothing if that is not known."""
    if not isinstance(place, discord.abc.GuildChannel):
        return ()
    # The method of the base class: those of the subclasses remove all permissions where the bot may not send.
    may = discord.abc.GuildChannel.permissions_for(place, me)
    is_thread = isinstance(channel, discord.Thread)
    needless = "send_messages" if is_thread else "send_messages_in_threads"
    return tuple(name for flag, name in NAMES.items() if flag != needless and not getattr(may, flag))
