"""Short helpers for the rules about the accounts of a second provider."""

from bot.domain.accounts import Account, EntryState, Flag, FlagKind
from tests.rules.world import MINUTE, MODERATION, World

ONE, TWO, THREE = (f"mjproxy:{number}" for number in range(1, 4))
PAUSED, STARTING, UNKNOWN = EntryState.PAUSED, EntryState.STARTING, EntryState.UNKNOWN
REJECTED = Flag("Authentication failed.", FlagKind.SESSION)
LOST = Flag("could not be connected again", FlagKind.CONNECTION)


def entry(
    channel: str = ONE, state: EntryState = EntryState.OK, hint: Flag | None = None, hours: str = ""
) -> Account:
    return Account(channel, entry=state, hint=hint, hours=hours)


def flagged_entry(text: str | Flag = MODERATION, channel: str = ONE) -> Account:
    flag = Flag.of(text) if isinstance(text, str) else text
    return Account(channel, flag=flag, entry=EntryState.FLAGGED)


def watched(*accounts: Account) -> World:
    """A world whose second provider was polled once."""
    world = World(flags={})
    world.poll_proxy(*(accounts or (entry(ONE), entry(TWO), entry(THREE))))
    world.deliver()
    world.now += MINUTE
    return world


def flagged_there(text: str | Flag = MODERATION) -> World:
    """A world in which an account of the second provider was flagged, and the owner notified."""
    world = watched()
    world.poll_proxy(flagged_entry(text))
    world.deliver()
    world.now += MINUTE
    return world
