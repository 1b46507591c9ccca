//! What readers get of tags.

use diesel::prelude::*;

use super::{find_public, refs};
use crate::db::page::{Cursor, Key, Page, Slice};
use crate::db::schema::tags;
use crate::db::{Conn, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::tags::model::{Tag, TagSort};

#[derive(Queryable)]
struct Row {
    id: Id,
    slug: String,
    name: String,
    description: Option<String>,
    parent_id: Option<Id>,
    article_count: i64,
}

type Columns = (
    tags::id,
    tags::slug,
    tags::name,
    tags::description,
    tags::parent_id,
    tags::article_count,
);
const COLUMNS: Columns = (
    tags::id,
    tags::slug,
    tags::name,
    tags::description,
    tags::parent_id,
    tags::article_count,
);

/// The page of a query for tags, in its order.
macro_rules! paged {
    ($query:expr, $sort:expr, $page:expr) => {{
        let mut query = $query;
        if let Some(Cursor {
            key, id, backward, ..
        }) = $page.cursor()
        {
            query = match (key, $sort, backward) {
                (Key::Text(slug), TagSort::Name, false) => query.filter(tags::slug.gt(slug)),
                (Key::Text(slug), TagSort::Name, true) => query.filter(tags::slug.lt(slug)),
                (Key::Number(n), TagSort::MostUsed, false) => query
                    .filter(tags::article_count.le(n))
                    .filter(tags::article_count.lt(n).or(tags::id.lt(id))),
                (Key::Number(n), TagSort::MostUsed, true) => query
                    .filter(tags::article_count.ge(n))
                    .filter(tags::article_count.gt(n).or(tags::id.gt(id))),
                (Key::Number(_), TagSort::Name, _) | (Key::Text(_), TagSort::MostUsed, _) => query,
            };
        }
        query = match ($sort, $page.backward()) {
            (TagSort::Name, false) => query.order(tags::slug.asc()),
            (TagSort::Name, true) => query.order(tags::slug.desc()),
            (TagSort::MostUsed, false) => {
                query.order((tags::article_count.desc(), tags::id.desc()))
            }
            (TagSort::MostUsed, true) => query.order((tags::article_count.asc(), tags::id.asc())),
        };
        query.limit($page.fetch()).offset($page.offset())
    }};
}
pub(super) use paged;

/// What a tag is sorted by.
pub(super) fn key(sort: TagSort, slug: &str, article_count: i64) -> Key {
    match sort {
        TagSort::Name => Key::Text(slug.to_owned()),
        TagSort::MostUsed => Key::Number(article_count),
    }
}

/// One page of the public tags.
///
/// # Errors
/// When the database fails.
pub fn list(conn: &mut Conn, sort: TagSort, page: &Page, count: bool) -> Result<Slice<Tag>> {
    let rows: Vec<Row> = each!(conn, c => {
        let query = tags::table.select(COLUMNS).filter(tags::subtree_count.gt(0)).into_boxed();
        paged!(query, sort, page).load(c)
    })?;
    let mut slice = page.cut(rows, sort.as_str(), |row| {
        (key(sort, &row.slug, row.article_count), row.id)
    });
    if count {
        let public = tags::table.filter(tags::subtree_count.gt(0)).count();
        slice.total = Some(each!(conn, c => public.get_result(c))?);
    }
    let items = std::mem::take(&mut slice.items);
    let Slice {
        next,
        previous,
        total,
        ..
    } = slice;
    Ok(Slice {
        items: with_parents(conn, items)?,
        next,
        previous,
        total,
    })
}

/// A public tag by slug or id. An alias, and an id, are answered by [`Error::Moved`].
///
/// # Errors
/// [`Error::NotFound`] where there is no public tag of that name.
pub fn public(conn: &mut Conn, key: &str) -> Result<Tag> {
    let id = match key.parse::<Id>() {
        Ok(id) => Some(id),
        Err(_not_an_id) => find_public(conn, key)?.map(|tag| tag.id),
    };
    let id = id.ok_or(Error::NotFound("tag"))?;
    let row: Option<Row> = each!(conn, c => tags::table
        .select(COLUMNS)
        .filter(tags::id.eq(id))
        .filter(tags::subtree_count.gt(0))
        .first(c)
        .optional())?;
    let row = row.ok_or(Error::NotFound("tag"))?;
    if row.slug != key && key.parse::<Id>().is_err() {
        return Err(Error::Moved {
            slug: row.slug,
            locale: None,
        });
    }
    with_parents(conn, vec![row])?
        .pop()
        .ok_or(Error::NotFound("tag"))
}

fn with_parents(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<Tag>> {
    let mut parents: Vec<Id> = rows.iter().filter_map(|row| row.parent_id).collect();
    parents.sort_unstable();
    parents.dedup();
    let parents = refs(conn, &parents)?;
    let parent = |id| parents.iter().find(|parent| Some(parent.id) == id).cloned();
    Ok(rows
        .into_iter()
        .map(|row| Tag {
            parent: parent(row.parent_id),
            id: row.id,
            slug: row.slug,
            name: row.name,
            description: row.description,
            article_count: row.article_count,
        })
        .collect())
}
