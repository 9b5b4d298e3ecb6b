"""Reads at Discord what `setup` lets a person choose from, and what the check says of it."""

from collections.abc import Awaitable, Callable
from typing import Final

import discord

from bot.cli import check
from bot.cli.dialog import Choice, tell
from bot.cli.findings import Finding
from bot.cli.terminal import show
from bot.config import Settings
from bot.interactions.permissions import INVITE, missing
from bot.render.text import bare

Read = Callable[[discord.Client, Settings], Awaitable[list[Choice]]]
"""Reads the choices."""

TOKEN: Final = "Discord token"  # noqa: S105 - the subject of a finding
NAME_LIMIT: Final = 40
LACKING: Final = " (lacks a permission)"


async def at_discord(subjects: tuple[str, ...], settings: Settings) -> list[Finding]:
    """Return what the check finds at Discord about some subjects, or why it finds nothing."""
    return [
        each
        async for each in check.check_discord(settings)
        if each.subject.startswith(subjects) or (each.subject == TOKEN and not each.good)
    ]


async def listed(settings: Settings, read: Read) -> list[Choice]:
    """Return what there is to choose from. Write why, if Discord does not say."""
    choices: list[Choice] = []

    async def fill(client: discord.Client) -> str:
        choices.extend(await read(client, settings))
        return ""

    async with check.logged_in(settings) as (client, token):
        found = await check.checked("Discord", fill(client)) if token.good else token
    if not found.good:
        tell(str(found))
    return choices


async def servers(client: discord.Client, _settings: Settings) -> list[Choice]:
    """Return the bot's servers. Write the link that invites it to another."""
    show(f"\n{INVITE.format(application=check.application_of(client).id)}\n")
    return [Choice(each.id, bare(each.name, NAME_LIMIT)) async for each in client.fetch_guilds()]


async def channels(client: discord.Client, settings: Settings) -> list[Choice]:
    """Return the text channels of the chosen servers, else of all; last those where the bot may not write."""
    assert client.user is not None  # noqa: S101 - known since the login
    found: list[Choice] = []
    wanted = sorted(settings.guild_ids) or [each.id async for each in client.fetch_guilds()]
    for server in wanted:
        guild = await client.fetch_guild(server)
        me = await guild.fetch_member(client.user.id)
        place = f" in {bare(guild.name, NAME_LIMIT)}" if len(wanted) > 1 else ""
        for channel in await guild.fetch_channels():
            if isinstance(channel, discord.TextChannel):
                note = place + (LACKING if missing(channel, channel, me) else "")
                found.append(Choice(channel.id, f"#{bare(channel.name, NAME_LIMIT)}", note))
    return sorted(found, key=lambda each: each.note.endswith(LACKING))
