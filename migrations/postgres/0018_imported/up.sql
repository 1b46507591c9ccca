-- What an importer last brought in beside texts, so that a second run changes nothing and a local edit is seen. `kind` is
-- the name of the resource, and what it names may be gone: that is a local edit too.
CREATE TABLE imported (
    source TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    external_id TEXT COLLATE "C" NOT NULL,
    resource_id BYTEA NOT NULL,
    digest BYTEA NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (source, kind, external_id)
);
CREATE INDEX imported_resource ON imported (resource_id);
