//! Revisions as editors read them.

use diesel::prelude::*;

use super::super::{edit, load::named};
use super::words::{present, read};
use crate::articles::model::{Kind, State};
use crate::articles::revision::Revision;
use crate::articles::words::{Standing, Words};
use crate::changes::audit::{ActorKind, LoggedUser};
use crate::db::page::{Key, Page, Slice};
use crate::db::schema::{revision_texts, revisions};
use crate::db::{Conn, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::Time;
use crate::users;

/// The order of a list of revisions.
pub const NEWEST: &str = "-n";

/// One page of the revisions of a text of this kind, the newest first.
///
/// # Errors
/// [`Error::NotFound`] where there is no such text.
pub fn list(conn: &mut Conn, kind: Kind, id: Id, page: &Page) -> Result<Slice<Revision>> {
    edit::version(conn, kind, id)?;
    let rows: Vec<Row> = each!(conn, c => {
        let mut query = revisions::table
            .filter(revisions::article_id.eq(id))
            .select(ROW)
            .into_boxed();
        if let Some(Key::Number(beside)) = page.cursor().map(|cursor| &cursor.key) {
            query = if page.backward() {
                query.filter(revisions::number.gt(beside))
            } else {
                query.filter(revisions::number.lt(beside))
            };
        }
        query = if page.backward() {
            query.order(revisions::number.asc())
        } else {
            query.order(revisions::number.desc())
        };
        query.limit(page.fetch()).offset(page.offset()).load(c)
    })?;
    let slice = page.cut(rows, NEWEST, |row| (Key::Number(row.number), id));
    let mut editors: Vec<Id> = slice.items.iter().filter_map(|row| row.actor_id).collect();
    editors.sort_unstable();
    editors.dedup();
    let names = users::store::names(conn, &editors)?;
    let items = slice.items.into_iter().map(|row| row.into_revision(&names));
    Ok(Slice {
        items: items.collect::<Result<_>>()?,
        next: slice.next,
        previous: slice.previous,
        total: slice.total,
    })
}

/// A revision of a text of this kind, with all that it says.
///
/// # Errors
/// [`Error::NotFound`] where there is no such text, or no such revision of it.
pub fn get(conn: &mut Conn, kind: Kind, id: Id, n: i64) -> Result<(Revision, Words, Standing)> {
    let version = edit::version(conn, kind, id)?;
    let row = revisions::table.find((id, n)).select(ROW);
    let row: Option<Row> = each!(conn, c => row.first(c).optional())?;
    let row = row.ok_or(Error::NotFound("revision"))?;
    let names = match row.actor_id {
        Some(editor) => users::store::names(conn, &[editor])?,
        None => Vec::new(),
    };
    let standing = Standing {
        status: named(&row.state, State::from_name)?,
        published_at: row.published_at,
        owner: row.owner,
    };
    let kept = revision_texts::table
        .filter(revision_texts::article_id.eq(id))
        .filter(revision_texts::number.ge(n))
        .order(revision_texts::number)
        .select((revision_texts::fields, revision_texts::source));
    let kept: Option<(String, String)> = each!(conn, c => kept.first(c).optional())?;
    let words = match kept {
        Some((fields, source)) => read(&fields, source)?,
        None => present(conn, id, version)?,
    };
    Ok((row.into_revision(&names)?, words, standing))
}

#[derive(Queryable)]
struct Row {
    number: i64,
    at: Time,
    actor: String,
    actor_id: Option<Id>,
    key_id: Option<Id>,
    change: i64,
    action: String,
    state: String,
    published_at: Option<Time>,
    owner: Option<Id>,
    title: String,
    note: Option<String>,
}

type Columns = (
    revisions::number,
    revisions::at,
    revisions::actor,
    revisions::actor_id,
    revisions::key_id,
    revisions::change,
    revisions::action,
    revisions::state,
    revisions::published_at,
    revisions::owner,
    revisions::title,
    revisions::note,
);
const ROW: Columns = (
    revisions::number,
    revisions::at,
    revisions::actor,
    revisions::actor_id,
    revisions::key_id,
    revisions::change,
    revisions::action,
    revisions::state,
    revisions::published_at,
    revisions::owner,
    revisions::title,
    revisions::note,
);

impl Row {
    fn into_revision(self, names: &[(Id, String)]) -> Result<Revision> {
        let status = named(&self.state, State::from_name)?;
        Ok(Revision {
            n: self.number,
            at: self.at,
            actor: named(&self.actor, ActorKind::from_name)?,
            user: self.actor_id.map(|id| logged(id, names)),
            key_id: self.key_id,
            change: self.change,
            action: self.action,
            status,
            title: self.title,
            published: status.is_public(),
            note: self.note,
            content: None,
        })
    }
}

/// An account as a log shows it.
pub(in crate::articles::store) fn logged(id: Id, names: &[(Id, String)]) -> LoggedUser {
    let found = names.iter().find(|(known, _)| *known == id);
    LoggedUser {
        id,
        name: found.map(|(_, name)| name.clone()),
    }
}
