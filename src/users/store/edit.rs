//! Changes to accounts. Whatever changes what someone may do, or how they prove who they are, ends what was granted under
//! the old: sessions and links.

use diesel::prelude::*;

use super::{by_link, get};
use crate::auth::model::{Action, Role};
use crate::auth::store as sessions;
use crate::changes::model::{Entry, Footprint, Resource};
use crate::changes::tags as cache;
use crate::db::schema::{api_keys, user_links, users};
use crate::db::{Tx, each};
use crate::error::{Error, Fault, FaultCode, Result};
use crate::id::Id;
use crate::time::Time;
use crate::users::model::{NewUser, Status, User, email_key};
use crate::{articles, authors, keys};

/// Makes an account, which has no password yet.
///
/// # Errors
/// [`Error::Forbidden`] where the writer may not; [`Error::Invalid`] where another has the address.
pub fn create(tx: &mut Tx<'_>, new: &NewUser) -> Result<User> {
    tx.actor().authorise(Action::Administer)?;
    let id = Id::new();
    let key = free_email(tx, id, &new.email)?;
    let now = tx.now();
    let row = (
        users::id.eq(id),
        users::email.eq(&new.email),
        users::email_key.eq(key),
        users::name.eq(&new.name),
        users::role.eq(new.role.as_str()),
        users::suspended.eq(new.suspended),
        users::version.eq(1),
        users::created_at.eq(now),
        users::updated_at.eq(now),
    );
    each!(tx.conn(), c => diesel::insert_into(users::table).values(row).execute(c))?;
    tx.log(Entry {
        before: Footprint::none(),
        ..entry("created", id, Some(new.role.as_str().to_owned()))
    });
    get(tx.conn(), id)
}

/// Changes an account. Suspended, it loses its sessions and its link; with another address, its link, which somebody else
/// may have.
///
/// # Errors
/// [`Error::Forbidden`] where the writer may not; [`Error::NotFound`]; [`Error::Invalid`] where another has the address;
/// [`Error::Conflict`] where no admin would be left.
pub fn update(tx: &mut Tx<'_>, id: Id, new: &NewUser) -> Result<User> {
    tx.actor().authorise(Action::Administer)?;
    let user = get(tx.conn(), id)?;
    if new.is(&user) {
        tx.leave_unchanged();
        return Ok(user);
    }
    if new.role != Role::Admin || new.suspended {
        keep_an_admin(tx, &user)?;
    }
    let key = free_email(tx, id, &new.email)?;
    if new.suspended {
        sessions::end_all(tx.conn(), id, None)?;
    }
    if new.suspended || key != email_key(&user.email) {
        remove_link(tx, id)?;
    }
    let row = (
        users::email.eq(&new.email),
        users::email_key.eq(key),
        users::name.eq(&new.name),
        users::role.eq(new.role.as_str()),
        users::suspended.eq(new.suspended),
    );
    each!(tx.conn(), c => diesel::update(users::table.find(id)).set(row).execute(c))?;
    touched(tx, id, "updated", new.news(&user))
}

/// Gives one's own account another name; `None` leaves the one it has.
///
/// # Errors
/// [`Error::Forbidden`] where it is not the writer's own; [`Error::NotFound`].
pub fn rename(tx: &mut Tx<'_>, id: Id, name: Option<&str>) -> Result<User> {
    authorise_own(tx, id)?;
    let user = get(tx.conn(), id)?;
    let Some(name) = name.map(str::trim).filter(|name| *name != user.name) else {
        tx.leave_unchanged();
        return Ok(user);
    };
    let renamed = diesel::update(users::table.find(id)).set(users::name.eq(name));
    each!(tx.conn(), c => renamed.execute(c))?;
    touched(tx, id, "updated", None)
}

/// Sets one's own password, and ends all sessions but the one it is set from, and the link.
///
/// # Errors
/// [`Error::Forbidden`] where the account is not the writer's own; [`Error::NotFound`].
pub fn set_password(tx: &mut Tx<'_>, id: Id, hashed: &str, kept: Option<Id>) -> Result<User> {
    authorise_own(tx, id)?;
    put_password(tx, id, hashed, kept, None)
}

/// Sets a password by a link, which is the right to do so and works once. The log says whence: an account is taken over so.
///
/// # Errors
/// [`Error::Invalid`] where there is no such link any more.
pub fn accept(tx: &mut Tx<'_>, hash: &[u8; 32], hashed: &str, from: &str) -> Result<()> {
    let now = tx.now();
    let Some(user) = by_link(tx.conn(), hash, now)? else {
        let detail = "this link was used, has expired, or never was one; ask for a new one";
        let fault = Fault::at("/token", FaultCode::NotFound, detail);
        return Err(Error::Invalid(vec![fault]));
    };
    put_password(
        tx,
        user.id,
        hashed,
        None,
        Some(&format!("by link, from {from}")),
    )?;
    Ok(())
}

