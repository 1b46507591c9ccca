-- What readers could see change, change by change: those who keep a copy ask for what came after the last one they know.
-- Nothing in it tells of what was never public. The twin for SQLite says the same.
CREATE INDEX changes_public ON changes (number, resource_id, resource) WHERE was_public OR is_public;
