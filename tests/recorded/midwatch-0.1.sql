-- What Midwatch 0.1.0 left behind between the simulated services: a name, /info answers, a mute, an alert that
-- somebody is on and that a second account joined.
PRAGMA application_id = 1297564488;
PRAGMA user_version = 9;
BEGIN TRANSACTION;
CREATE TABLE "account" (
            channel TEXT NOT NULL PRIMARY KEY,
            name TEXT,
            discord_name TEXT,
            max_jobs INTEGER,
            server TEXT,
            listed INTEGER NOT NULL CHECK (listed IN (0, 1)),
            seen_at INTEGER NOT NULL
        ) STRICT
        ;
INSERT INTO "account" VALUES('746675314082485333','Flagship','aurora',3,NULL,1,1795879864274);
INSERT INTO "account" VALUES('1285615689306716256',NULL,'borealis',3,NULL,1,1795879864274);
INSERT INTO "account" VALUES('815992567122483269',NULL,NULL,3,NULL,1,1795879864274);
CREATE TABLE audit (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            actor_id INTEGER NOT NULL,
            verb TEXT NOT NULL,
            channel TEXT NOT NULL,
            outcome TEXT NOT NULL
        ) STRICT
        ;
INSERT INTO "audit" VALUES(1,1795879864352,1576259138495709186,'rename','746675314082485333','named:Flagship');
INSERT INTO "audit" VALUES(2,1795879864357,1576259138495709186,'mute','815992567122483269','until:2026-12-05T15:31Z');
INSERT INTO "audit" VALUES(3,1795879864376,1576259138495709186,'assign','1285615689306716256','done');
CREATE TABLE incident (
            key TEXT NOT NULL PRIMARY KEY,
            state TEXT NOT NULL,
            opened_at INTEGER NOT NULL,
            seen_at INTEGER NOT NULL,
            channel TEXT,
            flag_text TEXT,
            flag_kind TEXT,
            worst_kind TEXT,
            problem TEXT,
            from_command INTEGER NOT NULL CHECK (from_command IN (0, 1)),
            before_watch INTEGER NOT NULL CHECK (before_watch IN (0, 1)),
            recurring INTEGER NOT NULL CHECK (recurring IN (0, 1)),
            clear_since INTEGER,
            clear_polls INTEGER NOT NULL,
            missing_polls INTEGER NOT NULL,
            ended_at INTEGER,
            ending TEXT,
            reset_at INTEGER,
            verdict TEXT,
            judged_at INTEGER,
            lease_until INTEGER,
            leased_by INTEGER,
            assigned_to INTEGER,
            assigned_at INTEGER,
            asked_at INTEGER,
            snoozed_until INTEGER,
            held_until INTEGER,
            blind_from INTEGER,
            blind_until INTEGER,
            block_ends INTEGER, worst_problem TEXT, cause TEXT, lease_channel TEXT, snoozed_seconds INTEGER,
            CHECK ((channel IS NULL) = (problem IS NOT NULL)),
            CHECK ((flag_text IS NULL) = (flag_kind IS NULL)),
            CHECK ((state = 'ended') = (ended_at IS NOT NULL))
        ) STRICT
        ;
INSERT INTO "incident" VALUES('2df6ecb9d28640b07f6c417c1e3d646c','open',1795879864362,1795879864362,'1285615689306716256','Action required to continue
Please verify you''re human to continue using Midjourney.','captcha','captcha',NULL,0,0,0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1576259138495709186,1795879864376,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "incident" VALUES('144d1c60532dfe9a7d2705887d3a239b','open',1795879864385,1795879864385,'815992567122483269','You have a pending moderation message. Please acknowledge it before using the bot further.','moderation','moderation',NULL,0,0,0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE info_snapshot (
            channel TEXT NOT NULL REFERENCES account (channel),
            taken_at INTEGER NOT NULL,
            took_ms INTEGER NOT NULL,
            discord_name TEXT,
            text TEXT NOT NULL,
            PRIMARY KEY (channel, taken_at)
        ) STRICT
        ;
