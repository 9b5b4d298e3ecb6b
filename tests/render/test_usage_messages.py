"""The answers of `/mjusage` about all accounts, whatever their names and their last answers."""

from datetime import timedelta

import pytest

from bot.domain.usage import DAY, RecentUsage, UsageSample
from bot.render.text import length
from bot.render.usage_charts import usage_levels
from bot.render.usage_messages import fleet_content, outlook, ranked
from tests.support.render_samples import NOW, account, read

SHORT = UsageSample(NOW, 1123.25, 1200.55, NOW + 20 * DAY)


@pytest.mark.parametrize("name", ["*_~`|[]()" * 5, "天" * 40, "🌙" * 40, "W" * 300])
def test_a_thousand_accounts_with_long_names_fit_into_one_message(name: str) -> None:
    accounts = [
        account(name, reference=str(10**17 + number), server="123456789012345678") for number in range(1000)
    ]
    found = {
        each.reference: RecentUsage(each.reference, SHORT, 1123.5, NOW - 7 * DAY) for each in accounts[:960]
    }
    (embed,) = fleet_content(accounts, ranked(accounts, found), NOW).illustrated(None).embeds
    assert length(embed.description or "") <= 4096


@pytest.mark.parametrize("left", [0.0, 1.0])
def test_an_account_whose_plan_renewed_since_its_last_answer_is_not_called_short(left: float) -> None:
    known, last = account(), UsageSample(NOW - 3 * DAY, left, 30.0, NOW - DAY)
    ranking = [(known, RecentUsage(known.reference, last, 7.0, NOW - 7 * DAY))]
    shown = read(fleet_content([known], ranking, NOW).embeds[0])
    assert "⚠️" not in shown
    assert f"It was due to renew on <t:{(NOW - DAY).timestamp():.0f}:d>, after that answer" in shown
    levels = usage_levels(ranking, NOW)
    assert levels is not None
    assert "empty" not in levels.levels[0].outlook


def test_an_end_that_is_over_is_told_as_past() -> None:
    recent = RecentUsage("1", UsageSample(NOW - 6 * DAY, 7.0, 30.0, NOW + 9 * DAY), 7.0, NOW - 7 * DAY)
    over = NOW - 5 * DAY
    assert f"At this pace (7 h a day) empty since <t:{over.timestamp():.0f}:D>" in outlook(recent, NOW)
    assert "empty on" in outlook(recent, over - timedelta(hours=1))
