//! The writes: what every door calls to make, change or remove a redirect, inside a [`Tx`].

use diesel::prelude::*;

use super::{from_path, get, has_article};
use crate::auth::model::Action;
use crate::changes::model::{Entry, Footprint, Resource};
use crate::changes::tags as cache;
use crate::db::schema::{articles, redirects};
use crate::db::{Conn, Tx, each};
use crate::error::{Error, Fault, FaultCode, Result};
use crate::id::Id;
use crate::redirects::model::{NewRedirect, Redirect, Target};
use crate::time::Time;

/// Lets a path lead somewhere. Answers `false`, and changes nothing, where a redirect or an article stands there already.
///
/// # Errors
/// As [`create`], and [`Error::Invalid`] with the faults of [`NewRedirect::parse`].
pub fn ensure(tx: &mut Tx<'_>, path: &str, target: &Target, status: i32) -> Result<bool> {
    tx.actor().authorise(Action::Redirects)?;
    let new = NewRedirect::parse(path, target.clone(), status.into()).map_err(Error::Invalid)?;
    if from_path(tx.conn(), path)?.is_some() || has_article(tx.conn(), path)? {
        return Ok(false);
    }
    insert(tx, &new)?;
    Ok(true)
}

/// Stores a redirect.
///
/// # Errors
/// [`Error::Forbidden`] where whoever writes may not; [`Error::Invalid`] where something stands at its path, or the article
/// that it leads to does not exist.
pub fn create(tx: &mut Tx<'_>, new: &NewRedirect) -> Result<Id> {
    tx.actor().authorise(Action::Redirects)?;
    insert(tx, new)
}

/// Stores a redirect as it was exported, under its id and with its times where these are known.
///
/// # Errors
/// As [`create`].
pub fn restore(
    tx: &mut Tx<'_>,
    new: &NewRedirect,
    id: Option<Id>,
    times: Option<(Time, Time)>,
) -> Result<Id> {
    tx.actor().authorise(Action::Redirects)?;
    let now = tx.now();
    insert_as(tx, new, id.unwrap_or_default(), times.unwrap_or((now, now)))
}

fn insert(tx: &mut Tx<'_>, new: &NewRedirect) -> Result<Id> {
    let now = tx.now();
    insert_as(tx, new, Id::new(), (now, now))
}

fn insert_as(
    tx: &mut Tx<'_>,
    new: &NewRedirect,
    id: Id,
    (created_at, updated_at): (Time, Time),
) -> Result<Id> {
    check(tx.conn(), new, None)?;
    let (article, address) = columns(&new.target);
    let row = (
        redirects::id.eq(id),
        redirects::path.eq(&new.path),
        redirects::target.eq(address),
        redirects::article_id.eq(article),
        redirects::status.eq(new.status.code()),
        redirects::version.eq(1),
        redirects::created_at.eq(created_at),
        redirects::updated_at.eq(updated_at),
    );
    each!(tx.conn(), c => diesel::insert_into(redirects::table).values(row).execute(c))?;
    tx.log(Entry {
        action: "created",
        resource: Resource::Redirect,
        id,
        before: Footprint::none(),
        after: footprint(id),
        detail: None,
    });
    Ok(id)
}

/// Puts this in a redirect's place, whole.
///
/// # Errors
/// As [`create`]; and [`Error::NotFound`] where there is no redirect of that id.
pub fn update(tx: &mut Tx<'_>, id: Id, new: &NewRedirect) -> Result<Redirect> {
    tx.actor().authorise(Action::Redirects)?;
    let was = get(tx.conn(), id)?;
    let (article, address) = columns(&new.target);
    let unchanged = was.path == new.path
        && was.to.as_ref() == address
        && was.article == article
        && was.status == new.status;
    if unchanged {
        tx.leave_unchanged();
        return Ok(was);
    }
    check(tx.conn(), new, Some(&was))?;
    let row = (
        redirects::path.eq(&new.path),
        redirects::target.eq(address),
        redirects::article_id.eq(article),
        redirects::status.eq(new.status.code()),
        redirects::version.eq(was.version + 1),
        redirects::updated_at.eq(tx.now()),
    );
    each!(tx.conn(), c => diesel::update(redirects::table.find(id)).set(row).execute(c))?;
    tx.log(Entry {
        action: "updated",
        resource: Resource::Redirect,
        id,
        before: footprint(id),
        after: footprint(id),
        detail: None,
    });
    get(tx.conn(), id)
}

/// Removes a redirect.
///
/// # Errors
/// [`Error::Forbidden`] where whoever writes may not; [`Error::NotFound`] where there is no redirect of that id.
pub fn delete(tx: &mut Tx<'_>, id: Id) -> Result<()> {
    tx.actor().authorise(Action::Redirects)?;
    let gone = diesel::delete(redirects::table.find(id));
    if each!(tx.conn(), c => gone.execute(c))? == 0 {
        return Err(Error::NotFound("redirect"));
    }
    tx.log(Entry {
        action: "deleted",
        resource: Resource::Redirect,
        id,
        before: footprint(id),
        after: Footprint::none(),
        detail: None,
    });
    Ok(())
}

/// Makes sure that nothing stands at the path where it did not stand before, and that the article is there.
fn check(conn: &mut Conn, new: &NewRedirect, was: Option<&Redirect>) -> Result<()> {
    let mut faults = Vec::new();
    if was.is_none_or(|was| was.path != new.path) {
        let path = &new.path;
        let detail = if from_path(conn, path)?.is_some() {
            Some(format!("there is a redirect from `{path}` already"))
        } else if has_article(conn, path)? {
            Some(format!("an article or a page stands at `{path}`"))
        } else {
            None
        };
        faults.extend(detail.map(|detail| Fault::at("/path", FaultCode::Taken, detail)));
    }
    if let Target::Article(id) = new.target {
        let article = articles::table.find(id).select(articles::id);
        if each!(conn, c => article.first::<Id>(c).optional())?.is_none() {
            let detail = format!("there is no article or page with the id {id}");
            faults.push(Fault::at("/article", FaultCode::NotFound, detail));
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(faults))
    }
}

/// Where it leads, as it stands in the database: an article or an address.
const fn columns(target: &Target) -> (Option<Id>, Option<&String>) {
    match target {
        Target::Article(id) => (Some(*id), None),
        Target::Address(address) => (None, Some(address)),
    }
}

/// Removes the redirects to a text that goes for good. It belongs to that write, and asks for no right of its own.
///
/// # Errors
/// When the database fails.
pub fn leave(tx: &mut Tx<'_>, article: Id) -> Result<()> {
    let to_it = redirects::table
        .filter(redirects::article_id.eq(article))
        .order(redirects::id)
        .select(redirects::id);
    let gone: Vec<Id> = each!(tx.conn(), c => to_it.load(c))?;
    for id in gone {
        each!(tx.conn(), c => diesel::delete(redirects::table.find(id)).execute(c))?;
        tx.log(Entry {
            action: "deleted",
            resource: Resource::Redirect,
            id,
            before: footprint(id),
            after: Footprint::none(),
            detail: None,
        });
    }
    Ok(())
}

/// Every redirect is public: readers are led by it.
fn footprint(id: Id) -> Footprint {
    Footprint {
        public: true,
        tags: format!(
            "{} {}",
            cache::of(Resource::Redirect, id),
            cache::LIST_REDIRECTS
        ),
    }
}
