//! Redirects in the database.

#[cfg(test)]
mod tests;
mod write;

use diesel::prelude::*;

use super::model::{Redirect, RedirectStatus};
use crate::articles::model::State;
use crate::changes::model::Resource;
use crate::changes::tags as cache;
use crate::db::dialect::text_in;
use crate::db::page::{Key, Page, Slice};
use crate::db::schema::{article_slugs, articles, redirects};
use crate::db::{Conn, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::Time;

pub use self::write::{create, delete, ensure, leave, restore, update};
pub use super::model::Target;

/// The one order of a list of redirects.
pub const SORT: &str = "path";

#[derive(Queryable)]
struct Row {
    id: Id,
    path: String,
    target: Option<String>,
    article_id: Option<Id>,
    status: i32,
    version: i64,
    created_at: Time,
    updated_at: Time,
}

impl Row {
    fn into_redirect(self) -> Result<Redirect> {
        let unknown =
            || Error::internal(format!("the stored status {} of a redirect", self.status));
        Ok(Redirect {
            status: RedirectStatus::from_code(self.status.into()).ok_or_else(unknown)?,
            id: self.id,
            path: self.path,
            to: self.target,
            article: self.article_id,
            cache_tag: cache::of(Resource::Redirect, self.id),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

macro_rules! narrow {
    ($query:expr, $prefix:expr) => {{
        let mut query = $query;
        if let Some(prefix) = $prefix {
            // A range, and no LIKE, to which on SQLite `a` and `A` are one.
            let end = format!("{prefix}\u{10FFFF}");
            query = query
                .filter(redirects::path.ge(prefix))
                .filter(redirects::path.lt(end));
        }
        query
    }};
}

/// One page of the redirects by path; of those alone whose path begins with this, where something is given.
///
/// # Errors
/// When the database fails.
pub fn list(
    conn: &mut Conn,
    prefix: Option<&str>,
    page: &Page,
    count: bool,
) -> Result<Slice<Redirect>> {
    let rows: Vec<Row> = each!(conn, c => {
        let mut query = narrow!(redirects::table.select(redirects::all_columns).into_boxed(), prefix);
        if let Some(cursor) = page.cursor() && let Key::Text(path) = &cursor.key {
            query = if cursor.backward {
                query.filter(redirects::path.lt(path))
            } else {
                query.filter(redirects::path.gt(path))
            };
        }
        query = if page.backward() {
            query.order(redirects::path.desc())
        } else {
            query.order(redirects::path.asc())
        };
        query.limit(page.fetch()).offset(page.offset()).load(c)
    })?;
    let total = if count {
        Some(
            each!(conn, c => narrow!(redirects::table.into_boxed(), prefix).count().get_result(c))?,
        )
    } else {
        None
    };
    let slice = page.cut(rows, SORT, |row| (Key::Text(row.path.clone()), row.id));
    let items = slice.items.into_iter().map(Row::into_redirect);
    Ok(Slice {
        items: items.collect::<Result<_>>()?,
        next: slice.next,
        previous: slice.previous,
        total,
    })
}

/// A redirect.
///
/// # Errors
/// [`Error::NotFound`] where there is none of that id.
pub fn get(conn: &mut Conn, id: Id) -> Result<Redirect> {
    let redirect = redirects::table.find(id);
    let row: Option<Row> = each!(conn, c => redirect.first(c).optional())?;
    row.ok_or(Error::NotFound("redirect"))?.into_redirect()
}

/// Where the redirects from these paths lead, each with the path and the status that it is answered with.
///
/// # Errors
/// When the database fails.
pub fn leading(conn: &mut Conn, paths: &[String]) -> Result<Vec<(String, Target, RedirectStatus)>> {
    let there = redirects::table
        .select(redirects::all_columns)
        .filter(text_in(
            redirects::path,
            paths.iter().map(String::as_str).collect(),
        ));
    let rows: Vec<Row> = each!(conn, c => there.load(c))?;
    let leads = |row: Row| {
        let redirect = row.into_redirect()?;
        let target = match (redirect.article, redirect.to) {
            (Some(id), _) => Target::Article(id),
            (None, Some(address)) => Target::Address(address),
            (None, None) => return Err(Error::internal("a redirect that leads nowhere")),
        };
        Ok((redirect.path, target, redirect.status))
    };
    rows.into_iter().map(leads).collect()
}

/// Whether a redirect stands where an article of this slug and locale would. It may stand under the path with the
/// locale or, for the default locale, without.
///
/// # Errors
/// When the database fails.
pub fn taken(conn: &mut Conn, slug: &str, locale: &str) -> Result<bool> {
    let paths = [format!("/{slug}"), format!("/{locale}/{slug}")];
    let [plain, prefixed] = &paths;
    let there = redirects::table
        .filter(redirects::path.eq(plain).or(redirects::path.eq(prefixed)))
        .select(redirects::id);
    Ok(each!(conn, c => there.first::<Id>(c).optional())?.is_some())
}

/// The redirect from this path.
///
/// # Errors
/// When the database fails.
pub fn from_path(conn: &mut Conn, path: &str) -> Result<Option<Id>> {
    let there = redirects::table
        .filter(redirects::path.eq(path))
        .select(redirects::id);
    Ok(each!(conn, c => there.first(c).optional())?)
}

/// Whether an article or a page stands at this path, or will once it is out: the other side of [`taken`]. What is in the
/// trash stands nowhere.
fn has_article(conn: &mut Conn, path: &str) -> Result<bool> {
    let steps = path.strip_prefix('/').unwrap_or(path);
    let (locale, slug) = match steps.split_once('/') {
        Some((locale, slug)) => (Some(locale), slug),
        None => (None, steps),
    };
    let standing = article_slugs::table
        .inner_join(articles::table)
        .filter(article_slugs::slug.eq(slug))
        .filter(article_slugs::current.eq(true))
        .filter(articles::state.ne(State::Trashed.as_str()))
        .select(article_slugs::locale);
    let locales: Vec<String> = each!(conn, c => standing.load(c))?;
    Ok(locales
        .iter()
        .any(|there| locale.is_none_or(|locale| locale == there)))
}
