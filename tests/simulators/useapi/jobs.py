"""The jobs of the simulated useapi.net: `/info` sent to Midjourney, and what is kept of it."""

import asyncio
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from tests.simulators.answers import Answer, Json, Pairs, encode, encode_pairs
from tests.simulators.useapi.accounts import SimulatedAccount, snowflake


class Jobs:
    """Sends commands to Midjourney and keeps their outcomes, as useapi.net docs, POST jobs/info, show it."""

    def __init__(self, user: int, rng: random.Random, now: Callable[[], datetime]) -> None:
        self.sent = 0
        """The number of commands that Midjourney received."""
        self._user = user
        self._rng = rng
        self._now = now
        self._running: list[str] = []
        self._kept: dict[str, bytes] = {}

    async def info(self, account: SimulatedAccount, fields: Mapping[str, Json]) -> Answer:
        """Send `/info` and answer when Midjourney has; this is how an unseen flag is found."""
        self.sent += 1
        created = self._now()
        jobid = f"job:{created:%Y%m%d%H%M%S%f}"[:-3] + f"-user:{self._user}-channel:{account.channel}"
        self._running.append(jobid)
        try:
            await asyncio.sleep(account.info_seconds)
        finally:
            self._running.remove(jobid)
        found = account.unseen
        outcome = _info_sent(account) if found is None else _stopped(found)
        job = self._job(jobid, account, fields, created, outcome)
        if found is not None:
            account.pending, account.unseen = found, None
        self._kept[jobid] = encode_pairs(job)
        return Answer(200 if found is None else 596, self._kept[jobid])

    def running(self) -> Answer:
        """List the jobs that run."""
        return Answer(200, encode([*self._running]))

    def kept(self, jobid: Json) -> Answer:
        """Return a job that has ended."""
        if not isinstance(jobid, str) or not jobid:
            return Answer.error("Required param jobid is missing or empty", 400)
        body = self._kept.get(jobid)
        return Answer.error(f"Job {jobid} not found", 404) if body is None else Answer(200, body)

    def _job(
        self,
        jobid: str,
        account: SimulatedAccount,
        fields: Mapping[str, Json],
        created: datetime,
        outcome: Pairs,
    ) -> Pairs:
        """Put a job together, with the two timestamps that the documentation shows."""
        server = (("server", account.server),) if account.server else ()
        replies = tuple((key, fields[key]) for key in ("replyUrl", "replyRef") if key in fields)
        return (
            ("jobid", jobid),
            ("verb", "info"),
            ("status", "completed" if outcome[-1] == ("code", 200) else "failed"),
            ("created", _milliseconds(created)),
            ("updated", _milliseconds(self._now())),
            ("discord", account.masked),
            ("channel", account.channel),
            *server,
            *replies,
            ("messageId", snowflake(self._rng)),
            ("timestamp", _microseconds(self._now())),
            ("timestamp", _microseconds(created)),
            *outcome,
        )


def _info_sent(account: SimulatedAccount) -> Pairs:
    """Return the end of a job that went well: Midjourney's text, and the same in an embed with the name."""
    embed: dict[str, Json] = {
        "type": "rich",
        "title": f"Your info - {account.discord_name}",
        "description": account.info_text,
        "content_scan_version": 0,
        "color": 0,
    }
    return (("content", account.info_text), ("embeds", [embed]), ("code", 200))


def _stopped(text: str) -> Pairs:
    """Return the end of a job that Midjourney answered with a flag."""
    return (("error", "Pending mod message"), ("errorDetails", text), ("code", 596))


def _milliseconds(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _microseconds(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
