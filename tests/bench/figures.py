"""What is measured, in what unit, and what it is held to; and the arithmetic of many rounds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median


class Candidate(StrEnum):
    """The programs that are measured."""

    MIDWATCH = "Midwatch"
    MINIMAL = "minimal bot"
    SCRIPT = "usual script"
    FETCH = "fetch and json.loads"


class Unit(StrEnum):
    """The unit of a figure."""

    MILLISECONDS = "ms"
    SECONDS = "s"
    MEBIBYTES = "MiB"
    MEGABYTES = "MB"
    KILOBYTES = "kB"
    PER_HOUR = "/h"
    COUNT = ""
    SLOPE = "KiB per 1,000"


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that Midwatch may take: an amount, or a multiple of what another takes in the same round."""

    limit: float
    times: Candidate | None = None

    def __str__(self) -> str:
        return f"≤ {number(self.limit)}" + (" x" if self.times else "")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; `worst` judges and shows the worst round in place of the median."""

    key: str
    title: str
    unit: Unit
    budget: Budget | None = None
    beside: Candidate = Candidate.MINIMAL
    worst: bool = False

    @property
    def scene(self) -> str:
        """Name the scene that measures it."""
        return self.key.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Summary:
    """One candidate's rounds."""

    value: float
    least: float
    most: float
    rounds: tuple[float, ...]


def summary(rounds: Sequence[float], *, worst: bool = False) -> Summary:
    """Summarise rounds."""
    value = max(rounds) if worst else median(rounds)
    return Summary(value, min(rounds), max(rounds), tuple(rounds))


def percentile(samples: Sequence[float], percent: float) -> float:
    """Return the smallest sample that so many percent of all do not exceed (the nearest rank)."""
    if not samples:
        raise ValueError("a percentile of nothing")
    ordered = sorted(samples)
    return ordered[max(math.ceil(len(ordered) * percent / 100), 1) - 1]


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    """Return the median of the rounds' ratios: what disturbed one round disturbed both of its candidates.

    None where there is nothing to divide by.
    """
    if not ours or len(ours) != len(theirs) or not all(theirs):
        return None
    return median(mine / other for mine, other in zip(ours, theirs, strict=True))


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return how steep the straight line through points is, by least squares."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    across = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / across


def is_kept(figure: Figure, ours: Summary, ratios: float | None) -> bool | None:
    """Return whether a budget is kept; None without a budget. One that cannot be judged is not kept."""
    if figure.budget is None:
        return None
    value = ours.value if figure.budget.times is None else ratios
    return value is not None and value <= figure.budget.limit


def number(value: float) -> str:
    """Write a number with three digits that count, and no more."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{min(digits, 4)}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"
