"""Sends owners their messages once, by every route there is, and keeps them up to date."""

from bot.notifications.editor import EDIT_EVERY
from bot.notifications.memory_notice import MemoryNotice
from bot.notifications.outbox import Outbox

__all__ = ["EDIT_EVERY", "MemoryNotice", "Outbox"]
