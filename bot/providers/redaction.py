"""Redaction of the API's texts: no token, no broken characters, a limited length."""

import re
from collections.abc import Iterable, Mapping
from typing import Final, cast

QUOTE_LIMIT: Final = 2_000
READ_LIMIT: Final = 100_000
HIDDEN: Final = "[hidden]"
SHORTEST: Final = 6

# A Discord token is three runs joined by dots, or one after "mfa."; a useapi token "user:<number>-<string>"
# (useapi.net docs, Setup). Job ids hold something like it: "user:<number>-channel:<id>".
TOKEN_PATTERN: Final = re.compile(
    r"""(?<![\w-])[\w-]{17,}+\.[\w-]{4,}+\.[\w-]{20,}+
      | mfa\.[\w-]{20,}+
      | user:[0-9]+-(?!channel:)[^\s"'<>]+""",
    re.ASCII | re.VERBOSE,
)


def redact(text: str, secrets: Iterable[str] = (), *, limit: int = QUOTE_LIMIT) -> str:
    """Return a text of the API without tokens and broken characters, cut to a limit.

    `secrets` are credentials that the text must not repeat, the longest first. A short one is hidden where it
    is a word: elsewhere it would hide parts of words.
    """
    whole = text[:READ_LIMIT].encode("utf-8", "replace").decode("utf-8")
    for secret in secrets:
        if len(secret) >= SHORTEST:
            whole = whole.replace(secret, HIDDEN)
        elif secret in whole:
            whole = re.sub(rf"(?<![0-9A-Za-z]){re.escape(secret)}(?![0-9A-Za-z])", HIDDEN, whole)
    whole = TOKEN_PATTERN.sub(HIDDEN, whole).strip()
    return whole if len(whole) <= limit else f"{whole[: limit - 1]}…"


def secrets_in(fields: Mapping[str, object], names: Iterable[str]) -> list[str]:
    """Return the texts of the fields that are secret, the longest first: one may contain another."""
    found: set[str] = set()
    rest = [fields.get(name) for name in names]
    while rest:
        value = rest.pop()
        if isinstance(value, list):
            rest += cast("list[object]", value)
        elif isinstance(value, str | int) and not isinstance(value, bool):
            found.add(str(value))
    return sorted(found - {"", HIDDEN}, key=len, reverse=True)
