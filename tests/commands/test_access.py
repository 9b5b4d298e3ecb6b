"""Who may see what, and who may act: owners, viewers and strangers, in servers and in direct messages."""

import discord
import pytest

from tests.simulators.discord import CannotDo, FaultKind
from tests.simulators.useapi import MODERATION, Endpoint
from tests.support.reading import text
from tests.support.running import Bot, Visitor

OWNERS_ONLY = "answers only its owners here"
NOT_AN_OWNER = "Only this bot's owners"
NOT_YOURS = "Only the person who asked can use these buttons"
COMMANDS = ("mjaccounts", "mjinfo", "mjname")
ALL_COMMANDS = [
    *COMMANDS,
    *("mjadd", "mjhistory", "mjmute", "mjremove", "mjreset", "mjstatus", "mjtest", "mjusage"),
]


async def use(visitor: Visitor, command: str, channel: int | None = None) -> tuple[str, bool | None]:
    """Use a command with all it needs, and return the answer and whether it is private."""
    options = {"account": "nobody"} if command == "mjname" else {}
    asked = await visitor.use(command, channel=channel, **options)
    return text(await asked.answer()), asked.ephemeral


# ------------------------------------------------------------------ who may see


@pytest.mark.parametrize("command", COMMANDS)
async def test_whoever_does_not_manage_the_server_is_not_even_offered_a_command(
    bot: Bot, sam: Visitor, command: str
) -> None:
    await bot.start()
    with pytest.raises(CannotDo):
        await use(sam, command)


@pytest.mark.parametrize("command", COMMANDS[:2])
async def test_in_the_configured_servers_discord_decides_who_may_see(
    bot: Bot, bea: Visitor, sam: Visitor, command: str
) -> None:
    account = bot.api.add()
    await bot.start()
    bot.world.permit(sam.person, command)
    for viewer in (bea, sam):
        shown, private = await use(viewer, command)
        assert account.channel in shown
        assert not private


@pytest.mark.parametrize("command", COMMANDS)
async def test_without_configured_servers_only_owners_may_see(
    bot: Bot, ada: Visitor, bea: Visitor, sam: Visitor, command: str
) -> None:
    bot.api.add()
    await bot.start(GUILD_IDS=None)
    bot.world.permit(sam.person, command)

    for stranger in (bea, sam):
        shown, private = await use(stranger, command)
        assert OWNERS_ONLY in shown
        assert private
    assert OWNERS_ONLY not in (await use(ada, command))[0]
    assert bot.api.midjourney_commands == (1 if command == "mjinfo" else 0)


async def test_other_servers_than_the_configured_ones_see_no_command(bot: Bot, ada: Visitor) -> None:
    bot.launch(GUILD_IDS="123456789012345678")
    offered = await bot.world.wait_for(lambda: bot.world.commands(ada.person, ada.dm))
    assert sorted(command["name"] for command in offered) == sorted(ALL_COMMANDS)
    managers = discord.Permissions(manage_guild=True).value
    assert {int(command["default_member_permissions"]) for command in offered} == {managers}
    assert bot.world.commands(ada.person, bot.world.channel_id) == []


@pytest.mark.parametrize("changed", [{}, {"GUILD_IDS": None}], ids=["GUILD_IDS set", "GUILD_IDS unset"])
async def test_direct_messages_are_for_owners_alone(
    bot: Bot, ada: Visitor, bea: Visitor, changed: dict[str, None]
) -> None:
    account = bot.api.add()
    await bot.start(**changed)
    assert account.channel in (await use(ada, "mjaccounts", ada.dm))[0]
    refused, private = await use(bea, "mjaccounts", bea.dm)
    assert "answers only its owners in direct messages" in refused
    assert "GUILD_IDS" not in refused
    assert private


async def test_a_stranger_is_suggested_nothing(bot: Bot, bea: Visitor) -> None:
    bot.api.add()
    await bot.start(GUILD_IDS=None)
    assert await bea.complete("mjinfo", "") == []


# ------------------------------------------------------------------- who may act


async def test_only_owners_name_accounts(bot: Bot, ada: Visitor, bea: Visitor) -> None:
    account = bot.api.add()
    await bot.start()
    refused = await bea.use("mjname", account=account.channel, name="Bea's")
    assert NOT_AN_OWNER in text(await refused.answer())
    assert refused.ephemeral
    assert "Bea's" not in text(await ada.ask("mjaccounts"))


async def test_owners_in_the_settings_replace_those_of_the_application(
    bot: Bot, ada: Visitor, bea: Visitor
) -> None:
    account = bot.api.add()
    await bot.start(OWNER_IDS=str(bea.person.id))
    assert "is now called" in text(await bea.ask("mjname", account=account.channel, name="Bea's"))
    assert NOT_AN_OWNER in text(await ada.ask("mjname", account=account.channel, name="Ada's"))


@pytest.mark.parametrize(
    ("role", "may"), [("admin", True), ("developer", True), ("read_only", False)], ids=str
)
async def test_in_a_team_admins_and_developers_are_owners(
    bot: Bot, ada: Visitor, bea: Visitor, role: str, *, may: bool
) -> None:
    account = bot.api.add()
    bot.world.give_to_team((ada.person, "admin"), (bea.person, role))
    await bot.start()
    shown = text(await bea.ask("mjname", account=account.channel, name="Bea's"))
    assert ("is now called" in shown, NOT_AN_OWNER in shown) == (may, not may)
    assert "is now called" in text(await ada.ask("mjname", account=account.channel, name="Ada's"))


