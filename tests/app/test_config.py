import os
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import FrozenInstanceError
from datetime import timedelta
from pathlib import Path

import pytest

from bot.config import MEANINGS, NO_PROVIDER, load_settings
from bot.domain.plain import plain
from bot.domain.secret import SecretStr
from bot.runtime.env_file import ConfigurationError
from bot.runtime.log_setup import LogFormat, LogLevel
from tests.support.catalogues import AddCatalogue

DISCORD = "discord.token-IN-a.test"
USEAPI = "user:1234-token-IN-a-test"
OWNER = "123456789012345678"
OTHER = "987654321098765432"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in MEANINGS:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DISCORD_TOKEN", DISCORD)
    monkeypatch.setenv("USEAPI_TOKEN", USEAPI)
    return monkeypatch


def problems(env_file: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(env_file)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)  # both would hold values
    return caught.value.problems


def warnings(env_file: Path) -> list[str]:
    """Return what is warned of, also if the settings are wrong."""
    warned: list[str] = []
    with suppress(ConfigurationError):
        load_settings(env_file, warn=warned.append)
    return warned


def test_two_tokens_are_enough() -> None:
    settings = load_settings(None)
    assert settings.discord_token.get_secret_value() == DISCORD
    assert settings.useapi_token == SecretStr(USEAPI)
    assert settings.useapi_url == "https://api.useapi.net/v2"
    assert (settings.owner_ids, settings.guild_ids) == (frozenset(), frozenset())
    assert (settings.alert_channel_id, settings.heartbeat_url) == (None, None)
    assert settings.poll_interval == timedelta(seconds=60)
    assert (settings.outage_after, settings.flap_window) == (timedelta(minutes=5), timedelta(minutes=5))
    assert settings.remind_after == tuple(timedelta(minutes=minutes) for minutes in (15, 60, 240, 1440))
    assert settings.database_path == Path("data/midwatch.sqlite3")
    assert (settings.log_level, settings.log_format) == (LogLevel.INFO, LogFormat.TEXT)


GOOD = [
    pytest.param(
        "USEAPI_URL", " https://api.example.com:8443/v2// ", "https://api.example.com:8443/v2", id="slashes"
    ),
    pytest.param("USEAPI_URL", "http://127.0.0.1:8000/v2", "http://127.0.0.1:8000/v2", id="loopback"),
    pytest.param("USEAPI_URL", "http://localhost", "http://localhost", id="localhost"),
    pytest.param("USEAPI_URL", "http://[::1]:8000/v2/", "http://[::1]:8000/v2", id="loopback-6"),
    pytest.param("MJPROXY_URL", "https://mj.example/mj/", "https://mj.example/mj", id="proxy"),
    pytest.param("MJPROXY_URL", "http://127.0.0.1:8080", "http://127.0.0.1:8080", id="proxy-on-loopback"),
    pytest.param("MJPROXY_TOKEN", "admin", SecretStr("admin"), id="proxy-token-as-it-comes"),
    pytest.param("OWNER_IDS", f"{OWNER}, {OTHER}", frozenset({int(OWNER), int(OTHER)}), id="owners"),
    pytest.param("GUILD_IDS", OWNER, frozenset({int(OWNER)}), id="one-guild"),
    pytest.param("ALERT_CHANNEL_ID", f" {OWNER} ", int(OWNER), id="channel"),
    pytest.param("LISTEN", "8080", ("127.0.0.1", 8080), id="port-alone"),
    pytest.param("LISTEN", ":8080", ("127.0.0.1", 8080), id="port-behind-a-colon"),
    pytest.param("LISTEN", "0.0.0.0:8080", ("0.0.0.0", 8080), id="every-address"),  # noqa: S104 - nothing is opened
    pytest.param("LISTEN", "[::]:65535", ("::", 65535), id="every-address-6"),
    pytest.param("LISTEN", "box.lan:1", ("box.lan", 1), id="host"),
    pytest.param("HOOK_SECRET", "0123456789-_abCD", SecretStr("0123456789-_abCD"), id="shortest-hook-secret"),
    pytest.param("POLL_INTERVAL", "5s", timedelta(seconds=5), id="fastest-poll"),
    pytest.param("OUTAGE_AFTER", "15m", timedelta(minutes=15), id="minutes"),
    pytest.param("FLAP_WINDOW", "4h", timedelta(hours=4), id="hours"),
    pytest.param("FLAP_WINDOW", "1d", timedelta(days=1), id="days"),
    pytest.param("REMIND_AFTER", "5m, 1d", (timedelta(minutes=5), timedelta(days=1)), id="reminders"),
    pytest.param("INFO_EVERY", "Off", None, id="no-order"),
    pytest.param("INFO_EVERY", "6h", timedelta(hours=6), id="most-frequent-order"),
    pytest.param("LOW_FAST_TIME", "12.5 %", 12.5, id="percent"),
    pytest.param("LOW_FAST_TIME", "OFF", None, id="no-percent"),
    pytest.param("BACKUP_KEEP", "0", 0, id="no-backups"),
    pytest.param("BACKUP_KEEP", "30", 30, id="backups"),
    pytest.param("DATABASE_PATH", "elsewhere/a.db", Path("elsewhere/a.db"), id="path"),
    pytest.param("DATABASE_PATH", "~/a.db", Path.home() / "a.db", id="path-at-home"),
    pytest.param("DATABASE_PATH", "./~x/a.db", Path("~x/a.db"), id="path-with-a-tilde"),
    pytest.param("LOG_LEVEL", "debug", LogLevel.DEBUG, id="level"),
    pytest.param("LOG_FORMAT", "JSON", LogFormat.JSON, id="format"),
    pytest.param("LOG_FORMAT", "", LogFormat.TEXT, id="empty-is-unset"),
    pytest.param("ALERT_CHANNEL_ID", "", None, id="empty-id-is-unset"),
]


