"""The present time, and lengths of time as people type them: "8h", "8 hours", "1d12h", "1w"."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

UNITS: Final = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
WORDS: Final = "s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?|w(?:(?:ee)?ks?)?"
PART: Final = re.compile(rf"\s*([0-9]{{1,6}})\s*({WORDS})(?![a-z])\s*(?:and\s+|,)?", re.IGNORECASE)
NUMBER: Final = re.compile(r"\s*([0-9]{1,6})\s*")


def utc_now() -> datetime:
    """Return the present time in UTC, in whole milliseconds as the database has it."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def read_typed(text: str) -> timedelta | None:
    """Return the length of time that a person typed; None for any other text.

    Units are letters or words, in any case. Parts add up: "1d12h" is 36 hours. A sum that is too long for a
    timedelta is `timedelta.max`.
    """
    length, place = timedelta(), 0
    while place < len(text):
        if (part := PART.match(text, place)) is None:
            return None
        try:
            length += int(part[1]) * UNITS[part[2][0].lower()]
        except OverflowError:
            return timedelta.max
        place = part.end()
    return length if text.strip() else None


def completions(typed: str, longest: timedelta) -> list[str]:
    """Return the lengths that begin with a number, up to the longest; hours and days first."""
    if (number := NUMBER.fullmatch(typed)) is None:
        return []
    count = int(number[1])
    return [f"{count}{unit}" for unit in "hdmw" if timedelta(0) < count * UNITS[unit] <= longest]
