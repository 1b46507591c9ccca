DROP TABLE working_copies;
DROP TABLE revision_losses;
DROP TABLE revision_texts;
DROP TABLE revisions;
