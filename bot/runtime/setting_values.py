"""Readers of the values of settings. A ValueError says what is wrong and what to write, after the name."""

import os
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

from bot.runtime.language import Sentence, language_for, languages, say

WORD: Final = re.compile(r"[!-~]+")
SHORTEST_TOKEN: Final = 10
"""The log masks a token wherever it occurs. A shorter text would occur by chance."""
DURATION: Final = re.compile(r"([0-9]{1,8})([smhd])")
SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
LONGEST: Final = timedelta(days=365)
SHORTEST_POLL: Final = timedelta(seconds=5)
NO_PATH: Final = re.compile(r"['\"`\u2018-\u201f\u00ab\u00bb]|(?:^|\s)#")
"""A quotation mark, straight or curly, or the beginning of a comment."""
SHORTEST_INFO: Final = timedelta(hours=6)
SHORTEST_REMINDER: Final = timedelta(minutes=5)
"""Nobody is notified more often."""
SNOWFLAKE: Final = re.compile(r"[0-9]{17,20}")
SNOWFLAKE_END: Final = 2**64
PORT_END: Final = 2**16
LOOPBACK: Final = re.compile(r"localhost|127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}|::1")
LISTEN_ADDRESS: Final = re.compile(r"(?:(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]*):)?([0-9]{1,5})")
LOCALE: Final = re.compile(r"(?:C|POSIX|[A-Za-z]{2,3})(?:[-_.@:].*)?")
HOOK_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{16,256}")
PROXY_EXAMPLE: Final = "http://user:password@proxy.example:3128"
PUBLIC_TOKEN: Final = "admin"  # noqa: S105 - no secret at all
"""The token of a midjourney-proxy until somebody changes it."""


def fault(sentence: Sentence, **fields: object) -> ValueError:
    """Return the error that says what is wrong with a value."""
    return ValueError(say(sentence, **fields))


def token_without(scheme: str, shortest: int = SHORTEST_TOKEN) -> Callable[[str], str]:
    """Return a reader of a token that people tend to paste with the scheme in front of it."""

    def read(text: str) -> str:
        if text.casefold().startswith(f"{scheme} ".casefold()):
            raise fault('begins with "{word}": write the token alone, without that word', word=scheme)
        if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
            raise fault("stands in quotation marks: write the token without them")
        if WORD.fullmatch(text) is None:
            raise fault(
                "is not one word of printable ASCII characters: "
                "write the token exactly as it was given to you"
            )
        if len(text) < shortest:
            raise fault("is too short to be a token: write the whole token as it was given to you")
        return text

    return read


read_mjproxy_token: Final = token_without("Bearer", len(PUBLIC_TOKEN))


def token_or_empty(text: str) -> str:
    """Read a bot token that is not needed: a wrong one counts as empty."""
    try:
        return token_without("Bot")(text)
    except ValueError:
        return ""


def web_address(text: str, otherwise: Sentence, **fields: object) -> SplitResult:
    """Return the parts of a web address. Of another text it says `otherwise`."""
    with suppress(ValueError):
        address = urlsplit(text)
        host = (address.hostname or "").encode("idna")  # raises for an empty or too long part of the name
        if host and address.port != 0 and address.scheme in {"http", "https"} and WORD.fullmatch(text):
            return address
    raise fault(otherwise, **fields)


def service_address(like: str, token: str) -> Callable[[str], str]:
    """Return a reader of an API's address. A token sent there must be encrypted on the way."""
    no_address: Sentence = "is not a web address: write an address like {example}"
    login: Sentence = (
        "holds a user name or password: write an address like {example}, and the token in {other}"
    )
    plain: Sentence = "is not encrypted: begin it with https:// (http:// is for servers on this machine only)"
    query: Sentence = "has a part after ? or #: write an address like {example}, which ends with the path"

    def read(text: str) -> str:
        address = web_address(text.replace("\\", " "), no_address, example=like)
        if "@" in text:
            raise fault(login, example=like, other=token)
        if "?" in text or "#" in text:
            raise fault(query, example=like)
        if address.scheme == "http" and LOOPBACK.fullmatch(address.hostname or "") is None:
            raise fault(plain)
        return text.rstrip("/")

    return read


read_mjproxy_url: Final = service_address("https://proxy.example/mj", "MJPROXY_TOKEN")
read_useapi_url: Final = service_address("https://api.useapi.net/v2", "USEAPI_TOKEN")


def read_heartbeat_address(text: str) -> str:
    """Read the heartbeat's address. It may be unencrypted: monitors at home often have no certificate."""
    web_address(
        text, "is not a web address: write the whole address the monitoring service gave you, with https://"
    )
    return text


class ListenAddress(NamedTuple):
    """Where to listen."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_listen_address(text: str) -> ListenAddress:
    """Read where to listen. Without a host that is this machine alone."""
    found = LISTEN_ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found[2]) < PORT_END:
        raise fault("is no port or host:port: write 8080 for this machine alone, or like 0.0.0.0:8080")
    return ListenAddress((found[1] or "127.0.0.1").strip("[]"), int(found[2]))


def read_hook_secret(text: str) -> str:
    """Read the secret of the hook's address."""
    if HOOK_SECRET.fullmatch(text) is None:
        raise fault("is no secret for an address: write 16 to 256 of A-Z, a-z, 0-9, - and _")
    return text


def read_yes(text: str) -> bool:
    """Read a yes or no."""
    if text.casefold() not in {"yes", "no"}:
        raise fault("is neither yes nor no: write one of these")
    return text.casefold() == "yes"


