"""The settings: read from the environment and `.env`, and checked as a whole."""

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from bot.domain.secret import SecretStr
from bot.domain.services import ALL_SERVICES, MIDJOURNEY, SERVICE_NAMES
from bot.runtime import setting_values as values
from bot.runtime.alert_addresses import read_alert_urls
from bot.runtime.env_file import (
    ConfigurationError,
    folder_in_its_place,
    misspelled,
    text_of,
    unreadable,
    values_in,
)
from bot.runtime.language import ENGLISH, Sentence, say
from bot.runtime.log_setup import LogFormat, LogLevel


def setting(read: Callable[[str], object], meaning: Sentence, default: object = None) -> Any:
    """Describe a setting: what reads its text, what it means, and its value if it is not set.

    The value is MISSING for a setting that is required.
    """
    return field(default=default, metadata={"read": read, "meaning": meaning})


def secret(read: Callable[[str], str]) -> Callable[[str], SecretStr]:
    """Return a reader of a secret."""
    return lambda text: SecretStr(read(text))


def read_services(text: str) -> frozenset[str]:
    """Read the setting that names services."""
    named = {word.strip().casefold() for word in text.split(",")} - {""}
    if named != {ALL_SERVICES} and (not named or not named <= set(SERVICE_NAMES)):
        known = ", ".join(SERVICE_NAMES)
        raise values.fault(
            "is no list of services: write all, or any of {services}, with commas", services=known
        )
    return frozenset(named)


