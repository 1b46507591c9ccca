ALTER TABLE articles DROP COLUMN author_ids;
ALTER TABLE articles DROP COLUMN tag_ids;
