"""The settings: read from the environment and `.env`, checked as a whole, frozen from then on."""

import os
import re
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.runtime.env_file import EnvFileError, folder_in_its_place, misspelled, text_of, unreadable, values_in
from bot.runtime.log_setup import LogFormat, LogLevel

WORD: Final = re.compile(r"[!-~]+")
SHORTEST_TOKEN: Final = 10
"""The log masks a token wherever its letters stand: fewer letters stand there by chance."""
DURATION: Final = re.compile(r"([0-9]{1,8})([smhd])")
SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
LONGEST: Final = timedelta(days=365)
SHORTEST_POLL: Final = timedelta(seconds=5)
NO_PATH: Final = re.compile(r"['\"`\u2018-\u201f\u00ab\u00bb]|(?:^|\s)#")
"""A quotation mark, straight or curly, or the beginning of a comment."""
SHORTEST_REMINDER: Final = timedelta(minutes=5)
"""Nobody is woken more often, whatever the settings say."""
SNOWFLAKE: Final = re.compile(r"[0-9]{17,20}")
SNOWFLAKE_END: Final = 2**64
LOOPBACK: Final = re.compile(r"localhost|127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}|::1")
ADDRESS_WANTED: Final = "write an address like https://api.useapi.net/v2"


class ConfigurationError(Exception):
    """The settings cannot be used; each problem names a variable and what to write, and never its value."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def from_text(parse: Callable[[str], object]) -> BeforeValidator:
    """Read a field from the text of its variable; a value that is not text is taken as it is."""
    return BeforeValidator(lambda value: parse(value.strip()) if isinstance(value, str) else value)


def one_word(text: str) -> str:
    """Check that a token is something an HTTP header can carry whole."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        raise ValueError("stands in quotation marks: write the token without them")
    if WORD.fullmatch(text) is None:
        raise ValueError(
            "is not one word of printable ASCII characters: write the token exactly as it was given to you"
        )
    if len(text) < SHORTEST_TOKEN:
        raise ValueError("is too short to be a token: write the whole token as it was given to you")
    return text


def token_without(scheme: str) -> Callable[[str], str]:
    """Make the check of a token that people tend to paste with the scheme in front of it."""

    def check(text: str) -> str:
        if text.casefold().startswith(f"{scheme} ".casefold()):
            raise ValueError(f'begins with "{scheme}": write the token alone, without that word')
        return one_word(text)

    return check


def token_or_empty(text: str) -> str:
    """Read the bot's token where it is not needed: a wrong one is no reason to stop."""
    try:
        return token_without("Bot")(text)
    except ValueError:
        return ""


def host_of(text: str) -> tuple[str, str]:
    """Return scheme and host of an address; raise ValueError if it, its port or its host's name is none."""
    address = urlsplit(text)
    if not address.hostname or address.port == 0:
        raise ValueError
    address.hostname.encode("idna")  # raises for a part of the name that is empty or over 63 letters
    return address.scheme, address.hostname


def read_service_address(text: str) -> str:
    """Read the API's address; a token sent there must not be readable on the way."""
    try:
        scheme, host = host_of(text)
    except ValueError:
        scheme, host = "", ""
    if WORD.fullmatch(text) is None or "\\" in text or not host or scheme not in {"http", "https"}:
        raise ValueError(f"is not a web address: {ADDRESS_WANTED}")
    if "@" in text:
        raise ValueError(f"holds a user name or password: {ADDRESS_WANTED}, and the token in USEAPI_TOKEN")
    if "?" in text or "#" in text:
        raise ValueError(f"has a part after ? or #: {ADDRESS_WANTED}, which ends with the path")
    if scheme == "http" and LOOPBACK.fullmatch(host) is None:
        raise ValueError(
            "is not encrypted: begin it with https:// (http:// is for servers on this machine only)"
        )
    return text.rstrip("/")


def read_heartbeat_address(text: str) -> str:
    """Check the address to call after good polls; monitors at home often have no certificate."""
    try:
        scheme, host = host_of(text)
    except ValueError:
        scheme, host = "", ""
    if WORD.fullmatch(text) is None or not host or scheme not in {"http", "https"}:
        raise ValueError(
            "is not a web address: write the whole address the monitoring service gave you, with https://"
        )
    return text


