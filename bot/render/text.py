"""How texts of others are escaped and quoted, and how times, lengths and numbers are written.

A text of the API is shown in a code block or a code span only. A label may stand in a line of markdown once
`escape` has escaped it.
"""

import math
import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import reduce
from typing import Final

from discord.utils import TimestampStyle, format_dt

from bot.domain.blocks import TIMESTAMP, moment
from bot.runtime.language import ENGLISH, Counted, Sentence, current_language, say, say_number

QUOTE_LIMIT: Final = 900
FENCES: Final = len("```\n\n```")
"""The characters that `code_block` adds to the text."""
READ_AHEAD: Final = 4_000
"""How much of a text is read beyond its limit: megabytes would block the event loop."""
HIDDEN: Final = frozenset({"Cc", "Cf", "Cs"})
BLANK_LETTERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Characters that Unicode calls letters or symbols and that show nothing."""
BACKTICKS: Final = str.maketrans(dict.fromkeys("`\u1fef", "\N{MODIFIER LETTER GRAVE ACCENT}"))
# Similar characters replace those for which a backslash is not enough: Discord finds mentions in raw text.
INERT: Final = BACKTICKS | str.maketrans(
    {
        "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
        ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
        "@": "\N{FULLWIDTH COMMERCIAL AT}",
    }
    | {mark: f"\\{mark}" for mark in "\\*_~|[]"}
)
ADDRESS_COLON: Final = re.compile(r":(?=\S)")
ADDRESS_SLASH: Final = re.compile(r"(\.\w+)/")
LINE_START: Final = re.compile(r"^(\d*)([-+#.)])")
HOURS: Final[Sentence] = "{n} h"
MINUTES: Final[Sentence] = "{n} min"
SECONDS: Final[Sentence] = "{n} s"
UNITS: Final = ((None, 86_400), (HOURS, 3_600), (MINUTES, 60), (SECONDS, 1))
MOST: Final = 10**9


def code_block(text: str, limit: int = QUOTE_LIMIT) -> str:
    """Quote a text of the API in a code block of at most `limit + FENCES` characters."""
    lines = (" ".join(line.split()) for line in dated(_visible(text, limit)).split("\n"))
    quoted = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n").translate(BACKTICKS)
    return f"```\n{clip(_or(quoted, say('(no text)')), limit)}\n```"


def code_span(text: str, limit: int = 100) -> str:
    """Quote a text of the API in a line, with at most `limit + 2` characters."""
    return f"`{clip(_or(dated(_folded(text, limit)).translate(BACKTICKS), say('(no text)')), limit)}`"


def dated(text: str) -> str:
    """Replace each Discord timestamp by a date in UTC: Discord does not render it in a code block.

    One beyond the calendar is written as "(a time)".
    """
    return TIMESTAMP.sub(_date, text)


def _date(found: re.Match[str]) -> str:
    at = moment(found)
    return say("(a time)") if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def escape(text: str, limit: int = 48) -> str:
    """Escape a label: markdown shows it as it is, without mentions, links or formatting.

    At most `limit` characters are seen; with the backslashes that Discord hides, it is at most twice as long.
    """
    inert = bare(text, limit).translate(INERT)
    inert = ADDRESS_SLASH.sub(r"\1\\/", ADDRESS_COLON.sub(r"\\:", inert))
    return LINE_START.sub(r"\1\\\2", inert)


def bare(text: str, limit: int) -> str:
    """Strip and clip a text for a place without markdown: select, button, autocompletion."""
    return clip(_or(_folded(text, limit), say("(no name)")), limit)


def clip(text: str, limit: int) -> str:
    """Clip a text to `limit` characters, with an ellipsis."""
    if length(text) <= limit:
        return text
    kept = text[: limit - 1]
    while (excess := length(kept) - limit + 1) > 0:
        kept = kept[: -((excess + 1) // 2)]
    return f"{kept.rstrip()}…"


def length(text: str) -> int:
    """Return the length in UTF-16, where most emoji count twice: Discord's stricter way."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def numbered(steps: str) -> str:
    """Number the lines of a text."""
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps.split("\n"), start=1))


