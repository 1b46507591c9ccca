//! The lists of ids in the rows of texts: the tags and authors that a text shows, in their order. The join tables say the same,
//! for whoever looks for texts by them.

use diesel::prelude::*;

use super::revisions;
use crate::db::dialect::id_in;
use crate::db::schema::{article_authors, article_tags, articles};
use crate::db::{Conn, each, id_list};
use crate::error::Result;
use crate::id::Id;

/// Texts that one statement is about.
pub(super) const CHUNK: usize = 128;

id_list!(JoinedTags of article_tags: tag_id, article_id = articles::id);
id_list!(JoinedAuthors of article_authors: author_id, article_id = articles::id);

/// Makes the rows of these texts show what a join table says.
macro_rules! follow {
    ($conn:expr, $texts:expr, $list:ident, $joined:expr) => {{
        for some in $texts.chunks(CHUNK) {
            let rows = articles::table.filter(id_in(articles::id, some));
            let rows = diesel::update(rows).set(articles::$list.eq($joined));
            each!($conn, c => rows.execute(c))?;
        }
        Ok(())
    }};
}

/// Takes all texts out of a join table that stand there under an id, and answers them.
macro_rules! take_out {
    ($conn:expr, $join:ident, $column:ident, $id:expr) => {{
        let rows = $join::table.filter($join::$column.eq($id));
        let texts: Vec<Id> = each!($conn, c => rows.select($join::article_id).load(c))?;
        each!($conn, c => diesel::delete(rows).execute(c))?;
        texts
    }};
}

/// Makes the rows of these texts show the tags that the join table says.
pub(super) fn follow_tags(conn: &mut Conn, texts: &[Id]) -> Result<()> {
    follow!(conn, texts, tag_ids, JoinedTags)
}

/// Before a tag goes: takes it off the texts that carry it. Their revisions still have it. Counts and logs nothing.
///
/// # Errors
/// When the database fails.
pub fn let_go_of_tag(conn: &mut Conn, tag: Id) -> Result<()> {
    revisions::remember_tag(conn, tag)?;
    let texts = take_out!(conn, article_tags, tag_id, tag);
    follow_tags(conn, &texts)
}

/// Before an author goes: takes their name from under the texts. Their revisions still have it. Logs nothing.
///
/// # Errors
/// When the database fails.
pub fn let_go_of_author(conn: &mut Conn, author: Id) -> Result<()> {
    revisions::remember_author(conn, author)?;
    let texts = take_out!(conn, article_authors, author_id, author);
    follow!(conn, texts, author_ids, JoinedAuthors)
}

/// The texts, in whatever state, whose rows say otherwise than the join tables: none, unless something damaged them. It stops
/// looking when it has found `limit` or more.
///
/// # Errors
/// When the database fails.
pub fn unlike_joins(conn: &mut Conn, limit: usize) -> Result<Vec<Id>> {
    let (mut unlike, mut from) = (Vec::new(), Some(Id::from_bytes([0; 16])));
    while let Some(first) = from.filter(|_| unlike.len() < limit) {
        let is_unlike = articles::tag_ids
            .ne(JoinedTags)
            .or(articles::author_ids.ne(JoinedAuthors));
        let some = articles::table
            .filter(articles::id.ge(first))
            .order(articles::id)
            .limit(CHUNK as i64)
            .select((articles::id, is_unlike));
        let some: Vec<(Id, bool)> = each!(conn, c => some.load(c))?;
        from = some.last().and_then(|(last, _)| {
            let next = u128::from_be_bytes(*last.as_bytes()).checked_add(1)?;
            Some(Id::from_bytes(next.to_be_bytes()))
        });
        unlike.extend(some.into_iter().filter(|(_, is)| *is).map(|(id, _)| id));
    }
    Ok(unlike)
}
