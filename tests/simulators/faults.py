"""The faults of an answer, for the tests and for the demo's control strip.

A fault either refuses the request, which is then not carried out (`refusal`); or it distorts the true answer
(`distort`); or it disturbs the connection itself (see `delivery`).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Final, Self

from tests.simulators.answers import Answer, Json, decode, encode, encode_pairs


class Fault(StrEnum):
    """A fault of the API, of what stands before it, or of the network. `describe` returns its sentence."""

    describe: str

    def __new__(cls, value: str, describe: str) -> Self:
        fault = str.__new__(cls, value)
        fault._value_ = value
        fault.describe = describe
        return fault

    SLOW = "slow", "The API does what is asked, but takes some seconds longer to answer."
    HANG = "hang", "The API takes the request, does nothing and never answers."
    LOST_ANSWER = "lost_answer", "The API does what is asked, but its answer never comes."
    RESET = "reset", "The connection is reset as soon as the request has arrived."
    TRICKLE = "trickle", "The answer comes one byte at a time, with a pause after each."
    CUT_OFF = "cut_off", "The connection ends in the middle of the answer."
    OVERSIZED = "oversized", "The answer is right, but blown up to more than eight megabytes."
    VANISHED = "vanished", "Nothing listens any more: every connection is refused."

    EMPTY = "empty", "The API says that all is well, and nothing else: the answer has no body."
    HALF_JSON = "half_json", "The answer arrives whole, but its JSON stops in the middle."
    NOT_UTF8 = "not_utf8", "The answer holds a byte that is not valid UTF-8."
    ARRAY = "array", "The answer is an array where an object is documented."
    WRONG_TYPES = "wrong_types", "Every field of the answer has a type other than the documented one."
    NUMBERS_AS_STRINGS = "numbers_as_strings", "Every number of the answer is written as a string."
    MISSING_FIELDS = "missing_fields", "The fields of the answer are missing."
    UNKNOWN_FIELDS = "unknown_fields", "The answer has fields that no document names."
    DUPLICATE = "duplicate", "The first entry of the answer comes a second time and says something else."
    PARTIAL_LIST = "partial_list", "More than half of the entries are missing from the answer."
    HTML_200 = "html_200", "A web page stands where the answer should be, and says that all is well."
    CODE_596_IN_200 = "code_596_in_200", "The status says that all is well, the body says error 596."
    CODE_500_IN_200 = "code_500_in_200", "The status says that all is well, the body says error 500."

    HTML_404 = "html_404", "The web server in front of the API says that there is no such page."
    HTML_503 = "html_503", "The web server in front of the API says that it is not available."
    CHALLENGE = "challenge", "Something in front of the API wants to see that a person asks (status 403)."
    EDGE_LIMIT = "edge_limit", "Something in front of the API turns this machine away (error code: 1015)."
    REDIRECT = "redirect", "The API points to another address instead of answering."
    UNAUTHORIZED = "unauthorized", "The API refuses the token."
    FORBIDDEN = "forbidden", "The API knows the token, but does not let it do this."
    UNPAID = "unpaid", "The API says that there is no subscription, or that it has expired."
    QUOTA = "quota", "The API says that the subscription covers no further account."
    NOTHING_CONFIGURED = "nothing_configured", "The API says that it knows of no account at all."
    UNPROCESSABLE = "unprocessable", "The API says that Midjourney will not process the request."
    RATE_LIMITED = "rate_limited", "The API is too busy and does not say for how long."
    RATE_LIMITED_RETRY_AFTER = "rate_limited_retry_after", "The API is too busy and says how long to wait."
    SERVER_ERROR = "server_error", "The API answers 500."
    GATEWAY_TIMEOUT = "gateway_timeout", "The API waited for Midjourney in vain."
    GONE = "gone", "The API says that this service has ended for good."
    CODE_569 = "code_569", "The API says error 569, a misprint of 596 in its documentation."
    CODE_596_UNNAMED = "code_596_unnamed", "The API says error 596 without naming the account."


def distort(fault: Fault, answer: Answer) -> Answer:
    """Return the true answer with this fault in its body; faults of another sort leave it alone."""
    if fault is Fault.EMPTY:
        return replace(answer, status=200, body=b"")
    if fault not in DISTORTIONS:
        return answer
    status = 200 if answer.status == 204 else answer.status  # a 204 may have no body
    return replace(answer, status=status, body=DISTORTIONS[fault](decode(answer.body)))


def _half(value: Json) -> bytes:
    """Stop in the middle."""
    body = encode(value)
    return body[: len(body) // 2]


def _latin(value: Json) -> bytes:
    """Put a letter of Latin-1 into otherwise valid JSON."""
    return encode(_extended(value)).replace(b"novelty", b"novelt\xff")


def _as_array(value: Json) -> Json:
    """Turn a table of entries into the entries alone, anything else into an array of one."""
    if isinstance(value, dict) and value and all(isinstance(entry, dict) for entry in value.values()):
        return list(value.values())
    return [value]


def _mistyped(value: Json) -> Json:
    """Return every field a type that it never has."""
    match value:
        case dict():
            return {key: _mistyped(inner) for key, inner in value.items()}
        case str():
            return {"value": len(value)}
        case list():
            return "none"
        case _:
            return [value]


def _stringly(value: Json) -> Json:
    """Write every number as a string."""
    match value:
        case dict():
            return {key: _stringly(inner) for key, inner in value.items()}
        case list():
            return [_stringly(inner) for inner in value]
        case bool() | str() | None:
            return value
        case _:
            return str(value)


def _emptied(value: Json) -> Json:
    """Keep the entries of a table, and none of their fields."""
    if not isinstance(value, dict):
        return value
    return {key: {} for key, inner in value.items() if isinstance(inner, dict)}


def _extended(value: Json) -> Json:
    """Return each entry of a table, or an object that is none, fields that no document names."""
    if not isinstance(value, dict):
        return value
    if value and all(isinstance(inner, dict) for inner in value.values()):
        return {key: _extended(inner) for key, inner in value.items()}
    return {**value, "novelty": {"since": "2026-01-01", "of": [1, 2.5, None]}}


def _doubled(value: Json) -> bytes:
    """Write the first entry twice: the second time without its flag, or null if it is no account."""
    if not isinstance(value, dict) or not value:
        return encode(value)
    key, inner = next(iter(value.items()))
    return encode_pairs([*value.items(), (key, _without_flag(inner))])


def _without_flag(value: Json) -> Json:
    if not isinstance(value, dict):
        return None
    return {**value, "pendingModMessage": "", "maxJobs": 1}


def _halved(value: Json) -> Json:
    """Leave out more than half of the entries."""
    if not isinstance(value, dict):
        return value
    return dict(list(value.items())[: max(len(value) - 1, 0) // 2])


DISTORTIONS: Final[Mapping[Fault, Callable[[Json], bytes]]] = {
    Fault.HALF_JSON: _half,
    Fault.NOT_UTF8: _latin,
    Fault.ARRAY: lambda value: encode(_as_array(value)),
    Fault.WRONG_TYPES: lambda value: encode(_mistyped(value)),
    Fault.NUMBERS_AS_STRINGS: lambda value: encode(_stringly(value)),
    Fault.MISSING_FIELDS: lambda value: encode(_emptied(value)),
    Fault.UNKNOWN_FIELDS: lambda value: encode(_extended(value)),
    Fault.DUPLICATE: _doubled,
    Fault.PARTIAL_LIST: lambda value: encode(_halved(value)),
}
