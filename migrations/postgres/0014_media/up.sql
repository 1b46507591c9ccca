-- Pictures that editors put in. The files are in the media store; here is what is known of them. The twin for SQLite
-- says the same.

CREATE TABLE media (
    id BYTEA PRIMARY KEY NOT NULL,
    -- SHA-256 of what was sent: the same bytes are there once.
    hash BYTEA NOT NULL,
    -- What their addresses begin with, and nobody can guess.
    name TEXT COLLATE "C" NOT NULL,
    media_type TEXT COLLATE "C" NOT NULL,
    file_name TEXT COLLATE "C",
    bytes BIGINT NOT NULL,
    -- Pixels, as it is shown.
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    alt TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C",
    credit TEXT COLLATE "C",
    -- JSON: {"x": 0.5, "y": 0.5}.
    focal_point TEXT COLLATE "C",
    blurhash TEXT COLLATE "C",
    -- JSON: what readers get, a list of files with their sizes.
    variants TEXT COLLATE "C" NOT NULL,
    -- JSON: the moving picture, where it moves.
    animation TEXT COLLATE "C",
    -- Who put it in; null where the account is gone, or there was none.
    owner BYTEA REFERENCES users (id) ON DELETE SET NULL,
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
    media_id BYTEA NOT NULL REFERENCES media (id),
    -- What uses it: article, working_copy, author or site.
    resource TEXT COLLATE "C" NOT NULL,
    resource_id BYTEA NOT NULL,
    -- In which of its fields.
    place TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (media_id, resource, resource_id, place)
);
CREATE INDEX media_uses_resource ON media_uses (resource, resource_id);
