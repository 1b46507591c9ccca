-- Second factors: what an authenticator app shares with the server, and codes for whoever lost it. The twin for SQLite says
-- the same.

CREATE TABLE totp_secrets (
    user_id BYTEA PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Under a key of the server's secret; the account is part of the seal.
    sealed BYTEA NOT NULL,
    begun_at BIGINT NOT NULL,
    -- Null until a code has shown that the app has it: until then it counts for nothing.
    confirmed_at BIGINT,
    -- The step of the last code that was taken: none of that step or before is taken again.
    last_step BIGINT NOT NULL
);

-- Used, one is gone.
CREATE TABLE recovery_codes (
    -- Of the code, which is kept nowhere.
    hash BYTEA PRIMARY KEY NOT NULL,
    user_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX recovery_codes_user ON recovery_codes (user_id);
