//! Tags in the database. Delivery sees a tag when a published article carries it or a tag below it: one that only drafts
//! use would give their subject away.

mod counts;
pub mod edit;
mod list;
#[cfg(test)]
mod tests;
mod write;

use diesel::prelude::*;

use super::model::TagRef;
use crate::changes::model::{Footprint, Resource};
use crate::changes::tags as cache;
use crate::db::dialect::id_in;
use crate::db::schema::{tag_aliases, tags};
use crate::db::{Conn, each};
use crate::error::Result;
use crate::id::Id;
use crate::slug;

pub use self::counts::count_uses;
pub use self::list::{list, public};
pub use self::write::{create, delete, ensure, update};

/// A tag as the rest of the program finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct Found {
    /// Which.
    pub id: Id,
    /// Published articles that carry it: the rarest of several is where a search for all of them begins.
    pub article_count: i64,
}

/// The tag of this id, slug, name or alias.
///
/// # Errors
/// When the database fails.
pub fn find(conn: &mut Conn, key: &str) -> Result<Option<Found>> {
    let found = (tags::id, tags::article_count);
    if let Ok(id) = key.parse::<Id>() {
        return Ok(each!(conn, c => tags::table.find(id).select(found).first(c).optional())?);
    }
    let name = slug::name_key(key);
    let of_slug = tags::table.select(found).filter(tags::slug.eq(key));
    if let Some(tag) = each!(conn, c => of_slug.first(c).optional())? {
        return Ok(Some(tag));
    }
    let of_name = tags::table.select(found).filter(tags::name_key.eq(&name));
    if let Some(tag) = each!(conn, c => of_name.first(c).optional())? {
        return Ok(Some(tag));
    }
    let of_alias = tag_aliases::table
        .inner_join(tags::table)
        .select(found)
        .filter(
            tag_aliases::slug
                .eq(key)
                .or(tag_aliases::name_key.eq(&name)),
        )
        .order(tag_aliases::slug);
    Ok(each!(conn, c => of_alias.first(c).optional())?)
}

fn refs(conn: &mut Conn, ids: &[Id]) -> Result<Vec<TagRef>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = tags::table
        .select((tags::id, tags::slug, tags::name))
        .filter(id_in(tags::id, ids));
    let found: Vec<(Id, String, String)> = each!(conn, c => query.load(c))?;
    Ok(found
        .into_iter()
        .map(|(id, slug, name)| TagRef { id, slug, name })
        .collect())
}

/// What a tag shows.
fn footprint(id: Id, public: bool) -> Footprint {
    Footprint {
        public,
        tags: format!("{} {}", cache::of(Resource::Tag, id), cache::LIST_TAGS),
    }
}
