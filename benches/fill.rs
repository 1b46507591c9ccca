//! Fills a database with any number of articles, past the domain code, which would take an hour for a million: bodies come
//! from a pool that is rendered once. What the rows must agree on (slugs, joins, counts, times) is kept.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::{PgConnection, SqliteConnection};
use masthead::articles::model::Format;
use masthead::articles::render::{self, Rendered, SANITIZER_VERSION};
use masthead::db::page::{Cursor, Key};
use masthead::db::schema::{
    article_authors, article_bodies, article_slugs, article_tags, articles, authors, meta,
    published_counts, tags,
};
use masthead::db::{Backend, IdList, Settings, migrate};
use masthead::id::Id;
use masthead::slug;
use masthead::time::Time;

use crate::chance::Random;
use crate::data::{AUTHORS, Press, TAGS};

/// Bodies, rendered once and used again and again.
const POOL: usize = 2_000;
/// Articles of one transaction.
const BATCH: usize = 500;

/// What determines the content, for the name of the file that keeps it.
pub(crate) fn fingerprint() -> u64 {
    let parts = [
        include_str!("chance.rs"),
        include_str!("data.rs"),
        include_str!("fill.rs"),
        include_str!("../migrations/sqlite/0001_foundation/up.sql"),
    ];
    xxhash_rust::xxh3::xxh3_64(parts.concat().as_bytes())
}

/// The list of tags or authors of these numbers.
fn ids(kind: u64, numbers: &[usize]) -> IdList {
    let ids: Vec<Id> = numbers.iter().map(|n| name_id(kind, *n)).collect();
    IdList::of(&ids)
}

/// When the nth article was published: one every ten minutes, the first in 2001.
fn published_at(n: usize) -> Time {
    Time::from_millis(1_000_000_000_000 + 600_000 * i64::try_from(n).unwrap()).unwrap()
}

/// The nth article's id: UUIDv7, of the time it was published.
fn id(n: usize) -> Id {
    let mut random = Random::new(0x0300_0000_0000 + n as u64);
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&published_at(n).millis().to_be_bytes()[2..]);
    bytes[6..8].copy_from_slice(&random.next().to_be_bytes()[..2]);
    bytes[8..].copy_from_slice(&random.next().to_be_bytes());
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    Id::from_slice(&bytes).unwrap()
}

/// The nth tag's or author's id.
fn name_id(kind: u64, n: usize) -> Id {
    let mut random = Random::new((kind << 32) + n as u64);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&random.next().to_be_bytes());
    bytes[8..].copy_from_slice(&random.next().to_be_bytes());
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    Id::from_slice(&bytes).unwrap()
}

/// The nth article's slug, with its number behind: so it is free in every locale.
pub(crate) fn slug_of(press: &Press, n: usize) -> String {
    let title = slug::slugify(&press.head(n).title).unwrap();
    format!("{}-{n}", title.get(..80).unwrap_or(&title))
}

/// The slug of the nth most frequent tag.
pub(crate) fn tag_slug(press: &Press, n: usize) -> String {
    format!("{}-{n}", slug::slugify(&press.tag_name(n)).unwrap())
}

/// The cursor of the page of the newest articles that begins behind the nth.
pub(crate) fn cursor_behind(n: usize) -> String {
    let cursor = Cursor {
        sort: "-published_at",
        backward: false,
        key: Key::Number(published_at(n).millis()),
        id: id(n),
    };
    cursor.encode()
}

