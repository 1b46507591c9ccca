-- Pictures that editors put in. The files are in the media store; here is what is known of them. The twin for PostgreSQL
-- says the same.

CREATE TABLE media (
    id BLOB PRIMARY KEY NOT NULL,
    -- SHA-256 of what was sent: the same bytes are there once.
    hash BLOB NOT NULL,
    -- What their addresses begin with, and nobody can guess.
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    file_name TEXT,
    bytes BIGINT NOT NULL,
    -- Pixels, as it is shown.
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    alt TEXT NOT NULL,
    title TEXT,
    credit TEXT,
    -- JSON: {"x": 0.5, "y": 0.5}.
    focal_point TEXT,
    blurhash TEXT,
    -- JSON: what readers get, a list of files with their sizes.
    variants TEXT NOT NULL,
    -- JSON: the moving picture, where it moves.
    animation TEXT,
    -- Who put it in; null where the account is gone, or there was none.
    owner BLOB REFERENCES users (id) ON DELETE SET NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX media_hash ON media (hash);
CREATE UNIQUE INDEX media_name ON media (name);
CREATE INDEX media_created ON media (created_at, id);
CREATE INDEX media_owner ON media (owner);

-- Where each is used, written with what uses it.
CREATE TABLE media_uses (
    media_id BLOB NOT NULL REFERENCES media (id),
    -- What uses it: article, working_copy, author or site.
    resource TEXT NOT NULL,
    resource_id BLOB NOT NULL,
    -- In which of its fields.
    place TEXT NOT NULL,
    PRIMARY KEY (media_id, resource, resource_id, place)
) WITHOUT ROWID;
CREATE INDEX media_uses_resource ON media_uses (resource, resource_id);
