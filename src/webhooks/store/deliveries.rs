//! What is told to webhooks: written down once, looked at by admins, sent once more when they ask.

use diesel::prelude::*;

use super::get as webhook;
use crate::changes::model::Event;
use crate::changes::store as log;
use crate::db::dialect::id_in;
use crate::db::page::{Cursor, Key, Page, Slice};
use crate::db::schema::webhook_deliveries::{self, table};
use crate::db::{Conn, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::Time;
use crate::webhooks::model::{Delivery, DeliveryStatus, PING, REMEMBERED};

/// The order of the list: the newest first.
pub const SORT: &str = "-created_at";

/// Rows that are removed at once: others wait to write meanwhile.
const SWEPT: i64 = 500;

#[derive(Queryable)]
struct Row {
    id: Id,
    event: String,
    resource_id: Id,
    change: i64,
    status: String,
    attempts: i32,
    last_status: Option<i32>,
    error: Option<String>,
    created_at: Time,
    attempted_at: Option<Time>,
    next_at: Option<Time>,
}

type Columns = (
    webhook_deliveries::id,
    webhook_deliveries::event,
    webhook_deliveries::resource_id,
    webhook_deliveries::change,
    webhook_deliveries::status,
    webhook_deliveries::attempts,
    webhook_deliveries::last_status,
    webhook_deliveries::error,
    webhook_deliveries::created_at,
    webhook_deliveries::attempted_at,
    webhook_deliveries::next_at,
);
const COLUMNS: Columns = (
    webhook_deliveries::id,
    webhook_deliveries::event,
    webhook_deliveries::resource_id,
    webhook_deliveries::change,
    webhook_deliveries::status,
    webhook_deliveries::attempts,
    webhook_deliveries::last_status,
    webhook_deliveries::error,
    webhook_deliveries::created_at,
    webhook_deliveries::attempted_at,
    webhook_deliveries::next_at,
);

impl Row {
    fn into_delivery(self) -> Result<Delivery> {
        let unknown =
            || Error::internal(format!("the stored status {} of a delivery", self.status));
        Ok(Delivery {
            status: DeliveryStatus::from_name(&self.status).ok_or_else(unknown)?,
            id: self.id,
            event: self.event,
            resource_id: self.resource_id,
            change: self.change,
            attempts: self.attempts,
            last_status: self.last_status,
            error: self.error,
            created_at: self.created_at,
            attempted_at: self.attempted_at,
            next_attempt_at: self.next_at,
        })
    }
}

macro_rules! narrow {
    ($query:expr, $webhook:expr, $status:expr) => {{
        let mut query = $query.filter(webhook_deliveries::webhook_id.eq($webhook));
        if let Some(status) = $status {
            query = query.filter(webhook_deliveries::status.eq(status.as_str()));
        }
        query
    }};
}

/// One page of what was, is and will be sent to a webhook; of that which has this status alone, where one is given.
///
/// # Errors
/// [`Error::NotFound`] where there is no such webhook.
pub fn list(
    conn: &mut Conn,
    of: Id,
    status: Option<DeliveryStatus>,
    page: &Page,
    count: bool,
) -> Result<Slice<Delivery>> {
    webhook(conn, of)?;
    let rows: Vec<Row> = each!(conn, c => {
        let mut query = narrow!(table.select(COLUMNS).into_boxed(), of, status);
        if let Some(Cursor { key: Key::Number(at), id, backward, .. }) = page.cursor() {
            query = if *backward {
                query
                    .filter(webhook_deliveries::created_at.ge(at))
                    .filter(webhook_deliveries::created_at.gt(at).or(webhook_deliveries::id.gt(id)))
            } else {
                query
                    .filter(webhook_deliveries::created_at.le(at))
                    .filter(webhook_deliveries::created_at.lt(at).or(webhook_deliveries::id.lt(id)))
            };
        }
        query = if page.backward() {
            query.order((webhook_deliveries::created_at.asc(), webhook_deliveries::id.asc()))
        } else {
            query.order((webhook_deliveries::created_at.desc(), webhook_deliveries::id.desc()))
        };
        query.limit(page.fetch()).offset(page.offset()).load(c)
    })?;
    let total = if count {
        Some(each!(conn, c => narrow!(table.into_boxed(), of, status).count().get_result(c))?)
    } else {
        None
    };
    let slice = page.cut(rows, SORT, |row| {
        (Key::Number(row.created_at.millis()), row.id)
    });
    let items = slice.items.into_iter().map(Row::into_delivery);
    Ok(Slice {
        items: items.collect::<Result<_>>()?,
        next: slice.next,
        previous: slice.previous,
        total,
    })
}

/// One delivery to a webhook.
///
/// # Errors
/// [`Error::NotFound`] where there is none of that id to that webhook.
pub fn get(conn: &mut Conn, of: Id, id: Id) -> Result<Delivery> {
    let found = table
        .find(id)
        .filter(webhook_deliveries::webhook_id.eq(of))
        .select(COLUMNS);
    let row: Option<Row> = each!(conn, c => found.first(c).optional())?;
    row.ok_or(Error::NotFound("delivery"))?.into_delivery()
}

/// Writes down that a webhook is to be told of this. What is written down already stays as it is.
///
/// # Errors
/// When the database fails.
pub(in crate::webhooks) fn add(conn: &mut Conn, of: Id, event: &Event, now: Time) -> Result<()> {
    let next = match waits(conn, of, event.id, None)? {
        true => None,
        false => Some(now),
    };
    // Before this is among what is due.
    let rests = super::sending::rests(conn, of)?;
    let name = format!("{}.{}", event.resource.as_str(), event.action);
    let row = (
        webhook_deliveries::position.eq(Some(event.position)),
        new_row(Id::new(), (of, event.id), event.change, &name, now),
        webhook_deliveries::next_at.eq(next),
    );
    each!(conn, c => diesel::insert_into(table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    match next {
        Some(next) if !rests => super::sending::expect(conn, of, next),
        _ => Ok(()),
    }
}

type NewRow<'a> = (
    diesel::dsl::Eq<webhook_deliveries::id, Id>,
    diesel::dsl::Eq<webhook_deliveries::webhook_id, Id>,
    diesel::dsl::Eq<webhook_deliveries::change, i64>,
    diesel::dsl::Eq<webhook_deliveries::event, &'a str>,
    diesel::dsl::Eq<webhook_deliveries::resource_id, Id>,
    diesel::dsl::Eq<webhook_deliveries::status, &'static str>,
    diesel::dsl::Eq<webhook_deliveries::attempts, i32>,
    diesel::dsl::Eq<webhook_deliveries::began_at, Time>,
    diesel::dsl::Eq<webhook_deliveries::created_at, Time>,
);

fn new_row(id: Id, (of, about): (Id, Id), change: i64, event: &str, now: Time) -> NewRow<'_> {
    (
        webhook_deliveries::id.eq(id),
        webhook_deliveries::webhook_id.eq(of),
        webhook_deliveries::change.eq(change),
        webhook_deliveries::event.eq(event),
        webhook_deliveries::resource_id.eq(about),
        webhook_deliveries::status.eq(DeliveryStatus::Pending.as_str()),
        webhook_deliveries::attempts.eq(0),
        webhook_deliveries::began_at.eq(now),
        webhook_deliveries::created_at.eq(now),
    )
}

/// Whether something about the same resource is to be sent to a webhook first: anything, or what came before this row.
fn waits(conn: &mut Conn, of: Id, about: Id, before: Option<(i64, Id)>) -> Result<bool> {
    let first = first_pending(conn, of, about)?;
    Ok(match (first, before) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(first), Some(own)) => first < own,
    })
}

