"""Whatever stands in the environment or in .env: settings within their bounds, or problems that say why."""

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import MEANINGS, Settings, load_settings
from bot.runtime.env_file import ConfigurationError

SECRET = "tOkEn-that-must-never-surface"
NAMES = sorted(name.upper() for name in MEANINGS)
GOOD = {"DISCORD_TOKEN": f"{SECRET}.discord", "USEAPI_TOKEN": f"{SECRET}.useapi"}
PIECES = st.sampled_from(
    (
        *(
            "https://",
            "http://",
            "[",
            "]",
            "::1",
            ":99999",
            "@",
            "#",
            "?",
            "%",
            "\\",
            "~",
            "/",
            "..",
            ",",
            " ",
        ),
        *("5s", "90m", "4h", "1d", "99999999d", "0s", "-1h", "٣s", "1e9s", "15m,1h,4h"),
        *("123456789012345678", "18446744073709551616", "00000000000000000", "DEBUG", "json", "'", '"'),
        *("\ufeff", "\u202e", "\u2028", "\x85", "\x1b[0m", "é", "😀", "Bearer ", "Bot ", SECRET),
    )
)
TEXTS = st.lists(
    PIECES | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8), max_size=6
)
VALUES = TEXTS.map("".join) | st.integers(-(10**40), 10**40).map(str)


def loaded(
    env_file: Path | None, variables: Mapping[str, str], warn: Callable[[str], object] = lambda _: None
) -> Settings | None:
    """Load the settings; None if they cannot be used, and check that no secret is shown."""
    with pytest.MonkeyPatch.context() as patch:
        for name in NAMES:
            patch.delenv(name, raising=False)
        for name, value in variables.items():
            patch.setenv(name, value)
        try:
            return load_settings(env_file, warn=warn)
        except ConfigurationError as error:
            problems, text = error.problems, f"{error!r} {error}"
    assert problems
    assert all(problem.strip() for problem in problems)
    assert SECRET not in text
    return None


def assert_within_bounds(settings: Settings) -> None:
    assert settings.poll_interval >= timedelta(seconds=5)
    for length in (settings.outage_after, settings.flap_window, *settings.remind_after):
        assert timedelta() < length <= timedelta(days=365)
    assert settings.remind_after
    assert all(earlier < later for earlier, later in pairwise(settings.remind_after))
    ids = settings.owner_ids | settings.guild_ids | {settings.alert_channel_id or 1}
    assert all(0 < each < 2**64 for each in ids)
    assert settings.useapi_url.startswith(("https://", "http://"))
    assert SECRET not in repr(settings).replace(repr(settings.database_path), "")


@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6))
def test_any_variables_are_settings_or_problems(variables: dict[str, str]) -> None:
    with TemporaryDirectory() as folder:
        before = Path.cwd()
        os.chdir(folder)
        try:
            if (settings := loaded(None, GOOD | variables)) is not None:
                assert_within_bounds(settings)
        finally:
            os.chdir(before)


LINES = st.builds(
    "{}={}".format, st.sampled_from((*NAMES, "DISCORD_TOKEM", "export POLL_INTERVAL", "")), VALUES
)
FILES = st.lists(LINES | VALUES, max_size=6).map("\n".join).map(str.encode) | st.binary(max_size=200)


@given(FILES)
def test_any_file_is_settings_or_problems(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / ".env"
        file.write_bytes(content)
        warnings: list[str] = []
        if (settings := loaded(file, GOOD, warnings.append)) is not None:
            assert_within_bounds(settings)
        assert all(sentence.endswith((".", "?")) for sentence in warnings)
