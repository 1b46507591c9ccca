-- Mails that wait to be sent. Of what they say, none of it stands here: it is read when they are sent. The twin for the other
-- database says the same.
CREATE TABLE mails (
    id BYTEA PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    -- What it is about: a message, an article, an account.
    resource_id BYTEA NOT NULL,
    -- The account that it goes to; zeros where it goes to an address, or to nobody.
    user_id BYTEA NOT NULL,
    -- One of the configured addresses; else empty.
    address TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    queued_at BIGINT NOT NULL,
    -- When it may be tried; while somebody tries, when others may.
    due_at BIGINT NOT NULL
);
CREATE INDEX mails_due ON mails (due_at, id);