/// The earliest that is still to be sent to a webhook about a resource.
fn first_pending(conn: &mut Conn, of: Id, about: Id) -> Result<Option<(i64, Id)>> {
    let first = table
        .select((webhook_deliveries::change, webhook_deliveries::id))
        .filter(webhook_deliveries::webhook_id.eq(of))
        .filter(webhook_deliveries::resource_id.eq(about))
        .filter(webhook_deliveries::ended_at.is_null())
        .order((webhook_deliveries::change, webhook_deliveries::id));
    Ok(each!(conn, c => first.first(c).optional())?)
}

/// Lets what waited for something about a resource go next.
pub(super) fn wake(conn: &mut Conn, of: Id, about: Id, now: Time) -> Result<()> {
    let Some((_, id)) = first_pending(conn, of, about)? else {
        return Ok(());
    };
    let waiting = table.find(id).filter(webhook_deliveries::next_at.is_null());
    let next = webhook_deliveries::next_at.eq(Some(now));
    each!(conn, c => diesel::update(waiting).set(next).execute(c))?;
    super::sending::expect(conn, of, now)
}

/// Writes down a test of a webhook.
///
/// # Errors
/// [`Error::NotFound`] where there is no such webhook; [`Error::Conflict`] where it is disabled.
pub fn ping(conn: &mut Conn, of: Id, now: Time) -> Result<Delivery> {
    check_enabled(conn, of)?;
    let change = log::last(conn)?;
    let next = match waits(conn, of, of, None)? {
        true => None,
        false => Some(now),
    };
    let id = Id::new();
    let row = (
        new_row(id, (of, of), change, PING, now),
        webhook_deliveries::next_at.eq(next),
    );
    each!(conn, c => diesel::insert_into(table).values(row).execute(c))?;
    super::sending::expect(conn, of, now)?;
    get(conn, of, id)
}

