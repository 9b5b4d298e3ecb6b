"""Every command is used by people whose language is made up, so that each untranslated word is found."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from bot.interactions.client import EXTENSIONS
from tests.simulators.discord import SimulatedDiscord
from tests.support.catalogues import read_from
from tests.support.disguise import LANGUAGE, read, untold
from tests.support.running import Bot

NAMES: Final = frozenset(
    {
        *(
            "Ada's",
            "Aurora",
            "Bea's",
            "Borealis",
            "Studio",
            "account",
            "another",
            "aurora",
            "basalt",
            "begins",
        ),
        *("flagged", "idle", "locked", "newcomer", "other", "plenty", "rests", "runs", "short", "silent"),
        *("sleeps", "ther", "twin", "used", "hat", "off", "soon", "Basic", "Mega", "Pro", "Standard"),
    }
)
"""The accounts and plans of these tests."""


@pytest.fixture(autouse=True)
def disguised(request: pytest.FixtureRequest, disguise: Path) -> Iterator[None]:
    """Have everybody speak the made-up language, unless a test says that it is about English words."""
    if "bot" not in request.fixturenames or request.node.get_closest_marker("english"):
        yield
        return
    world: SimulatedDiscord = request.getfixturevalue("world")
    bot: Bot = request.getfixturevalue("bot")
    texts: list[str] = []
    bot.language = LANGUAGE
    world.read_by(lambda sent: read(sent, texts.append), LANGUAGE)
    with read_from(disguise):
        yield
    if bot.extensions != EXTENSIONS:  # a cog of the tests has words of its own
        return
    left = {text: words for text in texts if (words := sorted({*untold(text)} - NAMES))}
    assert left == {}, "these words are in no catalogue (if they are names, add them to NAMES)"
