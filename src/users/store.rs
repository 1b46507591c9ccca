//! Accounts in the database.

use diesel::prelude::*;

use super::model::{Status, User, email_key};
use crate::auth::model::Role;
use crate::db::dialect::id_in;
use crate::db::schema::{totp_secrets, user_links, users};
use crate::db::{Conn, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::Time;

mod edit;
mod list;

pub use self::edit::{
    Offer, accept, create, delete, end_sessions, make_link, note_second_factor, offer_link, rename,
    set_password, update,
};
pub use self::list::{SORT, UserFilter, list};

#[derive(Queryable)]
struct Row {
    id: Id,
    email: String,
    name: String,
    role: String,
    suspended: bool,
    has_password: bool,
    version: i64,
    created_at: Time,
    updated_at: Time,
    signed_in_at: Option<Time>,
    totp_since: Option<Time>,
}

type Columns = (
    users::id,
    users::email,
    users::name,
    users::role,
    users::suspended,
    diesel::dsl::IsNotNull<users::password>,
    users::version,
    users::created_at,
    users::updated_at,
    users::signed_in_at,
    diesel::dsl::Nullable<totp_secrets::confirmed_at>,
);

fn columns() -> Columns {
    (
        users::id,
        users::email,
        users::name,
        users::role,
        users::suspended,
        users::password.is_not_null(),
        users::version,
        users::created_at,
        users::updated_at,
        users::signed_in_at,
        totp_secrets::confirmed_at.nullable(),
    )
}

impl Row {
    fn into_user(self) -> Result<User> {
        let role = Role::from_name(&self.role).ok_or_else(|| {
            Error::internal(format!("the stored role `{}` is unknown", self.role))
        })?;
        Ok(User {
            id: self.id,
            email: self.email,
            name: self.name,
            role,
            status: match (self.suspended, self.has_password) {
                (true, _) => Status::Suspended,
                (false, true) => Status::Active,
                (false, false) => Status::Invited,
            },
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            signed_in_at: self.signed_in_at,
            totp: self.totp_since.is_some(),
        })
    }
}

/// An account.
///
/// # Errors
/// [`Error::NotFound`] where there is none of that id.
pub fn get(conn: &mut Conn, id: Id) -> Result<User> {
    let account = users::table
        .left_join(totp_secrets::table)
        .filter(users::id.eq(id))
        .select(columns());
    let row: Option<Row> = each!(conn, c => account.first(c).optional())?;
    row.ok_or(Error::NotFound("user"))?.into_user()
}

/// The account of an e-mail address, however that is spelt.
///
/// # Errors
/// When the database fails.
pub fn by_email(conn: &mut Conn, email: &str) -> Result<Option<User>> {
    let account = users::table
        .left_join(totp_secrets::table)
        .filter(users::email_key.eq(email_key(email)))
        .select(columns());
    let row: Option<Row> = each!(conn, c => account.first(c).optional())?;
    row.map(Row::into_user).transpose()
}

/// Those who edit everything and can sign in: editors and admins.
///
/// # Errors
/// When the database fails.
pub fn editors(conn: &mut Conn) -> Result<Vec<Id>> {
    let all = users::table
        .filter(users::role.eq_any([Role::Editor.as_str(), Role::Admin.as_str()]))
        .filter(users::suspended.eq(false))
        .filter(users::password.is_not_null())
        .order(users::id)
        .select(users::id);
    Ok(each!(conn, c => all.load(c))?)
}

/// The names of these accounts; of those that are no more, nothing.
///
/// # Errors
/// When the database fails.
pub fn names(conn: &mut Conn, ids: &[Id]) -> Result<Vec<(Id, String)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let named = users::table
        .filter(id_in(users::id, ids))
        .select((users::id, users::name));
    Ok(each!(conn, c => named.load(c))?)
}

/// The account that a link is for: an invitation or a reset that has not been used and has not expired.
///
/// # Errors
/// When the database fails.
pub fn by_link(conn: &mut Conn, hash: &[u8; 32], now: Time) -> Result<Option<User>> {
    let link = user_links::table
        .filter(user_links::hash.eq(hash.as_slice()))
        .filter(user_links::expires_at.gt(now))
        .select(user_links::user_id);
    let id: Option<Id> = each!(conn, c => link.first(c).optional())?;
    let user = id.map(|id| get(conn, id)).transpose()?;
    Ok(user.filter(|user| !user.is_suspended()))
}

#[cfg(test)]
mod tests;
