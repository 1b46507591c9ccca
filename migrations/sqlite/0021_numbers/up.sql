-- A text has a number, and its address and its body know it: SQLite finds a row by its number in one step, and by its id in two,
-- of which the first is a search through an index. A key cannot be given to a table that stands, so two are made anew; who runs
-- this looks at all references afterwards. The twin for PostgreSQL adds columns.
CREATE TABLE articles_new (
    id BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    locale TEXT NOT NULL,
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    -- ASCII, so that both databases sort alike.
    title_key TEXT NOT NULL,
    subtitle TEXT,
    standfirst TEXT,
    excerpt TEXT NOT NULL,
    cover TEXT,
    featured BOOLEAN NOT NULL,
    content_notice TEXT,
    audience TEXT NOT NULL,
    citations TEXT NOT NULL,
    word_count INTEGER NOT NULL,
    reading_minutes INTEGER NOT NULL,
    translation_key TEXT,
    source TEXT,
    external_id TEXT,
    owner BLOB,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    published_at BIGINT,
    tag_ids BLOB NOT NULL DEFAULT x'',
    author_ids BLOB NOT NULL DEFAULT x'',
    -- Of no meaning outside of the database, and of a text that is gone it may be given again.
    number INTEGER PRIMARY KEY
);
INSERT INTO articles_new SELECT *, NULL FROM articles;
DROP TABLE articles;
ALTER TABLE articles_new RENAME TO articles;
CREATE INDEX articles_published ON articles (kind, state, published_at, id);
CREATE INDEX articles_updated ON articles (kind, state, updated_at, id);
CREATE INDEX articles_title ON articles (kind, state, title_key, id);
CREATE INDEX articles_locale ON articles (kind, state, locale, published_at, id);
CREATE INDEX articles_featured ON articles (kind, state, featured, published_at, id);
CREATE INDEX articles_translation ON articles (translation_key);
CREATE UNIQUE INDEX articles_external ON articles (source, external_id);
CREATE INDEX articles_touched ON articles (kind, updated_at, id);
CREATE INDEX articles_owner ON articles (owner) WHERE owner IS NOT NULL;
CREATE INDEX articles_audience ON articles (kind, state, audience, published_at, id);

CREATE TABLE article_bodies_new (
    article_id BLOB NOT NULL UNIQUE REFERENCES articles (id) ON DELETE CASCADE,
    sanitizer_version INTEGER NOT NULL,
    format TEXT NOT NULL,
    -- What readers get stands first: the end of a long row is reached page by page.
    toc TEXT NOT NULL,
    seo TEXT NOT NULL,
    metadata TEXT NOT NULL,
    html TEXT NOT NULL,
    source TEXT NOT NULL,
    text TEXT NOT NULL,
    -- That of its text.
    number INTEGER PRIMARY KEY
);
-- In the order of the numbers, else every row would go between others.
INSERT INTO article_bodies_new
SELECT article_bodies.*, articles.number FROM articles CROSS JOIN article_bodies ON article_id = id ORDER BY articles.number;
DROP TABLE article_bodies;
ALTER TABLE article_bodies_new RENAME TO article_bodies;
CREATE INDEX article_bodies_sanitizer ON article_bodies (sanitizer_version);
CREATE UNIQUE INDEX article_bodies_sitemap ON article_bodies (article_id)
WHERE seo LIKE '%"noindex":true%' OR seo LIKE '%"canonical_url":"%';

ALTER TABLE article_slugs ADD COLUMN number BIGINT NOT NULL DEFAULT 0;
UPDATE article_slugs SET number = (SELECT articles.number FROM articles WHERE id = article_id);
