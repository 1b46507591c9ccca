-- What texts said before, and what they are to say next. The twin for PostgreSQL says the same.

-- Each state of a text's own fields that was kept, from 1. The newest is the text as it stands.
CREATE TABLE revisions (
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    -- The version of the text that it shows.
    version BIGINT NOT NULL,
    -- Its first save, from which the ten minutes count in which one editor's saves are one revision; and its last.
    started_at BIGINT NOT NULL,
    at BIGINT NOT NULL,
    change BIGINT NOT NULL,
    actor TEXT NOT NULL,
    actor_id BLOB,
    key_id BLOB,
    action TEXT NOT NULL,
    state TEXT NOT NULL,
    published_at BIGINT,
    owner BLOB,
    title TEXT NOT NULL,
    note TEXT,
    PRIMARY KEY (article_id, number)
) WITHOUT ROWID;

-- The words of a revision. One that has none here says what the next one says, and the newest what the text says: so to
-- make a text, to move it to another state or to save it once more copies nothing.
CREATE TABLE revision_texts (
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    fields TEXT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (article_id, number)
);

-- Tags and authors that a version of a text had and that were deleted since: the newest revision still has them.
CREATE TABLE revision_losses (
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    what TEXT NOT NULL,
    position INTEGER NOT NULL,
    lost_id BLOB NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (article_id, version, what, lost_id)
) WITHOUT ROWID;

-- What is to be said of a text that is out. Without fields there is none any more; its version goes on all the same, so
-- that no two contents ever have one.
CREATE TABLE working_copies (
    article_id BLOB PRIMARY KEY NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    based_on BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    actor_id BLOB,
    fields TEXT,
    source TEXT
);

-- What is here already, by whom it was last changed.
INSERT INTO revisions
SELECT articles.id, 1, articles.version, COALESCE(changes.at, articles.updated_at), COALESCE(changes.at, articles.updated_at),
    COALESCE(changes.number, 0), COALESCE(changes.actor, 'system'), changes.actor_id, changes.key_id,
    COALESCE(changes.action, 'created'), articles.state, articles.published_at, articles.owner, articles.title, NULL
FROM articles LEFT JOIN changes ON changes.resource_id = articles.id
    AND changes.action IN ('created', 'updated', 'submitted', 'sent_back', 'scheduled', 'published', 'unpublished',
        'archived', 'trashed', 'restored')
    AND NOT EXISTS (
        SELECT 1 FROM changes AS later
        WHERE later.resource_id = changes.resource_id
            AND (later.number > changes.number OR later.number = changes.number AND later.position > changes.position)
            AND later.action IN ('created', 'updated', 'submitted', 'sent_back', 'scheduled', 'published', 'unpublished',
                'archived', 'trashed', 'restored')
    );
