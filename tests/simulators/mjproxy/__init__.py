"""A simulated midjourney-proxy: its admin API, version 11.10.3, on a real socket, with state and faults."""

from tests.simulators.answers import Answer
from tests.simulators.faults import Fault
from tests.simulators.mjproxy.accounts import SimulatedProxyAccount
from tests.simulators.mjproxy.endpoints import Endpoint
from tests.simulators.mjproxy.server import SANDBOX_MJPROXY_TOKEN, Request, SimulatedMjproxy

__all__ = [
    "SANDBOX_MJPROXY_TOKEN",
    "Answer",
    "Endpoint",
    "Fault",
    "Request",
    "SimulatedMjproxy",
    "SimulatedProxyAccount",
]
