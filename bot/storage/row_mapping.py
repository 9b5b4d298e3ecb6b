"""How a frozen dataclass stands in the database: a column for each of its fields, or JSON as a whole."""

import json
from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from datetime import UTC, datetime
from types import NoneType, UnionType
from typing import Any, Generic, TypeVar, cast, get_args, get_origin, get_type_hints

from bot.storage.rows import from_epoch, storable, to_epoch

Kind = TypeVar("Kind")
Cell = int | str | None


class Shape(Generic[Kind]):
    """The plain fields of a dataclass: texts, numbers, times, members of a StrEnum, or None.

    In JSON they may also be frozen sets of texts. A field that is left out is for the caller to keep.
    """

    def __init__(self, kind: type[Kind], *, without: str | None = None) -> None:
        names = [field.name for field in fields(kind) if field.name != without]  # pyright: ignore[reportArgumentType] - no type says "a dataclass"
        hints = get_type_hints(kind)
        self._kind = kind
        self._readers = {name: reader(hints[name]) for name in names}

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, which are those of the fields."""
        return tuple(self._readers)

    def row(self, value: Kind) -> tuple[Cell, ...]:
        """Return the cells of a value."""
        return tuple(cell(getattr(value, name)) for name in self._readers)

    def value(self, row: Iterable[Any], **left_out: object) -> Kind:
        """Make the value out of its cells and what was left out."""
        cells = zip(self._readers.items(), row, strict=True)
        return self._kind(**{name: read(content) for (name, read), content in cells}, **left_out)

    def kept(self, value: Kind) -> Kind:
        """Return a value as it would come back from its cells; mostly the same one."""
        fields = ((name, getattr(value, name)) for name in self._readers)
        changed = {name: kept for name, field in fields if (kept := kept_field(field)) is not field}
        whole: Any = value  # no type says "a dataclass"
        return replace(whole, **changed) if changed else value

    def text(self, value: Kind) -> str:
        """Return a value as JSON."""
        return json.dumps({name: json_cell(getattr(value, name)) for name in self._readers})

    def value_of_text(self, text: str) -> Kind:
        """Make the value out of its JSON; a field that was not written then has its default."""
        written = json.loads(text)
        return self._kind(
            **{name: read(written[name]) for name, read in self._readers.items() if name in written}
        )


def cell(value: object) -> Cell:
    """Return a value as a column keeps it."""
    match value:
        case datetime():
            return to_epoch(value)
        case str():
            return storable(value)
        case int() | None:
            return value
        case _:
            raise TypeError(f"no column holds a {type(value).__name__}")


def kept_field(value: object) -> object:
    """Return a field as it would come back from its cell; the same object wherever that equals it."""
    # By exact types: a match would take several times as long, and a storm of alerts comes here for each.
    if type(value) is datetime and (value.microsecond % 1000 or value.tzinfo is not UTC):
        return from_epoch(to_epoch(value))
    if type(value) is str and not value.isascii():
        return value if (kept := storable(value)) == value else kept
    return value


def json_cell(value: object) -> object:
    """Return a value as JSON keeps it. What has no order gets one, so that equal values are equal texts."""
    match value:
        case datetime():
            return to_epoch(value)
        case frozenset():
            return sorted(cast("frozenset[str]", value))
        case _:
            return value


def reader(hint: Any) -> Callable[[Any], Any]:
    """Return what makes a value of a field's type out of what is kept of it."""
    options = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    kind = next(option for option in options if option is not NoneType)
    make = from_epoch if kind is datetime else get_origin(kind) or kind
    return lambda kept: None if kept is None else make(kept)


def upsert(table: str, columns: Iterable[str]) -> str:
    """Return the statement that writes a row under its key, whether it is new or not."""
    names = tuple(columns)
    marks, values = ", ".join("?" for _ in names), ", ".join(f"{name} = excluded.{name}" for name in names)
    # Names from this program's own types, never from outside.
    return (
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks}) ON CONFLICT (key) DO UPDATE SET {values}"  # noqa: S608
    )
