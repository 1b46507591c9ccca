//! The writes: what every door calls to make, change or remove a tag, inside a [`Tx`].

use diesel::prelude::*;

use super::counts::{line, move_uses, uses};
use super::{edit, find, footprint};
use crate::articles;
use crate::auth::model::Action;
use crate::changes::model::{Entry, Footprint, Resource};
use crate::db::schema::{tag_aliases, tags};
use crate::db::{Conn, Tx, each};
use crate::error::{Error, Fault, FaultCode, Result};
use crate::id::Id;
use crate::slug;
use crate::tags::model::{AdminTag, NewTag};
use crate::time::Time;

/// The tag of this id, slug, name or alias; made if there is none. It belongs to the write of what carries it, and asks
/// for no right of its own.
///
/// # Errors
/// When the key is an id that does not exist, or the database fails.
pub fn ensure(tx: &mut Tx<'_>, key: &str, pointer: &str) -> Result<Id> {
    if let Some(tag) = find(tx.conn(), key)? {
        return Ok(tag.id);
    }
    if key.parse::<Id>().is_ok() {
        let fault = Fault::at(
            pointer,
            FaultCode::NotFound,
            format!("there is no tag with the id {key}"),
        );
        return Err(Error::Invalid(vec![fault]));
    }
    insert(
        tx,
        &NewTag::parse(key, None, None, Vec::new(), None)
            .map_err(|faults| Error::Invalid(Fault::all_at(faults, pointer)))?,
    )
}

/// Stores a tag, under the next free slug where it names none.
///
/// # Errors
/// [`Error::Forbidden`] where whoever writes may not; [`Error::Invalid`] where its name, its slug or an alias is taken or
/// its parent unknown.
pub fn create(tx: &mut Tx<'_>, new: &NewTag) -> Result<Id> {
    tx.actor().authorise(Action::Tags)?;
    insert(tx, new)
}

/// Stores a tag as it was exported, under its id and with its times where these are known.
///
/// # Errors
/// As [`create`].
pub fn restore(
    tx: &mut Tx<'_>,
    new: &NewTag,
    id: Option<Id>,
    times: Option<(Time, Time)>,
) -> Result<Id> {
    tx.actor().authorise(Action::Tags)?;
    let now = tx.now();
    let times = times.unwrap_or((now, now));
    insert_as(tx, new, id.unwrap_or_default(), times, Door::Restored)
}

fn insert(tx: &mut Tx<'_>, new: &NewTag) -> Result<Id> {
    let now = tx.now();
    insert_as(tx, new, Id::new(), (now, now), Door::Sent)
}

fn insert_as(
    tx: &mut Tx<'_>,
    new: &NewTag,
    id: Id,
    (created_at, updated_at): (Time, Time),
    door: Door,
) -> Result<Id> {
    let fitted = fit(tx.conn(), new, None, door)?;
    let row = (
        tags::id.eq(id),
        tags::slug.eq(&fitted.slug),
        tags::name.eq(&new.name),
        tags::name_key.eq(slug::name_key(&new.name)),
        tags::description.eq(&new.description),
        tags::parent_id.eq(fitted.parent),
        tags::article_count.eq(0),
        tags::subtree_count.eq(0),
        tags::version.eq(1),
        tags::created_at.eq(created_at),
        tags::updated_at.eq(updated_at),
    );
    each!(tx.conn(), c => diesel::insert_into(tags::table).values(row).execute(c))?;
    add_aliases(tx.conn(), id, &fitted.aliases)?;
    tx.log(Entry {
        action: "created",
        resource: Resource::Tag,
        id,
        before: Footprint::none(),
        // Nothing public shows it before an article does, and that is a change of its own.
        after: footprint(id, false),
        detail: None,
    });
    Ok(id)
}

