//! Lists of articles. First the ids of one page, by the index that fits the filter and the order; then the rows. A list
//! costs the same at any depth and size where an index covers it ([`is_indexed`](super::is_indexed)); the others scan, and
//! belong on the pool.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::filter::{Driver, Filter, Resolved, Sort};
use super::load;
use crate::articles::fields::Selection;
use crate::articles::model::{Article, Kind, State};
use crate::db::dialect::{Unindexed, id_in};
use crate::db::page::{Key, Page, Slice};
use crate::db::schema::{article_authors, article_tags, articles};
use crate::db::{Conn, each};
use crate::error::Result;
use crate::id::Id;

/// One page of the published articles of a kind.
///
/// # Errors
/// When the database fails.
pub fn list(
    conn: &mut Conn,
    kind: Kind,
    filter: &Filter,
    sort: Sort,
    page: &Page,
    show: Selection,
) -> Result<Slice<Article>> {
    let slice = ids(conn, kind, filter, sort, page)?;
    let articles = load::by_ids(conn, &slice.items, show)?;
    Ok(slice.of(articles))
}

/// Which published articles of a kind are on one page.
///
/// # Errors
/// When the database fails.
pub fn ids(
    conn: &mut Conn,
    kind: Kind,
    filter: &Filter,
    sort: Sort,
    page: &Page,
) -> Result<Slice<Id>> {
    let Some(filter) = Resolved::new(conn, kind, filter)? else {
        return Ok(Slice {
            items: Vec::new(),
            next: None,
            previous: None,
            total: None,
        });
    };
    let keys = match filter.driver(sort) {
        Driver::Articles => by_articles(conn, &filter, sort, page)?,
        Driver::Tag(tag) => by_tag(conn, &filter, tag, sort, page)?,
        Driver::AnyTag => by_any_tag(conn, &filter, sort, page)?,
        Driver::Author(author) => by_author(conn, &filter, author, sort, page)?,
    };
    let slice = page.cut(keys, sort.as_str(), Clone::clone);
    let ids = slice.items.iter().map(|(_, id)| *id).collect();
    Ok(slice.of(ids))
}

/// How many published articles of a kind a filter lets through. Counts what it must, so it belongs on the pool.
///
/// # Errors
/// When the database fails.
pub fn count(conn: &mut Conn, kind: Kind, filter: &Filter) -> Result<i64> {
    let Some(filter) = Resolved::new(conn, kind, filter)? else {
        return Ok(0);
    };
    if let Some(known) = filter.known_count(conn)? {
        return Ok(known);
    }
    Ok(each!(conn, c => narrow!(articles::table.into_boxed(), filter).count().get_result(c))?)
}

// The join tables under other names: a list may follow one of them already.
diesel::alias!(
    const CARRIED: Alias<Carried> = article_tags as carried;
    const WROTE: Alias<Wrote> = article_authors as wrote;
);

/// What every list of articles filters by, whichever index it follows.
macro_rules! narrow {
    ($query:expr, $resolved:expr) => {
        narrow!($query, $resolved, articles::kind)
    };
    ($query:expr, $resolved:expr, $kind:expr) => {{
        let Resolved {
            kind,
            filter,
            tags,
            any_tags,
            author,
        } = &$resolved;
        let mut query = $query
            .filter($kind.eq(kind.as_str()))
            .filter(articles::state.eq(State::Published.as_str()));
        for tag in tags {
            let carries = CARRIED
                .filter(CARRIED.field(article_tags::article_id).eq(articles::id))
                .filter(CARRIED.field(article_tags::tag_id).eq(tag.id));
            query = query.filter(exists(carries));
        }
        if !any_tags.is_empty() {
            let carries = CARRIED
                .filter(CARRIED.field(article_tags::article_id).eq(articles::id))
                .filter(id_in(CARRIED.field(article_tags::tag_id), any_tags));
            query = query.filter(exists(carries));
        }
        if let Some(author) = author {
            let wrote = WROTE
                .filter(WROTE.field(article_authors::article_id).eq(articles::id))
                .filter(WROTE.field(article_authors::author_id).eq(author.id));
            query = query.filter(exists(wrote));
        }
        if let Some(locale) = &filter.locale {
            query = query.filter(articles::locale.eq(locale));
        }
        if let Some(featured) = filter.featured {
            query = query.filter(articles::featured.eq(featured));
        }
        if let Some(audience) = filter.audience {
            query = query.filter(articles::audience.eq(audience.as_str()));
        }
        if let Some(after) = filter.published_after {
            query = query.filter(articles::published_at.ge(after));
        }
        if let Some(before) = filter.published_before {
            query = query.filter(articles::published_at.lt(before));
        }
        if !filter.ids.is_empty() {
            query = query.filter(id_in(articles::id, &filter.ids));
        }
        for id in &filter.exclude {
            query = query.filter(articles::id.ne(*id));
        }
        query
    }};
}
use narrow;

/// Those of these texts that are published, of one of these kinds, and let through by a filter; in any order.
///
/// # Errors
/// When the database fails.
pub fn matching(conn: &mut Conn, kinds: &[Kind], filter: &Filter, ids: &[Id]) -> Result<Vec<Id>> {
    let mut found = Vec::new();
    if ids.is_empty() {
        return Ok(found);
    }
    for kind in kinds {
        let Some(filter) = Resolved::new(conn, *kind, filter)? else {
            return Ok(Vec::new());
        };
        let kind = Unindexed(articles::kind);
        let these: Vec<Id> = each!(conn, c => narrow!(articles::table.select(articles::id).into_boxed(), filter, kind)
            .filter(id_in(articles::id, ids))
            .load(c))?;
        found.extend(these);
    }
    Ok(found)
}

