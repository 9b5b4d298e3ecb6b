"""The answers by which the simulated useapi.net refuses."""

from typing import Final

from tests.simulators.answers import PROSE_TYPE, Answer

UNAUTHORIZED: Final = Answer.error("Unauthorized", 401)
UNSUBSCRIBED: Final = Answer.error("Account has no subscription or subscription expired", 402)
QUOTA_EXCEEDED: Final = Answer.error(
    "Subscription quantity exceeded, see https://useapi.net/docs/subscription", 402
)
NOT_CONFIGURED: Final = Answer(
    404,
    b"Configuration not found. To create configuration use account/midjourney/channel.",
    PROSE_TYPE,
)
"""useapi.net docs, GET account/midjourney: its 404 is prose, not JSON."""
