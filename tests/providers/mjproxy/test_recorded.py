"""What each of the 74 recorded answers becomes."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from bot.domain.accounts import Account, EntryState, FlagKind, KnownAccount
from bot.domain.secret import SecretStr
from bot.providers.errors import Gone, NotConfigured, ProviderError, Rejected, Unauthorized, Unreachable
from bot.providers.http_response import ApiRequest, ApiResponse
from bot.providers.mjproxy.entries import parse_entry
from bot.providers.mjproxy.error_mapping import Endpoint, own
from bot.providers.mjproxy.parsing import (
    Page,
    parse_health,
    parse_home,
    parse_link,
    parse_page,
    require_success,
)
from bot.render.error_messages import next_step, what
from tests.simulators.mjproxy.cases import NAMES, Recorded, recorded

NOW = datetime(2026, 11, 27, 7, tzinfo=UTC)
SECRETS = ("made-up-token", "CAPTCHA-TOKEN", "HASH-MADE-UP", "OOHASH", "discordsays")

Read = Callable[[ApiResponse, ApiRequest], object]

ENDPOINTS: dict[tuple[str, str], tuple[Endpoint, Read]] = {
    ("POST", "accounts"): (Endpoint.LIST, partial(parse_page, offset=timedelta())),
    ("POST", "accounts-enable"): (Endpoint.ENABLE, require_success),
    ("GET", "accounts-enable"): (Endpoint.ENABLE, require_success),
    ("GET", "account-cf"): (Endpoint.LINK, parse_link),
    ("POST", "account-cf"): (Endpoint.SOLVED, require_success),
    ("POST", "account-sync"): (Endpoint.SYNC, require_success),
    ("DELETE", "account"): (Endpoint.REMOVE, require_success),
    ("GET", "home"): (Endpoint.HOME, parse_home),
    ("GET", "health"): (Endpoint.HEALTH, parse_health),
}


def response(it: Recorded) -> ApiResponse:
    return ApiResponse(it.status, it.headers.get("content-type", ""), it.content, None, NOW)


def become(name: str) -> object:
    """Read a recorded answer as the client does; what it asks never comes back as another type."""
    it = recorded(name)
    words = it.path.partition("?")[0].strip("/").split("/")
    what = words[words.index("admin") + 1] if "admin" in words else words[-1]
    endpoint, read = ENDPOINTS.get((it.method, what), (Endpoint.REMOVE, require_success))
    try:
        return read(response(it), ApiRequest(endpoint))
    except ProviderError as error:
        return own(error)


LISTS = {
    "list-full-house": 11,
    "list-several": 12,
    "list-starting": 12,
    "list-just-enabled": 12,
    "list-discord-was-out": 11,
    "list-captcha": 1,
    "list-captcha-no-link": 1,
    "list-paused": 1,
    "list-demo-anonymous": 10,
    "list-page-1-of-3": 5,
    "list-page-2-of-3": 5,
    "list-page-3-of-3": 1,
    **dict.fromkeys(
        (
            *("accepted-raw-authorization", "list-empty", "list-body-empty-object", "list-page-zero"),
            *("list-page-negative", "list-page-past-the-end"),
        ),
        0,
    ),
}
DONE = (
    *("captcha-solved", "captcha-solved-not-locked", "delete", "add", "pause-by-reconnect", "sync"),
    *("sync-says-ok-nothing-new", "sync-while-locked"),
    *("enable-one", "enable-five", "enable-all-after-outage", "enable-unknown"),
)
LINKS = ("captcha-link", "captcha-link-fresh", "captcha-link-after-failure")
ERRORS: dict[str, tuple[type[ProviderError], str]] = {
    **dict.fromkeys(
        (
            *("refused-authorization-wins", "refused-bearer", "refused-no-token", "refused-not-admin"),
            "refused-wrong-token",
        ),
        (Unauthorized, "midjourney-proxy refused the token, or it is no administrator's."),
    ),
    **dict.fromkeys(
        ("captcha-solved-demo", "enable-demo", "sync-demo", "list-demo-page-11"),
        (
            Unauthorized,
            "midjourney-proxy is in demo mode and does not take the token for an administrator's.",
        ),
    ),
    **dict.fromkeys(
        (
            "account-unknown",
            "captcha-link-unknown",
            "captcha-solved-unknown",
            "delete-unknown",
            "sync-unknown",
        ),
        (NotConfigured, "midjourney-proxy has no such account configured."),
    ),
    **dict.fromkeys(
        ("no-such-path", "no-such-path-double-mj"),
        (Gone, "What answers at MJPROXY_URL is not midjourney-proxy."),
    ),
    **dict.fromkeys(
        ("list-without-redis", "home-without-redis", "list-body-null-search"),
        (Unreachable, "midjourney-proxy has a server error (500)."),
    ),
    **dict.fromkeys(
        (
            *("list-body-array", "list-body-broken", "list-body-none", "list-page-text", "enable-null"),
            *("add-again", "enable-none"),
        ),
        (Rejected, "midjourney-proxy refused the request."),
    ),
    **dict.fromkeys(
        ("sync-no-instance", "sync-outside-hours"),
        (Rejected, "midjourney-proxy has not started this account, so it cannot ask Midjourney."),
    ),
    "captcha-link-not-locked": (Rejected, "midjourney-proxy has no CAPTCHA link for this account."),
    "captcha-link-fails": (Unreachable, "midjourney-proxy could not get a CAPTCHA link."),
    "sync-not-connected": (Unreachable, "midjourney-proxy got no answer from Midjourney."),
    "list-wrong-content-type": (Rejected, "midjourney-proxy refused the request (415)."),
    "wrong-method": (
        Rejected,
        "This midjourney-proxy is older than 11.9.1 and lets no other program enable accounts.",
    ),
}
READ_ELSEWHERE = (
    *("account", "account-utc-plus-8", "get-enabled-only", "get-enabled-only-without-redis"),
    *("home", "home-demo", "home-utc-plus-8", "health"),
)


def test_each_recorded_answer_is_read_in_a_test() -> None:
    read = [*LISTS, *DONE, *LINKS, *ERRORS, *READ_ELSEWHERE]
    assert sorted(read) == list(NAMES)


@pytest.mark.parametrize("name", LISTS)
def test_a_page_of_the_list_is_read(name: str) -> None:
    page = become(name)
    assert isinstance(page, Page)
    assert len(page.accounts) == LISTS[name]
    assert page.total == recorded(name).body["pagination"]["total"]
    assert page.page_count == recorded(name).body["pagination"]["pageCount"]
    assert EntryState.UNKNOWN not in {account.entry for account in page.accounts}
    assert not any(secret in repr(page) for secret in SECRETS)


@pytest.mark.parametrize("name", DONE)
def test_what_was_done_is_done(name: str) -> None:
    assert become(name) is None


@pytest.mark.parametrize("name", LINKS)
def test_of_an_account_with_a_captcha_the_link_alone_is_read_and_hides_itself(name: str) -> None:
    link = become(name)
    assert not any(secret in repr(link) for secret in SECRETS)
    assert isinstance(link, SecretStr)
    assert link.get_secret_value().startswith("https://editor.midjourney.com/captcha/")


@pytest.mark.parametrize("name", ERRORS)
def test_a_refusal_becomes_one_sentence(name: str) -> None:
    error = become(name)
    assert isinstance(error, ProviderError)
    kind, sentence = ERRORS[name]
    assert (type(error), what(error)) == (kind, sentence)
    assert next_step(error).endswith(".")


@pytest.mark.parametrize(
    ("name", "offset"),
    [("home", 0), ("home-demo", 0), ("home-utc-plus-8", 8)],
)
def test_version_demo_mode_and_clock_are_read_from_home_and_nothing_of_the_machine(
    name: str, offset: int
) -> None:
    it = recorded(name)
    local = datetime(1, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(it.body["timestamp"]) // 10)
    at = local - timedelta(hours=offset, seconds=7)
    home = parse_home(ApiResponse(200, "", it.content, None, at), ApiRequest(Endpoint.HOME))
    assert (home.version, home.is_demo, home.enables) == ((11, 10, 3, 0), name == "home-demo", True)
    assert home.offset == timedelta(hours=offset)
    assert "proxyhost" not in repr(home)


def test_health_is_well() -> None:
    assert become("health") is True


@pytest.mark.parametrize("name", ["account", "account-utc-plus-8"])
def test_one_account_that_was_asked_for_by_its_id_reads_the_same_but_never_runs(name: str) -> None:
    account = parse_entry(recorded(name).body, timedelta(hours=8), NOW)
    assert (account.title, account.entry) == ("account 1", EntryState.STARTING)
    assert account.info is not None
    assert account.info.taken_at is not None
    assert account.info.taken_at.hour in {22, 23} or account.info.taken_at.day == 26


def test_the_list_that_hides_what_is_disabled_has_entries_of_the_same_form() -> None:
    entries = [parse_entry(entry, timedelta(), NOW) for entry in recorded("get-enabled-only").body]
    assert [account.entry for account in entries] == [
        *(EntryState.OK, EntryState.STARTING, EntryState.FLAGGED),
        *(EntryState.OK, EntryState.STARTING, EntryState.STARTING),
    ]
    assert recorded("get-enabled-only-without-redis").body == []


# What the entries say


def stands(name: str) -> dict[str, tuple[EntryState, FlagKind | None]]:
    page = become(name)
    assert isinstance(page, Page)
    return {
        account.title or "": (account.entry, account.flag and account.flag.kind) for account in page.accounts
    }


def flagged(kind: FlagKind) -> tuple[EntryState, FlagKind]:
    return EntryState.FLAGGED, kind


OK, STARTING, PAUSED = ((state, None) for state in (EntryState.OK, EntryState.STARTING, EntryState.PAUSED))


def test_the_full_house() -> None:
    assert stands("list-full-house") == {
        "account 1": OK,
        "account 2": flagged(FlagKind.MODERATION),
        "account 3": STARTING,
        "account 4": flagged(FlagKind.CAPTCHA),
        "account 5": OK,
        "account 6": flagged(FlagKind.SESSION),
        "account 7": flagged(FlagKind.PLAN),
        "account 8": flagged(FlagKind.CREDITS),
        "account 10": PAUSED,
        "account 11": STARTING,
        "account 12": STARTING,
    }


def test_after_the_network_was_lost() -> None:
    assert stands("list-discord-was-out") == {
        **dict.fromkeys(("account 1", "account 2", "account 3", "account 11"), STARTING),
        **dict.fromkeys(("account 4", "account 5", "account 7", "account 12"), flagged(FlagKind.CONNECTION)),
        "account 6": flagged(FlagKind.SESSION),
        "account 8": flagged(FlagKind.CREDITS),
        "account 10": PAUSED,
    }


def test_when_it_has_just_been_enabled_the_old_reason_is_a_cause_and_no_flag() -> None:
    page = become("list-just-enabled")
    assert isinstance(page, Page)
    (second,) = (account for account in page.accounts if account.title == "account 2")
    assert (second.entry, second.flag) == (EntryState.STARTING, None)
    assert second.hint is not None
    assert second.hint.text.startswith("Pending mod message, You have a pending moderation message.")


def test_a_lock_comes_before_enable() -> None:
    for name in ("list-captcha", "list-captcha-no-link"):
        locked = lone(name)
        assert (locked.entry, locked.flag and locked.flag.kind) == (EntryState.FLAGGED, FlagKind.CAPTCHA)
    enabled = [recorded(name).body["list"][0]["enable"] for name in ("list-captcha", "list-captcha-no-link")]
    assert enabled == [True, False]


def test_an_account_paused_while_healthy_is_paused() -> None:
    paused = lone("list-paused")
    assert (paused.entry, paused.flag, paused.hint) == (EntryState.PAUSED, None, None)


def test_hours_and_links_and_labels() -> None:
    page, demo = become("list-full-house"), become("list-demo-anonymous")
    assert isinstance(page, Page)
    assert isinstance(demo, Page)
    named = {account.title: account for account in page.accounts}
    assert named["account 11"].hours == "00:00-00:01"
    assert named["account 1"].hours == ""
    assert named["account 1"].link == "https://discord.com/channels/110000000000000001/1200000000000000001"
    assert named["account 10"].link is None
    labels = [KnownAccount(account).label for account in demo.accounts]
    assert labels[:3] == ["…0011", f"…{(named['account 10'].discord_channel or '')[-4:]}", "…0012"]
    assert not labels[1].endswith(named["account 10"].reference[-4:])


def test_the_cached_info_comes_with_its_age_and_the_exact_renewal() -> None:
    info = lone("list-captcha").info
    assert info is not None
    assert info.taken_at == datetime(2026, 11, 27, 6, 20, 38, 193_761, tzinfo=UTC)
    assert info.info.fast_time is not None
    assert (info.info.fast_time.left, info.info.fast_time.percent) == (14.28, 95.2)
    assert info.info.subscription is not None
    assert info.info.subscription.renews == datetime(2026, 12, 26, 16, tzinfo=UTC)
    assert info.info.others == ()


def lone(name: str) -> Account:
    page = become(name)
    assert isinstance(page, Page)
    (account,) = page.accounts
    return account


def test_a_body_cut_in_half_is_not_understood() -> None:
    it = recorded("list-full-house")
    body = json.dumps(it.body).encode()
    with pytest.raises(ProviderError, match="garbled"):
        parse_page(
            ApiResponse(200, "", body[: len(body) // 2], None, NOW), ApiRequest(Endpoint.LIST), timedelta()
        )
