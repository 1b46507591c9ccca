//! The tags and authors of texts. Their ids are read with the row, and their names are mostly at hand ([`names`]).

use diesel::expression::{ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::sqlite::Sqlite;

use super::names::{self, Named};
use crate::articles::fields::{Field, Selection};
use crate::articles::model::Article;
use crate::db::Conn;
use crate::db::schema::articles;
use crate::error::{Error, Result};
use crate::id::Id;

/// The tags and authors of a text, in the order of [`RefColumns`].
#[derive(Queryable)]
pub(super) struct Refs {
    /// What their names are known under.
    names: i64,
    tags: Option<String>,
    authors: Option<String>,
}

impl Refs {
    pub(super) const FIELDS: [Field; 2] = [Field::Tags, Field::Authors];
}

/// Which tags and authors stand in the `articles` row at hand: the state of all their names, and two lists of what
/// [`in_order`] reads. A statement of its own for each would cost more than what it reads.
#[derive(Debug, Clone, Copy, QueryId)]
pub(super) struct RefColumns;

impl Expression for RefColumns {
    type SqlType = (BigInt, Nullable<Text>, Nullable<Text>);
}
impl<QS> AppearsOnTable<QS> for RefColumns where articles::id: AppearsOnTable<QS> {}
impl<QS> SelectableExpression<QS> for RefColumns where articles::id: SelectableExpression<QS> {}
impl ValidGrouping<()> for RefColumns {
    type IsAggregate = is_aggregate::No;
}

/// [`RefColumns`], given how a database joins texts and writes bytes in hex.
macro_rules! refs {
    ($database:ty, $join:literal, $hex:literal $hex_end:literal, $text:literal) => {
        impl QueryFragment<$database> for RefColumns {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, $database>) -> QueryResult<()> {
                out.push_sql(concat!(
                    "(SELECT names FROM meta), (SELECT ", $join, "(", $hex, "tag_id", $hex_end, " || position", $text,
                    ", ' ') FROM article_tags WHERE article_tags.article_id = articles.id), (SELECT ", $join, "(", $hex,
                    "author_id", $hex_end, " || position", $text,
                    ", ' ') FROM article_authors WHERE article_authors.article_id = articles.id)",
                ));
                Ok(())
            }
        }
    };
}
refs!(Sqlite, "group_concat", "hex(" ")", "");
refs!(Pg, "string_agg", "encode(" ", 'hex')", "::text");

/// The ids in a list of ids in hex, each followed by its position, by these.
fn in_order(list: Option<&str>) -> Result<Vec<Id>> {
    let read = |item: &str| {
        let (hex, position) = item.split_at_checked(32)?;
        Some((position.parse::<i32>().ok()?, Id::from_hex(hex)?))
    };
    let items = list.into_iter().flat_map(|list| list.split(' ')).map(read);
    let items: Option<Vec<(i32, Id)>> = items.collect();
    let mut items = items.ok_or_else(|| Error::internal("a list of ids is none"))?;
    items.sort_unstable_by_key(|(position, _)| *position);
    Ok(items.into_iter().map(|(_, id)| id).collect())
}

/// Gives articles their tags and authors, of the refs that were read with each.
pub(super) fn add_refs(
    conn: &mut Conn,
    refs: &[Refs],
    found: &mut [Article],
    show: Selection,
) -> Result<()> {
    if show.has(Field::Tags) {
        let tags = lists_of(conn, Named::Tag, refs, |refs| refs.tags.as_deref())?;
        for (article, tags) in found.iter_mut().zip(tags) {
            article.tags = Some(tags);
        }
    }
    if show.has(Field::Authors) {
        let authors = lists_of(conn, Named::Author, refs, |refs| refs.authors.as_deref())?;
        for (article, authors) in found.iter_mut().zip(authors) {
            article.authors = Some(authors);
        }
    }
    Ok(())
}

/// One of the two lists of each of these, with names.
fn lists_of<T: From<(Id, String, String)>>(
    conn: &mut Conn,
    what: Named,
    refs: &[Refs],
    list: impl Fn(&Refs) -> Option<&str>,
) -> Result<Vec<Vec<T>>> {
    let Some(state) = refs.first().map(|refs| refs.names) else {
        return Ok(Vec::new());
    };
    let lists = refs.iter().map(|refs| in_order(list(refs)));
    let lists = lists.collect::<Result<Vec<_>>>()?;
    let mut named = names::of(conn, what, state, &lists.concat())?.into_iter();
    let with_names = |ids: Vec<Id>| named.by_ref().take(ids.len()).collect();
    Ok(lists.into_iter().map(with_names).collect())
}
