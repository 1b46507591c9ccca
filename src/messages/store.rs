//! Messages in the database.

mod write;

use diesel::prelude::*;

use super::model::{CaughtBy, Message, MessageStatus};
use crate::changes::model::Resource;
use crate::changes::tags as cache;
use crate::db::dialect::holds;
use crate::db::page::{Cursor, Key, Page, Slice};
use crate::db::schema::messages;
use crate::db::{Conn, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::Time;

pub use self::write::{delete, receive, set_status, sweep};

/// The one order of the list: what came last stands first.
pub const SORT: &str = "-received_at";

#[derive(Queryable)]
struct Row {
    id: Id,
    status: String,
    name: String,
    email: String,
    subject: Option<String>,
    message: String,
    caught_by: Option<String>,
    version: i64,
    received_at: Time,
    updated_at: Time,
}

impl Row {
    fn into_message(self) -> Result<Message> {
        let unknown = |name: &str| Error::internal(format!("`{name}` stands in a stored message"));
        let caught_by = self.caught_by.map(|name| {
            let known = CaughtBy::from_name(&name);
            known.ok_or_else(|| unknown(&name))
        });
        Ok(Message {
            status: MessageStatus::from_name(&self.status).ok_or_else(|| unknown(&self.status))?,
            caught_by: caught_by.transpose()?,
            cache_tag: cache::of(Resource::Message, self.id),
            id: self.id,
            name: self.name,
            email: self.email,
            subject: self.subject,
            message: self.message,
            version: self.version,
            received_at: self.received_at,
            updated_at: self.updated_at,
        })
    }
}

/// Which messages a list holds. Everything is optional; what is given must all hold.
#[derive(Debug, Clone, Default)]
pub struct MessageFilter {
    /// In one of these states.
    pub status: Vec<MessageStatus>,
    /// A part of the name, the address, the subject or the text.
    pub part: Option<String>,
    /// Received at this time or later.
    pub since: Option<Time>,
    /// Received before this time.
    pub until: Option<Time>,
}

macro_rules! narrow {
    ($query:expr, $filter:expr) => {{
        let MessageFilter {
            status,
            part,
            since,
            until,
        } = $filter;
        let mut query = $query;
        if !status.is_empty() {
            let names = status.iter().map(|status| status.as_str());
            query = query.filter(messages::status.eq_any(names));
        }
        if let Some(part) = part {
            query = query.filter(
                holds(messages::name, part)
                    .or(holds(messages::email, part))
                    .or(holds(messages::subject.assume_not_null(), part))
                    .or(holds(messages::message, part)),
            );
        }
        if let Some(since) = since {
            query = query.filter(messages::received_at.ge(since));
        }
        if let Some(until) = until {
            query = query.filter(messages::received_at.lt(until));
        }
        query
    }};
}

/// One page of the messages, the newest first. It may scan, so it belongs on the pool.
///
/// # Errors
/// When the database fails.
pub fn list(
    conn: &mut Conn,
    filter: &MessageFilter,
    page: &Page,
    count: bool,
) -> Result<Slice<Message>> {
    let rows: Vec<Row> = each!(conn, c => {
        let mut query = narrow!(messages::table.select(messages::all_columns).into_boxed(), filter);
        if let Some(Cursor { key: Key::Number(at), id, backward, .. }) = page.cursor() {
            query = if *backward {
                query
                    .filter(messages::received_at.ge(at))
                    .filter(messages::received_at.gt(at).or(messages::id.gt(id)))
            } else {
                query
                    .filter(messages::received_at.le(at))
                    .filter(messages::received_at.lt(at).or(messages::id.lt(id)))
            };
        }
        query = if page.backward() {
            query.order((messages::received_at.asc(), messages::id.asc()))
        } else {
            query.order((messages::received_at.desc(), messages::id.desc()))
        };
        query.limit(page.fetch()).offset(page.offset()).load(c)
    })?;
    let slice = page.cut(rows, SORT, |row| {
        (Key::Number(row.received_at.millis()), row.id)
    });
    let total = if count {
        Some(self::count(conn, filter)?)
    } else {
        None
    };
    let items = slice.items.into_iter().map(Row::into_message);
    Ok(Slice {
        items: items.collect::<Result<_>>()?,
        next: slice.next,
        previous: slice.previous,
        total,
    })
}

/// How many messages there are of these. It may scan.
///
/// # Errors
/// When the database fails.
pub fn count(conn: &mut Conn, filter: &MessageFilter) -> Result<i64> {
    Ok(each!(conn, c => narrow!(messages::table.into_boxed(), filter).count().get_result(c))?)
}

/// All of these messages, the newest first; up to `most`. It may scan.
///
/// # Errors
/// When the database fails.
pub fn all(conn: &mut Conn, filter: &MessageFilter, most: i64) -> Result<Vec<Message>> {
    let rows: Vec<Row> = each!(conn, c => {
        narrow!(messages::table.select(messages::all_columns).into_boxed(), filter)
            .order((messages::received_at.desc(), messages::id.desc()))
            .limit(most)
            .load(c)
    })?;
    rows.into_iter().map(Row::into_message).collect()
}

/// A message.
///
/// # Errors
/// [`Error::NotFound`] where there is none of that id.
pub fn get(conn: &mut Conn, id: Id) -> Result<Message> {
    let message = messages::table.find(id);
    let row: Option<Row> = each!(conn, c => message.first(c).optional())?;
    row.ok_or(Error::NotFound("message"))?.into_message()
}
