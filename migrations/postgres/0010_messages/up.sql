-- What readers write by the contact form. The twin for the other database says the same.
CREATE TABLE messages (
    id BYTEA PRIMARY KEY NOT NULL,
    status TEXT NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    subject TEXT,
    message TEXT NOT NULL,
    -- What made it look like a robot's, where something did.
    caught_by TEXT,
    version BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX messages_received ON messages (received_at, id);
CREATE INDEX messages_status ON messages (status, received_at, id);