def read_snowflake(text: str) -> int:
    """Read one Discord id."""
    if SNOWFLAKE.fullmatch(text) is None or not 0 < int(text) < SNOWFLAKE_END:
        raise ValueError(
            "is not a Discord id: write the number of 17 to 20 digits that Copy ID gives in Discord"
        )
    return int(text)


def read_snowflakes(text: str) -> frozenset[int]:
    """Read Discord ids separated by commas."""
    try:
        return frozenset(read_snowflake(entry.strip()) for entry in text.split(","))
    except ValueError:
        raise ValueError(
            "has an entry that is not a Discord id: write numbers of 17 to 20 digits, separated by commas"
        ) from None


def read_duration(text: str) -> timedelta:
    """Read a length of time: a whole number and its unit."""
    found = DURATION.fullmatch(text)
    if found is None:
        raise ValueError("is not a length of time: write a number with s, m, h or d, like 90s, 15m, 4h or 1d")
    length = timedelta(seconds=int(found[1]) * SECONDS[found[2]])
    if not timedelta(0) < length <= LONGEST:
        raise ValueError("is out of range: write a length of time between 1s and 365d")
    return length


def read_poll_interval(text: str) -> timedelta:
    """Read the poll interval, which the API must be able to bear."""
    if (length := read_duration(text)) < SHORTEST_POLL:
        raise ValueError("is too short: write 5s or more, like 60s")
    return length


def read_durations(text: str) -> tuple[timedelta, ...]:
    """Read lengths of time separated by commas, each longer than the one before."""
    try:
        lengths = tuple(read_duration(entry.strip()) for entry in text.split(","))
    except ValueError:
        raise ValueError(
            "has an entry that is not a length of time: write them like 15m,1h,4h,24h, none over 365d"
        ) from None
    if min(lengths) < SHORTEST_REMINDER:
        raise ValueError("has an entry that is too short: write 5m or more, as nobody is woken more often")
    if any(later <= earlier for earlier, later in pairwise(lengths)):
        raise ValueError("is not in order: write the shortest first and none twice, like 15m,1h,4h,24h")
    return lengths


def read_database_path(text: str) -> Path:
    """Read the path of the database file.

    A quotation mark or a comment in it comes from a file of variables whose reader keeps both, as that of
    `docker run --env-file` does. The database would then land somewhere nobody expects it.
    """
    if NO_PATH.search(text):
        raise ValueError("holds a quotation mark or a comment: write the path alone")
    if text.startswith("$"):
        raise ValueError("begins with $, which is not replaced here: write the path without a variable")
    expanded = os.path.expanduser(text)  # noqa: PTH111 - Path.expanduser raises where there is no home
    if expanded.startswith("~"):
        raise ValueError("begins with ~ and names nobody's home here: write the path without ~")
    if not text or text.endswith("/") or os.path.isdir(expanded):  # noqa: PTH112 - Path.is_dir raises for a path that cannot be looked at, of which the store has more to say
        raise ValueError("names a folder: write the path of a file, like data/midwatch.sqlite3")
    return Path(expanded)


def read_log_level(text: str) -> LogLevel:
    """Read the log level, in any case."""
    try:
        return LogLevel(text.upper())
    except ValueError:
        raise ValueError(f"is not a log level: write one of {', '.join(LogLevel)}") from None


def read_log_format(text: str) -> LogFormat:
    """Read the log format, in any case."""
    try:
        return LogFormat(text.lower())
    except ValueError:
        raise ValueError(f"is not a log format: write {' or '.join(LogFormat)}") from None


Ids = Annotated[frozenset[int], NoDecode, from_text(read_snowflakes)]


