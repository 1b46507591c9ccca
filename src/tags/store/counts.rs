//! How often tags are used. Each counts the uses of those below it too, which is what makes it public.

use diesel::prelude::*;

use super::footprint;
use crate::changes::model::{Entry, Resource};
use crate::db::dialect::id_in;
use crate::db::schema::tags;
use crate::db::{Conn, Tx, each};
use crate::error::Result;
use crate::id::Id;

/// Counts published texts in or out of these tags, and of the tags above them: `articles` of them are articles.
///
/// # Errors
/// When the database fails.
pub fn count_uses(tx: &mut Tx<'_>, ids: &[Id], articles: i64, texts: i64) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let both = (
        tags::article_count.eq(tags::article_count + articles),
        tags::subtree_count.eq(tags::subtree_count + texts),
    );
    let carried = tags::table.filter(id_in(tags::id, ids));
    each!(tx.conn(), c => diesel::update(carried).set(both).execute(c))?;
    let parents = tags::table
        .select(tags::parent_id.assume_not_null())
        .filter(id_in(tags::id, ids))
        .filter(tags::parent_id.is_not_null());
    let mut above: Vec<Id> = each!(tx.conn(), c => parents.load(c))?;
    while let Some(id) = above.pop() {
        let one = tags::subtree_count.eq(tags::subtree_count + texts);
        each!(tx.conn(), c => diesel::update(tags::table.find(id)).set(one).execute(c))?;
        let parent = tags::table.find(id).select(tags::parent_id);
        above.extend(each!(tx.conn(), c => parent.first::<Option<Id>>(c))?);
    }
    Ok(())
}

/// Uses of a tag and of those below it.
pub(super) fn uses(conn: &mut Conn, id: Id) -> Result<i64> {
    let uses = tags::table.find(id).select(tags::subtree_count);
    Ok(each!(conn, c => uses.first(c))?)
}

/// A tag and those above it, from below.
pub(super) fn line(conn: &mut Conn, from: Option<Id>) -> Result<Vec<Id>> {
    let mut line = Vec::new();
    let mut next = from;
    while let Some(id) = next {
        line.push(id);
        let parent = tags::table.find(id).select(tags::parent_id);
        next = each!(conn, c => parent.first(c))?;
    }
    Ok(line)
}

/// Takes uses off one line of tags and adds them to another. What begins or ceases to be public by that is logged.
pub(super) fn move_uses(tx: &mut Tx<'_>, from: &[Id], to: &[Id], count: i64) -> Result<()> {
    if count == 0 {
        return Ok(());
    }
    let left = from.iter().filter(|id| !to.contains(id));
    let joined = to.iter().filter(|id| !from.contains(id));
    let changed = left
        .map(|id| (*id, -count))
        .chain(joined.map(|id| (*id, count)));
    for (id, more) in changed {
        let before = uses(tx.conn(), id)?;
        let after = before + more;
        let counted = diesel::update(tags::table.find(id)).set(tags::subtree_count.eq(after));
        each!(tx.conn(), c => counted.execute(c))?;
        if (before > 0) != (after > 0) {
            tx.log(Entry {
                action: if after > 0 { "shown" } else { "hidden" },
                resource: Resource::Tag,
                id,
                before: footprint(id, before > 0),
                after: footprint(id, after > 0),
                detail: None,
            });
        }
    }
    Ok(())
}
