//! The queue of mails in the database.

use diesel::prelude::*;

use super::model::{Addressee, Kind, Waiting, pause};
use crate::db::schema::mails;
use crate::db::{Conn, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::Time;

/// Mails that may wait, or a mail server that is away would fill the disk. What the log asks for on top waits there.
const MOST: i64 = 10_000;
/// Links for forgotten passwords among them: anybody may ask for those, and they shall not take the room of the others.
const MOST_LINKS: i64 = 1_000;
/// Stands where a mail goes to no account.
const NO_USER: Id = Id([0; 16]);

#[derive(Queryable)]
struct Row {
    id: Id,
    kind: String,
    resource_id: Id,
    user_id: Id,
    address: String,
    attempts: i32,
    queued_at: Time,
    _due_at: Time,
}

/// Whether that many more mails may wait.
///
/// # Errors
/// When the database fails.
pub fn has_room(conn: &mut Conn, more: usize) -> Result<bool> {
    let more = i64::try_from(more).unwrap_or(i64::MAX);
    Ok(waiting(conn)?.saturating_add(more) <= MOST)
}

/// Whether one more link for a forgotten password may wait.
///
/// # Errors
/// When the database fails.
pub fn has_room_for_links(conn: &mut Conn) -> Result<bool> {
    let links = mails::table.filter(mails::kind.eq(Kind::Reset.as_str()));
    let links: i64 = each!(conn, c => links.count().get_result(c))?;
    Ok(links < MOST_LINKS && has_room(conn, 1)?)
}

/// Puts a mail into the queue.
///
/// # Errors
/// When the database fails.
pub fn enqueue(conn: &mut Conn, kind: Kind, resource: Id, to: &Addressee, now: Time) -> Result<()> {
    let (user, address) = match to {
        Addressee::User(id) => (*id, ""),
        Addressee::Address(address) => (NO_USER, address.as_str()),
        Addressee::Nobody => (NO_USER, ""),
    };
    let row = (
        mails::id.eq(Id::new()),
        mails::kind.eq(kind.as_str()),
        mails::resource_id.eq(resource),
        mails::user_id.eq(user),
        mails::address.eq(address),
        mails::attempts.eq(0),
        mails::queued_at.eq(now),
        mails::due_at.eq(now),
    );
    each!(conn, c => diesel::insert_into(mails::table).values(row).execute(c))?;
    Ok(())
}

/// How many mails wait.
///
/// # Errors
/// When the database fails.
pub fn waiting(conn: &mut Conn) -> Result<i64> {
    Ok(each!(conn, c => mails::table.count().get_result(c))?)
}

/// Whether a mail may be tried now.
///
/// # Errors
/// When the database fails.
pub fn is_due(conn: &mut Conn, now: Time) -> Result<bool> {
    let due = mails::table.filter(mails::due_at.le(now)).select(mails::id);
    Ok(each!(conn, c => due.first::<Id>(c).optional())?.is_some())
}

/// Takes the mail that is due first. Until the pause after this attempt is over it is nobody else's: a node that ends in the
/// middle of it leaves it to the others.
///
/// # Errors
/// When the database fails.
pub fn claim(conn: &mut Conn, now: Time) -> Result<Option<Waiting>> {
    let due = mails::table
        .filter(mails::due_at.le(now))
        .order((mails::due_at, mails::id))
        .select(mails::all_columns);
    let row: Option<Row> = each!(conn, c => due.first(c).optional())?;
    let Some(row) = row else {
        return Ok(None);
    };
    let attempts = row.attempts.saturating_add(1);
    let claimed = (
        mails::attempts.eq(attempts),
        mails::due_at.eq(now.plus(pause(attempts))),
    );
    each!(conn, c => diesel::update(mails::table.find(row.id)).set(claimed).execute(c))?;
    let kind = Kind::from_name(&row.kind)
        .ok_or_else(|| Error::internal(format!("a mail of the kind `{}` waits", row.kind)))?;
    let to = match (row.user_id, row.address) {
        (NO_USER, address) if address.is_empty() => Addressee::Nobody,
        (NO_USER, address) => Addressee::Address(address),
        (user, _) => Addressee::User(user),
    };
    Ok(Some(Waiting {
        id: row.id,
        kind,
        resource: row.resource_id,
        to,
        queued_at: row.queued_at,
        again: attempts > 1,
    }))
}

/// Takes a mail out of the queue: it was sent, or never will be.
///
/// # Errors
/// When the database fails.
pub fn remove(conn: &mut Conn, id: Id) -> Result<()> {
    each!(conn, c => diesel::delete(mails::table.find(id)).execute(c))?;
    Ok(())
}

/// Takes all mails out of the queue.
///
/// # Errors
/// When the database fails.
pub fn clear(conn: &mut Conn) -> Result<()> {
    each!(conn, c => diesel::delete(mails::table).execute(c))?;
    Ok(())
}
