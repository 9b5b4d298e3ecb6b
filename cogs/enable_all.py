"""One press for all accounts that lost their connection together."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Final

import discord
from discord.ext import commands

from bot.actions.remedies import group_digest
from bot.domain.incidents import GroupResult, ResetOutcome, ResetStage
from bot.interactions.buttons import Access, ButtonPress
from bot.interactions.client import Midwatch
from bot.interactions.responses import Interaction, defer, defer_update, is_late, respond, sentence
from bot.providers.errors import ProviderError
from bot.render.alert_items import known_account
from bot.render.enable_all import enable_all_progress, enable_all_question, enable_all_result
from bot.render.message_content import MessageContent
from bot.storage import StoreError

GROUP: Final = r"(?P<provider>[a-z]+)(?:\.(?P<confirmed>[0-9a-f]+))?"


class EnableAll(commands.Cog):
    """Asks whether to enable them all, and does."""

    def __init__(self, bot: Midwatch) -> None:
        self._bot = bot
        self._pollers = bot.services.pollers
        self._remedies = bot.services.remedies
        bot.controls.register("watch.all", Access.OWNERS, self.press, GROUP)

    async def press(self, caller: Interaction, press: ButtonPress) -> None:
        """Ask for a confirmation, or enable what was confirmed."""
        provider, confirmed = press.parts["provider"], press.parts["confirmed"]
        if confirmed:
            await self._enable(caller, provider, confirmed)
            return
        await defer(caller, private=True)
        await self._bot.require_owner(caller.user.id)
        await respond(caller, self._question(provider))

    async def _enable(self, caller: Interaction, provider: str, confirmed: str) -> None:
        await defer_update(caller)
        await self._bot.require_owner(caller.user.id)

        async def show(stage: ResetStage, wait: timedelta) -> None:
            if stage is ResetStage.SENDING:
                self._bot.in_flight.sent()
            if not is_late(caller):  # then each step would be a message of its own
                with suppress(discord.HTTPException):
                    await respond(caller, MessageContent(enable_all_progress(stage, wait, provider)))

        try:
            result = await self._remedies.run_all(provider, caller.user.id, confirmed, show)
        except (ProviderError, StoreError) as error:
            await respond(caller, MessageContent(sentence(error)))
            return
        said = enable_all_result(result)
        if result.outcome is ResetOutcome.CHANGED:
            question = self._question(provider)
            await respond(caller, replace(question, content=f"{said}\n{question.content}"))
        else:
            await respond(caller, MessageContent(said))

    def _question(self, provider: str) -> MessageContent:
        group, others = self._remedies.group(provider)
        if not group:
            return MessageContent(enable_all_result(GroupResult(ResetOutcome.CLEAR)))
        known = self._pollers.cache.with_unlisted
        accounts, left_out = (
            [known_account(each.channel or "", known) for each in incidents] for incidents in (group, others)
        )
        argument = f"{provider}.{group_digest(group)}"
        return enable_all_question(provider, accounts, left_out, argument)


async def setup(bot: Midwatch) -> None:
    """Add the cog."""
    await bot.add_cog(EnableAll(bot))
