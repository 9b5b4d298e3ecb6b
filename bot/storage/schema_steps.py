"""The steps of the schema, each one transaction. Steps are appended, never edited."""

from typing import Final

from bot.storage.first_schema_steps import FIRST_STEPS

STEPS: Final[tuple[tuple[str, ...], ...]] = (
    *FIRST_STEPS,
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
    (
        # language: that of what Discord shows. Messages from before this step are English.
        "ALTER TABLE message ADD COLUMN language TEXT NOT NULL DEFAULT 'en'",
    ),
)
