"""The shapes of the API's JSON, and their validation."""

from collections.abc import Callable
from typing import Annotated, Final, TypeVar

from pydantic import Field, StrictInt, StrictStr, TypeAdapter, ValidationError
from typing_extensions import TypedDict  # pydantic's own, as it cannot read Python 3.11's

from bot.providers.errors import MalformedResponse
from bot.providers.http_response import key_place

T = TypeVar("T")
Id = StrictStr | StrictInt | None
Jobs = (
    Annotated[StrictInt, Field(ge=0, le=100_000)]
    | Annotated[StrictStr, Field(pattern=r"^[0-9]{1,5}$")]
    | None
)


class Entry(TypedDict, total=False):
    """An account as the API lists it. The next version of the API has the flag in `error`."""

    channel: Id
    discord: object
    server: Id
    maxJobs: Jobs
    pendingModMessage: object
    error: object


class Embed(TypedDict, total=False):
    """The part of a Discord embed that `/info` fills."""

    title: StrictStr | None
    description: StrictStr | None


class Job(TypedDict, total=False):
    """A finished `/info` job."""

    channel: Id
    status: object
    created: object
    updated: object
    content: StrictStr | None
    embeds: list[Embed] | None


ENTRY: Final = TypeAdapter(Entry)
ENTRIES: Final = TypeAdapter(list[Entry])
KEYED_ENTRIES: Final = TypeAdapter(dict[str, Entry])
JOB: Final = TypeAdapter(Job)
FIELDS: Final = {name for shape in (Entry, Embed, Job) for name in shape.__annotations__}


def validated(validate: Callable[[object], T], value: object, name: str) -> T:
    """Return a value in its shape. pydantic's error holds the value, so ours must not have it as context."""
    try:
        return validate(value)
    except ValidationError as error:
        place = place_of(error, name)
    raise MalformedResponse(place)


def place_of(error: ValidationError, name: str) -> str:
    """Return the place of the first fault: field names of ours, positions, and keys that are digits."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return name + "".join(step_of(step, outermost=not depth) for depth, step in enumerate(first["loc"]))


def step_of(step: int | str, *, outermost: bool) -> str:
    """Return one step of a place. Inside an entry, a name that is not ours is pydantic's for a type."""
    if isinstance(step, int):
        return f"[{step}]"
    if step in FIELDS:
        return f".{step}"
    return f"[{key_place(step)}]" if outermost else ""
