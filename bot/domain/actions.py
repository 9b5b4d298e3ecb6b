"""What people had done: entries of the audit, and results of remedies and of adding or removing accounts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, auto

from bot.domain.accounts import Account, Flag
from bot.domain.errors import CodedError
from bot.domain.incidents import Incident, RemedyVerdict


@dataclass(frozen=True, slots=True)
class Action:
    """An entry of the audit: who did what to which account, and how it ended."""

    at: datetime
    actor_id: int
    verb: str
    reference: str
    outcome: str
    """A code, followed by a colon and a value if it has one. Earlier versions wrote words."""


class ChangeOutcome(StrEnum):
    """What came of adding, updating or removing an account, as the audit stores it."""

    DONE = "done"
    NOT_DONE = "not done"
    UNCLEAR = "outcome unknown"


@dataclass(frozen=True, slots=True)
class SaveResult:
    """What came of adding or updating an account, which is as the answer or else the list shows it."""

    outcome: ChangeOutcome
    account: Account | None
    jobs: int
    """The number of jobs that was asked for."""
    created: bool | None = None
    """None where the API does not say whether it created or updated the account."""
    fault: CodedError | None = None
    """Why the list was read to find out; None if the answer was clear."""


@dataclass(frozen=True, slots=True)
class RemovalResult:
    """What came of removing an account; it is unclear where useapi.net accepted it and lists the account."""

    outcome: ChangeOutcome
    fault: CodedError | None = None
    """Why the list was read to find out; None if the answer was clear."""
    is_gone_before: bool = False
    before: Action | None = None
    """Who removed the account before, and when, where that is known."""


class RemedyStage(StrEnum):
    """What a remedy is doing."""

    READING = auto()
    """It reads the list."""
    SENDING = auto()
    """It asks the API."""
    CHECKING = auto()
    """It waits until it reads the list again."""


class RemedyOutcome(StrEnum):
    """How a remedy ended. Nothing was sent, unless it is done."""

    DONE = auto()
    """The API was asked; the verdict says what came of it."""
    CHANGED = auto()
    """Midjourney says something else than what was confirmed."""
    CLEAR = auto()
    """There was nothing to remedy."""
    STARTING = auto()
    """The account is enabled already, and its provider starts it."""
    RUNNING = auto()
    """The account runs already."""
    TAKEN = auto()
    """Somebody else is at it already."""
    RAN_OUT = auto()
    """The lease was over before the API was asked."""
    UNREADABLE = auto()
    """The list could not be read."""


@dataclass(frozen=True, slots=True)
class RemedyResult:
    """A remedy as it ended, with what is known of the account then."""

    outcome: RemedyOutcome
    incident: Incident | None = None
    flag: Flag | None = None
    verdict: RemedyVerdict | None = None
    verdicts: Mapping[RemedyVerdict, int] = field(default_factory=dict[RemedyVerdict, int])
    """How many of several accounts came to which verdict."""
