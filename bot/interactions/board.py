"""Keeps the board of STATUS_CHANNEL_ID: one message, which is found again, or made anew when it is gone."""

import asyncio
import json
import logging
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from bot.domain.charts import Picture
from bot.domain.clock import utc_now
from bot.domain.history import figures_of
from bot.domain.incidents import new_key
from bot.interactions.client import Midwatch
from bot.interactions.watch_status import watch_status
from bot.notifications.discord_transport import DiscordTransport
from bot.notifications.transport import DeliveryError, FailureKind, MessageRef
from bot.render.board import board_content, board_mark
from bot.render.history_chart import timeline, timeline_words
from bot.render.history_messages import Report
from bot.render.message_content import MessageContent
from bot.runtime.aside import aside
from bot.runtime.language import speak
from bot.storage import StoreError

log = logging.getLogger(__name__)

KEPT: Final = "board"
"""Where the database has the place of the board."""
RETRY_AFTER: Final = timedelta(seconds=10)
LONGEST: Final = timedelta(minutes=10)
"""The board is edited as often also if nothing changes."""
CHECK_EVERY: Final = timedelta(seconds=30)
OLD: Final = timedelta(hours=1)
"""From this age on Discord limits the edits of a message (30046)."""
PICTURE_EVERY: Final = timedelta(hours=1)
PATIENCE_SECONDS: Final = 3.0
"""How long the words wait for their picture."""
WEEK_DAYS: Final = 7
ROWS: Final = 8


@dataclass(frozen=True, slots=True)
class Place:
    """Where the board is. Without a message it may have been sent, which its key tells."""

    channel: int
    key: str
    begun: str
    """When it was to be sent: UTC, ISO 8601."""
    message: int | None = None

    @property
    def begun_at(self) -> datetime:
        """When it was to be sent."""
        return datetime.fromisoformat(self.begun)