/// Makes an invitation or a reset in place of the last one.
///
/// # Errors
/// [`Error::Forbidden`] where the writer may not; [`Error::NotFound`]; [`Error::Conflict`] where the account is suspended.
pub fn make_link(tx: &mut Tx<'_>, id: Id, hash: &[u8; 32], expires_at: Time) -> Result<User> {
    tx.actor().authorise(Action::Administer)?;
    let user = get(tx.conn(), id)?;
    if user.is_suspended() {
        let detail = "the account is suspended; reinstate it first";
        return Err(Error::Conflict(detail.into()));
    }
    put_link(tx, id, hash, expires_at)?;
    Ok(user)
}

/// To whom a link is offered by mail.
#[derive(Debug, Clone, Copy)]
pub struct Offer {
    /// Only to whom has neither a password nor another link yet.
    pub invites: bool,
    /// Of a further try, when the mail was asked for: only where its own link is there still, or none is and the account was
    /// not changed since. The earlier try may have arrived and its link have been used, or a newer link have taken its place.
    pub unchanged_since: Option<Time>,
}

/// Makes a link that is about to be mailed, unless this very one is there already: a mail may need several tries. Answers
/// nothing where it is pointless, because the account is gone or suspended, or the offer is not for it.
///
/// # Errors
/// [`Error::Forbidden`] where the writer may not.
pub fn offer_link(
    tx: &mut Tx<'_>,
    id: Id,
    hash: &[u8; 32],
    expires_at: Time,
    offer: Offer,
) -> Result<Option<User>> {
    tx.actor().authorise(Action::Administer)?;
    let now = tx.now();
    let user = match get(tx.conn(), id) {
        Err(Error::NotFound(_)) => None,
        found => Some(found?),
    };
    let link = user_links::table
        .find(id)
        .filter(user_links::expires_at.gt(now))
        .select(user_links::hash);
    let present: Option<Vec<u8>> = each!(tx.conn(), c => link.first(c).optional())?;
    let is_there = present.as_deref() == Some(hash.as_slice());
    let wanted = user.filter(|user| {
        let welcome = user.status == Status::Invited && (present.is_none() || is_there);
        let as_it_was = match (offer.unchanged_since, &present) {
            (None, _) => true,
            (Some(_), Some(_)) => is_there,
            (Some(time), None) => user.updated_at <= time,
        };
        !user.is_suspended() && as_it_was && (!offer.invites || welcome)
    });
    if wanted.is_none() || is_there {
        tx.leave_unchanged();
    } else if offer.invites {
        put_link(tx, id, hash, expires_at)?;
    } else {
        // Takes no number: by that anybody could see that there is such an account. The security log has who asked.
        store_link(tx, id, hash, expires_at)?;
        tx.leave_unchanged();
        tx.keep_quietly();
    }
    Ok(wanted)
}

fn put_link(tx: &mut Tx<'_>, id: Id, hash: &[u8; 32], expires_at: Time) -> Result<()> {
    store_link(tx, id, hash, expires_at)?;
    tx.log(entry("link_made", id, None));
    Ok(())
}

fn store_link(tx: &mut Tx<'_>, id: Id, hash: &[u8; 32], expires_at: Time) -> Result<()> {
    remove_link(tx, id)?;
    let row = (
        user_links::user_id.eq(id),
        user_links::hash.eq(hash.as_slice()),
        user_links::expires_at.eq(expires_at),
    );
    each!(tx.conn(), c => diesel::insert_into(user_links::table).values(row).execute(c))?;
    Ok(())
}

/// Ends all sessions of an account.
///
/// # Errors
/// [`Error::Forbidden`] where the writer may not; [`Error::NotFound`].
pub fn end_sessions(tx: &mut Tx<'_>, id: Id) -> Result<()> {
    tx.actor().authorise(Action::Administer)?;
    get(tx.conn(), id)?;
    sessions::end_all(tx.conn(), id, None)?;
    tx.log(entry("signed_out", id, None));
    Ok(())
}

