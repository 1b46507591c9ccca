ALTER TABLE article_slugs DROP COLUMN number;

CREATE TABLE article_bodies_new (
    article_id BLOB PRIMARY KEY NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    sanitizer_version INTEGER NOT NULL,
    format TEXT NOT NULL,
    toc TEXT NOT NULL,
    seo TEXT NOT NULL,
    metadata TEXT NOT NULL,
    html TEXT NOT NULL,
    source TEXT NOT NULL,
    text TEXT NOT NULL
);
INSERT INTO article_bodies_new SELECT
    article_id, sanitizer_version, format, toc, seo, metadata, html, source, text
FROM article_bodies;
DROP TABLE article_bodies;
ALTER TABLE article_bodies_new RENAME TO article_bodies;
CREATE INDEX article_bodies_sanitizer ON article_bodies (sanitizer_version);
CREATE UNIQUE INDEX article_bodies_sitemap ON article_bodies (article_id)
WHERE seo LIKE '%"noindex":true%' OR seo LIKE '%"canonical_url":"%';

CREATE TABLE articles_new (
    id BLOB PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    locale TEXT NOT NULL,
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
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
    author_ids BLOB NOT NULL DEFAULT x''
);
INSERT INTO articles_new SELECT
    id, kind, state, locale, slug, title, title_key, subtitle, standfirst, excerpt, cover, featured, content_notice,
    audience, citations, word_count, reading_minutes, translation_key, source, external_id, owner, version,
    created_at, updated_at, published_at, tag_ids, author_ids
FROM articles;
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
