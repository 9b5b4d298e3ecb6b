"""`/mjaccounts`, `/mjname` and the card, used as a person uses them."""

from tests.running import Bot
from tests.sandbox.useapi import MODERATION


async def test_the_list_shows_each_account_with_its_state_flagged_first(bot: Bot) -> None:
    quiet = bot.api.add(discord_name="Aurora")
    flagged = bot.api.add(discord_name="Borealis")
    bot.api.flag(flagged.channel, MODERATION)
    await bot.start()

    asked = await bot.world.slash(bot.world.owner, "mjaccounts")
    shown = str(await asked.answer())

    assert "2 accounts, 1 flagged" in shown
    assert shown.index(flagged.channel) < shown.index(quiet.channel)