/// Puts this in a tag's place, whole. Its former slug stays as an alias; the uses of it and of the tags below it count
/// above it where it stands now.
///
/// # Errors
/// As [`create`]; [`Error::Invalid`] also where the parent is the tag itself or below it; [`Error::NotFound`] where there
/// is no tag of that id.
pub fn update(tx: &mut Tx<'_>, id: Id, new: &NewTag) -> Result<AdminTag> {
    tx.actor().authorise(Action::Tags)?;
    let was = edit::get(tx.conn(), id)?;
    let fitted = fit(tx.conn(), new, Some(&was), Door::Sent)?;
    let former_parent = was.parent.as_ref().map(|parent| parent.id);
    let unchanged = was.name == new.name
        && was.slug == fitted.slug
        && was.description == new.description
        && was.aliases == fitted.aliases
        && former_parent == fitted.parent;
    if unchanged {
        tx.leave_unchanged();
        return Ok(was);
    }
    let row = (
        tags::slug.eq(&fitted.slug),
        tags::name.eq(&new.name),
        tags::name_key.eq(slug::name_key(&new.name)),
        tags::description.eq(&new.description),
        tags::parent_id.eq(fitted.parent),
        tags::version.eq(was.version + 1),
        tags::updated_at.eq(tx.now()),
    );
    each!(tx.conn(), c => diesel::update(tags::table.find(id)).set(row).execute(c))?;
    // Those that stay keep the names that they stand for.
    for alias in was
        .aliases
        .iter()
        .filter(|was| !fitted.aliases.contains(was))
    {
        let gone = tag_aliases::table.find(alias);
        each!(tx.conn(), c => diesel::delete(gone).execute(c))?;
    }
    let mut more = fitted.aliases;
    more.retain(|alias| !was.aliases.contains(alias));
    add_aliases(tx.conn(), id, &more)?;
    let uses = uses(tx.conn(), id)?;
    tx.log(Entry {
        action: "updated",
        resource: Resource::Tag,
        id,
        before: footprint(id, uses > 0),
        after: footprint(id, uses > 0),
        detail: None,
    });
    if former_parent != fitted.parent {
        let from = line(tx.conn(), former_parent)?;
        let to = line(tx.conn(), fitted.parent)?;
        move_uses(tx, &from, &to, uses)?;
    }
    edit::get(tx.conn(), id)
}

/// Removes a tag: no text carries it any more, and those below it have no parent.
///
/// # Errors
/// [`Error::Forbidden`] where whoever writes may not; [`Error::NotFound`] where there is no tag of that id.
pub fn delete(tx: &mut Tx<'_>, id: Id) -> Result<()> {
    tx.actor().authorise(Action::Tags)?;
    let was = edit::get(tx.conn(), id)?;
    let uses = uses(tx.conn(), id)?;
    let texts = articles::store::showing_tag(tx.conn(), id)?;
    let children = tags::table
        .filter(tags::parent_id.eq(id))
        .select((tags::id, tags::subtree_count))
        .order(tags::id);
    let children: Vec<(Id, i64)> = each!(tx.conn(), c => children.load(c))?;
    let orphaned = (
        tags::parent_id.eq(None::<Id>),
        tags::version.eq(tags::version + 1),
        tags::updated_at.eq(tx.now()),
    );
    let below = tags::table.filter(tags::parent_id.eq(id));
    each!(tx.conn(), c => diesel::update(below).set(orphaned).execute(c))?;
    articles::store::let_go_of_tag(tx.conn(), id)?;
    each!(tx.conn(), c => diesel::delete(tags::table.find(id)).execute(c))?;
    tx.log(Entry {
        action: "deleted",
        resource: Resource::Tag,
        id,
        before: footprint(id, uses > 0),
        after: Footprint::none(),
        detail: None,
    });
    for (child, uses) in children {
        tx.log(Entry {
            action: "updated",
            resource: Resource::Tag,
            id: child,
            before: footprint(child, uses > 0),
            after: footprint(child, uses > 0),
            detail: None,
        });
    }
    let above = line(tx.conn(), was.parent.map(|parent| parent.id))?;
    move_uses(tx, &above, &[], uses)?;
    articles::store::touch(tx, texts, &format!("its tag {id} was deleted"))
}

/// Where a tag comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    /// Somebody sent it, and no name of it may read like one of another.
    Sent,
    /// It was so before. A slug that became an alias may read like the name of another tag.
    Restored,
}

/// What of a tag depends on those that are there.
struct Fitted {
    slug: String,
    /// In order.
    aliases: Vec<String>,
    parent: Option<Id>,
}

