"""Tells owners: claims messages, sends them once, keeps them as they should look, by every route there is."""

from bot.outbox.health import Report, RouteState
from bot.outbox.outbox import Outbox
from bot.outbox.sender import Step

__all__ = ["Outbox", "Report", "RouteState", "Step"]