async def test_who_has_not_accepted_the_teams_invitation_owns_nothing(
    bot: Bot, ada: Visitor, bea: Visitor
) -> None:
    account = bot.api.add()
    bot.world.give_to_team((ada.person, "admin"), (bea.person, "admin"), pending=(bea.person,))
    await bot.start()
    assert NOT_AN_OWNER in text(await bea.ask("mjname", account=account.channel, name="Bea's"))


async def test_row_28_who_has_left_the_team_is_refused_at_the_next_write(
    bot: Bot, ada: Visitor, bea: Visitor
) -> None:
    account = bot.api.add()
    bot.world.give_to_team((ada.person, "admin"), (bea.person, "admin"))
    await bot.start()
    await bea.ask("mjname", account=account.channel, name="Bea's")

    bot.world.give_to_team((ada.person, "admin"))

    assert NOT_AN_OWNER in text(await bea.ask("mjname", account=account.channel, name="Still Bea's"))
    assert "Bea's is" not in text(await ada.ask("mjname", account=account.channel, name="Ada's"))


async def test_the_last_known_owners_stay_while_discord_cannot_be_asked(
    bot: Bot, ada: Visitor, bea: Visitor
) -> None:
    account = bot.api.add()
    await bot.start()
    bot.world.fault(FaultKind.RESET, path="/oauth2/applications/@me")
    assert "is now called" in text(await ada.ask("mjname", account=account.channel, name="Ada's"))
    assert NOT_AN_OWNER in text(await bea.ask("mjname", account=account.channel, name="Bea's"))


# --------------------------------------------------------------- buttons and selects


@pytest.mark.parametrize("label", ["Next", "Last", "Refresh"])
async def test_pages_turn_for_the_asker_and_the_owners(
    bot: Bot, ada: Visitor, bea: Visitor, sam: Visitor, label: str
) -> None:
    for _ in range(11):
        bot.api.add()
    await bot.start()
    of_ada, of_bea, another = [await visitor.ask("mjaccounts") for visitor in (ada, bea, bea)]

    refused = await sam.press(of_bea, label)
    assert NOT_YOURS in text(await refused.answer())
    assert refused.ephemeral
    assert NOT_YOURS in text(await bea.pressed(of_ada, label))
    assert "11 accounts" in text(await bea.pressed(of_bea, label))
    assert "11 accounts" in text(await ada.pressed(another, label))


async def test_cards_open_and_ask_for_the_asker_and_the_owners(bot: Bot, ada: Visitor, bea: Visitor) -> None:
    channel = bot.api.add().channel
    bot.api.add()
    await bot.start()
    shown = await ada.ask("mjaccounts")
    assert NOT_YOURS in text(await bea.picked(shown, channel))
    assert bot.api.midjourney_commands == 0

    card = await bea.picked(await bea.ask("mjaccounts"), channel)
    assert "account info" in text(await bea.pressed(card, "Info"))


async def test_a_strangers_press_asks_midjourney_nothing(
    bot: Bot, ada: Visitor, bea: Visitor, sam: Visitor
) -> None:
    bot.api.flag(bot.api.add().channel, MODERATION)
    await bot.start()
    shown = await ada.ask("mjinfo")
    for stranger in (bea, sam):
        assert NOT_AN_OWNER in text(await stranger.pressed(shown, "Ask anyway"))
    assert bot.api.count(Endpoint.INFO) == 0


async def test_an_owner_helping_out_does_not_take_the_buttons_from_the_asker(
    bot: Bot, ada: Visitor, bea: Visitor
) -> None:
    bot.api.add()
    await bot.start()
    shown = await bea.ask("mjinfo")
    helped = await ada.pressed(shown, "Ask again")
    assert NOT_YOURS not in text(await bea.pressed(helped, "Ask again"))


async def test_an_owner_turning_a_page_does_not_take_the_list_from_the_asker(
    bot: Bot, ada: Visitor, bea: Visitor
) -> None:
    for _ in range(11):
        bot.api.add()
    await bot.start()
    turned = await ada.pressed(await bea.ask("mjaccounts"), "Next")
    assert "Page 1 of 2" in text(await bea.pressed(turned, "Back"))


async def test_buttons_refuse_the_asker_where_only_owners_may_see_by_now(bot: Bot, bea: Visitor) -> None:
    for _ in range(11):
        bot.api.add()
    await bot.start()
    shown = await bea.ask("mjaccounts")
    await bot.restart(GUILD_IDS=None)
    assert NOT_YOURS in text(await bea.pressed(shown, "Next"))


async def test_buttons_refuse_who_was_an_owner(bot: Bot, ada: Visitor, bea: Visitor) -> None:
    bot.api.flag(bot.api.add().channel, MODERATION)
    await bot.start()
    shown = await ada.ask("mjinfo")
    await bot.restart(OWNER_IDS=str(bea.person.id))
    assert NOT_AN_OWNER in text(await ada.pressed(shown, "Ask anyway"))
    assert bot.api.count(Endpoint.INFO) == 0
