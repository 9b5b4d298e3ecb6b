"""One entry of the list, and the pages of a whole one, by what they hold."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.accounts import NO_KEY, EntryState, Flag, FlagKind, KnownAccount
from bot.domain.providers import key_of
from bot.providers.mjproxy.entries import REJECTED, kind_of, parse_entry, time_of
from bot.providers.mjproxy.parsing import Page, Reading, listing, offset_of
from bot.providers.redaction import HIDDEN

NOW = datetime(2026, 11, 27, 7, tzinfo=UTC)
WELL = {"id": "one", "channelId": "12", "enable": True, "lock": False, "running": True, "disabledReason": ""}


def entry(**fields: object) -> dict[str, object]:
    return {**WELL, **fields}


# Lock first, then enable, then running


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, EntryState.OK),
        ({"running": False}, EntryState.STARTING),
        ({"running": None}, EntryState.STARTING),
        ({"running": False, "disabledReason": REJECTED}, EntryState.STARTING),
        ({"disabledReason": "Blocked, x"}, EntryState.OK),
        ({"enable": False, "running": False}, EntryState.PAUSED),
        ({"enable": None, "disabledReason": None}, EntryState.PAUSED),
        ({"enable": False, "disabledReason": " "}, EntryState.PAUSED),
        ({"enable": False, "disabledReason": "x"}, EntryState.FLAGGED),
        ({"lock": True}, EntryState.FLAGGED),
        ({"lock": True, "enable": False, "disabledReason": "x"}, EntryState.FLAGGED),
        ({"cfUrl": "https://x.example"}, EntryState.OK),
        ({"lock": None}, EntryState.OK),
        ({"lock": "yes"}, EntryState.UNKNOWN),
        ({"enable": 1}, EntryState.UNKNOWN),
        ({"running": []}, EntryState.UNKNOWN),
        ({"disabledReason": {"text": "x"}}, EntryState.UNKNOWN),
    ],
)
def test_the_state_of_an_entry(fields: dict[str, object], state: EntryState) -> None:
    account = parse_entry(entry(**fields), None, NOW)
    assert account.entry is state
    assert (account.flag is not None) is (state is EntryState.FLAGGED)


def test_a_lock_is_a_captcha_whatever_the_reason_says() -> None:
    account = parse_entry(entry(lock=True, enable=False, disabledReason="Blocked, y", cfUrl="x"), None, NOW)
    assert account.flag == Flag("Blocked, y", FlagKind.CAPTCHA)


@pytest.mark.parametrize(("missing", "is_read"), [("lock", True), ("enable", False), ("running", False)])
def test_an_older_version_that_does_not_tell_the_state_is_marked(missing: str, *, is_read: bool) -> None:
    account = parse_entry({name: it for name, it in WELL.items() if name != missing}, None, NOW)
    assert account.entry is (EntryState.OK if is_read else EntryState.UNKNOWN)


def test_an_entry_without_a_single_field_is_marked() -> None:
    account = parse_entry({}, None, NOW)
    assert (account.entry, key_of(account.reference)) == (EntryState.UNKNOWN, NO_KEY)


@pytest.mark.parametrize("key", [None, "", "..", 1.5, True, "a b", "x" * 101, {"a": 1}])
def test_an_entry_without_an_id_is_marked(key: object) -> None:
    account = parse_entry(entry(id=key), None, NOW)
    assert (key_of(account.reference), account.entry) == (f"{NO_KEY}12", EntryState.UNKNOWN)


def test_an_id_of_older_data_may_be_a_number() -> None:
    account = parse_entry(entry(id=1200000000000000001), None, NOW)
    assert key_of(account.reference) == "1200000000000000001"


@pytest.mark.parametrize(
    ("remark", "label"), [("aurora", "aurora"), (None, "…12"), ("****", "…12"), ("", "…12")]
)
def test_the_label_is_the_remark_or_the_end_of_the_channel(remark: str | None, label: str) -> None:
    account = parse_entry(entry(remark=remark, isDiscord=True), None, NOW)
    assert KnownAccount(account).label == label


def test_a_channel_is_an_id_or_nothing_and_no_credential_cuts_it() -> None:
    fields = entry(channelId="1200000000000000001", isDiscord=True, loginPassword="120000")
    assert parse_entry(fields, None, NOW).discord_channel == "1200000000000000001"
    account = parse_entry(entry(channelId="a.b", isDiscord=True, id="k-1234"), None, NOW)
    assert KnownAccount(account).label == "…1234"


def test_a_block_that_names_its_end_ends_then() -> None:
    fields = entry(enable=False, disabledReason="x", riskControlUnlockTime="2026-11-28T15:00:00")
    account = parse_entry(fields, timedelta(hours=8), NOW)
    assert account.flag == Flag("x", FlagKind.BLOCK, NOW + timedelta(days=1))
    fields |= {"disabledReason": ""}
    account = parse_entry(fields, timedelta(hours=8), NOW)
    assert account.flag == Flag("", FlagKind.BLOCK, NOW + timedelta(days=1))
    later = parse_entry(fields, timedelta(hours=8), NOW + timedelta(days=2))
    assert (later.entry, later.flag) == (EntryState.PAUSED, None)


@pytest.mark.parametrize(
    ("unlocks", "state"),
    [
        ("2026-11-28T15:00:00", EntryState.FLAGGED),
        ("2026-11-27T12:00:00", EntryState.FLAGGED),  # it may be over, or not yet
        ("2026-11-26T12:00:00", EntryState.PAUSED),  # it is over in every zone
        ("2026-11-28T15:00:00+08:00", EntryState.FLAGGED),
        ("2026-11-27T06:00:00+08:00", EntryState.PAUSED),
        ("9999-12-31T23:59:59", EntryState.FLAGGED),
        ("soon", EntryState.FLAGGED),
        ("", EntryState.PAUSED),
        (None, EntryState.PAUSED),
    ],
)
def test_a_block_whose_end_may_be_to_come_is_one_while_the_clock_of_the_proxy_is_unknown(
    unlocks: str | None, state: EntryState
) -> None:
    account = parse_entry(entry(enable=False, disabledReason="", riskControlUnlockTime=unlocks), None, NOW)
    until = datetime.fromisoformat(unlocks) if unlocks and "+" in unlocks else None
    flag = Flag("", FlagKind.BLOCK, until) if state is EntryState.FLAGGED else None
    assert (account.entry, account.flag) == (state, flag)


@pytest.mark.parametrize("hours", [-5, 0, 8, None])
@pytest.mark.parametrize("unlocks", ["0001-01-01T00:00:00", "0001-01-01T00:00:00Z", 0])
def test_a_time_that_stands_for_none_blocks_nothing(unlocks: object, hours: int | None) -> None:
    fields = entry(enable=False, disabledReason="", riskControlUnlockTime=unlocks)
    account = parse_entry(fields, None if hours is None else timedelta(hours=hours), NOW)
    assert (account.entry, account.flag) == (EntryState.PAUSED, None)


@pytest.mark.parametrize("hours", [-5, 0, 8])
def test_the_last_time_of_all_is_the_end_of_a_block_whatever_the_clock_of_the_proxy(hours: int) -> None:
    fields = entry(enable=False, disabledReason="", riskControlUnlockTime="9999-12-31T23:59:59.9999999")
    account = parse_entry(fields, timedelta(hours=hours), NOW)
    assert account.flag is not None
    assert account.flag.until is not None
    assert account.flag.until.year == 9999


def test_a_block_whose_words_name_its_length_has_it_in_the_reason() -> None:
    words = "Blocked, You have been blocked from accessing Midjourney for 3 days"
    account = parse_entry(entry(enable=False, disabledReason=words), None, NOW)
    assert account.flag == Flag(words, FlagKind.BLOCK)
    assert account.flag is not None
    assert account.flag.block_end(NOW) == NOW + timedelta(days=3)


def test_hours_of_both_sorts_are_shown() -> None:
    account = parse_entry(entry(workTime="09:00-17:00", fishingTime="23:00-07:00"), None, NOW)
    assert account.hours == "09:00-17:00, 23:00-07:00"


# Reasons


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("Pending mod message, You have a pending moderation message.", FlagKind.MODERATION),
        ("Pending mod message", FlagKind.MODERATION),
        ("Pending mod message, Your account has been temporarily blocked.", FlagKind.BLOCK),
        ("Pending mod message, please verify you're human", FlagKind.MODERATION),
        ("Blocked", FlagKind.BLOCK),
        ("Blocked, You have a pending moderation message.", FlagKind.MODERATION),
        ("Blocked, read this", FlagKind.BLOCK),
        ("Plan Cancelled, Your plan was cancelled.", FlagKind.PLAN),
        ("Subscription required, Please subscribe", FlagKind.PLAN),
        ("Subscription paused", FlagKind.PLAN),
        ("账号用量已经用完", FlagKind.CREDITS),
        ("Authentication failed.", FlagKind.SESSION),
        ("401: Unauthorized", FlagKind.SESSION),
        ("账号不可用", FlagKind.SESSION),
        ("请求没有操作权限", FlagKind.SESSION),
        ("新的连接失败次数超过限制，禁用账号", FlagKind.SESSION),
        ("由于无法重新连接，自动禁用账号", FlagKind.CONNECTION),
        ("用户 WebSocket 连接异常", FlagKind.CONNECTION),
        ("同步失败超过限制", FlagKind.OTHER),
        ('{"message":"x"', FlagKind.OTHER),
    ],
)
def test_the_kind_of_a_reason(reason: str, kind: FlagKind) -> None:
    assert kind_of(reason) is kind


# Times


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-27T15:00:00", NOW),
        ("2026-11-27T07:00:00Z", NOW),
        ("2026-11-27T06:00:00-01:00", NOW),
        ("2026-11-27T15:00:00.1234567", NOW + timedelta(microseconds=123_456)),
        ("yesterday", None),
        (None, None),
        (7, None),
        ("0001-01-01T00:00:00", None),
        ("0001-01-01T00:00:00Z", None),
    ],
)
def test_a_local_time_is_read_by_the_offset_of_the_proxy(text: object, moment: datetime | None) -> None:
    assert time_of(text, timedelta(hours=8)) == moment


@pytest.mark.parametrize("ticks", ["", "x", None, "-5", "9" * 30, "0"])
def test_a_clock_that_makes_no_sense_has_no_offset(ticks: object) -> None:
    assert offset_of(ticks, NOW) is None


# The whole list


def page_of(*keys: str, total: int, pages: int = 1) -> Page:
    return Page(tuple(parse_entry(entry(id=key), None, NOW) for key in keys), total, pages)


def test_ten_thousand_accounts_are_one_list() -> None:
    pages = [
        page_of(*(f"key{page}-{number}" for number in range(100)), total=10_000, pages=100)
        for page in range(100)
    ]
    whole = listing([Reading(pages)], timedelta())
    assert (len(whole.accounts), whole.is_complete) == (10_000, True)


def test_a_list_is_whole_only_if_all_pages_give_one_total_and_so_many_ids_come() -> None:
    first = page_of("a", "b", total=3, pages=2)
    assert Reading([first, page_of("c", total=3, pages=2)]).is_whole
    assert not Reading([first, page_of("c", total=4, pages=2)]).is_whole
    assert not Reading([first, page_of("b", total=3, pages=2)]).is_whole
    assert not Reading([first, page_of("", total=3, pages=2)]).is_whole
    assert not Reading([first]).is_whole


def test_another_oddity_the_second_time_is_no_agreement() -> None:
    once, again = (Reading([page_of("a", "b", key, total=3)]) for key in ("a", "b"))
    assert not listing([once, again], timedelta()).is_complete
    assert listing([once, once], timedelta()).is_complete


def test_an_entry_without_an_id_is_shown_as_such_if_it_stays() -> None:
    odd = Reading([page_of("a", "", total=2)])
    shown = listing([odd, odd], timedelta())
    assert [account.entry for account in shown.accounts] == [EntryState.OK, EntryState.UNKNOWN]
    assert shown.is_complete


# Credentials that another field repeats


@pytest.mark.parametrize(
    ("credentials", "repeated"),
    [
        ({"userToken": "made-up-secret"}, "made-up-secret"),
        ({"subChannels": ["none", ["made-up-secret"]]}, "made-up-secret"),
        ({"userToken": " made-up-secret\n"}, "made-up-secret"),
        ({"userToken": {"value": "made-up-secret"}}, "made-up-secret"),
        ({"cookie": "made-up", "userToken": "made-up-secret"}, "made-up-secret"),
        ({}, "https://1.discordsays.com/made-up-secret"),
        ({}, "http://x.example/captcha/made-up-secret"),
    ],
)
@pytest.mark.parametrize("field", ["remark", "disabledReason", "workTime", "properties"])
def test_a_credential_is_hidden_wherever_an_entry_repeats_it(
    credentials: dict[str, object], repeated: str, field: str
) -> None:
    said = f"Use {repeated} now"
    fields = {**credentials, field: {"Plan": said} if field == "properties" else said}
    shown = repr(parse_entry(entry(**fields, enable=False), None, NOW))
    assert "secret" not in shown
    if field == "disabledReason":
        assert f"Use {HIDDEN} now" in shown


@pytest.mark.parametrize(
    ("secret", "said", "shown"),
    [
        ("k7", "Login k7 failed", f"Login {HIDDEN} failed"),
        ("k7", "密码k7错误", f"密码{HIDDEN}错误"),
        (12345, "Login failed: 12345.", f"Login failed: {HIDDEN}."),
        ("log", "Login failed", "Login failed"),
        ("****", "Login failed", "Login failed"),
    ],
)
def test_a_short_credential_is_hidden_where_it_is_a_word(secret: object, said: str, shown: str) -> None:
    account = parse_entry(entry(loginPassword=secret, disabledReason=said, enable=False), None, NOW)
    assert account.flag is not None
    assert account.flag.text == shown


# Cached info


def test_of_the_cached_info_only_known_lines_are_kept() -> None:
    properties = {"Job Mode": "Fast", "job  mode": "Turbo", "Host": "proxyhost", "Queued Jobs (fast)": 1}
    account = parse_entry(entry(properties=properties), None, NOW)
    assert account.info is not None
    assert account.info.info.text == "Job Mode: Fast\njob  mode: Turbo"
    assert parse_entry(entry(properties={"Host": "proxyhost"}), None, NOW).info is None