/// Rows after (or before) a cursor in an order, with ties by id. Written as a range of the index and a condition on top,
/// `key <= ? and (key < ? or id < ?)`: the form `key < ? or (key = ? and id < ?)` reads the whole index.
macro_rules! seek {
    ($query:expr, $key:expr, $id:expr, $descending:expr, $page:expr, $of:expr) => {{
        let mut query = $query;
        let falling = ($descending) != $page.backward();
        if let Some(cursor) = $page.cursor() {
            if let Some(key) = $of(&cursor.key) {
                query = if falling {
                    query
                        .filter($key.le(key.clone()))
                        .filter($key.lt(key).or($id.lt(cursor.id)))
                } else {
                    query
                        .filter($key.ge(key.clone()))
                        .filter($key.gt(key).or($id.gt(cursor.id)))
                };
            }
        }
        let query = if falling {
            query.order(($key.desc(), $id.desc()))
        } else {
            query.order(($key.asc(), $id.asc()))
        };
        query.limit($page.fetch()).offset($page.offset())
    }};
}

pub(super) use seek;

pub(super) fn number(key: &Key) -> Option<i64> {
    match key {
        Key::Number(number) => Some(*number),
        Key::Text(_) => None,
    }
}

pub(super) fn text(key: &Key) -> Option<String> {
    match key {
        Key::Text(text) => Some(text.clone()),
        Key::Number(_) => None,
    }
}

pub(super) type Keys = Vec<(Key, Id)>;

fn numbers(rows: Vec<(i64, Id)>) -> Keys {
    rows.into_iter()
        .map(|(key, id)| (Key::Number(key), id))
        .collect()
}

fn by_articles(conn: &mut Conn, filter: &Resolved<'_>, sort: Sort, page: &Page) -> Result<Keys> {
    match sort {
        Sort::Newest | Sort::Oldest => {
            let key = articles::published_at.assume_not_null();
            let rows = each!(conn, c => {
                let query = narrow!(articles::table.select((key, articles::id)).into_boxed(), filter);
                seek!(query, key, articles::id, sort == Sort::Newest, page, number).load(c)
            })?;
            Ok(numbers(rows))
        }
        Sort::LastUpdated => {
            let rows = each!(conn, c => {
                let query = narrow!(articles::table.select((articles::updated_at, articles::id)).into_boxed(), filter);
                seek!(query, articles::updated_at, articles::id, true, page, number).load(c)
            })?;
            Ok(numbers(rows))
        }
        Sort::Title => {
            let rows: Vec<(String, Id)> = each!(conn, c => {
                let query = narrow!(articles::table.select((articles::title_key, articles::id)).into_boxed(), filter);
                seek!(query, articles::title_key, articles::id, false, page, text).load(c)
            })?;
            Ok(rows
                .into_iter()
                .map(|(key, id)| (Key::Text(key), id))
                .collect())
        }
    }
}

/// A list along the index of a join table, which holds the time too.
macro_rules! along {
    ($join:ident, $column:ident, $conn:expr, $filter:expr, $value:expr, $sort:expr, $page:expr) => {{
        let (key, id) = ($join::published_at.assume_not_null(), $join::article_id);
        let descending = $sort == Sort::Newest;
        let rows = if $filter.needs_articles() {
            each!($conn, c => {
                let query = $join::table
                    .inner_join(articles::table)
                    .select((key, id))
                    .filter($join::$column.eq($value))
                    .filter($join::kind.eq($filter.kind.as_str()))
                    .filter($join::published_at.is_not_null())
                    .into_boxed();
                seek!(narrow!(query, $filter), key, id, descending, $page, number).load(c)
            })?
        } else {
            each!($conn, c => {
                let mut query = $join::table
                    .select((key, id))
                    .filter($join::$column.eq($value))
                    .filter($join::kind.eq($filter.kind.as_str()))
                    .filter($join::published_at.is_not_null())
                    .into_boxed();
                if let Some(after) = $filter.filter.published_after {
                    query = query.filter($join::published_at.ge(after));
                }
                if let Some(before) = $filter.filter.published_before {
                    query = query.filter($join::published_at.lt(before));
                }
                for excluded in &$filter.filter.exclude {
                    query = query.filter(id.ne(*excluded));
                }
                seek!(query, key, id, descending, $page, number).load(c)
            })?
        };
        Ok(numbers(rows))
    }};
}

fn by_tag(
    conn: &mut Conn,
    filter: &Resolved<'_>,
    tag: Id,
    sort: Sort,
    page: &Page,
) -> Result<Keys> {
    along!(article_tags, tag_id, conn, filter, tag, sort, page)
}

/// The lists of each tag, merged. An article that carries two of the tags stands in two of them, and is taken once.
fn by_any_tag(conn: &mut Conn, filter: &Resolved<'_>, sort: Sort, page: &Page) -> Result<Keys> {
    let one_of_them = Resolved {
        any_tags: Vec::new(),
        tags: Vec::new(),
        ..*filter
    };
    let whole = page.with_those_before();
    let mut keys = Vec::new();
    for tag in &filter.any_tags {
        keys.extend(by_tag(conn, &one_of_them, *tag, sort, &whole)?);
    }
    keys.sort_unstable();
    keys.dedup();
    if (sort == Sort::Newest) != page.backward() {
        keys.reverse();
    }
    let rows = |count| usize::try_from(count).unwrap_or(usize::MAX);
    Ok(keys
        .into_iter()
        .skip(rows(page.offset()))
        .take(rows(page.fetch()))
        .collect())
}

fn by_author(
    conn: &mut Conn,
    filter: &Resolved<'_>,
    author: Id,
    sort: Sort,
    page: &Page,
) -> Result<Keys> {
    along!(article_authors, author_id, conn, filter, author, sort, page)
}
