-- A number that no state of the names of tags and authors had before, in this database or another: what was read of them
-- under it is so wherever it is met again. Triggers, since what nobody may forget is whatever touches a name.
ALTER TABLE meta ADD COLUMN names BIGINT NOT NULL DEFAULT 0;
UPDATE meta SET names = random();
CREATE TRIGGER tags_made AFTER INSERT ON tags BEGIN UPDATE meta SET names = random(); END;
CREATE TRIGGER tags_named AFTER UPDATE OF slug, name ON tags BEGIN UPDATE meta SET names = random(); END;
CREATE TRIGGER tags_gone AFTER DELETE ON tags BEGIN UPDATE meta SET names = random(); END;
CREATE TRIGGER authors_made AFTER INSERT ON authors BEGIN UPDATE meta SET names = random(); END;
CREATE TRIGGER authors_named AFTER UPDATE OF slug, name ON authors BEGIN UPDATE meta SET names = random(); END;
CREATE TRIGGER authors_gone AFTER DELETE ON authors BEGIN UPDATE meta SET names = random(); END;