/// Removes an account, with its sessions, its link and its API keys. Its articles belong to nobody then, and its profile
/// as an author stays.
///
/// # Errors
/// [`Error::Forbidden`] where the writer may not; [`Error::NotFound`]; [`Error::Conflict`] where no admin would be left.
pub fn delete(tx: &mut Tx<'_>, id: Id) -> Result<()> {
    tx.actor().authorise(Action::Administer)?;
    let user = get(tx.conn(), id)?;
    keep_an_admin(tx, &user)?;
    articles::store::disown(tx, id)?;
    authors::store::unlink_user(tx, id)?;
    let revoked = api_keys::table
        .filter(api_keys::user_id.eq(id))
        .order(api_keys::id)
        .select(api_keys::id);
    let revoked: Vec<Id> = each!(tx.conn(), c => revoked.load(c))?;
    for key in revoked {
        tx.log(keys::store::revoked(key));
    }
    each!(tx.conn(), c => diesel::delete(users::table.find(id)).execute(c))?;
    tx.log(Entry {
        after: Footprint::none(),
        ..entry("deleted", id, Some(user.role.as_str().to_owned()))
    });
    Ok(())
}

fn authorise_own(tx: &Tx<'_>, id: Id) -> Result<()> {
    tx.actor().authorise(Action::OwnAccount)?;
    match tx.actor().user() {
        Some(writer) if writer != id => Err(Error::Forbidden),
        _ => Ok(()),
    }
}

/// The address as it is compared, unless another account has it.
fn free_email(tx: &mut Tx<'_>, id: Id, email: &str) -> Result<String> {
    let key = email_key(email);
    let other = users::table
        .filter(users::email_key.eq(&key))
        .filter(users::id.ne(id))
        .select(users::id);
    if each!(tx.conn(), c => other.first::<Id>(c).optional())?.is_some() {
        let detail = "another account has this address";
        let fault = Fault::at("/email", FaultCode::Taken, detail);
        return Err(Error::Invalid(vec![fault]));
    }
    Ok(key)
}

/// Makes sure that without this one there is still an admin who can sign in. Writers stand in one line, so two who would
/// each be the last see each other.
fn keep_an_admin(tx: &mut Tx<'_>, user: &User) -> Result<()> {
    if !user.is_active_admin() {
        return Ok(());
    }
    let other = users::table
        .filter(users::role.eq(Role::Admin.as_str()))
        .filter(users::suspended.eq(false))
        .filter(users::password.is_not_null())
        .filter(users::id.ne(user.id))
        .select(users::id);
    match each!(tx.conn(), c => other.first::<Id>(c).optional())? {
        Some(_) => Ok(()),
        None => {
            let detail = "this is the last admin who can sign in: make another one first, who has set a password";
            Err(Error::Conflict(detail.into()))
        }
    }
}

fn put_password(
    tx: &mut Tx<'_>,
    id: Id,
    hashed: &str,
    kept: Option<Id>,
    detail: Option<&str>,
) -> Result<User> {
    get(tx.conn(), id)?;
    let set = diesel::update(users::table.find(id)).set(users::password.eq(hashed));
    each!(tx.conn(), c => set.execute(c))?;
    sessions::end_all(tx.conn(), id, kept)?;
    remove_link(tx, id)?;
    touched(tx, id, "password_set", detail.map(str::to_owned))
}

fn remove_link(tx: &mut Tx<'_>, id: Id) -> Result<()> {
    each!(tx.conn(), c => diesel::delete(user_links::table.find(id)).execute(c))?;
    Ok(())
}

/// Counts and logs what became of an account's second factor, which its own store keeps and has authorised.
///
/// # Errors
/// [`Error::NotFound`].
pub fn note_second_factor(
    tx: &mut Tx<'_>,
    id: Id,
    action: &'static str,
    detail: Option<&str>,
) -> Result<User> {
    touched(tx, id, action, detail.map(str::to_owned))
}

/// Counts and logs a change, and answers the account as it is now.
fn touched(tx: &mut Tx<'_>, id: Id, action: &'static str, detail: Option<String>) -> Result<User> {
    let changed = (
        users::version.eq(users::version + 1),
        users::updated_at.eq(tx.now()),
    );
    each!(tx.conn(), c => diesel::update(users::table.find(id)).set(changed).execute(c))?;
    tx.log(entry(action, id, detail));
    get(tx.conn(), id)
}

/// Of an account that was there and is there. No reader ever sees one.
fn entry(action: &'static str, id: Id, detail: Option<String>) -> Entry {
    let footprint = Footprint {
        public: false,
        tags: cache::of(Resource::User, id),
    };
    Entry {
        action,
        resource: Resource::User,
        id,
        before: footprint.clone(),
        after: footprint,
        detail,
    }
}
