"""Leases of single incidents, and their verdicts."""

from bot.domain.accounts import Flag
from bot.domain.incidents import Incident, RemedyVerdict
from bot.domain.providers import Remedy
from bot.incidents.service import IncidentService


async def take_lease(
    service: IncidentService,
    key: str,
    owner: int,
    confirmed: Flag | None = None,
    channel: str | None = None,
) -> Incident | None:
    """Take the lease for a reset of one incident; return None without it."""
    leases = await service.take_leases({key: confirmed}, owner, Remedy.RESET, channel)
    return next(iter(leases), None)


async def give_verdict(
    service: IncidentService, lease: Incident, verdict: RemedyVerdict, flag: Flag | None
) -> None:
    """Record the verdict of one reset."""
    await service.give_verdicts([(lease, verdict, flag)])
