"""The one vocabulary of faults, spoken by midjourney-proxy: what it has no word for is refused."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from tests.simulators import faults as shared
from tests.simulators.answers import Answer, Json, decode, encode
from tests.simulators.faults import Fault
from tests.simulators.useapi.faults import REFUSALS as COMMON

FOREIGN: Final = frozenset(
    {
        *(Fault.CODE_596_IN_200, Fault.CODE_500_IN_200, Fault.CODE_569, Fault.CODE_596_UNNAMED),
        *(Fault.UNPAID, Fault.QUOTA, Fault.NOTHING_CONFIGURED, Fault.UNPROCESSABLE, Fault.GONE),
    }
)
"""Faults that are useapi.net's alone."""
REFUSALS: Final = {
    Fault.UNAUTHORIZED: Answer(401, "账号无权限".encode(), ""),
    Fault.FORBIDDEN: Answer(403, "账号不可用".encode(), ""),
    Fault.RATE_LIMITED: Answer(429, b"", ""),
    Fault.RATE_LIMITED_RETRY_AFTER: Answer(429, b"", "", {"Retry-After": "30"}),
    Fault.SERVER_ERROR: Answer.json(
        {"success": False, "code": -1, "message": "操作失败", "timestamp": "639313570850745491"}, 500
    ),
    Fault.GATEWAY_TIMEOUT: Answer.page("504 Gateway Time-out", 504),
}


def refusal(fault: Fault) -> Answer | None:
    """Return the answer to a request that is not carried out; None if the fault is of another sort."""
    return REFUSALS.get(fault) or COMMON.get(fault)


def distort(fault: Fault, answer: Answer) -> Answer:
    """Return the true answer with this fault in its body; faults of another sort leave it alone."""
    if fault not in OF_LISTS:
        return shared.distort(fault, answer)
    value = decode(answer.body)
    entries = value.get("list") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(entries, list):
        return answer
    return replace(answer, body=encode(OF_LISTS[fault](value, entries)))


OF_LISTS: Final[dict[Fault, Callable[[dict[str, Json], list[Json]], Json]]] = {
    Fault.ARRAY: lambda _, entries: entries,
    Fault.MISSING_FIELDS: lambda value, entries: {**value, "list": [{} for _ in entries]},
    Fault.DUPLICATE: lambda value, entries: {**value, "list": [*entries[:1], *entries[:-1]]},
    Fault.PARTIAL_LIST: lambda value, entries: {**value, "list": entries[: (len(entries) - 1) // 2]},
}
"""Distortions that know the list: `DUPLICATE` shifts it by one, so that the last one is missing."""
