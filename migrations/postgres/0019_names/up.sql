-- A number that no state of the names of tags and authors had before, in this database or another: what was read of them
-- under it is so wherever it is met again. Triggers, since what nobody may forget is whatever touches a name.
ALTER TABLE meta ADD COLUMN names BIGINT NOT NULL DEFAULT 0;
UPDATE meta SET names = hashtextextended(gen_random_uuid()::text, 0);
CREATE FUNCTION names_change() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$ BEGIN
    UPDATE meta SET names = hashtextextended(gen_random_uuid()::text, 0);
    RETURN NULL;
END $$;
CREATE TRIGGER tags_made AFTER INSERT ON tags FOR EACH STATEMENT EXECUTE FUNCTION names_change();
CREATE TRIGGER tags_named AFTER UPDATE OF slug, name ON tags FOR EACH STATEMENT EXECUTE FUNCTION names_change();
CREATE TRIGGER tags_gone AFTER DELETE ON tags FOR EACH STATEMENT EXECUTE FUNCTION names_change();
CREATE TRIGGER authors_made AFTER INSERT ON authors FOR EACH STATEMENT EXECUTE FUNCTION names_change();
CREATE TRIGGER authors_named AFTER UPDATE OF slug, name ON authors FOR EACH STATEMENT EXECUTE FUNCTION names_change();
CREATE TRIGGER authors_gone AFTER DELETE ON authors FOR EACH STATEMENT EXECUTE FUNCTION names_change();
