//! Walks over published texts in the order of their ids, a bounded number at a time: what those who keep a copy of them
//! follow. Whatever is published or taken back meanwhile, no text that stays is passed over.

use diesel::prelude::*;

use super::filter::Filter;
use super::texts::published_ids;
use crate::db::Conn;
use crate::db::schema::{article_authors, article_tags};
use crate::error::Result;
use crate::id::Id;
use crate::{authors, tags};

/// A walk along a join table, of what is published.
macro_rules! along {
    ($join:ident, $column:ident, $conn:expr, $of:expr, $after:expr, $limit:expr) => {{
        let mut query = $join::table
            .select($join::article_id)
            .filter($join::$column.eq($of))
            .filter($join::published_at.is_not_null())
            .order($join::article_id)
            .limit($limit)
            .into_boxed();
        if let Some(after) = $after {
            query = query.filter($join::article_id.gt(after));
        }
        Ok(query.load($conn)?)
    }};
}

/// Up to `limit` published texts that carry a tag, after an id and in the order of ids.
///
/// # Errors
/// When the database fails.
pub fn with_tag_after(conn: &mut Conn, tag: Id, after: Option<Id>, limit: i64) -> Result<Vec<Id>> {
    along!(article_tags, tag_id, conn, tag, after, limit)
}

/// Up to `limit` published texts under the name of an author, after an id and in the order of ids.
///
/// # Errors
/// When the database fails.
pub fn by_author_after(
    conn: &mut Conn,
    author: Id,
    after: Option<Id>,
    limit: i64,
) -> Result<Vec<Id>> {
    along!(article_authors, author_id, conn, author, after, limit)
}

/// Up to `limit` published texts after an id, in the order of ids, which are all that a filter may let through there;
/// fewer only where there are no more.
///
/// # Errors
/// When the database fails.
pub fn candidates(
    conn: &mut Conn,
    filter: &Filter,
    after: Option<Id>,
    limit: i64,
) -> Result<Vec<Id>> {
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    if !filter.ids.is_empty() {
        let mut ids = filter.ids.clone();
        ids.sort_unstable();
        ids.dedup();
        ids.retain(|id| after.is_none_or(|after| *id > after));
        ids.truncate(most);
        return Ok(ids);
    }
    let mut rarest: Option<tags::store::Found> = None;
    for key in &filter.tags {
        match tags::store::find_public(conn, key)? {
            None => return Ok(Vec::new()),
            Some(tag) if rarest.is_some_and(|known| known.article_count <= tag.article_count) => {}
            Some(tag) => rarest = Some(tag),
        }
    }
    if let Some(tag) = rarest {
        return with_tag_after(conn, tag.id, after, limit);
    }
    if let Some(key) = &filter.author {
        return match authors::store::find_public(conn, key)? {
            Some(author) => by_author_after(conn, author.id, after, limit),
            None => Ok(Vec::new()),
        };
    }
    if filter.any_tags.is_empty() {
        return published_ids(conn, after, limit);
    }
    let mut ids = Vec::new();
    for key in &filter.any_tags {
        if let Some(tag) = tags::store::find_public(conn, key)? {
            ids.extend(with_tag_after(conn, tag.id, after, limit)?);
        }
    }
    ids.sort_unstable();
    ids.dedup();
    ids.truncate(most);
    Ok(ids)
}
