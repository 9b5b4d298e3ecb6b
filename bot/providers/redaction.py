"""Texts of a provider without credentials: tokens are known by their form, others are in the same answer."""

import re
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from html import unescape
from typing import Final, cast
from urllib.parse import unquote

HIDDEN: Final = "[hidden]"
QUOTE_LIMIT: Final = 2_000
READ_LIMIT: Final = 100_000
SHORTEST: Final = 6
"""A shorter credential is hidden only where it is a word, and a shorter part never: words have such parts."""
SMALL: Final = re.compile(r".|[0-9]{1,3}")
"""No credential: hidden, it would hide how many days a block lasts."""

# A Discord token is three runs joined by dots, or one after "mfa."; a useapi token "user:<number>-<string>"
# (useapi.net docs, Setup). Job ids hold something like it: "user:<number>-channel:<id>".
TOKEN_PATTERN: Final = re.compile(
    r"""(?<![\w-])[\w-]{17,}+\.[\w-]{4,}+\.[\w-]{20,}+
      | mfa\.[\w-]{20,}+
      | user:[0-9]+-(?!channel:)[^\s"'<>]+""",
    re.ASCII | re.VERBOSE,
)
ORDINARY: Final = re.compile(r"[A-Z]?[a-z]{0,15}(?:[._/-][A-Z]?[a-z]{1,15})*")
"""A part of words, be they joined as in the name of a host: texts for people have them, too."""
ITEMS: Final = re.compile(r"""[\s;,&?"'<>{}\[\]]+""")
"""What separates the values of a cookie, an address or JSON."""
PIECES: Final = re.compile(r"[^\w.~+-]+")
"""What separates the parts of such a value."""
DOTTED: Final = re.compile(r"[^\w~+-]+")
"""The same, and the dots between the parts of a token."""
RUN: Final = 12
"""How many characters in a row give a credential away. Dates, and ids made in one second, share fewer."""
PROBE: Final = 6
"""How long a piece is looked up first: one that begins at a multiple of it is within each run."""
ODD_WORD: Final = r"(?=[^\s0-9]?+[^\s0-9A-Z]*+[0-9A-Z])\S++"
ODD_WORDS: Final = re.compile(rf"(?<!\S){ODD_WORD}(?:\s++{ODD_WORD})*+")
"""Words with a digit or a capital inside, as only they hold pieces of credentials."""
BASE64: Final = re.compile(r"[\w+/-]{20,}+=*+", re.ASCII)
ESCAPED: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([\"'\\/]))")
DEPTH: Final = 3
"""How many times a text may be encoded, as an address within the JSON of a message within JSON."""


def redact(
    text: str,
    secrets: Iterable[str] = (),
    *,
    first: Callable[[str], str] = str,
    limit: int = QUOTE_LIMIT,
) -> str:
    """Return a text of the API without credentials and broken characters, cut to a limit.

    `secrets` are those of `secrets_in`, which the text must not repeat. `first` hides what else must not be
    shown. A text that has any of it encoded is shown decoded.
    """
    secrets = tuple(secrets)
    whole = text[:READ_LIMIT].encode("utf-8", "replace").decode("utf-8")
    whole = hide_encoded(whole, partial(hide, secrets=secrets, first=first)).strip()
    whole = whole if len(whole) <= limit else f"{whole[: limit - 1]}…"
    if len(whole) < RUN or not secrets:
        return whole
    return hide_encoded(whole, partial(hide_pieces, known="\n".join(secrets)))


def hide_encoded(text: str, hiding: Callable[[str], str]) -> str:
    """Return a text in which something is hidden: decoded, if it is there, too."""
    text = hiding(text)
    plain = decoded(text)
    return hidden if plain != text and (hidden := hiding(plain)) != plain else text


def hide(text: str, secrets: Iterable[str], first: Callable[[str], str]) -> str:
    """Return a text without credentials that stand in it as they are."""
    text = first(text)
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, HIDDEN) if len(secret) >= SHORTEST else hide_word(text, secret)
    return TOKEN_PATTERN.sub(HIDDEN, text)


