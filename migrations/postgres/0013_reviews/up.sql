-- What is said when a text is handed to an editor and when it is handed back. The twin for SQLite says the same.

CREATE TABLE review_notes (
    id BYTEA PRIMARY KEY NOT NULL,
    article_id BYTEA NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    -- submitted or sent_back, as the log has it.
    action TEXT COLLATE "C" NOT NULL,
    note TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    -- Who said it; null where the account is gone.
    user_id BYTEA REFERENCES users (id) ON DELETE SET NULL
);
CREATE INDEX review_notes_article ON review_notes (article_id, at, id);
CREATE INDEX review_notes_user ON review_notes (user_id);
