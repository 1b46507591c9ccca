//! Who signs in, by what, and what they may; `session`; and the log of what looked like an attack. None of this takes a change number:
//! nothing that follows the log need hear of it.

use std::net::IpAddr;
use std::time::Duration;

use diesel::prelude::*;

use super::model::{Credential, Grants, Principal, Role, Scope, Suspicion};
use crate::db::schema::{api_keys, refresh_tokens, security_events, sessions, users};
use crate::db::{Conn, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::Time;

pub use self::session::{
    Beginning, Renew, Renewal, SessionRow, begin, end, end_all, end_own, renew, sessions_of,
};

pub mod second_factor;
mod session;

/// What signing in has to know of an account.
#[derive(Debug, Clone, Queryable)]
pub struct Account {
    /// Whose.
    pub id: Id,
    /// The hash of the password, where one was set.
    pub password: Option<String>,
    /// It may not be used.
    pub suspended: bool,
}

/// The account of an e-mail address, as it is compared.
///
/// # Errors
/// When the database fails.
pub fn account(conn: &mut Conn, email_key: &str) -> Result<Option<Account>> {
    let account = users::table.filter(users::email_key.eq(email_key)).select((
        users::id,
        users::password,
        users::suspended,
    ));
    Ok(each!(conn, c => account.first(c).optional())?)
}

/// Whether someone has a session that began at this address.
///
/// # Errors
/// When the database fails.
pub fn is_known_at(conn: &mut Conn, user: Id, peer: IpAddr) -> Result<bool> {
    let there = sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::peer.eq(peer.to_string()))
        .select(sessions::id);
    Ok(each!(conn, c => there.first::<Id>(c).optional())?.is_some())
}

/// What the account behind a session may do now; `None` where the session has ended or the account is suspended.
///
/// # Errors
/// When the database fails.
pub fn grants_of_session(
    conn: &mut Conn,
    user: Id,
    session: Id,
    now: Time,
) -> Result<Option<Grants>> {
    let role = sessions::table
        .inner_join(users::table)
        .filter(sessions::id.eq(session))
        .filter(sessions::user_id.eq(user))
        .filter(sessions::expires_at.gt(now))
        .filter(users::suspended.eq(false))
        .select(users::role);
    let role: Option<String> = each!(conn, c => role.first(c).optional())?;
    role.map(|name| Ok(Grants::Role(named(&name, Role::from_name)?)))
        .transpose()
}

/// An API key, as a request comes with it.
#[derive(Debug, Clone)]
pub struct KeyFound {
    /// Which.
    pub id: Id,
    /// Who made it.
    pub user: Id,
    /// What it may do.
    pub grants: Grants,
    /// When it was last used, as far as that was noted.
    pub used_at: Option<Time>,
}

/// By what an API key is looked for.
#[derive(Debug, Clone, Copy)]
pub enum KeyBy {
    /// The hash of what the request came with.
    Hash([u8; 32]),
    /// Its id.
    Id(Id),
}

/// An API key; `None` where it has expired or been revoked, or who made it is no admin any more.
///
/// # Errors
/// When the database fails.
pub fn key(conn: &mut Conn, by: KeyBy, now: Time) -> Result<Option<KeyFound>> {
    let columns = (
        api_keys::id,
        api_keys::user_id,
        api_keys::scopes,
        api_keys::used_at,
    );
    let live = api_keys::expires_at
        .is_null()
        .or(api_keys::expires_at.gt(now));
    let row: Option<(Id, Id, String, Option<Time>)> = each!(conn, c => {
        let query = api_keys::table
            .inner_join(users::table)
            .filter(live)
            .filter(users::suspended.eq(false))
            .filter(users::role.eq(Role::Admin.as_str()))
            .select(columns)
            .into_boxed();
        match by {
            KeyBy::Hash(hash) => query.filter(api_keys::hash.eq(hash.to_vec())),
            KeyBy::Id(id) => query.filter(api_keys::id.eq(id)),
        }
        .first(c)
        .optional()
    })?;
    let Some((id, user, scopes, used_at)) = row else {
        return Ok(None);
    };
    let scopes = scopes.split(' ').filter(|scope| !scope.is_empty());
    let scopes = scopes.map(|scope| named(scope, Scope::from_name));
    Ok(Some(KeyFound {
        id,
        user,
        grants: Grants::Scopes(scopes.collect::<Result<_>>()?),
        used_at,
    }))
}

