"""The state of the watch as `/mjstatus` and the board show it."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.clock import utc_now
from bot.domain.incidents import Incident
from bot.domain.messages import RouteState
from bot.domain.watch_status import PollStatus, WatchStatus
from bot.interactions.client import Midwatch
from bot.interactions.permissions import lacking_now
from bot.render.error_messages import what


async def watch_status(bot: Midwatch, ended: Sequence[Incident] = ()) -> WatchStatus:
    """Return the state of the watch now; `ended` are incidents that ended lately."""
    services, backups = bot.services, bot.services.backups
    state, loops = services.incident_service.watch_state, services.loops
    next_times = await services.incident_service.next_notifications()
    open_now = [incident for incident in state.incidents.values() if not incident.ended]
    return WatchStatus(
        now=utc_now(),
        accounts=services.pollers.cache.with_unlisted,
        incidents=(*open_now, *ended),
        messages=tuple(each for each in state.messages.values() if each.on_its_way or each.is_stuck),
        next_times=next_times,
        mutes=state.mutes,
        routes=route_states(bot),
        polls=[
            PollStatus(
                each.provider.name,
                each.poll_state.last_good,
                each.next_poll,
                each.failed_polls,
                what(each.failure) if each.failure else None,
            )
            for each in services.pollers
        ],
        problems=loops.problems(),
        second_route=len(loops.outbox.routes) > 1,
        lacking=lacking_now(bot, bot.alert_channel_id),
        other_copy_at=bot.other_copy_at,
        last_backup=backups and backups.last,
        no_backup=what(backups.failure) if backups and backups.failure else None,
    )


def route_states(bot: Midwatch) -> tuple[RouteState, ...]:
    """Return the state of each route to each recipient, also of one that was never used."""
    outbox, names = bot.services.loops.outbox, bot.services.addresses
    ways = bot.services.incident_service.ways(outbox.routes)
    states = (outbox.route_states.get(way) or RouteState(*way) for way in ways)
    return tuple(replace(each, address=names.get(each.recipient)) for each in states)