class Board:
    """Sends and edits the board. A failure is logged once, and holds up nothing else."""

    def __init__(self, bot: Midwatch, channel_id: int) -> None:
        self._bot = bot
        self._channel_id = channel_id
        self._transport = DiscordTransport(bot)
        self._store = bot.services.store
        self._edit_every = bot.services.loops.outbox.edit_every
        self._place: Place | None = None
        self._is_loaded = False
        self._mark: str = ""
        """What the board shows; empty if that is not known."""
        self._is_wanted = False
        """Whether somebody wants the present state, also if it is as it was."""
        self._shown_at = self._held_until = monotonic()
        self._picture: Picture | None = None
        self._drawing: asyncio.Task[Picture | None] | None = None
        self._drawn: tuple[str, float] = "", 0.0
        """What was shown when the drawing began, and when that was."""
        self._failure: str | None = None

    def refresh(self) -> None:
        """Show the present state with the next run, also if it is as it was."""
        self._is_wanted = True

    async def keep(self) -> timedelta:
        """Bring the board up to date if it is not. Return the time until the next run."""
        wait = self._held_until - monotonic()
        speak(self._bot.languages.shared)
        if wait > 0 or not (self._transport.ready and self._was_asked()):
            return timedelta(seconds=max(wait, 1.0))
        is_wanted, self._is_wanted = self._is_wanted, False  # a press from here on is for the next run
        watch = await watch_status(self._bot)
        mark = await aside(len(watch.incidents), board_mark, watch)
        is_recent = monotonic() - self._shown_at < LONGEST.total_seconds()
        if mark == self._mark and is_recent and not is_wanted:
            return CHECK_EVERY
        content = await aside(len(watch.incidents), board_content, watch)
        if (picture := await self._week(mark)) is not None:
            content = content.illustrated(picture)
        held = self._edit_every
        try:
            await self._show(content)
        except DeliveryError as error:
            held = await self._failed(error)
        except StoreError:
            held = LONGEST  # it is in the log already
        else:
            self._failure, self._mark, self._shown_at = None, mark, monotonic()
        self._held_until = monotonic() + held.total_seconds()
        return min(held, CHECK_EVERY)

    def _was_asked(self) -> bool:
        """Whether every provider was asked since the start. Before that nothing is known."""
        pollers = self._bot.services.pollers
        seen = {name for name, at in pollers.cache.observed_at.items() if at is not None}
        return all(
            each.failure or (each.provider.name in seen and not each.poll_state.resumed) for each in pollers
        )

    async def _show(self, content: MessageContent) -> None:
        """Edit the board; send it if there is none in this channel."""
        place, is_new = await self._known_place(), False
        if place is None or place.channel != self._channel_id:
            await self._remove(place)
            place, is_new = Place(self._channel_id, new_key(), utc_now().isoformat()), True
            await self._remember(place)
        content = content.signed(place.key)
        if place.message is not None:
            await self._transport.edit(MessageRef(place.channel, place.message), content)
            return
        found = None if is_new else await self._transport.find(place.channel, place.key, place.begun_at)
        sent = found or await self._transport.send(place.channel, content, nonce=place.key[:25], silent=True)
        await self._remember(replace(place, message=sent.message_id))
        with suppress(DeliveryError):  # `check` says whether the bot may
            await self._transport.pin(sent)
        if found is not None:
            await self._transport.edit(found, content)

    async def _failed(self, error: DeliveryError) -> timedelta:
        """Return how long to wait after a failure. A board that is gone or too old to edit is made anew."""
        place = self._place
        self._mark = ""
        is_old = place is not None and utc_now() - place.begun_at >= OLD and error.wait is not None
        if error.kind is FailureKind.GONE or is_old:
            await self._remove(place)
            self._place = None
            return timedelta()
        if self._failure != error.reason:
            self._failure = error.reason
            log.warning("the board in STATUS_CHANNEL_ID cannot be shown (%s); tried again", error.reason)
        return max(error.wait or timedelta(), RETRY_AFTER if error.kind is FailureKind.WAIT else LONGEST)

    async def _remove(self, place: Place | None) -> None:
        """Delete a board that another replaces, if it is still there."""
        if place is not None and place.message is not None:
            with suppress(DeliveryError):
                await self._transport.delete(MessageRef(place.channel, place.message))

    async def _known_place(self) -> Place | None:
        if not self._is_loaded:
            kept = await self._store.meta(KEPT)
            self._place, self._is_loaded = (Place(**json.loads(kept)) if kept else None), True
        return self._place

    async def _remember(self, place: Place) -> None:
        await self._store.set_meta(KEPT, json.dumps(asdict(place)))
        self._place = place

    async def _week(self, mark: str) -> Picture | None:
        """Return the picture of the last week. One that takes long comes with the next edit."""
        shown, drawn_at = self._drawn
        is_due = shown != mark or monotonic() - drawn_at >= PICTURE_EVERY.total_seconds()
        if self._drawing is None and is_due:
            await self._begin_to_draw(mark)
        if (drawing := self._drawing) is not None:
            await asyncio.wait((drawing,), timeout=PATIENCE_SECONDS)
            self._is_wanted |= not drawing.done() or self._drawn[0] != mark
            if drawing.done():
                self._picture, self._drawing = drawing.result(), None
        return self._picture

    async def _begin_to_draw(self, mark: str) -> None:
        """Have the picture drawn, unless there is nothing to show or the database cannot be read."""
        until, pollers = utc_now(), self._bot.services.pollers
        since = until - timedelta(days=WEEK_DAYS)
        try:
            history = await self._store.history.history(since, until, pollers.names)
        except StoreError:  # the problems on the board name the database
            return
        size = len(history.episodes)
        report = Report(
            history, await aside(size, figures_of, history), pollers.cache.with_unlisted, WEEK_DAYS
        )
        chart = await aside(size, timeline, report, ROWS)
        if not chart.rows:
            self._picture = None
            return
        pictures, words = self._bot.services.pictures, timeline_words(report)
        drawing = pictures.draw(chart, name="week.png", description=words)
        self._drawn, self._drawing = (mark, monotonic()), asyncio.create_task(drawing)
