//! Imports: a source's item becomes an article once, follows the source after that, and is left alone where someone has
//! edited it here.

use diesel::prelude::*;
use xxhash_rust::xxh3::xxh3_128;

use super::write::{self, Stored};
use super::{schedule, slugs, working_copies};
use crate::articles::model::{ArticleInput, State};
use crate::articles::new::NewArticle;
use crate::articles::restored::Restored;
use crate::auth::model::Action;
use crate::db::schema::{articles, imports};
use crate::db::{Conn, Tx, each};
use crate::error::Result;
use crate::id::Id;
use crate::time::Time;

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    /// It was new.
    Created(Stored),
    /// The source had changed.
    Updated(Stored),
    /// The source is as it was at the last import.
    Unchanged,
    /// The source has changed, and so has the article, by hand: it was kept.
    KeptLocalEdit,
}

/// How an item stands to what is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It has not been imported yet.
    New,
    /// The source says of it what it said at the last import.
    Unchanged,
    /// The source has changed since.
    Changed(Id),
    /// The source has changed since, and so has the article, by hand.
    EditedHere,
}

/// How an item stands to what is here, by its key in the source.
///
/// # Errors
/// When the database fails.
pub fn standing(
    conn: &mut Conn,
    source: &str,
    key: &str,
    said: Said<'_>,
    now: Time,
) -> Result<Standing> {
    let known = imports::table
        .inner_join(articles::table)
        .filter(imports::source.eq(source))
        .filter(imports::external_id.eq(key))
        .select((
            imports::article_id,
            imports::digest,
            imports::version,
            articles::version,
            articles::state,
        ));
    let known: Option<(Id, Vec<u8>, i64, i64, String)> =
        each!(conn, c => known.first(c).optional())?;
    Ok(match known {
        None => Standing::New,
        Some((id, last, imported, version, state)) if last == said.digest() => {
            // What was stored for later, and is due by now, is to be published.
            let due = state == State::Scheduled.as_str()
                && said.input.published_at.is_some_and(|at| at <= now);
            if due && version == imported {
                Standing::Changed(id)
            } else {
                Standing::Unchanged
            }
        }
        Some((id, _, imported, version, _)) if version == imported => Standing::Changed(id),
        Some(_) => Standing::EditedHere,
    })
}

/// Stores an item under its key in the source. What is said of it is what `new` was made of.
///
/// # Errors
/// As a create or a replace.
pub fn import(
    tx: &mut Tx<'_>,
    source: &str,
    key: &str,
    said: Said<'_>,
    new: &NewArticle,
) -> Result<Imported> {
    let now = tx.now();
    match standing(tx.conn(), source, key, said, now)? {
        Standing::Unchanged => Ok(Imported::Unchanged),
        Standing::EditedHere => Ok(Imported::KeptLocalEdit),
        Standing::New => {
            let stored = write::create(tx, new)?;
            note(tx.conn(), (source, key), &stored, said)?;
            let own = match &said.restored.source {
                Some(own) if may_say_source(tx) => own.as_deref(),
                _ => Some(source),
            };
            let of_source = articles::source.eq(own);
            each!(tx.conn(), c => diesel::update(articles::table.find(stored.id)).set(of_source).execute(c))?;
            restore(tx, &stored, source, said)?;
            Ok(Imported::Created(stored))
        }
        Standing::Changed(id) => {
            let stored = write::replace(tx, id, new)?;
            let now = (
                imports::digest.eq(said.digest()),
                imports::version.eq(stored.version),
            );
            let row = imports::table.find((source, key));
            each!(tx.conn(), c => diesel::update(row).set(now).execute(c))?;
            restore(tx, &stored, source, said)?;
            Ok(Imported::Updated(stored))
        }
    }
}

/// Remembers what a source said of a text, and the version that came of it.
fn note(
    conn: &mut Conn,
    (source, key): (&str, &str),
    stored: &Stored,
    said: Said<'_>,
) -> Result<()> {
    let row = (
        imports::source.eq(source),
        imports::external_id.eq(key),
        imports::article_id.eq(stored.id),
        imports::digest.eq(said.digest()),
        imports::version.eq(stored.version),
    );
    each!(conn, c => diesel::insert_into(imports::table).values(row).execute(c))?;
    Ok(())
}

/// Whether whoever writes may say that a text comes from another source than the one under which it comes in: that keeps
/// back what that source says of it later.
fn may_say_source(tx: &Tx<'_>) -> bool {
    tx.actor().authorise(Action::Redirects).is_ok()
}

/// Brings back what an export says beside the text itself.
fn restore(tx: &mut Tx<'_>, stored: &Stored, source: &str, said: Said<'_>) -> Result<()> {
    let Said { input, restored } = said;
    let id = stored.id;
    if let Some(at) = restored.created_at {
        let made = diesel::update(articles::table.find(id)).set(articles::created_at.eq(at));
        each!(tx.conn(), c => made.execute(c))?;
    }
    for (locale, alias) in &restored.aliases_in {
        if !slugs::is_taken(tx.conn(), alias, locale)? {
            slugs::keep(tx.conn(), alias, locale, id, false)?;
        }
    }
    if restored.is_export() || restored.unpublish_at.is_some() {
        schedule::restore_end(tx, id, stored.state, restored.unpublish_at)?;
    }
    match &restored.working_copy {
        Some(copy) => working_copies::restore(tx, id, stored.version, copy)?,
        None if restored.is_export() => {
            working_copies::clear(tx.conn(), id)?;
        }
        None => {}
    }
    // The source that it once came from knows it too. What that says now is not held against what an export said, so it
    // is taken for edited here: nothing of it is lost.
    if let (Some(Some(own)), Some(key)) = (&restored.source, &input.external_id)
        && own != source
        && may_say_source(tx)
    {
        let known = imports::table.find((own, key)).select(imports::article_id);
        if each!(tx.conn(), c => known.first::<Id>(c).optional())?.is_none() {
            let never = Stored {
                version: 0,
                ..stored.clone()
            };
            note(tx.conn(), (own, key), &never, said)?;
        }
    }
    Ok(())
}

/// What came in at this version goes to the next by the clock, as its source said: that is no edit, and the source still
/// counts.
///
/// # Errors
/// When the database fails.
pub(super) fn follow(conn: &mut Conn, id: Id, version: i64) -> Result<()> {
    let same = imports::table
        .filter(imports::article_id.eq(id))
        .filter(imports::version.eq(version));
    let next = imports::version.eq(version + 1);
    each!(conn, c => diesel::update(same).set(next).execute(c))?;
    Ok(())
}

/// All that a source says of a text.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// What a writer sends.
    pub input: &'a ArticleInput,
    /// What an export says beside that.
    pub restored: &'a Restored,
}

impl Said<'_> {
    /// Of everything the source says. `Debug` names each field and escapes each string, so two have one text only if they
    /// are equal.
    fn digest(self) -> Vec<u8> {
        let Self { input, restored } = self;
        let mut text = format!("{input:?}");
        if *restored != Restored::default() {
            text.push_str(&format!("{restored:?}"));
        }
        xxh3_128(text.as_bytes()).to_be_bytes().to_vec()
    }
}
