"""The demo's page: shows the two fakes in a browser, and lets the visitor act in both."""

from .server import PageServer
from .stage import Refusal, Stage

__all__ = ["PageServer", "Refusal", "Stage"]
