"""What clients use, as the database holds it."""

from pathlib import Path

import pytest

from bot.domain.messages import Route
from bot.incidents.languages import META_KEY, Languages, of_locale
from bot.storage import Store, StoreError
from tests.support.database import BUSY_TIMEOUT, locked
from tests.support.samples import ADA, BEA


@pytest.mark.parametrize("stored", ["[]", "null", "3", "no JSON", pytest.param("[" * 100_000, id="deep")])
async def test_languages_that_are_not_understood_are_found_at_the_start(tmp_path: Path, stored: str) -> None:
    async with Store.open(tmp_path / "midwatch.sqlite3") as store:
        await store.set_meta(META_KEY, stored)
        with pytest.raises(StoreError), store.refuse_unknown_content():
            await Languages(store).load()


def test_a_locale_without_a_catalogue_is_english_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        assert [of_locale(each) for each in ("xx-YY", "xx-YY", "de")] == ["en", "en", "de"]
    assert caplog.messages == ["there is no catalogue for xx-YY, so who reads it gets English"]


async def test_what_is_no_locale_is_as_if_it_was_never_seen(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "midwatch.sqlite3") as store:
        await store.set_meta(META_KEY, f'{{"{ADA}": null, "{BEA}": "de"}}')
        known = Languages(store, "fr")
        await known.load()
        assert [known.of(each, Route.DM) for each in (ADA, BEA)] == ["fr", "de"]


def test_what_a_client_used_before_is_no_news() -> None:
    known = Languages()
    assert [known.learn(ADA, each) for each in ("de", "de", "fr")] == [True, False, True]


async def test_a_language_that_cannot_be_written_down_counts_until_the_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Store.open(tmp_path / "midwatch.sqlite3", busy_timeout=BUSY_TIMEOUT) as store:
        known = Languages(store)
        known.learn(ADA, "de")
        with locked(tmp_path / "midwatch.sqlite3"):
            await known.save()
    assert known.of(ADA, Route.DM) == "de"
    assert "the language of an owner could not be written down" in caplog.text