def fitted(lines: Iterable[str], total: int, limit: int) -> str:
    """Join the lines that fit into `limit`, and count those of `total` that do not."""
    kept: list[str] = []
    room = limit - length(f"\n{_more(MOST)}")
    for line in lines:
        room -= length(line) + 1
        if room < 0:
            break
        kept.append(line)
    left_out = total - len(kept)
    return "\n".join([*kept, _more(left_out)] if left_out else kept)


def _more(number: int) -> str:
    return count(number, "and {n} more line[|s]")


def when(at: datetime, style: TimestampStyle = "R") -> str:
    """Return a Discord timestamp: "R" is relative, "f" the date and time."""
    return format_dt(at, style)


def exactly(at: datetime, style: TimestampStyle = "f") -> str:
    """Return a timestamp with the relative one, of which a phone shows the largest unit only."""
    return f"{when(at, style)} ({when(at)})"


def span(duration: timedelta) -> str:
    """Return a duration in at most two units: "8 s", "3 min", "2 h 5 min", "3 days"."""
    left = max(0, round(duration.total_seconds()))
    if left == 0:
        return say("under 1 s")
    amounts: list[tuple[int, Sentence | None]] = []
    for unit, seconds in UNITS:
        amounts.append((left // seconds, unit))
        left %= seconds
    first = next(index for index, (amount, _) in enumerate(amounts) if amount)
    shown = ((amount, unit) for amount, unit in amounts[first : first + 2] if amount)
    return " ".join(say(unit, n=amount) if unit else count(amount, "{n} day[|s]") for amount, unit in shown)


def passage(*sentences: str | None) -> str:
    """Return sentences after each other, with a blank between them where the language has one.

    One that is empty, or None, is left out.
    """
    said = list(filter(None, sentences)) or [""]
    return reduce(lambda words, then: say("{words} {next}", words=words, next=then), said)


def count(number: int, sentence: Counted, /, **fields: object) -> str:
    """Return a sentence about a number, which its field {n} holds: "1 account", "1,000 accounts"."""
    return say_number(number, sentence, fields | {"n": whole(number)})


def whole(number: int) -> str:
    """Return a whole number in groups of three, a billion at most."""
    return marked(f"{max(-MOST, min(number, MOST)):,}")


def decimal(value: float) -> str:
    """Return a measured number with at most two decimals: "29.57", "60", "11,170"."""
    if not math.isfinite(value):
        return say("unknown")
    if abs(value) >= MOST:
        return f"{value:.2g}"
    return marked(f"{round(value, 2) + 0.0:,.2f}".rstrip("0").rstrip("."))


def percent(value: float) -> str:
    """Return a percentage: "29.5%"."""
    return say("{number}%", number=decimal(value))


MARKS: Final[Sentence] = "1,234.5"
MARKED: Final = re.compile(r"1(\D?)234(\D)5")
"""The same in any language. A translation of another form has no marks, so that numbers stay English."""


def marked(number: str) -> str:
    """Return a number with the marks that the language has for groups and for decimals."""
    if current_language() == ENGLISH or number.isdigit():
        return number
    marks = MARKED.fullmatch(say(MARKS))
    return number.translate({ord(","): marks[1], ord("."): marks[2]}) if marks else number


def _folded(text: str, limit: int) -> str:
    """Return the visible characters of a text in one line."""
    return " ".join(_visible(text, limit).split())


def _visible(text: str, limit: int) -> str:
    """Drop invisible characters (control, direction, joining), and make each line end a newline."""
    read = text[: limit + READ_AHEAD]
    if read.isascii() and read.isprintable():
        return read
    lines = ("".join(map(_shown, line)) for line in read.splitlines())
    return "\n".join(lines)


def _shown(char: str) -> str:
    if char == "\t":
        return " "
    return "" if char in BLANK_LETTERS or unicodedata.category(char) in HIDDEN else char


def _or(text: str, fallback: str) -> str:
    """Return the text, or the fallback if nothing in it is visible."""
    return text if any(unicodedata.category(char)[0] in "LNPS" for char in text) else fallback
