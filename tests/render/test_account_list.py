"""The list of accounts reads well from one to ten thousand and keeps Discord's limits on any input."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.account_info import FastTime, Info, InfoSnapshot, Subscription
from bot.domain.accounts import KnownAccount, State
from bot.domain.errors import CodedError, ErrorCode
from bot.domain.providers import MJPROXY, USEAPI, reference_to
from bot.render.account_choices import (
    choice_name,
    choices,
    matches,
    offered,
    option,
    order,
)
from bot.render.account_list import (
    PAGE_LIMIT,
    unread,
)
from bot.render.provider_words import WORDS
from bot.render.text import length
from tests.support.in_any_language import in_any_language
from tests.support.list_pages import list_page
from tests.support.render_samples import (
    CHANNEL,
    LINK,
    MODERATION,
    NOW,
    SNAPSHOT,
    account,
    accounts,
    assert_harmless,
    hostile,
)


def refused(quote: str) -> CodedError:
    error = CodedError(ErrorCode.TOKEN_REFUSED)
    error.quote = quote
    return error


def numbered(number: int, *, flag: str | None = None) -> list[KnownAccount]:
    return [
        account(f"Studio {index:05}", reference=str(10**18 + index), flag=flag, snapshot=SNAPSHOT)
        for index in range(number)
    ]


def test_a_page_lists_flagged_accounts_before_healthy_ones() -> None:
    listed = [
        account("Borealis", reference="1170809721663422495", snapshot=SNAPSHOT),
        account("Aurora", flag=MODERATION),
        account(None, reference="1170809721663420007", max_jobs=12),
    ]
    assert (
        "\n\n".join(list_page(listed).texts)
        == f"""\
## Midjourney accounts
**⚠️ 3 accounts, 1 flagged**
18 job slots in all, 15 usable

**Aurora** · ⚠️ moderation message pending
[{CHANNEL}]({LINK}) · 3 job slots
Flagged since <t:1768355400:f> (<t:1768355400:R>). Midjourney says:
```
{MODERATION}
```

