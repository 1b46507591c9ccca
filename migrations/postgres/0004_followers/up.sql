-- How far those who follow the log have come, and for what settings. The twin for the other database says the same.
CREATE TABLE followers (
    name TEXT PRIMARY KEY NOT NULL,
    change BIGINT NOT NULL,
    -- What it followed for; with other settings it begins anew.
    mark TEXT NOT NULL
);
