//! The log as those read it who follow it, and how far each has come.

use diesel::prelude::*;

use super::{known, last};
use crate::changes::audit::ActorKind;
use crate::changes::model::Resource;
use crate::db::schema::{changes, followers};
use crate::db::{Conn, each};
use crate::error::Result;
use crate::id::Id;
use crate::time::Time;

/// What a follower of the log reads of a change to one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// The number of the write.
    pub change: i64,
    /// The kind of what was changed.
    pub resource: Resource,
    /// What was changed.
    pub id: Id,
    /// Delivery showed it before, or shows it now.
    pub public: bool,
}

/// What the log says after a change, up to `numbers` numbers of it, in order, and the last number that was looked at.
///
/// # Errors
/// When the database fails.
pub fn after(conn: &mut Conn, change: i64, numbers: i64) -> Result<(Vec<Followed>, i64)> {
    let upto = last(conn)?.min(change.saturating_add(numbers));
    let query = changes::table
        .select((
            changes::number,
            changes::resource,
            changes::resource_id,
            changes::was_public,
            changes::is_public,
        ))
        .filter(changes::number.gt(change))
        .filter(changes::number.le(upto))
        .order((changes::number, changes::position));
    let rows: Vec<(i64, String, Id, bool, bool)> = each!(conn, c => query.load(c))?;
    let followed = rows
        .into_iter()
        .map(|(change, resource, id, was, is)| {
            Ok(Followed {
                change,
                resource: known(&resource, Resource::from_name)?,
                id,
                public: was || is,
            })
        })
        .collect::<Result<_>>()?;
    Ok((followed, upto))
}

/// What somebody did to one resource, for those who tell others of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acted {
    /// The number of the write.
    pub change: i64,
    /// When.
    pub at: Time,
    /// What was done.
    pub action: String,
    /// The kind of what it was done to.
    pub resource: Resource,
    /// What it was done to.
    pub id: Id,
    /// The account behind it.
    pub user: Option<Id>,
    /// Somebody did it, and not the program by itself.
    pub by_somebody: bool,
}

/// What was done after a change, up to `numbers` numbers of it, in order, and the last number that was looked at.
///
/// # Errors
/// When the database fails.
pub fn acted_after(conn: &mut Conn, change: i64, numbers: i64) -> Result<(Vec<Acted>, i64)> {
    type Row = (i64, Time, String, String, Id, Option<Id>, String);
    let upto = last(conn)?.min(change.saturating_add(numbers));
    let query = changes::table
        .select((
            changes::number,
            changes::at,
            changes::action,
            changes::resource,
            changes::resource_id,
            changes::actor_id,
            changes::actor,
        ))
        .filter(changes::number.gt(change))
        .filter(changes::number.le(upto))
        .order((changes::number, changes::position));
    let rows: Vec<Row> = each!(conn, c => query.load(c))?;
    let acted = rows
        .into_iter()
        .map(|(change, at, action, resource, id, user, actor)| {
            Ok(Acted {
                change,
                at,
                action,
                resource: known(&resource, Resource::from_name)?,
                id,
                user,
                by_somebody: known(&actor, ActorKind::from_name)? != ActorKind::System,
            })
        })
        .collect::<Result<_>>()?;
    Ok((acted, upto))
}

/// What tells this change from another of the same number: a database that was put back to an earlier state, and went on
/// from there, has others. None where there is no such change.
///
/// # Errors
/// When the database fails.
pub fn mark(conn: &mut Conn, change: i64) -> Result<Option<String>> {
    let query = changes::table
        .select((changes::at, changes::resource_id, changes::action))
        .filter(changes::number.eq(change))
        .order(changes::position);
    let row: Option<(Time, Id, String)> = each!(conn, c => query.first(c).optional())?;
    Ok(row.map(|(at, id, action)| format!("{} {id} {action}", at.millis())))
}

/// What changes after this one touched of what readers saw or see, in order: the number and the cache tags. Up to `most`
/// rows of them.
///
/// # Errors
/// When the database fails.
pub fn touched_after(conn: &mut Conn, change: i64, most: i64) -> Result<Vec<(i64, String)>> {
    let query = changes::table
        .select((changes::number, changes::tags_before, changes::tags_after))
        .filter(changes::number.gt(change))
        .filter(changes::was_public.or(changes::is_public))
        .order((changes::number, changes::position))
        .limit(most);
    let rows: Vec<(i64, String, String)> = each!(conn, c => query.load(c))?;
    let touched = rows
        .into_iter()
        .map(|(change, before, after)| (change, format!("{before} {after}")));
    Ok(touched.collect())
}

/// How far a follower has come, and the mark that it left; none where it has never begun.
///
/// # Errors
/// When the database fails.
pub fn position_of(conn: &mut Conn, follower: &str) -> Result<Option<(i64, String)>> {
    let query = followers::table
        .find(follower)
        .select((followers::change, followers::mark));
    Ok(each!(conn, c => query.first(c).optional())?)
}

/// Notes how far a follower has come.
///
/// # Errors
/// When the database fails.
pub fn set_position(conn: &mut Conn, follower: &str, change: i64, mark: &str) -> Result<()> {
    let row = (followers::change.eq(change), followers::mark.eq(mark));
    let there = diesel::update(followers::table.find(follower)).set(row);
    if each!(conn, c => there.execute(c))? == 0 {
        let row = (followers::name.eq(follower), row.0, row.1);
        each!(conn, c => diesel::insert_into(followers::table).values(row).execute(c))?;
    }
    Ok(())
}
