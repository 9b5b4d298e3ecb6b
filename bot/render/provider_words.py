"""What people read about each provider."""

from typing import Final

from bot.domain.providers import USEAPI

TITLES: Final = {USEAPI: "useapi.net"}
"""The name of each provider for people."""
