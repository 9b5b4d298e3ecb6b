"""Reads at Discord what `setup` lets a person choose from, and what the check says of it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import discord

from bot.cli import check
from bot.cli.dialog import Choice, tell
from bot.cli.findings import Finding
from bot.cli.terminal import show
from bot.config import Settings
from bot.interactions.permissions import INVITE, missing
from bot.render.text import bare
from bot.runtime.language import Sentence, say

Read = Callable[[discord.Client, Settings], Awaitable[list[Choice]]]
"""Reads the choices."""

TOKEN: Final = "Discord token"  # noqa: S105 - the subject of a finding
NAME_LIMIT: Final = 40
CHANNEL_LINES: Final[Mapping[tuple[bool, bool], Sentence]] = {
    (False, False): "{channel}",
    (False, True): "{channel} in {server}",
    (True, False): "{channel} (lacks a permission)",
    (True, True): "{channel} in {server} (lacks a permission)",
}
"""How a channel stands in the list: by whether the bot may not write there, and whether servers are named."""


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
    named = [(each.id, bare(each.name, NAME_LIMIT)) async for each in client.fetch_guilds()]
    return [Choice(server, name, line=name) for server, name in named]


async def channels(client: discord.Client, settings: Settings) -> list[Choice]:
    """Return the text channels of the chosen servers, else of all; last those where the bot may not write."""
    assert client.user is not None  # noqa: S101 - known since the login
    found: dict[bool, list[Choice]] = {False: [], True: []}
    wanted = sorted(settings.guild_ids) or [each.id async for each in client.fetch_guilds()]
    for server in wanted:
        guild = await client.fetch_guild(server)
        me = await guild.fetch_member(client.user.id)
        for channel in await guild.fetch_channels():
            if isinstance(channel, discord.TextChannel):
                lacks, name = bool(missing(channel, channel, me)), f"#{bare(channel.name, NAME_LIMIT)}"
                sentence = CHANNEL_LINES[lacks, len(wanted) > 1]
                line = say(sentence, channel=name, server=bare(guild.name, NAME_LIMIT))
                found[lacks].append(Choice(channel.id, name, line))
    return found[False] + found[True]
