//! The bare loop that the writer is compared with: what `articles::store::create` asks of the database, statement by
//! statement, on one connection with the writer's own settings, a transaction for each article. No queue, no second
//! thread, no savepoint, no checks.

use std::collections::HashMap;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::{PgConnection, SqliteConnection};
use masthead::articles::model::{ArticleInput, Kind};
use masthead::articles::render::{self, Rendered, SANITIZER_VERSION};
use masthead::db::dialect::id_in;
use masthead::db::schema::{
    article_authors, article_bodies, article_slugs, article_tags, articles, authors, changes, meta,
    published_counts, redirects, tags,
};
use masthead::db::{Backend, IdList};
use masthead::id::Id;
use masthead::slug;
use masthead::time::Clock;

/// The connection, and what its articles were rendered to.
pub(crate) struct Bare {
    conn: Connected,
    clock: Clock,
    rendered: HashMap<usize, (Rendered, String)>,
}

enum Connected {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Bare {
    pub(crate) fn connect(backend: &Backend) -> Self {
        let conn = match backend {
            Backend::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(&path.to_string_lossy()).unwrap();
                // As `db::Settings` sets them for the writer.
                conn.batch_execute(
                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                     PRAGMA cache_size = -32768; PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY;",
                )
                .unwrap();
                Connected::Sqlite(conn)
            }
            Backend::Postgres(url) => {
                let mut conn = PgConnection::establish(url).unwrap();
                conn.batch_execute("SET synchronous_commit = on").unwrap();
                Connected::Postgres(conn)
            }
        };
        Self {
            conn,
            clock: Clock::system(),
            rendered: HashMap::new(),
        }
    }

    /// Stores an article that is the `index`th of a pool, and waits until it is on disk.
    pub(crate) fn create(&mut self, input: &ArticleInput, index: usize, title: &str) {
        let rendered = self.rendered.entry(index).or_insert_with(|| {
            let body = input.body.as_ref().unwrap();
            let rendered = render::render(body.format, &body.text);
            let excerpt = render::excerpt(input.standfirst.as_deref().unwrap_or(&rendered.text));
            (rendered, excerpt)
        });
        let now = self.clock.now();
        match &mut self.conn {
            Connected::Sqlite(conn) => create_on_sqlite(conn, input, rendered, title, now),
            Connected::Postgres(conn) => create_on_postgres(conn, input, rendered, title, now),
        }
        .unwrap();
    }
}

