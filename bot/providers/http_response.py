"""A request to the API, and its response read from bytes, whose texts hold no token and no broken characters.

Which error it is, `error_mapping` decides.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Final, NoReturn, cast
from urllib.parse import quote

from bot.domain.secret import SecretStr
from bot.providers.redaction import forms_of, redact, secrets_in

KEY_END: Final = re.compile(rb'"\s*:')
LONGEST_WAIT: Final = timedelta(days=1)
SUCCESS: Final = range(200, 300)
EDGE_CODE: Final = re.compile(rb"error code: (1[0-9]{3})", re.IGNORECASE)
SERVER_IS_DOWN: Final = frozenset({1000, 1001, 1002, 1016, 1018, 1033})
"""Codes with which Cloudflare reports that the server behind it is down."""
CHALLENGE: Final = re.compile(
    rb"just a moment|attention required|checking your browser|verify(?:ing)? (?:that )?you are human"
    rb"|cf-chl|cdn-cgi/challenge|<title>\s*access denied",
    re.IGNORECASE,
)
"""Words of pages that stop a request before the API."""
SMALL_NUMBER: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{0,6})?")


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request: its endpoint, which is a method and a path, and the key of its account if it has one."""

    endpoint: str
    key: str | None = None
    body: object = field(default=None, repr=False)
    secret: SecretStr | None = None
    """A secret in the body, which the response must not repeat."""

    @property
    def path(self) -> str:
        """The path below the URL of the API."""
        return self.endpoint.partition(" ")[2].replace("{key}", quote(self.key or "", safe=""))


@dataclass(frozen=True, slots=True)
class ParsedBody:
    """The JSON of a body, or the place where it is not JSON."""

    value: object = None
    fault: str | None = None


@dataclass(frozen=True)
class ApiResponse:
    """One response of the API. The body is None if it was too long to read.

    It has no slots, as `parsed` is cached.
    """

    status: int
    media_type: str
    body: bytes | None = field(repr=False)
    retry_after_header: str | None
    """The header `Retry-After` as received."""
    at: datetime
    mitigated: bool = False
    """Whether Cloudflare sent a challenge (its documentation, "Detect a Challenge Page")."""
    is_strict: bool = False
    """Whether to look for repeated keys while the JSON is read: an object with one is no JSON then."""
    own_secrets: tuple[SecretStr, ...] = ()
    credentials: tuple[str, ...] = ()
    """The names of fields that hold credentials of an account."""

    @property
    def success(self) -> bool:
        """Whether the status is one of the 2xx."""
        return self.status in SUCCESS

    @property
    def length(self) -> int | None:
        """The number of bytes in the body; None if it was too long to read."""
        return None if self.body is None else len(self.body)

    @property
    def page(self) -> bool:
        """Whether the body is a web page, by its content: plain text may be labelled as HTML."""
        return self.body is None or self.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")

    @property
    def is_turned_away(self) -> bool:
        """Whether a server in front of the API refused the request, as with "error code: 1015"."""
        if self.mitigated or (self.edge_code is not None and self.edge_code not in SERVER_IS_DOWN):
            return True
        return self.page and self.body is not None and CHALLENGE.search(self.body) is not None

    @property
    def edge_code(self) -> int | None:
        """The code of an error of Cloudflare (its documentation, "1xxx errors"); None if it is none.

        The code is the whole body, or a field of it if Cloudflare sends JSON.
        """
        if self.fields.get("cloudflare_error") is True:
            return count_of(self.fields.get("error_code"))
        found = EDGE_CODE.fullmatch((self.body or b"").strip())
        return None if found is None else int(found[1])

    @cached_property
    def parsed(self) -> ParsedBody:
        """The body as JSON."""
        if self.body is None:
            return ParsedBody(fault="the limit of its length")
        return parse_json(self.body, object_once if self.is_strict else None)

    @property
    def repeated(self) -> str | None:
        """The place where an object of the JSON has a key twice, if there is one."""
        body, value = self.body or b"", self.parsed.value
        found = (
            cast("list[object]", value) if isinstance(value, list) else [value, *fields_of(value).values()]
        )
        keys = sum(map(len, map(fields_of, found)))
        # No colon stands for a key that is not found, so all of them are different.
        if body.count(b":") == keys or len(KEY_END.findall(body)) == keys:
            return None
        return parse_json(body, object_once).fault

    @property
    def fields(self) -> dict[str, object]:
        """The fields of the body, if it is a JSON object."""
        return fields_of(self.parsed.value)

    @property
    def code(self) -> int | None:
        """The code in the body, which repeats or corrects the status."""
        return count_of(self.fields.get("code"))

    @property
    def error_texts(self) -> tuple[str, ...]:
        """The API's texts about the error: the details, then the error; else a body of plain text."""
        fields = (self.fields.get(name) for name in ("errorDetails", "error", "message"))
        found = tuple(text for text in fields if isinstance(text, str) and text.strip())
        if not found and self.parsed.fault and self.body and not self.page:
            found = (self.body.decode("utf-8", "replace"),)
        return tuple(redact(text, self._secrets()) for text in found)

    def _secrets(self) -> list[str]:
        """Return what its texts must not repeat: our own secrets, and those of an account in it."""
        own = (form for each in self.own_secrets for form in forms_of(each.get_secret_value()))
        data = fields_of(self.fields.get("data"))
        return [*own, *(each for part in (self.fields, data) for each in secrets_in(part, self.credentials))]

    @property
    def error_text(self) -> str | None:
        """The most precise of the API's texts about the error."""
        return next(iter(self.error_texts), None)

    @property
    def all_error_texts(self) -> str:
        """All of the API's texts about the error, for searching."""
        return "\n".join(self.error_texts)

    @property
    def retry_after(self) -> timedelta | None:
        """How long the API asks to wait, in its header or its body."""
        in_header = parse_retry_after(self.retry_after_header, self.at)
        in_body = self.fields.get("retryAfter", self.fields.get("retry_after"))
        return parse_retry_after(in_body, self.at) if in_header is None else in_header


