"""The resources that a life of the bot holds, and whether they grow."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

PROC: Final = Path("/proc")
WARM_UP: Final = 4
"""The part of a life that is left out as warm-up. What is loaded once and kept is no leak."""
FEWEST: Final = 90
"""A life with fewer samples says nothing about a slope."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The resources of a process at one moment."""

    memory: int
    """Resident, in KiB."""
    descriptors: int
    threads: int
    tasks: int


TOLERATED: Final[Mapping[str, float]] = {"memory": 1536, "descriptors": 3, "threads": 2, "tasks": 3}
"""By how much the last third of a life may lie above the first: requests and messages come and go, and the
memory keeps what ended in the last hours, which is little."""


def sample(pid: int, tasks: Path) -> Sample | None:
    """Return the resources of a process; None without /proc, or while the process is not running."""
    process = PROC / str(pid)
    try:
        pairs = (line.partition(":") for line in (process / "status").read_text().splitlines())
        status = {name: value.split() for name, _, value in pairs}
        descriptors = sum(1 for _ in (process / "fd").iterdir())
        return Sample(int(status["VmRSS"][0]), descriptors, int(status["Threads"][0]), int(tasks.read_text()))
    except (OSError, KeyError, ValueError):
        return None


def growth(values: Sequence[int]) -> float:
    """Return how far the last third of the samples lies above the first, without the warm-up.

    Medians: what comes and goes, however high for a moment, is no growth.
    """
    settled = values[len(values) // WARM_UP :]
    third = len(settled) // 3
    return median(settled[-third:]) - median(settled[:third])


def growths(life: Iterable[Sample]) -> dict[str, float]:
    """Return the growth of each thing over a life."""
    samples = [*life]
    return {name: growth([getattr(one, name) for one in samples]) for name in TOLERATED}


def slopes(lives: Iterable[Sequence[Sample]]) -> Iterator[str]:
    """Name what grows in the median life, as a leak shows in every one."""
    grown = [growths(life) for life in lives if len(life) >= FEWEST]
    for name, tolerated in TOLERATED.items():
        rises = [each[name] for each in grown]
        if rises and median(rises) > tolerated:
            yield f"{name} grew from the first third of a life to the last by {rises}; allowed: {tolerated}"
