//! The tags and authors of texts. Their ids are read with the row, and their names are mostly at hand ([`names`]).

use diesel::prelude::*;

use super::names::{self, Named, NamesState};
use crate::articles::fields::{Field, Selection};
use crate::articles::model::Article;
use crate::db::schema::{article_authors, article_tags, articles};
use crate::db::{Conn, id_list, ids_in_order};
use crate::error::Result;
use crate::id::Id;

/// The tags and authors of a text, in the order of [`REF_COLUMNS`].
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

id_list!(pub(super) TagIds of article_tags: tag_id, article_id = articles::id);
id_list!(pub(super) AuthorIds of article_authors: author_id, article_id = articles::id);

/// The tags and authors of an `articles` row, to be read as [`Refs`].
pub(super) const REF_COLUMNS: (NamesState, TagIds, AuthorIds) = (NamesState, TagIds, AuthorIds);

/// Gives articles their tags and authors, of the refs that were read with each.
pub(super) fn add_refs(
    conn: &mut Conn,
    refs: &[Refs],
    found: &mut [Article],
    show: Selection,
) -> Result<()> {
    if show.has(Field::Tags) {
        let tags = lists_of(conn, refs, |refs| refs.tags.as_deref())?;
        for (article, tags) in found.iter_mut().zip(tags) {
            article.tags = Some(tags);
        }
    }
    if show.has(Field::Authors) {
        let authors = lists_of(conn, refs, |refs| refs.authors.as_deref())?;
        for (article, authors) in found.iter_mut().zip(authors) {
            article.authors = Some(authors);
        }
    }
    Ok(())
}

/// One of the two lists of each of these, with names.
fn lists_of<T: Named>(
    conn: &mut Conn,
    refs: &[Refs],
    list: impl Fn(&Refs) -> Option<&str>,
) -> Result<Vec<Vec<T>>> {
    let Some(state) = refs.first().map(|refs| refs.names) else {
        return Ok(Vec::new());
    };
    let lists = refs.iter().map(|refs| ids_in_order(list(refs)));
    let lists = lists.collect::<Result<Vec<_>>>()?;
    let mut named = names::of(conn, state, &lists.concat())?.into_iter();
    let with_names = |ids: Vec<Id>| named.by_ref().take(ids.len()).flatten().collect();
    Ok(lists.into_iter().map(with_names).collect())
}
