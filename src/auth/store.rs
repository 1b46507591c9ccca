//! Sessions, the tokens that renew them, and the log of what looked like an attack. None of this takes a change number:
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

pub mod second_factor;

/// The most sessions of one account; past it the oldest ends.
const MAX_SESSIONS: i64 = 100;
/// How far apart the renewals of a session are.
const RENEWALS_APART: Duration = Duration::from_secs(1);
/// The longest name of a client that is kept, in characters.
const MAX_AGENT: usize = 200;

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

/// Where a session begins.
#[derive(Debug, Clone)]
pub struct Beginning {
    /// The hash that a password was compared with, where one was.
    pub password: Option<String>,
    /// The address.
    pub peer: IpAddr,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// The hash of the first refresh token.
    pub token: [u8; 32],
    /// When.
    pub now: Time,
    /// How long it lasts if nobody renews it.
    pub idle: Duration,
}

/// Begins a session, and notes the sign-in.
///
/// # Errors
/// [`Error::Unauthorized`] where the account was suspended, or its password changed, while it was being compared.
pub fn begin(conn: &mut Conn, user: Id, at: &Beginning) -> Result<Id> {
    let account = users::table
        .find(user)
        .filter(users::suspended.eq(false))
        .select(users::password);
    let account: Option<Option<String>> = each!(conn, c => account.first(c).optional())?;
    if account.is_none_or(|now| at.password.is_some() && now != at.password) {
        return Err(Error::Unauthorized);
    }
    let older = sessions::table
        .filter(sessions::user_id.eq(user))
        .order((sessions::created_at.desc(), sessions::id.desc()))
        .offset(MAX_SESSIONS - 1)
        .select(sessions::id);
    // SQLite takes no OFFSET without a LIMIT.
    let older: Vec<Id> = each!(conn, c => older.limit(MAX_SESSIONS).load(c))?;
    for id in older {
        end(conn, id)?;
    }
    let id = Id::new();
    let agent = at.user_agent.as_deref().map(|agent| {
        let clean = agent.chars().filter(|character| !character.is_control());
        clean.take(MAX_AGENT).collect::<String>()
    });
    let row = (
        sessions::id.eq(id),
        sessions::user_id.eq(user),
        sessions::peer.eq(at.peer.to_string()),
        sessions::user_agent.eq(agent),
        sessions::created_at.eq(at.now),
        sessions::used_at.eq(at.now),
        sessions::expires_at.eq(at.now.plus(at.idle)),
    );
    each!(conn, c => diesel::insert_into(sessions::table).values(row).execute(c))?;
    keep_token(conn, id, &at.token)?;
    let account = diesel::update(users::table.find(user));
    each!(conn, c => account.set(users::signed_in_at.eq(at.now)).execute(c))?;
    Ok(id)
}

fn keep_token(conn: &mut Conn, session: Id, hash: &[u8; 32]) -> Result<()> {
    let row = (
        refresh_tokens::hash.eq(hash.as_slice()),
        refresh_tokens::session_id.eq(session),
    );
    each!(conn, c => diesel::insert_into(refresh_tokens::table).values(row).execute(c))?;
    Ok(())
}

/// What became of a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// Its successor counts from now on; or counts already, for a client that did not hear so.
    Renewed {
        /// Whose.
        user: Id,
        /// Which session.
        session: Id,
    },
    /// It was used before: someone has stolen it, or has been robbed. The session has ended.
    Reused {
        /// Whose.
        user: Id,
    },
    /// It is none, or its session has ended.
    Unknown,
}

/// How a session is renewed.
#[derive(Debug, Clone, Copy)]
pub struct Renew {
    /// The hash of the token.
    pub token: [u8; 32],
    /// The hash of its successor.
    pub successor: [u8; 32],
    /// When.
    pub now: Time,
    /// How long a session lasts if nobody renews it.
    pub idle: Duration,
    /// How long it lasts however often it is renewed.
    pub longest: Duration,
    /// How long after its use a token is answered once more.
    pub grace: Duration,
}

