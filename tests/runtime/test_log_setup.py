import errno
import io
import json
import logging
import sys
from collections.abc import Iterator
from datetime import datetime

import pytest

from bot.runtime.log_setup import MASK, OURS, LineHandler, LogFormat, LogLevel, configure, log_fact

SECRET = 'tok"en\\of/a test'
log = logging.getLogger("bot.example")


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction] - pytest calls it
    loggers = [logging.getLogger(name) for name in (None, *OURS)]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
    root = logging.getLogger()
    root.handlers[:] = [handler for handler in root.handlers if not isinstance(handler, LineHandler)]


def started(
    level: LogLevel = LogLevel.INFO, layout: LogFormat = LogFormat.TEXT, *secrets: str
) -> io.StringIO:
    stream = io.StringIO()
    configure(level, layout, stream=stream, secrets=secrets)
    return stream


def fail(text: str) -> None:
    raise RuntimeError(text)


def fail_with(text: str) -> None:
    try:
        fail(text)
    except RuntimeError:
        log.exception("something failed for %s", text)


def test_a_text_line_has_time_level_logger_and_message() -> None:
    stream = started()
    log.warning("%s is %s", "the account", "flagged")
    time, rest = stream.getvalue().split(maxsplit=1)
    assert datetime.fromisoformat(time).tzname() == "UTC"
    assert rest == "WARNING  bot.example: the account is flagged\n"


def test_a_json_line_is_one_object_with_the_traceback_in_it() -> None:
    stream = started(LogLevel.INFO, LogFormat.JSON)
    fail_with("that ü")
    (line,) = stream.getvalue().splitlines()
    entry = json.loads(line)
    assert list(entry) == ["time", "level", "logger", "message", "exception"]
    assert entry["level"] == "ERROR"
    assert entry["logger"] == "bot.example"
    assert entry["message"] == "something failed for that ü"
    assert entry["exception"].endswith("RuntimeError: that ü")
    assert datetime.fromisoformat(entry["time"]).tzname() == "UTC"


def test_a_fact_is_words_in_text_and_a_field_in_json_without_the_secrets() -> None:
    for layout in LogFormat:
        stream = started(LogLevel.INFO, layout, SECRET)
        log_fact(log, "seen", "%(count)d seen at %(place)s", count=2, place=f"a{SECRET}b")
        line = stream.getvalue()
        if layout is LogFormat.TEXT:
            assert line.endswith(f"INFO     bot.example: 2 seen at a{MASK}b\n")
            continue
        entry = json.loads(line)
        assert list(entry) == ["time", "level", "logger", "message", "event", "count", "place"]
        assert (entry["message"], entry["event"]) == (f"2 seen at a{MASK}b", "seen")
        assert (entry["count"], entry["place"]) == (2, f"a{MASK}b")


def test_what_discord_py_logs_at_each_try_to_log_in_is_left_out() -> None:
    stream = started()
    logging.getLogger("discord.client").info("logging in using static token")
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("level", "name", "at", "is_written"),
    [
        pytest.param(LogLevel.DEBUG, "bot.polling.poller", logging.DEBUG, True, id="ours-at-debug"),
        pytest.param(LogLevel.DEBUG, "cogs.info", logging.DEBUG, True, id="a-cog-at-debug"),
        pytest.param(LogLevel.INFO, "bot.polling.poller", logging.DEBUG, False, id="ours-below-its-level"),
        pytest.param(LogLevel.DEBUG, "discord.http", logging.DEBUG, False, id="a-library-at-debug"),
        pytest.param(LogLevel.DEBUG, "botany", logging.DEBUG, False, id="a-name-that-begins-like-ours"),
        pytest.param(LogLevel.DEBUG, "discord.http", logging.INFO, True, id="a-library-at-info"),
        pytest.param(LogLevel.ERROR, "discord.http", logging.INFO, False, id="a-library-below-our-level"),
        pytest.param(LogLevel.ERROR, "bot.polling.poller", logging.ERROR, True, id="ours-at-its-level"),
    ],
)
def test_the_level_is_for_our_loggers_and_libraries_say_no_more_than_info(
    level: LogLevel, name: str, at: int, is_written: object
) -> None:
    stream = started(level)
    logging.getLogger(name).log(at, "a line")
    assert bool(stream.getvalue()) is is_written


