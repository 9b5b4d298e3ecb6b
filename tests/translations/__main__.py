"""`make translations`: bring the catalogues up to date with the code, and compile them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from bot.runtime.language import FOLDER
from tests.translations.extraction import Found, sentences
from tests.translations.fields import MEANINGS

EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""The time in each catalogue: a real one would change the file whenever it is made."""


def template(found: Iterable[Found]) -> Catalog:
    """Return the catalogue of the sentences, without translations."""
    catalog = Catalog(project="midwatch", creation_date=EPOCH, revision_date=EPOCH, fuzzy=False)
    for each in found:
        fields = [f"{{{name}}}: {MEANINGS[name]}" for name in sorted(each.fields) if name in MEANINGS]
        catalog.add(
            (each.sentence, each.many) if each.many else each.sentence,
            context=each.context,
            locations=[(each.file, each.line)],
            auto_comments=[*each.notes, *fields],
        )
    return catalog


def read(file: Path) -> Catalog:
    """Return a catalogue that was written."""
    with file.open("rb") as stream:
        return read_po(stream, locale=file.stem.replace("-", "_"))


def merged(catalog: Catalog, current: Catalog) -> Catalog:
    """Return a catalogue with the sentences that the code has now. What is new is not translated yet."""
    catalog.update(current, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    catalog.creation_date = catalog.revision_date = EPOCH
    catalog.fuzzy = False
    catalog.header_comment = f"# Midwatch in {catalog.locale_identifier}. See docs/translating.md."
    return catalog


def text_of(catalog: Catalog) -> bytes:
    """Return a catalogue as its file holds it."""
    written = BytesIO()
    write_po(written, catalog, width=110, include_lineno=False)
    return written.getvalue()


def compiled(catalog: Catalog) -> bytes:
    """Return a catalogue as the bot reads it."""
    written = BytesIO()
    write_mo(written, catalog)
    return written.getvalue()


def is_translated(message: Message) -> bool:
    """Whether each form of a sentence has its translation."""
    forms = message.string if isinstance(message.string, tuple | list) else [message.string]
    return all(forms)


def main() -> None:
    """Write each catalogue anew, and say how many sentences are not translated in it."""
    current = template(sentences())
    for file in sorted(FOLDER.glob("*.po")):
        catalog = merged(read(file), current)
        file.write_bytes(text_of(catalog))
        file.with_suffix(".mo").write_bytes(compiled(catalog))
        missing = sum(not is_translated(each) for each in catalog if each.id)
        print(f"{file.name}: {len(catalog)} sentences, {missing} not translated")  # noqa: T201 - it answers a command


if __name__ == "__main__":
    main()
