//! Where published texts are: what a sitemap says of them. Read in runs along an index, the oldest first, so that what
//! comes new stands at the end and moves nothing.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::articles::model::{Kind, Seo, State};
use crate::db::dialect::{id_in, text_in};
use crate::db::schema::{article_bodies, articles};
use crate::db::{Conn, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::Time;

/// Texts of one run, and translations of these that are looked at.
pub const RUN: i64 = 128;
const MOST_TRANSLATIONS: i64 = 64 * RUN;

/// What the few are found by that say something to search engines; the index on it has the same words.
const SAYS_SOMETHING: &str = r#"(seo LIKE '%"noindex":true%' OR seo LIKE '%"canonical_url":"%')"#;

/// Where a published text is.
#[derive(Debug, Clone, Queryable)]
pub struct Address {
    /// Which.
    pub id: Id,
    /// Its language.
    pub locale: String,
    /// Its name in addresses.
    pub slug: String,
    /// Its cover, as JSON.
    pub cover: Option<String>,
    /// What its translations share.
    pub translation_key: Option<String>,
    /// When it was last changed.
    pub updated_at: Time,
    /// When it was published.
    pub published_at: Time,
}

type Columns = (
    articles::id,
    articles::locale,
    articles::slug,
    articles::cover,
    articles::translation_key,
    articles::updated_at,
    diesel::dsl::AssumeNotNull<articles::published_at>,
);

fn columns() -> Columns {
    (
        articles::id,
        articles::locale,
        articles::slug,
        articles::cover,
        articles::translation_key,
        articles::updated_at,
        articles::published_at.assume_not_null(),
    )
}

/// A place in the order of the published texts of a kind: the time of one, and its id.
pub type AddressPlace = (Time, Id);

/// The place of the text that so many come before. The index alone is read, but all of it up to there.
///
/// # Errors
/// When the database fails.
pub fn address_place(conn: &mut Conn, kind: Kind, before: i64) -> Result<Option<AddressPlace>> {
    let time = articles::published_at.assume_not_null();
    let query = articles::table
        .select((time, articles::id))
        .filter(articles::kind.eq(kind.as_str()))
        .filter(articles::state.eq(State::Published.as_str()))
        .order((time, articles::id))
        .offset(before)
        .limit(1);
    Ok(each!(conn, c => query.first(c).optional())?)
}

/// The run of published texts of a kind behind a place, up to `most` of them and [`RUN`].
///
/// # Errors
/// When the database fails.
pub fn addresses(
    conn: &mut Conn,
    kind: Kind,
    after: Option<AddressPlace>,
    most: i64,
) -> Result<Vec<Address>> {
    let time = articles::published_at.assume_not_null();
    let mut query = articles::table
        .select(columns())
        .filter(articles::kind.eq(kind.as_str()))
        .filter(articles::state.eq(State::Published.as_str()))
        .order((time, articles::id))
        .limit(most.min(RUN))
        .into_boxed();
    // A range of the index with a condition on top, as in `list`.
    if let Some((at, id)) = after {
        query = query
            .filter(time.ge(at))
            .filter(time.gt(at).or(articles::id.gt(id)));
    }
    Ok(query.load(conn)?)
}

/// The published texts that share a translation key with any of these, these among them: by key, locale and id.
///
/// # Errors
/// When the database fails.
pub fn translations_of(conn: &mut Conn, some: &[Address]) -> Result<Vec<Address>> {
    let mut keys: Vec<&str> = some
        .iter()
        .filter_map(|address| address.translation_key.as_deref())
        .collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let query = articles::table
        .select(columns())
        .filter(text_in(articles::translation_key, keys))
        .filter(articles::state.eq(State::Published.as_str()))
        .order((articles::translation_key, articles::locale, articles::id))
        .limit(MOST_TRANSLATIONS);
    Ok(each!(conn, c => query.load(c))?)
}

/// What those among these texts say to search engines that keep them out or name another address, by id.
///
/// # Errors
/// When the database fails.
pub fn said_to_search_engines(conn: &mut Conn, ids: &[Id]) -> Result<Vec<(Id, Seo)>> {
    let mut said = Vec::new();
    for some in ids.chunks(128) {
        let query = article_bodies::table
            .select((article_bodies::article_id, article_bodies::seo))
            .filter(sql::<Bool>(SAYS_SOMETHING))
            .filter(id_in(article_bodies::article_id, some));
        let found: Vec<(Id, String)> = each!(conn, c => query.load(c))?;
        for (id, seo) in found {
            let seo = serde_json::from_str(&seo).map_err(|error| {
                Error::internal(format!("stored words for search engines: {error}"))
            })?;
            said.push((id, seo));
        }
    }
    said.sort_unstable_by_key(|(id, _)| *id);
    Ok(said)
}
