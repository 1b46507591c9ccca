//! Second factors: the secret that an authenticator app has, and recovery codes. What is taken once is taken in the
//! transaction that it is for, so that nobody can use it twice at once.

use diesel::prelude::*;

use super::end_all;
use crate::auth::model::Action;
use crate::auth::totp::{Code, TotpSecret};
use crate::db::schema::{recovery_codes, totp_secrets};
use crate::db::{Conn, Tx, each};
use crate::error::{Error, Fault, FaultCode, Result};
use crate::id::Id;
use crate::time::Time;
use crate::users;
use crate::users::model::User;

/// Whether someone passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// The account has no second factor.
    Off,
    /// The code counts, and never again.
    Passed,
    /// A code is wanted, and none was given.
    Missing,
    /// The code is wrong, or was used before.
    Wrong,
}

#[derive(Queryable)]
struct Row {
    sealed: Vec<u8>,
    confirmed_at: Option<Time>,
    last_step: i64,
}

fn find(conn: &mut Conn, user: Id) -> Result<Option<Row>> {
    let secret = totp_secrets::table.find(user).select((
        totp_secrets::sealed,
        totp_secrets::confirmed_at,
        totp_secrets::last_step,
    ));
    Ok(each!(conn, c => secret.first(c).optional())?)
}

/// Lets someone pass by this code, which is used up with it.
///
/// # Errors
/// [`Error::Internal`] where the server's secret is not the one that the account's was sealed under.
pub fn pass(
    conn: &mut Conn,
    user: Id,
    key: &[u8; 32],
    code: Option<&Code>,
    now: Time,
) -> Result<Pass> {
    let Some(row) = find(conn, user)?.filter(|row| row.confirmed_at.is_some()) else {
        return Ok(Pass::Off);
    };
    let taken = match code {
        None => return Ok(Pass::Missing),
        Some(Code::App(code)) => take_step(conn, user, key, &row, *code, now)?,
        Some(Code::Recovery(hash)) => {
            let code = recovery_codes::table
                .find(hash.as_slice())
                .filter(recovery_codes::user_id.eq(user));
            each!(conn, c => diesel::delete(code).execute(c))? == 1
        }
    };
    Ok(if taken { Pass::Passed } else { Pass::Wrong })
}

fn take_step(
    conn: &mut Conn,
    user: Id,
    key: &[u8; 32],
    row: &Row,
    code: u32,
    now: Time,
) -> Result<bool> {
    let secret = TotpSecret::open(&row.sealed, key, user)?;
    let Some(step) = secret.step_of(code, now, row.last_step) else {
        return Ok(false);
    };
    let taken =
        diesel::update(totp_secrets::table.find(user)).set(totp_secrets::last_step.eq(step));
    each!(conn, c => taken.execute(c))?;
    Ok(true)
}

/// Keeps a secret that counts for nothing yet, in the place of one that never did.
///
/// # Errors
/// [`Error::Conflict`] where the account has a second factor.
pub fn begin(conn: &mut Conn, user: Id, sealed: &[u8], now: Time) -> Result<()> {
    if find(conn, user)?.is_some_and(|row| row.confirmed_at.is_some()) {
        let detail = "this account has a second factor: switch it off first";
        return Err(Error::Conflict(detail.into()));
    }
    forget(conn, user)?;
    let row = (
        totp_secrets::user_id.eq(user),
        totp_secrets::sealed.eq(sealed),
        totp_secrets::begun_at.eq(now),
        totp_secrets::last_step.eq(0),
    );
    each!(conn, c => diesel::insert_into(totp_secrets::table).values(row).execute(c))?;
    Ok(())
}

/// Switches on what was begun, once a code shows that the app has it, and keeps the recovery codes.
///
/// # Errors
/// [`Error::Forbidden`] where the account is not the writer's own; [`Error::Conflict`] where nothing was begun, or it is
/// on; [`Error::Invalid`] where the code is wrong.
pub fn confirm(
    tx: &mut Tx<'_>,
    user: Id,
    key: &[u8; 32],
    code: &Code,
    recovery: &[[u8; 32]],
) -> Result<User> {
    authorise_own(tx, user)?;
    let now = tx.now();
    let row = find(tx.conn(), user)?.filter(|row| row.confirmed_at.is_none());
    let Some(row) = row else {
        let detail = "there is no second factor to be confirmed: begin with POST /v1/admin/me/totp";
        return Err(Error::Conflict(detail.into()));
    };
    let taken = match code {
        Code::App(code) => take_step(tx.conn(), user, key, &row, *code, now)?,
        Code::Recovery(_) => false,
    };
    if !taken {
        return Err(wrong());
    }
    let on = diesel::update(totp_secrets::table.find(user))
        .set(totp_secrets::confirmed_at.eq(Some(now)));
    each!(tx.conn(), c => on.execute(c))?;
    put_codes(tx.conn(), user, recovery)?;
    users::store::note_second_factor(tx, user, "totp_enabled", None)
}