macro_rules! create {
    ($name:ident, $conn:ty, $begin:literal, $counter:expr) => {
        fn $name(
            conn: &mut $conn,
            input: &ArticleInput,
            (rendered, excerpt): &(Rendered, String),
            title: &str,
            now: masthead::time::Time,
        ) -> QueryResult<()> {
            conn.batch_execute($begin)?;
            let (change, _): (i64, i64) = $counter.first(conn)?;
            let id = Id::new();
            let slug = slug::slugify(title).unwrap();
            let locale = input.locale.as_deref().unwrap();
            let body = input.body.as_ref().unwrap();

            let taken = article_slugs::table
                .find((&slug, locale))
                .select(article_slugs::article_id);
            assert!(taken.first::<Id>(conn).optional()?.is_none());
            let (plain, prefixed) = (format!("/{slug}"), format!("/{locale}/{slug}"));
            let redirected = redirects::table
                .filter(redirects::path.eq(&plain).or(redirects::path.eq(&prefixed)))
                .select(redirects::id);
            assert!(redirected.first::<Id>(conn).optional()?.is_none());

            let mut tag_ids = Vec::with_capacity(input.tags.len());
            for name in &input.tags {
                let found = (tags::id, tags::article_count);
                let key = slug::name_key(name);
                let of_slug = tags::table.select(found).filter(tags::slug.eq(name));
                let of_name = tags::table.select(found).filter(tags::name_key.eq(&key));
                let tag: Option<(Id, i64)> = match of_slug.first(conn).optional()? {
                    Some(tag) => Some(tag),
                    None => of_name.first(conn).optional()?,
                };
                tag_ids.push(tag.unwrap().0);
            }
            let mut author_ids = Vec::with_capacity(input.authors.len());
            for name in &input.authors {
                let found = (authors::id, authors::article_count);
                let key = slug::name_key(name);
                let of_slug = authors::table.select(found).filter(authors::slug.eq(name));
                let of_name = authors::table
                    .select(found)
                    .filter(authors::name_key.eq(&key))
                    .order(authors::id);
                let author: Option<(Id, i64)> = match of_slug.first(conn).optional()? {
                    Some(author) => Some(author),
                    None => of_name.first(conn).optional()?,
                };
                author_ids.push(author.unwrap().0);
            }
            let row = (
                articles::id.eq(id),
                articles::kind.eq(Kind::Article.as_str()),
                articles::created_at.eq(now),
                articles::version.eq(1),
                (
                    articles::state.eq("published"),
                    articles::locale.eq(locale),
                    articles::slug.eq(&slug),
                    articles::title.eq(title),
                    articles::title_key.eq(slug::sort_key(title)),
                    articles::subtitle.eq(&input.subtitle),
                    articles::standfirst.eq(&input.standfirst),
                    articles::excerpt.eq(excerpt),
                    articles::cover.eq(None::<String>),
                    articles::featured.eq(input.featured),
                    articles::content_notice.eq(&input.content_notice),
                    articles::audience.eq(input.audience.as_str()),
                    articles::citations.eq(json(&input.citations)),
                    articles::word_count.eq(rendered.word_count.cast_signed()),
                    articles::reading_minutes.eq(rendered.reading_minutes.cast_signed()),
                    articles::translation_key.eq(&input.translation_key),
                    articles::external_id.eq(&input.external_id),
                    articles::updated_at.eq(now),
                    articles::published_at.eq(now),
                    articles::tag_ids.eq(IdList::of(&tag_ids)),
                    articles::author_ids.eq(IdList::of(&author_ids)),
                ),
            );
            diesel::insert_into(articles::table)
                .values(row)
                .execute(conn)?;
            let number = || {
                let row = articles::table.find(id).select(articles::number);
                row.single_value().assume_not_null()
            };
            let row = (
                article_bodies::article_id.eq(id),
                article_bodies::number.eq(number()),
                article_bodies::sanitizer_version.eq(SANITIZER_VERSION),
                article_bodies::format.eq(body.format.as_str()),
                article_bodies::toc.eq(json(&rendered.toc)),
                article_bodies::seo.eq(json(&input.seo)),
                article_bodies::metadata.eq(json(&input.metadata)),
                article_bodies::html.eq(&rendered.html),
                article_bodies::source.eq(&body.text),
                article_bodies::text.eq(&rendered.text),
            );
            diesel::insert_into(article_bodies::table)
                .values(row)
                .execute(conn)?;
            let row = (
                article_slugs::slug.eq(&slug),
                article_slugs::locale.eq(locale),
                article_slugs::article_id.eq(id),
                article_slugs::current.eq(true),
                article_slugs::number.eq(number()),
            );
            diesel::insert_into(article_slugs::table)
                .values(row)
                .execute(conn)?;

            for (position, tag) in (0_i32..).zip(&tag_ids) {
                let row = (
                    article_tags::article_id.eq(id),
                    article_tags::position.eq(position),
                    article_tags::tag_id.eq(*tag),
                    article_tags::kind.eq(Kind::Article.as_str()),
                    article_tags::published_at.eq(now),
                );
                diesel::insert_into(article_tags::table)
                    .values(row)
                    .execute(conn)?;
            }
            for (position, author) in (0_i32..).zip(&author_ids) {
                let row = (
                    article_authors::article_id.eq(id),
                    article_authors::position.eq(position),
                    article_authors::author_id.eq(*author),
                    article_authors::kind.eq(Kind::Article.as_str()),
                    article_authors::published_at.eq(now),
                );
                diesel::insert_into(article_authors::table)
                    .values(row)
                    .execute(conn)?;
            }
            let more = (
                tags::article_count.eq(tags::article_count + 1),
                tags::subtree_count.eq(tags::subtree_count + 1),
            );
            diesel::update(tags::table.filter(id_in(tags::id, &tag_ids)))
                .set(more)
                .execute(conn)?;
            let parents = tags::table
                .select(tags::parent_id)
                .filter(id_in(tags::id, &tag_ids))
                .filter(tags::parent_id.is_not_null());
            assert!(parents.load::<Option<Id>>(conn)?.is_empty());
            let more = (
                authors::article_count.eq(authors::article_count + 1),
                authors::public_count.eq(authors::public_count + 1),
            );
            diesel::update(authors::table.filter(id_in(authors::id, &author_ids)))
                .set(more)
                .execute(conn)?;
            let kept = published_counts::table.find((Kind::Article.as_str(), locale));
            let more = published_counts::count.eq(published_counts::count + 1);
            if diesel::update(kept).set(more).execute(conn)? == 0 {
                let row = (
                    published_counts::kind.eq(Kind::Article.as_str()),
                    published_counts::locale.eq(locale),
                    published_counts::count.eq(1),
                );
                diesel::insert_into(published_counts::table)
                    .values(row)
                    .execute(conn)?;
            }

            let mut shown = format!("a-{} list-articles", id.short());
            for tag in &tag_ids {
                shown.push_str(&format!(" t-{}", tag.short()));
            }
            for author in &author_ids {
                shown.push_str(&format!(" u-{}", author.short()));
            }
            let row = (
                changes::number.eq(change + 1),
                changes::position.eq(0),
                changes::at.eq(now),
                changes::actor.eq("system"),
                changes::action.eq("created"),
                changes::resource.eq("article"),
                changes::resource_id.eq(id),
                changes::tags_before.eq(""),
                changes::tags_after.eq(&shown),
                changes::was_public.eq(false),
                changes::is_public.eq(true),
            );
            diesel::insert_into(changes::table)
                .values(row)
                .execute(conn)?;
            let counter = (
                meta::change.eq(change + 1),
                meta::public_change.eq(change + 1),
            );
            diesel::update(meta::table).set(counter).execute(conn)?;
            conn.batch_execute("COMMIT")
        }
    };
}

create!(
    create_on_sqlite,
    SqliteConnection,
    "BEGIN IMMEDIATE",
    meta::table.select((meta::change, meta::public_change))
);
create!(
    create_on_postgres,
    PgConnection,
    "BEGIN",
    meta::table
        .select((meta::change, meta::public_change))
        .for_update()
);

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}
