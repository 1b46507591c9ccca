//! The numbers of texts. SQLite finds a row by its number in one step, where an id is looked up in an index first; so what readers
//! ask for most, a text at its address, goes by number: from the address to the text and from there to its body.

use diesel::prelude::*;

use crate::db::schema::{article_bodies, article_slugs, articles};
use crate::db::{Conn, each};
use crate::error::Result;
use crate::id::Id;

/// The number of a text that stands already, for a row of its body or its addresses.
macro_rules! number_of {
    ($id:expr) => {
        articles::table
            .find($id)
            .select(articles::number)
            .single_value()
            .assume_not_null()
    };
}
pub(super) use number_of;

/// The texts whose body or addresses have another number than they: none, unless something damaged them. `limit` by their bodies and
/// as many by their addresses at most.
///
/// # Errors
/// When the database fails.
pub fn misnumbered(conn: &mut Conn, limit: i64) -> Result<Vec<Id>> {
    let bodies = article_bodies::table
        .inner_join(articles::table)
        .filter(article_bodies::number.ne(articles::number))
        .select(articles::id)
        .limit(limit);
    let mut found: Vec<Id> = each!(conn, c => bodies.load(c))?;
    let addresses = article_slugs::table
        .inner_join(articles::table)
        .filter(article_slugs::number.ne(articles::number))
        .select(articles::id)
        .limit(limit);
    found.extend(each!(conn, c => addresses.load::<Id>(c))?);
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