/// Sends something once more, under its id, from the first attempt on.
///
/// # Errors
/// [`Error::NotFound`] where there is no such webhook or delivery; [`Error::Conflict`] where the webhook is disabled.
pub fn replay(conn: &mut Conn, of: Id, id: Id, now: Time) -> Result<Delivery> {
    check_enabled(conn, of)?;
    let was = get(conn, of, id)?;
    let next = match waits(conn, of, was.resource_id, Some((was.change, id)))? {
        true => None,
        false => Some(now),
    };
    let row = (
        webhook_deliveries::status.eq(DeliveryStatus::Pending.as_str()),
        webhook_deliveries::attempts.eq(0),
        webhook_deliveries::began_at.eq(now),
        webhook_deliveries::next_at.eq(next),
        webhook_deliveries::ended_at.eq(None::<Time>),
    );
    each!(conn, c => diesel::update(table.find(id)).set(row).execute(c))?;
    super::sending::expect(conn, of, now)?;
    get(conn, of, id)
}

fn check_enabled(conn: &mut Conn, of: Id) -> Result<()> {
    if webhook(conn, of)?.enabled {
        Ok(())
    } else {
        let detail = "this webhook is disabled: nothing is sent to it";
        Err(Error::Conflict(detail.to_owned()))
    }
}

/// Gives up all that is still to be sent, for this reason. Admins can send it once more.
///
/// # Errors
/// When the database fails.
pub(in crate::webhooks) fn give_up(conn: &mut Conn, reason: &str, now: Time) -> Result<()> {
    let pending = table.filter(webhook_deliveries::ended_at.is_null());
    let ended = (
        webhook_deliveries::status.eq(DeliveryStatus::Failed.as_str()),
        webhook_deliveries::error.eq(Some(reason)),
        webhook_deliveries::next_at.eq(None::<Time>),
        webhook_deliveries::ended_at.eq(Some(now)),
    );
    each!(conn, c => diesel::update(pending).set(ended).execute(c))?;
    super::sending::expect_nothing(conn)
}

/// How many are still to be sent.
///
/// # Errors
/// When the database fails.
pub(in crate::webhooks) fn pending(conn: &mut Conn) -> Result<i64> {
    let pending = table.filter(webhook_deliveries::ended_at.is_null()).count();
    Ok(each!(conn, c => pending.get_result(c))?)
}

/// Removes some of what ended long ago, or never will since its webhook is disabled, and answers whether there may be more.
///
/// # Errors
/// When the database fails.
pub fn sweep(conn: &mut Conn, now: Time) -> Result<bool> {
    let long_ago = now.minus(REMEMBERED);
    let old = table
        .select(webhook_deliveries::id)
        .filter(webhook_deliveries::ended_at.lt(long_ago))
        .limit(SWEPT);
    let old: Vec<Id> = each!(conn, c => old.load(c))?;
    let old_rows = table.filter(id_in(webhook_deliveries::id, &old));
    if !old.is_empty() {
        each!(conn, c => diesel::delete(old_rows).execute(c))?;
    }
    // Since its first attempt: one that was sent once more is as old as that.
    let never = table
        .select((
            webhook_deliveries::id,
            webhook_deliveries::webhook_id,
            webhook_deliveries::resource_id,
        ))
        .filter(webhook_deliveries::ended_at.is_null())
        .filter(webhook_deliveries::began_at.lt(long_ago))
        .limit(SWEPT);
    let never: Vec<(Id, Id, Id)> = each!(conn, c => never.load(c))?;
    for (id, of, about) in &never {
        each!(conn, c => diesel::delete(table.find(id)).execute(c))?;
        // What waited for it waits no longer.
        wake(conn, *of, *about, now)?;
    }
    let most = old.len().max(never.len());
    Ok(i64::try_from(most).is_ok_and(|swept| swept == SWEPT))
}

/// Gives up what is still to be sent to a webhook, for this reason. Admins can send it once more.
///
/// # Errors
/// When the database fails.
pub(super) fn end_pending(conn: &mut Conn, of: Id, reason: &str, now: Time) -> Result<()> {
    let pending = table
        .filter(webhook_deliveries::webhook_id.eq(of))
        .filter(webhook_deliveries::ended_at.is_null());
    let ended = (
        webhook_deliveries::status.eq(DeliveryStatus::Failed.as_str()),
        webhook_deliveries::error.eq(Some(reason)),
        webhook_deliveries::next_at.eq(None::<Time>),
        webhook_deliveries::ended_at.eq(Some(now)),
    );
    each!(conn, c => diesel::update(pending).set(ended).execute(c))?;
    Ok(())
}
