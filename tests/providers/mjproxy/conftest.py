"""The fixtures of the simulated midjourney-proxy."""

from tests.simulators.mjproxy.conftest import client, clock, proxy

__all__ = ["client", "clock", "proxy"]
