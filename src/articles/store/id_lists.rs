//! The lists of ids in the rows of texts: the tags and authors that a text shows, in their order. The join tables say the same,
//! for whoever looks for texts by them.

use std::collections::HashMap;

use diesel::prelude::*;

use super::revisions;
use crate::db::dialect::id_in;
use crate::db::schema::{article_authors, article_tags, articles};
use crate::db::{Conn, IdList, each};
use crate::error::Result;
use crate::id::Id;

/// Texts that are read at once.
pub(super) const CHUNK: usize = 128;

/// `rewrite!(conn, column, ids, |list| ids)` changes a list of ids in the rows of texts.
macro_rules! rewrite {
    ($conn:expr, $column:ident, $ids:expr, $change:expr) => {
        for some in $ids.chunks($crate::articles::store::id_lists::CHUNK) {
            let lists = articles::table
                .filter(id_in(articles::id, some))
                .select((articles::id, articles::$column));
            let lists: Vec<(Id, IdList)> = each!($conn, c => lists.load(c))?;
            for (id, list) in lists {
                let now = articles::$column.eq(IdList::of(&$change(list)));
                each!($conn, c => diesel::update(articles::table.find(id)).set(now).execute(c))?;
            }
        }
    };
}
pub(super) use rewrite;

/// Before a tag goes: takes it out of the texts that carry it. Their revisions still have it. Counts and logs nothing.
///
/// # Errors
/// When the database fails.
pub fn let_go_of_tag(conn: &mut Conn, tag: Id) -> Result<()> {
    revisions::remember_tag(conn, tag)?;
    let carrying = article_tags::table
        .filter(article_tags::tag_id.eq(tag))
        .select(article_tags::article_id);
    let carrying: Vec<Id> = each!(conn, c => carrying.load(c))?;
    rewrite!(conn, tag_ids, carrying, |tags: IdList| without(&tags, tag));
    Ok(())
}

/// Before an author goes: takes their name from under the texts. Their revisions still have it. Logs nothing.
///
/// # Errors
/// When the database fails.
pub fn let_go_of_author(conn: &mut Conn, author: Id) -> Result<()> {
    revisions::remember_author(conn, author)?;
    let written = article_authors::table
        .filter(article_authors::author_id.eq(author))
        .select(article_authors::article_id);
    let written: Vec<Id> = each!(conn, c => written.load(c))?;
    rewrite!(conn, author_ids, written, |authors: IdList| without(
        &authors, author
    ));
    Ok(())
}

fn without(list: &IdList, gone: Id) -> Vec<Id> {
    list.ids().filter(|id| *id != gone).collect()
}

/// What a join table says of each of these texts.
macro_rules! joined {
    ($conn:expr, $join:ident, $column:ident, $ids:expr) => {{
        let query = $join::table
            .filter(id_in($join::article_id, $ids))
            .order(($join::article_id, $join::position))
            .select(($join::article_id, $join::$column));
        let rows: Vec<(Id, Id)> = each!($conn, c => query.load(c))?;
        let mut joined: HashMap<Id, Vec<Id>> = HashMap::new();
        for (text, id) in rows {
            joined.entry(text).or_default().push(id);
        }
        joined
    }};
}

/// The texts, in whatever state, whose rows say otherwise than the join tables: none, unless something damaged them. All are
/// looked at; up to `limit` are answered.
///
/// # Errors
/// When the database fails.
pub fn unlike_joins(conn: &mut Conn, limit: usize) -> Result<Vec<Id>> {
    let (mut unlike, mut after) = (Vec::new(), Id::from_bytes([0; 16]));
    while unlike.len() < limit {
        let some = articles::table
            .filter(articles::id.gt(after))
            .order(articles::id)
            .limit(CHUNK as i64)
            .select((articles::id, articles::tag_ids, articles::author_ids));
        let some: Vec<(Id, IdList, IdList)> = each!(conn, c => some.load(c))?;
        let ids: Vec<Id> = some.iter().map(|(id, ..)| *id).collect();
        let Some(last) = ids.last() else {
            break;
        };
        after = *last;
        let mut tags = joined!(conn, article_tags, tag_id, &ids);
        let mut authors = joined!(conn, article_authors, author_id, &ids);
        let mut of = |id| (tags.remove(&id), authors.remove(&id));
        let others = some.into_iter().filter_map(|(id, in_row, by_row)| {
            let (tags, authors) = of(id);
            let same = in_row == IdList::of(&tags.unwrap_or_default())
                && by_row == IdList::of(&authors.unwrap_or_default());
            (!same).then_some(id)
        });
        unlike.extend(others);
    }
    unlike.truncate(limit);
    Ok(unlike)
}