def read_proxy_address(text: str) -> str:
    """Read the address of an HTTP proxy, which may hold a user name and a password."""
    no_address: Sentence = "is not a web address: write that of an HTTP proxy, like {example}"
    socks: Sentence = (
        "names a SOCKS proxy, which is not supported: write that of an HTTP proxy, like {example}"
    )
    other: Sentence = "is not the address of an HTTP proxy: write that of an HTTP proxy, like {example}"
    if text.casefold().startswith("socks"):
        raise fault(socks, example=PROXY_EXAMPLE)
    address = web_address(text, no_address, example=PROXY_EXAMPLE)
    if address.scheme != "http" or address.path not in {"", "/"} or address.query or address.fragment:
        raise fault(other, example=PROXY_EXAMPLE)
    return text


def read_snowflake(text: str) -> int:
    """Read one Discord id."""
    if SNOWFLAKE.fullmatch(text) is None or not 0 < int(text) < SNOWFLAKE_END:
        raise fault("is not a Discord id: write the number of 17 to 20 digits that Copy ID gives in Discord")
    return int(text)


def read_snowflakes(text: str) -> frozenset[int]:
    """Read Discord ids separated by commas."""
    try:
        return frozenset(read_snowflake(entry.strip()) for entry in text.split(","))
    except ValueError:
        raise fault(
            "has an entry that is not a Discord id: write numbers of 17 to 20 digits, separated by commas"
        ) from None


def read_duration(text: str) -> timedelta:
    """Read a length of time: a whole number and its unit."""
    found = DURATION.fullmatch(text)
    if found is None:
        raise fault("is not a length of time: write a number with s, m, h or d, like 90s, 15m, 4h or 1d")
    length = timedelta(seconds=int(found[1]) * SECONDS[found[2]])
    if not timedelta(0) < length <= LONGEST:
        raise fault("is out of range: write a length of time between 1s and 365d")
    return length


def read_poll_interval(text: str) -> timedelta:
    """Read the poll interval. The API limits how often it may be polled."""
    if DURATION.fullmatch(text) is None:
        raise fault("is not a length of time: write 5s or more with its unit, like 60s or 2m")
    if (length := read_duration(text)) < SHORTEST_POLL:
        raise fault("is too short: write 5s or more, like 60s")
    return length


def read_escalation(text: str) -> timedelta | None:
    """Read how long alerts may stay without an act; "off" for ever."""
    if text.casefold() == "off":
        return None
    if (length := read_duration(text)) < SHORTEST_REMINDER:
        raise fault("is too short: write 5m or more, or off")
    return length


def read_info_every(text: str) -> timedelta | None:
    """Read how often accounts are asked without a person; "off" for never."""
    if text.casefold() == "off":
        return None
    if DURATION.fullmatch(text) is None:
        raise fault("is not a length of time: write 6h or more with its unit, like 6h or 1d, or off")
    if (length := read_duration(text)) < SHORTEST_INFO:
        raise fault("is too short: write 6h or more, or off")
    return length


def read_durations(text: str) -> tuple[timedelta, ...]:
    """Read lengths of time separated by commas, each longer than the one before."""
    try:
        lengths = tuple(read_duration(entry.strip()) for entry in text.split(","))
    except ValueError:
        raise fault(
            "has an entry that is not a length of time: write them like 15m,1h,4h,24h, none over 365d"
        ) from None
    if min(lengths) < SHORTEST_REMINDER:
        raise fault("has an entry that is too short: write 5m or more, as nobody is woken more often")
    if any(later <= earlier for earlier, later in pairwise(lengths)):
        raise fault("is not in order: write the shortest first and none twice, like 15m,1h,4h,24h")
    return lengths


def read_percent(text: str) -> float | None:
    """Read a percentage of something left, or that it is off."""
    if text.casefold() == "off":
        return None
    number = text.removesuffix("%").strip()
    if re.fullmatch(r"[0-9]{1,2}(?:\.[0-9]{1,2})?", number) is None or not float(number):
        raise fault("is no percentage: write a number over 0 and under 100, like 10, or off")
    return float(number)


def read_language(text: str) -> str:
    """Read a language. GNU systems set this variable to a list, of which the first that there is counts."""
    found = next(filter(None, map(language_for, text.split(":"))), None)
    if found is None:
        codes = ", ".join(languages())
        raise fault("is not a language of Midwatch: write one of {codes}", codes=codes)
    return found


def read_kept(text: str) -> int:
    """Read how many backups are kept."""
    if re.fullmatch(r"[0-9]{1,3}", text) is None:
        raise fault("is not a number of backups: write one from 0 to 999, like 7")
    return int(text)


def read_database_path(text: str) -> Path:
    """Read the path of the database file.

    Some readers of `.env` files keep quotation marks and comments, such as `docker run --env-file`. The
    database would then be somewhere nobody expects it.
    """
    if NO_PATH.search(text):
        raise fault("holds a quotation mark or a comment: write the path alone")
    if text.startswith("$"):
        raise fault("begins with $, which is not replaced here: write the path without a variable")
    expanded = os.path.expanduser(text)  # noqa: PTH111 - Path.expanduser raises where there is no home
    if expanded.startswith("~"):
        raise fault("begins with ~ and names nobody's home here: write the path without ~")
    if not text or text.endswith("/") or os.path.isdir(expanded):  # noqa: PTH112 - Path.is_dir raises for a path that cannot be looked at, of which the store has more to say
        raise fault("names a folder: write the path of a file, like data/midwatch.sqlite3")
    return Path(expanded)


def one_of(words: type[StrEnum], otherwise: Sentence) -> Callable[[str], StrEnum]:
    """Return a reader of one of these words, in any case. Of another text it says `otherwise`."""

    def read(text: str) -> StrEnum:
        for word in words:
            if text.casefold() == word.casefold():
                return word
        raise fault(otherwise)

    return read
