"""Registers the slash commands at Discord when they have changed.

With GUILD_IDS the commands appear in those servers at once, and in the bot's direct messages; without, in
every server the bot is in, too. Source: Discord's documentation, "Application Commands", contexts.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import TranslationContext, TranslationContextLocation
from discord.http import HTTPClient

from bot.render.text import length
from bot.runtime.language import ENGLISH, forget_catalogues, language_for, languages, say, spoken
from bot.storage import Store

log = logging.getLogger(__name__)

GUILD_INSTALL: Final = 0
IN_GUILDS: Final = 0
IN_BOT_DM: Final = 1
PLACES: Final = frozenset({"contexts", "integration_types", "dm_permission"})
GLOBAL: Final = "global"
SCOPES_KEY: Final = "commands:scopes"
SCOPE_KEY: Final = "commands:"
"""Before the name of a scope: the key under which the digest of its commands is stored."""
NOT_THERE: Final = frozenset({10004, 50001})
"""Discord's codes for a server that is unknown or to which the bot has no access."""

LONGEST: Final = 100
"""The characters that Discord takes in a description, or in the name of a choice."""
TRANSLATED: Final = frozenset(
    {
        TranslationContextLocation.command_description,
        TranslationContextLocation.parameter_description,
        TranslationContextLocation.choice_name,
    }
)

Payload = dict[str, Any]


class Descriptions(app_commands.Translator):
    """Translates descriptions and choices. Names of commands stand in documents, so they stay."""

    def __init__(self) -> None:
        self._found: dict[int, app_commands.locale_str] = {}
        """The texts by their identity: some have another message in each language."""
        self._said: dict[tuple[str | None, int], str] = {}

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: TranslationContext[Any, Any]
    ) -> str | None:
        """Return a text in the language of a locale; None if there is none yet, or it is English.

        One that Discord would refuse, and all commands with it, is left out.
        """
        if context.location not in TRANSLATED:
            return None
        self._found[id(string)] = string
        language = language_for(locale.value)
        said = None if language == ENGLISH else self._said.get((language, id(string)))
        return said if said and said.strip() and length(said) <= LONGEST else None

    async def payloads(self, tree: app_commands.CommandTree[Any]) -> list[Payload]:
        """Return the commands in all languages. Of the catalogues one at a time is in memory for it."""
        await self._translated(tree)  # finds what there is to say
        for language in languages():
            with spoken(language):
                self._said |= {(language, key): say(each.message) for key, each in self._found.items()}
            forget_catalogues()
            await asyncio.sleep(0)  # reading one takes milliseconds
        return await self._translated(tree)

    async def _translated(self, tree: app_commands.CommandTree[Any]) -> list[Payload]:
        return [await each.get_translated_payload(tree, self) for each in tree.get_commands()]


class CommandSync:
    """Registers the commands, scope by scope: one is the global scope, each configured server is another."""

    def __init__(self, http: HTTPClient, store: Store, servers: Collection[int]) -> None:
        self._http = http
        self._store = store
        self._servers = tuple(sorted(servers))
        self._lock = asyncio.Lock()

    async def register(self, application_id: int, commands: Sequence[Mapping[str, Any]]) -> None:
        """Register the commands where they differ, and remove them from servers no longer configured.

        A server that the bot is not in is logged and tried again the next time.

        Raises:
            discord.HTTPException: Discord cannot be reached or refuses the commands.
        """
        wanted = {GLOBAL: scoped(commands, [IN_BOT_DM] if self._servers else [IN_GUILDS, IN_BOT_DM])}
        wanted |= {str(server): scoped(commands, None) for server in self._servers}
        async with self._lock:
            former = set((await self._store.meta(SCOPES_KEY) or "").split()) - wanted.keys()
            await self._store_scopes(wanted.keys() | former)
            for scope in sorted(former):
                await self._replace(application_id, scope, [])
            for scope, payload in wanted.items():
                if not await self._replace(application_id, scope, payload):
                    log.warning("the bot is not in server %s, where its commands should be: invite it", scope)
            await self._store_scopes(wanted)

    async def forget(self, server: int) -> None:
        """Forget what a server has: Discord drops the commands when the bot is removed from it.

        Source: github.com/discordjs/discord.js, issue 10321.
        """
        if server in self._servers:
            async with self._lock:
                await self._store.set_meta(f"{SCOPE_KEY}{server}", "")

    async def _store_scopes(self, scopes: Collection[str]) -> None:
        stored = " ".join(sorted(scopes))
        if await self._store.meta(SCOPES_KEY) != stored:
            await self._store.set_meta(SCOPES_KEY, stored)

    async def _replace(self, application_id: int, scope: str, payload: list[Payload]) -> bool:
        """Replace the commands of a scope if they differ. Return False if the bot is not in that server."""
        described = json.dumps([discord.__version__, application_id, payload], sort_keys=True)
        digest = hashlib.sha256(described.encode()).hexdigest()
        if await self._store.meta(f"{SCOPE_KEY}{scope}") == digest:
            return True
        try:
            if scope == GLOBAL:
                await self._http.bulk_upsert_global_commands(application_id, payload)
            else:
                await self._http.bulk_upsert_guild_commands(application_id, int(scope), payload)
        except discord.HTTPException as error:
            if error.code not in NOT_THERE:
                raise
            return False
        await self._store.set_meta(f"{SCOPE_KEY}{scope}", digest)
        log.info("registered %d commands at Discord (%s)", len(payload), scope)
        return True


def scoped(commands: Sequence[Mapping[str, Any]], contexts: list[int] | None) -> list[Payload]:
    """Return the payloads of the commands for one scope; a server has no contexts."""
    place: Payload = {}
    if contexts is not None:
        place = {"contexts": contexts, "integration_types": [GUILD_INSTALL]}
    bare = ({key: value for key, value in command.items() if key not in PLACES} for command in commands)
    return sorted(({**command, **place} for command in bare), key=lambda command: str(command["name"]))
