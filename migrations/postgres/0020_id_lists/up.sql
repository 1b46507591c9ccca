-- What a text shows in its row: the ids of its tags and of its authors in their order, 16 bytes each. The join tables are for
-- whoever looks for texts by them.
ALTER TABLE articles ADD COLUMN tag_ids BYTEA NOT NULL DEFAULT '';
ALTER TABLE articles ADD COLUMN author_ids BYTEA NOT NULL DEFAULT '';
UPDATE articles SET
    tag_ids = coalesce((SELECT string_agg(tag_id, '' ORDER BY position) FROM article_tags WHERE article_id = articles.id), ''),
    author_ids = coalesce((SELECT string_agg(author_id, '' ORDER BY position) FROM article_authors WHERE article_id = articles.id), '');
