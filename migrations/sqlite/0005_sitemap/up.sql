-- What sitemaps leave out. The twin for PostgreSQL says the same.

-- The few that say something to search engines, found among all the others. The code asks in the same words. Unique, as
-- every id is: else SQLite reads the bodies instead.
CREATE UNIQUE INDEX article_bodies_sitemap ON article_bodies (article_id)
WHERE seo LIKE '%"noindex":true%' OR seo LIKE '%"canonical_url":"%';
