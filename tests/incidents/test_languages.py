"""What clients use, as the database holds it."""

from pathlib import Path

import pytest

from bot.incidents.languages import META_KEY, Languages
from bot.storage import Store, StoreError


@pytest.mark.parametrize("stored", ["[]", "null", "3", "no JSON"])
async def test_languages_that_are_not_understood_are_found_at_the_start(tmp_path: Path, stored: str) -> None:
    async with Store.open(tmp_path / "midwatch.sqlite3") as store:
        await store.set_meta(META_KEY, stored)
        with pytest.raises(StoreError), store.refuse_unknown_content():
            await Languages(store).load()