**Borealis** · ✅ ready
[1170809721663422495](https://discord.com/channels/@me/1170809721663422495) · 3 job slots
`Mega` · 29.57 of 30 fast hours left · as of <t:1768348800:f>

**…0007** · ✅ ready
[1170809721663420007](https://discord.com/channels/@me/1170809721663420007) · 12 job slots

List read at <t:1768356000:T>"""
    )


@pytest.mark.parametrize(
    ("listed", "heading"),
    [
        pytest.param([account()], "**✅ 1 account, none flagged**\n3 job slots in all, 3 usable", id="one"),
        pytest.param(
            [account(max_jobs=1, flag="x")],
            "**⚠️ 1 account, 1 flagged**\n1 job slot in all, 0 usable",
            id="flagged",
        ),
        pytest.param(
            [account(), account(max_jobs=None)],
            "**✅ 2 accounts, none flagged**\n3 job slots in all, 3 usable\n"
            "Not counted: 1 account without a number",
            id="slots unknown",
        ),
    ],
)
def test_the_heading_gives_the_totals(listed: list[KnownAccount], heading: str) -> None:
    assert list_page(listed).heading == f"## Midjourney accounts\n{heading}"


@pytest.mark.parametrize(
    ("number", "pages", "on_last"),
    [(0, 1, 0), (1, 1, 1), (10, 1, 10), (11, 2, 1), (1_000, 100, 10), (10_000, 1000, 10)],
)
def test_ten_accounts_make_a_page(number: int, pages: int, on_last: int) -> None:
    listed = numbered(number)
    last = list_page(listed, pages - 1)
    assert (last.pages, last.page, len(last.entries)) == (pages, pages - 1, on_last)
    assert last.options == [each.account.handle for each in listed[(pages - 1) * 10 :]]
    assert ("Page" in last.footer) == (pages > 1)


@pytest.mark.parametrize(("asked", "given"), [(-3, 0), (0, 0), (2, 2), (3, 2), (10**9, 2)])
def test_a_page_that_is_not_there_gives_the_nearest(asked: int, given: int) -> None:
    page = list_page(numbered(25), asked)
    assert (page.page, page.footer) == (given, f"Page {given + 1} of 3 · List read at <t:1768356000:T>")


def test_ten_flagged_accounts_with_their_plans_are_quoted_whole() -> None:
    page = list_page(numbered(10, flag=MODERATION))
    assert all(MODERATION in entry and "`Mega`" in entry for entry in page.entries)


def test_a_quote_matters_more_than_the_plan() -> None:
    info = Info(
        "",
        subscription=Subscription("P" * 90, None, None, None),
        fast_time=FastTime(1e8, 1e8, "x" * 90, None),
    )
    listed = [
        account("L_" * 90, reference=str(10**19 + index), server="1" * 20, flag="m" * 900, max_jobs=10**9)
        for index in range(10)
    ]
    listed = [
        KnownAccount(each.account, each.name, None, NOW, InfoSnapshot(NOW, NOW - NOW, info))
        for each in listed
    ]
    page = list_page(listed)
    assert all("m" * 60 in entry for entry in page.entries)
    assert sum(map(length, page.texts)) <= PAGE_LIMIT
    page = list_page(listed, refusal=unread({USEAPI: refused("z" * 400)}, [USEAPI]))
    assert all("m" * 10 in entry for entry in page.entries)
    assert sum(map(length, page.texts)) <= PAGE_LIMIT


def test_a_list_that_cannot_be_read_now_says_why_above_what_it_was() -> None:
    refusal = unread({USEAPI: refused("No *x*.")}, [USEAPI])
    page = list_page(numbered(2), refusal=refusal)
    assert page.heading.splitlines() == [
        "⚠️ useapi.net refused the API token.",
        "Put the whole token from useapi.net, with its `user:`, into USEAPI_TOKEN and restart Midwatch.",
        "The API says:",
        "```",
        "No *x*.",
        "```",
        "**As of <t:1768356000:f>, when I last read the list:**",
        "## Midjourney accounts",
        "**⚠️ 2 accounts, none flagged**",
        "6 job slots in all, 6 usable",
    ]


def test_flagged_accounts_come_first_and_labels_sort_whatever_their_case() -> None:
    listed = [account("b"), account("A"), account("z", flag="x"), account("C")]
    assert [each.label for each in sorted(listed, key=order)] == ["z", "A", "b", "C"]


def test_what_is_to_do_comes_first_and_blocks_that_last_come_after_all_that_change() -> None:
    flagged = account(flag="x")
    blocked = account("blocked", flag="You have been blocked.")
    listed = [
        account("ready"),
        blocked,
        replace(blocked, name="block ahead", block_ends=NOW + timedelta(hours=1)),
        replace(flagged, name="recovering", state=State.CLEARING),
        replace(flagged, name="taken", state=State.OPEN, is_taken=True),
        replace(blocked, name="block over", block_ends=NOW - timedelta(hours=1)),
        replace(flagged, name="flagged"),
    ]
    expected = ["block over", "flagged", "taken", "recovering", "block ahead", "blocked", "ready"]
    assert [each.label for each in sorted(listed, key=lambda each: order(each, NOW))] == expected
    shown = "\n".join(list_page(listed).entries)
    assert sorted(expected, key=lambda label: shown.index(f"**{label}**")) == expected


def test_an_id_that_is_none_is_shown_in_code_without_a_link() -> None:
    entry = list_page([account(reference="1/../`@me`")]).entries[0]
    assert entry.splitlines()[1] == "`1/../ˋ@meˋ` · 3 job slots"  # noqa: RUF001 - the look-alike


def test_a_server_that_is_no_id_makes_no_link() -> None:
    page = list_page([account(server="1) [x](https://evil.example")])
    assert page.entries[0].splitlines()[1] == f"`{CHANNEL}` · 3 job slots"


def test_a_label_is_inert_in_the_list() -> None:
    entry = list_page([account("**[x](https://evil.example)")]).entries[0]
    assert entry.splitlines()[0] == r"**\*\*\[x\](https\://evil.example)** · ✅ ready"


def test_since_when_is_said_to_be_unknown() -> None:
    known = KnownAccount(account(flag="x").account, "Aurora")
    assert "Flagged since an unknown time. Midjourney says:" in list_page([known]).entries[0]


@given(st.lists(accounts, max_size=12), st.integers(-2, 3), st.none() | hostile)
@in_any_language
def test_a_page_keeps_the_limit_and_does_nothing_whatever_is_listed(
    listed: list[KnownAccount], asked: int, quote: str | None
) -> None:
    refusal = None if quote is None else unread({USEAPI: refused(quote)}, [USEAPI])
    page = list_page(listed, asked, refusal=refusal)
    assert sum(map(length, page.texts)) <= PAGE_LIMIT
    assert len(page.entries) == min(10, len(listed) - 10 * page.page)
    for entry in page.entries:
        assert_harmless(entry)


def test_of_ten_thousand_accounts_a_page_shows_its_own_share() -> None:
    page = list_page(numbered(10_000, flag=MODERATION), 500)
    assert len(page.entries) == len(page.options) == -(-10_000 // page.pages)
    assert page.entries[0].startswith(f"**Studio {500 * len(page.entries):05}** ·")


def test_nothing_configured_names_the_way_and_warns_of_the_token() -> None:
    words = WORDS[USEAPI].nothing
    assert "[Setup Midjourney](https://useapi.net/docs/start-here/setup-midjourney)" in words
    assert "/mjadd" in words
    assert "Never post the token" in words


def test_an_option_shows_state_and_plan() -> None:
    made = option(account(snapshot=SNAPSHOT, flag="captcha"))
    assert (made.label, made.value, made.description) == (
        "Aurora",
        CHANNEL,
        "🧩 CAPTCHA pending · Mega · …2494",
    )


@given(accounts)
@in_any_language
def test_options_and_choices_keep_the_limits(known: KnownAccount) -> None:
    assert 1 <= length(choice_name(known)) <= 100
    if known.account.is_addressable:
        made = option(known)
        assert 1 <= length(made.label) <= 100
        assert 1 <= length(made.description or "") <= 100


def test_a_choice_with_a_long_label_still_shows_the_rest() -> None:
    name = choice_name(account("L" * 300, snapshot=SNAPSHOT))
    assert name.endswith("L… · ✅ ready · Mega · …2494")
    assert choice_name(account("Aurora")) == "Aurora · ✅ ready · …2494"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", True),
        ("aur", True),
        ("AURORA mega", True),
        ("2494", True),
        ("…2494", True),
        ("ready", True),
        ("Aurora · ✅ ready · Mega · …2494", True),
        ("aurora pro", False),
        ("blocked", False),
    ],
)
def test_typing_finds_label_id_plan_and_state(typed: str, *, found: bool) -> None:
    assert matches(account(snapshot=SNAPSHOT), typed) is found


@given(accounts, hostile)
def test_nothing_typed_breaks_the_search(known: KnownAccount, typed: str) -> None:
    assert matches(known, known.reference.split()[0] if known.reference.split() else "")
    assert matches(known, typed) in {True, False}


def test_the_end_of_the_id_is_not_said_twice_of_an_account_without_a_name() -> None:
    known = account(None)
    assert choice_name(known) == "…2494 · ✅ ready"
    assert option(known).description == "✅ ready"


def test_suggestions_are_few_flagged_first_and_only_what_can_be_asked() -> None:
    listed = [*numbered(40), account("Zenith", flag="x"), account("odd", reference="12")]
    suggested = choices(listed, "")
    assert len(suggested) == len(offered(listed)) == 25
    assert suggested[0].value == CHANNEL
    assert choices(listed, "odd") == []
    assert [choice.value for choice in choices(listed, "00007")] == [str(10**18 + 7)]


def test_a_trial_is_called_a_trial() -> None:
    info = Info(
        "",
        subscription=Subscription("None", "Trial", None, None),
        fast_time=FastTime(25.0, None, "minutes", None),
    )
    entry = list_page([account(snapshot=InfoSnapshot(NOW, NOW - NOW, info))]).entries[0]
    assert "`Trial` · 25 fast minutes left · as of <t:1768356000:f>" in entry


def test_an_answer_without_a_time_is_of_unknown_age() -> None:
    info = Info("", fast_time=FastTime(25.0, None, "minutes", None))
    entry = list_page([account(snapshot=InfoSnapshot(None, None, info))]).entries[0]
    assert "25 fast minutes left · age unknown" in entry


def test_an_empty_answer_takes_no_line() -> None:
    entry = list_page([account(snapshot=InfoSnapshot(NOW, NOW - NOW, Info("")))]).entries[0]
    assert len(entry.splitlines()) == 2


def test_suggesting_among_ten_thousand_accounts_of_a_proxy_hashes_only_what_is_offered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listed = [account(None, reference=reference_to(MJPROXY, f"key-{number}")) for number in range(10_000)]
    hashed: list[bytes] = []
    sha256 = hashlib.sha256

    def counted(content: bytes) -> object:
        hashed.append(content)
        return sha256(content)

    monkeypatch.setattr(hashlib, "sha256", counted)
    assert len(choices(listed, "key")) == len(hashed) == 25
