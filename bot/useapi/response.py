"""What was asked and what came back: one response, read from its bytes, and not judged."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final, NoReturn, cast

from bot.useapi.words import plain

BODY_LIMIT: Final = 8 * 1024 * 1024
LONGEST_WAIT: Final = timedelta(days=1)
SMALL_NUMBER: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{0,6})?")
MEDIA_TYPE: Final = re.compile(r"[\w.+/-]{1,80}", re.ASCII)


class Ask(StrEnum):
    """The questions the API is asked, by the endpoint that answers them."""

    LIST = "GET account/midjourney"
    ACCOUNT = "GET account/midjourney/channel"
    SAVE = "POST account/midjourney"
    REMOVE = "DELETE account/midjourney/channel"
    RESET = "POST account/midjourney/channel/reset"
    INFO = "POST jobs/info"
    STANDING = "GET account"

    @property
    def method(self) -> str:
        """The HTTP method of the endpoint."""
        return self.value.partition(" ")[0]


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, and about which account, if about one."""

    ask: Ask
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One response of the API: its status, and what its body turned out to be.

    A body is JSON (`fault` is None), a web page, prose, or nothing; `fault` says where it stops being JSON.
    """

    status: int
    media_type: str
    length: int | None
    value: object = field(repr=False)
    fault: str | None
    repeated: str | None
    """Where the JSON says a thing twice, if it does."""
    page: bool
    prose: str = field(repr=False)
    retry_after: timedelta | None

    @property
    def success(self) -> bool:
        """Whether the status is one of the 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the range is the definition

    @property
    def fields(self) -> dict[str, object]:
        """The fields of the body, if it is a JSON object."""
        return fields_of(self.value)

    @property
    def code(self) -> int | None:
        """The API's own code, which its bodies repeat or correct the status with."""
        number = number_of(self.fields.get("code"))
        return None if number is None else int(number)

    @property
    def words(self) -> str | None:
        """What the API says went wrong: the details if it gives them, else the error, else its prose."""
        said = (self.fields.get(name) for name in ("errorDetails", "error", "message"))
        return next(
            (plain(text) for text in said if isinstance(text, str) and text.strip()), self.prose or None
        )


def read_answer(
    status: int, media_type: str, body: bytes | None, *, retry_after: str | None, now: datetime
) -> Answer:
    """Read one response; a body of None was too long to be read."""
    page = body is None or body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    value, fault, repeated = (None, f"byte {BODY_LIMIT}", None) if body is None else load(body)
    wait = waiting_time(retry_after, now) or waiting_time(fields_of(value).get("retryAfter"), now)
    return Answer(
        status=status,
        media_type=media_type if MEDIA_TYPE.fullmatch(media_type) else "unknown",
        length=None if body is None else len(body),
        value=value,
        fault=fault,
        repeated=repeated,
        page=page,
        prose="" if page or fault is None else plain((body or b"").decode("utf-8", "replace")),
        retry_after=wait,
    )


def load(body: bytes) -> tuple[object, str | None, str | None]:
    """Read JSON: its value, the place of its fault if it is none, and that of a field said twice."""
    repeated: list[str] = []

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            repeated.extend(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        return found

    try:
        value = json.loads(body.decode("utf-8-sig"), object_pairs_hook=once, parse_constant=refuse_constant)
    except UnicodeDecodeError as error:
        return None, f"byte {error.start}", None
    except json.JSONDecodeError as error:
        return None, f"line {error.lineno} column {error.colno}", None
    except (ValueError, RecursionError):
        return None, "a number or a nesting beyond measure", None
    return value, None, f"repeated {key_place(repeated[0])}" if repeated else None


def refuse_constant(_: str) -> NoReturn:
    """Refuse NaN and the infinities, which Python reads and JSON does not have."""
    raise ValueError


def key_place(key: object) -> str:
    """Name a key of the body by itself if it is digits, else not at all."""
    return f'"{key}"' if isinstance(key, str) and re.fullmatch(r"[0-9]{1,20}", key) else "…"


def is_object(value: object) -> bool:
    """Tell whether a value is a JSON object."""
    return isinstance(value, dict)


def fields_of(value: object) -> dict[str, object]:
    """Give the fields of a JSON object; of anything else, none."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def number_of(value: object) -> float | None:
    """Read a number of modest size that may be written as a string; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip()
    return float(text) if SMALL_NUMBER.fullmatch(text) else None


def waiting_time(value: object, now: datetime) -> timedelta | None:
    """Read a `Retry-After` (RFC 9110, 10.2.3): seconds or a date; a day at most, lest a wrong clock last."""
    seconds = number_of(value)
    if seconds is not None:
        return min(timedelta(seconds=seconds), LONGEST_WAIT)
    if not isinstance(value, str):
        return None
    try:
        until = parsedate_to_datetime(value)
        return min(max(until - now, timedelta()), LONGEST_WAIT)
    except (ValueError, TypeError, OverflowError):
        return None
