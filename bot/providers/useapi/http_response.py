"""What was asked and what came back: one response, read from its bytes, and not judged."""

import json
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import cached_property
from typing import Final, NoReturn, cast

from bot.providers.redaction import redact

BODY_LIMIT: Final = 8 * 1024 * 1024
LONGEST_WAIT: Final = timedelta(days=1)
EDGE_CODE: Final = re.compile(rb"error code: (1[0-9]{3})", re.IGNORECASE)
SERVER_IS_DOWN: Final = frozenset({1000, 1001, 1002, 1016, 1018, 1033})
"""Codes by which Cloudflare says that it finds no server behind it."""
CHALLENGE: Final = re.compile(
    rb"just a moment|attention required|checking your browser|verify(?:ing)? (?:that )?you are human"
    rb"|cf-chl|cdn-cgi/challenge|<title>\s*access denied",
    re.IGNORECASE,
)
"""Words of the pages that bar the way, and of no API."""
TEXTS: Final = ("title", "message", "content", "text", "description", "value", "reason", "error")
"""The fields of an object in which people's words stand, in the order in which they are read."""
NESTED: Final = "(an object nested beyond measure)"
SMALL_NUMBER: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{0,6})?")


class Endpoint(StrEnum):
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
class ApiRequest:
    """What was asked, and about which account, if about one."""

    endpoint: Endpoint
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a body turned out to be: JSON, or where it stops being that."""

    value: object = None
    fault: str | None = None
    repeated: str | None = None
    """Where an object says a thing twice, if one does."""


@dataclass(frozen=True)
class ApiResponse:
    """One response of the API; a body of None was too long to be read.

    It has no slots, for `loaded` to be kept.
    """

    status: int
    media_type: str
    body: bytes | None = field(repr=False)
    asked_to_wait: str | None
    """The header `Retry-After`, as it came."""
    at: datetime
    mitigated: bool = False
    """Whether Cloudflare answered in the API's place (its documentation, "Detect a Challenge Page")."""

    @property
    def success(self) -> bool:
        """Whether the status is one of the 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the range is the definition

    @property
    def length(self) -> int | None:
        """How many bytes the body has, as far as it was read."""
        return None if self.body is None else len(self.body)

    @property
    def page(self) -> bool:
        """Whether the body is a web page, by what it holds; prose may be labelled as HTML."""
        return self.body is None or self.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")

    @property
    def is_turned_away(self) -> bool:
        """Whether something in front of the API answered: a challenge, or Cloudflare's "error code: 1015"."""
        if self.mitigated or (self.edge_code is not None and self.edge_code not in SERVER_IS_DOWN):
            return True
        return self.page and self.body is not None and CHALLENGE.search(self.body) is not None

    @property
    def edge_code(self) -> int | None:
        """The code of Cloudflare's own answer (its documentation, "1xxx errors"); None if it is none.

        It stands alone, or in the JSON that Cloudflare sends to those who ask for JSON.
        """
        if self.fields.get("cloudflare_error") is True:
            return count_of(self.fields.get("error_code"))
        found = EDGE_CODE.fullmatch((self.body or b"").strip())
        return None if found is None else int(found[1])

    @cached_property
    def loaded(self) -> Loaded:
        """The body as JSON."""
        return Loaded(fault=f"byte {BODY_LIMIT}") if self.body is None else load(self.body)

    @property
    def fields(self) -> dict[str, object]:
        """The fields of the body, if it is a JSON object."""
        return fields_of(self.loaded.value)

    @property
    def code(self) -> int | None:
        """The API's own code, with which its bodies repeat or correct the status."""
        return count_of(self.fields.get("code"))

    @property
    def error_texts(self) -> tuple[str, ...]:
        """All that the API says went wrong: the details first, then the error; else its prose."""
        fields = (self.fields.get(name) for name in ("errorDetails", "error", "message"))
        found = tuple(redact(text) for text in fields if isinstance(text, str) and text.strip())
        if not found and self.loaded.fault and self.body and not self.page:
            found = (redact(self.body.decode("utf-8", "replace")),)
        return found

    @property
    def error_text(self) -> str | None:
        """What the API says went wrong, in its most telling words."""
        return next(iter(self.error_texts), None)

    @property
    def all_words(self) -> str:
        """All that the API says went wrong, to be searched; what is sought may not be in the details."""
        return "\n".join(self.error_texts)

    @property
    def retry_after(self) -> timedelta | None:
        """How long the API asks to be left alone, in its header or its body."""
        in_header = waiting_time(self.asked_to_wait, self.at)
        in_body = self.fields.get("retryAfter", self.fields.get("retry_after"))
        return waiting_time(in_body, self.at) if in_header is None else in_header


def load(body: bytes) -> Loaded:
    """Read JSON; Python's error would hold the body, so only the place is taken from it."""
    repeated: list[str] = []

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            repeated.extend(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        return found

    try:
        value = json.loads(body.decode("utf-8-sig"), object_pairs_hook=once, parse_constant=refuse_constant)
    except UnicodeDecodeError as error:
        return Loaded(fault=f"byte {error.start}")
    except json.JSONDecodeError as error:
        return Loaded(fault=f"line {error.lineno} column {error.colno}")
    except (ValueError, RecursionError):
        return Loaded(fault="a number or a nesting beyond measure")
    return Loaded(value, repeated=f"repeated {key_place(repeated[0])}" if repeated else None)


def refuse_constant(_: str) -> NoReturn:
    """Refuse NaN and the infinities, which Python reads and JSON does not have."""
    raise ValueError


def key_place(key: object) -> str:
    """Name a key of the body by itself if it is digits, else not at all."""
    return f'"{key}"' if isinstance(key, str) and re.fullmatch(r"[0-9]{1,20}", key) else "…"


def is_object(value: object) -> bool:
    """Return whether a value is a JSON object."""
    return isinstance(value, dict)


def fields_of(value: object) -> dict[str, object]:
    """Return the fields of a JSON object; of anything else, none."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def words_of(said: object) -> object:
    """Return the words of what an entry says is pending: of an object or a list its texts, else its JSON."""
    if not said or not isinstance(said, dict | list):
        return said
    found: list[str] = []
    rest: list[tuple[object, bool]] = [(said, True)]
    while rest:
        value, is_text = rest.pop()
        if isinstance(value, str) and is_text:
            found.append(value.strip())
        elif isinstance(value, list):
            rest += [(item, is_text) for item in reversed(cast("list[object]", value))]
        fields = fields_of(cast("object", value))
        others = [name for name in fields if name not in TEXTS]
        names = [*(name for name in TEXTS if name in fields), *others]
        rest += [(fields[name], name in TEXTS) for name in reversed(names)]
    with suppress(RecursionError):
        return "\n".join(dict.fromkeys(filter(None, found))) or json.dumps(said, ensure_ascii=False)
    return NESTED


def number_of(value: object) -> float | None:
    """Read a number of modest size that may be written as a string; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip()
    return float(text) if SMALL_NUMBER.fullmatch(text) else None


def count_of(value: object) -> int | None:
    """Read a count; None if it is none."""
    number = number_of(value)
    return None if number is None else int(number)


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
