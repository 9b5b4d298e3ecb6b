"""What Midjourney and the API say about an account and its subscription, and the parser of `/info`.

Its text has labels in any order, and no line of it is dropped. The forms are those of the samples in the
useapi.net docs (POST jobs/info) and of public clients.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Final

from bot.domain.blocks import TIMESTAMP, moment

TEXT_LIMIT: Final = 8_000
NAME_LIMIT: Final = 100
NONE: Final = ("none", "0")
NOTE: Final = "Note"
"""The label of a line that has none."""

WHOLE: Final = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,4}|[0-9]{1,15})"
NUMBER: Final = rf"-?{WHOLE}(?:\.[0-9]{{1,9}})?"
UNIT: Final = r"(?P<unit>hours?|hrs?|h|minutes?|mins?|m)"
FAST_TIME: Final = re.compile(
    rf"(?P<left>{NUMBER})\s*(?:/\s*(?P<total>{NUMBER})\s*)?{UNIT}\s*(?:\(\s*(?P<percent>{NUMBER})\s*%\s*\))?",
    re.IGNORECASE,
)
USAGE: Final = re.compile(
    rf"(?P<images>{WHOLE})\s*(?:images?|generations?)\s*(?:\(\s*(?P<spent>{NUMBER})\s*{UNIT}\s*\))?",
    re.IGNORECASE,
)
SUBSCRIPTION: Final = re.compile(r"([^()]+)(?:\((.*)\))?")
RENEWAL: Final = re.compile(r"(?:,\s*|^)renews(?: next)?(?: on)?:?\s+", re.IGNORECASE)
STANDING: Final = re.compile(r"subscription|fast time", re.IGNORECASE)
TITLE: Final = re.compile(r"\s*your info\s*[-–—:]\s*", re.IGNORECASE)  # noqa: RUF001 - dashes a title may have
BULLETS: Final = ("-", "•", "*", "[", "<", "`", "http")
BOLD_LABEL: Final = re.compile(r"\*\*[^*]+(?:\*\*\s*:|:\s*\*\*)")
"""A label in bold. Its asterisks are no bullet of a running job."""


class InfoOutcome(StrEnum):
    """How a request for account information ended."""

    ANSWERED = "answered"
    NOTHING_NEW = "nothing new"
    """The provider has no answer that is newer than the last one."""
    TOO_SOON = "too soon"
    USED_UP = "used up"
    """Too many accounts of the provider were asked within a day."""
    FLAGGED = "flagged"
    NOT_RUNNING = "not running"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A Midjourney plan, its status ("Active monthly"), and its renewal."""

    plan: str
    status: str | None
    renews: datetime | None
    renews_text: str | None
    """The renewal as written, if it is no timestamp."""


@dataclass(frozen=True, slots=True)
class FastTime:
    """The fast time left, in the unit of Midjourney ("hours" or "minutes")."""

    left: float
    total: float | None
    unit: str
    percent: float | None


@dataclass(frozen=True, slots=True)
class Usage:
    """Images, and the time spent on them in the unit of Midjourney."""

    images: int
    spent: float | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class Info:
    """The text of `/info`, and the values that were read from it.

    `others` has, in order, the labels that are unknown or have a value of an unknown form.
    """

    text: str
    discord_name: str | None = None
    user_id: str | None = None
    subscription: Subscription | None = None
    visibility: str | None = None
    job_mode: str | None = None
    fast_time: FastTime | None = None
    lifetime: Usage | None = None
    fast: Usage | None = None
    turbo: Usage | None = None
    relaxed: Usage | None = None
    queued_fast: int | None = None
    queued_relax: int | None = None
    running: str | None = None
    """The running jobs as written; None if there are none or the text does not say."""
    others: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class InfoSnapshot:
    """An answer to `/info`, when it arrived, and how long Midjourney took, if these are known."""

    taken_at: datetime | None
    took: timedelta | None
    answer: Info | str
    """What it says, or its text, which is parsed when somebody wants to see it."""

    @property
    def text(self) -> str:
        """The text of the answer."""
        return self.answer if isinstance(self.answer, str) else self.answer.text

    @property
    def standing(self) -> Info:
        """Plan and fast time alone, for which most of a text is not parsed."""
        if not isinstance(self.answer, str):
            return self.answer
        return parse_info("\n".join(line for line in self.answer.splitlines() if STANDING.search(line)))

    @cached_property
    def info(self) -> Info:
        """The values of the answer."""
        return parse_info(self.answer) if isinstance(self.answer, str) else self.answer


def parse_info(text: str, discord_name: str | None = None) -> Info:
    """Parse the text of `/info`.

    1. Each line has a label and a value. A line without a label is a note.
    2. The value of a known label goes into its field, the first time the label comes.
    3. Everything else goes into `others`, in order: labels that are unknown, repeated, or with a value of an
       unknown form.
    """
    text = text[:TEXT_LIMIT]
    fields: dict[str, object] = {}
    others: list[tuple[str, str]] = []
    readers = dict(READERS)
    for label, value in labelled(text):
        try:
            field, read = readers.pop(folded(label))
            fields[field] = read(value)
        except (KeyError, ValueError):
            others.append((label, value))
    return replace(Info(text, discord_name), others=tuple(others), **fields)


