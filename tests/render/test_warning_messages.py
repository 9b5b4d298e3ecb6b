"""The message about warnings reads well on a lock screen and a phone, for one account and for a thousand."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.account_info import InfoSnapshot
from bot.domain.accounts import Account, KnownAccount
from bot.domain.messages import Message, MessageItem, Purpose, Route
from bot.domain.providers import reference_to
from bot.domain.warnings import AccountWarning, Concern
from bot.render.account_choices import choice_name
from bot.render.alert_messages import content_of
from bot.render.message_content import MessageContent
from bot.render.phrases import state_words
from tests.support.render_samples import assert_harmless, seen

AT = datetime(2026, 11, 28, 12, tzinfo=UTC)
END = datetime(2026, 12, 3, 9, tzinfo=UTC)
RUNWAY = reference_to("useapi/runwayml", "studio@example.com")
NAMES = {"1": "Aurora", "2": "Borealis", "3": "Cirrus", RUNWAY: "Studio"}
ACCOUNTS = {key: KnownAccount(Account(key), name) for key, name in NAMES.items()}


def warning(
    concern: Concern, reference: str = "1", *, ended: datetime | None = None, dated: bool = True
) -> AccountWarning:
    return AccountWarning(
        concern=concern,
        period=END,
        is_dated=dated,
        key=f"{concern}{reference}",
        reference=reference,
        since=AT,
        ended_at=ended,
    )


def shown(
    *warnings: AccountWarning, accounts: dict[str, KnownAccount] = ACCOUNTS, route: Route = Route.DM
) -> str:
    """Return all of a message as a person reads it."""
    return seen(content(warnings, accounts, route))


def content(
    warnings: Iterable[AccountWarning], accounts: dict[str, KnownAccount], route: Route = Route.DM
) -> MessageContent:
    by_key = {each.key: each for each in warnings}
    entries = tuple(MessageItem(key, None) for key in by_key)
    message = Message(
        "0" * 32, 5, Purpose.WARNING, notify=False, created_at=AT, due_at=AT, entries=entries, route=route
    )
    return content_of(message, {}, accounts, warnings=by_key)


@pytest.mark.parametrize(
    ("concern", "first"),
    [
        (Concern.EMPTY, "⚠️ Aurora: no fast time left until Thu 3 Dec"),
        (Concern.LOW, "⚠️ Aurora: little fast time left until Thu 3 Dec"),
        (Concern.CANCELLED, "⚠️ Aurora: plan cancelled, ends Thu 3 Dec"),
        (Concern.PAUSED, "⚠️ Aurora: plan paused"),
        (Concern.ENDING, "⚠️ Aurora: plan ends Thu 3 Dec"),
        (Concern.EXPIRING, "⚠️ Aurora: session expires Thu 3 Dec"),
    ],
)
def test_the_first_line_says_it_all(concern: Concern, first: str) -> None:
    assert shown(warning(concern)).splitlines()[0] == first


def test_one_alone_has_the_exact_time() -> None:
    at = f"{END.timestamp():.0f}"
    assert f"**Aurora** · ⚠️ plan ends <t:{at}:f> (<t:{at}:R>)" in shown(warning(Concern.ENDING))


def test_without_a_date_none_is_named() -> None:
    assert shown(warning(Concern.CANCELLED, dated=False)).splitlines()[0] == "⚠️ Aurora: plan cancelled"


def test_several_are_listed_the_most_urgent_first_and_what_is_over_last() -> None:
    sooner = replace(warning(Concern.EXPIRING, RUNWAY), period=AT)
    over = warning(Concern.LOW, "2", ended=AT)
    assert shown(warning(Concern.PAUSED), over, sooner) == (
        "⚠️ 2 warnings: Studio and Aurora\n"
        "**Studio** · ⚠️ session expires Sat 28 Nov\n"
        "**Aurora** · ⚠️ plan paused\n"
        "**Borealis** · ✅ fast time is back\n"
        "[What to do]\n"
        "Plans and fast time: midjourney.com, with the login of the account.\n"
        "Sessions: give useapi.net the login again: "
        "[Runway](<https://useapi.net/docs/start-here/setup-runwayml>).\n"
        "Midwatch · 000000000000"
    )


@pytest.mark.parametrize(
    ("over", "first"),
    [
        (warning(Concern.LOW, ended=END), "✅ Aurora: fast time has renewed"),
        (warning(Concern.EMPTY, ended=AT), "✅ Aurora: fast time is back"),
        (warning(Concern.CANCELLED, ended=END), "✅ Aurora: plan renewed"),
        (warning(Concern.PAUSED, ended=AT), "✅ Aurora: plan goes on"),
        (warning(Concern.EXPIRING, ended=AT), "✅ Aurora: logged in again"),
    ],
)
def test_an_edit_says_how_it_was_put_right(over: AccountWarning, first: str) -> None:
    assert shown(over).splitlines()[0] == first


def test_an_account_that_is_gone_is_not_called_right() -> None:
    gone = {"1": replace(ACCOUNTS["1"], is_listed=False)}
    assert "⚪ Aurora: not configured any more" in shown(warning(Concern.PAUSED, ended=AT), accounts=gone)


@pytest.mark.parametrize("ended", [AT, END])
@pytest.mark.parametrize("text", ["Subscription: None (Trial)", "Fast Time Remaining: 25.00 minutes"])
def test_a_plan_that_has_ended_is_not_called_renewed(ended: datetime, text: str) -> None:
    without = {"1": replace(ACCOUNTS["1"], snapshot=InfoSnapshot(END, None, text))}
    over = warning(Concern.CANCELLED, ended=ended)
    assert shown(over, accounts=without).splitlines()[0] == "⚪ Aurora: no plan in the last answer"


def test_all_over() -> None:
    words = shown(warning(Concern.PAUSED, ended=AT), warning(Concern.LOW, "2", ended=AT))
    assert words.startswith("✅ All 2 warnings are over\n")
    assert "What to do" not in words


def test_a_thousand_are_counted_and_the_first_listed() -> None:
    accounts = {str(number): KnownAccount(Account(str(number)), "`*@everyone" * 9) for number in range(1_000)}
    posted = content([warning(Concern.CANCELLED, each) for each in accounts], accounts)
    assert "1,000 warnings" in posted.content
    assert "and 980 more warnings: see /mjaccounts" in seen(posted)
    assert len(posted.embeds[0]) < 4_000
    assert_harmless(seen(posted))


def test_in_the_channel_it_says_for_whom() -> None:
    assert "for <@5>" in shown(warning(Concern.PAUSED), route=Route.CHANNEL)


def test_an_account_with_a_warning_is_not_plainly_ready() -> None:
    notices = tuple(warning(each) for each in (Concern.EMPTY, Concern.PAUSED, Concern.EXPIRING))
    known = replace(ACCOUNTS["1"], warnings=notices)
    assert state_words(known) == "✅ ready · ⚠️ no fast time left until Thu 3 Dec"
    assert choice_name(known) == "Aurora · ✅ ready · ⚠️ no fast time left until Thu 3 Dec · …1"