class Settings(BaseSettings):
    """All settings; the variables are the names of the fields in capitals."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        validate_default=False,
        hide_input_in_errors=True,
    )

    discord_token: Annotated[SecretStr, from_text(token_without("Bot"))] = Field(
        description="The bot's token: Discord Developer Portal, your application, page Bot."
    )
    useapi_token: Annotated[SecretStr, from_text(token_without("Bearer"))] = Field(
        description="Your useapi.net API token, as shown in your account there."
    )
    useapi_url: Annotated[str, from_text(read_service_address)] = Field(
        default="https://api.useapi.net/v2",
        description="The API's address; any compatible server, with https (or http on this machine).",
    )
    owner_ids: Ids = Field(
        default=frozenset(),
        description="Who is told and may act: user ids, with commas. Unset: the application's owner or team.",
    )
    guild_ids: Ids = Field(
        default=frozenset(),
        description="Your own servers, whose members may look: server ids, with commas. Unset: owners only.",
    )
    alert_channel_id: Annotated[int | None, from_text(read_snowflake)] = Field(
        default=None, description="Where alerts go when a direct message does not arrive: a channel id."
    )
    heartbeat_url: Annotated[SecretStr | None, from_text(read_heartbeat_address)] = Field(
        default=None,
        description="A secret address of a monitoring service, called after each successful check "
        "while Midwatch can store and send alerts.",
    )
    poll_interval: Annotated[timedelta, from_text(read_poll_interval)] = Field(
        default=timedelta(seconds=60), description="How often the account list is read: 5s or more."
    )
    outage_after: Annotated[timedelta, from_text(read_duration)] = Field(
        default=timedelta(minutes=5), description="How long the API may be out of reach before you are told."
    )
    flap_window: Annotated[timedelta, from_text(read_duration)] = Field(
        default=timedelta(minutes=5),
        description="How long an account must stay clear before its trouble counts as over.",
    )
    remind_after: Annotated[tuple[timedelta, ...], NoDecode, from_text(read_durations)] = Field(
        default=(timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4), timedelta(hours=24)),
        description="When you are reminded of open trouble: 5m or more; the last one repeats.",
    )
    database_path: Annotated[Path, from_text(read_database_path)] = Field(
        default=Path("data/midwatch.sqlite3"),
        description="The database file; it and its folder are made if missing.",
    )
    log_level: Annotated[LogLevel, from_text(read_log_level)] = Field(
        default=LogLevel.INFO, description="How much Midwatch logs: DEBUG, INFO, WARNING, ERROR or CRITICAL."
    )
    log_format: Annotated[LogFormat, from_text(read_log_format)] = Field(
        default=LogFormat.TEXT, description="What the log looks like: text, or json (one object a line)."
    )


class AccountSettings(Settings):
    """The settings of commands that do not log in to Discord: a bot's token that is none counts as empty."""

    discord_token: Annotated[SecretStr, from_text(token_or_empty)] = Field(default=SecretStr(""))


def problem(error: ErrorDetails) -> str:
    """Put one mistake into a sentence that names the variable; pydantic's own words could hold the value."""
    field = str(error["loc"][0])
    if error["type"] == "missing":
        meaning = Settings.model_fields[field].description
        return f"{field.upper()} is missing: write it into .env or the environment. {meaning}"
    reason = error.get("ctx", {}).get("error", "cannot be used: see .env.example for what to write")
    return f"{field.upper()} {reason}."


def load_settings(
    env_file: Path | None = Path(".env"),
    kind: type[Settings] = Settings,
    warn: Callable[[str], object] = lambda _: None,
) -> Settings:
    """Read the settings from the environment and, where it is silent, from a file.

    An empty variable counts as not set. A file that does not exist is an empty one. `warn` is called with a
    sentence for each variable of the file that looks like a misspelled one.

    Raises:
        ConfigurationError: with all that is wrong, not only the first of it.
    """
    try:
        text = text_of(env_file)
        if wrong_lines := unreadable(text, env_file):
            raise ConfigurationError(wrong_lines)
        for warning in misspelled(text, env_file, [name.upper() for name in kind.model_fields]):
            warn(warning)
        said = {name.lower() for name, value in os.environ.items() if value}
        silent = kind.model_fields.keys() - said
        return kind(**{name: value for name, value in values_in(text).items() if name in silent})  # pyright: ignore[reportArgumentType] - texts, of which each field reads its own
    except ValidationError as error:
        wrong = (problem(each) for each in error.errors(include_url=False, include_input=False))
        problems = (*folder_in_its_place(env_file), *wrong)
    except EnvFileError as error:
        problems = (str(error),)
    # Outside of the handlers: an error raised within one carries the first one, and that one carries values.
    raise ConfigurationError(problems)
