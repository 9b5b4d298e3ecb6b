"""Every command is used by people whose language is made up, so that each untranslated word is found."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from bot.interactions.client import EXTENSIONS
from tests.simulators.discord import SimulatedDiscord
from tests.support.catalogues import read_from
from tests.support.disguise import LANGUAGE, read, untold
from tests.support.running import Bot

LABELS: Final = "flagged|runs|rests|begins|sleeps|another|other|locked|nameless"
NAMES: Final = re.compile(
    rf"\*\*(?:{LABELS})\*\*|^(?:⚠️ |✅ |👀 |🧩 )?(?:{LABELS})(?= ·|$| [\uff21-\uff5a])"
    r"|\b(?:[AB](?:da|ea)'s|[Aa]urora|AURORA|Borealis|Studio B|basalt|twin|newcomer|abc)\b"
    r"|\*\*(?:Found|Mine|New)\*\*|\baccount \d\b|…ther\b|\b(?:Basic|Standard|Pro|Mega)\b"
    r"|“(?:soon|1 hat)”|^off$",
    re.MULTILINE,
)
"""The accounts of these tests where they are named, Midjourney's plans, and what a person typed."""


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
    left = {text: words for text in texts if (words := untold(NAMES.sub(" ", text)))}
    assert left == {}, "these words are in no catalogue (if they are names, add them to NAMES)"
