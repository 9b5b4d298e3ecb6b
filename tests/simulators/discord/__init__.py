"""A simulated Discord: REST and gateway over real loopback sockets, for an unmodified discord.py.

simcord's backend decides what Discord would answer; this package puts sockets in front of it and adds what
it lacks: nonces, rate limit headers, RESUME, faults, limits of command definitions, and a check of every body
the bot sends.
"""

from .faults import Fault, FaultKind
from .interaction import Interaction
from .journal import RestRequest
from .people import ANSWER_WITHIN, CannotDo, Choice
from .pointing import point_at
from .server import SimulatedDiscord
from .world import SANDBOX_BOT_TOKEN, Json, Person

__all__ = [
    "ANSWER_WITHIN",
    "SANDBOX_BOT_TOKEN",
    "CannotDo",
    "Choice",
    "Fault",
    "FaultKind",
    "Interaction",
    "Json",
    "Person",
    "RestRequest",
    "SimulatedDiscord",
    "point_at",
]
