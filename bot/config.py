"""The settings: read from the environment and `.env`, and checked as a whole."""

import os
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from bot.domain.services import MIDJOURNEY, read_services
from bot.runtime import setting_values as values
from bot.runtime.env_file import (
    ConfigurationError,
    folder_in_its_place,
    misspelled,
    text_of,
    unreadable,
    values_in,
)
from bot.runtime.log_setup import LogFormat, LogLevel


def from_text(parse: Callable[[str], object]) -> BeforeValidator:
    """Read a field from the text of its variable. A value that is not text stays as it is."""
    return BeforeValidator(lambda value: parse(value.strip()) if isinstance(value, str) else value)


NO_PROVIDER: Final = (
    "Nothing can be watched: write MJPROXY_URL and MJPROXY_TOKEN (a midjourney-proxy), USEAPI_TOKEN "
    "(useapi.net), or all three into .env or the environment."
)
Ids = Annotated[frozenset[int], from_text(values.read_snowflakes)]


class Settings(BaseModel):
    """The settings. The variables are the names of the fields in capitals."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    discord_token: Annotated[SecretStr, from_text(values.token_without("Bot"))] = Field(
        description="The bot's token: Discord Developer Portal, your application, page Bot."
    )
    mjproxy_url: Annotated[str | None, from_text(values.read_mjproxy_url)] = Field(
        default=None,
        description="Where your midjourney-proxy answers, with https (or http on this machine).",
    )
    mjproxy_token: Annotated[SecretStr | None, from_text(values.read_mjproxy_token)] = Field(
        default=None, description="The token of one of its administrators, as it is, without Bearer."
    )
    useapi_token: Annotated[SecretStr | None, from_text(values.token_without("Bearer"))] = Field(
        default=None, description="Your useapi.net API token, as shown in your account there."
    )
    useapi_url: Annotated[str, from_text(values.read_useapi_url)] = Field(
        default="https://api.useapi.net/v2",
        description="The API's address; any compatible server, with https (or http on this machine).",
    )
    useapi_services: Annotated[frozenset[str], from_text(read_services)] = Field(
        default=frozenset({MIDJOURNEY}),
        description="Which services of useapi.net are watched: names with commas (docs/services.md), or all.",
    )
    owner_ids: Ids = Field(
        default=frozenset(),
        description="Who gets alerts and may act: user ids, with commas. Unset: the bot's owner or team.",
    )
    guild_ids: Ids = Field(
        default=frozenset(),
        description="Your servers, whose members may view accounts: ids, with commas. Unset: owners only.",
    )
    alert_channel_id: Annotated[int | None, from_text(values.read_snowflake)] = Field(
        default=None, description="Where alerts go when a direct message does not arrive: a channel id."
    )
    status_channel_id: Annotated[int | None, from_text(values.read_snowflake)] = Field(
        default=None,
        description="Where a board shows how all accounts are, always up to date: a channel id.",
    )
    heartbeat_url: Annotated[SecretStr | None, from_text(values.read_heartbeat_address)] = Field(
        default=None,
        description="A secret address of a monitoring service, called after each successful check "
        "while Midwatch can store and send alerts.",
    )
    poll_interval: Annotated[timedelta, from_text(values.read_poll_interval)] = Field(
        default=timedelta(seconds=60), description="How often the account list is read: 5s or more."
    )
    outage_after: Annotated[timedelta, from_text(values.read_duration)] = Field(
        default=timedelta(minutes=5),
        description="How long what is watched may be unreachable before an alert.",
    )
    flap_window: Annotated[timedelta, from_text(values.read_duration)] = Field(
        default=timedelta(minutes=5),
        description="How long an account must stay clear before its incident ends.",
    )
    remind_after: Annotated[tuple[timedelta, ...], from_text(values.read_durations)] = Field(
        default=(timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4), timedelta(hours=24)),
        description="When you are reminded of open incidents: 5m or more; the last one repeats.",
    )
    info_every: Annotated[timedelta | None, from_text(values.read_info_every)] = Field(
        default=None,
        description="How often /info is sent for each account at useapi.net without a person: 6h or more. "
        "These are Midjourney commands that nobody asked for.",
    )
    low_fast_time: Annotated[float | None, from_text(values.read_percent)] = Field(
        default=None,
        description="Percent of fast time left at which you are warned, as of too fast a pace; off: never.",
    )
    database_path: Annotated[Path, from_text(values.read_database_path)] = Field(
        default=Path("data/midwatch.sqlite3"),
        description="The database file; it and its folder are made if missing.",
    )
    log_level: Annotated[LogLevel, from_text(values.one_of(LogLevel, "log level"))] = Field(
        default=LogLevel.INFO, description="How much Midwatch logs: DEBUG, INFO, WARNING, ERROR or CRITICAL."
    )
    log_format: Annotated[LogFormat, from_text(values.one_of(LogFormat, "log format"))] = Field(
        default=LogFormat.TEXT, description="The format of the log: text, or json (one object a line)."
    )

    @property
    def mjproxy(self) -> tuple[str, SecretStr] | None:
        """The address and the token of the midjourney-proxy; None if none is set up."""
        return (self.mjproxy_url, self.mjproxy_token) if self.mjproxy_url and self.mjproxy_token else None

    @property
    def tokens(self) -> tuple[SecretStr, ...]:
        """The tokens of Midwatch's own."""
        return tuple(filter(None, (self.discord_token, self.useapi_token, self.mjproxy_token)))


