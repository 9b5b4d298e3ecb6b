"""The option of a command by which a person names an account."""

from typing import Any, TypeAlias

import discord
from discord import app_commands

from bot.interactions.responses import logged
from bot.render.account_choices import choices, no_suggestions


class AccountTransformer(app_commands.Transformer):
    """Suggests accounts. A command finds the account itself, once it has acknowledged: it may ask the API."""

    async def transform(self, _interaction: discord.Interaction[Any], value: str, /) -> str:
        """Return what was typed."""
        return value

    async def autocomplete(  # pyright: ignore[reportIncompatibleMethodOverride] - the value is a text
        self, interaction: discord.Interaction[Any], value: str, /
    ) -> list[app_commands.Choice[str]]:
        """Return the accounts that fit, from memory; one choice names an error, as no message can."""
        try:
            return choices(interaction.client.services.poller.cache.accounts, value)
        except Exception as error:  # noqa: BLE001 - whatever it is, the person gets an answer
            return [app_commands.Choice(name=no_suggestions(logged(error)), value="no suggestion")]


AccountOption: TypeAlias = app_commands.Transform[str, AccountTransformer]