/// Makes the schema and fills it.
pub(crate) fn fill(settings: &Settings, press: &Press, count: usize) {
    migrate::run(settings).unwrap();
    let bodies: Vec<_> = (0..POOL.min(count))
        .map(|n| {
            let source = press.body(n);
            (render::render(Format::Markdown, &source), source)
        })
        .collect();
    match &settings.backend {
        Backend::Sqlite(path) => {
            let mut conn = SqliteConnection::establish(&path.to_string_lossy()).unwrap();
            // Should the machine fail meanwhile, it is filled anew.
            conn.batch_execute(
                "PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; PRAGMA wal_autocheckpoint = 10000;",
            )
            .unwrap();
            fill_sqlite(&mut conn, press, &bodies, count).unwrap();
            conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")
                .unwrap();
        }
        Backend::Postgres(url) => {
            let mut conn = PgConnection::establish(url).unwrap();
            conn.batch_execute("SET synchronous_commit = off").unwrap();
            fill_postgres(&mut conn, press, &bodies, count).unwrap();
            // One by one: several statements at once are one transaction, and this cannot run in one.
            conn.batch_execute("VACUUM ANALYZE").unwrap();
            conn.batch_execute("CHECKPOINT").unwrap();
        }
    }
}

macro_rules! fill {
    ($name:ident, $conn:ty) => {
        fn $name(conn: &mut $conn, press: &Press, bodies: &[(Rendered, String)], count: usize) -> QueryResult<()> {
            let now = published_at(count);
            let (mut of_tag, mut of_author) = ([0_i64; TAGS], [0_i64; AUTHORS]);
            let mut of_locale = std::collections::BTreeMap::<_, i64>::new();
            conn.batch_execute("BEGIN")?;
            for n in 0..TAGS {
                let name = press.tag_name(n);
                let row = (
                    tags::id.eq(name_id(4, n)),
                    tags::slug.eq(tag_slug(press, n)),
                    tags::name_key.eq(slug::name_key(&name)),
                    tags::name.eq(name),
                    tags::article_count.eq(0),
                    tags::subtree_count.eq(0),
                    tags::version.eq(1),
                    tags::created_at.eq(now),
                    tags::updated_at.eq(now),
                );
                diesel::insert_into(tags::table).values(row).execute(conn)?;
            }
            for n in 0..AUTHORS {
                let name = press.author_name(n);
                let row = (
                    authors::id.eq(name_id(5, n)),
                    authors::slug.eq(format!("{}-{n}", slug::slugify(&name).unwrap())),
                    authors::name_key.eq(slug::name_key(&name)),
                    authors::name.eq(name),
                    authors::links.eq("[]"),
                    authors::article_count.eq(0),
                    authors::public_count.eq(0),
                    authors::version.eq(1),
                    authors::created_at.eq(now),
                    authors::updated_at.eq(now),
                );
                diesel::insert_into(authors::table).values(row).execute(conn)?;
            }
            conn.batch_execute("COMMIT")?;

            for first in (0..count).step_by(BATCH) {
                let (mut rows, mut texts, mut slugs) = (Vec::new(), Vec::new(), Vec::new());
                let (mut tagged, mut written) = (Vec::new(), Vec::new());
                for n in first..count.min(first + BATCH) {
                    let (rendered, source) = &bodies[n % bodies.len()];
                    let (head, id, at) = (press.head(n), id(n), published_at(n));
                    let number = || articles::table.find(id).select(articles::number).single_value().assume_not_null();
                    let slug = slug_of(press, n);
                    *of_locale.entry(head.locale).or_default() += 1;
                    rows.push((
                        (
                            articles::id.eq(id),
                            articles::kind.eq("article"),
                            articles::state.eq("published"),
                            articles::locale.eq(head.locale),
                            articles::slug.eq(slug.clone()),
                            articles::title_key.eq(slug::sort_key(&head.title)),
                            articles::title.eq(head.title),
                            articles::excerpt.eq(render::excerpt(head.standfirst.as_deref().unwrap_or(&rendered.text))),
                            articles::standfirst.eq(head.standfirst),
                            articles::cover.eq(format!(
                                r#"{{"url":"https://images.example.org/{n}.jpg","alt":"Picture {n}","width":1600,"height":900}}"#
                            )),
                            articles::featured.eq(n % 20 == 0),
                            articles::audience.eq("general"),
                        ),
                        (
                            articles::citations.eq("[]"),
                            articles::word_count.eq(rendered.word_count.cast_signed()),
                            articles::reading_minutes.eq(rendered.reading_minutes.cast_signed()),
                            articles::version.eq(1),
                            articles::created_at.eq(at),
                            articles::updated_at.eq(at),
                            articles::published_at.eq(at),
                            articles::tag_ids.eq(ids(4, &head.tags)),
                            articles::author_ids.eq(ids(5, &head.authors)),
                        ),
                    ));
                    texts.push((
                        article_bodies::article_id.eq(id),
                        article_bodies::number.eq(number()),
                        article_bodies::sanitizer_version.eq(SANITIZER_VERSION),
                        article_bodies::format.eq("markdown"),
                        article_bodies::toc.eq(serde_json::to_string(&rendered.toc).unwrap()),
                        article_bodies::seo.eq("{}"),
                        article_bodies::metadata.eq("{}"),
                        article_bodies::html.eq(&rendered.html),
                        article_bodies::source.eq(source),
                        article_bodies::text.eq(&rendered.text),
                    ));
                    slugs.push((
                        article_slugs::slug.eq(slug),
                        article_slugs::locale.eq(head.locale),
                        article_slugs::article_id.eq(id),
                        article_slugs::current.eq(true),
                        article_slugs::number.eq(number()),
                    ));
                    for (position, tag) in (0_i32..).zip(&head.tags) {
                        of_tag[*tag] += 1;
                        tagged.push((
                            article_tags::article_id.eq(id),
                            article_tags::position.eq(position),
                            article_tags::tag_id.eq(name_id(4, *tag)),
                            article_tags::kind.eq("article"),
                            article_tags::published_at.eq(at),
                        ));
                    }
                    for (position, author) in (0_i32..).zip(&head.authors) {
                        of_author[*author] += 1;
                        written.push((
                            article_authors::article_id.eq(id),
                            article_authors::position.eq(position),
                            article_authors::author_id.eq(name_id(5, *author)),
                            article_authors::kind.eq("article"),
                            article_authors::published_at.eq(at),
                        ));
                    }
                }
                conn.batch_execute("BEGIN")?;
                insert!($name, conn, articles::table, rows);
                insert!($name, conn, article_bodies::table, texts);
                insert!($name, conn, article_slugs::table, slugs);
                insert!($name, conn, article_tags::table, tagged);
                insert!($name, conn, article_authors::table, written);
                conn.batch_execute("COMMIT")?;
            }

            conn.batch_execute("BEGIN")?;
            for (n, count) in of_tag.into_iter().enumerate() {
                let counts = (tags::article_count.eq(count), tags::subtree_count.eq(count));
                diesel::update(tags::table.find(name_id(4, n))).set(counts).execute(conn)?;
            }
            for (n, count) in of_author.into_iter().enumerate() {
                let counts = (authors::article_count.eq(count), authors::public_count.eq(count));
                diesel::update(authors::table.find(name_id(5, n))).set(counts).execute(conn)?;
            }
            for (locale, count) in of_locale {
                let row = (
                    published_counts::kind.eq("article"),
                    published_counts::locale.eq(locale),
                    published_counts::count.eq(count),
                );
                diesel::insert_into(published_counts::table).values(row).execute(conn)?;
            }
            let change = i64::try_from(count).unwrap();
            let counter = (meta::change.eq(change), meta::public_change.eq(change));
            diesel::update(meta::table).set(counter).execute(conn)?;
            conn.batch_execute("COMMIT")
        }
    };
}

/// SQLite's rows one by one, by one prepared statement; PostgreSQL's as few statements with many.
macro_rules! insert {
    (fill_sqlite, $conn:expr, $table:expr, $rows:expr) => {
        for row in $rows {
            diesel::insert_into($table).values(row).execute($conn)?;
        }
    };
    (fill_postgres, $conn:expr, $table:expr, $rows:expr) => {
        diesel::insert_into($table).values($rows).execute($conn)?;
    };
}

fill!(fill_sqlite, SqliteConnection);
fill!(fill_postgres, PgConnection);
