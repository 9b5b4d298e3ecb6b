"""Pictures and downloads of a message, as the render layer describes them."""

import discord

from bot.domain.charts import Picture
from bot.render.attachments import address
from bot.render.message_content import FILES_LEFT_OUT, MessageContent, signature
from bot.render.text import length
from tests.support.pictures import TABLE, picture


def test_a_message_can_be_sent_again_with_the_whole_file() -> None:
    content = MessageContent("x", pictures=(picture(),), files=(TABLE,))
    for _ in range(2):
        assert [file.fp.read() for file in content.send_kwargs()["files"]] == [picture().png, TABLE.content]
        assert [file.fp.read() for file in content.edit_kwargs()["attachments"]] == [
            picture().png,
            TABLE.content,
        ]


def test_an_edit_without_files_removes_those_before_and_a_message_without_them_names_none() -> None:
    assert MessageContent("x").edit_kwargs()["attachments"] == []
    assert "files" not in MessageContent("x").send_kwargs()


def test_the_fingerprint_tells_another_picture_and_another_table() -> None:
    prints = {
        MessageContent("x", pictures=pictures, files=files).fingerprint
        for pictures in ((), (picture(),), (picture(shade=0),))
        for files in ((), (TABLE,))
    }
    assert len(prints) == 6


def test_the_fingerprint_of_a_picture_is_the_same_in_every_process() -> None:
    content = MessageContent("a", pictures=(Picture("a.png", b"png", "A"),))
    assert content.fingerprint == "64eac0c58c04c4dd96e0b80065c4728d"


def test_as_text_alone_it_says_that_the_picture_is_left_out() -> None:
    embed = discord.Embed(description="\n".join(["x" * 99] * 40)).set_image(url=address(picture()))
    content = MessageContent("shown", (embed,), pictures=(picture(),), key="f" * 32)
    assert content.plain_text.endswith(f"\n{FILES_LEFT_OUT}\n-# {signature('f' * 32)}")
    assert length(content.plain_text) <= 2000
    assert FILES_LEFT_OUT not in MessageContent("shown", (embed,)).plain_text


def test_a_description_is_cut_to_what_discord_takes() -> None:
    (file,) = MessageContent(pictures=(Picture("a.png", b"", "🙂" * 600),)).send_kwargs()["files"]
    assert length(file.description) <= 1024
