"""`/mjusage`: how the fast time is used, and how long it lasts."""

from datetime import timedelta
from typing import TypeAlias

from discord import app_commands
from discord.ext import commands

from bot.domain.accounts import KnownAccount
from bot.domain.capabilities import capabilities_of
from bot.domain.charts import Chart
from bot.domain.clock import utc_now
from bot.domain.errors import ErrorCode, UserError
from bot.interactions.client import Midwatch
from bot.interactions.periods import OPTIONS, USUAL_DAYS, check_days, illustrate
from bot.interactions.responses import AccountOption, Interaction, defer, respond
from bot.render.message_content import MessageContent
from bot.render.provider_words import services
from bot.render.usage_charts import curve_words, levels_words, usage_levels
from bot.render.usage_messages import AccountUsage, fleet_content, latest, ranked, usage_content
from bot.runtime.aside import aside

Answer: TypeAlias = tuple[MessageContent, Chart | None, str]
"""A text, and the chart that stands beside it with its words."""


class Usage(commands.Cog):
    """Shows the numbers of `/info` answers over time."""

    def __init__(self, bot: Midwatch) -> None:
        self._pollers = bot.services.pollers
        self._usage = bot.services.store.usage
        self._order = bot.services.info_order

    @app_commands.command()
    @app_commands.describe(
        **OPTIONS | {"days": "Of one account: how many days to look back, 1 to 400; 30 if you leave it out"}
    )
    async def mjusage(
        self,
        interaction: Interaction,
        account: AccountOption | None = None,
        days: int = USUAL_DAYS,
        private: bool = False,  # noqa: FBT001, FBT002 - Discord's option
    ) -> None:
        """Show how fast time is used, how long it lasts, and how many images are made a day."""
        check_days(days)
        await defer(interaction, private=private)
        if account is None:
            content, chart, words = await self._of_all()
        else:
            content, chart, words = await self._of(
                await self._pollers.find(account), days, interaction.user.id
            )
        if chart is None:
            await respond(interaction, content)
        else:
            await illustrate(interaction, content, chart, name="usage.png", description=words)

    async def _of(self, known: KnownAccount, days: int, asker: int) -> Answer:
        now = utc_now()
        since = now - timedelta(days=days)
        found = await self._usage.recent(now, known.reference)
        samples = await self._usage.samples(known.reference, since)
        recent = latest(known, found[0] if found else None)
        if recent and recent.last.taken_at > max([since, *(each.taken_at for each in samples[-1:])]):
            samples = (*samples, recent.last)
        every = self._order.every if self._order else None
        stopped = self._order.stopped_since(known.reference) if self._order else None
        usage = AccountUsage(known, recent, samples, days, now, every, stopped)
        content, curve = usage_content(usage, asker), usage.curve
        return content, curve, curve_words(curve) if curve else ""

    async def _of_all(self) -> Answer:
        """Return the answer about all accounts that have fast time.

        Raises:
            UserError: there is none.
        """
        now = utc_now()
        found = {each.reference: each for each in await self._usage.recent(now)}
        known = self._pollers.cache.accounts
        accounts = [each for each in known if capabilities_of(each.reference).answers_info]
        if not accounts:
            raise UserError(ErrorCode.NO_ACCOUNT_TO_ASK, services=services(self._pollers.names))
        ranking = await aside(len(accounts), ranked, accounts, found)
        content, levels = fleet_content(accounts, ranking, now), usage_levels(ranking, now)
        return content, levels, levels_words(levels) if levels else ""


async def setup(bot: Midwatch) -> None:
    """Add the cog."""
    await bot.add_cog(Usage(bot))
