from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.accounts import Account, Flag, FlagKind, KnownAccount, is_channel
from tests.simulators.useapi import BLOCK, CAPTCHA, MODERATION, SUSPICION, TIMED_BLOCK
from tests.support.clock import AT
from tests.support.samples import CHANNEL, OTHER


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        pytest.param(MODERATION, FlagKind.MODERATION, id="moderation"),
        pytest.param(SUSPICION, FlagKind.BLOCK, id="moderation-with-a-block"),
        pytest.param(CAPTCHA, FlagKind.CAPTCHA, id="verify-you-are-human"),
        pytest.param("Please solve this CAPTCHA.", FlagKind.CAPTCHA, id="captcha-in-capitals"),
        pytest.param(BLOCK, FlagKind.BLOCK, id="block"),
        pytest.param(TIMED_BLOCK, FlagKind.BLOCK, id="timed-block"),
        pytest.param(f"{MODERATION} {CAPTCHA}", FlagKind.MODERATION, id="the-heavier-of-two"),
        pytest.param(f"{CAPTCHA} {MODERATION} {BLOCK}", FlagKind.BLOCK, id="the-heaviest-of-three"),
        pytest.param("Something new.", FlagKind.OTHER, id="unknown"),
        pytest.param("", FlagKind.OTHER, id="empty"),
    ],
)
def test_the_kind_of_a_flag_is_read_from_its_text_and_the_text_is_kept(text: str, kind: FlagKind) -> None:
    assert Flag.of(text) == Flag(text, kind)


def test_kinds_weigh_more_from_offline_to_block() -> None:
    ranked = sorted(FlagKind, key=lambda kind: kind.rank)
    assert " ".join(ranked) == "offline other connection credits session plan captcha moderation block"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        pytest.param(TIMED_BLOCK, timedelta(hours=24), id="hours"),
        pytest.param(
            "You have been blocked from accessing Midjourney for 3 days.", timedelta(days=3), id="days"
        ),
        pytest.param(
            "You are Blocked from accessing Midjourney FOR 1 Week", timedelta(weeks=1), id="any-case"
        ),
        pytest.param(BLOCK, None, id="no-length"),
        pytest.param("You have been blocked from accessing it for 12345 hours", None, id="too-many-digits"),
        pytest.param("A pending moderation message for 3 days.", None, id="not-a-block"),
    ],
)
def test_a_block_says_how_long_it_lasts(text: str, length: timedelta | None) -> None:
    assert Flag.of(text).block_length == length


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("1" * 17, True, id="17-digits"),
        pytest.param("1" * 20, True, id="20-digits"),
        pytest.param("1" * 16, False, id="16-digits"),
        pytest.param("1" * 21, False, id="21-digits"),
        pytest.param("1" * 18 + "\n", False, id="a-newline-after-it"),
        pytest.param("../" + "1" * 17, False, id="a-path"),
        pytest.param("\N{ARABIC-INDIC DIGIT ONE}" * 18, False, id="digits-of-another-script"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_only_17_to_20_plain_digits_are_a_channel(text: str, expected: object) -> None:
    assert is_channel(text) is expected
    assert Account(text).is_addressable is expected


@pytest.mark.parametrize(
    ("account", "link"),
    [
        pytest.param(Account(CHANNEL), f"https://discord.com/channels/@me/{CHANNEL}", id="direct-messages"),
        pytest.param(
            Account(CHANNEL, server=OTHER), f"https://discord.com/channels/{OTHER}/{CHANNEL}", id="server"
        ),
        pytest.param(Account("../secrets"), None, id="a-channel-that-is-none"),
        pytest.param(Account(CHANNEL, server="../x"), None, id="a-server-that-is-none"),
    ],
)
def test_a_link_is_built_from_ids_alone(account: Account, link: str | None) -> None:
    assert account.link == link


def test_a_link_needs_the_server_where_the_key_is_no_channel() -> None:
    listed = Account("mjproxy:a", discord_channel="1" * 18)
    assert listed.link is None
    assert replace(listed, server="2" * 18).link == f"https://discord.com/channels/{'2' * 18}/{'1' * 18}"


@pytest.mark.parametrize(
    ("known", "label"),
    [
        pytest.param(KnownAccount(Account(CHANNEL), "Mine", "aurora"), "Mine", id="given-name"),
        pytest.param(KnownAccount(Account(CHANNEL), None, "aurora"), "aurora", id="discord-name"),
        pytest.param(KnownAccount(Account(CHANNEL)), "…0001", id="end-of-the-channel"),
        pytest.param(KnownAccount(Account(CHANNEL), flagged_since=AT), "…0001", id="flagged"),
    ],
)
def test_an_account_is_called_by_the_best_name_there_is(known: KnownAccount, label: str) -> None:
    assert known.label == label