PROXY = {"MJPROXY_URL": "https://mj.example", "MJPROXY_TOKEN": "token-of-an-admin"}


def with_proxy(environment: pytest.MonkeyPatch, **changed: str) -> None:
    """Set both variables of a proxy, or what is given for them."""
    for name, value in (PROXY | changed).items():
        environment.setenv(name, value)


def test_a_proxy_alone_is_enough(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("USEAPI_TOKEN")
    with_proxy(environment)
    settings = load_settings(None)
    assert settings.useapi_token is None
    assert settings.mjproxy_token == SecretStr(PROXY["MJPROXY_TOKEN"])
    assert settings.mjproxy == ("https://mj.example", settings.mjproxy_token)


def test_both_providers_may_be_set(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("".join(f"{name}={value}\n" for name, value in PROXY.items()))
    settings = load_settings(file)
    assert settings.useapi_token is not None
    assert settings.mjproxy is not None


@pytest.mark.parametrize("others", [{}, {"LOG_LEVEL": "chatty"}], ids=["alone", "beside-another-mistake"])
def test_without_a_provider_both_ways_are_named(
    environment: pytest.MonkeyPatch, others: dict[str, str]
) -> None:
    environment.setenv("USEAPI_TOKEN", "")
    for name, value in others.items():
        environment.setenv(name, value)
    assert [problem for problem in problems() if problem.split()[0] not in others] == [NO_PROVIDER]
    assert all(name in NO_PROVIDER for name in (*PROXY, "USEAPI_TOKEN"))


@pytest.mark.parametrize("lacking", PROXY)
def test_half_a_proxy_is_a_mistake_also_beside_useapi_net(
    environment: pytest.MonkeyPatch, lacking: str
) -> None:
    with_proxy(environment, **{lacking: ""})
    (problem,) = problems()
    assert problem.startswith(f"{lacking} is missing: write it into .env or the environment. ")


@pytest.mark.parametrize(("variable", "text", "value"), GOOD)
def test_a_variable_is_read(environment: pytest.MonkeyPatch, variable: str, text: str, value: object) -> None:
    if variable in PROXY:
        with_proxy(environment)
    environment.setenv(variable, text)
    assert getattr(load_settings(None), variable.lower()) == value


def test_the_heartbeat_address_may_be_plain_and_have_a_query(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HEARTBEAT_URL", "http://kuma.home:3001/api/push/abc?status=up&msg=OK")
    heartbeat = load_settings(None).heartbeat_url
    assert heartbeat is not None
    assert heartbeat.get_secret_value() == "http://kuma.home:3001/api/push/abc?status=up&msg=OK"


BAD = [
    pytest.param("DISCORD_TOKEN", "", "is missing", id="no-discord-token"),
    pytest.param("DISCORD_TOKEN", "Bot abc.def.ghi", 'begins with "Bot"', id="discord-scheme"),
    pytest.param("DISCORD_TOKEN", "abc def", "not one word", id="two-words"),
    pytest.param("DISCORD_TOKEN", "a", "too short", id="one-letter"),
    pytest.param("USEAPI_TOKEN", "user:1-ab", "too short", id="nine-letters"),
    pytest.param("USEAPI_TOKEN", "bearer user:1-abc", 'begins with "Bearer"', id="useapi-scheme"),
    pytest.param("USEAPI_TOKEN", "user:1-äbc", "not one word", id="not-ascii"),
    pytest.param("USEAPI_TOKEN", "user:1\nabc", "not one word", id="line-break"),
    pytest.param("USEAPI_TOKEN", "   ", "not one word", id="blanks"),
    pytest.param("USEAPI_TOKEN", '"user:1-abc"', "quotation marks", id="quoted"),
    pytest.param("USEAPI_URL", "api.example.com/v2", "not a web address", id="no-scheme"),
    pytest.param("USEAPI_URL", "ftp://api.useapi.net", "not a web address", id="other-scheme"),
    pytest.param("USEAPI_URL", "https://", "not a web address", id="no-host"),
    pytest.param("USEAPI_URL", "https://api.example:99999/", "not a web address", id="bad-port"),
    pytest.param("USEAPI_URL", "https://[::1/v2", "not a web address", id="bad-brackets"),
    pytest.param("USEAPI_URL", "https://exa mple.com", "not a web address", id="blank-within"),
    pytest.param("USEAPI_URL", "https://evil.example\\@api.useapi.net", "not a web address", id="backslash"),
    pytest.param("USEAPI_URL", "https://api..example.com/v2", "not a web address", id="empty-part-of-a-name"),
    pytest.param(
        "USEAPI_URL", f"https://{'a' * 64}.example/v2", "not a web address", id="long-part-of-a-name"
    ),
    pytest.param("USEAPI_URL", "http://api.example.com/v2", "not encrypted", id="plain-http"),
    pytest.param("USEAPI_URL", "http://127.0.0.1.example.com", "not encrypted", id="looks-like-loopback"),
    pytest.param("USEAPI_URL", "https://me:pass@api.example.com", "user name or password", id="userinfo"),
    pytest.param("USEAPI_URL", "https://api.example.com/v2?", "after ? or #", id="query"),
    pytest.param("USEAPI_URL", "https://api.example.com/v2#x", "after ? or #", id="fragment"),
    pytest.param("MJPROXY_URL", "http://10.0.0.7:8080/mj", "not encrypted", id="plain-proxy"),
    pytest.param("MJPROXY_URL", "proxy.local", "like https://proxy.example/mj", id="no-scheme-of-a-proxy"),
    pytest.param("MJPROXY_URL", "https://a:b@mj.example", "the token in MJPROXY_TOKEN", id="proxy-userinfo"),
    pytest.param("MJPROXY_TOKEN", "Bearer abcdefghij", 'begins with "Bearer"', id="proxy-scheme"),
    pytest.param("MJPROXY_TOKEN", "abc def", "not one word", id="proxy-two-words"),
    pytest.param("MJPROXY_TOKEN", "root", "too short", id="proxy-four-letters"),
    pytest.param("OWNER_IDS", "somebody", "not a Discord id", id="name"),
    pytest.param("OWNER_IDS", f"{OWNER},", "not a Discord id", id="comma-at-the-end"),
    pytest.param("GUILD_IDS", f"-{OWNER}", "not a Discord id", id="negative"),
    pytest.param("GUILD_IDS", "0" * 18, "not a Discord id", id="zero"),
    pytest.param("ALERT_CHANNEL_ID", "9" * 20, "not a Discord id", id="too-large"),
    pytest.param("ALERT_CHANNEL_ID", "١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦٧٨", "not a Discord id", id="other-digits"),
    pytest.param("PROXY_URL", "socks5://proxy.example:1080", "SOCKS proxy, which is not supp", id="socks"),
    pytest.param("PROXY_URL", "https://proxy.example", "of an HTTP proxy, like http", id="proxy-with-tls"),
    pytest.param("PROXY_URL", "http://proxy.example/path", "of an HTTP proxy", id="proxy-with-a-path"),
    pytest.param("PROXY_URL", "proxy.of-mine.example:3128", "of an HTTP proxy", id="proxy-without-http"),
    pytest.param("PROXY_URL", "http://ada:s3c/ret@proxy.example", "of an HTTP proxy", id="proxy-open-slash"),
    pytest.param("HEARTBEAT_URL", "hc-ping.example/abc", "not a web address", id="heartbeat"),
    pytest.param("LISTEN", "localhost", "no port or host:port", id="no-port"),
    pytest.param("LISTEN", "http://127.0.0.1:8080", "no port or host:port", id="web-address"),
    pytest.param("LISTEN", "::1:8080", "no port or host:port", id="bare-ipv6"),
    pytest.param("LISTEN", "127.0.0.1:0", "no port or host:port", id="port-zero"),
    pytest.param("LISTEN", "127.0.0.1:65536", "no port or host:port", id="port-too-high"),
    pytest.param("LISTEN", "yes", "no port or host:port", id="yes"),
    pytest.param("HOOK_SECRET", "0123456789abcde", "16 to 256 of A-Z", id="short-hook-secret"),
    pytest.param("HOOK_SECRET", "0123456789abcdef/", "16 to 256 of A-Z", id="hook-secret-with-a-slash"),
    pytest.param("HOOK_SECRET", "0123456789 abcdef", "16 to 256 of A-Z", id="hook-secret-of-two-words"),
    pytest.param("HEARTBEAT_URL", "https://hc..example/abc", "not a web address", id="heartbeat-to-no-name"),
    pytest.param("POLL_INTERVAL", "4s", "too short", id="too-fast"),
    pytest.param("POLL_INTERVAL", "60", "write 5s or more with its unit, like 60s", id="no-unit"),
    pytest.param("OUTAGE_AFTER", "0s", "between 1s and 365d", id="nothing"),
    pytest.param("FLAP_WINDOW", "99999999d", "between 1s and 365d", id="for-ever"),
    pytest.param("FLAP_WINDOW", "1.5h", "not a length of time", id="fraction"),
    pytest.param("LOW_FAST_TIME", "0", "no percentage", id="nothing-of-a-hundred"),
    pytest.param("LOW_FAST_TIME", "100", "no percentage", id="all-of-a-hundred"),
    pytest.param("LOW_FAST_TIME", "little", "no percentage", id="no-number"),
    pytest.param("REMIND_AFTER", "15m,,1h", "has an entry that is not a length", id="gap"),
    pytest.param("REMIND_AFTER", "299s,1h", "write 5m or more", id="more-often-than-anybody-is-woken"),
    pytest.param("REMIND_AFTER", "1h,15m", "not in order", id="descending"),
    pytest.param("REMIND_AFTER", "1h,60m", "not in order", id="twice"),
    pytest.param("INFO_EVERY", "5h", "write 6h or more, or off", id="order-too-often"),
    pytest.param("INFO_EVERY", "daily", "like 6h or 1d, or off", id="order-in-words"),
    pytest.param("BACKUP_KEEP", "-1", "not a number of backups", id="less-than-no-backups"),
    pytest.param("BACKUP_KEEP", "off", "from 0 to 999", id="no-number-of-backups"),
    pytest.param("DATABASE_PATH", '"/data/a.db"', "a quotation mark", id="quoted-path"),
    pytest.param("DATABASE_PATH", "'/data/a.db", "a quotation mark", id="path-after-a-quotation-mark"),
    pytest.param("DATABASE_PATH", "/data/a.db # the volume", "or a comment", id="path-and-comment"),
    pytest.param("DATABASE_PATH", "/data/a.db\t# the volume", "or a comment", id="path-tab-and-comment"),
    pytest.param("DATABASE_PATH", "`/data/a.db`", "a quotation mark", id="path-in-backticks"),
    pytest.param("DATABASE_PATH", "\u201c/data/a.db\u201d", "a quotation mark", id="path-in-curly-marks"),
    pytest.param("DATABASE_PATH", "\u2018/data/a.db", "a quotation mark", id="path-after-a-curly-mark"),
    pytest.param("DATABASE_PATH", "$HOME/a.db", "begins with $", id="path-with-a-variable"),
    pytest.param("DATABASE_PATH", "${HOME}/a.db", "begins with $", id="path-with-a-variable-in-braces"),
    pytest.param("DATABASE_PATH", "data/", "names a folder", id="folder"),
    pytest.param("DATABASE_PATH", "/", "names a folder", id="root"),
    pytest.param("DATABASE_PATH", "~", "names a folder", id="home"),
    pytest.param("DATABASE_PATH", "~nobody-at-all/a.db", "begins with ~", id="nobody-s-home"),
    pytest.param("LOG_LEVEL", "chatty", "DEBUG, INFO, WARNING, ERROR or CRITICAL", id="level"),
    pytest.param("LOG_FORMAT", "xml", "text or json", id="format"),
]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("zh-CN", "zh-CN"),
        ("zh-cn", "zh-CN"),
        ("zh_TW.UTF-8", "zh-TW"),
        ("zh_TW:zh_CN:zh", "zh-TW"),
        ("de_DE:de", "de"),
        ("EN", "en"),
        ("nl:en_GB:de", "en"),
        ("nl_NL:nl", "en"),
        ("nl", "en"),
        ("it_IT.UTF-8", "en"),
        ("C", "en"),
        ("C.UTF-8", "en"),
    ],
)
def test_a_language_of_the_environment_is_read_as_discord_or_a_system_writes_it(
    environment: pytest.MonkeyPatch, catalogue: AddCatalogue, text: str, language: str
) -> None:
    for each in ("de", "zh-CN", "zh-TW"):
        catalogue(each, {})
    environment.setenv("LANGUAGE", text)
    assert load_settings(None).language == language


@pytest.mark.parametrize("text", ["chinese", "-", "German"])
def test_a_language_that_is_none_is_refused_with_those_that_are(
    environment: pytest.MonkeyPatch, catalogue: AddCatalogue, text: str
) -> None:
    catalogue("de", {})
    catalogue("zh-CN", {})
    environment.setenv("LANGUAGE", text)
    assert problems() == ("LANGUAGE is not a language of Midwatch: write one of en, de, zh-CN.",)


@pytest.mark.parametrize("text", ["nl", "it_IT.UTF-8", "C", "nl_NL:nl", "zh-CN"])
def test_a_locale_without_a_catalogue_is_english_and_named_once(
    environment: pytest.MonkeyPatch, catalogue: AddCatalogue, tmp_path: Path, text: str
) -> None:
    catalogue("de", {})
    catalogue("zh-TW", {})
    environment.setenv("LANGUAGE", "de")
    file = tmp_path / ".env"
    file.write_text(f"LANGUAGE={text}\n")
    assert warnings(file) == ["LANGUAGE is not a language of Midwatch: write one of en, de, zh-TW."]
    assert load_settings(file).language == "en"


def test_the_language_of_the_file_comes_before_that_of_the_system(
    environment: pytest.MonkeyPatch, catalogue: AddCatalogue, tmp_path: Path
) -> None:
    catalogue("de", {})
    file = tmp_path / ".env"
    file.write_text("LANGUAGE=de\n")
    environment.setenv("LANGUAGE", "en_US:en")
    assert load_settings(file).language == "de"


@pytest.mark.parametrize(("variable", "value", "reason"), BAD)
def test_a_mistake_is_named_with_its_variable_and_without_its_value(
    environment: pytest.MonkeyPatch, variable: str, value: str, reason: str
) -> None:
    if variable in PROXY:
        with_proxy(environment)
    environment.setenv(variable, value)
    (problem,) = problems()
    assert problem.startswith(f"{variable} ")
    assert reason in problem
    assert problem.endswith(".")
    assert len(value.strip()) < 9 or value not in problem


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_example(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.delenv("DISCORD_TOKEN")
    environment.setenv("LOG_LEVEL", "chatty")
    environment.setenv("USEAPI_TOKEN", "two words")
    environment.setenv("POLL_INTERVAL", "1s")
    assert [problem.split()[0] for problem in problems()] == [
        "DISCORD_TOKEN",
        "USEAPI_TOKEN",
        "POLL_INTERVAL",
        "LOG_LEVEL",
    ]


def test_a_path_that_cannot_be_examined_is_left_to_the_store_and_hides_no_mistake(
    environment: pytest.MonkeyPatch,
) -> None:
    path = f"/tmp/{'x' * 300}/a.db"  # noqa: S108 - nothing is ever made there
    environment.setenv("DATABASE_PATH", path)
    assert load_settings(None).database_path == Path(path)
    environment.setenv("LOG_LEVEL", "chatty")
    assert [problem.split()[0] for problem in problems()] == ["LOG_LEVEL"]


def test_no_value_is_carried_along_by_the_error(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("USEAPI_TOKEN", "Bearer kept-from-all-eyes")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(None)
    error = caught.value
    assert (error.__cause__, error.__context__) == (None, None)
    shown = "".join(traceback.format_exception(error)) + repr(error) + str(error)
    assert "kept-from-all-eyes" not in shown
    assert DISCORD not in shown


def test_settings_do_not_show_their_secrets(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HEARTBEAT_URL", "https://hc-ping.example/kept-from-all-eyes")
    environment.setenv("HOOK_SECRET", "kept-from-all-eyes")
    environment.setenv("PROXY_URL", "http://ada:kept-from-all-eyes@proxy.example:3128")
    settings = load_settings(None)
    shown = repr(settings) + str(settings) + repr(plain(settings))
    assert [secret for secret in (DISCORD, USEAPI, "kept-from-all-eyes") if secret in shown] == []


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(load_settings(None), "log_level", LogLevel.DEBUG)  # noqa: B010 - the type checker knows


def test_the_file_is_read_and_the_environment_wins(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("POLL_INTERVAL=90s\nLOG_LEVEL=DEBUG\nSOMETHING_ELSE=1\n")
    environment.setenv("LOG_LEVEL", "ERROR")
    settings = load_settings(file)
    assert settings.poll_interval == timedelta(seconds=90)
    assert settings.log_level is LogLevel.ERROR


def test_the_file_is_looked_for_in_the_working_directory(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("POLL_INTERVAL=90s\n")
    environment.chdir(tmp_path)
    assert load_settings().poll_interval == timedelta(seconds=90)


def test_a_file_that_is_not_there_is_no_mistake(tmp_path: Path) -> None:
    assert load_settings(tmp_path / ".env").poll_interval == timedelta(seconds=60)


def test_a_byte_order_mark_hides_no_variable(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.delenv("DISCORD_TOKEN")
    file = tmp_path / ".env"
    file.write_text("DISCORD_TOKEN=from-the-file\n", encoding="utf-8-sig")
    assert load_settings(file).discord_token.get_secret_value() == "from-the-file"


def test_a_file_that_cannot_be_read_is_one_sentence() -> None:
    unreadable = Path("/proc/self/mem")
    if not unreadable.is_file():
        pytest.skip("needs a file that not even root can read, as Linux has")
    (problem,) = problems(unreadable)
    assert problem.startswith("/proc/self/mem cannot be read (")


def test_a_file_that_is_not_text_is_one_sentence_without_its_content(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"USEAPI_TOKEN=kept-from-all-eyes-\xff\n")
    (problem,) = problems(file)
    assert "not UTF-8" in problem
    assert "kept-from-all-eyes" not in problem


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param('POLL_INTERVAL=90s\n\nOWNER_IDS="1\n', 3, id="a-mark-never-closed"),
        pytest.param("OWNER_IDS='1\nPOLL_INTERVAL=90s\n", 1, id="another-mark"),
        pytest.param("# a comment\nLOG_LEVEL = 'INFO' and more\n", 2, id="words-after-the-mark"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_and_its_value_not_named(
    tmp_path: Path, text: str, line: int, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / ".env"
    file.write_text(text)
    sentence = f"Line {line} of {file} cannot be read: write NAME=value, and close each quotation mark."
    assert problems(file) == (sentence,)
    assert caplog.records == []


def test_a_pipe_that_gives_its_content_once_is_read_once(tmp_path: Path) -> None:
    pipe = tmp_path / ".env"
    os.mkfifo(pipe)
    warned: list[str] = []
    with ThreadPoolExecutor() as other:
        writing = other.submit(pipe.write_text, "POLL_INTERVAL=90s\nGUILD_ID=1\n")
        assert load_settings(pipe, warn=warned.append).poll_interval == timedelta(seconds=90)
        writing.result()
    assert len(warned) == 1


def test_a_folder_in_place_of_the_file_is_reported_before_what_is_missing(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.delenv("DISCORD_TOKEN")
    folder, missing = problems(tmp_path)
    assert folder.startswith(f"{tmp_path} is a folder, not a file: ")
    assert missing.startswith("DISCORD_TOKEN is missing")


def test_a_folder_in_place_of_the_file_is_no_matter_where_the_environment_says_all(tmp_path: Path) -> None:
    assert load_settings(tmp_path).poll_interval == timedelta(seconds=60)


def test_an_empty_variable_of_the_environment_leaves_that_of_the_file(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / ".env"
    file.write_text("poll_interval=90s\nLOG_LEVEL=\n")
    environment.setenv("POLL_INTERVAL", "")
    assert load_settings(file).poll_interval == timedelta(seconds=90)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        pytest.param("GUILD_ID=1", "GUILD_IDS", id="a-letter-missing"),
        pytest.param("DISCORD_TOKN=kept-from-all-eyes", "DISCORD_TOKEN", id="a-letter-missing-within"),
        pytest.param("DISCORD_BOT_TOKEN=kept-from-all-eyes", "DISCORD_TOKEN", id="a-word-more"),
        pytest.param("  export owners_ids = 1", "OWNER_IDS", id="exported-in-small-letters"),
        pytest.param("ALERT-CHANNEL-ID=1", "ALERT_CHANNEL_ID", id="dashes"),
    ],
)
def test_a_misspelled_variable_of_the_file_is_named_with_the_one_it_looks_like(
    tmp_path: Path, line: str, meant: str
) -> None:
    file = tmp_path / ".env"
    file.write_text(f"POLL_INTERVAL=90s\r\n{line}\r\n", encoding="utf-8-sig")
    (warning,) = warnings(file)
    name = line.split("=", maxsplit=1)[0].rsplit(maxsplit=1)[-1]
    assert warning == f"Unknown setting {name} in {file}. Did you mean {meant}?"


def test_a_misspelled_variable_is_named_once(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("GUILD_ID=1\nGUILD_ID=2\n")
    assert len(warnings(file)) == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("guild_ids=1\nLOG_LEVEL=INFO\n", id="ours-in-any-case"),
        pytest.param("PATH=/bin\nSOMETHING_ELSE=1\nTOKEN=1\nMJ_HOME=x\n", id="another-program-s"),
        pytest.param("#GUILD_ID=1\n# GUILD_ID=1\n", id="comments"),
        pytest.param("LOG_FORMAT=GUILD_ID=1\n", id="a-value"),
        pytest.param("GUILD_ID\n", id="no-assignment"),
    ],
)
def test_what_is_no_misspelling_is_passed_over(tmp_path: Path, text: str) -> None:
    file = tmp_path / ".env"
    file.write_text(text)
    assert warnings(file) == []
