"""Tells owners: claims messages, sends them once, keeps them as they should look, by every route there is."""

from bot.outbox.editor import EDIT_EVERY
from bot.outbox.health import Report, RouteState
from bot.outbox.memory_notice import MemoryNotice
from bot.outbox.outbox import Outbox
from bot.runtime.failpoints import Step

__all__ = ["EDIT_EVERY", "MemoryNotice", "Outbox", "Report", "RouteState", "Step"]
