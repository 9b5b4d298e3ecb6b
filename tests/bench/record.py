"""Where scenes put what they measured, and how large they play."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from tests.bench.figures import Candidate


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything; `FULL` for the table, `TINY` to see that it runs."""

    answers: int = 250
    burst: int = 100
    warm_up: int = 20
    crowd: int = 1_000
    """Accounts that are polled while somebody uses a command."""
    answered_storms: tuple[int, ...] = (1_000, 10_000)
    """Accounts that a storm flags while somebody uses a command."""
    storm_seconds: float = 1.5
    """How long a command is used again and again from the flags on."""
    lists: tuple[int, ...] = (10, 1_000, 10_000)
    commands: int = 20
    flags: int = 40
    resets: int = 20
    storms: tuple[int, ...] = (200, 1_000)
    upstream: tuple[int, ...] = (1, 100, 10_000)
    timed_polls: int = 15
    """Polls over which processor time is counted."""
    proxy_polls: int = 5
    proxy_flags: int = 3
    pictures: int = 6
    polls: int = 10_000
    incidents: int = 1_000
    days: int = 365
    year_accounts: int = 50
    locked_seconds: float = 5.0
    idle_seconds: float = 1.0
    """How long a bot rests before its memory is read."""


FULL: Final = Size()
TINY: Final = Size(
    answers=5,
    burst=5,
    warm_up=2,
    crowd=20,
    answered_storms=(20,),
    storm_seconds=0.1,
    lists=(10,),
    commands=3,
    flags=3,
    resets=2,
    storms=(30,),
    upstream=(1, 5),
    timed_polls=3,
    proxy_polls=1,
    proxy_flags=1,
    pictures=2,
    polls=60,
    incidents=2,
    days=10,
    year_accounts=3,
    locked_seconds=0.5,
    idle_seconds=0.0,
)


@dataclass(slots=True)
class Record:
    """The rounds of each candidate for each figure."""

    size: Size
    rounds: dict[str, dict[Candidate, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def put(self, figure: str, candidate: Candidate, value: float) -> None:
        """Note one round's value."""
        self.rounds[figure][candidate].append(value)
