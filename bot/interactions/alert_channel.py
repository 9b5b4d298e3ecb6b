"""What the bot may not do where alerts go, by the names that Discord's settings give it."""

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
"""What an alert needs to be sent, to have its embed, and to be found again after a crash."""


async def lacking(client: discord.Client, channel: AlertChannel) -> tuple[str, ...]:
    """Ask Discord, without a gateway, which permissions the bot lacks in a channel.

    Raises:
        discord.HTTPException: Discord does not say.
        discord.InvalidData: Discord's answer makes no sense.
    """
    assert client.user is not None  # noqa: S101 - known since the login
    guild = await client.fetch_guild(channel.guild.id)
    place = await guild.fetch_channel(settings_of(channel))
    return missing(channel, place, await guild.fetch_member(client.user.id))


def lacking_now(client: discord.Client, channel_id: int | None) -> tuple[str, ...]:
    """Return which permissions the bot lacks in a channel, as far as the gateway has told."""
    channel = None if channel_id is None else client.get_channel(channel_id)
    if not isinstance(channel, AlertChannel):
        return ()
    return missing(channel, channel.guild.get_channel(settings_of(channel)), channel.guild.me)


def settings_of(channel: AlertChannel) -> int:
    """Return the id of the channel whose permissions count: a thread has none of its own."""
    return channel.parent_id if isinstance(channel, discord.Thread) else channel.id


def missing(channel: AlertChannel, place: object, me: discord.Member) -> tuple[str, ...]:
    """Name what is missing in a channel by the place whose permissions count; nothing if that is unknown."""
    if not isinstance(place, discord.abc.GuildChannel):
        return ()
    # Not the method of the channel's own kind: where it may not send, that takes away what was given.
    may = discord.abc.GuildChannel.permissions_for(place, me)
    is_thread = isinstance(channel, discord.Thread)
    needless = "send_messages" if is_thread else "send_messages_in_threads"
    return tuple(name for flag, name in NAMES.items() if flag != needless and not getattr(may, flag))
