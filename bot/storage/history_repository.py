"""The history of accounts in the database: when each was watched, its incidents, and what people did."""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from bot.domain.accounts import FlagKind
from bot.domain.history import Blank, Episode, History, Period
from bot.domain.providers import provider_of, reference_to
from bot.runtime.aside import aside
from bot.storage.database import Database
from bot.storage.incident_repository import INCIDENTS, incident_of
from bot.storage.rows import account_cells, action_of, from_epoch

OF_ACCOUNT: Final = "provider = coalesce(:provider, provider) AND channel = coalesce(:channel, channel)"
WATCHED: Final = f"""
    SELECT provider, channel, max(coalesce(first_seen_at, seen_at), :since),
        iif(listed, :until, seen_at) AS last
    FROM account WHERE {OF_ACCOUNT} AND last > :since ORDER BY rowid
"""  # noqa: S608 - conditions of ours
EPISODES: Final = f"""
    WITH episode AS (
        SELECT key, provider, channel, opened_at, ended_at, blind_from, blind_until,
            coalesce(worst_kind, flag_kind) AS kind,
            CASE state WHEN 'clearing' THEN clear_since
                WHEN 'ended' THEN coalesce(clear_since, ended_at) END AS over
        FROM incident
        WHERE channel IS NOT NULL AND {OF_ACCOUNT} AND opened_at < :until
        AND (state != 'ended' OR ended_at > :since)
    ), response AS (
        SELECT key, min(at) AS acted_at FROM episode JOIN audit USING (provider, channel)
        WHERE at BETWEEN opened_at AND coalesce(ended_at, :until)
        AND verb IN ('reset', 'enable', 'captcha', 'leave', 'assign', 'claim', 'snooze') GROUP BY key
    )
    SELECT key, provider, channel, kind, opened_at, coalesce(over, :until), over IS NULL, acted_at,
        blind_from, blind_until
    FROM episode LEFT JOIN response USING (key) WHERE coalesce(over, :until) > :since ORDER BY opened_at, key
"""  # noqa: S608 - conditions of ours
"""An incident that is clearing is over since the first poll without its flag, as far as anybody knows."""
PROBLEMS: Final = (
    f"{INCIDENTS} WHERE problem IS NOT NULL AND (state != 'ended' OR ended_at > ?) ORDER BY opened_at"
)
OWN: Final = """
    SELECT key FROM incident AS absence WHERE problem = 'away' AND ended_at > :since AND (
        EXISTS (SELECT 1 FROM incident WHERE provider != absence.provider
            AND opened_at BETWEEN absence.blind_from + 3600000 AND absence.blind_until - 600000)
        OR EXISTS (SELECT 1 FROM audit
            WHERE at BETWEEN absence.blind_from + 3600000 AND absence.blind_until - 600000)
    )
"""
"""The absences within which something was recorded: the bot ran, without the provider."""
ACTIONS: Final = f"""
    SELECT at, actor_id, verb, provider, channel, outcome FROM audit
    WHERE at > :since AND channel != '' AND outcome != 'asked' AND {OF_ACCOUNT} ORDER BY at, id
"""  # noqa: S608 - conditions of ours
"""What was only asked for is left out: an entry follows that says what came of it."""
MESSAGES: Final = """
    SELECT incident, channel_id, message_id FROM (
        SELECT message_entry.incident, channel_id, message_id,
            row_number() OVER (PARTITION BY message_entry.incident ORDER BY sent_at DESC) AS place
        FROM message_entry JOIN message ON message.key = message_entry.message
        WHERE message_entry.incident IN (SELECT value FROM json_each(?))
        AND message_id IS NOT NULL AND (route = 'channel' OR recipient = ?)
    ) WHERE place = 1
"""


class HistoryStore:
    """What was recorded over time. Every method raises StoreError when the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def history(
        self, since: datetime, until: datetime, providers: Collection[str], reference: str | None = None
    ) -> History:
        """Return what was recorded of one account, or of all accounts of some providers."""
        provider, channel = (None, None) if reference is None else account_cells(reference)
        asked = {"since": since, "until": until, "provider": provider, "channel": channel}
        read = self._database.read
        watched, episodes, actions = [
            list(await read(query, **asked)) for query in (WATCHED, EPISODES, ACTIONS)
        ]
        problems = await self._database.read(PROBLEMS, (since,))
        own = {key for (key,) in await read(OWN, since=since)}
        blanks = [blank_of(row, until, own) for row in problems]
        return await aside(
            len(episodes), history_of, Period(since, until), watched, episodes, actions, blanks, providers
        )

    async def message_places(
        self, incidents: Iterable[str], reader: int | None
    ) -> Mapping[str, tuple[int, int]]:
        """Return the ids of the last message about each incident, its channel's first.

        It stands in the alert channel or, if a reader is given, in theirs.
        """
        rows = await self._database.read(MESSAGES, (json.dumps(list(incidents)), reader))
        return {key: (channel, message) for key, channel, message in rows}


def history_of(
    period: Period,
    watched: Iterable[Any],
    episodes: Iterable[Any],
    actions: Iterable[Any],
    blanks: list[Blank],
    providers: Collection[str],
) -> History:
    """Return the history of rows."""
    known = {
        reference_to(provider, key): Period(from_epoch(first), from_epoch(last))
        for provider, key, first, last in watched
        if provider in providers
    }
    hidden = {(each.provider, each.period) for each in blanks}
    found: list[Episode] = []
    for key, provider, channel, kind, start, end, is_open, acted_at, blind_from, blind_until in episodes:
        acted = None if acted_at is None else from_epoch(acted_at)
        reference = reference_to(provider, channel)
        if reference not in known:
            continue
        lasted = (from_epoch(start), from_epoch(end))
        found.append(Episode(key, reference, FlagKind(kind), *lasted, bool(is_open), acted))
        if blind_from is not None and blind_until is not None:
            blind = Period(from_epoch(blind_from), from_epoch(blind_until))
            if (provider, blind) not in hidden:
                hidden.add((provider, blind))
                blanks.append(Blank(blind, provider=provider))
    names = set(map(provider_of, known))
    return History(
        period,
        known,
        found,
        [each for each in blanks if any(map(each.hides, names))],
        [each for each in map(action_of, actions) if each.reference in known],
    )


def blank_of(row: Any, until: datetime, own: Collection[str]) -> Blank:
    """Return the time that an incident of the service hides. An open one goes on."""
    incident = incident_of(row)
    start, end = incident.unseen
    lasted = Period(start, end if incident.ended else until)
    return Blank(lasted, incident, incident.provider, incident.key in own)
