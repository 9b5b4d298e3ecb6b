"""What a person pastes as a token, and as a number of jobs."""

import base64

import pytest

from bot.actions.account_token import account_token, id_in, jobs_number
from bot.domain.errors import UserError
from bot.domain.secret import SecretStr
from bot.render.error_messages import message
from tests.conftest import Leaks
from tests.simulators.discord import SANDBOX_BOT_TOKEN
from tests.simulators.mjproxy import SANDBOX_MJPROXY_TOKEN
from tests.simulators.useapi import SANDBOX_USEAPI_TOKEN

BOT_ID = 1_111_111_111_111_111_111


def token_of(user: int) -> str:
    head = base64.urlsafe_b64encode(str(user).encode()).decode().rstrip("=")
    return f"{head}.GaBcDe.{'Zx9_-kLm' * 5}"


TOKEN = token_of(222_222_222_222_222_222)
PROXY_TOKEN = "shape.that-of-a.proxy-s_token"
OWN = tuple(map(SecretStr, (SANDBOX_BOT_TOKEN, SANDBOX_USEAPI_TOKEN, PROXY_TOKEN, SANDBOX_MJPROXY_TOKEN)))


@pytest.fixture(autouse=True)
def searched(leaks: Leaks) -> None:
    leaks.secrets.add(TOKEN)


def checked(pasted: str) -> str:
    return account_token(SecretStr(pasted), OWN, BOT_ID).get_secret_value()


@pytest.mark.parametrize(
    "pasted",
    [
        pytest.param(TOKEN, id="as-it-is"),
        pytest.param(f"  {TOKEN}\t", id="blanks"),
        pytest.param(f"\r\n{TOKEN}\n", id="line-breaks"),
        pytest.param(f"\u00a0{TOKEN}\u3000", id="wide-blanks"),
        pytest.param(f"\u200b{TOKEN[:9]}\u200d{TOKEN[9:]}\ufeff", id="zero-width"),
        pytest.param(f"\u202a{TOKEN}\u202c", id="marks-of-direction"),
        pytest.param(f'"{TOKEN}"', id="quotes"),
        pytest.param(f"'{TOKEN}'", id="single-quotes"),
        pytest.param(f"`{TOKEN}`", id="back-ticks"),
        pytest.param(f"\u201c{TOKEN}\u201d", id="curly-quotes"),
        pytest.param(f"\u00ab\u00a0{TOKEN}\u00a0\u00bb", id="french-quotes"),
        pytest.param(f'"{TOKEN}",', id="out-of-json"),
        pytest.param(f"Bearer {TOKEN}", id="bearer"),
        pytest.param(f'"bearer {TOKEN}"', id="bearer-in-quotes"),
        pytest.param(f'Bearer "{TOKEN}"', id="quotes-after-bearer"),
        pytest.param(f"Authorization: {TOKEN}", id="a-header"),
        pytest.param(f"authorization: Bearer\n{TOKEN}", id="a-whole-header"),
        pytest.param(f"Authorization\t{TOKEN}", id="a-line-of-a-table"),
        pytest.param(f"authorization:{TOKEN}", id="no-blank-after-the-colon"),
        pytest.param(f'"authorization": "{TOKEN}",', id="a-header-in-json"),
        pytest.param(f'"token": "{TOKEN}"', id="an-entry-of-json"),
        pytest.param(f'{{\n  "token" : "{TOKEN}"\n}}', id="json"),
        pytest.param(f'{{"discord":"{TOKEN}"}}', id="what-the-api-wants"),
        pytest.param(f"token: '{TOKEN}'", id="yaml"),
        pytest.param(f"token={TOKEN}", id="an-assignment"),
        pytest.param(f'token = "{TOKEN}";', id="a-line-of-code"),
        pytest.param(f"DISCORD_TOKEN={TOKEN}", id="a-setting"),
    ],
)
def test_what_people_paste_around_a_token_is_taken_away(pasted: str) -> None:
    assert checked(pasted) == TOKEN


def test_a_token_of_another_form_that_discord_gives_is_taken() -> None:
    assert checked(f"mfa.{'aB3_' * 20}") == f"mfa.{'aB3_' * 20}"


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(f"{'x' * 22}.GaBcD.{'y' * 25}", id="shorter-than-any-known"),
        pytest.param(f"{'x' * 23}.GaBcDe.{'y' * 27}", id="one-of-2015"),
        pytest.param(f"{'x' * 27}.GaBcDeF.{'y' * 110}", id="longer-than-any-known"),
        pytest.param(f"mfa.{'y' * 20}", id="mfa"),
    ],
)
def test_a_token_may_be_of_any_length_that_was_ever_seen(token: str) -> None:
    assert checked(token) == token


def test_another_bots_token_cannot_be_told_from_a_persons() -> None:
    other = token_of(BOT_ID + 1)
    assert checked(other) == other


