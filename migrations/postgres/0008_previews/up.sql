-- Links that show one text to whoever has them, before readers see it. The twin for SQLite says the same.

CREATE TABLE preview_links (
    id BYTEA PRIMARY KEY NOT NULL,
    article_id BYTEA NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    -- Of the token, which is kept nowhere.
    hash BYTEA NOT NULL,
    -- Who made it: it counts as long as they may write the text.
    user_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX preview_links_hash ON preview_links (hash);
CREATE INDEX preview_links_article ON preview_links (article_id, created_at, id);
CREATE INDEX preview_links_user ON preview_links (user_id);
CREATE INDEX preview_links_expires ON preview_links (expires_at);
