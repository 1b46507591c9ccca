-- Who is told of changes, and what each is told. The twin for SQLite says the same.

CREATE TABLE webhooks (
    id BYTEA PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    -- Separated by spaces.
    events TEXT NOT NULL,
    -- Only of what carries this tag. It may be gone: then of nothing.
    tag_id BYTEA,
    enabled BOOLEAN NOT NULL,
    -- Why the server disabled it.
    disabled_reason TEXT,
    -- What its secret is derived with; the secret itself stands nowhere.
    salt BYTEA NOT NULL,
    -- The same of the secret before, which signs too for a time.
    former_salt BYTEA,
    rotated_at BIGINT,
    -- The last change that it is not told of.
    since BIGINT NOT NULL,
    -- Since when all that was sent to it failed.
    failing_since BIGINT,
    -- A node sends to it until then, and no other does.
    leased_until BIGINT NOT NULL,
    -- When the first of what is on its way to it is due.
    next_at BIGINT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX webhooks_created ON webhooks (created_at, id);
CREATE INDEX webhooks_next ON webhooks (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE webhook_deliveries (
    -- The `webhook-id`, the same at every attempt.
    id BYTEA PRIMARY KEY NOT NULL,
    webhook_id BYTEA NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    -- The row of the log that it tells of; of a test there is no position.
    change BIGINT NOT NULL,
    position INTEGER,
    event TEXT NOT NULL,
    resource_id BYTEA NOT NULL,
    status TEXT NOT NULL,
    -- Of the present round: sending it again begins another.
    attempts INTEGER NOT NULL,
    began_at BIGINT NOT NULL,
    -- Null where it has ended, or waits for another of the same resource.
    next_at BIGINT,
    last_status INTEGER,
    error TEXT,
    created_at BIGINT NOT NULL,
    attempted_at BIGINT,
    ended_at BIGINT
);
CREATE UNIQUE INDEX webhook_deliveries_change ON webhook_deliveries (webhook_id, change, position);
CREATE INDEX webhook_deliveries_created ON webhook_deliveries (webhook_id, created_at, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, next_at, change, id) WHERE next_at IS NOT NULL;
CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (webhook_id, resource_id, change, id) WHERE ended_at IS NULL;
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (ended_at) WHERE ended_at IS NOT NULL;
