"""A month that a visitor of the demo lets pass: what shows it, and that nothing is told falsely."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, expect

from bot.domain.incidents import Incident, State, new_key
from bot.domain.providers import MJPROXY, USEAPI
from bot.storage import Store
from tests.demo.demo import seed, seed_proxy
from tests.demo.month import MEANWHILE, MONTH, renew
from tests.demo.page import Living
from tests.demo.past import DATABASE, DAY, MODERATED, labelled, remember
from tests.simulators.mjproxy import SimulatedMjproxy
from tests.simulators.useapi import SimulatedUseapi
from tests.support.browsing import in_a_browser, visiting

DATE: Final = "new Intl.DateTimeFormat(undefined, { dateStyle: '%s' }).format(Date.now() + %d)"
IN_MS: Final = 1_000


@in_a_browser
async def test_a_month_passes_of_which_the_history_tells_and_no_message(browser: Browser) -> None:
    async with visiting(browser, 390, 844, providers=(USEAPI, Living.key, MJPROXY)) as visitor:
        hello = visitor.messages("dm").first
        await expect(hello.locator(".head time")).to_have_text(re.compile("^[0-9]+:"))
        await visitor.open("status")
        board = visitor.messages("status").first
        await expect(board).to_contain_text("watched")
        await visitor.button("Let a month pass").click()
        weekday, day = [
            await visitor.page.evaluate(DATE % (style, MONTH.total_seconds() * IN_MS))
            for style in ("full", "long")
        ]
        await expect(visitor.page.locator("#strip")).to_contain_text(f"Here it is {weekday}")
        await expect(board).to_contain_text(f"As of {day}")  # of the same board, so that the bot has polled
        await visitor.open("midjourney")
        await visitor.use("mjhistory")
        await expect(visitor.messages().last).to_contain_text("9 incidents")
        await expect(visitor.messages().last).to_contain_text("lagoon")
        await visitor.use("mjusage", account="basalt")
        await expect(visitor.messages().last).to_contain_text("At this pace")
        await expect(hello.locator(".head time")).to_have_text(re.compile("^[0-9]+/[0-9]+/[0-9]+ [0-9]+:"))
        await expect(visitor.messages("dm")).to_have_count(1)
        await expect(visitor.messages("status")).to_have_count(2)  # the board, and that it was pinned
        await expect(visitor.page).to_have_title("Midwatch demo")
        assert await visitor.sideways() == []


def test_every_plan_renews_within_a_month_whenever_the_demo_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    start = datetime(2031, 4, 1, tzinfo=UTC)
    monkeypatch.setattr("tests.demo.demo.utc_now", lambda: start)
    useapi, proxy = SimulatedUseapi(now=lambda: start), SimulatedMjproxy(now=lambda: start)
    seed(useapi)
    seed_proxy(proxy)
    known = labelled([*useapi.accounts.values(), *proxy.accounts.values()]).values()
    plans = [each.info.standing.subscription for each in known if each.info]
    renewals = [each.renews for each in plans if each and each.renews]
    assert len(renewals) == 11  # all but a trial and the account that was never asked
    assert all(start < each <= start + MONTH for each in renewals)


def test_a_plan_has_renewed_after_a_month_with_as_much_fast_time_and_more_images() -> None:
    now = datetime.now(UTC)
    useapi, proxy = SimulatedUseapi(), SimulatedMjproxy()
    seed(useapi)
    seed_proxy(proxy)
    for account in (*useapi.accounts.values(), *proxy.accounts.values()):
        ((label, before),) = labelled([account]).items()
        renew(account, now + MONTH)
        after = labelled([account])[label]
        if before.info is None or after.info is None:
            continue
        old, new = before.info.standing, after.info.standing
        assert new.fast_time == old.fast_time
        assert old.lifetime is None or (new.lifetime and new.lifetime.images > old.lifetime.images + 1_000)
        if old.subscription and old.subscription.renews:
            assert new.subscription
            assert new.subscription.renews == old.subscription.renews + MONTH


async def test_what_is_flagged_when_a_month_passes_stays_so_for_all_of_it(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    useapi = SimulatedUseapi()
    seed(useapi)
    accounts = labelled(useapi.accounts.values())
    await remember(accounts, [1], tmp_path, now)
    flagged = accounts["aurora"].reference
    incident = Incident(
        new_key(), State.OPEN, now, now, reference=flagged, flag=MODERATED, worst_kind=MODERATED.kind
    )
    async with Store.open(tmp_path / DATABASE) as store:
        await store.watch.save(incidents=[incident])
    await remember(accounts, [1], tmp_path, now + MONTH, MEANWHILE, MONTH - DAY)
    async with Store.open(tmp_path / DATABASE) as store:
        past = await store.history.history(now, now + MONTH, [USEAPI])
    told = [each.reference for each in past.episodes]
    assert told.count(flagged) == 1
    assert told.count(accounts["basalt"].reference) == 2