/// Puts new recovery codes in the place of all others.
///
/// # Errors
/// [`Error::Forbidden`] where the account is not the writer's own; [`Error::Conflict`] where it has no second factor;
/// [`Error::Invalid`] where the code is wrong.
pub fn renew_codes(
    tx: &mut Tx<'_>,
    user: Id,
    key: &[u8; 32],
    code: &Code,
    recovery: &[[u8; 32]],
) -> Result<User> {
    prove(tx, user, key, code)?;
    put_codes(tx.conn(), user, recovery)?;
    users::store::note_second_factor(tx, user, "recovery_codes_made", None)
}

/// Switches one's own second factor off.
///
/// # Errors
/// As [`renew_codes`].
pub fn switch_off(tx: &mut Tx<'_>, user: Id, key: &[u8; 32], code: &Code) -> Result<User> {
    prove(tx, user, key, code)?;
    forget(tx.conn(), user)?;
    users::store::note_second_factor(tx, user, "totp_disabled", None)
}

/// Switches off the second factor of somebody who lost theirs, and ends their sessions: whoever has those may not be who
/// asked for it.
///
/// # Errors
/// [`Error::Forbidden`] where the writer may not; [`Error::NotFound`] where there is none; [`Error::Conflict`] where it is
/// the writer's own, which is not given up without a code.
pub fn reset(tx: &mut Tx<'_>, user: Id) -> Result<User> {
    tx.actor().authorise(Action::Administer)?;
    users::store::get(tx.conn(), user)?;
    if tx.actor().user() == Some(user) {
        let detail = "this is your own: switch it off with a code, or let another admin do it";
        return Err(Error::Conflict(detail.into()));
    }
    let on = find(tx.conn(), user)?.filter(|row| row.confirmed_at.is_some());
    on.ok_or(Error::NotFound("second factor"))?;
    forget(tx.conn(), user)?;
    end_all(tx.conn(), user, None)?;
    users::store::note_second_factor(tx, user, "totp_disabled", Some("by an admin"))
}

/// Removes a second factor, whether it counts or not, with its recovery codes.
///
/// # Errors
/// When the database fails.
pub fn forget(conn: &mut Conn, user: Id) -> Result<()> {
    each!(conn, c => diesel::delete(totp_secrets::table.find(user)).execute(c))?;
    put_codes(conn, user, &[])
}

fn prove(tx: &mut Tx<'_>, user: Id, key: &[u8; 32], code: &Code) -> Result<()> {
    authorise_own(tx, user)?;
    let now = tx.now();
    match pass(tx.conn(), user, key, Some(code), now)? {
        Pass::Passed => Ok(()),
        Pass::Off => {
            let detail = "this account has no second factor";
            Err(Error::Conflict(detail.into()))
        }
        Pass::Missing | Pass::Wrong => Err(wrong()),
    }
}

fn put_codes(conn: &mut Conn, user: Id, hashes: &[[u8; 32]]) -> Result<()> {
    let old = recovery_codes::table.filter(recovery_codes::user_id.eq(user));
    each!(conn, c => diesel::delete(old).execute(c))?;
    for hash in hashes {
        let row = (
            recovery_codes::hash.eq(hash.as_slice()),
            recovery_codes::user_id.eq(user),
        );
        each!(conn, c => diesel::insert_into(recovery_codes::table).values(row).execute(c))?;
    }
    Ok(())
}

fn authorise_own(tx: &Tx<'_>, user: Id) -> Result<()> {
    tx.actor().authorise(Action::OwnAccount)?;
    match tx.actor().user() {
        Some(writer) if writer != user => Err(Error::Forbidden),
        _ => Ok(()),
    }
}

fn wrong() -> Error {
    let detail = "is not a code that counts now, or was used before";
    Error::Invalid(vec![Fault::at("/code", FaultCode::NotAllowed, detail)])
}
