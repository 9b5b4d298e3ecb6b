"""A simulated useapi.net: its Midjourney API, version 2, on a real socket, with state and faults."""

from tests.simulators.faults import Fault
from tests.simulators.useapi.accounts import (
    BLOCK,
    CAPTCHA,
    MODERATION,
    SUSPICION,
    TIMED_BLOCK,
    Plan,
    SimulatedAccount,
)
from tests.simulators.useapi.refusals import SAVE_REFUSALS
from tests.simulators.useapi.server import SANDBOX_USEAPI_TOKEN, Request, SimulatedUseapi
from tests.simulators.useapi.service import Endpoint

__all__ = [
    "BLOCK",
    "CAPTCHA",
    "MODERATION",
    "SANDBOX_USEAPI_TOKEN",
    "SAVE_REFUSALS",
    "SUSPICION",
    "TIMED_BLOCK",
    "Endpoint",
    "Fault",
    "Plan",
    "Request",
    "SimulatedAccount",
    "SimulatedUseapi",
]
