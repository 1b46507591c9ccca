//! The articles beside one in time.

use diesel::prelude::*;

use crate::articles::model::{Kind, State};
use crate::db::schema::articles;
use crate::db::{Conn, each};
use crate::error::Result;
use crate::id::Id;
use crate::time::Time;

/// The published articles of a locale that come just before and just after this place in their order by time, ties by id:
/// the older one, the newer one. Each is the next entry of one index.
///
/// # Errors
/// When the database fails.
pub fn neighbours(
    conn: &mut Conn,
    locale: &str,
    at: Time,
    id: Id,
) -> Result<(Option<Id>, Option<Id>)> {
    let time = articles::published_at.assume_not_null();
    let stream = || {
        articles::table
            .select(articles::id)
            .filter(articles::kind.eq(Kind::Article.as_str()))
            .filter(articles::state.eq(State::Published.as_str()))
            .filter(articles::locale.eq(locale))
    };
    // A range of the index and a condition on top: `time < ? or (time = ? and id < ?)` would read all of it.
    let older = stream()
        .filter(time.le(at))
        .filter(time.lt(at).or(articles::id.lt(id)))
        .order((time.desc(), articles::id.desc()))
        .limit(1);
    let newer = stream()
        .filter(time.ge(at))
        .filter(time.gt(at).or(articles::id.gt(id)))
        .order((time.asc(), articles::id.asc()))
        .limit(1);
    Ok((
        each!(conn, c => older.first(c).optional())?,
        each!(conn, c => newer.first(c).optional())?,
    ))
}
