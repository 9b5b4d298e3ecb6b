"""Midjourney's words for a block of an account: whether a text names one, and when it ends.

The wordings are those that people reported: "You have been blocked from accessing Midjourney for 3 days",
"Your account has been temporarily blocked due to suspicious activity ...", "Banned for 14 days", "suspended",
with an end as a length, as a date, or as a Discord timestamp (Discord's documentation, "Message Formatting").
No end is read too early: words that may mean several are quoted, for a person to read.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from typing import Final

BLANKS: Final = re.compile(r"\s+")
SENTENCE: Final = re.compile(r"[^.!?;\n]+")
BLOCKED: Final = re.compile(r"\b(?:blocked|banned|suspended)\b")
PERSON: Final = re.compile(r"\b(?:you|your account|account|user|access)\b")
THINGS: Final = (
    "(?:prompt|word|phrase|term|content|image|message|link|request|job|subscription|plan|payment)s?"
    "|accounts|users|people"
)
"""Words for what may be blocked while the account is not."""
THING_IS: Final = re.compile(
    rf"\b(?:{THINGS})(?:\s+(?!and\b|or\b|so\b|you\b)[^\s,]+)?"
    r"(?:\s+(?:is|are|was|were|has|have|had|been|got))*\s+(?:\w+ly\s+)?$"
)
OF_A_THING: Final = re.compile(rf"\W*(?:\w+\W+)?(?:{THINGS})\b(?!\W+(?:for|until|till)\b)")
NOT_SO: Final = re.compile(
    "(?:not|n['\N{RIGHT SINGLE QUOTATION MARK}]t|never|no longer|previously|formerly|being|getting"
    "|gets?|gets? (?:you|your account)"
    "|(?:will|would|may|might|could|can|shall|must|to|if|without|avoid) (?:be|get))"
    r"\s+(?:yet\s+)?(?:been\s+)?(?:\w+ly\s+)?$"
)
"""Words before "blocked" that make it a threat, its opposite, or something of the past."""
BEFORE_NOW: Final = re.compile(r"\s+(?:previously|in\s+the\s+past|before(?=\W*$|\s*[,:-]))")
OF_A_PERSON: Final = re.compile(r"\s+(?:you|(?:your|this|the)\s+(?:\w+\s+)?(?:account|access))\b")
SURELY: Final = re.compile(r"\s+(?:from\s+(?:accessing|using)|until|till|permanently|indefinitely)\b")
NUMBERS: Final = {
    word: number
    for number, word in enumerate(
        (
            *("one", "two", "three", "four", "five", "six", "seven"),
            *("eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen"),
        ),
        start=1,
    )
} | {"a": 1, "an": 1}
UNITS: Final = {
    "minute": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "hr": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
LONGEST: Final = timedelta(days=36_500)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
HALF: Final = r"\s+and\s+a\s+half\b"
PART: Final = (
    rf"([0-9]{{1,4}}(?:\.[0-9]{{1,2}})?|{'|'.join(NUMBERS)})({HALF})?[\s-]*({'|'.join(UNITS)})s?\b({HALF})?"
    r"(?!\s+(?:(?:or|to)\b|and\s+(?:a\s+|some\s+)?(?:half|quarter|few|more)\b))"
)
"""A number and its unit, but for "a day or two"."""
AGAIN: Final = "again|back|over|ends?|expires?|lifted|restored|returns?"
ABOUT: Final = r"(?:(?:the\s+next|another|about|up\s+to|a\s+total\s+of|the|next)\s+)*"
LENGTH: Final = re.compile(rf"\b(?:for|lasts|lasting|will\s+last|(?:{AGAIN})\s+(?:in|after))\s+{ABOUT}{PART}")
MORE: Final = re.compile(rf"\s*(?:,|and|&)?\s*{PART}")
PARTS: Final = rf"(?<![.,])\b{PART}(?=(?:{MORE.pattern}){{0,3}}"
"""The beginning of a pattern for a length with words after it."""
NAMED_LENGTH: Final = re.compile(rf"{PARTS}\s+(?:long\s+)?(?:block|ban|suspension)\b)")
LABELLED_LENGTH: Final = re.compile(
    r"\b(?:block|ban|suspension|duration|length|left|remaining(?:\s+time)?)(?:\s+(?:of|is)\s+|\s*[:=]\s*)"
    rf"{ABOUT}{PART}"
)
LENGTH_LEFT: Final = re.compile(
    rf"{PARTS}(?:\s+(?:is|are))?\s+(?:left|remaining|remains?)\b(?!\s+(?:to|for|before|in|on)\b))"
)
LENGTHS: Final = (LENGTH, NAMED_LENGTH, LABELLED_LENGTH, LENGTH_LEFT)
FROM_NOW: Final = re.compile(rf"\b(?:left|remaining|remains?|(?:{AGAIN})\s+(?:in|after))\b", re.IGNORECASE)
"""Words that make a length count from now, not from the start of the block."""
AMOUNT: Final = (
    rf"\b(?!0+\b)(?:[0-9]+(?:\.[0-9]+)?|{'|'.join(NUMBERS)})[\s-]*"
    rf"(?:(?:{'|'.join(unit for unit in UNITS if unit != 'd')}|fortnight)s?|d(?!\s+\w))\b"
)
AMOUNTS: Final = re.compile(rf"{AMOUNT}(?:(?:\s*,|\s+and|\s+or)?\s+{AMOUNT})*", re.IGNORECASE)
NO_LENGTH: Final = re.compile(
    r"\b(?:(?:within|during|past|last|since|every|per|each)(?:\s+the)?(?:\s+(?:past|last))?"
    r"|once|twice|times|images|jobs|messages|prompts|requests)\s+$",
    re.IGNORECASE,
)
OF_THE_PAST: Final = re.compile(r"\s+(?:ago|old)\b", re.IGNORECASE)
TIMESTAMP: Final = re.compile(r"<t:(-?[0-9]+)(?::[a-zA-Z])?>")
START: Final = re.compile(
    r"\b(?:(?:since|issued|imposed|began|started)(?:\s+(?:on|at))?:?"
    r"|(?:blocked|banned|suspended)"
    rf"(?:\b(?:(?!\b(?:until|till|un\w+ed|{AGAIN})\b)[^.!?;\n]){{0,80}}\s(?:on|at))?)\s+$",
    re.IGNORECASE,
)
"""Words before a timestamp that make it the start of a block."""
NEAR: Final = 120
"""The number of characters around a word that can change its meaning."""
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH: Final = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    "|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
WEEKDAY: Final = "(?:mon|tues|wednes|thurs|fri|satur|sun)day"
TH: Final = "(?:st|nd|rd|th)?"
DATE: Final = re.compile(
    rf"\b(?:until|till|through|(?:{AGAIN}))(?:\s+(?:on|at|by))?:?\s+"
    rf"(?:the\s+)?(?:end\s+of\s+)?(?:{WEEKDAY},?\s+)?(?:the\s+)?"
    r"(?:(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    rf"|(?P<day_first>[0-9]{{1,2}}){TH}\s+(?:of\s+)?(?P<named>{MONTH})\.?,?\s+(?P<of_year>[0-9]{{4}})"
    rf"|(?P<month_first>{MONTH})\.?\s+(?P<day_last>[0-9]{{1,2}}){TH},?\s+(?P<year_last>[0-9]{{4}}))(?![0-9])"
    r"(?:(?:t|,?\s+(?:at\s+)?)(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?"
    r"(?:\.[0-9]+)?\s*(?P<half>[ap]\.?m\b)?\s*(?P<utc>(?:utc|gmt|z)\b(?!\s*[-+]))?)?"
)
LAST_ZONE: Final = timezone(timedelta(hours=-12))
"""The zone in which a day ends last."""
IN_WORDS: Final = re.compile(
    rf"\b(?:until|till|through|for|lasts?|{AGAIN})\b"
    r"(?:(?!\b(?:within|during|past|last|since|ago)\b)[^.!?;\n]){0,60}?"
    rf"(?:\b(?:(?:{MONTH})\.?\s+[0-9]{{1,2}}|[0-9]{{1,2}}{TH}\s+(?:of\s+)?(?:{MONTH})|{WEEKDAY}"
    r"|today|tonight|tomorrow|midnight|noon|(?:minute|hour|day|week|weekend|fortnight|month|year)s?)\b"
    r"|[0-9]\s*[dh]\b|[0-9]:[0-9]{2}|[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4})(?:[^.!?;\n]|[.](?=[0-9])){0,40}"
    r"|\b(?:until|till)\s+(?:\S+\s+)?[0-9](?:[^.!?;\n]|[.](?=[0-9])){0,40}"
    rf"|\buntil\s+(?:{MONTH})\b|\btomorrow\b",
    re.IGNORECASE,
)
"""An end in words that only people can read."""
BAN: Final = re.compile(r"\b(?:ban|block|suspension)\b")
HELD: Final = re.compile(
    r"(?:^\W*(?:your\s+)?|\b(?:received|got|given|issued|imposed|applied|placed|under|serving|have|has)\s+"
    r"(?:(?:you|your\s+account)\s+)?(?:an?\s+|the\s+)?)"
    rf"(?:(?:account|access|midjourney|temporary|permanent|[\w.]+[\s-]*(?:{'|'.join(UNITS)})s?)\s+)*$"
)
"""Words before "ban" that say that the account has it."""
IMPOSED: Final = re.compile(r"\b(?:been|was|is)\s+(?:\w+ly\s+)?(?:issued|imposed|applied|placed|put)\b")
THREAT: Final = re.compile(
    r"\b(?:will|would|may|might|could|can|shall|must|should|if|unless|without|avoid|to|not|never|no|once"
    "|had|previously|formerly)\\b|n['\N{RIGHT SINGLE QUOTATION MARK}]t\\b"
)
IS_PAST: Final = re.compile(
    r"\b(?:is|was|has|have)\s+(?:now\s+|been\s+)*(?:over|ended|expired|lifted|removed|revoked|cancell?ed)\b"
    r"(?!\s+(?:in|on|at|after)\b)|\bin\s+the\s+past\b"
)
TIMED: Final = re.compile(rf"\bpermanent\b|\b{PART}|{TIMESTAMP.pattern}|{IN_WORDS.pattern}")


def names_block(text: str) -> bool:
    """Return whether a text says that the account is blocked, banned or suspended now.

    A blocked prompt, a banned word, a suspended subscription and a threatened ban do not count.
    """
    sentences = SENTENCE.findall(_with_single_blanks(text).casefold())
    return any(_is_blocked(sentence) or _has_a_ban(sentence) for sentence in sentences)


def _is_blocked(sentence: str) -> bool:
    for found in BLOCKED.finditer(sentence):
        before, after = sentence[: found.start()], sentence[found.end() :]
        if OF_A_THING.match(after) or NOT_SO.search(before) or BEFORE_NOW.match(after):
            continue
        if OF_A_PERSON.match(after):
            return True
        if THING_IS.search(before):
            continue
        is_first = not before.strip(" \t\"'*_:-(") or before.rstrip().endswith(("temporarily", "permanently"))
        if is_first or PERSON.search(before) or SURELY.match(after) or LENGTH.match(after.lstrip()):
            return True
    return False


def _has_a_ban(sentence: str) -> bool:
    """Return whether a sentence names a ban of the account and its length."""
    if TIMED.search(sentence) is None:
        return False
    for found in BAN.finditer(sentence):
        before, after = (max(0, found.start() - NEAR), found.start()), (found.end(), found.end() + NEAR)
        if THREAT.search(sentence, *before) or IS_PAST.search(sentence, *after):
            continue
        if HELD.search(sentence, *before) or IMPOSED.search(sentence, *after):
            return True
    return False


def _with_single_blanks(text: str) -> str:
    """Return a text without runs of blanks, which would make searches slow."""
    return BLANKS.sub(lambda found: "\n" if "\n" in found[0] else " ", text)


def length_in(text: str) -> timedelta | None:
    """Return the length that a text names ("for 3 days", "duration: a week"); None without one or for zero.

    A month has 30 days, a year 365. The length is a century at most.
    """
    folded = _with_single_blanks(text).casefold()
    found = next(filter(None, (pattern.search(folded) for pattern in LENGTHS)), None)
    if found is None:
        return None
    total = timedelta()
    while found is not None:
        number = (NUMBERS.get(found[1]) or float(found[1])) + (0.5 if found[2] or found[4] else 0)
        total += number * UNITS[found[3]]
        found = MORE.match(folded, found.end())
    return min(total, LONGEST) or None


def end_in(text: str) -> datetime | None:
    """Return the last time that a text names, except the start of the block; None without one.

    It is a Discord timestamp or a date with its year. Without a time or a zone it is the latest that fits.
    """
    moments = [moment(found) for found in TIMESTAMP.finditer(text) if not _is_start(found)]
    moments += [_date(found) for found in DATE.finditer(_with_single_blanks(text).casefold())]
    return max((at for at in moments if at is not None and at < LATEST), default=None)


def _is_start(found: re.Match[str]) -> bool:
    at = found.start()
    return START.search(found.string[max(0, at - NEAR) : at]) is not None


def start_in(text: str) -> datetime | None:
    """Return the only timestamp of a text, from which a length may count once it has passed.

    None if the text names the time that is left.
    """
    if FROM_NOW.search(text):
        return None
    stamps = list(islice(TIMESTAMP.finditer(text), 2))
    return moment(stamps[0]) if len(stamps) == 1 else None


def end_in_words(text: str) -> str | None:
    """Return the words for an end that neither `length_in` nor `end_in` can read; None without any.

    In a text without such words they are any length of time.
    """
    if length_in(text) or end_in(text):
        return None
    line = _with_single_blanks(text)
    found = IN_WORDS.search(line) or next(filter(_is_length, AMOUNTS.finditer(line)), None)
    return found[0].strip() if found else None


def _is_length(found: re.Match[str]) -> bool:
    text, at = found.string, found.start()
    return not (NO_LENGTH.search(text[max(0, at - NEAR) : at]) or OF_THE_PAST.match(text, found.end()))


def _date(found: re.Match[str]) -> datetime | None:
    year = found["year"] or found["of_year"] or found["year_last"]
    name = found["named"] or found["month_first"]
    month = MONTHS.index(name[:3]) + 1 if name else int(found["month"])
    day = found["day"] or found["day_first"] or found["day_last"]
    try:
        start = datetime(int(year), month, int(day), tzinfo=LAST_ZONE)
        if (hour := _hour(found)) is None:
            return (start + timedelta(days=1)).astimezone(UTC)
        at = start.replace(hour=hour, minute=int(found["minute"]), second=int(found["second"] or 0))
        return at.replace(tzinfo=UTC) if found["utc"] else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _hour(found: re.Match[str]) -> int | None:
    if found["hour"] is None:
        return None
    hour = int(found["hour"])
    return hour if found["half"] is None else hour % 12 + (12 if found["half"][0] == "p" else 0)


def moment(found: re.Match[str]) -> datetime | None:
    """Return the time of a Discord timestamp; None beyond the calendar."""
    try:
        return datetime.fromtimestamp(int(found[1]), UTC)
    except (ValueError, OverflowError, OSError):
        return None