def parse_json(body: bytes, make: Callable[[list[tuple[str, object]]], object] | None = None) -> ParsedBody:
    """Parse a body, its objects with a function. Of Python's error, which holds the body, keep the place."""
    try:
        text = body.decode("utf-8-sig")
        return ParsedBody(json.loads(text, object_pairs_hook=make, parse_constant=refuse_constant))
    except UnicodeDecodeError as error:
        return ParsedBody(fault=f"byte {error.start}")
    except json.JSONDecodeError as error:
        return ParsedBody(fault=f"line {error.lineno} column {error.colno}")
    except KeyError as error:
        return ParsedBody(fault=f"repeated {key_place(error.args[0])}")
    except (ValueError, RecursionError):
        return ParsedBody(fault="a number or a nesting beyond measure")


def object_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object. Raise KeyError with a key that it has twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise KeyError(Counter(name for name, _ in pairs).most_common(1)[0][0])
    return found


def refuse_constant(_: str) -> NoReturn:
    """Refuse NaN and the infinities, which are not JSON."""
    raise ValueError


def key_place(key: object) -> str:
    """Return a key of the body for the log if it is a position or digits; any other may be secret."""
    if isinstance(key, int):
        return str(key)
    return f'"{key}"' if isinstance(key, str) and re.fullmatch(r"[0-9]{1,20}", key) else "…"


def is_object(value: object) -> bool:
    """Return whether a value is a JSON object."""
    return isinstance(value, dict)


def fields_of(value: object) -> dict[str, object]:
    """Return the fields of a JSON object; no fields for anything else."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def number_of(value: object) -> float | None:
    """Return a number of up to 12 digits, also from a string; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip()
    return float(text) if SMALL_NUMBER.fullmatch(text) else None


def count_of(value: object) -> int | None:
    """Return a whole number; None if the value is not a number."""
    number = number_of(value)
    return None if number is None else int(number)


def parse_retry_after(value: object, now: datetime) -> timedelta | None:
    """Parse `Retry-After` (RFC 9110, 10.2.3), seconds or a date, as a day at most: clocks may differ."""
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
