-- Who may write, and what the log says of them. The twin for SQLite says the same.

-- The person or key behind a change, the address it came from, and what a number cannot say: an old and a new role.
ALTER TABLE changes ADD COLUMN actor_id BYTEA;
ALTER TABLE changes ADD COLUMN key_id BYTEA;
ALTER TABLE changes ADD COLUMN peer TEXT;
ALTER TABLE changes ADD COLUMN request_id TEXT;
ALTER TABLE changes ADD COLUMN detail TEXT;
CREATE INDEX changes_resource ON changes (resource_id, number, position);
CREATE INDEX changes_actor ON changes (actor_id, number, position) WHERE actor_id IS NOT NULL;

-- Lists over all states, and what belongs to someone who goes.
CREATE INDEX articles_touched ON articles (kind, updated_at, id);
CREATE INDEX articles_owner ON articles (owner) WHERE owner IS NOT NULL;

CREATE TABLE users (
    id BYTEA PRIMARY KEY NOT NULL,
    email TEXT NOT NULL,
    -- As it is compared: composed and in lower case.
    email_key TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    suspended BOOLEAN NOT NULL,
    -- An argon2id hash; null until an invitation is accepted.
    password TEXT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    signed_in_at BIGINT
);
CREATE UNIQUE INDEX users_email ON users (email_key);
CREATE INDEX users_role ON users (role);

-- An invitation or a password reset. A new one takes the place of the last.
CREATE TABLE user_links (
    user_id BYTEA PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX user_links_hash ON user_links (hash);

-- A sign-in and the family of refresh tokens that came of it. Ended, it is gone.
CREATE TABLE sessions (
    id BYTEA PRIMARY KEY NOT NULL,
    user_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    peer TEXT NOT NULL,
    user_agent TEXT,
    created_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id, created_at);
CREATE INDEX sessions_expires ON sessions (expires_at);

-- Every one of a session, so that one that comes back after its use is known for what it is.
CREATE TABLE refresh_tokens (
    hash BYTEA PRIMARY KEY NOT NULL,
    session_id BYTEA NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    used_at BIGINT
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

CREATE TABLE api_keys (
    id BYTEA PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    hash BYTEA NOT NULL,
    -- Separated by spaces.
    scopes TEXT NOT NULL,
    -- Who made it: it is worth no more than they are.
    user_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    expires_at BIGINT,
    used_at BIGINT
);
CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash);
CREATE INDEX api_keys_user ON api_keys (user_id);

-- The first answer to a write, for whoever did not hear it.
CREATE TABLE idempotency_keys (
    -- A hash of who asked, the method, the path and the key.
    id BYTEA PRIMARY KEY NOT NULL,
    -- A hash of the content that came with it.
    digest BYTEA NOT NULL,
    at BIGINT NOT NULL,
    change BIGINT NOT NULL,
    status INTEGER NOT NULL,
    location TEXT,
    etag TEXT,
    -- Null where there was none, or where it showed a secret.
    body TEXT,
    secret BOOLEAN NOT NULL
);
CREATE INDEX idempotency_keys_at ON idempotency_keys (at);

-- Sign-ins that failed, and tokens that came back after their use.
CREATE TABLE security_events (
    id BYTEA PRIMARY KEY NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    -- Null where no such account exists.
    user_id BYTEA,
    peer TEXT NOT NULL,
    request_id TEXT NOT NULL
);
CREATE INDEX security_events_at ON security_events (at, id);

-- The profile of someone who signs in.
ALTER TABLE authors ADD COLUMN user_id BYTEA;
CREATE UNIQUE INDEX authors_user ON authors (user_id);
