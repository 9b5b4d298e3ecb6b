"""Midjourney's words for a block of an account: whether a text tells of one, and when that ends.

The wordings are those that people reported: "You have been blocked from accessing Midjourney for 3 days",
"Your account has been temporarily blocked due to suspicious activity ...", "Banned for 14 days", "suspended",
with an end as a length or as a Discord timestamp (Discord's documentation, "Message Formatting").
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

SENTENCE: Final = re.compile(r"[^.!?;\n]+")
BLOCKED: Final = re.compile(r"\b(?:blocked|banned|suspended)\b")
PERSON: Final = re.compile(r"\b(?:you|your account|account|user|access)\b")
THINGS: Final = (
    "(?:prompt|word|phrase|term|content|image|message|link|request|job|subscription|plan|payment)s?"
    "|accounts|users|people"
)
"""What may be blocked without the account being so."""
THING_IS: Final = re.compile(
    rf"\b(?:{THINGS})(?:\s+(?!and\b|or\b|so\b|you\b)[^\s,]+)?"
    r"(?:\s+(?:is|are|was|were|has|have|had|been|got))*\s+(?:\w+ly\s+)?$"
)
OF_A_THING: Final = re.compile(rf"\W*(?:\w+\W+)?(?:{THINGS})\b(?!\W+(?:for|until|till)\b)")
NOT_SO: Final = re.compile(
    "(?:not|n['\N{RIGHT SINGLE QUOTATION MARK}]t|never|no longer|being|getting"
    "|gets?|gets? (?:you|your account)"
    "|(?:will|would|may|might|could|can|shall|must|to|if|without|avoid) (?:be|get))"
    r"\s+(?:yet\s+)?(?:been\s+)?(?:\w+ly\s+)?$"
)
"""What makes the next word a threat, or its opposite."""
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
PART: Final = rf"([0-9]{{1,4}}|{'|'.join(NUMBERS)})[\s-]*({'|'.join(UNITS)})s?\b"
LENGTH: Final = re.compile(
    r"\b(?:for|lasts|(?:again|back|over|ends?|expires?|lifted|restored|returns?)\s+(?:in|after))\s+"
    r"(?:(?:the\s+next|another|about|up\s+to|at\s+least|a\s+total\s+of|the|next)\s+)*"
    rf"{PART}"
)
MORE: Final = re.compile(rf"\s*(?:,|and|&)?\s*{PART}")
NAMED_LENGTH: Final = re.compile(rf"\b{PART}\s+(?:long\s+)?(?:block|ban|suspension)\b")
TIMESTAMP: Final = re.compile(r"<t:(-?[0-9]{1,12})(?::[a-zA-Z])?>")
SINCE: Final = re.compile(r"\bsince\s+$", re.IGNORECASE)


def tells_of_block(text: str) -> bool:
    """Return whether a text says that the account is blocked, banned or suspended now.

    A prompt that was blocked, a word that is banned, a subscription that is suspended, and a ban that is only
    threatened are none.
    """
    return any(_is_blocked(sentence) for sentence in SENTENCE.findall(text.casefold()))


def _is_blocked(sentence: str) -> bool:
    for found in BLOCKED.finditer(sentence):
        before, after = sentence[: found.start()], sentence[found.end() :]
        if OF_A_THING.match(after) or NOT_SO.search(before):
            continue
        if THING_IS.search(before):
            continue
        is_first = not before.strip(" \t\"'*_:-(") or before.rstrip().endswith(("temporarily", "permanently"))
        if is_first or PERSON.search(before) or SURELY.match(after) or LENGTH.match(after.lstrip()):
            return True
    return False


def length_in(text: str) -> timedelta | None:
    """Return the length of time that a text names ("for 3 days", "a week", "1 hour and 30 minutes").

    A month counts 30 days, a year 365, and no length more than a century. None if it names none, or none
    but of nothing.
    """
    folded = text.casefold()
    found = LENGTH.search(folded) or NAMED_LENGTH.search(folded)
    if found is None:
        return None
    total = timedelta()
    while found is not None:
        number = NUMBERS.get(found[1]) or int(found[1])
        total += number * UNITS[found[2]]
        found = MORE.match(folded, found.end())
    return min(total, LONGEST) or None


def end_in(text: str) -> datetime | None:
    """Return the last moment that a text names as a Discord timestamp, but for one that says since when."""
    moments = (moment(found) for found in TIMESTAMP.finditer(text) if not SINCE.search(text[: found.start()]))
    return max((at for at in moments if at is not None and at < LATEST), default=None)


def moment(found: re.Match[str]) -> datetime | None:
    """Return the moment of a Discord timestamp; None if there is no such time."""
    try:
        return datetime.fromtimestamp(int(found[1]), UTC)
    except (ValueError, OverflowError, OSError):
        return None
