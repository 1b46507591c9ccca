//! Revisions in the database. The newest is the text as it stands and has no words of its own: they are written down when
//! something else takes their place. So to make a text, to move it or to save it once more copies nothing.

mod back;
mod read;
mod words;

use diesel::prelude::*;

pub(super) use self::back::keys;
pub use self::back::{PutBack, put_back};
pub(super) use self::read::logged;
pub use self::read::{NEWEST, get, list};
pub(super) use self::words::read;
use self::words::{losses, present};
use super::load::named;
use super::write::Before;
use crate::articles::model::{State, Transition};
use crate::articles::new::{Door, NewArticle};
use crate::articles::revision::{Editor, Newest, Save};
use crate::articles::words::Standing;
use crate::db::schema::{
    article_authors, article_tags, articles, authors, revision_losses, revision_texts, revisions,
    tags,
};
use crate::db::{Conn, Tx, each};
use crate::error::Result;
use crate::id::Id;
use crate::json;
use crate::time::Time;

const TAG: &str = "tag";
const AUTHOR: &str = "author";

/// What a revision says of a write.
pub(super) struct Written<'a> {
    pub(super) version: i64,
    pub(super) action: &'a str,
    pub(super) standing: Standing,
    pub(super) title: &'a str,
    pub(super) note: Option<&'a str>,
}

/// Notes a text that was just made.
pub(super) fn created(tx: &mut Tx<'_>, id: Id, new: &NewArticle, standing: Standing) -> Result<()> {
    let written = Written {
        version: 1,
        action: "created",
        standing,
        title: &new.title,
        note: new.note.as_deref(),
    };
    insert(tx, id, 1, &written)
}

/// Notes that these words are about to take the place of a text's own, which are kept unless the same editor only goes on.
pub(super) fn changing(
    tx: &mut Tx<'_>,
    id: Id,
    was: &Before,
    new: &NewArticle,
    standing: Standing,
) -> Result<()> {
    let way = match new.door {
        Door::Editor { .. } => was.state.way_to(standing.status),
        Door::Import => None,
    };
    let written = Written {
        version: was.version + 1,
        action: way.map_or("updated", Transition::done),
        standing,
        title: &new.title,
        note: new.note.as_deref(),
    };
    let editor = Editor {
        user: tx.actor().user(),
        key: tx.actor().key(),
    };
    let save = Save {
        editor: matches!(new.door, Door::Editor { .. }).then_some(editor),
        at: tx.now(),
        version: was.version,
        status: (was.state, standing.status),
        noted: new.note.is_some(),
    };
    match newest(tx.conn(), id)? {
        Some(newest) if newest.goes_on_with(&save) => go_on(tx, id, newest.n, &written),
        Some(newest) => {
            keep(tx.conn(), id, newest.n, was.version)?;
            insert(tx, id, newest.n + 1, &written)
        }
        None => insert(tx, id, 1, &written),
    }
}

/// Notes that a text moved to another state. It says what it said.
pub(super) fn moved(
    tx: &mut Tx<'_>,
    id: Id,
    was: &Before,
    action: &str,
    standing: Standing,
) -> Result<()> {
    let newest = newest(tx.conn(), id)?.map(|newest| newest.n);
    if let Some(n) = newest
        && !losses(tx.conn(), id, was.version)?.is_empty()
    {
        keep(tx.conn(), id, n, was.version)?;
    }
    let n = newest.unwrap_or(0) + 1;
    insert_under_title(tx, (id, n), was, action, standing)
}

/// Follows a text from this version to the next, which is of nothing that a revision tells.
pub(super) fn renewed(conn: &mut Conn, id: Id, from: i64) -> Result<()> {
    let newest = revisions::table
        .filter(revisions::article_id.eq(id))
        .filter(revisions::version.eq(from));
    let newest = diesel::update(newest).set(revisions::version.eq(from + 1));
    each!(conn, c => newest.execute(c))?;
    let lost = revision_losses::table
        .filter(revision_losses::article_id.eq(id))
        .filter(revision_losses::version.eq(from));
    let lost = diesel::update(lost).set(revision_losses::version.eq(from + 1));
    each!(conn, c => lost.execute(c))?;
    Ok(())
}

/// Notes that a text is about to get other tags. What it says besides, it said.
pub(super) fn retagging(tx: &mut Tx<'_>, id: Id, was: &Before, standing: Standing) -> Result<()> {
    let newest = newest(tx.conn(), id)?.map(|newest| newest.n);
    if let Some(n) = newest {
        keep(tx.conn(), id, n, was.version)?;
    }
    let n = newest.unwrap_or(0) + 1;
    insert_under_title(tx, (id, n), was, "updated", standing)
}

fn insert_under_title(
    tx: &mut Tx<'_>,
    (id, n): (Id, i64),
    was: &Before,
    action: &str,
    standing: Standing,
) -> Result<()> {
    let title = articles::table.find(id).select(articles::title);
    let title: String = each!(tx.conn(), c => title.first(c))?;
    let written = Written {
        version: was.version + 1,
        action,
        standing,
        title: &title,
        note: None,
    };
    insert(tx, id, n, &written)
}

