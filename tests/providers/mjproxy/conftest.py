"""The fixtures of the simulated midjourney-proxy."""

from tests.simulators.mjproxy.conftest import client, clock

__all__ = ["client", "clock"]
