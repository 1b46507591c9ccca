-- What was asked for over HTTP and takes longer than a request: imports and backups. The twin for SQLite says the same.

CREATE TABLE jobs (
    id BYTEA PRIMARY KEY NOT NULL,
    -- import, export or backup.
    kind TEXT COLLATE "C" NOT NULL,
    -- queued, running, done, failed or cancelled.
    state TEXT COLLATE "C" NOT NULL,
    -- The process that does it, and alone has its files.
    node BYTEA NOT NULL,
    -- When that process last said that it lives.
    seen_at BIGINT NOT NULL,
    -- Who asked for it; null where the account is gone. With which key, where it was one.
    user_id BYTEA REFERENCES users (id) ON DELETE SET NULL,
    key_id BYTEA,
    -- JSON: what was asked for.
    wanted TEXT COLLATE "C" NOT NULL,
    done BIGINT NOT NULL,
    total BIGINT,
    -- JSON: what came of it.
    report TEXT COLLATE "C",
    -- Why it failed.
    error TEXT COLLATE "C",
    -- JSON: the file that it made.
    file TEXT COLLATE "C",
    -- Somebody wants it no more.
    cancelled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    version BIGINT NOT NULL
);
CREATE INDEX jobs_created ON jobs (created_at, id);
CREATE INDEX jobs_user ON jobs (user_id);
CREATE INDEX jobs_state ON jobs (state, created_at);
