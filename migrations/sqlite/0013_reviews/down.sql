DROP TABLE review_notes;
