//! Tags in the database. Delivery sees a tag when a published article carries it or a tag below it: one that only drafts
//! use would give their subject away.

mod counts;
pub mod edit;
mod list;
mod merge;
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
pub use self::merge::merge;
pub use self::write::{create, delete, ensure, restore, update};

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
    look_up(conn, key, 0)
}

/// The public tag of this id, slug, name or alias: to readers, one that is not public takes no name from another.
///
/// # Errors
/// When the database fails.
pub fn find_public(conn: &mut Conn, key: &str) -> Result<Option<Found>> {
    look_up(conn, key, 1)
}

/// Among those with so many uses or more.
fn look_up(conn: &mut Conn, key: &str, uses: i64) -> Result<Option<Found>> {
    let found = (tags::id, tags::article_count);
    let used = tags::subtree_count.ge(uses);
    if let Ok(id) = key.parse::<Id>() {
        let of_id = tags::table.find(id).select(found).filter(used);
        return Ok(each!(conn, c => of_id.first(c).optional())?);
    }
    let name = slug::name_key(key);
    let of_slug = tags::table
        .select(found)
        .filter(tags::slug.eq(key))
        .filter(used);
    if let Some(tag) = each!(conn, c => of_slug.first(c).optional())? {
        return Ok(Some(tag));
    }
    // A slug that led to a tag leads there, whatever is called so since.
    let of_former = tag_aliases::table
        .inner_join(tags::table)
        .select(found)
        .filter(tag_aliases::slug.eq(key))
        .filter(used);
    if let Some(tag) = each!(conn, c => of_former.first(c).optional())? {
        return Ok(Some(tag));
    }
    let of_name = tags::table
        .select(found)
        .filter(tags::name_key.eq(&name))
        .filter(used);
    if let Some(tag) = each!(conn, c => of_name.first(c).optional())? {
        return Ok(Some(tag));
    }
    let of_alias = tag_aliases::table
        .inner_join(tags::table)
        .select(found)
        .filter(tag_aliases::name_key.eq(&name))
        .filter(used)
        .order(tag_aliases::slug);
    Ok(each!(conn, c => of_alias.first(c).optional())?)
}

/// These tags, in any order.
///
/// # Errors
/// When the database fails.
pub fn refs(conn: &mut Conn, ids: &[Id]) -> Result<Vec<TagRef>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = tags::table
        .select((tags::id, tags::slug, tags::name))
        .filter(id_in(tags::id, ids));
    let found: Vec<(Id, String, String)> = each!(conn, c => query.load(c))?;
    Ok(found.into_iter().map(TagRef::from).collect())
}

/// Those of these tags that something public carries, in any order.
///
/// # Errors
/// When the database fails.
pub fn public_refs(conn: &mut Conn, ids: &[Id]) -> Result<Vec<TagRef>> {
    let query = tags::table
        .select((tags::id, tags::slug, tags::name))
        .filter(tags::subtree_count.gt(0))
        .filter(id_in(tags::id, ids));
    let found: Vec<(Id, String, String)> = each!(conn, c => query.load(c))?;
    Ok(found.into_iter().map(TagRef::from).collect())
}

/// Public tags whose name, or another name of theirs, begins so: up to `most`, those that most articles carry first.
///
/// # Errors
/// When the database fails.
pub fn beginning(conn: &mut Conn, start: &str, most: usize) -> Result<Vec<TagRef>> {
    /// Names that are looked at. There are seldom so many that begin with one letter.
    const LOOKED_AT: i64 = 2_000;
    let start = slug::name_key(start);
    if start.is_empty() {
        return Ok(Vec::new());
    }
    let mut end = start.clone();
    end.push(char::MAX);
    let columns = (tags::article_count, tags::id, tags::slug, tags::name);
    let named = tags::table
        .select(columns)
        .filter(tags::name_key.ge(&start))
        .filter(tags::name_key.lt(&end))
        .filter(tags::subtree_count.gt(0))
        .limit(LOOKED_AT);
    let aliased = tag_aliases::table
        .inner_join(tags::table)
        .select(columns)
        .filter(tag_aliases::name_key.ge(&start))
        .filter(tag_aliases::name_key.lt(&end))
        .filter(tags::subtree_count.gt(0))
        .limit(LOOKED_AT);
    let mut found: Vec<(i64, Id, String, String)> = each!(conn, c => named.load(c))?;
    let more: Vec<(i64, Id, String, String)> = each!(conn, c => aliased.load(c))?;
    found.extend(more);
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.2.cmp(&b.2)));
    found.dedup_by_key(|(_, id, ..)| *id);
    found.truncate(most);
    let tags = found
        .into_iter()
        .map(|(_, id, slug, name)| TagRef::from((id, slug, name)));
    Ok(tags.collect())
}

/// What a tag shows.
fn footprint(id: Id, public: bool) -> Footprint {
    Footprint {
        public,
        tags: format!("{} {}", cache::of(Resource::Tag, id), cache::LIST_TAGS),
    }
}
