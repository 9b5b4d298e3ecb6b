"""`/mjusage`, used as a person uses it."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from bot.domain.account_info import InfoSnapshot
from bot.domain.charts import Chart, Level, Levels, Picture, UsageCurve
from bot.domain.clock import utc_now
from bot.pictures.process import Pictures
from bot.storage import Store
from tests.simulators.mjproxy import SimulatedMjproxy
from tests.simulators.useapi import Endpoint, SimulatedAccount
from tests.support.clock import DAY, SECOND
from tests.support.pictures import png
from tests.support.reading import buttons, text
from tests.support.running import Bot, Visitor

if TYPE_CHECKING:
    from tests.conftest import Leaks

Point = tuple[float, float]
"""How many days ago, and how many fast hours were left."""
STEADY: tuple[Point, ...] = tuple((days, 10.0 + days) for days in range(7, -1, -1))
"""One hour a day."""


NO_PICTURE = "The picture could not be drawn. The figures are all here."


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Chart]:
    """Note the charts instead of drawing them, which takes seconds."""
    charts: list[Chart] = []

    async def draw(_: Pictures, chart: Chart, *, name: str, description: str) -> Picture:
        charts.append(chart)
        return Picture(name, png(8, 4, 0x55), description)

    monkeypatch.setattr(Pictures, "draw", draw)
    return charts


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no picture be possible."""

    async def draw(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr(Pictures, "draw", draw)


async def remember(
    bot: Bot, account: SimulatedAccount, *points: Point, renews_in: int = 20, per_day: int = 100
) -> datetime:
    """Write answers to `/info` as an earlier run would have, and return when the plan renews."""
    now = utc_now().replace(microsecond=0)
    renews = now + renews_in * DAY
    async with Store.open(bot.database) as store:
        for days, left in points:
            text = (
                f"Subscription: Pro (Active monthly, renews next on <t:{renews.timestamp():.0f}>)\n"
                f"Fast Time Remaining: {left}/30.0 hours\n"
                f"Lifetime Usage: {100_000 - round(per_day * days)} images (12 hours)"
            )
            await store.record_info(account.channel, InfoSnapshot(now - days * DAY, None, text))
    return renews


def plain(at: datetime) -> str:
    return f"{at:%B %-d}"


def day(at: datetime) -> str:
    return f"<t:{at.timestamp():.0f}:D>"


async def test_it_says_how_long_the_fast_time_lasts_at_the_pace_of_the_last_days(
    bot: Bot, ada: Visitor, drawn: list[Chart]
) -> None:
    account = bot.api.add()
    renews = await remember(bot, account, *STEADY)
    await bot.start()
    await ada.ask("mjname", account=account.channel, name="aurora")
    message = await ada.ask("mjusage", account=account.channel)
    shown = text(message)
    assert "**10 of 30 fast hours left** as of <t:" in shown
    assert f"At this pace (1 h a day) empty on {day(renews - 10 * DAY)}, renews on {day(renews)}." in shown
    assert "Images a day: 100 on average, 100 on " in shown
    assert "(7 of 30 days known)" in shown
    assert bot.api.count(Endpoint.INFO) == 0
    (picture,) = message["attachments"]
    assert message["embeds"][0]["image"]["url"] == picture["url"]
    assert picture["description"] == (
        f"Fast hours left of aurora: 17 on {plain(renews - 27 * DAY)}, 10 on {plain(renews - 20 * DAY)}. "
        f"At this pace empty on {plain(renews - 10 * DAY)}. Renews on {plain(renews)}. "
        "Images a day: 100 to 100 on 7 known days."
    )
    (curve,) = drawn
    assert isinstance(curve, UsageCurve)
    assert curve.fast_left == tuple((renews - (20 + days) * DAY, left) for days, left in STEADY)
    assert curve.pace is not None
    assert (curve.pace.start, curve.pace.left, curve.pace.left_at_end) == (renews - 20 * DAY, 10.0, 0.0)
    assert abs(curve.pace.end - (renews - 10 * DAY)) < SECOND
    assert [number for _, number in curve.images] == [100] * 7


async def test_a_pace_that_lasts_is_drawn_to_the_renewal(bot: Bot, ada: Visitor, drawn: list[Chart]) -> None:
    account = bot.api.add()
    renews = await remember(bot, account, *STEADY, renews_in=4)
    await bot.start()
    await ada.ask("mjusage", account=account.channel)
    (curve,) = drawn
    assert isinstance(curve, UsageCurve)
    assert curve.pace is not None
    assert (curve.pace.start, curve.pace.left, curve.pace.end) == (renews - 4 * DAY, 10.0, renews)
    assert curve.pace.left_at_end == pytest.approx(6.0)


async def test_the_picture_comes_as_a_true_one(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    await remember(bot, account, *STEADY)
    await bot.start()
    (picture,) = (await ada.ask("mjusage", account=account.channel))["attachments"]
    content = bot.world.file(picture["url"])
    assert content is not None
    assert content.startswith(b"\x89PNG")
    assert len(content) > 5_000


@pytest.mark.usefixtures("undrawn")
async def test_where_no_picture_can_be_drawn_the_figures_say_so(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    await remember(bot, account, *STEADY)
    await bot.start()
    for message in (await ada.ask("mjusage", account=account.channel), await ada.ask("mjusage")):
        assert "10 of 30 fast hours left" in text(message)
        assert NO_PICTURE in text(message)
        assert message["attachments"] == []


@pytest.mark.usefixtures("drawn")
async def test_only_the_days_asked_for_count_images(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    await remember(bot, account, *STEADY)
    await bot.start()
    assert "(3 of 4 days known)" in text(await ada.ask("mjusage", account=account.channel, days=4))


@pytest.mark.usefixtures("drawn")
@pytest.mark.parametrize("points", [[(0.5, 12.0)], [(0.5, 12.0), (0.1, 11.0)]])
async def test_too_few_answers_say_so_and_how_to_get_more(
    bot: Bot, ada: Visitor, points: list[Point]
) -> None:
    account = bot.api.add()
    renews = await remember(bot, account, *points)
    await bot.start()
    message = await ada.ask("mjusage", account=account.channel)
    shown = text(message)
    assert "Too few answers of the last 7 days" in shown
    assert "/mjinfo asks for new numbers" in shown
    assert f"\nRenews on {day(renews)}." in shown
    assert "empty on" not in shown
    assert "Info" in buttons(message)


async def test_one_answer_has_no_picture_and_no_images(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    await remember(bot, account, (0.5, 12.0))
    await bot.start()
    shown = text(await ada.ask("mjusage", account=account.channel))
    assert "Images a day: not known, as that takes answers on two days in a row. /mjinfo asks" in shown
    assert "No picture: it takes two answers within 30 days." in shown


async def test_an_account_without_an_answer_says_how_to_get_one(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    await bot.start()
    message = await ada.ask("mjusage", account=account.channel)
    assert "No answer to /info is on record" in text(message)
    await ada.press(message, "Info")
    await bot.world.wait_for(lambda: "account info" in text(ada.sees()[-1]))
    assert "Too few answers" in text(await ada.ask("mjusage", account=account.channel))


@pytest.mark.usefixtures("drawn")
async def test_a_renewal_since_the_last_answer_makes_its_numbers_old(bot: Bot, ada: Visitor) -> None:
    account = bot.api.add()
    renews = await remember(bot, account, *((days + 2, left) for days, left in STEADY), renews_in=-1)
    await bot.start()
    shown = text(await ada.ask("mjusage", account=account.channel))
    assert f"It was due to renew on {day(renews)}, after that answer. /mjinfo asks" in shown
    assert "At this pace" not in shown


@pytest.mark.english
async def test_all_accounts_stand_side_by_side_least_left_first(
    bot: Bot, ada: Visitor, drawn: list[Chart]
) -> None:
    renews = utc_now()
    for name, points in {
        "plenty": [(2, 29.0), (0, 28.9)],
        "short": [(2, 9.0), (0, 5.0)],
        "used up": [(2, 1.0), (0, 0.0)],
        "idle": [(2, 20.0), (0, 20.0)],
    }.items():
        renews = await remember(bot, bot.api.add(discord_name=name), *points)
    bot.api.add(discord_name="silent")
    await bot.start()
    await ada.ask("mjname", account=[*bot.api.accounts][-1], name="silent")
    for account in bot.api.accounts.values():
        await ada.ask("mjname", account=account.channel, name=account.discord_name)
    message = await ada.ask("mjusage")
    shown = text(message)
    (picture,), (levels,) = message["attachments"], drawn
    assert picture["description"] == "Fast hours left: used up 0, short 5, idle 20, plenty 28.9."
    assert isinstance(levels, Levels)
    day = f"{renews - 20 * DAY + 2.5 * DAY:%-d %b}"
    assert levels.levels[1] == Level(
        "short", 5.0, 30.0, is_short=True, amount="5.0 h", outlook=f"empty {day}"
    )
    assert "Fast time of 5 accounts" in shown
    assert "⚠️ 2 accounts are out of fast time, or will be before it renews." in shown
    places = [shown.index(f"[{name}]") for name in ("used up", "short", "idle", "plenty")]
    assert places == sorted(places)
    assert "Nothing left, renews on" in shown
    assert ":D>" not in shown, "a phone has no room for a month's name beside another date"
    assert "At this pace (2 h a day) empty on" in shown
    assert f"Not used since <t:{(renews - 22 * DAY).timestamp():.0f}:d>, renews on" in shown
    assert "Not known: silent. /mjinfo asks" in shown


async def test_the_days_are_said_to_be_those_of_one_account(bot: Bot, ada: Visitor) -> None:
    await bot.start()
    commands = await bot.world.wait_for(lambda: bot.world.commands(ada.person, bot.world.channel_id))
    (usage,) = (each for each in commands if each["name"] == "mjusage")
    said = {each["name"]: each["description"] for each in usage["options"]}
    assert said["days"] == "Of one account: how many days to look back, 1 to 400; 30 if you leave it out"


async def test_the_first_of_a_thousand_accounts_are_shown_and_the_rest_counted(
    bot: Bot, ada: Visitor, drawn: list[Chart]
) -> None:
    accounts = [bot.api.add() for _ in range(1_000)]
    await bot.start()
    await bot.stop()
    now = utc_now()
    numbers = ((each.channel, number) for number, each in enumerate(accounts))
    rows = ", ".join(
        f"('useapi', '{channel}', {now.timestamp() * 1000:.0f}, {number + 1}, 2000)"
        for channel, number in numbers
    )
    columns = "provider, channel, taken_at, fast_left, fast_total"
    await bot.change_database(f"INSERT INTO usage_sample ({columns}) VALUES {rows}")  # noqa: S608 - the rows above
    await bot.start()
    shown = text(await ada.ask("mjusage"))
    assert shown.count("fast hours left") == 12
    assert "12 of 2,000 fast hours left" in shown
    assert "and 988 more accounts" in shown
    (levels,) = drawn
    assert isinstance(levels, Levels)
    assert (len(levels.levels), levels.more) == (60, 940)


@pytest.mark.parametrize("days", [0, -1, 401, 9999])
async def test_days_out_of_range_get_one_sentence_with_the_next_step(
    bot: Bot, ada: Visitor, days: int
) -> None:
    bot.api.add()
    await bot.start()
    shown = text(await ada.ask("mjusage", days=days))
    assert f"I can look back 1 to 400 days, not {days:,}." in shown
    assert "Leave the days out for the last 30." in shown


async def test_an_account_that_is_gone_gets_one_sentence(bot: Bot, ada: Visitor) -> None:
    bot.api.add()
    await bot.start()
    assert "/mjaccounts" in text(await ada.ask("mjusage", account="nobody"))


@pytest.fixture
async def proxy(leaks: "Leaks") -> AsyncIterator[SimulatedMjproxy]:
    async with SimulatedMjproxy() as server:
        yield server
        leaks.secrets |= server.secrets


@pytest.mark.usefixtures("drawn")
async def test_a_proxy_brings_the_numbers_by_itself(bot: Bot, proxy: SimulatedMjproxy, ada: Visitor) -> None:
    proxy.add(remark="Borealis")
    bot.proxy = proxy
    await bot.start(USEAPI_TOKEN=None)
    shown = text(await ada.ask("mjusage", account="Borealis"))
    assert "fast hours left** as of" in shown
    assert "New numbers come with midjourney-proxy's list by themselves." in shown
