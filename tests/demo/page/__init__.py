"""The demo's page: it shows the simulations in a browser, and the visitor acts in them."""

from .server import PageServer
from .services import Living, Proxy, Useapi
from .stage import Refusal, Stage

__all__ = ["Living", "PageServer", "Proxy", "Refusal", "Stage", "Useapi"]
