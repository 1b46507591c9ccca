//! Preview links in the database.

use diesel::prelude::*;

use super::model::{MOST, PreviewLink};
use crate::articles::fields::Selection;
use crate::articles::model::{Kind, State};
use crate::articles::store::{self as articles, AnyText};
use crate::auth::model::{Action, Grants, Role};
use crate::changes::model::{Entry, Footprint, Resource};
use crate::changes::tags as cache;
use crate::db::schema::{preview_links, users};
use crate::db::{Conn, Tx, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::Time;
use crate::users::model::UserRef;

/// What a text of this kind and state may be shown by: readers see what is published, and what is in the trash is gone.
const fn can_be_previewed(state: State) -> bool {
    !matches!(state, State::Published | State::Trashed)
}

/// Whoever may change the text as it stands may show it.
fn action(text: &AnyText, own: bool) -> Action {
    Action::Text {
        kind: text.kind,
        own,
        edits: true,
        before: Some(text.state),
        after: Some(text.state),
    }
}

/// Makes a link to a text, of which this is the hash, for whoever writes.
///
/// # Errors
/// [`Error::NotFound`] where there is no such text; [`Error::Forbidden`] where the writer may not change it, or is nobody;
/// [`Error::Conflict`] where it is published or in the trash, or has too many links.
pub fn create(
    tx: &mut Tx<'_>,
    kind: Kind,
    text: Id,
    hash: &[u8; 32],
    expires_at: Time,
) -> Result<PreviewLink> {
    let of = find(tx.conn(), kind, text)?;
    authorise(tx, &of)?;
    let user = tx.actor().user().ok_or(Error::Forbidden)?;
    if !can_be_previewed(of.state) {
        let detail = format!("what is {} has no preview", of.state.as_str());
        return Err(Error::Conflict(detail));
    }
    let (id, now) = (Id::new(), tx.now());
    let there = preview_links::table
        .filter(preview_links::article_id.eq(text))
        .filter(preview_links::expires_at.gt(now))
        .count();
    let there: i64 = each!(tx.conn(), c => there.get_result(c))?;
    if there >= MOST {
        let detail = format!("it has {MOST} preview links; revoke some");
        return Err(Error::Conflict(detail));
    }
    let row = (
        preview_links::id.eq(id),
        preview_links::article_id.eq(text),
        preview_links::hash.eq(hash.as_slice()),
        preview_links::user_id.eq(user),
        preview_links::created_at.eq(now),
        preview_links::expires_at.eq(expires_at),
    );
    each!(tx.conn(), c => diesel::insert_into(preview_links::table).values(row).execute(c))?;
    tx.log(entry("preview_link_created", text));
    one(tx.conn(), text, id)
}

/// The links of a text that still count, the last made first.
///
/// # Errors
/// [`Error::NotFound`] where there is no such text.
pub fn list(conn: &mut Conn, kind: Kind, text: Id, now: Time) -> Result<Vec<PreviewLink>> {
    find(conn, kind, text)?;
    let links = preview_links::table
        .inner_join(users::table)
        .filter(preview_links::article_id.eq(text))
        .filter(preview_links::expires_at.gt(now))
        .order((preview_links::created_at.desc(), preview_links::id.desc()))
        .select(COLUMNS);
    let rows: Vec<Row> = each!(conn, c => links.load(c))?;
    Ok(rows.into_iter().map(link).collect())
}

/// Revokes a link for good.
///
/// # Errors
/// [`Error::NotFound`] where that text has no such link; [`Error::Forbidden`] where the writer may not change the text.
pub fn revoke(tx: &mut Tx<'_>, kind: Kind, text: Id, id: Id) -> Result<()> {
    let of = find(tx.conn(), kind, text)?;
    authorise(tx, &of)?;
    let revoked = preview_links::table
        .find(id)
        .filter(preview_links::article_id.eq(text));
    match each!(tx.conn(), c => diesel::delete(revoked).execute(c))? {
        0 => Err(Error::NotFound("preview link")),
        _ => {
            tx.log(entry("preview_link_revoked", text));
            Ok(())
        }
    }
}

/// Ends all links of a text: readers see it now.
///
/// # Errors
/// When the database fails.
pub fn end_all(conn: &mut Conn, text: Id) -> Result<()> {
    let all = preview_links::table.filter(preview_links::article_id.eq(text));
    each!(conn, c => diesel::delete(all).execute(c))?;
    Ok(())
}

/// Removes links that have expired.
///
/// # Errors
/// When the database fails.
pub fn sweep(conn: &mut Conn, now: Time) -> Result<()> {
    let over = preview_links::table.filter(preview_links::expires_at.le(now));
    each!(conn, c => diesel::delete(over).execute(c))?;
    Ok(())
}

/// The text that a link shows.
///
/// # Errors
/// [`Error::NotFound`], whatever the reason: the link never was, is over or revoked; the text is published or in the
/// trash; or who made it may not change the text any more.
pub fn shown(conn: &mut Conn, hash: &[u8; 32], show: Selection, now: Time) -> Result<AnyText> {
    let query = preview_links::table
        .inner_join(users::table)
        .filter(preview_links::hash.eq(hash.as_slice()))
        .filter(preview_links::expires_at.gt(now))
        .filter(users::suspended.eq(false))
        .select((preview_links::article_id, users::id, users::role));
    let found: Option<(Id, Id, String)> = each!(conn, c => query.first(c).optional())?;
    let missing = || Error::NotFound("preview");
    let (text, user, role) = found.ok_or_else(missing)?;
    let role = Role::from_name(&role)
        .ok_or_else(|| Error::internal(format!("the stored role `{role}` is unknown")))?;
    let text = articles::in_any_state(conn, text, show)?.ok_or_else(missing)?;
    let may = Grants::Role(role).may(action(&text, text.owner == Some(user)));
    if may && can_be_previewed(text.state) {
        Ok(text)
    } else {
        Err(missing())
    }
}

fn find(conn: &mut Conn, kind: Kind, text: Id) -> Result<AnyText> {
    articles::in_any_state(conn, text, Selection::of([]))?
        .filter(|found| found.kind == kind)
        .ok_or(Error::NotFound(kind.as_str()))
}

fn authorise(tx: &Tx<'_>, text: &AnyText) -> Result<()> {
    let own = text.owner.is_some() && text.owner == tx.actor().user();
    tx.actor().authorise(action(text, own))
}

type Row = (Id, Id, String, Time, Time);
type Columns = (
    preview_links::id,
    users::id,
    users::name,
    preview_links::created_at,
    preview_links::expires_at,
);
const COLUMNS: Columns = (
    preview_links::id,
    users::id,
    users::name,
    preview_links::created_at,
    preview_links::expires_at,
);

fn link((id, user, name, created_at, expires_at): Row) -> PreviewLink {
    PreviewLink {
        id,
        user: UserRef { id: user, name },
        created_at,
        expires_at,
    }
}

fn one(conn: &mut Conn, text: Id, id: Id) -> Result<PreviewLink> {
    let made = preview_links::table
        .inner_join(users::table)
        .filter(preview_links::id.eq(id))
        .filter(preview_links::article_id.eq(text))
        .select(COLUMNS);
    let row: Row = each!(conn, c => made.first(c))?;
    Ok(link(row))
}

/// Of a text that readers do not see. Its own fields stay as they are.
fn entry(action: &'static str, text: Id) -> Entry {
    let footprint = Footprint {
        public: false,
        tags: cache::of(Resource::Article, text),
    };
    Entry {
        action,
        resource: Resource::Article,
        id: text,
        before: footprint.clone(),
        after: footprint,
        detail: None,
    }
}
