"""The useapi.net API: its client and its errors. JSON does not leave this package."""

from bot.providers.api_client import Limits, open_session
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
from bot.providers.useapi.client import UseapiClient

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
]