INSERT INTO "info_snapshot" VALUES('746675314082485333',1795879864339,0,'aurora','**User ID**: 1144157599796692941
**Subscription**: Mega (Active monthly, renews next on <t:1797548704>)
**Visibility Mode**: Public
**Fast Time Remaining**: 59.15/60.0 hours (98.58%)
**Lifetime Usage**: 18614 images (201.02 hours)
**Relaxed Usage**: 822 images (8.29 hours)

**Queued Jobs (fast)**: 2
**Queued Jobs (relax)**: 0
**Running Jobs**: None');
INSERT INTO "info_snapshot" VALUES('1285615689306716256',1795879864347,0,'borealis','**User ID**: 1068997833124332702
**Subscription**: Mega (Active yearly, renews next on <t:1796285224>)
**Visibility Mode**: Public
**Fast Time Remaining**: 59.15/60.0 hours (98.58%)
**Lifetime Usage**: 779 images (8.41 hours)
**Relaxed Usage**: 248 images (2.50 hours)

**Queued Jobs (fast)**: 0
**Queued Jobs (relax)**: 0
**Running Jobs**: None');
CREATE TABLE message (
            key TEXT NOT NULL PRIMARY KEY,
            recipient INTEGER NOT NULL,
            purpose TEXT NOT NULL,
            notify INTEGER NOT NULL CHECK (notify IN (0, 1)),
            created_at INTEGER NOT NULL,
            due_at INTEGER NOT NULL,
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
        ;
INSERT INTO "message" VALUES('007805e2a1fa4df4278f22e0a3392b6b',1576259138495709186,'hello',0,1795879864277,1795879864277,'done','dm',0,1795879864315,NULL,NULL,0,1576259139447816192,1576259139460399104,1795879864326,'ccb88cfb811bd466ff6f698b4b7acfc9',NULL,0);
INSERT INTO "message" VALUES('38b4c08132587353d4ae4764c6db8581',1576259138495709186,'alert',1,1795879864362,1795879864362,'sent','dm',0,1795879864366,NULL,NULL,0,1576259139447816192,1576259139644948480,1795879864371,'5eb3470f72b166df9f548b71ed6dac8b',1795879864391,0);
CREATE TABLE message_entry (
            message TEXT NOT NULL REFERENCES message (key) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            incident TEXT NOT NULL REFERENCES incident (key),
            reason TEXT,
            PRIMARY KEY (message, position)
        ) STRICT, WITHOUT ROWID
        ;
INSERT INTO "message_entry" VALUES('38b4c08132587353d4ae4764c6db8581',0,'2df6ecb9d28640b07f6c417c1e3d646c','opened');
INSERT INTO "message_entry" VALUES('38b4c08132587353d4ae4764c6db8581',1,'144d1c60532dfe9a7d2705887d3a239b',NULL);
CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT;
INSERT INTO "meta" VALUES('watch','{"listed":["746675314082485333","815992567122483269","1285615689306716256"],"removed":[],"removed_at":null,"shrunk":null,"shrunk_since":null,"last_good":"2026-11-28T15:31:04.274000Z","counted_at":"2026-11-28T15:31:04.274000Z","failed_at":null,"failing_seconds":0,"resumed":false}');
INSERT INTO "meta" VALUES('owners','1576259138495709186');
INSERT INTO "meta" VALUES('last_success','1795879864274');
INSERT INTO "meta" VALUES('commands:scopes','1576259138495709189 global');
INSERT INTO "meta" VALUES('commands:global','40225af72e88a13bb28f3c4d9b9c61fe3d1072f56b4cf0a9d26c1884e007a630');
INSERT INTO "meta" VALUES('commands:1576259138495709189','abb383b60161c2074694e637140aa25fb4b6f8dbb2b9728d9941a67757115f9d');
INSERT INTO "meta" VALUES('asked:746675314082485333','2026-11-28T15:31:04.336000+00:00');
INSERT INTO "meta" VALUES('asked:1285615689306716256','2026-11-28T15:31:04.345000+00:00');
CREATE TABLE mute (
            channel TEXT NOT NULL PRIMARY KEY,
            until INTEGER NOT NULL,
            muted_by INTEGER NOT NULL
        , lasts_seconds INTEGER) STRICT
        ;
INSERT INTO "mute" VALUES('815992567122483269',1796484664357,1576259138495709186,604800);
CREATE INDEX audit_by_channel ON audit (channel, at);
CREATE INDEX incident_going_on ON incident (opened_at) WHERE state != 'ended';
CREATE INDEX incident_ended ON incident (ended_at) WHERE state = 'ended';
CREATE INDEX message_unfinished ON message (created_at) WHERE delivery NOT IN ('done', 'cancelled');
CREATE INDEX message_finished ON message (sent_at) WHERE delivery = 'done';
CREATE INDEX message_entry_by_incident ON message_entry (incident);
COMMIT;
