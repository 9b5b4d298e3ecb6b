"""Checks of a pasted Discord token and of a number of jobs.

The token is hidden in a `SecretStr` from here on, and no sentence repeats what was pasted.

A token is the id of whom it belongs to, a time and a signature, each in base 64 with dots between; of an
account with two-factor authentication it may be "mfa." and a signature (discord.py's docs, "Tokens"). What
is a bot's is known by a word that says so beside it ("Bot", "bot_token"), or by the id if that is this bot's.
Two things only Discord knows: whether a token is that of another bot or of a person, as their ids look alike,
and whether it is still valid.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Collection
from typing import Final

from bot.domain.errors import ErrorCode, UserError
from bot.domain.secret import SecretStr

DEFAULT_JOBS: Final = 3
MOST_JOBS: Final = 15

UNSEEN: Final = frozenset({"Cc", "Cf"})
WRAPPING: Final = " {}\"'`,;\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u2039\u203a"
"""Blanks, quotation marks of any keyboard, and what stands around a token where it is copied out of JSON."""
LABEL: Final = re.compile(
    rf"(?P<name>[\w-]+)[{WRAPPING}]*(?:[:=]|(?<=[{WRAPPING}])|$)(?P<rest>.*)", re.DOTALL
)
"""A word before something else, with a colon, an equals sign or a blank between."""
NAMES: Final = frozenset({"authorization", "bearer", "discord", "discord_token", "token", "useapi_token"})
"""What a token is called where it may be copied from; `discord` by useapi.net, POST account/midjourney."""
BOT_NAMES: Final = frozenset({"bot", "bot_token", "discord_bot_token"})
SHAPE: Final = re.compile(r"mfa\.[\w-]+|[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
LENGTHS: Final = re.compile(r"mfa\.[^.]{20,}|[^.]{22,}\.[^.]{5,}\.[^.]{25,}")
"""An id of 16 digits or more, and a little less than the shortest known of the rest: 6, 27 and 20 letters."""


def account_token(pasted: SecretStr, own: Collection[SecretStr], bot_id: int | None = None) -> SecretStr:
    """Return the pasted token without the text around it.

    `own` are the tokens of Midwatch's own settings, and `bot_id` is the bot's id if it is known.

    Raises:
        UserError: it is empty, this bot's, the API's, or not of the form of a Discord token.
    """
    text, names = unwrapped(pasted.get_secret_value())
    if names & BOT_NAMES and text:
        raise UserError(ErrorCode.TOKEN_OF_BOT)
    if not text:
        raise UserError(ErrorCode.NO_TOKEN)
    if text.casefold().startswith("user:"):
        raise UserError(ErrorCode.TOKEN_OF_API)
    own_tokens = [secret.get_secret_value() for secret in own]
    if " " in text:
        raise UserError(ErrorCode.TOKEN_SPLIT)
    if SHAPE.fullmatch(text) is None:
        raise UserError(ErrorCode.TOKEN_UNLIKE)
    if text in own_tokens:
        raise UserError(ErrorCode.TOKEN_OF_BOT)
    if LENGTHS.fullmatch(text) is None:
        raise UserError(ErrorCode.TOKEN_CUT)
    if (owner := id_in(text)) is not None and owner in {bot_id, *map(id_in, own_tokens)}:
        raise UserError(ErrorCode.TOKEN_OF_BOT)
    return SecretStr(text)


def unwrapped(text: str) -> tuple[str, frozenset[str]]:
    """Remove the text around a token, like quotation marks, "Bearer" or `"token":`.

    Return what is left, and the words that were removed, in lower case.
    """
    text = " ".join("".join(char for char in text if char.isspace() or not is_unseen(char)).split())
    text = text.strip(WRAPPING)
    names: set[str] = set()
    while (found := LABEL.fullmatch(text)) and (name := found["name"].casefold()) in NAMES | BOT_NAMES:
        names.add(name)
        text = found["rest"].strip(WRAPPING)
    return text, frozenset(names)


def is_unseen(char: str) -> bool:
    """Return whether a character is invisible: of zero width, a mark of direction, or a control."""
    return unicodedata.category(char) in UNSEEN


def id_in(token: str) -> int | None:
    """Return the id in the first part of a token, which is base 64; None if there is none."""
    head = token.partition(".")[0]
    try:
        text = base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    return int(text) if re.fullmatch(r"[0-9]{17,20}", text) else None


def jobs_number(typed: str) -> int:
    """Return the number of jobs at a time that a person typed; 3 for an empty text.

    Raises:
        UserError: it is no number from 1 to 15.
    """
    text = "".join(char for char in typed if not is_unseen(char)).strip()
    if not text:
        return DEFAULT_JOBS
    if not re.fullmatch(r"0*[0-9]{1,2}", text) or not 1 <= int(text) <= MOST_JOBS:
        raise UserError(ErrorCode.JOBS_OUT_OF_RANGE, most=MOST_JOBS)
    return int(text)