@pytest.mark.parametrize(
    ("pasted", "sentence", "next_step"),
    [
        pytest.param("", "There is no Discord token.", "Enter the Discord token", id="empty"),
        pytest.param(" \u200b\n ", "There is no Discord token.", "Enter", id="nothing-to-see"),
        pytest.param('""', "There is no Discord token.", "Enter", id="empty-quotes"),
        pytest.param("Bearer ", "There is no Discord token.", "Enter", id="the-word-alone"),
        pytest.param(f"Bot {TOKEN}", "a bot's token", "copy its own token", id="named-a-bot's"),
        pytest.param(f"Authorization: Bot {TOKEN}", "a bot's token", "copy", id="a-bot's-header"),
        pytest.param(f"Bot Bearer {TOKEN}", "a bot's token", "copy", id="a-bot's-and-more"),
        pytest.param(f'"bot_token": "{TOKEN}"', "a bot's token", "copy", id="a-bot's-in-json"),
        pytest.param(f"BOT_TOKEN={TOKEN}", "a bot's token", "copy", id="a-bot's-setting"),
        pytest.param(f"DISCORD_TOKEN={SANDBOX_BOT_TOKEN}", "a bot's token", "copy", id="the-bot's-setting"),
        pytest.param("Bot ", "There is no Discord token.", "Enter", id="the-word-bot-alone"),
        pytest.param('"token": ""', "There is no Discord token.", "Enter", id="an-empty-entry"),
        pytest.param(SANDBOX_BOT_TOKEN, "a bot's token", "copy its own token", id="the-bot's"),
        pytest.param(token_of(BOT_ID), "a bot's token", "copy its own token", id="an-older-one-of-the-bot"),
        pytest.param(SANDBOX_USEAPI_TOKEN, "a useapi token", "Setup Midjourney", id="useapi's"),
        pytest.param(
            f"USEAPI_TOKEN={SANDBOX_USEAPI_TOKEN}", "a useapi token", "Setup", id="useapi's-setting"
        ),
        pytest.param(SANDBOX_MJPROXY_TOKEN, "does not look like a Discord token", "Copy", id="a-proxy's"),
        pytest.param(PROXY_TOKEN, "a bot's token", "copy", id="a-proxy's-that-looks-like-one"),
        pytest.param(f"name={TOKEN}", "does not look like a Discord token", "Copy", id="another-entry"),
        pytest.param(f'"token": "{TOKEN}", "x": 1', "a blank or a line break", "Copy", id="several-entries"),
        pytest.param("a.b.c", "too short", "Copy", id="three-letters"),
        pytest.param(TOKEN.partition(".")[2], "does not look", "Copy", id="the-first-part-missing"),
        pytest.param(TOKEN[9:], "too short", "Copy", id="the-beginning-missing"),
        pytest.param(TOKEN[:45], "too short", "Copy", id="the-end-missing"),
        pytest.param(f"{TOKEN[:24]}.x.{TOKEN[-27:]}", "too short", "Copy", id="the-middle-missing"),
        pytest.param("mfa.abc", "too short", "Copy", id="mfa-and-little-more"),
        pytest.param(f"{TOKEN[:20]} {TOKEN[20:]}", "a blank or a line break", "Copy", id="a-blank-inside"),
        pytest.param(f"{TOKEN[:20]}\n{TOKEN[20:]}", "a blank or a line break", "Copy", id="wrapped"),
        pytest.param(f"{TOKEN} {TOKEN}", "a blank or a line break", "Copy", id="twice"),
        pytest.param("hunter2", "does not look like a Discord token", "Copy", id="a-password"),
        pytest.param("a.b.c.d", "does not look like a Discord token", "Copy", id="four-parts"),
        pytest.param(
            f"{TOKEN}\u00e9", "does not look like a Discord token", "Copy", id="a-letter-no-token-has"
        ),
    ],
)
def test_what_cannot_be_a_persons_token_is_refused_without_repeating_it(
    pasted: str, sentence: str, next_step: str
) -> None:
    with pytest.raises(UserError) as refused:
        checked(pasted)
    assert sentence in message(refused.value)
    assert next_step in message(refused.value)
    shown = f"{refused.value!r} {message(refused.value)}"
    assert len(pasted) < 4 or pasted not in shown


@pytest.mark.parametrize(
    ("token", "owner"),
    [
        pytest.param(TOKEN, 222_222_222_222_222_222, id="an-id"),
        pytest.param("mfa.abc", None, id="no-id"),
        pytest.param("A.b.c", None, id="not-base-64"),
        pytest.param("\u00e9.b.c", None, id="not-ascii"),
        pytest.param("", None, id="empty"),
    ],
)
def test_the_first_part_of_a_token_spells_its_owners_id(token: str, owner: int | None) -> None:
    assert id_in(token) == owner


@pytest.mark.parametrize(
    ("typed", "jobs"),
    [("", 3), (" ", 3), ("\u200b", 3), ("1", 1), (" 15 ", 15), ("07", 7), ("\u200b4", 4)],
    ids=["nothing", "a-blank", "zero-width", "least", "most", "a-nought", "hidden"],
)
def test_a_number_of_jobs_is_read(typed: str, jobs: int) -> None:
    assert jobs_number(typed) == jobs


@pytest.mark.parametrize("typed", ["0", "16", "-1", "3.5", "three", "\u0663", "1e1", "9999"])
def test_another_number_of_jobs_is_refused_with_what_the_plans_allow(typed: str) -> None:
    with pytest.raises(UserError, match="jobs out of range") as refused:
        jobs_number(typed)
    assert "3 for Basic and Standard plans, up to 15 for Pro and Mega" in message(refused.value)
