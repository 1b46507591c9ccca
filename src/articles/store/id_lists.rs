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

/// Makes the rows of these texts show the tags that the join table says.
pub(super) fn follow_tags(conn: &mut Conn, texts: &[Id]) -> Result<()> {
    for some in texts.chunks(CHUNK) {
        let rows = articles::table.filter(id_in(articles::id, some));
        let rows = diesel::update(rows).set(articles::tag_ids.eq(JoinedTags));
        each!(conn, c => rows.execute(c))?;
    }
    Ok(())
}

/// The same of authors.
fn follow_authors(conn: &mut Conn, texts: &[Id]) -> Result<()> {
    for some in texts.chunks(CHUNK) {
        let rows = articles::table.filter(id_in(articles::id, some));
        let rows = diesel::update(rows).set(articles::author_ids.eq(JoinedAuthors));
        each!(conn, c => rows.execute(c))?;
    }
    Ok(())
}

/// Before a tag goes: takes it off the texts that carry it. Their revisions still have it. Counts and logs nothing.
///
/// # Errors
/// When the database fails.
pub fn let_go_of_tag(conn: &mut Conn, tag: Id) -> Result<()> {
    revisions::remember_tag(conn, tag)?;
    let carrying = article_tags::table.filter(article_tags::tag_id.eq(tag));
    let texts = carrying.select(article_tags::article_id);
    let texts: Vec<Id> = each!(conn, c => texts.load(c))?;
    each!(conn, c => diesel::delete(carrying).execute(c))?;
    follow_tags(conn, &texts)
}

/// Before an author goes: takes their name from under the texts. Their revisions still have it. Logs nothing.
///
/// # Errors
/// When the database fails.
pub fn let_go_of_author(conn: &mut Conn, author: Id) -> Result<()> {
    revisions::remember_author(conn, author)?;
    let written = article_authors::table.filter(article_authors::author_id.eq(author));
    let texts = written.select(article_authors::article_id);
    let texts: Vec<Id> = each!(conn, c => texts.load(c))?;
    each!(conn, c => diesel::delete(written).execute(c))?;
    follow_authors(conn, &texts)
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