/// Before a tag goes: the newest revisions of the texts that carry it still have it.
///
/// # Errors
/// When the database fails.
pub(super) fn remember_tag(conn: &mut Conn, tag: Id) -> Result<()> {
    let lost = article_tags::table
        .inner_join(articles::table)
        .inner_join(tags::table)
        .filter(article_tags::tag_id.eq(tag))
        .select((
            article_tags::article_id,
            articles::version,
            TAG.into_sql::<diesel::sql_types::Text>(),
            article_tags::position,
            article_tags::tag_id,
            tags::name,
        ));
    each!(conn, c => lost.insert_into(revision_losses::table).into_columns(LOSS).execute(c))?;
    Ok(())
}

/// Before an author goes: the newest revisions of the texts under their name still have it.
///
/// # Errors
/// When the database fails.
pub(super) fn remember_author(conn: &mut Conn, author: Id) -> Result<()> {
    let lost = article_authors::table
        .inner_join(articles::table)
        .inner_join(authors::table)
        .filter(article_authors::author_id.eq(author))
        .select((
            article_authors::article_id,
            articles::version,
            AUTHOR.into_sql::<diesel::sql_types::Text>(),
            article_authors::position,
            article_authors::author_id,
            authors::name,
        ));
    each!(conn, c => lost.insert_into(revision_losses::table).into_columns(LOSS).execute(c))?;
    Ok(())
}

type Loss = (
    revision_losses::article_id,
    revision_losses::version,
    revision_losses::what,
    revision_losses::position,
    revision_losses::lost_id,
    revision_losses::name,
);
const LOSS: Loss = (
    revision_losses::article_id,
    revision_losses::version,
    revision_losses::what,
    revision_losses::position,
    revision_losses::lost_id,
    revision_losses::name,
);

/// When a text was published, as of the last time that it was out.
pub(super) fn last_out(conn: &mut Conn, id: Id) -> Result<Option<Time>> {
    let out = revisions::table
        .filter(revisions::article_id.eq(id))
        .filter(revisions::state.eq(State::Published.as_str()))
        .order(revisions::number.desc())
        .select(revisions::published_at);
    let out: Option<Option<Time>> = each!(conn, c => out.first(c).optional())?;
    Ok(out.flatten())
}

fn keep(conn: &mut Conn, id: Id, n: i64, version: i64) -> Result<()> {
    let words = present(conn, id, version)?;
    let row = (
        revision_texts::article_id.eq(id),
        revision_texts::number.eq(n),
        revision_texts::fields.eq(json::text(&words)),
        revision_texts::source.eq(&words.source),
    );
    each!(conn, c => diesel::insert_into(revision_texts::table).values(row).execute(c))?;
    Ok(())
}

fn newest(conn: &mut Conn, id: Id) -> Result<Option<Newest>> {
    type Row = (
        i64,
        i64,
        Time,
        Option<Id>,
        Option<Id>,
        String,
        String,
        Option<String>,
    );
    let newest = revisions::table
        .filter(revisions::article_id.eq(id))
        .order(revisions::number.desc())
        .select((
            revisions::number,
            revisions::version,
            revisions::started_at,
            revisions::actor_id,
            revisions::key_id,
            revisions::action,
            revisions::state,
            revisions::note,
        ));
    let newest: Option<Row> = each!(conn, c => newest.first(c).optional())?;
    let Some((n, version, started_at, user, key, action, state, note)) = newest else {
        return Ok(None);
    };
    Ok(Some(Newest {
        n,
        version,
        started_at,
        editor: Editor { user, key },
        action,
        status: named(&state, State::from_name)?,
        noted: note.is_some(),
    }))
}

fn insert(tx: &mut Tx<'_>, id: Id, n: i64, written: &Written<'_>) -> Result<()> {
    let row = (
        revisions::article_id.eq(id),
        revisions::number.eq(n),
        revisions::version.eq(written.version),
        revisions::started_at.eq(tx.now()),
        revisions::at.eq(tx.now()),
        revisions::change.eq(tx.number()),
        revisions::actor.eq(tx.actor().as_str()),
        revisions::actor_id.eq(tx.actor().user()),
        revisions::key_id.eq(tx.actor().key()),
        revisions::action.eq(written.action),
        revisions::state.eq(written.standing.status.as_str()),
        revisions::published_at.eq(written.standing.published_at),
        revisions::owner.eq(written.standing.owner),
        revisions::title.eq(written.title),
        revisions::note.eq(written.note),
    );
    each!(tx.conn(), c => diesel::insert_into(revisions::table).values(row).execute(c))?;
    Ok(())
}

fn go_on(tx: &mut Tx<'_>, id: Id, n: i64, written: &Written<'_>) -> Result<()> {
    let row = (
        revisions::version.eq(written.version),
        revisions::at.eq(tx.now()),
        revisions::change.eq(tx.number()),
        revisions::published_at.eq(written.standing.published_at),
        revisions::owner.eq(written.standing.owner),
        revisions::title.eq(written.title),
    );
    let newest = revisions::table.find((id, n));
    each!(tx.conn(), c => diesel::update(newest).set(row).execute(c))?;
    Ok(())
}
