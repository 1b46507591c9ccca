//! The writes: what every door calls to make, change or remove an author, inside a [`Tx`].

use diesel::prelude::*;

use super::{edit, find, footprint};
use crate::articles;
use crate::auth::model::Action;
use crate::authors::model::{AdminAuthor, NewAuthor};
use crate::changes::model::{Entry, Footprint, Resource};
use crate::db::schema::{authors, users};
use crate::db::{Conn, Tx, each};
use crate::error::{Error, Fault, FaultCode, Result};
use crate::id::Id;
use crate::json;
use crate::media;
use crate::media::model::{MediaUser, UsePlace};
use crate::media::store::Uses;
use crate::slug;
use crate::time::Time;

/// The author of this id, slug or name; made if there is none. It belongs to the write of what stands under the name, and
/// asks for no right of its own.
///
/// # Errors
/// When the key is an id that does not exist, or the database fails.
pub fn ensure(tx: &mut Tx<'_>, key: &str, pointer: &str) -> Result<Id> {
    if let Some(author) = find(tx.conn(), key)? {
        return Ok(author.id);
    }
    if key.parse::<Id>().is_ok() {
        let fault = Fault::at(
            pointer,
            FaultCode::NotFound,
            format!("there is no author with the id {key}"),
        );
        return Err(Error::Invalid(vec![fault]));
    }
    insert(
        tx,
        &NewAuthor::parse(key, None, None, None, Vec::new())
            .map_err(|faults| Error::Invalid(Fault::all_at(faults, pointer)))?,
    )
}

/// Stores an author, under the next free slug where none is named.
///
/// # Errors
/// [`Error::Forbidden`] where whoever writes may not; [`Error::Invalid`] where the slug is taken, or the account is unknown
/// or has a profile.
pub fn create(tx: &mut Tx<'_>, new: &NewAuthor) -> Result<Id> {
    tx.actor().authorise(Action::Author { own: false })?;
    insert(tx, new)
}

/// Stores an author as they were exported, under their id and with their times where these are known.
///
/// # Errors
/// As [`create`].
pub fn restore(
    tx: &mut Tx<'_>,
    new: &NewAuthor,
    id: Option<Id>,
    times: Option<(Time, Time)>,
) -> Result<Id> {
    tx.actor().authorise(Action::Author { own: false })?;
    let now = tx.now();
    insert_as(tx, new, id.unwrap_or_default(), times.unwrap_or((now, now)))
}

fn insert(tx: &mut Tx<'_>, new: &NewAuthor) -> Result<Id> {
    let now = tx.now();
    insert_as(tx, new, Id::new(), (now, now))
}

fn insert_as(
    tx: &mut Tx<'_>,
    new: &NewAuthor,
    id: Id,
    (created_at, updated_at): (Time, Time),
) -> Result<Id> {
    let slug = fit(tx.conn(), new, None)?;
    let row = (
        authors::id.eq(id),
        authors::slug.eq(&slug),
        authors::name.eq(&new.name),
        authors::name_key.eq(slug::name_key(&new.name)),
        authors::bio.eq(&new.bio),
        authors::avatar.eq(new.avatar.as_ref().map(json::text)),
        authors::links.eq(json::text(&new.links)),
        authors::user_id.eq(new.user),
        authors::article_count.eq(0),
        authors::public_count.eq(0),
        authors::version.eq(1),
        authors::created_at.eq(created_at),
        authors::updated_at.eq(updated_at),
    );
    each!(tx.conn(), c => diesel::insert_into(authors::table).values(row).execute(c))?;
    write_uses(tx, id, new)?;
    tx.log(Entry {
        action: "created",
        resource: Resource::Author,
        id,
        before: Footprint::none(),
        // Nothing public shows them before an article does, and that is a change of its own.
        after: footprint(id, false),
        detail: None,
    });
    Ok(id)
}

/// Puts this in an author's place, whole.
///
/// # Errors
/// As [`create`], though one may write one's own profile, all but whose it is; [`Error::NotFound`] where there is no author
/// of that id.
pub fn update(tx: &mut Tx<'_>, id: Id, new: &NewAuthor) -> Result<AdminAuthor> {
    let was = edit::get(tx.conn(), id)?;
    let own = was.user.is_some() && was.user == tx.actor().user() && was.user == new.user;
    tx.actor().authorise(Action::Author { own })?;
    let slug = fit(tx.conn(), new, Some(&was))?;
    let unchanged = was.name == new.name
        && was.slug == slug
        && was.bio == new.bio
        && was.avatar == new.avatar
        && was.links == new.links
        && was.user == new.user;
    if unchanged {
        tx.leave_unchanged();
        return Ok(was);
    }
    let row = (
        authors::slug.eq(&slug),
        authors::name.eq(&new.name),
        authors::name_key.eq(slug::name_key(&new.name)),
        authors::bio.eq(&new.bio),
        authors::avatar.eq(new.avatar.as_ref().map(json::text)),
        authors::links.eq(json::text(&new.links)),
        authors::user_id.eq(new.user),
        authors::version.eq(was.version + 1),
        authors::updated_at.eq(tx.now()),
    );
    each!(tx.conn(), c => diesel::update(authors::table.find(id)).set(row).execute(c))?;
    write_uses(tx, id, new)?;
    let public = is_public(tx.conn(), id)?;
    tx.log(Entry {
        action: "updated",
        resource: Resource::Author,
        id,
        before: footprint(id, public),
        after: footprint(id, public),
        detail: None,
    });
    edit::get(tx.conn(), id)
}

