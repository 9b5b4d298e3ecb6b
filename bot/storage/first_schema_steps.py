"""The steps of the schema from before accounts of several providers. They are never edited."""

from typing import Final

FIRST_STEPS: Final[tuple[tuple[str, ...], ...]] = (
    (
        # flagged_since: when the flag was first seen. listed: whether the last good poll listed the account.
        # seen_at: when its row last changed or, for an account that is not listed, when it last was.
        """
        CREATE TABLE account (
            channel TEXT NOT NULL PRIMARY KEY,
            name TEXT,
            discord_name TEXT,
            max_jobs INTEGER,
            server TEXT,
            flag_text TEXT,
            flag_kind TEXT,
            flagged_since INTEGER,
            listed INTEGER NOT NULL CHECK (listed IN (0, 1)),
            seen_at INTEGER NOT NULL,
            CHECK ((flag_text IS NULL) = (flag_kind IS NULL)),
            CHECK ((flag_text IS NULL) = (flagged_since IS NULL))
        ) STRICT
        """,
        """
        CREATE TABLE info_snapshot (
            channel TEXT NOT NULL REFERENCES account (channel),
            taken_at INTEGER NOT NULL,
            took_ms INTEGER NOT NULL,
            discord_name TEXT,
            text TEXT NOT NULL,
            PRIMARY KEY (channel, taken_at)
        ) STRICT
        """,
        """
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            actor_id INTEGER NOT NULL,
            verb TEXT NOT NULL,
            channel TEXT NOT NULL,
            outcome TEXT NOT NULL
        ) STRICT
        """,
        "CREATE INDEX audit_by_channel ON audit (channel, at)",
        "CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT",
    ),
    (
        """
        CREATE TABLE incident (
            key TEXT NOT NULL PRIMARY KEY,
            state TEXT NOT NULL,
            opened_at INTEGER NOT NULL,
            seen_at INTEGER NOT NULL,
            channel TEXT,
            flag_text TEXT,
            flag_kind TEXT,
            peak TEXT,
            trouble TEXT,
            from_command INTEGER NOT NULL CHECK (from_command IN (0, 1)),
            before_watch INTEGER NOT NULL CHECK (before_watch IN (0, 1)),
            recurring INTEGER NOT NULL CHECK (recurring IN (0, 1)),
            clear_since INTEGER,
            clear_looks INTEGER NOT NULL,
            missing_looks INTEGER NOT NULL,
            ended_at INTEGER,
            ending TEXT,
            reset_at INTEGER,
            verdict TEXT,
            judged_at INTEGER,
            lease_until INTEGER,
            leased_by INTEGER,
            claimed_by INTEGER,
            claimed_at INTEGER,
            asked_at INTEGER,
            snoozed_until INTEGER,
            held_until INTEGER,
            blind_from INTEGER,
            blind_until INTEGER,
            block_ends INTEGER,
            CHECK ((channel IS NULL) = (trouble IS NOT NULL)),
            CHECK ((flag_text IS NULL) = (flag_kind IS NULL)),
            CHECK ((state = 'ended') = (ended_at IS NOT NULL))
        ) STRICT
        """,
        "CREATE INDEX incident_going_on ON incident (opened_at) WHERE state != 'ended'",
        "CREATE INDEX incident_ended ON incident (ended_at) WHERE state = 'ended'",
        """
        CREATE TABLE message (
            key TEXT NOT NULL PRIMARY KEY,
            recipient INTEGER NOT NULL,
            purpose TEXT NOT NULL,
            loud INTEGER NOT NULL CHECK (loud IN (0, 1)),
            created_at INTEGER NOT NULL,
            due_at INTEGER NOT NULL,
            text TEXT,
            delivery TEXT NOT NULL,
            route TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            claimed_at INTEGER,
            failing_since INTEGER,
            failure TEXT,
            plain INTEGER NOT NULL CHECK (plain IN (0, 1)),
            channel_id INTEGER,
            message_id INTEGER,
            sent_at INTEGER,
            shown TEXT,
            edited_at INTEGER,
            reminders INTEGER NOT NULL
        ) STRICT
        """,
        "CREATE INDEX message_unfinished ON message (created_at) WHERE delivery NOT IN ('done', 'cancelled')",
        "CREATE INDEX message_finished ON message (sent_at) WHERE delivery = 'done'",
        # reason: NULL for an incident that was only taken over from an earlier message.
        """
        CREATE TABLE message_entry (
            message TEXT NOT NULL REFERENCES message (key) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            incident TEXT NOT NULL REFERENCES incident (key),
            reason TEXT,
            PRIMARY KEY (message, position)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX message_entry_by_incident ON message_entry (incident)",
        # channel: '' for all accounts.
        """
        CREATE TABLE mute (
            channel TEXT NOT NULL PRIMARY KEY,
            until INTEGER NOT NULL,
            muted_by INTEGER NOT NULL
        ) STRICT
        """,
    ),
    ("ALTER TABLE incident ADD COLUMN gravest TEXT",),
    ("ALTER TABLE incident ADD COLUMN cause TEXT",),
    ("ALTER TABLE incident ADD COLUMN lease_channel TEXT",),
    # The length that was asked for: the clock may be set back meanwhile.
    (
        "ALTER TABLE incident ADD COLUMN snoozed_seconds INTEGER",
        "ALTER TABLE mute ADD COLUMN lasts_seconds INTEGER",
    ),
    (
        # A flag belongs to an open incident. A flag without one, as before step two, gets one.
        """
        INSERT INTO incident (
            key, state, opened_at, seen_at, channel, flag_text, flag_kind, peak,
            from_command, before_watch, recurring, clear_looks, missing_looks
        )
        SELECT
            lower(hex(randomblob(16))), 'open', flagged_since, flagged_since, channel,
            flag_text, flag_kind, flag_kind, 0, 1, 0, 0, 0
        FROM account
        WHERE listed AND flag_text IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM incident
            WHERE incident.channel = account.channel AND (state != 'ended' OR ended_at >= flagged_since)
        )
        """,
        """
        CREATE TABLE account_without_flag (
            channel TEXT NOT NULL PRIMARY KEY,
            name TEXT,
            discord_name TEXT,
            max_jobs INTEGER,
            server TEXT,
            listed INTEGER NOT NULL CHECK (listed IN (0, 1)),
            seen_at INTEGER NOT NULL
        ) STRICT
        """,
        """
        INSERT INTO account_without_flag (channel, name, discord_name, max_jobs, server, listed, seen_at)
        SELECT channel, name, discord_name, max_jobs, server, listed, seen_at FROM account ORDER BY rowid
        """,
        "DROP TABLE account",
        "ALTER TABLE account_without_flag RENAME TO account",
    ),
    (
        "ALTER TABLE incident RENAME COLUMN trouble TO problem",
        "ALTER TABLE incident RENAME COLUMN gravest TO worst_problem",
        "ALTER TABLE incident RENAME COLUMN peak TO worst_kind",
        "ALTER TABLE incident RENAME COLUMN claimed_by TO assigned_to",
        "ALTER TABLE incident RENAME COLUMN claimed_at TO assigned_at",
        "ALTER TABLE message RENAME COLUMN loud TO notify",
    ),
    (
        "ALTER TABLE incident RENAME COLUMN clear_looks TO clear_polls",
        "ALTER TABLE incident RENAME COLUMN missing_looks TO missing_polls",
        "ALTER TABLE message DROP COLUMN text",
    ),
)
