"""The text of a message outside of Discord."""

import pytest

from bot.render.message_content import MessageContent
from bot.render.outside_text import outside_text
from bot.render.text import escape


@pytest.mark.parametrize("label", ["my_account", "__main__", "*a* ~~b~~", "#1", "a\\b", "[a](b)", "1. me"])
def test_a_label_reads_as_it_is(label: str) -> None:
    title, _ = outside_text(MessageContent(f"⚠️ **{escape(label)}** needs you\nmore"))
    assert title == f"⚠️ {label} needs you"


@pytest.mark.parametrize("begin", ["T", "Then wait: t"])
def test_what_turns_green_in_discord_is_another_message_outside_of_it(begin: str) -> None:
    _, text = outside_text(MessageContent(f"first\n{begin}his message turns green once useapi.net answers."))
    start = begin.replace("T", "A", 1) if begin == "T" else "Then wait: a"
    assert text == f"{start}nother message comes once useapi.net answers."
