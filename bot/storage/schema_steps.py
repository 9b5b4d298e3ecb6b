"""The steps of the schema, each one transaction. Steps are appended, never edited."""

from typing import Final

STEPS: Final[tuple[tuple[str, ...], ...]] = (
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
    (
        # Accounts of more than one provider: a key is known within its provider.
        """
        CREATE TABLE account_by_provider (
            provider TEXT NOT NULL,
            channel TEXT NOT NULL,
            name TEXT,
            discord_name TEXT,
            max_jobs INTEGER,
            server TEXT,
            title TEXT,
            discord_channel TEXT,
            listed INTEGER NOT NULL CHECK (listed IN (0, 1)),
            seen_at INTEGER NOT NULL,
            PRIMARY KEY (provider, channel)
        ) STRICT
        """,
        """
        INSERT INTO account_by_provider
        SELECT 'useapi', channel, name, discord_name, max_jobs, server, NULL, NULL, listed, seen_at
        FROM account ORDER BY rowid
        """,
        """
        CREATE TABLE info_by_provider (
            provider TEXT NOT NULL,
            channel TEXT NOT NULL,
            taken_at INTEGER NOT NULL,
            took_ms INTEGER,
            discord_name TEXT,
            text TEXT NOT NULL,
            PRIMARY KEY (provider, channel, taken_at),
            FOREIGN KEY (provider, channel) REFERENCES account (provider, channel)
        ) STRICT
        """,
        """
        INSERT INTO info_by_provider
        SELECT 'useapi', channel, taken_at, took_ms, discord_name, text FROM info_snapshot ORDER BY rowid
        """,
        # provider and channel: '' for all accounts.
        """
        CREATE TABLE mute_by_provider (
            provider TEXT NOT NULL,
            channel TEXT NOT NULL,
            until INTEGER NOT NULL,
            muted_by INTEGER NOT NULL,
            lasts_seconds INTEGER,
            PRIMARY KEY (provider, channel)
        ) STRICT
        """,
        """
        INSERT INTO mute_by_provider
        SELECT iif(channel = '', '', 'useapi'), channel, until, muted_by, lasts_seconds FROM mute
        """,
        "DROP TABLE info_snapshot",
        "DROP TABLE account",
        "DROP TABLE mute",
        "ALTER TABLE account_by_provider RENAME TO account",
        "ALTER TABLE info_by_provider RENAME TO info_snapshot",
        "ALTER TABLE mute_by_provider RENAME TO mute",
        "ALTER TABLE incident ADD COLUMN provider TEXT NOT NULL DEFAULT 'useapi'",
        "ALTER TABLE incident ADD COLUMN starting_since INTEGER",
        "ALTER TABLE incident ADD COLUMN first_reason TEXT",
        "ALTER TABLE incident ADD COLUMN remedy TEXT",
        "ALTER TABLE audit ADD COLUMN provider TEXT NOT NULL DEFAULT 'useapi'",
        "DROP INDEX audit_by_channel",
        "CREATE INDEX audit_by_account ON audit (provider, channel, at)",
    ),
    (
        "ALTER TABLE account ADD COLUMN entry TEXT NOT NULL DEFAULT 'ok'",
        "ALTER TABLE incident ADD COLUMN returned_at INTEGER",
    ),
    ("ALTER TABLE incident ADD COLUMN is_common INTEGER NOT NULL DEFAULT 0",),
    (
        # The numbers of answers to /info, in hours. info_figure: a function of the connection that upgrades.
        """
        CREATE TABLE usage_sample (
            provider TEXT NOT NULL,
            channel TEXT NOT NULL,
            taken_at INTEGER NOT NULL,
            fast_left REAL,
            fast_total REAL,
            renews_at INTEGER,
            images INTEGER,
            plan TEXT,
            status TEXT,
            PRIMARY KEY (provider, channel, taken_at),
            FOREIGN KEY (provider, channel) REFERENCES account (provider, channel)
        ) STRICT, WITHOUT ROWID
        """,
        """
        INSERT INTO usage_sample
        SELECT provider, channel, taken_at, info_figure('fast_left', CAST(text AS BLOB)),
            info_figure('fast_total', CAST(text AS BLOB)), info_figure('renews_at', CAST(text AS BLOB)),
            info_figure('images', CAST(text AS BLOB)), info_figure('plan', CAST(text AS BLOB)),
            info_figure('status', CAST(text AS BLOB))
        FROM info_snapshot
        """,
        # by_order: whether the bot asked by INFO_EVERY. Of those texts only an account's last one is kept.
        "ALTER TABLE info_snapshot ADD COLUMN by_order INTEGER NOT NULL DEFAULT 0 CHECK (by_order IN (0, 1))",
    ),
    (
        # first_seen_at: when a list first showed it; of one from before this step, its first record.
        "ALTER TABLE account ADD COLUMN first_seen_at INTEGER",
        """
        UPDATE account SET first_seen_at = record.first FROM (
            SELECT provider, channel, min(at) AS first FROM (
                SELECT provider, channel, seen_at AS at FROM account
                UNION ALL SELECT provider, channel, taken_at FROM info_snapshot
                UNION ALL SELECT provider, channel, opened_at FROM incident
                UNION ALL SELECT provider, channel, at FROM audit
            ) GROUP BY provider, channel
        ) AS record WHERE record.provider = account.provider AND record.channel = account.channel
        """,
    ),
    (
        # concern: what is wrong. period: the end of the time within which owners are warned once.
        """
        CREATE TABLE warning (
            key TEXT NOT NULL PRIMARY KEY,
            provider TEXT NOT NULL,
            channel TEXT NOT NULL,
            concern TEXT NOT NULL,
            period INTEGER NOT NULL,
            is_dated INTEGER NOT NULL CHECK (is_dated IN (0, 1)),
            since INTEGER NOT NULL,
            ended_at INTEGER
        ) STRICT
        """,
        # incident: the key of an incident, or of a warning in a message about warnings.
        """
        CREATE TABLE message_entry_of_both (
            message TEXT NOT NULL REFERENCES message (key) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            incident TEXT NOT NULL,
            reason TEXT,
            PRIMARY KEY (message, position)
        ) STRICT, WITHOUT ROWID
        """,
        "INSERT INTO message_entry_of_both SELECT message, position, incident, reason FROM message_entry",
        "DROP TABLE message_entry",
        "ALTER TABLE message_entry_of_both RENAME TO message_entry",
        "CREATE INDEX message_entry_by_incident ON message_entry (incident)",
    ),
)
