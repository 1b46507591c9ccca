//! Two tags become one.

use diesel::prelude::*;

use super::counts::{line, move_uses, uses};
use super::write::add_alias;
use super::{edit, footprint};
use crate::articles;
use crate::articles::new::MAX_ITEMS;
use crate::auth::model::Action;
use crate::changes::model::{Entry, Footprint, Resource};
use crate::db::schema::{tag_aliases, tags};
use crate::db::{Conn, Tx, each};
use crate::error::{Error, Fault, FaultCode, Result};
use crate::id::Id;
use crate::slug;
use crate::tags::model::AdminTag;

/// Makes one tag part of another, which is answered: what carried it carries the other, its slug and its aliases lead to
/// the other, and the tags below it stand below the other.
///
/// # Errors
/// [`Error::Forbidden`] where whoever writes may not; [`Error::NotFound`] where there is no tag of that id;
/// [`Error::Invalid`] where there is no other, or it is the tag itself or below it, or has too many aliases then.
pub fn merge(tx: &mut Tx<'_>, id: Id, into: Id) -> Result<AdminTag> {
    tx.actor().authorise(Action::Tags)?;
    let was = edit::get(tx.conn(), id)?;
    let other = match edit::get(tx.conn(), into) {
        Err(Error::NotFound(_)) => {
            let detail = format!("there is no tag with the id {into}");
            return Err(refused(FaultCode::NotFound, detail));
        }
        other => other?,
    };
    let above_other = line(tx.conn(), Some(into))?;
    if above_other.contains(&id) {
        let detail = "a tag cannot become part of itself or of one below it";
        return Err(refused(FaultCode::Conflicting, detail.into()));
    }
    let aliases = was.aliases.len() + 1 + other.aliases.len();
    if aliases > MAX_ITEMS {
        let detail = format!("would have {aliases} aliases; at most {MAX_ITEMS} are allowed");
        return Err(refused(FaultCode::TooLarge, detail));
    }
    let texts = articles::store::showing_tag(tx.conn(), id)?;
    let (own_uses, other_uses) = (uses(tx.conn(), id)?, uses(tx.conn(), into)?);
    let merged = articles::store::merge_tag(tx, id, into)?;
    let children = hand_over_children(tx, id, into)?;
    take_aliases(tx.conn(), id, into)?;
    each!(tx.conn(), c => diesel::delete(tags::table.find(id)).execute(c))?;
    let gained = merged.carried.articles - merged.both.articles;
    let row = (
        tags::article_count.eq(tags::article_count + gained),
        tags::version.eq(other.version + 1),
        tags::updated_at.eq(tx.now()),
    );
    each!(tx.conn(), c => diesel::update(tags::table.find(into)).set(row).execute(c))?;
    // Also by its name, which may read otherwise than its slug: what remembers it finds the other.
    add_alias(tx.conn(), into, &was.slug, slug::name_key(&was.name))?;
    tx.log(Entry {
        action: "deleted",
        resource: Resource::Tag,
        id,
        before: footprint(id, own_uses > 0),
        after: Footprint::none(),
        detail: Some(format!("it became part of the tag {into}")),
    });
    let shown = [(into, other_uses)].into_iter().chain(children);
    for (id, uses) in shown {
        tx.log(Entry {
            action: "updated",
            resource: Resource::Tag,
            id,
            before: footprint(id, uses > 0),
            after: footprint(id, uses > 0),
            detail: None,
        });
    }
    // A text that carried both counted twice above both, and counts once now.
    let above = line(tx.conn(), was.parent.map(|parent| parent.id))?;
    move_uses(tx, &above, &above_other, own_uses - merged.both.texts)?;
    move_uses(tx, &above, &[], merged.both.texts)?;
    let why = format!("its tag {id} became part of {into}");
    articles::store::touch(tx, texts, &why)?;
    edit::get(tx.conn(), into)
}

/// Puts the tags below one below another, and answers them with their uses.
fn hand_over_children(tx: &mut Tx<'_>, from: Id, to: Id) -> Result<Vec<(Id, i64)>> {
    let below = tags::table.filter(tags::parent_id.eq(from));
    let children = below
        .select((tags::id, tags::subtree_count))
        .order(tags::id);
    let children: Vec<(Id, i64)> = each!(tx.conn(), c => children.load(c))?;
    let moved = (
        tags::parent_id.eq(to),
        tags::version.eq(tags::version + 1),
        tags::updated_at.eq(tx.now()),
    );
    each!(tx.conn(), c => diesel::update(below).set(moved).execute(c))?;
    Ok(children)
}

/// What led to one leads to the other.
fn take_aliases(conn: &mut Conn, from: Id, to: Id) -> Result<()> {
    let own = tag_aliases::table.filter(tag_aliases::tag_id.eq(from));
    let own = diesel::update(own).set(tag_aliases::tag_id.eq(to));
    each!(conn, c => own.execute(c))?;
    Ok(())
}

fn refused(code: FaultCode, detail: String) -> Error {
    Error::Invalid(vec![Fault::at("/into", code, detail)])
}
