"""Dataclasses as plain values that JSON has, and back by the types of their fields. Times are ISO 8601."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from types import NoneType
from typing import Any, Final, cast, get_args, get_origin, get_type_hints

EPOCH: Final = datetime.fromtimestamp(0, UTC)


def plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, (tuple, frozenset)):
        return [plain(each) for each in cast("Iterable[Any]", value)]
    return value.isoformat() if isinstance(value, date) else value


def typed(hint: Any, value: Any) -> Any:
    """Return what `plain` was given: a value of this type. Unknown names of fields are ignored."""
    kind = kind_of(hint)
    if value is None:
        return None
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return cast("Any", kind)(
            **{name: typed(hints[name], each) for name, each in value.items() if name in hints}
        )
    if get_args(kind):
        return collection(get_origin(kind), get_args(kind), value)
    if issubclass(kind, date):
        # The first versions wrote milliseconds.
        return kind.fromisoformat(value) if isinstance(value, str) else EPOCH + timedelta(milliseconds=value)
    return kind(value) if issubclass(kind, Enum) else value


def collection(kind: Any, parts: tuple[Any, ...], value: Any) -> Any:
    """Return a mapping, a tuple or a frozenset, with values of the types that its parts have."""
    if kind is Mapping:
        return {typed(parts[0], key): typed(parts[1], each) for key, each in value.items()}
    if kind is tuple and ... not in parts:
        return tuple(typed(part, each) for part, each in zip(parts, value, strict=True))
    return cast("Any", kind)(typed(parts[0], each) for each in value)


def kind_of(hint: Any) -> Any:
    """Return the type of a value that may be None."""
    parts = get_args(hint)
    return next(part for part in parts if part is not NoneType) if NoneType in parts else hint