class AccountSettings(Settings):
    """The settings of commands that do not log in to Discord: the bot's token may be wrong or missing.

    What such a command needs of a provider, it says itself.
    """

    discord_token: Annotated[SecretStr, from_text(values.token_or_empty)] = Field(default=SecretStr(""))


def problem(error: ErrorDetails) -> str:
    """Return a sentence about one mistake. The message of pydantic could contain the value."""
    field = str(error["loc"][0])
    if error["type"] == "missing":
        return missing(field)
    reason = error.get("ctx", {}).get("error", "cannot be used: see .env.example for what to write")
    return f"{field.upper()} {reason}."


def missing(field: str) -> str:
    """Return the sentence for a variable that is not set."""
    meaning = Settings.model_fields[field].description
    return f"{field.upper()} is missing: write it into .env or the environment. {meaning}"


def missing_provider(given: Collection[str]) -> tuple[str, ...]:
    """Return a sentence if no provider, or half of one, is among the variables that are set."""
    lacking = [field for field in ("mjproxy_url", "mjproxy_token") if field not in given]
    if len(lacking) == 1:
        return (missing(*lacking),)
    return (NO_PROVIDER,) if lacking and "useapi_token" not in given else ()


def load_settings(
    env_file: Path | None = Path(".env"),
    kind: type[Settings] = Settings,
    warn: Callable[[str], object] = lambda _: None,
) -> Settings:
    """Read the settings from the environment and from a file. The environment comes first.

    An empty variable counts as not set. `warn` is called with a sentence for each misspelled variable of the
    file.

    Raises:
        ConfigurationError: with all problems.
    """
    text = text_of(env_file)
    if wrong_lines := unreadable(text, env_file):
        raise ConfigurationError(wrong_lines)
    for warning in misspelled(text, env_file, [name.upper() for name in kind.model_fields]):
        warn(warning)
    given = {**values_in(text), **{name.lower(): value for name, value in os.environ.items() if value}}
    no_provider = () if kind is AccountSettings else missing_provider(given)
    wrong: list[str] = []
    try:
        settings = kind.model_validate(given)
    except ValidationError as error:
        wrong = [problem(each) for each in error.errors(include_url=False, include_input=False)]
    else:
        if not no_provider:
            return settings
    # Not in the handler: the error would then carry the first one, which carries values.
    raise ConfigurationError((*folder_in_its_place(env_file), *wrong, *no_provider))
