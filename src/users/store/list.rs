//! Lists of accounts.

use diesel::prelude::*;

use super::{Row, columns};
use crate::auth::model::Role;
use crate::db::dialect::id_in;
use crate::db::page::{Cursor, Key, Page, Slice};
use crate::db::schema::{totp_secrets, users};
use crate::db::{Conn, each};
use crate::error::Result;
use crate::id::Id;
use crate::time::Time;
use crate::users::model::{Status, User, folded};

/// The order of the list: those who came first stand first.
pub const SORT: &str = "created_at";

/// Which accounts a list holds. Everything is optional; what is given must all hold.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// Of this role.
    pub role: Option<Role>,
    /// In this state.
    pub status: Option<Status>,
    /// A part of the name or the address.
    pub part: Option<String>,
}

macro_rules! narrow {
    ($query:expr, $filter:expr) => {{
        let UserFilter {
            role,
            status,
            part: _,
        } = $filter;
        let mut query = $query;
        if let Some(role) = role {
            query = query.filter(users::role.eq(role.as_str()));
        }
        match status {
            None => query,
            Some(Status::Suspended) => query.filter(users::suspended.eq(true)),
            Some(Status::Active) => query
                .filter(users::suspended.eq(false))
                .filter(users::password.is_not_null()),
            Some(Status::Invited) => query
                .filter(users::suspended.eq(false))
                .filter(users::password.is_null()),
        }
    }};
}

/// One page of the accounts, in the order in which they were made.
///
/// # Errors
/// When the database fails.
pub fn list(conn: &mut Conn, filter: &UserFilter, page: &Page, count: bool) -> Result<Slice<User>> {
    let (keys, total) = match &filter.part {
        Some(part) => {
            let all = holding(conn, filter, part)?;
            let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
            (on_page(all, page), count.then_some(total))
        }
        None => (keys(conn, filter, page)?, total(conn, filter, count)?),
    };
    let slice = page.cut(keys, SORT, |(at, id)| (Key::Number(at.millis()), *id));
    let ids: Vec<Id> = slice.items.iter().map(|(_, id)| *id).collect();
    Ok(Slice {
        items: all(conn, &ids)?,
        next: slice.next,
        previous: slice.previous,
        total,
    })
}

type Place = (Time, Id);

fn keys(conn: &mut Conn, filter: &UserFilter, page: &Page) -> Result<Vec<Place>> {
    let key = (users::created_at, users::id);
    Ok(each!(conn, c => {
        let mut query = narrow!(users::table.select(key).into_boxed(), filter);
        if let Some(Cursor { key: Key::Number(at), id, backward, .. }) = page.cursor() {
            query = if *backward {
                query
                    .filter(users::created_at.le(at))
                    .filter(users::created_at.lt(at).or(users::id.lt(id)))
            } else {
                query
                    .filter(users::created_at.ge(at))
                    .filter(users::created_at.gt(at).or(users::id.gt(id)))
            };
        }
        query = if page.backward() {
            query.order((users::created_at.desc(), users::id.desc()))
        } else {
            query.order((users::created_at.asc(), users::id.asc()))
        };
        query.limit(page.fetch()).offset(page.offset()).load(c)
    })?)
}

fn total(conn: &mut Conn, filter: &UserFilter, count: bool) -> Result<Option<i64>> {
    if !count {
        return Ok(None);
    }
    let total: i64 =
        each!(conn, c => narrow!(users::table.into_boxed(), filter).count().get_result(c))?;
    Ok(Some(total))
}

/// The accounts whose name or address holds this. Compared here, since the databases fold case each in their own way, and a
/// team has no more accounts than can be looked through.
fn holding(conn: &mut Conn, filter: &UserFilter, part: &str) -> Result<Vec<Place>> {
    let columns = (users::created_at, users::id, users::name, users::email_key);
    let rows: Vec<(Time, Id, String, String)> = each!(conn, c => {
        narrow!(users::table.select(columns).into_boxed(), filter)
            .order((users::created_at.asc(), users::id.asc()))
            .load(c)
    })?;
    let part = folded(part);
    Ok(rows
        .into_iter()
        .filter(|(_, _, name, email)| email.contains(&part) || folded(name).contains(&part))
        .map(|(at, id, ..)| (at, id))
        .collect())
}

/// What the database would answer of these, which are all there are, in order.
fn on_page(mut all: Vec<Place>, page: &Page) -> Vec<Place> {
    if let Some(Cursor {
        key: Key::Number(at),
        id,
        ..
    }) = page.cursor()
    {
        let beside = (*at, *id);
        all.retain(|(at, id)| {
            let place = (at.millis(), *id);
            if page.backward() {
                place < beside
            } else {
                place > beside
            }
        });
    }
    if page.backward() {
        all.reverse();
    }
    let rows = |count| usize::try_from(count).unwrap_or(usize::MAX);
    all.into_iter()
        .skip(rows(page.offset()))
        .take(rows(page.fetch()))
        .collect()
}

fn all(conn: &mut Conn, ids: &[Id]) -> Result<Vec<User>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let accounts = users::table
        .left_join(totp_secrets::table)
        .filter(id_in(users::id, ids))
        .order((users::created_at.asc(), users::id.asc()))
        .select(columns());
    let rows: Vec<Row> = each!(conn, c => accounts.load(c))?;
    rows.into_iter().map(Row::into_user).collect()
}
