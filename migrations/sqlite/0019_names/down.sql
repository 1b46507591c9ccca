DROP TRIGGER tags_made;
DROP TRIGGER tags_named;
DROP TRIGGER tags_gone;
DROP TRIGGER authors_made;
DROP TRIGGER authors_named;
DROP TRIGGER authors_gone;
ALTER TABLE meta DROP COLUMN names;
