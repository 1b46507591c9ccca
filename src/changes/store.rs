//! The logs as an audit reads them, the newest first. Only [`Tx`](crate::db::Tx) writes the one of changes.

pub mod delta;
pub mod events;
mod follow;

use std::net::IpAddr;

use diesel::prelude::*;

use super::audit::{ActorKind, AuditEntry, AuditFilter, LoggedUser, SecurityEvent};
use super::model::Resource;
use crate::auth::model::Suspicion;
use crate::db::page::{Cursor, Key, Page, Slice};
use crate::db::schema::{changes, security_events};
use crate::db::{Conn, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::Time;
use crate::users;

pub use self::follow::{
    Acted, Followed, acted_after, after, mark, position_of, set_position, touched_after,
};

/// The order of the log of changes.
pub const CHANGES: &str = "-change";
/// The order of the log of what looked like an attack.
pub const SECURITY_EVENTS: &str = "-at";

#[derive(Queryable)]
struct ChangeRow {
    number: i64,
    position: i32,
    at: Time,
    actor: String,
    actor_id: Option<Id>,
    key_id: Option<Id>,
    action: String,
    resource: String,
    resource_id: Id,
    peer: Option<String>,
    request_id: Option<String>,
    detail: Option<String>,
}

impl ChangeRow {
    fn into_entry(self, names: &[(Id, String)]) -> Result<AuditEntry> {
        Ok(AuditEntry {
            change: self.number,
            at: self.at,
            actor: known(&self.actor, ActorKind::from_name)?,
            user: self.actor_id.map(|id| named(id, names)),
            key_id: self.key_id,
            action: self.action,
            resource: known(&self.resource, Resource::from_name)?,
            resource_id: self.resource_id,
            peer: self.peer,
            request_id: self.request_id,
            detail: self.detail,
        })
    }
}

fn known<T>(name: &str, from_name: impl Fn(&str) -> Option<T>) -> Result<T> {
    from_name(name)
        .ok_or_else(|| Error::internal(format!("`{name}` is stored where no such name may stand")))
}

macro_rules! narrow_changes {
    ($query:expr, $filter:expr) => {{
        let AuditFilter {
            user,
            resource,
            resource_id,
            action,
            since,
            until,
        } = $filter;
        let mut query = $query;
        if let Some(user) = user {
            query = query.filter(changes::actor_id.eq(user));
        }
        if let Some(resource) = resource {
            query = query.filter(changes::resource.eq(resource.as_str()));
        }
        if let Some(id) = resource_id {
            query = query.filter(changes::resource_id.eq(id));
        }
        if let Some(action) = action {
            query = query.filter(changes::action.eq(action));
        }
        if let Some(since) = since {
            query = query.filter(changes::at.ge(since));
        }
        if let Some(until) = until {
            query = query.filter(changes::at.lt(until));
        }
        query
    }};
}

/// The number of the last change.
///
/// # Errors
/// When the database fails.
pub fn last(conn: &mut Conn) -> Result<i64> {
    use crate::db::schema::meta::{change, table};
    Ok(each!(conn, c => table.select(change).first(c))?)
}

/// One page of the log of changes. It may scan, so it belongs on the pool.
///
/// # Errors
/// When the database fails.
pub fn list(
    conn: &mut Conn,
    filter: &AuditFilter,
    page: &Page,
    count: bool,
) -> Result<Slice<AuditEntry>> {
    let columns = (
        changes::number,
        changes::position,
        changes::at,
        changes::actor,
        changes::actor_id,
        changes::key_id,
        changes::action,
        changes::resource,
        changes::resource_id,
        changes::peer,
        changes::request_id,
        changes::detail,
    );
    let rows: Vec<ChangeRow> = each!(conn, c => {
        let mut query = narrow_changes!(changes::table.select(columns).into_boxed(), filter);
        if let Some((number, position)) = page.cursor().and_then(position) {
            query = if page.backward() {
                query
                    .filter(changes::number.ge(number))
                    .filter(changes::number.gt(number).or(changes::position.gt(position)))
            } else {
                query
                    .filter(changes::number.le(number))
                    .filter(changes::number.lt(number).or(changes::position.lt(position)))
            };
        }
        query = if page.backward() {
            query.order((changes::number.asc(), changes::position.asc()))
        } else {
            query.order((changes::number.desc(), changes::position.desc()))
        };
        query.limit(page.fetch()).offset(page.offset()).load(c)
    })?;
    let slice = page.cut(rows, CHANGES, |row| place(row.number, row.position));
    let total = if count {
        let all: i64 = each!(conn, c => narrow_changes!(changes::table.into_boxed(), filter)
            .count()
            .get_result(c))?;
        Some(all)
    } else {
        None
    };
    let names = names(conn, slice.items.iter().filter_map(|row| row.actor_id))?;
    let entries = slice.items.into_iter().map(|row| row.into_entry(&names));
    Ok(Slice {
        items: entries.collect::<Result<_>>()?,
        next: slice.next,
        previous: slice.previous,
        total,
    })
}

/// The place of a change for a cursor: the position within its write stands where other lists have an id.
fn place(number: i64, position: i32) -> (Key, Id) {
    (Key::Number(number), Id(i128::from(position).to_be_bytes()))
}

fn position(cursor: &Cursor) -> Option<(i64, i32)> {
    let Key::Number(number) = cursor.key else {
        return None;
    };
    let position = i128::from_be_bytes(*cursor.id.as_bytes());
    Some((number, i32::try_from(position).ok()?))
}

/// Which suspicions an audit shows. Everything is optional; what is given must all hold.
#[derive(Debug, Clone, Default)]
pub struct SecurityFilter {
    /// Of this kind.
    pub kind: Option<Suspicion>,
    /// About this account.
    pub user: Option<Id>,
    /// From this address.
    pub peer: Option<IpAddr>,
    /// At this time or later.
    pub since: Option<Time>,
    /// Before this time.
    pub until: Option<Time>,
}

macro_rules! narrow_events {
    ($query:expr, $filter:expr) => {{
        let SecurityFilter {
            kind,
            user,
            peer,
            since,
            until,
        } = $filter;
        let mut query = $query;
        if let Some(kind) = kind {
            query = query.filter(security_events::kind.eq(kind.as_str()));
        }
        if let Some(user) = user {
            query = query.filter(security_events::user_id.eq(user));
        }
        if let Some(peer) = peer {
            query = query.filter(security_events::peer.eq(peer.to_string()));
        }
        if let Some(since) = since {
            query = query.filter(security_events::at.ge(since));
        }
        if let Some(until) = until {
            query = query.filter(security_events::at.lt(until));
        }
        query
    }};
}

/// One page of the log of what looked like an attack. It may scan, so it belongs on the pool.
///
/// # Errors
/// When the database fails.
pub fn security_events(
    conn: &mut Conn,
    filter: &SecurityFilter,
    page: &Page,
    count: bool,
) -> Result<Slice<SecurityEvent>> {
    type Row = (Id, Time, String, Option<Id>, String, String);
    let columns = (
        security_events::id,
        security_events::at,
        security_events::kind,
        security_events::user_id,
        security_events::peer,
        security_events::request_id,
    );
    let rows: Vec<Row> = each!(conn, c => {
        let mut query = narrow_events!(security_events::table.select(columns).into_boxed(), filter);
        if let Some(Cursor { key: Key::Number(at), id, backward, .. }) = page.cursor() {
            query = if *backward {
                query
                    .filter(security_events::at.ge(at))
                    .filter(security_events::at.gt(at).or(security_events::id.gt(id)))
            } else {
                query
                    .filter(security_events::at.le(at))
                    .filter(security_events::at.lt(at).or(security_events::id.lt(id)))
            };
        }
        query = if page.backward() {
            query.order((security_events::at.asc(), security_events::id.asc()))
        } else {
            query.order((security_events::at.desc(), security_events::id.desc()))
        };
        query.limit(page.fetch()).offset(page.offset()).load(c)
    })?;
    let slice = page.cut(rows, SECURITY_EVENTS, |(id, at, ..)| {
        (Key::Number(at.millis()), *id)
    });
    let total = if count {
        let all: i64 = each!(conn, c => narrow_events!(security_events::table.into_boxed(), filter)
            .count()
            .get_result(c))?;
        Some(all)
    } else {
        None
    };
    let names = names(conn, slice.items.iter().filter_map(|row| row.3))?;
    let event = |(id, at, kind, user, peer, request_id): Row| {
        Ok(SecurityEvent {
            id,
            at,
            kind: known(&kind, Suspicion::from_name)?,
            user: user.map(|id| named(id, &names)),
            peer,
            request_id,
        })
    };
    Ok(Slice {
        items: slice.items.into_iter().map(event).collect::<Result<_>>()?,
        next: slice.next,
        previous: slice.previous,
        total,
    })
}

fn names(conn: &mut Conn, ids: impl Iterator<Item = Id>) -> Result<Vec<(Id, String)>> {
    let mut ids: Vec<Id> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    users::store::names(conn, &ids)
}

fn named(id: Id, names: &[(Id, String)]) -> LoggedUser {
    let found = names.iter().find(|(known, _)| *known == id);
    LoggedUser {
        id,
        name: found.map(|(_, name)| name.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_to_a_place_within_a_write() {
        for (number, at) in [(1, 0), (7, 3), (i64::MAX, i32::MAX)] {
            let (key, id) = place(number, at);
            let cursor = Cursor {
                sort: CHANGES,
                backward: false,
                key,
                id,
            };
            let read = Cursor::decode(&cursor.encode(), CHANGES).unwrap();
            assert_eq!(position(&read), Some((number, at)));
        }
    }
}