/// Notes that an API key was used.
///
/// # Errors
/// When the database fails.
pub fn note_key_use(conn: &mut Conn, id: Id, now: Time) -> Result<()> {
    let used = diesel::update(api_keys::table.find(id)).set(api_keys::used_at.eq(now));
    each!(conn, c => used.execute(c))?;
    Ok(())
}

/// Makes sure that someone may still do what they could when their request came, in the transaction of their write.
///
/// # Errors
/// [`Error::Unauthorized`] where the session, key or account is no more; [`Error::Forbidden`] where their rights have
/// changed.
pub fn confirm(conn: &mut Conn, who: &Principal, now: Time) -> Result<()> {
    let grants = match who.credential {
        Credential::Session(session) => grants_of_session(conn, who.user, session, now)?,
        Credential::Key(id) => key(conn, KeyBy::Id(id), now)?.map(|key| key.grants),
    };
    match grants {
        None => Err(Error::Unauthorized),
        Some(grants) if grants == who.grants => Ok(()),
        Some(_) => Err(Error::Forbidden),
    }
}

/// What somebody may do now who asked for something that goes on without them: the session may have ended since, the
/// account may not. `None` where it is suspended or gone, or the key is.
///
/// # Errors
/// When the database fails.
pub fn grants_of(
    conn: &mut Conn,
    user: Id,
    by_key: Option<Id>,
    now: Time,
) -> Result<Option<Grants>> {
    if let Some(id) = by_key {
        return Ok(key(conn, KeyBy::Id(id), now)?.map(|key| key.grants));
    }
    let role = users::table
        .find(user)
        .filter(users::suspended.eq(false))
        .select(users::role);
    let role: Option<String> = each!(conn, c => role.first(c).optional())?;
    role.map(|name| Ok(Grants::Role(named(&name, Role::from_name)?)))
        .transpose()
}

/// Ends everything that somebody could come back with: all sessions, and all links with which a password may be set. Keys
/// stay.
///
/// # Errors
/// When the database fails.
pub fn end_everything(conn: &mut Conn) -> Result<()> {
    use crate::db::schema::user_links;
    each!(conn, c => diesel::delete(refresh_tokens::table).execute(c))?;
    each!(conn, c => diesel::delete(sessions::table).execute(c))?;
    each!(conn, c => diesel::delete(user_links::table).execute(c))?;
    Ok(())
}

/// Notes what looked like an attack.
///
/// # Errors
/// When the database fails.
pub fn suspect(
    conn: &mut Conn,
    what: Suspicion,
    user: Option<Id>,
    peer: IpAddr,
    request_id: &str,
    now: Time,
) -> Result<()> {
    let row = (
        security_events::id.eq(Id::new()),
        security_events::at.eq(now),
        security_events::kind.eq(what.as_str()),
        security_events::user_id.eq(user),
        security_events::peer.eq(peer.to_string()),
        security_events::request_id.eq(request_id),
    );
    each!(conn, c => diesel::insert_into(security_events::table).values(row).execute(c))?;
    Ok(())
}

/// How long the security log goes back.
const SUSPICIONS_KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// Removes what has expired: sessions, and old entries of the security log.
///
/// # Errors
/// When the database fails.
pub fn sweep(conn: &mut Conn, now: Time) -> Result<()> {
    let expired = sessions::table.filter(sessions::expires_at.le(now));
    each!(conn, c => diesel::delete(expired).execute(c))?;
    let old = security_events::table.filter(security_events::at.le(now.minus(SUSPICIONS_KEPT)));
    each!(conn, c => diesel::delete(old).execute(c))?;
    Ok(())
}

fn named<T>(name: &str, from_name: impl Fn(&str) -> Option<T>) -> Result<T> {
    from_name(name)
        .ok_or_else(|| Error::internal(format!("`{name}` is stored where no such name may stand")))
}
