"""Where the log goes and how it looks: one line per event, as text or JSON, with the secrets taken out."""

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
BESIDE_THE_POINT: Final = (
    ("discord.client", "PyNaCl is not installed, voice will NOT be supported"),
    ("discord.client", "davey is not installed, voice will NOT be supported"),
    ("discord.client", "logging in using static token"),
)
"""What discord.py logs of voice, which a silent bot needs not, and at each login: logger and message."""


class LogLevel(StrEnum):
    """How much of Midwatch's own work is logged."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


class LogFormat(StrEnum):
    """What a line of the log looks like."""

    TEXT = "text"
    JSON = "json"


class Redactor:
    """Replaces secrets by a mask, also as JSON, a Python literal or an address would spell them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings = {spelling for secret in secrets if secret for spelling in spellings_of(secret)}
        # The longest first: a secret that begins with another one must not leave its tail behind.
        self._spellings = sorted(spellings, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return the text without the secrets."""
        for spelling in self._spellings:
            text = text.replace(spelling, MASK)
        return text


def spellings_of(secret: str) -> tuple[str, ...]:
    """Return the ways in which a secret may stand in a log line."""
    return secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], quote(secret, safe="")


def log_fact(logger: logging.Logger, level: int, event: str, words: str, **facts: str | int) -> None:
    """Log one event: in words with the facts filled in, and with each fact as a field of its own in JSON."""
    named = {"event": event, **facts}
    logger.log(level, words, named, extra={"facts": named}, stacklevel=2)


def is_ours(name: str) -> bool:
    """Return whether a logger belongs to Midwatch rather than to a library."""
    return name.partition(".")[0] in OURS


def time_of(record: logging.LogRecord) -> str:
    """Return the time of a record in UTC, to the millisecond."""
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


class TextFormatter(logging.Formatter):
    """Writes a record as text, a traceback on the lines below it."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)-8s %(name)s: %(message)s")
        self._redact = redact

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 - overrides
        """Return the time the way all of Midwatch writes it."""
        return time_of(record)

    def format(self, record: logging.LogRecord) -> str:
        """Return the finished line, without secrets."""
        return self._redact(super().format(record))


class JsonFormatter(logging.Formatter):
    """Writes a record as one JSON object on one line."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Return the finished line, without secrets."""
        line: dict[str, str | int] = {
            "time": time_of(record),
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
    """Writes lines to a stream.

    It keeps out what libraries say below INFO, where some of them print tokens, and what is beside the point.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record may be written."""
        if record.levelno < logging.INFO and not is_ours(record.name):
            return False
        return (record.name, record.msg) not in BESIDE_THE_POINT and bool(super().filter(record))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - overrides
        """Say that a record could not be written, without its content."""
        # The standard handler would print the message and its arguments here, past the redaction.
        words = f"A log line of {record.name} (line {record.lineno}) could not be written."
        with suppress(OSError):  # who logs must not fail because nobody reads it, or no room is left
            print(words, file=sys.stderr)  # noqa: T201 - the last place to say it


def configure(
    level: LogLevel, layout: LogFormat, *, stream: TextIO | None = None, secrets: Iterable[str] = ()
) -> None:
    """Send the whole program's log to one stream; a second call replaces the first.

    Args:
        level: of the loggers `bot` and `cogs`; the rest is logged from INFO up, or from this if it is higher.
        layout: text or JSON lines.
        stream: where the lines go; standard error by default.
        secrets: what must not be in any line, tracebacks included, whatever the code above does wrong.
    """
    handler = LineHandler(stream or sys.stderr)
    redact = Redactor(secrets)
    match layout:
        case LogFormat.TEXT:
            handler.setFormatter(TextFormatter(redact))
        case LogFormat.JSON:
            handler.setFormatter(JsonFormatter(redact))
    root = logging.getLogger()
    for earlier in [each for each in root.handlers if isinstance(each, LineHandler)]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    number = logging.getLevelNamesMapping()[level]
    root.setLevel(max(number, logging.INFO))
    for name in OURS:
        logging.getLogger(name).setLevel(number)