def hide_word(text: str, word: str) -> str:
    """Return a text without a word. No pattern is made of it: Python would keep that."""
    whole, *rest = text.split(word)
    for after in rest:
        is_part = any(each.isascii() and each.isalnum() for each in (whole[-1:], after[:1]))
        whole += (word if is_part else HIDDEN) + after
    return whole


def hide_pieces(text: str, known: str) -> str:
    """Return a text without long pieces of the credentials that are known, as they are or in Base64."""

    def hide_base64(found: re.Match[str]) -> str:
        word = found[0].rstrip("=")
        plain = urlsafe_b64decode(word[: len(word) // 4 * 4]).decode("latin-1")
        return found[0] if hide_runs(plain, known) == plain else HIDDEN

    def hide_words(found: re.Match[str]) -> str:
        words = found[0]
        return words if len(words) < RUN else hide_runs(BASE64.sub(hide_base64, words), known)

    return ODD_WORDS.sub(hide_words, text)


def hide_runs(words: str, known: str) -> str:
    """Return words without long pieces, be they broken by blanks or by characters that show nothing."""
    places = [place for place, each in enumerate(words) if each.isprintable() and each != " "]
    bare = "".join([words[place] for place in places])
    shown, done, end, last = "", 0, 0, len(bare) - RUN
    probes = [at for at in range(0, len(bare) - PROBE + 1, PROBE) if bare[at : at + PROBE] in known]
    for start in (start for at in probes for start in range(max(0, at - PROBE + 1), min(at, last) + 1)):
        if start < end or bare[start : start + RUN] not in known:
            continue
        end = start + RUN
        while end < len(bare) and bare[start : end + 1] in known:
            end += 1
        parts = DOTTED.split(bare[start:end])
        if sum(len(each) for each in parts if not ORDINARY.fullmatch(each)) >= RUN:
            shown += words[done : places[start]] + HIDDEN
            done = places[end - 1] + 1
    return shown + words[done:]


def decoded(text: str) -> str:
    """Return a text without the escapes of addresses, HTML and JSON."""
    if "%" not in text and "&" not in text and "\\" not in text:
        return text
    for _ in range(DEPTH):
        before = text
        text = ESCAPED.sub(lambda found: found[2] or chr(int(found[1], 16)), unescape(unquote(text)))
        if text == before:
            return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def secrets_in(fields: Mapping[str, object], names: Iterable[str]) -> list[str]:
    """Return what must not be repeated of the fields that are secret, the longest first."""
    found: set[str] = set()
    rest = [fields.get(name) for name in names]
    while rest:
        value = rest.pop()
        if isinstance(value, list):
            rest += cast("list[object]", value)
        elif isinstance(value, dict):
            inner = cast("dict[str, object]", value)
            rest += inner.values()
            found.update(*map(parts_of, inner))
        elif isinstance(value, str | int) and not isinstance(value, bool):
            found.update(forms_of(str(value).strip()))
    return sorted(found - {"", HIDDEN}, key=len, reverse=True)


def forms_of(secret: str) -> Iterator[str]:
    """Yield a credential as it may be repeated: whole, without blanks, decoded, in Base64, in parts."""
    if len(secret) < SHORTEST:
        if not SMALL.fullmatch(secret):
            yield secret
        return
    yield from (secret, "".join(secret.split()), b64encode(secret.encode()).decode().rstrip("="))
    plain = decoded(secret)
    yield plain
    for each in {secret, plain}:
        yield from parts_of(each)


def parts_of(secret: str) -> Iterator[str]:
    """Yield the parts that are credentials themselves: values of a cookie or an address, pieces of a path."""
    for item in ITEMS.split(secret):
        for part in (item, item.partition("=")[2], *PIECES.split(item)):
            if len(part) >= SHORTEST and not ORDINARY.fullmatch(part):
                yield part
