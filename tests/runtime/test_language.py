"""A sentence is said in the language of its reader, and in English rather than not at all."""

from pathlib import Path

import pytest

from bot.render.text import count, decimal, percent, whole
from bot.runtime import language
from bot.runtime.language import language_for, languages, say, say_word, spoken
from tests.support.catalogues import AddCatalogue, read_from

NEEDS_YOU = "{name} needs you"


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("de", "de"),
        ("DE", "de"),
        ("de_AT.UTF-8", "de"),
        ("es-419", "es-ES"),
        ("es-MX", "es-ES"),
        ("pt-PT", "pt-BR"),
        ("zh", "zh-CN"),
        ("zh-TW", "zh-TW"),
        ("zh_HK.UTF-8", "zh-TW"),
        ("zh-MO", "zh-TW"),
        ("zh-Hant", "zh-TW"),
        ("de@euro", "de"),
        ("den", None),
        ("en-GB", "en"),
        ("C", None),
        ("nl", None),
        ("chinese", None),
        ("", None),
    ],
)
def test_a_locale_falls_back_by_its_language(
    catalogue: AddCatalogue, locale: str, expected: str | None
) -> None:
    for code in ("de", "es-ES", "pt-BR", "zh-CN", "zh-TW"):
        catalogue(code, {NEEDS_YOU: "{name}!"})
    assert language_for(locale) == expected


def test_a_tenth_language_is_one_file(catalogue: AddCatalogue) -> None:
    catalogue("it", {NEEDS_YOU: "{name} ha bisogno di te"})
    assert languages() == ("en", "it")
    with spoken("it"):
        assert say(NEEDS_YOU, name="aurora") == "aurora ha bisogno di te"
    assert say(NEEDS_YOU, name="aurora") == "aurora needs you"


def test_numbers_have_the_marks_and_the_plural_of_the_language(catalogue: AddCatalogue) -> None:
    catalogue("de", {"1,234.5": "1.234,5", "{number}%": "{number} %", "{n} job[|s]": ("{n} Job", "{n} Jobs")})
    with spoken("de"):
        assert (whole(1_234_567), decimal(1_234.56), percent(29.5)) == ("1.234.567", "1.234,56", "29,5 %")
        assert (count(1, "{n} job[|s]"), count(2_000, "{n} job[|s]")) == ("1 Job", "2.000 Jobs")


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        ("1234,5", ("1234567", "1234,56")),
        ("1\u202f234,5", ("1\u202f234\u202f567", "1\u202f234,56")),
        ("1.234.5", ("1.234.567", "1.234.56")),
        *((damaged, ("1,234,567", "1,234.56")) for damaged in ("x", " ", "1,234.50", "12,34.5")),
    ],
)
def test_a_translation_that_shows_no_marks_changes_no_number(
    catalogue: AddCatalogue, marks: str, said: tuple[str, str]
) -> None:
    catalogue("de", {"1,234.5": marks})
    with spoken("de"):
        assert (whole(1_234_567), decimal(1_234.56)) == said


def test_a_form_that_is_empty_is_english(catalogue: AddCatalogue) -> None:
    catalogue("de", {"{n} job[|s]": ("{n} Job", "\0")})  # as msgfmt writes it: Babel fills it in
    with spoken("de"):
        assert [count(number, "{n} job[|s]") for number in (1, 2)] == ["1 Job", "2 jobs"]


def test_a_number_has_as_many_forms_as_the_language(catalogue: AddCatalogue) -> None:
    catalogue("ru", {"{n} job[|s]": ("{n} задание", "{n} задания", "{n} заданий")})
    with spoken("ru"):
        said = [count(number, "{n} job[|s]") for number in (1, 2, 5, 21)]
    assert said == ["1 задание", "2 задания", "5 заданий", "21 задание"]


def test_a_word_is_translated_for_the_field_that_holds_it(catalogue: AddCatalogue) -> None:
    catalogue("de", {("done", "reset"): "zurückgesetzt", ("do", "reset"): "zurücksetzen"})
    with spoken("de"):
        assert [say_word(field, "reset", {}) for field in ("done", "do")] == ["zurückgesetzt", "zurücksetzen"]


@pytest.mark.parametrize("wrong", ["{nam} fehlt", "{name:d}", "{name", "{}", "{name.x}", "{0}"])
def test_a_translation_that_cannot_be_filled_in_is_english_and_logged_once(
    catalogue: AddCatalogue, caplog: pytest.LogCaptureFixture, wrong: str
) -> None:
    catalogue("de", {NEEDS_YOU: wrong})
    with spoken("de"):
        assert [say(NEEDS_YOU, name="aurora") for _ in range(2)] == ["aurora needs you"] * 2
    assert len(caplog.records) == 1


@pytest.mark.parametrize("content", [b"", b"\xde\x12\x04\x95 cut", b"no catalogue"])
def test_a_damaged_catalogue_is_english_and_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    (tmp_path / "de.mo").write_bytes(content)
    with read_from(tmp_path), spoken("de"):
        assert [say(NEEDS_YOU, name="aurora") for _ in range(2)] == ["aurora needs you"] * 2
    assert len(caplog.records) == 1


def test_a_missing_catalogue_is_english(tmp_path: Path) -> None:
    with read_from(tmp_path), spoken("de"):
        assert say(NEEDS_YOU, name="aurora") == "aurora needs you"


@pytest.mark.parametrize(("there", "locale"), [("zh-TW", "zh-CN"), ("zh-CN", "zh-HK"), ("zh-TW", "zh")])
def test_the_other_script_of_chinese_takes_nobodys_place(
    catalogue: AddCatalogue, there: str, locale: str
) -> None:
    catalogue(there, {})
    assert language_for(locale) is None


def test_nothing_is_said_of_nothing(catalogue: AddCatalogue) -> None:
    catalogue("de", {NEEDS_YOU: "{name}!"})  # its header is what gettext has for an empty sentence
    with spoken("de"):
        assert say("") == ""


def test_the_bot_has_its_catalogues_where_it_looks_for_them() -> None:
    assert (language.FOLDER / "zh-CN.mo").is_file()
