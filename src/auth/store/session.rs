//! Sessions: how they begin, are renewed and end, and the tokens that renew them.

use std::net::IpAddr;
use std::time::Duration;

use diesel::prelude::*;

use crate::db::schema::{refresh_tokens, sessions, users};
use crate::db::{Conn, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::Time;

/// The most sessions of one account; past it the oldest ends.
const MAX_SESSIONS: i64 = 100;
/// How far apart the renewals of a session are.
const RENEWALS_APART: Duration = Duration::from_secs(1);
/// The longest name of a client that is kept, in characters.
const MAX_AGENT: usize = 200;

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
