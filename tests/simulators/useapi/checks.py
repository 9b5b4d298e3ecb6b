"""What the simulated useapi.net refuses about an account that someone wants to save, in its own words.

The sentences are those of useapi.net docs, POST account/midjourney and POST account/midjourney/channel.
"""

import re
from collections.abc import Mapping
from typing import Final

from tests.simulators.answers import Answer, Json
from tests.simulators.useapi.accounts import SimulatedAccount

DEFAULT_JOBS: Final = 3
DISCORD_ID: Final = re.compile(r"[0-9]{17,20}")


class Refused(Exception):  # noqa: N818 - not an error of the simulation
    """The API refuses a request. `answer` is its answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"refused with status {answer.status}")
        self.answer = answer


def refuse(sentence: str) -> Refused:
    """Make the refusal of a value that was sent."""
    return Refused(Answer.error(sentence, 400))


def require(fields: Mapping[str, Json], *names: str) -> None:
    """Refuse if one of these fields is missing or empty."""
    for name in names:
        if not fields.get(name):
            raise refuse(f"Required param {name} is missing or empty")


def require_login(account: SimulatedAccount | None) -> SimulatedAccount:
    """Refuse a login that has no Midjourney bot; the documentation has the stray back-tick, too."""
    if account is None or not account.midjourney:
        raise refuse("`Midjourney bot not configured")
    return account


def require_jobs(fields: Mapping[str, Json], limit: int) -> int:
    """Read how many jobs are wanted; refuse more than the plan allows."""
    jobs = fields.get("maxJobs", DEFAULT_JOBS)
    if not isinstance(jobs, int) or isinstance(jobs, bool) or jobs < 1:
        raise refuse("Required param maxJobs is missing or empty")
    if jobs > limit:
        raise refuse(f"Required param maxJobs {jobs} can't be more that {limit}")
    return jobs


def require_ids(channel: str, fields: Mapping[str, Json]) -> None:
    """Refuse ids that are none, and a channel other than the one in the path."""
    for name in ("server", "channel"):
        if not DISCORD_ID.fullmatch(str(fields[name])):
            raise refuse(f"Required param {name} ({fields[name]}) is not valid Discord {name} id")
    if fields["channel"] != channel:
        raise refuse(
            f"Required param channel ({fields['channel']}) not matching to "
            f"/midjourney/channel (/midjourney/{channel})"
        )


def require_no_twin(
    channel: str, fields: Mapping[str, Json], accounts: Mapping[str, SimulatedAccount]
) -> None:
    """Refuse a login or a server that another channel is configured with."""
    for other in accounts.values():
        if other.channel == channel:
            continue
        if other.discord == fields["discord"]:
            raise refuse(f"Channel {other.channel} configuration has same discord value")
        if other.server == fields["server"]:
            raise refuse(f"Channel {other.channel} configuration has same server value")
