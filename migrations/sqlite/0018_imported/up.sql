-- What an importer last brought in beside texts, so that a second run changes nothing and a local edit is seen. `kind` is
-- the name of the resource, and what it names may be gone: that is a local edit too.
CREATE TABLE imported (
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    external_id TEXT NOT NULL,
    resource_id BLOB NOT NULL,
    digest BLOB NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (source, kind, external_id)
) WITHOUT ROWID;
CREATE INDEX imported_resource ON imported (resource_id);
