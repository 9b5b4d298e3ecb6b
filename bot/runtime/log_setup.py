"""The log: one line an event, as text or JSON, without secrets."""

import json
import logging
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, TextIO
from urllib.parse import quote

OURS: Final = ("bot", "cogs")
MASK: Final = "[secret]"
UNINTERESTING: Final = (
    ("discord.client", "PyNaCl is not installed, voice will NOT be supported"),
    ("discord.client", "davey is not installed, voice will NOT be supported"),
    ("discord.client", "logging in using static token"),
)
"""Messages of discord.py that say nothing about Midwatch: logger and message."""


class LogLevel(StrEnum):
    """The level of Midwatch's own loggers."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


class LogFormat(StrEnum):
    """The format of a line."""

    TEXT = "text"
    JSON = "json"


class Redactor:
    """Replaces secrets by a mask, also as they are spelled in JSON, Python or an address."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings: set[str] = set()
        for secret in filter(None, secrets):
            spellings |= {secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], quote(secret, safe="")}
        # The longest first: the end of a secret that begins with another one must not stay.
        self._spellings = sorted(spellings, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return the text without the secrets."""
        for spelling in self._spellings:
            text = text.replace(spelling, MASK)
        return text


def log_fact(
    logger: logging.Logger, event: str, words: str, level: int = logging.INFO, /, **facts: str | int
) -> None:
    """Log an event with its facts in the words, and as fields in JSON."""
    named = {"event": event, **facts}
    logger.log(level, words, named, extra={"facts": named}, stacklevel=2)


class LineFormatter(logging.Formatter):
    """Formats a record as text with a traceback below it, or as a JSON object on one line."""

    def __init__(self, layout: LogFormat, redact: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)-8s %(name)s: %(message)s")
        self._layout = layout
        self._redact = redact

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 - overrides
        """Return the time of a record in UTC."""
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without secrets."""
        if self._layout is LogFormat.TEXT:
            return self._redact(super().format(record))
        line: dict[str, str | int] = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": self._redact(record.getMessage()),
        }
        facts: Mapping[str, str | int] = getattr(record, "facts", {})
        for name, fact in facts.items():
            line[name] = self._redact(fact) if isinstance(fact, str) else fact
        if record.exc_info:
            line["exception"] = self._redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes lines to a stream, without the messages of libraries below INFO: some contain tokens."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record may be written."""
        if record.levelno < logging.INFO and record.name.partition(".")[0] not in OURS:
            return False
        return (record.name, record.msg) not in UNINTERESTING and bool(super().filter(record))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - overrides
        """Report that a record could not be written, without its content."""
        # The standard handler would print the message without redaction.
        words = f"A log line of {record.name} (line {record.lineno}) could not be written."
        with suppress(OSError):  # logging must not fail
            print(words, file=sys.stderr)  # noqa: T201 - there is no other place


def configure(
    level: LogLevel, layout: LogFormat, *, stream: TextIO | None = None, secrets: Iterable[str] = ()
) -> None:
    """Send the program's log to a stream. A second call replaces the first.

    Args:
        level: the level of the loggers `bot` and `cogs`. Libraries log from INFO, or from this if higher.
        layout: text or JSON.
        stream: standard error by default.
        secrets: texts that must not be in any line, not even in a traceback.
    """
    handler = LineHandler(stream or sys.stderr)
    handler.setFormatter(LineFormatter(layout, Redactor(secrets)))
    root = logging.getLogger()
    for earlier in [each for each in root.handlers if isinstance(each, LineHandler)]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    number = logging.getLevelNamesMapping()[level]
    root.setLevel(max(number, logging.INFO))
    for name in OURS:
        logging.getLogger(name).setLevel(number)
