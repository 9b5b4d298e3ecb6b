"""The documented ways in which POST account/midjourney refuses a token."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class SaveRefusal:
    """A refusal: our sentence, and the API's text, in which `{channel}` is another account."""

    describe: str
    words: str
    code: int = 400


SAVE_REFUSALS: Final = {
    "missing": SaveRefusal("The token is missing or empty.", "Required param discord is missing or empty"),
    "jobs": SaveRefusal(
        "15 jobs are more than the plan allows, which is 3.",
        "Required param maxJobs 15 can't be more that 3",
    ),
    "twin": SaveRefusal(
        "Another channel is configured with this token.",
        "Channel {channel} configuration has same discord value",
    ),
    "no_midjourney": SaveRefusal(
        "The Midjourney bot is not there for this Discord account.", "`Midjourney bot not configured"
    ),
    "unauthorized": SaveRefusal("The token of useapi.net is not right.", "Unauthorized", 401),
    "unsubscribed": SaveRefusal(
        "There is no subscription, or it is over.", "Account has no subscription or subscription expired", 402
    ),
    "quota": SaveRefusal(
        "The subscription covers no further account.",
        "Subscription quantity exceeded, see https://useapi.net/docs/subscription",
        402,
    ),
}
"""useapi.net docs, POST account/midjourney."""
