"""The invented past of the demo: worth looking at, and nothing that its first minutes would tell of."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from playwright.async_api import Browser, expect

from bot.domain.accounts import Account, FlagKind
from bot.domain.incidents import ServiceProblem
from bot.domain.providers import MJPROXY, USEAPI
from bot.incidents.transaction import ENDED_STAYS
from bot.storage import Store
from tests.demo.demo import seed, seed_proxy
from tests.demo.past import DATABASE, DAY, LENGTH, labelled, remember
from tests.simulators.mjproxy import SimulatedMjproxy
from tests.simulators.useapi import SimulatedUseapi
from tests.support.browsing import in_a_browser, visiting

PEOPLE = (1, 2)
SECOND = timedelta(seconds=1)


async def remembered(folder: Path) -> dict[str, Account]:
    """Write the past of all accounts into a folder, and return these by label."""
    useapi, proxy = SimulatedUseapi(), SimulatedMjproxy()
    seed(useapi)
    seed_proxy(proxy)
    accounts = labelled([*useapi.accounts.values(), *proxy.accounts.values()])
    await remember(accounts, PEOPLE, folder, datetime.now(UTC))
    return accounts


async def test_six_weeks_hold_incidents_of_many_kinds_what_people_did_an_outage_and_an_absence(
    tmp_path: Path,
) -> None:
    accounts = await remembered(tmp_path)
    now = datetime.now(UTC)
    async with Store.open(tmp_path / DATABASE) as store:
        past = await store.history.history(now - LENGTH, now, [USEAPI, MJPROXY])
    assert set(past.watched) == {each.reference for each in accounts.values()}
    assert all(each.start < now - LENGTH + 10 * SECOND for each in past.watched.values())
    kinds = {each.kind for each in past.episodes}
    assert kinds == {
        FlagKind.MODERATION, FlagKind.CAPTCHA, FlagKind.BLOCK, FlagKind.PLAN, FlagKind.SESSION
    }  # fmt: skip
    assert [each.incident and each.incident.problem for each in past.blanks] == [
        ServiceProblem.UNREACHABLE,
        ServiceProblem.AWAY,
    ]
    assert {each.actor_id for each in past.actions} == set(PEOPLE)


async def test_fast_time_goes_down_and_renews_up_to_what_the_account_answers_now(tmp_path: Path) -> None:
    accounts = await remembered(tmp_path)
    now = datetime.now(UTC)
    async with Store.open(tmp_path / DATABASE) as store:
        samples = await store.usage.samples(accounts["aurora"].reference, now - LENGTH)
    left = [each.fast_left or 0.0 for each in samples]
    assert left[-1] == 33.4
    rises = [after - before for before, after in pairwise(left) if after > before]
    assert len(rises) in {1, 2}
    assert min(rises) > 30
    assert len(samples) >= LENGTH.days
    assert max(after.taken_at - before.taken_at for before, after in pairwise(samples)) <= DAY


async def test_nothing_of_the_past_goes_on_or_is_recent_enough_to_be_repeated(tmp_path: Path) -> None:
    await remembered(tmp_path)
    now = datetime.now(UTC)
    async with Store.open(tmp_path / DATABASE) as store:
        assert await store.watch.load_incidents(now - ENDED_STAYS) == ()
        assert await store.watch.load_messages(now - LENGTH) == ()
        for provider in (USEAPI, MJPROXY):
            last = await store.last_success(provider)
            assert last is not None
            assert now - last < 10 * SECOND


@in_a_browser
async def test_the_past_is_there_at_the_start_and_no_message_tells_of_it(browser: Browser) -> None:
    async with visiting(browser, width=390) as visitor:
        await visitor.use("mjhistory")
        await expect(visitor.messages().last).to_contain_text("7 incidents")
        await expect(visitor.messages().last.get_by_role("img", name="accounts")).to_be_visible()
        await visitor.use("mjusage", account="basalt")
        await expect(visitor.messages().last).to_contain_text("At this pace")
        picture = visitor.messages().last.locator("a img")
        await expect(picture).to_have_js_property("complete", True)  # noqa: FBT003 - a value of the page
        alert = await visitor.alert("basalt", "Moderation")
        await expect(alert).not_to_contain_text("again")
        await expect(visitor.messages("dm")).to_have_count(2)
