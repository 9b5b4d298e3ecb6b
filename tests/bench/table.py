"""The table: ratios first, absolute figures second, then what is held and whether it is."""

import re
from pathlib import Path
from typing import Final

from tests.bench.figures import Candidate, number
from tests.bench.process import ROOT
from tests.bench.results import Line, Results

PAGE: Final = ROOT / "docs" / "measured.md"
BEGIN, END = "<!-- the table of make bench -->\n", "<!-- the end of the table -->\n"
HEAD: Final = ("figure", "ratio", "Midwatch", "beside it", "usual script", "hold", "kept")
KEPT: Final = {True: "yes", False: "**no**", None: ""}


def rendered(results: Results) -> str:
    """Return the table in Markdown, with what it was measured on, of what and when."""
    of = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    processor, cores, memory, load = (results.machine[it] for it in ("processor", "cores", "memory", "load"))
    on = f"{processor}, {cores} cores with a load of {load} by others, {memory}"
    rows = [HEAD, tuple("---" for _ in HEAD), *(cells(line) for line in results.lines)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"Measured on {results.made} ({on}; {of}), {results.rounds} rounds.\n\n{table}\n"


def cells(line: Line) -> tuple[str, ...]:
    """Return a figure's row."""
    return (
        line.title,
        "" if line.ratio is None else f"{number(line.ratio)} x",
        shown(line, Candidate.MIDWATCH, spread=True),
        shown(line, line.beside),
        shown(line, Candidate.SCRIPT),
        hold(line),
        KEPT[line.kept],
    )


def shown(line: Line, who: Candidate, *, spread: bool = False) -> str:
    """Return what one candidate took: the median and, where rounds differ, the least and the most."""
    one = line.measured.get(who)
    if one is None:
        return ""
    text = with_unit(number(one.value), line.unit)
    if not spread or one.least == one.most:
        return text
    return f"{text} ({number(one.least)} - {number(one.most)})"


def hold(line: Line) -> str:
    """Return the budget."""
    if line.budget is None:
        return ""
    return line.budget if line.budget.endswith("x") else with_unit(line.budget, line.unit)


def with_unit(text: str, unit: str) -> str:
    """Put the unit behind a number."""
    return f"{text}{'' if unit.startswith('/') else ' '}{unit}".strip()


def verdict(results: Results) -> str:
    """Return which budgets are kept and which are not."""
    judged = [line for line in results.lines if line.kept is not None]
    missed = [
        f"MISSED: {line.title}: {' · '.join(filter(None, cells(line)[1:6]))}" for line in results.missed
    ]
    return "\n".join([*missed, f"{len(judged) - len(missed)} of {len(judged)} budgets are kept."])


def put_into(text: str, table: str) -> str:
    """Replace the table of a page."""
    pattern = re.escape(BEGIN) + ".*?" + re.escape(END)
    if not re.search(pattern, text, re.DOTALL):
        raise ValueError("the page has no place for the table")
    return re.sub(pattern, lambda _: f"{BEGIN}\n{table}\n{END}", text, flags=re.DOTALL)


def write_page(results: Results, path: Path = PAGE) -> None:
    """Let the page show these results."""
    path.write_text(put_into(path.read_text(), rendered(results)))
