"""Every refusal of a token: its own sentence, the next step, and no trace of the token anywhere."""

import gc
import logging
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager

import aiohttp
import pytest

from bot.domain.secret import SecretStr
from bot.interactions.client import EXTENSIONS
from bot.providers.errors import ProviderError
from bot.providers.useapi.client import UseapiClient
from tests.simulators.discord import Interaction
from tests.simulators.useapi import Endpoint, Fault, Plan, SimulatedUseapi
from tests.support.forming import added, opened, sent
from tests.support.memory import holders_of
from tests.support.reading import buttons
from tests.support.running import PATIENCE, Bot, Visitor

OTHER = "100000000000000002"
SERVER = "200000000000000003"

Provoke = Callable[[SimulatedUseapi], None]


def says(sentence: str, code: int = 400) -> Provoke:
    """Let the API refuse in these words, those of its documentation."""
    return lambda api: api.refuse(Endpoint.SAVE, sentence, code)


def fails(fault: Fault) -> Provoke:
    return lambda api: api.fault(fault, endpoint=Endpoint.SAVE)


def unsubscribed(api: SimulatedUseapi) -> None:
    api.subscribed = False


def full(api: SimulatedUseapi) -> None:
    api.quota = 1


REFUSALS = {
    "token-missing": (
        says("Required param discord is missing or empty"),
        "There is no Discord token.",
        "Enter the Discord token of the account",
    ),
    "jobs-over-the-plan": (
        says("Required param maxJobs 9 can't be more that 3"),
        "useapi.net allows at most 3 jobs at a time for this account, not 9.",
        "Choose a number of jobs up to 3.",
    ),
    "same-token": (
        says(f"Channel {OTHER} configuration has same discord value"),
        f"This Discord token is already configured, for channel {OTHER}.",
        "remove it first with /mjremove",
    ),
    "no-midjourney": (
        says("`Midjourney bot not configured"),
        "no conversation with the Midjourney Bot",
        "send the Midjourney Bot a direct message",
    ),
    "unauthorized": (fails(Fault.UNAUTHORIZED), "refused the API token", "into USEAPI_TOKEN"),
    "forbidden": (fails(Fault.FORBIDDEN), "refused the API token", "into USEAPI_TOKEN"),
    "no-subscription": (unsubscribed, "subscription is missing or has expired", "Renew the subscription"),
    "quota": (full, "does not cover this many accounts", "Remove an account, or extend the subscription"),
    "of-the-older-form": (
        says("Required param server is missing or empty"),
        "useapi.net refused the request (400).",
        "Read what it says",
    ),
    "unknown-words": (says("No."), "useapi.net refused the request (400).", "Read what it says"),
    "busy": (fails(Fault.RATE_LIMITED), "All job slots are busy", "Try again in a few minutes."),
    "gone": (fails(Fault.GONE), "no longer offers this", "Check USEAPI_URL"),
    "a-web-page": (fails(Fault.HTML_404), "A web page answers instead of useapi.net", "Check USEAPI_URL"),
}


NO_INPUT_HELPS = {"unauthorized", "forbidden", "no-subscription", "quota", "gone", "a-web-page"}


@pytest.mark.parametrize("case", REFUSALS)
async def test_each_refusal_is_a_sentence_of_its_own_with_the_next_step(
    bot: Bot, ada: Visitor, case: str
) -> None:
    provoke, sentence, next_step = REFUSALS[case]
    bot.api.add()
    await bot.start()
    provoke(bot.api)
    token = bot.api.newcomer().discord
    answer = await added(ada, token)
    assert sentence in answer["content"]
    assert next_step in answer["content"]
    assert list(buttons(answer)) == ([] if case in NO_INPUT_HELPS else ["Enter it again"])
    assert len(bot.api.accounts) == 1
    owner = ada.person.id
    assert await bot.actions() == [(owner, "save", "", "asked"), (owner, "save", "", "refused")]
    await bot.world.wait_for(lambda: not hidden(token), PATIENCE)


