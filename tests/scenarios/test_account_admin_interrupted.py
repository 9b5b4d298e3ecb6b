"""A stop while an account is saved or removed: who waits gets a notice, and the audit holds what is known."""

from tests.simulators.discord import Interaction
from tests.simulators.useapi import Endpoint, Fault, SimulatedAccount
from tests.support.forming import added, opened, sent
from tests.support.reading import buttons, text
from tests.support.running import Bot, Visitor

PATIENCE = 20.0
MAY_BE_DONE = "It may have been done: check with /mjaccounts before you try again."

BEGUN = "INSERT INTO audit (at, actor_id, verb, channel, outcome) VALUES (1, 7, 'save', '', 'asked')"


async def saving(bot: Bot, visitor: Visitor, token: str) -> Interaction:
    """Send a token, which the API takes without ever answering, and come back when it is there."""
    bot.api.fault(Fault.LOST_ANSWER, endpoint=Endpoint.SAVE)
    form = await sent(visitor, await opened(visitor), token)
    await bot.world.wait_for(lambda: bot.api.count(Endpoint.SAVE), PATIENCE)
    return form


async def removing(bot: Bot, visitor: Visitor, account: SimulatedAccount) -> Interaction:
    """Confirm a removal, which the API carries out without ever answering, and come back when it is there."""
    bot.api.fault(Fault.LOST_ANSWER, endpoint=Endpoint.REMOVE)
    question = await visitor.ask("mjremove", account=account.channel)
    pressed = await visitor.press(question, next(iter(buttons(question))))
    await bot.world.wait_for(lambda: bot.api.count(Endpoint.REMOVE), PATIENCE)
    return pressed


async def test_who_saves_an_account_reads_that_it_may_have_been_done(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    login = bot.api.newcomer()
    form = await saving(bot, ada, login.discord)
    begun = (ada.person.id, "save", "", "asked")
    assert await bot.actions() == [begun]
    await bot.restart()
    assert form.message is not None
    assert form.ephemeral
    assert MAY_BE_DONE in text(form.message)
    assert await bot.actions() == [begun, (ada.person.id, "save", "", "outcome unknown")]
    assert login.channel in text(await ada.ask("mjaccounts"))


async def test_who_removes_an_account_reads_that_it_may_have_been_done(bot: Bot, ada: Visitor) -> None:
    account, _ = bot.api.add(), bot.api.add()
    await bot.start()
    pressed = await removing(bot, ada, account)
    await bot.restart()
    assert [MAY_BE_DONE in text(word) for word in pressed.followups] == [True]
    owner = ada.person.id
    assert await bot.actions() == [
        (owner, "remove", account.channel, "asked"),
        (owner, "remove", account.channel, "outcome unknown"),
    ]


async def test_what_still_waits_for_its_turn_was_not_sent(bot: Bot, ada: Visitor, bea: Visitor) -> None:
    await bot.start(OWNER_IDS=f"{ada.person.id},{bea.person.id}")
    forms = await opened(ada), await opened(bea)
    first = await saving(bot, ada, bot.api.newcomer().discord)
    second = await sent(bea, forms[1], bot.api.newcomer().discord)
    await second.acknowledged()
    await bot.restart()
    assert first.message is not None
    assert second.message is not None
    assert MAY_BE_DONE in text(first.message)
    assert "could not finish this" in text(second.message)
    assert [actor for actor, *_ in await bot.actions()] == [ada.person.id] * 2


async def test_an_end_that_could_not_be_written_down_is_found_by_who_asks_next(
    bot: Bot, ada: Visitor
) -> None:
    await bot.start()
    await bot.change_database(BEGUN)
    await added(ada, bot.api.newcomer().discord)
    outcomes = [outcome for *_, outcome in await bot.actions()]
    assert outcomes == ["asked", "outcome unknown", "asked", "created:3"]
