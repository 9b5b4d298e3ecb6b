"""The useapi.net API: its client, its errors, and the parsers beyond which no JSON goes."""

from bot.providers.errors import (
    AnswerLost,
    Gone,
    MalformedResponse,
    NotAsked,
    NotConfigured,
    PendingModeration,
    RateLimited,
    Rejected,
    Unauthorized,
    Unpaid,
    Unreachable,
    UseapiError,
)
from bot.providers.midjourney_info import parse_info
from bot.providers.useapi.client import Limits, UseapiClient, open_session

__all__ = [
    "AnswerLost",
    "Gone",
    "Limits",
    "MalformedResponse",
    "NotAsked",
    "NotConfigured",
    "PendingModeration",
    "RateLimited",
    "Rejected",
    "Unauthorized",
    "Unpaid",
    "Unreachable",
    "UseapiClient",
    "UseapiError",
    "open_session",
    "parse_info",
]
