"""What one flag of an account says beyond another."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.accounts import Flag, FlagKind
from bot.domain.incidents import Incident

NUMBER: Final = re.compile(r"\d+(?:[.,:]\d+)*")
BLANKS: Final = re.compile(r"\s+")


def same_text(one: str, other: str) -> bool:
    """Whether two texts of the API differ only in numbers, times and blanks."""
    return one == other or folded(one) == folded(other)


def folded(text: str) -> str:
    """Return a text without blanks and with each number as 0, as these may change from poll to poll."""
    return BLANKS.sub("", NUMBER.sub("0", text))


def flag_to_keep(known: Flag | None, shown: Flag) -> Flag:
    """Return the known flag if the shown one says the same, so that a changing number is no change."""
    if known is None or known.kind is not shown.kind or not same_text(known.text, shown.text):
        return shown
    # One number matters: that of a block that became longer, or may have.
    if shown.worded_end != known.worded_end:
        return shown
    return shown if is_longer(shown, known) else known


def is_longer(shown: Flag, known: Flag) -> bool:
    """Whether the block of one flag lasts longer than that of another."""
    if shown.named_end is not None and known.named_end is not None:
        return shown.named_end > known.named_end
    return (shown.block_length or timedelta()) > (known.block_length or timedelta())


def worst_of(worst: FlagKind | None, kind: FlagKind) -> FlagKind:
    """Return the worse of two kinds."""
    return kind if worst is None or kind.rank > worst.rank else worst


def block_end(incident: Incident, shown: Flag, at: datetime) -> datetime | None:
    """Return when a block ends, as its text changed."""
    named = shown.named_end
    if named is not None and (named > at or named == incident.block_ends):
        return named
    if shown.block_length is None:
        return None if shown.worded_end else incident.block_ends
    known = incident.flag.block_length if incident.flag else None
    longer = known is not None and shown.block_length > known
    if incident.block_ends is not None and incident.block_ends > at and not longer:
        return incident.block_ends  # the same block in other words; its length does not start over
    return shown.block_end(at)


def with_cause(flag: Flag, cause: Flag | None) -> Flag:
    """Return a flag in the light of what the account said before: a rejected token loses the connection."""
    is_rejected = cause is not None and cause.kind is FlagKind.SESSION and flag.kind is FlagKind.CONNECTION
    return replace(flag, kind=FlagKind.SESSION) if is_rejected else flag


def first_reason(flag: Flag, cause: Flag | None) -> str | None:
    """Return what an account said before its flag, if that was something else."""
    return cause.text if cause is not None and cause.text != flag.text else None
