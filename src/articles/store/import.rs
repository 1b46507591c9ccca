//! Imports: a source's item becomes an article once, follows the source after that, and is left alone where someone has
//! edited it here.

use diesel::prelude::*;
use xxhash_rust::xxh3::xxh3_128;

use super::write::{self, Stored};
use crate::articles::model::{ArticleInput, State};
use crate::articles::new::NewArticle;
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
    external_id: &str,
    input: &ArticleInput,
    now: Time,
) -> Result<Standing> {
    let known = imports::table
        .inner_join(articles::table)
        .filter(imports::source.eq(source))
        .filter(imports::external_id.eq(external_id))
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
        Some((id, last, imported, version, state)) if last == digest(input) => {
            // What was stored for later, and is due by now, is to be published.
            let due = state == State::Scheduled.as_str()
                && input.published_at.is_some_and(|at| at <= now);
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

/// Stores an item under its key in the source. `input` is what `new` was made of.
///
/// # Errors
/// As a create or a replace.
pub fn import(
    tx: &mut Tx<'_>,
    source: &str,
    external_id: &str,
    input: &ArticleInput,
    new: &NewArticle,
) -> Result<Imported> {
    let now = tx.now();
    match standing(tx.conn(), source, external_id, input, now)? {
        Standing::Unchanged => Ok(Imported::Unchanged),
        Standing::EditedHere => Ok(Imported::KeptLocalEdit),
        Standing::New => {
            let stored = write::create(tx, new)?;
            let of_source = articles::source.eq(source);
            each!(tx.conn(), c => diesel::update(articles::table.find(stored.id)).set(of_source).execute(c))?;
            let row = (
                imports::source.eq(source),
                imports::external_id.eq(external_id),
                imports::article_id.eq(stored.id),
                imports::digest.eq(digest(input)),
                imports::version.eq(stored.version),
            );
            each!(tx.conn(), c => diesel::insert_into(imports::table).values(row).execute(c))?;
            Ok(Imported::Created(stored))
        }
        Standing::Changed(id) => {
            let stored = write::replace(tx, id, new)?;
            let now = (
                imports::digest.eq(digest(input)),
                imports::version.eq(stored.version),
            );
            let row = imports::table.find((source, external_id));
            each!(tx.conn(), c => diesel::update(row).set(now).execute(c))?;
            Ok(Imported::Updated(stored))
        }
    }
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

/// Of everything the source says. `Debug` of the input names each field and escapes each string, so two inputs have one
/// text only if they are equal.
fn digest(input: &ArticleInput) -> Vec<u8> {
    xxh3_128(format!("{input:?}").as_bytes())
        .to_be_bytes()
        .to_vec()
}
