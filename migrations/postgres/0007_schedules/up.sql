-- What the clock is to do to texts, and when. The twin for SQLite says the same.

CREATE TABLE schedules (
    article_id BYTEA NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    -- publish or unpublish: each once for a text.
    action TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    -- Who asked for it; null where it was an import or the account is gone.
    user_id BYTEA REFERENCES users (id) ON DELETE SET NULL,
    PRIMARY KEY (article_id, action)
);
CREATE INDEX schedules_at ON schedules (at, article_id);
CREATE INDEX schedules_user ON schedules (user_id);

-- What waits for its time already.
INSERT INTO schedules (article_id, action, at)
SELECT id, 'publish', published_at FROM articles WHERE state = 'scheduled' AND published_at IS NOT NULL;
