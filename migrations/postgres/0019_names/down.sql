DROP TRIGGER tags_made ON tags;
DROP TRIGGER tags_named ON tags;
DROP TRIGGER tags_gone ON tags;
DROP TRIGGER authors_made ON authors;
DROP TRIGGER authors_named ON authors;
DROP TRIGGER authors_gone ON authors;
DROP FUNCTION names_change();
ALTER TABLE meta DROP COLUMN names;
