"""How the simulated useapi.net words the faults that refuse a request."""

from dataclasses import replace
from typing import Final

from tests.simulators.answers import Answer
from tests.simulators.faults import Fault
from tests.simulators.useapi.answers import NOT_CONFIGURED, QUOTA_EXCEEDED, UNAUTHORIZED, UNSUBSCRIBED

PENDING: Final = "Your Discord account has received a pending moderation message from Midjourney."

REFUSALS: Final = {
    Fault.HTML_200: Answer.page("Welcome", 200),
    Fault.CODE_596_IN_200: Answer.error(PENDING, 596, status=200),
    Fault.CODE_500_IN_200: Answer.error("Internal server error", 500, status=200),
    Fault.HTML_404: Answer.page("404 Not Found", 404),
    Fault.HTML_503: Answer.page("503 Service Temporarily Unavailable", 503),
    Fault.CHALLENGE: Answer.page("Just a moment...", 403),
    Fault.EDGE_LIMIT: Answer(429, b"error code: 1015", headers={"Retry-After": "30"}),
    Fault.REDIRECT: Answer(302, headers={"Location": "/elsewhere"}),
    Fault.UNAUTHORIZED: UNAUTHORIZED,
    Fault.FORBIDDEN: Answer.error("Forbidden", 403),
    Fault.UNPAID: UNSUBSCRIBED,
    Fault.QUOTA: QUOTA_EXCEEDED,
    Fault.NOTHING_CONFIGURED: NOT_CONFIGURED,
    Fault.UNPROCESSABLE: Answer.error("Moderated", 422),
    Fault.RATE_LIMITED: Answer.json(
        {"error": "All slots are busy", "executingJobs": ["job:1"], "code": 429}, 429
    ),
    Fault.RATE_LIMITED_RETRY_AFTER: Answer.error("Too many requests", 429),
    Fault.SERVER_ERROR: Answer.error("Internal server error", 500),
    Fault.GATEWAY_TIMEOUT: Answer.error("Job queued by Midjourney", 504),
    Fault.GONE: Answer.error("Midjourney support has been discontinued", 410),
    Fault.CODE_569: Answer.error(PENDING, 569),
    Fault.CODE_596_UNNAMED: Answer.error(PENDING, 596),
}


def refusal(fault: Fault, retry_after: int) -> Answer | None:
    """Return the answer to a request that is not carried out; None if the fault is of another sort."""
    answer = REFUSALS.get(fault)
    if answer is not None and fault is Fault.RATE_LIMITED_RETRY_AFTER:
        return replace(answer, headers={"Retry-After": str(retry_after)})
    return answer
