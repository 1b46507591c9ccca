ALTER TABLE article_slugs DROP COLUMN number;
ALTER TABLE article_bodies DROP COLUMN number;
ALTER TABLE articles DROP COLUMN number;
