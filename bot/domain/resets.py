"""A reset of an account on its way, and how it ended."""

from dataclasses import dataclass
from enum import StrEnum, auto

from bot.domain.accounts import Flag
from bot.domain.incidents import Incident, ResetVerdict


class ResetStage(StrEnum):
    """What a reset is doing."""

    READING = auto()
    """It reads the list."""
    SENDING = auto()
    """It asks the API."""
    CHECKING = auto()
    """It waits until it reads the list again."""


class ResetOutcome(StrEnum):
    """How a reset ended. Nothing was sent, unless it is done."""

    DONE = auto()
    """The API was asked; the verdict says what came of it."""
    CHANGED = auto()
    """Midjourney says something else than what was confirmed."""
    CLEAR = auto()
    """There was nothing to reset."""
    TAKEN = auto()
    """Somebody else is resetting the account."""
    RAN_OUT = auto()
    """The lease was over before the API was asked."""
    UNREADABLE = auto()
    """The list could not be read."""


@dataclass(frozen=True, slots=True)
class ResetResult:
    """A reset as it ended, with what is known of the account then."""

    outcome: ResetOutcome
    incident: Incident | None
    flag: Flag | None = None
    verdict: ResetVerdict | None = None
