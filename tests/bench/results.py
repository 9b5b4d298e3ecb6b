"""The results as they are kept: machine, versions, every round, and which budget was kept."""

import json
import os
import platform
import sqlite3
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from bot.domain.plain import plain, typed
from tests.bench.figures import Candidate, Figure, Summary, Unit, is_kept, ratio, summary

FILE: Final = Path(__file__).with_name("results.json")
LIBRARIES: Final = ("discord.py", "aiohttp", "aiosqlite")


@dataclass(frozen=True, slots=True)
class Line:
    """One figure, measured."""

    key: str
    title: str
    unit: Unit
    beside: Candidate
    budget: str | None
    kept: bool | None
    ratio: float | None
    measured: Mapping[Candidate, Summary]


@dataclass(frozen=True, slots=True)
class Results:
    """A whole benchmark."""

    made: str
    rounds: int
    machine: Mapping[str, str]
    versions: Mapping[str, str]
    lines: tuple[Line, ...]

    @property
    def missed(self) -> list[Line]:
        """Return the figures whose budget is not kept."""
        return [line for line in self.lines if line.kept is False]

    def written(self) -> str:
        """Return the results as JSON."""
        return json.dumps(plain(self), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, text: str) -> "Results":
        """Read what `written` gave."""
        return typed(cls, json.loads(text))


def line_of(figure: Figure, rounds: Mapping[Candidate, Sequence[float]]) -> Line:
    """Judge a figure by its rounds."""
    measured = {who: summary(values, worst=figure.worst) for who, values in rounds.items()}
    ours = rounds[Candidate.MIDWATCH]
    ratios = ratio(ours, rounds.get(figure.beside, ()))
    budget = None if figure.budget is None else str(figure.budget)
    kept = is_kept(figure, measured[Candidate.MIDWATCH], ratios)
    return Line(figure.key, figure.title, figure.unit, figure.beside, budget, kept, ratios, measured)


def results_of(
    figures: Iterable[Figure],
    rounds: Mapping[str, Mapping[Candidate, Sequence[float]]],
    count: int,
    on: Mapping[str, str],
) -> Results:
    """Put the measured figures together, in the order of the catalogue."""
    lines = tuple(line_of(figure, rounds[figure.key]) for figure in figures if figure.key in rounds)
    return Results(f"{datetime.now(UTC):%Y-%m-%d}", count, on, versions(), lines)


def machine() -> dict[str, str]:
    """Describe on what it is measured, how busy that was before, and nothing that names the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.0f} GiB",
        "load": f"{os.getloadavg()[0]:.1f}",
        "system": f"{platform.system()} {platform.machine()}",
    }


def processor() -> str:
    """Name the processor, as far as the system does."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def versions() -> dict[str, str]:
    """Describe what was measured."""
    libraries = {name: version(name) for name in LIBRARIES}
    return {"Python": sys.version.split()[0], "SQLite": sqlite3.sqlite_version, **libraries}
