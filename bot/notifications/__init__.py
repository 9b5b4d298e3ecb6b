"""Tells owners: claims messages, sends them once, keeps them as they should look, by every route there is."""

from bot.notifications.editor import EDIT_EVERY
from bot.notifications.memory_notice import MemoryNotice
from bot.notifications.outbox import Outbox
from bot.notifications.route_health import Report, RouteState
from bot.runtime.failpoints import FailPoint

__all__ = ["EDIT_EVERY", "FailPoint", "MemoryNotice", "Outbox", "Report", "RouteState"]