/// Finds a tag its place among the others, or everything that is in its way. What is its own already is no obstacle.
fn fit(conn: &mut Conn, new: &NewTag, was: Option<&AdminTag>, door: Door) -> Result<Fitted> {
    let own = was.map(|tag| tag.id);
    let mut faults = Vec::new();
    let name_key = slug::name_key(&new.name);
    let renamed = was.is_none_or(|tag| slug::name_key(&tag.name) != name_key);
    let sent = door == Door::Sent;
    if renamed && (is_name(conn, &name_key, own)? || sent && is_alias(conn, &name_key, own)?) {
        faults.push(Fault::at(
            "/name",
            FaultCode::Taken,
            format!("there is a tag `{}` already", new.name),
        ));
    }
    let slug = match &new.slug {
        Some(slug) => {
            faults.extend(slug_fault(conn, slug, "/slug", own)?);
            slug.clone()
        }
        None => {
            let wished = slug::slugify(&new.name).unwrap_or_else(|| "tag".into());
            slug::first_free(&wished, |slug| {
                Ok(slug_fault(conn, slug, "", own)?.is_none())
            })?
        }
    };
    let is_own = |alias: &String| was.is_some_and(|tag| tag.aliases.contains(alias));
    let mut aliases = Vec::with_capacity(new.aliases.len() + 1);
    for (index, alias) in new.aliases.iter().enumerate() {
        let pointer = format!("/aliases/{index}");
        let fault = match slug_fault(conn, alias, &pointer, own)? {
            None if sent && !is_own(alias) && is_name(conn, &alias_key(alias), own)? => {
                let detail = format!("there is a tag of the name `{alias}`");
                Some(Fault::at(pointer, FaultCode::Taken, detail))
            }
            fault => fault,
        };
        faults.extend(fault);
        aliases.push(alias.clone());
    }
    aliases.extend(was.map(|tag| tag.slug.clone()));
    aliases.retain(|alias| *alias != slug);
    aliases.sort_unstable();
    aliases.dedup();
    let parent = match &new.parent {
        Some(key) => {
            let parent = find(conn, key)?.map(|tag| tag.id);
            faults.extend(parent_fault(conn, key, parent, own)?);
            parent
        }
        None => None,
    };
    if faults.is_empty() {
        Ok(Fitted {
            slug,
            aliases,
            parent,
        })
    } else {
        Err(Error::Invalid(faults))
    }
}

fn parent_fault(
    conn: &mut Conn,
    key: &str,
    parent: Option<Id>,
    own: Option<Id>,
) -> Result<Option<Fault>> {
    if parent.is_none() {
        let detail = format!("there is no tag `{key}`");
        return Ok(Some(Fault::at("/parent", FaultCode::NotFound, detail)));
    }
    let below_itself = match own {
        Some(own) => line(conn, parent)?.contains(&own),
        None => false,
    };
    let detail = "a tag cannot stand below itself";
    Ok(below_itself.then(|| Fault::at("/parent", FaultCode::Conflicting, detail)))
}

/// Whether another tag has this name.
fn is_name(conn: &mut Conn, name_key: &str, own: Option<Id>) -> Result<bool> {
    let tag = tags::table
        .select(tags::id)
        .filter(tags::name_key.eq(name_key));
    let tag: Option<Id> = each!(conn, c => tag.first(c).optional())?;
    Ok(tag.is_some_and(|id| Some(id) != own))
}

/// Whether another tag has an alias that reads like this name: it would be found by it no more.
fn is_alias(conn: &mut Conn, name_key: &str, own: Option<Id>) -> Result<bool> {
    let tags = tag_aliases::table
        .select(tag_aliases::tag_id)
        .filter(tag_aliases::name_key.eq(name_key));
    let tags: Vec<Id> = each!(conn, c => tags.load(c))?;
    Ok(tags.into_iter().any(|id| Some(id) != own))
}

/// What is wrong with a slug where another tag has it, as its own or as an alias.
fn slug_fault(
    conn: &mut Conn,
    slug: &str,
    pointer: &str,
    own: Option<Id>,
) -> Result<Option<Fault>> {
    let tag = tags::table.select(tags::id).filter(tags::slug.eq(slug));
    let alias = tag_aliases::table.find(slug).select(tag_aliases::tag_id);
    let tag: Option<Id> = each!(conn, c => tag.first(c).optional())?;
    let alias: Option<Id> = each!(conn, c => alias.first(c).optional())?;
    let taken = tag.into_iter().chain(alias).any(|id| Some(id) != own);
    let detail = format!("the slug `{slug}` is taken");
    Ok(taken.then(|| Fault::at(pointer, FaultCode::Taken, detail)))
}

fn add_aliases(conn: &mut Conn, id: Id, aliases: &[String]) -> Result<()> {
    aliases
        .iter()
        .try_for_each(|alias| add_alias(conn, id, alias, alias_key(alias)))
}

/// Adds an alias that stands for the name of this key, too.
pub(super) fn add_alias(conn: &mut Conn, id: Id, alias: &str, name_key: String) -> Result<()> {
    let row = (
        tag_aliases::slug.eq(alias),
        tag_aliases::name_key.eq(name_key),
        tag_aliases::tag_id.eq(id),
    );
    each!(conn, c => diesel::insert_into(tag_aliases::table).values(row).execute(c))?;
    Ok(())
}

/// The key of the name that an alias reads like.
fn alias_key(alias: &str) -> String {
    slug::name_key(&alias.replace('-', " "))
}
