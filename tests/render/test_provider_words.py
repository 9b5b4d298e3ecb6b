"""What people read about an account fits its provider, and names no other one."""

from dataclasses import replace

import pytest

from bot.domain.accounts import Account, EntryState, Flag, FlagKind, KnownAccount
from bot.domain.providers import MJPROXY, USEAPI, reference_to
from bot.render.instructions import press_reset, steps
from bot.render.phrases import demand
from tests.support.render_samples import CHANNEL, account

PROXIED = KnownAccount(
    Account(reference_to(MJPROXY, "1"), discord_channel=CHANNEL, server="900000000000000001"), "Juniper"
)


def test_each_kind_is_said_in_the_words_of_midjourney_proxy() -> None:
    titles = [
        f"{demand(flag, MJPROXY)}\n{steps(PROXIED, flag, until=None, reset=press_reset(flag.kind, MJPROXY))}"
        for flag in (Flag("", kind) for kind in FlagKind)
    ]
    assert len(set(titles)) == len(FlagKind)
    for words in titles:
        assert not any(alien in words.casefold() for alien in ("useapi", "the api", "596", "reset"))
        assert words.count("\n") == 3


@pytest.mark.parametrize(
    ("kind", "listed"),
    [
        (
            FlagKind.SESSION,
            (
                "1. Log in to Discord with this account's login. Copy its new token.\n"
                "2. Put the token into the account on midjourney-proxy's own web page. Never send it here.\n"
                "3. Only then press **The token is new - enable**. Enabling it does not renew the token."
            ),
        ),
        (
            FlagKind.CONNECTION,
            (
                "1. Check that the machine of midjourney-proxy can reach Discord.\n"
                "2. If it cannot, get its network working first.\n"
                "3. Only then press **Enable**. midjourney-proxy does not enable it by itself."
            ),
        ),
        (
            FlagKind.OFFLINE,
            (
                "1. Log in to Discord with this account's login.\n"
                "2. A moderation message can hide here: open [the Midjourney channel]"
                f"(https://discord.com/channels/900000000000000001/{CHANNEL}) and send /info.\n"
                "3. Nothing there? Check the account on midjourney-proxy's own web page: "
                "its token, and its working hours."
            ),
        ),
    ],
)
def test_the_steps_say_what_enabling_does_not_do(kind: FlagKind, listed: str) -> None:
    assert steps(PROXIED, Flag("", kind), until=None, reset=press_reset(kind, MJPROXY)) == listed


def test_an_entry_without_an_id_is_set_right_where_it_is() -> None:
    nameless = replace(PROXIED, account=replace(PROXIED.account, reference=reference_to(MJPROXY, "?1")))
    listed = steps(nameless, Flag("", FlagKind.MODERATION), until=None)
    assert "Only then enable the account on midjourney-proxy's own web page." in listed


def test_a_text_in_braces_is_quoted_as_it_is() -> None:
    flag = Flag.of("You have been blocked from accessing Midjourney until {do} tomorrow")
    assert "until {do} tomorrow" in steps(account(), flag, until=None)
    assert demand(flag, USEAPI) == "Midjourney has blocked it"


def test_row_66_a_solved_captcha_of_a_disabled_account_asks_to_enable_it() -> None:
    paused = replace(PROXIED, account=replace(PROXIED.account, entry=EntryState.PAUSED))
    listed = steps(paused, Flag("", FlagKind.CAPTCHA), until=None)
    assert "Press **Enable it** to use it again, or **Leave it paused** to end this alert." in listed
    assert "Enable it" not in steps(PROXIED, Flag("", FlagKind.CAPTCHA), until=None)
