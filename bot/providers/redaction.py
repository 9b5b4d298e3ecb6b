"""Redaction of the API's texts: no token, no broken characters, a limited length."""

import re
from typing import Final

QUOTE_LIMIT: Final = 2_000
READ_LIMIT: Final = 100_000
HIDDEN: Final = "[hidden]"

# A Discord token is three runs joined by dots, or one after "mfa."; a useapi token "user:<number>-<string>"
# (useapi.net docs, Setup). Job ids hold something like it: "user:<number>-channel:<id>".
TOKEN_PATTERN: Final = re.compile(
    r"""(?<![\w-])[\w-]{17,}+\.[\w-]{4,}+\.[\w-]{20,}+
      | mfa\.[\w-]{20,}+
      | user:[0-9]+-(?!channel:)[^\s"'<>]+""",
    re.ASCII | re.VERBOSE,
)


def redact(text: str, secret: str | None = None, *, limit: int = QUOTE_LIMIT) -> str:
    """Return a text of the API without tokens and broken characters, cut to a limit.

    `secret` is a token that the text must not repeat.
    """
    whole = text[:READ_LIMIT].encode("utf-8", "replace").decode("utf-8")
    if secret:
        whole = whole.replace(secret, HIDDEN)
    whole = TOKEN_PATTERN.sub(HIDDEN, whole).strip()
    return whole if len(whole) <= limit else f"{whole[: limit - 1]}…"
