-- What is said when a text is handed to an editor and when it is handed back. The twin for PostgreSQL says the same.

CREATE TABLE review_notes (
    id BLOB PRIMARY KEY NOT NULL,
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    -- submitted or sent_back, as the log has it.
    action TEXT NOT NULL,
    note TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- Who said it; null where the account is gone.
    user_id BLOB REFERENCES users (id) ON DELETE SET NULL
);
CREATE INDEX review_notes_article ON review_notes (article_id, at, id);
CREATE INDEX review_notes_user ON review_notes (user_id);