async def test_a_number_of_jobs_over_the_plan_is_refused_by_the_api_itself(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    answer = await added(ada, bot.api.newcomer(plan=Plan.STANDARD).discord, "4")
    assert "at most 3 jobs at a time for this account, not 4" in answer["content"]


async def test_an_account_without_midjourney_is_refused_by_the_api_itself(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    answer = await added(ada, bot.api.newcomer(midjourney=False).discord)
    assert "no conversation with the Midjourney Bot" in answer["content"]


async def test_a_flag_that_saving_meets_is_known_at_once(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    await bot.start()
    bot.api.refuse(
        Endpoint.SAVE, f"Pending moderation message; POST account/midjourney/{account.channel}/reset", 596
    )
    answer = await added(ada, account.discord)
    assert "Midjourney is waiting for a person" in answer["content"]
    assert "moderation message pending" in (await ada.complete("mjinfo", account.channel))[0].name
    assert (await bot.actions())[-1] == (ada.person.id, "save", account.channel, "refused")


@pytest.mark.parametrize("case", REFUSALS.values(), ids=REFUSALS)
async def test_no_error_holds_the_token_anywhere(
    api: SimulatedUseapi, case: tuple[Provoke, str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api.add()
    case[0](api)
    token = api.newcomer().discord
    async with aiohttp.ClientSession() as session:
        client = UseapiClient(session, api.url, SecretStr(api.token))
        with pytest.raises(ProviderError) as raised:
            await client.save_account(SecretStr(token), 9)
    shown = "".join(traceback.format_exception(raised.value, chain=True))
    shown += repr(raised.value) + repr(vars(raised.value)) + caplog.text
    assert token not in shown


@pytest.mark.parametrize("fault", [None, Fault.CUT_OFF, Fault.UNAUTHORIZED], ids=str)
async def test_after_the_answer_the_token_is_nowhere_in_memory(
    bot: Bot, ada: Visitor, fault: Fault | None
) -> None:
    await bot.start()
    login = bot.api.newcomer()
    if fault is not None:
        bot.api.fault(fault, endpoint=Endpoint.SAVE)
    await added(ada, login.discord)
    await bot.world.wait_for(lambda: not hidden(login.discord), PATIENCE)


@pytest.mark.parametrize("noticed", [True, False], ids=["known-before", "found-out-now"])
async def test_the_token_of_who_is_no_owner_any_more_does_not_wait_for_the_garbage_collector(
    bot: Bot, ada: Visitor, *, noticed: bool
) -> None:
    account = bot.api.add()
    await bot.start()
    form, login = await opened(ada), bot.api.newcomer()
    bot.world.give_to_team((bot.world.second_owner, "admin"))
    if noticed:
        await ada.ask("mjname", account=account.channel, name="Borealis")
    assert "Only this bot's owners" in await refused_unread(bot, ada, form, login.discord)


@pytest.mark.parametrize(
    ("custom_id", "sentence"),
    [
        pytest.param("mw:account.gone:0:", "from another version of Midwatch", id="unknown-verb"),
        pytest.param("somebody's", "from another version of Midwatch", id="not-ours"),
        pytest.param("mw:faulty.press:0:", "something broke inside Midwatch", id="what-fails-unforeseen"),
    ],
)
async def test_a_token_that_nothing_reads_does_not_wait_for_the_garbage_collector(
    bot: Bot, ada: Visitor, custom_id: str, sentence: str
) -> None:
    bot.extensions = (*EXTENSIONS, "tests.support.faulty_cog")
    await bot.start()
    form = await opened(ada)
    assert form.modal is not None
    form.modal["custom_id"] = custom_id
    assert sentence in await refused_unread(bot, ada, form, bot.api.newcomer().discord)


async def refused_unread(bot: Bot, visitor: Visitor, form: Interaction, token: str) -> str:
    """Send a form, and see the token gone while all garbage is still there; give what was answered."""
    with uncollected():
        answer = await (await sent(visitor, form, token)).answer()
        await bot.world.wait_for(lambda: not holders_of(token), PATIENCE)
    assert bot.api.count(Endpoint.SAVE) == 0
    return str(answer["content"])


@contextmanager
def uncollected() -> Generator[None]:
    """Leave garbage where it is, as it is between two collections."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def hidden(token: str) -> list[str]:
    """Return what holds a token when all garbage is gone."""
    gc.collect()
    return holders_of(token)
