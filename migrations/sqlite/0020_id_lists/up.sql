-- What a text shows in its row: the ids of its tags and of its authors in their order, 16 bytes each. The join tables are for
-- whoever looks for texts by them.
ALTER TABLE articles ADD COLUMN tag_ids BLOB NOT NULL DEFAULT x'';
ALTER TABLE articles ADD COLUMN author_ids BLOB NOT NULL DEFAULT x'';
UPDATE articles SET
    tag_ids = coalesce((SELECT unhex(group_concat(hex(tag_id), '' ORDER BY position)) FROM article_tags WHERE article_id = articles.id), x''),
    author_ids = coalesce((SELECT unhex(group_concat(hex(author_id), '' ORDER BY position)) FROM article_authors WHERE article_id = articles.id), x'');