def label_in_title(title: str) -> str | None:
    """Return the Discord name in the title of the embed ("Your info - name")."""
    found = TITLE.match(title)
    return (title[found.end() :].strip()[:NAME_LIMIT] or None) if found else None


def labelled(text: str) -> list[tuple[str, str]]:
    """Split a text into labels and values. A line without a label may continue the line before it."""
    found: list[tuple[str, str]] = []
    for line in re.split(r"[\r\n]+", text):
        label, value = split_line(line)
        if found and continues(found[-1], label, line.strip()):
            before, begun = found[-1]
            found[-1] = (before, f"{begun}\n{line.strip()}".strip())
        elif label or value:
            found.append((label or NOTE, value))
    return found


def continues(previous: tuple[str, str], label: str, line: str) -> bool:
    """Return whether a line continues the previous one: with its value, or with another running job."""
    name, value = folded(previous[0]), previous[1]
    if not line or folded(label) in READERS or name not in READERS:
        return False
    listed = line.startswith(BULLETS) and BOLD_LABEL.match(line) is None
    another = name == "running jobs" and value.casefold() not in NONE and listed
    return another or not (value or label)


def split_line(line: str) -> tuple[str, str]:
    """Split a line into its label, which may be empty, and its value.

    Known forms: "Label: value", a known label before a value without a colon, and "value - Label".
    """
    bare = line.replace("**", "").strip()
    before, colon, after = bare.partition(":")
    label = before.strip(" \t*_-•")
    is_address, is_time = after.startswith("//"), label.count("(") != label.count(")")
    if colon and label and not is_address and not is_time:
        return label, after.strip()
    found = LABEL_FIRST.fullmatch(bare) or LABEL_LAST.fullmatch(bare)
    return (found["label"], (found["value"] or "").strip()) if found else ("", bare)


def folded(label: str) -> str:
    """Return a label in the form in which labels are compared."""
    return " ".join(label.casefold().split())


def given(value: str) -> str:
    """Return a text that is not empty."""
    if not value:
        raise ValueError
    return value


def matched(pattern: re.Pattern[str], value: str) -> re.Match[str]:
    """Return the match of a whole value. Raise ValueError if there is none."""
    found = pattern.fullmatch(value)
    if found is None:
        raise ValueError
    return found


def number(text: str | None) -> float | None:
    """Parse a number with or without thousands separators."""
    return None if text is None else float(text.replace(",", ""))


def whole(text: str) -> int:
    """Parse a whole number with or without thousands separators."""
    return int(text.replace(",", ""))


def unit(text: str | None) -> str | None:
    """Return "hours" or "minutes" for a unit of time."""
    if text is None:
        return None
    return "hours" if text.casefold().startswith("h") else "minutes"


def subscription(value: str) -> Subscription:
    """Parse a plan: "Mega (Active monthly, renews next on <t:1705181223>)", "None (Trial)"."""
    plan, inside = matched(SUBSCRIPTION, value).groups()
    status, *rest = RENEWAL.split(inside or "", maxsplit=1)
    when = rest[0].strip() if rest else ""
    stamp = TIMESTAMP.match(when)
    renews = moment(stamp) if stamp else None
    return Subscription(
        plan=given(plan.strip()),
        status=status.strip() or None,
        renews=renews,
        renews_text=(when or None) if renews is None else None,
    )


def fast_time(value: str) -> FastTime:
    """Parse "29.57/30.0 hours (98.58%)", "25.00 minutes" and what lies between."""
    found = matched(FAST_TIME, value)
    return FastTime(
        left=number(found["left"]) or 0.0,
        total=number(found["total"]),
        unit=unit(found["unit"]) or "",
        percent=number(found["percent"]),
    )


def usage(value: str) -> Usage:
    """Parse "12,345 images (421.3 hours)" and "9,876 generations"."""
    found = matched(USAGE, value)
    return Usage(images=whole(found["images"]), spent=number(found["spent"]), unit=unit(found["unit"]))


def queue(value: str) -> int:
    """Parse the length of a queue."""
    return 0 if value.casefold() in NONE else whole(matched(re.compile(WHOLE), value)[0])


def running(value: str) -> str | None:
    """Return the running jobs as written; None for none."""
    return None if given(value).casefold() in NONE else value


READERS: Final[Mapping[str, tuple[str, Callable[[str], object]]]] = {
    "user id": ("user_id", given),
    "subscription": ("subscription", subscription),
    "job mode": ("job_mode", given),
    "visibility mode": ("visibility", given),
    "fast time remaining": ("fast_time", fast_time),
    "lifetime usage": ("lifetime", usage),
    "fast usage": ("fast", usage),
    "turbo usage": ("turbo", usage),
    "relaxed usage": ("relaxed", usage),
    "queued jobs (fast)": ("queued_fast", queue),
    "queued jobs (relax)": ("queued_relax", queue),
    "running jobs": ("running", running),
}
"""The field of each known label, and the reader of its value, which raises ValueError for an unknown form."""

KNOWN: Final = "|".join(re.escape(label).replace(r"\ ", r"\s+") for label in READERS)
LABEL_FIRST: Final = re.compile(rf"(?P<label>{KNOWN})(?P<value>\s+\S.*)?", re.IGNORECASE)
LABEL_LAST: Final = re.compile(rf"(?P<value>[^:]*?\S)\s+-\s+(?P<label>{KNOWN})", re.IGNORECASE)
