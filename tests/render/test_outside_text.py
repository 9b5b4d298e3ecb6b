"""The text of a message outside of Discord."""

from dataclasses import replace

import pytest

from bot.domain.accounts import Flag
from bot.domain.errors import Cause
from bot.domain.incidents import Incident, Reason, ServiceProblem
from bot.domain.messages import Purpose, Route
from bot.domain.providers import MJPROXY
from bot.render.alert_messages import content_of
from bot.render.message_content import MessageContent
from bot.render.outside_text import outside_text
from bot.render.text import escape
from bot.runtime.language import spoken
from tests.support.catalogues import AddCatalogue
from tests.support.render_samples import ACCOUNTS, message, service


@pytest.mark.parametrize("label", ["my_account", "__main__", "*a* ~~b~~", "#1", "a\\b", "[a](b)", "1. me"])
def test_a_label_reads_as_it_is(label: str) -> None:
    title, _ = outside_text(MessageContent(f"⚠️ **{escape(label)}** needs you\nmore"))
    assert title == f"⚠️ {label} needs you"


def test_it_is_in_the_language_of_the_message_whatever_the_task_speaks(catalogue: AddCatalogue) -> None:
    catalogue("de", {"(a time)": "(eine Zeit)"})
    with spoken("de"):
        content = MessageContent("<t:999999999999999:f>")
    assert outside_text(content) == ("(eine Zeit)", "")


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (service(ServiceProblem.UNREACHABLE), "and another message comes once it answers."),
        (
            service(ServiceProblem.UNREACHABLE, cause=Cause.NEEDS_REDIS, provider=MJPROXY),
            "2. Then wait: another message comes once midjourney-proxy answers.",
        ),
        (service(ServiceProblem.PENDING), "2. Another message comes when the API lists your accounts again."),
        (
            service(ServiceProblem.PENDING, flag=Flag.of("pending")),
            "4. Another message comes when the API lists your accounts again.",
        ),
    ],
)
def test_what_turns_green_in_discord_is_another_message_outside_of_it(problem: Incident, words: str) -> None:
    told = message((problem, Reason.OPENED), purpose=Purpose.SERVICE)
    in_discord, outside = (
        outside_text(content_of(replace(told, route=route), {problem.key: problem}, ACCOUNTS))[1]
        for route in (Route.DM, Route.ADDRESS)
    )
    assert "turns green" in in_discord
    assert words in outside
    assert "turns green" not in outside
