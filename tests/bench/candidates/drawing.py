"""Draws a large picture at each SIGUSR1, with what the bot draws its pictures, and notes how long it took."""

import asyncio
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bot import app
from bot.domain.charts import Shade, Span, Timeline, TimelineRow
from bot.interactions.client import Services
from bot.render.chart_words import axis

DAYS: Final = 400
ACCOUNTS: Final = 50
TROUBLE_EVERY: Final = 8
"""Days from one incident of an account to the next, which makes 2,500."""
IDLE: Final = timedelta(seconds=2)
"""How long the process that draws waits for another picture: so that the bench need not wait longer."""


def draw_when_asked(notes: Path) -> None:
    """Have the bot that is about to start draw at a signal. Each picture is a line of the notes."""
    assemble, chart = app.assemble, timeline()

    async def draw(services: Services) -> None:
        began = time.monotonic()
        picture = await services.pictures.draw(chart, name="timeline.png", description="")
        with notes.open("a") as file:
            file.write(f"{time.monotonic() - began:.4f} {len(picture.png) if picture else 0}\n")

    async def assembled(*parts: Any) -> Services:
        services, drawing = await assemble(*parts), set[asyncio.Task[None]]()
        services.pictures.idle = IDLE
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, lambda: drawing.add(loop.create_task(draw(services))))
        return services

    app.assemble = assembled


def timeline() -> Timeline:
    """Build a chart of many accounts over more than a year."""
    until = datetime(2026, 11, 28, tzinfo=UTC)
    since = until - timedelta(days=DAYS)
    shades = (Shade.BLOCK, Shade.MODERATION, Shade.CAPTCHA, Shade.ACCESS, Shade.OUTAGE)

    def row(number: int) -> TimelineRow:
        starts = [since + timedelta(days=day, hours=number) for day in range(0, DAYS - 2, TROUBLE_EVERY)]
        spans = [
            Span(at, at + timedelta(hours=1 + count % 24), shades[(number + count) % len(shades)])
            for count, at in enumerate(starts)
        ]
        return TimelineRow(f"account {number}", tuple(spans), tuple(span.end for span in spans[::4]))

    return Timeline(since, until, axis(), tuple(map(row, range(ACCOUNTS))))
