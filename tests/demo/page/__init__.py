"""The demo's page: it shows both simulations in a browser, and the visitor acts in both."""

from .server import PageServer
from .stage import Refusal, Stage

__all__ = ["PageServer", "Refusal", "Stage"]