NO_PROVIDER: Final[Sentence] = (
    "Nothing can be watched: write MJPROXY_URL and MJPROXY_TOKEN (a midjourney-proxy), USEAPI_TOKEN "
    "(useapi.net), or all three into .env or the environment."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings. The variables are the names of the fields in capitals."""

    discord_token: SecretStr = setting(
        secret(values.token_without("Bot")),
        "The bot's token: Discord Developer Portal, your application, page Bot.",
        MISSING,
    )
    mjproxy_url: str | None = setting(
        values.read_mjproxy_url, "Where your midjourney-proxy answers, with https (or http on this machine)."
    )
    mjproxy_token: SecretStr | None = setting(
        secret(values.read_mjproxy_token), "The token of one of its administrators, as it is, without Bearer."
    )
    useapi_token: SecretStr | None = setting(
        secret(values.token_without("Bearer")), "Your useapi.net API token, as shown in your account there."
    )
    useapi_url: str = setting(
        values.read_useapi_url,
        "The API's address; any compatible server, with https (or http on this machine).",
        "https://api.useapi.net/v2",
    )
    useapi_services: frozenset[str] = setting(
        read_services,
        "Which services of useapi.net are watched: names with commas (docs/services.md), or all.",
        frozenset({MIDJOURNEY}),
    )
    owner_ids: frozenset[int] = setting(
        values.read_snowflakes,
        "Who gets alerts and may act: user ids, with commas. Unset: the bot's owner or team.",
        frozenset[int](),
    )
    second_owners: frozenset[int] = setting(
        values.read_snowflakes,
        "Owners who are told only when nobody acts on an alert (ESCALATE_AFTER): user ids, with commas.",
        frozenset[int](),
    )
    guild_ids: frozenset[int] = setting(
        values.read_snowflakes,
        "Your servers, whose members may view accounts: ids, with commas. Unset: owners only.",
        frozenset[int](),
    )
    alert_channel_id: int | None = setting(
        values.read_snowflake, "Where alerts go when a direct message does not arrive: a channel id."
    )
    alert_urls: tuple[SecretStr, ...] = setting(
        lambda text: tuple(map(SecretStr, read_alert_urls(text))),
        "Where alerts go when Discord does not accept them: secret Apprise addresses, with spaces "
        "(docs/outside.md).",
        (),
    )
    alert_urls_always: bool = setting(
        values.read_yes, "Whether every alert goes there as well: yes or no.", default=False
    )
    status_channel_id: int | None = setting(
        values.read_snowflake, "Where a board shows how all accounts are, always up to date: a channel id."
    )
    heartbeat_url: SecretStr | None = setting(
        secret(values.read_heartbeat_address),
        "A secret address of a monitoring service, called after each successful check "
        "while Midwatch can store and send alerts.",
    )
    listen: values.ListenAddress | None = setting(
        values.read_listen_address,
        "Where monitors and callbacks are answered (docs/metrics.md): a port of this machine, or host:port.",
    )
    hook_secret: SecretStr | None = setting(
        secret(values.read_hook_secret),
        "The secret end of the address /hook/... there, where a POST makes it check your accounts at once.",
    )
    proxy_url: SecretStr | None = setting(
        secret(values.read_proxy_address),
        "An HTTP proxy for all that leaves this machine; it may hold a user name and a password, "
        "and is secret (docs/proxy.md).",
    )
    poll_interval: timedelta = setting(
        values.read_poll_interval, "How often the account list is read: 5s or more.", timedelta(seconds=60)
    )
    outage_after: timedelta = setting(
        values.read_duration,
        "How long what is watched may be unreachable before an alert.",
        timedelta(minutes=5),
    )
    flap_window: timedelta = setting(
        values.read_duration,
        "How long an account must stay clear before its incident ends.",
        timedelta(minutes=5),
    )
    remind_after: tuple[timedelta, ...] = setting(
        values.read_durations,
        "When you are reminded of open incidents: 5m or more; the last one repeats.",
        (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4), timedelta(hours=24)),
    )
    escalate_after: timedelta | None = setting(
        values.read_escalation,
        "After how long without an act an alert goes to SECOND_OWNERS, too: 5m or more, or off.",
    )
    info_every: timedelta | None = setting(
        values.read_info_every,
        "How often /info is sent for each account at useapi.net without a person: 6h or more. "
        "These are Midjourney commands that nobody asked for.",
    )
    low_fast_time: float | None = setting(
        values.read_percent,
        "Percent of fast time left at which you are warned, as of too fast a pace; off: never.",
    )
    language: str = setting(
        values.read_language,
        "The language of what a channel sees and of the command line, by Discord's code: en, de, zh-CN ... "
        "Unset, the command line follows the terminal.",
        ENGLISH,
    )
    database_path: Path = setting(
        values.read_database_path,
        "The database file; it and its folder are made if missing.",
        Path("data/midwatch.sqlite3"),
    )
    backup_keep: int = setting(
        values.read_kept,
        "How many daily backups are kept beside the database; 0: none is made.",
        7,
    )
    log_level: LogLevel = setting(
        values.one_of(LogLevel, "is not a log level: write DEBUG, INFO, WARNING, ERROR or CRITICAL"),
        "How much Midwatch logs: DEBUG, INFO, WARNING, ERROR or CRITICAL.",
        LogLevel.INFO,
    )
    log_format: LogFormat = setting(
        values.one_of(LogFormat, "is not a log format: write text or json"),
        "The format of the log: text, or json (one object a line).",
        LogFormat.TEXT,
    )

    @property
    def mjproxy(self) -> tuple[str, SecretStr] | None:
        """The address and the token of the midjourney-proxy; None if none is set up."""
        return (self.mjproxy_url, self.mjproxy_token) if self.mjproxy_url and self.mjproxy_token else None

    @property
    def secrets(self) -> tuple[SecretStr, ...]:
        """All that must never be shown."""
        others = (self.heartbeat_url, self.hook_secret, self.proxy_url)
        return (*self.tokens, *self.alert_urls, *filter(None, others))

    @property
    def tokens(self) -> tuple[SecretStr, ...]:
        """The tokens of Midwatch's own."""
        return tuple(filter(None, (self.discord_token, self.useapi_token, self.mjproxy_token)))


MEANINGS: Final[Mapping[str, Sentence]] = {each.name: each.metadata["meaning"] for each in fields(Settings)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings(Settings):
    """The settings of commands that do not log in to Discord: the bot's token may be wrong or missing.

    What such a command needs of a provider, it says itself.
    """

    discord_token: SecretStr = setting(
        secret(values.token_or_empty), MEANINGS["discord_token"], SecretStr("")
    )


def missing(name: str) -> str:
    """Return the sentence for a variable that is not set."""
    sentence: Sentence = "{setting} is missing: write it into .env or the environment. {meaning}"
    return say(sentence, setting=name.upper(), meaning=say(MEANINGS[name]))


def faulty(name: str, fault: ValueError) -> str:
    """Return the sentence for a variable whose value is wrong."""
    return say("{setting} {fault}.", setting=name.upper(), fault=fault)


def missing_provider(given: Collection[str]) -> tuple[str, ...]:
    """Return a sentence if no provider, or half of one, is among the variables that are set."""
    lacking = [name for name in ("mjproxy_url", "mjproxy_token") if name not in given]
    if len(lacking) == 1:
        return (missing(*lacking),)
    return (say(NO_PROVIDER),) if lacking and "useapi_token" not in given else ()


def missing_second(given: Collection[str]) -> tuple[str, ...]:
    """Return a sentence if ESCALATE_AFTER or SECOND_OWNERS is set without the other."""
    lacking = [name for name in ("escalate_after", "second_owners") if name not in given]
    return (missing(*lacking),) if len(lacking) == 1 else ()


def read_fields(kind: type[Settings], given: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Return the values of the variables that are set, by field, and a sentence for each mistake."""
    found: dict[str, Any] = {}
    wrong: list[str] = []
    for each in fields(kind):
        if each.name in given:
            try:
                found[each.name] = each.metadata["read"](given[each.name].strip())
            except ValueError as error:
                wrong.append(faulty(each.name, error))
        elif each.default is MISSING:
            wrong.append(missing(each.name))
    return found, wrong


def load_settings(
    env_file: Path | None = Path(".env"),
    kind: type[Settings] = Settings,
    warn: Callable[[str], object] = lambda _: None,
) -> Settings:
    """Read the settings from the environment and from a file. The environment comes first.

    LANGUAGE of the file comes before that of the environment. An empty variable counts as not set. `warn` is
    called with a sentence for each misspelled variable of the file, and for a locale without a catalogue:
    it is English.

    Raises:
        ConfigurationError: with all problems.
    """
    text = text_of(env_file)
    if wrong_lines := unreadable(text, env_file):
        raise ConfigurationError(wrong_lines)
    for warning in misspelled(text, env_file, [name.upper() for name in MEANINGS]):
        warn(warning)
    written = values_in(text)
    given = {**written, **{name.lower(): value for name, value in os.environ.items() if value}}
    if "language" in written:  # GNU systems set that variable, too
        given["language"] = written["language"]
    if values.LOCALE.fullmatch(given.get("language", "")):
        try:
            values.read_language(given["language"])
        except ValueError as error:
            warn(faulty("language", error))
            given["language"] = ENGLISH
    no_provider = () if kind is AccountSettings else missing_provider(given)
    found, wrong = read_fields(kind, given)
    wrong += missing_second(given)
    if wrong or no_provider:
        raise ConfigurationError((*folder_in_its_place(env_file), *wrong, *no_provider))
    return kind(**found)