/// Removes an author: their name stands under no text any more. Texts that are out change by it, so nobody removes their
/// own profile on that ground alone.
///
/// # Errors
/// [`Error::Forbidden`] where whoever writes may not; [`Error::NotFound`] where there is no author of that id.
pub fn delete(tx: &mut Tx<'_>, id: Id) -> Result<()> {
    tx.actor().authorise(Action::Author { own: false })?;
    let public = is_public(tx.conn(), id)?;
    let texts = articles::store::showing_author(tx.conn(), id)?;
    articles::store::let_go_of_author(tx.conn(), id)?;
    each!(tx.conn(), c => diesel::delete(authors::table.find(id)).execute(c))?;
    media::store::clear(tx.conn(), MediaUser::Author, id)?;
    tx.log(Entry {
        action: "deleted",
        resource: Resource::Author,
        id,
        before: footprint(id, public),
        after: Footprint::none(),
        detail: None,
    });
    articles::store::touch(tx, texts, &format!("its author {id} was deleted"))
}

/// A picture may be the file of a medium, which then must not go.
fn write_uses(tx: &mut Tx<'_>, id: Id, new: &NewAuthor) -> Result<()> {
    let avatar = new
        .avatar
        .iter()
        .map(|avatar| (UsePlace::Avatar, avatar.url.as_str()));
    let uses = Uses {
        cover: None,
        said: avatar.collect(),
    };
    media::store::write_uses(tx.conn(), MediaUser::Author, id, &uses)
}

fn is_public(conn: &mut Conn, id: Id) -> Result<bool> {
    let count = authors::table.find(id).select(authors::public_count);
    let count: Option<i64> = each!(conn, c => count.first(c).optional())?;
    Ok(count.ok_or(Error::NotFound("author"))? > 0)
}

/// The slug that an author gets among the others, or everything that is in the way. What is theirs already is no obstacle.
fn fit(conn: &mut Conn, new: &NewAuthor, was: Option<&AdminAuthor>) -> Result<String> {
    let own = was.map(|author| author.id);
    let mut faults = Vec::new();
    let slug = match &new.slug {
        Some(slug) => {
            if slug_taken(conn, slug, own)? {
                let detail = format!("the slug `{slug}` is taken");
                faults.push(Fault::at("/slug", FaultCode::Taken, detail));
            }
            slug.clone()
        }
        None => {
            let wished = slug::slugify(&new.name).unwrap_or_else(|| "author".into());
            slug::first_free(&wished, |slug| Ok(!slug_taken(conn, slug, own)?))?
        }
    };
    let former = was.and_then(|author| author.user);
    if let Some(user) = new.user.filter(|user| Some(*user) != former) {
        faults.extend(user_fault(conn, user)?);
    }
    if faults.is_empty() {
        Ok(slug)
    } else {
        Err(Error::Invalid(faults))
    }
}

/// Why a profile cannot be that of an account which has none so far.
fn user_fault(conn: &mut Conn, user: Id) -> Result<Option<Fault>> {
    let account = users::table.find(user).select(users::id);
    if each!(conn, c => account.first::<Id>(c).optional())?.is_none() {
        let detail = format!("there is no account with the id {user}");
        return Ok(Some(Fault::at("/user", FaultCode::NotFound, detail)));
    }
    let profile = authors::table
        .filter(authors::user_id.eq(user))
        .select(authors::slug);
    let profile: Option<String> = each!(conn, c => profile.first(c).optional())?;
    Ok(profile.map(|slug| {
        let detail = format!("the profile of this account is the author `{slug}`");
        Fault::at("/user", FaultCode::Taken, detail)
    }))
}

fn slug_taken(conn: &mut Conn, slug: &str, own: Option<Id>) -> Result<bool> {
    let author = authors::table
        .select(authors::id)
        .filter(authors::slug.eq(slug));
    let author: Option<Id> = each!(conn, c => author.first(c).optional())?;
    Ok(author.is_some_and(|id| Some(id) != own))
}