/// Takes a refresh token for its successor.
///
/// # Errors
/// When the database fails.
pub fn renew(conn: &mut Conn, how: &Renew) -> Result<Renewal> {
    let Renew { now, .. } = *how;
    let found = refresh_tokens::table
        .find(how.token.as_slice())
        .inner_join(sessions::table.inner_join(users::table))
        .select((
            sessions::id,
            sessions::created_at,
            sessions::expires_at,
            users::id,
            users::suspended,
            refresh_tokens::used_at,
            sessions::used_at,
        ));
    type Row = (Id, Time, Time, Id, bool, Option<Time>, Time);
    let found: Option<Row> = each!(conn, c => found.first(c).optional())?;
    let Some((session, created_at, expires_at, user, suspended, used_at, renewed_at)) = found
    else {
        return Ok(Renewal::Unknown);
    };
    if suspended || expires_at <= now {
        end(conn, session)?;
        return Ok(Renewal::Unknown);
    }
    if let Some(used_at) = used_at {
        let successor = refresh_tokens::table
            .find(how.successor.as_slice())
            .filter(refresh_tokens::used_at.is_null())
            .select(refresh_tokens::session_id);
        let unused: Option<Id> = each!(conn, c => successor.first(c).optional())?;
        if unused == Some(session) && now <= used_at.plus(how.grace) {
            return Ok(Renewal::Renewed { user, session });
        }
        end(conn, session)?;
        return Ok(Renewal::Reused { user });
    }
    // Each is a row as long as the session lasts: nobody needs a pair a second.
    if renewed_at > created_at && now >= renewed_at && now < renewed_at.plus(RENEWALS_APART) {
        return Err(Error::TooManyAttempts(RENEWALS_APART));
    }
    let used = diesel::update(refresh_tokens::table.find(how.token.as_slice()))
        .set(refresh_tokens::used_at.eq(now));
    each!(conn, c => used.execute(c))?;
    keep_token(conn, session, &how.successor)?;
    let lasts = now.plus(how.idle).min(created_at.plus(how.longest));
    let renewed = (sessions::used_at.eq(now), sessions::expires_at.eq(lasts));
    each!(conn, c => diesel::update(sessions::table.find(session)).set(renewed).execute(c))?;
    Ok(Renewal::Renewed { user, session })
}

/// Ends a session.
///
/// # Errors
/// When the database fails.
pub fn end(conn: &mut Conn, session: Id) -> Result<()> {
    each!(conn, c => diesel::delete(sessions::table.find(session)).execute(c))?;
    Ok(())
}

/// Ends one of someone's sessions.
///
/// # Errors
/// [`Error::NotFound`] where they have none of that id.
pub fn end_own(conn: &mut Conn, user: Id, session: Id) -> Result<()> {
    let own = sessions::table
        .find(session)
        .filter(sessions::user_id.eq(user));
    match each!(conn, c => diesel::delete(own).execute(c))? {
        0 => Err(Error::NotFound("session")),
        _ => Ok(()),
    }
}

/// Ends all of someone's sessions but one.
///
/// # Errors
/// When the database fails.
pub fn end_all(conn: &mut Conn, user: Id, but: Option<Id>) -> Result<()> {
    let kept = but.unwrap_or(Id([0; 16]));
    let others = sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::id.ne(kept));
    each!(conn, c => diesel::delete(others).execute(c))?;
    Ok(())
}

/// A session, as its owner sees it.
#[derive(Debug, Clone, Queryable)]
pub struct SessionRow {
    /// Which.
    pub id: Id,
    /// The address it began at.
    pub peer: String,
    /// What the client called itself.
    pub user_agent: Option<String>,
    /// When it began.
    pub created_at: Time,
    /// When it was last renewed.
    pub used_at: Time,
    /// When it ends if nobody renews it.
    pub expires_at: Time,
}

/// Someone's sessions, the newest first.
///
/// # Errors
/// When the database fails.
pub fn sessions_of(conn: &mut Conn, user: Id, now: Time) -> Result<Vec<SessionRow>> {
    let own = sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::expires_at.gt(now))
        .order((sessions::created_at.desc(), sessions::id.desc()))
        .select((
            sessions::id,
            sessions::peer,
            sessions::user_agent,
            sessions::created_at,
            sessions::used_at,
            sessions::expires_at,
        ));
    Ok(each!(conn, c => own.load(c))?)
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
