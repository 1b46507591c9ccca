//! What editors read: every tag, whether anything published carries it or not.

use std::collections::HashSet;

use diesel::prelude::*;

use super::list::{key, paged};
use super::refs;
use crate::changes::model::Resource;
use crate::changes::tags as cache;
use crate::db::dialect::{containing, id_in};
use crate::db::page::{Cursor, Key, Page, Slice};
use crate::db::schema::{tag_aliases, tags};
use crate::db::{Conn, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::tags::model::{AdminTag, TagSort};
use crate::tags::words::Words;
use crate::time::Time;

#[derive(Queryable)]
struct Row {
    id: Id,
    slug: String,
    name: String,
    description: Option<String>,
    parent_id: Option<Id>,
    article_count: i64,
    version: i64,
    created_at: Time,
    updated_at: Time,
}

type Columns = (
    tags::id,
    tags::slug,
    tags::name,
    tags::description,
    tags::parent_id,
    tags::article_count,
    tags::version,
    tags::created_at,
    tags::updated_at,
);
const COLUMNS: Columns = (
    tags::id,
    tags::slug,
    tags::name,
    tags::description,
    tags::parent_id,
    tags::article_count,
    tags::version,
    tags::created_at,
    tags::updated_at,
);

macro_rules! narrow {
    ($query:expr, $words:expr) => {{
        let mut query = $query;
        for word in $words.into_iter().flat_map(Words::iter) {
            let in_name = tags::name_key.like(containing(&word.in_name)).escape('\\');
            query = match &word.in_slug {
                Some(in_slug) => {
                    query.filter(in_name.or(tags::slug.like(containing(in_slug)).escape('\\')))
                }
                None => query.filter(in_name),
            };
        }
        query
    }};
}

/// One page of the tags; of those alone whose name or slug holds all of the words, where there are any.
///
/// # Errors
/// When the database fails.
pub fn list(
    conn: &mut Conn,
    words: Option<&Words>,
    sort: TagSort,
    page: &Page,
    count: bool,
) -> Result<Slice<AdminTag>> {
    let rows: Vec<Row> = each!(conn, c => {
        let query = narrow!(tags::table.select(COLUMNS).into_boxed(), words);
        paged!(query, sort, page).load(c)
    })?;
    let total = if count {
        Some(each!(conn, c => narrow!(tags::table.into_boxed(), words).count().get_result(c))?)
    } else {
        None
    };
    let slice = page.cut(rows, sort.as_str(), |row| {
        (key(sort, &row.slug, row.article_count), row.id)
    });
    Ok(Slice {
        items: complete(conn, slice.items)?,
        next: slice.next,
        previous: slice.previous,
        total,
    })
}

/// A tag.
///
/// # Errors
/// [`Error::NotFound`] where there is none of that id.
pub fn get(conn: &mut Conn, id: Id) -> Result<AdminTag> {
    let tag = tags::table.find(id).select(COLUMNS);
    let rows: Vec<Row> = each!(conn, c => tag.load(c))?;
    complete(conn, rows)?.pop().ok_or(Error::NotFound("tag"))
}

/// The ids of all tags, those above before those below them, and each level by slug: in this order each finds its parent
/// when they are made anew.
///
/// # Errors
/// When the database fails.
pub fn parents_first(conn: &mut Conn) -> Result<Vec<Id>> {
    let all = tags::table
        .select((tags::id, tags::parent_id))
        .order(tags::slug);
    let mut left: Vec<(Id, Option<Id>)> = each!(conn, c => all.load(c))?;
    let mut ordered = Vec::with_capacity(left.len());
    let mut known: HashSet<Option<Id>> = HashSet::from([None]);
    while !left.is_empty() {
        let (level, below): (Vec<_>, Vec<_>) = left
            .into_iter()
            .partition(|(_, parent)| known.contains(parent));
        if level.is_empty() {
            return Err(Error::internal("a tag stands below itself"));
        }
        known.extend(level.iter().map(|(id, _)| Some(*id)));
        ordered.extend(level.into_iter().map(|(id, _)| id));
        left = below;
    }
    Ok(ordered)
}

fn complete(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<AdminTag>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    let aliases = tag_aliases::table
        .filter(id_in(tag_aliases::tag_id, &ids))
        .select((tag_aliases::tag_id, tag_aliases::slug))
        .order(tag_aliases::slug);
    let aliases: Vec<(Id, String)> = each!(conn, c => aliases.load(c))?;
    let mut parents: Vec<Id> = rows.iter().filter_map(|row| row.parent_id).collect();
    parents.sort_unstable();
    parents.dedup();
    let parents = refs(conn, &parents)?;
    let complete = rows.into_iter().map(|row| AdminTag {
        aliases: aliases
            .iter()
            .filter(|(tag, _)| *tag == row.id)
            .map(|(_, alias)| alias.clone())
            .collect(),
        parent: parents
            .iter()
            .find(|parent| Some(parent.id) == row.parent_id)
            .cloned(),
        cache_tag: cache::of(Resource::Tag, row.id),
        id: row.id,
        slug: row.slug,
        name: row.name,
        description: row.description,
        article_count: row.article_count,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    });
    Ok(complete.collect())
}
