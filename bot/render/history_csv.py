"""A history as CSV. docs/history.md explains the columns."""

import csv
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from typing import Final

from bot.domain.providers import key_of, provider_of
from bot.render.attachments import Download
from bot.render.history_messages import Report, last
from bot.render.provider_words import service_name
from bot.render.text import whole
from bot.runtime.language import say

COLUMNS: Final = (
    *("event", "start", "end", "seconds", "account", "id", "service"),
    *("what", "acted_after_seconds", "person"),
)
MOST_ROWS: Final = 40_000
"""So many are well below the 10 MB that Discord takes."""
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20")
"""How a cell begins that a spreadsheet would compute."""


def history_csv(report: Report) -> Download:
    """Return a table of what happened, the latest first."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    rows = sorted(_rows(report), key=lambda row: row[1], reverse=True)
    writer.writerows([guarded(each) for each in row] for row in rows[:MOST_ROWS])
    words = say(
        "What happened in the {period}, as a table. The latest {number} lines."
        if len(rows) > MOST_ROWS
        else "What happened in the {period}, as a table.",
        period=last(report.days),
        number=whole(MOST_ROWS),
    )
    return Download("history.csv", text.getvalue().encode("utf-8-sig", "replace"), words)


def guarded(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _rows(report: Report) -> Iterator[tuple[str, ...]]:
    history = report.history
    for reference, each in history.watched.items():
        yield "watched", *_times(each.start, each.end), *_named(reference, report), "", "", ""
    for each in history.episodes:
        acted = "" if each.acted_at is None else _seconds(each.start, each.acted_at)
        times = _times(each.start, each.end, is_open=each.is_open)
        yield "incident", *times, *_named(each.reference, report), each.kind, acted, ""
    for each in history.blanks:
        problem = each.incident.problem if each.incident else None
        event = "absence" if each.is_absence else "outage"
        is_open = each.incident is not None and not each.incident.ended
        times = _times(each.period.start, each.period.end, is_open=is_open)
        yield event, *times, "", "", service_name(each.provider), problem or "", "", ""
    for each in history.actions:
        what = f"{each.verb}: {each.outcome}"
        at = (_time(each.at), "", "")
        yield "action", *at, *_named(each.reference, report), what, "", str(each.actor_id)


def _named(reference: str, report: Report) -> tuple[str, str, str]:
    return report.known(reference).label, key_of(reference), service_name(provider_of(reference))


def _times(start: datetime, end: datetime, *, is_open: bool = False) -> tuple[str, str, str]:
    return _time(start), "" if is_open else _time(end), _seconds(start, end)


def _seconds(start: datetime, end: datetime) -> str:
    return str(round((end - start).total_seconds()))


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
