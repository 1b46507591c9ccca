-- Times are milliseconds since 1970, ids 16 bytes, structured values JSON text. The twin for SQLite says the same.

-- One row: the change counter that every writing transaction takes first, and what this database is.
CREATE TABLE meta (
    one INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
    -- Differs in each database and after each restore, so that a client's place in the log is never taken for another's.
    epoch BYTEA NOT NULL,
    change BIGINT NOT NULL,
    -- The last change that touched anything public.
    public_change BIGINT NOT NULL
);
INSERT INTO meta VALUES (1, uuid_send(gen_random_uuid()), 0, 0);

CREATE TABLE changes (
    number BIGINT NOT NULL,
    -- A change may touch several resources.
    position INTEGER NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    resource TEXT NOT NULL,
    resource_id BYTEA NOT NULL,
    tags_before TEXT NOT NULL,
    tags_after TEXT NOT NULL,
    was_public BOOLEAN NOT NULL,
    is_public BOOLEAN NOT NULL,
    PRIMARY KEY (number, position)
);

CREATE TABLE articles (
    id BYTEA PRIMARY KEY NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    locale TEXT COLLATE "C" NOT NULL,
    slug TEXT COLLATE "C" NOT NULL,
    title TEXT NOT NULL,
    -- ASCII, so that both databases sort alike.
    title_key TEXT COLLATE "C" NOT NULL,
    subtitle TEXT,
    standfirst TEXT,
    excerpt TEXT NOT NULL,
    cover TEXT,
    featured BOOLEAN NOT NULL,
    content_notice TEXT,
    audience TEXT COLLATE "C" NOT NULL,
    citations TEXT NOT NULL,
    word_count INTEGER NOT NULL,
    reading_minutes INTEGER NOT NULL,
    translation_key TEXT COLLATE "C",
    source TEXT COLLATE "C",
    external_id TEXT COLLATE "C",
    owner BYTEA,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    published_at BIGINT
);
-- One index for each order of a list, and for each filter that may leave few rows of many.
CREATE INDEX articles_published ON articles (kind, state, published_at, id);
CREATE INDEX articles_updated ON articles (kind, state, updated_at, id);
CREATE INDEX articles_title ON articles (kind, state, title_key, id);
CREATE INDEX articles_locale ON articles (kind, state, locale, published_at, id);
CREATE INDEX articles_featured ON articles (kind, state, featured, published_at, id);
CREATE INDEX articles_translation ON articles (translation_key);
CREATE UNIQUE INDEX articles_external ON articles (source, external_id);

-- What lists do not show, apart from `articles`: they read few pages so.
CREATE TABLE article_bodies (
    article_id BYTEA PRIMARY KEY NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    sanitizer_version INTEGER NOT NULL,
    format TEXT NOT NULL,
    -- What readers get stands first: the end of a long row is reached page by page.
    toc TEXT NOT NULL,
    seo TEXT NOT NULL,
    metadata TEXT NOT NULL,
    html TEXT NOT NULL,
    source TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX article_bodies_sanitizer ON article_bodies (sanitizer_version);

-- Every slug an article has or had, over articles and pages.
CREATE TABLE article_slugs (
    slug TEXT COLLATE "C" NOT NULL,
    locale TEXT COLLATE "C" NOT NULL,
    article_id BYTEA NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    current BOOLEAN NOT NULL,
    PRIMARY KEY (slug, locale)
);
CREATE INDEX article_slugs_article ON article_slugs (article_id);

CREATE TABLE tags (
    id BYTEA PRIMARY KEY NOT NULL,
    slug TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    description TEXT,
    parent_id BYTEA REFERENCES tags (id) ON DELETE SET NULL,
    -- Published articles that carry it; and uses by published articles and pages, of it or of a tag below it, any of
    -- which make it public.
    article_count BIGINT NOT NULL,
    subtree_count BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX tags_slug ON tags (slug);
CREATE UNIQUE INDEX tags_name ON tags (name_key);
CREATE INDEX tags_parent ON tags (parent_id);
CREATE INDEX tags_count ON tags (article_count, id);

CREATE TABLE tag_aliases (
    slug TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    tag_id BYTEA NOT NULL REFERENCES tags (id) ON DELETE CASCADE
);
CREATE INDEX tag_aliases_name ON tag_aliases (name_key);
CREATE INDEX tag_aliases_tag ON tag_aliases (tag_id);

CREATE TABLE authors (
    id BYTEA PRIMARY KEY NOT NULL,
    slug TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    bio TEXT,
    avatar TEXT,
    links TEXT NOT NULL,
    -- Published articles under their name; and published articles and pages, any of which make it public.
    article_count BIGINT NOT NULL,
    public_count BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX authors_slug ON authors (slug);
CREATE INDEX authors_name ON authors (name_key, id);
CREATE INDEX authors_count ON authors (article_count, id);

-- `published_at` and `kind` stand here too: the newest articles of a tag are then one range of one index. It is null
-- unless the article is published.
CREATE TABLE article_tags (
    article_id BYTEA NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    tag_id BYTEA NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
    kind TEXT COLLATE "C" NOT NULL,
    published_at BIGINT,
    PRIMARY KEY (article_id, position)
);
CREATE UNIQUE INDEX article_tags_tag ON article_tags (tag_id, kind, published_at, article_id);

CREATE TABLE article_authors (
    article_id BYTEA NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    author_id BYTEA NOT NULL REFERENCES authors (id) ON DELETE CASCADE,
    kind TEXT COLLATE "C" NOT NULL,
    published_at BIGINT,
    PRIMARY KEY (article_id, position)
);
CREATE UNIQUE INDEX article_authors_author ON article_authors (author_id, kind, published_at, article_id);

-- How many texts of a kind are published in a locale, kept because counting a million takes long.
CREATE TABLE published_counts (
    kind TEXT COLLATE "C" NOT NULL,
    locale TEXT COLLATE "C" NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (kind, locale)
);

-- What an importer last brought in, so that a second run changes nothing and a local edit is seen.
CREATE TABLE imports (
    source TEXT COLLATE "C" NOT NULL,
    external_id TEXT COLLATE "C" NOT NULL,
    article_id BYTEA NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    digest BYTEA NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (source, external_id)
);
CREATE INDEX imports_article ON imports (article_id);

CREATE TABLE site (
    one INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
    settings TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE redirects (
    id BYTEA PRIMARY KEY NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    target TEXT,
    -- Where it leads to an article, it follows that article's slug.
    article_id BYTEA REFERENCES articles (id) ON DELETE CASCADE,
    status INTEGER NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX redirects_path ON redirects (path);
CREATE INDEX redirects_article ON redirects (article_id);