def test_that_the_bot_cannot_speak_is_not_written_and_any_other_warning_is() -> None:
    stream = started()
    library = logging.getLogger("discord.client")
    library.warning("PyNaCl is not installed, voice will NOT be supported")
    library.warning("davey is not installed, voice will NOT be supported")
    assert stream.getvalue() == ""
    library.warning("%s is not installed, voice will NOT be supported", "libopus")
    library.warning({"not": "a text"})
    logging.getLogger("bot.example").warning("davey is not installed, voice will NOT be supported")
    assert len(stream.getvalue().splitlines()) == 3


def test_a_library_that_turns_on_its_own_debug_is_still_not_written() -> None:
    stream = started(LogLevel.DEBUG)
    library = logging.getLogger("a_library.that_talks")
    library.setLevel(logging.DEBUG)
    library.debug("parameters")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("layout", list(LogFormat))
@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param(SECRET, id="as-it-is"),
        pytest.param(json.dumps({"token": SECRET}), id="as-json"),
        pytest.param(repr([SECRET]), id="as-a-literal"),
        pytest.param("https://example.com/?t=tok%22en%5Cof%2Fa%20test", id="in-an-address"),
    ],
)
def test_a_secret_is_masked_in_message_arguments_and_traceback(layout: LogFormat, spelling: str) -> None:
    stream = started(LogLevel.INFO, layout, "", SECRET)
    log.info("straight: " + spelling)  # noqa: G003 - the message itself is meant
    fail_with(spelling)
    written = stream.getvalue()
    assert "of/a" not in written
    assert "of%2Fa" not in written
    assert written.count("[secret]") == 3
    if layout is LogFormat.JSON:
        assert [json.loads(line)["logger"] for line in written.splitlines()] == ["bot.example"] * 2


def test_of_two_secrets_with_the_same_beginning_neither_leaves_a_tail() -> None:
    stream = started(LogLevel.INFO, LogFormat.TEXT, "abc", "abcdef")
    log.info("abcdef, abc.")
    assert stream.getvalue().endswith(": [secret], [secret].\n")


def test_a_line_that_cannot_be_made_is_reported_without_its_arguments(
    capsys: pytest.CaptureFixture[str],
) -> None:
    started(LogLevel.INFO, LogFormat.TEXT, SECRET)
    logging.getLogger().handlers[-1].handle(
        logging.LogRecord("bot.example", logging.INFO, "example.py", 7, "%d", (SECRET,), None)
    )
    assert capsys.readouterr().err == "A log line of bot.example (line 7) could not be written.\n"


class Unwritable(io.StringIO):
    """A stream that takes nothing, and counts how often it was tried."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error
        self.tries = 0

    def write(self, _text: str, /) -> int:
        self.tries += 1
        raise self.error


@pytest.mark.parametrize(
    "error",
    [BrokenPipeError(errno.EPIPE, "Broken pipe"), OSError(errno.ENOSPC, "No space left on device")],
    ids=["its-reader-has-left", "no-room-is-left"],
)
def test_a_log_that_cannot_be_written_stops_nobody_and_is_tried_again(
    error: OSError, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Unwritable(error)
    monkeypatch.setattr(sys, "stderr", stream)
    configure(LogLevel.INFO, LogFormat.TEXT)
    log.info("a line")
    before = stream.tries
    log.info("another")
    assert stream.tries == 2 * before > 0


def test_standard_error_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    configure(LogLevel.INFO, LogFormat.TEXT)
    log.info("a line")
    assert capsys.readouterr().err.endswith("bot.example: a line\n")


def test_configuring_again_replaces_what_was_there() -> None:
    first, second = started(), started()
    log.info("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1
